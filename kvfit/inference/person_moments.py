"""Mean and covariance of one person's posterior, by adaptive importance sampling.

Where a posterior is skewed or bent, the curvature at its mode says little about its width: in CMR beta_start and beta_enc
are up to three times as uncertain as their Laplace approximation (on PEERS).
"""

from collections.abc import Callable

import numpy as np

#: points a round, and rounds; the proposal of each round has the moments of the last
POINTS, ROUNDS = 384, 4
_DEGREES_OF_FREEDOM = 5
_WIDER = 1.2


def person_moments(
    negative_log_likelihood: Callable[[np.ndarray], np.ndarray],
    mean: np.ndarray,
    covariance: np.ndarray,
    centre: np.ndarray,
    spread: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
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

    Returns
    -------
    tuple of numpy.ndarray
        Mean and covariance. Few effective points count for little: the covariance is shrunk towards the last one.
    """
    k = mean.size
    for _ in range(ROUNDS):
        factor = _WIDER * np.linalg.cholesky(covariance)
        chi = rng.chisquare(_DEGREES_OF_FREEDOM, size=POINTS) / _DEGREES_OF_FREEDOM
        standard = rng.normal(size=(POINTS, k)) / np.sqrt(chi)[:, None]
        z = mean + standard @ factor.T
        log_proposal = -0.5 * (_DEGREES_OF_FREEDOM + k) * np.log1p((standard**2).sum(axis=1) / _DEGREES_OF_FREEDOM)
        log_weight = -negative_log_likelihood(centre + spread * z) - 0.5 * (z**2).sum(axis=1) - log_proposal
        if not np.isfinite(log_weight).any():
            break
        weight = np.exp(log_weight - log_weight.max())
        # a few points far outside the proposal must not decide
        weight = np.minimum(weight, weight.mean() * np.sqrt(POINTS))
        weight /= weight.sum()
        effective = 1.0 / (weight**2).sum()
        new = weight @ z
        deviation = z - new
        empirical = (weight[:, None] * deviation).T @ deviation
        share = effective / (effective + k)
        mean = share * new + (1.0 - share) * mean
        covariance = share * empirical + (1.0 - share) * covariance
    return mean, covariance
