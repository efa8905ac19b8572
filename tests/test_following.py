"""What the sampler's coordinates know about persons and shared values, against posteriors in closed form."""

import numpy as np
import pytest

from kvfit.inference.following import following
from kvfit.inference.marginal import PopulationPrior, marginal_likelihood, posteriors
from kvfit.inference.population import matched
from kvfit.kernels.person_coordinates import displacement, products, to_effects

N, OWN = 4, 2
#: the last parameter is shared
VARIES = np.array([True, True, False])
MU, SIGMA = np.array([0.5, -1.0, 0.3]), np.array([0.8, 1.2, 0.0])


class Person:
    """A normal likelihood whose centre and precision depend on the shared value s."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        root = rng.normal(size=(OWN, OWN))
        self.precision = root @ root.T + 0.5 * np.eye(OWN)
        self.centre, self.slope, self.bend = rng.normal(size=(3, OWN))
        self.growth = 1.6

    def at(self, s: float) -> tuple[np.ndarray, np.ndarray]:
        """Centre and precision."""
        moved = s - MU[2]
        return self.centre + self.slope * moved + self.bend * moved**2, self.precision * np.exp(self.growth * moved)

    def screen(self, points: np.ndarray) -> np.ndarray:
        """Negative log-likelihood, its normalising constant left out."""
        out = np.empty(len(points))
        for s in np.unique(points[:, 2]):
            here = points[:, 2] == s
            centre, precision = self.at(float(s))
            off = points[here, :2] - centre
            out[here] = 0.5 * np.einsum("pi,ij,pj->p", off, precision, off)
        return out

    def posterior(self, s: float) -> tuple[np.ndarray, np.ndarray]:
        """Mean and covariance under the population."""
        centre, precision = self.at(s)
        covariance = np.linalg.inv(precision + np.diag(1.0 / SIGMA[VARIES] ** 2))
        return covariance @ (precision @ centre + MU[VARIES] / SIGMA[VARIES] ** 2), covariance

    def log_marginal(self, mu: np.ndarray, sigma: np.ndarray) -> float:
        """Log of the integral over the person's own values, up to a constant."""
        centre, precision = self.at(float(mu[2]))
        spread = np.linalg.inv(precision) + np.diag(sigma[VARIES] ** 2)
        off = centre - mu[VARIES]
        log_volume = np.linalg.slogdet(spread)[1] + np.linalg.slogdet(precision)[1]
        return float(-0.5 * off @ np.linalg.solve(spread, off) - 0.5 * log_volume)


@pytest.fixture
def persons() -> list[Person]:
    return [Person(seed) for seed in range(N)]


def _guess(persons: list[Person]) -> tuple[np.ndarray, np.ndarray]:
    found = [p.posterior(MU[2]) for p in persons]
    scale = SIGMA[VARIES]
    mean = np.array([(m - MU[VARIES]) / scale for m, _ in found]) + 0.3
    return mean, np.array([c / scale[:, None] / scale for _, c in found]) * 1.5


def test_coordinates_follow_mean_and_covariance_where_the_shared_value_moves(persons: list[Person]) -> None:
    reach = np.array([0.5])
    found = following(persons, *_guess(persons), MU, SIGMA, VARIES, reach, seed=0)  # type: ignore[arg-type]
    curvature = matched(*found, MU, SIGMA, VARIES, reach)
    constants = (curvature.precision, curvature.coupling, curvature.linear, curvature.deformation)
    for s in (MU[2] - 0.5, MU[2] - 0.25, MU[2], MU[2] + 0.5):
        moved = displacement(np.array([s]), MU[2:], reach)
        still = np.zeros((N, OWN))
        centre, log_jacobian = to_effects(still, MU[:2].copy(), SIGMA[:2].copy(), moved, *constants)
        columns = []
        for k in range(OWN):
            eta = still.copy()
            eta[:, k] = 1.0
            columns.append(to_effects(eta, MU[:2].copy(), SIGMA[:2].copy(), moved, *constants)[0] - centre)
        factor = np.stack(columns, axis=2)
        for j, person in enumerate(persons):
            mean, covariance = person.posterior(s)
            deviation = np.sqrt(np.diag(covariance))
            assert (np.abs(centre[j] - mean) / deviation).max() < 0.25
            widths = np.sqrt(np.diag(factor[j] @ factor[j].T)) / deviation
            assert np.abs(np.log(widths)).max() < 0.2
            assert log_jacobian[j] == pytest.approx(np.linalg.slogdet(factor[j])[1])


def test_without_following_the_means_would_be_far_off(persons: list[Person]) -> None:
    """The test above could not fail if persons did not move."""
    moves = [
        np.abs(p.posterior(MU[2] + 0.5)[0] - p.posterior(MU[2])[0]) / np.sqrt(np.diag(p.posterior(MU[2])[1]))
        for p in persons
    ]
    assert np.max(moves) > 0.5


def test_gradient_and_curvature_are_those_of_the_marginal_likelihood(persons: list[Person]) -> None:
    prior = PopulationPrior(np.zeros(3), np.array([1.0, 1.0, 2.0]), np.ones(3), VARIES)
    mean, covariance = _guess(persons)
    found = posteriors(
        persons,  # type: ignore[arg-type]
        mean,
        covariance,
        MU,
        SIGMA,
        VARIES,
        seed=1,
        rounds=4,
        points=20_000,
    )
    marginal = marginal_likelihood(persons, found, MU, SIGMA, prior, np.array([0.1]))  # type: ignore[arg-type]

    def log_marginal(x: np.ndarray) -> float:
        mu, sigma = MU.copy(), SIGMA.copy()
        mu[:2] += SIGMA[:2] * x[:2]
        sigma[:2] *= np.exp(x[2:4])
        mu[2] += prior.scale[2] * x[4]
        return sum(p.log_marginal(mu, sigma) for p in persons)

    steps = 1e-3 * np.eye(5)
    gradient = np.array([(log_marginal(h) - log_marginal(-h)) / 2e-3 for h in steps])
    hessian = np.array([[
        (log_marginal(a + b) - log_marginal(a - b) - log_marginal(b - a) + log_marginal(-a - b)) / 4e-6 for b in steps
    ] for a in steps])  # fmt: skip
    np.testing.assert_allclose(marginal.gradient, gradient, atol=0.06 * np.abs(gradient).max())
    np.testing.assert_allclose(marginal.curvature, -hessian, atol=0.06 * np.abs(hessian).max())


def test_products_are_displacements_and_their_products() -> None:
    np.testing.assert_array_equal(products(np.array([2.0, 3.0])), [2.0, 3.0, 4.0, 6.0, 9.0])
    assert products(np.zeros(0)).size == 0


def test_displacements_end_at_twice_the_reach() -> None:
    far = displacement(np.array([-50.0, 50.0]), 1.0, 0.4)
    np.testing.assert_allclose(far, [-0.8, 0.8])
    assert displacement(1.01, 1.0, 0.4) == pytest.approx(0.01, rel=1e-3)
