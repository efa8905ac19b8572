"""Mixture signal detection: some studied items were attended, the others hardly stored.

What it claims about memory: old items are of two kinds. With probability lambda an item was attended and its familiarity
has mean d'; otherwise it was not and the mean is d'_B: that of the lures, or with ``unattended="partial"`` a part of d'.

    P(response <= k | old) = lambda Phi(kappa_k - d') + (1 - lambda) Phi(kappa_k - d'_B)

With lambda = 1 it is EVSD; the zROC is curved and its average slope below 1.

Reference: DeCarlo (2002), Psychological Review 109, 710-721.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kvfit.parameters import Parameter
from kvfit.recognition.distributions import Mixture, Normal, log_weights
from kvfit.recognition.memory import Cells, Memory
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.options import BY, CRITERIA_BY, column
from kvfit.recognition.ratings import Ratings
from kvfit.registry import ModelFamily, Option

D_ATTENDED = Parameter(
    "d_prime", "d'", "positive", (0.8, 4.0), "mean familiarity of attended old items, in standard deviations of the lures'",
    "1.5 to 2.1 over eight aggregated data sets, 1.2 to 3.8 for 13 of 14 participants (ratings in Wickens 2002 and Klauer & Kellen 2015);"
    " positive, because at 0 attended items are like the others",
)  # fmt: skip
ATTENTION = Parameter(
    "attention", "λ", "unit", (0.3, 0.98), "probability that an old item was attended",
    ".60 to .90 over eight aggregated data sets, .21 to .99 for 14 participants (ratings in Wickens 2002 and Klauer & Kellen 2015)",
)  # fmt: skip
RETAINED = Parameter(
    "retained", "d'_B/d'", "unit", (0.03, 0.7), "familiarity of unattended old items, as a part of that of attended ones",
    "0 in the basic model; as a part of d' the two kinds cannot change places",
)  # fmt: skip


def _evidence(p: Mapping[str, Any], cells: Cells, xp: Any) -> Mixture:
    attended = p["d_prime"] * cells.old
    unattended = attended * p["retained"] if "retained" in p else 0.0
    weights = log_weights(p["attention"], np.ones(cells.old.shape, dtype=bool), xp)
    return Mixture(*weights, Normal(attended), Normal(unattended))


def build(unattended: str, by: str, criteria_by: str) -> RecognitionModel:
    """Build the model with the given options; see ``MODEL.options``."""
    partial = (RETAINED,) if unattended == "partial" else ()
    return RecognitionModel(
        name="mixture_sd",
        options={},
        title="Mixture signal detection",
        claim="Some old items were attended and gained familiarity; the others gained little or nothing.",
        reference="DeCarlo (2002)",
        memory=Memory((D_ATTENDED, ATTENTION, *partial), _evidence, by_condition=("d_prime", "attention")),
        decision=Ratings(),
        by=column(by),
        criteria_by=column(criteria_by),
    )


MODEL = ModelFamily(
    name="mixture_sd",
    summary="mixture signal detection: attended and unattended items (DeCarlo 2002)",
    build=build,
    options={
        "unattended": Option(("lure", "partial"), "unattended old items are like lures, or keep a part of d'"),
        "by": BY,
        "criteria_by": CRITERIA_BY,
    },
)
