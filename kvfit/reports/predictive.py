"""Posterior predictive curves of any task: what is taken from observed and simulated responses, and how it is gathered.

A task names its curves as panels (`PanelSource`); here every model simulates data sets, a chunk of draws at a time, and
each panel keeps only its points of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from kvfit.inference.fit import Fit
from kvfit.inference.predict import CHUNK, predictive_chunks
from kvfit.progress import progress
from kvfit.reports.content import Curve, CurvePanel, FloatArray


class PanelSource(Protocol):
    """One panel: a summary of responses that is the same for data and for simulations."""

    def simulated(self, responses: Any) -> FloatArray:
        """Points ``(draw, point)`` of simulated data sets; `responses` as the task prepares them."""

    def panel(self, draws: Mapping[str, FloatArray]) -> CurvePanel:
        """The panel, from each model's simulated points ``(draw, point)``."""


@dataclass(frozen=True)
class CurveSource:
    """A curve as `kvfit.reports.content.Curve`, before anything is simulated."""

    kind: str
    panels: tuple[PanelSource, ...]
    by: str = ""
    note: str = ""


@dataclass(frozen=True, eq=False)
class MeanPanel:
    """A curve of each participant, averaged over participants.

    Parameters
    ----------
    group : str
    x : ndarray, shape (point,)
    values : callable
        From prepared responses to ``(..., participant, point)``, NaN where undefined.
    observed : object
        Observed responses, as the task prepares them.
    ticks : tuple of str
        Names of the points; empty where `x` is a scale.
    """

    group: str
    x: FloatArray
    values: Callable[[Any], FloatArray]
    observed: Any
    ticks: tuple[str, ...] = ()

    def simulated(self, responses: Any) -> FloatArray:
        """Mean over participants in each simulated data set."""
        return mean_over_participants(self.values(responses))

    def panel(self, draws: Mapping[str, FloatArray]) -> CurvePanel:
        """Observed mean and standard error over participants, under the bands."""
        return CurvePanel.from_samples(self.group, self.x, self.values(self.observed), draws, self.ticks)


def posterior_curves(
    fits: Mapping[str, Fit],
    sources: Sequence[CurveSource],
    draws: int,
    seed: int,
    show_progress: bool,
    prepare: Callable[[np.ndarray], Any] = lambda responses: responses,
) -> tuple[Curve, ...]:
    """Draw the panels of every curve from the data and from each model's simulations.

    Parameters
    ----------
    fits : mapping of str to Fit
        By the model's name on the page.
    sources : sequence of CurveSource
    draws : int
        Simulated data sets of each model.
    seed : int
    show_progress : bool
    prepare : callable
        Turns a chunk of simulated responses into what the panels take, once for all panels.

    Returns
    -------
    tuple of Curve
    """
    panels = [panel for source in sources for panel in source.panels]
    simulated: list[dict[str, FloatArray]] = [{} for _ in panels]
    with progress(show_progress) as bar:
        for name, fit in fits.items():
            parts: list[list[FloatArray]] = [[] for _ in panels]
            total = -(-draws // CHUNK)
            for chunk in bar.track(predictive_chunks(fit, draws, seed), f"{name}: posterior predictive", total):
                responses = prepare(chunk)
                for part, panel in zip(parts, panels, strict=True):
                    part.append(panel.simulated(responses))
            for kept, part in zip(simulated, parts, strict=True):
                kept[name] = np.concatenate(part)
    drawn = iter([panel.panel(of_models) for panel, of_models in zip(panels, simulated, strict=True)])
    return tuple(
        Curve(source.kind, tuple(next(drawn) for _ in source.panels), source.by, source.note) for source in sources
    )


def mean_over_participants(values: FloatArray) -> FloatArray:
    """Mean over participants ``(draw, point)`` of ``(draw, participant, point)``, leaving out undefined ones."""
    defined = np.isfinite(values)
    count = defined.sum(axis=1)
    total = np.where(defined, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def value_range(values: np.ndarray) -> str:
    """One number, or the smallest to the largest."""
    low, high = int(values.min()), int(values.max())
    return str(low) if low == high else f"{low} to {high}"
