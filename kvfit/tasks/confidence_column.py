"""A column of confidence beside one of responses: which of the two is read, and how both become one scale."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kvfit.tasks.labels import as_text
from kvfit.tasks.numbers import read_numbers
from kvfit.tasks.problems import Place, ProblemLog
from kvfit.tasks.response_scale import normalise_response, yes_no_order

_NAMES = ("confidence", "rating")
#: Different values of a column that is called confidence beyond which it is a slider.
_MOST_STEPS = 20


def warn_unused_confidence(table: pd.DataFrame, log: ProblemLog) -> None:
    """Say that a yes/no response is read although the table has a rating too, and how to read both as one scale.

    Parameters
    ----------
    table : pandas.DataFrame
        Under kvfit's column names; its responses were not named, nor was a scale.
    log : ProblemLog
    """
    ratings = [name for name in _NAMES if name in table.columns]
    if not ratings or "response" not in table.columns:
        return
    column = ratings[0]
    log.add(
        "confidence_not_used",
        f"The column '{column}' is kept as a condition; responses are taken from 'response'",
        expected="one column of responses",
        fix=f"{_advice(table, column)}; for yes/no responses pass columns={{'response': 'response'}}",
        column=column,
        places=[Place(found="columns 'response' and " + ", ".join(map(repr, ratings)))],
        severity="warning",
    )


def _advice(table: pd.DataFrame, column: str) -> str:
    """How the table's own values become one scale."""
    whole = f"columns={{'response': {column!r}}}"
    joined = f"columns={{'response': ['response', {column!r}]}}"
    steps = _steps(table, column)
    if steps is not None:
        (new, of_new), (old, of_old) = steps.items()
        every = np.union1d(of_new, of_old)
        if of_new.max() < of_old.min() or of_old.max() < of_new.min():
            ends = (every.min(), every.max()) if of_new.max() < of_old.min() else (every.max(), every.min())
            return f"it is the whole scale, so for ratings pass {whole}, scale='{ends[0]}-{ends[1]}'"
        low, high = every.min(), every.max()
        return (
            f"it says how sure a response was, so for ratings pass {joined}, scale='{new}/{high}-{low},{old}/{low}-{high}'"
            f" if {high} means surest, scale='{new}/{low}-{high},{old}/{high}-{low}' if {low} does"
        )
    return (
        f"if it is the whole scale pass {whole} and scale=; if it says how sure the response was pass {joined} and scale="
        " with the steps from surest new to surest old, such as scale='new/3-1,old/1-3'"
    )


def _steps(table: pd.DataFrame, column: str) -> Mapping[str, np.ndarray] | None:
    """Whole numbers of confidence after "new" and after "old" responses, in this order; None if there is no such pair."""
    response, no_response = as_text(table["response"])
    confidence, no_confidence = as_text(table[column])
    number = read_numbers(confidence)
    kept = ~no_response & ~no_confidence
    words = np.array([normalise_response(str(one)) for one in response[kept]], dtype=object)
    order = yes_no_order(set(words.tolist()))
    found = number[kept]
    if order is None or not np.isfinite(found).all() or (found != np.round(found)).any():
        return None
    values = {word: np.unique(found[words == word]).astype(np.int64) for word in order}
    if any(not one.size for one in values.values()) or np.unique(found).size > _MOST_STEPS:
        return None
    return values
