"""Threshold models: discrete states of memory, and their mapping to response categories."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kvfit.parameters import Parameter
from kvfit.recognition.log_space import log_both
from kvfit.recognition.responses import chosen
from kvfit.recognition.scale import Scale

GUESS = Parameter(
    "guess", "g", "unit", (0.15, 0.85), 'probability of guessing "old" where memory detects nothing',
    "0.14 to 0.69 over base rates of 10 to 90 % old items (Bröder & Schütz 2009, Experiment 3)",
)  # fmt: skip
_DETECT_REASON = (
    "certainty is expected of detected items; left wide because people told to use the whole scale may spread them"
    " (Bröder, Kellen, Schütz & Rohrmeier 2013)"
)
_ORDINAL = ("", "second ", "third ", "fourth ")
_GUESS_REASON = "guesses favour no category a priori; instructions ask for low confidence, which some do not follow"


@dataclass(frozen=True, eq=False)
class States:
    """Log probabilities ``(..., cell)`` of detecting an old item as old, a new item as new, and of neither."""

    log_detect_old: Any
    log_detect_new: Any
    log_uncertain: Any


@dataclass(frozen=True)
class StateMapping:
    """How states become responses: a guess where nothing is detected, then a degree of confidence.

    Confidence is drawn step by step: detected items get the highest category with probability ``detect_1``, else the next
    with ``detect_2``, ...; guesses get the lowest confidence with ``guess_1``, else the next with ``guess_2``, ... Each
    state keeps to its side of the scale.

    Parameters
    ----------
    detects_new : bool
        Whether there is a state that detects new items.
    symmetric : bool
        The confidence of "new" mirrors that of "old". Without it one confidence ROC does not identify the mapping.
    """

    detects_new: bool = True
    symmetric: bool = True

    @property
    def unit(self) -> str:
        """States instead of a scale of evidence, in one clause."""
        return (
            'no scale of evidence and no criteria: an item is detected or not, guesses are "old" with a probability, and'
            " each state is spread over its side of the scale by probabilities"
        )

    def parameters(self, scale: Scale) -> tuple[Parameter, ...]:
        """Guessing, then the steps of confidence of each state."""
        names: dict[str, Parameter] = {}
        for state, side, n in self._states(scale):
            for step in range(1, n):
                parameter = self._step(state, side, step)
                names[parameter.name] = parameter
        return (GUESS, *names.values())

    def by_condition(self, scale: Scale) -> tuple[str, ...]:
        """Guessing alone: base rates and pay-offs change what is guessed, not what a state means."""
        return (GUESS.name,)

    def by_item(self) -> tuple[str, ...]:
        """Guessing alone."""
        return (GUESS.name,)

    @property
    def moves_evidence(self) -> bool:
        """There is no evidence to move."""
        return False

    def _states(self, scale: Scale) -> list[tuple[str, str, int]]:
        states = [("detect", "old", scale.n_old), ("detect", "new", scale.n_new)]
        states += [("guess", "old", scale.n_old), ("guess", "new", scale.n_new)]
        return [s for s in states if self.detects_new or s[:2] != ("detect", "new")]

    def _step(self, state: str, side: str, step: int) -> Parameter:
        detects = state == "detect"
        which = "an item is detected" if detects else "guessing"
        on = "" if self.symmetric else f' "{side}"'
        place = _ORDINAL[step - 1] if step <= len(_ORDINAL) else f"{step}th "
        order = f"{place}highest" if detects else f"{place}lowest"
        given = "" if step == 1 else ", given none that comes before it"
        return Parameter(
            self._name(state, side, step),
            ("a" if detects else "b") + ("" if self.symmetric else f"_{side}") + f"{step}",
            "unit", (0.2, 0.97) if detects else (0.15, 0.85),
            f"probability of the {order} confidence{on} when {which}{given}",
            _DETECT_REASON if detects else _GUESS_REASON,
        )  # fmt: skip

    def _name(self, state: str, side: str, step: int) -> str:
        return f"{state}_{step}" if self.symmetric else f"{state}_{side}_{step}"

    def log_probabilities(self, evidence: States, p: Mapping[str, Any], scale: Scale, xp: Any) -> Any:
        """Log probability ``(..., cell, category)`` of each category."""
        log_old, log_new = log_both(p[GUESS.name], xp)
        detected = {"old": evidence.log_detect_old, "new": evidence.log_detect_new}
        guessed = {"old": evidence.log_uncertain + log_old, "new": evidence.log_uncertain + log_new}
        out = []
        for side, n in (("new", scale.n_new), ("old", scale.n_old)):
            # both in order from highest to lowest confidence
            certain = self._log_confidence("detect", side, n, p, xp) if side == "old" or self.detects_new else None
            unsure = self._log_confidence("guess", side, n, p, xp)[::-1]
            categories = []
            for k in range(n):
                guesses = guessed[side] + unsure[k]
                categories.append(guesses if certain is None else xp.logaddexp(detected[side] + certain[k], guesses))
            out += categories if side == "new" else categories[::-1]
        return xp.stack(out, axis=-1)

    def log_responses(self, evidence: States, p: Mapping[str, Any], scale: Scale, response: Any, xp: Any) -> Any:
        """Log probability ``(..., cell)`` of one response a cell, ``(cell,)`` from 1."""
        return chosen(self.log_probabilities(evidence, p, scale, xp), response - 1, xp)

    def _log_confidence(self, state: str, side: str, n: int, p: Mapping[str, Any], xp: Any) -> list[Any]:
        """Log probabilities of n degrees of confidence, in the order in which they are drawn."""
        out: list[Any] = []
        rest: Any = 0.0
        for step in range(1, n):
            log_chosen, log_passed = log_both(p[self._name(state, side, step)], xp)
            out.append(rest + log_chosen)
            rest = rest + log_passed
        return [*out, rest]
