"""Columns of a comparison beside the differences: criteria, Monte Carlo errors, counts of unreliable weights, evidence."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hand_fits import invented_data, invented_fit

from kvfit.comparison import compare as comparing
from kvfit.comparison.compare import compare
from kvfit.comparison.contrasts import Contrast, contrast, elpd_by_person
from kvfit.comparison.hierarchical_evidence import HierarchicalEvidence
from kvfit.comparison.loo import elpd_by_chain, loo_by_observation
from kvfit.comparison.new_person import NewPerson
from kvfit.comparison.verdict import evidence_words

DATA = invented_data([0, 0, 1])
VALUES = {"good": [-1.0, -2.0, -3.0], "poor": [-2.0, -4.0, -3.5]}


def fits(**options: Any) -> list[Any]:
    return [invented_fit(name, row, DATA, **options) for name, row in VALUES.items()]


def point(label: str, aic: float) -> Any:
    totals = pd.Series({"aic": aic, "bic": aic + 7.0})
    return SimpleNamespace(model=SimpleNamespace(label=label), data=DATA, totals=lambda: totals)


def test_criteria_stand_in_their_models_rows() -> None:
    table = compare(fits(), point_fits=[point("poor", 30.0), point("good", 20.0)], show_progress=False).table
    assert table["model"].tolist() == ["good", "poor"]
    assert table["aic"].tolist() == [20.0, 30.0]
    assert table["bic"].tolist() == [27.0, 37.0]
    some = compare(fits(), point_fits=[point("poor", 30.0)], show_progress=False).table
    assert some["aic"].isna().tolist() == [True, False]
    assert "aic" not in compare(fits(), show_progress=False).table
    named = compare({"x": fits()[0], "y": fits()[1]}, point_fits=[point("poor", 30.0)], show_progress=False).table
    assert named.set_index("model")["aic"].to_dict() == {"x": pytest.approx(np.nan, nan_ok=True), "y": 30.0}


def spread_out(label: str, means: list[float], sd: float) -> Any:
    """A fit whose draws give each observation a log-likelihood that differs from draw to draw."""
    fit = invented_fit(label, means, DATA)
    values = fit.sampled["log_likelihood"]["recalls"].values
    values += sd * np.random.default_rng(5).normal(size=values.shape)
    return fit


def test_effective_parameters_are_what_leaving_out_costs() -> None:
    """Normal log-likelihoods: the mean density is exp(sd^2 / 2) more, that of inverses as much less: p is sd^2 a unit."""
    found = compare([spread_out("a", [-1.0, -2.0, -3.0], 0.1)], show_progress=False).table.iloc[0]
    assert found["p"] == pytest.approx(3 * 0.01, rel=0.25)
    assert found["elpd"] == pytest.approx(-6.0 - 3 * 0.005, abs=0.02)
    assert found["weight"] == 1.0
    assert found["k_warnings"] == 0
    wild = compare([spread_out("a", [-1.0, -2.0, -3.0], 4.0)], show_progress=False).table.iloc[0]
    assert wild["k_warnings"] == 3


def test_cells_share_their_weights() -> None:
    """Three cells, of which the first holds two observations: sums count it twice, and so do its warnings."""
    fit = spread_out("a", [-1.0, -2.0, -3.0], 0.3)
    whole = loo_by_observation(fit)
    fit.design.n_observations, fit.design.unit_of_observation = 4, np.array([2, 0, 1, 0])
    fit.data = SimpleNamespace(observation="list")
    found = loo_by_observation(fit)
    own = np.asarray(whole.elpd_i)
    np.testing.assert_allclose(found.elpd_i, own[[2, 0, 1, 0]])
    np.testing.assert_allclose(found.pareto_k, np.asarray(whole.pareto_k)[[2, 0, 1, 0]])
    four = own[[2, 0, 1, 0]]
    assert found.elpd == pytest.approx(four.sum())
    assert found.se == pytest.approx(np.sqrt(4 * ((four - four.mean()) ** 2).sum() / 3))
    assert found.n_data_points == 4
    values = fit.unit_log_likelihood.to_numpy()
    in_sample = np.log(np.exp(values).mean(axis=(0, 1)))
    assert found.p == pytest.approx((in_sample - own)[[2, 0, 1, 0]].sum())
    # without shared cells the two agree
    assert whole.p == pytest.approx((in_sample - own).sum())


def test_each_chain_alone() -> None:
    fit = invented_fit("a", VALUES["good"], DATA)
    fit.sampled["log_likelihood"]["recalls"].values[1] -= 0.5
    assert elpd_by_chain(fit).tolist() == pytest.approx([-6.0, -7.5])


def test_chains_are_told_apart_only_where_the_sampler_failed() -> None:
    both = fits()
    both[1].diagnostics.passed = False
    found = compare(both, show_progress=False)
    assert found.chain_elpd.keys() == {"poor"}
    assert found.chain_elpd["poor"].tolist() == pytest.approx([-9.5, -9.5])
    assert compare(both[1:], show_progress=False).chain_elpd == {}


def new_person_of(elpd: list[float], k: list[float], mc: float, common: bool = True) -> NewPerson:
    fit = invented_fit("x", elpd, DATA)
    loo = replace(loo_by_observation(fit), p=len(elpd) / 2, pareto_k=xr.DataArray(k), good_k=0.7)
    table = pd.DataFrame(
        {"participant": ["p0", "p1"], "elpd": elpd, "pareto_k": k, "inner_k": [0.0, 0.0], "effective_points": 99.0,
         "mc_error": mc, "refitted": False}
    )  # fmt: skip
    return NewPerson(loo, table, common)


def test_by_participant(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {
        "good": new_person_of([-10.0, -30.0], [0.1, 0.9], 0.3),
        "poor": new_person_of([-14.0, -32.0], [0.2, 0.3], 0.4, False),
    }
    asked: list[Any] = []

    def new_person(fit: Any, **options: Any) -> NewPerson:
        asked.append((fit.label, options))
        return found[fit.label]

    def repaired(fit: Any, given: NewPerson, **options: Any) -> NewPerson:
        assert given is found[fit.label]
        asked.append(("again", fit.label, options["seed"], options["store"]))
        return found[fit.label]

    monkeypatch.setattr(comparing, "new_person", new_person)
    monkeypatch.setattr(comparing, "repaired", repaired)
    monkeypatch.setattr(comparing, "_check_populations", lambda named: asked.append("checked"))
    made = compare(fits(), unit="participant", draws=40, seed=3, store="there", show_progress=False)
    options = {"draws": 40, "store": "there", "seed": 3, "show_progress": False}
    assert asked == ["checked", ("good", options), ("poor", options)]
    table = made.table.set_index("model")
    assert table["elpd"].to_dict() == {"good": -40.0, "poor": -46.0}
    # people -4 and -2: variance 2, two of them
    assert table.loc["poor", ["elpd_diff", "dse"]].tolist() == pytest.approx([-6.0, 2.0])
    assert "dse_trials" not in table
    assert table["p"].tolist() == [1.0, 1.0]
    assert table["k_warnings"].to_dict() == {"good": 1, "poor": 0}
    assert table["mc_error"].tolist() == pytest.approx([0.3 * np.sqrt(2), 0.8])
    assert table["n_best"].tolist() == [2, 0]
    assert made.participants["se"].isna().all()
    assert made.new_persons == (found["good"], found["poor"])
    assert made.chain_elpd == {}
    assert [f.label for f in made.fits] == ["good", "poor"]
    asked.clear()
    compare(fits(), unit="participant", refit=True, show_progress=False)
    assert asked[1][1]["draws"] is None
    assert asked[2] == ("again", "good", 0, None)


def test_stacking_prefers_who_predicts_each_unit_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """Differences alone count, so that densities far below the smallest number keep their weights."""
    near = compare(fits(), show_progress=False).table["weight"]
    far = [invented_fit(name, np.array(row) - 5000.0, DATA) for name, row in VALUES.items()]
    assert compare(far, show_progress=False).table["weight"].tolist() == pytest.approx(near.tolist(), abs=1e-3)
    # two models, each much better for its half of the units: half and half
    data = invented_data([0, 1, 2, 3])
    turns = {"a": [-1.0, -9.0, -1.0, -9.0], "b": [-9.0, -1.0, -9.0, -1.0]}
    weights = compare([invented_fit(name, row, data) for name, row in turns.items()], show_progress=False).table[
        "weight"
    ]
    assert weights.tolist() == pytest.approx([0.5, 0.5], abs=0.01)


# evidence in the table


def with_evidence(monkeypatch: pytest.MonkeyPatch, **values: tuple[float, float, float, float]) -> Any:
    made = {
        label: HierarchicalEvidence(value, error, {0.5: value + half, 2.0: value + double})
        for label, (value, error, half, double) in values.items()
    }
    seeds: list[int] = []

    def evidence(fit: Any, *, seed: int, show_progress: bool) -> HierarchicalEvidence:
        seeds.append(seed)
        return made[fit.label]

    monkeypatch.setattr(comparing, "hierarchical_evidence", evidence)
    monkeypatch.setattr(comparing, "_check_populations", lambda named: None)
    of = [invented_fit(name, [-1.0 - k, -2.0, -3.0], DATA) for k, name in enumerate(values)]
    found = compare(of, evidence=True, seed=8, show_progress=False)
    assert seeds == [8] * len(values)
    return found


def test_evidence_stands_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    found = with_evidence(monkeypatch, a=(-50.0, 0.3, 1.0, -1.0), b=(-47.0, 0.4, 0.0, 0.0))
    table = found.table.set_index("model")
    assert table["log_evidence"].to_dict() == {"a": -50.0, "b": -47.0}
    assert table["evidence_error"].to_dict() == {"a": 0.3, "b": 0.4}
    # ahead by 3, by 2 with halved scales and by 4 with doubled ones: e^3 is 20
    assert evidence_words(found) == (
        "By log evidence b leads a by 3.0 ± 0.5, the Monte Carlo error (a Bayes factor of 20).",
        "Other priors would not change that: the difference is 2.0 with all prior scales times 0.5 and 4.0 with all prior"
        " scales times 2.",
    )


def test_evidence_that_rests_on_priors(monkeypatch: pytest.MonkeyPatch) -> None:
    # a leads b by 30, c by 40 and d by 50; halved scales take 15.1, 19.9 and 26 of that away
    found = with_evidence(
        monkeypatch,
        a=(0.0, 0.1, 0.0, 0.0),
        b=(-30.0, 0.1, 15.1, 0.0),
        c=(-40.0, 0.1, 19.9, 0.0),
        d=(-50.0, 0.1, 26.0, 0.0),
    )
    said = " ".join(evidence_words(found))
    assert said.startswith("By log evidence a leads b by 30.0 ± 0.1, the Monte Carlo error. That Bayes factor rests on")
    assert said.endswith("So does that against d.")
    found = with_evidence(monkeypatch, a=(0.0, 0.1, 0.0, 0.0), b=(-3.0, 1.6, 0.0, 0.0), c=(-40.0, 0.1, 0.0, 20.1))
    said = " ".join(evidence_words(found))
    assert (
        "a leads b by 3.0 ± 1.6, the Monte Carlo error (a Bayes factor of 20). That is within two such errors" in said
    )
    assert said.endswith("That against c rests on them.")
    found = with_evidence(monkeypatch, a=(0.0, 0.1, 0.0, 0.0), b=(-3.0, 1.4, 0.0, 0.0))
    assert "within two such errors" not in " ".join(evidence_words(found))
    alone = with_evidence(monkeypatch, a=(0.0, 0.1, 0.0, 0.0))
    assert evidence_words(alone) == ()


# contrasts


def test_a_contrast_by_hand() -> None:
    values = pd.DataFrame({"one": [1.0, 2.0, 3.0, 4.0], "two": [0.0, 2.0, 4.5, 1.0]})
    found = contrast(values, "one", "two")
    # 1, 0, -1.5 and 3: sum 2.5, mean .625, squares .140625 + .390625 + 4.515625 + 5.640625 = 10.6875 over 3, times 4
    assert found.total == 2.5
    assert found.error == pytest.approx(np.sqrt(14.25))
    assert (found.persons_first, found.persons_second, found.level, found.persons) == (2, 1, 1, 4)
    turned = contrast(values, "two", "one")
    assert (turned.total, turned.persons_first, turned.persons_second) == (-2.5, 1, 2)


def test_the_threshold_of_a_contrast() -> None:
    sure = Contrast("a", "b", 4.1, 0.5, 9, 1000)
    # two errors are 1, and 4 units are wanted at least
    assert sure.threshold == 4.0
    assert sure.answer == "first"
    assert replace(sure, total=-4.1).answer == "second"
    assert replace(sure, total=4.0).answer == "undecided"
    wide = replace(sure, error=10.0)
    # Student's t with 999 degrees of freedom at the normal 2
    assert wide.threshold == pytest.approx(20.025, abs=0.01)
    assert wide.answer == "undecided"
    assert replace(wide, total=20.1).answer == "first"
    assert replace(wide, total=19.9).answer == "undecided"
    alone = Contrast("a", "b", 50.0, np.nan, 1, 1)
    assert np.isnan(alone.threshold)
    assert alone.answer == "undecided"


def test_values_of_persons_keep_what_is_missing() -> None:
    long = pd.DataFrame({"participant": ["x", "x", "y"], "model": ["a", "b", "a"], "elpd_diff": [0.0, -1.0, 0.0]})
    wide = elpd_by_person(long)
    assert wide.loc["x"].tolist() == [0.0, -1.0]
    assert np.isnan(wide.loc["y", "b"])
