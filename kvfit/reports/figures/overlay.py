"""Drawings that hold all models: a measure with the models below each other, and the key to lines and colours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kvfit.reports.content import CurvePanel
from kvfit.reports.figures.style import INK, ModelStyle, figure_style, shorten

#: Inches; strips stand three beside each other on a page.
_WIDTH, _STRIP_WIDTH = 3.4, 2.6
_LONGEST = 16


def strip_figure(panel: CurvePanel, styles: Mapping[str, ModelStyle]) -> Figure:
    """Draw one number: observed on top with its standard error, each model's median, 50 % and 90 % interval below.

    Parameters
    ----------
    panel : CurvePanel
        Of one point; its group is the number's name.
    styles : mapping
        From model name.
    """
    n_rows = 1 + len(panel.bands)
    with figure_style():
        figure = Figure(figsize=(_STRIP_WIDTH, 0.55 + 0.24 * n_rows))
        plot = figure.subplots()
        observed, error = float(panel.observed[0]), float(panel.se[0])
        if np.isfinite(observed):
            plot.axvline(observed, color=INK, linewidth=0.7, linestyle=(0, (2, 2)))
        plot.errorbar([observed], [0], xerr=[error], fmt="o", color=INK, markersize=4.5, elinewidth=1.2, zorder=3)
        for row, band in enumerate(panel.bands, start=1):
            style = styles[band.model]
            plot.plot([band.lower90[0], band.upper90[0]], [row, row], color=style.colour, linewidth=1.4)
            plot.plot([band.lower50[0], band.upper50[0]], [row, row], color=style.colour, linewidth=4)
            plot.plot(band.median[0], row, style.marker, color=style.colour, markeredgecolor="white", markersize=6)
        names = ["observed", *(shorten(band.model, _LONGEST) for band in panel.bands)]
        plot.set_yticks(range(n_rows), names)
        plot.tick_params(axis="y", length=0)
        plot.set_ylim(n_rows - 0.5, -0.5)
        plot.spines["left"].set_visible(False)
        plot.set_xlabel(panel.group)
        plot.margins(x=0.12)
        plot.locator_params(axis="x", nbins=4)
        plot.grid(axis="x")
        return figure


def describe_strip(panel: CurvePanel, labels: Mapping[str, str]) -> str:
    """Alternative text of `strip_figure`."""
    models = "; ".join(
        f"{labels[band.model]} {band.median[0]:.3f} (90 % of simulated data sets {band.lower90[0]:.3f} to"
        f" {band.upper90[0]:.3f})"
        for band in panel.bands
    )
    return f"{panel.group}: observed {panel.observed[0]:.3f} (standard error {panel.se[0]:.3f}); {models}."


def key_figure(labels: Mapping[str, str], styles: Mapping[str, ModelStyle]) -> Figure:
    """Draw which line is which model."""
    with figure_style():
        figure = Figure(figsize=(_WIDTH, 0.1 + 0.19 * (len(labels) + 1)))
        handles = [Line2D([], [], color=INK, marker="o", linestyle="", markersize=3.6, label="observed")]
        handles += [
            Line2D([], [], color=styles[name].colour, linestyle=styles[name].dashes, label=shorten(label, 46))
            for name, label in labels.items()
        ]
        figure.legend(handles=handles, loc="center left", handlelength=3.4, borderpad=0, labelspacing=0.35)
        return figure
