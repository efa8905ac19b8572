"""Mean and covariance of one person's posterior, by adaptive importance sampling.

Where a posterior is skewed or bent, the curvature at its mode says little about its width: in CMR beta_start and beta_enc
are up to three times as uncertain as their Laplace approximation (on PEERS).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

#: points a round; the proposal of each round has the moments of the last
POINTS = 384
_DEGREES_OF_FREEDOM = 5
_WIDER = 1.2
#: share of the largest weight below which a point is left out when the likelihood is changed
_NEGLIGIBLE = 1e-4


@dataclass(frozen=True, eq=False)
class PersonMoments:
    """A person's posterior in units of the population's prior.

    Parameters
    ----------
    mean, covariance : numpy.ndarray
        ``(parameter,)`` and ``(parameter, parameter)``.
    points : numpy.ndarray
        ``(point, parameter)``, the last sample.
    weight : numpy.ndarray
        ``(point,)``, its importance weights, which sum to 1.
    negative_log_likelihood : numpy.ndarray
        ``(point,)``.
    """

    mean: np.ndarray
    covariance: np.ndarray
    points: np.ndarray
    weight: np.ndarray
    negative_log_likelihood: np.ndarray

    def precision(self) -> np.ndarray:
        """Inverse of the covariance, at least the prior's own precision in every direction."""
        values, vectors = np.linalg.eigh(np.linalg.inv(self.covariance))
        precision: np.ndarray = (vectors * np.maximum(values, 1.0)) @ vectors.T
        return precision

    def under(self, negative_log_likelihood: np.ndarray) -> tuple[float, np.ndarray]:
        """Log ratio of marginal likelihoods, and the points' weights, if their likelihoods were these."""
        # points that hardly count must not come to decide under the other likelihood
        counts = self.weight > _NEGLIGIBLE * self.weight.max()
        with np.errstate(invalid="ignore"):
            ratio = np.where(counts, self.negative_log_likelihood - negative_log_likelihood, -np.inf)
        if not np.isfinite(ratio).any():
            return 0.0, self.weight
        ratio = np.where(np.isfinite(ratio), ratio, -np.inf)
        top = float(ratio.max())
        weight = self.weight * np.exp(ratio - top)
        return top + float(np.log(weight.sum())), weight / weight.sum()


def person_moments(
    negative_log_likelihood: Callable[[np.ndarray], np.ndarray],
    mean: np.ndarray,
    covariance: np.ndarray,
    centre: np.ndarray,
    spread: np.ndarray,
    rng: np.random.Generator,
    *,
    rounds: int,
    points: int = POINTS,
) -> PersonMoments:
    """Moments of the posterior under a ``Normal(centre, spread)`` prior, in units of that prior.

    Parameters
    ----------
    negative_log_likelihood : callable
        Of ``(point, parameter)`` points on the unconstrained scale, ``(point,)``.
    mean, covariance : numpy.ndarray
        ``(parameter,)`` and ``(parameter, parameter)``, first guess, in units of the prior (``(x - centre) / spread``).
    centre, spread : numpy.ndarray
        ``(parameter,)``, unconstrained scale.
    rng : numpy.random.Generator
    rounds, points : int

    Returns
    -------
    PersonMoments
        Few effective points count for little: the covariance is shrunk towards the last one.
    """
    k = mean.size
    z, values, weight = mean[None], np.zeros(1), np.ones(1)
    for _ in range(rounds):
        factor = _WIDER * np.linalg.cholesky(covariance)
        chi = rng.chisquare(_DEGREES_OF_FREEDOM, size=points) / _DEGREES_OF_FREEDOM
        standard = rng.normal(size=(points, k)) / np.sqrt(chi)[:, None]
        log_proposal = -0.5 * (_DEGREES_OF_FREEDOM + k) * np.log1p((standard**2).sum(axis=1) / _DEGREES_OF_FREEDOM)
        proposed = mean + standard @ factor.T
        found = negative_log_likelihood(centre + spread * proposed)
        log_weight = -found - 0.5 * (proposed**2).sum(axis=1) - log_proposal
        if not np.isfinite(log_weight).any():
            break
        z, values = proposed, found
        weight = np.exp(log_weight - log_weight.max())
        # a few points far outside the proposal must not decide
        weight = np.minimum(weight, weight.mean() * np.sqrt(points))
        weight /= weight.sum()
        effective = 1.0 / (weight**2).sum()
        new = weight @ z
        deviation = z - new
        empirical = (weight[:, None] * deviation).T @ deviation
        share = effective / (effective + k)
        mean = share * new + (1.0 - share) * mean
        covariance = share * empirical + (1.0 - share) * covariance
    finite = np.isfinite(values)
    return PersonMoments(mean, covariance, z[finite], weight[finite] / weight[finite].sum(), values[finite])
