"""Densities compiled once and used for every data set of the same design."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock, RLock
from typing import Any

import numpy as np
import pymc as pm
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable, equal_computations
from pytensor.graph.traversal import graph_inputs

#: densities kept by a process
KEPT = 8


@dataclass(frozen=True, eq=False)
class Structure:
    """What of a PyMC model is compiled: its density and all that is computed for a draw, as graphs.

    Parameters
    ----------
    outputs : list of Variable
        Log density and values of the draw.
    inputs : list of Variable
        Values of free variables, then shared data in the order of their names.
    names : tuple of str
        Of all inputs.
    """

    outputs: list[Variable]
    inputs: list[Variable]
    names: tuple[str, ...]

    @classmethod
    def of(cls, model: pm.Model) -> "Structure":
        """Structure of a model."""
        outputs = [model.logp(), *model.unobserved_value_vars]
        shared = {v.name: v for v in graph_inputs(outputs) if isinstance(v, SharedVariable)}
        inputs = [*model.value_vars, *(shared[name] for name in sorted(shared))]
        return cls(outputs, inputs, tuple(v.name for v in inputs))

    @property
    def data(self) -> dict[str, np.ndarray]:
        """Values of shared data and lengths of dimensions by name."""
        return {v.name: v.get_value(borrow=True) for v in self.inputs if isinstance(v, SharedVariable)}

    def matches(self, other: "Structure") -> bool:
        """Whether both models differ in shared data only, and those have the same shapes."""
        if self.names != other.names:
            return False
        mine, theirs = self.data, other.data
        if any(mine[name].shape != theirs[name].shape for name in mine):
            return False
        # lengths of dimensions are shared as well, but decide the shapes of free variables
        if any(mine[name].ndim == 0 and mine[name] != theirs[name] for name in mine):
            return False
        return equal_computations(self.outputs, other.outputs, self.inputs, other.inputs)


class CompiledModels:
    """The densities that were compiled last, each usable for all PyMC models that differ in shared data only.

    Two models share a density if their graphs are the same operation by operation and constant by constant, but for
    :func:`kvfit.shared_data.shared_data`: simulated data sets of one design under one model do, and so do data of other
    participants with the same lists. A fit does not depend on whether its density was compiled for it: the code is the same.

    Parameters
    ----------
    limit : int
        How many are kept.
    """

    def __init__(self, limit: int = KEPT) -> None:
        self.limit = limit
        self._kept: list[tuple[Structure, Any]] = []
        self._one_at_a_time = RLock()

    def __len__(self) -> int:
        """How many densities are kept."""
        return len(self._kept)

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()

    def compiled(self, model: pm.Model) -> Any:
        """Density of a model with its data, compiled if there is none yet.

        Parameters
        ----------
        model : pymc.Model

        Returns
        -------
        nutpie.compile_pymc.CompiledPyMCModel
        """
        with self._one_at_a_time:
            return self._compiled(model)

    def _compiled(self, model: pm.Model) -> Any:
        import nutpie

        structure = Structure.of(model)
        for place, (known, density) in enumerate(self._kept):
            if known.matches(structure):
                self._kept.insert(0, self._kept.pop(place))
                own = {name: value for name, value in structure.data.items() if value.ndim}
                return replace(density.with_data(**own), initial_point_func=_initial_point(model))
        density = nutpie.compile_pymc_model(model)
        self._kept = [(structure, density), *self._kept][: self.limit]
        return density


#: densities of this process, which :func:`kvfit.fit` uses
COMPILED = CompiledModels()


def _initial_point(model: pm.Model) -> Callable[[Any], np.ndarray]:
    """What nutpie starts a chain from, as it makes it when it compiles: a function of a seed, all free values in a row."""
    from pymc.initial_point import make_initial_point_fn

    drawn = make_initial_point_fn(model=model, jitter_rvs=set(model.free_RVs), return_transformed=True)
    names = [v.name for v in model.value_vars]
    one_at_a_time = Lock()  # chains ask from threads of their own

    def start(seed: Any = None) -> np.ndarray:
        with one_at_a_time:
            point = drawn(seed)
        return np.concatenate([np.ravel(point[name]).astype("float64") for name in names])

    return start
