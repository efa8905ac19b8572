"""Where the hierarchical posterior lies: population values and every person's estimate and curvature there.

Laplace approximations of the persons inside an expectation-maximisation loop, then, because posteriors of memory models
are often skewed, moments by adaptive importance sampling. What comes out decides starting values and the sampler's
coordinates (:mod:`kvfit.inference.preconditioner`), never the posterior.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from kvfit.inference.maximum_likelihood import BOX, PersonObjective, best_start, own_prior
from kvfit.inference.person_moments import person_moments
from kvfit.memory_model import MemoryModel
from kvfit.progress import progress

_STEP = 1e-3
#: smallest spread between persons that the loop may arrive at, in prior standard deviations of one person
_LEAST_SPREAD = 0.05


@dataclass(frozen=True, eq=False)
class PersonCurvature:
    """Quadratic approximation of every person's log-likelihood on the unconstrained scale, where the posterior lies.

    Parameters
    ----------
    precision : numpy.ndarray
        ``(participant, parameter, parameter)``, H, positive semi-definite.
    linear : numpy.ndarray
        ``(participant, parameter)``, b: the log-likelihood is near ``b . theta - theta' H theta / 2``.
    mode : numpy.ndarray
        ``(participant, parameter)``, MAP estimates under the population's values.
    mu : numpy.ndarray
        ``(parameter,)``, population mean.
    sigma : numpy.ndarray
        ``(parameter,)``, spread between persons; 0 where persons share the value.
    """

    precision: np.ndarray
    linear: np.ndarray
    mode: np.ndarray
    mu: np.ndarray
    sigma: np.ndarray


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
            precision[person], linear[person] = _quadratic(objective, mode[person])
        if spread is None:
            return PersonCurvature(precision, linear, mode, location, scale)
        mu = mode.mean(axis=0)
        sigma = np.where(varies, np.maximum(mode.std(axis=0), _LEAST_SPREAD * scale), 0.0)
        prior = _Prior(location, scale, spread, varies)
        for _ in bar.track(range(rounds), f"{model.label}: population"):
            within = np.linalg.inv(_own(precision, varies) + np.diag(1.0 / sigma[varies] ** 2))
            shared = _shared(mode, precision, linear, within, prior)
            mu, sigma = _maximise(mode, within, prior, sigma)
            mu[~varies] = shared
            for person, objective in enumerate(objectives):
                mode[person] = _search(objective, mode[person], varies, mu, sigma, scale)
                precision[person], linear[person] = _quadratic(objective, mode[person])
        mean = mode.copy()
        for person in bar.track(range(n), f"{model.label}: persons"):
            rng = np.random.default_rng([seed, person, 1])
            mean[person], precision[person], linear[person] = _match_moments(
                objectives[person], mode[person], precision[person], linear[person], varies, mu, sigma, rng
            )
        within = np.linalg.inv(_own(precision, varies) + np.diag(1.0 / sigma[varies] ** 2))
        shared = mu[~varies]
        mu, sigma = _maximise(mean, within, prior, sigma)
        mu[~varies] = mean[:, ~varies] = shared
    return PersonCurvature(precision, linear, mean, mu, sigma)


def _quadratic(objective: PersonObjective, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


@dataclass(frozen=True, eq=False)
class _Prior:
    """Priors of the population's values, ``(parameter,)`` each, and which parameters persons differ in."""

    location: np.ndarray
    scale: np.ndarray
    spread: np.ndarray
    varies: np.ndarray


def _own(matrices: np.ndarray, varies: np.ndarray) -> np.ndarray:
    return matrices[:, varies][:, :, varies]


def _shared(
    mode: np.ndarray, precision: np.ndarray, linear: np.ndarray, within: np.ndarray, prior: _Prior
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


def _maximise(mode: np.ndarray, within: np.ndarray, prior: _Prior, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


def _match_moments(
    objective: PersonObjective,
    mode: np.ndarray,
    precision: np.ndarray,
    linear: np.ndarray,
    varies: np.ndarray,
    mu: np.ndarray,
    sigma: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Posterior mean, and the quadratic log-likelihood that has the posterior's moments.

    The own values follow the shared ones as in the Laplace approximation: simulation would add noise to that slope, and
    the noise of all persons together would tie the shared values to the coordinates again.
    """
    own, spread = np.ix_(varies, varies), sigma[varies]
    full = mode.copy()

    def negative_log_likelihood(points: np.ndarray) -> np.ndarray:
        every = np.tile(full, (len(points), 1))
        every[:, varies] = points
        return objective.screen(every)

    unit = np.eye(spread.size)
    laplace = np.linalg.inv(unit + precision[own] * spread[:, None] * spread)
    start = (mode[varies] - mu[varies]) / spread
    mean, covariance = person_moments(negative_log_likelihood, start, laplace, mu[varies], spread, rng)
    values, vectors = np.linalg.eigh(np.linalg.inv(covariance) - unit)
    informed = (vectors * np.maximum(values, 0.0)) @ vectors.T
    matched, pull = precision.copy(), linear.copy()
    matched[own] = informed / spread[:, None] / spread
    coupling = precision[np.ix_(varies, ~varies)]
    follow = (laplace * spread[:, None] * spread) @ coupling  # how far the own values move with the shared ones
    coupling = (matched[own] + np.diag(1.0 / spread**2)) @ follow
    matched[np.ix_(varies, ~varies)] = coupling
    matched[np.ix_(~varies, varies)] = coupling.T
    pull[varies] = matched[own] @ mu[varies] + ((informed + unit) @ mean) / spread + coupling @ full[~varies]
    full[varies] = mu[varies] + spread * mean
    return full, matched, pull
