"""Read a delimited text file as it stands: every cell as text, every line with its number.

Types are decided later (`kvfit.tasks.labels`), because what a CSV reader usually does with cells such as
``NULL``, ``NA`` or ``007`` destroys words and labels.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from kvfit.tasks.numbers import Decimal, find_decimal
from kvfit.tasks.problems import Place, ProblemLog
from kvfit.tasks.text_bytes import read_text
from kvfit.tasks.text_layout import BLANK, Layout, delimiter_named, find_layout
from kvfit.tasks.text_quotes import check_quotes, row_lines, split_lines, unclosed_quote


@dataclass(frozen=True, eq=False)
class TextTable:
    """A text file's cells.

    Attributes
    ----------
    cells : pandas.DataFrame
        Text; columns as in the header, outer blanks removed from their names; empty lines left out.
    lines : ndarray of int64, shape (row,)
        Line of the file on which each row begins, from 1.
    decimal : {"comma", "point"} or None
        Decimal mark that its numbers show.
    """

    cells: pd.DataFrame
    lines: np.ndarray
    decimal: Decimal


def read_text_table(
    path: Path,
    log: ProblemLog,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    row_labels: bool = False,
) -> TextTable | None:
    """Read a CSV, TSV or semicolon-separated file, or one of R's write.table, gzip-compressed or not.

    Parameters
    ----------
    path : pathlib.Path
    log : ProblemLog
        Receives what is wrong with the file.
    encoding : str, optional
        Default: what a byte order mark says, else UTF-8.
    delimiter : str, optional
        Default: the one of comma, semicolon, tab and bar that the header has most of, blanks if it has none.
    row_labels : bool
        Keep the first column even if it has no name; other columns without a name are left out.

    Returns
    -------
    TextTable or None
        None if nothing could be read; `log` then says why.

    Raises
    ------
    ValueError
        If `delimiter` is none.
    """
    told = None if delimiter is None else delimiter_named(delimiter)
    text = read_text(path, log, encoding)
    if text is None:
        return None
    if not text.strip():
        log.add(
            "empty_file",
            "The file is empty",
            expected="a header line with column names and at least one row below it",
            fix="check that the file was written completely",
        )
        return None
    layout = find_layout(text, log, told)
    if not _check_header(layout, log):
        return None
    return _parse(layout, row_labels, log)


def _check_header(layout: Layout, log: ProblemLog) -> bool:
    header = layout.header
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        log.add(
            "duplicate_column",
            "Column names occur more than once in the header",
            expected="a name for each column, each of them once",
            fix="rename or remove the copies",
            places=[Place(row=layout.header_line, found=repr(name)) for name in twice],
        )
    return not twice


def _parse(layout: Layout, row_labels: bool, log: ProblemLog) -> TextTable | None:
    header = list(layout.header)
    names = _with_row_names(layout)
    check_quotes(layout.body, layout.delimiter, len(names), layout.header_line, log)
    cells = None if log.errors else _cells(layout, names, log)
    if cells is None:
        return None
    if len(names) > len(header):
        header = [*header, ""] if (cells.iloc[:, -1] == "").all() else ["", *header]
        if not header[0] and cells.iloc[:, 0].duplicated().any():
            _report_too_long(layout, len(layout.header), log)
            return None
    lines = row_lines(layout.body, layout.delimiter, len(cells)) + layout.header_line
    # Exports of spreadsheets often end every line with delimiters: columns without a name.
    cells.columns = pd.Index([name or f"unnamed_{at}" for at, name in enumerate(header, start=1)])
    filled = np.zeros(cells.shape, dtype=bool)
    for at in range(len(header)):
        codes, uniques = pd.factorize(cells.iloc[:, at])
        filled[:, at] = np.array([bool(str(cell).strip()) for cell in uniques], dtype=bool)[codes]
    _warn_without_name(header, filled, layout, log)
    _warn_short(layout, len(names), log)
    rows = filled.any(axis=1)
    named = [name for at, name in enumerate(cells.columns) if header[at] or (row_labels and at == 0)]
    kept = cells.loc[rows, named].reset_index(drop=True)
    if kept.empty:
        log.add(
            "no_rows",
            "The file has a header but no rows",
            expected="at least one row below the header",
            fix="check that the file was written completely",
        )
        return None
    return TextTable(kept, lines[rows], find_decimal(kept, layout.delimiter))


def _with_row_names(layout: Layout) -> list[str]:
    """Names of the columns, with one more if every row has one more cell: R's names of rows, or a last delimiter."""
    n_columns = len(layout.header)
    try:
        one_more = n_columns > 1 and all(len(cells) == n_columns + 1 for _, cells in _rows(layout))
    except csv.Error:  # pandas says what is wrong
        one_more = False
    return [str(at) for at in range(n_columns + one_more)]


def _rows(layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold something, as Python's reader sees them, with the line in the file on which each ends."""
    reader = csv.reader(
        io.StringIO(layout.body, newline=""), delimiter=layout.delimiter, skipinitialspace=layout.delimiter == BLANK
    )
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num + layout.header_line, cells


def _cells(layout: Layout, names: list[str], log: ProblemLog) -> pd.DataFrame | None:
    try:
        # The first line tells pandas how many cells are too many.
        found = pd.read_csv(
            io.StringIO(layout.delimiter.join(names) + "\n" + layout.body),
            sep=layout.delimiter,
            skipinitialspace=layout.delimiter == BLANK,
            names=names,
            dtype=str,
            na_filter=False,
            skip_blank_lines=False,
            header=None,
            on_bad_lines="error",
        )
        return found.iloc[1:].reset_index(drop=True)
    except pd.errors.ParserError as error:
        _report_too_long(layout, len(names), log, str(error).strip())
        return None


def _report_too_long(layout: Layout, n_columns: int, log: ProblemLog, error: str = "") -> None:
    places = _lines_too_long(layout, n_columns)
    if not places:
        line = unclosed_quote(layout.body, layout.delimiter)
        found = "a quotation mark that is opened here or below is never closed" if line else error
        places = [Place(row=None if line is None else line + layout.header_line, found=found)]
    log.add(
        "unparsable",
        "Lines do not fit the header",
        expected=f"{n_columns} cells a line, separated by {layout.delimiter!r}",
        fix="quote cells that hold the separator, or pass delimiter=",
        places=places,
    )


def _lines_too_long(layout: Layout, n_columns: int) -> list[Place]:
    places = []
    try:
        for line, cells in _rows(layout):
            if len(cells) > n_columns:
                places.append(Place(row=line, found=f"{len(cells)} cells"))
    except csv.Error as error:
        places.append(Place(found=str(error)))
    return places


def _warn_short(layout: Layout, n_columns: int, log: ProblemLog) -> None:
    """Warn of rows with fewer cells than the header, if they are few; tables of recalls are ragged."""
    if '"' in layout.body:
        of_row = [(line, len(cells)) for line, cells in _rows(layout)]
    else:
        # Not str.splitlines, which ends lines at characters that stand within cells, too.
        lines = enumerate(split_lines(layout.body), start=layout.header_line + 1)
        of_row = [(at, line.count(layout.delimiter) + 1) for at, line in lines if line.strip()]
    short = [(line, n_cells) for line, n_cells in of_row if n_cells < n_columns]
    if layout.delimiter != BLANK and 0 < len(short) <= len(of_row) / 2:
        log.add(
            "short_row",
            "Rows have fewer cells than the header; the last columns are taken as empty there",
            expected=f"{n_columns} cells a line, separated by {layout.delimiter!r}",
            fix="check that the file was written completely",
            places=[Place(row=line, found=f"{n_cells} cells") for line, n_cells in short],
            severity="warning",
        )


def _warn_without_name(header: list[str], filled: np.ndarray, layout: Layout, log: ProblemLog) -> None:
    """Warn of columns that hold something and are left out; the first one has names or numbers of rows."""
    left = [at for at, name in enumerate(header) if at and not name and filled[:, at].any()]
    if left:
        log.add(
            "unnamed_column",
            "Columns without a name were left out",
            expected="a name for each column that holds something",
            fix="name the column in the header, or remove it",
            places=[Place(row=layout.header_line, found=f"column {at + 1} of {len(header)}") for at in left],
            severity="warning",
        )
