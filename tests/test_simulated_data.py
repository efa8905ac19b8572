"""Simulated data with known truth: made by their script, described as simulated, and compared with estimates."""

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from analysis_scripts import load_script

import kvfit as kv
import kvfit.data.metadata
from kvfit.data.metadata import DatasetError
from kvfit.data.truth import Truth, read_truth
from kvfit.demo import DEMOS, run_demo

NAME = "simulated_recognition"
FOLDER = Path(kvfit.data.metadata.__file__).parent / NAME


@pytest.fixture(scope="module")
def data() -> kv.RecognitionData:
    return kv.load(NAME)


@pytest.fixture(scope="module")
def truth() -> Truth:
    return read_truth(NAME)


def test_the_script_makes_the_shipped_files(tmp_path: Path) -> None:
    load_script(FOLDER / "make.py").main(tmp_path)
    made, shipped = (pd.read_csv(folder / "ratings.csv") for folder in (tmp_path, FOLDER))
    pd.testing.assert_frame_equal(made.drop(columns="response"), shipped.drop(columns="response"))
    # another processor may round a probability differently, which could turn a rating
    assert (made["response"].dropna() == shipped["response"].dropna()).mean() > 0.999
    assert json.loads((tmp_path / "truth.json").read_text()) == json.loads((FOLDER / "truth.json").read_text())


def test_everything_that_is_shown_says_simulated(data: kv.RecognitionData) -> None:
    assert "Simulated" in data.source
    for text in (kv.describe_dataset(NAME), (FOLDER / "README.md").read_text(encoding="utf-8")):
        assert "no real participants" in text
        assert "no person gave these responses" in " ".join(text.split())


def test_the_table_gives_the_whole_design(data: kv.RecognitionData) -> None:
    old = data.trials[data.trials["old"]]
    assert old.groupby(["subject", "list", "strength"]).size().eq(20).all()
    assert old["study_position"].between(1, 40).all()
    assert set(data.trials["list_length"]) == {40}
    position, study = old["position"], old["study_position"]
    assert (old["lag"] == position + 40 - study).all()


def test_truth_belongs_to_model_and_data(data: kv.RecognitionData, truth: Truth) -> None:
    model = kv.get_model(truth.model).bind(data)
    names = [p.name for p in model.parameters]
    assert sorted(names) == sorted(truth.typical) == sorted(truth.participants.columns)
    assert truth.participants.index.tolist() == data.participants.tolist()
    assert np.isfinite(kv.log_likelihood(model, data, truth.participants)).all()
    spread = json.loads((FOLDER / "truth.json").read_text())["spread"]
    for p in model.parameters:
        theta = p.to_unconstrained(truth.participants[p.name].to_numpy())
        off = (theta.mean() - p.to_unconstrained(truth.typical[p.name])) / (spread[p.name] / np.sqrt(len(theta)))
        assert abs(off) < 3.5, p.name
    # the true values of a person describe that person's ratings better than those of another
    shifted = truth.participants.set_axis(np.roll(truth.participants.index, 1))
    own, other = (kv.log_likelihood(model, data, values).sum() for values in (truth.participants, shifted))
    assert own > other + 500


def test_real_data_have_no_known_truth() -> None:
    for name in ("schwartz2005_ratings", "no_such_set"):
        with pytest.raises(DatasetError, match=f"{name}: no known truth; .*: {NAME}"):
            read_truth(name)


@dataclass
class MadeFit:
    """What `Truth.compare` reads of a fit."""

    label: str
    data: Any
    tree: Any
    table: pd.DataFrame

    def population(self, interval: float) -> pd.DataFrame:
        return self.table


def made_fit(truth: Truth, *, people: list[int], shift: dict[str, float]) -> MadeFit:
    """Draws around the truth, and around something else for the parameters of `shift`."""
    rng = np.random.default_rng(1)
    posterior, rows = {}, []
    for name, typical in truth.typical.items():
        centre = truth.participants.loc[people, name].to_numpy() + shift.get(name, 0.0)
        draws = centre + 0.1 * rng.standard_normal((2, 200, len(people)))
        posterior[name] = (("chain", "draw", "participant"), draws)
        middle = typical + shift.get(name, 0.0)
        rows.append({"parameter": name, "mean": middle, "lower": middle - 0.1, "upper": middle + 0.1})
    tree = xr.DataTree.from_dict({"/posterior": xr.Dataset(posterior)})
    return MadeFit(
        truth.model, SimpleNamespace(n_participants=len(people), participants=people), tree, pd.DataFrame(rows)
    )


def test_recovery_is_counted_and_said(truth: Truth) -> None:
    people = [7, 3, 11]  # not the first ones: values are found by label
    found = truth.compare(made_fit(truth, people=people, shift={"criterion": 1.0}))  # type: ignore[arg-type]
    table = found.table.set_index("parameter")
    assert table.index[~table["covered"]].tolist() == ["criterion"]
    assert table["persons_covered"].drop("criterion").eq(3).all()
    assert table.loc["criterion", "persons_covered"] == 0
    n = len(truth.typical)
    said = f"{n - 1} of {n} parameters (not criterion), and {3 * n - 3} of {3 * n} true values of single persons"
    assert said in found.verdict()
    assert "3 of 3" in str(found)


def test_another_model_has_other_parameters(truth: Truth) -> None:
    fit = made_fit(truth, people=[1], shift={})
    fit.label = "evsd"
    with pytest.raises(ValueError, match=r"simulated from uvsd\(by=strength\), the fit is of evsd"):
        truth.compare(fit)  # type: ignore[arg-type]


@pytest.mark.parametrize("task", list(DEMOS))
def test_demonstrations_fit_models_to_data_that_everybody_has(
    task: str, monkeypatch: pytest.MonkeyPatch, truth: Truth
) -> None:
    monkeypatch.delenv("KVFIT_DATA", raising=False)
    demo = DEMOS[task]
    data = kv.load(demo.data, participants=demo.participants)
    assert [kv.get_model(model).bind(data).label for model in demo.models] == list(demo.models)
    assert data.task == task
    if task == "recognition":
        assert truth.model in demo.models


def test_demonstration_of_an_unknown_task() -> None:
    with pytest.raises(ValueError, match="expected free_recall or recognition; found 'cued'"):
        run_demo(task="cued")
