"""REM: retrieving effectively from memory; incomplete and erroneous images, read as well as they can be.

What it claims about memory: study stores an image of each item, feature by feature, some missing and some wrong. A probe is
compared with all images, and the system computes the odds that it is old: the mean of the images' likelihood ratios. More
study fills one image (differentiation), which makes it match its own item better and other items worse.

    odds = (1 / n) sum_j lambda_j,  P(feature stored) = 1 - (1 - u)^(presentations)

``u`` is the chance that a feature is stored in one presentation (u* and the attempts of a presentation in one). The number
of features, c and g trade off with it and are fixed by options. The distribution of the odds is computed, not approximated
(see ``kvfit.recognition.evidence.rem``). Criteria stand on the log odds; see ``kvfit.recognition.evidence.probit_table``
for their unit.

Reference: Shiffrin & Steyvers (1997), Psychonomic Bulletin & Review 4, 145-166.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from kvfit.number_option import NumberOption
from kvfit.parameters import Parameter
from kvfit.recognition.evidence.kinds import LIST_LENGTH, PRESENTATIONS, find_kinds
from kvfit.recognition.evidence.probit_table import Tabulated
from kvfit.recognition.evidence.rem import RemItems
from kvfit.recognition.evidence.tables import rem_table
from kvfit.recognition.memory import Cells, Memory
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.options import CRITERIA_BY, column
from kvfit.recognition.ratings import Ratings
from kvfit.registry import ModelFamily

STORAGE = Parameter(
    "storage", "u", "unit", (0.06, 0.75), "probability that a feature is stored in one presentation",
    "u* = .04 in 7 to 14 attempts gives .25 to .44 (Shiffrin & Steyvers 1997); half and twice that for individuals",
)  # fmt: skip


def _evidence(items: RemItems, p: Mapping[str, Any], cells: Cells, xp: Any) -> Tabulated:
    kinds, index = find_kinds(cells)
    storage = xp.clip(p["storage"], 1e-9, 1.0 - 1e-9)
    return Tabulated(rem_table(kinds, items), index, xp.log(-xp.log1p(-storage)))


def build(c: float, g: float, n_features: int, criteria_by: str) -> RecognitionModel:
    """Build the model with the given options; see ``MODEL.options``."""
    items = RemItems(n_features=int(n_features), g=g, c=c)
    return RecognitionModel(
        name="rem",
        options={},
        title="REM",
        claim="Study stores incomplete, erroneous images; recognition reads the odds that the probe is old given all images.",
        reference="Shiffrin & Steyvers (1997)",
        memory=Memory((STORAGE,), partial(_evidence, items), covariates=(LIST_LENGTH, PRESENTATIONS)),
        decision=Ratings(),
        criteria_by=column(criteria_by),
    )


MODEL = ModelFamily(
    name="rem",
    summary="odds of having been studied, from noisy images (Shiffrin & Steyvers 1997)",
    build=build,
    options={
        "c": NumberOption(0.7, 0.1, 0.95, "probability that a stored feature is right"),
        "g": NumberOption(0.4, 0.1, 0.9, "rate of the geometric distribution of feature values"),
        "n_features": NumberOption(20, 5, 60, "how many an item has", unit="features", whole=True),
        "criteria_by": CRITERIA_BY,
    },
)
