"""Evidence averaged over what the data do not say, such as study positions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kvfit.recognition.memory import Evidence

#: Study positions that stand for all those of a list.
N_POSITIONS = 8
#: Probability of each category by a random response.
LAPSE = 1e-6


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


def over_positions(
    evidence: Callable[[Mapping[str, Any], Any], Evidence],
    p: Mapping[str, Any],
    list_length: np.ndarray,
    study_position: np.ndarray | None,
    alike: bool = False,
) -> Evidence:
    """Evidence of items at their study positions, or averaged over all positions where the data do not say.

    Parameters
    ----------
    evidence : callable
        ``evidence(p, lag)``: evidence given values of the parameters and the number of items studied after the tested one.
    p : mapping of str to array or tensor
        ``(..., cell)``.
    list_length : ndarray, shape (cell,)
    study_position : ndarray, shape (cell,), optional
        None: not observed.
    alike : bool
        All positions have the same evidence, so that one of them says all.
    """
    if study_position is not None:
        return evidence(p, list_length - study_position)
    if alike:
        return evidence(p, np.zeros_like(list_length))
    return Average(evidence({name: value[..., None, :] for name, value in p.items()}, spread_positions(list_length)))


def with_lapse(log_categories: Any, xp: Any, lapse: float = LAPSE) -> Any:
    """Log probabilities with a tiny share of random responses.

    Bounds the loss of responses that a memory calls impossible, where numerical probabilities have no correct digit.
    """
    p = xp.exp(log_categories) + lapse
    return xp.log(p / p.sum(axis=-1, keepdims=True))
