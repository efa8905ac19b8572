"""The analysis of write rules: its steps on simulated people, and that a stopped run goes on with what is missing."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from analysis_scripts import load_analysis
from study_lists import study_table

import kvfit as kv

TRUTH = {
    "rho": 0.7, "phi": 0.3, "kappa": 0.5, "recency": 1.5, "rho_end": 0.7, "primacy": 1.5, "rho_start": 0.5,
    "neighbour": 2.5, "stop_bias": 4.0, "stop_match": 2.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_analysis("indelible_or_erasing")


@pytest.fixture(scope="module")
def people(script: ModuleType) -> kv.FreeRecallData:
    """Three people with indelible stores, eight lists of 5 and eight of 8 words each, in turn by pairs."""
    table = study_table(3, 16, (5, 5, 8, 8))
    return kv.simulate(script.STORES["indelible"], kv.read_free_recall(table), TRUTH, seed=1)


def test_stores_differ_in_the_write_rule_alone(script: ModuleType) -> None:
    parameters = {name: {p.name for p in kv.get_model(label).parameters} for name, label in script.STORES.items()}
    assert parameters["fading"] == parameters["indelible"] | {"retention"}
    assert parameters["overwritten"] == parameters["indelible"] | {"erasure"}
    for store, amount in script.CONFUSED.items():
        held = kv.get_model(script.held(store, amount))
        assert {p.name for p in held.parameters} == parameters["indelible"]
        assert list(held.fixed.values()) == [amount]


def test_contrasts_take_their_error_from_people(script: ModuleType) -> None:
    first, second = pd.Series([1.0, 2.0, -4.0, 5.0]), pd.Series([0.0, 0.0, 0.0, 1.0])
    found = script.contrast(first, second)
    assert (found["difference"], found["persons_first"], found["persons"]) == (3.0, 3, 4)
    assert found["se"] == pytest.approx(2.0 * np.std([1.0, 2.0, -4.0, 4.0], ddof=1))


def test_people_of_each_length_are_chosen_where_lengths_differ_between_people(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    short, long = (study_table(3, 2, (n,)) for n in (4, 6))
    both = kv.read_free_recall(pd.concat([short, long.assign(subject=long["subject"] + 10)]))
    monkeypatch.setattr(kv, "load", lambda name: both)
    part = script.Part("two groups", "", None, ("list_length",), (), between=True)
    assert part.load(2).participants.tolist() == [1, 2, 11, 12]
    assert script.Part("one", "", None, ("list_length",), ()).load(2).participants.tolist() == [1, 2]
    assert part.load(None).n_participants == 6


def test_lists_that_follow_from_a_store_are_predicted_by_it(script: ModuleType, tmp_path: Path, people: Any) -> None:
    values = pd.DataFrame([TRUTH] * 3, index=people.participants)
    found = script.words_recalled(script.STORES["indelible"], people, values, ("list_length",))
    assert found["list_length"].tolist() == [5, 8]
    assert (found["error"].abs() < 3 * found["error_se"].clip(lower=0.15)).all()
    # longer lists: more competitors hold off stopping, so that more words are recalled
    assert found["simulated"].is_monotonic_increasing


def test_shared_amounts_are_those_of_the_posterior(script: ModuleType) -> None:
    draws = np.linspace(0.9, 1.0, 101).reshape(1, 101, 1).repeat(2, axis=2)
    posterior = xr.Dataset({"retention": (("chain", "draw", "participant"), draws)})
    fits = [
        SimpleNamespace(label="fades", tree={"posterior": posterior}),
        SimpleNamespace(label="not", tree={"posterior": {}}),
    ]
    (row,) = script.shared_amounts(fits).to_dict("records")
    assert (row["model"], row["amount"]) == ("fades", "retention")
    assert [row[name] for name in ("lower", "median", "upper")] == pytest.approx([0.905, 0.95, 0.995])


@pytest.fixture
def small(script: ModuleType, people: Any, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script with few models and one small design."""
    monkeypatch.setattr(kv, "load", lambda name: people)
    part = script.Part("simulated", "simulated", None, ("list_length",), ("C(list_length)",))
    monkeypatch.setattr(script, "PARTS", (part,))
    monkeypatch.setattr(
        script, "AMOUNTS", {"fading": ("retention", (0.8, 0.9)), "overwritten": ("erasure", (0.3, 0.6))}
    )
    monkeypatch.setattr(
        script, "REFERENCES", {"serial_position": kv.get_model("serial_position(stopping=match)").label}
    )
    monkeypatch.setattr(script, "MOVED", (("recency",),))
    return script


def test_run_writes_its_tables_and_goes_on_where_it_stopped(
    small: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = ["fits", "amounts", "held_out", "lengths", "conditions"]
    where = ["--store", str(tmp_path / "fits"), "--starts", "1"]
    command = ["indelible_or_erasing.py", "--steps", *steps, *where, "--output"]
    monkeypatch.setattr(sys, "argv", [*command, str(tmp_path / "first")])
    small.main()
    tables = {
        path.stem.removeprefix("indelible_or_erasing_"): pd.read_csv(path)
        for path in (tmp_path / "first").glob("*.csv")
    }
    assert set(tables) == {*steps, "words", "shifts", "conditions_words"}
    fits = tables["fits"].set_index("model")
    # nested stores fit no worse but for the error of a search from one start
    assert (fits.loc[["fading", "overwritten"], "log_likelihood_gain"] > -3.0).all()
    assert fits.loc["serial_position", "log_likelihood_gain"] < 0.0
    assert set(tables["held_out"]["predicted"]) == {"other half", "5 from 8", "8 from 5"}
    assert len(tables["lengths"]) == 3 * 2 * 2
    conditions = tables["conditions"].set_index("moves")
    assert set(conditions.index) == {"nothing", "recency", "retention"}
    assert tables["shifts"]["shift"].str.split(":").str[0].tolist() == ["recency", "retention"]
    assert (tables["shifts"]["median"] != 0.0).all()
    assert (tmp_path / "first" / "indelible_or_erasing_lengths.png").stat().st_size > 10_000

    def again(*_: Any, **__: Any) -> None:
        raise AssertionError("fitted again")

    monkeypatch.setattr(kv, "point_fit", again)
    monkeypatch.setattr(sys, "argv", [*command, str(tmp_path / "second")])
    small.main()
    for name in tables:
        first, second = (
            (tmp_path / run / f"indelible_or_erasing_{name}.csv").read_text() for run in ("first", "second")
        )
        assert first == second
