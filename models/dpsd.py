"""Dual-process signal detection (DPSD): recollect, or judge by familiarity.

What it claims about memory: an old item is recollected with probability R and then called old with the highest confidence;
otherwise the response comes from familiarity, normal with equal spread for old and new items:

    P(response <= k | old) = (1 - R) Phi(kappa_k - d') for k < K

With ``recall_to_reject=True`` a new item is recognised as new with probability R_new and rejected with the highest
confidence (recalling what was studied excludes it). With R = 0 and R_new = 0 it is EVSD.

Reference: Yonelinas (1994), Journal of Experimental Psychology: Learning, Memory, and Cognition 20, 1341-1354; for recall
to reject Rotello, Macmillan & Van Tassel (2000), Journal of Memory and Language 43, 67-88.
"""

from collections.abc import Mapping
from typing import Any

from kvfit.parameters import Parameter
from kvfit.recognition.distributions import Certain, Mixture, Normal, log_weights
from kvfit.recognition.memory import Cells, Evidence, Memory
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.options import BY, CRITERIA_BY, column
from kvfit.recognition.ratings import Ratings
from kvfit.registry import ModelFamily, Option

FAMILIARITY = Parameter(
    "d_prime", "d'", "real", (-0.2, 2.4), "mean familiarity of old items that are not recollected, in standard deviations of the lures'",
    "0.5 to 1.4 over eight aggregated data sets, 0.3 to 2.6 for 16 participants (ratings in Wickens 2002 and Klauer & Kellen 2015)",
)  # fmt: skip
RECOLLECTION = Parameter(
    "recollection", "R", "unit", (0.06, 0.75), "probability that an old item is recollected",
    ".21 to .39 over eight aggregated data sets, .05 to .90 for 16 participants (ratings in Wickens 2002 and Klauer & Kellen 2015)",
)  # fmt: skip
REJECTION = Parameter(
    "rejection", "R_new", "unit", (0.01, 0.5), "probability that a new item is recalled to be new",
    "near 0 in item recognition, up to .5 where lures resemble studied items (plurals, rearranged pairs)",
)  # fmt: skip


def _evidence(p: Mapping[str, Any], cells: Cells, xp: Any) -> Evidence:
    familiarity = Normal(p["d_prime"] * cells.old)
    recollect = Mixture(*log_weights(p["recollection"], cells.old, xp), Certain(top=True), familiarity)
    if "rejection" not in p:
        return recollect
    return Mixture(*log_weights(p["rejection"], ~cells.old, xp), Certain(top=False), recollect)


def build(recall_to_reject: bool, by: str, criteria_by: str) -> RecognitionModel:
    """Build the model with the given options; see ``MODEL.options``."""
    rejects = (REJECTION,) if recall_to_reject else ()
    return RecognitionModel(
        name="dpsd",
        options={},
        title="Dual-process signal detection",
        claim="An old item is recollected and then surely called old, or judged by its familiarity.",
        reference="Yonelinas (1994)" + ("; Rotello, Macmillan & Van Tassel (2000)" if recall_to_reject else ""),
        memory=Memory((FAMILIARITY, RECOLLECTION, *rejects), _evidence, by_condition=("d_prime", "recollection")),
        decision=Ratings(),
        by=column(by),
        criteria_by=column(criteria_by),
    )


MODEL = ModelFamily(
    name="dpsd",
    summary="dual-process signal detection: recollection and familiarity (Yonelinas 1994)",
    build=build,
    options={
        "recall_to_reject": Option((False, True), "new items may be recalled to be new"),
        "by": BY,
        "criteria_by": CRITERIA_BY,
    },
)
