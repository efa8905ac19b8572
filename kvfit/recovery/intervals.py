"""Intervals: of estimates from the curvature of the likelihood, and of proportions."""

from typing import Any

import numpy as np
from scipy.stats import beta, norm

from kvfit.inference.maximum_likelihood import PersonObjective
from kvfit.inference.population import quadratic


def wald_interval(objective: PersonObjective, x: np.ndarray, interval: float) -> tuple[np.ndarray, np.ndarray]:
    """Interval of one person's estimates from the curvature at the optimum.

    Parameters
    ----------
    objective : PersonObjective
        With a prior for MAP: its curvature counts.
    x : numpy.ndarray
        ``(parameter,)`` estimates, unconstrained scale.
    interval : float
        Probability.

    Returns
    -------
    lower, upper : numpy.ndarray
        ``(parameter,)``, unconstrained scale. NaN where the likelihood is flat in a direction that moves the parameter:
        then the data give no interval.
    """
    precision, _ = quadratic(objective, x)
    values, vectors = np.linalg.eigh(precision * np.outer(objective.scale, objective.scale))
    flat = values <= 1e-4 * max(float(values.max()), 1e-12)
    usable = np.where(flat, 1.0, values)
    spread = objective.scale * np.sqrt((vectors**2 / usable).sum(axis=1))
    spread[(vectors[:, flat] ** 2).sum(axis=1) > 1e-2] = np.nan
    half = norm.ppf(0.5 + interval / 2) * spread
    return x - half, x + half


def jeffreys_interval(k: Any, n: Any, interval: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a proportion: Jeffreys' prior, ends at 0 and 1 where nothing or everything was counted.

    Parameters
    ----------
    k, n : int or array
        Counted, of how many.
    interval : float
        Probability.

    Returns
    -------
    lower, upper : numpy.ndarray
        NaN where `n` is 0.

    Notes
    -----
    Brown, Cai & DasGupta (2001), Statistical Science 16, 101-133.
    """
    k, n = np.broadcast_arrays(np.asarray(k, dtype=float), np.asarray(n, dtype=float))
    tail = (1 - interval) / 2
    lower, upper = beta.ppf(tail, k + 0.5, n - k + 0.5), beta.ppf(1 - tail, k + 0.5, n - k + 0.5)
    lower, upper = np.where(k == 0, 0.0, lower), np.where(k == n, 1.0, upper)
    return np.where(n > 0, lower, np.nan), np.where(n > 0, upper, np.nan)
