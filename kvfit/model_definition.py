"""What defines a model, so that two models of one name are told apart: parameters, priors, held values, numbers."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from kvfit.items import ITEM_EFFECTS, ItemEffect, effects_of_items
from kvfit.memory_model import MemoryModel
from kvfit.parameters import Parameter

#: Fields of a parameter that are words for readers.
_WORDS = ("symbol", "meaning", "reason")
#: Points at which numbers are taken, in prior standard deviations of the parameters in turn.
_POINTS = ((0.0,), (1.0, -1.0), (-1.5, 0.5, 1.0), (2.0, 2.0, -2.0))
#: Of whom they are taken: the first, the middle and the last participant.
_PERSONS = 3
#: Relative difference up to which two numbers are the same; machines and libraries differ by less than that.
TOLERANCE = 1e-6


def describe_parameters(model: MemoryModel) -> dict[str, Any]:
    """Free parameters with their priors, and what is held."""
    return {
        "parameters": [[p.name, p.support, p.link, list(map(float, p.interval)), p.varies] for p in model.parameters],
        "fixed": {name: float(value) for name, value in model.fixed.items()},
    }


def describe_fitted(model: MemoryModel, data: Any, similarity: np.ndarray | None = None) -> dict[str, Any]:
    """Everything that a posterior of this model on these data follows from, of what JSON can hold.

    Parameters
    ----------
    model : MemoryModel
    data : FreeRecallData or RecognitionData
    similarity : numpy.ndarray, optional
        For models with ``semantic=True``.

    Returns
    -------
    dict
        ``parameters`` (every field of each free parameter that is no word for readers), ``fixed``, ``items`` (effects of
        items, likewise), and ``numbers``: log-likelihoods of the responses of three participants at four points of the
        prior, as text with ten digits.

    Notes
    -----
    Numbers, because likelihoods are made of code in many files: a change anywhere that moves one makes another model, and
    one that only rearranges code does not. They cost a few evaluations of the likelihood, of which a fit makes thousands.
    """
    bound = model.bind(data)
    return {
        "parameters": [_describe(p) for p in bound.parameters],
        "fixed": {name: float(value) for name, value in sorted(bound.fixed.items())},
        "items": [{"name": effect.name, **_describe(effect)} for effect in effects_of_items(bound)],
        "numbers": [f"{value:.10g}" for value in _numbers(bound, data, similarity)],
    }


def definition_hash(definition: Mapping[str, Any]) -> str:
    """Hash of what :func:`describe_fitted` gives; numbers enter with seven digits."""
    what = {**definition, "numbers": [f"{float(number):.7g}" for number in definition["numbers"]]}
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def definition_changes(now: Mapping[str, Any], then: Mapping[str, Any]) -> str:
    """In what a model differs from one that was described before, in words; empty if in nothing."""
    before, after = ({one["name"]: one for one in side["parameters"]} for side in (then, now))
    said = [f"parameter {name} is new" for name in after if name not in before]
    said += [f"parameter {name} is gone" for name in before if name not in after]
    for name in (name for name in after if name in before):
        other = [key for key in after[name] if after[name][key] != before[name].get(key)]
        said += [f"{key} of {name} is {after[name][key]}, was {before[name].get(key)}" for key in other]
    if now["items"] != then["items"]:
        said.append("effects of items are others, or their priors")
    if dict(now["fixed"]) != dict(then["fixed"]):
        said.append(f"values that are held are {dict(now['fixed'])}, were {dict(then['fixed'])}")
    here, there = (np.array(side["numbers"], dtype=float) for side in (now, then))
    close = here.shape == there.shape and np.allclose(here, there, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
    if not said and not close:
        said.append("the likelihood of the same responses is another")
    return "; ".join(said)


def _describe(thing: Parameter | ItemEffect) -> dict[str, Any]:
    """Every field that is no word, so that a new kind of prior enters by itself."""
    found = {f.name: getattr(thing, f.name) for f in fields(thing) if f.name not in _WORDS}
    found = {name: _describe(value) if isinstance(value, Parameter) else value for name, value in found.items()}
    plain: dict[str, Any] = json.loads(json.dumps(found, default=_plain))
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return repr(value)


def _numbers(model: MemoryModel, data: Any, similarity: np.ndarray | None) -> list[float]:
    """Log-likelihood ``(person, point)`` of all responses of a participant, one after the other."""
    design = model.design(data, similarity if model.semantic else None)
    persons = np.unique(np.linspace(0, design.n_participants - 1, _PERSONS).round().astype(int))
    values: dict[str, np.ndarray] = {}
    for k, p in enumerate(model.parameters):
        z = np.array([point[k % len(point)] for point in _POINTS])
        values[p.name] = np.asarray(p.to_natural(p.location + p.scale * z))[:, None]
    effects = effects_of_items(model)
    if effects:
        size = (len(_POINTS), len(data.items), len(effects))
        values[ITEM_EFFECTS] = np.resize((0.3, -0.2, 0.1), size)
    found: list[float] = []
    with np.errstate(all="ignore"):
        for person in persons:
            one = design.one_participant(int(person))
            per_unit = model.log_likelihood(one, values)
            found += per_unit[:, one.unit_of_observation].sum(axis=1).tolist()
    return found
