"""Summary curves: hand-computed lists, definitions written as loops, and properties."""

import sys
from collections.abc import Callable

import curves_reference
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kvfit.tasks import curves

NAN = np.nan
CURVES = (
    "serial_position",
    "first_recall",
    "nth_recall",
    "lag_crp",
    "lag_crp_by_output",
    "recall_length",
    "lag_rank",
    "intrusions",
    "repeats",
)


@st.composite
def recall_data(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return (draws, list, output) responses with repeats, intrusions and empty lists, and their lists."""
    n_draws, n_lists, n_outputs = draw(st.tuples(*(st.integers(1, most) for most in (3, 6, 9))))
    n_groups = draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    list_length = rng.integers(1, 8, size=n_lists)
    responses = rng.integers(-1, list_length[:, None] + 1, size=(n_draws, n_lists, n_outputs))
    responses[responses == 0] = 1
    n_responses = rng.integers(0, n_outputs + 1, size=(n_draws, n_lists, 1))
    responses[np.arange(n_outputs) >= n_responses] = 0
    return responses, list_length, rng.integers(0, n_groups, size=n_lists), n_groups


@pytest.mark.parametrize("name", CURVES)
@settings(deadline=None, max_examples=150)
@given(arguments=recall_data())
def test_equals_definition_in_each_draw(name: str, arguments: tuple) -> None:
    responses, list_length, group, n_groups = arguments
    result = getattr(curves, name)(responses, list_length, group, n_groups)
    reference = getattr(curves_reference, name)
    expected = [reference(one, list_length, group, n_groups) for one in responses]
    np.testing.assert_allclose(result, np.array(expected), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", CURVES)
@settings(deadline=None, max_examples=50)
@given(arguments=recall_data(), seed=st.integers(0, 2**32 - 1))
def test_order_of_lists_and_shape_of_draws_do_not_matter(name: str, arguments: tuple, seed: int) -> None:
    responses, list_length, group, n_groups = arguments
    compute = getattr(curves, name)
    result = compute(responses, list_length, group, n_groups)
    order = np.random.default_rng(seed).permutation(len(group))
    shuffled = compute(responses[:, order][:, None], list_length[order], group[order], n_groups)
    np.testing.assert_allclose(shuffled, result[:, None], rtol=0, atol=1e-12)
    # Neither do columns of no response.
    padded = np.concatenate([responses, np.zeros_like(responses)], axis=-1)
    np.testing.assert_array_equal(compute(padded, list_length, group, n_groups), result)


@settings(deadline=None, max_examples=100)
@given(arguments=recall_data())
def test_probabilities(arguments: tuple) -> None:
    responses, list_length, group, n_groups = arguments
    tally = curves.lag_crp_tally(responses, list_length, group, n_groups)
    assert (tally.actual <= tally.possible).all()
    # Every transition is made once, and at lag 0 never.
    at_least_once = tally.actual.sum(axis=-1) > 0
    assert (tally.possible.sum(axis=-1)[at_least_once] >= 1).all()
    assert np.isnan(tally.ratio[..., list_length.max() - 1]).all()
    number = curves.recall_length(responses, list_length, group, n_groups)
    has_lists = np.isin(np.arange(n_groups), group)
    np.testing.assert_allclose(number.sum(axis=-1)[:, has_lists], 1, rtol=1e-12)
    assert np.isnan(number[:, ~has_lists]).all()
    # The mean number recalled, from either curve, when all lists have the same length.
    length = np.full_like(list_length, list_length.max())
    position = curves.serial_position(responses, length, group, n_groups)
    mean = curves.recall_length(responses, length, group, n_groups) @ np.arange(length[0] + 1)
    np.testing.assert_allclose(position.sum(axis=-1), mean, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", CURVES)
def test_chunks_of_draws_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(7)
    responses = rng.integers(-1, 6, size=(2, 5, 4, 6))
    arguments = (np.array([5, 5, 6, 7]), np.array([0, 1, 1, 0]), 2)
    whole = getattr(curves, name)(responses, *arguments)
    module = sys.modules["kvfit.tasks.curves.recalls"]
    monkeypatch.setattr(module, "CHUNK", 3 * 4 * 6)  # three draws, then a rest of one
    np.testing.assert_array_equal(getattr(curves, name)(responses, *arguments), whole)
    assert whole.shape[:3] == (2, 5, 2)


def lag_probabilities(lags: dict[int, float], longest: int) -> list[float]:
    return [lags.get(lag, NAN) for lag in range(1 - longest, longest)]


@pytest.mark.parametrize(
    ("responses", "length", "lags"),
    [
        # 2 to 3: lags -1, 1, 2 were possible. 3 to 1: of 1 and 4, lags -2 and 1.
        pytest.param([2, 3, 1], 4, {-2: 1, -1: 0, 1: 1 / 2, 2: 0}, id="recalled items are not possible"),
        pytest.param([1, -1, 2], 4, {}, id="no transition across an intrusion"),
        pytest.param([-1, 1, 3], 4, {1: 0, 2: 1, 3: 0}, id="an intrusion before"),
        pytest.param([1, 1, 3], 4, {}, id="no transition from a repeat"),
        pytest.param([1, 2, 1, 4], 4, {1: 1, 2: 0, 3: 0}, id="neither to nor from a repeat"),
        pytest.param([3], 4, {}, id="a single recall"),
        pytest.param([2, 1], 2, {-1: 1}, id="a transition with one possible item counts"),
    ],
)
def test_lag_crp_by_hand(responses: list[int], length: int, lags: dict[int, float]) -> None:
    np.testing.assert_allclose(curves.lag_crp([responses], [length]), [lag_probabilities(lags, length)])


def test_lag_crp_by_output_counts_correct_recalls() -> None:
    # Correct recalls are 4, 1, 3: the transition from 1 to 3 leaves the second, in spite of the intrusion.
    by_output = curves.lag_crp_by_output([[4, -1, 1, 3]], [4], n_outputs=2)
    np.testing.assert_array_equal(by_output[0, 0], [NAN] * 7)
    # Still possible: 2 and 3, lags 1 and 2.
    np.testing.assert_array_equal(by_output[0, 1], lag_probabilities({1: 0, 2: 1}, 4))


@pytest.mark.parametrize(
    ("responses", "length", "rank"),
    [
        # To 3 with 1, 3, 4, 5 at distances 1, 1, 2, 3: 2 farther and 1 tied of 3 others. To 1 with 1, 4, 5 at
        # distances 2, 1, 2: none farther, 1 tied of 2.
        pytest.param([[2, 3, 1]], [5], (2.5 / 3 + 0.5 / 2) / 2, id="ties share their rank"),
        pytest.param([[1, 2, 5], [1, 5, 0]], [5, 5], 1 / 3, id="mean of transitions, not of lists"),
        pytest.param([[1, 2, 3]], [3], 1, id="the last item has no rank"),
        pytest.param([[1, -1, 2]], [3], NAN, id="no transition"),
        pytest.param([[1, 4], [1, 4]], [4, 10], (0 + 6 / 8) / 2, id="two list lengths"),
    ],
)
def test_lag_rank_by_hand(responses: list[list[int]], length: list[int], rank: float) -> None:
    np.testing.assert_allclose(curves.lag_rank(responses, length), [rank], rtol=1e-14)


def test_positions_and_numbers_by_hand() -> None:
    responses = [[2, 2, -1, 4], [-1, 1, 0, 0], [0, 0, 0, 0], [3, 1, 2, -1]]
    length, group = [4, 3, 4, 3], [0, 0, 0, 2]
    np.testing.assert_allclose(
        curves.serial_position(responses, length, group),
        [[1 / 3, 1 / 3, 0, 1 / 2], [NAN] * 4, [1, 1, 1, NAN]],
    )
    # Of the first group's lists, the one without a correct recall is left out.
    np.testing.assert_allclose(
        curves.first_recall(responses, length, group), [[1 / 2, 1 / 2, 0, 0], [NAN] * 4, [0, 0, 1, NAN]]
    )
    second = curves.nth_recall(responses, length, group, n_outputs=2)[:, 1]
    np.testing.assert_allclose(second, [[0, NAN, 0, 1], [NAN] * 4, [1, 0, NAN, NAN]])
    np.testing.assert_allclose(
        curves.recall_length(responses, length, group),
        [[1 / 3, 1 / 3, 1 / 3, 0, 0], [NAN] * 5, [0, 0, 0, 1, 0]],
    )
    np.testing.assert_allclose(curves.intrusions(responses, length, group), [2 / 3, NAN, 1])
    np.testing.assert_allclose(curves.repeats(responses, length, group), [1 / 3, NAN, 0])


@pytest.mark.parametrize("name", CURVES)
def test_no_draws_and_no_outputs(name: str) -> None:
    compute: Callable = getattr(curves, name)
    shape = compute(np.ones((2, 3), dtype=int), [4, 4]).shape
    assert compute(np.ones((0, 2, 3), dtype=int), [4, 4]).shape == (0, *shape)
    np.testing.assert_array_equal(
        compute(np.ones((2, 0), dtype=int), [4, 4]), compute(np.zeros((2, 3), dtype=int), [4, 4])
    )


def test_unsigned_responses() -> None:
    responses = np.array([[3, 4, 0]], dtype=np.uint8)
    np.testing.assert_array_equal(curves.lag_crp(responses, [4]), curves.lag_crp(responses.astype(int), [4]))


def test_error_lists_all_problems() -> None:
    responses = np.array([[[1, 2], [5, -2]], [[1, 9], [-3, 1]]])
    with pytest.raises(ValueError, match="cannot summarise") as error:
        curves.lag_crp(responses, [4, 4], group=[0, 3], n_groups=2)
    message = str(error.value)
    assert "list 1: group 3, expected 0 to 1" in message
    assert "list 0, output position 2: found 9, expected a study position (1 to 4)" in message
    assert "list 1, output position 1: found 5" in message
    assert "list 1, output position 2: found -2" in message
    assert message.count("\n- ") == 4


@pytest.mark.parametrize(
    ("responses", "length", "group", "expected"),
    [
        ([[1.0, NAN]], [4], None, "responses: expected integers, found float64"),
        ([1, 2], [4], None, "expected (..., list, output), found 1 dimension"),
        ([[1, 2]], [4, 4], None, "responses has 1 lists, list_length has shape (2,)"),
        ([[1, 2]], [4], [0, 1], "group (2,)"),
        ([[1, 0]], [0], None, "list 0: list length 0, expected > 0"),
        (np.zeros((0, 3), dtype=int), np.zeros(0, dtype=int), None, "at least one list"),
    ],
)
def test_error_says_what_was_expected(responses, length, group, expected: str) -> None:
    with pytest.raises(ValueError, match="cannot summarise") as error:
        curves.serial_position(responses, length, group)
    assert expected in str(error.value)
