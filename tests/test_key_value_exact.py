"""Key-value recognition against direct quadrature: convolutions on the log scale, no transform and no table.

With l(t) = log(1 + exp(t)), a sum of two positive terms has the log x where one has the log x - l(-t) and the other has
x - l(t), t being their log odds, so that the density of x is the integral over t of the product of theirs.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq
from scipy.special import expit, ndtr

from kvfit.recognition.evidence.average import LAPSE
from kvfit.recognition.evidence.key_value import KeyLists, KeyValue, Match, Recollection
from kvfit.recognition.evidence.log_sums import log_sum

Density = Callable[[Any], Any]

CRITERIA = np.array([-1.5, -0.5, 0.3, 1.0, 1.6, 2.5])
#: Largest error of a probability that docs/recognition.md states.
STATED = 1e-5
STEP = 0.05


def _normal(mean: float, sd: float) -> Density:
    return lambda x: np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * np.sqrt(2.0 * np.pi))


def _log_odds(gain: float) -> np.ndarray:
    """Where the trapezoidal rule, which is exact for smooth functions that vanish at both ends, takes its values."""
    return STEP * np.arange(-np.ceil((12.0 * gain + 25.0) / STEP), np.ceil((12.0 * gain + 25.0) / STEP) + 1.0)


def _sum_density(one: Density, other: Density, x: np.ndarray, gain: float) -> np.ndarray:
    total = np.zeros(len(x))
    for t in _log_odds(gain):
        total += one(x - np.logaddexp(0.0, -t)) * other(x - np.logaddexp(0.0, t))
    return total * STEP


@cache
def _log_sum(n_keys: int, gain: float) -> CubicSpline:
    """Density of the log of the sum, from adding one key after another."""
    x = np.arange(-9.0 * gain, 9.0 * gain + 2.0 * np.log(n_keys) + 1.0, gain / 40.0)
    density: Density = _normal(0.0, gain)
    for _ in range(n_keys - 1):
        spline = CubicSpline(x, _sum_density(density, _normal(0.0, gain), x, gain))
        density = _inside(spline)
    return CubicSpline(x, density(x))


def _inside(spline: CubicSpline) -> Density:
    low, high = spline.x[0], spline.x[-1]
    return lambda x: np.where((x > low) & (x < high), spline(np.clip(x, low, high)), 0.0)


def _cuts(n_keys: int, gain: float) -> np.ndarray:
    below = _log_sum(n_keys, gain).antiderivative()
    ends = below.x[0], below.x[-1]
    return np.array([brentq(lambda x, p=p: below(x) - p, *ends, xtol=1e-13) for p in ndtr(CRITERIA)])


def _old_below(n_keys: int, gain: float, p: dict[str, float], cuts: np.ndarray) -> np.ndarray:
    """Probability that nothing is recollected and familiarity stays below each criterion, for old items."""
    own, rest = _normal(gain * p["match"], gain * p["match_sd"]), _inside(_log_sum(n_keys - 1, gain))
    nodes, weights = np.polynomial.legendre.leggauss(160)
    out = []
    for cut in cuts:
        span = 12.0 * gain * max(p["match_sd"], 1.0)
        x, weight = cut - span * (nodes + 1.0) / 2.0, span * weights / 2.0
        t = _log_odds(gain * max(p["match_sd"], 1.0))[:, None]
        joint = own(x - np.logaddexp(0.0, -t)) * rest(x - np.logaddexp(0.0, t))
        fails = expit(-(t - p["threshold"]) / p["noise"])
        out.append(STEP * float(((joint * fails) @ weight).sum()))
    return np.array(out)


def _found(n_keys: int, gain: float, p: dict[str, float], recollects: bool) -> np.ndarray:
    """Probabilities below the criteria of a new and of an old item, without random responses."""
    one = np.full((1, 2), gain)
    match = Match(KeyLists.place(one, np), one * p["match"], one * p["match_sd"])
    recollection = Recollection(one * 0 + p["threshold"], one * 0 + p["noise"]) if recollects else None
    lists = KeyLists.of(np.array([False, True]), np.array([n_keys, n_keys]))
    criteria = np.broadcast_to(CRITERIA, (1, 2, len(CRITERIA)))
    table = np.exp(KeyValue(lists, match, recollection).log_categories(criteria, np))[0]
    lapses = LAPSE * (len(CRITERIA) + 1)
    return np.cumsum(table * (1.0 + lapses) - LAPSE, axis=1)[:, :-1]


@pytest.mark.parametrize(("n_keys", "gain"), [(2, 1.0), (4, 0.5), (5, 1.5), (12, 1.0), (3, 6.0)])
def test_distributions_of_log_sums(n_keys: int, gain: float) -> None:
    below = _log_sum(n_keys, gain).antiderivative()
    x = log_sum(n_keys, gain).quantiles(np.linspace(-4.0, 4.0, 33))
    np.testing.assert_allclose(ndtr(log_sum(n_keys, gain).probits(x)), below(x), atol=1e-6)
    np.testing.assert_allclose(log_sum(n_keys, gain).probits(x), np.linspace(-4.0, 4.0, 33), atol=1e-4)


@pytest.mark.parametrize(
    ("n_keys", "gain"), [(2, 1.0), (3, 2.0), (5, 0.5), (5, 1.0), (5, 1.5), (6, 1.5), (5, 3.0), (16, 1.0), (24, 0.7)]
)
@pytest.mark.parametrize("recollects", [False, True], ids=["keys", "keys and values"])
def test_probabilities(n_keys: int, gain: float, recollects: bool) -> None:
    cuts, worst = _cuts(n_keys, gain), 0.0
    for match, match_sd, threshold, noise in [
        (3.0, 1.0, -1.5, 1.0), (1.0, 1.0, 1.0, 0.4), (5.0, 1.0, -3.0, 3.0), (3.0, 0.5, -0.5, 1.0), (3.0, 2.5, -1.5, 0.5)
    ]:  # fmt: skip
        p = {"match": match, "match_sd": match_sd, "threshold": threshold if recollects else 1e6, "noise": noise}
        new, old = _found(n_keys, gain, p, recollects)
        np.testing.assert_allclose(new, ndtr(CRITERIA), atol=1e-7)
        worst = max(worst, float(np.abs(old - _old_below(n_keys, gain, p, cuts)).max()))
    assert worst < STATED


@pytest.mark.parametrize(
    ("n_keys", "gain", "match_sd", "noise"), [(5, 1.5, 1.0, 1.0), (5, 0.9, 2.0, 0.3), (6, 1.0, 0.5, 1.0)]
)
def test_slopes(n_keys: int, gain: float, match_sd: float, noise: float) -> None:
    """Central differences of the direct quadrature, at parameters and at the gain, which moves the criteria too."""
    p = {"match": 2.5, "match_sd": match_sd, "threshold": -0.7, "noise": noise}
    step = 1e-3
    for name in p:
        up, down = ({**p, name: p[name] + sign * step} for sign in (1, -1))
        cuts = _cuts(n_keys, gain)
        expected = (_old_below(n_keys, gain, up, cuts) - _old_below(n_keys, gain, down, cuts)) / (2 * step)
        found = (_found(n_keys, gain, up, True)[1] - _found(n_keys, gain, down, True)[1]) / (2 * step)
        np.testing.assert_allclose(found, expected, atol=2e-5, err_msg=name)
    ends = [(gain + sign * step, _cuts(n_keys, gain + sign * step)) for sign in (1, -1)]
    old = [_old_below(n_keys, one, p, cuts) for one, cuts in ends]
    found = [_found(n_keys, one, p, True)[1] for one, _ in ends]
    np.testing.assert_allclose((found[0] - found[1]) / (2 * step), (old[0] - old[1]) / (2 * step), atol=1e-4)
