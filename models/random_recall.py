"""Random recall with stopping: the floor that every memory model has to beat.

What it claims about memory: nothing. Each recall is a uniform draw from the items not yet recalled; only the stopping rule,
shared with every other model, is fitted.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kvfit.recall.model import RecallModel
from kvfit.recall.separation import SEPARATIONS
from kvfit.recall.stopping import STOPPING_RULES
from kvfit.recall.tables import MemoryTables
from kvfit.registry import ModelFamily, Option


def _memory(p: Mapping[str, Any], list_length: np.ndarray, n_positions: int, xp: Any) -> MemoryTables:
    zero = xp.zeros_like(next(iter(p.values())))
    return MemoryTables(
        zero[:, None] * np.ones(n_positions), zero[:, None, None] * np.ones((n_positions, n_positions)), carry=zero
    )


def build(stopping: str) -> RecallModel:
    """Build random recall with the given stopping rule."""
    return RecallModel(
        name="random_recall",
        options={},
        title="Random recall",
        claim="Items are recalled in random order; only how many is fitted.",
        reference="baseline",
        memory_parameters=(),
        memory=_memory,
        separation=SEPARATIONS["softmax"],
        stopping=STOPPING_RULES[stopping],
    )


MODEL = ModelFamily(
    name="random_recall",
    summary="baseline: uniform choice among items not yet recalled",
    build=build,
    options={"stopping": Option(tuple(STOPPING_RULES), "rule by which recall ends")},
)
