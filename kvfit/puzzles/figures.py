"""The picture of a puzzle: a panel a memory, and below them one with the settings in which the pattern holds."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kvfit.puzzles.claims import Conditions, Results
from kvfit.reports.figures.style import figure_style, model_styles, wrap


def puzzle_figure(
    results: Results,
    swept: pd.DataFrame,
    series: Mapping[str, Sequence[str]],
    ticks: Sequence[str],
    *,
    ylabel: str,
    varied: tuple[str, str],
    xlabel: str = "",
    ylim: tuple[float, float | None] = (-0.03, 1.03),
    rotation: float = 0.0,
) -> Figure:
    """Conditions under each memory, and the share of other settings with the pattern.

    Parameters
    ----------
    results : mapping
        Values ``(replicate,)`` from memory and condition.
    swept : pandas.DataFrame
        As :func:`~kvfit.puzzles.sweep.sweep` gives it.
    series : mapping
        Conditions of each line, in the order of `ticks`; the empty string leaves one out.
    ticks : sequence of str
    ylabel, xlabel : str
    varied : tuple of str
        Parameter of the sweep that the lower panel shows, and its label.
    ylim : tuple of float
    rotation : float
        Of the ticks' labels, degrees.
    """
    drawing, panels, last = _side_by_side(results)
    for axes, (memory, conditions) in zip(panels, results.items(), strict=True):
        _conditions_panel(axes, conditions, series, ticks, memory)
        axes.tick_params(axis="x", rotation=rotation)
        axes.set(xlabel=xlabel, ylim=ylim)
    panels[0].set_ylabel(ylabel)
    _shares_panel(last, swept, *varied)
    _legends(drawing, panels[0], last)
    return drawing


def _side_by_side(results: Results) -> tuple[Figure, list[Axes], Axes]:
    """A row of panels, one a memory, and below them a wide one for the sweep."""
    with figure_style():
        drawing = Figure(figsize=(1.0 + 1.9 * max(len(results), 3), 5.2))
        grid = drawing.add_gridspec(2, len(results), height_ratios=(3, 2))
        panels: list[Axes] = []
        for column in range(len(results)):
            panels.append(drawing.add_subplot(grid[0, column], sharey=panels[0] if panels else None))
            if column:
                panels[-1].tick_params(labelleft=False)
        return drawing, panels, drawing.add_subplot(grid[1, :])


def _conditions_panel(
    axes: Axes, conditions: Conditions, series: Mapping[str, Sequence[str]], ticks: Sequence[str], memory: str
) -> None:
    """Means over replicates with two standard errors: conditions along the axis, one line a series."""
    with figure_style():
        for (label, names), style in zip(series.items(), model_styles(list(series)).values(), strict=True):
            at = [i for i, name in enumerate(names) if name]
            values = np.stack([conditions[names[i]] for i in at])
            errors = 2.0 * values.std(axis=1, ddof=1) / np.sqrt(values.shape[1])
            axes.errorbar(
                at, values.mean(axis=1), yerr=errors, label=label, color=style.colour, marker=style.marker,
                linestyle=style.dashes, elinewidth=0.8,
            )  # fmt: skip
        axes.set_xticks(range(len(ticks)), list(ticks))
        axes.set_xlim(-0.3, len(ticks) - 0.7)
        axes.set_title(wrap(memory, 24))


_HATCHES = ("", "////", "....", "xxxx")


def _shares_panel(axes: Axes, swept: pd.DataFrame, parameter: str, label: str) -> None:
    """Share of the other settings in which each memory shows the pattern, by one parameter: a bar a memory."""
    with figure_style():
        memories = list(dict.fromkeys(swept["memory"]))
        values = sorted(swept[parameter].unique())
        width = 0.8 / len(memories)
        for number, (memory, style) in enumerate(model_styles(memories).items()):
            shares = swept[swept["memory"] == memory].groupby(parameter)["holds"].mean().loc[values]
            at = np.arange(len(values)) + (number - 0.5 * (len(memories) - 1)) * width
            # a thin line where the share is 0, so that no memory seems to be missing
            axes.bar(
                at, np.maximum(shares, 0.006), 0.92 * width, label=memory, color=style.colour, edgecolor="white",
                linewidth=0, hatch=_HATCHES[number % len(_HATCHES)],
            )  # fmt: skip
        axes.set_xticks(range(len(values)), [f"{value:g}" for value in values])
        axes.set(xlabel=label, ylabel="share of settings\nwith the pattern", ylim=(0, 1.04))


def _legends(drawing: Figure, panel: Axes, last: Axes) -> None:
    """Legend of the conditions above all panels, that of the memories below."""
    with figure_style():
        drawing.legend(*panel.get_legend_handles_labels(), loc="outside upper center", ncols=3)
        drawing.legend(*last.get_legend_handles_labels(), loc="outside lower center", ncols=4)
