"""REM: retrieving effectively from memory; incomplete and erroneous images, read as well as they can be.

What it claims about memory: study stores an image of each item, feature by feature, some missing and some wrong. A probe is
compared with all images, and the system computes the odds that it is old: the mean of the images' likelihood ratios. More
study fills one image (differentiation), which makes it match its own item better and other items worse.

    odds = (1 / n) sum_j lambda_j,  P(feature stored) = 1 - (1 - u)^(presentations)

``u`` is the chance that a feature is stored in one presentation (u* and the attempts of a presentation in one). The number
of features, c and g trade off with it and are fixed by options. The distribution of the odds is computed, not approximated:
means of log odds to 3e-3, probabilities to 1e-3, or 1e-2 for lists of several lengths (see
``kvfit.recognition.evidence.rem_odds``). Criteria stand on the log odds; see ``kvfit.recognition.evidence.probit_table`` for
their unit.

Reference: Shiffrin & Steyvers (1997), Psychonomic Bulletin & Review 4, 145-166.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

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
from kvfit.registry import ModelError, ModelFamily

#: Range of log likelihood ratios beyond which the grid of their distribution would fold back more than .003 of it.
FURTHEST = 112.0
#: Share of stored features at the upper end of the tables.
STORED = 0.934

STORAGE = Parameter(
    "storage", "u", "unit", (0.06, 0.75), "probability that a feature is stored in one presentation",
    "u* = .04 in 7 to 14 attempts gives .25 to .44 (Shiffrin & Steyvers 1997); half and twice that for individuals",
)  # fmt: skip


def _evidence(items: RemItems, p: Mapping[str, Any], cells: Cells, xp: Any) -> Tabulated:
    kinds, index = find_kinds(cells)
    storage = xp.clip(p["storage"], 1e-9, 1.0 - 1e-9)
    return Tabulated(rem_table(kinds, items), index, xp.log(-xp.log1p(-storage)))


def reach(items: RemItems) -> float:
    """Width of the range in which log likelihood ratios of images lie when nearly all features are stored.

    From all features wrong to four standard deviations above the mean of the tested item's own image.
    """
    base = items.g * (1.0 - items.g) ** np.arange(400.0)
    base = base[base > 1e-15]
    right = items.c + (1.0 - items.c) * base
    match, mismatch = np.log(right / base), float(np.log1p(-items.c))
    mean = STORED * base @ (right * match + (1.0 - right) * mismatch)
    square = STORED * base @ (right * match**2 + (1.0 - right) * mismatch**2)
    return float(items.n_features * (mean - mismatch) + 4.0 * np.sqrt(items.n_features * (square - mean**2)))


def build(c: float, g: float, n_features: int, criteria_by: str) -> RecognitionModel:
    """Build the model with the given options; see ``MODEL.options``.

    Raises
    ------
    ModelError
        If the likelihood ratios spread further than the grid on which their distribution is computed.
    """
    items = RemItems(n_features=int(n_features), g=g, c=c)
    width = reach(items)
    if width > FURTHEST:
        raise ModelError(
            "rem",
            [
                f"options c={c:g}, g={g:g} and n_features={n_features:g} together: log likelihood ratios spread over"
                f" {width:.0f}, more than the {FURTHEST:g} within which their distribution is computed; expected fewer features,"
                " a smaller c or a larger g"
            ],
        )
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
        "c": NumberOption(0.7, 0.3, 0.95, "probability that a stored feature is right"),
        "g": NumberOption(0.4, 0.2, 0.8, "rate of the geometric distribution of feature values"),
        "n_features": NumberOption(20, 10, 60, "how many an item has", unit="features", whole=True),
        "criteria_by": CRITERIA_BY,
    },
)
