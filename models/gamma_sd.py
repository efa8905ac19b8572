"""Gamma signal detection: familiarity is positive and skewed, and study stretches it.

What it claims about memory: familiarity follows a gamma distribution of shape 2, of scale 1 for new and theta for old items,
so that one parameter moves mean and spread together; the ROC is asymmetric without a parameter for it:

    P(response <= k | new) = G(kappa_k),  P(response <= k | old) = G(kappa_k / theta),  G(x) = 1 - (1 + x) exp(-x)

Criteria are positive and placed on the log scale.

Reference: gamma signal detection as in the package hbmem, which accompanies Pratte & Rouder (2011), Journal of Mathematical
Psychology 55, 36-46.
"""

from collections.abc import Mapping
from typing import Any

from kvfit.parameters import Parameter
from kvfit.recognition.distributions import Gamma2
from kvfit.recognition.memory import Cells, Memory
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.options import BY, CRITERIA_BY, column
from kvfit.recognition.ratings import Ratings
from kvfit.registry import ModelFamily

SCALE = Parameter(
    "scale", "θ", "positive", (1.1, 8.0), "scale of old items' familiarity, relative to the lures'",
    "2.0 to 3.8 over eight aggregated data sets, 1.3 to 9.5 for 16 of 17 participants (ratings in Wickens 2002 and Klauer & Kellen 2015)",
    ends="open",
)  # fmt: skip


def _evidence(p: Mapping[str, Any], cells: Cells, xp: Any) -> Gamma2:
    return Gamma2(xp.where(cells.old, p["scale"], 1.0))


def build(by: str, criteria_by: str) -> RecognitionModel:
    """Build the model with the given options; see ``MODEL.options``."""
    return RecognitionModel(
        name="gamma_sd",
        options={},
        title="Gamma signal detection",
        claim="Familiarity is positive and skewed; study stretches its mean and its spread together.",
        reference="Pratte & Rouder (2011)",
        memory=Memory((SCALE,), _evidence, by_condition=("scale",)),
        decision=Ratings(
            interval=(1.2, 5.0),
            reason="2.3 to 3.1 over eight aggregated data sets, 1.2 to 5.7 for 17 participants, where lures have median 1.7"
            " (ratings in Wickens 2002 and Klauer & Kellen 2015)",
            spread=1.8,
            positive=True,
        ),
        by=column(by),
        criteria_by=column(criteria_by),
    )


MODEL = ModelFamily(
    name="gamma_sd",
    summary="gamma signal detection of shape 2 (Pratte & Rouder 2011)",
    build=build,
    options={"by": BY, "criteria_by": CRITERIA_BY},
)
