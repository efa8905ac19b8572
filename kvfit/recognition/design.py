"""Responses counted by design cell, and the units of the likelihood."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class RecognitionDesign:
    """Cells of trials that a model cannot tell apart: one participant, one status, one condition.

    Parameters
    ----------
    participant : numpy.ndarray
        ``(cell,)`` int64 index of the participant, non-decreasing.
    old : numpy.ndarray
        ``(cell,)`` bool.
    covariates : mapping of str to numpy.ndarray
        ``(cell,)`` float, what the memory asked for; 0 at new items for what is about study.
    levels : mapping of str to numpy.ndarray
        ``(cell,)`` index of the level, for each column by which parameters vary; 0 where it does not matter.
    counts : numpy.ndarray
        ``(cell, category)`` int64 number of responses.
    cell_of_trial, response : numpy.ndarray
        ``(trial,)`` int64 in the data's order: its cell, and its category from 1.
    n_participants : int
    item : numpy.ndarray, optional
        ``(cell,)`` int64 index of the tested item, for models with effects of items: then each trial is a cell of its
        own, in the data's order.
    n_items : int
    similarity : numpy.ndarray, optional
        ``(cell, studied item)`` similarity of the probe with what was studied, for models with `semantic`: then too each
        trial is a cell of its own.
    """

    participant: np.ndarray
    old: np.ndarray
    covariates: Mapping[str, np.ndarray]
    levels: Mapping[str, np.ndarray]
    counts: np.ndarray
    cell_of_trial: np.ndarray
    response: np.ndarray
    n_participants: int
    item: np.ndarray | None = None
    n_items: int = 0
    similarity: np.ndarray | None = None

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.counts)

    @property
    def n_categories(self) -> int:
        """Number of response categories."""
        return self.counts.shape[1]

    @property
    def n_observations(self) -> int:
        """Number of trials."""
        return self.cell_of_trial.size

    @cached_property
    def of_trials(self) -> bool:
        """Whether each cell is one trial, in the data's order: then one probability a cell is needed, not K."""
        return self.n_cells == self.n_observations and bool((self.cell_of_trial == np.arange(self.n_cells)).all())

    @cached_property
    def _units(self) -> tuple[np.ndarray, np.ndarray]:
        pair = self.cell_of_trial * self.n_categories + self.response - 1
        return np.unique(pair, return_inverse=True)

    @property
    def n_units(self) -> int:
        """Number of different (cell, category) pairs that occur."""
        return self._units[0].size

    @property
    def unit_of_observation(self) -> np.ndarray:
        """``(trial,)`` which unit's log-likelihood each trial has, in the data's order."""
        return self._units[1]

    @property
    def unit_cell(self) -> np.ndarray:
        """``(unit,)`` cell of each unit."""
        return self._units[0] // self.n_categories

    @property
    def unit_category(self) -> np.ndarray:
        """``(unit,)`` category of each unit, counted from 0."""
        return self._units[0] % self.n_categories

    def one_participant(self, participant: int) -> "RecognitionDesign":
        """The part of one participant, who becomes participant 0."""
        return self.some_participants(participant, participant + 1)

    def some_participants(self, first_one: int, stop: int) -> "RecognitionDesign":
        """The part of the participants from `first_one` to before `stop`, who are counted from 0."""
        chosen = (self.participant >= first_one) & (self.participant < stop)
        cells, trials = np.flatnonzero(chosen), np.flatnonzero(chosen[self.cell_of_trial])
        place = np.cumsum(chosen) - 1
        return RecognitionDesign(
            participant=self.participant[cells] - first_one,
            old=self.old[cells],
            covariates={name: values[cells] for name, values in self.covariates.items()},
            levels={name: codes[cells] for name, codes in self.levels.items()},
            counts=self.counts[cells],
            cell_of_trial=place[self.cell_of_trial[trials]],
            response=self.response[trials],
            n_participants=stop - first_one,
            item=None if self.item is None else self.item[cells],
            n_items=self.n_items,
            similarity=None if self.similarity is None else self.similarity[cells],
        )

    def by_item(self, item: np.ndarray, n_items: int) -> "RecognitionDesign":
        """Each trial as a cell of its own, with its item.

        Parameters
        ----------
        item : numpy.ndarray
            ``(trial,)`` int64, in the data's order.
        n_items : int
        """
        return replace(self.by_trial(), item=np.asarray(item, dtype=np.int64), n_items=n_items)

    def by_trial(self) -> "RecognitionDesign":
        """Each trial as a cell of its own, in the data's order."""
        cell = self.cell_of_trial
        return RecognitionDesign(
            participant=self.participant[cell],
            old=self.old[cell],
            covariates={name: values[cell] for name, values in self.covariates.items()},
            levels={name: codes[cell] for name, codes in self.levels.items()},
            counts=np.eye(self.n_categories, dtype=np.int64)[self.response - 1],
            cell_of_trial=np.arange(cell.size),
            response=self.response,
            n_participants=self.n_participants,
            item=None if self.item is None else self.item[cell],
            n_items=self.n_items,
            similarity=None if self.similarity is None else self.similarity[cell],
        )

    def without_items(self) -> "RecognitionDesign":
        """The same trials counted in cells whatever their items; with similarities trials stay apart."""
        if self.item is None:
            return self
        if self.similarity is not None:
            return replace(self, item=None, n_items=0)
        columns = [self.participant, self.old, *self.levels.values(), *self.covariates.values()]
        _, first, place = np.unique(np.column_stack(columns), axis=0, return_index=True, return_inverse=True)
        cell_of_trial = place.ravel()[self.cell_of_trial]
        index = cell_of_trial * self.n_categories + self.response - 1
        counts = np.bincount(index, minlength=first.size * self.n_categories)
        return RecognitionDesign(
            participant=self.participant[first],
            old=self.old[first],
            covariates={name: values[first] for name, values in self.covariates.items()},
            levels={name: codes[first] for name, codes in self.levels.items()},
            counts=counts.reshape(first.size, self.n_categories).astype(np.int64),
            cell_of_trial=cell_of_trial,
            response=self.response,
            n_participants=self.n_participants,
        )
