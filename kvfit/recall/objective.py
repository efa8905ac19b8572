"""Log-likelihood and gradient of a free-recall design on the unconstrained scale, without compiling anything."""

from typing import Any

import numpy as np

from kvfit.kernels import match_cue
from kvfit.recall.design import RecallDesign
from kvfit.recall.model import RecallModel

#: points evaluated in one call of the core
AT_ONCE = 64
_STEP = 1e-7


class RecallObjective:
    """Log-likelihood of a design whose lists share one set of parameters, with its gradient.

    The core gives exact adjoints of the tables; the tables of all differences are made in one NumPy call, as if each
    were a cell. Forward differences of so small a step err by about 1e-5 of the gradient's curvature, far below what
    decides where a search ends.

    Parameters
    ----------
    model : RecallModel
    design : RecallDesign
        Usually of one participant.
    """

    def __init__(self, model: RecallModel, design: RecallDesign) -> None:
        self.model = model
        self.design = design
        self.core = model.core(design.n_positions)
        k = len(model.parameters)
        self.steps = np.concatenate([np.zeros((1, k)), _STEP * np.eye(k)])
        self.cells = design.cell_length.size
        self.lengths = np.tile(design.cell_length, k + 1)
        self._copies: dict[int, RecallDesign] = {1: design}

    def values(self, points: np.ndarray) -> np.ndarray:
        """Log-likelihood at ``(point, parameter)`` points, evaluated together; -inf where it is not finite."""
        # a copy of the lists for each point of a call; similarities are too large to copy
        at_once = 1 if self.model.semantic else AT_ONCE
        values = np.concatenate(
            [self._values(chunk) for chunk in np.split(points, range(at_once, len(points), at_once))]
        )
        return np.where(np.isfinite(values), values, -np.inf)

    def _values(self, points: np.ndarray) -> np.ndarray:
        n = len(points)
        if n not in self._copies:
            self._copies[n] = self.design.repeated(n)
        tables = self._tables(points, self._copies[n].cell_length)
        ll = match_cue.log_likelihood(self.core, tables, self._copies[n].core_data)
        return ll.reshape(n, -1).sum(axis=1)

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Log-likelihood at ``(parameter,)`` and its gradient."""
        k, cells = x.size, self.cells
        every = self._tables(x + self.steps, self.lengths)
        tables = tuple(t[:cells] for t in every)
        ll, adjoints = match_cue.log_likelihood_and_gradient(self.core, tables, self.design.core_data)
        gradient = np.zeros(k)
        for adjoint, table in zip(adjoints, every, strict=True):
            gradient += (table[cells:].reshape(k, -1) - table[:cells].reshape(-1)) @ adjoint.ravel()
        return float(ll.sum()), gradient / _STEP

    def _tables(self, points: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, ...]:
        moved = np.repeat(points, self.cells, axis=0)
        natural = {p.name: p.to_natural(moved[:, i]) for i, p in enumerate(self.model.parameters)}
        made: tuple[Any, ...] = self.model.tables(natural, lengths, self.design.n_positions, np)
        # a table without parameters may have one block for all cells
        full = (t if t.shape[0] == lengths.size else np.broadcast_to(t, (lengths.size, *t.shape[1:])) for t in made)
        return tuple(np.ascontiguousarray(t, dtype=float) for t in full)
