"""Ranks of true values among posterior draws, as ECDFs with simultaneous bands."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import binom

from kvfit.reports.figures.style import SOFT, figure_style, shorten, wrap

_PANEL = 1.65  # inches
_ACROSS = 5
_BAND = 0.95
_SIMULATIONS = 2000
_OF = {"population_mean": "population mean", "population_sd": "population sd", "item_sd": "sd of items"}


def calibration_figure(pit: pd.DataFrame, passed: Mapping[str, bool]) -> Figure:
    """Draw the ECDF of each column minus that of a uniform variable, with a 95 % simultaneous band.

    Parameters
    ----------
    pit : pandas.DataFrame
        ``(simulation, quantity)`` values in (0, 1).
    passed : mapping of str to bool
        By quantity: whether it passed the test over all quantities; where not, the panel says so.
    """
    n, count = pit.shape
    across = min(_ACROSS, count)
    down = -(-count // across)
    at, lower, upper = simultaneous_band(n)
    with figure_style():
        figure = Figure(figsize=(_PANEL * across + 0.4, (_PANEL + 0.15) * down + 0.3))
        panels = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True).ravel()
        for panel, name in zip(panels, pit.columns, strict=False):
            ecdf = np.searchsorted(np.sort(pit[name].to_numpy()), at, side="right") / n
            panel.fill_between(at, lower - at, upper - at, color="#dddddd", step="mid")
            panel.axhline(0, color=SOFT, linewidth=0.8)
            panel.plot(at, ecdf - at, color="C0" if passed[name] else "C1", linewidth=1.3)
            panel.set_title(_title(str(name)) + ("" if passed[name] else "\nNOT calibrated"), fontsize=7.5)
            panel.tick_params(labelsize=7)
            panel.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        for panel in panels[count:]:
            panel.set_axis_off()
        figure.supxlabel("Rank of the true value among the draws, as a share", fontsize=9)
        figure.supylabel("ECDF minus uniform", fontsize=9)
        return figure


def _title(name: str) -> str:
    """``population_mean[d_prime]`` in two lines: the parameter, and what of it."""
    what, bracket, inside = name.removesuffix("]").partition("[")
    if not bracket:
        return wrap(name, 24)
    of, parameter = (what, inside) if what in _OF else (inside, what)
    return f"{shorten(parameter, 24)}\n{_OF.get(of, of)}"


def simultaneous_band(n: int, probability: float = _BAND, points: int = 200) -> tuple[np.ndarray, ...]:
    """Band in which the ECDF of `n` uniform values lies everywhere at once with this probability.

    Returns
    -------
    at, lower, upper : numpy.ndarray
        ``(point,)``.

    Notes
    -----
    By simulation (Säilynoja, Bürkner & Vehtari 2022, Statistics and Computing 32, 32): the pointwise binomial level at
    which simulated ECDFs stay inside everywhere. ArviZ has such bands only in a method of ``plot_ecdf_pit``
    that is to be removed.
    """
    at = np.linspace(0, 1, points + 2)[1:-1]
    drawn = np.sort(np.random.default_rng(214).random((_SIMULATIONS, n)), axis=1)
    counts = np.stack([np.searchsorted(one, at, side="right") for one in drawn])
    tail = np.minimum(binom.cdf(counts, n, at), binom.sf(counts - 1, n, at)).min(axis=1)
    level = float(np.quantile(tail, 1 - probability))
    lower, upper = np.asarray(binom.ppf(level, n, at)) / n, np.asarray(binom.isf(level, n, at)) / n
    return at, lower, upper
