"""Responses laid out for a model whose parameters depend on conditions: rows of a person and a condition."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class RegressionDesign:
    """A design of the model without formulas, whose participants are rows: one person under one set of conditions.

    Parameters
    ----------
    rows : Design
        With rows in the place of participants.
    row_participant : numpy.ndarray
        ``(row,)`` whose row it is, non-decreasing.
    level : mapping of str to numpy.ndarray
        ``(row,)`` which level each parameter with a formula has.
    shift : mapping of str to numpy.ndarray
        ``(row, shift)`` values of the columns of its shifts.
    n_participants : int
    """

    rows: Any
    row_participant: np.ndarray
    level: Mapping[str, np.ndarray]
    shift: Mapping[str, np.ndarray]
    n_participants: int

    @property
    def n_observations(self) -> int:
        """Number of observations."""
        return int(self.rows.n_observations)

    @property
    def unit_of_observation(self) -> np.ndarray:
        """``(observation,)`` as of the rows' design."""
        found: np.ndarray = self.rows.unit_of_observation
        return found

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.row_participant.size

    def one_participant(self, participant: int) -> "RegressionDesign":
        """The rows of one participant."""
        own = np.flatnonzero(self.row_participant == participant)
        return RegressionDesign(
            self.rows.some_participants(int(own[0]), int(own[-1]) + 1),
            np.zeros(own.size, np.int64),
            {name: level[own] for name, level in self.level.items()},
            {name: shift[own] for name, shift in self.shift.items()},
            1,
        )

    def without_items(self) -> "RegressionDesign":
        """The same rows whatever the items."""
        return replace(self, rows=self.rows.without_items())


def distinct_rows(
    participant: np.ndarray, level: Mapping[str, np.ndarray], shift: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """First observation of every row ``(row,)``, and the row of every observation ``(observation,)``.

    Rows are sorted by participant, then by conditions.

    Parameters
    ----------
    participant : numpy.ndarray
        ``(observation,)``.
    level, shift : mapping of str to numpy.ndarray
        ``(observation,)`` and ``(observation, shift)`` by parameter.
    """
    # rounded, because the same condition may come out of arithmetic in two ways
    columns = [
        participant[:, None],
        *(one[:, None] for one in level.values()),
        *(np.round(x, 9) for x in shift.values()),
    ]
    _, first, row = np.unique(np.concatenate(columns, axis=1), axis=0, return_index=True, return_inverse=True)
    return first, row.ravel().astype(np.int64)
