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
costs speed only. The idea is that of partially non-centred parameterisations (Papaspiliopoulos, Roberts & Sköld 2007,
Statistical Science 22, 59-73) with a matrix weight.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.logprob.transforms import Transform

from kvfit.inference.population import PersonCurvature
from kvfit.kernels.person_coordinates_op import ToCoordinates, ToEffects
from kvfit.kernels.person_values_op import PersonDensity
from kvfit.shared_data import shared_data

#: what the coordinates take from a PersonCurvature, with its axes: person, own, f, shared values
_SHAPES = {"precision": "(n,q,q)", "coupling": "(n,q,f)", "linear": "(n,q)", "deformation": "(f,q,q)"}
_SHAPES |= {"expected": "(s)", "reach": "(s)"}
#: parameters of the distribution that a transform reads: these, mu and sigma
N_INPUTS = len(_SHAPES) + 2


def person_effects(
    name: str,
    mu: Any,
    sigma: Any,
    curvature: PersonCurvature,
    varies: np.ndarray,
    dims: Any,
    cholesky: Any = None,
    transform: "PersonTransform | None" = None,
    stretch: np.ndarray | None = None,
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
    transform : PersonTransform, optional
        Another one than the ordinary.
    stretch : numpy.ndarray, optional
        ``(parameter that varies,)``, for transforms that take it.

    Returns
    -------
    TensorVariable
        ``(participant, parameter that varies)``.
    """
    own = np.flatnonzero(varies)

    def logp(value: Any, *inputs: Any) -> Any:
        mu, sigma = inputs[-2:]
        return PersonDensity()(value, mu.reshape((-1,)), sigma.reshape((-1,)), own)

    def correlated_logp(value: Any, factor: Any, *inputs: Any) -> Any:
        mu, sigma = inputs[-2:]
        sigma, factor = sigma.reshape((-1,)), factor.reshape((own.size, own.size))
        z = (value - mu.reshape((-1,))[own]) / sigma
        w = pt.linalg.solve_triangular(factor, z.T, lower=True)
        constant = pt.log(sigma).sum() + pt.log(pt.diagonal(factor)).sum() + 0.5 * own.size * np.log(2 * np.pi)
        return -0.5 * (w * w).sum(axis=0) - constant

    def correlated_random(
        factor: np.ndarray, *inputs: np.ndarray, rng: np.random.Generator, size: Any = None
    ) -> np.ndarray:
        mu, sigma = inputs[-2:]
        z = rng.normal(size=(*(size or np.shape(mu)[:-1]), own.size))
        return np.asarray(mu[..., own] + sigma * (z @ np.reshape(factor, (own.size, own.size)).T))

    def random(*inputs: np.ndarray, rng: np.random.Generator, size: Any = None) -> np.ndarray:
        mu, sigma = inputs[-2:]
        drawn = rng.normal(mu[..., own], sigma, size=None if size is None else (*size, own.size))
        return np.asarray(drawn)

    arrays = {**vars(curvature), "expected": curvature.mu[~varies]}
    data = {one: (shared_data(f"{name}_{one}", arrays[one]), shape) for one, shape in _SHAPES.items()}
    if stretch is not None:
        data = {"stretch": (shared_data(f"{name}_stretch", stretch), "(q)"), **data}
    inputs = ([] if cholesky is None else [(cholesky, "(q,q)")]) + [*data.values(), (mu, "(p)"), (sigma, "(q)")]
    # mu and sigma stand last, where the transform looks for them
    return pm.CustomDist(
        name,
        *(value for value, _ in inputs),
        logp=logp if cholesky is None else correlated_logp,
        random=random if cholesky is None else correlated_random,
        signature=f"{','.join(shape for _, shape in inputs)}->(q)",
        shape=(len(curvature.mode), own.size),
        dims=dims,
        transform=PersonTransform(varies) if transform is None else transform,
        initval=curvature.mode[:, own],
    )


class PersonTransform(Transform):
    """PyMC transform of person effects ``(participant, parameter that varies)`` to eta.

    What it takes from data are parameters of the distribution, for PyMC gives a transform those alone; after them stand mu
    and sigma.

    Parameters
    ----------
    varies : numpy.ndarray
        ``(parameter,)`` bool: which parameters are person effects; the others are shared.
    """

    name = "preconditioned"
    ndim_supp = 1

    def __init__(self, varies: np.ndarray) -> None:
        self.places = np.flatnonzero(varies), np.flatnonzero(~varies)

    def _parts(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        *follow, expected, reach = _without_batch(inputs[-N_INPUTS:-2], _SHAPES.values())
        return *(x.reshape((-1,)) for x in inputs[-2:]), *follow, *self.places, expected, reach

    def backward(self, value: Any, *inputs: Any) -> Any:
        """From eta to theta."""
        return ToEffects()(value, *self._parts(inputs))[0]

    def forward(self, value: Any, *inputs: Any) -> Any:
        """From theta to eta."""
        return ToCoordinates()(value, *self._parts(inputs))

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """``sum_k log sigma_k - log L_kk`` ``(participant,)``."""
        return ToEffects()(value, *self._parts(inputs))[1]


def _without_batch(inputs: Sequence[Any], shapes: Iterable[str]) -> list[Any]:
    """Inputs without the leading axes that PyMC adds because persons are the distribution's batch."""
    drop = [x.type.ndim - 1 - shape.count(",") for x, shape in zip(inputs, shapes, strict=True)]
    return [x.dimshuffle(tuple(range(n, x.type.ndim))) if n else x for x, n in zip(inputs, drop, strict=True)]
