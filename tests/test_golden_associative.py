"""The key-value engine gives every case of Hopfield, dense, modern, universal, sparse distributed and scaffold memory."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kvfit.memory import (
    Cosine,
    Dot,
    Exponential,
    Identity,
    InverseDistance,
    Kernel,
    KeyValueMemory,
    NegativeDistance,
    NegativeHamming,
    Power,
    RectifiedPolynomial,
    Separation,
    Softmax,
    Threshold,
    Top,
    attractor,
    capacity,
    named,
)  # fmt: skip
from kvfit.memory.modular import ModularScaffold

Case = dict[str, Any]
KERNELS: dict[str, Kernel] = {
    "dot": Dot(),
    "cosine": Cosine(),
    "negative_squared_euclidean": NegativeDistance(2.0, 2.0),
    "negative_manhattan": NegativeDistance(1.0),
    "inverse_squared_euclidean": InverseDistance(2.0, 2.0),
    "inverse_manhattan": InverseDistance(1.0),
}


def _separations(beta: float) -> dict[str, Separation]:
    return {
        "identity": Identity(),
        "softmax": Softmax(beta),
        "max": Top(1),
        "polynomial_3": Power(3.0),
        "relu": RectifiedPolynomial(1.0),
        "exponential_unnormalised": Exponential(beta),
    }


def check_critical_load(case: Case) -> None:
    found, overlap = capacity.hopfield_critical_load()
    assert found == pytest.approx(case["expected"]["alpha_c"], abs=1e-8)
    # the load is flat where it is largest, so that the overlap there is known to fewer digits
    assert overlap == pytest.approx(case["expected"]["overlap_at_alpha_c"], abs=1e-7)


def check_overlap_by_load(case: Case) -> None:
    found = capacity.hopfield_overlap(np.array([*case["inputs"]["alpha"], 0.14]))
    np.testing.assert_allclose(found, [*case["expected"]["overlap"], 0.0], atol=1e-8)


def check_one_step_load(case: Case) -> None:
    found = capacity.one_step_load(np.array(case["inputs"]["p_error"]))
    np.testing.assert_allclose(found, case["expected"]["alpha"], rtol=1e-8)


def check_one_step_accuracy(case: Case) -> None:
    found = [capacity.hopfield_bit_accuracy(n, p) for n, p in case["inputs"]["N_p"]]
    np.testing.assert_allclose(found, case["expected"]["p_bit_correct"], atol=1e-9)


def check_hopfield(case: Case) -> None:
    patterns, cue = (np.array(case["inputs"][name], dtype=float) for name in ("patterns", "cue"))
    expected = case["expected"]
    weights = attractor.hopfield_weights(named.hopfield(cue.size).store(patterns))
    np.testing.assert_allclose(weights[0], expected["weights_row_0"], atol=1e-11)
    np.testing.assert_allclose(cue @ weights, expected["field_on_cue"], atol=1e-11)
    states = attractor.synchronous(weights, cue, len(expected["synchronous_states"]) - 1)
    np.testing.assert_array_equal(states, expected["synchronous_states"])
    sweeps = attractor.asynchronous(weights, cue, len(expected["energy_initial_then_after_each_sweep"]) - 1)
    np.testing.assert_array_equal(sweeps[-1], expected["asynchronous_final_state"])
    energies = attractor.hopfield_energy(weights, sweeps)
    np.testing.assert_allclose(energies, expected["energy_initial_then_after_each_sweep"], atol=1e-11)
    np.testing.assert_allclose(sweeps[-1] @ patterns.T / cue.size, expected["overlaps_of_final_state"], atol=1e-11)


def check_dense(case: Case) -> None:
    patterns, state = (np.array(case["inputs"][name], dtype=float) for name in ("patterns", "state"))
    n, expected = case["parameters"]["power"], case["expected"]
    interaction = RectifiedPolynomial(n) if case["parameters"]["rectified"] else Power(n, signed=False)
    field = attractor.dense_field(patterns, state, interaction)
    np.testing.assert_allclose(field, expected["input_difference_per_unit"], atol=1e-9)
    np.testing.assert_array_equal(attractor.sign(field, state), expected["new_state_synchronous"])
    assert attractor.dense_energy(patterns, state, interaction) == pytest.approx(expected["energy"], abs=1e-9)


def check_dense_capacity(case: Case) -> None:
    found = [capacity.dense_capacity(n, units) for n, units in case["inputs"]["n_N"]]
    np.testing.assert_allclose(found, case["expected"]["K_max_no_errors"], rtol=1e-9)


def check_modern(case: Case) -> None:
    patterns, state = (np.array(case["inputs"][name]) for name in ("patterns", "state"))
    beta, expected = case["parameters"]["beta"], case["expected"]
    stored = named.modern_hopfield(beta).store(patterns)
    states = stored.iterate(state, len(expected["states_after_each_step"]))
    np.testing.assert_allclose(states[1:], expected["states_after_each_step"], atol=1e-10)
    np.testing.assert_allclose(stored.attention(states[:-1]), expected["attention_weights_by_step"], atol=1e-10)
    energies = attractor.modern_energy(patterns, states, beta)
    np.testing.assert_allclose(energies, expected["energy_initial_and_after_each_step"], atol=1e-10)


def check_universal(case: Case) -> None:
    keys, values, query = (np.array(case["inputs"][name]) for name in ("keys_rows", "values_rows", "query"))
    beta = case["parameters"]["beta"]
    assert set(case["expected"]) == set(KERNELS)
    for kernel, expected in case["expected"].items():
        for separation, retrieved in expected["retrieved"].items():
            stored = KeyValueMemory(KERNELS[kernel], _separations(beta)[separation]).store(keys, values)
            np.testing.assert_allclose(stored.match(query), expected["similarity"], atol=1e-10)
            # the file holds twelve digits of numbers up to 5e21
            np.testing.assert_allclose(stored.read(query), retrieved, atol=1e-10, rtol=1e-11)
        attention = KeyValueMemory(KERNELS[kernel], Softmax(beta)).store(keys, values).attention(query)
        np.testing.assert_allclose(attention, expected["softmax_weights"], atol=1e-10)


def check_activation(case: Case) -> None:
    found = [capacity.activation_probability(n, r) for n, r in case["inputs"]["n_r"]]
    np.testing.assert_allclose(found, case["expected"]["p_location_active"], rtol=1e-8)


def check_circles(case: Case) -> None:
    n, r = case["inputs"]["n"], case["inputs"]["r"]
    found = [capacity.circle_overlap(n, r, d) for d in case["inputs"]["d"]]
    np.testing.assert_allclose(found, case["expected"]["p_both"], rtol=1e-8)


def check_sparse_distributed(case: Case) -> None:
    inputs, expected, radius = case["inputs"], case["expected"], case["parameters"]["radius"]
    locations = np.array(inputs["hard_locations"], dtype=float)
    addresses = np.array([address for address, _ in inputs["writes_address_data"]], dtype=float)
    data = 2.0 * np.array([data for _, data in inputs["writes_address_data"]]) - 1.0
    query = np.array(inputs["read_address"], dtype=float)
    memory = named.sparse_distributed(locations, radius)
    stored = memory.store(addresses, data)
    active = memory.kernel.features  # type: ignore[attr-defined]
    np.testing.assert_array_equal(active(addresses), expected["active_on_write"])
    np.testing.assert_array_equal(active(query), expected["active_on_read"])
    np.testing.assert_array_equal(stored.primal().matrix, expected["counters"])
    np.testing.assert_array_equal(stored.read(query), expected["sums"])
    # the other reading of the same memory: hard locations are keys, counters values, a ball around the query is active
    ball = KeyValueMemory(NegativeHamming(), Threshold(-radius)).store(locations, stored.primal().matrix)
    np.testing.assert_array_equal(ball.read(query), expected["sums"])
    np.testing.assert_array_equal(stored.read(query) > 0, expected["read_out_bits_sum_above_zero"])


def check_scaffold_curve(case: Case) -> None:
    sizes, expected = case["inputs"]["N_H_and_K"], case["expected"]
    right = np.array([capacity.scaffold_bit_accuracy(n, k) for n, k in sizes])
    np.testing.assert_allclose(right, expected["p_bit_correct"], atol=1e-8)
    np.testing.assert_allclose(2 * right - 1, expected["overlap"], atol=1e-8)
    np.testing.assert_allclose(capacity.bit_information(right), expected["mutual_information_per_bit"], atol=1e-8)
    limit = [capacity.scaffold_overlap(n, k) for n, k in sizes]
    np.testing.assert_allclose(limit, expected["overlap_large_size_formula"], atol=1e-8)


def check_scaffold_size(case: Case) -> None:
    periods, expected = case["inputs"]["periods"], case["expected"]
    assert [ModularScaffold(tuple(p), 1).n_states for p in periods] == expected["n_states_1d"]
    assert [ModularScaffold(tuple(p), 1, dimensions=2).n_states for p in periods] == expected["n_states_2d"]


def check_linear_attention(case: Case) -> None:
    # keys and values of universal_small_1
    keys = np.array([[1.0, 0.0, 0.5], [-0.5, 1.0, 0.0], [0.2, -0.7, 1.0]])
    values = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, -0.5]])
    stored = named.correlation_matrix().store(keys, values)
    np.testing.assert_allclose(stored.primal().matrix.T, case["expected"]["weight_matrix_values_by_keys"], atol=1e-12)
    query = np.array([0.8, 0.1, 0.4])
    np.testing.assert_allclose(stored.primal().read(query), stored.read(query), atol=1e-12)


CHECKS: dict[str, Callable[[Case], None]] = {
    "ags_capacity_zero_temperature": check_critical_load,
    "ags_overlap_by_load": check_overlap_by_load,
    "one_step_error_vs_load": check_one_step_load,
    "one_step_bit_accuracy_exact": check_one_step_accuracy,
    "classical_retrieval_1": check_hopfield,
    "classical_retrieval_2": check_hopfield,
    "dense_power_3": check_dense,
    "dense_power_2": check_dense,
    "dense_capacity_no_errors": check_dense_capacity,
    "modern_hopfield_1": check_modern,
    "modern_hopfield_2": check_modern,
    "universal_small_1": check_universal,
    "universal_autoassociative": check_universal,
    "sdm_activation_probability": check_activation,
    "sdm_circle_overlap": check_circles,
    "sdm_small": check_sparse_distributed,
    "scaffold_heteroassociation_curve": check_scaffold_curve,
    "grid_scaffold_size": check_scaffold_size,
    "linear_attention_equals_hebbian": check_linear_attention,
}


# three cases of golden/associative_networks.json (own computations), so that some run without the file
SMALL: dict[str, Case] = {
    "classical_retrieval_1": {
        "inputs": {
            "patterns": [[1, 1, 1, 1, -1, -1, -1, -1, 1, -1], [1, -1, 1, -1, 1, -1, 1, -1, 1, 1]],
            "cue": [1, 1, -1, 1, -1, -1, -1, -1, 1, -1],
        },
        "expected": {
            "weights_row_0": [0.0, 0.0, 0.2, 0.0, 0.0, -0.2, 0.0, -0.2, 0.2, 0.0],
            "field_on_cue": [0.4, 0.8, 0.8, 0.8, -0.8, -0.4, -0.8, -0.4, 0.4, -0.8],
            "synchronous_states": [[1, 1, -1, 1, -1, -1, -1, -1, 1, -1], [1, 1, 1, 1, -1, -1, -1, -1, 1, -1]],
            "asynchronous_final_state": [1, 1, 1, 1, -1, -1, -1, -1, 1, -1],
            "energy_initial_then_after_each_sweep": [-2.4, -4.0, -4.0, -4.0],
            "overlaps_of_final_state": [1.0, 0.0],
        },
    },
    "modern_hopfield_1": {
        "parameters": {"beta": 2.0},
        "inputs": {
            "patterns": [[0.5, -1.0, 0.2, 0.8], [-0.3, 0.4, 1.1, -0.6], [1.2, 0.1, -0.4, 0.3]],
            "state": [0.6, -0.4, 0.1, 0.5],
        },
        "expected": {
            "attention_weights_by_step": [[0.643610603215, 0.0237383976196, 0.332650999165]],
            "states_after_each_step": [[0.71386498132, -0.600850144251, 0.0217739583587, 0.60044074375]],
            "energy_initial_and_after_each_step": [0.563975449761, 0.519892818918],
        },
    },
    "sdm_small": {
        "parameters": {"radius": 2},
        "inputs": {
            "hard_locations": [
                [0, 0, 1, 1, 0, 1], [1, 1, 1, 0, 0, 0], [0, 1, 0, 1, 1, 0], [1, 0, 0, 0, 1, 1], [0, 1, 1, 1, 0, 0],
            ],
            "writes_address_data": [[[0, 1, 1, 1, 0, 1], [1, 0, 1, 1]], [[1, 1, 1, 0, 1, 0], [0, 1, 1, 0]]],
            "read_address": [0, 1, 1, 1, 1, 1],
        },
        "expected": {
            "active_on_write": [[1, 0, 0, 0, 1], [0, 1, 0, 0, 0]],
            "counters": [[1, -1, 1, 1], [-1, 1, 1, -1], [0, 0, 0, 0], [0, 0, 0, 0], [1, -1, 1, 1]],
            "active_on_read": [1, 0, 1, 0, 1],
            "sums": [2, -2, 2, 2],
            "read_out_bits_sum_above_zero": [1, 0, 1, 1],
        },
    },
}  # fmt: skip


@pytest.mark.parametrize("name", SMALL)
def test_small_cases(name: str) -> None:
    CHECKS[name](SMALL[name])


@pytest.mark.shared
def test_golden_cases(shared: Path) -> None:
    cases = json.loads((shared / "golden" / "associative_networks.json").read_text())["cases"]
    assert {case["id"] for case in cases} == set(CHECKS)
    for case in cases:
        CHECKS[case["id"]](case)


def test_some_published_numbers() -> None:
    # Amit, Gutfreund & Sompolinsky (1985): .138, .967; Hertz, Krogh & Palmer (1991), table 2.1; Kanerva (1988): about .001
    assert capacity.hopfield_critical_load() == pytest.approx((0.138, 0.967), abs=5e-4)
    table = capacity.one_step_load(np.array([0.001, 0.0036, 0.01, 0.05, 0.1]))
    np.testing.assert_allclose(table, [0.105, 0.138, 0.185, 0.37, 0.61], atol=1.2e-3)
    assert capacity.activation_probability(1000, 451) == pytest.approx(0.00107185, abs=1e-8)
