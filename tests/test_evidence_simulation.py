"""Tabulated evidence agrees with simulations of the same process."""

import numpy as np
import pytest
from scipy.special import ndtr

from kvfit.recognition.evidence.echo_intensity import intensity_distribution
from kvfit.recognition.evidence.key_match import moment_matched, quantile_table
from kvfit.recognition.evidence.key_value import KeyLists, KeyValue, Match, Recollection
from kvfit.recognition.evidence.kinds import Kind
from kvfit.recognition.evidence.laplace import extend_inverse, probit
from kvfit.recognition.evidence.matrix import gamma_probit, squared_cosine_cumulants
from kvfit.recognition.evidence.minerva2 import moments
from kvfit.recognition.evidence.probit_table import Tabulated
from kvfit.recognition.evidence.rem import RemItems
from kvfit.recognition.evidence.rem_odds import log_odds_distribution
from kvfit.recognition.evidence.tables import minerva2_table, rem_table

CRITERIA = np.linspace(-1.5, 2.5, 9)
#: Half a percentage point, and four standard errors of the simulations.
POINTS = 0.005
KINDS = (Kind(16, 0.0, 1.0), Kind(16, 1.0, 1.0))


def below(evidence: np.ndarray, criteria: np.ndarray) -> np.ndarray:
    """Share of simulated evidence below criteria; half of what lies on them."""
    return np.array([((evidence < one).mean() + (evidence <= one).mean()) / 2 for one in criteria])


def largest_error(evidence: np.ndarray, at: np.ndarray, expected: np.ndarray) -> float:
    """Largest difference beyond four standard errors."""
    error = np.abs(below(evidence, at) - expected)
    return float((error - 4.0 * np.sqrt(expected * (1.0 - expected) / len(evidence))).max())


@pytest.mark.parametrize("learning", [0.15, 0.5, 0.9])
def test_minerva2(learning: float) -> None:
    rng = np.random.default_rng(1)
    n_lists, n_features = 20_000, 40
    items = rng.choice([-1.0, 1.0], (n_lists, 16, n_features)).astype(np.float32)
    traces = items * (rng.random(items.shape, dtype=np.float32) < learning)
    lures = rng.choice([-1.0, 1.0], (n_lists, n_features)).astype(np.float32)
    new, old = (
        ((np.einsum("tif,tf->ti", traces, probe, dtype=np.float64) / n_features) ** 3).sum(axis=1)
        for probe in (lures, items[:, 0])
    )
    sd = np.sqrt(moments(learning, n_features, 16, 0, "binary")[1])
    x = np.linspace(-8 * sd, 8 * sd, 401)
    at = extend_inverse(x, probit(intensity_distribution(x, learning, n_features, 16, 0)), CRITERIA)
    table = minerva2_table(KINDS, n_features, "binary")
    z = table(np.array([1]), np.array([np.log(learning / (1 - learning))]), CRITERIA[None], np)[0]
    assert largest_error(new, at, ndtr(CRITERIA)) < POINTS
    assert largest_error(old, at, ndtr(z)) < POINTS


@pytest.mark.parametrize("storage", [0.08, 0.3, 0.7])
def test_rem(storage: float) -> None:
    rng = np.random.default_rng(2)
    n_lists, items = 10_000, RemItems()
    shape = (n_lists, 16, items.n_features)
    studied = rng.geometric(items.g, shape)
    copied = np.where(rng.random(shape) < items.c, studied, rng.geometric(items.g, shape))
    images = np.where(rng.random(shape) < storage, copied, 0)

    def log_odds(probe: np.ndarray) -> np.ndarray:
        base = items.g * (1 - items.g) ** (probe - 1.0)
        match = (items.c + (1 - items.c) * base) / base
        ratio = np.where(images == 0, 1.0, np.where(images == probe, match, 1 - items.c))
        return np.log(ratio.prod(axis=-1).mean(axis=-1))

    new = log_odds(rng.geometric(items.g, (n_lists, 1, items.n_features)))
    old = log_odds(studied[:, :1])
    x, distribution = log_odds_distribution(np.array([storage]), 16, items, old=False)
    at = extend_inverse(x, probit(distribution[0]), CRITERIA)
    parameter = np.array([np.log(-np.log1p(-storage))])
    z = rem_table(KINDS, items)(np.array([1]), parameter, CRITERIA[None], np)[0]
    assert largest_error(new, at, ndtr(CRITERIA)) < POINTS
    assert largest_error(old, at, ndtr(z)) < POINTS


@pytest.mark.parametrize("gain", [0.5, 1.5, 4.0])
def test_key_value(gain: float) -> None:
    rng = np.random.default_rng(3)
    n_lists, n_keys = 40_000, 16
    matches = np.exp(gain * rng.standard_normal((n_lists, n_keys)))
    lures, others = np.log(matches.sum(axis=1)), np.log(matches[:, 1:].sum(axis=1))
    at = quantile_table((n_keys,))(np.zeros(1, int), np.array([np.log(gain)]), CRITERIA[None], np)[0]
    assert largest_error(lures, at, ndtr(CRITERIA)) < POINTS
    lists = KeyLists.of(np.array([True]), np.array([float(n_keys)]))
    for mean, sd, threshold, noise in [(1.0, 1.0, -2.0, 0.5), (3.0, 0.6, 1.0, 2.0), (6.0, 1.8, 4.0, 1.0)]:
        one = np.array([gain])
        match = Match(KeyLists.place(one, np), one * mean, one * sd)
        recollection = Recollection(np.array([threshold]), np.array([noise]))
        own = gain * (mean + sd * rng.standard_normal(n_lists))
        chance = 1.0 / (1.0 + np.exp(-(own - others - threshold) / noise))
        recollected = rng.random(n_lists) < chance
        familiarity = np.logaddexp(own, others)
        for part, evidence in ((None, familiarity), (recollection, np.where(recollected, np.inf, familiarity))):
            p = np.exp(KeyValue(lists, match, part).log_categories(CRITERIA[None], np))[0]
            assert largest_error(evidence, at, np.cumsum(p)[:-1]) < POINTS
        # guesses do not reach the last criterion
        value = KeyValue(lists, match, recollection, familiarity=False).log_categories(np.full((1, 1), 8.0), np)
        rate = np.exp(value[0, -1])
        assert abs(rate - recollected.mean()) < POINTS + 2.0 / np.sqrt(n_lists)


def test_moment_matching_would_not_do() -> None:
    """The normal distribution with two matched moments misses false alarms by many points at a gain of 2."""
    at = quantile_table((16,))(np.zeros(1, int), np.array([np.log(2.0)]), CRITERIA[None], np)[0]
    error = np.abs(ndtr(moment_matched(at, 16, 2.0)) - ndtr(CRITERIA)).max()
    assert error > 0.15


@pytest.mark.parametrize("n_features", [5, 40, 150])
def test_matrix_noise_is_a_gamma_variable(n_features: int) -> None:
    rng = np.random.default_rng(4)
    match = rng.beta(0.5, (n_features - 1) / 2, (50_000, 12)).sum(axis=1)
    cumulants = [12 * one for one in squared_cosine_cumulants(float(n_features))]
    at = np.quantile(match, [0.03, 0.2, 0.5, 0.8, 0.97])
    assert largest_error(match, at, ndtr(gamma_probit(at, *cumulants, np))) < POINTS


@pytest.mark.parametrize("learning", [0.15, 0.3])
def test_longer_lists_are_harder_and_repetition_helps(learning: float) -> None:
    kinds = (Kind(60, 0.0, 1.5), Kind(60, 1.0, 1.5), Kind(60, 2.0, 1.5), Kind(15, 0.0, 1.5), Kind(15, 1.0, 1.5))
    parameter = np.full(5, np.log(learning / (1 - learning)))
    evidence = Tabulated(minerva2_table(kinds, 40, "binary"), np.arange(5), parameter)
    p_old = np.exp(evidence.log_categories(np.full((5, 1), 0.8), np))[:, 1]
    assert p_old[0] == pytest.approx(1.0 - ndtr(0.8), abs=1e-3)
    assert p_old[2] > p_old[1] + 0.05
    assert p_old[3] < p_old[0] - 0.02
    assert (p_old[4] - p_old[3]) > (p_old[1] - p_old[0]) + 0.05
