"""Posterior fits of several models to several data sets, as a batch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kvfit.batch.job import Inputs, Job
from kvfit.batch.runner import BatchError, run_batch
from kvfit.model_definition import definition_changes, definition_hash, describe_fitted
from kvfit.priors import require_spread
from kvfit.registry import get_model, with_items, with_shared_priors

if TYPE_CHECKING:
    from kvfit.inference.fit import Fit
    from kvfit.memory_model import MemoryModel


def fit_batch(
    models: "Sequence[str | MemoryModel]",
    data: Sequence[Any] | Any,
    *,
    store: str | Path,
    workers: int = 1,
    dask: str | None = None,
    items: Any = None,
    priors: Any = None,
    similarity: np.ndarray | None = None,
    show_progress: bool = True,
    **settings: Any,
) -> "list[Fit]":
    """Fit every model to every data set, in local processes or on a Dask cluster.

    Parameters
    ----------
    models : sequence of str or MemoryModel
    data : FreeRecallData, RecognitionData or a sequence of them
        Several for folds, conditions or replicates: parts made by ``data.select`` or simulated data.
    store : path
        Folder of fits, where :func:`kvfit.fit` finds them too; a stopped batch goes on with what is missing. Workers of
        a cluster must share it.
    workers : int
        Local processes.
    dask : str, optional
        Address of a Dask scheduler.
    items, similarity
        As for :func:`kvfit.fit`; similarities are those of one data set.
    priors : mapping of str to pair of float, optional
        As for :func:`kvfit.fit`; each is stated for the models that have the parameter, and one of them must.
    show_progress : bool
    **settings
        As for :func:`kvfit.fit`. Several processes sample each with one core, unless `cores` is given.

    Returns
    -------
    list of Fit
        Every model with the first data set, then with the second, and so on.

    Raises
    ------
    ModelError, ValueError
        For unknown models, options or settings, before anything is computed.
    BatchError
        If a fit failed; the others are kept.
    """
    from kvfit import store as stores
    from kvfit.inference.fit import fit_key
    from kvfit.inference.settings import FitSettings

    sets = list(data) if isinstance(data, Sequence) else [data]
    if similarity is not None and len(sets) > 1:
        raise ValueError("similarity: belongs to one data set; fit several data sets by several calls")
    if workers > 1 or dask is not None:
        settings.setdefault("cores", 1)
    request = FitSettings(**settings)
    jobs, places = [], []
    problems: list[str] = []
    specs = [get_model(spec) if items is None else with_items(get_model(spec), items) for spec in models]
    for one in sets:
        for spec in specs if priors is None else with_shared_priors(specs, priors, one):
            model = spec.bind(one)
            require_spread(model, request.pooling)
            model.design(one, similarity)
            used = similarity if model.semantic else None
            stores.require_registered(model.label)
            definition = describe_fitted(model, one, used)
            key = fit_key(model, one, request, used, definition)
            problems += not_the_registered(model, one, definition, used)
            places.append((model, key))
            jobs.append(
                Job(
                    _fit,
                    {"model": model.label, "settings": request.identity()},
                    model.label,
                    Inputs(one, used, getattr(model, "conditions_fingerprint", "")),
                    {"store": str(Path(store).resolve()), "cores": request.cores, "key": key},
                    stores_itself=True,
                    definition=definition_hash(definition),
                )
            )
    if problems:
        raise ValueError("posterior fits:\n  " + "\n  ".join(dict.fromkeys(problems)))
    kept = [stores.find(Path(store), model.label, key) for model, key in places]
    # what cannot be opened all the same is set aside now and computed with what is missing
    opened = [
        None if folder is None else stores.reopen(folder, model)
        for folder, (model, _) in zip(kept, places, strict=True)
    ]
    missing = [job for job, fit in zip(jobs, opened, strict=True) if fit is None]
    if missing:
        for one in sets:
            stores.prepare(Path(store), one)
        batch = run_batch(
            missing, store=store, workers=workers, dask=dask, label="posterior fits", show_progress=show_progress
        )
        if batch.failures:
            raise BatchError(
                f"{batch.words()}\nThe other fits are in {store}; the same call goes on with what is missing."
            )
    return [
        _made(Path(store), model, key) if fit is None else fit for fit, (model, key) in zip(opened, places, strict=True)
    ]


def _made(store: Path, model: "MemoryModel", key: str) -> "Fit":
    """Open a fit that a job has just kept."""
    from kvfit import store as stores

    folder = stores.find(store, model.label, key)
    if folder is None:
        raise BatchError(f"fits were made, but are not in {store}: a cluster's workers must share this folder")
    return stores.open_fit(folder, model=model)


def not_the_registered(
    model: "MemoryModel", data: Any, definition: Mapping[str, Any], similarity: np.ndarray | None
) -> list[str]:
    """Say in what a model differs from the one of its name, which is what workers build.

    Parameters
    ----------
    model : MemoryModel
        Bound to `data`.
    data : FreeRecallData or RecognitionData
    definition : mapping
        Of the model, from :func:`~kvfit.model_definition.describe_fitted`.
    similarity : numpy.ndarray, optional
    """
    changes = definition_changes(definition, describe_fitted(get_model(model.label).bind(data), data, similarity))
    if not changes:
        return []
    return [
        f"{model.label}: workers build models by name, and this one is not the {model.label} that kvfit knows: {changes};"
        " register it under a name of its own, or fit it by kv.fit"
    ]


def _fit(
    *,
    model: str,
    settings: Mapping[str, Any],
    store: str,
    cores: int,
    key: str,
    data: Any,
    similarity: np.ndarray | None,
) -> dict[str, Any]:
    """One fit, which the store keeps under the key that it was asked for by."""
    from kvfit.inference.fit import fit, fit_key
    from kvfit.inference.settings import FitSettings

    here = fit_key(get_model(model).bind(data), data, FitSettings(**settings), similarity)
    if here != key:
        raise ValueError(f"{model}: this worker's model of the name is another; install the same models everywhere")
    made = fit(model, data, store=store, similarity=similarity, show_progress=False, cores=cores, **settings)
    return {"folder": str(made.path)}
