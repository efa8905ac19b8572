"""The distribution of MINERVA 2's echo intensity against enumeration of every probe and every trace."""

from itertools import product

import numpy as np
import pytest
from scipy.special import expit, logit, ndtr

from kvfit.memory.named import minerva2
from kvfit.recognition.evidence.echo_intensity import IntensityLaws, Stored, intensity_distribution
from kvfit.recognition.evidence.kinds import Kind
from kvfit.recognition.evidence.minerva2 import Features, activations, moments
from kvfit.recognition.evidence.tables import minerva2_table

#: Errors that the docstrings state: of the distribution, and of a response after one list of 16 or more, or other lists.
STATED, ONE_LIST, OTHERS = 1e-9, 1e-4, 1e-3

Law = dict[float, float]


def _cubed(probe: tuple[int, ...], trace: tuple[int, ...]) -> float:
    """Hintzman's activation, feature by feature."""
    agree = sum(p * t for p, t in zip(probe, trace, strict=True))
    relevant = sum(p != 0 or t != 0 for p, t in zip(probe, trace, strict=True))
    return round((agree / relevant) ** 3, 14) if relevant else 0.0


def _stored(item: tuple[int, ...], trace: tuple[int, ...], learning: float) -> float:
    """Probability of a trace of an item."""
    chance = 1.0
    for feature, copy in zip(item, trace, strict=True):
        if feature == 0:
            chance *= copy == 0
        else:
            chance *= learning if copy == feature else (1.0 - learning) * (copy == 0)
    return chance


def _sum(one: Law, other: Law) -> Law:
    total: Law = {}
    for (x, p), (y, q) in product(one.items(), other.items()):
        at = round(x + y, 12)
        total[at] = total.get(at, 0.0) + p * q
    return total


def _enumerated(n_features: int, learning: float, features: Features, n_traces: int, times: int) -> Law:
    """Every probe, every trace of it and every trace of every other item."""
    values = (-1, 1) if features == "binary" else (-1, 0, 1)
    items = list(product(values, repeat=n_features))
    traces = list(product((-1, 0, 1), repeat=n_features))
    by_chance = {one: sum(_stored(item, one, learning) for item in items) / len(items) for one in traces}
    found: Law = {}
    for probe in items:
        own: Law = {}
        other: Law = {}
        for trace in traces:
            at = _cubed(probe, trace)
            own[at] = own.get(at, 0.0) + _stored(probe, trace, learning)
            other[at] = other.get(at, 0.0) + by_chance[trace]
        total: Law = {0.0: 1.0}
        for law in [own] * times + [other] * (n_traces - times):
            total = _sum(total, law)
        for at, chance in total.items():
            found[at] = found.get(at, 0.0) + chance / len(items)
    return found


CASES: list[tuple[int, float, Features, int, int]] = [
    (3, 0.4, "binary", 3, 1),
    (3, 0.4, "trinary", 3, 0),
    (3, 0.4, "trinary", 3, 1),
    (3, 0.9, "trinary", 1, 1),
    (2, 0.7, "trinary", 4, 2),
    (1, 0.6, "trinary", 3, 1),
    (3, 0.05, "trinary", 3, 1),
]


@pytest.mark.parametrize(("n_features", "learning", "features", "n_traces", "times"), CASES)
def test_distribution_and_moments(
    n_features: int, learning: float, features: Features, n_traces: int, times: int
) -> None:
    exact = _enumerated(n_features, learning, features, n_traces, times)
    values, chances = np.array(list(exact)), np.array(list(exact.values()))
    assert chances.sum() == pytest.approx(1.0, abs=1e-12)
    mean = values @ chances
    assert moments(learning, n_features, n_traces, times, features) == pytest.approx(
        (mean, values**2 @ chances - mean**2), abs=1e-12
    )
    noise = IntensityLaws(learning, n_features, features, (Stored(n_traces, times),)).noise[0]
    x = np.linspace(-n_traces - 0.5, n_traces + 0.5, 241)
    expected = ndtr((x[:, None] - values) / noise) @ chances
    found = intensity_distribution(x, learning, n_features, n_traces, times, features)
    np.testing.assert_allclose(found, expected, atol=STATED, rtol=0)


def test_probes_without_features() -> None:
    """One item of three has no feature where items have one: it matches nothing, and is neither old nor left out."""
    assert [g.chance for g in activations(0.5, 1, "trinary")] == pytest.approx([1 / 3, 2 / 3])
    # E I = P(a feature) L, E I^2 = P(a feature) L for an item of one trace
    assert moments(0.5, 1, 1, 1, "trinary") == pytest.approx((1 / 3, 1 / 3 - 1 / 9), abs=1e-15)
    # the intensity is 0 unless there is a feature and it was stored, and noise is a hundredth of it
    below = intensity_distribution(np.array([-0.5, 0.5]), 0.5, 1, 1, 1, "trinary", smoothing=0.02)
    assert below == pytest.approx([0.0, 2 / 3], abs=1e-9)
    for n in (10, 15):
        chances = [g.chance for g in activations(0.5, n, "trinary")]
        assert chances[0] == pytest.approx(3.0**-n, rel=1e-9)
        assert sum(chances) == pytest.approx(1.0, abs=1e-14)


def test_memory_says_the_same_of_probes_and_traces_without_features() -> None:
    memory = minerva2().store(np.array([[0, 0, 0], [1, 0, -1]]))
    np.testing.assert_array_equal(memory.match(np.zeros(3)), [0.0, 0.0])
    np.testing.assert_array_equal(memory.match(np.array([1, 0, 0])), [0.0, 0.5])


def test_quantiles_undo_the_distribution() -> None:
    laws = IntensityLaws(0.2, 20, "trinary", (Stored(16, 0), Stored(16, 1)))
    z = np.linspace(-5.5, 5.5, 45)
    for kind in (0, 1):
        np.testing.assert_allclose(laws.distribution(kind, laws.quantiles(kind, z)), ndtr(z), atol=1e-11)


@pytest.mark.parametrize(
    ("n_features", "features", "lists", "stated"),
    [
        (40, "binary", [(16, 0), (16, 1)], ONE_LIST),
        (10, "binary", [(16, 0), (16, 1)], ONE_LIST),
        (10, "trinary", [(24, 0), (24, 1), (24, 2)], ONE_LIST),
        (20, "binary", [(4, 0), (4, 1)], OTHERS),
        (40, "binary", [(48, 0), (48, 1), (48, 3), (12, 0), (12, 1)], OTHERS),
    ],
)
def test_tables(n_features: int, features: Features, lists: list[tuple[int, int]], stated: float) -> None:
    """Probabilities that the model reads from its table, against the distribution itself between the table's rows."""
    kinds = tuple(Kind(length, float(times), 1.0) for length, times in lists)
    table = minerva2_table(kinds, n_features, features)
    z = np.linspace(-2.6, 3.1, 19)
    for learning in (0.1, 0.153, 0.21, 0.5, 0.93):
        laws = IntensityLaws(
            learning, n_features, features, [Stored(n - (times > 0) + times, times) for n, times in lists]
        )
        at = laws.quantiles(0, z)
        for k in range(len(kinds)):
            found = ndtr(table(np.array([k]), np.array([logit(learning)]), z[None], np)[0])
            np.testing.assert_allclose(found, laws.distribution(k, at), atol=stated, rtol=0)


def test_tails_are_normal() -> None:
    """Beyond what is computed probits go on as straight lines, whatever the scale of the intensity."""
    kinds = (Kind(16, 0.0, 1.0), Kind(16, 1.0, 1.0))
    z = np.array([-9.0, -7.0, 6.0, 7.0, 9.0])
    for log_odds in (-2.5, 0.0, 5.0):
        assert 0.07 < expit(log_odds) < 0.994
        table = minerva2_table(kinds, 40, "binary")
        new = table(np.array([0]), np.array([log_odds]), z[None], np)[0]
        np.testing.assert_allclose(new, z, atol=1e-6)
        old = table(np.array([1]), np.array([log_odds]), z[None], np)[0]
        assert np.isfinite(old).all()
        assert (np.diff(old) > 0).all()
