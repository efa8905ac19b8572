"""ROC across conditions of one-criterion responses: each condition is a point, observed and predicted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from kvfit.reports.content import CurvePanel, FloatArray, ModelBand, mean_and_error
from kvfit.reports.recognition_roc import CountsByColumn
from kvfit.tasks.curves.recognition import curve
from kvfit.tasks.recognition_cells import RecognitionCells


@dataclass(frozen=True, eq=False)
class ConditionRoc:
    """Hit and false-alarm rate in each level of a column, averaged over participants.

    Where base rates or pay-offs move the criterion, the points trace an ROC. Unlike criteria of one scale, conditions are
    independent trials, and a model without criteria by condition predicts one false-alarm rate for all: so its points stand
    where it predicts them, along both axes.

    Parameters
    ----------
    column : str
    cells : RecognitionCells
        By the column.
    observed : CountsByColumn
    """

    column: str
    cells: RecognitionCells
    observed: CountsByColumn

    @cached_property
    def _kept(self) -> np.ndarray:
        """Cells of the levels that hold old and new items."""
        level = self.cells.conditions[self.column]
        both = set(level[self.cells.old].dropna()) & set(level[~self.cells.old].dropna())
        return np.flatnonzero(level.isin(both))

    @cached_property
    def _part(self) -> RecognitionCells:
        return replace(
            self.cells,
            participant=self.cells.participant[self._kept],
            old=self.cells.old[self._kept],
            conditions=self.cells.conditions.iloc[self._kept].reset_index(drop=True),
            counts=self.cells.counts[self._kept],
        )

    def _rates(self, counts: CountsByColumn) -> FloatArray:
        """``(..., participant, level, status)``; NaN where a participant has no such items."""
        kept = counts.by(self.column)[..., self._kept, :]
        return curve(self._part, "roc", ("subject", self.column), kept).to_numpy()[..., 0]

    @cached_property
    def _own(self) -> FloatArray:
        return self._rates(self.observed)

    @cached_property
    def _members(self) -> np.ndarray:
        """Participants who were tested on old and on new items in all levels."""
        return np.flatnonzero(np.isfinite(self._own).all(axis=(1, 2)))

    @cached_property
    def _levels(self) -> np.ndarray:
        """Levels by rising false-alarm rate."""
        return np.argsort(self._own[self._members, :, 0].mean(axis=0), kind="stable")

    @property
    def drawable(self) -> bool:
        """Whether there are two points or more, and people who have them."""
        n_levels = self.cells.conditions[self.column].iloc[self._kept].nunique()
        return bool(n_levels > 1 and self._members.size)

    def _chosen(self, rates: FloatArray) -> FloatArray:
        return rates[..., self._members, :, :][..., self._levels, :]

    def simulated(self, responses: CountsByColumn) -> FloatArray:
        """False-alarm rates of all levels, then hit rates: ``(draw, 2 level)``."""
        mean = self._chosen(self._rates(responses)).mean(axis=1)
        return np.concatenate([mean[..., 0], mean[..., 1]], axis=-1)

    def panel(self, draws: Mapping[str, FloatArray]) -> CurvePanel:
        """Observed points, and each model's with ranges along both axes."""
        mean, error = mean_and_error(self._chosen(self._own))
        n = self._levels.size
        bands = tuple(ModelBand.from_draws(name, made[:, n:], made[:, :n]) for name, made in draws.items())
        return CurvePanel("", mean[:, 0], mean[:, 1], error[:, 1], bands, se_x=error[:, 0])

    @property
    def order(self) -> str:
        """The levels from left to right, for a note."""
        levels = curve(self._part, "roc", ("subject", self.column))[self.column].to_numpy()[self._levels]
        return ", ".join(f"{level:g}" if isinstance(level, float) else str(level) for level in levels.tolist())
