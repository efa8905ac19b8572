"""Points of a model's prior, for the checks of every task."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kvfit.memory_model import MemoryModel


@dataclass(frozen=True, eq=False)
class PriorPoints:
    """A model and where its checks try it.

    Parameters
    ----------
    model : MemoryModel
    seed : int
    """

    model: MemoryModel
    seed: int

    def rng(self, purpose: int) -> np.random.Generator:
        """Random numbers of one check, independent of the others."""
        return np.random.default_rng([self.seed, purpose])

    @cached_property
    def location(self) -> np.ndarray:
        """Prior means ``(parameter,)`` on the unconstrained scale."""
        return np.array([p.location for p in self.model.parameters])

    @cached_property
    def scale(self) -> np.ndarray:
        """Prior standard deviations ``(parameter,)``."""
        return np.array([p.scale for p in self.model.parameters])

    def points(self, n: int, spread: float, rng: np.random.Generator) -> np.ndarray:
        """``(point, parameter)``: the prior's centre, then points uniform within `spread` prior sd of it."""
        z = rng.uniform(-spread, spread, (n, self.location.size))
        z[0] = 0.0
        return self.location + self.scale * z

    def natural(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Natural-scale values of unconstrained points ``(..., parameter)``."""
        return {p.name: p.to_natural(x[..., k]) for k, p in enumerate(self.model.parameters)}
