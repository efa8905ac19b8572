"""Read a wide table of recalled positions: one row a list, with the columns recall_1, recall_2, ..."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from kvfit.tasks.event_columns import report_missing_columns
from kvfit.tasks.labels import as_text
from kvfit.tasks.matrices import RecallMatrix
from kvfit.tasks.numbers import Decimal, in_doubt, read_numbers
from kvfit.tasks.problems import PLACES_SHOWN, Place, ProblemLog

_RECALL = re.compile(r"recall[ _.]?0*([0-9]+)", re.IGNORECASE)
_TIME = re.compile(r"time[ _.]?0*([0-9]+)", re.IGNORECASE)


def is_wide(columns: Sequence[str]) -> bool:
    """Tell a wide table by its columns ``recall_1``, ``recall_2``, ..."""
    return any(_RECALL.fullmatch(str(column)) for column in columns) and "trial_type" not in columns


def recall_columns(columns: Sequence[str]) -> list[str]:
    """Name the columns ``recall_1``, ``recall_2``, ... of a table."""
    return [str(column) for column in columns if _RECALL.fullmatch(str(column))]


def read_wide(
    table: pd.DataFrame,
    rows: np.ndarray,
    log: ProblemLog,
    *,
    list_length: int | None = None,
    decimal: Decimal = None,
) -> RecallMatrix | None:
    """Read a wide table.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``subject``, ``list``, ``list_length`` (or the argument), ``recall_1``, ``recall_2``, ...
        (study position of the recalled item, -1 = intrusion, empty or 0 = no response), optionally
        ``time_1``, ...; other columns are conditions.
    rows : ndarray of int64, shape (list,)
        Row numbers in the user's file.
    log : ProblemLog
    list_length : int, optional
        Length of all lists.
    decimal : {"comma", "point"}, optional
        Decimal mark of the file.

    Returns
    -------
    RecallMatrix or None
        None if a column is missing; `log` then says which.
    """
    needed = ["subject", "list"] + (["list_length"] if list_length is None else [])
    missing = [name for name in needed if name not in table.columns]
    report_missing_columns(missing, list(table.columns), log)
    outputs, times = _numbered(table, _RECALL, log), _numbered(table, _TIME, log)
    skipped = sorted(set(range(1, max(outputs) + 1)) - set(outputs))
    report_missing_columns([f"recall_{number}" for number in skipped], list(table.columns), log)
    if missing or skipped:
        return None
    cells = np.column_stack([as_text(table[outputs[at]])[0] for at in sorted(outputs)])
    if list_length is None:
        lengths = read_numbers(as_text(table["list_length"])[0], decimal)
    else:
        lengths = np.full(len(table), float(list_length))
    recalls = read_numbers(cells, decimal)
    _warn_of_zeros(table, rows, cells, recalls, lengths, log)
    used = {*needed, "list_length", *outputs.values(), *times.values()}
    extras = {name: table[name] for name in table.columns if name not in used}
    return RecallMatrix(
        recalls=recalls,
        subject=as_text(table["subject"])[0],
        list=as_text(table["list"])[0],
        list_length=lengths,
        rows=rows,
        cells=cells,
        times=_times(table, rows, times, sorted(outputs), log, decimal),
        extras=pd.DataFrame(extras, index=table.index),
    )


def _warn_of_zeros(
    table: pd.DataFrame, rows: np.ndarray, cells: np.ndarray, recalls: np.ndarray, lengths: np.ndarray, log: ProblemLog
) -> None:
    """Warn of zeros that may be first positions: empty cells say "no response" too, and no last item was recalled."""
    zero = (recalls == 0) & (recalls > 0).any(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        last_recalled = (recalls >= lengths[:, None]).any()
    at = np.flatnonzero(zero.any(axis=1))
    if len(at) and (cells == "").any() and not last_recalled:
        log.add(
            "zero_or_first",
            "Zeros count as no response, but may be first study positions",
            expected="study positions from 1; 0 or an empty cell for no response",
            fix="empty these cells; or pass first_position=0 if positions were counted from 0",
            column="recalls",
            places=[
                Place(str(table["subject"].iloc[one]), str(table["list"].iloc[one]), int(rows[one]), "0 after a recall")
                for one in at[:PLACES_SHOWN]
            ],
            n_places=len(at),
            severity="warning",
        )


def _numbered(table: pd.DataFrame, pattern: re.Pattern[str], log: ProblemLog) -> dict[int, str]:
    found: dict[int, str] = {}
    for column in map(str, table.columns):
        if match := pattern.fullmatch(column):
            if int(match[1]) in found:
                log.add(
                    "duplicate_column",
                    "Two columns are of the same output position",
                    expected="a column for each output position, each of them once",
                    fix="rename or remove one of them, or pass ignore_columns=",
                    places=[Place(found=f"{found[int(match[1])]!r} and {column!r}")],
                )
            found[int(match[1])] = column
    return found


def _times(
    table: pd.DataFrame,
    rows: np.ndarray,
    columns: dict[int, str],
    outputs: list[int],
    log: ProblemLog,
    decimal: Decimal,
) -> np.ndarray | None:
    """Read response times, ``(list, output)``; NaN where the table has none."""
    if not columns:
        return None
    times = np.full((len(table), len(outputs)), np.nan)
    for at, output in enumerate(outputs):
        if output not in columns:
            continue
        text, missing = as_text(table[columns[output]])
        times[:, at] = read_numbers(text, decimal)
        bad = np.flatnonzero(~missing & np.isnan(times[:, at]))
        if len(bad):
            log.add(
                "time_not_number",
                "Response times are not numbers",
                expected="a number, or an empty cell",
                fix="correct the cells" + in_doubt(text[bad]),
                column=columns[output],
                places=[Place(row=int(rows[one]), found=repr(text[one])) for one in bad[:PLACES_SHOWN]],
                n_places=len(bad),
            )
    return times
