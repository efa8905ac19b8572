"""Persons integrated out, number by number: draws and points that are used, what is kept, the table of new people."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from kvfit.comparison import kept_marginals as keeping
from kvfit.comparison import new_person as new_persons
from kvfit.comparison import person_marginals as marginal
from kvfit.comparison.kept_marginals import kept_marginals
from kvfit.comparison.person_marginals import PersonMarginals, person_marginals
from kvfit.comparison.population_draws import PopulationDraws, population_draws
from kvfit.inference.settings import FitSettings
from kvfit.parameters import Parameter
from kvfit.store import StoreWarning

A = Parameter("a", "a", "real", (-1.0, 3.0), "a mean", "for a test")
B = Parameter("b", "b", "positive", (1.0, 4.0), "a size", "for a test", varies=False)
C = Parameter("c", "c", "unit", (0.2, 0.6), "a share", "for a test")
N_CHAINS, N_DRAWS = 2, 30


class Summed:
    """Log-likelihood of person j at a point: minus the squared distance of a + c from j, and b as it is."""

    def __init__(self, design: int) -> None:
        self.person = design

    def values(self, points: np.ndarray) -> np.ndarray:
        return -((points[:, 0] + points[:, -1] - self.person) ** 2) - points[:, 1]


def fit_of(parameters: tuple[Parameter, ...] = (A, B, C), **settings: Any) -> Any:
    """A fit of three people; coordinates of the posterior are in another order than the model's parameters."""
    rng = np.random.default_rng(1)
    shape = (N_CHAINS, N_DRAWS)
    names = [p.name for p in parameters][::-1]
    own = [p.name for p in parameters if p.varies][::-1]
    mean, sd = rng.normal(size=(*shape, len(names))), rng.uniform(0.5, 1.5, (*shape, len(own)))
    variables: dict[str, Any] = {"population_mean": (("draw", "chain", "parameter"), np.swapaxes(mean, 0, 1))}
    coords = {"parameter": names, "person_parameter": own, "other_parameter": own}
    if settings.get("pooling", "partial") == "partial":
        variables["population_sd"] = (("chain", "person_parameter", "draw"), np.swapaxes(sd, 1, 2))
    if settings.get("correlated"):
        r = rng.uniform(-0.5, 0.5, shape)
        matrix = np.eye(2) + r[..., None, None] * np.array([[0.0, 1.0], [1.0, 0.0]])
        variables["population_correlation"] = (("chain", "draw", "person_parameter", "other_parameter"), matrix)
    values = {
        "a": rng.normal(size=(N_CHAINS * N_DRAWS, 3)),
        "b": np.exp(rng.normal(size=(N_CHAINS * N_DRAWS, 3))),
        "c": rng.uniform(0.2, 0.8, (N_CHAINS * N_DRAWS, 3)),
    }
    return SimpleNamespace(
        model=SimpleNamespace(parameters=parameters, objective=Summed, label="sum"),
        label="sum",
        design=SimpleNamespace(one_participant=lambda person: person),
        data=SimpleNamespace(n_participants=3, participants=np.array(["x", "y", "z"])),
        settings=FitSettings(**settings),
        similarity=None,
        tree={"posterior": xr.Dataset(variables, coords)},
        draws=lambda n: values,
        given=(mean, sd, values),
    )


# draws of the population


def test_draws_are_read_in_the_models_order() -> None:
    fit = fit_of(correlated=True)
    found = population_draws(fit)
    mean, sd, _ = fit.given
    np.testing.assert_array_equal(found.mean, mean.reshape(60, 3)[:, ::-1])
    np.testing.assert_array_equal(found.spread, sd.reshape(60, 2)[:, ::-1])
    assert found.varies.tolist() == [True, False, True]
    assert found.n_chains == 2
    assert found.factor is not None
    r = fit.tree["posterior"]["population_correlation"].to_numpy()[..., 0, 1].ravel()
    np.testing.assert_allclose(found.factor[:, 1, 0], r)
    np.testing.assert_allclose(found.factor[:, 1, 1], np.sqrt(1 - r**2))
    assert population_draws(fit_of()).factor is None


def test_all_share_everything_under_complete_pooling() -> None:
    found = population_draws(fit_of(pooling="complete"))
    assert found.varies.tolist() == [False] * 3
    assert found.spread.shape == (60, 0)
    with pytest.raises(ValueError, match="fitted with pooling='none'"):
        population_draws(fit_of(pooling="none"))


# marginal likelihoods


def test_nothing_to_integrate_is_exact() -> None:
    fit = fit_of(pooling="complete")
    found = person_marginals(fit, show_progress=False)
    mean = population_draws(fit).mean
    expected = -((mean[:, [0]] + mean[:, [2]] - np.arange(3)) ** 2) - mean[:, [1]]
    np.testing.assert_allclose(found.log_value, expected)
    assert (found.points, found.common) == (1, True)
    np.testing.assert_array_equal(found.error(), np.zeros(3))
    assert (found.pareto_k == -np.inf).all()
    some = person_marginals(fit, participants=np.array([2, 0]), show_progress=False)
    np.testing.assert_allclose(some.log_value, expected[:, [2, 0]])


def remembered(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    asked: list[Any] = []

    def of_person(objective: Any, own: np.ndarray, mine: Any, population: Any, points: int, rng: Any) -> Any:
        asked.append((objective.likelihood.person, own, mine, population, points, rng.integers(10**9)))
        n = population.n_draws
        return np.full(n, 10.0 * objective.likelihood.person), np.full(n, 7.0), 0.1 * objective.likelihood.person

    monkeypatch.setattr(marginal, "_of_person", of_person)
    return asked


def test_each_person_has_own_draws_and_points(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = remembered(monkeypatch)
    fit = fit_of()
    found = person_marginals(fit, seed=4, show_progress=False)
    _, _, values = fit.given
    assert [one[0] for one in asked] == [0, 1, 2]
    for person, own, mine, population, points, _ in asked:
        # unconstrained values of what varies
        np.testing.assert_allclose(own[:, 0], values["a"][:, person])
        np.testing.assert_allclose(own[:, 1], np.log(values["c"] / (1 - values["c"]))[:, person])
        assert mine.n_draws == population.n_draws == 60
        # every draw needs points of its own, because b is shared
        assert points == 256
    seeds = [one[5] for one in asked]
    assert len(set(seeds)) == 3
    np.testing.assert_array_equal(found.log_value, np.tile([0.0, 10.0, 20.0], (60, 1)))
    np.testing.assert_array_equal(found.effective, np.full((60, 3), 7.0))
    np.testing.assert_allclose(found.pareto_k, [0.0, 0.1, 0.2])
    assert (found.points, found.common) == (256, False)
    asked.clear()
    # the same person has the same points whoever else is asked for
    some = person_marginals(fit, participants=np.array([2, 1]), seed=4, points=99, show_progress=False)
    assert [one[5] for one in asked] == seeds[:0:-1]
    np.testing.assert_array_equal(some.log_value[0], [20.0, 10.0])
    assert some.points == asked[0][4] == 99
    asked.clear()
    person_marginals(fit, show_progress=False)
    assert [one[5] for one in asked] != seeds
    asked.clear()
    alone = person_marginals(fit_of((A, C)), show_progress=False)
    assert (alone.points, alone.common, asked[0][4]) == (4096, True, 4096)
    other = population_draws(fit).part(slice(0, 5))
    asked.clear()
    assert person_marginals(fit, other, show_progress=False).log_value.shape == (5, 3)
    assert asked[0][2].n_draws == 60


def test_values_at_the_end_of_their_support_stay_in_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = fit_of()
    fit.given[2]["c"][0] = 1.0
    fit.given[2]["c"][1] = 0.0
    asked = remembered(monkeypatch)
    person_marginals(fit, show_progress=False)
    own = asked[0][1]
    assert own[0, 1] == pytest.approx(C.location + 8 * C.scale)
    assert own[1, 1] == pytest.approx(C.location - 8 * C.scale)


def test_draws_with_few_points_are_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Effective points of 39 are too few, 40 are not."""
    draws = PopulationDraws(np.zeros((4, 1)), np.ones((4, 1)), np.array([True]), 2)
    again: list[Any] = []

    def weights(population: PopulationDraws, effective: list[float], total: float) -> Iterator[np.ndarray]:
        # equal ones, as many as wanted
        made = np.full((population.n_draws, 100), -np.inf)
        for row, n in zip(made, effective, strict=True):
            row[: int(n)] = np.log(total)
        yield made

    def first(objective: Any, mean: Any, covariance: Any, population: PopulationDraws, points: int, rng: Any) -> Any:
        np.testing.assert_allclose(mean, [2.0])
        np.testing.assert_allclose(covariance, [[2.0]])
        return weights(population, [39, 40, 100, 3], 2.0)

    def second(objective: Any, shape: Any, population: PopulationDraws, points: int, rng: Any) -> Any:
        again.append((population.mean.ravel().tolist(), points))
        return weights(population, [50] * population.n_draws, 8.0)

    monkeypatch.setattr(marginal, "reweighted", first)
    monkeypatch.setattr(marginal, "of_each_draw", second)
    monkeypatch.setattr(marginal, "person_shape", lambda own, mine: None)
    population = replace(draws, mean=np.arange(4.0)[:, None])
    own = np.array([[0.0], [2.0], [2.0], [4.0], [1.0], [3.0]])
    rng = np.random.default_rng(0)
    value, effective, k = marginal._of_person(None, own, draws, population, 60, rng)  # type: ignore[arg-type]
    assert again == [([0.0, 3.0], 2048)]
    np.testing.assert_allclose(np.exp(value), [8.0 * 0.5, 0.8, 2.0, 4.0])
    np.testing.assert_allclose(effective, [50.0, 40.0, 100.0, 50.0])
    # that of the first points
    assert k == -np.inf or k == np.inf
    again.clear()
    marginal._of_person(None, own, draws, population, 5000, rng)  # type: ignore[arg-type]
    assert again[0][1] == 5000
    # where each draw has own points from the start
    shared = PopulationDraws(np.zeros((2, 2)), np.ones((2, 1)), np.array([True, False]))
    again.clear()
    value, _, _ = marginal._of_person(None, own, shared, shared, 60, rng)  # type: ignore[arg-type]
    assert [points for _, points in again] == [60]
    np.testing.assert_allclose(np.exp(value), [4.0, 4.0])


# what is kept


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Seeds for which marginal likelihoods were computed."""
    seeds: list[int] = []

    def compute(fit: Any, population: PopulationDraws, *, seed: int, show_progress: bool) -> PersonMarginals:
        seeds.append(seed)
        rng = np.random.default_rng(seed)
        value = rng.normal(size=(population.n_draws, 3))
        return PersonMarginals(value, 10 + value**2, 256, rng.normal(size=3), bool(seed % 2))

    monkeypatch.setattr(keeping, "person_marginals", compute)
    monkeypatch.setattr(keeping, "fit_key", lambda model, data, settings, similarity: f"{model.label} {settings}")
    return seeds


@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_kept_comes_back(seed: int, computed: list[int], tmp_path: Path) -> None:
    fit = fit_of(correlated=True)
    draws = population_draws(fit)
    first = kept_marginals(fit, draws, tmp_path, seed=seed, show_progress=False)
    again = kept_marginals(fit, draws, str(tmp_path), seed=seed, show_progress=False)
    assert computed == [seed]
    for name in ("log_value", "effective", "pareto_k"):
        np.testing.assert_array_equal(getattr(again, name), getattr(first, name))
    assert (again.points, again.common) == (256, seed == 1)
    assert again.common is first.common
    (file,) = (tmp_path / "new-persons").iterdir()
    assert file.name.startswith("sum-")


def test_another_request_is_computed(computed: list[int], tmp_path: Path) -> None:
    fit = fit_of(correlated=True)
    draws = population_draws(fit)
    assert draws.factor is not None
    moved = replace(draws, mean=draws.mean + 1e-9)
    turned = replace(draws, factor=draws.factor[::-1].copy())
    for k, (population, seed) in enumerate(
        [(draws, 0), (draws, 1), (moved, 0), (turned, 0), (replace(draws, factor=None), 0)], 1
    ):
        kept_marginals(fit, population, tmp_path, seed=seed, show_progress=False)
        assert len(computed) == k
    kept_marginals(fit_of(correlated=True, seed=1), draws, tmp_path, show_progress=False)
    assert len(computed) == 6
    for _ in range(2):
        kept_marginals(fit, draws, None, show_progress=False)
    assert len(computed) == 8
    kept_marginals(fit, draws, tmp_path, show_progress=False)
    assert len(computed) == 8


def test_a_damaged_file_is_computed_again(computed: list[int], tmp_path: Path) -> None:
    fit = fit_of()
    draws = population_draws(fit)
    first = kept_marginals(fit, draws, tmp_path, show_progress=False)
    (file,) = (tmp_path / "new-persons").iterdir()
    content = file.read_bytes()
    for broken in (content[: len(content) // 2], b"", bytes(100)):
        file.write_bytes(broken)
        again = kept_marginals(fit, draws, tmp_path, show_progress=False)
        np.testing.assert_array_equal(again.log_value, first.log_value)
        assert file.read_bytes()[:100] == content[:100]
    assert computed == [0] * 4


def test_a_store_that_cannot_be_written_costs_nothing_but_the_file(computed: list[int], tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.warns(StoreWarning, match="marginal likelihoods of persons are not kept"):
        found = kept_marginals(fit_of(), population_draws(fit_of()), blocked, show_progress=False)
    assert found.log_value.shape == (60, 3)


# the table of new people


def test_the_table_of_new_people(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = fit_of()
    asked: list[Any] = []
    rng = np.random.default_rng(2)

    def kept(given: Any, population: PopulationDraws, store: Any, *, seed: int, show_progress: bool) -> PersonMarginals:
        asked.append((population.n_draws, store, seed))
        n = population.n_draws
        value = np.array([-10.0, -20.0, -30.0]) + 1e-4 * rng.normal(size=(n, 3))
        effective = np.linspace(100.0, 300.0, n)[:, None] * [1.0, 2.0, 4.0]
        return PersonMarginals(value, effective, 1200, np.array([0.2, 0.8, 0.3]), False)

    monkeypatch.setattr(new_persons, "kept_marginals", kept)
    found = new_persons.new_person(fit, store="there", seed=6, show_progress=False)
    assert asked == [(60, "there", 6)]
    table = found.table
    assert table["participant"].tolist() == ["x", "y", "z"]
    assert table["elpd"].tolist() == pytest.approx([-10.0, -20.0, -30.0], abs=1e-4)
    assert table["inner_k"].tolist() == [0.2, 0.8, 0.3]
    # the 5 % quantile of 100 to 300
    assert table["effective_points"].tolist() == pytest.approx([110.0, 220.0, 440.0])
    variance = (1 / np.linspace(100.0, 300.0, 60)).mean()
    assert table["mc_error"].tolist() == pytest.approx([variance / k - 1 / 1200 for k in (1, 2, 4)], abs=3e-5)
    assert not table["refitted"].any()
    np.testing.assert_array_equal(table["pareto_k"], np.asarray(found.loo.pareto_k))
    assert not found.common
    assert found.unreliable.tolist() == [False, True, False]
    new_persons.new_person(fit, draws=30, show_progress=False)
    assert asked[1] == (30, None, 0)
    with pytest.raises(ValueError, match="expected at least 25 draws, found 20"):
        new_persons.new_person(fit, draws=20, show_progress=False)


def test_chains_stay_apart_when_people_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = fit_of()
    draws = population_draws(fit)
    value = np.arange(180.0).reshape(60, 3)
    posterior, log_likelihood = new_persons._draws_and_values(draws, value, fit)
    np.testing.assert_array_equal(log_likelihood[1, 0], value[30])
    np.testing.assert_array_equal(posterior["population_mean"][1, 2], draws.mean[32])
    np.testing.assert_array_equal(posterior["population_sd"][1, 2], draws.spread[32])
    assert log_likelihood.dims == ("chain", "draw", "participant")
    complete = fit_of(pooling="complete")
    posterior, _ = new_persons._draws_and_values(population_draws(complete), value, complete)
    assert list(posterior) == ["population_mean"]


def test_similarities_of_those_who_are_left() -> None:
    whole: Any = SimpleNamespace(
        similarity=np.arange(8.0).reshape(4, 2), data=SimpleNamespace(participant=np.array([0, 1, 2, 1]))
    )
    kept = new_persons._kept_similarity(whole, np.array([0, 1]))
    assert kept is not None
    assert kept.tolist() == [[0.0, 1.0], [2.0, 3.0], [6.0, 7.0]]
    whole.similarity = None
    assert new_persons._kept_similarity(whole, np.array([0, 1])) is None
