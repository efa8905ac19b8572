"""Read Penn free recall matrices from MATLAB (.mat) and NumPy (.npz) files.

The form is that of the Behavioral Toolbox of the Computational Memory Lab: ``recalls`` (list x output), where
k > 0 is the study position of the recalled item, a negative number an intrusion and 0 no (further) response;
``subject`` and ``listLength`` (list); ``pres_itemnos`` and ``rec_itemnos`` (or ``pres_items``, ``rec_items``)
with the items, ``times`` with response times. They stand alone or in a struct. If a file holds an array of
structs, as the archive copy of Murdock (1962) does, participants are called ``1/7``: struct, then subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kvfit.tasks.labels import as_text
from kvfit.tasks.matrices import LONGEST_LIST, RecallMatrix, number_lists
from kvfit.tasks.problems import Place, ProblemLog

#: Our names and what files call them.
_NAMES = {
    "recalls": ("recalls", "recalls_matrix"),
    "subject": ("subject", "subjects", "subj", "participant"),
    "list": ("list", "lists", "trial"),
    "list_length": ("list_length", "listlength"),
    "studied": ("pres_items", "pres_itemnos"),
    "responded": ("rec_items", "rec_itemnos"),
    "times": ("times", "rec_times"),
}

Arrays = Mapping[str, Any]


def read_penn(
    path: Path, log: ProblemLog, *, names: Mapping[str, str] | None = None, list_length: int | None = None
) -> RecallMatrix | None:
    """Read a .mat or .npz file.

    Parameters
    ----------
    path : pathlib.Path
    log : ProblemLog
        Receives what is wrong with the file.
    names : mapping, optional
        kvfit's names (recalls, subject, list, list_length, studied, responded, times) to the file's.
    list_length : int, optional
        Length of all lists, if the file does not hold it.

    Returns
    -------
    RecallMatrix or None
        None if nothing could be read; `log` then says why.
    """
    structs = _load_npz(path, log) if path.suffix.lower() == ".npz" else _load_mat(path, log)
    if structs is None:
        return None
    parts = []
    n_before = 0
    for number, arrays in enumerate(structs, start=1):
        prefix = f"{number}/" if len(structs) > 1 else ""
        part = _one_struct(arrays, log, names or {}, list_length, prefix, n_before)
        if part is not None:
            n_before += len(part.recalls)
            parts.append(part)
    if log.errors:
        return None
    return parts[0] if len(parts) == 1 else _stack(parts)


def _load_npz(path: Path, log: ProblemLog) -> list[Arrays] | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            return [{name: file[name] for name in file.files}]
    except (OSError, ValueError, EOFError, KeyError) as error:
        _report_unreadable(log, error, "an .npz file of plain arrays (numpy.savez), without pickled objects")
        return None
    except Exception as error:  # zipfile raises its own kinds for broken archives
        _report_unreadable(log, error, "a complete .npz file")
        return None


def _load_mat(path: Path, log: ProblemLog) -> list[Arrays] | None:
    from scipy.io import loadmat

    try:
        top = loadmat(path, struct_as_record=True, squeeze_me=False)
    except NotImplementedError as error:
        _report_unreadable(log, error, "a MATLAB file of version 7 or earlier: save(..., '-v7')")
        return None
    except Exception as error:  # scipy raises many kinds for broken files
        _report_unreadable(log, error, "a complete MATLAB file of version 7 or earlier")
        return None
    arrays = {name: value for name, value in top.items() if not name.startswith("__")}
    if _find(arrays, "recalls") is not None:
        return [arrays]
    structs: list[Arrays] = []
    for value in arrays.values():
        if isinstance(value, np.ndarray) and value.dtype.names:
            fields = value.dtype.names
            structs += [
                {name: element[name] for name in fields}
                for element in value.ravel()
                if any(name.lower() in _NAMES["recalls"] for name in fields)
            ]
    return structs or [arrays]


def _report_unreadable(log: ProblemLog, error: Exception, expected: str) -> None:
    log.add(
        "unparsable",
        "The file cannot be read",
        expected=expected,
        fix="save the file again",
        places=[Place(found=f"{type(error).__name__}: {error}".splitlines()[0])],
    )


def _find(arrays: Arrays, ours: str, names: Mapping[str, str] | None = None) -> str | None:
    """Return the file's name for one of our arrays."""
    if names and ours in names:
        return names[ours] if names[ours] in arrays else None
    for candidate in _NAMES[ours]:
        for name in arrays:
            if name.lower() == candidate:
                return name
    return None


def _one_struct(
    arrays: Arrays,
    log: ProblemLog,
    names: Mapping[str, str],
    list_length: int | None,
    prefix: str,
    n_before: int,
) -> RecallMatrix | None:
    found = {ours: _find(arrays, ours, names) for ours in _NAMES}
    if not _check_names(arrays, found, names, list_length, log):
        return None
    recalls = _numbers(arrays[str(found["recalls"])], "recalls", log)
    if recalls is None:
        return None
    n_lists = len(recalls)
    vectors = {ours: _vector(arrays, found[ours], n_lists, log) for ours in ("subject", "list", "list_length")}
    if list_length is not None:
        vectors["list_length"] = pd.Series([list_length] * n_lists)
    matrices = {ours: _labels(arrays, found[ours], n_lists, log) for ours in ("studied", "responded")}
    times = None if found["times"] is None else _numbers(arrays[str(found["times"])], "times", log)
    if times is not None and times.shape != recalls.shape:
        log.add(
            "shape",
            "'times' does not have the shape of 'recalls'",
            expected=f"shape {recalls.shape}",
            fix="correct the array, or remove it",
            column=found["times"],
            places=[Place(found=f"shape {times.shape}")],
        )
    if log.errors:
        return None
    subject, missing = as_text(_given(vectors["subject"]))
    subject = np.where(missing, "", np.array([prefix + one for one in subject], dtype=object))
    lengths = _lengths(vectors["list_length"], matrices["studied"])
    listed = vectors["list"]
    return RecallMatrix(
        recalls=recalls,
        subject=subject,
        list=number_lists(subject) if listed is None else as_text(listed)[0],
        list_length=lengths,
        rows=np.arange(n_before + 1, n_before + n_lists + 1),
        # Items that a list should have and the matrix does not hold are then reported as missing.
        studied=_fit(matrices["studied"], int(lengths[lengths <= LONGEST_LIST].max(initial=1))),
        responded=_fit(matrices["responded"], recalls.shape[1]),
        times=times,
        extras=_conditions(arrays, {name for name in found.values() if name}, n_lists),
    )


def _check_names(
    arrays: Arrays,
    found: Mapping[str, str | None],
    names: Mapping[str, str],
    list_length: int | None,
    log: ProblemLog,
) -> bool:
    """Report arrays that are needed, or asked for, and not there."""
    present = [Place(found="arrays " + (", ".join(sorted(arrays)) or "none"))]
    needed = ["recalls", "subject"]
    if list_length is None and found["studied"] is None:
        needed.append("list_length")
    unknown = [ours for ours in names if ours not in _NAMES or (found[ours] is None and ours not in needed)]
    for ours in unknown:
        log.add(
            "unknown_column",
            f"columns= names an array '{names[ours]}' for '{ours}'",
            expected=f"one of kvfit's names ({', '.join(_NAMES)}) and the name of an array of the file",
            fix="correct the name in columns=",
            places=present,
        )
    absent = [ours for ours in needed if found[ours] is None]
    for ours in absent:
        log.add(
            "missing_column",
            f"There is no array '{ours}'",
            expected=f"an array called {' or '.join(_NAMES[ours])}, or columns={{'{ours}': 'its name'}}",
            fix="pass list_length=, if all lists have the same length" if ours == "list_length" else "add it",
            places=present,
        )
    return not unknown and not absent


def _given(vector: pd.Series | None) -> pd.Series:
    assert vector is not None  # checked before
    return vector


def _numbers(values: object, name: str, log: ProblemLog) -> np.ndarray | None:
    """Return a matrix of numbers ``(list, output)``."""
    array = np.atleast_2d(np.asarray(values))
    try:
        if array.ndim != 2:
            raise ValueError(f"{array.ndim} dimensions")
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


def _vector(arrays: Arrays, name: str | None, n_lists: int, log: ProblemLog) -> pd.Series | None:
    """Return one value a list; a single value stands for all lists."""
    if name is None:
        return None
    values = _unwrap(np.asarray(arrays[name])).ravel()
    if len(values) == 1:
        values = np.repeat(values, n_lists)
    if len(values) != n_lists:
        log.add(
            "shape",
            f"'{name}' does not have one value a list",
            expected=f"{n_lists} values, as 'recalls' has rows, or a single one",
            fix="correct the array",
            column=name,
            places=[Place(found=f"{len(values)} values")],
        )
        return None
    return pd.Series(values)


def _labels(arrays: Arrays, name: str | None, n_lists: int, log: ProblemLog) -> np.ndarray | None:
    """Return a matrix of labels as text; 0, negative numbers and NaN are ``""``."""
    if name is None:
        return None
    values = np.atleast_2d(_unwrap(np.asarray(arrays[name])))
    if values.ndim != 2 or len(values) != n_lists:
        log.add(
            "shape",
            f"'{name}' does not have one row a list",
            expected=f"{n_lists} rows, as 'recalls' has",
            fix="correct the array",
            column=name,
            places=[Place(found=f"shape {values.shape}")],
        )
        return None
    text, missing = as_text(pd.Series(values.ravel()), words=True)
    empty = np.array([one in ("0", "[]") or one.startswith("-") for one in text], dtype=bool)
    return np.where(missing | empty, "", text).reshape(values.shape)


def _unwrap(values: np.ndarray) -> np.ndarray:
    """Take the contents out of MATLAB cells."""
    if values.dtype != object:
        return values
    unwrapped = np.empty(values.shape, dtype=object)
    for at, cell in np.ndenumerate(values):
        if isinstance(cell, np.ndarray):
            cell = cell.ravel()[0] if cell.size else ""
        unwrapped[at] = cell
    return unwrapped


def _fit(labels: np.ndarray | None, width: int) -> np.ndarray | None:
    return None if labels is None else _widen(labels, width)


def _widen(matrix: np.ndarray, width: int) -> np.ndarray:
    """Add empty columns on the right: ``""`` to labels, NaN to numbers."""
    n_rows, n_columns = matrix.shape
    if n_columns >= width:
        return matrix
    empty = "" if matrix.dtype == object else np.nan
    return np.hstack([matrix, np.full((n_rows, width - n_columns), empty, dtype=matrix.dtype)])


def _lengths(given: pd.Series | None, studied: np.ndarray | None) -> np.ndarray:
    if given is not None:
        return pd.to_numeric(given, errors="coerce").to_numpy(dtype=float)
    assert studied is not None  # one of the two was asked for before
    return (studied != "").sum(axis=1).astype(float)


def _conditions(arrays: Arrays, used: set[str], n_lists: int) -> pd.DataFrame:
    """Take every other array with one value a list as a condition."""
    conditions = {}
    for name, value in arrays.items():
        values = _unwrap(np.asarray(value))
        is_vector = values.size == n_lists and max(values.shape, default=0) == n_lists
        if name not in used and is_vector and n_lists > 1 and values.dtype.names is None:
            conditions[name] = pd.Series(values.ravel()).infer_objects()
    return pd.DataFrame(conditions, index=range(n_lists))


def _stack(parts: list[RecallMatrix]) -> RecallMatrix:
    """Put the lists of several structs under each other."""

    def numbers(matrices: list[np.ndarray | None]) -> np.ndarray | None:
        if any(one is None for one in matrices):
            return None
        given = [one for one in matrices if one is not None]
        width = max(one.shape[1] for one in given)
        return np.vstack([_widen(one, width) for one in given])

    recalls = numbers([part.recalls for part in parts])
    assert recalls is not None
    return RecallMatrix(
        recalls=recalls,
        subject=np.concatenate([part.subject for part in parts]),
        list=np.concatenate([part.list for part in parts]),
        list_length=np.concatenate([part.list_length for part in parts]),
        rows=np.concatenate([part.rows for part in parts]),
        studied=numbers([part.studied for part in parts]),
        responded=numbers([part.responded for part in parts]),
        times=numbers([part.times for part in parts]),
        extras=pd.concat([part.extras for part in parts], ignore_index=True),
    )
