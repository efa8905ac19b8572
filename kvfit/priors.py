"""Priors that a user states instead of a model's own, as intervals on the natural scale.

Three things can be stated, each as two numbers:

``sigma``
    90 % interval of the population's typical value (of each person's value where persons are fitted alone). What follows
    from a parameter's interval follows from this one: the spread between persons, and shifts by conditions.
``persons(sigma)``
    Widest plausible range of persons: where 90 % of them lie if they differ as much as you hold possible (the 95 % quantile
    of the prior of their standard deviation). Only its width counts, on the unconstrained scale; it lies around the typical
    value. Without it the range is 1.18 times as wide as the parameter's interval, there.
``items(d_prime)``
    The same of items, where a model has effects of items; without it items differ no more than persons.

In a model's name they are written ``uvsd(prior(sigma)=0.9:1.5, persons(sigma)=0.7:1.9)``.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from kvfit.parameters import Parameter
from kvfit.ties import none_of_its_own, ties_of

Interval = tuple[float, float]
#: ``{"sigma": (0.9, 1.5)}``, or texts as on the command line: ``"sigma=0.9:1.5"``.
Priors = Mapping[str, Any] | Sequence[str] | str

#: What is stated of a parameter, as the word before its name in a model's label.
TYPICAL, PERSONS, ITEMS = "prior", "persons", "items"
_KEY = re.compile(rf"\s*({TYPICAL}|{PERSONS}|{ITEMS})\s*\((.*)\)\s*", re.DOTALL)
#: Where the ends of an interval may lie: an end of the support has no finite unconstrained value.
_INSIDE = {
    "unit": "between 0 and 1, both excluded",
    "positive": "greater than 0",
    "real": "on the scale of real numbers",
}
_EXAMPLE = "two numbers, lower before upper, such as 0.9:1.5"


class PriorError(ValueError):
    """Priors that a model cannot have; the message lists every problem."""

    def __init__(self, owner: str, problems: Sequence[str]) -> None:
        super().__init__(f"priors of {owner}:\n  " + "\n  ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Target:
    """What a prior is about.

    Parameters
    ----------
    kind : {"prior", "persons", "items"}
    name : str
        Of the parameter, or of the effect of items.
    """

    kind: str
    name: str

    @property
    def key(self) -> str:
        """As users write it: ``sigma``, ``persons(sigma)``, ``items(d_prime)``."""
        return self.name if self.kind == TYPICAL else f"{self.kind}({self.name})"

    @property
    def label(self) -> str:
        """As a model's label has it; names that would confuse its reader are quoted."""
        return f"{self.kind}({self.name if _plain(self.name) else json.dumps(self.name)})"

    @staticmethod
    def read(text: str) -> "Target":
        """From a key or from a label's part before ``=``."""
        match = _KEY.fullmatch(text)
        kind, name = match.groups() if match else (TYPICAL, text)
        name = name.strip()
        if name.startswith('"'):
            name = json.loads(name)
        return Target(kind, name)


def _plain(name: str) -> bool:
    """Whether a name can stand in a label as it is: printable, brackets closed in order, no blanks around it."""
    depth = 0
    for letter in name:
        depth += (letter in "([{") - (letter in ")]}")
        if depth < 0:
            return False
    return depth == 0 and name == name.strip() and name.isprintable() and not name.startswith('"')


def read_priors(priors: Priors) -> tuple[dict[str, Interval], list[str]]:
    """Intervals by key, however they were given, and what cannot be read.

    Parameters
    ----------
    priors : mapping of str to pair of float, str or sequence of str
        ``{"sigma": (0.9, 1.5)}`` or ``"sigma=0.9:1.5"``.

    Returns
    -------
    intervals : dict of str to tuple of float
    problems : list of str
        Everything that is not two rising numbers, and what was stated twice.
    """
    pairs = (
        priors.items() if isinstance(priors, Mapping) else map(_split, [priors] if isinstance(priors, str) else priors)
    )
    found: dict[str, Interval] = {}
    problems = []
    for text, value in pairs:
        try:
            key = Target.read(str(text)).key
        except ValueError:
            problems.append(f"{text}: expected a name in double quotes, as JSON has it")
            continue
        try:
            interval = _interval(value)
        except ValueError as error:
            problems.append(f"{key}: {error}")
            continue
        if found.setdefault(key, interval) != interval:
            problems.append(f"{key}: stated twice, {shown(found[key])} and {shown(interval)}")
    return dict(sorted(found.items())), problems


def _split(text: str) -> tuple[str, str]:
    """Name and numbers of ``sigma=0.9:1.5``; a name may hold an equals sign."""
    name, separator, value = str(text).rpartition("=")
    return (name, value.strip()) if separator else (value.strip(), "")


def _interval(value: Any) -> Interval:
    """Two rising, finite numbers.

    Raises
    ------
    ValueError
        Saying what was found instead.
    """
    parts: Any = value.split(":") if isinstance(value, str) else value
    try:
        numbers = [np.nan if isinstance(part, bool | np.bool_) else float(part) for part in parts]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != 2 or not np.isfinite(numbers).all():
        raise ValueError(f"expected {_EXAMPLE}; found {value!r}")
    low, high = numbers
    if not low < high:
        raise ValueError(f"expected {_EXAMPLE}; found {shown((low, high))}, whose lower end is not below the upper")
    return low, high


def shown(interval: Interval) -> str:
    """An interval as in labels: exact, so that it is read back as the same numbers."""
    return ":".join(repr(float(end)).removesuffix(".0") for end in interval)


def label_parts(priors: Mapping[str, Interval]) -> dict[str, str]:
    """Priors as parts of a label: ``{"prior(sigma)": "0.9:1.5"}``."""
    return {Target.read(key).label: shown(interval) for key, interval in priors.items()}


def priors_of(model: Any) -> dict[str, Interval]:
    """The priors that were stated for a model; none for models that take none."""
    base = priors_of(model.base) if hasattr(model, "base") else {}
    return {**base, **getattr(model, "priors", {})}


def without_priors(model: Any) -> Any:
    """The model with its own priors."""
    if not priors_of(model):
        return model
    own = getattr(model, "without_priors", None)
    return own() if own is not None else replace(model, priors={})


def require_spread(model: Any, pooling: str) -> None:
    """Refuse ranges of persons where a fit has no population.

    Raises
    ------
    PriorError
        Naming them.
    """
    ranges = [key for key in priors_of(model) if Target.read(key).kind == PERSONS]
    if ranges and pooling != "partial":
        why = f"pooling={pooling!r} has no population whose persons differ; leave it out"
        raise PriorError(model.label, [f"{key}: {why}" for key in ranges])


def stated(parameters: tuple[Parameter, ...], priors: Mapping[str, Interval]) -> tuple[Parameter, ...]:
    """Parameters with the priors that were stated for them."""
    return tuple(_stated(p, priors) for p in parameters) if priors else parameters


def _stated(p: Parameter, priors: Mapping[str, Interval]) -> Parameter:
    interval, persons = priors.get(p.name), priors.get(Target(PERSONS, p.name).key)
    if interval is not None:
        low, high = p.interval
        reason = f"stated by the user; the model's own is {low:g} to {high:g} ({p.reason})"
        p = replace(p, interval=interval, reason=reason)
    return p if persons is None else replace(p, persons=persons)


def merged(before: Mapping[str, Interval], new: Mapping[str, Interval]) -> tuple[dict[str, Interval], list[str]]:
    """Priors of both, and what they contradict each other in."""
    problems = [
        f"{key}: stated twice, {shown(before[key])} and {shown(new[key])}"
        for key in new
        if before.get(key, new[key]) != new[key]
    ]
    return dict(sorted({**before, **new}.items())), problems


def prior_problems(
    priors: Mapping[str, Interval],
    known: Mapping[str, Parameter],
    fixed: Mapping[str, float],
    effects: Mapping[str, Parameter],
    later: Callable[[str], bool] = lambda name: False,
) -> list[str]:
    """Say everything that is wrong with priors.

    Parameters
    ----------
    priors : mapping
    known : mapping of str to Parameter
        With the intervals that were stated for typical values, if these are possible.
    fixed : mapping of str to float
        Parameters held at a value, which have no prior.
    effects : mapping of str to Parameter
        What effects of items move.
    later : callable
        Whether a name may exist once the model is bound to data.
    """
    problems = []
    for key, interval in priors.items():
        target = Target.read(key)
        among = effects if target.kind == ITEMS else known
        name = target.name
        if name not in among:
            if target.kind == ITEMS or not later(name):
                problems.append(f"{key}: {_unknown(target, [n for n in among if n not in fixed])}")
            continue
        p = among[name]
        if target.kind != ITEMS and name in fixed:
            problems.append(f"{key}: held at {fixed[name]:g}, so that it has no prior; free it: {name}=free")
            continue
        if not inside(p, interval):
            problems.append(f"{key}: expected two values {_INSIDE[p.support]}; found {shown(interval)}")
        elif target.kind == PERSONS and not p.varies:
            problems.append(f"{key}: all persons share one value of {name}; leave it out")
        elif target.kind != TYPICAL and not later(name):  # else the centre is not known yet
            problems += _range_problems(key, p, known.get(name, p), interval, target.kind)
    return problems


def _range_problems(key: str, p: Parameter, typical: Parameter, interval: Interval, kind: str) -> Iterator[str]:
    centre = float(typical.to_natural(np.asarray(typical.location)))
    if not interval[0] < centre < interval[1]:
        yield (
            f"{key}: expected a range of values of {p.name} in which 90 % of {kind} lie, around its typical value"
            f" {centre:.3g}; found {shown(interval)}"
        )


def inside(p: Parameter, interval: Interval) -> bool:
    """Whether both ends have finite values on the unconstrained scale."""
    with np.errstate(all="ignore"):
        return bool(p.contains(interval).all() and np.isfinite(p.to_unconstrained(interval)).all())


def _unknown(target: Target, names: list[str]) -> str:
    what = "effect of items" if target.kind == ITEMS else "parameter"
    close = get_close_matches(target.name, names, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"no {what} of the model; {hint}it has {', '.join(names) or 'none'}"


def takes(model: Any, key: str) -> bool:
    """Whether a model that is bound to data has what a prior is about, and does not hold it at a value."""
    if hasattr(model, "base") and takes(model.base, key):
        return True
    target = Target.read(key)
    parameters, effects = model.prior_targets() if hasattr(model, "prior_targets") else ({}, ())
    if target.kind == ITEMS:
        return target.name in {effect.name for effect in effects}
    return target.name in parameters and target.name not in model.fixed


def with_priors(model: Any, priors: Mapping[str, Interval]) -> Any:
    """A model with further priors.

    Raises
    ------
    PriorError
        Listing every prior that the model cannot have; of models of other kinds, that it takes none.
    """
    add = getattr(model, "with_priors", None)
    if add is None:
        raise PriorError(
            model.label, [f"models such as {model.name} take no other priors than their own; leave them out"]
        )
    return add(priors) if priors else model


def add_priors(model: Any, priors: Mapping[str, Interval], later: Callable[[str], bool] = lambda name: False) -> Any:
    """A model with further priors, all of them checked as far as the model knows its parameters.

    Parameters
    ----------
    model : dataclass
        With ``priors``, ``fixed``, ``label`` and ``prior_targets()``: parameters by name, and what effects of items move.
    priors : mapping
    later : callable
        Whether a name may exist once the model is bound to data, or be another there.

    Raises
    ------
    PriorError
        Listing every problem.
    """
    wanted, problems = merged(model.priors, priors)
    ties = ties_of(model)
    of_tied = [key for key in wanted if Target.read(key).name in ties]
    problems += [f"{key}: {none_of_its_own(Target.read(key).name, ties, 'prior')}" for key in of_tied]
    wanted = {key: interval for key, interval in wanted.items() if key not in of_tied}
    targets, _ = replace(model, priors={}).prior_targets()
    possible = {k: v for k, v in wanted.items() if k in targets and inside(targets[k], v)}
    known, effects = replace(model, priors=possible).prior_targets()
    moved = {effect.name: effect.parameter for effect in effects}
    problems += prior_problems(wanted, known, model.fixed, moved, later)
    if problems:
        raise PriorError(model.label, problems)
    return replace(model, priors=_without_defaults(model, wanted, later))


def _without_defaults(model: Any, priors: dict[str, Interval], later: Callable[[str], bool]) -> dict[str, Interval]:
    """Priors that make a difference: one that states the model's own leaves no trace in the label."""
    found = priors
    for key in priors:
        others = {k: v for k, v in found.items() if k != key}
        if not later(Target.read(key).name) and _state(model, others) == _state(model, found):
            found = others
    return found


def _state(model: Any, priors: Mapping[str, Interval]) -> list[Any]:
    """What priors decide of parameters and of effects of items."""
    parameters, effects = replace(model, priors=priors).prior_targets()
    own = [(p.interval, float(f"{p.spread:.9g}")) for p in parameters.values()]
    return [*own, *(float(f"{effect.spread:.9g}") for effect in effects)]
