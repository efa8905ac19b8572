"""Bind a recognition model to data, and count the data's responses in the cells that the model tells apart."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kvfit.recognition.binding import Binding, BindingError, level_name
from kvfit.recognition.design import RecognitionDesign
from kvfit.recognition.levels import find_levels, level_codes, level_texts
from kvfit.recognition.scale import Scale

if TYPE_CHECKING:
    from kvfit.recognition.memory import Covariate
    from kvfit.recognition.model import RecognitionModel
    from kvfit.tasks.recognition import RecognitionData


def find_binding(model: "RecognitionModel", data: "RecognitionData") -> Binding:
    """Take from data what a model's parameters depend on.

    Parameters
    ----------
    model : RecognitionModel
    data : RecognitionData

    Returns
    -------
    Binding

    Raises
    ------
    BindingError
        Listing every column that is missing or empty where it is needed, and categories that are no scale.
    """
    problems = []
    if not data.ordered:
        problems.append(
            "the response categories are no scale from surest new to surest old; read the data with responses that"
            " are ordered, or as old against the rest"
        )
    problems += _column_problems(model, data) + _item_problems(model, data)
    binding = Binding(Scale(data.n_categories, data.old_from))
    known = {p.name for p in (*model.memory.parameters, *model.decision.parameters(binding.scale))}
    levels = {}
    for column, trials in _needed_at(model, data).items():
        if column in data.trials.columns:
            levels[column] = find_levels(data, column, trials)
    if model.criteria_by in levels and not set(find_levels(data, model.criteria_by, data.old)) & set(
        find_levels(data, model.criteria_by, ~data.old)
    ):
        problems.append(
            f"column {model.criteria_by}: no level holds both old and new items, so that criteria by it cannot be told"
            f" from memory; for old items' conditions use by={model.criteria_by}"
        )
    known |= {level_name(name, level) for name in known for column in levels for level in levels[column]}
    problems += [
        f"fixed parameter {name}: the model has no such parameter on a scale of {data.n_categories} categories"
        for name in model.fixed
        if name not in known
    ]
    problems += [
        f"{name}={target}: the model has no parameter {one} on a scale of {data.n_categories} categories"
        for name, target in model.tied.items()
        for one in (name, target)
        if one not in known
    ]
    if problems:
        raise BindingError(f"{model.label} on {data.name}:\n  " + "\n  ".join(problems))
    return Binding(binding.scale, levels)


def lay_out(model: "RecognitionModel", data: "RecognitionData", rows: np.ndarray | None = None) -> RecognitionDesign:
    """Count responses by participant, status, covariates of the memory and levels of conditions.

    Parameters
    ----------
    model : RecognitionModel
        Bound.
    data : RecognitionData
    rows : numpy.ndarray, optional
        ``(trial,)`` in the place of participants.

    Returns
    -------
    RecognitionDesign

    Raises
    ------
    BindingError
        If the data have another scale, or levels that the model does not know.
    """
    binding = model.binding
    if binding is None:
        raise RuntimeError(f"{model.label}: not bound to data; use model.bind(data)")
    problems = _column_problems(model, data) + _item_problems(model, data)
    found = Scale(data.n_categories, data.old_from)
    if found != binding.scale:
        problems.append(f"the model is bound to {binding.scale}, the data have {found}")
    needed = {c: trials for c, trials in _needed_at(model, data).items() if c in data.trials.columns}
    for column, trials in needed.items():
        strange = [level for level in find_levels(data, column, trials) if level not in binding.levels[column]]
        if strange:
            problems.append(f"column {column}: the model does not know the levels {', '.join(strange)}")
    if problems:
        raise BindingError(f"{model.label} on {data.name}:\n  " + "\n  ".join(problems))
    keys = pd.DataFrame({"participant": data.participant if rows is None else rows, "old": data.old})
    for column, trials in needed.items():
        codes = level_codes(data, column, binding.levels[column])
        keys[f"level {column}"] = np.where(trials, codes, 0)
    for covariate in model.memory.covariates:
        keys[f"covariate {covariate.name}"] = _covariate(data, covariate.name, covariate.studied, covariate.default)
    design = _count(keys, data, data.n_participants if rows is None else int(rows.max()) + 1)
    return design.by_item(data.item, len(data.items)) if model.items else design


def _count(keys: pd.DataFrame, data: "RecognitionData", n_participants: int) -> RecognitionDesign:
    codes = keys.groupby(list(keys.columns), sort=True).ngroup().to_numpy()
    _, first, cell_of_trial = np.unique(codes, return_index=True, return_inverse=True)
    cells = keys.iloc[first]
    n_cells, n_categories = len(cells), data.n_categories
    counts = np.bincount(cell_of_trial * n_categories + data.response - 1, minlength=n_cells * n_categories)
    columns = {name: cells[name].to_numpy() for name in cells.columns}
    return RecognitionDesign(
        participant=columns["participant"].astype(np.int64),
        old=columns["old"].astype(bool),
        covariates={k.split(" ", 1)[1]: v.astype(float) for k, v in columns.items() if k.startswith("covariate ")},
        levels={k.split(" ", 1)[1]: v.astype(np.int64) for k, v in columns.items() if k.startswith("level ")},
        counts=counts.reshape(n_cells, n_categories).astype(np.int64),
        cell_of_trial=cell_of_trial.astype(np.int64),
        response=np.asarray(data.response),
        n_participants=n_participants,
    )


def _needed_at(model: "RecognitionModel", data: "RecognitionData") -> dict[str, np.ndarray]:
    """At which trials ``(trial,)`` each column of conditions decides: decisions concern all, memory the old items."""
    needed: dict[str, np.ndarray] = {}
    if model.by:
        needed[model.by] = data.old
    if model.criteria_by:
        needed[model.criteria_by] = np.ones(data.n_trials, dtype=bool)
    return needed


def _column_problems(model: "RecognitionModel", data: "RecognitionData") -> list[str]:
    """Name columns that are missing, or empty where they are needed."""
    problems = []
    wanted = [(c, "levels of a condition", False, trials) for c, trials in _needed_at(model, data).items()]
    for c in model.memory.covariates:
        trials = data.old if c.studied else np.ones(data.n_trials, dtype=bool)
        wanted.append((c.name, c.meaning, c.default is not None, trials))
        problems += _too_small(c, data, trials)
    numeric = {c.name for c in model.memory.covariates}
    for column, meaning, may_lack, trials in wanted:
        if column not in data.trials.columns:
            if not may_lack:
                problems.append(
                    f"column {column} ({meaning}): missing; the trials have {', '.join(data.trials.columns)}"
                )
            continue
        lacking = np.isnan(_numbers(data, column)) if column in numeric else level_texts(data, column) == ""
        empty = np.flatnonzero(lacking & trials)
        if empty.size:
            row = data.trials.iloc[empty[0]]
            problems.append(
                f"column {column} ({meaning}): no value at {empty.size} trials that need one, first at participant"
                f" {row['subject']}, list {row['list']}, position {row['position']},"
                f" {'old' if row['old'] else 'new'} item {row['item']!r}"
            )
    return problems


def _too_small(covariate: "Covariate", data: "RecognitionData", trials: np.ndarray) -> list[str]:
    """Say that values of a column have no meaning for the model."""
    if covariate.least is None or covariate.name not in data.trials.columns:
        return []
    values = _numbers(data, covariate.name)
    low = trials & (values < covariate.least)
    if not low.any():
        return []
    return [
        f"column {covariate.name} ({covariate.meaning}): expected at least {covariate.least:g}, found"
        f" {values[low].min():g} and the like at {int(low.sum()):,} trials"
    ]


def _item_problems(model: "RecognitionModel", data: "RecognitionData") -> list[str]:
    """Say whether the data can tell effects of items from the noise of single trials."""
    if not model.items:
        return []
    if not data.has_items:
        n_unknown = int((data.trials["item"] == "").sum())
        return [
            f"items={'+'.join(model.items)}: the item is not known at {n_unknown:,} of {data.n_trials:,} trials; read the"
            " data with a column item, or fit without items"
        ]
    if len(data.items) == data.n_trials:
        return [
            f"items={'+'.join(model.items)}: each of the {len(data.items):,} items was tested once, so that an item cannot"
            " be told from the noise of its trial; effects of items need items that several participants were tested on;"
            " fit without items"
        ]
    return []


def _numbers(data: "RecognitionData", column: str) -> np.ndarray:
    """``(trial,)`` values of a column, NaN where it is empty or no number."""
    return pd.to_numeric(data.trials[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def _covariate(data: "RecognitionData", name: str, studied: bool, default: float | None) -> np.ndarray:
    known = name in data.trials.columns
    values = _numbers(data, name) if known else np.full(data.n_trials, default, dtype=float)
    return np.where(data.old, values, 0.0) if studied else values
