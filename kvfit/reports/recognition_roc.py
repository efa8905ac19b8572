"""ROCs of a report: observed rates, and the hit rates that simulated data give at the same false-alarm rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
from scipy.special import ndtr, ndtri

from kvfit.reports.content import CurvePanel, FloatArray, ModelBand, mean_and_error
from kvfit.tasks.curves.recognition import curve
from kvfit.tasks.recognition_cells import RecognitionCells

N_PERSONS = 6
#: Points between the observed ones, for smooth bands.
_N_BETWEEN = 25


class CountsByColumn(Protocol):
    """Counted responses, see `kvfit.reports.recognition_curves.Counts`."""

    def by(self, column: str = "") -> np.ndarray:
        """Counts ``(..., cell, category)``."""


def person_roc(cells: RecognitionCells, counts: CountsByColumn) -> FloatArray:
    """Rates ``(..., participant, status, criterion)`` with the log-linear correction; status 0 is new items."""
    return curve(cells, "roc", "subject", counts.by(), correction="log-linear").to_numpy()


def spread_participants(cells: RecognitionCells) -> tuple[np.ndarray, str]:
    """A handful of participants from the weakest to the strongest memory, and the rule in words.

    Returns
    -------
    chosen : ndarray of int
        Indices of participants, by rising area under the ROC.
    note : str
    """
    area = curve(cells, "a_g", "subject").to_numpy()
    order = np.argsort(area, kind="stable")[: int(np.isfinite(area).sum())]
    n = len(order)
    if n <= N_PERSONS:
        return order, "Participants stand in the order of the area under their ROC, the smallest first."
    chosen = order[np.linspace(0, n - 1, N_PERSONS).round().astype(int)]
    return chosen, (
        f"{N_PERSONS} of {n} participants, chosen by rule: evenly spaced by the rank of the area under their ROC, from the"
        " smallest to the largest."
    )


@dataclass(frozen=True, eq=False)
class RocPanel:
    """ROC of the mean rates of some participants.

    A simulated ROC has its points at other false-alarm rates than the data. It is read at the observed ones: on the scale of
    normal deviates, where it is nearly straight, by lines between its points, and beyond them by its regression line.

    Parameters
    ----------
    group : str
    cells : RecognitionCells
    members : ndarray of int
        Indices of participants who were tested on old and on new items.
    observed : ndarray, shape (participant, status, criterion)
        Observed rates of everybody, of `person_roc`.
    scale : {"rates", "z"}
        Of the panel's axes.
    """

    group: str
    cells: RecognitionCells
    members: np.ndarray
    observed: FloatArray
    scale: Literal["rates", "z"]

    @cached_property
    def _rates(self) -> tuple[FloatArray, FloatArray]:
        """Mean and standard error over members, ``(status, criterion)``."""
        return mean_and_error(self.observed[self.members])

    @cached_property
    def _grid(self) -> tuple[FloatArray, np.ndarray]:
        """Rising deviates of false-alarm rates at which bands are drawn, and the places of the observed ones."""
        own = ndtri(self._rates[0][0])
        between = np.linspace(own[0], own[-1], _N_BETWEEN + 2)[1:-1]
        merged = np.concatenate([own, between])
        order = np.argsort(merged, kind="stable")
        place = np.empty(len(merged), dtype=np.int64)
        place[order] = np.arange(len(merged))
        return merged[order], place[: len(own)]

    def simulated(self, responses: CountsByColumn) -> FloatArray:
        """Hit rates, as normal deviates, at the points of the grid: ``(draw, point)``."""
        rates = person_roc(self.cells, responses)[:, self.members].mean(axis=1)
        grid, _ = self._grid
        return np.stack([read_zroc(false_alarm, hit, grid) for false_alarm, hit in ndtri(rates)])

    def panel(self, draws: Mapping[str, FloatArray]) -> CurvePanel:
        """Observed points and bands on the panel's scale."""
        grid, place = self._grid
        mean, error = self._rates
        if self.scale == "z":
            deviates = ndtri(mean)
            mean, error = deviates, error * np.sqrt(2 * np.pi) * np.exp(0.5 * deviates**2)
        else:
            grid = ndtr(grid)
        on_grid = np.full((3, len(grid)), np.nan)
        on_grid[:, place] = mean[1], error[1], error[0]
        bands = tuple(
            ModelBand.from_draws(name, ndtr(points) if self.scale == "rates" else points)
            for name, points in draws.items()
        )
        return CurvePanel(self.group, grid, on_grid[0], on_grid[1], bands, se_x=on_grid[2])


def read_zroc(false_alarm: FloatArray, hit: FloatArray, at: FloatArray) -> FloatArray:
    """Read a zROC at other false-alarm rates.

    Parameters
    ----------
    false_alarm, hit : ndarray, shape (criterion,)
        Normal deviates, rising.
    at : ndarray, shape (point,)

    Returns
    -------
    ndarray, shape (point,)
        NaN beyond the ends where all false-alarm rates are one, so that there is no line.
    """
    inside = np.interp(at, false_alarm, hit)
    across = false_alarm - false_alarm.mean()
    spread = float(across @ across)
    slope = float(across @ (hit - hit.mean())) / spread if spread > 1e-12 else np.nan
    before, after = at < false_alarm[0], at > false_alarm[-1]
    inside[before] = hit[0] + slope * (at[before] - false_alarm[0])
    inside[after] = hit[-1] + slope * (at[after] - false_alarm[-1])
    return inside
