"""Log-likelihood of one participant's rows on the unconstrained scale."""

from typing import TYPE_CHECKING

import numpy as np

from kvfit.memory_model import Objective
from kvfit.regression.design import RegressionDesign

if TYPE_CHECKING:
    from kvfit.regression.model import RegressionModel


class RegressionObjective:
    """Sum over rows of the objective of the model without formulas, whose values are linear in those of the formulas.

    Parameters
    ----------
    model : RegressionModel
        Bound.
    design : RegressionDesign
        Of one participant.
    """

    def __init__(self, model: "RegressionModel", design: RegressionDesign) -> None:
        #: ``(row, parameter without formulas, parameter)``
        self.matrix = _linear(model, design)
        self.rows: list[Objective] = [
            model.base.objective(design.rows.some_participants(row, row + 1)) for row in range(design.n_rows)
        ]

    def values(self, points: np.ndarray) -> np.ndarray:
        """Log-likelihood at ``(point, parameter)`` points; -inf where it is not finite."""
        total = np.zeros(len(points))
        for objective, matrix in zip(self.rows, self.matrix, strict=True):
            total += objective.values(points @ matrix.T)
        return total

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Log-likelihood at ``(parameter,)`` and its gradient."""
        total, slope = 0.0, np.zeros(x.size)
        for objective, matrix in zip(self.rows, self.matrix, strict=True):
            value, gradient = objective.value_and_gradient(matrix @ x)
            total += value
            slope += gradient @ matrix
        return total, slope


def _linear(model: "RegressionModel", design: RegressionDesign) -> np.ndarray:
    place = {p.name: k for k, p in enumerate(model.parameters)}
    matrix = np.zeros((design.n_rows, len(model.base.parameters), len(place)))
    every = np.arange(design.n_rows)
    for k, p in enumerate(model.base.parameters):
        if p.name in place and p.name not in design.level:
            matrix[:, k, place[p.name]] = 1.0
            continue
        columns = model.columns[p.name]
        levels = np.array([place[level.name] for level in columns.levels])
        matrix[every, k, levels[design.level[p.name]]] = 1.0
        for shift, values in zip(columns.shifts, design.shift[p.name].T, strict=True):
            matrix[:, k, place[shift.name]] = values
    return matrix
