"""TODAM and the matrix model give closed-form moments and hand-computed vectors."""

import json
from pathlib import Path

import numpy as np
import pytest

from kvfit.memory.named import correlation_matrix
from kvfit.recognition.evidence.matrix import (
    convolve,
    correlate,
    matrix_moments,
    pair_moments,
    todam_moments,
)

#: Aperiodic convolutions of pairs in one vector: kvfit scores no associative recognition by TODAM.
LEFT_OUT = {"association_1"}


def test_moments_of_a_few_cases() -> None:
    # golden/distributed_matrix.json: item_recognition_1, matrix_autoassociative_1, matrix_pairs_1
    todam = todam_moments(200, 12, 0.95, 0.6)
    assert todam.mean_old[0] == pytest.approx(0.341280055366, rel=1e-9)
    assert todam.variance_old[-1] == pytest.approx(0.0148709718584, rel=1e-9)
    assert todam.variance_new == pytest.approx(0.0130709718584, rel=1e-9)
    matrix = matrix_moments(40, 12)
    assert matrix.mean_old[0] == pytest.approx(1.275)
    assert matrix.variance_new == pytest.approx(0.0139285714286, rel=1e-9)
    assert pair_moments(40, 12)["rearranged"] == pytest.approx((0.0, 0.05625))


@pytest.mark.shared
def test_golden_cases(shared: Path) -> None:
    checked = set()
    for case in json.loads((shared / "golden" / "distributed_matrix.json").read_text())["cases"]:
        expected, p, inputs = case["expected"], case["parameters"], case["inputs"]
        if "convolution_full" in expected:
            whole = convolve(np.array(inputs["a"]), np.array(inputs["b"]))
            np.testing.assert_allclose(whole, expected["convolution_full"], atol=1e-12)
            back = correlate(np.array(inputs["a"]), whole)
            np.testing.assert_allclose(back, expected["correlation_of_a_with_convolution_full"], atol=1e-12)
        elif "mean_old_by_position" in expected:
            encoded = p.get("p_encode_feature", 1.0)
            found = todam_moments(p["N_features"], p["list_length"], p["alpha"], p.get("gamma", 1.0), encoded)
            np.testing.assert_allclose(found.mean_old, expected["mean_old_by_position"], rtol=1e-9)
            np.testing.assert_allclose(found.variance_old, expected["variance_old_by_position"], rtol=1e-9)
            assert found.variance_new == pytest.approx(expected["variance_new"], rel=1e-9)
        elif "mean_old" in expected:
            found = matrix_moments(p["N"], p["list_length"])
            for name in ("mean_new", "variance_new"):
                assert getattr(found, name) == pytest.approx(expected[name], rel=1e-9)
            assert found.mean_old[0] == pytest.approx(expected["mean_old"], rel=1e-9)
            assert found.variance_old[0] == pytest.approx(expected["variance_old"], rel=1e-9)
        elif "mean_intact" in expected and case["id"] not in LEFT_OUT:
            pairs = pair_moments(p["N"], p["n_pairs"])
            for name, label in (("intact", "intact"), ("rearranged", "rearranged"), ("new", "new_pair")):
                assert pairs[name][0] == pytest.approx(expected[f"mean_{label}"])
                assert pairs[name][1] == pytest.approx(expected[f"variance_{label}"], rel=1e-9)
        elif "mean_intact_same_context" in expected:
            for label, overlap in (("same", 1.0), ("other", p["context_overlap"])):
                mean, variance = pair_moments(p["N"], p["n_pairs"], overlap)["intact"]
                assert mean == pytest.approx(expected[f"mean_intact_{label}_context"])
                assert variance == pytest.approx(expected[f"variance_intact_{label}_context"], rel=1e-9)
        elif "memory" in expected:
            memory = (
                correlation_matrix().store(np.array(inputs["a_items"]), np.array(inputs["b_items"])).primal().matrix
            )
            np.testing.assert_allclose(memory, expected["memory"], atol=1e-12)
            np.testing.assert_allclose(memory.T @ inputs["a_items"][0], expected["recall_vector_for_a1"], atol=1e-12)
        else:
            continue
        checked.add(case["id"])
    assert len(checked) == 10
    assert not checked & LEFT_OUT
