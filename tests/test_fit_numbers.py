"""Numbers around a fit, by hand: log-likelihoods of draws, predictions, the sampler's health, scores of single optima."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from study_lists import study_table

import kvfit as kv
from kvfit.inference import maximum_likelihood as ml
from kvfit.inference import pointwise as points
from kvfit.inference import predict as predicting
from kvfit.inference.diagnostics import Diagnostics, _each_correlation_once, diagnose
from kvfit.inference.settings import FitSettings
from kvfit.parameters import Parameter

DIMS = ("chain", "draw", "participant")
A = Parameter("a", "a", "real", (-1.0, 3.0), "a mean", "for a test")
B = Parameter("b", "b", "positive", (1.0, 4.0), "a size", "for a test")


class Echo:
    """Free recall in which the number recalled and the log-likelihood of a list tell which values were used."""

    parameters = (A, B)
    observed = "recalls"
    label = "echo"
    task = "free_recall"

    def simulate(self, design: Any, values: dict[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
        first = values["a"][design.participant].astype(int)
        noise = rng.integers(1, 100, len(first))
        return np.stack([first, noise, np.zeros(len(first), int)], axis=1)

    def log_likelihood(self, design: Any, values: dict[str, np.ndarray]) -> np.ndarray:
        self.asked.append(len(values["a"]))
        return values["a"][:, design.owner_of_unit] + 1000.0 * values["b"][:, design.owner_of_unit]

    def __init__(self) -> None:
        self.asked: list[int] = []


#: three participants with 2, 1 and 1 lists, of three items each
OWNER = np.array([0, 0, 1, 2])


def draws(n_chains: int, n_draws: int) -> xr.Dataset:
    """Value of `a`: 100 chain + draw + 1000 (participant + 1); of `b` minus that."""
    chain, draw, person = np.ogrid[:n_chains, :n_draws, :3]
    a = 100.0 * chain + draw + 1000.0 * (person + 1)
    coords = {"chain": np.arange(n_chains), "draw": np.arange(n_draws)}
    return xr.Dataset({"a": (DIMS, a), "b": (("participant", "draw", "chain"), -a.T)}, coords)


def made_fit(n_chains: int = 2, n_draws: int = 60) -> kv.Fit:
    recalled = np.array([[1, 0, 0], [2, 3, 0], [0, 0, 0], [1, 2, 3]], np.int16)
    data = kv.read_free_recall(pd.concat([study_table(1, 2, (3,)), study_table(3, 1, (3,)).query("subject > 1")]))
    data = data.with_responses(recalled)
    model: Any = Echo()
    posterior = draws(n_chains, n_draws)
    ll = xr.Dataset({"recalls": (("chain", "draw", "list"), np.zeros((n_chains, n_draws, 4)))}, posterior.coords)
    fit = kv.Fit(model, data, xr.DataTree.from_dict({"/posterior": posterior, "/log_likelihood": ll}), FitSettings())
    fit.__dict__["design"] = SimpleNamespace(participant=OWNER)
    fit.__dict__["tree"] = fit.sampled
    return fit


# predictions


def test_predictions_come_from_the_drawn_values_in_chunks() -> None:
    fit = made_fit()
    chunks = list(predicting.predictive_chunks(fit, 110, seed=4))
    assert [len(one) for one in chunks] == [50, 50, 10]
    drawn = fit.draws(110, 4)["a"]
    whole = np.concatenate(chunks)
    np.testing.assert_array_equal(whole[:, :, 0], drawn[:, OWNER])
    # every list of every draw has chances of its own
    noise = whole[:, :, 1]
    assert np.abs(np.corrcoef(noise[:50, 0], noise[50:100, 0])[0, 1]) < 0.6
    np.testing.assert_array_equal(predicting.predict(fit, 110, 4), whole)
    assert (predicting.predict(fit, 110, 5)[:, :, 1] != noise).any()
    assert predicting.predict(fit).shape == (120, 4, 3)
    np.testing.assert_array_equal(predicting.predict(fit), predicting.predict(fit, 200, 0))
    np.testing.assert_array_equal(
        np.concatenate(list(predicting.predictive_chunks(made_fit(2, 150)))),
        predicting.predict(made_fit(2, 150), 200, 0),
    )
    group = predicting.with_predictive(made_fit(2, 150)).sampled["posterior_predictive"]
    assert group.sizes["draw"] == 100
    same = predicting.with_predictive(made_fit(2, 150), seed=0).sampled["posterior_predictive"]
    assert (group["recalls"] == same["recalls"]).all()
    assert predicting.predict(made_fit(2, 150)).shape == (200, 4, 3)


def test_the_predictive_group_belongs_to_its_draws() -> None:
    fit = made_fit(2, 9)
    for wanted, kept in {
        6: [0, 4, 8],
        5: [0, 4, 8],
        4: [0, 8],
        1: [0],
        None: list(range(9)),
        100: list(range(9)),
    }.items():
        group = fit.with_predictive(wanted).sampled["posterior_predictive"].to_dataset()
        assert group["draw"].to_numpy().tolist() == kept
        assert group["chain"].to_numpy().tolist() == [0, 1]
        recalls = group["recalls"].to_numpy()
        expected = 100 * np.arange(2)[:, None, None] + np.array(kept)[None, :, None] + 1000 * (OWNER + 1)
        np.testing.assert_array_equal(recalls[..., 0], expected)
        assert (group["n_recalled"] == 2).all()
    one, again, other = (fit.with_predictive(6, seed).sampled["posterior_predictive"]["recalls"] for seed in (0, 0, 1))
    assert (one == again).all()
    assert (one != other).any()
    assert fit.with_predictive().sampled["posterior_predictive"].sizes["draw"] == 9
    with pytest.raises(ValueError, match="at least 1, or None for all; found 0"):
        fit.with_predictive(0)


def test_predictions_keep_to_draws_with_a_log_likelihood() -> None:
    fit = made_fit(2, 9)
    part = fit.sampled["log_likelihood"].to_dataset().isel(draw=slice(None, None, 3))
    thinned = replace(fit, sampled=xr.DataTree.from_dict({"/posterior": draws(2, 9), "/log_likelihood": part}))
    thinned.__dict__.update(tree=thinned.sampled, design=fit.design)
    found = thinned.with_predictive(None).sampled
    assert found["posterior_predictive"]["draw"].to_numpy().tolist() == [0, 3, 6]
    assert found["posterior_predictive"]["recalls"][1, 2, 3, 0] == 3106
    # the other groups stay
    assert set(found.children) == {"posterior", "log_likelihood", "posterior_predictive"}
    assert found["posterior"].sizes["draw"] == 9
    alone = replace(fit, sampled=xr.DataTree.from_dict({"/posterior": draws(2, 9)}))
    alone.__dict__.update(tree=alone.sampled, design=fit.design)
    assert alone.with_predictive(None).sampled["posterior_predictive"].sizes["draw"] == 9


# log-likelihoods


def test_how_far_draws_with_a_log_likelihood_lie_apart() -> None:
    assert [points.draws_apart(n) for n in (0, 1, 40_000_000, 40_000_001, 80_000_000, 80_000_001)] == [1, 1, 1, 2, 2, 3]


def test_draws_stand_chain_behind_chain() -> None:
    posterior = draws(2, 3).assign(
        item_effects=(("item_parameter", "item", "draw", "chain"), np.arange(24.0).reshape(2, 2, 3, 2))
    )
    model: Any = SimpleNamespace(parameters=(A, B))
    found = points.flat_draws(model, posterior)
    assert found["a"][:, 1].tolist() == [2000, 2001, 2002, 2100, 2101, 2102]
    np.testing.assert_array_equal(found["b"], -found["a"])
    # (draw, item, effect): chain 1, draw 0 is the fourth
    assert found["item_effects"].shape == (6, 2, 2)
    assert found["item_effects"][3].tolist() == [[1.0, 13.0], [7.0, 19.0]]
    assert "item_effects" not in points.flat_draws(model, draws(2, 3))


@pytest.mark.parametrize("shared", [False, True])
def test_every_observation_gets_the_log_likelihood_of_its_draw(shared: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Units in another order than lists: list 0 is unit 2, and so on; or two lists share a unit."""
    unit = np.array([1, 1, 0, 2]) if shared else np.array([2, 0, 1, 3])
    owner = np.array([1, 0, 2]) if shared else np.array([0, 1, 0, 2])
    fit = made_fit(2, 60)
    design = SimpleNamespace(n_observations=4, unit_of_observation=unit, owner_of_unit=owner)
    tree = xr.DataTree.from_dict({"/posterior": draws(2, 60), "/sample_stats": xr.Dataset(), "/other": xr.Dataset()})
    model: Any = Echo()
    found = points.pointwise(tree, model, fit.data, design)
    assert model.asked == [50, 50, 20]
    assert set(found.children) == {"posterior", "sample_stats", "log_likelihood"}
    ll = found["log_likelihood"]["recalls"]
    a = 100.0 * np.arange(2)[:, None, None] + np.arange(60.0)[None, :, None] + 1000.0 * (np.arange(3) + 1)
    by_person = a - 1000.0 * a
    np.testing.assert_array_equal(ll.to_numpy(), by_person[:, :, owner] if shared else by_person[:, :, OWNER])
    assert ll.dims[2] == ("unit" if shared else "list")
    assert ("subject" in ll.coords) == (not shared)
    bare = xr.DataTree.from_dict({"/posterior": draws(2, 60)})
    whole = points.with_log_likelihood(bare, model, fit.data, design, np.zeros((2, 60, unit.max() + 1)))
    assert set(whole.children) == {"posterior", "log_likelihood"}
    assert whole["log_likelihood"].sizes["draw"] == 60
    # 2 x 60 x units numbers, of which no more than a quarter fit
    monkeypatch.setattr(points, "KEPT_NUMBERS", 2 * 60 * (unit.max() + 1) // 4)
    thinned = points.pointwise(tree, model, fit.data, design)["log_likelihood"]["recalls"]
    assert thinned["draw"].to_numpy().tolist() == list(range(0, 60, 4))
    np.testing.assert_array_equal(thinned.to_numpy(), ll.to_numpy()[:, ::4])
    assert thinned["chain"].to_numpy().tolist() == [0, 1]


# the sampler's health


HEALTHY = Diagnostics(0, 500, 4, 1.01, 400.0, 400.0, "a")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ""),
        ({"divergences": 1}, "1 divergent transitions (0.1%): raise target_accept"),
        ({"divergences": 100}, "100 divergent transitions (5.0%)"),
        ({"rhat_max": 1.0101}, "chains disagree (r-hat 1.010 for a, limit 1.01)"),
        ({"rhat_max": float("nan")}, "chains disagree (r-hat nan"),
        ({"ess_bulk_min": 399.0}, "few effective draws (bulk 399, wanted 400)"),
        ({"ess_bulk_min": float("nan")}, "few effective draws (bulk nan"),
        ({"ess_tail_min": 399.9}, "few effective draws in the tails (400)"),
        ({"ess_tail_min": float("nan")}, "few effective draws in the tails (nan)"),
        ({"n_chains": 5}, "few effective draws (bulk 400, wanted 500)"),
    ],
)
def test_each_limit_of_the_sampler(changed: dict[str, Any], said: str) -> None:
    found = replace(HEALTHY, **changed)
    assert found.passed == (said == "")
    if said:
        assert said in found.verdict()
        assert found.verdict().startswith("Not to be trusted yet: ")
    else:
        assert found.verdict() == (
            "Sampling went well: no divergences, r-hat at most 1.010, at least 400 effective draws for every quantity."
        )


def test_the_worst_quantity_is_found() -> None:
    rng = np.random.default_rng(1)
    dims = ("chain", "draw")
    good, slow, apart = rng.normal(size=(4, 200)), rng.normal(size=(4, 200)), rng.normal(size=(4, 200))
    for i in range(1, 200):
        slow[:, i] = 0.9 * slow[:, i - 1] + 0.4 * slow[:, i]
    apart += np.array([[0.0], [0.0], [0.0], [2.0]])
    posterior = xr.Dataset({"good": (dims, good), "slow": (dims, slow), "fixed": (dims, np.ones((4, 200)))})
    stats = xr.Dataset({"diverging": (dims, np.arange(800).reshape(4, 200) % 200 < 3)})
    tree = xr.DataTree.from_dict({"/posterior": posterior, "/sample_stats": stats})
    found = diagnose(tree, ["good", "slow", "fixed"], "why")
    summary = az.summary(posterior[["slow"]], kind="diagnostics", round_to="none").astype(float).iloc[0]
    assert (found.divergences, found.n_draws, found.n_chains) == (12, 200, 4)
    assert found.ess_bulk_min == pytest.approx(summary["ess_bulk"])
    assert found.ess_tail_min == pytest.approx(summary["ess_tail"])
    assert found.rhat_max == pytest.approx(summary["r_hat"])
    assert (found.worst, found.undetermined) == ("slow", "why")
    assert diagnose(tree, ["good"]).worst == "good"
    bad = xr.DataTree.from_dict({"/posterior": posterior.assign(apart=(dims, apart)), "/sample_stats": xr.Dataset()})
    found = diagnose(bad, ["good", "apart", "slow"])
    assert found.worst == "apart"
    assert found.rhat_max > 1.2
    assert found.divergences == 0
    nothing = diagnose(tree, ["fixed"])
    assert np.isnan(nothing.rhat_max)
    assert nothing.worst == "fixed"


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_draws_that_are_no_numbers_are_no_healthy_ones(value: float) -> None:
    draws = np.random.default_rng(3).normal(size=(4, 200))
    left = draws.copy()
    left[2, 7] = value
    posterior = xr.Dataset({"good": (("chain", "draw"), draws), "left": (("chain", "draw"), left)})
    tree = xr.DataTree.from_dict({"/posterior": posterior, "/sample_stats": xr.Dataset()})
    assert diagnose(tree, ["good"]).passed
    found = diagnose(tree, ["good", "left"])
    assert not found.passed
    assert found.worst == "left"
    assert "r-hat nan for left" in found.verdict()


def test_each_correlation_is_judged_once() -> None:
    rng = np.random.default_rng(2)
    matrix = np.broadcast_to(np.eye(3), (2, 100, 3, 3)).copy()
    for row, column in ((1, 0), (2, 0), (2, 1)):
        matrix[:, :, row, column] = matrix[:, :, column, row] = rng.uniform(-0.5, 0.5, (2, 100))
    matrix[1, :, 2, 0] = matrix[1, :, 0, 2] = matrix[1, :, 0, 2] + 3.0
    names = ["a", "b", "c"]
    posterior = xr.Dataset(
        {"population_correlation": (("chain", "draw", "person_parameter", "other_parameter"), matrix)},
        {"person_parameter": names, "other_parameter": names},
    )
    tree = xr.DataTree.from_dict({"/posterior": posterior, "/sample_stats": xr.Dataset()})
    pairs = _each_correlation_once(posterior)["population_correlation"]
    assert pairs["pair"].to_numpy().tolist() == ["b, a", "c, a", "c, b"]
    np.testing.assert_array_equal(pairs.transpose("chain", "draw", "pair"), matrix[:, :, [1, 2, 2], [0, 0, 1]])
    found = diagnose(tree, ["population_correlation"])
    assert found.worst == "population_correlation[c, a]"
    assert np.isfinite(found.ess_bulk_min)


# scores of single optima


def test_criteria_by_hand() -> None:
    # 3 parameters, log-likelihood -50, 20 lists
    found = ml._scores(-50.0, 3, 20, 5, 1, 2, "a")
    assert found == {
        "log_likelihood": -50.0, "aic": 106.0, "bic": pytest.approx(100.0 + 3 * np.log(20.0)), "starts": 5,
        "failed_starts": 1, "agreeing_starts": 2, "at_bound": "a",
    }  # fmt: skip


def test_totals_are_sums_over_participants() -> None:
    rows = [ml._scores(-50.0, 2, 20, 5, 1, 2, ""), ml._scores(-30.0, 2, 10, 3, 0, 3, "a")]
    model: Any = SimpleNamespace(parameters=(A, B))
    people = [{"subject": "x", "a": 1.0, "b": 2.0}, {"subject": "y", "a": 2.0, "b": 2.0}]
    table = pd.DataFrame([who | row for who, row in zip(people, rows, strict=True)])
    found = ml.PointFit(model, None, "ml", table, 0)
    assert found.totals().to_dict() == {
        "log_likelihood": -80.0, "n_parameters": 4, "aic": 168.0, "bic": pytest.approx(160.0 + 2 * np.log(200.0)),
        "starts": 8, "failed_starts": 1,
    }  # fmt: skip
    assert found.estimates.loc["y"].tolist() == [2.0, 2.0]


def search_words(monkeypatch: pytest.MonkeyPatch, agreeing: list[int], bounds: list[str], method: str = "ml") -> str:
    monkeypatch.setattr(ml, "design_objection", lambda *given: "")
    table = pd.DataFrame(
        {
            "subject": [f"p{k}" for k in range(len(bounds))],
            "agreeing_starts": agreeing,
            "starts": 4,
            "failed_starts": [1] + [0] * (len(bounds) - 1),
            "at_bound": bounds,
        }
    )
    model: Any = SimpleNamespace(parameters=(A, B))
    return ml.PointFit(model, None, method, table, 0).verdict()


def test_words_about_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    assert search_words(monkeypatch, [2, 3], ["", ""]) == "7 of 8 starts ended at a finite optimum."
    assert "; for 2 of 3 participants only one start reached the best value" in search_words(
        monkeypatch, [1, 2, 1], [""] * 3
    )
    many = search_words(monkeypatch, [2] * 8, ["a"] * 7 + [""])
    assert "for 7 of 8 participants the likelihood has no maximum" in many
    assert many.endswith("p0 (a), p1 (a), p2 (a), p3 (a), p4 (a) and 2 more.")
    five = search_words(monkeypatch, [2] * 5, ["a"] * 5, "map")
    assert "the posterior density ends at the edge of the search" in five
    assert five.endswith("p4 (a).")


class Bowl:
    """A log-likelihood with its top at (0.5, -1), and none beyond 1000."""

    def __init__(self, design: Any = None) -> None:
        pass

    def values(self, points: np.ndarray) -> np.ndarray:
        return -(2.0 * (points[:, 0] - 0.5) ** 2 + 0.5 * (points[:, 1] + 1.0) ** 2)

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        if x[0] > 1000:
            return np.nan, np.zeros(2)
        return float(self.values(x[None])[0]), np.array([-4.0 * (x[0] - 0.5), -(x[1] + 1.0)])


def test_what_is_minimised() -> None:
    model: Any = SimpleNamespace(parameters=(A, B), objective=Bowl)
    alone = ml.PersonObjective(model, None)
    x = np.array([1.5, 2.0])
    value, gradient = alone(x)
    assert value == pytest.approx(2.0 + 4.5)
    assert gradient.tolist() == [4.0, 3.0]
    assert alone.screen(x[None]).tolist() == [6.5]
    held = ml.PersonObjective(model, None, (np.array([0.5, -1.0]), np.array([0.5, 1.0])))
    value, gradient = held(x)
    # two and three standard deviations from the prior's mean
    assert value == pytest.approx(6.5 + 2.0 + 4.5)
    assert gradient.tolist() == [4.0 + 4.0, 3.0 + 3.0]
    assert held.screen(np.stack([x, [0.5, -1.0]])).tolist() == [13.0, 0.0]
    assert alone(np.array([2000.0, 0.0]))[0] == 1e300
    # in prior standard deviations: a is 1 + 1.216 z; b is log
    z = np.array([0.5, -1.0])
    value, gradient = alone.scaled(z)
    at = np.array([A.location + 0.5 * A.scale, B.location - B.scale])
    assert value == pytest.approx(alone(at)[0])
    np.testing.assert_allclose(gradient, alone(at)[1] * [A.scale, B.scale])
    assert alone.natural(x) == {"a": 1.5, "b": pytest.approx(np.exp(2.0))}
    moved = ml.PersonObjective(model, None, None, (np.zeros(2), np.ones(2)))
    assert moved.scaled(z)[0] == pytest.approx(alone(z)[0])


def test_a_search_ends_where_the_optimum_is() -> None:
    model: Any = SimpleNamespace(parameters=(A, B), objective=Bowl)
    objective = ml.PersonObjective(model, None)
    np.testing.assert_allclose(ml.best_start(objective, 2, np.random.default_rng(0)), [0.5, -1.0], atol=5e-3)
    found = ml._search(objective, 12, np.random.default_rng(0), 7)
    assert found["a"] == pytest.approx(0.5, abs=1e-5)
    assert found["b"] == pytest.approx(np.exp(-1.0), abs=1e-4)
    assert found["log_likelihood"] == pytest.approx(0.0, abs=1e-8)
    # three starts agree: the search ends
    assert (found["starts"], found["failed_starts"], found["agreeing_starts"]) == (3, 0, 3)
    assert found["aic"] == pytest.approx(4.0)
    assert found["bic"] == pytest.approx(2 * np.log(7))
    assert found["at_bound"] == ""
    assert ml._search(objective, 2, np.random.default_rng(0), 7)["starts"] == 2


def test_a_search_ends_eight_prior_standard_deviations_out() -> None:
    class Slope(Bowl):
        def values(self, points: np.ndarray) -> np.ndarray:
            return 3.0 * points[:, 0] - 0.5 * points[:, 1] ** 2

        def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
            return float(self.values(x[None])[0]), np.array([3.0, -x[1]])

    model: Any = SimpleNamespace(parameters=(A, B), objective=Slope)
    found = ml.best_start(ml.PersonObjective(model, None), 1, np.random.default_rng(0))
    assert found[0] == pytest.approx(A.location + 8 * A.scale)
    assert found[1] == pytest.approx(0.0, abs=0.02)


def test_a_slope_that_is_no_number_is_refused() -> None:
    class Half(Bowl):
        def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
            return -1.0, np.array([1.0, np.nan])

    model: Any = SimpleNamespace(parameters=(A, B), objective=Half)
    value, gradient = ml.PersonObjective(model, None)(np.zeros(2))
    assert value == 1e300
    assert gradient.tolist() == [0.0, 0.0]


def test_starts_that_agree() -> None:
    def ends(*values: float) -> list[tuple[float, np.ndarray]]:
        return [(value, np.zeros(1)) for value in values]

    assert ml._agreeing(ends(3.0, 3.0099, 3.0101, 2.9999)) == 2
    assert ml._agreeing(ends(3.0, 3.009, 3.02)) == 2
    assert ml._agreeing([]) == 0


def test_a_search_without_an_end() -> None:
    """Nowhere a finite value: everything failed, and is missing."""

    class Nothing(Bowl):
        def values(self, points: np.ndarray) -> np.ndarray:
            return np.full(len(points), np.nan)

        def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
            return np.nan, np.zeros(2)

    model: Any = SimpleNamespace(parameters=(A, B), objective=Nothing)
    objective = ml.PersonObjective(model, None)
    found = ml._search(objective, 4, np.random.default_rng(0), 7)
    assert (found["starts"], found["failed_starts"], found["agreeing_starts"]) == (4, 4, 0)
    assert np.isnan([found["a"], found["b"], found["log_likelihood"], found["aic"], found["bic"]]).all()
    np.testing.assert_array_equal(ml.best_start(objective, 2, np.random.default_rng(0)), [A.location, B.location])


def test_each_participant_meets_own_responses(monkeypatch: pytest.MonkeyPatch) -> None:
    data = kv.read_free_recall(study_table(3, 4), name="small")
    asked: list[Any] = []

    def search(objective: Any, starts: int, rng: np.random.Generator, n: int) -> dict[str, Any]:
        asked.append((objective, starts, rng.integers(10**6), n))
        return {p.name: 0.5 for p in objective.model.parameters} | ml._scores(-1.0, 2, n, 1, 0, 1, "")

    monkeypatch.setattr(ml, "_search", search)
    stated = "random_recall(prior(stop_slope)=0.5:0.9)"
    found = kv.point_fit(stated, data, starts=6, show_progress=False)
    assert found.table["subject"].tolist() == [1, 2, 3]
    assert found.table["n_lists"].tolist() == [4, 4, 4]
    assert [(starts, n) for _, starts, _, n in asked] == [(6, 4)] * 3
    own, first = ml.own_prior(kv.get_model("random_recall").bind(data)), [one[2] for one in asked]
    assert len(set(first)) == 3
    # a stated prior neither holds a maximum of the likelihood nor bounds the search for it
    assert asked[0][0].prior is None
    np.testing.assert_allclose(asked[0][0].location, own[0])
    np.testing.assert_allclose(asked[0][0].scale, own[1])
    asked.clear()
    kv.point_fit(stated, data, method="map", show_progress=False)
    told = ml.own_prior(kv.get_model(stated).bind(data))
    np.testing.assert_allclose(asked[0][0].prior, told)
    np.testing.assert_allclose(asked[0][0].location, told[0])
    assert not np.allclose(told, own)
    assert [one[2] for one in asked] == first
    assert asked[0][1] == 12
    asked.clear()
    kv.point_fit(stated, data, seed=1, show_progress=False)
    assert [one[2] for one in asked] != first
    for wrong, words in (({"method": "mle"}, "'ml' or 'map', found 'mle'"), ({"starts": 0}, "at least 1, found 0")):
        with pytest.raises(ValueError, match=words):
            kv.point_fit("random_recall", data, show_progress=False, **wrong)  # type: ignore[arg-type]
