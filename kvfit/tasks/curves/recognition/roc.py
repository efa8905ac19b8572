"""ROC and zROC of rating data, their areas, and the line through the zROC.

All functions take counts with the last two dimensions ``(status, category)``: status 0 is new items, 1 old items;
categories run from surest "new" to surest "old". Probabilities serve as well as counts, except with the
correction. Leading dimensions (draws, participants, conditions) are kept.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

Array = npt.NDArray[np.float64]

Correction = Literal["none", "log-linear"]


def cumulative_rates(counts: npt.ArrayLike, correction: Correction = "none") -> Array:
    """Proportion of responses at each criterion or above, from the strictest criterion to the laxest.

    Parameters
    ----------
    counts : (..., status, category) float
    correction : {"none", "log-linear"}
        Log-linear: (n + 0.5) / (N + 1) at every criterion, so that no rate is 0 or 1 (Hautus, 1995, Behavior
        Research Methods, Instruments, & Computers, 27, 46-51).

    Returns
    -------
    (..., status, criterion) float
        K - 1 rates, P(response >= K), ..., P(response >= 2); NaN without trials.
    """
    counts = np.asarray(counts, dtype=float)
    total = counts.sum(axis=-1, keepdims=True)
    above = np.cumsum(counts[..., :0:-1], axis=-1)
    if correction == "log-linear":
        # Without a trial there is no rate, corrected or not.
        return (above + 0.5) / np.where(total > 0, total + 1, np.nan)
    if correction != "none":
        raise ValueError(f"correction={correction!r}: expected none or log-linear")
    return above / np.where(total > 0, total, np.nan)


def old_rates(counts: npt.ArrayLike, old_from: int, correction: Correction = "none") -> Array:
    """Proportion of "old" responses: false-alarm rate and hit rate.

    Parameters
    ----------
    counts : (..., status, category) float
    old_from : int
        First category that means "old", counted from 1.
    correction : {"none", "log-linear"}

    Returns
    -------
    (..., status) float
        Status 0 gives false alarms, 1 hits.
    """
    rates = cumulative_rates(counts, correction)
    return rates[..., np.shape(counts)[-1] - old_from]


def zroc(counts: npt.ArrayLike, correction: Correction = "log-linear") -> Array:
    """Return the cumulative rates on the scale of normal deviates.

    Parameters
    ----------
    counts : (..., status, category) float
    correction : {"none", "log-linear"}
        Without it rates of 0 and 1 give infinities.

    Returns
    -------
    (..., status, criterion) float
    """
    return ndtri(cumulative_rates(counts, correction))


def zroc_line(counts: npt.ArrayLike, correction: Correction = "log-linear") -> tuple[Array, Array]:
    """Fit a straight line to the zROC: z(H) = intercept + slope z(F).

    Least squares of z(H) on z(F), unweighted, over the criteria where both are finite. Exact for points on a line
    (unequal-variance normal: slope 1 / sigma, intercept d / sigma); for noisy points the slope is biased towards
    0 as in any regression on a noisy predictor, so that estimates of sigma come from a fitted model, not from here.

    Parameters
    ----------
    counts : (..., status, category) float
    correction : {"none", "log-linear"}

    Returns
    -------
    slope, intercept : (...) float
        NaN with fewer than two different points.
    """
    points = zroc(counts, correction)
    finite = np.isfinite(points).all(axis=-2)
    x, y = (np.where(finite, points[..., status, :], 0.0) for status in (0, 1))
    n = finite.sum(axis=-1)
    enough = np.where(n > 1, n, np.nan)
    mean_x, mean_y = x.sum(axis=-1) / enough, y.sum(axis=-1) / enough
    across = np.where(finite, x - mean_x[..., None], 0.0)
    spread = (across**2).sum(axis=-1)
    slope = (across * np.where(finite, y - mean_y[..., None], 0.0)).sum(axis=-1) / np.where(
        spread > 1e-12, spread, np.nan
    )
    return slope, mean_y - slope * mean_x


def d_a(slope: npt.ArrayLike, intercept: npt.ArrayLike) -> Array:
    """Return d_a = intercept sqrt(2 / (1 + slope^2)), sensitivity in units of the root mean square deviation."""
    return np.asarray(intercept, dtype=float) * np.sqrt(2 / (1 + np.asarray(slope, dtype=float) ** 2))


def a_z(slope: npt.ArrayLike, intercept: npt.ArrayLike) -> Array:
    """Return A_z = Phi(d_a / sqrt 2), the area under the ROC of the two normals."""
    return ndtr(d_a(slope, intercept) / np.sqrt(2))


def a_g(counts: npt.ArrayLike) -> Array:
    """Return the area under the straight-line ROC: P(old item rated above new item) + half the ties.

    Parameters
    ----------
    counts : (..., status, category) float

    Returns
    -------
    (...) float
    """
    counts = np.asarray(counts, dtype=float)
    new, old = counts[..., 0, :], counts[..., 1, :]
    below = np.cumsum(new, axis=-1) - new / 2
    pairs = new.sum(axis=-1) * old.sum(axis=-1)
    return (old * below).sum(axis=-1) / np.where(pairs > 0, pairs, np.nan)


def proportions(counts: npt.ArrayLike) -> Array:
    """Return the confidence histogram: proportion of each category, ``(..., status, category)``."""
    counts = np.asarray(counts, dtype=float)
    total = counts.sum(axis=-1, keepdims=True)
    return counts / np.where(total > 0, total, np.nan)


def calibration(counts: npt.ArrayLike) -> Array:
    """Return the proportion of old items among the responses of each category, ``(..., category)``.

    It depends on how many old and new items were tested; NaN where nobody used the category.
    """
    counts = np.asarray(counts, dtype=float)
    total = counts.sum(axis=-2)
    return counts[..., 1, :] / np.where(total > 0, total, np.nan)
