"""Add counts of cells up by participant and condition, new items beside old ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kvfit.tasks.recognition_cells import RecognitionCells

#: Counts copied at a time when cells are added up, to bound memory.
CHUNK = 2**22


@dataclass(frozen=True, eq=False)
class Groups:
    """Which cells make up which group.

    Attributes
    ----------
    levels : dict of str to ndarray
        Values of each column, in order; groups are all their combinations, the last column fastest.
    cell : ndarray of int64, shape (member,)
        Cells, some of them several times: see `shared`.
    index : ndarray of int64, shape (member,)
        group * 2 + old of each member, non-decreasing.
    shared : tuple of str
        Columns that describe only old or only new items. Items of the other kind belong to every level: hits of
        strong and of weak items stand against the same false alarms.
    """

    levels: dict[str, npt.NDArray]
    cell: npt.NDArray[np.int64]
    index: npt.NDArray[np.int64]
    shared: tuple[str, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of levels of each column."""
        return tuple(len(labels) for labels in self.levels.values())

    def add_up(self, counts: npt.NDArray) -> npt.NDArray[np.float64]:
        """Add counts up.

        Parameters
        ----------
        counts : (..., cell, category)

        Returns
        -------
        (..., *sizes, status, category) float
            Status 0 is new items, 1 old items.
        """
        n_groups = int(np.prod(self.sizes, dtype=np.int64))
        *leading, n_cells, n_categories = counts.shape
        draws = counts.reshape(-1, n_cells, n_categories)
        out = np.zeros((len(draws), n_groups * 2, n_categories))
        if len(self.cell):
            targets, starts = np.unique(self.index, return_index=True)
            size = max(1, CHUNK // max(1, len(self.cell) * n_categories))
            for start in range(0, len(draws), size):
                members = draws[start : start + size, self.cell]
                out[start : start + size, targets] = np.add.reduceat(members, starts, axis=1)
        return out.reshape(*leading, *self.sizes, 2, n_categories)


def group_cells(cells: RecognitionCells, by: tuple[str, ...], statuses: tuple[str, ...]) -> Groups:
    """Sort cells into groups.

    Parameters
    ----------
    cells : RecognitionCells
    by : tuple of str
        ``"subject"`` and columns of `cells.conditions`.
    statuses : tuple of str
        ``"new"``, ``"old"`` or both: the items that count.

    Returns
    -------
    Groups

    Raises
    ------
    ValueError
        Listing the columns that are missing for some items, or whose levels do not go together.
    """
    problems: list[str] = []
    levels: dict[str, npt.NDArray] = {}
    shared = []
    cell = np.flatnonzero(np.isin(np.where(cells.old, "old", "new"), statuses))
    group = np.zeros(len(cell), dtype=np.int64)
    for name in by:
        if name == "subject":
            # Participants keep the order of the data, which sorts S2 before S10.
            levels[name], code = cells.participants, cells.participant
        else:
            levels[name], code, is_shared = _column(cells, name, statuses, problems)
            shared += [name] * is_shared
        cell, group = _split(cell, group, code, len(levels[name]))
    if problems:
        raise ValueError("cannot group these trials:\n- " + "\n- ".join(problems))
    index = group * 2 + cells.old[cell]
    order = np.argsort(index, kind="stable")
    return Groups(levels, cell[order], index[order], tuple(shared))


def _column(
    cells: RecognitionCells, name: str, statuses: tuple[str, ...], problems: list[str]
) -> tuple[npt.NDArray, npt.NDArray[np.int64], bool]:
    """Return a column's levels, the level of each cell (-1: all of them), and whether one kind is shared."""
    code, uniques = pd.factorize(cells.conditions[name], sort=True)
    labels = np.asarray(uniques)
    of_new, of_old = code[~cells.old], code[cells.old]
    if statuses == ("old",) or statuses == ("new",):
        described = of_old if statuses == ("old",) else of_new
        return (*_levels_of(name, labels, code, described, statuses[0], problems), False)
    new_levels, old_levels = (np.unique(of[of >= 0]) for of in (of_new, of_old))
    if np.intersect1d(new_levels, old_levels).size:
        every = np.r_[of_new, of_old]
        return (*_levels_of(name, labels, code, every, "new and old", problems), False)
    if min(len(new_levels), len(old_levels)) > 1:
        problems.append(
            f"by: no value of '{name}' is shared by old and new items, and both have several; give related items the"
            " same value, or select one kind"
        )
    about_old = len(old_levels) >= len(new_levels)
    kind, described = ("old", of_old) if about_old else ("new", of_new)
    code = np.where(cells.old == about_old, code, -1)
    return (*_levels_of(name, labels, code, described, kind, problems), True)


def _levels_of(
    name: str, labels: npt.NDArray, code: npt.NDArray, described: npt.NDArray, kind: str, problems: list[str]
) -> tuple[npt.NDArray, npt.NDArray[np.int64]]:
    n_missing = int((described < 0).sum())
    if n_missing:
        problems.append(
            f"by: column '{name}' has no value in {n_missing} cells of {kind} items; leave them out (select)"
        )
    used = np.unique(described[described >= 0])
    number = np.full(len(labels) + 1, -1, dtype=np.int64)
    number[used] = np.arange(len(used))
    return labels[used], number[code]


def _split(
    cell: npt.NDArray[np.int64], group: npt.NDArray[np.int64], code: npt.NDArray[np.int64], n_levels: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Split groups by one more column; members at every level (code -1) are repeated."""
    at_all = code[cell] < 0
    repeats = np.where(at_all, n_levels, 1)
    from_member = np.repeat(np.arange(len(cell)), repeats)
    within = np.arange(len(from_member)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    level = np.where(at_all[from_member], within, code[cell][from_member])
    return cell[from_member], group[from_member] * n_levels + level
