"""Take numbers and labels out of MATLAB arrays and cells; structs and other things in their place are told."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from kvfit.tasks.labels import as_text
from kvfit.tasks.problems import Place, ProblemLog

#: Cells of a matrix of items that hold none: 0, a negative code or an empty array.
_NO_ITEM = re.compile(r"0|-[0-9.]+|\[\]")


class NotPlain(TypeError):
    """An array that holds something other than numbers or text; the message says what."""


def plain(value: object) -> np.ndarray:
    """Return an array of numbers, or of numbers and text, out of whatever MATLAB wrapped it in.

    Parameters
    ----------
    value : object
        As ``scipy.io.loadmat`` or ``numpy.load`` gives it.

    Returns
    -------
    ndarray
        Of numbers or text; of object if it was a cell array, each cell with one number or text, ``""`` if empty.

    Raises
    ------
    NotPlain
        For structs, cells with several values, functions, objects and complex numbers.
    """
    if hasattr(value, "toarray"):  # a sparse matrix
        _check_sparse(value)
        value = value.toarray()
    array = np.asarray(value)
    _refuse(array)
    if array.dtype != object:
        return array
    cells = np.empty(array.shape, dtype=object)
    for at, cell in np.ndenumerate(array):
        cells[at] = _content(cell)
    return cells


def _check_sparse(value: Any) -> None:
    """Refuse a sparse matrix whose indices lead outside it: SciPy would write there."""
    if value.format != "csc":
        return
    first, rows = value.indptr, value.indices
    n_kept = min(len(rows), len(value.data))
    inside = len(first) == value.shape[1] + 1 and first[0] == 0 and (np.diff(first) >= 0).all() and first[-1] <= n_kept
    if not inside or (len(rows) and (rows.min() < 0 or rows.max() >= value.shape[0])):
        raise NotPlain("a damaged sparse matrix")


def _content(cell: object) -> object:
    """Return what a cell holds, also one inside cells of one."""
    while isinstance(cell, np.ndarray):
        _refuse(cell)
        if cell.size > 1:
            what = "several values" if cell.dtype != object else "several cells"
            raise NotPlain(f"a cell that holds {what}")
        cell = cell.ravel()[0] if cell.size else ""
    if isinstance(cell, (str, bytes, int, float, np.number, np.bool_)) and not isinstance(
        cell, (complex, np.complex128)
    ):
        return cell
    raise NotPlain("a struct" if isinstance(cell, np.void) else f"a thing of the kind {type(cell).__name__}")


def _refuse(array: np.ndarray) -> None:
    if array.dtype.names is not None:
        raise NotPlain(f"a struct with the fields {', '.join(array.dtype.names)}")
    if array.dtype.kind == "c":
        raise NotPlain("complex numbers")
    if array.dtype.kind in "VmM":
        raise NotPlain(f"an array of the kind {array.dtype}")


def numbers(values: object, name: str, log: ProblemLog) -> np.ndarray | None:
    """Return a matrix of numbers ``(list, output)``; None if it is none, which `log` then says."""
    try:
        array = np.atleast_2d(plain(values))
        if array.ndim != 2:
            raise NotPlain(f"{array.ndim} dimensions")
        return array.astype(float)
    except (TypeError, ValueError) as error:
        log.add(
            "unparsable",
            f"'{name}' is no matrix of numbers",
            expected="numbers, one row a list, one column an output position",
            fix="save it as a numeric matrix",
            column=name,
            places=[Place(found=str(error))],
        )
        return None


def vector(values: object, name: str, n_lists: int, log: ProblemLog) -> pd.Series | None:
    """Return one value a list; a single value stands for all lists."""
    array = _plain_or_told(values, name, f"{n_lists} numbers or texts, one a list, or a single one", log)
    if array is None:
        return None
    array = array.ravel()
    if len(array) == 1:
        array = np.repeat(array, n_lists)
    if len(array) != n_lists:
        log.add(
            "shape",
            f"'{name}' does not have one value a list",
            expected=f"{n_lists} values, as 'recalls' has rows, or a single one",
            fix="correct the array",
            column=name,
            places=[Place(found=f"{len(array)} values")],
        )
        return None
    return pd.Series(array)


def labels(values: object, name: str, n_lists: int, log: ProblemLog) -> np.ndarray | None:
    """Return a matrix of labels as text ``(list, position)``; 0, negative numbers and NaN are ``""``."""
    array = _plain_or_told(values, name, "a matrix of item numbers or words, one row a list", log)
    if array is None:
        return None
    array = np.atleast_2d(array)
    if array.ndim != 2 or len(array) != n_lists:
        log.add(
            "shape",
            f"'{name}' does not have one row a list",
            expected=f"{n_lists} rows, as 'recalls' has",
            fix="correct the array",
            column=name,
            places=[Place(found=f"shape {array.shape}")],
        )
        return None
    text, missing = as_text(pd.Series(array.ravel()), words=True)
    empty = np.array([_NO_ITEM.fullmatch(one) is not None for one in text], dtype=bool)
    return np.where(missing | empty, "", text).reshape(array.shape)


def conditions(arrays: dict[str, object], n_lists: int) -> pd.DataFrame:
    """Take every array with one number or text a list as a condition."""
    found = {}
    for name, value in arrays.items():
        try:
            array = plain(value)
        except NotPlain:
            continue
        if array.size == n_lists > 1 and max(array.shape, default=0) == n_lists:
            found[name] = pd.Series(array.ravel()).infer_objects()
    return pd.DataFrame(found, index=range(n_lists))


def _plain_or_told(values: object, name: str, expected: str, log: ProblemLog) -> np.ndarray | None:
    try:
        return plain(values)
    except NotPlain as error:
        log.add(
            "wrong_kind",
            f"'{name}' holds something other than numbers or text",
            expected=expected,
            fix="save it as a numeric array, or as a cell array with one text a cell",
            column=name,
            places=[Place(found=str(error))],
        )
        return None
