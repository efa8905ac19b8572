"""Confidence ratings: ordered criteria cut the evidence into the categories of the scale."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kvfit.parameters import Parameter
from kvfit.recognition.memory import Evidence
from kvfit.recognition.responses import Cut, log_response
from kvfit.recognition.scale import Scale

#: Factor by which plausible spacings lie below and above their median.
_FOLD = 4.0


@dataclass(frozen=True)
class Ratings:
    """Criteria by a centre and spacings: K - 1 criteria for K categories.

    The centre is the criterion between "new" and "old", which also is the only one of yes/no data. From there the others
    follow by the spacings, upward and downward: positive numbers, sampled on the log scale, so that criteria are ordered and
    a shift of all of them is one step of the centre. This is the form of Kellen and colleagues' analyses of Gumbel signal
    detection.

    Parameters
    ----------
    interval : tuple of float
        Plausible values (central 90 %) of the centre, in units of the evidence.
    reason : str
        Why this interval.
    spread : float
        Plausible distance between the lowest and the highest criterion of a long scale.
    positive : bool
        Evidence is positive: criteria are placed on its logarithm, and spacings are log ratios of neighbours.
    """

    interval: tuple[float, float] = (-0.4, 1.8)
    reason: str = (
        "on the lures' scale, where half of d' is unbiased; unequal-variance fits give 0.4 to 0.9 for eight aggregated"
        " data sets and -0.4 to 2.1 for 16 participants (ratings in Wickens 2002 and Klauer & Kellen 2015)"
    )
    spread: float = 2.5
    positive: bool = False

    @property
    def unit(self) -> str:
        """Evidence and unit of the criteria, in one clause."""
        if self.positive:
            return (
                "criteria cut positive evidence, in units of its scale for new items (gamma of shape 2: median 1.68), and"
                ' are placed by their logarithms: a centre between "new" and "old", and log ratios of neighbours'
            )
        return (
            "criteria cut evidence in standard normal deviates of new items (of the longest list): a new item exceeds"
            ' a criterion c with probability \u03a6(\u2212c); a centre between "new" and "old", and distances of neighbours'
        )

    def parameters(self, scale: Scale) -> tuple[Parameter, ...]:
        """Centre and K - 2 spacings."""
        centre = Parameter(
            "criterion", "c", "positive" if self.positive else "real", self.interval,
            'evidence above which items are called "old"',
            self.reason,
            ends="open",
        )  # fmt: skip
        return (centre, *(self._spacing(k, scale) for k in range(1, scale.n_categories - 1)))

    def by_condition(self, scale: Scale) -> tuple[str, ...]:
        """All of them: each condition has criteria of its own."""
        return tuple(p.name for p in self.parameters(scale))

    def by_item(self) -> tuple[str, ...]:
        """The centre, at old and at new items: to shift all criteria is to shift the item's evidence, studied or not."""
        return ("criterion:old", "criterion:new")

    @property
    def moves_evidence(self) -> bool:
        """They do."""
        return True

    def _spacing(self, k: int, scale: Scale) -> Parameter:
        median = self.spread / (scale.n_categories - 1)
        what = "log ratio of" if self.positive else "distance between"
        return Parameter(
            f"spacing_{k}", f"δ{k}", "positive", (float(f"{median / _FOLD:.2g}"), float(f"{median * _FOLD:.2g}")),
            f"{what} criteria {k} and {k + 1}",
            f"{scale.n_categories} categories share a range of about {self.spread:g}, so that neighbours lie about"
            f" {median:.2g} apart; over 90 % of 16 participants' spacings were within {_FOLD:g} times of that (ratings in"
            " Wickens 2002 and Klauer & Kellen 2015)",
        )  # fmt: skip

    def criteria(self, p: Mapping[str, Any], scale: Scale, xp: Any) -> Any:
        """Increasing criteria ``(..., cell, K - 1)`` in units of the evidence."""
        centre = xp.log(p["criterion"]) if self.positive else p["criterion"]
        middle = scale.old_from - 1
        placed = {middle: centre}
        for k in range(middle + 1, scale.n_categories):
            placed[k] = placed[k - 1] + p[f"spacing_{k - 1}"]
        for k in range(middle - 1, 0, -1):
            placed[k] = placed[k + 1] - p[f"spacing_{k}"]
        stacked = xp.stack([placed[k] for k in sorted(placed)], axis=-1)
        return xp.exp(stacked) if self.positive else stacked

    def log_probabilities(self, evidence: Evidence, p: Mapping[str, Any], scale: Scale, xp: Any) -> Any:
        """Log probability ``(..., cell, category)`` of each category."""
        return evidence.log_categories(self.criteria(p, scale, xp), xp)

    def log_responses(self, evidence: Evidence, p: Mapping[str, Any], scale: Scale, response: Any, xp: Any) -> Any:
        """Log probability ``(..., cell)`` of one response a cell, ``(cell,)`` from 1."""
        return log_response(evidence, Cut(self.criteria(p, scale, xp), response, xp))
