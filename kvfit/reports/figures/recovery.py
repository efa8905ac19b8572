"""Estimates against true values, choices against true models, chances of the right choice by design."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kvfit.reports.figures.style import INK, SOFT, ModelStyle, figure_style, shorten, wrap

_PANEL = 1.75  # inches
_ACROSS = 4
#: Points that still show as points; more are drawn fainter.
_MANY = 400
#: Share from which a cell of the matrix is so dark that its text is white.
_DARK = 0.7


def recovery_figure(persons: pd.DataFrame, table: pd.DataFrame) -> Figure:
    """Draw estimates against true values on the natural scale, a panel a parameter, with the line of equality.

    Parameters
    ----------
    persons : pandas.DataFrame
        Columns ``parameter, true, estimate, at_bound``.
    table : pandas.DataFrame
        Columns ``parameter, rank_correlation, coverage``.
    """
    n = len(table)
    across = min(_ACROSS, n)
    down = -(-n // across)
    with figure_style():
        figure = Figure(figsize=(_PANEL * across + 0.4, (_PANEL + 0.25) * down + 0.3))
        panels = figure.subplots(down, across, squeeze=False).ravel()
        for panel, (_, row) in zip(panels, table.iterrows(), strict=False):
            own = persons[(persons["parameter"] == row["parameter"]) & np.isfinite(persons["estimate"])]
            _scatter(panel, own)
            panel.set_title(
                f"{shorten(row['parameter'], 22)}\nrank r = {row['rank_correlation']:.2f}, covered {row['coverage']:.0%}",
                fontsize=7.5,
            )
        for panel in panels[n:]:
            panel.set_axis_off()
        figure.supxlabel("True value", fontsize=9)
        figure.supylabel("Estimate", fontsize=9)
        return figure


def _scatter(panel: Axes, own: pd.DataFrame) -> None:
    true, estimate = own["true"].to_numpy(), own["estimate"].to_numpy()
    low, high = float(true.min()), float(true.max())
    room = max(high - low, 1e-9)
    # far estimates would squeeze the others: they stand at the edge, as triangles
    bottom, top = max(float(estimate.min()), low - room), min(float(estimate.max()), high + room)
    bottom, top = min(bottom, low), max(top, high)
    shown = np.clip(estimate, bottom, top)
    alpha = 0.5 if true.size <= _MANY else 0.2
    panel.plot([low, high], [low, high], color=SOFT, linewidth=1)
    outside = estimate != shown
    for where, marker in ((~outside, "o"), (outside & (estimate > top), "^"), (outside & (estimate < bottom), "v")):
        panel.scatter(true[where], shown[where], s=8, marker=marker, alpha=alpha, linewidths=0)
    panel.margins(0.06)
    panel.locator_params(nbins=4)
    panel.tick_params(labelsize=7)


def confusion_figure(shares: pd.DataFrame, inverse: pd.DataFrame, labels: Mapping[str, str], what: str) -> Figure:
    """Draw the confusion matrix and its inverse with counts and intervals.

    Parameters
    ----------
    shares : pandas.DataFrame
        Columns ``generator, chosen, count, n, share, lower, upper``.
    inverse : pandas.DataFrame
        Columns ``generator, chosen, share, lower, upper``: how often the chosen model is the true one.
    labels : mapping of str to str
        What each model is called in the picture, in order.
    what : str
        What was counted, e.g. ``data sets``.
    """
    names = list(labels)
    size = max(1.3 * len(names), 2.4)
    with figure_style():
        figure = Figure(figsize=(2 * size + 2.6, size + 1.1))
        left, right = figure.subplots(1, 2)
        _matrix(left, shares, names, f"Chosen, given the truth\n(rows add to 1; counts of {what})", counts=True)
        _matrix(
            right, inverse, names, "Truth, given the choice\n(columns add to 1; models equally likely)", counts=False
        )
        ticks = [wrap(labels[name], 17) for name in names]
        for plot in (left, right):
            plot.set_xticks(range(len(names)), ticks)
            plot.set_xlabel("chosen")
        left.set_yticks(range(len(names)), ticks)
        right.set_yticks(range(len(names)), [""] * len(names))
        left.set_ylabel("simulated from")
        return figure


def _matrix(plot: Axes, table: pd.DataFrame, names: list[str], title: str, *, counts: bool) -> None:
    shares = table.pivot_table(index="generator", columns="chosen", values="share", dropna=False)
    _shade(plot, shares.reindex(index=names, columns=names).to_numpy())
    for _, row in table.iterrows():
        x, y = names.index(row["chosen"]), names.index(row["generator"])
        text = "none" if np.isnan(row["share"]) else f"{row['share']:.2f}"
        below = "" if np.isnan(row["share"]) else f"{row['lower']:.2f} to {row['upper']:.2f}"
        lines = [(-0.12, text, 10.0), (0.13, below, 6.5)]
        if counts:
            lines.append((0.34, f"{row['count']} of {row['n']}", 6.5))
        for down, words, fontsize in lines:
            ink = "white" if row["share"] > _DARK else INK
            plot.text(x, y + down, words, ha="center", va="center", fontsize=fontsize, color=ink)
    plot.set_title(title)
    plot.tick_params(length=0)
    for side in plot.spines.values():
        side.set_visible(False)


def _shade(plot: Axes, shares: np.ndarray) -> None:
    """Colour the cells of a matrix ``(row, column)``, the first row on top; as paths, which a page can hold."""
    edges = np.arange(len(shares) + 1) - 0.5
    plot.pcolormesh(edges, edges, np.nan_to_num(shares), cmap="Blues", vmin=0, vmax=1.25)
    plot.set_aspect("equal")
    plot.invert_yaxis()


def choice_figure(shares: pd.DataFrame, labels: Mapping[str, str]) -> Figure:
    """Draw the confusion matrix alone, small enough for many models.

    Parameters
    ----------
    shares : pandas.DataFrame
        Columns ``generator, chosen, share``.
    labels : mapping of str to str
        What each model is called in the picture, in order.
    """
    names = list(labels)
    with figure_style():
        figure = Figure(figsize=(0.46 * len(names) + 2.1, 0.46 * len(names) + 1.6))
        plot = figure.subplots()
        found = shares.pivot_table(index="generator", columns="chosen", values="share", dropna=False)
        matrix = found.reindex(index=names, columns=names).to_numpy()
        _shade(plot, matrix)
        for (y, x), share in np.ndenumerate(matrix):
            if not np.isnan(share) and share > 0:
                ink = "white" if share > _DARK else INK
                plot.text(x, y, f"{share:.2f}".removeprefix("0"), ha="center", va="center", fontsize=7, color=ink)
        ticks = [wrap(labels[name], 26) for name in names]
        plot.set_yticks(range(len(names)), ticks, fontsize=7)
        plot.set_xticks(range(len(names)), ticks, fontsize=7, rotation=90)
        plot.set_xlabel("chosen")
        plot.set_ylabel("simulated from")
        plot.tick_params(length=0)
        for side in plot.spines.values():
            side.set_visible(False)
        return figure


def design_curve_figure(
    table: pd.DataFrame, labels: Mapping[str, str], styles: Mapping[int, ModelStyle], one: str
) -> Figure:
    """Draw the chance of choosing the right model by number of participants, a panel a true model.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``model, participants, observations, share, lower, upper``.
    labels : mapping of str to str
        By model, in order.
    styles : mapping of int to ModelStyle
        By number of observations a person.
    one : str
        ``list`` or ``trial``.
    """
    names = list(labels)
    with figure_style():
        figure = Figure(figsize=(2.3 * len(names) + 0.8, 2.7))
        panels = figure.subplots(1, len(names), squeeze=False, sharey=True)[0]
        sizes = sorted(table["participants"].unique())
        for panel, name in zip(panels, names, strict=True):
            for k, (number, style) in enumerate(styles.items()):
                own = table[(table["model"] == name) & (table["observations"] == number)].sort_values("participants")
                # a little apart, so that intervals do not hide one another
                x = own["participants"].to_numpy() * 1.03 ** (k - (len(styles) - 1) / 2)
                gaps = np.stack([own["share"] - own["lower"], own["upper"] - own["share"]])
                panel.errorbar(
                    x, own["share"], np.maximum(gaps, 0.0), color=style.colour, marker=style.marker,
                    dashes=style.dashes[1] or (None, None), elinewidth=0.9, label=f"{number} {one}s",
                )  # fmt: skip
            panel.set_title(wrap(f"truth: {labels[name]}", 26))
            panel.set_xscale("log")
            panel.set_xticks(sizes, [str(size) for size in sizes])
            panel.minorticks_off()
            panel.set_xlabel("Participants")
            panel.set_ylim(-0.03, 1.03)
            panel.grid(axis="y")
        panels[0].set_ylabel("Chance of the right choice")
        panels[-1].legend(title="each with", loc="lower right", title_fontsize=8)
        return figure
