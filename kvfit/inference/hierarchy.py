"""The hierarchical PyMC model around a memory model."""

from typing import Any, Literal, get_args

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from kvfit.inference.population import PersonCurvature, person_curvature
from kvfit.inference.preconditioner import person_effects
from kvfit.memory_model import MemoryModel
from kvfit.parameters import Parameter

Pooling = Literal["partial", "none", "complete"]
Parameterisation = Literal["preconditioned", "noncentred", "centred"]

#: Prior scale of the spread between persons, relative to the prior scale of one person's value: the interval of a
#: parameter covers persons and ignorance about the population together, so each gets part of it.
SPREAD_SHARE = 0.6


def person_parameters(model: MemoryModel, pooling: str) -> np.ndarray:
    """``(parameter,)`` bool: in which parameters persons differ."""
    return np.array([p.varies or pooling == "none" for p in model.parameters])


def estimate_curvature(
    model: MemoryModel, design: Any, *, pooling: Pooling = "partial", seed: int = 0, show_progress: bool = True
) -> PersonCurvature:
    """Estimate what ``parameterisation="preconditioned"`` needs; see :mod:`kvfit.inference.population`."""
    varies = person_parameters(model, pooling)
    spread = SPREAD_SHARE * np.array([p.scale for p in model.parameters]) if pooling == "partial" else None
    return person_curvature(model, design, varies, spread, seed=seed, show_progress=show_progress)


def build_pymc_model(
    model: MemoryModel,
    data: Any,
    design: Any,
    *,
    pooling: Pooling = "partial",
    parameterisation: Parameterisation = "noncentred",
    curvature: PersonCurvature | None = None,
) -> pm.Model:
    """Build an ordinary ``pm.Model`` that a user can extend.

    On the unconstrained scale (log odds, logarithm or identity, by the parameter's support) person j has
    ``theta_j = mu + sigma z_j``. Its variables are ``population_mean`` (mu), ``population_sd`` (sigma), ``person_effects``
    (theta; or ``standardised_effects``, z), one deterministic
    ``(participant,)`` on the natural scale under each parameter's name, and the observed responses (``recalls``). The
    parameterisation changes the sampler's coordinates, never the model.

    Parameters
    ----------
    model : MemoryModel
    data : FreeRecallData or RecognitionData
    design : Design
        ``model.design(data)``.
    pooling : {"partial", "none", "complete"}
        Persons from one population; each alone under the parameter's own prior; or one value for all.
    parameterisation : {"preconditioned", "noncentred", "centred"}
        Sample ``theta`` in coordinates fitted to each person's likelihood (needs `curvature`; see
        :mod:`kvfit.inference.preconditioner`), its standardised deviation ``z``, or ``theta`` itself.
    curvature : PersonCurvature, optional
        Of :func:`estimate_curvature`.

    Returns
    -------
    pymc.Model
    """
    if pooling not in get_args(Pooling):
        raise ValueError(f"pooling: expected one of {', '.join(get_args(Pooling))}; found {pooling!r}")
    parameters = model.parameters
    varies = person_parameters(model, pooling)
    coords = {
        "participant": [str(label) for label in data.participants],
        "parameter": [p.name for p in parameters],
        "person_parameter": [p.name for p, own in zip(parameters, varies, strict=True) if own],
    }
    with pm.Model(coords=coords) as pymc_model:
        theta = _theta(pooling, parameterisation, curvature, parameters, varies, data.n_participants)
        natural = {}
        for k, p in enumerate(parameters):
            natural[p.name] = pm.Deterministic(p.name, p.to_natural(theta[:, k], pt), dims="participant")
        model.observe(model.observed, design, natural)
    return pymc_model


def _theta(
    pooling: str,
    parameterisation: str,
    curvature: PersonCurvature | None,
    parameters: tuple[Parameter, ...],
    varies: np.ndarray,
    n_participants: int,
) -> Any:
    """Unconstrained values ``(participant, parameter)``."""
    location = np.array([p.location for p in parameters])
    scale = np.array([p.scale for p in parameters])
    ones = np.ones((n_participants, 1))
    if pooling == "complete":
        return ones * pm.Normal("population_mean", location, scale, dims="parameter")
    if pooling == "none":
        mu, sigma = pt.constant(location), pt.constant(scale)
    else:
        start_mu = start_sigma = None
        if curvature is not None:
            start_mu, start_sigma = curvature.mu, curvature.sigma[varies]
        mu = pm.Normal("population_mean", location, scale, dims="parameter", initval=start_mu)
        spread = SPREAD_SHARE * scale[varies]
        sigma = pm.HalfNormal("population_sd", spread, dims="person_parameter", initval=start_sigma)
    person_mu = mu[np.flatnonzero(varies)]
    dims = ("participant", "person_parameter")
    if parameterisation == "preconditioned":
        if curvature is None:
            raise ValueError("parameterisation='preconditioned' needs curvature=estimate_curvature(model, design)")
        effects = person_effects("person_effects", mu, sigma, curvature, varies, parameters, dims)
    elif parameterisation == "centred":
        effects = pm.Normal("person_effects", person_mu, sigma, dims=dims)
    else:
        effects = person_mu + sigma * pm.Normal("standardised_effects", dims=dims)
    if varies.all():
        return effects
    place = {int(k): i for i, k in enumerate(np.flatnonzero(varies))}
    columns = [effects[:, place[k]] if k in place else ones[:, 0] * mu[k] for k in range(varies.size)]
    return pt.stack(columns, axis=1)
