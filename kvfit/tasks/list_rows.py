"""The rows of an event table arranged by list, and the responses matched to what was studied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kvfit.tasks.event_columns import EventColumns
from kvfit.tasks.labels import order_labels
from kvfit.tasks.problems import PLACES_SHOWN, Place


@dataclass(frozen=True, eq=False)
class ListRows:
    """Which rows belong to which list.

    Lists are numbered by participant, then list label, both in natural order.

    Attributes
    ----------
    columns : EventColumns
    subjects, labels : ndarray, shape (list,)
        Participant and list label of each list.
    participant : ndarray of int64, shape (list,)
        Number of the list's participant.
    of_row : ndarray of int64, shape (row,)
        List of each row; -1 where participant or list is missing.
    study, responses : ndarray of int64
        Usable rows of studied items and of responses (recalls, test trials), sorted by list, then position.
    touched : ndarray of bool, shape (list,)
        Lists with a row that was reported already. What follows from that row (a gap, say) is not reported
        again, so that each fault has one entry.
    """

    columns: EventColumns
    subjects: np.ndarray
    labels: np.ndarray
    participant: np.ndarray
    of_row: np.ndarray
    study: np.ndarray
    responses: np.ndarray
    touched: np.ndarray

    @property
    def n_lists(self) -> int:
        """Number of lists that have a participant and a label."""
        return len(self.subjects)

    def counts(self, rows: np.ndarray) -> np.ndarray:
        """Count rows per list."""
        return np.bincount(self.of_row[rows], minlength=self.n_lists)

    def first_rows(self) -> np.ndarray:
        """Return the row with which each list begins in the file."""
        first = np.full(self.n_lists, np.iinfo(np.int64).max)
        at = np.flatnonzero(self.of_row >= 0)
        np.minimum.at(first, self.of_row[at], at)
        return first

    def places(self, lists: np.ndarray, at: np.ndarray, found: Iterable[object]) -> list[Place]:
        """Name lists for a problem, with a row of each."""
        shown = zip(lists[:PLACES_SHOWN], at[:PLACES_SHOWN], found, strict=False)
        return [
            Place(self.subjects[one], self.labels[one], int(self.columns.rows[row]), str(text))
            for one, row, text in shown
        ]


def arrange_lists(columns: EventColumns) -> ListRows:
    """Find the lists and sort their rows.

    Parameters
    ----------
    columns : EventColumns

    Returns
    -------
    ListRows
    """
    keyed = np.flatnonzero(columns.keyed)
    subject_codes, subject_labels = order_labels(columns.subject[keyed])
    list_codes, list_labels = order_labels(columns.label[keyed])
    n_labels = max(len(list_labels), 1)
    keys, list_of_keyed = np.unique(subject_codes * n_labels + list_codes, return_inverse=True)
    of_row = np.full(len(columns.rows), -1, dtype=np.int64)
    of_row[keyed] = list_of_keyed
    touched = np.zeros(len(keys), dtype=bool)
    touched[_lists_near(of_row, np.flatnonzero(~columns.usable))] = True
    return ListRows(
        columns=columns,
        subjects=subject_labels[keys // n_labels],
        labels=list_labels[keys % n_labels],
        participant=keys // n_labels,
        of_row=of_row,
        study=_sorted_rows(columns, of_row, columns.usable & columns.is_study),
        responses=_sorted_rows(columns, of_row, columns.usable & columns.is_response),
        touched=touched,
    )


def _sorted_rows(columns: EventColumns, of_row: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    at = np.flatnonzero(chosen)
    return at[np.lexsort((at, columns.position[at], of_row[at]))]


def _lists_near(of_row: np.ndarray, bad: np.ndarray) -> np.ndarray:
    # A row without a label belongs to the list of the row above it or below it.
    around = pd.Series(of_row).where(of_row >= 0)
    above = around.ffill().to_numpy()[bad]
    below = around.bfill().to_numpy()[bad]
    near = np.concatenate([above, below])
    return near[~np.isnan(near)].astype(np.int64)


@dataclass(frozen=True, eq=False)
class Matches:
    """Responses matched to study rows by item label within their list.

    Attributes
    ----------
    study_row : ndarray of int64, shape (recall,)
        Index into `ListRows.study` of the matched row, the item's first; -1 for an intrusion.
    repeat : ndarray of bool, shape (recall,)
        The item was already recalled in this list.
    """

    study_row: np.ndarray
    repeat: np.ndarray

    @property
    def intrusion(self) -> np.ndarray:
        """Responses that are no item of their list."""
        return self.study_row < 0


def item_keys(items: np.ndarray, *, ignore_case: bool) -> np.ndarray:
    """Give each item label a number, ``(row,)``; with `ignore_case` case and outer blanks do not count."""
    codes, uniques = pd.factorize(items)
    if not ignore_case:
        return codes.astype(np.int64)
    folded, _ = pd.factorize(np.array([str(item).strip().casefold() for item in uniques], dtype=object))
    return folded[codes].astype(np.int64)


def match_recalls(lists: ListRows, keys: np.ndarray) -> Matches:
    """Match every response to the study row of the same item in the same list.

    Parameters
    ----------
    lists : ListRows
    keys : ndarray of int64, shape (row,)
        Item numbers (`item_keys`).

    Returns
    -------
    Matches
        In the order of `lists.responses`.
    """
    n_keys = int(keys.max(initial=0)) + 1
    studied = lists.of_row[lists.study] * n_keys + keys[lists.study]
    recalled = lists.of_row[lists.responses] * n_keys + keys[lists.responses]
    # Stable: of an item's several study rows the first comes first.
    order = np.argsort(studied, kind="stable")
    at = np.searchsorted(studied[order], recalled)
    at_most = np.minimum(at, max(len(order) - 1, 0))
    found = np.zeros(len(recalled), dtype=bool)
    if len(order):
        found = studied[order][at_most] == recalled
    found &= ~lists.columns.item_missing[lists.responses]
    study_row = np.where(found, order[at_most] if len(order) else -1, -1)
    repeat = found & pd.Series(recalled).duplicated().to_numpy()
    return Matches(study_row, repeat)
