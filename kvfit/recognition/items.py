"""Which parameters of recognition effects of items move, as users name them; see :mod:`kvfit.items`.

An effect on a decision's parameter concerns the item whether it is old or new, unless its status is named
(``criterion:old``); one on a memory's parameter shows where the memory uses it, which for most is at old items.
"""

from collections.abc import Mapping, Sequence

from kvfit.items import ItemEffect, Items
from kvfit.parameters import Parameter
from kvfit.ties import Ties, none_of_its_own


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


def find_effects(
    names: Sequence[str], parameters: Mapping[str, Parameter], tied: Ties | None = None
) -> tuple[ItemEffect, ...]:
    """Effects of these names.

    Parameters
    ----------
    names : sequence of str
        A parameter's name, or with a status: ``criterion:old``.
    parameters : mapping of str to Parameter
        What effects can move.
    tied : mapping of str to str, optional
        Parameters that have the values of others, see :mod:`kvfit.ties`: effects move those.

    Raises
    ------
    ValueError
        Listing every name of no parameter or status, and parameters moved twice at the same items.
    """
    found, problems = [], []
    for name in names:
        base, _, status = name.partition(":")
        if tied and base in tied:
            problems.append(f"items: {base}: {none_of_its_own(base, tied, 'effect of items')}")
        elif base not in parameters:
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
