"""Where each model stands: pointwise predictive densities as differences, their errors, and who is described best."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kvfit.comparison.errors import error_of_sum


@dataclass(frozen=True, eq=False)
class Pointwise:
    """Log predictive density of every observation under each model, best model first.

    Parameters
    ----------
    values : numpy.ndarray
        ``(model, observation)``.
    models : tuple of str
    owner : numpy.ndarray
        ``(observation,)`` int: each observation's participant.
    participants : sequence
        Labels, indexed by `owner`.
    """

    values: np.ndarray
    models: tuple[str, ...]
    owner: np.ndarray
    participants: Sequence[Any]

    def differences(self) -> np.ndarray:
        """Each model minus the first, ``(model, observation)``."""
        difference: np.ndarray = self.values - self.values[0]
        return difference

    def by_person(self, values: np.ndarray) -> np.ndarray:
        """Sums over each participant's observations, ``(model, participant)``."""
        n = len(self.participants)
        return np.stack([np.bincount(self.owner, weights=row, minlength=n) for row in values])


def ranked(values: dict[str, np.ndarray], owner: np.ndarray, participants: Sequence[Any]) -> Pointwise:
    """Order models by their summed predictive density.

    Raises
    ------
    ValueError
        Listing models for some of whose observations the predictive density is not a finite number, which would make
        every sum, rank and weight meaningless.
    """
    problems = []
    for label, row in values.items():
        bad = np.flatnonzero(~np.isfinite(row))
        if bad.size:
            people = ", ".join(dict.fromkeys(str(participants[owner[i]]) for i in bad[:5]))
            problems.append(
                f"{label}: {bad.size} of {row.size} observations have no finite log predictive density (participant"
                f" {people}{', ...' if bad.size > 5 else ''}): some posterior draw makes them impossible"
            )
    if problems:
        raise ValueError("comparison:\n  " + "\n  ".join(problems))
    order = sorted(values, key=lambda label: -float(values[label].sum()))
    return Pointwise(np.stack([values[label] for label in order]), tuple(order), owner, participants)


def standing_columns(of: Pointwise, *, by_trial: bool) -> pd.DataFrame:
    """Differences to the best model, their errors, and how many participants each model describes best.

    Parameters
    ----------
    of : Pointwise
    by_trial : bool
        Whether observations are lists or trials, so that the error over them is another than that over participants.

    Returns
    -------
    pandas.DataFrame
        One row a model: ``model, rank, elpd, elpd_diff, dse`` (over participants; missing for a single one), with
        `by_trial` ``dse_trials`` (over lists or trials), ``n_best``.
    """
    difference = of.differences()
    by_person = of.by_person(difference)
    winner = by_person.argmax(axis=0)
    columns = {
        "model": of.models,
        "rank": np.arange(1, len(of.models) + 1),
        "elpd": of.values.sum(axis=1),
        "elpd_diff": difference.sum(axis=1),
        "dse": [error_of_sum(row) for row in by_person],
        "dse_trials": [error_of_sum(row) for row in difference],
        "n_best": np.bincount(winner, minlength=len(of.models)),
    }
    return pd.DataFrame(columns if by_trial else {k: v for k, v in columns.items() if k != "dse_trials"})


def person_rows(of: Pointwise) -> pd.DataFrame:
    """One row a participant and model: ``participant, model, elpd_diff`` (to the first), ``se`` over own observations.

    The error is missing where a participant is one observation.
    """
    n = np.bincount(of.owner, minlength=len(of.participants))
    mine = [np.flatnonzero(of.owner == person) for person in range(n.size)]
    difference = of.differences()
    frames = [
        pd.DataFrame(
            {
                "participant": of.participants,
                "model": model,
                "elpd_diff": total,
                "se": [error_of_sum(row[rows]) for rows in mine],
            }
        )
        for model, row, total in zip(of.models, difference, of.by_person(difference), strict=True)
    ]
    return pd.concat(frames, ignore_index=True)
