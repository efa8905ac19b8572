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

#: Prior scale of the spread between persons, relative to the prior scale of one person's value: the interval of a
#: parameter covers persons and ignorance about the population together, so each gets part of it.
SPREAD_SHARE = 0.6


def build_pymc_model(
    model: RecallModel,
    data: FreeRecallData,
    design: RecallDesign,
    *,
    pooling: Pooling = "partial",
    centred: bool = False,
    curvature: PersonCurvature | None = None,
) -> pm.Model:
    """Build an ordinary ``pm.Model`` that a user can extend.

    On the unconstrained scale (log odds, logarithm or identity, by the parameter's support) person j has
    ``theta_j = mu + sigma z_j``. Its variables are ``mu``, ``sigma``, ``z`` (or ``theta``), one deterministic
    ``(participant,)`` on the natural scale under each parameter's name, and the observed ``recalls``.

    Parameters
    ----------
    model : RecallModel
    data : FreeRecallData
    design : RecallDesign
        ``recall_design(data)``.
    pooling : {"partial", "none", "complete"}
        Persons from one population; each alone under the parameter's own prior; or one value for all.
    centred : bool
        Sample ``theta`` itself rather than its standardised deviation ``z``.

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
        "list": np.arange(design.n_lists),
        "output": np.arange(1, design.n_positions + 1),
    }
    with pm.Model(coords=coords) as pymc_model:
        theta = _theta(pooling, centred, curvature, location, scale, data.n_participants)
        natural = {}
        for k, p in enumerate(parameters):
            natural[p.name] = pm.Deterministic(p.name, p.to_natural(theta[:, k], pt), dims="participant")
        cells = {name: value[design.cell_participant] for name, value in natural.items()}
        if np.array_equal(design.cell_participant, np.arange(data.n_participants)):
            cells = natural
        tables = model.tables(cells, design.cell_length, design.n_positions, pt)
        recall_distribution("recalls", model, design, tables)
    return pymc_model


def _theta(pooling: str, centred: bool, curvature: PersonCurvature | None, location: np.ndarray, scale: np.ndarray, n_participants: int) -> Any:
    """Unconstrained values ``(participant, parameter)``."""
    if pooling == "none":
        z = pm.Normal("z", dims=("participant", "parameter"))
        return location + scale * z
    if pooling == "complete":
        mu = pm.Normal("mu", location, scale, dims="parameter")
        return pt.ones((n_participants, 1)) * mu
    mu = pm.Normal("mu", location, scale, dims="parameter")
    sigma = pm.HalfNormal("sigma", SPREAD_SHARE * scale, dims="parameter")
    if curvature is not None:
        return pm.Normal("theta", mu, sigma, dims=("participant", "parameter"), transform=PersonTransform(curvature))
    if centred:
        return pm.Normal("theta", mu, sigma, dims=("participant", "parameter"))
    z = pm.Normal("z", dims=("participant", "parameter"))
    return mu + sigma * z
