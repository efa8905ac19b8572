"""The ArviZ tree of a fit: what was sampled, with the groups and labels that ArviZ expects."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from kvfit.inference.expanded import expanded
from kvfit.likelihood import observation_labels
from kvfit.memory_model import MemoryModel

if TYPE_CHECKING:
    from kvfit.inference.fit import Fit

#: groups that share the draws of the posterior
SAMPLED_GROUPS = ("posterior", "sample_stats", "log_likelihood", "posterior_predictive")


def tree_of(fit: "Fit") -> xr.DataTree:
    """The tree that :class:`~kvfit.inference.fit.Fit` describes.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    xarray.DataTree
    """
    groups = {f"/{name}": node.to_dataset() for name, node in fit.sampled.children.items()}
    for name in {"/posterior", "/prior"} & set(groups):
        groups[name] = with_population(groups[name], fit.model)
    if "/log_likelihood" in groups:
        groups["/log_likelihood"] = _log_likelihood(fit)
    groups["/observed_data"] = xr.Dataset(
        response_variables(fit.model, fit.data, observed_responses(fit.data)), observation_coords(fit.data)
    )
    groups["/constant_data"] = constant_data(fit.data)
    return xr.DataTree.from_dict(groups)


def thinned(tree: xr.DataTree, every: int = 1) -> xr.DataTree:
    """Keep one in `every` of the draws that all sampled groups have in common, the same ones in each of them."""
    if every < 1:
        raise ValueError(f"every: expected a whole number of at least 1, found {every}")
    groups = {f"/{name}": node.to_dataset() for name, node in tree.children.items()}
    sampled = [f"/{name}" for name in SAMPLED_GROUPS if name in tree.children]
    common = groups[sampled[0]]["draw"].to_numpy()
    for name in sampled:
        common = common[np.isin(common, groups[name]["draw"].to_numpy())]
    if not common.size:
        raise ValueError(f"the groups {', '.join(sampled)} have no draw in common")
    return xr.DataTree.from_dict({**groups, **{name: groups[name].sel(draw=common[::every]) for name in sampled}})


def with_population(dataset: xr.Dataset, model: MemoryModel) -> xr.Dataset:
    """Add ``population``: the population's means on the natural scale, where there is a population."""
    # a variable of that name in a user's own model may be another thing
    if "population_mean" not in dataset or "parameter" not in dataset["population_mean"].dims:
        return dataset
    mean = dataset["population_mean"].transpose("chain", "draw", "parameter")
    natural = np.stack([p.to_natural(mean.sel(parameter=p.name).to_numpy()) for p in model.parameters], axis=-1)
    return dataset.assign(population=mean.sel(parameter=[p.name for p in model.parameters]).copy(data=natural))


def _log_likelihood(fit: "Fit") -> xr.Dataset:
    """By observation, whatever the units are."""
    kept = fit.unit_log_likelihood
    per_unit, dim = kept.to_numpy(), fit.data.observation
    dims = ("chain", "draw", dim)
    if per_unit.shape[2] == fit.data.participant.size:
        variable = xr.Variable(dims, per_unit)
    else:
        variable = expanded(per_unit, fit.design.unit_of_observation, dims)
    coords = {"chain": kept["chain"], "draw": kept["draw"], **observation_coords(fit.data)}
    return xr.Dataset({fit.model.observed: variable}, coords, {"unit": fit.data.observation_words})


def observation_coords(data: Any) -> dict[str, Any]:
    """Labels of lists or trials: their number from 0 in the data's order, participant, list, and item of a trial."""
    labels = {name: (dim, values.astype(str)) for name, (dim, values) in observation_labels(data).items()}
    coords: dict[str, Any] = {data.observation: np.arange(data.participant.size), **labels}
    if data.task == "free_recall":
        coords["output"] = np.arange(1, int(data.list_length.max()) + 1)
    elif data.has_items:
        # not "item", a dimension of the posterior
        coords["item_label"] = (data.observation, data.trials["item"].to_numpy().astype(str))
    return coords


def observed_responses(data: Any) -> np.ndarray:
    """What a likelihood scores: categories ``(trial,)``, or recalled positions ``(list, output)``, 0 after the last."""
    if data.task != "free_recall":
        return np.asarray(data.response)
    counts = np.diff(data.offsets)
    matrix = np.zeros((counts.size, int(data.list_length.max())), np.int64)
    row = np.repeat(np.arange(counts.size), counts)
    column = np.arange(len(data.recalled)) - np.repeat(data.offsets[:-1], counts)
    matrix[row, column] = data.recalled + 1
    return matrix


def response_variables(
    model: MemoryModel, data: Any, responses: np.ndarray, sample_dims: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Variables of observed or simulated responses.

    Parameters
    ----------
    model : MemoryModel
    data : FreeRecallData or RecognitionData
    responses : numpy.ndarray
        ``(..., trial)``, or ``(..., list, output)``.
    sample_dims : tuple of str
        Names of the leading dimensions.

    Returns
    -------
    dict
        ``responses``; or ``recalls`` and ``n_recalled``.
    """
    small = responses.astype(np.int16)
    dims = (*sample_dims, data.observation)
    if data.task != "free_recall":
        return {model.observed: (dims, small)}
    counts = (small > 0).sum(axis=-1).astype(np.int16)
    return {model.observed: ((*dims, "output"), small), "n_recalled": (dims, counts)}


def constant_data(data: Any) -> xr.Dataset:
    """What was known before the responses: who, and what was presented under which conditions."""
    dim, table = data.observation, data.lists if data.task == "free_recall" else data.trials
    made: dict[str, Any] = {"participant_index": (dim, np.asarray(data.participant))}
    if data.task == "free_recall":
        made["list_length"] = (dim, np.asarray(data.list_length))
        counted = ("subject", "list", "list_length", "n_responses", "n_scored", "n_repeats", "n_intrusions")
        conditions = [name for name in table.columns if name not in counted]
    else:
        made["old"] = (dim, np.asarray(data.old))
        if data.has_items:
            made["item_index"] = (dim, np.asarray(data.item))
        conditions = list(data.conditions)
    coords = observation_coords(data)
    for name in conditions:
        label = str(name).replace("/", "_")  # which separates groups of a tree
        if label not in coords and label not in made:
            made[label] = (dim, _plain(table[name]))
    return xr.Dataset(made, coords)


def _plain(column: pd.Series) -> np.ndarray:
    """Numbers as they are, everything else as text, ``""`` where it is missing."""
    if pd.api.types.is_bool_dtype(column.dtype) and not column.hasnans:
        return column.to_numpy(dtype=bool)
    if pd.api.types.is_numeric_dtype(column.dtype):
        whole = pd.api.types.is_integer_dtype(column.dtype) and not column.hasnans
        return column.to_numpy(dtype=np.int64) if whole else column.to_numpy(dtype=float, na_value=np.nan)
    text: np.ndarray = column.astype("str").where(column.notna(), "").to_numpy().astype(str)
    return text
