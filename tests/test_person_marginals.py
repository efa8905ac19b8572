"""Persons integrated out: against integrals in closed form."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from normal_persons import NOISE, NormalDesign, NormalObjective, parameter
from scipy.integrate import quad
from scipy.stats import halfnorm, multivariate_normal, norm

from kvfit.comparison import hierarchical_evidence as hierarchical
from kvfit.comparison.person_marginals import log_means, person_marginals
from kvfit.comparison.person_proposals import of_each_draw, person_shape, reweighted
from kvfit.comparison.population_draws import PopulationDraws, population_draws
from kvfit.inference.settings import FitSettings


def normal_fit(means: np.ndarray, parameters: tuple[Any, ...], draws: PopulationDraws, own: np.ndarray) -> Any:
    """What is asked of a fit: draws of the population, and of each person ``(draw, person)``."""
    import xarray as xr

    names = [p.name for p in parameters]
    n_chains = draws.n_chains
    posterior = {
        "population_mean": xr.DataArray(
            draws.mean.reshape(n_chains, -1, len(names)), {"parameter": names}, ("chain", "draw", "parameter")
        ),
        "population_sd": xr.DataArray(
            draws.spread.reshape(n_chains, -1, 1),
            {"person_parameter": names[:1]},
            ("chain", "draw", "person_parameter"),
        ),
    }
    design = NormalDesign(means, 10)
    model = SimpleNamespace(parameters=parameters, objective=NormalObjective, label="normal")
    return SimpleNamespace(
        model=model,
        label="normal",
        design=design,
        data=SimpleNamespace(n_participants=means.size, participants=np.arange(means.size)),
        settings=FitSettings(),
        tree={"posterior": xr.Dataset(posterior)},
        draws=lambda n: {names[0]: own},
    )


def closed_form(means: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    return norm.logpdf(means, mean[:, None], np.sqrt(NOISE**2 / 10 + spread**2)[:, None])


MEANS = np.random.default_rng(4).normal(0.3, 0.9, size=12)


def hierarchical_draws(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draws of mean, spread and persons ``(draw, person)`` from the exact posterior, by a grid over the spread."""
    rng = np.random.default_rng(seed)
    p = parameter("a")
    grid = np.linspace(1e-3, 4.0, 2000)
    log_weight = np.array([log_given_spread(s) for s in grid]) + halfnorm.logpdf(grid, scale=0.6 * p.scale)
    weight = np.exp(log_weight - log_weight.max())
    spread = rng.choice(grid, size=n, p=weight / weight.sum()) + rng.uniform(-0.5, 0.5, n) * (grid[1] - grid[0])
    variance = NOISE**2 / 10 + spread**2
    precision = MEANS.size / variance + 1 / p.scale**2
    mean = rng.normal((MEANS.sum() / variance + p.location / p.scale**2) / precision, precision**-0.5)
    own_precision = 10 / NOISE**2 + 1 / spread[:, None] ** 2
    own = rng.normal((10 * MEANS / NOISE**2 + (mean / spread**2)[:, None]) / own_precision, own_precision**-0.5)
    return mean, spread, own


def log_given_spread(spread: float) -> float:
    """Log density of all means, the population's mean and the persons integrated out."""
    p = parameter("a")
    covariance = (NOISE**2 / 10 + spread**2) * np.eye(MEANS.size) + p.scale**2
    return float(multivariate_normal.logpdf(MEANS, np.full(MEANS.size, p.location), covariance))


@pytest.fixture(scope="module")
def fit() -> Any:
    mean, spread, own = hierarchical_draws(800, seed=1)
    draws = PopulationDraws(mean[:, None], spread[:, None], np.array([True]), n_chains=2)
    return normal_fit(MEANS, (parameter("a"),), draws, own)


def test_reweighted_points_give_the_integral(fit: Any) -> None:
    draws = population_draws(fit)
    assert not draws.shares
    found = person_marginals(fit, show_progress=False)
    expected = closed_form(MEANS, draws.mean[:, 0], draws.spread[:, 0])
    assert found.common
    off = found.log_value - expected
    # as far off as its own error says
    assert (np.abs(off.mean(axis=0)) < 4 * found.error()).all()
    assert 0.5 < np.sqrt((off**2).mean()) / found.error().mean() < 2.0
    assert (found.pareto_k < 0.5).all()


def test_shared_values_get_points_of_each_draw() -> None:
    mean, spread, own = hierarchical_draws(400, seed=2)
    rng = np.random.default_rng(3)
    shared = rng.normal(0.0, 0.5, size=mean.size)
    # persons' values move against the shared one, because only the sum is observed
    draws = PopulationDraws(np.stack([mean - shared, shared], axis=1), spread[:, None], np.array([True, False]), 2)
    fit = normal_fit(MEANS, (parameter("a"), parameter("b", varies=False)), draws, own - shared[:, None])
    found = person_marginals(fit, show_progress=False)
    expected = closed_form(MEANS, mean, spread)
    assert not found.common
    off = found.log_value - expected
    assert np.sqrt((off**2).mean()) < 0.1
    assert off.mean() == pytest.approx(0.0, abs=0.01)
    np.testing.assert_allclose(off.std(), np.sqrt(found.variance().mean()), rtol=0.3)
    assert (found.effective > 100).mean() > 0.95


@pytest.mark.parametrize("own_points", [False, True])
def test_correlated_persons_are_integrated_out(own_points: bool) -> None:
    """A normal likelihood of three correlated values: the integral is normal with the summed covariance."""
    rng = np.random.default_rng(5)
    k, n = 3, 40
    noise, seen = np.diag([0.3, 0.5, 2.0]), np.array([0.8, -0.4, 0.1])
    mean, spread = rng.normal(0, 0.2, (n, k)), np.exp(rng.normal(0, 0.1, (n, k)))
    r = np.array([[1.0, 0.8, -0.5], [0.8, 1.0, -0.3], [-0.5, -0.3, 1.0]])
    factor = np.tile(np.linalg.cholesky(r), (n, 1, 1))
    draws = PopulationDraws(mean, spread, np.ones(k, bool), 1, factor)
    covariance = r * spread[:, :, None] * spread[:, None, :]
    expected = [multivariate_normal.logpdf(seen, m, c + noise) for m, c in zip(mean, covariance, strict=True)]
    objective: Any = SimpleNamespace(screen=lambda x: -multivariate_normal.logpdf(seen - x, np.zeros(k), noise))
    # where the person lies, from the first draw's posterior
    within = np.linalg.inv(np.linalg.inv(covariance[0]) + np.linalg.inv(noise))
    centre = within @ (np.linalg.solve(noise, seen) + np.linalg.solve(covariance[0], mean[0]))
    if own_points:
        shape = person_shape(rng.multivariate_normal(centre, within, size=n), draws)
        weights = of_each_draw(objective, shape, draws, 4096, rng)
    else:
        weights = reweighted(objective, centre, within, draws, 4096, rng)
    found, effective, _ = log_means(weights, n)
    assert (effective > 400).all()
    np.testing.assert_allclose(found, expected, atol=0.15)
    independent = replace(draws, factor=None)
    alone = log_means(reweighted(objective, centre, within, independent, 4096, rng), n)[0]
    assert np.abs(alone - expected).max() > 0.4


def test_deviates_of_persons_go_back_and_forth() -> None:
    rng = np.random.default_rng(6)
    factor = np.linalg.cholesky(np.array([[[1.0, 0.6], [0.6, 1.0]]]))
    draws = PopulationDraws(rng.normal(size=(1, 3)), np.array([[0.5, 2.0]]), np.array([True, False, True]), 1, factor)
    standard = rng.normal(size=(1, 7, 2))
    values = draws.persons(standard)
    np.testing.assert_allclose(draws.standardised(values), standard)
    deviation = values[0] - draws.mean[0, [0, 2]]
    np.testing.assert_allclose(
        np.einsum("pi,ij,pj->p", deviation, draws.precision[0], deviation), (standard[0] ** 2).sum(axis=1)
    )


def test_few_points_are_known_to_be_bad(fit: Any) -> None:
    objective = SimpleNamespace(screen=lambda x: -norm.logpdf(x[:, 0], 30.0, 0.01))
    population = PopulationDraws(np.zeros((1, 1)), np.full((1, 1), 20.0), np.array([True]))
    far = reweighted(objective, np.zeros(1), np.eye(1), population, 500, np.random.default_rng(0))  # type: ignore[arg-type]
    _, effective, pareto_k = log_means(far, 1)
    assert effective[0] < 5
    assert pareto_k > 0.7


def test_what_has_no_population_is_refused(fit: Any) -> None:
    alone = SimpleNamespace(**{**vars(fit), "settings": FitSettings(pooling="none")})
    with pytest.raises(ValueError, match="further persons"):
        population_draws(alone)  # type: ignore[arg-type]


def test_the_evidence_of_a_hierarchy_is_its_integral(fit: Any) -> None:
    found = hierarchical.hierarchical_evidence(fit, show_progress=False)
    p = parameter("a")

    def exact(factor: float) -> float:
        def integrand(spread: float) -> float:
            covariance = (NOISE**2 / 10 + spread**2) * np.eye(MEANS.size) + (factor * p.scale) ** 2
            density = multivariate_normal.pdf(MEANS, np.full(MEANS.size, p.location), covariance)
            return float(density * halfnorm.pdf(spread, scale=factor * 0.6 * p.scale))

        return float(np.log(quad(integrand, 0, 20, points=[0.5, 1.0, 2.0], limit=300)[0]))

    assert found.error < 0.1
    assert found.log_evidence == pytest.approx(exact(1.0), abs=4 * found.error)
    for factor, value in found.scaled.items():
        assert value == pytest.approx(exact(factor), abs=4 * found.error + 0.05)
