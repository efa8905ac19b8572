"""Numbers of fits and of predictions of new people, worked out by hand: no model is sampled."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from normal_persons import NOISE, NormalDesign, NormalObjective, parameter
from scipy.stats import norm

from kvfit.comparison import new_person as new_persons
from kvfit.comparison.new_person import NewPerson, participant_folds, predict_left_out, repaired
from kvfit.comparison.person_marginals import PersonMarginals
from kvfit.comparison.population_draws import population_draws
from kvfit.inference import sampling
from kvfit.inference.fit import Fit, by_observation
from kvfit.inference.settings import FitSettings
from kvfit.recall.stopping import STOPPING_RULES

#: how a person's 10 responses come out; nobody is like anybody else
MEANS = np.array([-1.5, -0.2, 0.6, 1.9])
N_CHAINS, N_DRAWS = 2, 50


class People:
    """Responses of some participants."""

    def __init__(self, labels: list[str], means: np.ndarray) -> None:
        self.participants, self.means = np.array(labels), means
        self.participant = np.arange(len(labels))

    @property
    def n_participants(self) -> int:
        return len(self.participants)

    def select(self, participants: list[str]) -> "People":
        rows = [list(self.participants).index(one) for one in participants]
        return People([str(self.participants[i]) for i in rows], self.means[rows])


def normal_fit(people: People, mean: float, spread: float) -> Any:
    """A fit whose population is known exactly: all its draws are the same but for one part in a million."""
    p = parameter("a")
    rng = np.random.default_rng(3)
    shape = (N_CHAINS, N_DRAWS)
    precision = 10 / NOISE**2 + 1 / spread**2
    own = rng.normal(
        (10 * people.means / NOISE**2 + mean / spread**2) / precision, precision**-0.5, (100, people.means.size)
    )
    posterior = xr.Dataset(
        {
            "population_mean": (("chain", "draw", "parameter"), mean + 1e-6 * rng.normal(size=(*shape, 1))),
            "population_sd": (("chain", "draw", "person_parameter"), spread + 1e-6 * rng.normal(size=(*shape, 1))),
        },
        {"parameter": ["a"], "person_parameter": ["a"]},
    )
    return SimpleNamespace(
        model=SimpleNamespace(parameters=(p,), objective=NormalObjective, label="normal"),
        label="normal",
        data=people,
        design=NormalDesign(people.means, 10),
        settings=FitSettings(seed=11),
        similarity=None,
        tree={"posterior": posterior},
        draws=lambda n: {"a": own},
    )


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A fit; refits put the population's mean at that of whoever is left, and remember who that was."""
    fitted: list[tuple[list[str], int]] = []

    def refit(model: Any, data: People, **options: Any) -> Any:
        fitted.append((list(data.participants), options["seed"]))
        return normal_fit(data, float(data.means.mean()), 1.0)

    monkeypatch.setattr(new_persons, "fit", refit)
    made = normal_fit(People(["ann", "bob", "cid", "dan"], MEANS), 0.2, 1.2)
    made.fitted = fitted
    return made


def as_new(person: int, others: list[int]) -> float:
    """Log density of a person's mean under the population of the others."""
    return float(norm.logpdf(MEANS[person], MEANS[others].mean(), np.sqrt(NOISE**2 / 10 + 1.0)))


@pytest.mark.parametrize(("person", "others"), [(0, [1, 2, 3]), (2, [0, 1, 3])])
def test_who_is_left_out_is_predicted_by_all_the_others(whole: Any, person: int, others: list[int]) -> None:
    found = predict_left_out(whole, [person], show_progress=False)
    labels = whole.data.participants
    assert found["participant"].tolist() == [labels[person]]
    assert whole.fitted == [([labels[i] for i in others], 11)]
    assert found["elpd"].tolist() == pytest.approx([as_new(person, others)], abs=0.05)
    assert found["refitted"].tolist() == [True]
    assert found["pareto_k"].isna().all()


def test_two_are_left_out_together(whole: Any) -> None:
    found = predict_left_out(whole, [3, 1], show_progress=False)
    assert found["participant"].tolist() == ["dan", "bob"]
    assert found["elpd"].tolist() == pytest.approx([as_new(3, [0, 2]), as_new(1, [0, 2])], abs=0.05)
    with pytest.raises(ValueError, match="1 participants would be left"):
        predict_left_out(whole, [0, 1, 2], show_progress=False)


def test_folds_predict_everybody_once_in_the_order_of_the_data(whole: Any) -> None:
    found = participant_folds(whole, 2, seed=5, show_progress=False)
    assert found["participant"].tolist() == ["ann", "bob", "cid", "dan"]
    assert sorted(found["fold"]) == [1, 1, 2, 2]
    for person, fold in enumerate(found["fold"]):
        others = [i for i in range(4) if found["fold"][i] != fold]
        assert found["elpd"][person] == pytest.approx(as_new(person, others), abs=0.05)
    again = participant_folds(whole, 2, seed=5, show_progress=False)
    assert again["fold"].tolist() == found["fold"].tolist()
    with pytest.raises(ValueError, match=r"expected 2 to 4 \(participants\), found 1"):
        participant_folds(whole, 1)
    with pytest.raises(ValueError, match="found 5"):
        participant_folds(whole, 5)


def invented_loo(elpd: list[float], pareto_k: list[float], p: float) -> Any:
    """ArviZ's result, its numbers invented."""
    rng = np.random.default_rng(0)
    ll = xr.Dataset({"y": (("chain", "draw", "participant"), rng.uniform(-1, 0, (2, 60, len(elpd))))})
    posterior = xr.Dataset({"a": (("chain", "draw"), rng.normal(size=(2, 60)))})
    made = az.loo(xr.DataTree.from_dict({"/posterior": posterior, "/log_likelihood": ll}), pointwise=True)
    return replace(
        made,
        elpd=sum(elpd),
        p=p,
        good_k=0.7,
        elpd_i=made.elpd_i.copy(data=np.array(elpd)),
        pareto_k=made.pareto_k.copy(data=np.array(pareto_k)),
    )


def known_person(pareto_k: list[float], inner_k: list[float], elpd: list[float], mc: list[float]) -> NewPerson:
    table = pd.DataFrame(
        {
            "participant": ["ann", "bob", "cid", "dan"],
            "elpd": elpd,
            "pareto_k": pareto_k,
            "inner_k": inner_k,
            "effective_points": 100.0,
            "mc_error": mc,
            "refitted": False,
        }
    )
    return NewPerson(invented_loo(elpd, pareto_k, 3.0), table, True)


def test_only_unreliable_people_are_replaced(whole: Any) -> None:
    found = known_person([0.1, 0.9, 0.7, 1.2], [0.0] * 4, [-10.0, -11.0, -12.0, -13.0], [0.3, 0.4, 0.0, 0.0])
    mended = repaired(whole, found, show_progress=False)
    bob, dan = as_new(1, [0, 2, 3]), as_new(3, [0, 1, 2])
    assert [labels for labels, _ in whole.fitted] == [["ann", "cid", "dan"], ["ann", "bob", "cid"]]
    assert mended.table["participant"].tolist() == ["ann", "bob", "cid", "dan"]
    assert mended.table["refitted"].tolist() == [False, True, False, True]
    assert mended.table["pareto_k"].tolist() == [0.1, 0.9, 0.7, 1.2]
    assert mended.table["elpd"].tolist() == pytest.approx([-10.0, bob, -12.0, dan], abs=0.05)
    elpd = np.asarray(mended.loo.elpd_i)
    assert elpd.tolist() == pytest.approx(mended.table["elpd"].tolist())
    assert float(mended.loo.elpd) == pytest.approx(elpd.sum())
    # what the whole sample predicts of itself, -46 + 3, stays; p is how much of that is lost
    assert float(mended.loo.p) == pytest.approx(-43.0 - elpd.sum())
    # four values: 4 times their variance, as `az.reloo` has it
    assert float(mended.loo.se) == pytest.approx(np.sqrt(4 * ((elpd - elpd.mean()) ** 2).sum() / 3))
    assert np.asarray(mended.loo.pareto_k).tolist() == [0.1, 0.0, 0.7, 0.0]
    assert mended.unreliable.tolist() == [False] * 4
    assert found.unreliable.tolist() == [False, True, False, True]


def test_errors_of_integrals_add_up_as_they_must() -> None:
    found = known_person([0.0] * 4, [0.71, 0.0, 0.7, 0.0], [-1.0] * 4, [0.3, 0.4, 0.0, 1.2])
    assert found.total_error == pytest.approx(1.3)
    assert replace(found, common=False).total_error == pytest.approx(1.9)
    assert found.unreliable.tolist() == [True, False, False, False]


def test_monte_carlo_errors_of_marginals() -> None:
    # two draws: 100 and 50 effective points of 200; persons 25 and 200
    effective = np.array([[100.0, 200.0], [50.0, 25.0]])
    found = PersonMarginals(np.zeros((2, 2)), effective, 200, np.zeros(2), True)
    np.testing.assert_allclose(found.variance(), [[0.005, 0.0], [0.015, 0.035]])
    np.testing.assert_allclose(found.error(), np.sqrt([0.01, 0.0175]))
    np.testing.assert_allclose(replace(found, common=False).error(), [0.01, 0.0175])


def test_all_are_predicted_from_the_population(whole: Any) -> None:
    found = new_persons.new_person(whole, show_progress=False)
    expected = norm.logpdf(MEANS, 0.2, np.sqrt(NOISE**2 / 10 + 1.2**2))
    np.testing.assert_allclose(found.table["elpd"], expected, atol=0.05)
    assert found.table["participant"].tolist() == ["ann", "bob", "cid", "dan"]
    assert not found.table["refitted"].any()
    assert (found.table["effective_points"] > 1000).all()


def test_draws_of_the_population_are_evenly_spaced(whole: Any) -> None:
    draws = population_draws(whole)
    assert (draws.n_chains, draws.n_draws) == (2, 100)
    # of 50 draws a chain every third: 0, 3, ..., 48
    kept = draws.thinned(34)
    assert (kept.n_chains, kept.n_draws) == (2, 34)
    np.testing.assert_array_equal(kept.mean, draws.mean[np.r_[0:50:3, 50:100:3]])
    np.testing.assert_array_equal(draws.thinned(100).mean, draws.mean)
    np.testing.assert_array_equal(draws.thinned(99).mean, draws.mean[np.r_[0:50:2, 50:100:2]])


def person_fit(values: np.ndarray, population: np.ndarray | None = None) -> Fit:
    """A fit with one real parameter; `values` ``(chain, draw, participant)``."""
    variables: dict[str, Any] = {"a": (("chain", "draw", "participant"), values)}
    coords: dict[str, Any] = {}
    if population is not None:
        variables["population_mean"] = (("chain", "draw", "parameter"), population[:, :, None])
        coords["parameter"] = ["a"]
    tree = xr.DataTree.from_dict({"/posterior": xr.Dataset(variables, coords)})
    model: Any = SimpleNamespace(parameters=(parameter("a"),), label="one")
    data = SimpleNamespace(participants=[f"p{i}" for i in range(values.shape[2])], n_participants=values.shape[2])
    made = Fit(model, data, tree, FitSettings())
    made.__dict__["tree"] = tree
    return made


def test_quantiles_over_persons_and_intervals() -> None:
    # 11 persons whose draws average to 0, 10, ..., 100: a tenth lies below 10 and a tenth above 90
    noise = np.array([[-1.0, 1.0], [2.0, -2.0]])
    values = 10.0 * np.arange(11) + noise[:, :, None]
    population = np.arange(101.0).reshape(1, -1)
    row = person_fit(np.broadcast_to(10.0 * np.arange(11), (1, 101, 11)), population).population().iloc[0]
    assert row[["mean", "lower", "upper"]].tolist() == pytest.approx([50.0, 5.0, 95.0])
    assert row[["person_10", "person_90"]].tolist() == pytest.approx([10.0, 90.0])
    half = person_fit(np.broadcast_to(np.zeros(1), (1, 101, 1)), population).population(0.5).iloc[0]
    assert half[["lower", "upper"]].tolist() == pytest.approx([25.0, 75.0])
    # without a population its mean is that of the persons: 50 and the noise
    alone = person_fit(values).population(0.999999).iloc[0]
    assert alone[["mean", "lower", "upper"]].tolist() == pytest.approx([50.0, 48.0, 52.0], abs=1e-5)
    assert alone[["person_10", "person_90"]].tolist() == pytest.approx([10.0, 90.0])
    persons = person_fit(values).persons()
    assert persons["a"].tolist() == pytest.approx((10.0 * np.arange(11)).tolist())
    assert persons.index.tolist()[:2] == ["p0", "p1"]


def test_drawn_values_belong_to_one_draw() -> None:
    values = np.arange(2 * 30 * 3, dtype=float).reshape(2, 30, 3)
    drawn = person_fit(values).draws(10, seed=4)["a"]
    assert drawn.shape == (10, 3)
    rows = drawn[:, 0] / 3
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(drawn, values.reshape(60, 3)[rows.astype(int)])
    np.testing.assert_array_equal(drawn, person_fit(values).draws(10, seed=4)["a"])
    assert not np.array_equal(drawn, person_fit(values).draws(10, seed=5)["a"])
    assert person_fit(values).draws(100)["a"].shape == (60, 3)


def test_observations_take_the_value_of_their_cell() -> None:
    design = SimpleNamespace(n_observations=4, unit_of_observation=np.array([1, 0, 1, 2]))
    fit: Any = SimpleNamespace(design=design)
    assert by_observation(fit, np.array([5.0, 6.0, 7.0])).tolist() == [6.0, 5.0, 6.0, 7.0]
    assert by_observation(fit, np.arange(4.0)).tolist() == [0.0, 1.0, 2.0, 3.0]


def test_the_seed_reaches_the_samplers(monkeypatch: pytest.MonkeyPatch) -> None:
    import nutpie
    import pymc as pm

    seeds: list[int] = []
    tree = xr.DataTree.from_dict({"/posterior": xr.Dataset({"a": (("chain", "draw"), np.zeros((3, 7)))})})

    def by_nutpie(density: Any, **options: Any) -> Any:
        seeds.append(options["seed"])
        assert (options["draws"], options["tune"], options["chains"]) == (7, 5, 3)
        return SimpleNamespace(wait=tree.copy, cancel=lambda: None)

    def by_pymc(**options: Any) -> Any:
        seeds.append(options["random_seed"])
        assert (options["draws"], options["tune"], options["chains"]) == (7, 5, 3)
        return tree

    monkeypatch.setattr(nutpie, "sample", by_nutpie)
    monkeypatch.setattr(pm, "sample", by_pymc)
    monkeypatch.setattr(type(sampling.COMPILED), "compiled", lambda self, model: None)
    with pm.Model() as model:
        pm.Normal("a")
    for sampler in ("nutpie", "pymc"):
        for seed in (3, 3, 4):
            settings = FitSettings(sampler=sampler, seed=seed, draws=7, tune=5, chains=3)  # type: ignore[arg-type]
            sampling.sample_posterior(model, settings, show_progress=False)
    assert seeds[0] == seeds[1] != seeds[2]
    assert seeds[3:] == [3, 3, 4]


def test_stopping_is_stated_after_eight_recalls() -> None:
    p = {"stop_probability": np.array([0.2]), "stop_slope": np.array([0.5]), "stop_bias": np.array([1.0]),
         "stop_match": np.array([2.0]), "X1": np.array([0.02]), "X2": np.array([0.3])}  # fmt: skip
    table, _ = STOPPING_RULES["position"].table(p, 10, np)
    assert table.shape == (1, 2, 11)
    # after eight recalls the odds are 1 to 4; one recall more or less is a factor exp(.5)
    assert np.exp(table[0, 0, 8]) == pytest.approx(0.2)
    assert np.exp(table[0, 1, 8]) == pytest.approx(0.8)
    assert table[0, 0, 9] - table[0, 1, 9] == pytest.approx(np.log(0.25) + 0.5)
    assert table[0, 0, 0] - table[0, 1, 0] == pytest.approx(np.log(0.25) - 4.0)
    logits, weight = STOPPING_RULES["mixed"].table(p, 10, np)
    assert logits[0, :, [8, 10]].tolist() == [[1.0, 1.0], [2.0, 2.0]]
    assert weight.tolist() == [2.0]
    logits, _ = STOPPING_RULES["match"].table(p, 10, np)
    assert (logits == 1.0).all()
    table, _ = STOPPING_RULES["exponential"].table(p, 10, np)
    assert np.exp(table[0, 0, [0, 2]]).tolist() == pytest.approx([0.02, 0.02 * np.exp(0.6)])
    assert np.exp(table[0]).sum(axis=0) == pytest.approx(np.ones(11))
