"""A recognition model on the test bench: points of its prior, small designs, and its symbolic form compiled once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from kvfit.checks.prior_points import PriorPoints
from kvfit.recognition.binding import Binding
from kvfit.recognition.design import RecognitionDesign
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.scale import Scale

#: Scale on which a model is checked that is not bound to data.
RATING_SCALE = Scale(n_categories=6, old_from=4)
#: Other scales on which its probabilities must sum to one: yes/no, unequal sides, many categories.
OTHER_SCALES = (Scale(2, 2), Scale(3, 2), Scale(5, 3), Scale(11, 7))
N_PARTICIPANTS = 32
#: Probes of different meaning that stand in for one another, and studied items where no list length says their number.
N_PROBES, N_STUDIED = 3, 4
_LEVELS = ("a", "b")


def bind_to(model: RecognitionModel, scale: Scale) -> RecognitionModel:
    """The model for a scale, with two levels of each column by which its parameters vary."""
    levels = {column: _LEVELS for column in (model.by, model.criteria_by) if column}
    return replace(model, binding=None).bound_to(Binding(scale, levels))


@dataclass(frozen=True, eq=False)
class RecognitionBench(PriorPoints):
    """A model and what every check needs to run it.

    Parameters
    ----------
    model : RecognitionModel
        Bound, or bound here to a six-point scale; without its effects of items, which have a check of their own.
    seed : int
    items : tuple of str
        Effects of items to check; the model's, if it has any, else its default.
    """

    model: RecognitionModel
    items: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.model.items:
            object.__setattr__(self, "items", self.model.items)
            object.__setattr__(self, "model", self.model.with_items("none"))
        if self.model.binding is None:
            object.__setattr__(self, "model", bind_to(self.model, RATING_SCALE))

    def empty(self, n_participants: int, n_trials: int) -> RecognitionDesign:
        """Design with `n_trials` trials in each cell: old and new, every level, the covariates' examples.

        All responses are 1; :func:`answered` gives others.
        """
        covariates = self.model.memory.covariates
        n_probes = N_PROBES if self.model.semantic else 1
        levels = self.model.binding.levels if self.model.binding else {}
        cells = [
            (person, old, at, values)
            for person in range(n_participants)
            for old in (False, True)
            for at in product(*(range(len(names)) for names in levels.values()))
            for values in product(*(c.examples if old or not c.studied else (0.0,) for c in covariates))
            for _ in range(n_probes)
        ]
        n_cells = len(cells)
        cell_of_trial = np.repeat(np.arange(n_cells), n_trials)
        counts = np.zeros((n_cells, self.model.scale.n_categories), np.int64)
        counts[:, 0] = n_trials
        design = RecognitionDesign(
            participant=np.array([person for person, *_ in cells], dtype=np.int64),
            old=np.array([old for _, old, *_ in cells], dtype=bool),
            covariates={c.name: np.array([v[i] for *_, v in cells]) for i, c in enumerate(covariates)},
            levels={name: np.array([at[i] for _, _, at, _ in cells]) for i, name in enumerate(levels)},
            counts=counts,
            cell_of_trial=cell_of_trial,
            response=np.ones(cell_of_trial.size, np.int64),
            n_participants=n_participants,
        )
        return replace(design, similarity=self._similarity(design)) if self.model.semantic else design

    def _similarity(self, design: RecognitionDesign) -> np.ndarray:
        """Made-up similarities ``(cell, studied item)`` of meaning, the same for every participant."""
        length = np.full(design.n_cells, float(N_STUDIED))
        length = np.round(design.covariates.get("list_length", length)).astype(np.int64)
        n_cells = design.n_cells // design.n_participants
        drawn = self.rng(9).uniform(-0.2, 0.9, (n_cells, int(length.max())))
        others = np.arange(drawn.shape[1]) < (length - design.old)[:, None]
        return np.where(others, np.tile(drawn, (design.n_participants, 1)), 0.0)

    @cached_property
    def varied(self) -> RecognitionDesign:
        """Design of ``N_PARTICIPANTS`` with every category in every cell, some rare."""
        n_categories = self.model.scale.n_categories
        design = self.empty(N_PARTICIPANTS, 3 * n_categories)
        each = np.tile(np.arange(1, n_categories + 1), design.n_cells)
        some = self.rng(1).integers(1, n_categories + 1, (design.n_cells, 2 * n_categories))
        return answered(design, np.c_[each.reshape(design.n_cells, -1), some].ravel())

    @cached_property
    def symbolic(self) -> Any:
        """Compiled function of ``x (participant, parameter)``.

        It returns the log probabilities ``(cell, category)`` and the gradient of the log-likelihood of `varied`,
        ``(participant, parameter)``. The graph is evaluated node by node in Python, as it was written: compiling it
        would take longer than all checks together.
        """
        import pytensor
        import pytensor.tensor as pt
        from pytensor.compile.mode import Mode

        design = self.varied
        x = pt.matrix("x", shape=(design.n_participants, self.location.size))
        values = {p.name: p.to_natural(x[:, k], pt) for k, p in enumerate(self.model.parameters)}
        table = self.model.log_probabilities(design, values, pt)
        gradient = pt.grad((table * design.counts).sum(), x)
        return pytensor.function([x], [table, gradient], mode=Mode(linker="py", optimizer=None))


def answered(design: RecognitionDesign, response: np.ndarray) -> RecognitionDesign:
    """The design with other responses ``(trial,)``, categories from 1."""
    index = design.cell_of_trial * design.n_categories + response - 1
    counts = np.bincount(index, minlength=design.counts.size).reshape(design.counts.shape)
    return replace(design, response=np.asarray(response, dtype=np.int64), counts=counts.astype(np.int64))


def person_sums(design: RecognitionDesign, table: np.ndarray) -> np.ndarray:
    """Log-likelihood ``(participant,)`` from log probabilities ``(cell, category)``."""
    cells = (table * design.counts).sum(axis=-1)
    return np.bincount(design.participant, cells, minlength=design.n_participants)


def describe(values: Mapping[str, Any], at: Any) -> str:
    """Values of one participant, for messages."""
    return ", ".join(f"{name} = {float(v[at]):.3g}" for name, v in values.items())
