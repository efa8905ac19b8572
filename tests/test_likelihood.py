"""Log-likelihood and simulation for a data set: labels, values a person, mixed list lengths, seeds and errors."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from recall_tables import list_table, stack

from kvfit.kernels.reference import list_log_likelihood
from kvfit.likelihood import log_likelihood, participant_values, simulate
from kvfit.parameters import ParameterError
from kvfit.recall.design import recall_design
from kvfit.registry import get_model
from kvfit.tasks.free_recall import FreeRecallData
from kvfit.tasks.readers import read_free_recall

MODEL = "kv_recall"
VALUES = {
    "rho": 0.6, "phi": 0.3, "kappa": 0.4, "recency": 0.8, "rho_end": 0.7, "primacy": 0.3, "strength": 0.6, "rho_start": 0.4,
    "neighbour": 1.3, "stop_probability": 0.3, "stop_slope": 0.2,
}  # fmt: skip
LENGTHS = [8, 5, 8, 3, 5, 5, 8]


def tables(recalls: list[list[int]]) -> pd.DataFrame:
    """Seven lists of three participants whose list lengths alternate, with a repeat and an intrusion."""
    subjects = ["b", "b", "a", "a", "a", "c", "c"]
    lists = zip(subjects, [3, 1, 7, 2, 9, 1, 2], LENGTHS, recalls, strict=True)
    return stack(*(list_table(subject, label, n, recalled, phase=f"p{label}") for subject, label, n, recalled in lists))


RECALLS = [[8, 7, 8, 1], [5, 0, 4], [1, 2, 3, 4, 5, 6, 7, 8], [], [3], [5, 4, 3, 2, 1], [6, 7]]


@pytest.fixture(scope="module")
def data() -> FreeRecallData:
    return read_free_recall(tables(RECALLS), name="mixed")


@pytest.fixture(scope="module")
def by_person() -> pd.DataFrame:
    """Values a participant, in another order than that of the data."""
    table = pd.DataFrame([VALUES] * 3, index=pd.Index(["c", "a", "b"], name="subject"))
    table["recency"] = [0.2, 0.8, 2.0]
    table["stop_probability"] = [0.1, 0.3, 0.6]
    return table


def expected_list(n_items: int, recalled: list[int], values: dict[str, float]) -> float:
    """One list alone, by the literal evaluation: first correct recalls only."""
    scored = list(dict.fromkeys(r for r in recalled if r > 0))
    model = get_model(MODEL)
    one = model.tables({k: np.array([v]) for k, v in values.items()}, np.array([n_items]), n_items, np)
    return list_log_likelihood(model.core(n_items), one, 0, n_items, np.array(scored, dtype=int) - 1)


def test_every_list_scores_as_if_alone(data: FreeRecallData, by_person: pd.DataFrame) -> None:
    found = log_likelihood(MODEL, data, by_person)
    assert isinstance(found, xr.DataArray)
    keys = list(zip(["b", "b", "a", "a", "a", "c", "c"], [3, 1, 7, 2, 9, 1, 2], strict=True))
    for (subject, label), n_items, recalled in zip(keys, LENGTHS, RECALLS, strict=True):
        chosen = found[(found["subject"] == subject) & (found["list_label"] == label)]
        values = {str(k): float(v) for k, v in by_person.loc[subject].items()}
        assert chosen.item() == pytest.approx(expected_list(n_items, recalled, values), rel=1e-12)


def test_labels_follow_the_lists_of_the_data(data: FreeRecallData) -> None:
    found = log_likelihood(MODEL, data, VALUES)
    assert found.dims == ("list",)
    assert found.name == "log_likelihood"
    assert found["subject"].values.tolist() == data.lists["subject"].tolist() == ["a", "a", "a", "b", "b", "c", "c"]
    assert found["list_label"].values.tolist() == data.lists["list"].tolist() == [2, 7, 9, 1, 3, 1, 2]
    # list lengths alternate within each participant, so the core's order differs from the data's
    assert data.list_length.tolist() == [3, 8, 5, 5, 8, 5, 8]
    assert recall_design(data).order.tolist() != list(range(7))
    assert found.attrs["model"] == "kv_recall"


def test_shared_values_arrays_and_tables_agree(data: FreeRecallData) -> None:
    expected = log_likelihood(MODEL, data, VALUES)
    arrays = {name: np.full(3, value) for name, value in VALUES.items()}
    table = pd.DataFrame(arrays, index=["a", "b", "c"])
    column = table.rename_axis("subject").reset_index()
    for parameters in (arrays, table, column):
        np.testing.assert_array_equal(log_likelihood(MODEL, data, parameters), expected)


def test_arrays_follow_the_order_of_participants(data: FreeRecallData, by_person: pd.DataFrame) -> None:
    assert data.participants.tolist() == ["a", "b", "c"]
    arrays = {str(name): values.loc[["a", "b", "c"]].to_numpy() for name, values in by_person.items()}
    np.testing.assert_array_equal(log_likelihood(MODEL, data, arrays), log_likelihood(MODEL, data, by_person))


def test_one_participant_of_the_design_scores_the_same(data: FreeRecallData) -> None:
    alone = log_likelihood(MODEL, data.select(["b"]), VALUES)
    together = log_likelihood(MODEL, data, VALUES)
    np.testing.assert_allclose(alone, together[together["subject"] == "b"], rtol=1e-13)


def test_value_of_a_fixed_parameter_may_be_left_out_or_overridden(data: FreeRecallData) -> None:
    rest = {k: v for k, v in VALUES.items() if k != "kappa"}
    np.testing.assert_array_equal(
        log_likelihood("kv_recall(kappa=0.4)", data, rest), log_likelihood(MODEL, data, VALUES)
    )
    np.testing.assert_array_equal(
        log_likelihood("kv_recall(kappa=0.9)", data, VALUES), log_likelihood(MODEL, data, VALUES)
    )


def test_problems_with_values_are_all_listed(data: FreeRecallData) -> None:
    wrong: dict[str, Any] = {k: v for k, v in VALUES.items() if k != "phi"} | {"rho": 1.2, "colour": 3}
    with pytest.raises(ParameterError) as caught:
        log_likelihood(MODEL, data, wrong)
    for problem in ("phi: missing", "rho: expected between 0 and 1, found 1.2", "colour: unknown"):
        assert problem in str(caught.value)
    with pytest.raises(ParameterError) as caught:
        log_likelihood(MODEL, data, {**VALUES, "rho": [0.1, 0.2], "phi": np.ones((3, 1))})
    assert "rho: expected a number or shape (3,), found (2,)" in str(caught.value)
    assert "phi: expected a number or shape (3,), found (3, 1)" in str(caught.value)


def test_participants_without_values(data: FreeRecallData, by_person: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match="no row for 2 participants: a, b"):
        log_likelihood(MODEL, data, by_person.loc[["c"]])
    with pytest.raises(ParameterError, match="expected one row a participant, found 4 rows"):
        log_likelihood(MODEL, data, pd.concat([by_person, by_person.iloc[:1]]))


def test_values_are_one_a_participant(data: FreeRecallData) -> None:
    values = participant_values(get_model(MODEL), data, {**VALUES, "rho": [0.1, 0.2, 0.3]})
    assert all(value.shape == (3,) for value in values.values())
    assert values["rho"].tolist() == [0.1, 0.2, 0.3]


def test_simulation_keeps_the_design_and_replaces_responses(data: FreeRecallData) -> None:
    drawn = simulate(MODEL, data, VALUES, seed=1)
    assert drawn.lists[["subject", "list", "list_length", "phase"]].equals(
        data.lists[["subject", "list", "list_length", "phase"]]
    )
    assert drawn.lists[["n_repeats", "n_intrusions"]].to_numpy().sum() == 0
    assert (drawn.responses.max(axis=1) <= drawn.list_length).all()
    assert drawn.fingerprint != data.fingerprint
    assert drawn.name == "mixed_simulated"
    assert "kv_recall with seed 1" in drawn.source


def test_same_seed_same_data(data: FreeRecallData) -> None:
    first, second, other = (simulate(MODEL, data, VALUES, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.responses, second.responses)
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint != other.fingerprint


def test_simulated_lists_belong_to_their_participant_and_length(data: FreeRecallData) -> None:
    """Deterministic persons: the last item first, or nothing at all, whatever the order of lists in the core."""
    table = pd.DataFrame(
        [{**VALUES, "recency": 400.0, "primacy": 0.0, "strength": 0.0, "neighbour": 0.0}] * 3, index=["a", "b", "c"]
    )
    table["stop_slope"] = 0.0
    table["stop_probability"] = [1e-12, 1.0 - 1e-12, 1e-12]
    drawn = simulate(MODEL, data, table, seed=2)
    n_recalled = (drawn.responses > 0).sum(axis=1)
    assert n_recalled.tolist() == [3, 8, 5, 0, 0, 5, 8]
    recalling = n_recalled > 0
    np.testing.assert_array_equal(drawn.responses[recalling, 0], data.list_length[recalling])


def test_simulated_frequencies_follow_the_likelihood_at_two_list_lengths() -> None:
    design = read_free_recall(stack(*(list_table(1, label, 2 + label % 2, [1]) for label in range(6000))))
    drawn = simulate(MODEL, design, {**VALUES, "stop_probability": 0.9}, seed=3)
    scored = log_likelihood(MODEL, drawn, {**VALUES, "stop_probability": 0.9})
    for length in (2, 3):
        own = drawn.list_length == length
        patterns, counts = np.unique(drawn.responses[own, :length], axis=0, return_counts=True)
        # probability of each pattern, read off the likelihood of one list that shows it
        likelihood = np.exp(
            [scored.values[own][(drawn.responses[own, :length] == pattern).all(axis=1)][0] for pattern in patterns]
        )
        n = counts.sum()
        z = (counts - n * likelihood) / np.sqrt(n * likelihood * (1 - likelihood))
        assert likelihood.sum() == pytest.approx(1.0, abs=5e-3)
        assert np.abs(z).max() < 4.5


def test_semantic_models_need_similarities(data: FreeRecallData) -> None:
    spec = "kv_recall(memory=autoassociative, semantic=True, stopping=match)"
    values = {k: v for k, v in VALUES.items() if k not in ("phi", "kappa", "stop_probability", "stop_slope")}
    values |= {"w_sem": 2.0, "stop_bias": 0.5, "stop_match": 0.5}
    with pytest.raises(ValueError, match=r"needs similarity=, an array \(list, position, position\)"):
        log_likelihood(spec, data, values)
    with pytest.raises(ValueError, match=r"expected shape .* = \(7, 8, 8\), found \(7, 8\)"):
        log_likelihood(spec, data, values, similarity=np.zeros((7, 8)))
    with pytest.raises(ValueError, match="every value must be finite"):
        log_likelihood(spec, data, values, similarity=np.full((7, 8, 8), np.nan))
    rng = np.random.default_rng(70)
    similarity = rng.uniform(0, 1, (7, 8, 8))
    found = log_likelihood(spec, data, values, similarity=similarity)
    model = get_model(spec)
    design = recall_design(data, similarity)
    for index in range(7):
        n = int(data.list_length[index])
        one = model.tables({k: np.array([v]) for k, v in values.items()}, np.array([n]), n, np)
        recalls = data.recalled[data.offsets[index] : data.offsets[index + 1]]
        expected = list_log_likelihood(model.core(n), one, 0, n, recalls, similarity[index])
        assert found.values[index] == pytest.approx(expected, rel=1e-11)
    assert design.semantic.flags.c_contiguous
    flat = log_likelihood(spec, data, values, similarity=np.zeros((7, 8, 8)))
    assert np.abs(flat - found).max() > 0.01


def test_one_participant_of_a_design(data: FreeRecallData) -> None:
    similarity = np.arange(7 * 64.0).reshape(7, 8, 8)
    design = recall_design(data, similarity)
    person = design.one_participant(1)
    assert person.cell_length.tolist() == [5, 8]
    assert person.n_lists == 2
    assert person.order.tolist() == [3, 4]
    assert [person.recalled[a:b].tolist() for a, b in zip(person.offsets, person.offsets[1:], strict=False)] == [
        [4, 3],
        [7, 6, 0],
    ]
    np.testing.assert_array_equal(person.semantic, similarity[[3, 4]])
    assert person.list_participant.tolist() == [0, 0]
    assert design.list_participant.tolist() == [0, 0, 0, 1, 1, 2, 2]
