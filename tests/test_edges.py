"""At and beside the ends of supports a log-likelihood is a number or minus infinity, or the value is refused."""

import numpy as np
import pandas as pd
import pytest
from recognition_tables import trial_table

import kvfit as kv
from kvfit.checks.bench import Bench
from kvfit.checks.edges import edge_values, edges_of_recall, edges_of_recognition
from kvfit.checks.recognition.bench import RecognitionBench
from kvfit.parameters import Ends, Parameter, ParameterError, Support
from kvfit.recall.model import RecallModel
from kvfit.recognition.distributions import Gamma2, Normal
from kvfit.recognition.model import RecognitionModel
from kvfit.registry import families, get_model

LISTS = kv.read_free_recall(
    pd.DataFrame(
        [(1, 1, "study", at, f"w{at}") for at in (1, 2, 3)] + [(1, 1, "recall", 1, "w2")],
        columns=["subject", "list", "trial_type", "position", "item"],
    )
)
RATINGS = kv.read_recognition(trial_table(1, [3, 3, 2], [1, 1, 2], list_length=3), scale="1-3", old_from=3)


def middle(spec: str, data: object) -> dict[str, float]:
    parameters = kv.get_model(spec).bind(data).parameters
    return {p.name: float(p.to_natural(np.asarray(p.location))) for p in parameters}


@pytest.mark.parametrize("name", sorted(families()))
def test_every_model_has_numbers_at_and_beside_the_ends_of_supports(name: str) -> None:
    model = get_model(name)
    if isinstance(model, RecognitionModel):
        found = edges_of_recognition(RecognitionBench(model, 0))
    else:
        assert isinstance(model, RecallModel)
        found = edges_of_recall(Bench(model, 0))
    assert found.passed, found.detail


def test_a_model_that_has_none_is_told() -> None:
    model = get_model("serial_position")
    assert isinstance(model, RecallModel)
    closed = tuple(Parameter(p.name, p.symbol, p.support, p.interval, "", "") for p in model.memory_parameters)
    object.__setattr__(model, "memory_parameters", closed)
    found = edges_of_recall(Bench(model, 0))
    assert not found.passed
    assert "rho_end = 1.0: no log-likelihood at" in found.detail


@pytest.mark.parametrize(
    ("spec", "name", "value", "words"),
    [
        # case 30 of issue 13
        ("uvsd", "sigma", 0.0, "sigma: expected greater than 0, found 0"),
        ("todam", "features", 0.0, "features: expected greater than 0, found 0"),
        ("kv_recall", "rho_end", 1.0, "rho_end: expected at least 0 and less than 1, found 1"),
        ("kv_recall", "rho_start", 1.0, "rho_start: expected at least 0 and less than 1, found 1"),
        # and what else had no number
        ("kv_recall(end_drift=tied)", "rho", 1.0, "rho: expected at least 0 and less than 1, found 1"),
        ("serial_position", "rho_end", 1.0, "rho_end: expected at least 0 and less than 1, found 1"),
        ("cmr(separation=softmax)", "temperature", 0.0, "temperature: expected greater than 0, found 0"),
        ("tcm", "tau", 0.0, "tau: expected greater than 0, found 0"),
        ("gamma_sd", "scale", 0.0, "scale: expected greater than 0, found 0"),
        ("gamma_sd", "criterion", 0.0, "criterion: expected greater than 0, found 0"),
        ("gcm", "similarity", 0.0, "similarity: expected greater than 0 and at most 1, found 0"),
        ("kv_recognition(read=key, match_sd=free)", "match_sd", 0.0, "match_sd: expected greater than 0, found 0"),
    ],
)
def test_ends_without_a_number_are_refused(spec: str, name: str, value: float, words: str) -> None:
    data = LISTS if kv.get_model(spec).task == "free_recall" else RATINGS
    for call in (kv.log_likelihood, lambda *given: kv.simulate(*given, seed=1)):
        with pytest.raises(ParameterError, match=words):
            call(spec, data, middle(spec, data) | {name: value})


def test_ends_with_a_number_have_their_limit() -> None:
    # no recency and no primacy: one of three items, then a stop; p_stop(0) = p_stop(1) = 1/4 without a slope
    values = {"recency": 0.0, "primacy": 0.0, "rho_end": 0.5, "rho_start": 0.0}
    found = kv.log_likelihood("serial_position", LISTS, values | {"stop_probability": 0.25, "stop_slope": 0.0})
    assert found.item() == pytest.approx(np.log(0.75 / 3 * 0.25), rel=1e-12)
    # who never stops did not stop after one recall
    found = kv.log_likelihood("serial_position", LISTS, values | {"stop_probability": 0.0, "stop_slope": 0.0})
    assert found.item() == -np.inf
    # every old item is recollected, which gives the highest rating; the criterion halves new items
    values = {"d_prime": 1.0, "recollection": 1.0, "criterion": 0.0, "spacing_1": 0.0}
    found = kv.log_likelihood("dpsd", RATINGS, values).to_numpy()
    np.testing.assert_allclose(found[:2], 0.0, atol=1e-12)
    assert found[2] < -20
    np.testing.assert_allclose(found[3:5], np.log(0.5), rtol=1e-12)


def test_values_too_extreme_to_compute_are_an_error_and_never_nan() -> None:
    values = middle("cmr(separation=softmax)", LISTS) | {"temperature": 5e-324}
    with pytest.raises(ParameterError, match=r"too extreme .*\n  participant 1: 1 lists at .*temperature = 4.9"):
        kv.log_likelihood("cmr(separation=softmax)", LISTS, values)
    with pytest.raises(ValueError, match="no probabilities of recalls at the values of participant number 1"):
        kv.simulate("cmr(separation=softmax)", LISTS, values, seed=1)


@pytest.mark.parametrize("evidence", [Normal(np.array([-1e300]), 1.0), Normal(np.array([0.0]), 1e-300), Gamma2(1e-300)])
def test_evidence_far_from_criteria_leaves_categories_that_never_happen(evidence: Normal | Gamma2) -> None:
    criteria = np.array([[1.0, 2.0, 1e308]])
    with np.errstate(over="ignore"):
        found = np.exp(evidence.log_categories(criteria, np))
    np.testing.assert_array_equal(found, [[1.0, 0.0, 0.0, 0.0]])


@pytest.mark.parametrize(
    ("support", "ends", "inside", "words"),
    [
        ("unit", "closed", (True, True), "between 0 and 1"),
        ("unit", "lower", (True, False), "at least 0 and less than 1"),
        ("unit", "upper", (False, True), "greater than 0 and at most 1"),
        ("unit", "open", (False, False), "between 0 and 1, both excluded"),
        ("positive", "closed", (True, True), "0 or greater"),
        ("positive", "open", (False, True), "greater than 0"),
    ],
)
def test_words_say_which_ends_belong_to_the_support(
    support: Support, ends: Ends, inside: tuple[bool, bool], words: str
) -> None:
    p = Parameter("p", "p", support, (0.1, 0.9), "made up", "made up", ends=ends)
    assert p.support_words == words
    assert p.contains([0.0, 1.0]).tolist() == list(inside)
    assert p.contains([5e-324, 0.5, np.nextafter(1.0, 0.0)]).all()
    assert not p.contains([-5e-324, np.nan, np.inf]).any()
    assert (0.0 in edge_values(p)) == inside[0]
    assert support == "positive" or (1.0 in edge_values(p)) == inside[1]
