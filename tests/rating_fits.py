"""Posteriors of recognition models around known values, without a sampler: for tests of what is done with fits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from recognition_tables import stack, trial_table

import kvfit as kv
from kvfit.inference.settings import FitSettings

#: Unequal-variance signal detection of ordinary size, on six categories.
TRUTH = {
    "d_prime[strong]": 2.0, "d_prime[weak]": 1.0, "sigma[strong]": 1.4, "sigma[weak]": 1.4, "criterion": 0.6,
    "spacing_1": 0.6, "spacing_2": 0.5, "spacing_3": 0.5, "spacing_4": 0.6,
}  # fmt: skip


def rated_data(n_participants: int = 8, n_items: int = 60, seed: int = 1) -> kv.RecognitionData:
    """Simulated ratings of strong and weak old items, with study positions, and as many new items."""
    tables = [
        trial_table(
            person,
            [6] * n_items,
            [1] * n_items,
            strength=[*np.tile(["strong", "weak"], n_items // 2), *["lure"] * n_items],
            study_position=[*range(1, n_items + 1), *[None] * n_items],
            context=["a", "a", "b", "b"] * (n_items // 2),
            word_of_many=[f"level {k % 20}" for k in range(2 * n_items)],
        )
        for person in range(1, n_participants + 1)
    ]
    design = kv.read_recognition(stack(*tables), scale="1-6", name="simulated ratings")
    spread = np.linspace(0.7, 1.3, n_participants)
    values = pd.DataFrame({name: value * spread for name, value in TRUTH.items()}).assign(subject=design.participants)
    return kv.simulate("uvsd(by=strength)", design, values, seed)


def posterior_around(
    spec: str, data: kv.RecognitionData, values: Mapping[str, np.ndarray], n_draws: int = 40, width: float = 0.01
) -> kv.Fit:
    """Return a fit whose draws scatter by `width` (relative) around values ``(participant,)``."""
    model = kv.get_model(spec).bind(data)
    rng = np.random.default_rng(9)
    arrays = {
        p.name: (
            ("chain", "draw", "participant"),
            values[p.name] * rng.normal(1.0, width, (2, n_draws, data.n_participants)),
        )
        for p in model.parameters
    }
    posterior = xr.Dataset(arrays, {"participant": [str(label) for label in data.participants]})
    return kv.Fit(model, data, xr.DataTree.from_dict({"/posterior": posterior}), FitSettings())
