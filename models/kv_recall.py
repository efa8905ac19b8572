"""Key-value recall: drifting addresses as keys, items as values, retrieval as competition between matches.

What it claims about memory: each item is a value stored under a key, and keys are drifting addresses
``a_n = rho a_(n-1) + sqrt(1 - rho^2) eta_n``, so that ``a_i . a_j = rho^|i-j|``. The first items of a list are written more
strongly (``M += g_n k_n^T v_n``). Recall starts from queries for the end and the start of the list. A recalled item queries
memory again, through its value (``phi = 1``: the content drives the query, which reaches forward only, because ``eta_i . a_j``
is zero for j < i) or through its key itself (``phi = 0``: symmetric). By default nothing is lost from storage; what limits
recall is competition.

    s_1(j)     = w_end rho_end^(N-j) + w_start rho_start^(j-1)
    U(i, j)    = (1 - phi) rho^|i-j| + phi [j >= i] rho^(j-i)
    s_(t+1)(j) = (1 - kappa) s_t(j) + w_cue U(r_t, j) + w_sem Sem(r_t, j)
    p(j | t)   ~ sigma(s_t(j) + log g_j)      log g_j = w_strength (rho_start^(j-1) - rho_start^3)

Where primacy comes from is the option ``start``: ``both`` as above, with one fading; ``strength`` alone, the same at every
output (:mod:`kvfit.recall.strength`); ``query`` alone, which fades with every recall.

Under softmax separation only differences of s matter, and an item never cues itself, so the data say little about
w_end, w_strength, w_start and w_cue as such. The parameters are the contrasts that behaviour shows:

    recency    = w_end (1 - rho_end^4)           log-odds advantage of the last item over the one four positions before it
    strength   = w_strength (1 - rho_start^3)    log-odds advantage of the first item over the fourth, at every output
    primacy    = w_start (1 - rho_start^3)       the same when recall starts
    neighbour  = w_cue rho                       cue to an adjacent item (the forward one, whatever phi)

The spans 4 and 3 are those at which recency and primacy are nearly independent of rho_end and rho_start in the posterior
(correlations below .05, against -.2 for adjacent items and .4 for the whole list, on PEERS).

With the other separations scale matters: w_end is fixed at 1, ``w_start`` and ``w_cue`` are parameters, and strengths multiply
the match. Under ``power`` every trace also has the match ``floor`` with every query, as every context unit supports every item
in CMR with that rule: without it a trace that no query matches could never be recalled.

Whether storage is indelible is the option ``write``. ``decay``: each further item leaves a trace with the share ``retention`` of
its strength. ``delta``: writing an item corrects what its key retrieves by the share ``erasure``, which erases neighbours, whose
keys are alike. Every query, of the list's ends and of recalled items, is then read through the store as
:mod:`kvfit.recall.writing` says; stopping by match reads what the store gives back. Similarity of meaning (``semantic=True``) is
knowledge from before the list and does not pass through it. Weights belong to the queries: recency, primacy and neighbour
are the contrasts that they would have had in an indelible store, so ``retention = 1`` and ``erasure = 0`` are the default.

Reference: after Gershman, Fiete & Irie (2025), "Key-value memory in the brain", Neuron 113, 1694-1707; the likelihood is this
project's own, a decision that the documentation records. Nested rivals are options: ``query="value"`` and ``"key"``,
``scaffold=False`` (random addresses), ``end_drift="tied"``, ``memory="autoassociative"`` (key and value are one pattern: the retrieved
pattern alone is the next cue, with one weighting for store and cue), and every separation and stopping rule.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from kvfit.parameters import Parameter
from kvfit.recall.model import MemoryFunction, RecallModel
from kvfit.recall.separation import SEPARATIONS, Separation
from kvfit.recall.stopping import STOPPING_RULES
from kvfit.recall.strength import FLOOR, START_FORMS, START_SPAN, STRENGTH, at_every_output, log_strengths
from kvfit.recall.tables import MemoryTables, by_lag, end_distance, lags, powers
from kvfit.recall.writing import WRITE_RULES, after_writing
from kvfit.registry import Form, ModelError, ModelFamily, NoEffect, Option

#: positions between the items whose log-odds difference is `recency`
END_SPAN = 4

RHO = Parameter(
    "rho", "ρ", "unit", (0.1, 0.95), "similarity of the keys of neighbouring items",
    "context similarity at lag 1 is .3 to .95 in fits of context models, beta_enc = sqrt(1 - rho^2)",
)  # fmt: skip
PHI = Parameter(
    "phi", "φ", "unit", (0.05, 0.95), "share of the re-query that goes through the recalled value (forward) rather than its key",
    "no published values; covers nearly the whole unit interval",
)  # fmt: skip
KAPPA = Parameter(
    "kappa", "κ", "unit", (0.1, 0.98), "share of the old match that is lost with each recall",
    "published fits of beta_rec (.4 to .98) leave sqrt(1 - beta_rec^2) of the old context",
)  # fmt: skip
RECENCY = Parameter(
    "recency", "d_end", "positive", (0.4, 8.0), "log-odds advantage of the last item over the one four positions before it when recall starts",
    "from delayed recall, which hardly prefers the end, to immediate recall that always starts there (Murdock 1962)",
    link="softplus",
)  # fmt: skip
RHO_END = Parameter(
    "rho_end", "ρ_end", "unit", (0.2, 0.95), "how slowly the end-of-list query fades backwards",
    "recency spans 2 to 8 positions (Murdock 1962)",
    varies=False, ends="lower",
)  # fmt: skip
PRIMACY = Parameter(
    "primacy", "d_start", "positive", (0.05, 5.0), "log-odds advantage of the first item over the fourth when recall starts",
    "from recall that hardly prefers the first item to recall that nearly always starts there",
    link="softplus",
)  # fmt: skip
W_START = Parameter(
    "w_start", "w_start", "positive", (0.05, 3.0), "strength of the start-of-list query relative to the end-of-list query",
    "the first item starts immediate recall less often than the last in most people, more often in some",
)  # fmt: skip
RHO_START = Parameter(
    "rho_start", "ρ_start", "unit", (0.05, 0.9), "how slowly what favours the start of the list fades over positions",
    "primacy spans 1 to 4 positions (Murdock 1962)",
    varies=False, ends="lower",
)  # fmt: skip
NEIGHBOUR = Parameter(
    "neighbour", "d_cue", "positive", (0.5, 5.0), "strength of the cue that a recalled item gives to the next item studied",
    "conditional response probabilities at lag +1 of .2 to .6 ask for .5 to 5 log units above remote items",
    link="softplus",
)  # fmt: skip
W_CUE = Parameter(
    "w_cue", "w_cue", "positive", (0.1, 2.0), "strength of a recalled item's cue relative to the end-of-list query",
    "recalled items and the end of the list are cues of comparable strength in context models",
)  # fmt: skip
W_SEM = Parameter(
    "w_sem", "w_sem", "positive", (0.1, 8.0), "weight of the similarity of meaning to the recalled item",
    "similarities are cosines of embeddings, with differences of about .1 to .5 within a list",
    link="softplus",
)  # fmt: skip


def end_query(recency: Any, rho_end: Any, list_length: np.ndarray, n_positions: int) -> Any:
    """``w_end rho_end^(N-j)`` ``(cell, position)`` from its contrast (softmax)."""
    w_end = recency / (1.0 - rho_end**END_SPAN)
    return w_end[:, None] * powers(rho_end, end_distance(list_length, n_positions))


def start_query(primacy: Any, rho_start: Any, n_positions: int) -> Any:
    """``w_start rho_start^(j-1)`` ``(cell, position)`` from its contrast (softmax)."""
    w_start = primacy / (1.0 - rho_start**START_SPAN)
    return w_start[:, None] * powers(rho_start, np.arange(n_positions))


def _memory(
    memory: str,
    query: str,
    scaffold: bool,
    end_drift: str,
    start: str,
    write: str,
    semantic: bool,
    operator: Separation,
) -> MemoryFunction:
    scale_free = operator.scale_free
    queried, strengthened = START_FORMS[start]

    def tables(p: Mapping[str, Any], list_length: np.ndarray, n_positions: int, xp: Any) -> MemoryTables:
        lag = lags(n_positions)
        rho_end = p["rho"] if end_drift == "tied" else p["rho_end"]
        one = xp.ones_like(rho_end)
        position = np.arange(n_positions)
        if scale_free:
            initial = powers(rho_end, end_distance(list_length, n_positions))
        else:
            initial = end_query(p["recency"], rho_end, list_length, n_positions)
        if queried and scale_free:
            initial = initial + p["w_start"][:, None] * powers(p["rho_start"], position)
        elif queried:
            initial = initial + start_query(p["primacy"], p["rho_start"], n_positions)
        # U times w_cue; the diagonal never matters, because a recalled item is not recalled again
        if not scaffold:
            cue = 0.0 * one[:, None, None] * np.ones((n_positions, n_positions))
        elif scale_free:
            cue = p["w_cue"][:, None, None] * by_lag(powers(p["rho"], position), np.abs(lag), xp)
        else:
            steps = np.maximum(position - 1, 0)
            cue = p["neighbour"][:, None, None] * by_lag(powers(p["rho"], steps), np.abs(lag), xp)
        if memory == "autoassociative":
            carry = 0.0 * one
        else:
            carry = 1.0 - p["kappa"]
            if query == "value":
                cue = cue * (lag >= 0)
            elif query == "mixed" and scaffold:
                cue = cue * (1.0 - p["phi"][:, None, None] * (lag < 0))
        if write != "hebb":
            # a store without similar keys has nothing to overwrite; see build
            neighbour = 0.0 * one
            if scaffold:
                neighbour = p["w_cue"] * p["rho"] if scale_free else p["neighbour"]
            initial, cue = after_writing(initial, cue, neighbour, write, p, list_length, n_positions, xp)
        if strengthened and scale_free:
            copies = xp.exp(log_strengths(p, n_positions))
            initial, cue = initial * copies, cue * copies[:, None, :]
        elif strengthened:
            initial, cue = at_every_output(initial, cue, carry, log_strengths(p, n_positions))
        if operator.name == "power":
            initial, cue = at_every_output(initial, cue, carry, p["floor"][:, None])
        # autoassociation: one pattern, in which content and address share one weight, in units of the address cue
        return MemoryTables(initial, cue, carry=carry, semantic=p["w_sem"] if semantic else None)

    return tables


_LIMIT = {
    "hebb": "recall is limited by competition",
    "decay": "traces fade as further items are written",
    "delta": "writing an item overwrites what its key retrieves",
}


def build(
    memory: str,
    query: str,
    scaffold: bool,
    end_drift: str,
    start: str,
    write: str,
    separation: str,
    stopping: str,
    semantic: bool,
) -> RecallModel:
    """Build key-value recall with the given options; see ``MODEL.options``."""
    operator = SEPARATIONS[separation]
    auto = memory == "autoassociative"
    if write == "delta":
        problems = []
        if auto:
            problems.append(
                "option write=delta is not defined beside memory=autoassociative: what it corrects are values that are"
                " unlike one another, and patterns that are their own keys are not; leave one of the two out"
            )
        if operator.core == "power":
            problems.append(
                f"option write=delta cannot be combined with separation={separation}: what was overwritten may come back"
                " negative, and powers are of what is positive; take softmax or threshold"
            )
        if problems:
            raise ModelError("kv_recall", problems)
    free_scale = not operator.scale_free
    parameters: list[Parameter] = []
    if scaffold:
        # an end query that does not fade has no contrast between positions
        parameters.append(replace(RHO, ends="lower") if end_drift == "tied" and free_scale else RHO)
    if not auto:
        parameters += [PHI, KAPPA] if query == "mixed" and scaffold else [KAPPA]
    if free_scale:
        parameters.append(RECENCY)
    if end_drift == "free":
        parameters.append(RHO_END)
    queried, strengthened = START_FORMS[start]
    parameters += [PRIMACY if free_scale else W_START] * queried + [STRENGTH] * strengthened + [RHO_START]
    if scaffold:
        # random addresses cue nothing but the recalled item itself
        parameters.append(NEIGHBOUR if free_scale else W_CUE)
    parameters += WRITE_RULES[write]
    if separation == "power":
        parameters.append(FLOOR)
    if semantic:
        parameters.append(W_SEM)
    claim = (
        "Key and value are one pattern: the retrieved pattern alone is the next cue."
        if auto
        else f"Keys are drifting addresses; a recalled value queries memory again; {_LIMIT[write]}."
    )
    return RecallModel(
        name="kv_recall",
        options={},
        title="Autoassociative recall" if auto else "Key-value recall",
        claim=claim,
        reference="after Gershman, Fiete & Irie (2025)",
        memory_parameters=tuple(parameters),
        memory=_memory(memory, query, scaffold, end_drift, start, write, semantic, operator),
        separation=operator,
        stopping=STOPPING_RULES[stopping],
        semantic=semantic,
    )


_SHAPES = "after Gershman, Fiete & Irie (2025)"

MODEL = ModelFamily(
    name="kv_recall",
    summary="key-value recall: drifting keys, values that query again (after Gershman, Fiete & Irie 2025)",
    build=build,
    options={
        "memory": Option(("key_value", "autoassociative"), "separate keys and values, or one pattern for both"),
        "query": Option(
            ("mixed", "value", "key"), "what a recalled item queries with: free mixture, value only, key only"
        ),
        "scaffold": Option((True, False), "keys drift over the list, or are unrelated random addresses"),
        "end_drift": Option(("free", "tied"), "fading of the end-of-list query: its own, or that of the keys"),
        "start": Option(
            tuple(START_FORMS),
            "primacy: early items are written more strongly, and the start of the list is queried; or one alone",
        ),
        "write": Option(
            tuple(WRITE_RULES), "storage: indelible, fading as more is written, or overwritten (delta rule)"
        ),
        "separation": Option(tuple(SEPARATIONS), "how matches become probabilities"),
        "stopping": Option(tuple(STOPPING_RULES), "rule by which recall ends"),
        "semantic": Option((False, True), "add the similarity of meaning between items to the cue"),
    },
    forms={
        "strength_and_query": Form({"start": "both"}, f"{_SHAPES}; primacy by strength of writing and by a query"),
        "strength": Form({"start": "strength"}, f"{_SHAPES}; primacy by strength of writing alone"),
        "start_query": Form({"start": "query"}, f"{_SHAPES}; primacy by a query for the start of the list alone"),
        "power": Form({"separation": "power"}, f"{_SHAPES}; the choice rule of Kragel et al. (2015)"),
    },
    no_effect=(
        NoEffect("query", "memory", "autoassociative", "the one retrieved pattern is the next cue"),
        NoEffect("query", "scaffold", False, "unrelated addresses cue no other item, however they are queried"),
        NoEffect("end_drift", "scaffold", False, "unrelated addresses have no fading that the end query could share"),
        NoEffect("write", "scaffold", False, "unrelated keys retrieve nothing that could be overwritten", ("delta",)),
    ),
)
