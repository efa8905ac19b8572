"""People drawn from a model's prior, and what they would do in an experiment."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kvfit.inference.hierarchy import person_parameters, prior_spread
from kvfit.inference.maximum_likelihood import own_prior
from kvfit.items import ITEM_EFFECTS, effects_of_items
from kvfit.memory_model import MemoryModel


@dataclass(frozen=True, eq=False)
class PriorPeople:
    """People who have nothing in common but the prior: each comes from a population of its own.

    Parameters
    ----------
    values : dict of str to numpy.ndarray
        ``(round, participant)`` of each parameter, natural scale; with effects of items also ``item_effects``,
        ``(round, item, effect)``, unconstrained scale.
    responses : numpy.ndarray
        Of every round to all observations of the design: ``(round, list, output)`` in the Penn coding, or ``(round, trial)``
        categories from 1.
    """

    values: dict[str, np.ndarray]
    responses: np.ndarray

    @property
    def n_people(self) -> int:
        """Number of people."""
        persons = [values for name, values in self.values.items() if name != ITEM_EFFECTS]
        return persons[0].size if persons else len(self.responses)


def draw_people(
    model: MemoryModel, data: Any, rounds: int, rng: np.random.Generator, pooling: str = "partial"
) -> dict[str, np.ndarray]:
    """Draw natural-scale values of people from the prior, a population for each.

    Parameters
    ----------
    model : MemoryModel
        Bound to the data.
    data : FreeRecallData or RecognitionData
        Whose participants and items are counted.
    rounds : int
    rng : numpy.random.Generator
    pooling : {"partial", "none", "complete"}
        A person from a population whose mean and spread are drawn too; a person under the parameters' own priors; or the
        one value that all would share, drawn anew for each.

    Returns
    -------
    dict of str to numpy.ndarray
        As in :class:`PriorPeople`.
    """
    shape = (rounds, data.n_participants)
    location, scale = own_prior(model)
    spread = prior_spread(model) * (person_parameters(model, pooling) & (pooling == "partial"))
    out: dict[str, np.ndarray] = {}
    for k, p in enumerate(model.parameters):
        typical = location[k] + scale[k] * rng.standard_normal(shape)
        apart = spread[k] * np.abs(rng.standard_normal(shape)) * rng.standard_normal(shape)
        out[p.name] = np.asarray(p.to_natural(typical + apart), dtype=float)
    moved = effects_of_items(model)
    if moved:
        between = np.array([effect.spread for effect in moved]) * np.abs(rng.standard_normal((rounds, 1, len(moved))))
        out[ITEM_EFFECTS] = between * rng.standard_normal((rounds, len(data.items), len(moved)))
    return out


def simulate_people(
    model: MemoryModel,
    data: Any,
    people: int = 60,
    *,
    seed: int = 0,
    pooling: str = "partial",
    similarity: np.ndarray | None = None,
) -> PriorPeople:
    """Draw people from the prior and let them do the experiment.

    Parameters
    ----------
    model : MemoryModel
        Bound to the data.
    data : FreeRecallData or RecognitionData
        Each of whose participants' lists or trials are done by as many people.
    people : int
        At least; the next multiple of the number of participants.
    seed : int
    pooling : {"partial", "none", "complete"}
        See :func:`draw_people`.
    similarity : numpy.ndarray, optional
        For models with ``semantic=True``.
    """
    rng = np.random.default_rng([seed, 4])
    rounds = -(-people // data.n_participants)
    values = draw_people(model, data, rounds, rng, pooling)
    design = model.design(data, similarity if model.semantic else None)
    responses = [model.simulate(design, {name: v[k] for name, v in values.items()}, rng) for k in range(rounds)]
    return PriorPeople(values, np.stack(responses))
