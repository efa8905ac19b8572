"""Serial-position strengths: a baseline with primacy and recency but no memory for what was just recalled.

What it claims about memory: each item has a strength that depends on its study position alone; recall samples strengths
without replacement. It reproduces serial-position curves but not contiguity.

    s(j) = w_end rho_end^(N-j) + w_start rho_start^(j-1)

These are the start and end queries of key-value recall, without any cue from recalled items: the model is nested in
``kv_recall(start=query)`` with ``neighbour = 0`` and ``kappa = 0``; recency and primacy are the contrasts explained there.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kvfit.models.kv_recall import PRIMACY, RECENCY, RHO_END, RHO_START, end_query, start_query
from kvfit.recall.model import RecallModel
from kvfit.recall.separation import SEPARATIONS
from kvfit.recall.stopping import STOPPING_RULES
from kvfit.recall.tables import MemoryTables
from kvfit.registry import ModelFamily, Option


def _memory(p: Mapping[str, Any], list_length: np.ndarray, n_positions: int, xp: Any) -> MemoryTables:
    one = xp.ones_like(p["rho_end"])
    strength = end_query(p["recency"], p["rho_end"], list_length, n_positions)
    strength = strength + start_query(p["primacy"], p["rho_start"], n_positions)
    no_cue = (0.0 * one)[:, None, None] * np.ones((n_positions, n_positions))
    return MemoryTables(strength, no_cue, carry=one)


def build(stopping: str) -> RecallModel:
    """Build the baseline with the given stopping rule."""
    return RecallModel(
        name="serial_position",
        options={},
        title="Serial-position strengths",
        claim="Strength depends on study position alone; what was just recalled does not matter.",
        reference="baseline; Murdock (1962) for the curve",
        memory_parameters=(RECENCY, RHO_END, PRIMACY, RHO_START),
        memory=_memory,
        separation=SEPARATIONS["softmax"],
        stopping=STOPPING_RULES[stopping],
    )


MODEL = ModelFamily(
    name="serial_position",
    summary="baseline: strengths by study position, no cue from recalled items",
    build=build,
    options={"stopping": Option(tuple(STOPPING_RULES), "rule by which recall ends")},
)
