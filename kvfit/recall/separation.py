"""Separation operators: how matches become choice probabilities (``sigma`` of Gershman, Fiete & Irie 2025).

Fits of the exponent: Gunn & Polyn (2025), American Journal of Psychology 138, 203-230.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kvfit.parameters import Parameter

EXPONENT = Parameter(
    "exponent",
    "τ",
    "positive",
    (1.0, 7.0),
    "exponent that separates matches (Luce choice on powers)",
    "1 is the identity; individual fits to 126 PEERS participants have median 16 with very wide spread (Gunn & Polyn"
    " 2025), where a large exponent with a large uniform match mimics small ones: the prior keeps to small ones, with which"
    " simulated curves cover published behaviour (certificate)",
)
THRESHOLD = Parameter(
    "threshold",
    "θ",
    "positive",
    (0.05, 1.2),
    "match at which a trace is retrieved with half strength",
    "in units of the end-of-list query's match, which is 1 at the last position",
)
GAIN = Parameter(
    "gain",
    "g",
    "positive",
    (1.0, 20.0),
    "steepness of the threshold",
    "20 is close to a hard ball around the query (Kanerva 1988), 1 close to no separation",
)


@dataclass(frozen=True)
class Separation:
    """A named separation operator.

    Parameters
    ----------
    name : str
        ``softmax`` exp(s), its temperature absorbed in the weights; ``power`` s ** exponent; ``identity`` s;
        ``threshold`` logistic(gain (s - threshold)).
    core : str
        The compiled branch.
    parameters : tuple of Parameter
    scale_free : bool
        Whether multiplying all matches by a constant changes nothing (power, identity) or is redundant with the
        operator's own parameters (threshold): then one weight of the model is fixed at 1.
    """

    name: str
    core: str
    parameters: tuple[Parameter, ...]
    scale_free: bool

    def values(self, p: Mapping[str, Any]) -> dict[str, Any]:
        """Columns `a` and `b` of the core's scalars."""
        if self.name == "power":
            return {"a": p["exponent"]}
        if self.name == "identity":
            return {"a": 1.0}
        if self.name == "threshold":
            return {"a": p["threshold"], "b": p["gain"]}
        return {}


SEPARATIONS = {
    s.name: s
    for s in (
        Separation("softmax", "softmax", (), scale_free=False),
        Separation("power", "power", (EXPONENT,), scale_free=True),
        Separation("identity", "power", (), scale_free=True),
        Separation("threshold", "threshold", (THRESHOLD, GAIN), scale_free=True),
    )
}
