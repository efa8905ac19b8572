"""TODAM: all items are added to one vector that fades, and a probe is as strong as its dot product with it.

What it claims about memory: there are no separate traces. Each item is added to the memory vector, of which alpha is left
when the next item comes; so strength falls with the items studied after (lag), and every other item adds noise.

    M_j = alpha M_(j-1) + f_j,  strength = f . M
    mean at lag l: alpha^l,  variance of lures: sum_l alpha^(2 l) / N

The weight of items (gamma) is the unit of strength and not a parameter. Repetitions add to an item's weight. Item
recognition only: associations and their convolutions are in ``kvfit.recognition.evidence.matrix``.

Reference: Murdock (1982), Psychological Review 89, 609-626; Murdock (1993), Psychological Review 100, 183-203.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from kvfit.parameters import Parameter
from kvfit.recognition.distributions import Normal
from kvfit.recognition.evidence.average import over_positions
from kvfit.recognition.evidence.kinds import LIST_LENGTH, PRESENTATIONS, find_lists
from kvfit.recognition.evidence.matrix import power_sum
from kvfit.recognition.memory import Cells, Covariate, Memory
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.options import CRITERIA_BY, column
from kvfit.recognition.ratings import Ratings
from kvfit.registry import ModelFamily, Option

STUDY_POSITION = Covariate("study_position", "study position of the item in its list", studied=True)
POSITION = Option(
    ("averaged", "observed"), "study positions: averaged over, or taken from the column study_position (many cells)"
)

FEATURES = Parameter(
    "features", "N", "positive", (30.0, 3000.0), "number of features of an item vector",
    "lists of 12 to 240 items with d' of 1 to 3 need 30 to 3000; Murdock (1982) simulated with about 200",
    ends="open",
)  # fmt: skip
ALPHA = Parameter(
    "alpha", "α", "unit", (0.9, 0.999), "what is left of memory when one more item is added",
    "at .9 the last 10 items remain, at .999 lists of hundreds; Murdock (1982) took values near 1; one for all persons,"
    " because without study positions only the shape of the ROC tells it, and that trades off with N",
    varies=False,
)  # fmt: skip


def _evidence(observed: bool, p: Mapping[str, Any], cells: Cells, xp: Any) -> Any:
    lists = find_lists(cells)

    def at(p: Mapping[str, Any], lag: Any) -> Normal:
        alpha = xp.clip(p["alpha"], 1e-6, 1.0 - 1e-12)
        noise = lists.others**2 * power_sum(alpha, 2, lists.length, xp)
        reference = lists.reference_others**2 * power_sum(alpha, 2, lists.reference_length, xp)
        unit = xp.sqrt(reference / p["features"])
        kept = xp.exp(lag * xp.log(alpha))
        own = 2.0 * lists.presentations**2 - lists.others**2
        variance = (noise + xp.where(cells.old, own * kept**2, 0.0)) / p["features"]
        # the only item of a list meets no noise; a little keeps the variance positive
        return Normal(lists.presentations * kept / unit, xp.sqrt(xp.maximum(variance, 1e-12)) / unit)

    return over_positions(at, p, lists.length, cells.covariates["study_position"] if observed else None)


def build(position: str, criteria_by: str) -> RecognitionModel:
    """Build the model with the given options; see ``MODEL.options``."""
    observed = position == "observed"
    return RecognitionModel(
        name="todam",
        options={},
        title="TODAM",
        claim="All items are added to one fading vector; recognition reads the probe's dot product with it.",
        reference="Murdock (1982, 1993)",
        memory=Memory(
            (FEATURES, ALPHA),
            partial(_evidence, observed),
            covariates=(LIST_LENGTH, PRESENTATIONS, *((STUDY_POSITION,) if observed else ())),
        ),
        decision=Ratings(),
        criteria_by=column(criteria_by),
    )


MODEL = ModelFamily(
    name="todam",
    summary="one fading sum of items (Murdock 1982)",
    build=build,
    options={"position": POSITION, "criteria_by": CRITERIA_BY},
)
