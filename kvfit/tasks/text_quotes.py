"""Cells in quotation marks that run over several lines: the true line of each row, and rows that a mark swallowed."""

from __future__ import annotations

import csv
import io
import re

import numpy as np

from kvfit.tasks.problems import Place, ProblemLog
from kvfit.tasks.text_layout import BLANK

_LINE_END = re.compile(r"\r\n|\r|\n")


def row_lines(body: str, delimiter: str, n_rows: int) -> np.ndarray:
    """Return the line on which each row begins, counted from 1 within the text below the header.

    Parameters
    ----------
    body : str
    delimiter : str
    n_rows : int
        Rows that a parser found, empty ones included.

    Returns
    -------
    ndarray of int64, shape (row,)
    """
    one_each = np.arange(1, n_rows + 1)
    if '"' not in body or n_rows == len(split_lines(body)):
        return one_each
    starts = np.array([start for start, _ in _records(body, delimiter)], dtype=np.int64)
    return starts if len(starts) == n_rows else one_each


def check_quotes(body: str, delimiter: str, n_columns: int, n_above: int, log: ProblemLog) -> None:
    """Report rows that became part of a cell, because a quotation mark was not written twice inside it.

    A cell may hold line breaks. Here the lines of one cell have as many cells as the table has columns, each of them.

    Parameters
    ----------
    body : str
        Text below the header.
    delimiter : str
    n_columns : int
    n_above : int
        Lines above `body`.
    log : ProblemLog
    """
    if '"' not in body or n_columns < 2:
        return
    lines = split_lines(body)
    places = []
    for start, end in _records(body, delimiter):
        spanned = lines[start - 1 : end]
        whole = sum(line.count(delimiter) + 1 == n_columns for line in spanned)
        if len(spanned) > 1 and whole >= 2 and whole >= len(spanned) / 2:
            found = f"a cell in quotation marks runs from line {start + n_above} to line {end + n_above}"
            places.append(Place(row=start + n_above, found=f"{found}: {lines[start - 1]!r}"))
    if places:
        log.add(
            "open_quote",
            "Quotation marks make one cell of several lines that look like rows",
            expected="a quotation mark that belongs to a cell's text written twice, in a cell that is quoted",
            fix='remove the marks at these lines, or write such a cell as """candle"; if a cell does hold line breaks,'
            " replace them by blanks",
            places=places,
        )


def unclosed_quote(body: str, delimiter: str) -> int | None:
    """Return the line within `body` on which the last row begins, if the text has an odd number of quotation marks."""
    records = _records(body, delimiter)
    return records[-1][0] if records and body.count('"') % 2 else None


def split_lines(body: str) -> list[str]:
    """Return the lines of a text, as readers of tables see them, without their ends."""
    lines = _LINE_END.split(body)
    return lines[:-1] if lines and not lines[-1] else lines


def _records(body: str, delimiter: str) -> list[tuple[int, int]]:
    """First and last line of each row."""
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, skipinitialspace=delimiter == BLANK)
    found, before = [], 0
    try:
        for _ in reader:
            found.append((before + 1, reader.line_num))
            before = reader.line_num
    except csv.Error:
        # A cell beyond the limit of Python's reader; what was found so far stands.
        pass
    return found
