"""How the likelihood, persons' own values integrated out, depends on the population's values and on the shared ones.

From importance samples of every person's posterior: the score of the population's density averaged over the samples is
the gradient of the marginal likelihood (Fisher's identity), its covariance gives the curvature (Louis 1982, Journal of the
Royal Statistical Society B 44, 226-233), and reweighting the samples says what happens when the shared values move.
"""

from dataclasses import dataclass

import numpy as np

from kvfit.inference.maximum_likelihood import PersonObjective
from kvfit.inference.person_moments import POINTS, PersonMoments, person_moments

#: longest step of a mean (in spreads between persons), of the log of a spread, and of a shared value (in reaches)
_LONGEST = (0.5, 0.3, 0.5)
#: whole Newton steps overshoot to and fro where posteriors are skewed
_DAMPING = 0.5


@dataclass(frozen=True, eq=False)
class PopulationPrior:
    """Priors of the population's values, ``(parameter,)`` each, and in which parameters persons differ.

    Parameters
    ----------
    location, scale : numpy.ndarray
        Of the means.
    spread : numpy.ndarray
        Scale of the half-normal prior of the spread between persons.
    varies : numpy.ndarray
        Bool.
    """

    location: np.ndarray
    scale: np.ndarray
    spread: np.ndarray
    varies: np.ndarray


@dataclass(frozen=True, eq=False)
class Marginal:
    """Marginal likelihood about the population's values ``mu`` and ``sigma`` ``(parameter,)``.

    Its coordinates are the persons' means in units of the spread, the logarithms of the spreads (own parameters both)
    and the shared values in units of their prior.

    Parameters
    ----------
    gradient, curvature : numpy.ndarray
        ``(2 own + shared,)``, and its matrix: the negative second derivatives.
    follow : numpy.ndarray
        ``(person, own, shared)``: how far each person's mean moves with a shared value, unconstrained scale.
    reach : numpy.ndarray
        ``(shared,)``: how far the shared values were moved.
    mu, sigma : numpy.ndarray
    """

    gradient: np.ndarray
    curvature: np.ndarray
    follow: np.ndarray
    reach: np.ndarray
    mu: np.ndarray
    sigma: np.ndarray

    def step(self, prior: PopulationPrior) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One Newton step of the posterior: mu, sigma, and standard deviations of the shared values ``(shared,)``."""
        varies, n_own = prior.varies, int(prior.varies.sum())
        sigma, scale = self.sigma[varies], prior.scale
        offset = (self.mu - prior.location) / scale
        ratio = (sigma / prior.spread[varies]) ** 2
        # of a normal mean, of the log of a half-normal spread, of a normal shared value
        slope = np.concatenate([-offset[varies] * sigma / scale[varies], 1.0 - ratio, -offset[~varies]])
        bend = np.concatenate([(sigma / scale[varies]) ** 2, 2.0 * ratio, np.ones((~varies).sum())])
        values, vectors = np.linalg.eigh(self.curvature + np.diag(bend))
        values = np.maximum(np.abs(values), 1.0)
        step = _DAMPING * vectors @ ((vectors.T @ (self.gradient + slope)) / values)
        mean, log_spread, shared = np.split(step, [n_own, 2 * n_own])
        limit = _LONGEST[2] * self.reach
        mu, new_sigma = self.mu.copy(), self.sigma.copy()
        mu[varies] += sigma * np.clip(mean, -_LONGEST[0], _LONGEST[0])
        new_sigma[varies] = sigma * np.exp(np.clip(log_spread, -_LONGEST[1], _LONGEST[1]))
        mu[~varies] += np.clip(scale[~varies] * shared, -limit, limit)
        deviation = np.sqrt((vectors**2 / values).sum(axis=1))[2 * n_own :]
        return mu, new_sigma, scale[~varies] * deviation


def shared_steps(reach: np.ndarray) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Moves of the shared values ``(step, shared)``: each up, each down, two of each pair up; and the pairs."""
    q, up = reach.size, np.diag(reach)
    pairs = [(i, m) for i in range(q) for m in range(i)]
    return np.array([*up, *-up, *(up[i] + up[m] for i, m in pairs)]).reshape(2 * q + len(pairs), q), pairs


def marginal_likelihood(
    objectives: list[PersonObjective],
    persons: list[PersonMoments],
    mu: np.ndarray,
    sigma: np.ndarray,
    prior: PopulationPrior,
    reach: np.ndarray,
) -> Marginal:
    """What persons' posteriors say about the population's and the shared values.

    Parameters
    ----------
    objectives : list of PersonObjective
    persons : list of PersonMoments
        Of :func:`posteriors`, under `mu` and `sigma`.
    mu, sigma : numpy.ndarray
        ``(parameter,)``.
    prior : PopulationPrior
    reach : numpy.ndarray
        ``(shared,)``: how far to move the shared values, unconstrained scale.
    """
    varies, spread, units = prior.varies, sigma[prior.varies], prior.scale[~prior.varies] / reach
    n, k, q = len(objectives), spread.size, reach.size
    steps, pairs = shared_steps(reach)
    gradient, information = np.zeros(2 * k), np.zeros((2 * k, 2 * k))
    log_ratio, scores, means = np.zeros(len(steps)), np.zeros((len(steps), 2 * k)), np.zeros((len(steps), n, k))
    for person, (objective, found) in enumerate(zip(objectives, persons, strict=True)):
        z, weight = found.points, found.weight
        score = np.concatenate([z, z**2 - 1.0], axis=1)
        expected = weight @ score
        gradient += expected
        deviation = score - expected
        information += _own_information(weight @ z, weight @ z**2) - (weight[:, None] * deviation).T @ deviation
        likelihood = OwnLikelihood(objective, mu, varies)
        for i, step in enumerate(steps):
            ratio, moved = found.under(likelihood(mu[varies] + spread * z, step))
            log_ratio[i] += ratio
            scores[i] += moved @ score
            means[i, person] = spread * (moved @ z)
    curvature = np.zeros((2 * k + q, 2 * k + q))
    curvature[: 2 * k, : 2 * k] = information
    cross = -(scores[:q] - scores[q : 2 * q]) / 2 * units[:, None]
    curvature[2 * k :, : 2 * k], curvature[: 2 * k, 2 * k :] = cross, cross.T
    among = curvature[2 * k :, 2 * k :]
    np.fill_diagonal(among, -(log_ratio[:q] + log_ratio[q : 2 * q]) * units**2)
    for (i, m), both in zip(pairs, log_ratio[2 * q :], strict=True):
        among[i, m] = among[m, i] = (log_ratio[i] + log_ratio[m] - both) * units[i] * units[m]
    slope = (log_ratio[:q] - log_ratio[q : 2 * q]) / 2 * units
    follow = np.moveaxis(means[:q] - means[q : 2 * q], 0, 2) / (2 * reach)
    return Marginal(np.concatenate([gradient, slope]), curvature, follow, reach, mu, sigma)


def posteriors(
    objectives: list[PersonObjective],
    mean: np.ndarray,
    covariance: np.ndarray,
    mu: np.ndarray,
    sigma: np.ndarray,
    varies: np.ndarray,
    *,
    seed: int,
    rounds: int,
    points: int = POINTS,
    step: np.ndarray | float = 0.0,
) -> list[PersonMoments]:
    """Every person's posterior given the population, the shared values moved by `step`.

    Parameters
    ----------
    objectives : list of PersonObjective
    mean, covariance : numpy.ndarray
        ``(person, own)`` and ``(person, own, own)``, first guess, in units of the population.
    mu, sigma, varies : numpy.ndarray
        ``(parameter,)``.
    seed, rounds, points : int
        Of each person's sample.
    step : numpy.ndarray
        ``(shared,)``, unconstrained scale.
    """
    found = []
    for person, objective in enumerate(objectives):
        likelihood = OwnLikelihood(objective, mu, varies, step)
        rng = np.random.default_rng([seed, person, 1])
        start = mean[person], covariance[person], mu[varies], sigma[varies]
        found.append(person_moments(likelihood, *start, rng, rounds=rounds, points=points))
    return found


@dataclass(frozen=True, eq=False)
class OwnLikelihood:
    """Negative log-likelihood ``(point,)`` of a person's own values ``(point, own)``, the shared ones being given."""

    objective: PersonObjective
    mu: np.ndarray
    varies: np.ndarray
    step: np.ndarray | float = 0.0

    def __call__(self, points: np.ndarray, step: np.ndarray | float = 0.0) -> np.ndarray:
        """Of points, the shared values moved by a further step."""
        every = np.tile(self.mu, (len(points), 1))
        every[:, self.varies] = points
        every[:, ~self.varies] += self.step + step
        return self.objective.screen(every)


def _own_information(z: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Expected negative second derivatives of the population's density, in means and log spreads."""
    mixed = 2.0 * np.diag(z)
    return np.block([[np.eye(z.size), mixed], [mixed, 2.0 * np.diag(squares)]])
