"""Tables as compressed CSV files that come back as they were: the same types, the same text, the same missing cells.

CSV alone does not say whether ``001``, ``true``, ``1e3`` or ``NaN`` is a text, and whether an empty cell is an empty text
or a missing one. So the type of every column is kept beside the file, and cells are read by that type alone.
"""

import gzip
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

#: A missing cell; backslashes in texts are doubled, so that no text is written like this.
_MISSING = "\\N"
_ESCAPES = {"\\": "\\\\", "\r": "\\r", "\n": "\\n", "\0": "\\0"}
_UNESCAPES = {"\\": "\\", "r": "\r", "n": "\n", "0": "\0"}


def table_bytes(table: pd.DataFrame) -> tuple[bytes, list[dict[str, Any]]]:
    """Write a table.

    Parameters
    ----------
    table : pandas.DataFrame
        Its index is not kept.

    Returns
    -------
    content : bytes
        Of a ``.csv.gz`` file.
    columns : list of dict
        Name and type of every column, of what JSON can hold, for :func:`table_from_bytes`.
    """
    cells, columns = {}, []
    for at, name in enumerate(table.columns):
        cells[at], about = _written(table.iloc[:, at].reset_index(drop=True))
        columns.append({"name": name if isinstance(name, str | int) else str(name), **about})
    written = pd.DataFrame(cells, index=range(len(table)))
    header = [_escaped(str(column["name"])) for column in columns]
    text = written.to_csv(index=False, header=header, na_rep=_MISSING, lineterminator="\n")
    # without a time, the same table gives the same file
    return gzip.compress(text.encode(), mtime=0), columns


def table_from_bytes(content: bytes, columns: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Read a table back.

    Parameters
    ----------
    content : bytes
        From :func:`table_bytes`.
    columns : sequence of dict
        Likewise.

    Returns
    -------
    pandas.DataFrame
        With a new index from 0.

    Raises
    ------
    ValueError
        If the columns of the file are not these.
    """
    read = pd.read_csv(
        io.BytesIO(gzip.decompress(content)),
        dtype=str,
        keep_default_na=False,
        na_filter=False,
        skip_blank_lines=False,
        index_col=False,
    )
    if read.shape[1] != len(columns):
        raise ValueError(f"expected {len(columns)} columns, found {read.shape[1]}")
    made = [_read(read.iloc[:, at].to_numpy(dtype=object), column) for at, column in enumerate(columns)]
    table = pd.DataFrame(dict(enumerate(made)), index=range(len(read)))
    table.columns = pd.Index([column["name"] for column in columns])
    return table


def _written(column: pd.Series) -> tuple[pd.Series, dict[str, Any]]:
    """Cells as they stand in the file, and the type."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        categories = [_json(value) for value in dtype.categories]
        return column.cat.codes, {"kind": "category", "categories": categories, "ordered": bool(dtype.ordered)}
    if pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_integer_dtype(dtype) or pd.api.types.is_float_dtype(dtype):
        return column, {"kind": "plain", "dtype": str(dtype)}
    missing = column.isna().to_numpy(dtype=bool)
    values = column.astype(object).to_numpy()
    as_they_are = pd.api.types.is_string_dtype(dtype) or pd.api.types.is_object_dtype(dtype)
    if as_they_are and not all(isinstance(value, str) for value in values[~missing]):
        cells = [_MISSING if empty else json.dumps(_json(v)) for v, empty in zip(values, missing, strict=True)]
        return pd.Series(cells, dtype=object), {"kind": "values", "dtype": "object"}
    cells = [_MISSING if empty else _escaped(str(v)) for v, empty in zip(values, missing, strict=True)]
    return pd.Series(cells, dtype=object), {"kind": "text", "dtype": str(dtype) if as_they_are else "object"}


def _read(cells: np.ndarray, column: dict[str, Any]) -> pd.Series:
    kind = column["kind"]
    if kind == "category":
        codes = cells.astype(np.int64)
        categories = pd.Index(column["categories"])
        return pd.Series(pd.Categorical.from_codes(codes, categories=categories, ordered=column["ordered"]))
    missing = cells == _MISSING
    if kind == "plain":
        return _numbers(cells, missing, column["dtype"])
    read: Callable[[str], Any] = json.loads if kind == "values" else _unescaped
    made = np.array([None if empty else read(c) for c, empty in zip(cells, missing, strict=True)] + [None], object)
    return pd.Series(made[:-1], dtype=column["dtype"])


def _numbers(cells: np.ndarray, missing: np.ndarray, dtype: str) -> pd.Series:
    """Numbers and truth values, through Python's own reading of each, which is exact."""
    if dtype.lower().startswith("bool"):
        read: Callable[[str], Any] = {"True": True, "False": False}.__getitem__
    else:
        read = float if dtype.lower().startswith("float") else int
    values = [None if empty else read(cell) for cell, empty in zip(cells, missing, strict=True)]
    return pd.Series(values, dtype=dtype)


def _json(value: Any) -> Any:
    """A cell of a column of several types as JSON keeps it; what JSON has no type for becomes text."""
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, str | bool | int | float) else str(value)


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(letter, letter) for letter in text) if set(text) & set(_ESCAPES) else text


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    parts, letters = [], iter(text)
    for letter in letters:
        parts.append(_UNESCAPES[next(letters)] if letter == "\\" else letter)
    return "".join(parts)
