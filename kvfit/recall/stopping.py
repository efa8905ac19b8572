"""Rules by which recall ends, offered to every free-recall model so that models differ in memory alone.

After t recalls (t = 0, 1, ...) the participant stops with probability ``p_stop(t)``; when every item has been recalled it
is 1. The exponential rule is that of Morton & Polyn (2016), Journal of Memory and Language 86, 119-140, with fits by Gunn &
Polyn (2025), American Journal of Psychology 138, 203-230.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kvfit.parameters import Parameter, log1pexp

#: Output position at which the stopping probability is stated. Near the usual number of recalls, its value and slope are
#: nearly independent in the posterior; at t = 0, as in X1 exp(X2 t), they are not (302 against 86 leapfrog steps a draw).
REFERENCE_OUTPUT = 8
_TINY = 1e-6

STOP_PROBABILITY = Parameter(
    "stop_probability",
    "p₈",
    "unit",
    (0.01, 0.6),
    "probability of stopping after eight recalls",
    "lists of 10 to 40 words end after 5 to 13 recalls on average, so the hazard at the eighth lies between 1 in 100 and"
    " more than one half (Murdock 1962; Healey & Kahana 2014)",
)
STOP_SLOPE = Parameter(
    "stop_slope",
    "x_pos",
    "real",
    (-0.1, 1.2),
    "change of the log odds of stopping with each further recall",
    "recall lengths have a standard deviation of 2 to 4 words, which asks for slopes of 0.2 to 1",
)
STOP_BIAS = Parameter(
    "stop_bias",
    "x₀",
    "real",
    (-4.0, 8.0),
    "log odds of stopping when the remaining match is zero",
    "the raw match of a full list is 2 to 10 in units of the exponent; stopping must be rare there",
)
STOP_MATCH = Parameter(
    "stop_match",
    "x_match",
    "positive",
    (0.1, 4.0),
    "how strongly remaining key match holds off stopping",
    "0 is the positional rule; 4 would turn a match difference of one into odds of 55",
)
STOP_SCALE = Parameter(
    "X1",
    "X₁",
    "unit",
    (0.0005, 0.05),
    "probability of recalling nothing",
    "median .005 [0, .03] over 126 PEERS participants (Gunn & Polyn 2025, as theta_s)",
)
STOP_GROWTH = Parameter(
    "X2",
    "X₂",
    "positive",
    (0.15, 0.7),
    "growth rate of the stopping probability with output position",
    "median .38 [.26, .63] over 126 PEERS participants (Gunn & Polyn 2025, as theta_r)",
)


@dataclass(frozen=True)
class StoppingRule:
    """A named stopping rule.

    Parameters
    ----------
    name : str
        ``position`` logit p = x_0 + x_pos t; ``match`` logit p = x_0 - x_match M_t; ``mixed`` both, with
        ``M_t = log sum exp(s_t(j))`` over items not yet recalled; ``exponential`` p = X1 exp(X2 t), bounded to
        [1e-6, 1 - 1e-6].
    parameters : tuple of Parameter
    uses_match : bool
    """

    name: str
    parameters: tuple[Parameter, ...]
    uses_match: bool

    def table(self, p: Mapping[str, Any], n_positions: int, xp: Any) -> tuple[Any, Any]:
        """Stopping table and weight of the match.

        Parameters
        ----------
        p : mapping of str to tensor
            ``(cell,)`` values on the natural scale.
        n_positions : int
            Longest list; the table has ``n_positions + 1`` outputs.
        xp : module
            ``numpy`` or ``pytensor.tensor``.

        Returns
        -------
        tuple
            ``(cell, 2, output)``: logits where `uses_match`, else log p_stop and log(1 - p_stop); and the weight
            ``(cell,)`` of the match, or None.
        """
        output = np.arange(n_positions + 1, dtype=float)
        if self.name == "exponential":
            log_p = xp.log(p["X1"])[:, None] + p["X2"][:, None] * output
            log_p = xp.clip(log_p, np.log(_TINY), np.log1p(-_TINY))
            return xp.stack([log_p, xp.log1p(-xp.exp(log_p))], axis=1), None
        if self.name == "match":
            logit = p["stop_bias"][:, None] + np.zeros_like(output)
        else:
            bias = (
                p["stop_bias"] if self.uses_match else xp.log(p["stop_probability"]) - xp.log1p(-p["stop_probability"])
            )
            logit = bias[:, None] + p["stop_slope"][:, None] * (output - REFERENCE_OUTPUT)
        if self.uses_match:
            return xp.stack([logit, logit], axis=1), p["stop_match"]
        return xp.stack([-log1pexp(-logit, xp), -log1pexp(logit, xp)], axis=1), None


STOPPING_RULES = {
    rule.name: rule
    for rule in (
        StoppingRule("position", (STOP_PROBABILITY, STOP_SLOPE), uses_match=False),
        StoppingRule("match", (STOP_BIAS, STOP_MATCH), uses_match=True),
        StoppingRule("mixed", (STOP_BIAS, STOP_SLOPE, STOP_MATCH), uses_match=True),
        StoppingRule("exponential", (STOP_SCALE, STOP_GROWTH), uses_match=False),
    )
}
