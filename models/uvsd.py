"""Unequal-variance signal detection (UVSD): study adds to familiarity, and not equally to every item.

What it claims about memory: as EVSD, but what study adds varies over items, so that old items spread wider (sigma > 1):

    P(response <= k | new) = Phi(kappa_k),  P(response <= k | old) = Phi((kappa_k - d') / sigma)

The zROC is a line of slope 1 / sigma. With sigma = 1 it is EVSD.

Reference: Green & Swets (1966), Signal Detection Theory and Psychophysics; Wixted (2007), Psychological Review 114, 152-176.
"""

from collections.abc import Mapping
from typing import Any

from kvfit.models.evsd import D_PRIME
from kvfit.parameters import Parameter
from kvfit.recognition.distributions import Normal
from kvfit.recognition.memory import Cells, Memory
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.options import BY, CRITERIA_BY, column
from kvfit.recognition.ratings import Ratings
from kvfit.registry import ModelFamily

SIGMA = Parameter(
    "sigma", "σ", "positive", (0.8, 2.2), "standard deviation of old items' familiarity, relative to the lures'",
    "1.26 to 1.45 over eight aggregated data sets, 1.0 to 2.3 for 15 of 16 participants (ratings in Wickens 2002 and Klauer &"
    " Kellen 2015); zROC slopes of about 0.8 are the field's rule of thumb",
    ends="open",
)  # fmt: skip


def _evidence(p: Mapping[str, Any], cells: Cells, xp: Any) -> Normal:
    return Normal(p["d_prime"] * cells.old, xp.where(cells.old, p["sigma"], 1.0))


def build(by: str, criteria_by: str) -> RecognitionModel:
    """Build the model with the given options; see ``MODEL.options``."""
    return RecognitionModel(
        name="uvsd",
        options={},
        title="Unequal-variance signal detection",
        claim="Study adds to familiarity by amounts that vary over items; ratings cut it at ordered criteria.",
        reference="Green & Swets (1966); Wixted (2007)",
        memory=Memory((D_PRIME, SIGMA), _evidence, by_condition=("d_prime", "sigma")),
        decision=Ratings(),
        by=column(by),
        criteria_by=column(criteria_by),
    )


MODEL = ModelFamily(
    name="uvsd",
    summary="unequal-variance signal detection (Green & Swets 1966)",
    build=build,
    options={"by": BY, "criteria_by": CRITERIA_BY},
)
