"""Where a user's table comes from: open a file or a data frame, and give its columns kvfit's names."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from kvfit.tasks.canonical import canonical, canonical_cells
from kvfit.tasks.labels import as_integers, as_text, convert_column
from kvfit.tasks.numbers import Decimal, decimal_mark
from kvfit.tasks.problems import HINTS, DataError, DataHint, DataWarning, Place, ProblemLog
from kvfit.tasks.text_tables import read_text_table

#: kvfit's column name to the user's, or to several of them that make one label together.
Columns = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, eq=False)
class SourceTable:
    """A user's table before it is checked.

    Attributes
    ----------
    cells : pandas.DataFrame
        Text if it comes from a file, else as in the user's data frame.
    rows : ndarray of int64, shape (row,)
        Row numbers for messages: lines of a file (the header is line 1), rows of a data frame from 0.
    text_cells : bool
        The table comes from a text file: the types of its columns are still to be found.
    decimal : {"comma", "point"} or None
        Decimal mark of its numbers, as far as it is known.
    """

    cells: pd.DataFrame
    rows: np.ndarray
    text_cells: bool = False
    decimal: Decimal = None


def open_table(
    source: str | Path | pd.DataFrame,
    log: ProblemLog,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    ignore_columns: Sequence[str] | None = None,
) -> SourceTable | None:
    """Open a delimited text file or take a data frame.

    Parameters
    ----------
    source : str, pathlib.Path or pandas.DataFrame
    log : ProblemLog
        Receives what is wrong; its `row_unit` is set to what rows are called.
    encoding, delimiter : str, optional
        Of a text file.
    decimal : {"comma", "point"}, optional
        Decimal mark; default what the numbers of a text file show.
    ignore_columns : sequence of str, optional
        Columns to be left out.

    Returns
    -------
    SourceTable or None
        None if nothing could be read; `log` then says why.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
    ValueError
        If `decimal` or `delimiter` is none.
    """
    mark = decimal_mark(decimal)
    if isinstance(source, pd.DataFrame):
        log.row_unit = "row"
        table = source.reset_index(drop=True)
        if not _check_frame(table, log):
            return None
        return SourceTable(_without(table, ignore_columns, log), np.arange(len(source)), decimal=mark)
    text = read_text_table(existing_file(source), log, encoding=encoding, delimiter=delimiter)
    if text is None:
        return None
    return SourceTable(_without(text.cells, ignore_columns, log), text.lines, True, mark or text.decimal)


def _without(table: pd.DataFrame, ignored: Sequence[str] | None, log: ProblemLog) -> pd.DataFrame:
    """Leave out the columns whose names mean something else than to kvfit."""
    names = [canonical(name) for name in ([ignored] if isinstance(ignored, str) else ignored or ())]
    known = {canonical(str(name)): name for name in table.columns}
    unknown = [name for name in names if name not in known]
    if unknown:
        log.add(
            "unknown_column",
            "ignore_columns= names columns that the table does not have",
            expected="columns " + ", ".join(map(repr, known)),
            fix="correct the name in ignore_columns=",
            places=[Place(found=repr(name)) for name in unknown],
        )
    return table.drop(columns=[known[name] for name in names if name in known])


def existing_file(source: str | Path) -> Path:
    """Return the path of a file that exists, or raise an error that says what to give instead."""
    path = Path(source).expanduser()
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: give the data file in it")
    if not path.exists():
        hint = "" if path.suffix else "; a data set by its name is loaded with load(), see list_datasets()"
        raise FileNotFoundError(f"There is no file {path}{hint}")
    return path


def source_label(source: str | Path | pd.DataFrame) -> str:
    """Name a source in messages: the file's name."""
    return "data frame" if isinstance(source, pd.DataFrame) else Path(source).name


def source_stem(source: str | Path | pd.DataFrame) -> str:
    """Name data after their source: the file's name without its endings."""
    return "data frame" if isinstance(source, pd.DataFrame) else Path(source).name.split(".")[0]


def _check_frame(table: pd.DataFrame, log: ProblemLog) -> bool:
    if table.empty:
        log.add(
            "no_rows",
            "The data frame is empty",
            expected="at least one row and the required columns",
            fix="check how the data frame was made",
        )
    twice = table.columns[table.columns.duplicated()].unique()
    if len(twice):
        log.add(
            "duplicate_column",
            "Column names occur more than once",
            expected="a name for each column, each of them once",
            fix="rename or remove the copies",
            places=[Place(found=repr(name)) for name in twice],
        )
    return not log.errors


def rename_columns(table: pd.DataFrame, columns: Columns, log: ProblemLog) -> pd.DataFrame:
    """Give a user's columns kvfit's names.

    Parameters
    ----------
    table : pandas.DataFrame
    columns : mapping
        kvfit's name to the user's name or names; several are joined with ``/``.
    log : ProblemLog
        Receives names that the table does not have.

    Returns
    -------
    pandas.DataFrame
        A column that stood under one of kvfit's names and was replaced is kept with the suffix ``_given``.
    """
    table = _one_writing(table)
    made: dict[str, pd.Series] = {}
    used: set[str] = set()
    for ours, theirs in columns.items():
        parts = [canonical(str(one)) for one in ([theirs] if isinstance(theirs, str) else theirs)]
        unknown = [part for part in parts if part not in table.columns]
        if unknown:
            _report_unknown(ours, unknown, table, log)
            continue
        # Columns that were joined stay, so that session and trial remain conditions.
        used.update(parts if len(parts) == 1 else [])
        made[ours] = table[parts[0]] if len(parts) == 1 else _join(table, parts)
    rest = table.drop(columns=list(used))
    rest = rest.rename(columns={name: f"{name}_given" for name in made if name in rest})
    return pd.concat([pd.DataFrame(made, index=table.index), rest], axis=1)


def _one_writing(table: pd.DataFrame) -> pd.DataFrame:
    """Give columns names in one writing; names that would then be the same stay."""
    given = [str(name) for name in table.columns]
    written = [canonical(name) for name in given]
    alone = {name for name in written if written.count(name) == 1}
    return table.set_axis([new if new in alone else old for new, old in zip(written, given, strict=True)], axis=1)


def count_from_one(
    table: pd.DataFrame, names: Iterable[str], first_position: int, decimal: Decimal = None
) -> pd.DataFrame:
    """Add 1 to positions that were counted from 0; what is no whole number of at least 0 stays as it is.

    Parameters
    ----------
    table : pandas.DataFrame
    names : iterable of str
        Columns of positions; those that the table does not have are passed over.
    first_position : {0, 1}
        What the table calls the first position.
    decimal : {"comma", "point"}, optional

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    ValueError
        If `first_position` is neither 0 nor 1.
    """
    if first_position not in (0, 1):
        raise ValueError(f"first_position={first_position!r}: expected 0 or 1")
    if first_position == 1:
        return table
    made = {}
    for name in names:
        if name in table.columns:
            number, bad = as_integers(as_text(table[name])[0], decimal)
            counted = ~bad & (number >= 0)
            made[name] = table[name].astype(object).mask(counted, pd.Series(number + 1, index=table.index))
    return table.assign(**made)


def typed_column(values: pd.Series, *, text_cells: bool, decimal: Decimal = None) -> pd.Series:
    """Find the type of a column that came from a text file; in data frames only the writing of text may change."""
    if text_cells and not pd.api.types.is_numeric_dtype(values):
        return convert_column(values, decimal=decimal)
    return canonical_cells(values)


def _join(table: pd.DataFrame, parts: Sequence[str]) -> pd.Series:
    texts, missing = zip(*(as_text(table[part]) for part in parts), strict=True)
    # A bar in a part must not make one label of two: "a/b" and "c", "a" and "b/c".
    several = len(set(zip(*texts, strict=True))) > len({"/".join(cells) for cells in zip(*texts, strict=True)})
    if several:
        texts = tuple(np.array([one.replace("/", "//") for one in part], dtype=object) for part in texts)
    joined = pd.Series(["/".join(cells) for cells in zip(*texts, strict=True)], index=table.index, dtype=object)
    return joined.mask(np.logical_or.reduce(missing))


def _report_unknown(ours: str, unknown: Sequence[str], table: pd.DataFrame, log: ProblemLog) -> None:
    fix = "correct the name in columns="
    if ours in table.columns:
        fix = f"columns= maps kvfit's names to yours: columns={{{unknown[0]!r}: {ours!r}}} is meant, perhaps"
    log.add(
        "unknown_column",
        f"columns= names columns that the file does not have, for '{ours}'",
        expected="columns " + ", ".join(repr(name) for name in table.columns),
        fix=fix,
        places=[Place(found=repr(name)) for name in unknown],
    )


def describe_source(source: str | Path | pd.DataFrame, description: str | None) -> str:
    """The user's description, or the file's or frame's name."""
    return description or (source_label(source) if isinstance(source, pd.DataFrame) else f"file {source_label(source)}")


def sound_or_error[Data](
    data: Data | None, log: ProblemLog, name: str | None, source: str | Path | pd.DataFrame
) -> Data:
    """Return data without errors, after warning of the rest; for the readers, whose caller is warned.

    Raises
    ------
    DataError
        With every problem, if there are no data.
    """
    if data is None:
        raise DataError(name or source_label(source), log.problems, log.advice)
    for problem in log.problems:
        category = DataHint if problem.code in HINTS else DataWarning
        warnings.warn(f"{source_label(source)}: {problem}", category, stacklevel=3)
    return data
