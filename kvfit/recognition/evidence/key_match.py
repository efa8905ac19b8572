"""Key match: the logarithm of a sum of log-normal matches, tabulated without approximation by moments.

A probe's query meets N keys whose matches are normal; familiarity is ``log sum_j exp(match_j)``. Fenton's and Wilkinson's
normal distribution of that logarithm is off by 2 points of false alarms at a gain of 1 and by 19 at a gain of 2, because
one key then decides. Here the sum's distribution function is computed (:mod:`kvfit.recognition.evidence.log_sums`), and
tabulated over gains and probits.
"""

from functools import lru_cache

import numpy as np

from kvfit.recognition.evidence.log_sums import log_sum
from kvfit.recognition.evidence.probit_table import CRITERIA, ProbitTable

#: Gains for which there are tables: at the lower one all keys count nearly alike, at the upper one the best decides alone.
GAIN_LIMITS = (0.1, 8.0)
#: Distance of the logarithms of gains in the tables; these go on beyond the limits, where splines have no ends then.
_STEP = float(np.log(GAIN_LIMITS[1] / GAIN_LIMITS[0])) / 34
#: Logarithm of the gain in the tables.
GAIN_GRID = float(np.log(GAIN_LIMITS[0])) + _STEP * np.arange(-1, 36)


def moment_matched(log_sum: np.ndarray, n_keys: int, gain: float) -> np.ndarray:
    """Probits of the log of the sum by Fenton's and Wilkinson's two moments: right for weak gain and many keys only."""
    variance = np.log1p(np.expm1(gain**2) / n_keys)
    return (log_sum - np.log(n_keys) - gain**2 / 2.0 + variance / 2.0) / np.sqrt(variance)


def sum_quantiles(n_keys: int, gain: float) -> np.ndarray:
    """Quantiles ``(criterion,)`` of the log of the sum at the probits of the tables."""
    return log_sum(n_keys, gain).quantiles(CRITERIA)


@lru_cache(maxsize=512)
def _quantile_values(n_keys: int) -> np.ndarray:
    return np.array([sum_quantiles(n_keys, float(np.exp(log_gain))) for log_gain in GAIN_GRID])


@lru_cache(maxsize=16)
def quantile_table(n_keys: tuple[int, ...]) -> ProbitTable:
    """Table of the quantiles of the log of sums over numbers of keys, the logarithm of the gain, and probits."""
    return _table(np.stack([_quantile_values(n) for n in n_keys]))


@lru_cache(maxsize=16)
def probit_table(n_keys: tuple[int, ...], reference: int) -> ProbitTable:
    """Table of probits of sums over `n_keys` at the quantiles of the sum over `reference` keys."""
    return _table(np.stack([_probit_values(n, reference) for n in n_keys]))


@lru_cache(maxsize=512)
def _probit_values(n_keys: int, reference: int) -> np.ndarray:
    if n_keys == reference:
        return np.tile(CRITERIA, (GAIN_GRID.size, 1))
    at = _quantile_values(reference)
    gains = [float(np.exp(log_gain)) for log_gain in GAIN_GRID]
    return np.array([log_sum(n_keys, gain).probits(x) for gain, x in zip(gains, at, strict=True)])


def _table(values: np.ndarray) -> ProbitTable:
    return ProbitTable(values, float(GAIN_GRID[0]), _STEP)
