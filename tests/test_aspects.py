"""Which responses tell a parameter: shares of the information that can be known in advance."""

from typing import Any

import numpy as np
import pytest

import kvfit as kv
from kvfit.certification.identification import error_correlation, identification
from kvfit.identifiability.aspects import aspects
from kvfit.identifiability.information import scores
from kvfit.recovery.recover import Recovery


def shares(model: str, design: Any) -> Any:
    return aspects(kv.get_model(model), design).set_index("parameter")


def test_signal_detection() -> None:
    found = shares("evsd", kv.recognition_design(1, 40, "1-6"))
    assert list(found) == ["hits", "misses", "false alarms", "correct rejections"]
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    # new items know nothing of d', old and new ones the same of the criterion if they are mirror images
    assert found.loc["d_prime", ["false alarms", "correct rejections"]].max() < 1e-9
    # steps above the middle criterion move no response below it
    assert found.loc["spacing_4", ["misses", "correct rejections"]].max() < 1e-9
    assert found.loc["spacing_1", ["hits", "false alarms"]].max() < 1e-9


def test_free_recall() -> None:
    design = kv.free_recall_design(1, 12, 8)
    found = shares("kv_recall", design)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    stopping = ["stop_probability", "stop_slope"]
    np.testing.assert_allclose(found.loc[stopping, "when recall stops"], 1.0)
    assert found.drop(index=stopping)["when recall stops"].max() < 1e-9
    # what recalled items cue cannot be seen before one was recalled
    assert found.loc[["rho", "phi", "kappa", "neighbour"], "first recall"].max() < 1e-9
    assert found.loc["recency", "first recall"] > 0.5
    # under the rule that reads the match, stopping tells what is left
    assert shares("kv_recall(stopping=match)", design).loc["kappa", "when recall stops"] > 0.01


def test_shares_are_of_the_information() -> None:
    """All cells together have the information that the scores have."""
    design = kv.recognition_design(1, 40, "1-4")
    model = kv.get_model("uvsd").bind(design)
    at = np.array([p.location for p in model.parameters])
    from kvfit.identifiability.aspects import _of_recognition

    np.testing.assert_allclose(
        _of_recognition(model, design, at).sum(axis=0), (scores(model, design, at) ** 2).sum(axis=0)
    )


def test_similarities_are_refused() -> None:
    with pytest.raises(ValueError, match="needs similarities of items"):
        aspects(kv.get_model("gcm(semantic=True)"), kv.recognition_design(1, 20, "1-4"))


def test_words_say_what_is_lost_and_what_it_is_mistaken_for() -> None:
    design = kv.recognition_design(8, 200, "no,yes")
    found = kv.recover("evsd", design, replicates=8, seed=1, starts=3, show_progress=False)
    together = error_correlation(found.model, found.persons)
    assert together.loc["d_prime", "criterion"] == together.loc["criterion", "d_prime"]
    assert together.loc["d_prime", "criterion"] > 0.3  # d' is the distance between criterion and hits
    names = [p.name for p in found.model.parameters]
    told = {"parameter": names, "hits": [0.7, 0.0], "misses": [0.3, 0.0], "false alarms": [0.0, 1.0]}
    foreseen = {"parameter": names, "contraction": [0.8, 0.9], "determined": [True, False]}
    part = identification(found, None, {"told": told, "foreseen": foreseen})
    words = dict(part.tables[""].itertuples(index=False))
    assert "What tells it: hits (70%), misses (30%)" in words["d_prime"]
    assert "`criterion` is missed in the same direction" in words["d_prime"]
    assert "not determined: its prior decides" in words["criterion"]
    lost = found.table.assign(rank_correlation=[0.1, 0.9])
    said = identification(
        Recovery(found.model, found.persons, lost, "", "", "", 8, found.batch),
        None,
        {"told": told, "foreseen": foreseen},
    )
    assert said.summary == "single persons' d_prime cannot be told from this design"
