"""Posterior predictive simulation, in chunks so that memory stays bounded."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import xarray as xr

from kvfit.inference.fit import Fit
from kvfit.inference.pointwise import flat_draws
from kvfit.inference.tree import observation_coords, response_variables

CHUNK = 50


def predictive_chunks(fit: Fit, draws: int = 200, seed: int = 0) -> Iterator[np.ndarray]:
    """Simulated responses of the fitted lists, chunk by chunk.

    Parameters
    ----------
    fit : Fit
    draws : int
        Posterior draws used, spread over the whole posterior.
    seed : int

    Yields
    ------
    numpy.ndarray
        ``(draw, list, output)`` int16, Penn coding, at most 50 draws at a time.
    """
    values = fit.draws(draws, seed)
    n = len(next(iter(values.values())))
    rng = np.random.default_rng([seed, 1])
    for start in range(0, n, CHUNK):
        yield np.stack(
            [
                fit.model.simulate(fit.design, {k: v[d] for k, v in values.items()}, rng)
                for d in range(start, min(start + CHUNK, n))
            ]
        )


def predict(fit: Fit, draws: int = 200, seed: int = 0) -> np.ndarray:
    """Posterior predictive responses ``(draw, list, output)``, Penn coding; see :func:`predictive_chunks`."""
    return np.concatenate(list(predictive_chunks(fit, draws, seed)))


def with_predictive(fit: Fit, draws: int | None = 200, seed: int = 0) -> Fit:
    """The fit with a group ``posterior_predictive`` in its tree; see :meth:`kvfit.inference.fit.Fit.with_predictive`."""
    posterior = fit.tree["posterior"].to_dataset()
    if "log_likelihood" in fit.sampled.children:
        posterior = posterior.sel(draw=fit.unit_log_likelihood["draw"])
    chosen = posterior.isel(draw=_spaced(posterior.sizes["draw"], draws, posterior.sizes["chain"]))
    group = simulated_group(fit, chosen, np.random.default_rng([seed, 1]))
    return with_groups(fit, {"posterior_predictive": group})


def with_groups(fit: Fit, groups: dict[str, xr.Dataset]) -> Fit:
    """The fit with further groups, or others in their place."""
    kept = {name: node.to_dataset() for name, node in fit.sampled.children.items()}
    return replace(fit, sampled=xr.DataTree.from_dict({f"/{name}": one for name, one in {**kept, **groups}.items()}))


def simulated_group(fit: Fit, draws: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
    """Responses simulated at each draw ``(chain, draw)`` of persons' values, as variables of an ArviZ group."""
    values = flat_draws(fit.model, draws)
    shape = draws.sizes["chain"], draws.sizes["draw"]
    responses = np.stack(
        [
            fit.model.simulate(fit.design, {k: v[d] for k, v in values.items()}, rng).astype(np.int16)
            for d in range(shape[0] * shape[1])
        ]
    )
    made = response_variables(fit.model, fit.data, responses.reshape(*shape, *responses.shape[1:]), ("chain", "draw"))
    return xr.Dataset(made, {"chain": draws["chain"], "draw": draws["draw"], **observation_coords(fit.data)})


def _spaced(n_draws: int, wanted: int | None, n_chains: int) -> np.ndarray:
    """Indices of evenly spaced draws of each chain, in all about as many as wanted."""
    if wanted is not None and wanted < 1:
        raise ValueError(f"draws: expected a whole number of at least 1, or None for all; found {wanted}")
    each = n_draws if wanted is None else min(n_draws, -(-wanted // n_chains))
    return np.unique(np.linspace(0, n_draws - 1, each).round().astype(int))
