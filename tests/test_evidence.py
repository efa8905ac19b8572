"""Evidence person by person: closed forms, agreement of methods, what the verdict says."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from normal_persons import NOISE, NormalDesign, NormalObjective, parameter
from rating_fits import rated_data
from scipy.stats import norm

import kvfit as kv
from kvfit.comparison.evidence import prior_sensitive
from kvfit.comparison.person_evidence import PRIOR_SCALES, person_evidence

MEANS = np.array([-1.0, 0.2, 0.9, 3.0])


def normal_model(n_parameters: int) -> Any:
    return SimpleNamespace(
        label="normal",
        parameters=tuple(parameter(f"p{i}") for i in range(n_parameters)),
        design=lambda data, similarity: NormalDesign(MEANS, 10),
        objective=NormalObjective,
    )


@pytest.mark.parametrize("method", ["laplace", "importance"])
@pytest.mark.parametrize("n_parameters", [1, 2])
def test_a_normal_model_has_its_closed_form(method: Any, n_parameters: int) -> None:
    model = normal_model(n_parameters)
    data: Any = SimpleNamespace(n_participants=MEANS.size, participants=np.arange(MEANS.size))
    found = person_evidence(model, data, method=method, show_progress=False)
    scale = model.parameters[0].scale
    names = ("log_evidence", "half_prior", "double_prior")
    for name, factor in zip(names, PRIOR_SCALES, strict=True):
        spread = np.sqrt(NOISE**2 / 10 + n_parameters * (factor * scale) ** 2)
        expected = norm.logpdf(MEANS, 0.0, spread)
        tolerance = 1e-5 if method == "laplace" else 0.15
        np.testing.assert_allclose(found[name], expected, atol=tolerance)
    if method == "importance":
        off = found["log_evidence"] - norm.logpdf(MEANS, 0.0, np.sqrt(NOISE**2 / 10 + n_parameters * scale**2))
        assert (np.abs(off) < 4 * found["error"]).all()
        assert (found["pareto_k"] < 0.7).all()


@pytest.fixture(scope="module")
def data() -> kv.RecognitionData:
    return rated_data(n_participants=6)


@pytest.fixture(scope="module")
def found(data: kv.RecognitionData) -> kv.Evidence:
    return kv.evidence(["evsd", "uvsd(by=strength)"], data, show_progress=False)


def test_the_model_that_made_the_data_is_found(found: kv.Evidence) -> None:
    assert found.table["model"].tolist() == ["uvsd(by=strength)", "evsd"]
    best = found.table.iloc[0]
    assert best["log_bf"] == 0.0
    assert found.table["log_bf"].iloc[1] < -10
    assert best["n_best"] >= 5
    assert best["lower"] < best["frequency"] < best["upper"]
    assert found.table["protected"].sum() == pytest.approx(1.0)
    by_model = found.participants.groupby("model")
    for row in found.table.itertuples():
        assert by_model["log_evidence"].sum()[row.model] == pytest.approx(row.log_evidence)
    np.testing.assert_allclose(found.participants.groupby("participant")["probability"].sum(), 1.0)
    assert "uvsd(by=strength)" in found.verdict()
    assert "6 participants" in str(found)


def test_laplace_comes_near_importance_sampling(found: kv.Evidence, data: kv.RecognitionData) -> None:
    quick = kv.evidence(["evsd", "uvsd(by=strength)"], data, method="laplace", show_progress=False)
    keys = ["model", "participant"]
    both = found.participants.merge(quick.participants, on=keys, suffixes=("", "_laplace"))
    assert len(both) == 12
    off = both["log_evidence_laplace"] - both["log_evidence"]
    assert off.abs().max() < 1.0
    assert off.abs().max() > 1e-6


def test_wide_priors_are_named() -> None:
    table = pd.DataFrame(
        {
            "model": ["best", "firm", "weak", "turning"],
            "log_bf": [0.0, -20.0, -6.0, -4.0],
            "log_bf_half": [0.0, -22.0, -2.0, 3.0],
            "log_bf_double": [0.0, -18.0, -7.0, -9.0],
        }
    )
    assert prior_sensitive(table) == ["weak", "turning"]


def test_wrong_requests_are_refused_together(data: kv.RecognitionData) -> None:
    with pytest.raises(ValueError, match=r"all different; found uvsd\(items=.*\n.*effects of items"):
        kv.evidence(["uvsd(items=d_prime)", "uvsd(items=d_prime)"], data)
    with pytest.raises(ValueError, match="method: expected one of"):
        kv.evidence(["evsd", "uvsd"], data, method="guess", show_progress=False)  # type: ignore[arg-type]
