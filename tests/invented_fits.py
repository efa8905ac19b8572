"""Posteriors drawn from thin air around the prior's centre, in the layout of real fits: for tests that need no sampler."""

from typing import Any

import numpy as np
import xarray as xr

import kvfit as kv
from kvfit.inference.pointwise import pointwise
from kvfit.inference.settings import FitSettings
from kvfit.items import effects_of_items


def invented_fit(
    spec: str, data: Any, *, pooling: Any = "partial", seed: int = 0, draws: int = 50, far: float = 0.1
) -> kv.Fit:
    """A fit of two chains whose draws differ by about `far` prior standard deviations."""
    model = kv.get_model(spec).bind(data)
    rng = np.random.default_rng(seed)
    n, k, shape = data.n_participants, len(model.parameters), (2, draws)
    location = np.array([p.location for p in model.parameters])
    scale = np.array([p.scale for p in model.parameters])
    mean = location + far * scale * rng.normal(size=(*shape, k))
    person = mean[..., None, :] + np.zeros((n, k))
    if pooling != "complete":
        person = person + scale * (0.3 * rng.normal(size=(n, k)) + far * rng.normal(size=(*shape, n, k)))
    variables: dict[str, Any] = {}
    if pooling != "none":
        variables["population_mean"] = (("chain", "draw", "parameter"), mean)
    if pooling == "partial":
        spread = scale * rng.uniform(0.2, 0.4, (*shape, k))
        variables["population_sd"] = (("chain", "draw", "person_parameter"), spread)
    for i, p in enumerate(model.parameters):
        variables[p.name] = (("chain", "draw", "participant"), p.to_natural(person[..., i]))
    names = [p.name for p in model.parameters]
    coords: dict[str, Any] = {
        "chain": np.arange(2),
        "draw": np.arange(draws),
        "participant": [str(label) for label in data.participants],
        "parameter": names,
        "person_parameter": names,
    }
    effects = effects_of_items(model)
    if effects:
        coords |= {"item": [str(label) for label in data.items], "item_parameter": [e.name for e in effects]}
        drawn = 0.3 * rng.normal(size=(*shape, len(data.items), len(effects)))
        variables["item_effects"] = (("chain", "draw", "item", "item_parameter"), drawn)
        variables["item_sd"] = (("chain", "draw", "item_parameter"), rng.uniform(0.2, 0.4, (*shape, len(effects))))
    stats = xr.Dataset({"diverging": (("chain", "draw"), np.zeros(shape, bool))}, {"draw": np.arange(draws)})
    tree = xr.DataTree.from_dict({"/posterior": xr.Dataset(variables, coords), "/sample_stats": stats})
    sampled = pointwise(tree, model, data, model.design(data))
    return kv.Fit(model, data, sampled, FitSettings(pooling=pooling, draws=draws, chains=2))
