"""Models that are special cases of others score the same: every rival that is an option is really nested."""

from typing import Any

import numpy as np
import pytest
from recall_tables import list_table, stack

from kvfit.likelihood import log_likelihood
from kvfit.registry import get_model
from kvfit.tasks.free_recall import FreeRecallData
from kvfit.tasks.readers import read_free_recall

STOP = {"stop_probability": 0.3, "stop_slope": 0.2}
ENDS = {"recency": 0.8, "rho_end": 0.7, "primacy": 0.6, "rho_start": 0.4}
CUE = {"rho": 0.6, "neighbour": 1.3}
QUERY = {**ENDS, **CUE, "phi": 0.3, "kappa": 0.4, **STOP}
STRENGTH = {("strength" if name == "primacy" else name): value for name, value in QUERY.items()}
KV = {**QUERY, "strength": 0.9}
SCALED = {
    "rho": 0.6, "phi": 0.3, "kappa": 0.4, "rho_end": 0.7, "w_start": 0.3, "strength": 0.5, "rho_start": 0.4, "w_cue": 0.9,
    **STOP,
}  # fmt: skip
#: a floor that changes no number here
NO_FLOOR = 1e-14
CMR = {
    "beta_enc": 0.7, "beta_start": 0.3, "beta_rec": 0.8, "gamma_fc": 0.3, "gamma_cf": 0.4,
    "phi_s": 1.5, "phi_d": 0.8, "temperature": 0.3, **STOP,
}  # fmt: skip
POWER = {
    "beta_enc": 0.7, "beta_start": 0.3, "beta_rec": 0.8, "gamma_fc": 0.3, "delta": 0.5, "alpha_cf": 0.2,
    "phi_s": 1.5, "phi_d": 0.8, "exponent": 2.0, **STOP,
}  # fmt: skip
TCM = {"beta": 0.7, "tau": 0.3, "gamma": 0.5, **STOP}
RHO = np.sqrt(1 - CMR["beta_enc"] ** 2)


def without(parameters: dict[str, float], *names: str, **others: float) -> dict[str, float]:
    """Copy of parameters with some left out and others set."""
    return {k: v for k, v in parameters.items() if k not in names} | others


#: name -> the general model with its parameters, the special model with its own
NESTED: dict[str, tuple[str, dict[str, float], str, dict[str, float]]] = {
    "key query is phi = 0": ("kv_recall", {**KV, "phi": 0.0}, "kv_recall(query=key)", without(KV, "phi")),
    "value query is phi = 1": ("kv_recall", {**KV, "phi": 1.0}, "kv_recall(query=value)", without(KV, "phi")),
    "key query, power": (
        "kv_recall(separation=power)", {**SCALED, "phi": 0.0, "exponent": 2.0, "floor": 0.2},
        "kv_recall(separation=power, query=key)", without(SCALED, "phi", exponent=2.0, floor=0.2),
    ),
    "identity is the power 1 without a floor": (
        "kv_recall(separation=power)", {**SCALED, "exponent": 1.0, "floor": NO_FLOOR},
        "kv_recall(separation=identity)", SCALED,
    ),
    "a query alone is a strength of zero": (
        "kv_recall", {**QUERY, "strength": 0.0}, "kv_recall(start=query)", QUERY,
    ),
    "a strength alone is a query of zero": (
        "kv_recall", {**STRENGTH, "primacy": 0.0}, "kv_recall(start=strength)", STRENGTH,
    ),
    "where nothing is lost from the match a query is a strength": (
        "kv_recall(start=strength)", {**STRENGTH, "kappa": 0.0}, "kv_recall(start=query)", {**QUERY, "kappa": 0.0},
    ),
    "a strength alone is a query of zero, power": (
        "kv_recall(separation=power)", {**SCALED, "w_start": 0.0, "exponent": 2.0, "floor": 0.2},
        "kv_recall(separation=power, start=strength)", without(SCALED, "w_start", exponent=2.0, floor=0.2),
    ),
    "tied end drift": (
        "kv_recall", {**KV, "rho_end": KV["rho"]}, "kv_recall(end_drift=tied)", without(KV, "rho_end"),
    ),
    "autoassociation forgets the old match": (
        "kv_recall(query=key)", without(KV, "phi", kappa=1.0),
        "kv_recall(memory=autoassociative)", without(KV, "phi", "kappa"),
    ),
    "no scaffold is no cue": (
        "kv_recall", {**KV, "neighbour": 0.0}, "kv_recall(scaffold=False)", without(KV, "phi", "rho", "neighbour"),
    ),
    "nothing fades": ("kv_recall(write=decay)", {**KV, "retention": 1.0}, "kv_recall", KV),
    "nothing is overwritten": ("kv_recall(write=delta)", {**KV, "erasure": 0.0}, "kv_recall", KV),
    "fading traces and a steeper query for the end are one": (
        "kv_recall(write=decay)",
        {**KV, "neighbour": 0.0, "kappa": 0.0, "primacy": 0.0, "strength": 0.0, "rho_end": 0.9, "recency": 2 * (1 - 0.9**4)}
        | {"retention": 0.8},
        "serial_position", {**STOP, "rho_end": 0.72, "recency": 2 * (1 - 0.72**4), "primacy": 0.0, "rho_start": 0.5},
    ),
    "serial position": (
        "kv_recall", {**KV, "neighbour": 0.0, "kappa": 0.0, "primacy": 0.2, "strength": 0.4},
        "serial_position", {**ENDS, **STOP},
    ),
    "random recall": (
        "serial_position", {**ENDS, **STOP, "recency": 0.0, "primacy": 0.0}, "random_recall", STOP,
    ),
    "positional stopping": (
        "kv_recall(stopping=mixed)",
        without(KV, "stop_probability", stop_bias=float(np.log(0.3 / 0.7)), stop_match=0.0),
        "kv_recall", KV,
    ),
    "match stopping is mixed without slope": (
        "kv_recall(stopping=mixed)",
        without(KV, "stop_probability", stop_bias=0.5, stop_match=0.7, stop_slope=0.0),
        "kv_recall(stopping=match)", without(KV, "stop_probability", "stop_slope", stop_bias=0.5, stop_match=0.7),
    ),
    "TCM is CMR without primacy and start": (
        "cmr(separation=softmax)",
        {
            **CMR, "beta_enc": TCM["beta"], "beta_rec": TCM["beta"], "beta_start": 0.0, "phi_s": 0.0, "gamma_cf": 1.0,
            "gamma_fc": 1 / (1 + TCM["gamma"]), "temperature": TCM["tau"],
        },
        "tcm", TCM,
    ),
    "TCM without delay": ("tcm(delay=True)", {**TCM, "rho_delay": 1.0}, "tcm", TCM),
    "CMR without uniform associations": (
        "cmr(separation=softmax, uniform=True)", {**CMR, "alpha_fc": 0.0, "alpha_cf": 0.0}, "cmr(separation=softmax)", CMR,
    ),
    "power CMR without uniform item-to-context associations": (
        "cmr(uniform=True)", {**POWER, "alpha_fc": 0.0}, "cmr", POWER,
    ),
    "CMR without learning and reinstatement is recency": (
        "cmr(separation=softmax)", {**CMR, "beta_rec": 0.0, "beta_start": 0.0, "gamma_cf": 0.0, "phi_s": 0.0},
        "serial_position",
        {
            **STOP, "recency": 2 * CMR["beta_enc"] / CMR["temperature"] * (1 - RHO**4), "rho_end": RHO,
            "primacy": 0.0, "rho_start": 0.5,
        },
    ),
    "CMR at a high temperature is random": (
        "cmr(separation=softmax)", {**CMR, "temperature": 1e13}, "random_recall", STOP,
    ),
    "support floor without effect": ("cmr(separation=softmax, floors=support)", CMR, "cmr(separation=softmax)", CMR),
}  # fmt: skip


@pytest.fixture(scope="module")
def data() -> FreeRecallData:
    rng = np.random.default_rng(50)
    lists = []
    for label in range(20):
        n_items = 8 if label % 2 else 5
        n_recalled = [0, 1, n_items, 4, 3][label % 5]
        recalled = (rng.permutation(n_items) + 1)[:n_recalled]
        lists.append(list_table(1, label, n_items, recalled.tolist()))
    return read_free_recall(stack(*lists))


@pytest.mark.parametrize("case", NESTED.values(), ids=NESTED.keys())
def test_nested_model_scores_the_same(case: tuple[str, dict[str, float], str, dict[str, float]], data: Any) -> None:
    general, general_values, special, special_values = case
    expected = log_likelihood(special, data, special_values)
    np.testing.assert_allclose(log_likelihood(general, data, general_values), expected, rtol=1e-11)


def test_cmr_without_learning_cues_only_the_recalled_item() -> None:
    p = {name: np.array([value]) for name, value in CMR.items()}
    p |= {name: np.zeros(1) for name in ("gamma_fc", "gamma_cf", "phi_s")}
    _, cue, _, _ = get_model("cmr(separation=softmax)").tables(p, np.array([6]), 6, np)
    others = ~np.eye(6, dtype=bool)
    assert np.abs(cue[0, :, 0][others]).max() == 0.0
    assert (np.diag(cue[0, :, 0]) > 0).all()


def test_value_query_reaches_forward_only_and_key_query_both_ways() -> None:
    p = {name: np.array([value]) for name, value in QUERY.items()}
    cues = {
        q: get_model(f"kv_recall(query={q}, start=query)").tables(p, np.array([6]), 6, np)[1][0, :, 0]
        for q in ("value", "key")
    }
    backward = np.tril_indices(6, -1)
    assert np.abs(cues["value"][backward]).max() == 0.0
    np.testing.assert_allclose(cues["key"], cues["key"].T)
    np.testing.assert_allclose(cues["value"][np.triu_indices(6, 1)], cues["key"][np.triu_indices(6, 1)])


def test_start_and_end_queries_are_those_of_the_theory() -> None:
    # theory.md 4.1: s_1(j) = w_end rho_end^(N-j) + w_start rho_start^(j-1); U(i, j) = rho^|i-j| for phi = 0
    p = {name: np.array([value]) for name, value in {**QUERY, "phi": 0.0}.items()}
    initial, cue, scalars, _ = get_model("kv_recall(start=query)").tables(p, np.array([6]), 6, np)
    w_end, w_start, w_cue = 0.8 / (1 - 0.7**4), 0.6 / (1 - 0.4**3), 1.3 / 0.6
    j = np.arange(1, 7)
    np.testing.assert_allclose(initial[0, 0], w_end * 0.7 ** (6 - j) + w_start * 0.4 ** (j - 1), rtol=1e-12)
    lag = np.abs(j[:, None] - j[None, :])
    off = lag > 0
    np.testing.assert_allclose(cue[0, :, 0][off], (w_cue * 0.6**lag)[off], rtol=1e-12)
    assert scalars[0, 0] == pytest.approx(1 - 0.4)
    assert initial[0, 0, 5] - initial[0, 0, 1] == pytest.approx(0.8 + w_start * (0.4**5 - 0.4))
