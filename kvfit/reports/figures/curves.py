"""Observed summary curves with a model's posterior predictive band: one small figure a model and group."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from kvfit.reports.content import CurvePanel, FloatArray, ModelBand
from kvfit.reports.figures.kinds import CurveAxes
from kvfit.reports.figures.style import INK, ModelStyle, figure_style, shorten

#: Names of points that still fit beside each other under an axis.
_MOST_LEVEL_NAMES = 6
_LONGEST_NAME = 14


def curve_figure(
    panel: CurvePanel, band: ModelBand, axes: CurveAxes, style: ModelStyle, limits: tuple[float, float]
) -> Figure:
    """Draw the observed means with their standard errors over one model's 50 % and 90 % band.

    Parameters
    ----------
    panel : CurvePanel
    band : ModelBand
        One of ``panel.bands``.
    axes : CurveAxes
    style : ModelStyle
    limits : tuple of float
        Of the vertical axis: the same for panels that are to be compared (`shared_limits`).
    """
    with figure_style():
        figure = Figure()
        plot = figure.subplots()
        for part in _parts(panel.x, axes.lags):
            x = panel.x[part]
            plot.fill_between(x, band.lower90[part], band.upper90[part], color=style.colour, alpha=0.22)
            plot.fill_between(x, band.lower50[part], band.upper50[part], color=style.colour, alpha=0.38)
            plot.plot(x, band.median[part], color=style.colour)
        plot.errorbar(
            panel.x, panel.observed, panel.se, fmt="o", color=INK, markersize=3.6, elinewidth=1,
            zorder=3, clip_on=False,
        )  # fmt: skip
        plot.set(xlabel=axes.x_label, ylabel=axes.y_label, ylim=limits)
        _set_ticks(plot, panel, axes)
        plot.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
        plot.grid(axis="y")
        _pad(plot, panel.x)
        return figure


def shared_limits(panels: Iterable[CurvePanel], axes: CurveAxes) -> tuple[float, float]:
    """Range of a vertical axis that holds every panel: all probabilities, tenths around the values, or from 0 upward."""
    if axes.vertical == "probability":
        return 0.0, 1.0
    arrays = [np.r_[panel.observed, panel.observed - panel.se, panel.observed + panel.se] for panel in panels]
    arrays += [np.r_[band.lower90, band.upper90] for panel in panels for band in panel.bands]
    values = np.concatenate([array[np.isfinite(array)] for array in arrays])
    if not values.size or values.max() <= 0:
        return 0.0, 1.0
    if axes.vertical == "tenths":
        low, high = np.floor(10 * values.min() - 0.5) / 10, np.ceil(10 * values.max() + 0.5) / 10
        return max(0.0, float(low)), min(1.0, float(high))
    return 0.0, min(1.05, 1.06 * float(values.max()))


def _set_ticks(plot: Axes, panel: CurvePanel, axes: CurveAxes) -> None:
    if panel.ticks:
        names = [shorten(name, _LONGEST_NAME) for name in panel.ticks]
        plot.set_xticks(panel.x, names)
        if len(names) > _MOST_LEVEL_NAMES or sum(map(len, names)) > 36:
            plot.tick_params(axis="x", labelrotation=90)
    elif axes.lags:
        plot.set_xticks(_lag_ticks(panel.x))
    elif bool((panel.x == np.round(panel.x)).all()) and panel.x[-1] - panel.x[0] < 500:
        plot.set_xticks(_ticks(panel.x))
    else:
        plot.xaxis.set_major_locator(MaxNLocator(nbins=6))


def points_inside(panel: CurvePanel, band: ModelBand) -> tuple[int, int]:
    """Count the observed points inside the model's 90 % band (along both axes, where both are predicted), and those that
    can be compared.
    """
    defined = np.isfinite(panel.observed) & np.isfinite(band.lower90)
    inside = (panel.observed >= band.lower90) & (panel.observed <= band.upper90) & defined
    if band.x_lower90 is not None and band.x_upper90 is not None:
        inside &= (panel.x >= band.x_lower90) & (panel.x <= band.x_upper90)
    return int(inside.sum()), int(defined.sum())


def describe_curve(panel: CurvePanel, band: ModelBand, axes: CurveAxes, label: str) -> str:
    """Alternative text: the observed curve at its ends and extremes, and how well the model follows it."""
    inside, defined = points_inside(panel, band)
    if defined == 0:
        return f"{axes.title}: no point can be compared with {label}."
    known = np.flatnonzero(np.isfinite(panel.observed))
    first, last = known[0], known[-1]
    low, high = known[panel.observed[known].argmin()], known[panel.observed[known].argmax()]
    unit = axes.x_label if axes.roc else axes.x_label.lower()
    where = [panel.ticks[i] if panel.ticks else f"{panel.x[i]:.3g}" for i in range(panel.x.size)]
    places = ((first, "at the first point"), (low, "lowest"), (high, "highest"), (last, "at the last point"))
    shape = ", ".join(f"{panel.observed[i]:.2f} {what} ({unit} {where[i]})" for i, what in places)
    error = float(np.nanmean(np.abs(panel.observed - band.median)))
    return (
        f"Observed {axes.y_label.lower()}: {shape}. {label}: {inside} of {defined} observed {axes.points} lie"
        " inside the 90 % band; the mean distance between observed and predicted median is"
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
