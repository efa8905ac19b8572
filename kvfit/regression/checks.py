"""What can be wrong with formulas, once the model and the data are known."""

from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from kvfit.memory_model import MemoryModel
from kvfit.regression.columns import Columns
from kvfit.regression.formula import Formula
from kvfit.tasks.labels import as_text, natural_key

#: what people did, which cannot explain what they did
_BEHAVIOUR = {
    "free_recall": ("n_responses", "n_scored", "n_repeats", "n_intrusions"),
    "recognition": ("response", "response_label", "remember_know"),
}


def conditions(data: Any) -> pd.DataFrame:
    """The table whose columns formulas may use: one row an observation."""
    table: pd.DataFrame = data.lists if data.task == "free_recall" else data.trials
    return table


def parameter_problems(name: str, model: MemoryModel) -> list[str]:
    """Say why a formula cannot be about a parameter of this name."""
    if name in model.fixed:
        return [f"{name}: held at {model.fixed[name]:g}; write {name}=free behind the model's name"]
    names = [p.name for p in model.parameters]
    if name in names:
        return []
    by_level = [known for known in names if known.startswith(f"{name}[")]
    if by_level:
        return [f"{name}: has values by condition already ({', '.join(by_level)}); leave out by=, or the formula"]
    close = get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return [f"{name}: no parameter of the model; {hint}it has {', '.join(names)}"]


def column_problems(formula: Formula, model: MemoryModel, data: Any, used: np.ndarray) -> list[str]:
    """Say what is wrong with the columns of the data that a formula names; `used` ``(observation,)`` bool."""
    table, problems = conditions(data), []
    parameters = {p.name for p in model.all_parameters}
    for name in formula.variables:
        where = f"{formula}: column {name}"
        if name in parameters:
            problems.append(f"{where}: has the name of a parameter; rename the column")
        elif name in _BEHAVIOUR[data.task]:
            problems.append(f"{where}: is what people did, not a condition")
        elif name not in table:
            problems.append(f"{where}: {_missing_column(name, table, data)}")
        else:
            problems += [f"{where}: {text}" for text in _value_problems(table, name, used, data.observation)]
    return problems


def _missing_column(name: str, table: pd.DataFrame, data: Any) -> str:
    if data.task == "free_recall" and name in data.events:
        groups = data.events.groupby(["subject", "list"], sort=False)[name].nunique(dropna=False)
        for person, label in groups[groups > 1].index[:1]:
            return (
                f"is not constant within a list, first participant {person}, list {label}; formulas need one value a"
                " list"
            )
    close = get_close_matches(name, table.columns, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"unknown; {hint}the data have {', '.join(c for c in table.columns if c != 'subject')}"


def _value_problems(table: pd.DataFrame, name: str, used: np.ndarray, one: str) -> list[str]:
    text, missing = as_text(table[name], words=True)  # a level may be called none
    empty = np.flatnonzero(missing & used)
    if empty.size:
        row = table.iloc[empty[0]]
        return [
            f"has no value at {empty.size} of {int(used.sum())} {one}s, first participant {row['subject']}, list"
            f" {row['list']}; fill it in, or leave these {one}s out (query=)"
        ]
    if len(set(text[used])) < 2:
        return [f"is {text[used][0]!r} everywhere; a constant cannot explain differences"]
    return []


def typed(table: pd.DataFrame, names: tuple[str, ...], levels: dict[str, list[str]] | None = None) -> pd.DataFrame:
    """The columns of a formula: numbers as floats, everything else as ordered categoricals in natural order.

    `levels` are those of data seen before; others become missing.
    """
    out = {}
    for name in names:
        column = table[name]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            out[name] = column.astype(float)
            continue
        text, _ = as_text(column, words=True)
        known = sorted({t for t in text if t}, key=natural_key) if levels is None else levels[name]
        text[~np.isin(text, known)] = None
        out[name] = pd.Series(pd.Categorical(text, categories=known, ordered=True), index=column.index)
    return pd.DataFrame(out, index=table.index)


def matrix_problems(columns: Columns, participant: np.ndarray) -> list[str]:
    """Say what is wrong with a formula's columns together; `participant` ``(observation,)`` of the frame."""
    formula, matrix, labels = columns.formula, columns.matrix, columns.labels
    if not np.isfinite(matrix).all():
        bad = [label for label, finite in zip(labels, np.isfinite(matrix).all(axis=0), strict=True) if not finite]
        return [f"{formula}: {', '.join(bad)} not finite at some observations"]
    problems = []
    if not columns.n_levels:
        problems.append(f"{formula}: no intercept and no factor in its place; leave out the 0")
    loose = dependent(matrix, labels)
    if loose:
        problems.append(
            f"{formula}: {', '.join(loose)} follow from the terms before them (collinear): leave"
            " them out, their effects cannot be told apart"
        )
    strange = [label for label in columns.own if label not in labels]
    if strange:
        problems.append(
            f"{formula}: persons differ in {', '.join(strange)}, of which the formula has no effect for all; write the same"
            " terms outside the brackets, coded alike (0 + factor in both places or in none)"
        )
    still = constant_within(matrix, participant)
    places = range(columns.n_levels, len(labels))
    fixed = [labels[k] for k in places if labels[k] in columns.own and still[k]]
    if fixed:
        problems.append(
            f"{formula}: {', '.join(fixed)} is constant within every participant, so that persons cannot differ in its"
            " effect; take it out of the brackets"
        )
    return problems


def constant_within(matrix: np.ndarray, participant: np.ndarray) -> np.ndarray:
    """Which columns have one value within each participant ``(column,)`` bool."""
    means = pd.DataFrame(matrix).groupby(participant).transform("mean").to_numpy()
    still: np.ndarray = np.abs(matrix - means).max(axis=0) <= 1e-9
    return still


def dependent(matrix: np.ndarray, labels: list[str]) -> list[str]:
    """Labels of the columns that are linear combinations of those before them."""
    distinct = np.unique(matrix, axis=0)
    scaled = distinct / np.maximum(np.linalg.norm(distinct, axis=0), 1e-300)
    found, rank = [], 0
    for k, label in enumerate(labels):
        now = int(np.linalg.matrix_rank(scaled[:, : k + 1], tol=1e-8))
        if now == rank:
            found.append(label)
        rank = now
    return found
