"""Log-likelihood and simulation of free recall for given parameter values."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from kvfit.kernels import match_cue, match_cue_simulate
from kvfit.parameters import ParameterError, check_values
from kvfit.recall.design import RecallDesign, recall_design
from kvfit.recall.model import RecallModel
from kvfit.registry import get_model
from kvfit.tasks.free_recall import FreeRecallData

Parameters = Mapping[str, Any] | pd.DataFrame


def participant_values(model: RecallModel, data: FreeRecallData, parameters: Parameters) -> dict[str, np.ndarray]:
    """Bring parameters to one value a participant.

    Parameters
    ----------
    model : RecallModel
    data : FreeRecallData
    parameters : mapping or pandas.DataFrame
        A mapping from names to a number (shared by all) or an array ``(participant,)`` in the order of
        ``data.participants``; or a table with a row a participant, indexed by their labels (or with a column
        ``subject``).

    Returns
    -------
    dict of str to numpy.ndarray
        ``(participant,)`` each.

    Raises
    ------
    ParameterError
        Listing every missing, unknown, out-of-range or wrongly shaped parameter.
    """
    n = data.n_participants
    if isinstance(parameters, pd.DataFrame):
        table = parameters.set_index("subject") if "subject" in parameters.columns else parameters
        missing = [label for label in data.participants if label not in table.index]
        if missing:
            shown = ", ".join(map(str, missing[:10]))
            raise ParameterError(f"parameters of {model.label}: no row for {len(missing)} participants: {shown}")
        table = table.loc[list(data.participants)]
        if len(table) != n:
            raise ParameterError(
                f"parameters of {model.label}: expected one row a participant, found {len(table)} rows"
            )
        parameters = {str(name): table[name].to_numpy() for name in table.columns}
    checked = check_values(model.all_parameters, parameters, owner=model.label, optional=model.fixed)
    wrong = [
        f"{k}: expected a number or shape ({n},), found {v.shape}"
        for k, v in checked.items()
        if v.shape not in ((), (n,))
    ]
    if wrong:
        raise ParameterError(f"parameters of {model.label}:\n  " + "\n  ".join(wrong))
    return {k: np.broadcast_to(v, (n,)) for k, v in checked.items()}


def cell_tables(model: RecallModel, design: RecallDesign, values: Mapping[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """NumPy tables of every cell of a design, for values ``(participant,)``."""
    p = {name: np.asarray(v, dtype=float)[design.cell_participant] for name, v in values.items()}
    tables = model.tables(p, design.cell_length, design.n_positions, np)
    return tuple(np.ascontiguousarray(t, dtype=float) for t in tables)


def log_likelihood(
    model: str | RecallModel,
    data: FreeRecallData,
    parameters: Parameters,
    *,
    similarity: np.ndarray | None = None,
) -> xr.DataArray:
    """Log-likelihood of every list.

    Parameters
    ----------
    model : str or RecallModel
        A name with options, such as ``"cmr(stopping=exponential)"``, or a model.
    data : FreeRecallData
    parameters : mapping or pandas.DataFrame
        Natural-scale values, shared or per participant; see :func:`participant_values`.
    similarity : numpy.ndarray, optional
        ``(list, position, position)`` for models with ``semantic=True``.

    Returns
    -------
    xarray.DataArray
        ``(list,)`` natural logarithms, with coordinates ``subject`` and ``list_label``. What is scored are the first
        correct recalls in output order and where recall ended; repeats and intrusions are left out.

    Raises
    ------
    ParameterError
        When values are missing, unknown or outside their support.
    """
    model = get_model(model)
    values = participant_values(model, data, parameters)
    design = recall_design(data, _similarity(model, similarity))
    ll = match_cue.log_likelihood(model.core(design.n_positions), cell_tables(model, design, values), design.core_data)
    out = np.empty_like(ll)
    out[design.order] = ll
    return xr.DataArray(
        out,
        dims="list",
        coords={
            "subject": ("list", data.lists["subject"].to_numpy()),
            "list_label": ("list", data.lists["list"].to_numpy()),
        },
        name="log_likelihood",
        attrs={"model": model.label, "unit": "one list"},
    )


def simulate_responses(
    model: RecallModel,
    design: RecallDesign,
    values: Mapping[str, np.ndarray],
    rng: np.random.Generator,
) -> np.ndarray:
    """Recall sequences ``(list, output)`` in the data's list order, Penn coding."""
    drawn = match_cue_simulate.simulate(
        model.core(design.n_positions),
        cell_tables(model, design, values),
        design.cell_length,
        design.cell_start,
        design.semantic,
        rng,
    )
    out = np.empty_like(drawn)
    out[design.order] = drawn
    return out


def simulate(
    model: str | RecallModel,
    design: FreeRecallData,
    parameters: Parameters,
    seed: int,
    *,
    similarity: np.ndarray | None = None,
) -> FreeRecallData:
    """Simulate recall of the lists of a design.

    Parameters
    ----------
    model : str or RecallModel
    design : FreeRecallData
        Whose participants, lists, list lengths and conditions are kept; its responses are replaced.
    parameters : mapping or pandas.DataFrame
        Natural-scale values, shared or per participant; see :func:`participant_values`.
    seed : int
        The same seed gives the same data.
    similarity : numpy.ndarray, optional
        ``(list, position, position)`` for models with ``semantic=True``.

    Returns
    -------
    FreeRecallData
    """
    model = get_model(model)
    values = participant_values(model, design, parameters)
    laid_out = recall_design(design, _similarity(model, similarity))
    responses = simulate_responses(model, laid_out, values, np.random.default_rng(seed))
    return design.with_responses(
        responses,
        name=f"{design.name}_simulated",
        source=f"simulated from {model.label} with seed {seed} on the lists of {design.name}",
    )


def _similarity(model: RecallModel, similarity: np.ndarray | None) -> np.ndarray | None:
    if model.semantic and similarity is None:
        raise ValueError(f"{model.label}: needs similarity=, an array (list, position, position) of item similarities")
    return similarity if model.semantic else None
