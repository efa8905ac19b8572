"""The compiled core: equal to the literal evaluation, with exact adjoints, whatever the configuration."""

from collections.abc import Callable

import numpy as np
import pytest
from core_cases import CONFIGS, Arrays, Case, random_case
from hypothesis import given, settings
from hypothesis import strategies as st

from kvfit.kernels import match_cue
from kvfit.kernels.match_cue import CoreConfig, log_likelihood, log_likelihood_and_gradient, padded_width
from kvfit.kernels.reference import event_probabilities
from kvfit.kernels.vector_math import exp2v, log2v, softplus

MIXED = [7, 6, 7, 3, 1]
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())


def configs(*checked: str) -> pytest.MarkDecorator:
    """Every configuration; those named are also run where reading beside an array is an error."""
    marks = {name: [pytest.mark.bounds] for name in checked}
    return pytest.mark.parametrize(
        "config", [pytest.param(config, marks=marks.get(name, []), id=name) for name, config in CONFIGS.items()]
    )


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


@configs("threshold, drift, semantic, floor", "power, drift, match stop, semantic")
def test_core_equals_the_literal_evaluation(config: CoreConfig, rng: np.random.Generator) -> None:
    case = random_case(config, MIXED, rng)
    expected = case.literal()
    np.testing.assert_allclose(log_likelihood(config, case.tables, case.data), expected, rtol=1e-13, atol=1e-13)
    with_gradient, _ = log_likelihood_and_gradient(config, case.tables, case.data)
    np.testing.assert_allclose(with_gradient, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", ["event floor, drift, floor", "event floor, match stop"])
def test_event_floors_decide_some_lists_and_not_others(name: str, rng: np.random.Generator) -> None:
    # otherwise the cases above would say nothing about the floor
    case = random_case(CONFIGS[name], MIXED, rng)
    free = CoreConfig(**{**vars(CONFIGS[name]), "event_floor": 0.0})
    unfloored = Case(free, case.tables, case.data).literal()
    floored = case.literal()
    assert 0 < (floored > unfloored + 1e-9).sum() < floored.size


@configs("plain")
def test_adjoints_equal_central_differences(config: CoreConfig, rng: np.random.Generator) -> None:
    case = random_case(config, [5, 4, 2], rng)
    weight = rng.uniform(0.5, 2.0, case.data[3].size - 1)
    _, adjoints = log_likelihood_and_gradient(config, case.tables, case.data, weight)
    for table, adjoint in zip(case.tables, adjoints, strict=True):
        expected = differences(lambda: float(weight @ log_likelihood(config, case.tables, case.data)), table)
        np.testing.assert_allclose(adjoint, expected, atol=2e-8, rtol=2e-8)


def differences(value: Callable[[], float], table: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Central differences of a value with respect to every entry of a table, changed in place."""
    out = np.empty(table.shape)
    for index in np.ndindex(table.shape):
        kept = table[index]
        table[index] = kept + step
        above = value()
        table[index] = kept - step
        out[index] = (above - value()) / (2 * step)
        table[index] = kept
    return out


@every_config
def test_weights_of_one_are_the_default(config: CoreConfig, rng: np.random.Generator) -> None:
    case = random_case(config, [5, 4], rng)
    _, default = log_likelihood_and_gradient(config, case.tables, case.data)
    _, ones = log_likelihood_and_gradient(config, case.tables, case.data, np.ones(case.data[3].size - 1))
    for a, b in zip(default, ones, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["plain", "match stop, semantic", "drift, match stop, floor"])
@pytest.mark.parametrize("size", [500.0, 5000.0])
def test_extreme_matches_stay_exact(name: str, size: float, rng: np.random.Generator) -> None:
    """Weights of exp(+-500) leave the range of a double unless they are taken relative to the largest."""
    config = CONFIGS[name]
    case = random_case(config, MIXED, rng, size=size)
    sign = rng.choice([-1.0, 1.0], case.tables[0][:, 0].shape)
    case.tables[0][:, 0] *= sign
    expected = case.literal()
    assert expected.min() < -size / 10
    np.testing.assert_allclose(log_likelihood(config, case.tables, case.data), expected, rtol=1e-12, atol=1e-13)
    ll, adjoints = log_likelihood_and_gradient(config, case.tables, case.data)
    np.testing.assert_allclose(ll, expected, rtol=1e-12, atol=1e-13)
    assert all(np.isfinite(adjoint).all() for adjoint in adjoints)


def test_extreme_matches_have_exact_adjoints(rng: np.random.Generator) -> None:
    case = random_case(CONFIGS["plain"], [5, 4], rng)
    case.tables[0][:] -= 400.0  # all weights near exp(-400), differences of order one
    _, adjoints = log_likelihood_and_gradient(case.config, case.tables, case.data)
    value = lambda: float(log_likelihood(case.config, case.tables, case.data).sum())  # noqa: E731
    for table, adjoint in zip(case.tables[:2], adjoints[:2], strict=True):
        # the logarithm of a sum of about exp(-400) carries rounding of 400 units in the last place
        np.testing.assert_allclose(adjoint, differences(value, table, 1e-4), atol=1e-7)


def test_extreme_stopping_stays_finite(rng: np.random.Generator) -> None:
    case = random_case(CONFIGS["match stop, semantic"], MIXED, rng)
    for logit in (-2000.0, 2000.0):
        case.tables[3][:] = logit
        ll, adjoints = log_likelihood_and_gradient(case.config, case.tables, case.data)
        np.testing.assert_allclose(ll, case.literal(), rtol=1e-12, atol=1e-13)
        assert all(np.isfinite(adjoint).all() for adjoint in adjoints)


@pytest.mark.parametrize("n_positions", [64, 65, 70])
def test_long_lists(n_positions: int, rng: np.random.Generator) -> None:
    """Above 64 positions scratch rows move from the stack to the heap."""
    config = CoreConfig(padded_width(n_positions), channels=2)
    case = random_case(config, [n_positions, 9], rng)
    case.tables[0][:, 1] *= 0.2
    case.tables[1][:, :, 1] *= 0.2
    np.testing.assert_allclose(log_likelihood(config, case.tables, case.data), case.literal(), rtol=1e-12, atol=1e-13)
    if n_positions == 70:
        _, adjoints = log_likelihood_and_gradient(config, case.tables, case.data)
        value = lambda: float(log_likelihood(config, case.tables, case.data).sum())  # noqa: E731
        np.testing.assert_allclose(adjoints[0], differences(value, case.tables[0]), atol=1e-6)
        np.testing.assert_allclose(adjoints[2], differences(value, case.tables[2]), atol=1e-6, rtol=1e-6)


@pytest.mark.bounds
def test_list_that_fills_the_width(rng: np.random.Generator) -> None:
    case = random_case(CONFIGS["plain"], [8, 8], rng)
    np.testing.assert_allclose(log_likelihood(case.config, case.tables, case.data), case.literal(), rtol=1e-13)


@every_config
def test_order_of_lists_does_not_matter(config: CoreConfig, rng: np.random.Generator) -> None:
    case = random_case(config, [6], rng)
    n_items, cell_start, recalled, offsets, semantic = case.data
    order = rng.permutation(offsets.size - 1)
    moved: Arrays = (
        n_items,
        cell_start,
        np.concatenate([recalled[offsets[i] : offsets[i + 1]] for i in order]),
        np.cumsum([0, *np.diff(offsets)[order]]),
        semantic[order] if semantic.size else semantic,
    )
    before, gradient = log_likelihood_and_gradient(config, case.tables, case.data)
    after, moved_gradient = log_likelihood_and_gradient(config, case.tables, moved)
    np.testing.assert_allclose(after, before[order], rtol=1e-15)
    for a, b in zip(gradient, moved_gradient, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-13, rtol=1e-13)


@every_config
def test_positions_can_be_renamed(config: CoreConfig, rng: np.random.Generator) -> None:
    """Permuting positions in tables and recalls changes nothing: the core knows no order of its own."""
    case = random_case(config, [6], rng)
    (initial, cue, scalars, stop), (n_items, cell_start, recalled, offsets, semantic) = case.tables, case.data
    new = rng.permutation(6)  # position i becomes new[i]
    old = np.argsort(new)
    tables = (initial[:, :, old], cue[:, old][:, :, :, old], scalars, stop)
    moved_semantic = semantic[:, old][:, :, old] if semantic.size else semantic
    data = (n_items, cell_start, new[recalled], offsets, moved_semantic)
    contiguous = (tuple(map(np.ascontiguousarray, arrays)) for arrays in (tables, data))
    np.testing.assert_allclose(
        log_likelihood(config, *contiguous), log_likelihood(config, case.tables, case.data), rtol=1e-12
    )


def test_last_item_is_recalled_unless_recall_stops(rng: np.random.Generator) -> None:
    case = random_case(CONFIGS["plain"], [4], rng)
    rows = event_probabilities(case.config, case.tables, 0, 4, np.array([2, 0, 3, 1]))
    p_stop = np.exp(case.tables[3][0, 0, 3])
    np.testing.assert_allclose(rows[3], [0, 1 - p_stop, 0, 0, p_stop], atol=1e-15)
    np.testing.assert_array_equal(rows[4], [0, 0, 0, 0, 1])
    data = (
        np.array([4]),
        np.array([0, 2]),
        np.array([2, 0, 3, 2, 0, 3, 1]),
        np.array([0, 3, 7]),
        case.data[4],
    )
    without, with_last = log_likelihood(case.config, case.tables, data)
    assert without - with_last == pytest.approx(np.log(p_stop / (1 - p_stop)), abs=1e-12)


@every_config
def test_literal_rows_sum_to_one(config: CoreConfig, rng: np.random.Generator) -> None:
    case = random_case(config, [5], rng)
    similarity = case.data[4][0] if config.semantic else None
    rows = event_probabilities(config, case.tables, 0, 5, np.array([3, 1, 4]), similarity)
    assert rows.shape == (4, 6)
    np.testing.assert_allclose(rows.sum(axis=1), 1.0, atol=1e-14)
    recalled_already = [[], [3], [3, 1], [3, 1, 4]]
    assert all((row[past] == 0).all() for row, past in zip(rows, recalled_already, strict=True))


def test_configuration_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="width must be a positive multiple of 8, found 12"):
        CoreConfig(12)
    with pytest.raises(ValueError, match=r"separation must be one of .* found 'cube'"):
        CoreConfig(8, separation="cube")
    with pytest.raises(ValueError, match="channels must be 1 or 2, found 3"):
        CoreConfig(8, channels=3)


def test_padded_width() -> None:
    assert [padded_width(n) for n in (1, 8, 9, 24, 40, 65)] == [8, 8, 16, 24, 40, 72]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.floats(-1000, 1000))
def test_exp2(x: float) -> None:
    assert exp2v(x) == pytest.approx(2.0**x, rel=1e-15)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.floats(1e-300, 1e300))
def test_log2(x: float) -> None:
    assert log2v(x) == pytest.approx(np.log2(x), abs=1e-15, rel=1e-15)


@pytest.mark.parametrize("x", [-800.0, -1.0, 0.0, 1.0, 800.0])
def test_softplus(x: float) -> None:
    assert softplus(x) == pytest.approx(np.logaddexp(0.0, x), rel=1e-15)


def test_exp2_saturates_instead_of_overflowing() -> None:
    assert exp2v(1e6) == 2.0**1000
    assert exp2v(-1e6) == 2.0**-1000


def test_kernels_of_one_configuration_are_built_once() -> None:
    assert match_cue.build_kernel(CoreConfig(8), True) is match_cue.build_kernel(CoreConfig(8), True)
