"""The analysis of keys and values: what its contrasts and its conclusion say of known differences."""

from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from analysis_scripts import load_analysis

import kvfit as kv


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_analysis("keys_or_values")


def comparison(script: ModuleType, elpd: dict[str, list[float]]) -> Any:
    """Persons' elpd under each model; models that are not given are as good as keys and values."""
    labels = {"both": script.BOTH, "keys": script.KEYS, "values": script.VALUES, "uvsd": "uvsd", "dpsd": "dpsd"}
    n = len(next(iter(elpd.values())))
    rows = [
        {"participant": person, "model": label, "elpd_diff": elpd.get(short, [0.0] * n)[person]}
        for short, label in labels.items()
        for person in range(n)
    ]
    return SimpleNamespace(participants=pd.DataFrame(rows))


def test_models_are_the_nested_options(script: ModuleType) -> None:
    options = {name: kv.get_model(name).options for name in (script.BOTH, script.KEYS, script.VALUES)}
    assert [one.get("read", "both") for one in options.values()] == ["both", "key", "value"]
    names = {name: {p.name for p in kv.get_model(name).parameters} for name in options}
    # recollection must be able to vanish for keys alone to be nested
    assert names[script.BOTH] >= names[script.KEYS] | {"threshold"}


def test_contrasts_sum_over_people_with_error_over_people(script: ModuleType) -> None:
    keys = [-3.0, -5.0, 1.0, -4.0, -6.0, -2.0]
    table = script.contrasts(comparison(script, {"keys": keys})).set_index(["first", "second"])
    row = table.loc[(script.BOTH, script.KEYS)]
    assert row["elpd_diff"] == pytest.approx(19.0)
    assert row["se"] == pytest.approx(np.sqrt(6) * np.std(keys, ddof=1))
    assert (row["persons_first"], row["persons"], row["answer"]) == (5, 6, "first")
    assert table.loc[(script.KEYS, script.VALUES), "answer"] == "second"
    # 3 units never decide, however steady they are
    small = script.contrasts(comparison(script, {"keys": [-0.5] * 6})).set_index(["first", "second"])
    assert small.loc[(script.BOTH, script.KEYS), "answer"] == "undecided"


@pytest.mark.parametrize(
    ("keys", "values", "said"),
    [
        (-5, -5, "both keys and values are read"),
        (-5, 0, "values are read; that keys add to them is undecided"),
        (0, -5, "keys are read; that values add to them is undecided"),
        (0, 0, "neither keys nor values can be shown to add"),
        (5, -5, "reading both predicts worse than reading keys alone"),
        (5, 5, "reading both predicts worse than reading keys alone and values alone"),
    ],
)
def test_conclusion(script: ModuleType, keys: float, values: float, said: str) -> None:
    people = np.linspace(0.9, 1.1, 6)
    elpd = {"keys": list(keys * people), "values": list(values * people), "uvsd": list(-4 * people)}
    text = script.conclusion(script.contrasts(comparison(script, elpd)))
    assert text.startswith(said) or said in text
    assert "better than uvsd; not distinguishable from dpsd" in text
