"""Where the hierarchical posterior lies: population values and every person's estimate and curvature there.

Laplace approximations of the persons inside an expectation-maximisation loop, then, because posteriors of memory models
are often skewed, moments by adaptive importance sampling. What comes out decides starting values and the sampler's
coordinates (:mod:`kvfit.inference.preconditioner`), never the posterior.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from kvfit.inference.following import following
from kvfit.inference.marginal import PopulationPrior, marginal_likelihood, posteriors
from kvfit.inference.maximum_likelihood import BOX, PersonObjective, best_start, own_prior
from kvfit.inference.person_moments import PersonMoments
from kvfit.memory_model import MemoryModel
from kvfit.progress import progress

#: Newton steps of the population's values, and the step, in spreads or reaches, after which they end
MOMENT_ROUNDS, _SETTLED = 8, 0.1
#: rounds of adaptation of persons' samples, before the first step and later
SAMPLES = (4, 2)
_STEP = 1e-3
#: how far shared values are moved to see what follows, in prior standard deviations: at first, and then, as far as their
#: posterior is wide, at least and at most
_REACH, _LEAST_REACH, _MOST_REACH = 0.1, 0.02, 0.3
#: the sampler's coordinates follow shared values further, because it visits more than the centre
_FURTHER = 2.0
#: smallest spread between persons that the loop may arrive at, in prior standard deviations of one person
_LEAST_SPREAD = 0.05


@dataclass(frozen=True, eq=False)
class PersonCurvature:
    """Quadratic approximation of every person's log-likelihood on the unconstrained scale, where the posterior lies.

    With f the displacements of shared values from `mu` and their products
    (:func:`kvfit.kernels.person_coordinates.products`), a person's log-likelihood is near
    ``(linear - coupling f) . theta - theta' precision theta / 2``, theta being the person's own values.

    Parameters
    ----------
    precision : numpy.ndarray
        ``(participant, own, own)``, positive semi-definite.
    linear : numpy.ndarray
        ``(participant, own)``.
    coupling : numpy.ndarray
        ``(participant, own, f)``.
    deformation : numpy.ndarray
        ``(f, own, own)``, lower triangular: how posteriors change their shape with the shared values, the same
        for all persons. In coordinates that make a posterior standard normal at `mu`, its factor elsewhere is near
        ``I + deformation . f``.
    mode : numpy.ndarray
        ``(participant, parameter)``, posterior means under the population's values (MAP estimates without a population).
    mu : numpy.ndarray
        ``(parameter,)``, population mean.
    sigma : numpy.ndarray
        ``(parameter,)``, spread between persons; 0 where persons share the value.
    reach : numpy.ndarray
        ``(shared,)``, how far from `mu` persons are known to follow the shared values.
    """

    precision: np.ndarray
    linear: np.ndarray
    coupling: np.ndarray
    deformation: np.ndarray
    mode: np.ndarray
    mu: np.ndarray
    sigma: np.ndarray
    reach: np.ndarray


def without_shared(
    precision: np.ndarray, linear: np.ndarray, mode: np.ndarray, mu: np.ndarray, sigma: np.ndarray
) -> PersonCurvature:
    """Approximation where nothing is shared."""
    n, k = linear.shape
    return PersonCurvature(precision, linear, np.zeros((n, k, 0)), np.zeros((0, k, k)), mode, mu, sigma, np.zeros(0))


def person_curvature(
    model: MemoryModel,
    design: Any,
    varies: np.ndarray,
    spread: np.ndarray | None,
    *,
    seed: int = 0,
    starts: int = 3,
    rounds: int = 8,
    show_progress: bool = True,
) -> PersonCurvature:
    """Estimate the population and every person, and the curvature of each person's log-likelihood there.

    Parameters
    ----------
    model : MemoryModel
    design : Design
    varies : numpy.ndarray
        ``(parameter,)`` bool: whether persons differ in it.
    spread : numpy.ndarray or None
        ``(parameter,)`` prior scale of the spread between persons; None without a population (each person alone
        under the parameters' own priors).
    seed, starts : int
        Of the first search of each person, under the parameters' own priors.
    rounds : int
        Rounds of expectation and maximisation.
    show_progress : bool
    """
    location, scale = own_prior(model)
    n, k = design.n_participants, location.size
    objectives = [PersonObjective(model, design.one_participant(person)) for person in range(n)]
    mode = np.zeros((n, k))
    precision, linear = np.zeros((n, k, k)), np.zeros((n, k))
    with progress(show_progress) as bar:
        for person in bar.track(range(n), f"{model.label}: starting values"):
            objective = objectives[person]
            objective.prior = (location, scale)
            mode[person] = best_start(objective, starts, np.random.default_rng([seed, person]))
            objective.prior = None
            precision[person], linear[person] = quadratic(objective, mode[person])
        if spread is None:
            return without_shared(precision, linear, mode, location, scale)
        mu = mode.mean(axis=0)
        sigma = np.where(varies, np.maximum(mode.std(axis=0), _LEAST_SPREAD * scale), 0.0)
        prior = PopulationPrior(location, scale, spread, varies)
        for _ in bar.track(range(rounds), f"{model.label}: population"):
            within = np.linalg.inv(_own(precision, varies) + np.diag(1.0 / sigma[varies] ** 2))
            shared = _shared(mode, precision, linear, within, prior)
            mu, sigma = _maximise(mode, within, prior, sigma)
            mu[~varies] = shared
            for person, objective in enumerate(objectives):
                mode[person] = _search(objective, mode[person], varies, mu, sigma, scale)
                precision[person], linear[person] = quadratic(objective, mode[person])
        spread = sigma[varies]
        mean = (mode[:, varies] - mu[varies]) / spread
        covariance = np.linalg.inv(np.eye(spread.size) + _own(precision, varies) * spread[:, None] * spread)
        reach = _REACH * scale[~varies]
        settled = False
        for i in bar.track(range(MOMENT_ROUNDS), f"{model.label}: persons"):
            if settled:
                continue
            rounds = SAMPLES[min(i, 1)]
            persons = posteriors(objectives, mean, covariance, mu, sigma, varies, seed=seed, rounds=rounds)
            marginal = marginal_likelihood(objectives, persons, mu, sigma, prior, reach)
            new_mu, new_sigma, deviation = marginal.step(prior)
            new_sigma[varies] = np.maximum(new_sigma[varies], _LEAST_SPREAD * scale[varies])
            deviation = np.clip(deviation, _LEAST_REACH * scale[~varies], _MOST_REACH * scale[~varies])
            step, wider = new_mu - mu, sigma[varies] / new_sigma[varies]
            own = mu[varies] + sigma[varies] * np.array([p.mean for p in persons])
            mean = (own + marginal.follow @ step[~varies] - new_mu[varies]) / new_sigma[varies]
            covariance = np.array([p.covariance for p in persons]) * wider[:, None] * wider
            mu, sigma = new_mu, new_sigma
            moved = np.concatenate([step[varies] / sigma[varies], np.log(wider), step[~varies] / reach])
            reach = np.sqrt(reach * deviation)
            settled = i > 0 and bool(np.abs(moved).max() < _SETTLED)
        reach = _FURTHER * reach
        persons, follow, deformation = following(objectives, mean, covariance, mu, sigma, varies, reach, seed)
    return matched(persons, follow, deformation, mu, sigma, varies, reach)


def quadratic(objective: PersonObjective, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """H and b of the log-likelihood at x, from differences of the exact gradient; negative curvature counts as none."""
    gradient = -objective(x)[1]
    steps = _STEP * np.eye(x.size)
    hessian = np.array([objective(x + step)[1] - objective(x - step)[1] for step in steps]) / (2 * _STEP)
    values, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
    precision = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return precision, precision @ x + gradient


def _search(
    objective: PersonObjective, x: np.ndarray, varies: np.ndarray, mu: np.ndarray, sigma: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """MAP estimate under the population's values: from the last one and from the population's mean, the better."""
    full, spread = np.where(varies, x, mu), sigma[varies]

    def penalised(z: np.ndarray) -> tuple[float, np.ndarray]:
        at = full.copy()
        at[varies] = mu[varies] + spread * z
        value, gradient = objective(at)
        return value + 0.5 * float(z @ z), gradient[varies] * spread + z

    last = np.clip((x[varies] - mu[varies]) / spread, -4, 4)
    ends = []
    for start in (last, np.zeros(spread.size)):
        bounds = [(-BOX, BOX)] * spread.size
        ends.append(minimize(penalised, start, jac=True, method="SLSQP", bounds=bounds, options={"ftol": 1e-4}))
    best = min(ends, key=lambda end: end.fun)
    full[varies] = mu[varies] + spread * best.x
    return full


def _own(matrices: np.ndarray, varies: np.ndarray) -> np.ndarray:
    return matrices[:, varies][:, :, varies]


def _shared(
    mode: np.ndarray, precision: np.ndarray, linear: np.ndarray, within: np.ndarray, prior: PopulationPrior
) -> np.ndarray:
    """One Newton step of the shared values, the persons' own values following them."""
    varies = prior.varies
    location, scale = prior.location[~varies], prior.scale[~varies]
    if not location.size:
        return location
    cross = precision[:, ~varies][:, :, varies]
    slope = (linear - (precision * mode[:, None, :]).sum(axis=2))[:, ~varies].sum(axis=0)
    left = _own(precision, ~varies) - cross @ within @ np.swapaxes(cross, 1, 2)
    curvature = left.sum(axis=0) + np.diag(1.0 / scale**2)
    here = mode[:, ~varies].mean(axis=0)
    step = np.linalg.solve(curvature, slope - (here - location) / scale**2)
    moved: np.ndarray = here + np.clip(step, -scale, scale)
    return moved


def _maximise(
    mode: np.ndarray, within: np.ndarray, prior: PopulationPrior, sigma: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of the population that fit the persons' approximate posteriors, their own priors included."""
    varies, n = prior.varies, len(mode)
    own = mode[:, varies]
    location, scale, spread = prior.location[varies], prior.scale[varies], prior.spread[varies]
    mu, new_sigma = np.zeros(varies.size), np.zeros(varies.size)
    weight = n / sigma[varies] ** 2
    mean = (weight * own.mean(axis=0) + location / scale**2) / (weight + 1.0 / scale**2)
    # mode of log sigma under a half-normal prior: (n - 1) u + u^2 / spread^2 = squares, with u = sigma^2
    squares = ((own - mean) ** 2 + np.diagonal(within, axis1=1, axis2=2)).sum(axis=0)
    variance = spread**2 * (np.sqrt((n - 1) ** 2 + 4.0 * squares / spread**2) - (n - 1)) / 2.0
    mu[varies], new_sigma[varies] = mean, np.maximum(np.sqrt(variance), _LEAST_SPREAD * scale)
    return mu, new_sigma


def matched(
    persons: list[PersonMoments],
    follow: np.ndarray,
    deformation: np.ndarray,
    mu: np.ndarray,
    sigma: np.ndarray,
    varies: np.ndarray,
    reach: np.ndarray,
) -> PersonCurvature:
    """Quadratic log-likelihoods that have the posteriors' moments."""
    spread, mode = sigma[varies], np.tile(mu, (len(persons), 1))
    mean = np.array([p.mean for p in persons])
    mode[:, varies] = mu[varies] + spread * mean
    posterior = np.array([p.precision() for p in persons])
    informed = (posterior - np.eye(spread.size)) / spread[:, None] / spread
    linear = informed @ mu[varies] + (posterior @ mean[:, :, None])[:, :, 0] / spread
    coupling = -(posterior @ follow) / spread[:, None]
    return PersonCurvature(informed, linear, coupling, deformation, mode, mu, sigma, reach)
