"""One model against another on the same responses: a difference, its error over people, and what it answers."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from kvfit.comparison.errors import SMALLEST_DIFFERENCE, error_of_sum, is_clear, needed_errors

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
    level : int
        Participants for whom neither does better.
    """

    first: str
    second: str
    total: float
    error: float
    persons_first: int
    persons: int
    level: int = 0

    @property
    def persons_second(self) -> int:
        """Participants for whom the second does better."""
        return self.persons - self.persons_first - self.level

    @property
    def threshold(self) -> float:
        """Difference from which the answer is not left open: two standard errors, and no less than 4 units.

        With few people it is more than two; see :func:`~kvfit.comparison.errors.needed_errors`. Missing for a single one.
        """
        return float(np.maximum(SMALLEST_DIFFERENCE, needed_errors(self.persons) * self.error))

    @property
    def answer(self) -> Answer:
        """Which model does better; undecided below the threshold, and for a single participant."""
        if not is_clear(self.total, self.error, self.persons):
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
    better, level = int((difference > 0).sum()), int((difference == 0).sum())
    return Contrast(first, second, float(difference.sum()), error_of_sum(difference), better, difference.size, level)


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
