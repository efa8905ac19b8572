"""Fits on disk: a folder each, written whole or not at all, found again by the same request."""

import json
import os
import shutil
import tempfile
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kvfit.inference.fit import Fit

FORMAT = 2
MANIFEST = "manifest.json"
TREE = "fit.nc"
SIMILARITY = "similarity.npy"
_PACKAGES = ("kvfit-memory", "pymc", "pytensor", "arviz", "nutpie", "numba", "numpy", "scipy", "pandas", "xarray")


class StoreError(ValueError):
    """A folder that is not a readable fit."""


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


def find(store: Path, model_label: str, key: str) -> Path | None:
    """Folder of a finished fit of this request, if there is one.

    Raises
    ------
    StoreError
        If no model has this label: its fit could be written but never opened again.
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
    folder = store / folder_name(model_label, key)
    return folder if (folder / MANIFEST).is_file() else None


def save_fit(fit: "Fit", store: Path, key: str) -> "Fit":
    """Write a fit into a store and return it with its path.

    The folder appears under its final name only when everything is in it, so a killed process leaves no half fit.
    """
    import numpy as np

    from kvfit.tasks.saved import save_data

    store.mkdir(parents=True, exist_ok=True)
    final = store / folder_name(fit.model.label, key)
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "request": key,
        "model": fit.model.label,
        "task": fit.model.task,
        "settings": asdict(fit.settings),
        "timings_seconds": {k: round(v, 3) for k, v in fit.timings.items()},
        "versions": package_versions(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "diagnostics": {"passed": fit.diagnostics.passed, "verdict": fit.diagnostics.verdict()},
    }
    partial = Path(tempfile.mkdtemp(prefix=".writing-", dir=store))
    try:
        encoding = {
            f"/{group}": {name: {"zlib": True, "complevel": 3} for name in fit.sampled[group].data_vars}
            for group in ("posterior", "log_likelihood")
        }
        fit.sampled.to_netcdf(partial / TREE, engine="h5netcdf", encoding=encoding)
        manifest["data"] = save_data(fit.data, partial)
        if fit.similarity is not None:
            np.save(partial / SIMILARITY, fit.similarity)
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.chmod(0o755)
        if final.exists():
            shutil.rmtree(final)
        os.replace(partial, final)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return replace(fit, path=final)


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Manifest of a fit's folder.

    Raises
    ------
    StoreError
        If the folder holds no finished fit, or one of an unknown format.
    """
    path = Path(folder) / MANIFEST
    if not path.is_file():
        raise StoreError(
            f"{folder}: not a fit (no {MANIFEST}); a fit is a folder made by kvfit fit or kv.fit(store=...)"
        )
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise StoreError(f"{path}: not readable as JSON ({error}); fit again into another store") from error
    if manifest.get("format") != FORMAT:
        raise StoreError(f"{path}: format {manifest.get('format')}, this version of kvfit reads {FORMAT}; fit again")
    return manifest


def open_fit(folder: str | Path) -> "Fit":
    """Open a fit that was written before.

    Parameters
    ----------
    folder : path

    Returns
    -------
    Fit

    Raises
    ------
    StoreError
        If the folder is not a readable fit, its model is not known here, or its data do not match the manifest's
        fingerprint.
    """
    import numpy as np
    import xarray as xr

    from kvfit.inference.fit import Fit
    from kvfit.inference.settings import FitSettings
    from kvfit.registry import ModelError, get_model
    from kvfit.tasks.saved import open_data

    folder = Path(folder)
    manifest = read_manifest(folder)
    try:
        model = get_model(manifest["model"])
    except ModelError as error:
        raise StoreError(f"{folder}: a fit of {manifest['model']}, which kvfit cannot use here.\n{error}") from error
    try:
        data = open_data(folder, manifest["data"])
    except ValueError as error:
        raise StoreError(str(error)) from error
    with xr.open_datatree(folder / TREE, engine="h5netcdf") as opened:
        tree = opened.load()
    similarity = np.load(folder / SIMILARITY) if (folder / SIMILARITY).exists() else None
    return Fit(
        model.bind(data),
        data,
        tree,
        FitSettings(**manifest["settings"]),
        manifest["timings_seconds"],
        similarity,
        folder,
    )
