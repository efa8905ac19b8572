"""Load data sets by name, list them, and describe them."""

from __future__ import annotations

import difflib
import textwrap
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kvfit.data.metadata import DATA_VARIABLE, DatasetError, DatasetInfo, data_folder, known_datasets

if TYPE_CHECKING:
    import pandas as pd

    from kvfit.tasks.free_recall import FreeRecallData
    from kvfit.tasks.recognition import RecognitionData

#: Tasks whose data kvfit reads.
TASKS = ("free_recall", "recognition")


def load(
    name: str,
    *,
    participants: int | Sequence[int | str] | None = None,
    query: str | None = None,
    **options: Any,
) -> FreeRecallData | RecognitionData:
    """Load a data set by its name.

    Parameters
    ----------
    name : str
        See `list_datasets`.
    participants : int or sequence of labels, optional
        The first so many participants, or those with these labels.
    query : str, optional
        Condition over the table of lists (free recall) or of trials (recognition), e.g. ``"task == 'none'"``.
    **options
        For the reader (`kvfit.tasks.readers.read_free_recall`,
        `kvfit.tasks.recognition_reader.read_recognition`); they replace what the data set's metadata ask for.

    Returns
    -------
    FreeRecallData or RecognitionData

    Raises
    ------
    DatasetError
        If the name is unknown (the message lists the known ones and how to get each), the files are not on
        this machine (how to obtain them), or the task is not supported yet.
    DataError
        If the file has problems.
    """
    known = known_datasets()
    if name not in known:
        raise DatasetError(_unknown(name, known))
    info = known[name]
    if info.task not in TASKS:
        raise DatasetError(
            f"{name} is a data set of the task {info.task.replace('_', ' ')}, which is not supported yet;"
            f" kvfit reads {' and '.join(task.replace('_', ' ') for task in TASKS)} so far"
        )
    path = info.find()
    if path is None:
        raise DatasetError(_absent(info))

    # Imported here, so that `import kvfit` stays light.
    from kvfit.tasks.problems import DataHint

    with warnings.catch_warnings():
        # Whoever loads published data cannot correct them.
        warnings.simplefilter("ignore", DataHint)
        return _read(name, info, path, options).select(participants=participants, query=query)


def _read(name: str, info: DatasetInfo, path: Path, options: dict[str, Any]) -> FreeRecallData | RecognitionData:
    """Read the file of a data set as its metadata ask for."""
    reading: dict[str, Any] = {"name": name, "description": _source_line(info), **info.reading, **options}
    if info.task == "recognition":
        from kvfit.tasks.recognition_reader import read_recognition

        return read_recognition(path, **reading)
    from kvfit.tasks.readers import read_free_recall

    return read_free_recall(path, **reading)


def list_datasets() -> pd.DataFrame:
    """List the known data sets.

    Returns
    -------
    pandas.DataFrame
        One row a data set: ``name``, ``task``, ``participants``, ``lists``, ``trials`` (missing where they
        do not apply), ``conditions``, ``available`` (the file is on this machine), ``how_to_obtain``.
    """
    import pandas as pd

    rows = [
        {
            "name": info.name,
            "task": info.task,
            "participants": info.participants,
            "lists": info.lists,
            "trials": info.trials,
            "conditions": ", ".join(info.conditions),
            "available": info.find() is not None,
            "how_to_obtain": info.obtain,
        }
        for info in known_datasets().values()
    ]
    return pd.DataFrame(rows).astype({"participants": "Int64", "lists": "Int64", "trials": "Int64"})


def describe_dataset(name: str) -> str:
    """Describe a data set in plain text: citation, size, columns, cautions, licence, how to obtain it.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Raises
    ------
    DatasetError
        If the name is unknown.
    """
    known = known_datasets()
    if name not in known:
        raise DatasetError(_unknown(name, known))
    info = known[name]
    size = [
        f"{number:,} {unit}"
        for number, unit in (
            (info.participants, "participants"),
            (info.lists, "lists"),
            (info.trials, "trials"),
        )
        if number is not None
    ]
    path = info.find()
    entries = [
        ("task", info.task.replace("_", " ")),
        ("citation", info.citation),
        ("size", ", ".join(size) or "not recorded"),
        ("conditions", ", ".join(info.conditions)),
        ("same responses as", ", ".join(info.same_as)),
        ("licence", info.licence),
        ("source", info.source),
        ("on this machine", "no" if path is None else "yes"),
        ("how to obtain", info.obtain),
    ]
    lines = [f"{info.name}: {info.title}", ""]
    lines += [_wrap(f"{label}: {text}") for label, text in entries if text]
    lines += _section("columns", [f"{column}: {meaning}" for column, meaning in info.columns.items()])
    lines += _section("selections", [f'query="{query}": {why}' for query, why in info.queries])
    lines += _section("before use", info.cautions)
    return "\n".join(lines)


def _section(title: str, entries: Sequence[str]) -> list[str]:
    return ["", f"{title}:", *(_wrap(entry, "  ") for entry in entries)] if entries else []


def _wrap(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text, width=100, initial_indent=indent, subsequent_indent=indent + "    ", break_on_hyphens=False
    )


def _source_line(info: DatasetInfo) -> str:
    origins = {"psifr": "installed with psifr", "kvfit": "part of kvfit"}
    origin = origins.get(info.provider, f"a folder of {DATA_VARIABLE}")
    return f"{info.title} ({info.name}, {origin})"


def _unknown(name: str, known: dict[str, DatasetInfo]) -> str:
    """Say which data sets there are, the most similar names first."""
    plain = {other.lower().replace("_", ""): other for other in known}
    asked = str(name).lower().replace("_", "").replace("-", "").replace(" ", "")
    close = [plain[one] for one in difflib.get_close_matches(asked, list(plain), n=3, cutoff=0.5)]
    close += [other for one, other in plain.items() if asked and asked in one and other not in close]
    order = [*close, *(other for other in known if other not in close)]
    lines = [f"There is no data set {name!r}." + (f" Did you mean {close[0]!r}?" if close else "")]
    lines.append("Known data sets:")
    for other in order:
        info = known[other]
        state = "on this machine" if info.find() is not None else _how(info)
        lines.append(f"  {other} ({info.task.replace('_', ' ')}): {state}")
    lines.append(
        "A file of your own is read with read_free_recall(path) or read_recognition(path), in the shell by --data PATH."
        f" {_folder_state()}"
    )
    return "\n".join(lines)


def _how(info: DatasetInfo) -> str:
    if info.provider == "psifr":
        return "install psifr"
    return f"{info.files[0]} in the folder {info.name} of {DATA_VARIABLE}; source: {info.source}"


def _absent(info: DatasetInfo) -> str:
    files = " or ".join(info.files)
    lines = [f"The data set {info.name} is known, but {files} is not on this machine.", info.obtain]
    if info.provider == "folder":
        lines += [f"Source: {info.source}", f"Licence: {info.licence}", _folder_state()]
    return "\n".join(lines)


def _folder_state() -> str:
    root = data_folder()
    if root is None:
        return f"{DATA_VARIABLE} is not set."
    return f"{DATA_VARIABLE} is {root}" + ("." if root.is_dir() else ", which is not a folder.")
