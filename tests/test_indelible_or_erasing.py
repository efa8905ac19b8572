"""The analysis of write rules: its steps on simulated people, its page, and that a stopped run goes on."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from analysis_scripts import ANALYSES
from study_lists import study_table

import kvfit as kv

TRUTH = {
    "rho": 0.7, "phi": 0.3, "kappa": 0.5, "recency": 1.5, "rho_end": 0.7, "primacy": 0.5, "strength": 1.0, "rho_start": 0.5,
    "neighbour": 2.5, "stop_bias": 4.0, "stop_match": 2.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ANALYSES)
        yield importlib.import_module("indelible_or_erasing")


@pytest.fixture(scope="module")
def people(script: ModuleType) -> kv.FreeRecallData:
    """Three people with indelible stores, eight lists of 5 and eight of 8 words each, in turn by pairs."""
    table = study_table(3, 16, (5, 5, 8, 8))
    return kv.simulate(script.STORES["indelible"], kv.read_free_recall(table), TRUTH, seed=1)


def test_stores_differ_in_the_write_rule_alone(script: ModuleType) -> None:
    parameters = {name: {p.name for p in kv.get_model(label).parameters} for name, label in script.STORES.items()}
    assert parameters["fading"] == parameters["indelible"] | {"retention"}
    assert parameters["overwritten"] == parameters["indelible"] | {"erasure"}
    part = script.Part("any", "any", None, (), ())
    claims = script.amount_claims(part)
    assert {claim.first.forms for claim in claims} == {(script.STORES["indelible"],)}
    for claim, amount in zip(claims, [v for _, values in script.AMOUNTS.values() for v in values], strict=True):
        (name,) = claim.second.forms
        held = kv.get_model(name)
        assert {p.name for p in held.parameters} == parameters["indelible"]
        assert list(held.fixed.values()) == [amount]
    assert claims[3].statement == "traces do not lose 0.5 % of their strength with every further item"
    assert claims[5].statement == "items do not overwrite 15 % of what their keys retrieve"


def test_what_a_condition_moves_it_moves_in_every_model(script: ModuleType) -> None:
    part = script.Part("delay", "any", None, (), ("condition",), moves=("recency",))
    claims = (*script.store_claims(part), *script.amount_claims(part))
    models = [kv.get_model(name) for claim in claims for name in claim.models]
    moved = [[formula.parameter for formula in model.formulas] for model in models]  # type: ignore[attr-defined]
    assert moved == [["recency"]] * len(models)


def test_contrasts_take_their_error_from_people(script: ModuleType) -> None:
    first, second = pd.Series([1.0, 2.0, -4.0, 5.0]), pd.Series([0.0, 0.0, 0.0, 1.0])
    found = importlib.import_module("write_rules").lead(first, second)
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
        SimpleNamespace(label="fades", tree={"posterior": posterior}, data=SimpleNamespace(n_participants=2)),
        SimpleNamespace(label="not", tree={"posterior": {}}),
    ]
    (row,) = script.shared_amounts(fits).to_dict("records")
    assert (row["model"], row["people"], row["amount"]) == ("fades", 2, "retention")
    assert [row[name] for name in ("lower", "median", "upper")] == pytest.approx([0.905, 0.95, 0.995])


@pytest.fixture
def small(script: ModuleType, people: Any, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script with few models and one small design."""
    rules, steps, pictures = (importlib.import_module(f"write_rule{name}") for name in ("s", "_estimates", "_figures"))
    monkeypatch.setattr(kv, "load", lambda name: people)
    part = script.Part("simulated", "simulated", None, ("list_length",), ("C(list_length)",))
    monkeypatch.setattr(script, "PARTS", (part,))
    amounts = {"fading": ("retention", (0.8,)), "overwritten": ("erasure", (0.6,))}
    for module in (script, rules, pictures):
        monkeypatch.setattr(module, "AMOUNTS", amounts)
    baseline = {"serial_position": kv.get_model("serial_position(stopping=match)").label}
    monkeypatch.setattr(steps, "REFERENCES", baseline)
    monkeypatch.setattr(script, "REFERENCES", baseline)
    monkeypatch.setattr(steps, "MOVED", (("recency",),))
    return script


def run(script: ModuleType, monkeypatch: pytest.MonkeyPatch, *options: object) -> None:
    monkeypatch.setattr(sys, "argv", ["indelible_or_erasing.py", "--quiet", *map(str, options)])
    script.main()


def test_run_writes_its_tables_and_goes_on_where_it_stopped(
    small: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--aic-only", "--replicates", 1, "--starts", 1, "--store", tmp_path / "fits", "--output")
    run(small, monkeypatch, *options, tmp_path / "first")
    tables = {
        path.stem.removeprefix("indelible_or_erasing_simulated_"): pd.read_csv(path)
        for path in (tmp_path / "first").glob("*.csv")
    }
    assert set(tables) == {"amounts", "held_out", "lengths", "words", "conditions", "shifts", "conditions_words"}
    amounts = tables["amounts"].set_index("store")
    # people were simulated without loss, and a loss of a fifth an item is not subtle
    assert amounts.loc["fading", "difference"] < -2.0
    assert (amounts["persons"] == 3).all()
    assert amounts[["power", "mistaken"]].apply(lambda column: column.between(0.0, 1.0)).all(axis=None)
    sentences = (tmp_path / "first" / "indelible_or_erasing_simulated_aic.txt").read_text(encoding="utf-8")
    assert sentences.count("traces do not lose 20.0 % of their strength with every further item") == 1
    assert "Simulated experiments like this one" in sentences
    assert set(tables["held_out"]["predicted"]) == {"other half", "8 words from 5", "5 words from 8"}
    held_out = tables["held_out"].set_index("model")["difference"]
    assert (held_out["serial_position"] < 0.0).all()
    assert len(tables["lengths"]) == 3 * 2 * 2
    conditions = tables["conditions"].set_index("moves")
    assert set(conditions.index) == {"nothing", "recency", "retention"}
    assert tables["shifts"]["shift"].str.split(":").str[0].tolist() == ["recency", "retention"]
    assert (tables["shifts"]["median"] != 0.0).all()
    assert (tmp_path / "first" / "indelible_or_erasing_lengths.png").stat().st_size > 10_000

    def kept() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in (tmp_path / "fits" / "jobs").iterdir()}

    before = kept()
    assert len(before) > 20
    run(small, monkeypatch, *options, tmp_path / "second")
    assert kept() == before
    for path in (tmp_path / "first").glob("*.csv"):
        assert path.read_text(encoding="utf-8") == (tmp_path / "second" / path.name).read_text(encoding="utf-8")


def test_page_has_the_answers_of_all_designs(
    small: ModuleType, people: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = {
        "shared": pd.DataFrame(
            {"people": [3], "amount": ["retention"], "median": [0.99], "lower": [0.97], "upper": [0.999]}
        )
    }
    options = ("--aic-only", "--replicates", 0, "--starts", 1, "--store", tmp_path / "fits", "--output", tmp_path)
    seen = []
    analyse = small.analyse
    monkeypatch.setattr(small, "analyse", lambda *given: seen.append(analyse(*given)) or seen[-1])
    run(small, monkeypatch, *options)
    (one,) = seen
    one.tables.update(fits)
    sections = {section.key: section for section in small.page_sections(one, seen)}
    assert list(sections) == ["everywhere", "amounts", "held-out", "lengths", "conditions"]
    answers = sections["everywhere"].tables[0].frame.set_index("claim")["said"]
    # without simulated experiments nothing counts as decided
    assert answers.to_dict() == {
        f"{store}: {parameter} {said}": "none"
        for store, parameter in (("fading", "retention"), ("overwritten", "erasure"))
        for said in ("excluded", "better than indelible")
    }
    assert sections["amounts"].paragraphs[0] == (
        "In the hierarchical fits 3 people share one retention: posterior median 0.990, 90 % interval 0.970 to 0.999."
    )
