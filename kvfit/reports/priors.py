"""What a report says about priors: what they are, and which of them the user stated."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kvfit.priors import ITEMS, PERSONS, Target, priors_of

if TYPE_CHECKING:
    from kvfit.inference.fit import Fit
    from kvfit.memory_model import MemoryModel

_OF_WHAT = {
    "partial": "of the population's typical value, and half-normal of the standard deviation between persons",
    "none": "of each person's value",
    "complete": "of the value that all persons share",
}


def is_stated(model: "MemoryModel", name: str) -> bool:
    """Whether the user stated a prior of this parameter, or of the one whose level or shift it is."""
    about = {Target.read(key).name for key in priors_of(model) if Target.read(key).kind != ITEMS}
    stem = name.partition(":")[0].partition("[")[0]
    return bool({name, stem} & about)


def prior_words(fits: "Sequence[Fit]") -> str:
    """A paragraph of the methods: the form of the priors, and those that are not the models' own."""
    pooling = fits[0].settings.pooling
    text = (
        f"Priors were normal on the unconstrained scale {_OF_WHAT[pooling]}; the models' cards give them as 90 % intervals"
        " on the natural scale, with the reason of each."
    )
    stated = [f"{fit.label}: {_listed(fit.model)}" for fit in fits if priors_of(fit.model)]
    if not stated:
        return f"{text} All are the models' own."
    return f"{text} Stated by the user in the place of the models' own: {'; '.join(stated)}. All others are the models' own."


def _listed(model: "MemoryModel") -> str:
    return ", ".join(_one(Target.read(key), *interval) for key, interval in priors_of(model).items())


def _one(target: Target, low: float, high: float) -> str:
    ends = f"{low:g} to {high:g}"
    if target.kind == PERSONS:
        return f"persons' {target.name} as far apart as {ends}"
    return f"items' {target.name} as far apart as {ends}" if target.kind == ITEMS else f"{target.name} {ends}"
