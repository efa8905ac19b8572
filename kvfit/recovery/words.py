"""Designs, true values and fits of recovery studies in words."""

from typing import Any

import numpy as np

from kvfit.batch.runner import Batch

#: Share of searches in which a single start found the best value, from which it is worth a sentence.
_ALONE = 0.05


def design_words(design: Any) -> str:
    """Return e.g. ``24 participants x 16 lists of 12 words``."""
    counts = np.bincount(design.participant, minlength=design.n_participants)
    people = f"{design.n_participants} participants" if design.n_participants > 1 else "1 participant"
    if design.task == "free_recall":
        return f"{people} x {_range(counts)} lists of {_range(design.list_length)} items"
    old = np.bincount(design.participant, weights=design.old, minlength=design.n_participants).astype(int)
    return f"{people} x {_range(counts)} test trials ({_range(old)} old) on {design.n_categories} response categories"


def _range(values: np.ndarray) -> str:
    low, high = int(values.min()), int(values.max())
    return str(low) if low == high else f"{low} to {high}"


def fitting_words(batch: Batch) -> str:
    """Failed jobs, and how far the searches or samplers of the others can be trusted; empty if there is nothing to say."""
    said = [batch.words()]
    untrusted = sum(result.get("passed") is False for result in batch.done)
    if untrusted:
        said.append(f"Sampling of {untrusted} of {len(batch.done)} fits did not pass its checks; raise draws and tune.")
    alone = [one for result in batch.done for one in result.get("alone", [])]
    if sum(alone) > _ALONE * len(alone):
        share = sum(alone) / len(alone)
        said.append(f"In {share:.0%} of the searches only one start reached the best value; raise starts.")
    return " ".join(filter(None, said))


def truth_words(truth: Any) -> str:
    """Where the true values come from, in words."""
    if isinstance(truth, str):
        return {"prior": "drawn from the prior", "fit": "estimated (MAP) from the data"}[truth]
    return "taken from a fit" if not hasattr(truth, "columns") else "given as a table"
