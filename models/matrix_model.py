"""Matrix model: items are stored as outer products in one matrix, and a probe is matched with all of them at once.

What it claims about memory: an item is associated with itself (as with its context) in a matrix that holds the whole list;
recognition reads the match of the probe with the matrix, the sum of its squared cosines with all items.

    M = sum_i f_i f_i^T,  match = f^T M f:  1 + sum over others for old items, sum over all for new ones

A squared cosine is skewed, so that the noise is a shifted gamma variable, not a normal one. Nothing is lost over a list
unless ``alpha`` (what is left of the matrix when an item is added) is set below 1 or freed. In key-value terms: the
correlation matrix memory with keys equal to values and no separation.

Reference: Pike (1984), Psychological Review 91, 281-294; Humphreys, Bain & Pike (1989), Psychological Review 96, 208-233.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from kvfit.models.todam import ALPHA, POSITION, STUDY_POSITION
from kvfit.parameters import Parameter
from kvfit.recognition.evidence.average import over_positions
from kvfit.recognition.evidence.kinds import LIST_LENGTH, PRESENTATIONS, find_lists
from kvfit.recognition.evidence.matrix import GammaMatch, power_sum, squared_cosine_cumulants
from kvfit.recognition.memory import Cells, Memory
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.options import CRITERIA_BY, column
from kvfit.recognition.ratings import Ratings
from kvfit.registry import ModelFamily

FEATURES = Parameter(
    "features", "N", "positive", (4.0, 150.0), "number of features of an item vector",
    "d' is about N / sqrt(2 list length): lists of 12 to 240 items with d' of 1 to 3 need 5 to 70",
)  # fmt: skip


def _evidence(observed: bool, p: Mapping[str, Any], cells: Cells, xp: Any) -> Any:
    lists = find_lists(cells)
    # a value that is held is an array also in a graph
    alike = isinstance(p["alpha"], np.ndarray) and bool((p["alpha"] == 1.0).all())

    def at(p: Mapping[str, Any], lag: Any) -> GammaMatch:
        alpha = xp.clip(p["alpha"], 1e-6, 1.0 - 1e-12)
        kept = xp.exp(lag * xp.log(alpha))
        reference, rest = [], []
        for k, one in enumerate(squared_cosine_cumulants(xp.maximum(p["features"], 2.1)), start=1):
            whole = power_sum(alpha, k, lists.reference_length, xp)
            reference.append(lists.reference_others**k * whole * one)
            weights = power_sum(alpha, k, lists.length, xp) - xp.where(cells.old, kept**k, 0.0)
            # the only item of a list meets no noise; a little keeps the cumulants positive
            rest.append(lists.others**k * xp.maximum(weights, 1e-3) * one)
        return GammaMatch(
            (reference[0], reference[1], reference[2]), (rest[0], rest[1], rest[2]), lists.presentations * kept
        )

    return over_positions(at, p, lists.length, cells.covariates["study_position"] if observed else None, alike)


def build(position: str, criteria_by: str) -> RecognitionModel:
    """Build the model with the given options; see ``MODEL.options``."""
    observed = position == "observed"
    return RecognitionModel(
        name="matrix_model",
        options={},
        title="Matrix model",
        claim="All items are added to one matrix of outer products; recognition reads the probe's match with the matrix.",
        reference="Pike (1984); Humphreys, Bain & Pike (1989)",
        memory=Memory(
            (FEATURES, ALPHA),
            partial(_evidence, observed),
            covariates=(LIST_LENGTH, PRESENTATIONS, *((STUDY_POSITION,) if observed else ())),
        ),
        decision=Ratings(),
        criteria_by=column(criteria_by),
    )


MODEL = ModelFamily(
    name="matrix_model",
    summary="one matrix of outer products (Pike 1984; Humphreys, Bain & Pike 1989)",
    build=build,
    options={"position": POSITION, "criteria_by": CRITERIA_BY},
    default_fixed={"alpha": 1.0},
)
