"""REM gives the likelihood ratios of the article and the rates of independent simulations."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.special import ndtri

from kvfit.recognition.evidence.rem import RemItems, likelihood_ratios, storage_probability
from kvfit.recognition.evidence.rem_odds import log_odds_distribution, moments


def rates(
    stored: np.ndarray, list_length: int, items: RemItems, other_items: tuple[RemItems, ...] = ()
) -> dict[str, float]:
    """Rates at odds of 1, means and standard deviations, under the names of the reference numbers."""
    found = {}
    for name, rate, old in (("old", "hit_rate", True), ("new", "false_alarm_rate", False)):
        log_odds, distribution = log_odds_distribution(stored, list_length, items, old=old, other_items=other_items)
        found[rate] = 1.0 - float(CubicSpline(log_odds, distribution[0])(0.0))
        found[f"mean_log_odds_{name}"], found[f"sd_log_odds_{name}"] = moments(log_odds, distribution[0])
    found["d_prime_from_rates"] = float(ndtri(found["hit_rate"]) - ndtri(found["false_alarm_rate"]))
    return found


def agree(found: dict[str, float], row: dict[str, float], n: int) -> None:
    """Within the errors of `n` simulated lists (3.5 of them) and those that kvfit states."""
    for name in ("hit_rate", "false_alarm_rate"):
        assert found[name] == pytest.approx(row[name], abs=3e-4 + 3.5 * np.sqrt(row[name] * (1 - row[name]) / n))
    for name in ("old", "new"):
        error = row[f"sd_log_odds_{name}"] / np.sqrt(n)
        assert found[f"mean_log_odds_{name}"] == pytest.approx(row[f"mean_log_odds_{name}"], abs=2e-3 + 3.5 * error)
        # the distributions' kurtosis is 3 to 8
        assert found[f"sd_log_odds_{name}"] == pytest.approx(row[f"sd_log_odds_{name}"], abs=2e-3 + 4.5 * error)
    assert found["d_prime_from_rates"] == pytest.approx(row["d_prime_from_rates"], abs=0.02)


def test_worked_example() -> None:
    # Shiffrin & Steyvers (1997); golden/rem.json, worked_example
    found = likelihood_ratios(np.array([6, 1, 1, 3]), np.array([[0, 1, 0, 3], [2, 2, 1, 0]]), 0.4, 0.7)
    np.testing.assert_allclose(found, [10.580278, 0.1845], rtol=1e-7)
    assert found.mean() == pytest.approx(5.3823889, rel=1e-7)


@pytest.mark.parametrize(("list_length", "hit", "false_alarm"), [(4, 0.87511, 0.09217), (32, 0.74889, 0.138035)])
def test_rates_of_simulations(list_length: int, hit: float, false_alarm: float) -> None:
    # golden/rem.json, list_length_published: 200,000 simulated lists each
    found = rates(storage_probability(0.04, 10)[None], list_length, RemItems())
    assert found["hit_rate"] == pytest.approx(hit, abs=0.0035)
    assert found["false_alarm_rate"] == pytest.approx(false_alarm, abs=0.003)


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
            odds = found.mean()
            assert odds == pytest.approx(expected["odds"], rel=1e-7)
            assert np.log(odds) == pytest.approx(expected["log_odds"], rel=1e-7)
            assert odds / (1.0 + odds) == pytest.approx(expected["p_old"], rel=1e-7)
        elif "by_list_length" in expected:
            stored = storage_probability(p["u_star"], p["t"])[None]
            for row in expected["by_list_length"]:
                found_rates = rates(stored, row["list_length"], RemItems(p["w"], p["g"], p["c"]))
                agree(found_rates, row, row["n_simulated_each"])
        elif "high_frequency" in expected:
            stored = storage_probability(p["u_star"], p["t"])[None]
            g = {"high_frequency": p["g_high"], "low_frequency": p["g_low"]}
            studied = tuple(RemItems(g_studied=one) for one in g.values())
            for name, one in g.items():
                items = RemItems(g_probe=one, g_studied=one)
                agree(rates(stored, 20, items, other_items=studied), expected[name], 150_000)
        else:
            assert case["id"] == "lure_odds_identity"  # tested above
        n_checked += 1
    assert n_checked == 7
