"""Key-value recognition gives the probabilities of an independent quadrature: golden/joint.json, its recognition half."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from kvfit.recognition.evidence.average import LAPSE
from kvfit.recognition.evidence.key_value import KeyLists, KeyValue, Match, Recollection
from kvfit.recognition.evidence.log_sums import log_sum

#: The file's numbers are good to 1e-7; kvfit states 1e-5.
CLOSE = 2e-6


@pytest.mark.shared
def test_recognition_half(shared: Path) -> None:
    cases = json.loads((shared / "golden" / "joint.json").read_text(encoding="utf-8"))["cases"]
    assert {case["inputs"]["recognition_read"] for case in cases} == {"both", "key"}
    for case in cases:
        p = case["parameters"]["shared"] | case["parameters"]["recognition"]
        inputs, expected = case["inputs"], case["expected"]
        n_keys, gain = inputs["recognition_list_length"], np.full((1, 2), p["beta"])
        below = ndtr(log_sum(n_keys, p["beta"]).probits(np.array(p["criteria"])))
        np.testing.assert_allclose(below, expected["lure_cumulative_at_criteria"], atol=1e-8, rtol=0)
        match = Match(KeyLists.place(gain, np), gain * p["match"], gain * p["match_sd"])
        recollection = None
        if inputs["recognition_read"] == "both":
            recollection = Recollection(0.0 * gain + p["threshold"], 0.0 * gain + p["noise"])
        lists = KeyLists.of(np.array([False, True]), np.array([n_keys, n_keys]))
        z = np.broadcast_to(ndtri(below), (1, 2, len(below)))
        log_p = KeyValue(lists, match, recollection).log_categories(z, np)[0]
        table = np.exp(log_p) * (1.0 + LAPSE * log_p.shape[1]) - LAPSE
        np.testing.assert_allclose(table[0], expected["p_new_by_category"], atol=CLOSE, rtol=0)
        np.testing.assert_allclose(table[1], expected["p_old_by_category"], atol=CLOSE, rtol=0)
        counts = np.array([inputs["counts_new"], inputs["counts_old"]])
        assert (counts * np.log(table)).sum() == pytest.approx(expected["log_likelihood_recognition"], abs=5e-5)
