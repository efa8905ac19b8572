"""Coordinates in which the posterior of person effects is nearly a standard normal.

A person's likelihood is approximated around the person's MAP estimate by ``b_j . theta - theta' H_j theta / 2``. Given the
population (mu, sigma) the posterior of theta_j would then be normal with precision ``H_j + diag(1 / sigma^2)``, so sampling

    theta_j = mu + sigma (z_j + L_j^-T eta_j),   L_j L_j' = I + S H_j S,   z_j = (I + S H_j S)^-1 S (b_j - H_j mu)

with S = diag(sigma) makes eta_j nearly standard normal and nearly independent of mu and sigma, whatever the data say:
where they say nothing (H = 0) this is the non-centred parameterisation, where they say much the centred one, and
correlations between a person's parameters are removed as well. It is exact for every H_j and b_j (a change of
variables with its Jacobian); a poor approximation costs speed only. The idea is that of partially non-centred
parameterisations (Papaspiliopoulos, Roberts & Skoeld 2007, Statistical Science 22, 59-73) with a matrix weight.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pymc.logprob.transforms import Transform
from pytensor.tensor.linalg import cholesky, solve_triangular

from kvfit.inference.maximum_likelihood import PersonObjective, best_start
from kvfit.progress import progress
from kvfit.recall.design import RecallDesign
from kvfit.recall.model import RecallModel

_STEP = 1e-3


@dataclass(frozen=True, eq=False)
class PersonCurvature:
    """Quadratic approximation of every person's log-likelihood on the unconstrained scale.

    Parameters
    ----------
    precision : numpy.ndarray
        ``(participant, parameter, parameter)``, H, positive semi-definite.
    linear : numpy.ndarray
        ``(participant, parameter)``, b.
    mode : numpy.ndarray
        ``(participant, parameter)``, MAP estimates under each parameter's own prior.
    """

    precision: np.ndarray
    linear: np.ndarray
    mode: np.ndarray


def person_curvature(
    model: RecallModel, design: RecallDesign, *, seed: int = 0, starts: int = 2, show_progress: bool = True
) -> PersonCurvature:
    """Find every person's MAP estimate and the curvature of the log-likelihood there."""
    k = len(model.parameters)
    n = design.n_participants
    precision, linear, mode = np.zeros((n, k, k)), np.zeros((n, k)), np.zeros((n, k))
    with progress(show_progress) as bar:
        for person in bar.track(range(n), f"{model.label}: starting values"):
            part = design.one_participant(person)
            rng = np.random.default_rng([seed, person])
            x = best_start(PersonObjective(model, part, penalised=True), starts, rng)
            likelihood = PersonObjective(model, part, penalised=False)
            gradient = -likelihood(x)[1]
            rows = []
            for i in range(k):
                step = np.zeros(k)
                step[i] = _STEP
                rows.append((likelihood(x + step)[1] - likelihood(x - step)[1]) / (2 * _STEP))
            hessian = np.array(rows)
            values, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
            precision[person] = (vectors * np.maximum(values, 0.0)) @ vectors.T
            linear[person] = precision[person] @ x + gradient
            mode[person] = x
    return PersonCurvature(precision, linear, mode)


class PersonTransform(Transform):
    """PyMC transform of ``Normal(mu, sigma)`` person effects ``(participant, parameter that varies)`` to eta.

    Parameters
    ----------
    curvature : PersonCurvature
    varies : numpy.ndarray
        ``(parameter,)`` bool: which parameters are person effects. The others enter the quadratic approximation at the
        mean of the persons' estimates, because a transform may depend on its own variable's parameters only.
    """

    name = "preconditioned"
    ndim_supp = 0

    def __init__(self, curvature: PersonCurvature, varies: np.ndarray) -> None:
        self.precision = curvature.precision[:, varies][:, :, varies]
        coupling = curvature.precision[:, varies][:, :, ~varies]
        shared = curvature.mode[:, ~varies].mean(axis=0)
        self.linear = curvature.linear[:, varies] - (coupling * shared).sum(axis=2)

    def _parts(self, inputs: tuple[Any, ...]) -> tuple[Any, Any, Any, Any]:
        mu, sigma = (x.reshape((-1,)) for x in inputs[-2:])
        precision = pt.constant(self.precision)
        matrix = sigma[:, None] * precision * sigma[None, :] + np.eye(self.linear.shape[1])
        factor = cholesky(matrix, lower=True)
        pull = pt.constant(self.linear) - (precision * mu).sum(axis=2)
        return mu, sigma, factor, sigma * pull

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
        """``log sigma_k - log L_kk``, entry by entry; their sum is the log-determinant."""
        _, sigma, factor, _ = self._parts(inputs)
        return pt.log(sigma) - pt.log(pt.diagonal(factor, axis1=1, axis2=2))
