"""Open Penn files (.mat, .npz) and find the structs in them that hold a matrix of recalls, however deep they lie."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kvfit.tasks.mat_layout import check_mat
from kvfit.tasks.problems import Place, ProblemLog

#: What files call the matrix of recalls, in lower case.
RECALLS = ("recalls", "recalls_matrix")

#: Structs inside structs are followed so far down; deeper ones are no data of recalls.
_DEEPEST = 8

Arrays = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Struct:
    """Arrays that stand together.

    Attributes
    ----------
    where : str
        Path in the file, e.g. ``data.LL(2)``; empty for the file itself.
    arrays : mapping of str to array
    """

    where: str
    arrays: Arrays

    @property
    def family(self) -> str:
        """The path without numbers: that of the array of structs."""
        return re.sub(r"[({]\d+[)}]", "", self.where)


def open_penn(path: Path, log: ProblemLog, recalls: str | None = None) -> list[Struct] | None:
    """Open a file and find its structs of recalls.

    Parameters
    ----------
    path : pathlib.Path
    log : ProblemLog
        Receives why a file cannot be opened.
    recalls : str, optional
        The file's name of the matrix of recalls; with the path of its struct before it (``data.LL.recalls``) only
        that struct, or array of structs, is taken.

    Returns
    -------
    list of Struct or None
        The file itself if it holds recalls, or nothing inside it does; else structs in the order of the file.
    """
    arrays = _load_npz(path, log) if path.suffix.lower() == ".npz" else _load_mat(path, log)
    if arrays is None:
        return None
    family, _, name = (recalls or "").rpartition(".")
    wanted = (name.lower(),) if name else RECALLS
    top = [Struct("", arrays)]
    if not family and _holds(arrays, wanted):
        return top
    found = [struct for name, value in arrays.items() for struct in _structs(value, name, wanted)]
    return [struct for struct in found if family in ("", struct.where, struct.family)] or top


def outline(arrays: Arrays, most: int = 20) -> str:
    """Name the arrays of a file, those inside structs by their path: ``data.LL.recs, other``."""
    names = sorted(dict.fromkeys(name for key, value in arrays.items() for name in _names(value, key)))
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "") or "none"


def _names(value: Any, where: str, depth: int = 0) -> Iterator[str]:
    fields = value.dtype.names if isinstance(value, np.ndarray) else None
    if not fields or not value.size or depth > _DEEPEST:
        yield where
        return
    for name in fields:
        yield from _names(value.ravel()[0][name], f"{where}.{name}", depth + 1)


def _holds(arrays: Arrays, wanted: tuple[str, ...]) -> bool:
    return any(name.lower() in wanted for name in arrays)


def _structs(value: Any, where: str, wanted: tuple[str, ...], depth: int = 0) -> Iterator[Struct]:
    """Walk through structs and cells; a struct with recalls is not searched further."""
    if not isinstance(value, np.ndarray) or depth > _DEEPEST:
        return
    fields = value.dtype.names
    if not fields and value.dtype != object:
        return
    for number, element in enumerate(value.ravel(), start=1):
        brackets = "()" if fields else "{}"
        here = where if value.size == 1 else f"{where}{brackets[0]}{number}{brackets[1]}"
        if not fields:
            yield from _structs(element, here, wanted, depth + 1)
            continue
        arrays = {name: element[name] for name in fields}
        if _holds(arrays, wanted):
            yield Struct(here, arrays)
            continue
        for name, inner in arrays.items():
            yield from _structs(inner, f"{here}.{name}", wanted, depth + 1)


def _load_npz(path: Path, log: ProblemLog) -> Arrays | None:
    try:
        # Opened here: NumPy leaves a broken archive open.
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError) as error:
        _report_unreadable(log, error, "an .npz file of plain arrays (numpy.savez), without pickled objects")
    except Exception as error:  # zipfile raises its own kinds for broken archives
        _report_unreadable(log, error, "a complete .npz file")
    return None


def _load_mat(path: Path, log: ProblemLog) -> Arrays | None:
    from scipy.io import loadmat
    from scipy.io.matlab import matfile_version

    try:
        content = path.read_bytes()
        if matfile_version(str(path))[0] == 1:  # SciPy's reader of other versions trusts nothing
            check_mat(content)
        with warnings.catch_warnings():
            # about the kind of sparse matrices, which are made dense
            warnings.filterwarnings("ignore", "The default value for `spmatrix`", DeprecationWarning)
            top = loadmat(io.BytesIO(content), struct_as_record=True, squeeze_me=False)
    except NotImplementedError as error:
        _report_unreadable(log, error, "a MATLAB file of version 7 or earlier: save(..., '-v7')")
        return None
    except Exception as error:  # scipy raises many kinds for broken files
        _report_unreadable(log, error, "a complete MATLAB file of version 7 or earlier")
        return None
    return {name: value for name, value in top.items() if not name.startswith("__")}


def _report_unreadable(log: ProblemLog, error: Exception, expected: str) -> None:
    log.add(
        "unparsable",
        "The file cannot be read",
        expected=expected,
        fix="save the file again",
        places=[Place(found=f"{type(error).__name__}: {error}".splitlines()[0])],
    )
