"""MINERVA 2 gives hand-computed echoes, exact moments and simulated rates."""

import json
from pathlib import Path

import numpy as np
import pytest

from kvfit.recognition.evidence.echo_intensity import intensity_distribution
from kvfit.recognition.evidence.minerva2 import Features, echo, moments

# golden/minerva2.json: echo_small_1 (hand formula), echo_intensity_binary_n20_L0.5_M20 (60,000 simulated lists)
SIMULATED_HITS = {0.05: 0.806783, 0.1: 0.618417, 0.2: 0.269233}
SIMULATED_FALSE_ALARMS = {0.05: 0.191483, 0.1: 0.060467, 0.2: 0.005}


def test_echo_of_a_small_example() -> None:
    found = echo(np.array([0, 1, 0]), np.array([[1, 1, 0], [0, -1, 0]]))
    np.testing.assert_allclose(found.similarity, [0.5, -1.0])
    np.testing.assert_allclose(found.activation, [0.125, -1.0])
    np.testing.assert_allclose(found.content, [0.125, 1.125, 0.0])
    assert found.intensity == pytest.approx(-0.875)


def test_rates_of_simulated_lists() -> None:
    for times, rates in ((1, SIMULATED_HITS), (0, SIMULATED_FALSE_ALARMS)):
        above = 1.0 - intensity_distribution(np.array(list(rates)), 0.5, 20, 20, times)
        np.testing.assert_allclose(above, list(rates.values()), atol=0.006)
    assert moments(0.5, 20, 20, 1, "binary") == pytest.approx((0.14375, 0.0126387890625), abs=1e-9)


@pytest.mark.shared
def test_golden_cases(shared: Path) -> None:
    n_checked = 0
    for case in json.loads((shared / "golden" / "minerva2.json").read_text())["cases"]:
        expected, p = case["expected"], case["parameters"]
        if "echo_intensity" in expected:
            found = echo(np.array(case["inputs"]["probe"]), np.array(case["inputs"]["traces"]))
            np.testing.assert_allclose(found.similarity, expected["similarity"], atol=1e-11)
            np.testing.assert_allclose(found.content, expected["echo_content"], atol=1e-11)
            assert found.intensity == pytest.approx(expected["echo_intensity"], abs=1e-11)
        else:
            features: Features = "binary" if "one half" in p["features"] else "trinary"
            law = (p["L"], p["n_features"], p["n_traces_total"])
            for row in expected["by_frequency"]:
                mean, variance = moments(*law, row["frequency"], features)
                assert mean == pytest.approx(row["mean"], abs=1e-9)
                assert variance == pytest.approx(row["variance"], abs=1e-9)
            for times, key in ((1, "simulated_hit_rate_f1"), (0, "simulated_false_alarm_rate")):
                at = np.array([float(one) for one in expected[key]])
                above = 1.0 - intensity_distribution(at, *law, times, features)
                np.testing.assert_allclose(above, list(expected[key].values()), atol=0.01)
        n_checked += 1
    assert n_checked == 6
