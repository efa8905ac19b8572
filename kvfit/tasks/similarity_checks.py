"""Checks of a file of similarities or vectors by itself: finite, symmetric, each item said once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kvfit.tasks.problems import PLACES_SHOWN, Place, ProblemLog
from kvfit.tasks.similarity_files import ItemTable

#: Differences between the two halves of a matrix, relative to its largest value, that pass for rounding.
ROUNDING = 1e-3


def item_keys(labels: np.ndarray, ignore_case: bool) -> np.ndarray:
    """Item labels as they are compared, object (str), ``(item,)``."""
    return np.array([str(label).strip().casefold() if ignore_case else str(label) for label in labels], dtype=object)


def check_item_table(table: ItemTable, ignore_case: bool, log: ProblemLog) -> dict[str, int]:
    """Report what is wrong with a file, whatever is done with it.

    Parameters
    ----------
    table : ItemTable
    ignore_case : bool
        Take labels that differ only by case or outer blanks for one item.
    log : ProblemLog

    Returns
    -------
    dict of str to int
        First row of each item, by its key.
    """
    keys = item_keys(table.items, ignore_case)
    _report(
        table,
        np.isinf(table.values).any(axis=1),
        log,
        "not_finite",
        "Values are infinite",
        expected="finite numbers",
        fix="correct the values; leave unknown ones empty (nan)",
    )
    _report(
        table,
        np.array([not key.strip() for key in keys], dtype=bool),
        log,
        "missing_label",
        "Rows have no item label",
        expected="the item that the row describes",
        fix="fill in the labels or remove the rows",
    )
    group, _ = pd.factorize(keys)
    first = np.unique(group, return_index=True)[1]
    copy = first[group] != np.arange(len(group))
    columns = first if table.kind == "matrix" else np.arange(table.values.shape[1])
    differs = np.zeros(len(keys), dtype=bool)
    at = np.flatnonzero(copy)
    mine, original = table.values[np.ix_(at, columns)], table.values[np.ix_(first[group[at]], columns)]
    differs[at] = ((mine != original) & ~(np.isnan(mine) & np.isnan(original))).any(axis=1)
    _report(
        table,
        differs,
        log,
        "conflicting_copies",
        "Items occur several times with different values",
        expected="each item once",
        fix="remove the wrong rows (items that differ only by case are one item under ignore_case=True)",
    )
    if table.kind == "matrix":
        _check_symmetry(table, first, log)
    return {str(keys[row]): int(row) for row in first}


def _report(
    table: ItemTable, bad: np.ndarray, log: ProblemLog, code: str, what: str, *, expected: str, fix: str
) -> None:
    rows = np.flatnonzero(bad)
    if len(rows):
        places = [Place(row=int(table.rows[row]), found=repr(table.items[row])) for row in rows[:PLACES_SHOWN]]
        log.add(code, what, expected=expected, fix=fix, places=places, n_places=len(rows))


def _check_symmetry(table: ItemTable, first: np.ndarray, log: ProblemLog) -> None:
    values = table.values[np.ix_(first, first)]
    with np.errstate(invalid="ignore"):
        # NaN compares as False: an empty cell is no contradiction.
        limit = ROUNDING * np.abs(values[np.isfinite(values)]).max(initial=0.0)
        uneven = np.argwhere(np.triu(np.abs(values - values.T) > limit))
    if len(uneven):
        items, rows = table.items[first], table.rows[first]
        log.add(
            "asymmetric",
            "The matrix is not symmetric",
            expected="the same similarity of a to b as of b to a, or one of the two cells empty",
            fix="average the two halves, or empty one cell of each pair",
            places=[
                Place(row=int(rows[a]), found=f"{items[a]!r} to {items[b]!r} {values[a, b]:g}, back {values[b, a]:g}")
                for a, b in uneven[:PLACES_SHOWN]
            ],
            n_places=len(uneven),
        )
