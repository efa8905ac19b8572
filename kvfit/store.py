"""Fits on disk: a folder each, written whole or not at all, found again by the same request, and checked when read."""

import io
import itertools
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kvfit.sealed
from kvfit.files import check_writable, clear_unfinished
from kvfit.sealed import MANIFEST, SealError

if TYPE_CHECKING:
    from kvfit.inference.fit import Fit
    from kvfit.memory_model import MemoryModel

FORMAT = 3
TREE = "fit.nc"
SIMILARITY = "similarity.npy"
#: folder of a store into which goes what cannot be used any more
SET_ASIDE = "set-aside"
_PACKAGES = ("kvfit-memory", "pymc", "pytensor", "arviz", "nutpie", "numba", "numpy", "scipy", "pandas", "xarray")
_WHAT = "a fit; a fit is a folder made by kvfit fit or kv.fit(store=...)"
#: stores that this process has written to, for what is said when it is stopped
_used: dict[Path, None] = {}


class StoreError(SealError):
    """A folder that is not a readable fit, or a store that cannot be used."""


class StoreWarning(UserWarning):
    """Something in a store was set aside."""


def package_versions() -> dict[str, str]:
    """Versions of the packages that decide results."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def folder_name(model_label: str, key: str) -> str:
    """Readable and unique: the model, its options, and the request's hash."""
    readable = "".join(c if c.isalnum() or c in "_-." else "-" for c in model_label).strip("-")
    return f"{readable[:60]}-{key}"


def require_registered(model_label: str) -> None:
    """Refuse a model whose fit could be written but never opened again.

    Raises
    ------
    StoreError
        If kvfit finds no model of this label.
    """
    from kvfit.registry import ModelError, get_model

    try:
        get_model(model_label)
    except ModelError as error:
        raise StoreError(
            f"{model_label} cannot be fitted into a store: a stored fit is opened by the name of its model, and kvfit does"
            f" not find it.\n{error}\nRegister the model, as a file in models/ or by an entry point of the group"
            " 'kvfit.models' (docs/adding-a-model.md), or fit without store="
        ) from error


def find(store: Path, model_label: str, key: str) -> Path | None:
    """Folder of a finished fit of this request, if there is one that is what was written.

    One that was damaged or edited, or is of another format, is moved into the store's folder ``set-aside``.

    Warns
    -----
    StoreWarning
        In one line: what was wrong with it, and where it is now.

    Raises
    ------
    StoreError
        If it cannot be moved.
    """
    folder = store / folder_name(model_label, key)
    if not folder.exists():
        return None
    try:
        manifest = kvfit.sealed.read_manifest(folder, FORMAT, _WHAT)
        if manifest.get("request") != key:
            raise StoreError(f"{folder}: holds the fit of another request ({manifest.get('request')})")
        kvfit.sealed.read_files(folder, manifest)
    except SealError as error:
        problem = " ".join(str(error).split())
        moved = _set_aside(folder)
        warnings.warn(f"{problem}; moved to {moved}, and fitted again", StoreWarning, stacklevel=3)
        return None
    return folder


def reopen(folder: Path, model: "MemoryModel") -> "Fit | None":
    """Open a fit that `find` found; one that is what was written and cannot be read all the same is moved aside.

    Warns
    -----
    StoreWarning
        In one line: what was wrong with it, and where it is now.
    """
    try:
        return open_fit(folder, model=model)
    except StoreError as error:
        problem = " ".join(str(error).split())
        warnings.warn(f"{problem}; moved to {_set_aside(folder)}, and fitted again", StoreWarning, stacklevel=3)
        return None


def _set_aside(folder: Path) -> Path:
    """Move a folder out of the way of its request."""
    aside = folder.parent / SET_ASIDE
    try:
        aside.mkdir(exist_ok=True)
        for number in itertools.count(1):
            target = aside / f"{folder.name}-{number}"
            if not target.exists():
                folder.rename(target)
                return target
    except OSError as error:
        raise StoreError(f"{folder}: cannot be used and cannot be moved ({error}); delete it") from error
    raise AssertionError("unreachable")


def prepare(store: Path, data: Any = None, expected_bytes: int = 0) -> None:
    """Find out, before a long computation, whether its result can be kept.

    Parameters
    ----------
    store : pathlib.Path
        Made if it is not there; cleared of what killed processes left.
    data : FreeRecallData or RecognitionData, optional
        That will be kept with the result.
    expected_bytes : int
        About as much as will be written.

    Raises
    ------
    StoreError
        Naming the store: it cannot be written, has no room, or these data would not come back as they are.
    """
    from kvfit.tasks.saved import pack_data, unpack_data

    try:
        check_writable(store)
        free = shutil.disk_usage(store).free
    except OSError as error:
        raise StoreError(f"{store}: nothing can be stored here: {error}; give another folder as the store") from error
    if free < expected_bytes:
        raise StoreError(
            f"{store}: no room for the result, which needs about {expected_bytes / 1e6:,.0f} MB, and"
            f" {free / 1e6:,.0f} MB are free; give another folder as the store, or make room"
        )
    _used[store.resolve()] = None
    for folder in (store, *(one for one in store.iterdir() if one.is_dir() and not one.name.startswith("."))):
        clear_unfinished(folder)
    if data is None:
        return
    try:
        unpack_data(*pack_data(data))
    except ValueError as error:
        raise StoreError(f"{store}: {data.name} cannot be kept with a fit: {error}; fit without store=") from error


def used_stores() -> list[Path]:
    """Stores that this process has written to."""
    return list(_used)


def save_fit(fit: "Fit", store: Path, key: str, definition: Mapping[str, Any] | None = None) -> "Fit":
    """Write a fit into a store and return it with its path.

    The folder appears under its final name only when everything is in it and on the disk, so that a killed process or a
    full disk leaves no half fit.

    Parameters
    ----------
    fit : Fit
    store : pathlib.Path
    key : str
        Of the request.
    definition : mapping, optional
        Of the model (:func:`kvfit.model_definition.describe_fitted`); made if it is not given.

    Raises
    ------
    StoreError
        Naming the store, if it has no room or cannot be written. Its attribute ``fit`` is the fit.
    """
    from kvfit.model_definition import describe_fitted
    from kvfit.tasks.saved import pack_data

    about, files = pack_data(fit.data)
    files[TREE] = _tree_bytes(fit.sampled)
    if fit.similarity is not None:
        files[SIMILARITY] = _array_bytes(fit.similarity)
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "request": key,
        "model": fit.model.label,
        "definition": definition or describe_fitted(fit.model, fit.data, fit.similarity),
        "task": fit.model.task,
        "settings": asdict(fit.settings),
        "timings_seconds": {k: round(v, 3) for k, v in fit.timings.items()},
        "versions": package_versions(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "diagnostics": {"passed": fit.diagnostics.passed, "verdict": fit.diagnostics.verdict()},
        "data": about,
    }
    final = store / folder_name(fit.model.label, key)
    try:
        store.mkdir(parents=True, exist_ok=True)
        kvfit.sealed.write_sealed(final, manifest, files)
    except FileExistsError:
        if find(store, fit.model.label, key) is None:  # what is there is no sound fit, and is out of the way now
            return save_fit(fit, store, key, manifest["definition"])
    except OSError as error:
        failed = StoreError(
            f"{store}: the fit of {fit.label} cannot be written: {error}. Nothing of it was left there; make room, or give"
            " another folder as the store"
        )
        failed.fit = fit  # type: ignore[attr-defined]
        raise failed from error
    clear_unfinished(store)
    return replace(fit, path=final)


def _tree_bytes(tree: Any) -> bytes:
    """The tree as a netCDF file, made in memory: the HDF5 library ends the process when a disk is full."""
    encoding = {
        node.path: {
            name: {"zlib": True, "complevel": 3}
            for name, values in node.data_vars.items()
            if values.ndim and values.dtype.kind in "fiub"
        }
        for node in tree.subtree
    }
    return bytes(tree.to_netcdf(engine="h5netcdf", encoding=encoding))


def _array_bytes(array: Any) -> bytes:
    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Manifest of a fit's folder.

    Raises
    ------
    StoreError
        If the folder holds no finished fit, one of an older or newer format, or the manifest was edited.
    """
    try:
        return kvfit.sealed.read_manifest(Path(folder), FORMAT, _WHAT)
    except SealError as error:
        raise StoreError(f"{error}; fit again") from error


def open_fit(folder: str | Path, *, model: "MemoryModel | None" = None) -> "Fit":
    """Open a fit that was written before. Nothing of it is run: it holds numbers and names.

    Parameters
    ----------
    folder : path
    model : MemoryModel, optional
        The model that was fitted, if it is not the one that kvfit knows by its name.

    Returns
    -------
    Fit

    Raises
    ------
    StoreError
        Naming the folder: it is not a readable fit, a file in it is not what was written, its model is not known here, or
        the model that kvfit knows by this name has other parameters, priors or numbers than the fitted one.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    try:
        return _opened(folder, manifest, model)
    except StoreError:
        raise
    except SealError as error:
        raise StoreError(f"{error}; fit again") from error
    except Exception as error:  # whatever a file may hold that kvfit did not write
        problem = " ".join(f"{type(error).__name__}: {error}".split())
        raise StoreError(f"{folder}: cannot be opened ({problem}); fit again") from error


def _opened(folder: Path, manifest: Mapping[str, Any], model: "MemoryModel | None") -> "Fit":
    import numpy as np
    import xarray as xr

    from kvfit.inference.fit import Fit
    from kvfit.inference.settings import FitSettings
    from kvfit.model_definition import definition_changes, describe_fitted
    from kvfit.registry import ModelError, get_model
    from kvfit.tasks.saved import unpack_data

    label = str(manifest["model"])
    try:
        known = get_model(label) if model is None else model
    except ModelError as error:
        raise StoreError(f"{folder}: a fit of {label}, which kvfit cannot use here.\n{error}") from error
    if known.label != label:
        raise StoreError(f"{folder}: a fit of {label}, not of {known.label}")
    files = kvfit.sealed.read_files(folder, manifest)
    data = unpack_data(manifest["data"], files)
    similarity = None
    if SIMILARITY in files:
        similarity = np.load(io.BytesIO(files[SIMILARITY]), allow_pickle=False)
    bound = known.bind(data)
    changes = definition_changes(describe_fitted(bound, data, similarity), manifest["definition"])
    if changes:
        raise StoreError(
            f"{folder}: a fit of {label} as it was defined then; {'here' if model is None else 'the given model'} it is"
            f" another model: {changes}. Fit again, or pass the fitted one: open_fit(folder, model=...)"
        )
    with xr.open_datatree(io.BytesIO(files[TREE]), engine="h5netcdf") as opened:
        tree = opened.load()
    settings, timings = FitSettings(**manifest["settings"]), dict(manifest["timings_seconds"])
    return Fit(bound, data, tree, settings, timings, similarity, folder)


__all__ = [
    "FORMAT", "MANIFEST", "SET_ASIDE", "SIMILARITY", "TREE", "StoreError", "StoreWarning", "find", "folder_name", "open_fit",
    "package_versions", "prepare", "read_manifest", "reopen", "require_registered", "save_fit", "used_stores",
]  # fmt: skip
