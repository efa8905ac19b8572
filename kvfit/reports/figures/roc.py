"""ROC and zROC: observed points over the hit rates that models predict at the same false-alarm rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from kvfit.reports.content import CurvePanel, ModelBand
from kvfit.reports.figures.kinds import CurveAxes
from kvfit.reports.figures.style import INK, SOFT, ModelStyle, figure_style

#: Inches of a drawing of one model, and of several models in one of many drawings; both axes have one scale.
_SIZE, _SMALL = 3.0, 2.5
#: Bands of more models in one drawing hide each other; their medians remain.
_MOST_BANDS = 2
Limits = tuple[tuple[float, float], tuple[float, float]]
_RATE_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def roc_figure(
    panel: CurvePanel,
    bands: Sequence[ModelBand],
    axes: CurveAxes,
    styles: Mapping[str, ModelStyle],
    limits: Limits,
) -> Figure:
    """Draw observed rates with their standard errors over the bands of one model, or of several in one drawing.

    Parameters
    ----------
    panel : CurvePanel
        `x` are false-alarm rates; points that only the bands have are NaN in ``observed``.
    bands : sequence of ModelBand
        Some of ``panel.bands``.
    axes : CurveAxes
        With ``roc`` of ``"rates"`` or ``"z"``.
    styles : mapping
        From model name.
    limits : tuple of tuple of float
        Of both axes; see `roc_limits`.
    """
    size = _SIZE if len(bands) == 1 else _SMALL
    with figure_style():
        figure = Figure(figsize=(size, size))
        plot = figure.subplots()
        plot.plot([-9, 9], [-9, 9], color=SOFT, linewidth=0.8, linestyle=(0, (3, 2)), zorder=1)
        for band in bands:
            if band.x is not None:
                _points(plot, band, styles[band.model])
                continue
            _band(plot, panel, band, styles[band.model], len(bands))
        shown = np.isfinite(panel.observed)
        error_x = None if panel.se_x is None else panel.se_x[shown]
        plot.errorbar(
            panel.x[shown], panel.observed[shown], panel.se[shown], error_x,
            fmt="o", color=INK, markersize=3.6, elinewidth=1, zorder=3,
        )  # fmt: skip
        plot.set(xlabel=axes.x_label, ylabel=axes.y_label, xlim=limits[0], ylim=limits[1])
        plot.set_aspect("equal")
        for axis in (plot.xaxis, plot.yaxis):
            if axes.roc == "rates":
                axis.set_ticks(_RATE_TICKS, ["0", ".25", ".5", ".75", "1"])
            else:
                axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
        plot.grid()
        return figure


def _band(plot: Axes, panel: CurvePanel, band: ModelBand, style: ModelStyle, n_models: int) -> None:
    alone = n_models == 1
    if n_models <= _MOST_BANDS:
        plot.fill_between(panel.x, band.lower90, band.upper90, color=style.colour, alpha=0.22 if alone else 0.16)
    if alone:
        plot.fill_between(panel.x, band.lower50, band.upper50, color=style.colour, alpha=0.38)
    plot.plot(
        panel.x, band.median, color=style.colour, linestyle="-" if alone else style.dashes,
        linewidth=1.8 if n_models <= _MOST_BANDS else 1.3,
    )  # fmt: skip


def _points(plot: Axes, band: ModelBand, style: ModelStyle) -> None:
    """Predicted points with their 90 % ranges along both axes, joined in the order of the observed ones."""
    assert band.x is not None
    assert band.x_lower90 is not None
    assert band.x_upper90 is not None
    plot.plot(band.x, band.median, color=style.colour, linewidth=1.0, alpha=0.6)
    plot.errorbar(
        band.x, band.median,
        np.stack([band.median - band.lower90, band.upper90 - band.median]),
        np.stack([band.x - band.x_lower90, band.x_upper90 - band.x]),
        fmt="s", color=style.colour, markersize=5.5, elinewidth=1.6, alpha=0.75,
    )  # fmt: skip


def roc_limits(panels: Sequence[CurvePanel], axes: CurveAxes) -> Limits:
    """Ranges of the axes: all rates, or the normal deviates of these panels with a margin, equally long."""
    if axes.roc == "rates":
        return (-0.02, 1.02), (-0.02, 1.02)
    across = [panel.x for panel in panels]
    along = [panel.observed + side * panel.se for panel in panels for side in (-1, 1)]
    along += [panel.observed for panel in panels]  # a single participant has no standard error
    along += [array for panel in panels for band in panel.bands for array in (band.lower90, band.upper90)]
    ends = []
    for arrays in (across, along):
        values = np.concatenate([array[np.isfinite(array)] for array in arrays])
        ends.append((float(values.min()), float(values.max())))
    half = 0.15 + 0.5 * max(high - low for low, high in ends)
    middles = [0.5 * (low + high) for low, high in ends]
    return (middles[0] - half, middles[0] + half), (middles[1] - half, middles[1] + half)
