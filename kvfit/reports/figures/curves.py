"""Observed summary curves with a model's posterior predictive band: one small figure a model and group."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from kvfit.reports.content import CurvePanel, FloatArray, ModelBand
from kvfit.reports.figures.style import INK, ModelStyle, figure_style


@dataclass(frozen=True)
class CurveAxes:
    """How a kind of curve is drawn and explained."""

    title: str
    x_label: str
    y_label: str
    meaning: str
    probability: bool = False  # the whole range from 0 to 1 is shown
    lags: bool = False  # there is no lag 0: the curve is broken there


CURVES = {
    "serial_position": CurveAxes(
        "Serial position curve",
        "Serial position",
        "Recall probability",
        "How often a word was recalled, by its place in the study list: primacy on the left, recency on the right.",
        probability=True,
    ),
    "first_recall": CurveAxes(
        "Probability of first recall",
        "Serial position",
        "Probability of first recall",
        "Where in the study list recall starts.",
    ),
    "lag_crp": CurveAxes(
        "Lag-CRP",
        "Lag",
        "Conditional response probability",
        "How often the next word recalled came from this many places after (positive lag) or before"
        " (negative lag) the last one, given that it was still to be recalled. The peak around 0 is"
        " temporal contiguity, its tilt to the right is forward asymmetry.",
        lags=True,
    ),
    "recall_length": CurveAxes(
        "Words recalled per list",
        "Words recalled",
        "Proportion of lists",
        "How many words were recalled from a list: what the stopping rule of a model has to explain.",
    ),
    "confidence": CurveAxes(
        "Response categories",
        "Category, from surest new to surest old",
        "Proportion of responses",
        "How often each category was used for studied and for new items; their cumulative sums are the points of the ROC.",
    ),
}


def curve_figure(panel: CurvePanel, band: ModelBand, axes: CurveAxes, style: ModelStyle, upper: float) -> Figure:
    """Draw the observed means with their standard errors over one model's 50 % and 90 % band.

    Parameters
    ----------
    panel : CurvePanel
    band : ModelBand
        One of ``panel.bands``.
    axes : CurveAxes
    style : ModelStyle
    upper : float
        Top of the vertical axis: the same for panels that are to be compared (`shared_upper`).
    """
    with figure_style():
        figure = Figure()
        plot = figure.subplots()
        for part in _parts(panel.x, axes.lags):
            x = panel.x[part]
            plot.fill_between(x, band.lower90[part], band.upper90[part], color=style.colour, alpha=0.22)
            plot.fill_between(x, band.lower50[part], band.upper50[part], color=style.colour, alpha=0.38)
            plot.plot(x, band.median[part], color=style.colour)
        plot.errorbar(panel.x, panel.observed, panel.se, fmt="o", color=INK, markersize=3.6, elinewidth=1, zorder=3)
        plot.set(xlabel=axes.x_label, ylabel=axes.y_label, ylim=(0, upper))
        plot.set_xticks(_lag_ticks(panel.x) if axes.lags else _ticks(panel.x))
        plot.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
        plot.grid(axis="y")
        _pad(plot, panel.x)
        return figure


def shared_upper(panels: Iterable[CurvePanel], axes: CurveAxes) -> float:
    """Top of a vertical axis that holds every panel: 1 for a probability curve, else just above them."""
    if axes.probability:
        return 1.0
    tops = [np.r_[panel.observed, panel.observed + panel.se] for panel in panels]
    tops += [band.upper90 for panel in panels for band in panel.bands]
    values = np.concatenate([top[np.isfinite(top)] for top in tops])
    return min(1.05, 1.06 * float(values.max())) if values.size and values.max() > 0 else 1.0


def points_inside(panel: CurvePanel, band: ModelBand) -> tuple[int, int]:
    """Count the observed means inside the model's 90 % band, and those that can be compared."""
    defined = np.isfinite(panel.observed) & np.isfinite(band.lower90)
    inside = (panel.observed >= band.lower90) & (panel.observed <= band.upper90) & defined
    return int(inside.sum()), int(defined.sum())


def describe_curve(panel: CurvePanel, band: ModelBand, axes: CurveAxes, label: str) -> str:
    """Alternative text: the observed curve at its ends and extremes, and how well the model follows it."""
    inside, defined = points_inside(panel, band)
    if defined == 0:
        return f"{axes.title}: no point can be compared with {label}."
    known = np.flatnonzero(np.isfinite(panel.observed))
    first, last = known[0], known[-1]
    low, high = known[panel.observed[known].argmin()], known[panel.observed[known].argmax()]
    unit = axes.x_label.lower()
    places = ((first, "at the first point"), (low, "lowest"), (high, "highest"), (last, "at the last point"))
    shape = ", ".join(f"{panel.observed[i]:.2f} {what} ({unit} {panel.x[i]:g})" for i, what in places)
    error = float(np.nanmean(np.abs(panel.observed - band.median)))
    return (
        f"Observed {axes.y_label.lower()}: {shape}. {label}: {inside} of {defined} observed means lie"
        " inside the 90 % band; the mean distance between observed mean and predicted median is"
        f" {error:.3f}."
    )


def _parts(x: FloatArray, lags: bool) -> list[NDArray[np.bool_]]:
    return [x < 0, x > 0] if lags else [np.ones(x.shape, dtype=bool)]


def _ticks(x: FloatArray) -> FloatArray:
    """Return the first value and round steps after it: 1, 4, 8, 12, 16."""
    span = x[-1] - x[0]
    step = next((step for step in (1, 2, 4, 5, 10, 20, 50) if span / step <= 6), 100)
    steps = np.arange(np.ceil(x[0] / step) * step, x[-1] + 0.5, step)
    return np.r_[x[0], steps[steps - x[0] >= 0.6 * step]]


def _lag_ticks(x: FloatArray) -> FloatArray:
    """Return ticks that mirror around the gap at 0: -5, -3, -1, 1, 3, 5."""
    largest = float(np.abs(x).max())
    step = next((step for step in (1, 2, 3, 5, 10, 20) if largest / step <= 3), 50)
    side = np.arange(1, largest + 0.5, step)
    ticks = np.r_[-side[::-1], side]
    return ticks[(ticks >= x[0]) & (ticks <= x[-1])]


def _pad(plot: Axes, x: FloatArray) -> None:
    margin = 0.5 if x.size < 2 else 0.5 * float(np.diff(x).min())
    plot.set_xlim(x[0] - margin, x[-1] + margin)
