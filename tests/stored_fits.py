"""Fits without a sampler, for tests of what a store does with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

import kvfit as kv
from kvfit.inference import fit as fitting
from kvfit.inference.diagnostics import Diagnostics
from kvfit.inference.settings import FitSettings


def healthy(fit: kv.Fit) -> kv.Fit:
    """The fit, whose sampler did well."""
    fit.__dict__["diagnostics"] = Diagnostics(0, fit.settings.draws, fit.settings.chains, 1.001, 900, 800, "mu")
    return fit


class Sampler:
    """Stands in for the sampler: draws from nowhere, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(
        self, model: Any, data: Any, settings: FitSettings, similarity: np.ndarray | None, show_progress: bool
    ) -> kv.Fit:
        """As `kvfit.inference.fit._sample`."""
        self.asked.append(model.label)
        rng = np.random.default_rng(len(self.asked))
        size = (settings.chains, settings.draws, data.n_participants)
        dims = ("chain", "draw", "participant")
        arrays = {p.name: (dims, p.to_natural(rng.normal(p.location, p.scale, size))) for p in model.parameters}
        posterior = xr.Dataset(arrays, {"participant": [str(label) for label in data.participants]})
        tree = xr.DataTree.from_dict({"/posterior": posterior})
        return healthy(kv.Fit(model, data, tree, settings, {"sampling": 1.0}, similarity))


def stand_in(monkeypatch: Any) -> Sampler:
    """Put a `Sampler` in the place of kvfit's."""
    sampler = Sampler()
    monkeypatch.setattr(fitting, "_sample", sampler)
    return sampler
