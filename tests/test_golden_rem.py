"""REM gives the likelihood ratios of the article and the rates of independent simulations."""

import json
from pathlib import Path

import numpy as np
import pytest

from kvfit.recognition.evidence.rem import (
    RemItems,
    likelihood_ratios,
    log_odds_distribution,
    storage_probability,
)


def rates(stored: np.ndarray, list_length: int, items: RemItems, **kinds: tuple[RemItems, ...]) -> tuple[float, float]:
    """Hit and false-alarm rate at odds of 1."""
    found = []
    for old in (True, False):
        log_odds, distribution = log_odds_distribution(stored, list_length, items, old=old, **kinds)
        found.append(1.0 - float(np.interp(0.0, log_odds, distribution[0])))
    return found[0], found[1]


def test_worked_example() -> None:
    # Shiffrin & Steyvers (1997); golden/rem.json, worked_example
    found = likelihood_ratios(np.array([6, 1, 1, 3]), np.array([[0, 1, 0, 3], [2, 2, 1, 0]]), 0.4, 0.7)
    np.testing.assert_allclose(found, [10.580278, 0.1845], rtol=1e-7)
    assert found.mean() == pytest.approx(5.3823889, rel=1e-7)


@pytest.mark.parametrize(("list_length", "hit", "false_alarm"), [(4, 0.87511, 0.09217), (32, 0.74889, 0.138035)])
def test_rates_of_simulations(list_length: int, hit: float, false_alarm: float) -> None:
    # golden/rem.json, list_length_published: 200,000 simulated lists each
    found = rates(storage_probability(0.04, 10)[None], list_length, RemItems())
    assert found == pytest.approx((hit, false_alarm), abs=0.005)


def test_mean_odds_of_lures_are_one() -> None:
    """A likelihood ratio has expectation one under the hypothesis in its denominator."""
    log_odds, distribution = log_odds_distribution(np.array([0.1]), 8, old=False)
    odds = np.exp((log_odds[1:] + log_odds[:-1]) / 2)
    known = odds < np.exp(12.0)
    assert (np.diff(distribution[0]) * odds)[known].sum() == pytest.approx(1.0, abs=0.02)


@pytest.mark.shared
def test_golden_cases(shared: Path) -> None:
    n_checked = 0
    for case in json.loads((shared / "golden" / "rem.json").read_text())["cases"]:
        expected, p = case["expected"], case["parameters"]
        if "likelihood_ratios" in expected:
            inputs = case["inputs"]
            found = likelihood_ratios(np.array(inputs["probe"]), np.array(inputs["images"]), p["g"], p["c"])
            np.testing.assert_allclose(found, expected["likelihood_ratios"], rtol=1e-7)
            assert np.log(found.mean()) == pytest.approx(expected["log_odds"], rel=1e-7)
        elif "by_list_length" in expected:
            stored = storage_probability(p["u_star"], p["t"])[None]
            for row in expected["by_list_length"]:
                found_rates = rates(stored, row["list_length"], RemItems(p["w"], p["g"], p["c"]))
                assert found_rates == pytest.approx((row["hit_rate"], row["false_alarm_rate"]), abs=0.005)
        elif "high_frequency" in expected:
            stored = storage_probability(p["u_star"], p["t"])[None]
            g = {"high_frequency": p["g_high"], "low_frequency": p["g_low"]}
            studied = tuple(RemItems(g_studied=one) for one in g.values())
            for name, one in g.items():
                items = RemItems(g_probe=one, g_studied=one)
                found_rates = rates(stored, 20, items, other_items=studied)
                row = expected[name]
                assert found_rates == pytest.approx((row["hit_rate"], row["false_alarm_rate"]), abs=0.005)
        else:
            assert case["id"] == "lure_odds_identity"  # tested above
        n_checked += 1
    assert n_checked == 7
