"""Searches and Laplace approximations that come before sampling."""

import warnings

import numpy as np
import pymc as pm
import pytest
from study_lists import study_table

import kvfit as kv
from kvfit.inference.hierarchy import build_pymc_model, estimate_curvature
from kvfit.inference.maximum_likelihood import own_prior
from kvfit.inference.person_moments import PersonMoments, person_moments
from kvfit.recall.design import recall_design
from kvfit.recall.model import RecallModel
from kvfit.recall.objective import RecallObjective
from kvfit.tasks.free_recall import FreeRecallData

N_PERSONS = 24


@pytest.fixture(scope="module")
def model() -> RecallModel:
    return kv.get_model("serial_position")


@pytest.fixture(scope="module")
def truth(model: RecallModel) -> np.ndarray:
    """Persons' values ``(participant, parameter)``, unconstrained: shared where the model says so."""
    rng = np.random.default_rng(3)
    location, scale = own_prior(model)
    varies = np.array([p.varies for p in model.parameters])
    return location + np.where(varies, 0.4 * scale, 0.0) * rng.normal(size=(N_PERSONS, location.size))


@pytest.fixture(scope="module")
def data(model: RecallModel, truth: np.ndarray) -> FreeRecallData:
    values = {p.name: p.to_natural(truth[:, i]) for i, p in enumerate(model.parameters)}
    lists = kv.read_free_recall(study_table(N_PERSONS, 20, (12,)), name="population")
    return kv.simulate(model, lists, values, seed=4)


@pytest.mark.parametrize("name", ["cmr", "kv_recall(stopping=mixed)", "tcm"])
def test_objective_is_the_log_likelihood_with_its_gradient(name: str, data: FreeRecallData) -> None:
    model = kv.get_model(name)
    design = recall_design(data).one_participant(0)
    objective = RecallObjective(model, design)
    location, scale = own_prior(model)
    points = location + 0.3 * scale * np.random.default_rng(0).normal(size=(3, location.size))
    one = data.select(participants=1)
    expected = [
        float(kv.log_likelihood(model, one, {p.name: p.to_natural(x[i]) for i, p in enumerate(model.parameters)}).sum())
        for x in points
    ]
    np.testing.assert_allclose(objective.values(points), expected, rtol=1e-12)
    for x, value in zip(points, expected, strict=True):
        found, gradient = objective.value_and_gradient(x)
        assert found == pytest.approx(value, rel=1e-12)
        steps = 1e-4 * np.eye(x.size)
        differences = (objective.values(x + steps) - objective.values(x - steps)) / 2e-4
        np.testing.assert_allclose(gradient, differences, rtol=1e-4, atol=1e-4 * np.abs(differences).max())


def test_search_finds_the_population(model: RecallModel, truth: np.ndarray, data: FreeRecallData) -> None:
    curvature = estimate_curvature(model, recall_design(data), show_progress=False)
    varies = np.array([p.varies for p in model.parameters])
    _, scale = own_prior(model)
    spread = truth.std(axis=0)
    error = (curvature.mu - truth.mean(axis=0)) / scale
    assert np.abs(error).max() < 0.25
    assert (curvature.sigma[~varies] == 0).all()
    assert (curvature.mode[:, ~varies] == curvature.mode[0, ~varies]).all()
    ratio = curvature.sigma[varies] / spread[varies]
    assert ((ratio > 0.6) & (ratio < 1.6)).all()


def test_moments_of_a_normal_posterior_are_found_from_a_poor_guess() -> None:
    rng = np.random.default_rng(2)
    root = rng.normal(size=(4, 4))
    precision, peak = root @ root.T + 0.3 * np.eye(4), rng.normal(size=4)
    centre, spread = rng.normal(size=4), rng.uniform(0.5, 2.0, size=4)
    scaled = precision * spread[:, None] * spread
    covariance = np.linalg.inv(scaled + np.eye(4))
    expected = covariance @ (scaled @ ((peak - centre) / spread))
    guess = 0.3 * np.diag(np.diag(covariance))

    def quadratic(points: np.ndarray) -> np.ndarray:
        values: np.ndarray = 0.5 * np.einsum("pi,ij,pj->p", points - peak, precision, points - peak)
        return values

    found = person_moments(quadratic, np.zeros(4), guess, centre, spread, rng, rounds=4)
    error = np.abs(found.mean - expected) / np.sqrt(np.diag(covariance))
    assert error.max() < 0.35
    ratio = np.linalg.eigvals(np.linalg.solve(covariance, found.covariance)).real
    assert ratio.min() > 0.6
    assert ratio.max() < 1.6


def test_preconditioned_effects_are_an_ordinary_distribution(model: RecallModel, data: FreeRecallData) -> None:
    """Prior draws of the person effects follow Normal(mu, sigma), draw by draw."""
    design = recall_design(data)
    built = build_pymc_model(
        model,
        data,
        design,
        parameterisation="preconditioned",
        curvature=estimate_curvature(model, design, show_progress=False),
    )
    with built, warnings.catch_warnings():
        # random draws of a distribution written in Python run outside of compiled code
        warnings.simplefilter("ignore", UserWarning)
        mu, sigma, theta = pm.draw(
            [built["population_mean"], built["population_sd"], built["person_effects"]], draws=200, random_seed=1
        )
    varies = np.array([p.varies for p in model.parameters])
    z = (theta - mu[:, None, varies]) / sigma[:, None, :]
    assert z.shape == (200, N_PERSONS, int(varies.sum()))
    assert abs(z.mean()) < 0.03
    assert abs(z.std() - 1) < 0.03


def test_points_that_hardly_count_do_not_decide_under_another_likelihood() -> None:
    points = np.array([[0.0], [1.0], [50.0], [2.0]])
    weight = np.array([0.5, 0.5, 0.0, 1e-9])
    moments = PersonMoments(np.array([0.5]), np.eye(1), points, weight, np.zeros(4))
    log_ratio, other = moments.under(np.array([0.0, np.log(3.0), -1e4, -1e3]))
    assert log_ratio == pytest.approx(np.log(0.5 + 0.5 / 3))
    np.testing.assert_allclose(other, [0.75, 0.25, 0.0, 0.0], atol=1e-8)
    nowhere, same = moments.under(np.full(4, np.inf))
    assert nowhere == 0.0
    assert same is weight
