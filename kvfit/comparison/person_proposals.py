"""Where to evaluate a person's likelihood, to integrate the person's own values out for draws of the population.

Points come from multivariate t distributions (wider tails than any posterior here) around the person's posterior, in one of
two ways. Where nothing is shared by all persons, the likelihood is evaluated once, at points from the person's posterior
as the fit has it, and every draw of the population reweights them by its density. Otherwise each draw has points of
its own, from a mixture of three proposals, so that each covers where another fails:

- the person's log-likelihood as a quadratic that has the posterior's moments, ``b . theta - theta' H theta / 2``, with the
  draw's population as prior: mean ``P^-1 (b + Sigma^-1 mu)``, ``P = H + Sigma^-1``. It follows a draw in which persons
  hardly differ;
- the linear regression of the person's posterior draws on the population's: where that likelihood is skewed;
- the draw's population itself, which bounds the weights.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from kvfit.comparison.population_draws import PopulationDraws
from kvfit.inference.maximum_likelihood import PersonObjective

_DEGREES_OF_FREEDOM = 5
_WIDER = 1.2
#: shares of the three proposals
_SHARES = (0.4, 0.4, 0.2)
#: numbers held at once
_AT_ONCE = 2_000_000
_LOG_2_PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, eq=False)
class PersonShape:
    """A person's posterior as it depends on the population's values, from draws of both.

    Parameters
    ----------
    centre, unit : numpy.ndarray
        ``(coordinate,)``: mean and standard deviation of the population's coordinates.
    mean, slope : numpy.ndarray
        ``(own,)`` and ``(coordinate, own)``: regression of the person's values on these coordinates.
    covariance : numpy.ndarray
        ``(own, own)`` around the regression.
    information, linear : numpy.ndarray
        ``(own, own)`` and ``(own,)``: H and b of the person's log-likelihood.
    coupling : numpy.ndarray
        ``(shared, own)``: how b moves with the values that all share.
    shared : numpy.ndarray
        ``(shared,)``, at which b holds.
    """

    centre: np.ndarray
    unit: np.ndarray
    mean: np.ndarray
    slope: np.ndarray
    covariance: np.ndarray
    information: np.ndarray
    linear: np.ndarray
    coupling: np.ndarray
    shared: np.ndarray


def person_shape(own: np.ndarray, population: PopulationDraws) -> PersonShape:
    """Shape of a person's posterior from draws of the person ``(draw, own)`` and of the population, of the same fit."""
    varies, hyper = population.varies, population.coordinates()
    centre, unit = hyper.mean(axis=0), np.maximum(hyper.std(axis=0), 1e-9)
    design = np.concatenate([np.ones((len(hyper), 1)), (hyper - centre) / unit], axis=1)
    coefficients, _, rank, _ = np.linalg.lstsq(design, own, rcond=1e-6)
    residual = own - design @ coefficients
    covariance = residual.T @ residual / max(len(own) - int(rank), 1)
    prior = population.typical().precision[0]
    posterior = np.linalg.inv(covariance + _ridge(covariance))
    values, vectors = np.linalg.eigh(posterior - prior)
    information = (vectors * np.maximum(values, 0.0)) @ vectors.T
    precision = information + prior
    mean, slope = coefficients[0], coefficients[1:]
    follow = (slope / unit[:, None])[: varies.size][~varies]
    return PersonShape(
        centre,
        unit,
        mean,
        slope,
        covariance,
        information,
        precision @ mean - prior @ centre[: varies.size][varies],
        follow @ precision,
        centre[: varies.size][~varies],
    )


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
    factor = _WIDER * np.linalg.cholesky(covariance + _ridge(covariance))
    standard = _standard_t((points,), mean.size, rng)
    theta = mean + standard @ factor.T
    fixed = -objective.screen(theta) - _log_t((standard**2).sum(axis=1), mean.size)
    fixed += np.log(np.diagonal(factor)).sum()
    # the normal density is a product of what depends on points and what on draws
    rows, columns = np.tril_indices(mean.size) if population.factor is not None else np.diag_indices(mean.size)
    features = np.concatenate([theta, theta[:, rows] * theta[:, columns]], axis=1).T
    counted = np.where(rows == columns, -0.5, -1.0)
    for chunk in chunks(population.n_draws, points):
        part = population.part(chunk)
        linear = (part.precision @ part.mean[:, :, None])[:, :, 0]
        coefficients = np.concatenate([linear, counted * part.precision[:, rows, columns]], axis=1)
        constant = -0.5 * (linear * part.mean).sum(axis=1) - part.log_det - 0.5 * mean.size * _LOG_2_PI
        yield fixed + coefficients @ features + constant[:, None]


def of_each_draw(
    objective: PersonObjective,
    shape: PersonShape,
    population: PopulationDraws,
    points: int,
    rng: np.random.Generator,
) -> Iterator[np.ndarray]:
    """Log importance weights ``(draw, point)`` of one person at points of each draw's own, some draws at a time."""
    k, varies = shape.mean.size, population.varies
    numbers = [round(share * points) for share in _SHARES[:2]]
    numbers.append(points - sum(numbers))
    inverse_fixed, factor_fixed = _factors(shape.covariance[None])
    for chunk in chunks(population.n_draws, points * population.mean.shape[1]):
        part = population.part(chunk)
        mu, n = part.mean[:, varies], part.n_draws
        tight = np.linalg.inv(shape.information + part.precision)
        linear = shape.linear + (part.mean[:, ~varies] - shape.shared) @ shape.coupling
        inverse, factor = _factors(tight)
        means = (
            (tight @ (linear[:, :, None] + part.precision @ mu[:, :, None]))[:, :, 0],
            shape.mean + (part.coordinates() - shape.centre) / shape.unit @ shape.slope,
        )
        theta = np.concatenate(
            [
                means[0][:, None] + _standard_t((n, numbers[0]), k, rng) @ np.swapaxes(factor, 1, 2),
                means[1][:, None] + _standard_t((n, numbers[1]), k, rng) @ factor_fixed[0].T,
                part.persons(rng.normal(size=(n, numbers[2], k))),
            ],
            axis=1,
        )
        squares = (part.standardised(theta) ** 2).sum(axis=2)
        log_prior = -0.5 * squares - (part.log_det + 0.5 * k * _LOG_2_PI)[:, None]
        log_proposal = np.log(numbers[2] / points) + log_prior
        for number, mean, inverted in zip(numbers, means, (inverse, inverse_fixed), strict=False):
            whitened = (theta - mean[:, None]) @ np.swapaxes(inverted, 1, 2)
            log_det = np.log(np.diagonal(inverted, axis1=1, axis2=2)).sum(axis=1)[:, None]
            density = _log_t((whitened**2).sum(axis=2), k) + log_det
            log_proposal = np.logaddexp(log_proposal, np.log(number / points) + density)
        every = np.repeat(part.mean, points, axis=0)
        every[:, varies] = theta.reshape(-1, k)
        yield -objective.screen(every).reshape(n, points) + log_prior - log_proposal


def chunks(n_draws: int, size: int) -> list[slice]:
    """Slices of draws of which each needs so many numbers."""
    step = max(1, _AT_ONCE // size)
    return [slice(first, first + step) for first in range(0, n_draws, step)]


def _factors(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inverse and lower factor of widened covariances ``(draw, own, own)``."""
    ridge = np.stack([_ridge(one) for one in covariance])
    factor = _WIDER * np.linalg.cholesky(covariance + ridge)
    return np.linalg.inv(factor), factor


def _ridge(covariance: np.ndarray) -> np.ndarray:
    """What keeps a covariance regular whose draws hardly differ."""
    return 1e-9 * max(float(np.trace(covariance)) / len(covariance), 1e-12) * np.eye(len(covariance))


def _standard_t(shape: tuple[int, ...], k: int, rng: np.random.Generator) -> np.ndarray:
    """Points ``(*shape, k)`` of a standard multivariate t."""
    df = _DEGREES_OF_FREEDOM
    drawn: np.ndarray = rng.normal(size=(*shape, k)) / np.sqrt(rng.chisquare(df, size=shape) / df)[..., None]
    return drawn


def _log_t(squares: np.ndarray, k: int) -> np.ndarray:
    """Log density of a standard multivariate t at points with these squared distances."""
    df = _DEGREES_OF_FREEDOM
    constant = gammaln((df + k) / 2) - gammaln(df / 2) - 0.5 * k * np.log(df * np.pi)
    density: np.ndarray = constant - 0.5 * (df + k) * np.log1p(squares / df)
    return density
