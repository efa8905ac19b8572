"""Marginal likelihood of every person, own values integrated out, for draws of the population's values.

For draw s, with mu_s and sigma_s the population's means and spreads and phi_s the values that all persons share,

    L_sj = integral p(y_j | theta, phi_s) Normal(theta; mu_s, sigma_s) d theta

is estimated by importance sampling. The proposal is a multivariate t with the moments of the person's own posterior draws,
made wider: what the integrand can look like at any draw lies within it. Where nothing is shared the likelihood is
evaluated once at one set of points, and every draw only reweights them by its population's density; where values are
shared each draw has points of its own, from a proposal that follows the draw by linear regression. Both are unbiased.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import arviz  # noqa: F401  (registers the accessor azstats)
import numpy as np
import xarray as xr
from scipy.special import gammaln

from kvfit.inference.fit import Fit
from kvfit.inference.maximum_likelihood import BOX, PersonObjective, own_prior
from kvfit.progress import progress

#: points of a person that all draws use, and of each draw where every draw needs its own
POINTS, POINTS_OF_DRAW = 4096, 256
#: draws whose marginal likelihood is computed at most, in the two cases
MOST_DRAWS, MOST_OWN_DRAWS = 4000, 1000
_DEGREES_OF_FREEDOM = 5
_WIDER = 1.2
#: draws on whose weights Pareto k is estimated
_JUDGED = 16
#: points with any weight that judging takes at least
_FEWEST = 20
#: numbers held at once
_AT_ONCE = 2_000_000
_LOG_2_PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, eq=False)
class PopulationDraws:
    """Draws of what persons have in common, unconstrained scale.

    Parameters
    ----------
    mean : numpy.ndarray
        ``(draw, parameter)``: the population's mean, and the value itself of parameters that all share.
    spread : numpy.ndarray
        ``(draw, own)``: standard deviation between persons.
    varies : numpy.ndarray
        ``(parameter,)`` bool: in which parameters persons have values of their own.
    n_chains : int
        The draws are those of one chain after the other.
    """

    mean: np.ndarray
    spread: np.ndarray
    varies: np.ndarray
    n_chains: int = 1

    @property
    def n_draws(self) -> int:
        """Of all chains together."""
        return len(self.mean)

    @property
    def shares(self) -> bool:
        """Whether some values are shared by all persons, so that the likelihood itself differs between draws."""
        return not bool(self.varies.all())

    def coordinates(self) -> np.ndarray:
        """Means, shared values and logarithms of the spreads, ``(draw, parameter + own)``."""
        return np.concatenate([self.mean, np.log(self.spread)], axis=1)

    def thinned(self, most: int) -> "PopulationDraws":
        """At most so many draws, evenly spaced, as many of each chain."""
        of_chain = self.n_draws // self.n_chains
        every = max(1, -(-self.n_draws // most))
        kept = np.arange(self.n_draws).reshape(self.n_chains, of_chain)[:, ::every].ravel()
        return PopulationDraws(self.mean[kept], self.spread[kept], self.varies, self.n_chains)


@dataclass(frozen=True, eq=False)
class PersonMarginals:
    """Log marginal likelihoods, and how well they are known.

    Parameters
    ----------
    log_value : numpy.ndarray
        ``(draw, participant)``.
    effective : numpy.ndarray
        ``(draw, participant)``: points that the importance sample is worth (Kish).
    points : int
        That it has.
    pareto_k : numpy.ndarray
        ``(participant,)``: median over draws of the Pareto shape of its weights.
    common : bool
        Whether all draws use the same points, so that errors are the same for all draws and do not average out.
    """

    log_value: np.ndarray
    effective: np.ndarray
    points: int
    pareto_k: np.ndarray
    common: bool

    def variance(self) -> np.ndarray:
        """Sampling variance of the log values ``(draw, participant)``, by the delta method."""
        return np.maximum(1.0 / self.effective - 1.0 / self.points, 0.0)

    def error(self) -> np.ndarray:
        """Monte Carlo error of a predictive density averaged over draws ``(participant,)``.

        Errors common to all draws stay as they are; independent ones average out and leave the bias of an inverse, their
        variance.
        """
        variance = self.variance().mean(axis=0)
        return np.sqrt(variance) if self.common else variance


def population_draws(fit: Fit) -> PopulationDraws:
    """Draws of the population's values in a fit.

    Raises
    ------
    ValueError
        If the fit has no population (``pooling="none"``), or effects of items.
    """
    from kvfit.inference.hierarchy import item_effects, person_parameters

    if fit.settings.pooling == "none":
        raise ValueError(
            f"{fit.label}: fitted with pooling='none', which says nothing about further persons; fit with"
            " pooling='partial' (persons from one population). For the evidence of each person alone see kv.evidence"
        )
    if item_effects(fit.model):
        raise ValueError(
            f"{fit.label}: persons cannot be integrated out of a model with effects of items, which tie all persons"
            " together; fit it with items='none', or compare by trial"
        )
    posterior = fit.tree["posterior"]
    names = [p.name for p in fit.model.parameters]
    partial = fit.settings.pooling == "partial"
    varies = person_parameters(fit.model, "partial") & partial
    mean = posterior["population_mean"].transpose("chain", "draw", "parameter").sel(parameter=names).to_numpy()
    n_chains, n_draws = mean.shape[:2]
    spread = np.zeros((n_chains * n_draws, 0))
    if partial and varies.any():
        own = [name for name, differs in zip(names, varies, strict=True) if differs]
        sd = posterior["population_sd"].transpose("chain", "draw", "person_parameter").sel(person_parameter=own)
        spread = sd.to_numpy().reshape(n_chains * n_draws, -1)
    return PopulationDraws(mean.reshape(n_chains * n_draws, -1), spread, varies, n_chains)


def person_marginals(
    fit: Fit,
    population: PopulationDraws | None = None,
    *,
    participants: np.ndarray | None = None,
    seed: int = 0,
    points: int | None = None,
    show_progress: bool = True,
) -> PersonMarginals:
    """Log marginal likelihood of persons of a fit under draws of a population.

    Parameters
    ----------
    fit : Fit
        Its persons' responses, and where their values lie.
    population : PopulationDraws, optional
        Another fit's, such as one without these persons; by default draws of the fit itself, thinned.
    participants : numpy.ndarray, optional
        Indices of persons; all by default.
    seed : int
    points : int, optional
        Of each importance sample.
    show_progress : bool

    Returns
    -------
    PersonMarginals
    """
    mine = population_draws(fit)
    population = mine.thinned(MOST_OWN_DRAWS if mine.shares else MOST_DRAWS) if population is None else population
    persons = np.arange(fit.data.n_participants) if participants is None else participants
    n_points = points or (POINTS_OF_DRAW if population.shares else POINTS)
    own = _own_draws(fit, mine.varies)
    log_value = np.zeros((population.n_draws, len(persons)))
    effective, pareto_k = np.zeros_like(log_value), np.zeros(len(persons))
    with progress(show_progress) as bar:
        for at, person in enumerate(bar.track(persons, f"{fit.label}: predicting each person as a new one")):
            objective = PersonObjective(fit.model, fit.design.one_participant(int(person)))
            rng = np.random.default_rng([seed, int(person), 2])
            weights = _log_weights(objective, own[:, person], mine, population, n_points, rng)
            log_value[:, at], effective[:, at], pareto_k[at] = log_means(weights, population.n_draws)
    if not population.varies.any():  # nothing to integrate
        return PersonMarginals(log_value, np.ones_like(log_value), 1, np.full(len(persons), -np.inf), True)
    return PersonMarginals(log_value, effective, n_points, pareto_k, not population.shares)


def _own_draws(fit: Fit, varies: np.ndarray) -> np.ndarray:
    """Posterior draws of persons' own values ``(draw, participant, own)``, unconstrained, inside the search box."""
    posterior = fit.tree["posterior"]
    values = fit.draws(posterior.sizes["chain"] * posterior.sizes["draw"])
    location, scale = own_prior(fit.model)
    columns = []
    for i in np.flatnonzero(varies):
        p = fit.model.parameters[i]
        with np.errstate(divide="ignore"):
            column = p.to_unconstrained(values[p.name])
        columns.append(np.clip(column, location[i] - BOX * scale[i], location[i] + BOX * scale[i]))
    if not columns:
        return np.zeros((posterior.sizes["chain"] * posterior.sizes["draw"], fit.data.n_participants, 0))
    return np.stack(columns, axis=-1)


def _log_weights(
    objective: Any,
    own: np.ndarray,
    mine: PopulationDraws,
    population: PopulationDraws,
    points: int,
    rng: np.random.Generator,
) -> Iterator[np.ndarray]:
    """Log importance weights ``(draw, point)`` of one person, some draws at a time; `own` are ``(draw, own)``."""
    if not population.varies.any():
        for chunk in _chunks(population.n_draws, 1):
            yield -objective.screen(population.mean[chunk])[:, None]
    elif not population.shares:
        covariance = np.cov(own, rowvar=False).reshape(own.shape[1], -1)
        yield from reweighted(objective, own.mean(axis=0), covariance, population, points, rng)
    else:
        yield from _of_each_draw(objective, own, mine, population, points, rng)


def reweighted(
    objective: PersonObjective,
    mean: np.ndarray,
    covariance: np.ndarray,
    population: PopulationDraws,
    points: int,
    rng: np.random.Generator,
) -> Iterator[np.ndarray]:
    """Log importance weights ``(draw, point)`` of one person at points that all draws share, some draws at a time.

    Parameters
    ----------
    objective : PersonObjective
        Without a prior.
    mean, covariance : numpy.ndarray
        ``(own,)`` and ``(own, own)``: where the person's values lie, unconstrained scale.
    population : PopulationDraws
        In which no values are shared.
    points : int
    rng : numpy.random.Generator
    """
    factor = _WIDER * _factor(covariance)
    standard, log_proposal = _standard_t(points, mean.size, rng)
    theta = mean + standard @ factor.T
    fixed = -objective.screen(theta) - log_proposal + np.log(np.diagonal(factor)).sum()
    # the normal density is a product of what depends on points and what on draws
    features = np.concatenate([theta, theta**2], axis=1).T
    for chunk in _chunks(population.n_draws, points):
        mu, sigma = population.mean[chunk], population.spread[chunk]
        coefficients = np.concatenate([mu / sigma**2, -0.5 / sigma**2], axis=1)
        constant = -(0.5 * (mu / sigma) ** 2 + np.log(sigma) + 0.5 * _LOG_2_PI).sum(axis=1)
        yield fixed + coefficients @ features + constant[:, None]


def _of_each_draw(
    objective: Any,
    own: np.ndarray,
    mine: PopulationDraws,
    population: PopulationDraws,
    points: int,
    rng: np.random.Generator,
) -> Iterator[np.ndarray]:
    k, varies = own.shape[1], population.varies
    hyper = mine.coordinates()
    centre, unit = hyper.mean(axis=0), np.maximum(hyper.std(axis=0), 1e-9)
    design = np.concatenate([np.ones((len(hyper), 1)), (hyper - centre) / unit], axis=1)
    slope = np.linalg.lstsq(design, own, rcond=None)[0]
    factor = _WIDER * _factor(np.cov(own - design @ slope, rowvar=False).reshape(k, -1))
    log_det = np.log(np.diagonal(factor)).sum()
    moved = (population.coordinates() - centre) / unit
    for chunk in _chunks(population.n_draws, points * population.mean.shape[1]):
        mu, sigma, n = population.mean[chunk], population.spread[chunk], len(population.mean[chunk])
        standard, log_proposal = _standard_t(n * points, k, rng)
        expected = slope[0] + moved[chunk] @ slope[1:]
        theta = expected[:, None] + (standard @ factor.T).reshape(n, points, k)
        every = np.repeat(mu, points, axis=0)
        every[:, varies] = theta.reshape(-1, k)
        z = (theta - mu[:, None, varies]) / sigma[:, None]
        log_prior = -0.5 * (z**2).sum(axis=2) - (np.log(sigma) + 0.5 * _LOG_2_PI).sum(axis=1)[:, None]
        yield (-objective.screen(every) - log_proposal + log_det).reshape(n, points) + log_prior


def log_means(weights: Iterator[np.ndarray], n_draws: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Log means and effective points ``(draw,)`` of importance weights, and the median Pareto k of some draws."""
    log_value, effective, shapes = np.zeros(n_draws), np.zeros(n_draws), []
    judged = np.unique(np.linspace(0, n_draws - 1, _JUDGED).astype(int))
    at = 0
    for chunk in weights:
        here = slice(at, at + len(chunk))
        chunk[~np.isfinite(chunk)] = -np.inf
        top = np.maximum(chunk.max(axis=1), -1e300)
        ratios = np.exp(np.subtract(chunk, top[:, None], out=chunk), out=chunk)
        total, squares = ratios.sum(axis=1), np.einsum("dp,dp->d", ratios, ratios)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_value[here] = top + np.log(total / chunk.shape[1])
            effective[here] = np.nan_to_num(total**2 / squares, nan=0.0)
            if chunk.shape[1] > 1:
                for draw in judged[(judged >= at) & (judged < at + len(chunk))] - at:
                    found = ratios[draw][ratios[draw] > 0]
                    shapes.append(_pareto_k(np.log(found)) if found.size > _FEWEST else np.inf)
        at += len(chunk)
    return log_value, np.maximum(effective, 1e-9), float(np.median(shapes)) if shapes else -np.inf


def _pareto_k(log_weights: np.ndarray) -> float:
    """Shape of the tail of importance weights ``(point,)``; ArviZ takes their inverse, as leaving out does."""
    return float(xr.DataArray(-log_weights, dims="point").azstats.psislw(dim="point")[1])


def _chunks(n_draws: int, size: int) -> list[slice]:
    step = max(1, _AT_ONCE // size)
    return [slice(first, first + step) for first in range(0, n_draws, step)]


def _factor(covariance: np.ndarray) -> np.ndarray:
    """Lower Cholesky factor, of a covariance that may be singular where draws hardly differ."""
    ridge = 1e-9 * max(float(np.trace(covariance)) / len(covariance), 1e-12)
    factor: np.ndarray = np.linalg.cholesky(covariance + ridge * np.eye(len(covariance)))
    return factor


def _standard_t(n: int, k: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points ``(n, k)`` of a standard multivariate t, and their log densities."""
    df = _DEGREES_OF_FREEDOM
    standard = rng.normal(size=(n, k)) / np.sqrt(rng.chisquare(df, size=n) / df)[:, None]
    constant = gammaln((df + k) / 2) - gammaln(df / 2) - 0.5 * k * np.log(df * np.pi)
    return standard, constant - 0.5 * (df + k) * np.log1p((standard**2).sum(axis=1) / df)
