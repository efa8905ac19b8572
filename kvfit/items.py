"""Effects of items: words differ in how they are remembered and how they are judged, whoever is tested.

Persons and items are crossed: on the unconstrained scale a parameter has, for participant j and item i,

    theta_ji = mu + person_j + item_i,  item_i ~ Normal(0, item_sd)

Here is what fitting, comparison and reports know of them; :mod:`kvfit.recognition.items` has what a task makes of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from kvfit.parameters import Parameter

#: Name of the effects ``(..., item, effect)`` among the values of a model.
ITEM_EFFECTS = "item_effects"

Status = Literal["", "old", "new"]
Items = bool | str | Sequence[str] | None


@dataclass(frozen=True)
class ItemEffect:
    """What one effect of an item moves.

    Parameters
    ----------
    parameter : Parameter
        Whose unconstrained value is moved, at all levels of a condition alike.
    status : {"", "old", "new"}
        Whether only when the item is old, or only when it is new.
    items : tuple of float, optional
        Widest range of items that is plausible: natural-scale values of the parameter of 90 % of items, as
        :attr:`~kvfit.parameters.Parameter.persons` is of persons; without it items differ no more than persons do.
    """

    parameter: Parameter
    status: Status = ""
    items: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """As it is written in options, e.g. ``d_prime`` or ``criterion:new``."""
        return self.parameter.name + (f":{self.status}" if self.status else "")

    @property
    def spread(self) -> float:
        """Scale of the half-normal prior of the standard deviation between items, unconstrained scale."""
        return self.parameter.spread if self.items is None else self.parameter.spread_of(self.items)

    def at(self, old: np.ndarray, effect: Any) -> Any:
        """Effects ``(..., cell)`` where the status fits, else 0."""
        if not self.status:
            return effect
        return effect * (old if self.status == "old" else ~old)


def effects_of_items(model: Any) -> tuple[ItemEffect, ...]:
    """Effects of items of a model; none for models of tasks without them."""
    found: tuple[ItemEffect, ...] = getattr(model, "item_effects", ())
    return found
