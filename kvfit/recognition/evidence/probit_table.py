"""Evidence distributions that were computed once, as smooth tables of probits that NumPy and PyTensor read alike.

A memory without a closed form is tabulated over one parameter and over the criterion. The table holds the probit of the
distribution function, which is nearly a plane, so that a coarse table is exact enough and tails go on as normal tails.

**Unit of criteria.** A criterion at c lies where evidence of a new item of the reference list (the longest list of the
design) exceeds it with probability Phi(-c), as in signal detection. This only relabels the evidence axis, one person's
criteria stay at fixed evidence over conditions and lists; but memories of different kinds get comparable criteria.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kvfit.recognition.evidence.average import with_lapse
from kvfit.recognition.log_space import log_categories, log_normal_cdf

#: Criteria at which tables are computed; beyond them probits go on linearly.
CRITERIA = np.linspace(-7.0, 7.0, 71)


@dataclass(frozen=True, eq=False)
class ProbitTable:
    """Probits on a regular grid.

    Parameters
    ----------
    values : ndarray, shape (kind, parameter grid, criterion grid)
        Probit of the probability of evidence below the criterion, for each kind of cell.
    low, step : float
        First value and spacing of the parameter grid.
    first, spacing : float
        Of the criterion grid; those of `CRITERIA` unless given.
    """

    values: np.ndarray
    low: float
    step: float
    first: float = float(CRITERIA[0])
    spacing: float = float(CRITERIA[1] - CRITERIA[0])

    def __post_init__(self) -> None:
        self.values.flags.writeable = False

    def __call__(self, kind: np.ndarray, parameter: Any, criteria: Any, xp: Any) -> Any:
        """Probits of evidence below criteria.

        Parameters
        ----------
        kind : ndarray of int, shape (cell,)
        parameter : array or tensor
            ``(..., cell)``, in the unit of the grid.
        criteria : array or tensor
            ``(..., cell, criterion)``.
        xp : module
            ``numpy`` or ``pytensor.tensor``.

        Returns
        -------
        array or tensor
            ``(..., cell, criterion)``.
        """
        _, n_rows, n_columns = self.values.shape
        row, row_weights = _cubic((parameter - self.low) / self.step, n_rows, xp)
        column, column_weights = _cubic((criteria - self.first) / self.spacing, n_columns, xp)
        corner = ((kind * n_rows + row - 1) * n_columns)[..., None] + column - 1
        if xp is not np:  # one gather of 4 x 4 neighbours: a small graph compiles fast
            offsets = (np.arange(4)[:, None] * n_columns + np.arange(4)).astype("int64")
            near = xp.as_tensor(self.values.ravel())[corner[..., None, None] + offsets]
            of_rows = xp.stack(row_weights, axis=-1)[..., None, :, None]
            return (near * of_rows * xp.stack(column_weights, axis=-1)[..., None, :]).sum(axis=(-2, -1))
        flat, total = self.values.ravel(), 0.0
        for i, row_weight in enumerate(row_weights):
            start = corner + i * n_columns
            along = sum(weight * flat[start + j] for j, weight in enumerate(column_weights))
            total = total + row_weight[..., None] * along
        return total


@dataclass(frozen=True, eq=False)
class Tabulated:
    """Evidence read from a table; parameters as in :meth:`ProbitTable.__call__`."""

    table: ProbitTable
    kind: np.ndarray
    parameter: Any

    def log_categories(self, criteria: Any, xp: Any) -> Any:
        """``(..., cell, category)``, see :class:`kvfit.recognition.memory.Evidence`."""
        z = self.table(self.kind, self.parameter, criteria, xp)
        return with_lapse(log_categories(log_normal_cdf(z, xp), log_normal_cdf(-z, xp), xp), xp)


def _cubic(position: Any, n: int, xp: Any) -> tuple[Any, tuple[Any, Any, Any, Any]]:
    """Index of the left neighbour, and weights of four neighbours: cubic convolution, linear beyond the grid."""
    index = xp.clip(xp.floor(position), 1, n - 3)
    t = position - index
    index = index.astype("int64")
    s = xp.clip(t, 0.0, 1.0)
    beyond = t - s
    weights = (
        s * (-0.5 + s * (1.0 - 0.5 * s)) + beyond * (-0.5 + s * (2.0 - 1.5 * s)),
        1.0 + s**2 * (1.5 * s - 2.5) + beyond * s * (4.5 * s - 5.0),
        s * (0.5 + s * (2.0 - 1.5 * s)) + beyond * (0.5 + s * (4.0 - 4.5 * s)),
        s**2 * (0.5 * s - 0.5) + beyond * s * (1.5 * s - 1.0),
    )
    return index, weights
