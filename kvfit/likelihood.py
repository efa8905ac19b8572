"""Log-likelihood and simulation of a model for given parameter values, whatever the task."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from kvfit.items import ITEM_EFFECTS, effects_of_items
from kvfit.memory_model import MemoryModel
from kvfit.parameters import ParameterError, check_values
from kvfit.registry import get_model
from kvfit.tasks.labels import as_text

if TYPE_CHECKING:
    from kvfit.tasks.free_recall import FreeRecallData
    from kvfit.tasks.recognition import RecognitionData

Parameters = Mapping[str, Any] | pd.DataFrame
ItemValues = Mapping[str, Any] | pd.DataFrame


def participant_values(
    model: MemoryModel, data: "FreeRecallData | RecognitionData", parameters: Parameters
) -> dict[str, np.ndarray]:
    """Bring parameters to one value a participant.

    Parameters
    ----------
    model : MemoryModel
    data : FreeRecallData or RecognitionData
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
        # as text: a table that was written and read again has other types, and 001 is not 1
        table = table.set_axis(as_text(pd.Series(table.index))[0])
        labels = [str(label) for label in data.participants]
        missing = [label for label in labels if label not in table.index]
        if missing:
            shown = ", ".join(missing[:10])
            raise ParameterError(f"parameters of {model.label}: no row for {len(missing)} participants: {shown}")
        table = table.loc[labels]
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


def item_values(model: MemoryModel, data: Any, item_effects: ItemValues | None) -> dict[str, np.ndarray]:
    """Bring effects of items to one value an item.

    Parameters
    ----------
    model : MemoryModel
    data : RecognitionData
    item_effects : mapping or pandas.DataFrame, optional
        For models with effects of items, on the unconstrained scale: a table with a row an item, indexed by their labels
        (or with a column ``item``), and a column an effect, as from ``Fit.items()``; or a mapping from each effect to an
        array ``(item,)`` in the order of ``data.items``.

    Returns
    -------
    dict of str to numpy.ndarray
        ``item_effects``, ``(item, effect)``; empty for models without.

    Raises
    ------
    ParameterError
        Listing every effect or item that is missing or unknown.
    """
    of_items = effects_of_items(model)
    names = [effect.name for effect in of_items]
    if not of_items:
        if item_effects is not None:
            raise ParameterError(f"item_effects: {model.label} has none; leave them out, or use model(items=...)")
        return {}
    if item_effects is None:
        raise ParameterError(
            f"parameters of {model.label}: give item_effects=, a table with a row an item and the columns"
            f" {', '.join(names)}, e.g. from Fit.items()"
        )
    problems = []
    if isinstance(item_effects, pd.DataFrame):
        table = item_effects.set_index("item") if "item" in item_effects.columns else item_effects
        table = table.set_axis(table.index.astype(str))
        labels = [str(label) for label in data.items]
        missing = [label for label in labels if label not in table.index]
        if missing:
            problems.append(f"no row for {len(missing)} items: {', '.join(missing[:10])}")
        elif not table.index.is_unique:
            problems.append("expected one row an item, found items with several")
        else:
            table = table.loc[labels]
        item_effects = {str(name): table[name].to_numpy() for name in table.columns}
    problems += [f"{name}: missing" for name in names if name not in item_effects]
    problems += [f"{name}: unknown; expected {', '.join(names)}" for name in item_effects if name not in names]
    n = len(data.items)
    found = {name: np.asarray(values, dtype=float) for name, values in item_effects.items()}
    if not problems:
        problems += [f"{k}: expected shape ({n},), found {v.shape}" for k, v in found.items() if v.shape != (n,)]
        problems += [
            f"{k}: expected numbers, found NaN or infinity" for k, v in found.items() if not np.isfinite(v).all()
        ]
    if problems:
        raise ParameterError(f"item_effects of {model.label}:\n  " + "\n  ".join(problems))
    return {ITEM_EFFECTS: np.stack([found[name] for name in names], axis=-1)}


def log_likelihood(
    model: str | MemoryModel,
    data: "FreeRecallData | RecognitionData",
    parameters: Parameters,
    *,
    item_effects: ItemValues | None = None,
    similarity: np.ndarray | None = None,
) -> xr.DataArray:
    """Log-likelihood of every observation: every list of free recall, every test trial of recognition.

    Parameters
    ----------
    model : str or MemoryModel
        A name with options, such as ``"cmr(stopping=exponential)"``, or a model.
    data : FreeRecallData or RecognitionData
    parameters : mapping or pandas.DataFrame
        Natural-scale values, shared or per participant; see :func:`participant_values`.
    item_effects : mapping or pandas.DataFrame, optional
        Unconstrained scale, for models with effects of items; see :func:`item_values`.
    similarity : numpy.ndarray, optional
        For models with ``semantic=True``, from :func:`kvfit.read_similarity`: ``(list, position, position)`` of free
        recall, ``(trial, studied item)`` of recognition.

    Returns
    -------
    xarray.DataArray
        ``(list,)`` or ``(trial,)`` natural logarithms, labelled with ``subject`` (and ``list_label``). What is scored
        of a recalled list are the first correct recalls in output order and where recall ended; repeats and intrusions
        are left out.

    Raises
    ------
    ParameterError
        When values are missing, unknown or outside their support, or so extreme that the log-likelihood cannot be computed:
        what is returned is a number or minus infinity, never NaN.
    """
    model = get_model(model).bind(data)
    design = model.design(data, similarity)
    values = participant_values(model, data, parameters) | item_values(model, data, item_effects)
    # at the ends of supports 0 / 0 and the like are sorted out below, in words
    with np.errstate(all="ignore"):
        per_unit = model.log_likelihood(design, {k: v[None] for k, v in values.items()})[0]
    _require_numbers(model, data, per_unit[design.unit_of_observation], values)
    return xr.DataArray(
        per_unit[design.unit_of_observation],
        dims=data.observation,
        coords=observation_labels(data),
        name="log_likelihood",
        attrs={"model": model.label, "unit": f"one {data.observation}"},
    )


def _require_numbers(model: MemoryModel, data: Any, found: np.ndarray, values: Mapping[str, np.ndarray]) -> None:
    """Refuse NaN, which sums skip, so that the worst values would look best."""
    lost = np.isnan(found)
    if not lost.any():
        return
    lines = []
    for person in np.unique(np.asarray(data.participant)[lost]):
        own = ", ".join(f"{name} = {v[person]:.6g}" for name, v in values.items() if name != ITEM_EFFECTS)
        n = int(lost[np.asarray(data.participant) == person].sum())
        lines.append(f"participant {data.participants[person]}: {n} {data.observation}s at {own}")
    raise ParameterError(
        f"parameters of {model.label}: too extreme for the log-likelihood to be computed; use less extreme values:\n  "
        + "\n  ".join(lines)
    )


def observation_labels(data: Any) -> dict[str, Any]:
    """Coordinates that label the observations of a data set."""
    table = data.lists if data.task == "free_recall" else data.trials
    labels: dict[str, Any] = {"subject": (data.observation, table["subject"].to_numpy())}
    if "list" in table:
        labels["list_label"] = (data.observation, table["list"].to_numpy())
    return labels


def simulate(
    model: str | MemoryModel,
    design: "FreeRecallData | RecognitionData",
    parameters: Parameters,
    seed: int,
    *,
    item_effects: ItemValues | None = None,
    similarity: np.ndarray | None = None,
) -> Any:
    """Simulate the responses of an experiment.

    Parameters
    ----------
    model : str or MemoryModel
    design : FreeRecallData or RecognitionData
        Whose participants, lists or trials and conditions are kept; its responses are replaced.
    parameters : mapping or pandas.DataFrame
        Natural-scale values, shared or per participant; see :func:`participant_values`.
    seed : int
        The same seed gives the same data.
    item_effects : mapping or pandas.DataFrame, optional
        Unconstrained scale, for models with effects of items; see :func:`item_values`.
    similarity : numpy.ndarray, optional
        For models with ``semantic=True``, from :func:`kvfit.read_similarity`: ``(list, position, position)`` of free
        recall, ``(trial, studied item)`` of recognition.

    Returns
    -------
    FreeRecallData or RecognitionData
        Of the same kind as `design`.
    """
    model = get_model(model).bind(design)
    laid_out = model.design(design, similarity)
    values = participant_values(model, design, parameters) | item_values(model, design, item_effects)
    with np.errstate(all="ignore"):
        drawn = model.simulate(laid_out, values, np.random.default_rng(seed))
    return design.with_responses(
        drawn,
        name=f"{design.name}_simulated",
        source=f"simulated from {model.label} with seed {seed} on the {design.observation}s of {design.name}",
    )
