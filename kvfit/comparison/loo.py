"""PSIS-LOO by observation, of all chains of a fit and of each alone."""

import warnings
from dataclasses import replace
from typing import Any

import arviz as az
import numpy as np
import xarray as xr
from scipy.special import logsumexp

from kvfit.inference.fit import Fit, by_observation

#: log weights that differ less are the same, how far those are spread for ArviZ, and differences of no importance
SAME, _SPREAD, _ALIKE = 1e-11, 1e-9, 0.1
_FEWEST_DRAWS = 25


def spread_apart(log_likelihood: np.ndarray) -> np.ndarray:
    """Log-likelihoods ``(chain, draw, unit)`` that ArviZ accepts: it fits a distribution to the largest weights of a unit,
    and refuses those that are all the same.

    They are the same where every parameter that a response depends on is held at a number, as responses to new items under
    ``evsd(criterion=0.5)``. Such a unit gets values evenly spread around its own, one part in 1e9 to either side, which
    leaves its predictive density as it is and its Pareto k below 0.
    """
    same = np.ptp(log_likelihood, axis=(0, 1)) < SAME
    if not same.any():
        return log_likelihood
    n_chains, n_draws, _ = log_likelihood.shape
    even = np.linspace(-_SPREAD, _SPREAD, n_chains * n_draws).reshape(n_draws, n_chains).T
    return np.where(same, log_likelihood.mean(axis=(0, 1)) + even[:, :, None], log_likelihood)


def judged(pareto_k: np.ndarray, width: np.ndarray | float) -> np.ndarray:
    """Pareto k with a number where ArviZ has none, because the largest weights are no tail of a Pareto distribution.

    NaN would pass every limit. Weights that are alike, whose logarithms are not further apart than 0.1, are good ones; of
    others nothing is known, which counts as the worst.

    Parameters
    ----------
    pareto_k : numpy.ndarray
        ``(unit,)``.
    width : numpy.ndarray
        ``(unit,)``, range of the logarithms of the weights.
    """
    return np.where(np.isnan(pareto_k), np.where(width < _ALIKE, -np.inf, np.inf), pareto_k)


def psis_loo(posterior: xr.Dataset, log_likelihood: xr.DataArray) -> Any:
    """ArviZ's PSIS-LOO of units that may be predicted alike by every draw.

    Parameters
    ----------
    posterior : xarray.Dataset
        From which ArviZ takes how far draws are independent.
    log_likelihood : xarray.DataArray
        ``(chain, draw, unit)``.

    Returns
    -------
    arviz_stats.ELPDData
        Pointwise.

    Raises
    ------
    ValueError
        For fewer than 25 draws, of which ArviZ knows no tail.
    """
    values = log_likelihood.to_numpy()
    n_draws = values.shape[0] * values.shape[1]
    if n_draws < _FEWEST_DRAWS:
        raise ValueError(
            f"leaving out by importance sampling: expected at least {_FEWEST_DRAWS} draws, found {n_draws}; sample more, or"
            " use more of them (draws=)"
        )
    told = xr.Dataset({"unit": log_likelihood.copy(data=spread_apart(values))})
    tree = xr.DataTree.from_dict({"/posterior": posterior, "/log_likelihood": told})
    loo = az.loo(tree, pointwise=True, var_name="unit")
    known = judged(np.asarray(loo.pareto_k), np.ptp(values, axis=(0, 1)))
    return replace(loo, pareto_k=loo.pareto_k.copy(data=known))


def loo_by_observation(fit: Fit) -> Any:
    """PSIS-LOO by observation; observations that share a likelihood value share its importance weights too."""
    kept = fit.unit_log_likelihood
    # of the draws that have a log-likelihood, so that the draws' efficiency is theirs
    posterior = fit.tree["posterior"].to_dataset().sel(draw=kept["draw"])
    loo = psis_loo(posterior, kept)
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
