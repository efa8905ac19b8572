"""MINERVA 2: every experience leaves a trace of its own, and a probe is answered by all traces at once.

What it claims about memory: storage adds traces and changes none. A probe activates each trace by the cube of their
similarity; the echo's intensity, the sum, is what recognition reads. Encoding fails feature by feature: each is copied with
probability L. Longer lists add noise, repetitions add traces.

    S_i = sum_j probe_j trace_ij / (features not zero in both),  I = sum_i S_i^3

The number of features trades off with L and is fixed (``n_features``). Hintzman (1988) used 20; longer lists need more to
be remembered at all. In key-value terms: keys are values, separation is a signed cube. With trinary features one item in 3^n
has none: its echo's intensity is 0, whether it was studied or not. The intensity has a little normal noise, 8 % of the lures'
standard deviation, so that its distribution is smooth; that distribution is computed to 1e-9, and probabilities are read from
a table of it, within 1e-4 after lists of 16 or more and 1e-3 after shorter lists or several lengths
(``pytest tests/test_echo_exact.py``).

Reference: Hintzman (1984), Behavior Research Methods, Instruments, & Computers 16, 96-101; Hintzman (1988), Psychological
Review 95, 528-551.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from kvfit.number_option import NumberOption
from kvfit.parameters import Parameter
from kvfit.recognition.evidence.kinds import LIST_LENGTH, PRESENTATIONS, find_kinds
from kvfit.recognition.evidence.probit_table import Tabulated
from kvfit.recognition.evidence.tables import minerva2_table
from kvfit.recognition.memory import Cells, Memory
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.options import CRITERIA_BY, column
from kvfit.recognition.ratings import Ratings
from kvfit.registry import ModelFamily, Option

LEARNING = Parameter(
    "learning", "L", "unit", (0.15, 0.9), "probability that a feature of a studied item is stored",
    "Hintzman (1988) varies it from .3 to .9 over study conditions; .15 is near chance for lists of 20",
)  # fmt: skip


def _evidence(n_features: int, features: Any, p: Mapping[str, Any], cells: Cells, xp: Any) -> Tabulated:
    kinds, index = find_kinds(cells)
    table = minerva2_table(kinds, n_features, features)
    learning = xp.clip(p["learning"], 1e-9, 1.0 - 1e-9)
    return Tabulated(table, index, xp.log(learning) - xp.log1p(-learning))


def build(n_features: int, features: str, criteria_by: str) -> RecognitionModel:
    """Build the model with the given options; see ``MODEL.options``."""
    return RecognitionModel(
        name="minerva2",
        options={},
        title="MINERVA 2",
        claim="Every item leaves its own incomplete trace; recognition reads the summed cube of similarities to all traces.",
        reference="Hintzman (1984, 1988)",
        memory=Memory(
            (LEARNING,), partial(_evidence, int(n_features), features), covariates=(LIST_LENGTH, PRESENTATIONS)
        ),
        decision=Ratings(),
        criteria_by=column(criteria_by),
    )


MODEL = ModelFamily(
    name="minerva2",
    summary="summed echo of all traces (Hintzman 1984, 1988)",
    build=build,
    options={
        "n_features": NumberOption(40, 5, 100, "how many an item has", unit="features", whole=True),
        "features": Option(("binary", "trinary"), "values of features: -1 and 1, or -1, 0 and 1"),
        "criteria_by": CRITERIA_BY,
    },
)
