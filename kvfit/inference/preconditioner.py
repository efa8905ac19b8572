"""Coordinates in which the posterior of person effects is nearly a standard normal.

A person's log-likelihood is approximated by ``b_j . x - x' H_j x / 2``, where x holds the person's own effects theta_j and
the values s that all persons share. Given the population (mu, sigma) and s, the posterior of theta_j would then be normal
with precision ``H_j + diag(1 / sigma^2)`` (blocks of theta), so sampling

    theta_j = mu + sigma (z_j + L_j^-T eta_j),   L_j L_j' = I + S H_j S,   z_j = (I + S H_j S)^-1 S (b_j - C_j s - H_j mu)

with S = diag(sigma) and C_j the block of H_j between theta and s makes eta_j nearly standard normal and nearly
independent of mu, sigma and s, whatever the data say: where they say nothing (H = 0) this is the non-centred
parameterisation, where they say much the centred one, and correlations between a person's parameters are removed as
well. It is exact for every H_j and b_j (a change of variables with its Jacobian); a poor approximation costs speed
only. The idea is that of partially non-centred parameterisations (Papaspiliopoulos, Roberts & Skoeld 2007,
Statistical Science 22, 59-73) with a matrix weight.
"""

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.logprob.transforms import Transform
from pytensor.tensor.linalg import cholesky, solve_triangular

from kvfit.inference.population import PersonCurvature
from kvfit.parameters import Parameter


def person_effects(
    name: str,
    mu: Any,
    sigma: Any,
    curvature: PersonCurvature,
    varies: np.ndarray,
    parameters: tuple[Parameter, ...],
    dims: Any,
) -> Any:
    """Register person effects ``Normal(mu, sigma)`` that are sampled in preconditioned coordinates.

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
    parameters : tuple of Parameter
    dims : sequence of str
        Names for participants and for parameters that vary.

    Returns
    -------
    TensorVariable
        ``(participant, parameter that varies)``.
    """
    own = np.flatnonzero(varies)

    def logp(value: Any, mu: Any, sigma: Any) -> Any:
        z = (value - mu[..., own]) / sigma
        return (-0.5 * z * z - pt.log(sigma) - 0.5 * np.log(2 * np.pi)).sum(axis=-1)

    def random(mu: np.ndarray, sigma: np.ndarray, rng: np.random.Generator, size: Any = None) -> np.ndarray:
        drawn = rng.normal(mu[..., own], sigma, size=None if size is None else (*size, own.size))
        return np.asarray(drawn)

    n = len(curvature.mode)
    return pm.CustomDist(
        name,
        mu,
        sigma,
        logp=logp,
        random=random,
        signature="(p),(q)->(q)",
        shape=(n, own.size),
        dims=dims,
        transform=PersonTransform(curvature, varies, parameters),
        initval=curvature.mode[:, own],
    )


class PersonTransform(Transform):
    """PyMC transform of person effects ``(participant, parameter that varies)`` to eta.

    Parameters
    ----------
    curvature : PersonCurvature
    varies : numpy.ndarray
        ``(parameter,)`` bool: which parameters are person effects; the others are shared.
    parameters : tuple of Parameter
    """

    name = "preconditioned"
    ndim_supp = 1

    def __init__(self, curvature: PersonCurvature, varies: np.ndarray, parameters: tuple[Parameter, ...]) -> None:
        self.mu = curvature.mu
        self.shared_parameters = [p for p, own in zip(parameters, varies, strict=True) if not own]
        self.own, self.shared = np.flatnonzero(varies), np.flatnonzero(~varies)
        self.precision = curvature.precision[:, varies][:, :, varies]
        self.coupling = curvature.precision[:, varies][:, :, ~varies]
        self.linear = curvature.linear[:, varies]

    def _parts(self, inputs: tuple[Any, ...]) -> tuple[Any, Any, Any, Any]:
        mu, sigma = (x.reshape((-1,)) for x in inputs[-2:])
        own_mu = mu[self.own]
        precision = pt.constant(self.precision)
        matrix = sigma[:, None] * precision * sigma[None, :] + np.eye(self.own.size)
        factor = cholesky(matrix, lower=True)
        pull = pt.constant(self.linear) - (precision * own_mu).sum(axis=2)
        if self.shared.size:
            pull = pull - (pt.constant(self.coupling) * self._shared_values(mu)).sum(axis=2)
        return own_mu, sigma, factor, sigma * pull

    def _shared_values(self, mu: Any) -> Any:
        """Shared values, followed along the natural scale: unbounded ones run on where the likelihood has become flat."""
        columns = []
        for i, p in zip(self.shared, self.shared_parameters, strict=True):
            at = self.mu[i]
            slope = (p.to_natural(at + 1e-6) - p.to_natural(at - 1e-6)) / 2e-6
            columns.append(at + (p.to_natural(mu[i], pt) - p.to_natural(at)) / slope)
        return pt.stack(columns)

    def backward(self, value: Any, *inputs: Any) -> Any:
        """From eta to theta."""
        mu, sigma, factor, target = self._parts(inputs)
        whitened = solve_triangular(factor, target, lower=True, b_ndim=1)
        z = solve_triangular(factor, whitened + value, lower=True, trans=1, b_ndim=1)
        return mu + sigma * z

    def forward(self, value: Any, *inputs: Any) -> Any:
        """From theta to eta."""
        mu, sigma, factor, target = self._parts(inputs)
        z = (value - mu) / sigma
        whitened = solve_triangular(factor, target, lower=True, b_ndim=1)
        return (factor * z[:, :, None]).sum(axis=1) - whitened

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """``sum_k log sigma_k - log L_kk`` ``(participant,)``."""
        _, sigma, factor, _ = self._parts(inputs)
        return (pt.log(sigma) - pt.log(pt.diagonal(factor, axis1=1, axis2=2))).sum(axis=1)
