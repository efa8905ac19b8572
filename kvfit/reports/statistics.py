"""Posterior predictive checks of single statistics: which feature of behaviour tells two models apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from kvfit.inference.fit import Fit
from kvfit.inference.predict import CHUNK, predictive_chunks
from kvfit.progress import progress
from kvfit.reports.columns import Column
from kvfit.reports.content import mean_and_error
from kvfit.reports.predictive import mean_over_participants
from kvfit.tasks.free_recall import FreeRecallData

#: From responses ``(..., list, output)`` to a value for each participant, ``(..., participant)``; NaN where undefined.
Statistic = Callable[[npt.NDArray[np.int16]], npt.NDArray[np.float64]]

COLUMNS = (
    Column("statistic", "Statistic"),
    Column("model", "Model"),
    Column("observed", "Observed", "Mean over participants.", 3),
    Column("error", "SE", "Standard error of that mean, over participants.", 3),
    Column("predicted", "Predicted", "Median over simulated data sets of the same mean.", 3),
    Column("lower", "from", "90 % of simulated data sets lie from here ...", 3),
    Column("upper", "to", "... to here.", 3),
    Column(
        "misfit", "Misfit", "Predicted minus observed, in standard errors of the observed mean. Beyond 2 it is missed.",
        1, signed=True,
    ),
)  # fmt: skip


def scored_responses(data: FreeRecallData) -> npt.NDArray[np.int16]:
    """Only what likelihoods score, as responses ``(list, output)``: repeats and intrusions taken out."""
    found = np.zeros((data.n_lists, int(data.list_length.max())), dtype=np.int16)
    counts = np.diff(data.offsets)
    lists = np.repeat(np.arange(data.n_lists), counts)
    found[lists, np.arange(data.recalled.size) - data.offsets[lists]] = data.recalled + 1
    return found


def predictive_statistics(
    fits: Mapping[str, Fit],
    statistics: Mapping[str, Statistic],
    draws: int = 200,
    seed: int = 0,
    show_progress: bool = True,
) -> pd.DataFrame:
    """Each statistic in the data and in data that each model simulates from its posterior.

    Parameters
    ----------
    fits : mapping of str to Fit
        By name; of the same free recalls.
    statistics : mapping of str to callable
        By name.
    draws : int
        Simulated data sets of each model.
    seed : int
    show_progress : bool

    Returns
    -------
    pandas.DataFrame
        One row a statistic and model, with the columns of `COLUMNS`.
    """
    data = next(iter(fits.values())).data
    observed = {name: mean_and_error(value(scored_responses(data))[:, None]) for name, value in statistics.items()}
    rows = []
    with progress(show_progress) as bar:
        for model, fit in fits.items():
            parts: dict[str, list[npt.NDArray[np.float64]]] = {name: [] for name in statistics}
            chunks = predictive_chunks(fit, draws, seed)
            for responses in bar.track(chunks, f"{model}: posterior predictive", -(-draws // CHUNK)):
                for name, value in statistics.items():
                    parts[name].append(mean_over_participants(value(responses)[..., None])[:, 0])
            for name, (mean, error) in observed.items():
                lower, median, upper = np.nanquantile(np.concatenate(parts[name]), [0.05, 0.5, 0.95])
                rows.append(
                    {
                        "statistic": name,
                        "model": model,
                        "observed": float(mean[0]),
                        "error": float(error[0]),
                        "predicted": float(median),
                        "lower": float(lower),
                        "upper": float(upper),
                        "misfit": float((median - mean[0]) / error[0]) if error[0] > 0 else np.nan,
                    }
                )
    table = pd.DataFrame(rows)
    return table.sort_values("statistic", kind="stable", key=lambda names: names.map(list(statistics).index))


def carried_by(table: pd.DataFrame, first: str, second: str) -> str:
    """Which statistics tell two models apart, in words.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :func:`predictive_statistics`.
    first, second : str
        Models.
    """
    wide = table.pivot_table(index="statistic", columns="model", values="misfit", sort=False)[[first, second]].abs()
    worse = (wide[second] - wide[first]).dropna()
    told = worse[worse.abs() > 1.0].sort_values(key=abs, ascending=False)
    missed = {name: wide.index[wide[name] > 2.0].tolist() for name in (first, second)}
    parts = [
        f"{name} (misfit in standard errors: {first} {wide.loc[name, first]:.1f}, {second} {wide.loc[name, second]:.1f})"
        for name in told.index
    ]
    text = (
        f"What tells {first} and {second} apart: {'; '.join(parts)}."
        if parts
        else (
            f"None of these statistics tells {first} and {second} apart by more than one standard error: what does must be"
            " something else."
        )
    )
    both = [name for name in missed[first] if name in missed[second]]
    return text + (f" Both miss {' and '.join(both)} by more than two standard errors." if both else "")
