"""PSIS-LOO by observation, of all chains of a fit and of each alone."""

import warnings
from dataclasses import replace
from typing import Any

import arviz as az
import numpy as np
import xarray as xr
from scipy.special import logsumexp

from kvfit.inference.fit import Fit, by_observation


def loo_by_observation(fit: Fit) -> Any:
    """PSIS-LOO by observation; observations that share a likelihood value share its importance weights too."""
    kept = fit.unit_log_likelihood
    # of the draws that have a log-likelihood, so that the draws' efficiency is theirs
    posterior = fit.tree["posterior"].to_dataset().sel(draw=kept["draw"])
    tree = xr.DataTree.from_dict({"/posterior": posterior, "/log_likelihood": kept.to_dataset()})
    loo = az.loo(tree, pointwise=True, var_name=fit.model.observed)
    elpd = by_observation(fit, np.asarray(loo.elpd_i).ravel())
    if elpd.size == np.asarray(loo.elpd_i).size:
        return loo
    ll = kept.to_numpy()
    log_mean = logsumexp(ll, axis=(0, 1)) - np.log(ll.shape[0] * ll.shape[1])
    n = elpd.size
    return replace(
        loo,
        elpd=float(elpd.sum()),
        se=float(np.sqrt(n * elpd.var(ddof=1))),
        p=float(by_observation(fit, log_mean).sum() - elpd.sum()),
        n_data_points=n,
        elpd_i=xr.DataArray(elpd, dims=fit.data.observation),
        pareto_k=xr.DataArray(by_observation(fit, np.asarray(loo.pareto_k).ravel()), dims=fit.data.observation),
    )


def elpd_by_chain(fit: Fit) -> np.ndarray:
    """Expected log predictive density of new trials or lists from each chain alone, ``(chain,)``.

    Where single persons' posteriors have two modes, chains may stay in one of them, which r-hat shows, although both
    predict alike, which this shows.
    """
    posterior, likelihood = (fit.sampled[group].to_dataset() for group in ("posterior", "log_likelihood"))
    found = []
    for chain in range(posterior.sizes["chain"]):
        one = {"/posterior": posterior.isel(chain=[chain]), "/log_likelihood": likelihood.isel(chain=[chain])}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=UserWarning)  # weights are judged for all chains together
            loo = loo_by_observation(replace(fit, sampled=xr.DataTree.from_dict(one)))
        found.append(float(loo.elpd))
    return np.array(found)
