"""Strength of writing: primacy that no recall takes away, under every choice rule."""

from typing import Any

import numpy as np
import pytest
from recall_tables import list_table, stack
from study_lists import study_table

import kvfit as kv
from kvfit.recall.strength import log_strengths as log_strengths_of_model

N = 5
STOP = {"stop_probability": 0.2, "stop_slope": 0.4}
SOFTMAX = {
    "rho": 0.6, "phi": 0.35, "kappa": 0.3, "recency": 2.0, "rho_end": 0.75, "strength": 1.1, "rho_start": 0.4,
    "neighbour": 1.7, **STOP,
}  # fmt: skip
SCALED = {
    "rho": 0.6,
    "phi": 0.35,
    "kappa": 0.3,
    "rho_end": 0.75,
    "strength": 1.1,
    "rho_start": 0.4,
    "w_cue": 0.8,
    **STOP,
}
POWER = {**SCALED, "floor": 0.3, "exponent": 2.5}
ORDERS = [[5, 4, 1], [1, 2, 3], [3, 1, 5], [2, 5, 4]]


def recalled(orders: list[list[int]]) -> kv.FreeRecallData:
    """One list an order."""
    return kv.read_free_recall(stack(*(list_table(1, label, N, order) for label, order in enumerate(orders, start=1))))


def match_by_hand(p: dict[str, float], end: float, cue: float, order: list[int]) -> np.ndarray:
    """Match without strengths ``(output, position)``: theory's recursion, written out."""
    j = np.arange(1, N + 1)
    s = end * p["rho_end"] ** (N - j)
    rows = []
    for position in order:
        rows.append(s)
        reached = p["rho"] ** np.abs(position - j)
        s = (1 - p["kappa"]) * s + cue * ((1 - p["phi"]) * reached + p["phi"] * reached * (j >= position))
    return np.array(rows)


def order_by_hand(weights: np.ndarray, order: list[int]) -> float:
    """Log probability of an order, stopping aside, from ``weights (output, position)``."""
    left, total = np.ones(N), 0.0
    for w, position in zip(weights, order, strict=True):
        total += np.log(w[position - 1] / (w * left).sum())
        left[position - 1] = 0.0
    return float(total)


def log_strengths(p: dict[str, float]) -> np.ndarray:
    """``w_strength (rho_start^(j-1) - rho_start^3)``."""
    return p["strength"] / (1 - p["rho_start"] ** 3) * (p["rho_start"] ** np.arange(N) - p["rho_start"] ** 3)


def softmax(p: dict[str, float], order: list[int]) -> np.ndarray:
    """A strength counts copies: it multiplies odds at every output."""
    s = match_by_hand(p, p["recency"] / (1 - p["rho_end"] ** 4), p["neighbour"] / p["rho"], order)
    return np.exp(s) * np.exp(log_strengths(p))


def power(p: dict[str, float], order: list[int]) -> np.ndarray:
    """A strength multiplies the match; what every trace has with every query is added to that."""
    s = match_by_hand(p, 1.0, p["w_cue"], order)
    return (p["floor"] + np.exp(log_strengths(p)) * s) ** p["exponent"]


@pytest.mark.parametrize(
    ("model", "values", "by_hand"),
    [("kv_recall(start=strength)", SOFTMAX, softmax), ("kv_recall(start=strength, separation=power)", POWER, power)],
)
def test_orders_have_the_probabilities_of_the_theory(model: str, values: dict[str, float], by_hand: Any) -> None:
    found = kv.log_likelihood(model, recalled(ORDERS), values).to_numpy()
    expected = np.array([order_by_hand(by_hand(values, order), order) for order in ORDERS])
    # all lists end after as many recalls, so that stopping drops out of differences
    np.testing.assert_allclose(np.diff(found), np.diff(expected), rtol=1e-10)
    assert np.abs(np.diff(expected)).min() > 0.2


def test_strength_is_the_log_odds_of_first_against_fourth_item_at_every_output() -> None:
    # nothing but strength: no queries, no cues
    flat = {**SOFTMAX, "recency": 0.0, "neighbour": 0.0}
    for before in ([], [3], [3, 5, 2]):
        first, fourth = (
            float(kv.log_likelihood("kv_recall(start=strength)", recalled([[*before, last]]), flat).to_numpy()[0])
            for last in (1, 4)
        )
        assert first - fourth == pytest.approx(1.1, abs=1e-12)


def test_a_query_for_the_start_fades_and_a_strength_does_not() -> None:
    flat = {**SOFTMAX, "recency": 0.0, "neighbour": 0.0}
    query = {("primacy" if name == "strength" else name): value for name, value in flat.items()}
    gap = []
    for before in ([], [3], [3, 5]):
        lists = recalled([[*before, 1], [*before, 4]])
        found = kv.log_likelihood("kv_recall(start=query)", lists, query).to_numpy()
        gap.append(found[0] - found[1])
    np.testing.assert_allclose(gap, 1.1 * np.array([1.0, 0.7, 0.49]), rtol=1e-10)


def test_the_floor_lets_unmatched_traces_be_recalled() -> None:
    # keys that are unlike one another and an end query of the last item alone: nothing else is matched
    values = {**POWER, "rho_end": 1e-9, "strength": 0.0, "exponent": 1.0, "floor": 0.25}
    found = kv.log_likelihood(
        "kv_recall(separation=power, start=strength)", recalled([[5], [1], [2]]), values
    ).to_numpy()
    # weights .25 for four items and 1.25 for the last: .25 against 1.25
    np.testing.assert_allclose(found - found[0], [0.0, -np.log(5.0), -np.log(5.0)], rtol=1e-6)


def test_forms_are_options_by_name() -> None:
    assert kv.get_model("kv_recall(form=start_query)").label == "kv_recall(start=query)"
    assert kv.get_model("kv_recall").label == kv.get_model("kv_recall(form=strength_and_query)").label
    assert kv.get_model("kv_recall(form=power, start=query)").label == "kv_recall(separation=power, start=query)"


def test_strength_is_recovered() -> None:
    design = kv.read_free_recall(study_table(1, 800, (8,)))
    simulated = kv.simulate("kv_recall(start=strength)", design, SOFTMAX, seed=3)
    found = kv.point_fit("kv_recall(start=strength)", simulated, starts=3, show_progress=False)
    assert found.estimates["strength"].item() == pytest.approx(1.1, abs=0.15)
    queried = kv.point_fit("kv_recall(start=query)", simulated, starts=3, show_progress=False)
    assert found.totals()["log_likelihood"] > queried.totals()["log_likelihood"] + 10.0


def test_strengths_fall_by_equal_steps_where_nothing_fades() -> None:
    p = {"strength": np.array([1.2]), "rho_start": np.array([1.0 - 1e-9])}
    np.testing.assert_allclose(log_strengths_of_model(p, 6)[0], 1.2 * (3 - np.arange(6)) / 3, rtol=1e-5, atol=1e-6)
