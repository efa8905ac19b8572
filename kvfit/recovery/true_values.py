"""The values that one simulated data set comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class TrueValues:
    """What one simulated data set comes from.

    Parameters
    ----------
    persons : mapping of str to numpy.ndarray
        ``(participant,)`` of each parameter, natural scale.
    population : mapping of str to numpy.ndarray
        ``population_mean``, ``population_sd``, ``item_sd`` as far as they exist, unconstrained scale; empty if the
        persons were not drawn from a population.
    items : numpy.ndarray, optional
        ``(item, effect)``, unconstrained scale.
    """

    persons: Mapping[str, np.ndarray]
    population: Mapping[str, np.ndarray] = field(default_factory=dict)
    items: np.ndarray | None = None

    def plain(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {
            "persons": {name: values.tolist() for name, values in self.persons.items()},
            "population": {name: values.tolist() for name, values in self.population.items()},
            "items": None if self.items is None else self.items.tolist(),
        }

    @staticmethod
    def from_plain(values: Mapping[str, Any]) -> "TrueValues":
        """Inverse of :meth:`plain`."""
        items = values["items"]
        return TrueValues(
            {name: np.array(v) for name, v in values["persons"].items()},
            {name: np.array(v) for name, v in values["population"].items()},
            None if items is None else np.array(items),
        )
