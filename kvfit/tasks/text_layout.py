"""How a text table is laid out: what separates its cells, and which line is the header.

Programs write lines above the header: spreadsheets ``sep=;``, E-Prime the path of the experiment, others a title. The header
is then the first line with as many cells as most lines below have.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kvfit.tasks.problems import Place, ProblemLog

_DELIMITERS = (",", ";", "\t", "|")

#: What R's write.table puts between cells.
BLANK = " "

#: Names of delimiters that cannot be typed easily.
_NAMES = {
    "comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "bar": "|", "blank": BLANK, "space": BLANK,
}  # fmt: skip

#: Lines that are looked at.
_SAMPLE = 60

_SEPARATOR = re.compile(r"\"?sep=(.)\"?\s*", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?[0-9]*[.,]?[0-9]+")
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Layout:
    """How a text table is laid out.

    Attributes
    ----------
    delimiter : str
        One character; blanks in a row count as one.
    header : tuple of str
        Names of the columns, without outer blanks.
    header_line : int
        Its line in the file, from 1.
    body : str
        Everything below the header.
    """

    delimiter: str
    header: tuple[str, ...]
    header_line: int
    body: str


def delimiter_named(given: str) -> str:
    """Return the character that a user means: itself, or ``"tab"``, ``"blank"``, ``"comma"``, ...

    Raises
    ------
    ValueError
    """
    delimiter = _NAMES.get(given.strip().lower() or given, given)
    if len(delimiter) != 1:
        raise ValueError(f"delimiter={given!r}: expected one character, or one of {', '.join(map(repr, _NAMES))}")
    return delimiter


def find_layout(text: str, log: ProblemLog, told: str | None = None) -> Layout:
    """Find delimiter and header of a text that is not empty.

    Parameters
    ----------
    text : str
    log : ProblemLog
        Is warned of lines above the header.
    told : str, optional
        The delimiter. Default: the one of comma, semicolon, tab and bar that the header has most of, blanks if none.

    Returns
    -------
    Layout
    """
    lines = _first_lines(text)
    if match := _SEPARATOR.fullmatch(lines[0][1]):
        told = told or match[1]
        lines = lines[1:] or lines
    delimiter, at = _delimiter_and_header(lines, told)
    if at:
        log.add(
            "lines_above_header",
            "Lines above the header were left out",
            expected="a first line with the names of the columns",
            fix="remove these lines, unless they say nothing that is needed",
            places=[Place(row=number, found=repr(line[:80])) for number, line, _ in lines[:at]],
            severity="warning",
        )
    number, line, end = lines[at]
    header = tuple(name.strip() for name in split_cells(line, delimiter))
    return Layout(delimiter, header, number, text[end:])


def split_cells(line: str, delimiter: str) -> list[str]:
    """Split a line as a table's reader does."""
    return next(csv.reader([line], delimiter=delimiter, skipinitialspace=delimiter == BLANK), [])


def _first_lines(text: str) -> list[tuple[int, str, int]]:
    """Lines with something in them: number, content, and where the next line begins."""
    lines: list[tuple[int, str, int]] = []
    start = number = 0
    while start < len(text) and len(lines) < _SAMPLE:
        number += 1
        match = _LINE_END.search(text, start)
        stop, end = (match.start(), match.end()) if match else (len(text), len(text))
        if text[start:stop].strip():
            lines.append((number, text[start:stop], end))
        start = end
    return lines


def _delimiter_and_header(lines: Sequence[tuple[int, str, int]], told: str | None) -> tuple[str, int]:
    """Return the delimiter, and which of the lines is the header."""
    texts = [line for _, line, _ in lines]
    delimiter = told or _most_of(texts[0])
    if _is_header(texts, delimiter):
        return delimiter, 0
    for candidates in ([told] if told else _DELIMITERS, [] if told else [BLANK]):
        # Most lines have the same number of cells: a table.
        usual = {one: _usual(texts, one) for one in candidates}
        found = [one for one, (share, n_cells) in usual.items() if n_cells >= 2 and share > 0.5]
        if found:
            delimiter = max(found, key=usual.__getitem__)
            return delimiter, 0 if _is_header(texts, delimiter) else _first_full(texts, delimiter, usual[delimiter][1])
    return told or _most_of(texts[0]), 0


def _is_header(texts: Sequence[str], delimiter: str) -> bool:
    """Whether the first line can be the header: as many cells as the usual line, or one less, where rows have names."""
    cells = split_cells(texts[0], delimiter)
    if sum(bool(cell.strip()) for cell in cells) < 2:
        return False
    _, usual = _usual(texts[1:], delimiter)
    if len(texts) > 1 and (usual < 2 or len(cells) < usual - 1):
        return False
    if len(cells) >= usual:
        return True
    # A row holds numbers, or a cell twice; a line without, longer than this one, is the header that follows it.
    below = [cell.strip() for cell in split_cells(texts[1], delimiter)]
    return len(set(below)) < len(below) or any(_NUMBER.fullmatch(cell) for cell in below)


def _usual(texts: Sequence[str], delimiter: str) -> tuple[float, int]:
    """Share of the lines that have the commonest number of cells, and that number."""
    counts = Counter(len(split_cells(line, delimiter)) for line in texts)
    n_cells, n = max(counts.items(), key=lambda one: (one[1], one[0]), default=(0, 0))
    return n / max(len(texts), 1), n_cells


def _first_full(texts: Sequence[str], delimiter: str, n_cells: int) -> int:
    for at, line in enumerate(texts):
        cells = split_cells(line, delimiter)
        if len(cells) >= n_cells and sum(bool(cell.strip()) for cell in cells) >= 2:
            return at
    return 0


def _most_of(header_line: str) -> str:
    unquoted = re.sub(r'"[^"]*"', "", header_line)
    return max(_DELIMITERS, key=unquoted.count)
