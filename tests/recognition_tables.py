"""Small recognition tables for tests: built in memory, with known content."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import norm


def trial_table(subject: object, old: Sequence[int], new: Sequence[int], **columns: object) -> pd.DataFrame:
    """Return one participant's test trials: ratings of old items, then of new ones.

    Parameters
    ----------
    subject : object
    old, new : sequence of int
        Ratings; items are called ``o1``, ``o2``, ... and ``n1``, ``n2``, ...
    **columns
        Further columns.
    """
    items = [f"o{at}" for at in range(1, len(old) + 1)] + [f"n{at}" for at in range(1, len(new) + 1)]
    return pd.DataFrame(
        {
            "subject": subject,
            "list": 1,
            "position": np.arange(1, len(items) + 1),
            "item": items,
            "old": [1] * len(old) + [0] * len(new),
            "response": [*old, *new],
            **columns,
        }
    )


def study_table(subject: object, items: Sequence[str], **columns: object) -> pd.DataFrame:
    """Return one participant's study rows, in the order of `items`."""
    return pd.DataFrame(
        {
            "subject": subject,
            "list": 1,
            "phase": "study",
            "position": range(1, len(items) + 1),
            "item": items,
            **columns,
        }
    )


def stack(*tables: pd.DataFrame) -> pd.DataFrame:
    """Put tables under each other."""
    return pd.concat(tables, ignore_index=True)


def normal_counts(distance: float, sigma: float, criteria: Sequence[float], n: float = 1.0) -> np.ndarray:
    """Expected counts ``(status, category)`` of the unequal-variance normal model with n trials of each kind."""
    cuts = np.r_[-np.inf, criteria, np.inf]
    return n * np.stack([np.diff(norm.cdf(cuts)), np.diff(norm.cdf((cuts - distance) / sigma))])
