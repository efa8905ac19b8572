"""Read a delimited text file as it stands: every cell as text, every line with its number.

Types are decided later (`kvfit.tasks.labels`), because what a CSV reader usually does with cells such as
``NULL``, ``NA`` or ``007`` destroys words and labels.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from kvfit.tasks.problems import Place, ProblemLog

_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, eq=False)
class TextTable:
    """A text file's cells.

    Attributes
    ----------
    cells : pandas.DataFrame
        Text; columns as in the header, outer blanks removed from their names; empty lines left out.
    lines : ndarray of int64, shape (row,)
        Line of each row in the file; the header is line 1.
    delimiter : str
    """

    cells: pd.DataFrame
    lines: np.ndarray
    delimiter: str


def read_text_table(
    path: Path,
    log: ProblemLog,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    row_labels: bool = False,
) -> TextTable | None:
    """Read a CSV, TSV or semicolon-separated file, gzip-compressed or not.

    Parameters
    ----------
    path : pathlib.Path
    log : ProblemLog
        Receives what is wrong with the file.
    encoding : str, optional
        Default UTF-8, with or without byte order mark.
    delimiter : str, optional
        Default: the one of comma, semicolon, tab and bar that the header has most of.
    row_labels : bool
        Keep the first column even if it has no name; other columns without a name are left out.

    Returns
    -------
    TextTable or None
        None if nothing could be read; `log` then says why.
    """
    content = _read_bytes(path, log)
    text = None if content is None else _decode(content, log, encoding)
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
    # Empty lines above the header are skipped but counted, so that line numbers stay those of the file.
    lead = re.match(r"(?:[ \t]*(?:\r\n|\r|\n))*", text)
    assert lead is not None  # the pattern fits an empty text
    n_skipped = len(lead[0].splitlines())
    body = text[lead.end() :]
    header_line = re.split(r"\r\n|\r|\n", body, maxsplit=1)[0]
    delimiter = delimiter or _guess_delimiter(header_line)
    header = [name.strip() for name in next(csv.reader([header_line], delimiter=delimiter))]
    if not _check_header(header, log):
        return None
    return _parse(body, header, delimiter, n_skipped, row_labels, log)


def _read_bytes(path: Path, log: ProblemLog) -> bytes | None:
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        try:
            return gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            log.add(
                "broken_gzip",
                "The file cannot be decompressed",
                expected="a complete gzip file",
                fix="copy or download the file again",
                places=[Place(found=str(error))],
            )
            return None
    if content.startswith(b"PK\x03\x04"):
        log.add(
            "spreadsheet",
            "The file is a spreadsheet or a zip archive",
            expected="a text table (.csv, .csv.gz, .tsv)",
            fix="save the sheet as 'CSV UTF-8', or unpack the archive",
        )
        return None
    return content


def _decode(content: bytes, log: ProblemLog, encoding: str | None) -> str | None:
    if encoding is not None:
        return _decode_as_told(content, log, encoding)
    # UTF-16 text without a byte order mark is valid UTF-8 with zero bytes in between.
    if b"\x00" not in content[:1000]:
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            pass
    log.add(
        "wrong_encoding",
        "The file is not UTF-8 text",
        expected="UTF-8 (with or without byte order mark)",
        fix=(
            f"try encoding='{_guess_encoding(content)}' and look whether the words above come out right,"
            " or save the file as UTF-8"
        ),
        places=_undecodable_lines(content),
    )
    return None


def _decode_as_told(content: bytes, log: ProblemLog, encoding: str) -> str | None:
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError) as error:
        guess = _guess_encoding(content)
        log.add(
            "wrong_encoding",
            f"The file cannot be read with encoding='{encoding}'",
            expected="an encoding that fits every byte of the file",
            fix=f"try encoding='{guess}'",
            places=[Place(found=str(error))],
        )
        return None


def _guess_encoding(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\x00" in content[:1000]:
        return "utf-16-le"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        # cp1252 leaves five bytes undefined; latin-1 takes everything.
        try:
            content.decode("cp1252")
        except UnicodeDecodeError:
            return "latin-1"
        return "cp1252"
    return "utf-8"


def _undecodable_lines(content: bytes) -> list[Place]:
    if b"\x00" in content[:1000]:
        return [Place(row=1, found="zero bytes, as in UTF-16 or a binary file")]
    guess = _guess_encoding(content)
    places = []
    for number, line in enumerate(re.split(rb"\r\n|\r|\n", content), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            reading = line.decode(guess, "replace")
            places.append(Place(row=number, found=f"byte {line[error.start]:#04x}, read as {guess}: {reading!r}"))
    return places


def _guess_delimiter(header_line: str) -> str:
    unquoted = re.sub(r'"[^"]*"', "", header_line)
    return max(_DELIMITERS, key=unquoted.count)


def _check_header(header: list[str], log: ProblemLog) -> bool:
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        log.add(
            "duplicate_column",
            "Column names occur more than once in the header",
            expected="a name for each column, each of them once",
            fix="rename or remove the copies",
            places=[Place(row=1, found=repr(name)) for name in twice],
        )
    return not twice


def _parse(
    text: str, header: list[str], delimiter: str, n_skipped: int, row_labels: bool, log: ProblemLog
) -> TextTable | None:
    # Exports of spreadsheets often end every line with delimiters: columns without a name.
    names = [name or f"unnamed_{at}" for at, name in enumerate(header, start=1)]
    try:
        cells = pd.read_csv(
            io.StringIO(text),
            sep=delimiter,
            names=names,
            dtype=str,
            na_filter=False,
            skip_blank_lines=False,
            header=None,
            on_bad_lines="error",
        )
    except pd.errors.ParserError as error:
        places = _lines_too_long(text, len(names), delimiter, n_skipped)
        log.add(
            "unparsable",
            "Lines do not fit the header",
            expected=f"{len(names)} cells a line, separated by {delimiter!r}",
            fix="quote cells that hold the separator, or pass delimiter=",
            places=places or [Place(found=str(error).strip())],
        )
        return None
    lines = np.arange(1, len(cells) + 1) + n_skipped
    filled = np.zeros(len(cells), dtype=bool)
    for name in names:
        codes, uniques = pd.factorize(cells[name])
        filled |= np.array([bool(str(cell).strip()) for cell in uniques], dtype=bool)[codes]
    filled[0] = False  # the header itself
    named = [name for at, name in enumerate(names) if header[at] or (row_labels and at == 0)]
    cells = cells.loc[filled, named].reset_index(drop=True)
    if cells.empty:
        log.add(
            "no_rows",
            "The file has a header but no rows",
            expected="at least one row below the header",
            fix="check that the file was written completely",
        )
        return None
    return TextTable(cells, lines[filled], delimiter)


def _lines_too_long(text: str, n_columns: int, delimiter: str, n_skipped: int) -> list[Place]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    places = []
    try:
        for cells in reader:
            if len(cells) > n_columns:
                places.append(Place(row=reader.line_num + n_skipped, found=f"{len(cells)} cells"))
    except csv.Error as error:
        places.append(Place(row=reader.line_num + n_skipped, found=str(error)))
    return places
