"""How far each model is behind the best one, over all observations and participant by participant."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from kvfit.reports.figures.style import INK, SOFT, ModelStyle, figure_style, shorten, wrap

_WIDTH = 4.2  # inches: text keeps a readable size on a phone, where the figure is as wide as the screen
_MOST_NAMED = 30  # participants whose labels still fit under the axis


def comparison_figure(comparison: pd.DataFrame, labels: Mapping[str, str], styles: Mapping[str, ModelStyle]) -> Figure:
    """Draw each model's elpd difference from the best model, with 1 (thick) and 2 (thin) standard errors.

    Parameters
    ----------
    comparison : pandas.DataFrame
        Columns ``model, rank, elpd_diff, dse``, and ``dse_trials`` where there is no ``dse``; see `drawn_error`.
    labels, styles : mapping
        From model name.
    """
    table = comparison.sort_values("rank")
    column, of_what = drawn_error(comparison)
    with figure_style():
        figure = Figure(figsize=(_WIDTH, 0.7 + 0.4 * len(table)))
        plot = figure.subplots()
        plot.axvline(0, color=SOFT, linewidth=0.8)
        for row, (name, difference, error) in enumerate(table[["model", "elpd_diff", column]].itertuples(index=False)):
            style = styles[name]
            plot.plot([difference - 2 * error, difference + 2 * error], [row, row], color=style.colour, linewidth=1)
            plot.plot([difference - error, difference + error], [row, row], color=style.colour, linewidth=3)
            plot.plot(difference, row, style.marker, color=style.colour, markersize=6)
        plot.set_yticks(range(len(table)), [wrap(labels[name]) for name in table["model"]])
        plot.tick_params(axis="y", length=0)
        plot.set_ylim(len(table) - 0.5, -0.5)
        plot.set_xlabel(f"elpd minus that of the best model\n(lines: 1 and 2 standard errors over {of_what})")
        plot.locator_params(axis="x", nbins=5)
        plot.spines["left"].set_visible(False)
        plot.grid(axis="x")
        return figure


def drawn_error(comparison: pd.DataFrame) -> tuple[str, str]:
    """Column of the error that a drawing shows, and over what it is: participants, but for a single one."""
    if comparison["dse"].isna().all() and "dse_trials" in comparison:
        return "dse_trials", "the lists or trials of the only participant"
    return "dse", "participants"


def participant_figure(
    difference: pd.Series, error: pd.Series, best: str, rival: str, styles: tuple[ModelStyle, ModelStyle]
) -> Figure:
    """Draw one dot a participant, sorted: elpd of the best model minus elpd of its closest rival, with 1 SE.

    Parameters
    ----------
    difference, error : pandas.Series
        Indexed by participant label; positive where the best model predicts this participant better.
    best, rival : str
        Labels for readers.
    styles : tuple of ModelStyle
        Of the best model and of the rival: a dot takes the style of the model that it favours.
    """
    order = np.argsort(difference.to_numpy(), kind="stable")
    values, errors = difference.to_numpy()[order], error.to_numpy()[order]
    rank = np.arange(1, len(values) + 1)
    size = 4 if len(values) <= 60 else 2.6
    with figure_style():
        figure = Figure(figsize=(_WIDTH, 3.0))
        plot = figure.subplots()
        plot.axhline(0, color=INK, linewidth=0.8)
        for side, style in zip((values > 0, values <= 0), styles, strict=True):
            plot.errorbar(
                rank[side], values[side], errors[side], fmt=style.marker, color=style.colour,
                ecolor=SOFT, elinewidth=0.9, markersize=size,
            )  # fmt: skip
        n_best, n_rival = int((values > 0).sum()), int((values < 0).sum())
        # Sorted upwards, the top left and the bottom right corner are free.
        corners = (
            (0.02, 0.98, "left", "top", f"▲ {shorten(best, 36)}: {n_best}"),
            (0.98, 0.02, "right", "bottom", f"▼ {shorten(rival, 36)}: {n_rival}"),
        )
        for x, y, across, along, text in corners:
            plot.text(x, y, text, ha=across, va=along, transform=plot.transAxes)
        plot.margins(y=0.12)
        plot.set_ylabel("elpd difference")
        if len(values) <= _MOST_NAMED:
            names = [shorten(label, 10) for label in difference.index[order]]
            plot.set_xticks(rank, names, rotation=90)
            plot.set_xlabel("Participant")
        else:
            plot.set_xticks([1, len(values)])
            plot.set_xlabel("Participants, sorted by the difference")
        plot.grid(axis="y")
        return figure
