"""Read tables of counts: one row a participant, condition and perhaps old/new; one column, or row, a category."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kvfit.tasks.count_columns import CountColumn, check_counts, may_be_answers, other_series
from kvfit.tasks.count_totals import check_totals
from kvfit.tasks.event_columns import report_missing_columns
from kvfit.tasks.labels import as_integers, as_text
from kvfit.tasks.numbers import Decimal, in_doubt, read_numbers
from kvfit.tasks.problems import PLACES_SHOWN, Place, ProblemLog
from kvfit.tasks.recognition_columns import ALIASES
from kvfit.tasks.response_scale import Scale

#: More trials than this come from a column that holds no counts.
_MOST_TRIALS = 10_000_000


def expand_counts(
    table: pd.DataFrame,
    rows: np.ndarray,
    columns: Sequence[CountColumn],
    log: ProblemLog,
    *,
    scale: Scale | None = None,
    decimal: Decimal = None,
) -> tuple[pd.DataFrame, np.ndarray] | None:
    """Turn counts into one row a trial, exactly.

    Parameters
    ----------
    table : pandas.DataFrame
        With ``subject``, the count columns, any conditions, and ``old`` unless the columns tell it.
    rows : ndarray of int64, shape (row,)
        Row numbers in the user's file.
    columns : sequence of CountColumn
        From `kvfit.tasks.count_columns.find_counts`.
    log : ProblemLog
    scale : sequence or str, optional
        The user's scale.
    decimal : {"comma", "point"}, optional
        Decimal mark of the file.

    Returns
    -------
    table : pandas.DataFrame
        The count columns are replaced by ``response`` (and ``old``); one row a trial.
    rows : ndarray of int64, shape (trial,)
        Row of the user's file that each trial comes from.

    None if the table cannot be expanded; `log` then says why.
    """
    of_status = any(one.old is not None for one in columns)
    lacking = [name for name in ("subject", *("old",) * (not of_status)) if name not in table.columns]
    report_missing_columns(lacking, list(table.columns), log, synonyms=ALIASES)
    check_counts(columns, scale, log)
    counts = np.column_stack([_read_counts(table, rows, one.name, log, decimal) for one in columns])
    if log.errors:
        return None
    names = [one.name for one in columns]
    for at, one in enumerate(columns):
        if one.less is not None:
            counts[:, at] -= counts[:, names.index(one.less)]
            _check_remainder(table, rows, one, counts[:, at], log)
    check_totals(table, rows, columns, counts, log, decimal)
    rest = table.drop(columns=names)
    _warn_of_series(rest, columns, log)
    _check_duplicates(rest, rows, log, of_status=of_status)
    _check_some(counts, log)
    if log.errors:
        return None
    of_row = np.repeat(np.arange(len(table)), counts.sum(axis=1))
    labels = np.tile(np.array([one.label for one in columns], dtype=object), len(table))
    made = {"response": np.repeat(labels, counts.ravel())}
    if of_status:
        made["old"] = np.repeat(np.tile([int(bool(one.old)) for one in columns], len(table)), counts.ravel())
    return rest.iloc[of_row].reset_index(drop=True).assign(**made), rows[of_row]


def _warn_of_series(rest: pd.DataFrame, columns: Sequence[CountColumn], log: ProblemLog) -> None:
    """Warn of further numbered columns, and of rows that look like trials with several answers each."""
    names = [repr(one.name) for one in columns]
    further = other_series(list(rest.columns), columns)
    if further:
        log.add(
            "further_counts",
            f"Responses are counted by {', '.join(names)}; other numbered columns are kept as conditions",
            expected="one series of columns of counts",
            fix="pass ignore_columns= with the series that is not meant",
            places=[Place(found=", ".join(map(repr, further)))],
            severity="warning",
        )
    labels = [name for name in rest.columns if name not in ("subject", "old") and _names_rows(rest, name)]
    if labels and may_be_answers(columns):
        log.add(
            "counts_or_answers",
            f"{', '.join(names)} are read as numbers of responses, but each row may be a trial with several answers",
            expected="columns count_1, count_2, ... for counts, or one column 'response'",
            fix=f"if rows are trials, pass columns={{'response': {names[0]}}}; else rename the columns count_1, ...",
            places=[Place(found=f"{labels[0]!r} is different in every row of a participant")],
            severity="warning",
        )


def _names_rows(table: pd.DataFrame, name: str) -> bool:
    """Whether a column is different in every row of each participant, as numbers and names of trials are."""
    text, missing = as_text(table[name])
    subject = as_text(table["subject"])[0]
    pairs = pd.DataFrame({"subject": subject, "cell": text})
    # Rows of one status alone differ by their condition in any table of counts.
    several = pairs.groupby("subject").size().min() > 2
    return bool(several) and not missing.any() and not pairs.duplicated().any()


def expand_weights(
    table: pd.DataFrame, rows: np.ndarray, column: str, log: ProblemLog, decimal: Decimal = None
) -> tuple[pd.DataFrame, np.ndarray] | None:
    """Turn rows that stand for several trials each into one row a trial.

    Parameters
    ----------
    table : pandas.DataFrame
        With ``response``.
    rows : ndarray of int64, shape (row,)
    column : str
        Number of trials of each row.
    log : ProblemLog
    decimal : {"comma", "point"}, optional

    Returns
    -------
    table, rows
        As from `expand_counts`; None if the column does not say how many trials a row stands for: it holds other
        than whole numbers, rows are alike in all other columns, as trials are, or most rows are alone with what stands
        beside the response, as trials with a number or a name of their own are (then `log` warns).
    """
    numbers = read_numbers(as_text(table[column])[0], decimal)
    rest = table.drop(columns=column)
    cells = pd.DataFrame({name: as_text(rest[name])[0] for name in rest.columns})
    whole = np.isfinite(numbers) & (numbers >= 0) & (numbers == np.round(numbers))
    if not whole.all() or cells.duplicated().any() or not (numbers > 1).any() or numbers.sum() > _MOST_TRIALS:
        return None
    # A row of counts has others beside it, with the other responses to the same items.
    beside = cells.drop(columns="response").duplicated(keep=False)
    if beside.mean() < 0.5:
        log.add(
            "count_not_used",
            f"'{column}' is kept as a condition: each row is taken as one trial",
            expected="rows that differ by the response alone, where a row stands for several trials",
            fix="nothing, if rows are trials; else leave out columns that number the rows, with ignore_columns=",
            column=column,
            places=[
                Place(found=f"{int((~beside).sum())} of {len(table)} rows have no row of another response beside them")
            ],
            severity="warning",
        )
        return None
    of_row = np.repeat(np.arange(len(table)), numbers.astype(np.int64))
    return rest.iloc[of_row].reset_index(drop=True), rows[of_row]


def _read_counts(table: pd.DataFrame, rows: np.ndarray, name: str, log: ProblemLog, decimal: Decimal) -> np.ndarray:
    text, missing = as_text(table[name])
    counts, bad = as_integers(text, decimal)
    at = np.flatnonzero(missing | bad | (counts < 0) | (counts > _MOST_TRIALS))
    if len(at):
        log.add(
            "count",
            "Counts are no whole numbers of at least 0",
            expected="the number of responses in this category; 0 where there were none",
            fix="correct the cells; fill empty cells with 0 if nobody used the category there; of proportions the numbers"
            " of responses are needed" + in_doubt(text[at]),
            column=name,
            places=_places(table, rows, at, [repr(text[row]) if text[row] else "nothing" for row in at]),
            n_places=len(at),
        )
    return counts


def _check_remainder(
    table: pd.DataFrame, rows: np.ndarray, column: CountColumn, rest: np.ndarray, log: ProblemLog
) -> None:
    at = np.flatnonzero(rest < 0)
    if len(at):
        log.add(
            "count",
            f"'{column.less}' counts more responses than '{column.name}' counts trials",
            expected="a number of all trials, and of those with one of the two answers",
            fix="correct the cells",
            column=column.name,
            places=_places(table, rows, at, [f"{-rest[row]} too many" for row in at]),
            n_places=len(at),
        )


def _check_some(counts: np.ndarray, log: ProblemLog) -> None:
    if not counts.any():
        log.add(
            "no_rows",
            "All counts are 0",
            expected="at least one response",
            fix="check that the file was written completely",
        )


def _check_duplicates(rest: pd.DataFrame, rows: np.ndarray, log: ProblemLog, *, of_status: bool) -> None:
    cells = pd.DataFrame({name: as_text(rest[name])[0] for name in rest.columns})
    at = np.flatnonzero(cells.duplicated())
    if len(at):
        first = cells.drop_duplicates().reset_index().merge(cells.iloc[at], on=list(cells.columns), how="right")
        kind = "participant and condition" if of_status else "participant, condition and status"
        log.add(
            "duplicate_cell",
            f"The same {kind} has several rows",
            expected=f"one row of counts for each {kind}",
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
