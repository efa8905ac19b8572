"""Likelihood models are the key-value engine where ``docs/memory.md`` says so."""

import numpy as np
import pandas as pd
import pytest
from study_lists import study_table

import kvfit as kv
from kvfit.kernels.match_cue import N_SCALARS, SEPARATION_A, SEPARATION_B, CoreConfig
from kvfit.kernels.reference import event_probabilities
from kvfit.memory import Decay, Delta, Dot, Hebb, KeyValueMemory, Power, Separation, Softmax, SoftThreshold, WriteRule
from kvfit.memory.scaffold import drifting_keys
from kvfit.recall.writing import after_writing

N = 8
PARAMETERS = {
    "rho": 0.6, "rho_end": 0.75, "rho_start": 0.4, "phi": 0.35, "kappa": 0.3, "recency": 2.0, "primacy": 1.1,
    "neighbour": 1.7, "stop_probability": 0.2, "stop_slope": 0.4,
}  # fmt: skip
ORDERS = [[8, 7, 1, 2, 5], [3, 4, 2, 8, 6], [1, 2, 3, 4, 5]]


def _recalled(orders: list[list[int]]) -> kv.FreeRecallData:
    table = study_table(1, len(orders), (N,))
    rows = [
        (1, label, "recall", output, f"w1_{label}_{position}")
        for label, order in enumerate(orders, start=1)
        for output, position in enumerate(order, start=1)
    ]
    study = table[table["trial_type"] == "study"]
    return kv.read_free_recall(pd.concat([study, pd.DataFrame(rows, columns=table.columns)], ignore_index=True))


RATE = 0.35


def _engine_log_probability(order: list[int], rule: WriteRule, unit: float) -> float:
    """Of recalling in this order, however recall ends: a query vector that drifts among stored addresses.

    The store is one matrix, read linearly; `unit` is how strongly its rule writes.
    """
    p, lag = PARAMETERS, np.arange(N)
    keys = drifting_keys(N, p["rho"], np.random.default_rng(0))
    stored = KeyValueMemory(Dot(), write=rule).store(keys, np.eye(N)).primal()
    # what a retrieved value's query map makes of it: the innovation of its address, mixed with the address itself
    before = np.vstack([np.zeros(N), p["rho"] * keys[:-1]])
    innovation = (keys - before) / np.where(lag == 0, 1.0, 1.0 - p["rho"] ** 2)[:, None]
    w_query = (1.0 - p["phi"]) * keys + p["phi"] * innovation
    end = p["recency"] / (1.0 - p["rho_end"] ** 4) * p["rho_end"] ** lag[::-1]
    start = p["primacy"] / (1.0 - p["rho_start"] ** 3) * p["rho_start"] ** lag
    query = np.linalg.solve(keys, end + start)
    left, total = np.ones(N, dtype=bool), 0.0
    for position in np.array(order) - 1:
        # attention among what was not yet recalled; an item is recalled with the probability that attention gives it
        attention = Softmax()(stored.read(query) / unit) * left
        total += np.log(attention[position] / attention.sum())
        left[position] = False
        value = np.eye(N)[position]
        query = (1.0 - p["kappa"]) * query + p["neighbour"] / p["rho"] * (value @ w_query)
    return float(total)


@pytest.mark.parametrize(
    ("write", "rule", "unit", "values"),
    [
        ("hebb", Hebb(), 1.0, {}),
        ("decay", Decay(RATE), 1.0, {"retention": 1.0 - RATE}),
        ("delta", Delta(RATE), RATE, {"erasure": RATE}),
    ],
)
def test_key_value_recall_reads_drifting_addresses(
    write: str, rule: WriteRule, unit: float, values: dict[str, float]
) -> None:
    found = kv.log_likelihood(
        f"kv_recall(write={write}, start=query)", _recalled(ORDERS), {**PARAMETERS, **values}
    ).to_numpy()
    expected = np.array([_engine_log_probability(order, rule, unit) for order in ORDERS])
    # all lists end after as many recalls, so that stopping drops out of differences
    np.testing.assert_allclose(np.diff(found), np.diff(expected), atol=1e-9)
    assert np.abs(np.diff(expected)).min() > 0.5


@pytest.mark.parametrize(("rule", "unit"), [(Decay(RATE), 1.0), (Delta(RATE), RATE), (Delta(1.0), 1.0)])
def test_tables_of_write_rules_are_those_of_explicit_vectors(rule: WriteRule, unit: float) -> None:
    rho, rng = 0.6, np.random.default_rng(4)
    lengths, n = np.array([5, N]), N
    match = rng.normal(size=(2, n + 1, n))
    p = {"retention": np.full(2, 1.0 - RATE), "erasure": np.full(2, unit), "rho": np.full(2, rho)}
    name = "decay" if isinstance(rule, Decay) else "delta"
    # every item's query finds 0.8 at its own key
    match[:, 1:][:, np.eye(n, dtype=bool)] = 0.8
    first, others = after_writing(match[:, 0], match[:, 1:], np.full(2, 0.8 * rho), name, p, lengths, n, np)
    for cell, length in enumerate(lengths):
        keys = drifting_keys(length, rho, rng)
        queries = np.linalg.solve(keys, match[cell, :, :length].T).T
        read = KeyValueMemory(Dot(), write=rule).store(keys, np.eye(length)).read(queries) / unit
        np.testing.assert_allclose(first[cell, :length], read[0], atol=1e-12)
        off = ~np.eye(n, dtype=bool)[:length, :length]
        np.testing.assert_allclose(others[cell, :length, :length][off], read[1 : length + 1][off], atol=1e-12)


@pytest.mark.parametrize(
    ("core", "a", "b", "separation"),
    [
        ("softmax", 0.0, 0.0, Softmax()),
        ("power", 2.5, 0.0, Power(2.5)),
        ("threshold", 0.6, 4.0, SoftThreshold(0.6, 4.0)),
    ],
)
def test_separations_are_those_of_the_compiled_core(core: str, a: float, b: float, separation: Separation) -> None:
    match = np.array([0.2, 1.0, 0.7])
    scalars = np.zeros((1, N_SCALARS))
    scalars[0, [SEPARATION_A, SEPARATION_B]] = a, b
    stop = np.log(np.full((1, 2, 4), 0.5))
    tables = (match[None, None], np.zeros((1, 3, 1, 3)), scalars, stop)
    first = event_probabilities(CoreConfig(8, separation=core), tables, 0, 3, np.array([], dtype=int))[0, :3]
    weights = separation(match[None])[0]
    np.testing.assert_allclose(first / first.sum(), weights / weights.sum(), rtol=1e-12)
