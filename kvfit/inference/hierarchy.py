"""The hierarchical PyMC model around a memory model."""

from typing import Any, Literal, get_args

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from kvfit.inference.preconditioner import PersonCurvature, PersonTransform
from kvfit.inference.recall_distribution import recall_distribution
from kvfit.recall.design import RecallDesign
from kvfit.recall.model import RecallModel
from kvfit.tasks.free_recall import FreeRecallData

Pooling = Literal["partial", "none", "complete"]
Parameterisation = Literal["preconditioned", "noncentred", "centred"]

#: Prior scale of the spread between persons, relative to the prior scale of one person's value: the interval of a
#: parameter covers persons and ignorance about the population together, so each gets part of it.
SPREAD_SHARE = 0.6


def build_pymc_model(
    model: RecallModel,
    data: FreeRecallData,
    design: RecallDesign,
    *,
    pooling: Pooling = "partial",
    parameterisation: Parameterisation = "noncentred",
    curvature: PersonCurvature | None = None,
) -> pm.Model:
    """Build an ordinary ``pm.Model`` that a user can extend.

    On the unconstrained scale (log odds, logarithm or identity, by the parameter's support) person j has
    ``theta_j = mu + sigma z_j``. Its variables are ``mu``, ``sigma``, ``z`` (or ``theta``), one deterministic
    ``(participant,)`` on the natural scale under each parameter's name, and the observed ``recalls``. The
    parameterisation changes the sampler's coordinates, never the model.

    Parameters
    ----------
    model : RecallModel
    data : FreeRecallData
    design : RecallDesign
        ``recall_design(data)``.
    pooling : {"partial", "none", "complete"}
        Persons from one population; each alone under the parameter's own prior; or one value for all.
    parameterisation : {"preconditioned", "noncentred", "centred"}
        Sample ``theta`` in coordinates fitted to each person's likelihood (needs `curvature`; see
        :mod:`kvfit.inference.preconditioner`), its standardised deviation ``z``, or ``theta`` itself.
    curvature : PersonCurvature, optional
        Of ``person_curvature(model, design)``.

    Returns
    -------
    pymc.Model
    """
    if pooling not in get_args(Pooling):
        raise ValueError(f"pooling: expected one of {', '.join(get_args(Pooling))}; found {pooling!r}")
    parameters = model.parameters
    location = np.array([p.location for p in parameters])
    scale = np.array([p.scale for p in parameters])
    coords = {
        "participant": [str(label) for label in data.participants],
        "parameter": [p.name for p in parameters],
        "person_parameter": [p.name for p in parameters if p.varies or pooling == "none"],
        "list": np.arange(design.n_lists),
        "output": np.arange(1, design.n_positions + 1),
    }
    with pm.Model(coords=coords) as pymc_model:
        varies = np.array([p.varies or pooling == "none" for p in parameters])
        theta = _theta(pooling, parameterisation, curvature, location, scale, varies, data.n_participants)
        natural = {}
        for k, p in enumerate(parameters):
            natural[p.name] = pm.Deterministic(p.name, p.to_natural(theta[:, k], pt), dims="participant")
        cells = {name: value[design.cell_participant] for name, value in natural.items()}
        if np.array_equal(design.cell_participant, np.arange(data.n_participants)):
            cells = natural
        tables = model.tables(cells, design.cell_length, design.n_positions, pt)
        recall_distribution("recalls", model, design, tables)
    return pymc_model


def _theta(
    pooling: str,
    parameterisation: str,
    curvature: PersonCurvature | None,
    location: np.ndarray,
    scale: np.ndarray,
    varies: np.ndarray,
    n_participants: int,
) -> Any:
    """Unconstrained values ``(participant, parameter)``."""
    ones = np.ones((n_participants, 1))
    if pooling == "complete":
        return ones * pm.Normal("mu", location, scale, dims="parameter")
    if pooling == "none":
        mu, sigma = pt.constant(location), pt.constant(scale)
    else:
        start_mu = start_sigma = None
        if curvature is not None:
            start_mu = curvature.mode.mean(axis=0)
            start_sigma = np.maximum(curvature.mode.std(axis=0), 0.1 * scale)[varies]
        mu = pm.Normal("mu", location, scale, dims="parameter", initval=start_mu)
        spread = SPREAD_SHARE * scale[varies]
        sigma = pm.HalfNormal("sigma", spread, dims="person_parameter", initval=start_sigma)
    person_mu = mu[np.flatnonzero(varies)]
    dims = ("participant", "person_parameter")
    if parameterisation == "preconditioned":
        if curvature is None:
            raise ValueError("parameterisation='preconditioned' needs curvature=person_curvature(model, design)")
        transform = PersonTransform(curvature, varies)
        start = curvature.mode[:, varies]
        effects = pm.Normal("theta", person_mu, sigma, dims=dims, transform=transform, initval=start)
    elif parameterisation == "centred":
        effects = pm.Normal("theta", person_mu, sigma, dims=dims)
    else:
        effects = person_mu + sigma * pm.Normal("z", dims=dims)
    if varies.all():
        return effects
    place = {int(k): i for i, k in enumerate(np.flatnonzero(varies))}
    columns = [effects[:, place[k]] if k in place else ones[:, 0] * mu[k] for k in range(varies.size)]
    return pt.stack(columns, axis=1)
