"""Marginal likelihood of every person, own values integrated out, for draws of the population's values.

For draw s, with mu_s and sigma_s the population's means and spreads and phi_s the values that all persons share,

    L_sj = integral p(y_j | theta, phi_s) Normal(theta; mu_s, sigma_s) d theta

is estimated by importance sampling (:mod:`kvfit.comparison.person_proposals`), without bias.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import arviz  # noqa: F401  (registers the accessor azstats)
import numpy as np
import xarray as xr

from kvfit.comparison.loo import SAME, judged
from kvfit.comparison.person_proposals import of_each_draw, person_shape, reweighted
from kvfit.comparison.population_draws import PopulationDraws, population_draws
from kvfit.inference.fit import Fit
from kvfit.inference.maximum_likelihood import BOX, PersonObjective, own_prior
from kvfit.progress import progress

#: points of a person that all draws use, and of each draw where every draw needs its own
POINTS, POINTS_OF_DRAW = 4096, 256
#: draws whose marginal likelihood is computed at most, in the two cases
_MOST_DRAWS, _MOST_OWN_DRAWS = 4000, 1000
#: effective points below which a draw is done again, with so many points of its own
_FEW_EFFECTIVE, _MORE_POINTS = 40, 2048
#: draws on whose weights Pareto k is estimated, and points with any weight that this takes at least: of fewer ArviZ's tail,
#: the upper fifth, is too short
_JUDGED, _FEWEST = 16, 30


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


def useful_draws(draws: PopulationDraws, most: int | None = None) -> PopulationDraws:
    """As many draws, evenly spaced, as marginal likelihoods are computed for: at most `most`, where that is given."""
    return draws.thinned(most or (_MOST_OWN_DRAWS if draws.shares else _MOST_DRAWS))


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
    population = useful_draws(mine) if population is None else population
    persons = np.arange(fit.data.n_participants) if participants is None else participants
    n_points = points or (POINTS_OF_DRAW if population.shares else POINTS)
    own = _own_draws(fit, mine.varies)
    log_value = np.zeros((population.n_draws, len(persons)))
    if not population.varies.any():  # nothing to integrate
        for at, person in enumerate(persons):
            objective = PersonObjective(fit.model, fit.design.one_participant(int(person)))
            log_value[:, at] = -objective.screen(population.mean)
        return PersonMarginals(log_value, np.ones_like(log_value), 1, np.full(len(persons), -np.inf), True)
    effective, pareto_k = np.zeros_like(log_value), np.zeros(len(persons))
    with progress(show_progress) as bar:
        for at, person in enumerate(bar.track(persons, f"{fit.label}: predicting each person as a new one")):
            objective = PersonObjective(fit.model, fit.design.one_participant(int(person)))
            rng = np.random.default_rng([seed, int(person), 2])
            found = _of_person(objective, own[:, person], mine, population, n_points, rng)
            log_value[:, at], effective[:, at], pareto_k[at] = found
    return PersonMarginals(log_value, effective, n_points, pareto_k, not population.shares)


def _of_person(
    objective: PersonObjective,
    own: np.ndarray,
    mine: PopulationDraws,
    population: PopulationDraws,
    points: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Log values and effective points ``(draw,)`` and Pareto k of one person, whose draws are `own` ``(draw, own)``."""
    shape = person_shape(own, mine)
    if population.shares:
        weights = of_each_draw(objective, shape, population, points, rng)
    else:
        covariance = np.cov(own, rowvar=False).reshape(own.shape[1], -1)
        weights = reweighted(objective, own.mean(axis=0), covariance, population, points, rng)
    log_value, effective, pareto_k = log_means(weights, population.n_draws)
    # such as draws in which persons hardly differ: the points of one proposal would miss them, and a likelihood that
    # is much too small would dominate the average of inverses
    few = np.flatnonzero(effective < _FEW_EFFECTIVE)
    if few.size:
        again = of_each_draw(objective, shape, population.part(few), max(points, _MORE_POINTS), rng)
        log_value[few], effective[few], _ = log_means(again, few.size)
    return log_value, effective, pareto_k


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
                    shapes.append(_pareto_k(np.log(found)) if found.size >= _FEWEST else np.inf)
        at += len(chunk)
    return log_value, np.maximum(effective, 1e-9), float(np.median(shapes)) if shapes else -np.inf


def _pareto_k(log_weights: np.ndarray) -> float:
    """Shape of the tail of importance weights ``(point,)``; ArviZ takes their inverse, as leaving out does."""
    if np.ptp(log_weights) < SAME:
        return -np.inf
    k = xr.DataArray(-log_weights, dims="point").azstats.psislw(dim="point")[1]
    return float(judged(np.asarray(k), np.ptp(log_weights)))
