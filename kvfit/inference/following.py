"""How persons' posteriors move and change their shape with the values that all persons share."""

from functools import partial

import numpy as np

from kvfit.inference.marginal import OwnLikelihood, posteriors, shared_steps
from kvfit.inference.maximum_likelihood import PersonObjective
from kvfit.inference.person_moments import PersonMoments
from kvfit.kernels.person_coordinates import displacement, products

#: rounds of persons' samples, where they are known already and where they have moved, and their points
_ROUNDS, _POINTS = (2, 4), 640
#: share of the effective points that reweighting must leave
_RELIABLE = 0.3


def following(
    objectives: list[PersonObjective],
    mean: np.ndarray,
    covariance: np.ndarray,
    mu: np.ndarray,
    sigma: np.ndarray,
    varies: np.ndarray,
    reach: np.ndarray,
    seed: int,
) -> tuple[list[PersonMoments], np.ndarray, np.ndarray]:
    """Persons' posteriors given the population, and as polynomials of the displacements f of the shared values.

    Where the shared values are moved by the reach, persons' samples are reweighted, which leaves hardly any noise in
    differences; posteriors of persons who say much about a shared value move by several of their standard deviations,
    further than that, and are sampled anew.

    Parameters
    ----------
    objectives : list of PersonObjective
    mean, covariance : numpy.ndarray
        ``(person, own)`` and ``(person, own, own)``, first guess, in units of the population.
    mu, sigma, varies : numpy.ndarray
        ``(parameter,)``.
    reach : numpy.ndarray
        ``(shared,)``, unconstrained scale.
    seed : int

    Returns
    -------
    persons : list of PersonMoments
    follow : numpy.ndarray
        ``(person, own, f)``: how far the mean moves, in units of the population.
    deformation : numpy.ndarray
        ``(f, own, own)``, of :class:`kvfit.inference.population.PersonCurvature`.
    """
    n, k = len(objectives), int(varies.sum())
    sampled = partial(posteriors, mu=mu, sigma=sigma, varies=varies, seed=seed, points=_POINTS)
    persons = sampled(objectives, mean, covariance, rounds=_ROUNDS[0])
    steps, _ = shared_steps(reach)
    if not len(steps):
        return persons, np.zeros((n, k, 0)), np.zeros((0, k, k))
    moved, changed = np.zeros((n, len(steps), k)), np.zeros((n, len(steps), k, k))
    for j, (objective, found) in enumerate(zip(objectives, persons, strict=True)):
        factor = np.linalg.cholesky(found.precision())
        likelihood, own = OwnLikelihood(objective, mu, varies), mu[varies] + sigma[varies] * found.points
        here = _mean_and_shape(found.points, found.weight, factor)
        for i, step in enumerate(steps):
            _, weight = found.under(likelihood(own, step))
            points = found.points
            if _effective(weight) < _RELIABLE * _effective(found.weight):
                start = (weight @ points)[None], found.covariance[None]
                there = sampled([objective], *start, rounds=_ROUNDS[1], step=step)[0]
                points, weight = there.points, there.weight
            centre, shape = _mean_and_shape(points, weight, factor)
            moved[j, i], changed[j, i] = centre - here[0], shape - here[1]
    # as many displacements as coefficients
    design = np.array([products(displacement(step, 0.0, reach)) for step in steps])
    follow = np.swapaxes(np.linalg.solve(design, moved), 1, 2)
    deformation = np.linalg.solve(design, changed.reshape(n, len(steps), -1)).reshape(changed.shape)
    # of the median person: single persons' estimates are noise, or tails of posteriors with two modes, after which
    # those persons mixed half as well (CMR, 40 participants)
    return persons, follow, np.median(deformation, axis=0)


def _effective(weight: np.ndarray) -> float:
    """Effective number of points."""
    return float(1.0 / (weight**2).sum())


def _mean_and_shape(points: np.ndarray, weight: np.ndarray, factor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean, and lower factor of the covariance whitened by `factor`, logarithms on its diagonal."""
    mean = weight @ points
    whitened = (points - mean) @ factor
    covariance = (weight[:, None] * whitened).T @ whitened
    shape = np.linalg.cholesky(covariance + 1e-9 * np.eye(mean.size))
    np.fill_diagonal(shape, np.log(np.diagonal(shape)))
    return mean, shape
