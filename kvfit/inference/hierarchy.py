"""The hierarchical PyMC model around a memory model."""

from typing import Any, Literal, get_args

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from kvfit import registry
from kvfit.inference.population import PersonCurvature, person_curvature
from kvfit.inference.preconditioner import person_effects
from kvfit.items import ITEM_EFFECTS, ItemEffect, effects_of_items
from kvfit.kernels.person_values import LINKS
from kvfit.kernels.person_values_op import NaturalValues
from kvfit.memory_model import MemoryModel
from kvfit.parameters import SPREAD_SHARE as SPREAD_SHARE
from kvfit.parameters import Parameter

Pooling = Literal["partial", "none", "complete"]
Parameterisation = Literal["preconditioned", "noncentred", "centred"]

#: Shape of the LKJ prior of correlations: 2 leans a little towards none, 90 % of one of two parameters within .8.
LKJ = 2.0


def person_parameters(model: MemoryModel, pooling: str) -> np.ndarray:
    """``(parameter,)`` bool: in which parameters persons differ; in none under complete pooling."""
    return np.array([pooling != "complete" and (p.varies or pooling == "none") for p in model.parameters])


def prior_spread(model: MemoryModel) -> np.ndarray:
    """``(parameter,)`` prior scale of the standard deviation between persons, unconstrained scale."""
    return np.array([p.spread for p in model.parameters])


def estimate_curvature(
    model: MemoryModel, design: Any, *, pooling: Pooling = "partial", seed: int = 0, show_progress: bool = True
) -> PersonCurvature:
    """Estimate what ``parameterisation="preconditioned"`` needs; see :mod:`kvfit.inference.population`.

    Effects of items are left out: coordinates decide how fast the sampler is, not where it goes.
    """
    if effects_of_items(model):
        model, design = registry.with_items(model, "none"), design.without_items()
    varies = person_parameters(model, pooling)
    spread = prior_spread(model) if pooling == "partial" else None
    return person_curvature(model, design, varies, spread, seed=seed, show_progress=show_progress)


def estimate_item_curvature(model: MemoryModel, design: Any, curvature: PersonCurvature) -> PersonCurvature | None:
    """What ``parameterisation="preconditioned"`` needs for effects of items; None for models without them.

    `curvature` is that of :func:`estimate_curvature`; see :mod:`kvfit.inference.item_curvature`.
    """
    from kvfit.inference.item_curvature import item_curvature
    from kvfit.recognition.model import RecognitionModel

    of_items = effects_of_items(model)
    if not of_items:
        return None
    assert isinstance(model, RecognitionModel)
    return item_curvature(model, design, curvature, _item_spread(of_items))


def build_pymc_model(
    model: MemoryModel,
    data: Any,
    design: Any,
    *,
    pooling: Pooling = "partial",
    parameterisation: Parameterisation = "noncentred",
    curvature: PersonCurvature | None = None,
    of_items: PersonCurvature | None = None,
    correlated: bool = False,
) -> pm.Model:
    """Build an ordinary ``pm.Model`` that a user can extend.

    On the unconstrained scale (log odds, logarithm or identity, by the parameter's support) person j has
    ``theta_j = mu + sigma z_j``. Its variables are ``population_mean`` (mu), ``population_sd`` (sigma), ``person_effects``
    (theta; or ``standardised_effects``, z), one deterministic
    ``(participant,)`` on the natural scale under each parameter's name, and the observed responses (``recalls``). The
    parameterisation changes the sampler's coordinates, never the model.

    A model with effects of items adds ``item_effects`` ``(item, item_parameter)``, Normal(0, ``item_sd``), to the
    unconstrained values of the trials' participants; natural-scale values are then those of a participant with an item
    whose effects are 0, and ``person_effects`` those with the average of these items, which data know better.

    With `correlated` person effects are multivariate normal; their correlations ``population_correlation``
    ``(person_parameter, other_parameter)`` have an LKJ prior (Lewandowski, Kurowicka & Joe 2009).

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
    of_items : PersonCurvature, optional
        Of :func:`estimate_item_curvature`; without it effects of items are sampled by their standardised values.
    correlated : bool
        Partial pooling only.

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
    if correlated:
        if pooling != "partial" or varies.sum() < 2:
            raise ValueError("correlated: needs partial pooling and two parameters in which persons differ")
        coords["other_parameter"] = coords["person_parameter"]
    moved = effects_of_items(model)
    if moved:
        coords |= {"item": [str(label) for label in data.items], "item_parameter": [effect.name for effect in moved]}
    with pm.Model(coords=coords) as pymc_model:
        natural, average = {}, None
        if moved:
            natural[ITEM_EFFECTS] = _item_effects(moved, parameterisation, of_items)
            average = _average(moved, natural[ITEM_EFFECTS], parameters)
        unconstrained = _unconstrained(
            pooling, parameterisation, curvature, parameters, varies, data.n_participants, average, correlated
        )
        for p, values in zip(parameters, natural_values(*unconstrained, parameters, varies), strict=True):
            natural[p.name] = pm.Deterministic(p.name, values, dims="participant")
        model.observe(model.observed, design, natural)
    return pymc_model


def natural_values(effects: Any, mu: Any, parameters: tuple[Parameter, ...], varies: np.ndarray) -> list[Any]:
    """Natural-scale values ``(participant,)`` of each parameter.

    Parameters
    ----------
    effects : tensor
        ``(participant, parameter that varies)``, unconstrained scale.
    mu : tensor
        ``(parameter,)``, whose values every participant shares where persons do not differ.
    parameters : tuple of Parameter
    varies : numpy.ndarray
        ``(parameter,)`` bool.
    """
    columns = tuple(int(c) for c in np.where(varies, np.cumsum(varies) - 1, -1))
    links = tuple(LINKS[p.link if p.support == "positive" else p.support] for p in parameters)
    made: list[Any] = NaturalValues(columns, links)(effects, mu, return_list=True)
    return made


def _item_spread(moved: tuple[ItemEffect, ...]) -> np.ndarray:
    """Prior scale ``(effect,)`` of the spread between items."""
    return np.array([effect.spread for effect in moved])


def _item_effects(moved: tuple[ItemEffect, ...], parameterisation: str, curvature: PersonCurvature | None) -> Any:
    """Effects ``(item, effect)`` on the unconstrained scale."""
    dims = ("item", "item_parameter")
    start = None if curvature is None else curvature.sigma
    sd = pm.HalfNormal("item_sd", _item_spread(moved), dims="item_parameter", initval=start)
    if parameterisation == "preconditioned" and curvature is not None:
        from kvfit.inference.item_curvature import ItemTransform, room_of_average

        absorbed = np.array([k in _absorbed(moved, effect.parameter.name) for k, effect in enumerate(moved)])
        every, stretch = np.ones(len(moved), dtype=bool), room_of_average(curvature, absorbed)
        transform = ItemTransform(len(curvature.mode), every)
        zero = np.zeros(len(moved))
        return person_effects(ITEM_EFFECTS, zero, sd, curvature, every, dims, transform=transform, stretch=stretch)
    if parameterisation == "centred":
        return pm.Normal(ITEM_EFFECTS, 0.0, sd, dims=dims)
    return pm.Deterministic(ITEM_EFFECTS, sd * pm.Normal("standardised_item_effects", dims=dims), dims=dims)


def _average(moved: tuple[ItemEffect, ...], effects: Any, parameters: tuple[Parameter, ...]) -> Any:
    """How far the average of the items moves each parameter ``(parameter,)``."""
    out = []
    for p in parameters:
        # a parameter by a condition has a value for each level, d_prime[strong], all moved alike
        found = _absorbed(moved, p.name.partition("[")[0])
        out.append(effects[:, found].mean() if found else pt.constant(0.0))
    return pt.stack(out)


def _absorbed(moved: tuple[ItemEffect, ...], name: str) -> list[int]:
    """Effects whose average persons can absorb by a parameter: it moves the parameter at all items alike."""
    return [k for k, effect in enumerate(moved) if effect.parameter.name == name and not effect.status]


def _unconstrained(
    pooling: str,
    parameterisation: str,
    curvature: PersonCurvature | None,
    parameters: tuple[Parameter, ...],
    varies: np.ndarray,
    n_participants: int,
    average: Any = None,
    correlated: bool = False,
) -> tuple[Any, Any]:
    """Effects ``(participant, parameter that varies)`` and population means ``(parameter,)``, unconstrained scale.

    `average` ``(parameter,)`` is that of effects of items.

    Data know a person's value with the average of the items far better than that average itself. So persons are sampled
    around the population's mean plus the average, which is then taken off: the same model in other coordinates, without
    which all persons would have to move whenever the average does.
    """
    location = np.array([p.location for p in parameters])
    scale = np.array([p.scale for p in parameters])
    if pooling == "complete":
        return np.zeros((n_participants, 0)), pm.Normal("population_mean", location, scale, dims="parameter")
    if pooling == "none":
        mu, sigma = pt.constant(location), pt.constant(scale)
    else:
        start_mu = start_sigma = None
        if curvature is not None:
            start_mu = curvature.mu
            start_sigma = curvature.sigma[varies]
        mu = pm.Normal("population_mean", location, scale, dims="parameter", initval=start_mu)
        spread = np.array([p.spread for p in parameters])[varies]
        sigma = pm.HalfNormal("population_sd", spread, dims="person_parameter", initval=start_sigma)
    cholesky = None
    if correlated:
        # PyMC's LKJCorr is the lower factor of the matrix
        cholesky = pm.LKJCorr("population_cholesky", n=int(varies.sum()), eta=LKJ)
        pm.Deterministic("population_correlation", cholesky @ cholesky.T, dims=("person_parameter", "other_parameter"))
    own = np.flatnonzero(varies)
    around = mu if average is None else mu + varies * average
    dims = ("participant", "person_parameter")
    if parameterisation == "preconditioned":
        if curvature is None:
            raise ValueError("parameterisation='preconditioned' needs curvature=estimate_curvature(model, design)")
        effects = person_effects("person_effects", around, sigma, curvature, varies, dims, cholesky)
    elif parameterisation == "centred" and cholesky is None:
        effects = pm.Normal("person_effects", around[own], sigma, dims=dims)
    elif parameterisation == "centred":
        effects = pm.MvNormal("person_effects", around[own], chol=sigma[:, None] * cholesky, dims=dims)
    else:
        standard = pm.Normal("standardised_effects", dims=dims)
        effects = around[own] + sigma * (standard if cholesky is None else standard @ cholesky.T)
    if average is not None:
        effects = effects - average[own]
    return effects, mu
