"""Read free recall data from a file or a data frame, or say everything that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from kvfit.tasks.event_tables import tidy_events
from kvfit.tasks.free_recall import FreeRecallData, build_free_recall
from kvfit.tasks.matrices import RecallMatrix, matrix_events
from kvfit.tasks.penn import read_penn
from kvfit.tasks.problems import Place, Problem, ProblemLog
from kvfit.tasks.reading_rules import EmptyParticipants, ReadingRules, RepeatedItems
from kvfit.tasks.sources import (
    Columns,
    describe_source,
    existing_file,
    open_table,
    rename_columns,
    sound_or_error,
    source_stem,
)
from kvfit.tasks.validation import CheckedEvents, check_events
from kvfit.tasks.wide import is_wide, read_wide

#: Endings of files with Penn matrices.
PENN_SUFFIXES = (".mat", ".npz")


def read_free_recall(
    source: str | Path | pd.DataFrame,
    *,
    columns: Columns | None = None,
    name: str | None = None,
    description: str | None = None,
    list_length: int | None = None,
    repeated_items: RepeatedItems = "error",
    empty_participants: EmptyParticipants = "error",
    ignore_case: bool = False,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> FreeRecallData:
    """Read free recall data and check them completely.

    The form is found by itself: a long table (CSV, TSV, semicolons, gzip-compressed or not, or a data frame)
    with the columns ``subject``, ``list``, ``trial_type`` (``study`` or ``recall``), ``position`` and
    ``item``; a wide table with ``subject``, ``list``, ``list_length``, ``recall_1``, ``recall_2``, ...
    (recalled study positions, -1 = intrusion, empty = none); or Penn matrices (.mat, .npz) with ``recalls``,
    ``subject``, ``listLength``. All other columns are kept, those that are constant within lists as
    conditions in ``lists``.

    In the long form a response belongs to the study row with the same item in the same list; responses
    without one are intrusions. Items are compared as they are written, except with `ignore_case`.

    Parameters
    ----------
    source : str, pathlib.Path or pandas.DataFrame
    columns : mapping, optional
        kvfit's names to yours: ``{"subject": "participant_id", "item": "word"}``. Several of your columns
        make one label: ``{"list": ["session", "trial"]}``.
    name : str, optional
        Short name; default the stem of the file.
    description : str, optional
        Where the data come from, for reports; default the file's name.
    list_length : int, optional
        Length of all lists, for wide tables and matrices that do not hold it.
    repeated_items : {"error", "drop", "first"}
        Lists in which an item was studied more than once, see `kvfit.tasks.reading_rules.ReadingRules`.
    empty_participants : {"error", "drop", "keep"}
        Participants without a response.
    ignore_case : bool
        Match items whatever their case and outer blanks.
    encoding, delimiter : str, optional
        Of a text file; default UTF-8, and the delimiter that the header shows.

    Returns
    -------
    FreeRecallData

    Raises
    ------
    DataError
        If anything is wrong; it lists every problem with participant, list, row, what was expected and
        found, and what to do. Rows of text files are lines (the header is line 1; a quoted line break
        counts as none), rows of data frames count from 0, rows of matrices from 1.
    FileNotFoundError
        If there is no such file.

    Warns
    -----
    DataWarning
        If responses differ from a studied item only by case or outer blanks.
    """
    data, log = _examine(
        source,
        columns=columns,
        name=name,
        description=description,
        list_length=list_length,
        repeated_items=repeated_items,
        empty_participants=empty_participants,
        ignore_case=ignore_case,
        encoding=encoding,
        delimiter=delimiter,
    )
    return sound_or_error(data, log, name, source)


def check_file(source: str | Path | pd.DataFrame, **options: Any) -> list[Problem]:
    """Check free recall data without using them.

    Parameters
    ----------
    source : str, pathlib.Path or pandas.DataFrame
    **options
        As for `read_free_recall`.

    Returns
    -------
    list of Problem
        Empty if the data are sound; entries with ``severity == "warning"`` do not stop the reading.
    """
    return _examine(source, **options)[1].problems


def _examine(
    source: str | Path | pd.DataFrame,
    *,
    columns: Columns | None = None,
    name: str | None = None,
    description: str | None = None,
    list_length: int | None = None,
    repeated_items: RepeatedItems = "error",
    empty_participants: EmptyParticipants = "error",
    ignore_case: bool = False,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> tuple[FreeRecallData | None, ProblemLog]:
    """Read and check; None and the problems if there are errors."""
    rules = ReadingRules(repeated_items, empty_participants, ignore_case)
    log = ProblemLog()
    read = _read_events(source, columns, list_length, rules, log, encoding, delimiter)
    if log.errors or read is None:
        return None, log
    events, left_out = tidy_events(
        read.checked, read.table, rules, text_cells=read.text_cells, decimal_comma=read.decimal_comma
    )
    if not (events["recall_type"] == "correct").any():
        log.add(
            "nothing_left",
            "No scored response is left",
            expected="lists with at least one correct recall",
            fix="choose other rules, e.g. repeated_items='first'",
            places=[Place(found=f"left out: {'; '.join(left_out) or 'nothing'}")],
        )
        return None, log
    said = describe_source(source, description)
    if left_out:
        said += f"; left out: {'; '.join(left_out)}"
    return build_free_recall(events, name or source_stem(source), said), log


@dataclass(frozen=True, eq=False)
class _ReadTable:
    """A checked table and how it was written."""

    checked: CheckedEvents
    table: pd.DataFrame
    text_cells: bool
    decimal_comma: bool


def _read_events(
    source: str | Path | pd.DataFrame,
    columns: Columns | None,
    list_length: int | None,
    rules: ReadingRules,
    log: ProblemLog,
    encoding: str | None,
    delimiter: str | None,
) -> _ReadTable | None:
    """Read and check; problems go to `log`."""
    if not isinstance(source, pd.DataFrame) and Path(source).suffix.lower() in PENN_SUFFIXES:
        path = existing_file(source)
        log.row_unit = "matrix row"
        names = {ours: str(theirs) for ours, theirs in (columns or {}).items()}
        matrix = read_penn(path, log, names=names, list_length=list_length)
        return None if matrix is None else _check_matrix(matrix, rules, log, text_cells=False)
    opened = open_table(source, log, encoding=encoding, delimiter=delimiter)
    if opened is None:
        return None
    table = rename_columns(opened.cells, columns or {}, log)
    if is_wide(list(table.columns)):
        matrix = read_wide(table, opened.rows, log, list_length=list_length)
        return None if matrix is None else _check_matrix(matrix, rules, log, text_cells=opened.text_cells)
    checked = check_events(table, opened.rows, rules, log)
    return None if checked is None else _ReadTable(checked, table, opened.text_cells, opened.decimal_comma)


def _check_matrix(matrix: RecallMatrix, rules: ReadingRules, log: ProblemLog, *, text_cells: bool) -> _ReadTable | None:
    events, rows = matrix_events(matrix, log)
    if log.errors and events.empty:
        return None
    checked = check_events(events, rows, rules, log)
    return None if checked is None else _ReadTable(checked, events, text_cells, decimal_comma=False)
