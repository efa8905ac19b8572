"""Where the effects of items lie, and how sharply the responses to each item know them.

It decides the sampler's coordinates of item effects (those of :mod:`kvfit.inference.preconditioner`, items in the place of
persons), never the posterior: some items are known well from the responses and others not at all, so that neither the
effects themselves nor their standardised values are good coordinates for all.
"""

from typing import Any

import numpy as np
import pytensor.tensor as pt

from kvfit.inference.population import PersonCurvature, without_shared
from kvfit.inference.preconditioner import N_INPUTS, PersonTransform
from kvfit.items import ITEM_EFFECTS
from kvfit.recognition.design import RecognitionDesign
from kvfit.recognition.model import RecognitionModel

_ROUNDS = 10
#: Step of differences, and smallest spread between items, in prior standard deviations of the parameter.
_STEP, _LEAST_SPREAD = 0.05, 0.05


def item_curvature(
    model: RecognitionModel, design: RecognitionDesign, persons: PersonCurvature, spread: np.ndarray
) -> PersonCurvature:
    """Estimate every item's effects and the curvature of its log-likelihood there, persons held at their estimates.

    Parameters
    ----------
    model : RecognitionModel
        With effects of items.
    design : RecognitionDesign
        With items.
    persons : PersonCurvature
        Of the model without items.
    spread : numpy.ndarray
        ``(effect,)`` prior scale of the spread between items.

    Returns
    -------
    PersonCurvature
        Of items in the place of persons; ``mu`` is 0.
    """
    assert design.item is not None
    item = design.item
    values = {p.name: p.to_natural(persons.mode[:, k]) for k, p in enumerate(model.parameters)}
    scale = np.array([effect.parameter.scale for effect in model.item_effects])
    n_effects = scale.size
    steps = _STEP * scale * np.eye(n_effects)

    def total(effects: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            trials = model.log_responses(design, {**values, ITEM_EFFECTS: effects}, design.response)
        return np.bincount(item, np.maximum(trials, -1e3), design.n_items)

    def quadratic(effects: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        slope, curvature = np.empty_like(effects), np.empty((*effects.shape, n_effects))
        here = total(effects)
        for k, step in enumerate(steps):
            up, down = total(effects + step), total(effects - step)
            slope[:, k] = (up - down) / (2 * step[k])
            curvature[:, k, k] = (2 * here - up - down) / step[k] ** 2
            for m, other in enumerate(steps[:k]):
                same = total(effects + step + other) + total(effects - step - other)
                opposite = total(effects + step - other) + total(effects - step + other)
                curvature[:, k, m] = curvature[:, m, k] = (opposite - same) / (4 * step[k] * other[m])
        found, vectors = np.linalg.eigh(curvature)
        return slope, (vectors * np.maximum(found, 0.0)[:, None, :]) @ np.swapaxes(vectors, 1, 2)

    effects, sd = np.zeros((design.n_items, n_effects)), spread.copy()
    slope, precision = quadratic(effects)
    for _ in range(_ROUNDS):
        within = np.linalg.inv(precision + np.diag(1.0 / sd**2))
        pull = (precision @ effects[..., None])[..., 0] + slope
        effects = np.clip((within @ pull[..., None])[..., 0], -4 * sd, 4 * sd)
        variance = (effects**2 + np.diagonal(within, axis1=1, axis2=2)).mean(axis=0)
        sd = np.maximum(np.sqrt(variance), _LEAST_SPREAD * scale)
        slope, precision = quadratic(effects)
    linear = (precision @ effects[..., None])[..., 0] + slope
    return without_shared(precision, linear, effects, np.zeros(n_effects), sd)


def room_of_average(curvature: PersonCurvature, absorbed: np.ndarray) -> np.ndarray:
    """How many times wider the average of each effect ``(effect,)`` varies than an item's own value.

    Parameters
    ----------
    curvature : PersonCurvature
        Of :func:`item_curvature`.
    absorbed : numpy.ndarray
        ``(effect,)`` bool: whether persons absorb the average of the effect; 1 where they do not.
    """
    within = np.linalg.inv(curvature.precision + np.diag(1.0 / curvature.sigma**2))
    known = np.sqrt(np.diagonal(within, axis1=1, axis2=2).mean(axis=0))
    return np.where(absorbed, curvature.sigma / known, 1.0)


class ItemTransform(PersonTransform):
    """PyMC transform of effects of items ``(item, effect)`` to coordinates that are nearly standard normal.

    As for persons, and the average of the items is given the room that it has: persons absorb it (see
    :func:`kvfit.inference.hierarchy.build_pymc_model`), so that no response speaks about it and it varies by the prior.
    That room (:func:`room_of_average`) is the distribution's first parameter.

    Parameters
    ----------
    n_items : int
    varies : numpy.ndarray
        ``(effect,)`` bool, all true.
    """

    name = "preconditioned_items"

    def __init__(self, n_items: int, varies: np.ndarray) -> None:
        super().__init__(varies)
        self.n_items = n_items

    def backward(self, value: Any, *inputs: Any) -> Any:
        """From coordinates to effects."""
        return super().backward(_stretched(value, self._stretch(inputs)), *inputs)

    def forward(self, value: Any, *inputs: Any) -> Any:
        """From effects to coordinates."""
        return _stretched(super().forward(value, *inputs), 1.0 / self._stretch(inputs))

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """``(item,)``."""
        stretch = self._stretch(inputs)
        constant = pt.log(stretch).sum() / self.n_items
        return super().log_jac_det(_stretched(value, stretch), *inputs) + constant

    @staticmethod
    def _stretch(inputs: tuple[Any, ...]) -> Any:
        return inputs[-N_INPUTS - 1].reshape((-1,))


def _stretched(value: Any, stretch: Any) -> Any:
    return value + (stretch - 1.0) * value.mean(axis=0)
