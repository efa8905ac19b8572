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
    """

    parameter: Parameter
    status: Status = ""

    @property
    def name(self) -> str:
        """As it is written in options, e.g. ``d_prime`` or ``criterion:new``."""
        return self.parameter.name + (f":{self.status}" if self.status else "")

    def at(self, old: np.ndarray, effect: Any) -> Any:
        """Effects ``(..., cell)`` where the status fits, else 0."""
        if not self.status:
            return effect
        return effect * (old if self.status == "old" else ~old)


def effects_of_items(model: Any) -> tuple[ItemEffect, ...]:
    """Effects of items of a model; none for models of tasks without them."""
    found: tuple[ItemEffect, ...] = getattr(model, "item_effects", ())
    return found
