"""How strongly items of a list were written: what primacy is besides a query.

A trace is written with a strength, ``M += g_n k_n^T v_n``. Primacy is then in what was written, and holds at every output,
while a query for the start of the list fades as recall goes on, like every other query. Strengths fall over the list as the
query would have reached into it,

    log g_j = w_strength (rho_start^(j-1) - rho_start^3),    strength = w_strength (1 - rho_start^3)

relative to the fourth item, so that they stay finite where rho_start nears 1 (there they fall by equal steps).

Under softmax a strength counts copies of a trace: its logarithm is added to every match, ``exp(s_j + log g_j)``. Under the
other rules it multiplies the match, ``g_j s_j``. Either way it is the same for every query, so that it is put into the
tables once: what is added to the first match, and what each recall must give back because the old match loses a share
``1 - carry``.

Source: the write ``M += g k^T v`` of Gershman, Fiete & Irie (2025) with a strength. CMR's primacy has the same place, a
learning rate ``phi_s exp(-phi_d (j-1)) + 1`` that multiplies context-to-item associations (Polyn, Norman & Kahana 2009,
Psychological Review 116, 129-156).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kvfit.parameters import Parameter
from kvfit.recall.tables import powers

#: positions between the items whose log-odds difference is `strength`, and `primacy`
START_SPAN = 3

STRENGTH = Parameter(
    "strength", "g_start", "positive", (0.05, 3.0), "log ratio of the strengths of writing of first and fourth item",
    "probabilities of recall of .3 in the middle and of .35 to .9 at the first position (Murdock 1962) are .2 to 3 apart"
    " in log odds; CMR's learning rates there are 1.6 to 16 times late ones (Gunn & Polyn 2025: 1 + phi_s, median 5)",
    link="softplus",
)  # fmt: skip
FLOOR = Parameter(
    "floor", "α", "positive", (0.01, 1.0), "match that every trace has with every query",
    "in units of the end-of-list query, whose best match is 1; CMR's alpha_cf is the same, in units of a late learning rate",
)  # fmt: skip

#: form of primacy -> whether the start of the list is queried, and whether strengths differ
START_FORMS: dict[str, tuple[bool, bool]] = {"both": (True, True), "strength": (False, True), "query": (True, False)}


def log_strengths(p: Mapping[str, Any], n_positions: int) -> Any:
    """``log g_j`` ``(cell, position)`` from the contrast `strength` and `rho_start`."""
    fourth = p["rho_start"] ** START_SPAN
    # a quotient of two small numbers where rho_start nears 1: their product with a large weight would lose it
    fallen = (powers(p["rho_start"], np.arange(n_positions)) - fourth[:, None]) / (1.0 - fourth)[:, None]
    return p["strength"][:, None] * fallen


def at_every_output(initial: Any, cue: Any, carry: Any, amount: Any) -> tuple[Any, Any]:
    """Add to the match something that no recall takes away.

    Parameters
    ----------
    initial : tensor
        ``(cell, position)``.
    cue : tensor
        ``(cell, recalled position, position)``.
    carry : tensor
        ``(cell,)``, share of the old match that outlasts a recall.
    amount : tensor
        ``(cell, position)``, or ``(cell, 1)`` for the same at all positions.

    Returns
    -------
    tuple of tensor
        `initial` and `cue`, with which ``s_t(j)`` is larger by ``amount(j)`` at every t.
    """
    return initial + amount, cue + ((1.0 - carry)[:, None] * amount)[:, None, :]
