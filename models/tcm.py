"""The temporal context model (TCM): one drifting context, studied and retrieved by the same rule.

What it claims about memory: an item is cued by the similarity of the current context to the context of its study; recalling
an item retrieves a mixture of its pre-experimental context and the context of its study, which gives both
contiguity and its forward asymmetry. It has no primacy mechanism.

Reference: Howard & Kahana (2002), Journal of Mathematical Psychology 46, 269-299.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kvfit.parameters import Parameter
from kvfit.recall.context import ContextModel, context_tables
from kvfit.recall.model import MemoryFunction, RecallModel
from kvfit.recall.separation import SEPARATIONS
from kvfit.recall.stopping import STOPPING_RULES
from kvfit.recall.tables import MemoryTables
from kvfit.registry import ModelFamily, Option

BETA = Parameter(
    "beta", "β", "unit", (0.15, 0.85), "how much each studied or recalled item changes context",
    ".6 in the fits of Howard & Kahana (2002); above .85 nearly everybody would start with the last item",
)  # fmt: skip
TAU = Parameter(
    "tau", "τ", "positive", (0.1, 1.0), "noise of the choice: weights are exp(2 support / tau)",
    "about .35 in Howard & Kahana (2002); supports lie between 0 and 1",
    ends="open",
)  # fmt: skip
GAMMA = Parameter(
    "gamma", "γ", "positive", (0.1, 4.0), "weight of pre-experimental context, relative to study context, in retrieval",
    "1 retrieves both equally; the ratio sets the forward asymmetry",
)  # fmt: skip
RHO_D = Parameter(
    "rho_delay", "ρ_D", "unit", (0.05, 0.95), "how much end-of-list context survives the delay before recall",
    "1 in immediate recall, lower after a distractor (Howard & Kahana 2002)",
)  # fmt: skip


def _memory(delay: bool) -> MemoryFunction:
    def memory(p: Mapping[str, Any], list_length: np.ndarray, n_positions: int, xp: Any) -> MemoryTables:
        one = xp.ones_like(p["beta"])
        model = ContextModel(
            beta_enc=p["beta"],
            beta_start=0.0 * one,
            beta_rec=p["beta"],
            d_fc=p["gamma"],
            l_fc=one,
            d_cf=0.0 * one,
            # supports are proportional to the learning rates, so that sensitivity to them can enter here
            learning=(2.0 / p["tau"])[:, None] * np.ones(n_positions),
        )
        initial, cue = context_tables(model, list_length, n_positions, xp)
        if delay:
            initial = p["rho_delay"][:, None, None] * initial
        return MemoryTables(initial, cue, carry=p["beta"])

    return memory


def build(delay: bool, stopping: str) -> RecallModel:
    """Build TCM with the given options; see ``MODEL.options``."""
    return RecallModel(
        name="tcm",
        options={},
        title="Temporal context model",
        claim="A drifting context cues recall; recalling an item retrieves its own and its study context.",
        reference="Howard & Kahana (2002)",
        memory_parameters=(BETA, TAU, GAMMA, RHO_D) if delay else (BETA, TAU, GAMMA),
        memory=_memory(delay),
        separation=SEPARATIONS["softmax"],
        stopping=STOPPING_RULES[stopping],
        channels=2,
    )


MODEL = ModelFamily(
    name="tcm",
    summary="temporal context model (Howard & Kahana 2002)",
    build=build,
    options={
        "delay": Option((False, True), "a distractor before recall moves context by an orthogonal amount"),
        "stopping": Option(tuple(STOPPING_RULES), "rule by which recall ends"),
    },
)
