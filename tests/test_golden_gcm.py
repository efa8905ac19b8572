"""The generalised context model gives summed similarities, category probabilities and published likelihoods."""

import json
from pathlib import Path

import numpy as np
import pytest

from kvfit.memory.similarity import distance
from kvfit.recognition.evidence.gcm import p_category, p_old, similarity, summed_similarity


def test_two_exemplars_by_hand() -> None:
    at = np.array([[0.0, 0.0], [3.0, 4.0]])
    d = distance(at, at, np.array([0.5, 0.5]))
    assert d[0, 1] == pytest.approx(np.sqrt(12.5))
    s = similarity(d, 0.2)
    familiarity = summed_similarity(s, np.array([1.0, 2.0]))
    assert familiarity[0] == pytest.approx(1.0 + 2.0 * np.exp(-0.2 * np.sqrt(12.5)))
    assert p_old(familiarity, 1.0)[0] == pytest.approx(familiarity[0] / (familiarity[0] + 1.0))
    assert p_category(s, np.ones(2), np.array([True, False]))[0] == pytest.approx(1.0 / (1.0 + s[0, 1]))


@pytest.mark.shared
def test_golden_cases(shared: Path) -> None:
    n_checked = 0
    for case in json.loads((shared / "golden" / "gcm.json").read_text())["cases"]:
        expected, p, inputs = case["expected"], case["parameters"], case["inputs"]
        if "summed_similarity" in expected:
            at = np.array(inputs["coordinates"])
            s = similarity(distance(at, at, np.array(p["w"]), p["r"]), p["c"], p["p"])
            strengths = np.array(inputs["exemplar_frequency"], dtype=float)
            familiarity = summed_similarity(s, strengths)
            # the file holds ten digits
            np.testing.assert_allclose(familiarity, expected["summed_similarity"], rtol=2e-9)
            np.testing.assert_allclose(p_old(familiarity, p["k_recognition"]), expected["p_old_ratio_rule"], rtol=2e-9)
            member = np.array(inputs["category_A_member"], dtype=bool)
            found = p_category(s, strengths, member, p["gamma"], p["bias_A"])
            np.testing.assert_allclose(found, expected["p_category_A"], rtol=2e-9)
        else:
            best = expected["maximum_likelihood"]
            d = best["w"] * np.array(inputs["d1"]) + (1.0 - best["w"]) * np.array(inputs["d2"])
            member = np.array(inputs["category"]) == 1
            a = p_category(similarity(d, best["c"]), np.ones(len(member)), member)
            y, n = np.array(inputs["y_category_A_responses"]), inputs["n_trials_per_stimulus"]
            log_likelihood = (y * np.log(a) + (n - y) * np.log(1.0 - a)).sum()
            assert log_likelihood == pytest.approx(best["log_likelihood_without_coefficients"], abs=1e-4)
        n_checked += 1
    assert n_checked == 4
