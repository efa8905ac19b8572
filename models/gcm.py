"""Generalised context model (GCM): recognition reads the probe's summed similarity to all studied exemplars.

What it claims about memory: exemplars are stored as they are, and a probe is as familiar as the sum of its similarities to
them. The response follows the ratio of familiarity to a criterion, which is logistic noise on log familiarity.

    F_old = strength + (n - 1) s,  F_new = n s,  P(old) = F^gamma / (F^gamma + k^gamma)

Without coordinates of the items, s is the similarity of two different items, all alike; summed similarities of items with
coordinates are in ``kvfit.recognition.evidence.gcm``. With ``lag=power`` strength falls with the events since study (by lag:
Nosofsky, Little, Donkin & Fific 2011; as a power of it: Donkin & Nosofsky 2012). Similarity trades off with gamma unless
list length varies: gamma is 1 unless freed.

With ``semantic=True`` items differ in meaning as well, and (n - 1) s, n s become sums over the studied items:

    s_ij = exp(-c d_ij),  d_ij = w_sem (1 - cos_ij) + (1 - w_sem),  c = -log s;  so s_ij = s^(1 - w_sem cos_ij)

A cosine of 1 is no distance in meaning, 0 the distance of unrelated items, whose similarity s then is. ``w_sem`` is the
share of attention to meaning (weights of dimensions sum to 1): at 0 it is the model without meanings, at 1 items differ in
nothing else. It is needed because s alone would set both how confusable words are and how much meaning matters to that.
How often an item was studied is taken to be independent of how similar it is to the probe.

Reference: Nosofsky (1986), Journal of Experimental Psychology: General 115, 39-57; Nosofsky (1988), Journal of Experimental
Psychology: Learning, Memory, and Cognition 14, 700-708; Nosofsky (1991), Journal of Experimental Psychology: Human
Perception and Performance 17, 3-27. Strength by lag: Nosofsky, Little, Donkin & Fific (2011), Psychological Review 118,
280-315; Donkin & Nosofsky (2012), Psychological Science 23, 625-634.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from kvfit.parameters import Parameter, log1pexp
from kvfit.recognition.distributions import Tails
from kvfit.recognition.evidence.average import spread_positions
from kvfit.recognition.evidence.gcm import summed_over_cosines
from kvfit.recognition.evidence.kinds import LAG, LIST_LENGTH, PRESENTATIONS, find_lists
from kvfit.recognition.log_space import log_normal_cdf
from kvfit.recognition.memory import Cells, Memory
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.options import CRITERIA_BY, column
from kvfit.recognition.ratings import Ratings
from kvfit.registry import ModelFamily, Option

SIMILARITY = Parameter(
    "similarity", "s", "unit", (0.0003, 0.15), "similarity of two different items, relative to an item's with itself",
    "d' of 1 to 2 needs .1 to .01 in lists of 12, and .002 to .0003 in lists of 240",
    ends="upper",
)  # fmt: skip
GAMMA = Parameter(
    "gamma", "γ", "positive", (0.4, 3.0), "how deterministically familiarity decides",
    "1 is the ratio rule of Nosofsky (1988); fits of classification lie between .5 and 3",
)  # fmt: skip
FORGETTING = Parameter(
    "forgetting", "δ", "positive", (0.05, 1.0), "exponent by which an exemplar's strength falls with lag",
    "power functions of lag with exponents of .1 to 1 (Nosofsky, Little, Donkin & Fific 2011; Wixted & Ebbesen 1991)",
)  # fmt: skip

W_SEM = Parameter(
    "w_sem", "w_sem", "unit", (0.03, 0.8), "share of attention to meaning among what tells items apart",
    "at c = 5, a new item with cosines of .3 is as familiar as an unrelated one times 1.05 to 3.3; words differ in spelling,"
    " sound and context too, so that 1, where they differ in meaning only, is too much",
)  # fmt: skip


def _evidence(with_lag: bool, semantic: bool, p: Mapping[str, Any], cells: Cells, xp: Any) -> Tails:
    lists = find_lists(cells)

    def mean_strength(length: Any) -> Any:
        if not with_lag:
            return 1.0
        lags = spread_positions(length) + 1.0
        return xp.exp(-p["forgetting"][..., None, :] * np.log(lags)).mean(axis=-2)

    own: Any = lists.presentations
    if with_lag:
        lag = np.where(cells.old, np.maximum(cells.covariates["lag"], 1.0), 1.0)
        own = own * xp.exp(-p["forgetting"] * np.log(lag))
    n_others: Any = lists.length - cells.old
    if semantic:
        assert cells.similarity is not None
        n_others = summed_over_cosines(n_others, cells.similarity, p["w_sem"], -xp.log(p["similarity"]), xp)
    others = n_others * lists.others * mean_strength(lists.length)
    reference = (
        lists.reference_length
        * lists.reference_others
        * mean_strength(np.full(len(lists.length), lists.reference_length))
    )
    log_ratio = xp.log(own + others * p["similarity"]) - xp.log(reference * p["similarity"])
    shift = (p["gamma"] * log_ratio)[..., None]

    def log_odds_below(criteria: Any, module: Any) -> Any:
        return log_normal_cdf(criteria, module) - log_normal_cdf(-criteria, module) - shift

    return Tails(
        lambda criteria, module: -log1pexp(-log_odds_below(criteria, module), module),
        lambda criteria, module: -log1pexp(log_odds_below(criteria, module), module),
    )


def build(lag: str, semantic: bool, criteria_by: str) -> RecognitionModel:
    """Build the model with the given options; see ``MODEL.options``."""
    with_lag = lag == "power"
    return RecognitionModel(
        name="gcm",
        options={},
        title="Generalised context model",
        claim="Recognition reads the probe's summed similarity to all studied exemplars.",
        reference="Nosofsky (1988, 1991)",
        memory=Memory(
            (SIMILARITY, GAMMA, *((FORGETTING,) if with_lag else ()), *((W_SEM,) if semantic else ())),
            partial(_evidence, with_lag, semantic),
            covariates=(LIST_LENGTH, PRESENTATIONS, *((LAG,) if with_lag else ())),
            semantic=semantic,
        ),
        decision=Ratings(),
        criteria_by=column(criteria_by),
    )


MODEL = ModelFamily(
    name="gcm",
    summary="summed similarity to all exemplars (Nosofsky 1988)",
    build=build,
    options={
        "lag": Option(("ignored", "power"), "whether strength falls with the column lag (many cells)"),
        "semantic": Option((False, True), "let the similarity of meaning between probe and studied items count"),
        "criteria_by": CRITERIA_BY,
    },
    default_fixed={"gamma": 1.0},
)
