"""Key match: the logarithm of a sum of log-normal matches, tabulated without approximation by moments.

A probe's query meets N keys whose matches are normal; familiarity is ``log sum_j exp(match_j)``. Fenton's and Wilkinson's
normal distribution of that logarithm is off by 2 points of false alarms at a gain of 1 and by 19 at a gain of 2, because
one key then decides. Here the sum's distribution function comes from its Laplace transform.
"""

from functools import lru_cache

import numpy as np
from scipy.special import ndtr

from kvfit.recognition.evidence.laplace import euler_rule, quantiles
from kvfit.recognition.evidence.probit_table import CRITERIA, ProbitTable, tabulate

#: Gains for which there are tables: at the lower one all keys count nearly alike, at the upper one the best decides alone.
GAIN_LIMITS = (0.1, 8.0)
#: Logarithm of the gain in the tables.
GAIN_GRID = np.linspace(np.log(GAIN_LIMITS[0]), np.log(GAIN_LIMITS[1]), 20)


#: Coefficient of variation of the sum below which moments are exact enough, and above which few nodes are.
_NARROW, _WIDE = 0.04, 0.4


def moment_matched(log_sum: np.ndarray, n_keys: int, gain: float) -> np.ndarray:
    """Probits of the log of the sum by Fenton's and Wilkinson's two moments: right for weak gain and many keys only."""
    variance = np.log1p(np.expm1(gain**2) / n_keys)
    return (log_sum - np.log(n_keys) - gain**2 / 2.0 + variance / 2.0) / np.sqrt(variance)


def sum_cdf(log_sum: np.ndarray, n_keys: int, gain: float) -> np.ndarray:
    """Distribution function of the logarithm of a sum of independent log-normal matches.

    Parameters
    ----------
    log_sum : ndarray, shape (point,)
    n_keys : int
    gain : float
        Standard deviation of the logarithm of one match.

    Returns
    -------
    ndarray, shape (point,)
    """
    spread = np.expm1(gain**2) / n_keys
    if spread < _NARROW**2:
        return ndtr(moment_matched(log_sum, n_keys, gain))
    nodes, weights = euler_rule(12 if spread > _WIDE**2 else 24)
    # equal steps are exact for smooth functions; a wide match needs short ones
    z = np.linspace(-7.5, 7.5, 1 + 2 * int(np.ceil(28.0 * max(gain, 1.0))))
    density = np.exp(-0.5 * z**2)
    density /= density.sum()
    total = np.zeros(len(log_sum))
    ratio = np.exp(np.minimum(gain * z - log_sum[:, None], 7.0))
    for node, weight in zip(nodes, weights, strict=True):
        total += (weight * (np.exp(-node * ratio) @ density) ** n_keys).real
    return total


def sum_quantiles(n_keys: int, gain: float) -> np.ndarray:
    """Quantiles ``(criterion,)`` of the log of the sum at the probits of the tables."""
    if n_keys == 1:
        return gain * CRITERIA
    low = np.log(n_keys) - 4.0 * gain
    high = max(np.log(n_keys) + gain**2 / 2.0, gain * np.sqrt(2.0 * np.log(n_keys))) + 6.0 * gain
    return quantiles(lambda x: sum_cdf(x, n_keys, gain), low, high, CRITERIA)


@lru_cache(maxsize=32)
def _quantile_values(n_keys: int) -> np.ndarray:
    return np.array([sum_quantiles(n_keys, float(np.exp(log_gain))) for log_gain in GAIN_GRID])


@lru_cache(maxsize=16)
def quantile_table(n_keys: tuple[int, ...]) -> ProbitTable:
    """Table of the quantiles of the log of sums over numbers of keys, the logarithm of the gain, and probits."""
    values = np.stack([_quantile_values(n) for n in n_keys])
    return ProbitTable(values, float(GAIN_GRID[0]), float(GAIN_GRID[1] - GAIN_GRID[0]))


@lru_cache(maxsize=16)
def probit_table(n_keys: tuple[int, ...], reference: int) -> ProbitTable:
    """Table of probits of sums over `n_keys` at the quantiles of the sum over `reference` keys."""
    of_reference = _quantile_values(reference)
    sums = [_quantile_values(n) for n in n_keys]

    def row(log_gain: float) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
        i = int(np.argmin(np.abs(GAIN_GRID - log_gain)))
        return of_reference[i], [(quantile[i], CRITERIA) for quantile in sums]

    return tabulate(GAIN_GRID, row)
