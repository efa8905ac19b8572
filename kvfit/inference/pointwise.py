"""Log-likelihood of every observation at posterior draws, kept once for all observations that share it."""

from typing import Any

import numpy as np
import xarray as xr

from kvfit.items import ITEM_EFFECTS
from kvfit.likelihood import observation_labels
from kvfit.memory_model import MemoryModel
from kvfit.progress import progress

#: draws whose pointwise log-likelihood is computed at once
_CHUNK = 50
#: numbers that are kept (320 MB); with more, only every second, third, ... draw gets a log-likelihood
KEPT_NUMBERS = 40_000_000


def draws_apart(n_numbers: int) -> int:
    """Of how many draws one gets a pointwise log-likelihood, so that it fits into memory."""
    return max(1, -(-n_numbers // KEPT_NUMBERS))


def flat_draws(model: MemoryModel, posterior: Any) -> dict[str, np.ndarray]:
    """Values of a posterior group, chains one after the other: ``(draw, participant)``, ``(draw, item, effect)``."""
    dims: dict[str, tuple[str, ...]] = {p.name: ("participant",) for p in model.parameters}
    if ITEM_EFFECTS in posterior:
        dims[ITEM_EFFECTS] = ("item", "item_parameter")
    arrays = {name: posterior[name].transpose("chain", "draw", *rest).to_numpy() for name, rest in dims.items()}
    return {name: array.reshape(-1, *array.shape[2:]) for name, array in arrays.items()}


def pointwise(tree: Any, model: MemoryModel, data: Any, design: Any, *, show_progress: bool = False) -> Any:
    """Posterior draws with the log-likelihood of every unit.

    Parameters
    ----------
    tree : xarray.DataTree
        With a group ``posterior`` that has a variable ``(chain, draw, participant)`` for each parameter, natural scale,
        and with effects of items ``item_effects``.
    model : MemoryModel
        Bound to the data.
    data : FreeRecallData or RecognitionData
    design : Design
        ``model.design(data)``.
    show_progress : bool

    Returns
    -------
    xarray.DataTree
        See :func:`with_log_likelihood`.
    """
    posterior = tree["posterior"]
    n_chains = posterior.sizes["chain"]
    n_units = int(design.unit_of_observation.max()) + 1
    every = draws_apart(n_chains * posterior.sizes["draw"] * n_units)
    thinned = posterior.isel(draw=slice(None, None, every))
    n_draws = thinned.sizes["draw"]
    values = flat_draws(model, thinned)
    with progress(show_progress) as bar:
        chunks = [slice(first, first + _CHUNK) for first in range(0, n_chains * n_draws, _CHUNK)]
        ll = np.concatenate(
            [
                model.log_likelihood(design, {k: v[chunk] for k, v in values.items()})
                for chunk in bar.track(chunks, f"{model.label}: log-likelihood of every {data.observation}")
            ]
        )
    return with_log_likelihood(tree, model, data, design, ll.reshape(n_chains, n_draws, -1), every)


def with_log_likelihood(tree: Any, model: MemoryModel, data: Any, design: Any, ll: np.ndarray, every: int = 1) -> Any:
    """Attach the pointwise group, of one in `every` draws.

    Parameters
    ----------
    tree : xarray.DataTree
        ``posterior`` and, where a sampler gave them, ``sample_stats``; other groups are left out.
    model, data, design
        As in :func:`pointwise`.
    ll : numpy.ndarray
        ``(chain, draw, unit)``.
    every : int

    Returns
    -------
    xarray.DataTree
        With ``log_likelihood``: in the data's order with labels, or by unit where several observations share a value.
    """
    posterior = tree["posterior"]
    coords: dict[str, Any] = {"chain": posterior["chain"], "draw": posterior["draw"][::every]}
    unit = "unit"
    if ll.shape[2] == design.n_observations:
        ll, unit = ll[:, :, design.unit_of_observation], data.observation
        labels = observation_labels(data)
        coords |= {name: (dim, values.astype(str)) for name, (dim, values) in labels.items()}
    coords[unit] = np.arange(ll.shape[2])
    dataset = xr.Dataset({model.observed: (("chain", "draw", unit), ll)}, coords, {"unit": data.observation_words})
    keep = {f"/{name}": tree[name].to_dataset() for name in ("posterior", "sample_stats") if name in tree.children}
    return xr.DataTree.from_dict({**keep, "/log_likelihood": dataset})
