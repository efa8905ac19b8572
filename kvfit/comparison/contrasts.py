"""One model against another on the same responses: a difference, its error over people, and what it answers."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from kvfit.comparison.verdict import DECISIVE_ERRORS, SMALLEST_DIFFERENCE

Answer = Literal["first", "second", "undecided"]


@dataclass(frozen=True)
class Contrast:
    """How much better the first model does than the second.

    Parameters
    ----------
    first, second : str
        Names of the models.
    total : float
        Of the first minus the second, summed over participants; in log units, positive if the first does better.
    error : float
        Standard error of the total over participants, who are what is sampled: lists or trials of one person are no
        independent evidence about people. Missing for a single participant.
    persons_first, persons : int
        Participants for whom the first does better, and all.
    """

    first: str
    second: str
    total: float
    error: float
    persons_first: int
    persons: int

    @property
    def threshold(self) -> float:
        """Difference from which the answer is not left open: two standard errors, and no less than 4 units."""
        return max(SMALLEST_DIFFERENCE, DECISIVE_ERRORS * self.error)

    @property
    def answer(self) -> Answer:
        """Which model does better; undecided below the threshold, and for a single participant."""
        if not np.isfinite(self.error) or abs(self.total) <= self.threshold:
            return "undecided"
        return "first" if self.total > 0 else "second"


def contrast(values: pd.DataFrame, first: str, second: str) -> Contrast:
    """Contrast two models.

    Parameters
    ----------
    values : pandas.DataFrame
        ``(participant, model)``: log scores, the higher the better, such as :func:`elpd_by_person` gives.
    first, second : str
        Columns.

    Raises
    ------
    ValueError
        Listing models that are not among the columns, and participants without a value.
    """
    problems = [
        f"model {name!r}: not among {', '.join(map(str, values))}" for name in (first, second) if name not in values
    ]
    if not problems:
        pair = values[[first, second]]
        problems = [
            f"participant {who}: no value of {first} or {second}" for who in pair.index[pair.isna().any(axis=1)]
        ]
    if problems:
        raise ValueError("contrast:\n  " + "\n  ".join(problems))
    difference = (values[first] - values[second]).to_numpy()
    n = difference.size
    error = float(np.sqrt(n) * difference.std(ddof=1)) if n > 1 else np.nan
    return Contrast(first, second, float(difference.sum()), error, int((difference > 0).sum()), n)


def elpd_by_person(participants: pd.DataFrame) -> pd.DataFrame:
    """Elpd of every participant under each model, up to what is the same for all models.

    Parameters
    ----------
    participants : pandas.DataFrame
        Of a :class:`~kvfit.comparison.compare.Comparison`.

    Returns
    -------
    pandas.DataFrame
        ``(participant, model)``.
    """
    return participants.pivot_table(index="participant", columns="model", values="elpd_diff", dropna=False)
