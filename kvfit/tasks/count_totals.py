"""Numbers of trials beside counts of responses: they must add up."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from kvfit.tasks.count_columns import STATUS_OF_TOTAL, CountColumn
from kvfit.tasks.labels import as_text
from kvfit.tasks.numbers import Decimal, read_numbers
from kvfit.tasks.problems import PLACES_SHOWN, Place, ProblemLog

#: Words that say that a column counts, not what.
_COUNTING = frozenset({"n", "num", "number", "of", "trials", "items", "total", "responses", "sum"})


def check_totals(
    table: pd.DataFrame,
    rows: np.ndarray,
    columns: Sequence[CountColumn],
    counts: np.ndarray,
    log: ProblemLog,
    decimal: Decimal = None,
) -> None:
    """Report columns called as numbers of trials that are other than the sum of the counts.

    Parameters
    ----------
    table : pandas.DataFrame
        With ``subject``.
    rows : ndarray of int64, shape (row,)
        Row numbers in the user's file.
    columns : sequence of CountColumn
    counts : ndarray of int64, shape (row, column)
    log : ProblemLog
        ``n_old`` and ``n_new`` must be the sums of their columns. ``n``, ``total`` and the like may count all trials of a
        row or those of one status: they are errors where they contradict what they say in most rows, and else told as
        columns that do not say how many trials there were.
    decimal : {"comma", "point"}, optional
    """
    counted = {one.name for one in columns} | {one.less for one in columns}
    status = np.array([one.old for one in columns], dtype=object)
    sums = {"all": counts.sum(axis=1)}
    sums |= {
        word: counts[:, status == old].sum(axis=1) for word, old in (("old", True), ("new", False)) if old in status
    }
    for name in map(str, table.columns):
        words = [word for word in re.split(r"[ _.-]+", name.lower()) if word and word not in _COUNTING]
        of_status = len(words) == 1 and words[0] in STATUS_OF_TOTAL and words[0] != name.lower()
        if name in counted or not (of_status or not words):
            continue
        numbers = read_numbers(as_text(table[name])[0], decimal)
        if of_status:
            wanted = "old" if STATUS_OF_TOTAL[words[0]] else "new"
            if wanted in sums:
                _report(table, rows, name, numbers, sums[wanted], log, severe=True)
        else:
            _check_any(table, rows, name, numbers, sums, log)


def _check_any(
    table: pd.DataFrame,
    rows: np.ndarray,
    name: str,
    numbers: np.ndarray,
    sums: Mapping[str, np.ndarray],
    log: ProblemLog,
) -> None:
    """Of a total that may be of all trials or of one status, take the sum that it agrees with most."""
    agree = {word: int((numbers == one).sum()) for word, one in sums.items()}
    best = max(agree, key=agree.__getitem__)
    n_known = int(np.isfinite(numbers).sum())
    _report(table, rows, name, numbers, sums[best], log, severe=n_known > 0 and agree[best] >= n_known / 2)


def _report(
    table: pd.DataFrame,
    rows: np.ndarray,
    name: str,
    numbers: np.ndarray,
    wanted: np.ndarray,
    log: ProblemLog,
    *,
    severe: bool,
) -> None:
    at = np.flatnonzero(np.isfinite(numbers) & (numbers != wanted))
    if not len(at):
        return
    subject = as_text(table["subject"])[0]
    log.add(
        "count_total",
        f"'{name}' is other than the sum of the counts",
        expected="the number of all trials of the row, or of those of one status, if the column is one of trials",
        fix="correct the counts or the number; if it is something else, "
        + ("pass ignore_columns= or rename it" if severe else "nothing needs to be done: it is kept as a condition"),
        column=name,
        places=[
            Place(subject[row] or None, row=int(rows[row]), found=f"{numbers[row]:g}, counts sum to {wanted[row]}")
            for row in at[:PLACES_SHOWN]
        ],
        n_places=len(at),
        severity="error" if severe else "warning",
    )
