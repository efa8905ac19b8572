"""A model's parameters on the natural scale: population mean, spread over persons, and every person."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kvfit.reports.figures.style import INK, ModelStyle, figure_style, shorten

_ROW = 0.56  # inches a parameter
_GOLDEN = 0.6180339887498949


def parameter_figure(parameters: pd.DataFrame, estimates: pd.DataFrame | None, style: ModelStyle) -> Figure:
    """Draw one strip a parameter, each with its own scale.

    Parameters
    ----------
    parameters : pandas.DataFrame
        Rows of one model: ``parameter, mean, lower, upper, person_10, person_90``.
    estimates : pandas.DataFrame or None
        Rows of the same model: ``parameter, estimate``, one a participant.
    style : ModelStyle
    """
    n_rows = len(parameters)
    with figure_style():
        figure = Figure(figsize=(4.2, 0.15 + _ROW * n_rows))
        strips = figure.subplots(n_rows, 1, squeeze=False)[:, 0]
        for strip, (_, row) in zip(strips, parameters.iterrows(), strict=True):
            persons = np.empty(0)
            if estimates is not None:
                persons = estimates.loc[estimates["parameter"] == row["parameter"], "estimate"].to_numpy(float)
            _strip(strip, row, persons[np.isfinite(persons)], style)
            strip.set_ylabel(
                shorten(row["parameter"], 18),
                rotation=0, ha="right", va="center", rotation_mode="anchor",
            )  # fmt: skip
        figure.align_ylabels(strips)
        return figure


def _strip(strip: Axes, row: pd.Series, persons: np.ndarray, style: ModelStyle) -> None:
    # A fixed low-discrepancy jitter: dots part from one another and the figure stays the same every time.
    jitter = (np.arange(persons.size) * _GOLDEN) % 1 - 0.5
    strip.scatter(persons, 0.55 * jitter - 0.22, s=9, color=style.colour, alpha=0.45, linewidths=0)
    strip.plot([row["person_10"], row["person_90"]], [0.5, 0.5], color=style.colour, linewidth=1.4)
    strip.plot([row["lower"], row["upper"]], [0.5, 0.5], color=INK, linewidth=3.4)
    strip.plot(row["mean"], 0.5, "o", color="white", markeredgecolor=INK, markersize=5, zorder=3)
    strip.set_ylim(-0.7, 0.85)
    strip.set_yticks([])
    strip.spines["left"].set_visible(False)
    strip.margins(x=0.06)
    strip.locator_params(axis="x", nbins=6)
    strip.grid(axis="x")
    strip.tick_params(axis="x", pad=1.5, length=2.5, labelsize=7.5)
