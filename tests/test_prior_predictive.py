"""What people drawn from a prior do: quantiles by hand, the stated priors at work, the picture, the command."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from typer.testing import CliRunner

import kvfit as kv
from kvfit import cli
from kvfit.inference.prior_people import PriorPeople, draw_people
from kvfit.inference.prior_predictive import has_responses, summarise_people
from kvfit.memory_model import MemoryModel
from kvfit.tasks.free_recall import build_free_recall

Z90 = 1.6448536269514722
PAGE = Path(__file__).parents[1] / "docs" / "priors.md"


@pytest.fixture(scope="module")
def trials() -> kv.RecognitionData:
    return kv.recognition_design(2, 400, "no,yes")


def unconstrained(model: MemoryModel, values: dict[str, np.ndarray], name: str) -> np.ndarray:
    p = next(p for p in model.parameters if p.name == name)
    return np.asarray(p.to_unconstrained(values[name])).ravel()


def test_people_have_the_stated_prior(trials: kv.RecognitionData) -> None:
    """Alone: the interval. From a population: 1.36 times the variance, 0.36 being the mean square of the half-normal."""
    model = kv.get_model("uvsd", priors={"sigma": (0.9, 1.5)}).bind(trials)
    rng = np.random.default_rng(1)
    alone = draw_people(model, trials, 20_000, rng, "none")["sigma"]
    assert alone.shape == (20_000, 2)
    assert np.quantile(alone, [0.05, 0.95]) == pytest.approx([0.9, 1.5], rel=0.01)
    scale = np.log(1.5 / 0.9) / (2 * Z90)
    people = draw_people(model, trials, 20_000, rng, "partial")
    assert unconstrained(model, people, "sigma").std() == pytest.approx(scale * np.sqrt(1.36), rel=0.02)
    shared = draw_people(model, trials, 20_000, rng, "complete")
    assert unconstrained(model, shared, "sigma").std() == pytest.approx(scale, rel=0.02)


def test_people_differ_as_far_as_stated(trials: kv.RecognitionData) -> None:
    """A typical value that is certain: the variance is that of persons, the squared scale of the half-normal."""
    wide = kv.get_model("uvsd", priors={"sigma": (0.999, 1.001), "persons(sigma)": (0.5, 2.0)}).bind(trials)
    values = draw_people(wide, trials, 20_000, np.random.default_rng(2))
    tau = np.log(4) / (2 * Z90 * 1.959963984540054)
    assert unconstrained(wide, values, "sigma").std() == pytest.approx(tau, rel=0.03)


def test_simulation_uses_the_stated_prior(trials: kv.RecognitionData) -> None:
    """d' of 2 for everybody and a criterion of 0.5: hits at 1 - Phi(-1.5) = .9332, whatever the model's own prior."""
    certain = {"d_prime": (1.999, 2.001), "persons(d_prime)": (1.998, 2.002)}
    found = kv.prior_predict("evsd(criterion=0.5)", trials, priors=certain, people=30, seed=3)
    middle = found.curves["hit_rate"]["prior"].sel(quantile=0.5).item()
    assert middle == pytest.approx(norm.cdf(1.5), abs=4 * np.sqrt(0.0623 / 200 / 30) * 1.25)
    ends = found.curves["hit_rate"]["prior"].sel(quantile=[0.05, 0.95]).to_numpy()
    # binomial noise of 200 old items: standard deviation .0177
    assert np.ptp(ends) == pytest.approx(2 * Z90 * 0.0177, rel=0.5)
    assert kv.prior_predict("evsd(criterion=0.5)", trials, people=30, seed=3).curves["hit_rate"]["prior"].sel(
        quantile=0.05
    ).item() < 0.7  # fmt: skip


def test_quantiles_of_recall_by_hand() -> None:
    """Four people recall 0, 1, 2 and 3 of 4 items in order from the start: P(position 1) 0, 1, 1, 1; their 5 % is 0.15."""
    design = kv.free_recall_design(2, 1, 4)
    model = kv.get_model("random_recall").bind(design)
    recalled = np.array([[[0, 0, 0, 0], [1, 0, 0, 0]], [[1, 2, 0, 0], [1, 2, 3, 0]]], np.int16)
    values = {p.name: np.full((2, 2), 0.5) for p in model.parameters}
    found = summarise_people(
        model, design, PriorPeople(values, recalled), ("serial_position", "first_recall", "lag_crp")
    )
    prior = found.curves["serial_position"]["prior"]
    assert prior.sel(study_position=1).to_numpy() == pytest.approx([0.15, 1, 1])
    assert prior.sel(study_position=2).to_numpy() == pytest.approx([0, 0.5, 1])
    assert prior.sel(study_position=4).to_numpy() == pytest.approx([0, 0, 0])
    table = found.table.set_index(["curve", "point"])
    assert table.loc[("serial_position", "study position 1")].tolist() == pytest.approx([0.15, 1, 1])
    # two people made a transition, both by lag 1 alone
    assert table.loc[("lag_crp", "lag 1")].tolist() == pytest.approx([1, 1, 1])
    assert "data" not in found.curves["serial_position"]
    assert len(found.people) == 4


def test_people_of_the_data_stand_beside() -> None:
    """Three people of one list recall 1, 2 and 3 of 4 items; one of them begins with the last item."""
    recalled = np.array([[4, 0, 0, 0], [1, 2, 0, 0], [1, 2, 3, 0]], np.int16)
    data = kv.free_recall_design(3, 1, 4).with_responses(recalled)
    found = kv.prior_predict("random_recall", data, people=7)
    assert len(found.people) == 9  # three of each list
    seen = found.curves["first_recall"]["data"]
    assert seen.sel(study_position=4).to_numpy() == pytest.approx([0, 0, 0.9])
    assert seen.sel(study_position=1).to_numpy() == pytest.approx([0.1, 1, 1])
    assert {"data_5", "data_50", "data_95"} <= set(found.table)


def test_an_roc_is_read_between_a_persons_points() -> None:
    """Points (.25, .5) and (.5, 1): at .1 it is .2, at .4 .5 + .6 x .5, beyond .5 one."""
    design = kv.recognition_design(1, 16, "1-3", old_from=2)
    model = kv.get_model("evsd").bind(design)
    answers = np.empty((1, 16), np.int64)
    # of 8 old items 4 are sure and 4 unsure, of 8 new ones 2 are sure, 2 unsure and 4 called new
    answers[0, design.old] = np.repeat([3, 2], 4)
    answers[0, ~design.old] = np.repeat([3, 2, 1], [2, 2, 4])
    values = {p.name: np.ones((1, 1)) for p in model.parameters}
    roc = (
        summarise_people(model, design, PriorPeople(values, answers), ("roc",)).curves["roc"]["prior"].sel(quantile=0.5)
    )
    assert roc.sel(false_alarm_rate=[0.1, 0.25, 0.4, 0.5, 0.8], method="nearest").to_numpy() == pytest.approx(
        [0.2, 0.5, 0.8, 1, 1]
    )


def test_lists_of_other_lengths_and_conditions_are_kept_apart() -> None:
    short, long = kv.free_recall_design(2, 2, 4), kv.free_recall_design(2, 2, 6)
    events = pd.concat([short.events, long.events.assign(list=lambda t: t["list"] + 2)], ignore_index=True)
    events = events.sort_values(["subject", "list", "position"], ignore_index=True)
    data = build_free_recall(events, "mixed", "a design")
    found = kv.prior_predict("random_recall", data, people=4)
    prior = found.curves["serial_position"]["prior"]
    assert prior.dims == ("quantile", "list_length", "study_position")
    points = found.table.loc[found.table["curve"] == "serial_position", "point"]
    assert len(points) == 4 + 6
    assert found.figure().axes


def test_designs_have_no_responses(trials: kv.RecognitionData) -> None:
    assert not has_responses(trials)
    assert not has_responses(kv.free_recall_design(2, 2, 4))
    simulated = kv.simulate("evsd", trials, {"d_prime": 1.0, "criterion": 0.5}, seed=1)
    assert has_responses(simulated)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"curves": ["lag_crp"]}, "curves: unknown 'lag_crp'; known are hit_rate"),
        ({"people": 0}, "people: expected at least 1"),
        ({"pooling": "some"}, "pooling: expected one of partial, none, complete"),
        ({"priors": {"d_prime": (2, 1)}}, "lower before upper"),
        ({"priors": {"persons(d_prime)": (0, 4)}, "pooling": "none"}, "no population whose persons differ"),
    ],
)
def test_what_cannot_be_drawn_is_refused(trials: kv.RecognitionData, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        kv.prior_predict("evsd", trials, **changed)


def test_formulas_and_items_are_simulated_too() -> None:
    rng = np.random.default_rng(5)
    n = 24
    table = pd.DataFrame(
        {
            "subject": np.repeat(["a", "b", "c"], n),
            "position": np.tile(np.arange(1, n + 1), 3),
            "item": np.tile([f"w{i}" for i in range(n)], 3),
            "old": np.concatenate([rng.permutation(np.repeat([0, 1], n // 2)) for _ in range(3)]),
            "strength": rng.choice(["strong", "weak"], 3 * n),
            "response": rng.choice(["no", "yes"], 3 * n),
        }
    )
    data = kv.read_recognition(table, scale="no,yes")
    model = kv.get_model("evsd(items=criterion, d_prime ~ strength + (1 | subject), prior(criterion)=0:1)")
    found = kv.prior_predict(model, data, people=6, by="strength", curves=("hit_rate",))
    assert found.curves["hit_rate"]["prior"].sizes == {"quantile": 3, "strength": 2}
    assert "d_prime:strength[weak]" in "".join(found.people.columns)


def test_the_shell_prints_curves_and_draws_them(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "subject": np.repeat(["ann", "bob"], 16),
            "position": np.tile(np.arange(1, 17), 2),
            "item": [f"w{i}" for i in range(32)],
            "old": np.tile([1, 0], 16),
            "response": np.tile([1, 0, 1, 1, 0, 0, 1, 0], 4),
        }
    )
    table.to_csv(tmp_path / "mine.csv", index=False)
    answer = CliRunner().invoke(
        cli.app,
        [
            "foresee", "evsd", "--data", str(tmp_path / "mine.csv"), "--scale", "0,1", "--prior", "d_prime=0.5:2.5",
            "--prior-predictive", "--people", "10", "--output", str(tmp_path / "table.csv"),
            "--picture", str(tmp_path / "prior.png"),
        ],
    )  # fmt: skip
    assert answer.exit_code == 0, answer.output
    assert "evsd(prior(d_prime)=0.5:2.5), 10 people drawn from the prior" in answer.output
    saved = pd.read_csv(tmp_path / "table.csv")
    assert set(saved["curve"]) == {"confidence", "hit_rate", "false_alarm_rate", "d_prime", "criterion_c"}
    # of 8 old items of each person 6 are called old at strengths 1, 1, 0, 1: three in four
    hits = saved.set_index("curve").loc["hit_rate"]
    assert hits["data_50"] == pytest.approx(table.loc[table["old"] == 1, "response"].mean())
    assert (tmp_path / "prior.png").stat().st_size > 10_000


def test_the_examples_of_the_page_run() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) == 3
    space: dict[str, Any] = {}
    for block in blocks:
        exec(block, space)
    assert space["figure"].axes
