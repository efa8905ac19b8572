"""CMR and TCM give the numbers of independent implementations (cymr, compmemlearn, closed forms).

The cases ``instance_1`` and ``instance_2`` of ``golden/cmr_variants.json`` belong to an instance-based model
with trace activations raised to a power before they are weighted. kvfit does not have that model, so they
are not tested.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from context_network import Network
from context_network import event_probabilities as network_probabilities
from recall_tables import list_table, stack

from kvfit.kernels.reference import event_probabilities
from kvfit.likelihood import log_likelihood
from kvfit.recall.context import ContextModel, context_tables, drift
from kvfit.recall.model import RecallModel
from kvfit.registry import get_model
from kvfit.tasks.free_recall import FreeRecallData
from kvfit.tasks.readers import read_free_recall

CMR_NAMES = {
    "B_enc": "beta_enc",
    "B_start": "beta_start",
    "B_rec": "beta_rec",
    "Lfc": "gamma_fc",
    "Lcf": "gamma_cf",
    "P1": "phi_s",
    "P2": "phi_d",
    "T": "temperature",
    "X1": "X1",
    "X2": "X2",
}
UNIFORM_NAMES = {**CMR_NAMES, "Afc": "alpha_fc", "Acf": "alpha_cf"}
POWER_NAMES = {
    "encoding_drift_rate": "beta_enc",
    "start_drift_rate": "beta_start",
    "recall_drift_rate": "beta_rec",
    "shared_support": "alpha_cf",
    "item_support": "delta",
    "learning_rate": "gamma_fc",
    "primacy_scale": "phi_s",
    "primacy_decay": "phi_d",
    "stop_probability_scale": "X1",
    "stop_probability_growth": "X2",
    "choice_sensitivity": "exponent",
}
SET_A = {
    "B_enc": 0.7, "B_start": 0.3, "B_rec": 0.9, "Afc": 0, "Dfc": 0.85, "Acf": 0, "Dcf": 0.85,
    "Lfc": 0.15, "Lcf": 0.15, "P1": 0.2, "P2": 2, "T": 0.1, "X1": 0.001, "X2": 0.25,
}  # fmt: skip
SET_B = {
    "B_enc": 0.65, "B_start": 0.2, "B_rec": 0.85, "Afc": 0, "Dfc": 0.6, "Acf": 0.05, "Dcf": 0.3,
    "Lfc": 0.4, "Lcf": 0.7, "P1": 3.0, "P2": 0.9, "T": 0.35, "X1": 0.01, "X2": 0.3,
}  # fmt: skip
SET_D = {
    "B_enc": 0.9, "B_start": 0.6, "B_rec": 0.5, "Afc": 0.02, "Dfc": 0.7, "Acf": 0.1, "Dcf": 0.5,
    "Lfc": 0.3, "Lcf": 0.5, "P1": 0.0, "P2": 1.0, "T": 2.0, "X1": 0.05, "X2": 0.1,
}  # fmt: skip
POWER_1 = {
    "encoding_drift_rate": 0.8, "start_drift_rate": 0.1, "recall_drift_rate": 0.85, "shared_support": 0.02,
    "item_support": 0.25, "learning_rate": 0.3, "primacy_scale": 5.0, "primacy_decay": 0.8,
    "stop_probability_scale": 0.01, "stop_probability_growth": 0.25, "choice_sensitivity": 2.0,
}  # fmt: skip

CLOSED = "cmr(separation=softmax, stopping=exponential, floors={})"
DENSE = "cmr(separation=softmax, stopping=exponential, uniform=True, floors={})"
POWER = "cmr(form=kragel_2015)"


def renamed(parameters: dict[str, float], names: dict[str, str]) -> dict[str, float]:
    """Parameters of a source under kvfit's names."""
    return {ours: float(parameters[theirs]) for theirs, ours in names.items()}


def recall_data(n_items: int, recalls: list[list[int]]) -> FreeRecallData:
    """Lists of one participant, in order."""
    return read_free_recall(stack(*(list_table(1, label, n_items, recalled) for label, recalled in enumerate(recalls))))


def one_cell(model: RecallModel, parameters: dict[str, float], n_items: int) -> tuple[np.ndarray, ...]:
    """NumPy tables of one participant."""
    values = {name: np.array([value]) for name, value in parameters.items()}
    return model.tables(values, np.array([n_items]), n_items, np)


def next_responses(spec: str, parameters: dict[str, float], n_items: int, recalls: list[int]) -> np.ndarray:
    """``(output, response)`` with recalls as positions from 1."""
    model = get_model(spec)
    tables = one_cell(model, parameters, n_items)
    return event_probabilities(model.core(n_items), tables, 0, n_items, np.array(recalls, dtype=int) - 1)


def observed(rows: np.ndarray, recalls: list[int]) -> np.ndarray:
    """Probabilities of the events that happened."""
    return rows[np.arange(len(rows)), [*(np.array(recalls, dtype=int) - 1), -1]]


def assert_cymr(spec: str, parameters: dict[str, float], case: dict[str, Any]) -> None:
    recalls = [entry["recalls"] for entry in case["inputs"]["lists"]]
    n_items = case["inputs"]["list_length"]
    expected = case["expected"]["per_list"]
    data = recall_data(n_items, recalls)
    for floors, field in (("support", "log_likelihood"), ("cymr", "log_likelihood_clipped_1e5")):
        found = log_likelihood(spec.format(floors), data, parameters)
        np.testing.assert_allclose(found, [e[field] for e in expected], rtol=1e-8)
        np.testing.assert_allclose(found.sum(), case["expected"][f"total_{field}"], rtol=1e-8)
    for recalled, entry in zip(recalls, expected, strict=True):
        rows = next_responses(spec.format("support"), parameters, n_items, recalled)
        np.testing.assert_allclose(observed(rows, recalled), entry["event_probabilities"], rtol=1e-8)


def cases(shared: Path, name: str) -> dict[str, dict[str, Any]]:
    content = json.loads((shared / "golden" / f"{name}.json").read_text(encoding="utf-8"))
    return {case["id"]: case for case in content["cases"]}


@pytest.mark.shared
@pytest.mark.parametrize("letter", ["A", "C"])
def test_cymr_without_uniform_associations_closed_form(shared: Path, letter: str) -> None:
    case = cases(shared, "cmr")[f"cymr_localist_set_{letter}"]
    assert case["parameters"]["Afc"] == case["parameters"]["Acf"] == 0
    assert_cymr(CLOSED, renamed(case["parameters"], CMR_NAMES), case)


@pytest.mark.shared
@pytest.mark.parametrize("letter", ["A", "B", "C", "D"])
def test_cymr_with_explicit_context_vectors(shared: Path, letter: str) -> None:
    case = cases(shared, "cmr")[f"cymr_localist_set_{letter}"]
    assert_cymr(DENSE, renamed(case["parameters"], UNIFORM_NAMES), case)


@pytest.mark.shared
def test_cymr_cases_are_all_tested(shared: Path) -> None:
    assert list(cases(shared, "cmr")) == [
        *(f"cymr_localist_set_{letter}" for letter in "ABCD"),
        "context_after_study_3_items",
        "first_recall_distribution_B",
    ]
    assert list(cases(shared, "tcm")) == [
        "rho_table",
        "list12_immediate",
        "list12_delayed",
        "list10_slow_drift",
    ]


@pytest.mark.shared
def test_cymr_first_recall_distribution(shared: Path) -> None:
    case = cases(shared, "cmr")["first_recall_distribution_B"]
    first = next_responses(DENSE.format("support"), renamed(case["parameters"], UNIFORM_NAMES), 24, [])[0]
    np.testing.assert_allclose(first[:-1], case["expected"]["p_first_recall_by_serial_position"], rtol=1e-8)
    assert first[-1] == pytest.approx(case["parameters"]["X1"])


@pytest.mark.shared
def test_cymr_context_and_weights_after_study(shared: Path) -> None:
    case = cases(shared, "cmr")["context_after_study_3_items"]
    expected = {name: np.array(value) for name, value in case["expected"].items()}
    context = expected["context_after_start_reinstatement"]
    to_item = expected["experimental_context_to_item_weights_rows_items"]
    to_context = expected["experimental_item_to_context_weights_rows_items"]
    network = Network(case["parameters"], 3)
    network.study()
    np.testing.assert_allclose(network.context, context, atol=1e-9)
    np.testing.assert_allclose(network.context_to_item_learned, to_item, atol=1e-9)
    np.testing.assert_allclose(network.item_to_context_learned, to_context, atol=1e-9)

    # kvfit builds no vectors: its tables are these vectors' products
    p = case["parameters"]
    initial, cue, scalars, _ = one_cell(get_model(DENSE.format("none")), renamed(p, UNIFORM_NAMES), 3)
    units = np.eye(3, 4)
    to_item = to_item + p["Dcf"] * units + p["Acf"] * np.pad(np.ones((3, 3)), ((0, 0), (0, 1)))
    to_context = to_context + p["Dfc"] * units
    c_in = to_context / np.linalg.norm(to_context, axis=1, keepdims=True)
    gain = 2 / p["T"]
    np.testing.assert_allclose(initial[0], [gain * to_item @ context, c_in @ context], atol=1e-8)
    np.testing.assert_allclose(cue[0, :, 0], gain * p["B_rec"] * c_in @ to_item.T, atol=1e-8)
    np.testing.assert_allclose(cue[0, :, 1], p["B_rec"] * c_in @ c_in.T, atol=1e-8)
    assert scalars[0, 0] == p["B_rec"]


@pytest.mark.shared
@pytest.mark.parametrize("number", [1, 2])
def test_power_rule(shared: Path, number: int) -> None:
    case = cases(shared, "cmr_variants")[f"power_choice_{number}"]
    parameters = renamed(case["parameters"], POWER_NAMES)
    recalls = [entry["recalls"] for entry in case["inputs"]["lists"]]
    expected = case["expected"]["per_list"]
    found = log_likelihood(POWER, recall_data(24, recalls), parameters)
    np.testing.assert_allclose(found, [e["log_likelihood"] for e in expected], rtol=1e-7)
    np.testing.assert_allclose(found.sum(), case["expected"]["total_log_likelihood"], rtol=1e-7)
    for recalled, entry in zip(recalls, expected, strict=True):
        rows = next_responses(POWER, parameters, 24, recalled)
        np.testing.assert_allclose(observed(rows, recalled), entry["event_probabilities"], rtol=1e-7)


@pytest.mark.shared
def test_tcm_drift(shared: Path) -> None:
    case = cases(shared, "tcm")["rho_table"]
    beta, overlap = (np.array(case["inputs"][name]) for name in ("beta", "d"))
    found = drift(beta[:, None], overlap[None, :], np)
    np.testing.assert_allclose(found, case["expected"]["rho_rows_beta_columns_d"], atol=1e-11)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["list12_immediate", "list12_delayed", "list10_slow_drift"])
def test_tcm_lists(shared: Path, name: str) -> None:
    case = cases(shared, "tcm")[name]
    p, expected, n = case["parameters"], case["expected"], case["inputs"]["list_length"]
    parameters = {
        "beta": p["beta"],
        "tau": p["tau"],
        "gamma": p["gamma_relative_weight_of_item_specific_input"],
        "rho_delay": p["rho_D"],
        # half of all outputs stop; the reference numbers are given that recall goes on
        "stop_probability": 0.5,
        "stop_slope": 0.0,
    }
    initial, *_ = one_cell(get_model("tcm(delay=True)"), parameters, n)
    np.testing.assert_allclose(initial[0, 0] * p["tau"] / 2, expected["cue_support_by_position"], atol=1e-9)
    first = next_responses("tcm(delay=True)", parameters, n, [])[0]
    np.testing.assert_allclose(first[:-1] / 0.5, expected["p_first_recall"], atol=1e-9)
    for position, after in expected["p_next_recall_after_recall_of_position"].items():
        found = next_responses("tcm(delay=True)", parameters, n, [int(position)])[1]
        np.testing.assert_allclose(found[:-1] / 0.5, after, atol=1e-9)
    # cues made of study context alone are the similarities of study contexts
    one, zero = np.ones(1), np.zeros(1)
    model = ContextModel(
        beta_enc=np.array([p["beta"]]), beta_start=zero, beta_rec=one, d_fc=zero, l_fc=one, d_cf=zero,
        learning=np.ones((1, n)),
    )  # fmt: skip
    similarity = context_tables(model, np.array([n]), n, np)[1][0, :, 0]
    np.testing.assert_allclose(similarity[0], expected["similarity_of_study_contexts_first_row"], atol=1e-9)
    by_lag = expected["context_similarity_by_lag"]
    np.testing.assert_allclose(similarity[2, 2 : 2 + len(by_lag)], by_lag, atol=1e-9)


# The numbers below are copied from the same runs, so that they are tested without the shared folder.


@pytest.mark.parametrize("spec", [CLOSED, DENSE])
def test_cymr_set_a_one_list(spec: str) -> None:
    # cymr 0.14.3, set A, subject 1, list index 9 of Morton et al. (2013), mixed lists
    recalls = [24, 22, 7, 14, 3]
    parameters = renamed(SET_A, CMR_NAMES if spec == CLOSED else UNIFORM_NAMES)
    found = log_likelihood(spec.format("support"), recall_data(24, [recalls]), parameters)
    np.testing.assert_allclose(found, [-18.5881596623], rtol=1e-8)
    np.testing.assert_allclose(
        observed(next_responses(spec.format("support"), parameters, 24, recalls), recalls),
        [0.981017555831, 0.138534628643, 0.0213973154885, 0.0298087441622, 0.0279549444469, 0.00349034295746],
        rtol=1e-8,
    )


def test_cymr_set_d_one_list() -> None:
    # cymr 0.14.3, set D (uniform associations), subject 1, list index 9
    recalls = [24, 22, 7, 14, 3]
    parameters = renamed(SET_D, UNIFORM_NAMES)
    found = log_likelihood(DENSE.format("support"), recall_data(24, [recalls]), parameters)
    np.testing.assert_allclose(found, [-17.6500996148], rtol=1e-8)


def test_cymr_floor_of_event_probabilities() -> None:
    # cymr 0.14.3, set B, subject 1, list index 1: one list in which cymr's floor of 1e-5 matters
    recalls = [23, 24, 22, 1, 2, 9, 10, 11, 18, 5, 13, 12, 16, 7, 15, 21, 3, 20]
    parameters = renamed(SET_B, UNIFORM_NAMES)
    data = recall_data(24, [recalls])
    smooth, floored = (log_likelihood(DENSE.format(floors), data, parameters) for floors in ("support", "cymr"))
    np.testing.assert_allclose(smooth, [-78.6077872736], rtol=1e-8)
    np.testing.assert_allclose(floored, [-68.3300328265], rtol=1e-8)


def test_power_rule_one_list() -> None:
    # compmemlearn with corrected drift, power_choice_1, subject 5, list index 3
    recalls = [24, 23, 22, 21, 19, 20, 2, 14, 7, 18, 16, 6, 12]
    found = log_likelihood(POWER, recall_data(24, [recalls]), renamed(POWER_1, POWER_NAMES))
    np.testing.assert_allclose(found, [-37.8792495815], rtol=1e-7)


def test_tcm_transitions_one_list() -> None:
    # closed form of Howard & Kahana (2002), beta .3, tau .2, gamma .8, ten items: support of the first
    # position
    found = one_cell(
        get_model("tcm"),
        {"beta": 0.3, "tau": 0.2, "gamma": 0.8, "stop_probability": 0.1, "stop_slope": 0.3},
        10,
    )[0][0, 0, 0]
    assert found * 0.2 / 2 == pytest.approx(0.65416343534, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_closed_form_equals_the_network(seed: int) -> None:
    """Random parameters, random recalls: the closed form against explicit vectors and matrices."""
    rng = np.random.default_rng(seed)
    unit = rng.uniform(0.05, 0.95, 5)
    p = dict(zip(("B_enc", "B_start", "B_rec", "Lfc", "Lcf"), unit, strict=True))
    p |= {"Dfc": 1 - p["Lfc"], "Dcf": 1 - p["Lcf"], "Afc": 0.0, "Acf": 0.0}
    p |= {"P1": rng.uniform(0, 5), "P2": rng.uniform(0.1, 3), "T": rng.uniform(0.1, 1)}
    p |= {"X1": rng.uniform(0.001, 0.05), "X2": rng.uniform(0.1, 0.5)}
    recalls = [(rng.permutation(13) + 1)[:m].tolist() for m in (0, 1, 6, 13)]
    expected = [np.log(network_probabilities(p, 13, r)).sum() for r in recalls]
    data = recall_data(13, recalls)
    for spec, names in ((CLOSED, CMR_NAMES), (DENSE, UNIFORM_NAMES)):
        found = log_likelihood(spec.format("support"), data, renamed(p, names))
        np.testing.assert_allclose(found, expected, rtol=1e-11)


@pytest.mark.parametrize("seed", range(3))
def test_uniform_associations_equal_the_network(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    p = SET_D | {
        "Afc": rng.uniform(0.001, 0.2),
        "Acf": rng.uniform(0.01, 0.5),
        "B_enc": rng.uniform(0.2, 0.9),
    }
    recalls = [(rng.permutation(13) + 1)[:m].tolist() for m in (0, 4, 13)]
    expected = [np.log(network_probabilities(p, 13, r)).sum() for r in recalls]
    found = log_likelihood(DENSE.format("support"), recall_data(13, recalls), renamed(p, UNIFORM_NAMES))
    np.testing.assert_allclose(found, expected, rtol=1e-11)


@pytest.mark.parametrize("seed", range(3))
def test_power_rule_equals_the_network(seed: int) -> None:
    rng = np.random.default_rng(200 + seed)
    ours = {
        "beta_enc": rng.uniform(0.2, 0.9), "beta_start": rng.uniform(0, 0.9),
        "beta_rec": rng.uniform(0.2, 0.95), "gamma_fc": rng.uniform(0.1, 0.9), "delta": rng.uniform(0.1, 3),
        "alpha_cf": rng.uniform(0.01, 1), "phi_s": rng.uniform(0, 5), "phi_d": rng.uniform(0.1, 2),
        "exponent": rng.uniform(0.5, 6),
        "X1": 0.02, "X2": 0.2,
    }  # fmt: skip
    theirs = {
        "B_enc": ours["beta_enc"], "B_start": ours["beta_start"], "B_rec": ours["beta_rec"],
        "Lfc": ours["gamma_fc"], "Dfc": 1 - ours["gamma_fc"], "Afc": 0.0,
        "Lcf": 1.0, "Dcf": ours["delta"] - ours["alpha_cf"], "Acf": ours["alpha_cf"],
        "P1": ours["phi_s"], "P2": ours["phi_d"], "tau": ours["exponent"], "X1": 0.02, "X2": 0.2,
    }  # fmt: skip
    recalls = [(rng.permutation(13) + 1)[:m].tolist() for m in (0, 4, 13)]
    expected = [np.log(network_probabilities(theirs, 13, r, floor=0.0)).sum() for r in recalls]
    found = log_likelihood(POWER, recall_data(13, recalls), ours)
    np.testing.assert_allclose(found, expected, rtol=1e-11)


def test_shared_support_has_a_closed_form() -> None:
    """Context units that support every item (Acf of cymr's set B) need no vectors either."""
    p = {name: np.array([float(value)]) for name, value in SET_B.items()}
    learning = p["Lcf"][:, None] + p["P1"] * np.exp(-p["P2"] * np.arange(24))
    shared_parts = {
        "beta_enc": p["B_enc"], "beta_start": p["B_start"], "beta_rec": p["B_rec"], "d_fc": p["Dfc"],
        "l_fc": p["Lfc"], "d_cf": p["Dcf"], "learning": learning, "a_cf": p["Acf"],
    }  # fmt: skip
    closed = context_tables(ContextModel(**shared_parts), np.array([24]), 24, np)
    dense = context_tables(ContextModel(**shared_parts, a_fc=np.zeros(1)), np.array([24]), 24, np)
    for ours, theirs in zip(closed, dense, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
