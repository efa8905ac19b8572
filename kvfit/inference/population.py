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
from kvfit.inference.person_moments import PersonMoments, person_moments
from kvfit.memory_model import MemoryModel
from kvfit.progress import progress

#: rounds of expectation by sampling and maximisation
MOMENT_ROUNDS = 4
_STEP = 1e-3
#: how far shared values are moved to see what follows, in prior standard deviations
_REACH = 0.1
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
        ``(participant, parameter)``, posterior means under the population's values (MAP estimates without a population).
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
        for _ in bar.track(range(MOMENT_ROUNDS), f"{model.label}: persons"):
            persons, marginal = _moments(objectives, mode, precision, varies, mu, sigma, scale, seed)
            precision, linear, mode = _matched(persons, marginal, varies, mu, sigma)
            within = np.array([p.covariance for p in persons]) * sigma[varies][:, None] * sigma[varies]
            shared = marginal.step(mu[~varies], prior)
            if shared.size:
                mode[:, varies] += marginal.follow @ (shared - mu[~varies])
            mu, sigma = _maximise(mode, within, prior, sigma)
            mu[~varies] = mode[:, ~varies] = shared
        persons, marginal = _moments(objectives, mode, precision, varies, mu, sigma, scale, seed)
        precision, linear, mode = _matched(persons, marginal, varies, mu, sigma)
    return PersonCurvature(precision, linear, mode, mu, sigma)


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


@dataclass(frozen=True, eq=False)
class _Marginal:
    """How the likelihood, persons' own values integrated out, depends on the values that all share.

    Parameters
    ----------
    slope, curvature : numpy.ndarray
        ``(shared,)`` and ``(shared, shared)``.
    follow : numpy.ndarray
        ``(person, own, shared)``: how far each person's mean moves with a shared value, unconstrained scale.
    reach : numpy.ndarray
        ``(shared,)``, the step of the differences.
    """

    slope: np.ndarray
    curvature: np.ndarray
    follow: np.ndarray
    reach: np.ndarray

    def step(self, here: np.ndarray, prior: _Prior) -> np.ndarray:
        """One Newton step, at most twice the reach."""
        if not here.size:
            return here
        location, scale = prior.location[~prior.varies], prior.scale[~prior.varies]
        values, vectors = np.linalg.eigh(self.curvature + np.diag(1.0 / scale**2))
        direction = self.slope - (here - location) / scale**2
        step = vectors @ ((vectors.T @ direction) / np.maximum(values, 1.0 / scale.max() ** 2))
        moved: np.ndarray = here + np.clip(step, -2 * self.reach, 2 * self.reach)
        return moved


def _moments(
    objectives: list[PersonObjective],
    mode: np.ndarray,
    precision: np.ndarray,
    varies: np.ndarray,
    mu: np.ndarray,
    sigma: np.ndarray,
    scale: np.ndarray,
    seed: int,
) -> tuple[list[PersonMoments], _Marginal]:
    """Every person's posterior moments, and what they say about the shared values."""
    n, spread, shared = len(objectives), sigma[varies], np.flatnonzero(~varies)
    q = shared.size
    reach = _REACH * scale[shared]
    persons = []
    slope, curvature, follow = np.zeros(q), np.zeros((q, q)), np.zeros((n, spread.size, q))
    for person, objective in enumerate(objectives):
        start = (mode[person, varies] - mu[varies]) / spread
        own = precision[person][np.ix_(varies, varies)] * spread[:, None] * spread
        guess = np.linalg.inv(np.eye(spread.size) + own)
        at = _At(objective, mu, varies)
        rng = np.random.default_rng([seed, person, 1])
        found = person_moments(at, start, guess, mu[varies], spread, rng)
        persons.append(found)
        points = mu[varies] + spread * found.points
        up = np.zeros(q)
        for i in range(q):
            step = reach * (np.arange(q) == i)
            up[i], above = found.under(at(points, step))
            down, below = found.under(at(points, -step))
            slope[i] += (up[i] - down) / (2 * reach[i])
            curvature[i, i] -= (up[i] + down) / reach[i] ** 2
            follow[person, :, i] = spread * (above - below) / (2 * reach[i])
            for k in range(i):
                both, _ = found.under(at(points, step + reach * (np.arange(q) == k)))
                cross = (both - up[i] - up[k]) / (reach[i] * reach[k])
                curvature[i, k] -= cross
                curvature[k, i] -= cross
    return persons, _Marginal(slope, curvature, follow, reach)


@dataclass(frozen=True, eq=False)
class _At:
    """Negative log-likelihood of a person's own values, the shared ones being held near the population's."""

    objective: PersonObjective
    mu: np.ndarray
    varies: np.ndarray

    def __call__(self, points: np.ndarray, step: np.ndarray | float = 0.0) -> np.ndarray:
        every = np.tile(self.mu, (len(points), 1))
        every[:, self.varies] = points
        every[:, ~self.varies] += step
        return self.objective.screen(every)


def _matched(
    persons: list[PersonMoments],
    marginal: _Marginal,
    varies: np.ndarray,
    mu: np.ndarray,
    sigma: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Quadratic log-likelihoods that have the posteriors' moments, and the posterior means."""
    n, spread, k = len(persons), sigma[varies], varies.size
    unit = np.eye(spread.size)
    precision, linear, mean = np.zeros((n, k, k)), np.zeros((n, k)), np.tile(mu, (n, 1))
    for j, person in enumerate(persons):
        values, vectors = np.linalg.eigh(np.linalg.inv(person.covariance) - unit)
        informed = (vectors * np.maximum(values, 0.0)) @ vectors.T
        own = informed / spread[:, None] / spread
        coupling = -(own + np.diag(1.0 / spread**2)) @ marginal.follow[j]
        precision[j][np.ix_(varies, varies)] = own
        precision[j][np.ix_(varies, ~varies)] = coupling
        precision[j][np.ix_(~varies, varies)] = coupling.T
        linear[j, varies] = own @ mu[varies] + ((informed + unit) @ person.mean) / spread + coupling @ mu[~varies]
        mean[j, varies] = mu[varies] + spread * person.mean
    return precision, linear, mean
