"""Exact posteriors of two-parameter models on a grid, instead of a sampler: for tests of what is done with many fits."""

from typing import Any

import numpy as np
import xarray as xr

import kvfit as kv
from kvfit.inference.maximum_likelihood import own_prior
from kvfit.inference.pointwise import with_log_likelihood
from kvfit.inference.settings import FitSettings
from kvfit.memory_model import MemoryModel


def grid_sample(
    model: MemoryModel,
    data: Any,
    settings: FitSettings,
    similarity: np.ndarray | None,
    show_progress: bool,
    *,
    shrink: float = 1.0,
) -> kv.Fit:
    """Draw from each person's own posterior; takes the place of ``kvfit.inference.fit._sample`` for ``pooling="none"``.

    `shrink` below 1 makes the posterior narrower around its mean than it is.
    """
    assert settings.pooling == "none"
    rng = np.random.default_rng(settings.seed)
    location, scale = own_prior(model)
    assert location.size == 2
    axis = np.linspace(-4.5, 4.5, 91)
    z = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    design = model.design(data, similarity)
    shape = (settings.chains, settings.draws)
    x = np.empty((*shape, data.n_participants, 2))
    for person in range(data.n_participants):
        density = model.objective(design.one_participant(person)).values(location + scale * z) - 0.5 * (z**2).sum(
            axis=1
        )
        weight = np.exp(density - density.max())
        chosen = z[rng.choice(len(z), size=shape, p=weight / weight.sum())]
        drawn = chosen + rng.uniform(-0.5, 0.5, (*shape, 2)) * (axis[1] - axis[0])
        mean = drawn.mean(axis=(0, 1))
        x[:, :, person] = location + scale * (mean + shrink * (drawn - mean))
    labels = [str(label) for label in data.participants]
    values = {p.name: p.to_natural(x[..., k]) for k, p in enumerate(model.parameters)}
    posterior = xr.Dataset(
        {name: (("chain", "draw", "participant"), v) for name, v in values.items()},
        {"chain": np.arange(shape[0]), "draw": np.arange(shape[1]), "participant": labels},
    )
    stats = xr.Dataset({"diverging": (("chain", "draw"), np.zeros(shape, bool))})
    flat = {name: v.reshape(-1, data.n_participants) for name, v in values.items()}
    ll = model.log_likelihood(design, flat).reshape(*shape, -1)
    tree = xr.DataTree.from_dict({"/posterior": posterior, "/sample_stats": stats})
    tree = with_log_likelihood(tree, model, data, design, ll)
    return kv.Fit(model, data, tree, settings, {"sampling": 0.0}, similarity)
