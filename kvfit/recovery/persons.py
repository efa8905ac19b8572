"""True and estimated values of simulated people, put together from the results of a batch."""

from typing import Any

import numpy as np
import pandas as pd

from kvfit.batch.runner import Batch
from kvfit.memory_model import MemoryModel
from kvfit.recovery.true_values import TrueValues


def person_table(model: MemoryModel, data: Any, truths: list[TrueValues], batch: Batch) -> pd.DataFrame:
    """True and estimated values of everybody, as ``persons`` of :class:`~kvfit.recovery.recover.Recovery`."""
    frames = []
    for k, (values, result) in enumerate(zip(truths, batch.results, strict=True)):
        if result is None:
            continue
        bounds = result.get("at_bound", [""] * data.n_participants)
        frames += [
            pd.DataFrame(
                {
                    "replicate": k + 1,
                    "subject": data.participants,
                    "parameter": p.name,
                    "true": values.persons[p.name],
                    "estimate": np.array(result["estimate"][p.name], dtype=float),
                    "lower": np.array(result["lower"][p.name], dtype=float),
                    "upper": np.array(result["upper"][p.name], dtype=float),
                    "at_bound": [p.name in bound.split(", ") for bound in bounds],
                }
            )
            for p in model.parameters
        ]
    return pd.concat(frames, ignore_index=True)
