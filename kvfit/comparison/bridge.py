"""Bridge sampling: the normalising constant of a density from draws of it.

Meng & Wong (1996), Statistica Sinica 6, 831-860, with the optimal bridge function and a normal proposal fitted to other
draws than those that it is compared with; error by Frühwirth-Schnatter (2004), Econometrics Journal 7, 143-167, as in
Gronau et al. (2017), Journal of Mathematical Psychology 81, 80-97.
"""

from collections.abc import Callable
from dataclasses import dataclass

import arviz  # noqa: F401  (registers the accessor azstats)
import numpy as np
import xarray as xr
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

#: relative change of the constant at which iterations end, and their greatest number
_TOLERANCE, _MOST = 1e-10, 1000


@dataclass(frozen=True)
class BridgeEstimate:
    """Log of the normalising constant.

    Parameters
    ----------
    log_constant : float
    error : float
        Its Monte Carlo standard error; infinite where the iterations did not settle.
    """

    log_constant: float
    error: float


def bridge(
    log_density: Callable[[np.ndarray], np.ndarray],
    draws: np.ndarray,
    rng: np.random.Generator,
) -> BridgeEstimate:
    """Estimate the normalising constant of a density.

    Parameters
    ----------
    log_density : callable
        Unnormalised, of ``(point, coordinate)`` points on an unconstrained scale, ``(point,)``.
    draws : numpy.ndarray
        ``(chain, draw, coordinate)`` draws of the density.
    rng : numpy.random.Generator

    Returns
    -------
    BridgeEstimate

    Raises
    ------
    ValueError
        If there are too few draws to fit a proposal.
    """
    n_chains, n_draws, k = draws.shape
    half = n_draws // 2
    if n_chains * half < 4 * k:
        raise ValueError(f"bridge sampling: {n_chains * n_draws} draws of {k} quantities; at least {8 * k} are needed")
    fitted, kept = draws[:, :half].reshape(-1, k), draws[:, half:]
    proposal = multivariate_normal(fitted.mean(axis=0), np.cov(fitted, rowvar=False).reshape(k, k), allow_singular=True)
    points = kept.reshape(-1, k)
    proposed = proposal.rvs(len(points), random_state=rng).reshape(-1, k)
    l1 = log_density(points) - proposal.logpdf(points)
    l2 = log_density(proposed) - proposal.logpdf(proposed)
    l2 = np.where(np.isfinite(l2), l2, -np.inf)
    # draws of a chain are worth fewer independent ones
    independent = float(np.clip(_worth(l1.reshape(n_chains, -1)), 1.0, l1.size))
    share = independent / (independent + l2.size)
    log_s1, log_s2 = np.log(share), np.log1p(-share)
    middle = float(np.median(l1))
    log_r, settled = 0.0, False
    for _ in range(_MOST):
        # of the constant over exp(middle)
        above = l2 - middle - np.logaddexp(log_s1 + l2 - middle, log_s2 + log_r)
        below = -np.logaddexp(log_s1 + l1 - middle, log_s2 + log_r)
        new = float(_log_mean(above) - _log_mean(below))
        settled = abs(new - log_r) < _TOLERANCE
        log_r = new
        if settled:
            break
    total = log_r + middle
    f1 = np.exp(l2 - np.logaddexp(log_s1 + l2, log_s2 + total))
    f2 = np.exp(total - np.logaddexp(log_s1 + l1, log_s2 + total))
    worth = float(np.clip(_worth(f2.reshape(n_chains, -1)), 1.0, f2.size))
    squared = f1.var() / f1.mean() ** 2 / f1.size + f2.var() / f2.mean() ** 2 / worth
    return BridgeEstimate(total, float(np.sqrt(squared)) if settled else float("inf"))


def _log_mean(values: np.ndarray) -> float:
    return float(logsumexp(values)) - float(np.log(values.size))


def _worth(values: np.ndarray) -> float:
    """Effective number of draws of ``(chain, draw)`` values."""
    if values.shape[1] < 4 or np.ptp(values) == 0:
        return float(values.size)
    array = xr.DataArray(values, dims=("chain", "draw"))
    return float(array.azstats.ess(sample_dims=("chain", "draw"), method="mean"))
