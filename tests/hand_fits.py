"""Stand-ins for fits whose predictive densities are invented, so that every number of a comparison can be had by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import xarray as xr

from kvfit.comparison.compare import Comparison, compare

N_CHAINS, N_DRAWS = 2, 60


@dataclass(eq=False)
class InventedFit:
    """What a comparison needs to know of a fit."""

    label: str
    data: Any
    sampled: Any
    model: Any
    design: Any
    diagnostics: Any

    @property
    def tree(self) -> Any:
        return self.sampled

    @property
    def unit_log_likelihood(self) -> Any:
        return self.sampled["log_likelihood"]["recalls"]


def invented_fit(label: str, density: Any, data: Any, *, passed: bool = True) -> Any:
    """A fit whose every draw gives observation i the log-likelihood ``density[i]``: leaving it out changes nothing.

    But for one part in 1e9, because importance sampling wants weights that differ.
    """
    rng = np.random.default_rng(1)
    even = rng.permuted(np.tile(np.linspace(-1, 1, N_CHAINS * N_DRAWS), (len(density), 1)), axis=1)
    values = np.asarray(density, dtype=float) + 1e-9 * even.T.reshape(N_CHAINS, N_DRAWS, -1)
    coords = {"chain": np.arange(N_CHAINS), "draw": np.arange(N_DRAWS)}
    sampled = xr.DataTree.from_dict(
        {
            "/posterior": xr.Dataset({"a": (("chain", "draw"), rng.normal(size=(N_CHAINS, N_DRAWS)))}, coords),
            "/log_likelihood": xr.Dataset({"recalls": (("chain", "draw", "unit"), values)}, coords),
        }
    )
    return InventedFit(
        label=label,
        data=data,
        sampled=sampled,
        model=SimpleNamespace(label=label, observed="recalls"),
        design=SimpleNamespace(n_observations=len(density), unit_of_observation=np.arange(len(density))),
        diagnostics=SimpleNamespace(passed=passed),
    )


def invented_data(participant: Any, observation: str = "list") -> Any:
    """Data of which a comparison only needs to know whose observation each one is."""
    owner = np.asarray(participant)
    return SimpleNamespace(
        fingerprint="same",
        participant=owner,
        participants=np.array([f"p{i}" for i in range(owner.max() + 1)]),
        n_participants=int(owner.max()) + 1,
        observation=observation,
        task="free_recall",
    )


def invented_comparison(densities: Mapping[str, Any], participant: Any, failed: tuple[str, ...] = ()) -> Comparison:
    """Compare invented fits by list."""
    data = invented_data(participant)
    fits = [invented_fit(name, row, data, passed=name not in failed) for name, row in densities.items()]
    return compare(fits, show_progress=False)  # type: ignore[arg-type]
