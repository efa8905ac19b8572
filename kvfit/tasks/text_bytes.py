"""The text of a file, whatever its encoding and compression, or why there is none."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from pathlib import Path

from kvfit.tasks.problems import Place, ProblemLog

#: Byte order marks and what they say. Those of UTF-32 begin as those of UTF-16 do.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


#: How files begin that are no text tables, and what they are.
_KINDS = (
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "a Feather (Arrow) file"),
    (b"FEA1", "a Feather file"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet (.xls)"),
    (b"$FL2", "an SPSS file"),
    (b"$FL3", "an SPSS file"),
    (b"<stata_dta>", "a Stata file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"CDF", "a netCDF file"),
    (b"RDX", "an R data file"),
    (b"RDA", "an R data file"),
    (b"X\n\x00", "an R data file (.rds)"),
    (b"SQLite format 3", "a database"),
    (b"%PDF", "a PDF document"),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file; its name must end with .mat"),
    (b"\x93NUMPY", "a NumPy array (.npy)"),
    (b"BZh", "compressed by bzip2"),
    (b"\xfd7zXZ\x00", "compressed by xz"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd"),
    (b"\x80\x04\x95", "a Python pickle"),
)
#: The like of text files that are no tables, after blanks.
_TEXT_KINDS = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:(?P<JSON>[\[{]\s*[\"{\[\]}])|(?P<HTML><(?:!doctype html|html|table))|(?P<XML><\?xml))",
    re.IGNORECASE,
)


def read_text(path: Path, log: ProblemLog, encoding: str | None = None) -> str | None:
    """Read a text file, gzip-compressed or not.

    Parameters
    ----------
    path : pathlib.Path
    log : ProblemLog
        Receives what is wrong with the file.
    encoding : str, optional
        Default: what a byte order mark says, else UTF-8.

    Returns
    -------
    str or None
        Without byte order mark; None if it cannot be read.
    """
    content = _read_bytes(path, log)
    if content is None:
        return None
    return _decode(content, log) if encoding is None else _decode_as_told(content, log, encoding)


def _read_bytes(path: Path, log: ProblemLog) -> bytes | None:
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.decompress(content)
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
    kind = _other_kind(content)
    if kind:
        log.add(
            "no_text_table",
            f"The file is {kind}",
            expected="a text table (.csv, .csv.gz, .tsv), or Penn matrices (.mat, .npz)",
            fix="save it as CSV with the program it comes from, or read it there and pass the data frame (Python)",
        )
        return None
    return content


def _other_kind(content: bytes) -> str:
    """What a file is that is no text table; empty if it may be one."""
    found = next((kind for start, kind in _KINDS if content.startswith(start) and not _is_text(content)), "")
    if found:
        return found
    match = _TEXT_KINDS.match(content[:1000])
    return f"{match.lastgroup}, not a table of rows and columns" if match is not None else ""


def _is_text(content: bytes) -> bool:
    """Whether a file that begins like another kind is a table whose first column has such a name."""
    first = re.split(rb"[\r\n]", content[:1000])[0]
    return first.isascii() and first.decode("ascii").isprintable() and any(one in first for one in b",;\t|")


def _decode(content: bytes, log: ProblemLog) -> str | None:
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    # UTF-16 text without a byte order mark is valid UTF-8 with zero bytes in between.
    zeros = content.count(0)
    if marked is None and 0 < zeros < len(content) / 10:
        log.add(
            "zero_bytes",
            "The file has zero bytes here and there",
            expected="text, as programs export it",
            fix="export the file again, or remove the zero bytes",
            places=[Place(row=content[: content.index(0)].count(b"\n") + 1, found="a zero byte")],
        )
        return None
    if marked is not None or not zeros:
        try:
            return content.decode(marked or "utf-8")
        except UnicodeDecodeError:
            pass
    log.add(
        "wrong_encoding",
        "The file is not UTF-8 text",
        expected="UTF-8, or text with a byte order mark",
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
    except (UnicodeError, LookupError) as error:
        log.add(
            "wrong_encoding",
            f"The file cannot be read with encoding='{encoding}'",
            expected="an encoding that fits every byte of the file",
            fix=f"try encoding='{_guess_encoding(content)}'",
            places=[Place(found=str(error))],
        )
        return None


def _guess_encoding(content: bytes) -> str:
    for mark, name in _MARKS[1:]:
        if content.startswith(mark):
            return name
    if b"\x00" in content[:1000]:
        # Letters of the Latin alphabet have their zero byte second in little-endian text.
        return "utf-16-le" if content[1:1000:2].count(0) >= content[0:1000:2].count(0) else "utf-16-be"
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
