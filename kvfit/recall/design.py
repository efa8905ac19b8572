"""Responses and lists laid out for the compiled core: sorted by table cell, recalls flat."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from kvfit.tasks.free_recall import FreeRecallData


@dataclass(frozen=True, eq=False)
class RecallDesign:
    """Lists in the order in which the core reads them.

    A cell is one participant at one list length: lists of a cell share their tables.

    Parameters
    ----------
    cell_participant : numpy.ndarray
        ``(cell,)`` index of the participant.
    cell_length : numpy.ndarray
        ``(cell,)`` list length.
    cell_start : numpy.ndarray
        ``(cell + 1,)``: the lists of cell c are ``cell_start[c]`` to ``cell_start[c + 1] - 1``.
    order : numpy.ndarray
        ``(list,)``: which list of the data stands at each place.
    recalled, offsets : numpy.ndarray
        Scored recalls, flat, 0-based, and where each list's recalls start ``(list + 1,)``.
    semantic : numpy.ndarray
        ``(list, position, position)`` similarity of items, or of size zero.
    n_participants : int
    """

    cell_participant: np.ndarray
    cell_length: np.ndarray
    cell_start: np.ndarray
    order: np.ndarray
    recalled: np.ndarray
    offsets: np.ndarray
    semantic: np.ndarray
    n_participants: int

    @property
    def n_positions(self) -> int:
        """Longest list."""
        return int(self.cell_length.max())

    @property
    def n_lists(self) -> int:
        """Number of lists."""
        return self.order.size

    @property
    def n_observations(self) -> int:
        """Number of lists."""
        return self.order.size

    @property
    def unit_of_observation(self) -> np.ndarray:
        """``(list,)`` where each list of the data stands in the order of the core."""
        return np.argsort(self.order)

    @property
    def core_data(self) -> tuple[np.ndarray, ...]:
        """The data arrays of the compiled core."""
        return self.cell_length, self.cell_start, self.recalled, self.offsets, self.semantic

    @cached_property
    def list_participant(self) -> np.ndarray:
        """``(list,)`` participant of each list, in the order of the core."""
        return np.repeat(self.cell_participant, np.diff(self.cell_start))

    def one_participant(self, participant: int) -> "RecallDesign":
        """The part of the design that belongs to one participant (for fits participant by participant)."""
        return self.some_participants(participant, participant + 1)

    def some_participants(self, first_one: int, stop: int) -> "RecallDesign":
        """The part of the participants from `first_one` to before `stop`, who are counted from 0."""
        cells = np.flatnonzero((self.cell_participant >= first_one) & (self.cell_participant < stop))
        first, last = self.cell_start[cells[0]], self.cell_start[cells[-1] + 1]
        start, end = self.offsets[first], self.offsets[last]
        return RecallDesign(
            self.cell_participant[cells] - first_one,
            self.cell_length[cells],
            self.cell_start[cells[0] : cells[-1] + 2] - first,
            self.order[first:last],
            self.recalled[start:end].copy(),
            self.offsets[first : last + 1] - start,
            self.semantic[first:last] if self.semantic.size else self.semantic,
            stop - first_one,
        )

    def repeated(self, times: int) -> "RecallDesign":
        """The design `times` over, each copy a participant of its own (to evaluate many points in one call)."""
        copy = np.arange(times)[:, None]
        recalls = self.recalled.size
        return RecallDesign(
            (copy * self.n_participants + self.cell_participant).ravel(),
            np.tile(self.cell_length, times),
            np.r_[0, (copy * self.n_lists + self.cell_start[1:]).ravel()],
            np.arange(times * self.n_lists),
            np.tile(self.recalled, times),
            np.r_[0, (copy * recalls + self.offsets[1:]).ravel()],
            np.tile(self.semantic, (times, 1, 1)),
            times * self.n_participants,
        )


def recall_design(
    data: "FreeRecallData", similarity: np.ndarray | None = None, rows: np.ndarray | None = None
) -> RecallDesign:
    """Lay out free-recall data.

    Parameters
    ----------
    data : FreeRecallData
    similarity : numpy.ndarray, optional
        ``(list, position, position)``, for models with semantic similarity.
    rows : numpy.ndarray, optional
        ``(list,)`` numbers from 0 that stand in the place of participants, where a participant's lists do not all have the
        same parameters (:mod:`kvfit.regression`).

    Returns
    -------
    RecallDesign
    """
    length = data.list_length.astype(np.int64)
    owner, n_owners = (data.participant, data.n_participants) if rows is None else (rows, int(rows.max()) + 1)
    order = np.lexsort((np.arange(length.size), length, owner))
    person, length = owner[order].astype(np.int64), length[order]
    new_cell = np.flatnonzero(np.r_[True, (np.diff(person) != 0) | (np.diff(length) != 0)])
    counts = np.diff(data.offsets)[order]
    offsets = np.r_[0, np.cumsum(counts)].astype(np.int64)
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
    recalled = np.asarray(data.recalled, dtype=np.int64)[np.repeat(data.offsets[:-1][order], counts) + within]
    n = int(length.max())
    if similarity is None:
        semantic = np.zeros((0, 0, 0))
    else:
        semantic = np.ascontiguousarray(np.asarray(similarity, dtype=float)[order])
        if semantic.shape != (order.size, n, n):
            raise ValueError(
                f"similarity: expected shape (list, position, position) = {(order.size, n, n)}, found {semantic.shape}"
            )
        if not np.isfinite(semantic).all():
            raise ValueError("similarity: every value must be finite; give unknown items the mean similarity")
    return RecallDesign(
        person[new_cell],
        length[new_cell],
        np.r_[new_cell, order.size].astype(np.int64),
        order,
        recalled,
        offsets,
        semantic,
        n_owners,
    )
