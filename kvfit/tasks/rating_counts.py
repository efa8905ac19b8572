"""Read wide tables of rating counts: one row a participant, condition and old/new; one column a category."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from kvfit.tasks.event_columns import report_missing_columns
from kvfit.tasks.labels import as_integers, as_text
from kvfit.tasks.problems import PLACES_SHOWN, Place, ProblemLog
from kvfit.tasks.recognition_columns import ALIASES
from kvfit.tasks.response_scale import Scale, normalise_response, scale_labels

_COUNT = re.compile(r"(?:count|n|freq|rating|response|resp|r)[ _.]?(-?[0-9]+)", re.IGNORECASE)

#: More trials than this come from a column that holds no counts.
_MOST_TRIALS = 10_000_000


def count_columns(columns: Sequence[str], scale: Scale | None) -> dict[str, str]:
    """Tell a wide table of counts by its columns.

    Parameters
    ----------
    columns : sequence of str
        Of the table.
    scale : sequence or str, optional
        The user's scale; its labels may be column names.

    Returns
    -------
    dict of str to str
        Label of a category to its column, in the order of the columns' numbers or of the scale; empty if this is
        no table of counts. Columns are called ``count_1``, ``count_2``, ... (also ``n_1``, ``rating_1``, ``r1``),
        or as the labels of the scale.
    """
    if "response" in columns:
        return {}
    by_label = {normalise_response(str(column)): str(column) for column in columns}
    labels = scale_labels(scale) if scale is not None else ()
    if labels and all(label in by_label for label in labels):
        return {label: by_label[label] for label in labels}
    found = {int(match[1]): str(column) for column in columns if (match := _COUNT.fullmatch(str(column)))}
    return {str(number): found[number] for number in sorted(found)} if len(found) > 1 else {}


def expand_counts(
    table: pd.DataFrame, rows: np.ndarray, columns: dict[str, str], log: ProblemLog
) -> tuple[pd.DataFrame, np.ndarray] | None:
    """Turn counts into one row a trial, exactly.

    Parameters
    ----------
    table : pandas.DataFrame
        With ``subject``, ``old``, the count columns and any conditions.
    rows : ndarray of int64, shape (row,)
        Row numbers in the user's file.
    columns : dict of str to str
        From `count_columns`.
    log : ProblemLog

    Returns
    -------
    table : pandas.DataFrame
        The count columns are replaced by ``response``; one row a trial.
    rows : ndarray of int64, shape (trial,)
        Row of the user's file that each trial comes from.

    None if the table cannot be expanded; `log` then says why.
    """
    lacking = [name for name in ("subject", "old") if name not in table.columns]
    report_missing_columns(lacking, list(table.columns), log, synonyms=ALIASES)
    counts = np.zeros((len(table), len(columns)), dtype=np.int64)
    for k, name in enumerate(columns.values()):
        text, missing = as_text(table[name])
        counts[:, k], bad = as_integers(text)
        at = np.flatnonzero(missing | bad | (counts[:, k] < 0) | (counts[:, k] > _MOST_TRIALS))
        if len(at):
            log.add(
                "count",
                "Counts are no whole numbers of at least 0",
                expected="the number of responses in this category; 0 where there were none",
                fix="correct the cells; fill empty cells with 0 if nobody used the category there",
                column=name,
                places=_places(table, rows, at, [repr(text[row]) if text[row] else "nothing" for row in at]),
                n_places=len(at),
            )
    if log.errors:
        return None
    rest = table.drop(columns=list(columns.values()))
    _check_duplicates(rest, rows, log)
    if not counts.any():
        log.add(
            "no_rows",
            "All counts are 0",
            expected="at least one response",
            fix="check that the file was written completely",
        )
    if log.errors:
        return None
    of_row = np.repeat(np.arange(len(table)), counts.sum(axis=1))
    labels = np.tile(np.array(list(columns), dtype=object), len(table))
    trials = rest.iloc[of_row].reset_index(drop=True)
    return trials.assign(response=np.repeat(labels, counts.ravel())), rows[of_row]


def _check_duplicates(rest: pd.DataFrame, rows: np.ndarray, log: ProblemLog) -> None:
    cells = pd.DataFrame({name: as_text(rest[name])[0] for name in rest.columns})
    at = np.flatnonzero(cells.duplicated())
    if len(at):
        first = cells.drop_duplicates().reset_index().merge(cells.iloc[at], on=list(cells.columns), how="right")
        log.add(
            "duplicate_cell",
            "The same participant, condition and status has several rows",
            expected="one row of counts for each participant, condition and old/new",
            fix="remove copied rows; if they are different lists, add a column 'list'",
            places=_places(
                rest, rows, at, [f"as in {log.row_unit} {rows[one]}" for one in first["index"].head(PLACES_SHOWN)]
            ),
            n_places=len(at),
        )


def _places(table: pd.DataFrame, rows: np.ndarray, at: np.ndarray, found: Sequence[str]) -> list[Place]:
    subject = as_text(table["subject"])[0] if "subject" in table.columns else np.full(len(table), "", dtype=object)
    shown = zip(at[:PLACES_SHOWN], found, strict=False)
    return [Place(participant=subject[row] or None, row=int(rows[row]), found=text) for row, text in shown]
