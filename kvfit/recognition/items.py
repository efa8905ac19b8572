"""Effects of items: words differ in how they are remembered and how they are judged, whoever is tested.

Persons and items are crossed: on the unconstrained scale a parameter has, for participant j and item i,

    theta_ji = mu + person_j + item_i,  item_i ~ Normal(0, item_sd)

An effect on a decision's parameter concerns the item whether it is old or new, unless its status is named
(``criterion:old``); one on a memory's parameter shows where the memory uses it, which for most is at old items.
"""

from collections.abc import Mapping, Sequence
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


def wanted_names(items: Items, default: Sequence[str]) -> tuple[str, ...]:
    """Names of the effects that a user asks for.

    Parameters
    ----------
    items : bool, str or sequence of str, optional
        ``True`` or ``"default"`` for `default`; names, or a text of names with ``+`` or commas between; nothing,
        ``False`` or ``"none"`` for no effects.
    default : sequence of str
        The model's.
    """
    if items is None or items is False or items == "none":
        return ()
    if items is True or items == "default":
        return tuple(default)
    given = items if isinstance(items, list | tuple) else [items]
    names = [name for one in given for name in str(one).replace(",", "+").split("+")]
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


def find_effects(names: Sequence[str], parameters: Mapping[str, Parameter]) -> tuple[ItemEffect, ...]:
    """Effects of these names.

    Parameters
    ----------
    names : sequence of str
        A parameter's name, or with a status: ``criterion:old``.
    parameters : mapping of str to Parameter
        What effects can move.

    Raises
    ------
    ValueError
        Listing every name of no parameter or status, and parameters moved twice at the same items.
    """
    found, problems = [], []
    for name in names:
        base, _, status = name.partition(":")
        if base not in parameters:
            known = ", ".join(parameters)
            problems.append(f"items: {base} is no parameter; effects of items can move {known}")
        elif status not in ("", "old", "new") or name.endswith(":"):
            problems.append(f"items: {name}: expected {base}, {base}:old or {base}:new")
        else:
            found.append(ItemEffect(parameters[base], "old" if status == "old" else "new" if status else ""))
    problems += [
        f"items: {effect.parameter.name} moves old and new items together; leave {effect.name} out, or name both"
        f" {effect.parameter.name}:old and {effect.parameter.name}:new"
        for effect in found
        if effect.status and ItemEffect(effect.parameter) in found
    ]
    if problems:
        raise ValueError("\n  ".join(problems))
    return tuple(found)


def shifted(parameter: Parameter, value: Any, by: Any, xp: Any) -> Any:
    """A natural-scale value moved on the unconstrained scale, without going there: exact at the ends of the support.

    Parameters
    ----------
    parameter : Parameter
    value : array or tensor
        On the natural scale.
    by : array or tensor
        On the unconstrained scale, of the shape of `value`.
    xp : module
        ``numpy`` or ``pytensor.tensor``.
    """
    if parameter.support == "unit":
        return value / (value + (1.0 - value) * xp.exp(-by))
    if parameter.support == "positive" and parameter.link == "softplus":
        return value + xp.log(xp.exp(-value) - xp.exp(by) * xp.expm1(-value))
    return value * xp.exp(by) if parameter.support == "positive" else value + by
