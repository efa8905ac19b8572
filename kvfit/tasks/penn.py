"""Read Penn free recall matrices from MATLAB (.mat) and NumPy (.npz) files.

The form is that of the Behavioral Toolbox of the Computational Memory Lab: ``recalls`` (list x output), where
k > 0 is the study position of the recalled item, a negative number an intrusion and 0 no (further) response;
``subject`` and ``listLength`` (list); ``pres_itemnos`` and ``rec_itemnos`` (or ``pres_items``, ``rec_items``)
with the items, ``times`` with response times. They stand alone, in a struct, or in structs inside structs. If a
file holds several structs of recalls, as the archive copy of Murdock (1962) does, participants are called ``1/7``:
struct, then subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from kvfit.tasks.labels import as_text
from kvfit.tasks.matrices import LONGEST_LIST, RecallMatrix, number_lists
from kvfit.tasks.penn_arrays import conditions, labels, numbers, vector
from kvfit.tasks.penn_files import RECALLS, Arrays, Struct, open_penn, outline
from kvfit.tasks.problems import PLACES_SHOWN, Place, ProblemLog

#: Our names and what files call them.
_NAMES = {
    "recalls": RECALLS,
    "subject": ("subject", "subjects", "subj", "participant"),
    "list": ("list", "lists", "trial"),
    "list_length": ("list_length", "listlength"),
    "studied": ("pres_items", "pres_itemnos"),
    "responded": ("rec_items", "rec_itemnos"),
    "times": ("times", "rec_times"),
}


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
        kvfit's names (recalls, subject, list, list_length, studied, responded, times) to the file's; that of the
        recalls may have the path of its struct before it, ``data.LL.recalls``.
    list_length : int, optional
        Length of all lists, if the file does not hold it.

    Returns
    -------
    RecallMatrix or None
        None if nothing could be read; `log` then says why.
    """
    names = dict(names or {})
    structs = open_penn(path, log, names.get("recalls"))
    if structs is None:
        return None
    # The path chose the struct; inside it arrays have their own names.
    names = {ours: theirs.rpartition(".")[2] for ours, theirs in names.items()}
    _warn_of_families(structs, log)
    parts = []
    n_before = 0
    for number, struct in enumerate(structs, start=1):
        prefix = f"{number}/" if len(structs) > 1 else ""
        part = _one_struct(struct, log, names, list_length, prefix, n_before)
        if part is not None:
            n_before += len(part.recalls)
            parts.append(part)
    if log.errors:
        return None
    return parts[0] if len(parts) == 1 else _stack(parts)


def _warn_of_families(structs: list[Struct], log: ProblemLog) -> None:
    """Say which structs were put together if they are not those of one array: one may be a copy of another."""
    families = list(dict.fromkeys(struct.family for struct in structs))
    if len(families) > 1:
        log.add(
            "several_structs",
            "Several structs of the file hold recalls; all were read",
            expected="one struct, or one array of structs, with different lists",
            fix=f"if they hold the same lists, name the one that is meant: columns={{'recalls': '{families[0]}.recalls'}}",
            places=[
                Place(found=f"{struct.where}: participants {number}/...")
                for number, struct in enumerate(structs[:PLACES_SHOWN], start=1)
            ],
            n_places=len(structs),
            severity="warning",
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
    struct: Struct,
    log: ProblemLog,
    names: Mapping[str, str],
    list_length: int | None,
    prefix: str,
    n_before: int,
) -> RecallMatrix | None:
    arrays = struct.arrays
    found = {ours: _find(arrays, ours, names) for ours in _NAMES}
    if not _check_names(struct, found, names, list_length, log):
        return None
    recalls = numbers(arrays[str(found["recalls"])], "recalls", log)
    if recalls is None:
        return None
    n_lists = len(recalls)
    wanted = ("subject", "list", *(("list_length",) if list_length is None else ()))
    vectors = {ours: vector(arrays[name], name, n_lists, log) for ours in wanted if (name := found[ours]) is not None}
    if list_length is not None:
        vectors["list_length"] = pd.Series([list_length] * n_lists)
    matrices = {
        ours: labels(arrays[name], name, n_lists, log)
        for ours in ("studied", "responded")
        if (name := found[ours]) is not None
    }
    times = None if found["times"] is None else numbers(arrays[str(found["times"])], "times", log)
    if times is not None and times.shape != recalls.shape:
        log.add(
            "shape",
            "'times' does not have the shape of 'recalls'",
            expected=f"shape {recalls.shape}",
            fix="correct the array, or remove it",
            column=found["times"],
            places=[Place(found=f"shape {times.shape}")],
        )
    _check_stated(arrays, struct, list_length, n_lists, log)
    if log.errors:
        return None
    subject, missing = as_text(_given(vectors.get("subject")))
    subject = np.where(missing, "", np.array([prefix + one for one in subject], dtype=object))
    lengths = _lengths(vectors.get("list_length"), matrices.get("studied"))
    listed = vectors.get("list")
    return RecallMatrix(
        recalls=recalls,
        subject=subject,
        list=number_lists(subject) if listed is None else as_text(listed)[0],
        list_length=lengths,
        rows=np.arange(n_before + 1, n_before + n_lists + 1),
        # Items that a list should have and the matrix does not hold are then reported as missing.
        studied=_fit(matrices.get("studied"), int(lengths[lengths <= LONGEST_LIST].max(initial=1))),
        responded=_fit(matrices.get("responded"), recalls.shape[1]),
        times=times,
        extras=conditions({name: value for name, value in arrays.items() if name not in found.values()}, n_lists),
    )


def _check_stated(arrays: Arrays, struct: Struct, stated: int | None, n_lists: int, log: ProblemLog) -> None:
    """Report lengths in the file that are others than the user states."""
    name = _find(arrays, "list_length")
    if stated is None or name is None:
        return
    given = vector(arrays[name], name, n_lists, log)
    lengths = np.array([]) if given is None else pd.to_numeric(given, errors="coerce").to_numpy(dtype=float)
    other = np.flatnonzero(np.isfinite(lengths) & (lengths != stated))
    if len(other):
        log.add(
            "stated_length",
            f"The file has other list lengths than list_length={stated}",
            expected=f"{stated} in '{name}', or list_length= left out",
            fix="leave out list_length=, or correct the array",
            column=name,
            places=[Place(row=int(one) + 1, found=f"{lengths[one]:g}") for one in other[:PLACES_SHOWN]],
            n_places=len(other),
        )


def _check_names(
    struct: Struct,
    found: Mapping[str, str | None],
    names: Mapping[str, str],
    list_length: int | None,
    log: ProblemLog,
) -> bool:
    """Report arrays that are needed, or asked for, and not there."""
    inside = f"in {struct.where} " if struct.where else ""
    present = [Place(found=f"{inside}arrays {outline(struct.arrays)}")]
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


def _stack(parts: list[RecallMatrix]) -> RecallMatrix:
    """Put the lists of several structs under each other."""

    def under(matrices: list[np.ndarray | None], *, empty: object) -> np.ndarray | None:
        given = [one for one in matrices if one is not None]
        if not given or (empty is None and len(given) < len(parts)):
            return None
        width = max(one.shape[1] for one in given)
        lacking = [np.full((len(part.recalls), width), empty, dtype=given[0].dtype) for part in parts]
        return np.vstack(
            [lack if one is None else _widen(one, width) for lack, one in zip(lacking, matrices, strict=True)]
        )

    recalls = under([part.recalls for part in parts], empty=np.nan)
    assert recalls is not None
    return RecallMatrix(
        recalls=recalls,
        subject=np.concatenate([part.subject for part in parts]),
        list=np.concatenate([part.list for part in parts]),
        list_length=np.concatenate([part.list_length for part in parts]),
        rows=np.concatenate([part.rows for part in parts]),
        # Items by position for all, if a struct has no items.
        studied=under([part.studied for part in parts], empty=None),
        responded=under([part.responded for part in parts], empty=""),
        times=under([part.times for part in parts], empty=np.nan),
        extras=pd.concat([part.extras for part in parts], ignore_index=True),
    )
