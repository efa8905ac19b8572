"""Parameters that are equal: ``threshold(detect_new=detect_old)`` has one free parameter where there were two.

The parameter before the equals sign is *tied*: it is no parameter of the model any more, and wherever the model's formulas
use it they get the value of the other one, whose name, prior and differences between persons, conditions and items stay. So
everything that fits, counts, simulates or reports parameters sees one fewer and needs to know nothing of ties.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from kvfit.parameters import Ends, Parameter

#: Names of tied parameters, and of those whose values they have.
Ties = Mapping[str, str]

#: (whether the lower end belongs to both supports, whether the upper one does) -> ends
_ENDS: dict[tuple[bool, bool], Ends] = {
    (True, True): "closed",
    (True, False): "lower",
    (False, True): "upper",
    (False, False): "open",
}


def resolved(ties: Ties) -> dict[str, str]:
    """Ties with chains followed to their ends, sorted: ``a=b, b=c`` and ``b=c, a=c`` are one model.

    Parameters
    ----------
    ties : mapping of str to str
        Without cycles.
    """
    found = {}
    for name in sorted(ties):
        target = ties[name]
        while target in ties:
            target = ties[target]
        found[name] = target
    return found


def untied(parameters: Iterable[Parameter], ties: Ties) -> tuple[Parameter, ...]:
    """Parameters without those that are tied.

    Values of the others must lie where those that are tied to them may: an end of the support belongs to it if it does for
    all of them.
    """
    if not ties:
        return tuple(parameters)
    by_name = {p.name: p for p in parameters}
    for name, target in ties.items():
        if name in by_name and target in by_name:
            both = (by_name[name].ends, by_name[target].ends)
            lower, upper = (all(ends in ("closed", side) for ends in both) for side in ("lower", "upper"))
            by_name[target] = replace(by_name[target], ends=_ENDS[lower, upper])
    return tuple(p for p in by_name.values() if p.name not in ties)


def with_tied(values: Mapping[str, Any], ties: Ties) -> Mapping[str, Any]:
    """Values by name with those of the tied parameters."""
    return {**values, **{name: values[target] for name, target in ties.items() if target in values}} if ties else values


def tie_problems(
    ties: Ties, known: Mapping[str, tuple[Parameter, str]], fixed: Mapping[str, float], options: Sequence[str]
) -> list[str]:
    """Say everything that keeps parameters from being equal.

    Parameters
    ----------
    ties : mapping of str to str
        As they were asked for; the names before the equals sign are parameters.
    known : mapping of str to (Parameter, str)
        Parameters by name, with the column by whose levels they vary; empty for none.
    fixed : mapping of str to float
        Parameters held at a value.
    options : sequence of str
        Names of the model's options.
    """
    problems = []
    for name, target in ties.items():
        if target not in known:
            problems.append(f"{name}: {_unknown(name, target, known, options)}")
            continue
        (one, column), (other, its_column) = known[name], known[target]
        cycle = _cycle(name, ties)
        if cycle:
            problems.append(f"{name}: equal to itself ({'='.join(cycle)}); leave one of them out")
        elif one.support != other.support:
            problems.append(
                f"{name}: cannot equal {target}, because values of {name} are {one.support_words} and those of {target}"
                f" {other.support_words}"
            )
        elif one.link != other.link:
            problems.append(f"{name}: cannot equal {target}, because priors of {name} are on another scale")
        elif target in fixed:
            problems.append(
                f"{name}: {target} is held at {fixed[target]:g}, so that nothing is estimated; hold {name} as well"
                f" ({name}={fixed[target]:g}), or free the other ({target}=free)"
            )
        elif column != its_column:
            problems.append(
                f"{name}: cannot equal {target}, because {name} has one value {_for_each(column)} and {target}"
                f" {_for_each(its_column)}"
            )
    return problems


def _for_each(column: str) -> str:
    return f"for each level of {column}" if column else "for all trials"


def _cycle(name: str, ties: Ties) -> list[str]:
    """Names from one back to itself; empty if they do not come back."""
    passed = [name]
    while passed[-1] in ties and len(passed) <= len(ties):
        passed.append(ties[passed[-1]])
        if passed[-1] == name:
            return passed
    return []


def _unknown(name: str, target: str, known: Mapping[str, tuple[Parameter, str]], options: Sequence[str]) -> str:
    p, _ = known[name]
    others = [q.name for q, _ in known.values() if q.name != name and (q.support, q.link) == (p.support, p.link)]
    if target in options:
        return (
            f"{target} is an option; a parameter can equal another parameter only ({', '.join(others) or 'none here'})"
        )
    close = get_close_matches(target, others, n=1)
    hint = f", did you mean {close[0]}?" if close else ""
    equal = f"; the parameters that it can equal are {', '.join(others)}{hint}" if others else ""
    return f"expected 'free' or a value {p.support_words}, found {target!r}{equal}"


def none_of_its_own(name: str, ties: Ties, what: str) -> str:
    """Why a tied parameter has no prior or no effect of items (`what`), and what to do."""
    return f"equal to {ties[name]}, so that it has no {what} of its own; state that of {ties[name]}"


def formula_problems(name: str, model: Any) -> list[str]:
    """Say why a formula cannot be about a parameter that is equal to another one."""
    ties = ties_of(model)
    users = [tied for tied, target in ties.items() if target == name]
    if name in ties:
        why = f"equal to {ties[name]}"
    elif users:
        why = f"{' and '.join(users)} {'is' if len(users) == 1 else 'are'} equal to it, at other responses than its own"
    else:
        return []
    return [f"{name}: {why}, so that conditions cannot move it by a formula; leave out the formula or the equality"]


def ties_of(model: Any) -> Ties:
    """The ties of a model, with formulas or without; none for models that take none."""
    found: Ties = getattr(getattr(model, "base", model), "tied", {})
    return found


def groups(model: Any) -> list[list[str]]:
    """Names of free parameters that can be equal to one another, two or more each."""
    find = getattr(model, "find_parameter", lambda name: None)
    found: dict[tuple[str, ...], list[str]] = {}
    for p in model.parameters:
        _, column = find(p.name) or (p, "")
        found.setdefault((p.support, p.link, column), []).append(p.name)
    return [names for names in found.values() if len(names) > 1]
