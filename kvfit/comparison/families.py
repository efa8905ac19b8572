"""Claims about families of models: each side in all its published forms, the best of each side, and every pair.

A claim such as "key-value recall predicts better than CMR" is about families, and a family has published forms that differ
in choice rule, freed parameters or stopping. Compared in one form alone, a side can win because the other was given a weak
one. So every form of one side meets every form of the other; the answer is that of the best forms; and where some pairs of
forms give opposite answers, the outcome is that it depends on the form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from kvfit.comparison.claims import Claim, Decision, Discernment, Outcome, decide
from kvfit.comparison.contrasts import Answer, Contrast, contrast

FamilyOutcome = Outcome | Literal["depends on the form"]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Side:
    """One side of a claim.

    Parameters
    ----------
    name : str
        What its forms have in common, in words: ``key-value recall``.
    forms : tuple of str
        Names of its models, at least one.
    """

    name: str
    forms: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.forms or len(set(self.forms)) < len(self.forms):
            raise ValueError(f"side {self.name}: expected one form or several different ones, found {self.forms}")


@dataclass(frozen=True)
class FamilyClaim:
    """One family against another.

    Parameters
    ----------
    statement, denial : str
        What holds if the first, and if the second family is right, as clauses without a full stop.
    first, second : Side
    caveat : str
        What else could make this difference.

    Raises
    ------
    ValueError
        If a form stands on both sides.
    """

    statement: str
    denial: str
    first: Side
    second: Side
    caveat: str = ""

    def __post_init__(self) -> None:
        both = set(self.first.forms) & set(self.second.forms)
        if both:
            raise ValueError(f"claim that {self.statement}: {', '.join(sorted(both))} on both sides")

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Every form of the first side with every form of the second."""
        return tuple((a, b) for a in self.first.forms for b in self.second.forms)

    @property
    def models(self) -> tuple[str, ...]:
        """All forms."""
        return (*self.first.forms, *self.second.forms)

    def of_pair(self, pair: Pair) -> Claim:
        """The claim about two of the forms."""
        return Claim(self.statement, self.denial, *pair, self.caveat)


@dataclass(frozen=True)
class FamilyDecision:
    """What was found about a claim on families.

    Parameters
    ----------
    claim : FamilyClaim
    outcome : str
        That of the best forms, or ``depends on the form``.
    best : mapping of str to (str, str)
        By level: the form of each side with the highest score.
    pairs : tuple of Decision
        One for every pair of forms.
    reasons : tuple of str
    provisional : bool
        Whether a best form's fit did not pass the sampler's checks.
    """

    claim: FamilyClaim
    outcome: FamilyOutcome
    best: Mapping[str, Pair]
    pairs: tuple[Decision, ...]
    reasons: tuple[str, ...]
    provisional: bool = False

    @property
    def headline(self) -> str:
        """The outcome and what it is about, in one sentence."""
        if self.outcome == "depends on the form":
            doubt = " (provisional)" if self.provisional else ""
            return f"Depends on the form{doubt}: whether {self.claim.statement}, or {self.claim.denial}."
        pair = next(iter(self.best.values()))
        return Decision(self.claim.of_pair(pair), self.outcome, (), self.provisional).headline

    def __str__(self) -> str:
        """Everything as one paragraph."""
        return " ".join([self.headline, *self.reasons, *([self.claim.caveat] if self.claim.caveat else [])])


def best_forms(claim: FamilyClaim, scores: pd.DataFrame) -> Pair:
    """Form of each side with the highest summed score.

    Parameters
    ----------
    claim : FamilyClaim
    scores : pandas.DataFrame
        ``(participant, model)``, log scores, the higher the better.
    """
    totals = scores.sum()
    first, second = (max(side.forms, key=lambda form: totals[form]) for side in (claim.first, claim.second))
    return first, second


def decide_families(
    claim: FamilyClaim,
    scores: Mapping[str, pd.DataFrame],
    known: Mapping[Pair, Discernment],
    failed: Sequence[str] = (),
    observed: Mapping[Pair, float] | None = None,
) -> FamilyDecision:
    """Say what the data decide about a claim on families.

    Parameters
    ----------
    claim : FamilyClaim
    scores : mapping of str to pandas.DataFrame
        By level, in words such as ``a further list``: ``(participant, model)`` with all forms, see
        :func:`~kvfit.comparison.contrasts.elpd_by_person`.
    known : mapping of (str, str) to Discernment
        Of pairs that were simulated; nothing counts as decided unless the best forms were.
    failed : sequence of str
        Models whose fits did not pass the sampler's checks.
    observed : mapping of (str, str) to float, optional
        Lead of the first of each pair by the criterion of the simulations.

    Returns
    -------
    FamilyDecision

    Raises
    ------
    ValueError
        If there is no level, or a form without scores.
    """
    if not scores:
        raise ValueError("decide_families: expected scores of at least one level, found none")
    contrasts = {pair: {level: contrast(table, *pair) for level, table in scores.items()} for pair in claim.pairs}
    decisions = {
        pair: decide(claim.of_pair(pair), levels, known.get(pair), tuple(failed), (observed or {}).get(pair))
        for pair, levels in contrasts.items()
    }
    best = {level: best_forms(claim, table) for level, table in scores.items()}
    of_best = {decisions[pair].outcome for pair in best.values()}
    answers = {pair: _answer(levels) for pair, levels in contrasts.items()}
    outcome: FamilyOutcome = next(iter(of_best)) if len(of_best) == 1 else "not decided"
    if {"first", "second"} <= set(answers.values()):
        outcome = "depends on the form"
    reasons = []
    for pair in dict.fromkeys(best.values()):
        levels = [level for level, of_level in best.items() if of_level == pair]
        if len(claim.pairs) > 1:
            reasons.append(f"Best forms for {' and for '.join(levels)}: {pair[0]} and {pair[1]}.")
        reasons += decisions[pair].reasons
    if len(of_best) > 1:
        reasons.append("The best forms are others on each level, and do not give one answer.")
    reasons += _of_forms(claim, answers)
    doubtful = any(decisions[pair].provisional for pair in best.values())
    return FamilyDecision(claim, outcome, best, tuple(decisions.values()), tuple(reasons), doubtful)


def _answer(levels: Mapping[str, Contrast]) -> Answer:
    """What a pair's levels say together, simulations aside."""
    answers = {c.answer for c in levels.values()}
    return answers.pop() if len(answers) == 1 else "undecided"


def _of_forms(claim: FamilyClaim, answers: Mapping[Pair, Answer]) -> list[str]:
    """How many pairs of forms say what, and which say otherwise than most."""
    if len(answers) == 1:
        return []
    of: dict[str, list[Pair]] = {"first": [], "second": [], "undecided": []}
    for pair, answer in answers.items():
        of[answer].append(pair)
    counts = [
        f"{claim.first.name} predicts better in {len(of['first'])}",
        f"{claim.second.name} in {len(of['second'])}",
        f"{len(of['undecided'])} are undecided",
    ]
    words = f"Of {len(answers)} pairs of forms {', '.join(counts[:2])}, and {counts[2]}."
    fewer = min(("first", "second"), key=lambda side: len(of[side]))
    if of["first"] and of["second"]:
        listed = "; ".join(f"{a} against {b}" for a, b in of[fewer])
        words += f" {(claim.first if fewer == 'first' else claim.second).name} predicts better with {listed}."
    return [words]
