"""Coordinates in which the posterior of person effects is nearly a standard normal.

A person's log-likelihood is approximated by ``(b_j - C_j f) . theta_j - theta_j' H_j theta_j / 2``, where f holds how far
the values that all persons share are from where they were expected, and the products of these displacements. Given the
population (mu, sigma) and f, the posterior of theta_j would then be normal with precision ``H_j + diag(1 / sigma^2)``,
so sampling

    theta_j = mu + sigma (z_j + L_j^-T A eta_j),   L_j L_j' = I + S H_j S,
    z_j = (I + S H_j S)^-1 S (b_j - C_j f - H_j mu),   A = I + D . f

with S = diag(sigma), A lower triangular, which follows the posteriors' shape, makes eta_j nearly standard normal and
nearly independent of mu, sigma and the shared values, whatever the data say: where they say nothing (H = 0) this is the
non-centred parameterisation, where they say much the centred one, and correlations between a person's parameters are
removed as well. It is exact for every b_j, C_j, D and H_j (a change of variables with its Jacobian); a poor approximation
costs speed only. The idea is that of partially non-centred parameterisations (Papaspiliopoulos, Roberts & Skoeld 2007,
Statistical Science 22, 59-73) with a matrix weight.
"""

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.logprob.transforms import Transform

from kvfit.inference.population import PersonCurvature
from kvfit.kernels.person_coordinates_op import ToCoordinates, ToEffects
from kvfit.kernels.person_values_op import PersonDensity


def person_effects(
    name: str,
    mu: Any,
    sigma: Any,
    curvature: PersonCurvature,
    varies: np.ndarray,
    dims: Any,
    cholesky: Any = None,
) -> Any:
    """Register person effects ``Normal(mu, sigma)`` that are sampled in preconditioned coordinates.

    The coordinates take effects as independent before data are seen, which correlated ones are not: a change of variables
    all the same, in which what the data leave open is a little less round.

    Parameters
    ----------
    name : str
    mu : tensor
        ``(parameter,)`` on the unconstrained scale, shared values included: a PyMC transform knows only what its own
        variable depends on, and the coordinates follow the shared values too.
    sigma : tensor
        ``(parameter that varies,)``.
    curvature : PersonCurvature
    varies : numpy.ndarray
        ``(parameter,)`` bool.
    dims : sequence of str
        Names for participants and for parameters that vary.
    cholesky : tensor, optional
        ``(parameter that varies, parameter that varies)`` lower factor of the effects' correlations.

    Returns
    -------
    TensorVariable
        ``(participant, parameter that varies)``.
    """
    own = np.flatnonzero(varies)

    def logp(value: Any, mu: Any, sigma: Any) -> Any:
        return PersonDensity()(value, mu.reshape((-1,)), sigma.reshape((-1,)), own)

    def correlated_logp(value: Any, factor: Any, mu: Any, sigma: Any) -> Any:
        sigma, factor = sigma.reshape((-1,)), factor.reshape((own.size, own.size))
        z = (value - mu.reshape((-1,))[own]) / sigma
        w = pt.linalg.solve_triangular(factor, z.T, lower=True)
        constant = pt.log(sigma).sum() + pt.log(pt.diagonal(factor)).sum() + 0.5 * own.size * np.log(2 * np.pi)
        return -0.5 * (w * w).sum(axis=0) - constant

    def correlated_random(
        factor: np.ndarray, mu: np.ndarray, sigma: np.ndarray, rng: np.random.Generator, size: Any = None
    ) -> np.ndarray:
        z = rng.normal(size=(*(size or np.shape(mu)[:-1]), own.size))
        return np.asarray(mu[..., own] + sigma * (z @ np.reshape(factor, (own.size, own.size)).T))

    def random(mu: np.ndarray, sigma: np.ndarray, rng: np.random.Generator, size: Any = None) -> np.ndarray:
        drawn = rng.normal(mu[..., own], sigma, size=None if size is None else (*size, own.size))
        return np.asarray(drawn)

    n = len(curvature.mode)
    # mu and sigma stand last, where the transform looks for them
    of_cholesky = () if cholesky is None else (cholesky,)
    return pm.CustomDist(
        name,
        *of_cholesky,
        mu,
        sigma,
        logp=logp if cholesky is None else correlated_logp,
        random=random if cholesky is None else correlated_random,
        signature="(p),(q)->(q)" if cholesky is None else "(q,q),(p),(q)->(q)",
        shape=(n, own.size),
        dims=dims,
        transform=PersonTransform(curvature, varies),
        initval=curvature.mode[:, own],
    )


class PersonTransform(Transform):
    """PyMC transform of person effects ``(participant, parameter that varies)`` to eta.

    Parameters
    ----------
    curvature : PersonCurvature
    varies : numpy.ndarray
        ``(parameter,)`` bool: which parameters are person effects; the others are shared.
    """

    name = "preconditioned"
    ndim_supp = 1

    def __init__(self, curvature: PersonCurvature, varies: np.ndarray) -> None:
        places = np.flatnonzero(varies), np.flatnonzero(~varies)
        follow = (curvature.precision, curvature.coupling, curvature.linear, curvature.deformation)
        arrays = (*follow, *places, curvature.mu[~varies], curvature.reach)
        self.constants = tuple(map(np.ascontiguousarray, arrays))

    def _parts(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        return *(x.reshape((-1,)) for x in inputs[-2:]), *self.constants

    def backward(self, value: Any, *inputs: Any) -> Any:
        """From eta to theta."""
        return ToEffects()(value, *self._parts(inputs))[0]

    def forward(self, value: Any, *inputs: Any) -> Any:
        """From theta to eta."""
        return ToCoordinates()(value, *self._parts(inputs))

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """``sum_k log sigma_k - log L_kk`` ``(participant,)``."""
        return ToEffects()(value, *self._parts(inputs))[1]
