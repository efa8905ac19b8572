"""Equal-variance signal detection (EVSD): study adds the same to the familiarity of every item.

What it claims about memory: old and new items differ in one dimension, familiarity, normal with the same spread for both.
An item is called old, with the confidence of its rating, when its familiarity exceeds ordered criteria:

    P(response <= k | new) = Phi(kappa_k),  P(response <= k | old) = Phi(kappa_k - d')

The zROC is then a line of slope 1.

Reference: Green & Swets (1966), Signal Detection Theory and Psychophysics; Macmillan & Creelman (2005), Detection Theory.
"""

from collections.abc import Mapping
from typing import Any

from kvfit.parameters import Parameter
from kvfit.recognition.distributions import Normal
from kvfit.recognition.memory import Cells, Memory
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.options import BY, CRITERIA_BY, column
from kvfit.recognition.ratings import Ratings
from kvfit.registry import ModelFamily

D_PRIME = Parameter(
    "d_prime", "d'", "real", (0.0, 3.0), "mean familiarity of old items, in standard deviations of the lures'",
    "0.9 to 2.1 over eight aggregated data sets, 0.4 to 4.0 for 15 of 16 participants (ratings in Wickens 2002 and Klauer & Kellen 2015)",
)  # fmt: skip


def _evidence(p: Mapping[str, Any], cells: Cells, xp: Any) -> Normal:
    return Normal(p["d_prime"] * cells.old)


def build(by: str, criteria_by: str) -> RecognitionModel:
    """Build the model with the given options; see ``MODEL.options``."""
    return RecognitionModel(
        name="evsd",
        options={},
        title="Equal-variance signal detection",
        claim="Study shifts familiarity by the same amount for every item; ratings cut it at ordered criteria.",
        reference="Green & Swets (1966); Macmillan & Creelman (2005)",
        memory=Memory((D_PRIME,), _evidence, by_condition=("d_prime",)),
        decision=Ratings(),
        by=column(by),
        criteria_by=column(criteria_by),
    )


MODEL = ModelFamily(
    name="evsd",
    summary="equal-variance signal detection (Green & Swets 1966)",
    build=build,
    options={"by": BY, "criteria_by": CRITERIA_BY},
)
