"""High-threshold models: memory detects an item or knows nothing, and then one guesses.

What it claims about memory: there is no degree of familiarity. An old item is detected with probability D_o; with two
thresholds a new item is detected as new with probability D_n; all else is guessed, "old" with probability g:

    P("old" | old) = D_o + (1 - D_o) g,  P("old" | new) = (1 - D_n) g

With ratings each state spreads over the confidence categories of its side (``mapping``). Binary ROCs are lines. One pair
of hit and false-alarm rate cannot tell D_o, D_n and g apart: vary the base rate or pay-off and use ``criteria_by``, which
gives guessing one value a level.

Reference: Snodgrass & Corwin (1988), Journal of Experimental Psychology: General 117, 34-50; for ratings Bröder, Kellen,
Schütz & Rohrmeier (2013), Memory 21, 916-944.
"""

from collections.abc import Mapping
from typing import Any

from kvfit.parameters import Parameter
from kvfit.recognition.distributions import log_weights
from kvfit.recognition.memory import Cells, Memory
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.options import BY, CRITERIA_BY, column
from kvfit.recognition.states import StateMapping, States
from kvfit.registry import ModelFamily, Option

DETECT_OLD = Parameter(
    "detect_old", "D_o", "unit", (0.15, 0.85), "probability of detecting an old item",
    ".56 in the base-rate data of Bröder & Schütz (2009, Experiment 3); hit minus false-alarm rates of .2 to .8 are usual",
)  # fmt: skip
DETECT_NEW = Parameter(
    "detect_new", "D_n", "unit", (0.1, 0.85), "probability of detecting a new item as new",
    ".45 in the base-rate data of Bröder & Schütz (2009, Experiment 3); often set equal to D_o",
)  # fmt: skip


def _states(p: Mapping[str, Any], cells: Cells, xp: Any) -> States:
    detect_old, missed = log_weights(p["detect_old"], cells.old, xp)
    if "detect_new" not in p:
        return States(detect_old, None, missed)
    detect_new, not_rejected = log_weights(p["detect_new"], ~cells.old, xp)
    return States(detect_old, detect_new, missed + not_rejected)


def build(thresholds: int, mapping: str, by: str, criteria_by: str) -> RecognitionModel:
    """Build the model with the given options; see ``MODEL.options``."""
    two = thresholds == 2
    return RecognitionModel(
        name="threshold",
        options={},
        title=f"{'Two' if two else 'One'}-high-threshold model",
        claim="An item is detected or nothing is known of it, and then one guesses; there are no degrees of familiarity.",
        reference="Snodgrass & Corwin (1988); Bröder, Kellen, Schütz & Rohrmeier (2013)",
        memory=Memory((DETECT_OLD, DETECT_NEW) if two else (DETECT_OLD,), _states, by_condition=("detect_old",)),
        decision=StateMapping(detects_new=two, symmetric=mapping == "symmetric"),
        by=column(by),
        criteria_by=column(criteria_by),
    )


MODEL = ModelFamily(
    name="threshold",
    summary="high-threshold models, two or one threshold (Snodgrass & Corwin 1988)",
    build=build,
    options={
        "thresholds": Option((2, 1), "2: old and new items can be detected; 1: only old ones"),
        "mapping": Option(
            ("symmetric", "free"),
            'confidence of "new" mirrors that of "old", or each state has its own (more than one ROC identifies)',
        ),
        "by": BY,
        "criteria_by": CRITERIA_BY,
    },
)
