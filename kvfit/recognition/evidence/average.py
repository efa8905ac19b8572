"""Evidence averaged over what the data do not say, such as study positions."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kvfit.recognition.memory import Evidence

#: Study positions that stand for all those of a list.
N_POSITIONS = 8


@dataclass(frozen=True, eq=False)
class Average:
    """Equal mixture of evidence whose parameters have an axis of positions before that of cells."""

    parts: Evidence

    def log_categories(self, criteria: Any, xp: Any) -> Any:
        """``(..., cell, category)``, see :class:`kvfit.recognition.memory.Evidence`."""
        logs = self.parts.log_categories(criteria[..., None, :, :], xp)
        largest = logs.max(axis=-3, keepdims=True)
        return xp.log(xp.exp(logs - largest).mean(axis=-3)) + largest[..., 0, :, :]


def spread_positions(list_length: np.ndarray) -> np.ndarray:
    """Numbers of items studied after the tested one, evenly over the list, ``(position, cell)``."""
    return list_length * ((np.arange(N_POSITIONS) + 0.5) / N_POSITIONS)[:, None] - 0.5


def with_lapse(log_categories: Any, xp: Any, lapse: float = 1e-6) -> Any:
    """Log probabilities with a tiny share of random responses.

    Bounds the loss of responses that a memory calls impossible, where numerical probabilities have no correct digit.
    """
    p = xp.exp(log_categories) + lapse
    return xp.log(p / p.sum(axis=-1, keepdims=True))
