"""Files that say how similar items are: a labelled matrix, or a vector for each item.

Both come as text tables (labels in the first column) or as .npz archives. What is read here is the file's own
statement about its items; `kvfit.tasks.similarity` brings it into the order of the lists.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from kvfit.tasks.canonical import canonical
from kvfit.tasks.labels import as_text
from kvfit.tasks.numbers import in_doubt, is_missing, read_numbers
from kvfit.tasks.problems import PLACES_SHOWN, Place, ProblemLog
from kvfit.tasks.text_tables import TextTable, read_text_table

Kind = Literal["matrix", "vectors"]

#: Names of the label array in archives that are in use.
_LABELS = ("items", "words")
_ARRAYS: dict[Kind, str] = {"matrix": "similarity", "vectors": "vectors"}


@dataclass(frozen=True, eq=False)
class ItemTable:
    """Numbers about items.

    Attributes
    ----------
    kind : {"matrix", "vectors"}
    items : ndarray of object (str), shape (item,)
    values : ndarray of float, shape (item, item) or (item, dimension)
        NaN where the file has no number.
    rows : ndarray of int64, shape (item,)
        Where the items stand: lines of a text file, entries of an array counted from 1.
    """

    kind: Kind
    items: np.ndarray
    values: np.ndarray
    rows: np.ndarray


def read_item_table(
    path: Path, log: ProblemLog, *, kind: Kind | None, encoding: str | None, delimiter: str | None
) -> ItemTable | None:
    """Read a file of similarities or of item vectors.

    Parameters
    ----------
    path : pathlib.Path
        A text table, or an archive (``.npz``) with ``items`` and either ``similarity`` or ``vectors``.
    log : ProblemLog
        Receives what is wrong with the file.
    kind : {"matrix", "vectors"}, optional
        Default: what the file looks like.
    encoding, delimiter : str, optional
        Of a text file.

    Returns
    -------
    ItemTable or None
        None if nothing could be read; `log` then says why.
    """
    if path.suffix.lower() == ".npz":
        log.row_unit = "entry"
        return _read_archive(path, log, kind)
    text = read_text_table(path, log, encoding=encoding, delimiter=delimiter, row_labels=True)
    return None if text is None else _read_text(text, log, kind)


def _read_archive(path: Path, log: ProblemLog, kind: Kind | None) -> ItemTable | None:
    try:
        # Opened here: NumPy leaves a broken archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        log.add(
            "broken_archive",
            "The archive cannot be read",
            expected="arrays of numbers, and labels as text (items.astype(str)), as numpy.savez writes them",
            fix="save it again without Python objects",
            places=[Place(found=str(error))],
        )
        return None
    label = next((name for name in _LABELS if name in arrays), None)
    found = [one for one, name in _ARRAYS.items() if name in arrays and kind in (None, one)]
    if label is None or len(found) != 1:
        log.add(
            "wrong_arrays",
            "The archive does not hold the arrays that are needed",
            expected="items and either similarity (item, item) or vectors (item, dimension)",
            fix="turn distances into similarities first (1 - d for cosine distances)"
            if "distances" in arrays
            else "save the arrays under these names; kind='matrix' or kind='vectors' chooses where both are there",
            places=[Place(found=", ".join(arrays) or "no array")],
        )
        return None
    labels, values = arrays[label], arrays[_ARRAYS[found[0]]]
    square = found[0] == "vectors" or values.shape == (labels.size, labels.size)
    fits = labels.ndim == 1 and values.ndim == 2 and values.shape[0] == labels.size > 0 and values.shape[1] > 0
    if not fits or not square or values.dtype.kind not in "fiu":
        log.add(
            "wrong_shape",
            "The arrays do not fit together",
            expected=f"{label} (item,) and numbers {_ARRAYS[found[0]]} "
            + ("(item, item)" if found[0] == "matrix" else "(item, dimension)"),
            fix="save one label for each row" + (" and column" if found[0] == "matrix" else ""),
            places=[
                Place(found=f"{name} {array.shape} of {array.dtype}")
                for name, array in ((label, labels), (_ARRAYS[found[0]], values))
            ],
        )
        return None
    text, _ = as_text(pd.Series(list(labels), dtype=object), words=True)
    return ItemTable(found[0], text, values.astype(float), np.arange(1, len(text) + 1))


def _read_text(text: TextTable, log: ProblemLog, kind: Kind | None) -> ItemTable | None:
    items, _ = as_text(text.cells.iloc[:, 0], words=True)
    columns = np.array([canonical(str(name)).strip() for name in text.cells.columns[1:]], dtype=object)
    if not len(columns):
        log.add(
            "no_numbers",
            "The table has one column",
            expected="an item and then its similarities or its vector in each row",
            fix="add the numbers, or pass delimiter=",
        )
        return None
    kind = kind or _guess_kind(items, columns, log)
    if kind is None:
        return None
    values = _numbers(text, log)
    if kind == "vectors":
        return ItemTable(kind, items, values, text.lines)
    # Columns in the order of the rows, whatever it was. Names of columns have no outer blanks.
    rows = np.array([item.strip() for item in items], dtype=object)
    only = (np.setdiff1d(rows, columns), np.setdiff1d(columns, rows))
    if len(only[0]) or len(only[1]):
        log.add(
            "rows_and_columns_differ",
            "Rows and columns of the matrix do not name the same items",
            expected="each item in the first column and in the header",
            fix="complete the matrix, or pass kind='vectors' if the columns are dimensions",
            places=[
                Place(found=f"{len(names)} only in the {where}: {', '.join(map(repr, names[:5]))}")
                for names, where in zip(only, ("first column", "header"), strict=True)
                if len(names)
            ],
        )
        return None
    at = pd.Index(columns).get_indexer(pd.Index(rows))
    return ItemTable(kind, items, values[:, at], text.lines)


def _guess_kind(items: np.ndarray, columns: np.ndarray, log: ProblemLog) -> Kind | None:
    """A matrix has its items in the header; dimensions of vectors have other names."""
    rows = {item.strip().casefold() for item in items}
    shared = sum(name.strip().casefold() in rows for name in columns)
    if len(columns) and shared >= len(columns) / 2:
        return "matrix"
    if len(columns) != len(items):
        return "vectors"
    log.add(
        "unclear_table",
        "The table is square, but its header does not name the items of the first column",
        expected="item labels in the header (similarities), or more or fewer dimensions than items (vectors)",
        fix="write the labels into the header, or pass kind='vectors'",
        places=[Place(row=1, found=", ".join(map(repr, columns[:5])))],
    )
    return None


def _numbers(text: TextTable, log: ProblemLog) -> np.ndarray:
    """All cells behind the labels as numbers, NaN where a cell is empty; other text is a problem."""
    cells = text.cells.iloc[:, 1:]
    given = cells.to_numpy(dtype=object)
    numbers = read_numbers(given, text.decimal)
    bad = np.argwhere(np.isnan(numbers) & ~is_missing(given))
    if len(bad):
        log.add(
            "not_a_number",
            "Cells are not numbers",
            expected="a number in every column but the first; an empty cell where nothing is known",
            fix="correct the cells, or remove columns that are neither similarities nor dimensions"
            + (", and write decimals with a point" if in_doubt(given[tuple(bad.T)]) else ""),
            places=[
                Place(
                    row=int(text.lines[row]), found=f"{cells.iloc[row, column]!r} in column '{cells.columns[column]}'"
                )
                for row, column in bad[:PLACES_SHOWN]
            ],
            n_places=len(bad),
        )
    return numbers
