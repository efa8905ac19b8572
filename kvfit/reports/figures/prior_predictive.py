"""What people drawn from a prior do, as bands, with the people in the data over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kvfit.reports.figures.style import INK, figure_style, model_styles, shorten, wrap

_WIDTH, _HEIGHT = 2.5, 2.1  # inches of a panel
_ACROSS = 4
#: Dimension along the horizontal axis of each panel, and its words.
_ALONG = {
    "study_position": "Serial position",
    "lag": "Lag",
    "n_recalled": "Items recalled",
    "false_alarm_rate": "False-alarm rate",
    "category": "Category (new to old)",
    "criterion": "Criterion",
    "output_position": "Output position",
}
_Y_LABELS = {"roc": "Hit rate"}
_NUMBERS = "Measures"


@dataclass(frozen=True, eq=False)
class _Panel:
    """One drawing: quantiles ``(3, point)`` of the prior's and of the data's people."""

    title: str
    x_label: str
    y_label: str
    x: np.ndarray
    prior: np.ndarray
    data: np.ndarray | None
    ticks: tuple[str, ...] = ()


def prior_predictive_figure(curves: Mapping[str, xr.Dataset], colour: str | None = None) -> Figure:
    """Draw every curve: line and band for the median and 90 % of prior people, dots and bars for those of the data's.

    Parameters
    ----------
    curves : mapping of str to xarray.Dataset
        As of :class:`~kvfit.inference.prior_predictive.PriorPredictive`.
    colour : str, optional
        Of the band.
    """
    panels = [*_curve_panels(curves), *_number_panels(curves)]
    across = min(_ACROSS, len(panels))
    down = -(-len(panels) // across)
    colour = colour or model_styles(["prior"])["prior"].colour
    with figure_style():
        figure = Figure(figsize=(_WIDTH * across, _HEIGHT * down + 0.3))
        plots = figure.subplots(down, across, squeeze=False).ravel()
        for plot, panel in zip(plots, panels, strict=False):
            _draw(plot, panel, colour)
        for plot in plots[len(panels) :]:
            plot.set_axis_off()
        _legend(figure, colour, any(panel.data is not None for panel in panels))
        return figure


def _curve_panels(curves: Mapping[str, xr.Dataset]) -> Iterator[_Panel]:
    """One panel for each curve, level and kind of item."""
    for kind, found in curves.items():
        dims = [str(dim) for dim in found["prior"].dims if dim != "quantile"]
        along = next((dim for dim in reversed(dims) if dim in _ALONG), "")
        if not along:
            continue
        others = [dim for dim in dims if dim != along]
        for levels in product(*(found[dim].to_numpy() for dim in others)):
            part = found.sel(dict(zip(others, levels, strict=True)))
            prior = part["prior"].transpose("quantile", along).to_numpy()
            shown = np.isfinite(prior).all(axis=0)
            if not shown.any():
                continue
            data = part["data"].transpose("quantile", along).to_numpy()[:, shown] if "data" in part else None
            yield _Panel(
                _title(dict(zip(others, levels, strict=True))),
                _ALONG[along],
                _Y_LABELS.get(kind, str(found.attrs["long_name"])),
                part[along].to_numpy()[shown].astype(float),
                prior[:, shown],
                data,
            )


def _number_panels(curves: Mapping[str, xr.Dataset]) -> Iterator[_Panel]:
    """One panel for all curves that are one number a person, for each combination of levels."""
    numbers = {k: v for k, v in curves.items() if not any(str(dim) in _ALONG for dim in v["prior"].dims)}
    if not numbers:
        return
    others = [str(dim) for dim in next(iter(numbers.values()))["prior"].dims if dim != "quantile"]
    alike = {k: v for k, v in numbers.items() if {str(d) for d in v["prior"].dims} == {"quantile", *others}}
    first = next(iter(alike.values()))
    for levels in product(*(first[dim].to_numpy() for dim in others)):
        at = dict(zip(others, levels, strict=True))
        parts = [found.sel(at) for found in alike.values()]
        has_data = all("data" in part for part in parts)
        yield _Panel(
            _title(at), "", _NUMBERS, np.arange(1.0, len(parts) + 1),
            np.stack([part["prior"].to_numpy() for part in parts], axis=1),
            np.stack([part["data"].to_numpy() for part in parts], axis=1) if has_data else None,
            tuple(shorten(str(found.attrs["long_name"]), 16) for found in alike.values()),
        )  # fmt: skip


def _title(at: Mapping[str, object]) -> str:
    words = {"status": lambda value: f"{value} items"}
    return shorten(
        ", ".join(words.get(name, lambda v, n=name: f"{n.replace('_', ' ')} {v}")(value) for name, value in at.items()),
        34,
    )


def _draw(plot: Axes, panel: _Panel, colour: str) -> None:
    low, middle, high = panel.prior
    if panel.ticks:
        plot.errorbar(
            panel.x - 0.12, middle, (middle - low, high - middle),
            fmt="s", color=colour, markersize=4, elinewidth=3, alpha=0.7,
        )  # fmt: skip
        plot.set_xticks(panel.x, panel.ticks, rotation=30, ha="right", rotation_mode="anchor")
        plot.axhline(0.0, color=INK, linewidth=0.5)
    else:
        # there is no lag 0: the curve is broken there
        parts = [panel.x < 0, panel.x > 0] if panel.x_label == _ALONG["lag"] else [np.ones(panel.x.size, dtype=bool)]
        for part in parts:
            plot.fill_between(panel.x[part], low[part], high[part], color=colour, alpha=0.25)
            plot.plot(panel.x[part], middle[part], color=colour)
    if panel.data is not None:
        low, middle, high = panel.data
        plot.errorbar(
            panel.x + (0.12 if panel.ticks else 0.0), middle, (middle - low, high - middle),
            fmt="o", color=INK, markersize=3, elinewidth=0.8,
        )  # fmt: skip
    if panel.x_label == _ALONG["false_alarm_rate"]:
        plot.plot([0, 1], [0, 1], color=INK, linewidth=0.6, linestyle=(0, (3, 2)))
    plot.set(xlabel=panel.x_label, ylabel=wrap(panel.y_label, 24), title=panel.title)
    if not panel.ticks:
        plot.set_ylim(bottom=0)
        plot.locator_params(axis="x", nbins=6, integer=panel.x_label != _ALONG["false_alarm_rate"])
    plot.grid()


def _legend(figure: Figure, colour: str, with_data: bool) -> None:
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=colour, label="median of prior people"),
        Patch(color=colour, alpha=0.25, label="90 % of prior people"),
    ]
    if with_data:
        label = "people in the data: median and 90 %"
        handles.append(Line2D([], [], color=INK, marker="o", markersize=3, linewidth=0.8, label=label))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
