"""REM's log odds: means, spreads and probabilities against closed forms, enumeration and independent simulations."""

from itertools import product

import numpy as np
import pytest
from rem_simulation import CUTS, SETTINGS, mean_own_log_ratio
from scipy.interpolate import CubicSpline
from scipy.special import ndtr, ndtri

from kvfit.recognition.evidence.kinds import Kind
from kvfit.recognition.evidence.rem import RemItems
from kvfit.recognition.evidence.rem_odds import (
    Composition,
    Images,
    log_odds_distribution,
    moments,
    sum_distributions,
)
from kvfit.recognition.evidence.rem_probes import standard_probes
from kvfit.recognition.evidence.tables import rem_table

#: Errors that `rem_odds` states: of probabilities, of means and standard deviations of the log odds, and of probabilities
#: that the model reads from its table, for lists of one length and of several.
PROBABILITY, MOMENT, ONE_LENGTH, OTHERS = 1e-3, 3e-3, 1e-3, 1e-2

#: ``python tests/rem_simulation.py 6000000``: mean, its standard error, standard deviation, probabilities below `CUTS`.
SIMULATED: dict[tuple[str, bool], tuple[float, float, float, list[float]]] = {
    ("published", False): (-1.55799, 0.00056, 1.36196, [0.39753, 0.80328, 0.92613, 0.98609, 0.99957]),
    ("published", True): (2.96665, 0.00030, 3.44556, [0.02785, 0.14657, 0.2654, 0.45516, 0.74769]),
    ("hardly stored", False): (-0.20499, 0.00022, 0.54637, [0.00014, 0.29278, 0.90925, 0.99623, 0.99998]),
    ("hardly stored", True): (0.31803, 0.00023, 1.05178, [2e-05, 0.13839, 0.7132, 0.93571, 0.99321]),
    ("short list", False): (-6.15135, 0.00117, 2.85633, [0.92138, 0.96772, 0.98356, 0.99433, 0.99952]),
}  # fmt: skip


def _list(length: int, items: RemItems, own: float, others: float, old: bool) -> Composition:
    """Images of a list, one of them the tested item's if it is old."""
    rest = [(Images(others, items), float(length - old))]
    return [*rest, (Images(own, items, own=True), 1.0)] if old else rest


def _found(name: str, old: bool) -> tuple[float, float, np.ndarray]:
    s = SETTINGS[name]
    items = RemItems(s.n_features, s.g, s.c)
    x, below = log_odds_distribution(
        np.array([s.own]), s.list_length, items, old=old, stored_others=np.array([s.others])
    )
    probes = standard_probes(s.n_features, s.g)
    one = _list(s.list_length, items, s.own, s.others, old)
    return *moments(x, below[0]), sum_distributions([one], CUTS + np.log(s.list_length), probes)[0]


@pytest.mark.parametrize(("name", "old"), SIMULATED)
def test_simulated_lists(name: str, old: bool) -> None:
    mean, error, sd, below = SIMULATED[name, old]
    found_mean, found_sd, found_below = _found(name, old)
    assert found_mean == pytest.approx(mean, abs=MOMENT + 3.5 * error)
    assert found_sd == pytest.approx(sd, abs=MOMENT + 3.5 * error)
    expected = np.array(below)
    spread = np.sqrt(expected * (1.0 - expected) / 6e6)
    assert (np.abs(found_below - expected) < PROBABILITY + 3.5 * spread).all(), found_below - expected


@pytest.mark.parametrize(
    ("n_features", "g", "c", "stored"),
    [(20, 0.4, 0.7, 0.3), (20, 0.4, 0.7, 0.1), (5, 0.5, 0.5, 0.7), (40, 0.4, 0.9, 0.5)],
)
def test_mean_of_one_image(n_features: int, g: float, c: float, stored: float) -> None:
    """Log odds of one image are a sum over independent features, whose mean and variance have closed forms."""
    base = g * (1.0 - g) ** np.arange(500)
    match, mismatch = np.log((c + (1.0 - c) * base) / base), np.log(1.0 - c)
    for old in (True, False):
        same = c + (1.0 - c) * base if old else base
        mean = stored * base @ (same * match + (1.0 - same) * mismatch)
        square = stored * base @ (same * match**2 + (1.0 - same) * mismatch**2)
        x, below = log_odds_distribution(np.array([stored]), 1, RemItems(n_features, g, c), old=old, n_points=480)
        found_mean, found_sd = moments(x, below[0])
        assert found_mean == pytest.approx(n_features * mean, abs=1e-3)
        # steps are smoothed over a tenth of the odds
        assert found_sd == pytest.approx(np.sqrt(n_features * (square - mean**2)), abs=0.01)


def test_two_images_enumerated() -> None:
    """Two features and two images: every probe, what every image holds of it, and the mean of the logarithm."""
    g, c, stored = 0.4, 0.7, 0.6
    values = g * (1.0 - g) ** np.arange(60)
    for old in (False, True):
        mean = 0.0
        for probe in product(range(60), repeat=2):
            chance = values[probe[0]] * values[probe[1]]
            if chance < 1e-12:
                continue
            laws = []
            for own in (old, False):
                law = [(1.0, 0.0)]
                for v in probe:
                    base = values[v]
                    same = c + (1.0 - c) * base if own else base
                    of_feature = [
                        (1.0 - stored, 0.0),
                        (stored * same, float(np.log((c + (1.0 - c) * base) / base))),
                        (stored * (1.0 - same), float(np.log(1.0 - c))),
                    ]
                    law = [(p * q, x + y) for p, x in law for q, y in of_feature]
                laws.append(np.array(law))
            (p, x), (q, y) = laws[0].T, laws[1].T
            mean += chance * float(p @ (np.logaddexp.outer(x, y) - np.log(2.0)) @ q)
        found, distribution = log_odds_distribution(np.array([stored]), 2, RemItems(2, g, c), old=old, n_points=480)
        assert moments(found, distribution[0])[0] == pytest.approx(mean, abs=MOMENT)


def test_probes_are_like_all_probes() -> None:
    """Weights make means and covariances of sums over features those of independent geometric values."""
    probes = standard_probes(20, 0.4)
    counts, weights = probes.counts, probes.weights
    assert (counts.sum(axis=1) == 20).all()
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert (weights > 0).all()
    more = counts @ np.arange(counts.shape[1])
    # of a geometric number of failures: mean (1 - g) / g, variance (1 - g) / g^2
    assert weights @ more == pytest.approx(20 * 1.5, rel=1e-6)
    assert weights @ (more - 30.0) ** 2 == pytest.approx(20 * 3.75, rel=1e-6)
    # and shares of values that no weight was fitted to
    chance = 0.4 * 0.6 ** np.arange(6)
    np.testing.assert_allclose(weights @ counts[:, :6], 20 * chance, rtol=0.03)
    np.testing.assert_allclose(weights @ (counts[:, :6] - 20 * chance) ** 2, 20 * chance * (1 - chance), rtol=0.08)


@pytest.mark.parametrize(
    ("lists", "stated"),
    [([(16, 0), (16, 1)], ONE_LENGTH), ([(40, 0), (40, 1), (40, 3), (10, 0), (10, 1)], OTHERS)],
)
def test_table(lists: list[tuple[int, int]], stated: float) -> None:
    """Probabilities that the model reads from its table, between the rates that were computed."""
    kinds = tuple(Kind(n, float(times), 1.0) for n, times in lists)
    table = rem_table(kinds, RemItems())
    z = np.linspace(-2.4, 2.9, 12)
    items, probes = RemItems(), standard_probes(20, 0.4)
    for u in (0.07, 0.35, 0.7):
        reference, rate = lists[0][0], np.array([np.log(-np.log1p(-u))])
        x = np.linspace(-9.0, 9.0, 181)
        below = sum_distributions([_list(reference, items, u, u, False)], x + np.log(reference), probes)[0]
        middle = (below > 1e-6) & (below < 1.0 - 1e-6)
        at = CubicSpline(ndtri(below[middle]), x[middle])(z)
        for k, (n, times) in enumerate(lists):
            one = _list(n, items, 1.0 - (1.0 - u) ** times, u, times > 0)
            expected = sum_distributions([one], at + np.log(n), probes)[0]
            found = ndtr(table(np.array([k]), rate, z[None], np)[0])
            np.testing.assert_allclose(found, expected, atol=stated, rtol=0)


def test_many_sure_features_do_not_wrap_around() -> None:
    """Large ratios of many features once came back from the other end of a grid: the mean was 26 too low."""
    s = RemItems(40, 0.4, 0.9)
    x, below = log_odds_distribution(np.array([0.5]), 16, s, old=True)
    own = mean_own_log_ratio(type(SETTINGS["published"])(40, 0.4, 0.9, 0.5, 0.5, 1))
    # the own image outweighs all others by far
    assert moments(x, below[0])[0] == pytest.approx(own - np.log(16), abs=0.05)
