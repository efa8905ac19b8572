"""What is known about each data set, and where its files are. Nothing here reads the data."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Environment variable that names the folder with one folder a data set.
DATA_VARIABLE = "KVFIT_DATA"

#: Files that make a folder of KVFIT_DATA a data set, the preferred first.
DATA_FILES = ("data.csv", "data.csv.gz")


class DatasetError(LookupError):
    """A data set that is unknown, absent or cannot be read yet; the message says how to go on."""


@dataclass(frozen=True)
class DatasetInfo:
    """A data set's metadata, as in its metadata.json.

    Attributes
    ----------
    name, title, citation, licence, source, obtain : str
        `obtain` says how a user gets the files.
    task : str
        ``"free_recall"``, ``"recognition"``, ...
    provider : str
        ``"psifr"`` (installed with that package), ``"kvfit"`` (beside its metadata) or ``"folder"`` (of
        KVFIT_DATA).
    files : tuple of str
        Under the package or the data set's folder; any one of a folder's files makes it available.
    participants, lists, trials : int or None
    conditions : tuple of str
    columns : mapping
        Column name to meaning.
    reading : mapping
        Options of the reader that this data set needs.
    queries : tuple of (str, str)
        Useful selections of lists, each with its reason.
    cautions : tuple of str
        What to know before using the data.
    same_as : tuple of str
        Data sets that hold the same responses.
    """

    name: str
    title: str
    task: str
    provider: str
    files: tuple[str, ...]
    citation: str = "none given"
    licence: str = "none given"
    source: str = "none given"
    obtain: str = ""
    participants: int | None = None
    lists: int | None = None
    trials: int | None = None
    conditions: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    reading: Mapping[str, Any] = field(default_factory=dict)
    queries: tuple[tuple[str, str], ...] = ()
    cautions: tuple[str, ...] = ()
    same_as: tuple[str, ...] = ()

    def find(self) -> Path | None:
        """Return the data file, or None if it is not on this machine."""
        if self.provider == "kvfit":
            folder: Path | None = Path(__file__).parent / self.name
        else:
            folder = _psifr_folder() if self.provider == "psifr" else _named_folder(self.name)
        if folder is None:
            return None
        return next((folder / file for file in self.files if (folder / file).is_file()), None)


def known_datasets() -> dict[str, DatasetInfo]:
    """Collect the data sets that kvfit describes and those that it finds in KVFIT_DATA.

    Returns
    -------
    dict
        Name to metadata, sorted by name. A folder of KVFIT_DATA without metadata in kvfit may hold a
        metadata.json of its own; without one its data are taken for free recall.
    """
    own = Path(__file__).parent
    known = {path.parent.name: _read_metadata(path) for path in own.glob("*/metadata.json")}
    root = data_folder()
    if root is not None and root.is_dir():
        for folder in root.iterdir():
            if folder.name not in known and any((folder / file).is_file() for file in DATA_FILES):
                known[folder.name] = _undescribed(folder)
    return dict(sorted(known.items()))


def data_folder() -> Path | None:
    """Return the folder that KVFIT_DATA names, existing or not; None if the variable is not set."""
    value = os.environ.get(DATA_VARIABLE, "").strip()
    return Path(value).expanduser() if value else None


def _read_metadata(path: Path) -> DatasetInfo:
    raw = json.loads(path.read_text(encoding="utf-8"))
    provider = raw.get("provider", {"kind": "folder", "files": list(DATA_FILES)})
    files = provider["files"] if provider["kind"] == "folder" else [provider["file"]]
    if provider["kind"] == "folder" and files[0] in DATA_FILES:
        # The user may keep the table compressed or not.
        files = [*files, *(file for file in DATA_FILES if file not in files)]
    plain = ("title", "task", "citation", "licence", "source", "obtain", "participants", "lists", "trials")
    return DatasetInfo(
        name=path.parent.name,
        provider=provider["kind"],
        files=tuple(files),
        conditions=tuple(raw.get("conditions", ())),
        columns=raw.get("columns", {}),
        reading=raw.get("reading", {}),
        queries=tuple((entry["query"], entry["why"]) for entry in raw.get("queries", ())),
        cautions=tuple(raw.get("cautions", ())),
        same_as=tuple(raw.get("same_as", ())),
        **{key: raw[key] for key in plain if key in raw},
    )


def _undescribed(folder: Path) -> DatasetInfo:
    metadata = folder / "metadata.json"
    cautions = []
    if metadata.is_file():
        try:
            return _read_metadata(metadata)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # One broken file must not hide the other data sets.
            cautions = [f"its metadata.json was not used: {error!r}; expected an object with title and task"]
    return DatasetInfo(
        name=folder.name,
        title=f"{folder.name} (a folder of {DATA_VARIABLE} without metadata)",
        task="free_recall",
        provider="folder",
        files=DATA_FILES,
        obtain=f"a folder of {DATA_VARIABLE}",
        cautions=tuple(cautions),
    )


def _psifr_folder() -> Path | None:
    # find_spec looks a top-level package up without importing it.
    spec = importlib.util.find_spec("psifr")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _named_folder(name: str) -> Path | None:
    root = data_folder()
    return None if root is None else root / name
