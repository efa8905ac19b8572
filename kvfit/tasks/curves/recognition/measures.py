"""Sensitivity and bias from one pair of hit and false-alarm rates: closed forms, element by element.

Macmillan & Creelman (2005), Detection Theory: A User's Guide (2nd ed.); Snodgrass & Corwin (1988), Journal of Experimental
Psychology: General 117, 34-50.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Array = npt.NDArray[np.float64]


def d_prime(hit: npt.ArrayLike, false_alarm: npt.ArrayLike) -> Array:
    """Return d' = z(H) - z(F), the distance of the means in standard deviations (equal-variance normal)."""
    return _z(hit) - _z(false_alarm)


def d_prime_error(hit: npt.ArrayLike, false_alarm: npt.ArrayLike, n_old: npt.ArrayLike, n_new: npt.ArrayLike) -> Array:
    """Return the standard error of d' from `n_old` and `n_new` trials (Gourevitch & Galanter 1967).

    Psychometrika 32, 25-33: the variance is the sum of p (1 - p) / (n phi(z(p))^2) over the two rates. NaN for
    rates of 0 and 1.
    """
    total = np.zeros(())
    for rate, n in ((hit, n_old), (false_alarm, n_new)):
        p = np.asarray(rate, dtype=float)
        inside = (p > 0) & (p < 1)
        density = np.exp(-0.5 * _z(np.where(inside, p, 0.5)) ** 2) / np.sqrt(2 * np.pi)
        total = total + np.where(inside, p * (1 - p), np.nan) / (np.asarray(n, dtype=float) * density**2)
    return np.sqrt(total)


def criterion(hit: npt.ArrayLike, false_alarm: npt.ArrayLike) -> Array:
    """Return c = -(z(H) + z(F)) / 2: 0 is unbiased, above 0 reluctant to say old."""
    return -(_z(hit) + _z(false_alarm)) / 2


def relative_criterion(hit: npt.ArrayLike, false_alarm: npt.ArrayLike) -> Array:
    """Return c' = c / d'; NaN where d' is 0."""
    distance = d_prime(hit, false_alarm)
    return criterion(hit, false_alarm) / np.where(distance == 0, np.nan, distance)


def ln_beta(hit: npt.ArrayLike, false_alarm: npt.ArrayLike) -> Array:
    """Return the log likelihood ratio at the criterion, (z(F)^2 - z(H)^2) / 2 = c d'."""
    return (_z(false_alarm) ** 2 - _z(hit) ** 2) / 2


def beta(hit: npt.ArrayLike, false_alarm: npt.ArrayLike) -> Array:
    """Return the likelihood ratio at the criterion, exp(ln beta)."""
    return np.exp(ln_beta(hit, false_alarm))


def threshold_sensitivity(hit: npt.ArrayLike, false_alarm: npt.ArrayLike) -> Array:
    """Return Pr = H - F, the probability of detection in the two-high-threshold model."""
    return np.asarray(hit, dtype=float) - np.asarray(false_alarm, dtype=float)


def threshold_bias(hit: npt.ArrayLike, false_alarm: npt.ArrayLike) -> Array:
    """Return Br = F / (1 - Pr), the probability of guessing old; NaN where Pr is 1."""
    left = 1 - threshold_sensitivity(hit, false_alarm)
    return np.asarray(false_alarm, dtype=float) / np.where(left == 0, np.nan, left)


def a_prime(hit: npt.ArrayLike, false_alarm: npt.ArrayLike) -> Array:
    """Return A', an area between the smallest and largest ROCs through one point (Snodgrass & Corwin 1988)."""
    h, f = np.broadcast_arrays(np.asarray(hit, dtype=float), np.asarray(false_alarm, dtype=float))
    high, low = np.maximum(h, f), np.minimum(h, f)
    scale = 4 * high * (1 - low)
    part = (high - low) * (1 + high - low) / np.where(scale == 0, np.nan, scale)
    # At H = F the area is one half, also in the corners, where the ratio is 0 / 0.
    return np.where(h == f, 0.5, 0.5 + np.where(h > f, part, -part))


def b_double_prime_d(hit: npt.ArrayLike, false_alarm: npt.ArrayLike) -> Array:
    """Return B''D = ((1-H)(1-F) - HF) / ((1-H)(1-F) + HF), from -1 (lax) to 1 (Donaldson 1992)."""
    h, f = np.asarray(hit, dtype=float), np.asarray(false_alarm, dtype=float)
    misses, hits = (1 - h) * (1 - f), h * f
    total = misses + hits
    return (misses - hits) / np.where(total == 0, np.nan, total)


def _z(rate: npt.ArrayLike) -> Array:
    return ndtri(np.asarray(rate, dtype=float))
