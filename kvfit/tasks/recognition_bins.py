"""Lags, study positions and other numbers of trials in bins, for curves over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from kvfit.tasks.recognition import RecognitionData


def with_bins(
    data: RecognitionData, column: str, bins: int | Sequence[float], name: str | None = None
) -> RecognitionData:
    """Add a column that groups the values of another, e.g. lags into quintiles.

    Parameters
    ----------
    data : RecognitionData
    column : str
        A column of numbers of `data.trials`; trials where it is missing (lags of new items) stay missing.
    bins : int or sequence of float
        A number of bins with about equally many trials, or increasing edges: a bin holds the values above its lower
        edge up to its upper edge, the first one also its lower edge.
    name : str, optional
        Of the new column; default ``{column}_bin``.

    Returns
    -------
    RecognitionData
        The new column holds each bin's mean value. It is no condition: the fingerprint does not change.

    Raises
    ------
    ValueError
        If the column is no numbers, there are fewer than two different edges or values outside of them.
    """
    if column not in data.trials.columns or not pd.api.types.is_numeric_dtype(data.trials[column]):
        numbers = [str(one) for one in data.trials.columns if pd.api.types.is_numeric_dtype(data.trials[one])]
        raise ValueError(
            f"{data.name}: '{column}' is no column of numbers of the trials; those are {', '.join(numbers)}"
        )
    values = data.trials[column].to_numpy(dtype=float)
    known = ~np.isnan(values)
    if isinstance(bins, (int, np.integer)):
        edges = (
            np.unique(np.quantile(values[known], np.linspace(0, 1, max(bins, 0) + 1))) if known.any() else np.empty(0)
        )
    else:
        edges = np.asarray(bins, dtype=float)
    if len(edges) < 2 or (np.diff(edges) <= 0).any():
        raise ValueError(f"bins={bins!r}: expected a number of bins, or increasing edges, for values that differ")
    outside = known & ((values < edges[0]) | (values > edges[-1]))
    if outside.any():
        raise ValueError(
            f"bins: {int(outside.sum())} values of '{column}' lie outside {edges[0]:g} to {edges[-1]:g}, e.g."
            f" {values[outside][0]:g}"
        )
    code = np.searchsorted(edges[1:-1], values[known])
    n = np.bincount(code, minlength=len(edges) - 1)
    mean = np.bincount(code, values[known], minlength=len(edges) - 1) / np.maximum(n, 1)
    binned = np.full(len(values), np.nan)
    binned[known] = mean[code]
    return replace(data, trials=data.trials.assign(**{name or f"{column}_bin": binned}))
