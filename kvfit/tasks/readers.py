"""Read free recall data from a file or a data frame, or say everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from kvfit.tasks.event_columns import REQUIRED
from kvfit.tasks.event_tables import tidy_events
from kvfit.tasks.extra_columns import check_extras
from kvfit.tasks.faulty_lists import advice, checked_by_list, count_lists, left_out_lists
from kvfit.tasks.free_recall import FreeRecallData, build_free_recall
from kvfit.tasks.matrices import RecallMatrix, matrix_events
from kvfit.tasks.numbers import Decimal
from kvfit.tasks.penn import read_penn
from kvfit.tasks.problems import Place, Problem, ProblemLog
from kvfit.tasks.reading_rules import EmptyParticipants, FaultyLists, ReadingRules, RepeatedItems
from kvfit.tasks.scored_tables import is_scored, scored_events
from kvfit.tasks.sources import (
    Columns,
    SourceTable,
    count_from_one,
    describe_source,
    existing_file,
    open_table,
    rename_columns,
    sound_or_error,
    source_stem,
)
from kvfit.tasks.stated_length import check_stated_length
from kvfit.tasks.validation import CheckedEvents, check_events
from kvfit.tasks.wide import is_wide, read_wide, recall_columns

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
    faulty_lists: FaultyLists = "error",
    trust_positions: bool = False,
    ignore_case: bool = False,
    ignore_columns: Sequence[str] | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    first_position: int = 1,
) -> FreeRecallData:
    """Read free recall data and check them completely.

    The form is found by itself: a long table (CSV, TSV, semicolons, gzip-compressed or not, or a data frame)
    with the columns ``subject``, ``list``, ``trial_type`` (``study`` or ``recall``), ``position`` and
    ``item``; a wide table with ``subject``, ``list``, ``list_length``, ``recall_1``, ``recall_2``, ...
    (recalled study positions, -1 = intrusion, empty = none); psifr's scored table with ``subject``, ``list``,
    ``item``, ``input``, ``output``; or Penn matrices (.mat, .npz) with ``recalls``, ``subject``, ``listLength``,
    alone or in structs. All other columns are kept, those that are constant within lists as
    conditions in ``lists``.

    In the long form a response belongs to the study row with the same item in the same list; responses
    without one are intrusions. Labels that look the same are the same, however Unicode writes them
    (`kvfit.tasks.canonical`); otherwise items are compared as they are written, except with `ignore_case`.

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
        Length of all lists, for wide tables and matrices that do not hold it. Where a table has lengths or study rows,
        they must agree with it.
    repeated_items : {"error", "drop", "first"}
        Lists in which an item was studied more than once, see `kvfit.tasks.reading_rules.ReadingRules`.
    empty_participants : {"error", "drop", "keep"}
        Participants without a response.
    faulty_lists : {"error", "drop"}
        Lists that have a fault of their own: ``"drop"`` leaves them out, warns of each fault, and keeps their number
        in `FreeRecallData.left_out`.
    trust_positions : bool
        Where recalled positions and labels of recalled items disagree (matrices and scored tables have both), use
        the positions, and warn.
    ignore_case : bool
        Match items whatever their case and outer blanks.
    ignore_columns : sequence of str, optional
        Columns that are not read, because their name means something else than to kvfit.
    encoding, delimiter : str, optional
        Of a text file; default UTF-8 or what its byte order mark says, and the delimiter that the header shows (a
        character, or ``"tab"``, ``"blank"``).
    decimal : {"comma", "point"}, optional
        Decimal mark; needed only where numbers such as ``1,204`` leave it open.
    first_position : {0, 1}
        What the table calls the first study and output position. With 0, a wide table's 0 is the first study
        position, and empty cells are no response.

    Returns
    -------
    FreeRecallData

    Raises
    ------
    DataError
        If anything is wrong; it lists every problem with participant, list, row, what was expected and
        found, and what to do. Rows of text files are lines of the file, rows of data frames count from 0, rows
        of matrices from 1.
    FileNotFoundError
        If there is no such file.

    Warns
    -----
    DataWarning
        If responses differ from a studied item only by case or outer blanks, or resemble one
        (`kvfit.tasks.near_misses`); if a condition varies within few lists; if lists are missing from a person's
        series; for each fault of a list that is left out.
    """
    data, log = _examine(
        source,
        columns=columns,
        name=name,
        description=description,
        list_length=list_length,
        repeated_items=repeated_items,
        empty_participants=empty_participants,
        faulty_lists=faulty_lists,
        trust_positions=trust_positions,
        ignore_case=ignore_case,
        ignore_columns=ignore_columns,
        encoding=encoding,
        delimiter=delimiter,
        decimal=decimal,
        first_position=first_position,
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
    faulty_lists: FaultyLists = "error",
    trust_positions: bool = False,
    ignore_case: bool = False,
    ignore_columns: Sequence[str] | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    first_position: int = 1,
) -> tuple[FreeRecallData | None, ProblemLog]:
    """Read and check; None and the problems if there are errors."""
    rules = ReadingRules(repeated_items, empty_participants, ignore_case, faulty_lists, trust_positions)
    log = ProblemLog()
    how = {"encoding": encoding, "delimiter": delimiter, "decimal": decimal}
    read = _read_events(source, columns, ignore_columns, list_length, first_position, rules, log, how)
    if read is None or log.errors:
        if read is not None:
            log.advice = advice(log.problems, read.n_faulty, read.n_lists)
        return None, log
    events, left_out = pd.DataFrame({"recall_type": []}), []
    if read.n_faulty:
        left_out.append(left_out_lists(read.n_faulty, read.n_lists))
    if read.checked is not None:
        events, by_rules = tidy_events(
            read.checked, read.table, rules, text_cells=read.text_cells, decimal=read.decimal
        )
        left_out += by_rules
    extras = [name for name in read.table.columns if name not in REQUIRED]
    check_extras(read.table[extras], log, text_cells=read.text_cells, decimal=read.decimal)
    words = "; ".join(one.what for one in left_out)
    if not (events["recall_type"] == "correct").any():
        log.add(
            "nothing_left",
            "No scored response is left",
            expected="lists with at least one correct recall",
            fix="choose other rules, e.g. repeated_items='first'",
            places=[Place(found=f"left out: {words or 'nothing'}")],
        )
        return None, log
    said = describe_source(source, description) + (f"; left out: {words}" if words else "")
    return build_free_recall(events, name or source_stem(source), said, left_out=left_out), log


@dataclass(frozen=True, eq=False)
class _ReadTable:
    """A checked table and how it was written; None in place of what was checked if no list is without faults."""

    checked: CheckedEvents | None
    table: pd.DataFrame
    n_faulty: int
    n_lists: int
    text_cells: bool
    decimal: Decimal = None


def _read_events(
    source: str | Path | pd.DataFrame,
    columns: Columns | None,
    ignore_columns: Sequence[str] | None,
    list_length: int | None,
    first_position: int,
    rules: ReadingRules,
    log: ProblemLog,
    how: dict[str, str | None],
) -> _ReadTable | None:
    """Read and check; problems go to `log`, and `how` says encoding, delimiter and decimal mark of a text file."""
    if not isinstance(source, pd.DataFrame) and Path(source).suffix.lower() in PENN_SUFFIXES:
        if first_position != 1 or ignore_columns:
            raise ValueError("first_position=, ignore_columns=: for tables; Penn matrices count positions from 1")
        path = existing_file(source)
        log.row_unit = "matrix row"
        names = {ours: str(theirs) for ours, theirs in (columns or {}).items()}
        matrix = read_penn(path, log, names=names, list_length=list_length)
        return None if matrix is None else _check_matrix(matrix, rules, log)
    opened = open_table(source, log, ignore_columns=ignore_columns, **how)
    if opened is None:
        return None
    table = rename_columns(opened.cells, columns or {}, log)
    if is_wide(list(table.columns)):
        table = count_from_one(table, recall_columns(list(table.columns)), first_position, opened.decimal)
        check_stated_length(table, opened.rows, list_length, log, opened.decimal)
        matrix = read_wide(table, opened.rows, log, list_length=list_length, decimal=opened.decimal)
        return None if matrix is None else _check_matrix(matrix, rules, log, opened)
    check_stated_length(table, opened.rows, list_length, log, opened.decimal)
    if list_length is not None and "list_length" not in table.columns:
        # Study rows say how long a list is; what the user says of it is checked against them.
        table = table.assign(list_length=list_length)
    if not is_scored(list(table.columns)):
        return _check_long(count_from_one(table, ["position"], first_position, opened.decimal), opened, rules, log)
    # psifr's scored form: turned back into events first.
    table = count_from_one(table, ["input", "output"], first_position, opened.decimal)
    check = partial(scored_events, rules=rules, decimal=opened.decimal)
    found, kept, n_faulty = checked_by_list(check, table, opened.rows, rules, log)
    if found is None:
        return _ReadTable(None, kept, n_faulty, count_lists(table), opened.text_cells) if n_faulty else None
    events, rows = found
    read = _check_long(events, replace(opened, rows=rows), rules, log)
    return None if read is None else replace(read, n_faulty=read.n_faulty + n_faulty, n_lists=count_lists(table))


def _check_long(table: pd.DataFrame, opened: SourceTable, rules: ReadingRules, log: ProblemLog) -> _ReadTable | None:
    check = partial(check_events, rules=rules, decimal=opened.decimal)
    checked, kept, n_faulty = checked_by_list(check, table, opened.rows, rules, log)
    if checked is None and not n_faulty:
        return None
    return _ReadTable(checked, kept, n_faulty, count_lists(table), opened.text_cells, opened.decimal)


def _check_matrix(
    matrix: RecallMatrix, rules: ReadingRules, log: ProblemLog, opened: SourceTable | None = None
) -> _ReadTable | None:
    n_lists = len(matrix.recalls)
    events, rows, n_faulty = matrix_events(matrix, rules, log)
    text_cells, decimal = (False, None) if opened is None else (opened.text_cells, opened.decimal)
    if events.empty:
        return _ReadTable(None, events, n_faulty, n_lists, text_cells, decimal) if n_faulty else None
    # Positions are numbers by now, whatever the mark of the file.
    read = _check_long(events, SourceTable(events, rows, text_cells), rules, log)
    if n_faulty and rules.faulty_lists == "drop":
        # Lists that were just left out are not missing from the file.
        log.problems = [one for one in log.problems if one.code != "missing_list"]
    if read is None:
        return None
    return replace(read, n_faulty=read.n_faulty + n_faulty, n_lists=n_lists, decimal=decimal)
