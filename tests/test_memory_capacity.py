"""The analysis of capacity shows cliffs, graceful decline, and the price of separable keys."""

from types import ModuleType

import pandas as pd
import pytest
from analysis_scripts import load_analysis

from kvfit.memory import capacity


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_analysis("memory_capacity")


@pytest.fixture(scope="module")
def curves(script: ModuleType) -> pd.DataFrame:
    table = script.capacity_curves(200, 1, loads=(0.05, 0.3, 1.5))
    return table.pivot_table(index="memory", columns="load", values="overlap")


def test_pairwise_networks_fall_off_a_cliff_and_the_scaffold_does_not(curves: pd.DataFrame) -> None:
    assert (curves[0.05] > 0.97).all()
    assert curves.loc["Hopfield", 0.3] < 0.5
    assert curves.loc["learned keys", 0.3] > 0.95
    assert curves.loc["learned keys", 1.5] < 0.3
    assert curves.loc["scaffold, by content", 0.3] > 0.9
    assert 0.7 < curves.loc["scaffold, by address", 1.5] < 0.95


def test_memories_of_traces_hold_more(curves: pd.DataFrame) -> None:
    assert (curves.loc[["MINERVA 2", "modern Hopfield", "dense associative, x^3"], 1.5] > 0.99).all()
    assert 0.2 < curves.loc["sparse distributed", 1.5] < curves.loc["sparse distributed", 0.3] < 1.0


def test_one_read_has_its_exact_accuracy(script: ModuleType) -> None:
    items = script.random_keys(60, 200, script.np.random.default_rng(3), bipolar=True)
    right = 0.5 + 0.5 * script.overlap(script._one_step(items)(items), items)
    assert right == pytest.approx(capacity.hopfield_bit_accuracy(200, 60), abs=0.01)


def test_separable_keys_tell_alike_items_apart_and_break_first(script: ModuleType) -> None:
    _, right = script.separability_curves(200, 1, n_items=200)
    shares = right.pivot_table(index="noise", columns="keys", values="right")
    assert shares.loc[0.0, "1 % active"] > shares.loc[0.0, "content"] + 0.2
    sparsest, denser = shares["0.2 % active"], shares["5 % active"]
    assert sparsest[0.0] > 0.95
    assert sparsest[0.15] < denser[0.15] - 0.2
