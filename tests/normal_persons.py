"""Persons whose responses are normal, so that every integral has a closed form."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from kvfit.parameters import Parameter

#: standard deviation of every observation
NOISE = 0.8


@dataclass(frozen=True)
class NormalDesign:
    """Means of observations ``(person,)``, each of as many observations."""

    means: np.ndarray
    n: int

    @property
    def n_participants(self) -> int:
        return self.means.size

    def one_participant(self, person: int) -> "NormalDesign":
        return NormalDesign(self.means[[person]], self.n)


@dataclass(frozen=True)
class NormalObjective:
    """The expected response is the sum of the parameters."""

    design: NormalDesign

    def values(self, points: np.ndarray) -> np.ndarray:
        return norm.logpdf(self.design.means[0], points.sum(axis=1), NOISE / np.sqrt(self.design.n))

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        slope = (self.design.means[0] - x.sum()) * self.design.n / NOISE**2
        return float(self.values(x[None])[0]), np.full(x.size, slope)


def parameter(name: str, *, varies: bool = True) -> Parameter:
    """A real parameter with a prior around 0."""
    return Parameter(name, name, "real", (-2.0, 2.0), "a mean", "for a test", varies)
