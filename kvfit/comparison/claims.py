"""What a comparison says of a claim: decided for or against, better but like neither, or not decided, and how sure that is.

A claim is that one model is right and a rival is not. Two things are needed to call it decided: a difference beyond its
error, on every level at which it was asked; and evidence that this experiment would not have given the same answer had
the rival been right. The second comes from simulations of the experiment (:func:`kvfit.confuse`), in which the truth is
known: for data of either model the difference between the two is a sum over people, who are independent of one another, so
that its distribution over experiments follows from people's mean and spread.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import norm

from kvfit.comparison.contrasts import Contrast
from kvfit.comparison.errors import SMALLEST_DIFFERENCE, needed_errors, needed_words, with_error

#: "better" and "worse": the first model predicts better or worse than the second, but data of neither are like these.
Outcome = Literal["decided for", "decided against", "better, like neither", "worse, like neither", "not decided"]
#: Chance of the same answer under the other truth above which nothing counts as decided, ...
LARGEST_MISTAKE = 0.05
#: ... and of finding a truth below which an experiment counts as too weak for it.
ENOUGH_POWER = 0.8
#: Standard deviations over experiments from which an observed lead is unlike simulated ones.
FAR = 3.0


@dataclass(frozen=True)
class Claim:
    """One model against a rival.

    Parameters
    ----------
    statement : str
        What holds if the first model is right, as a clause without a full stop: ``keys and values differ``.
    denial : str
        What holds if the second is right, likewise.
    first, second : str
        Names of the models.
    caveat : str
        What else could make this difference; stands behind the verdict whatever that is.
    """

    statement: str
    denial: str
    first: str
    second: str
    caveat: str = ""


@dataclass(frozen=True)
class Discernment:
    """How often an experiment like this one favours each of two models when either is true.

    Parameters
    ----------
    for_first, for_second : tuple of float
        Chance that the answer is the first, and the second model, when the first is true; and when the second is.
    persons : tuple of float
        Share of single participants whose own data choose the first model when it is true, and the second when that is.
    simulated : tuple of int
        Participants simulated from the first, and from the second.
    lead : tuple of float
        Mean of the first minus the second, summed over the experiment's participants, when either is true ...
    spread : tuple of float
        ... and its standard deviation over experiments.
    replicates : int
        Experiments simulated from each.
    criterion : {"aic", "bic", "elpd"}
        What simulated experiments were judged by; AIC and BIC fit each person alone.
    """

    for_first: tuple[float, float]
    for_second: tuple[float, float]
    persons: tuple[float, float]
    simulated: tuple[int, int]
    lead: tuple[float, float]
    spread: tuple[float, float]
    replicates: int = 1
    criterion: str = "aic"

    @property
    def judged(self) -> str:
        """What simulated experiments were judged by, in words."""
        words = {"elpd": "by posterior fits and PSIS-LOO"}
        return words.get(self.criterion, f"by {self.criterion.upper()}, each person alone")


def discernment(scores: pd.DataFrame, criterion: str, first: str, second: str) -> Discernment:
    """Chances of right and wrong answers from simulated experiments.

    Parameters
    ----------
    scores : pandas.DataFrame
        Of a :class:`~kvfit.recovery.confuse.Confusion`: ``generator, replicate, participant, model`` and `criterion`, the
        higher the better. Participants for whom a fit failed are left out.
    criterion : str
    first, second : str

    Returns
    -------
    Discernment
        An answer needs a lead of two standard errors over participants (more where they are few; see
        :func:`~kvfit.comparison.errors.needed_errors`), and of 4 units, as with real data. That a mean
        over R simulated experiments is itself uncertain is part of the chances: a further one's lead in units of its
        error is normal with variance ``1 + 1 / R``.

    Raises
    ------
    ValueError
        If data of one of the two models were not simulated and fitted by both, for at least two participants.
    """
    chances, persons, simulated, leads, spreads = [], [], [], [], []
    fewest = len(scores)
    for generator in (first, second):
        own = scores[(scores["generator"] == generator) & scores["model"].isin([first, second])]
        wide = own.pivot_table(index=["replicate", "participant"], columns="model", values=criterion, dropna=False)
        wide = wide.reindex(columns=[first, second]).dropna()
        if len(wide) < 2:
            raise ValueError(
                f"discernment: expected participants simulated from {generator} and fitted by {first} and {second}, found"
                f" {len(wide)}"
            )
        lead = (wide[first] - wide[second]).to_numpy()
        per_experiment = own.groupby("replicate")["participant"].nunique()
        n, replicates = float(per_experiment.mean()), len(per_experiment)
        total, spread = n * float(lead.mean()), max(np.sqrt(n) * float(lead.std(ddof=1)), 1e-9)
        z, needed = total / spread, max(needed_errors(round(n)), SMALLEST_DIFFERENCE / spread)
        wider = np.sqrt(1.0 + 1.0 / replicates)
        chances.append((float(norm.sf((needed - z) / wider)), float(norm.cdf((-needed - z) / wider))))
        persons.append(float((lead > 0).mean() if generator == first else (lead < 0).mean()))
        simulated.append(len(wide))
        leads.append(total)
        spreads.append(float(spread))
        fewest = min(fewest, replicates)
    return Discernment(
        chances[0], chances[1], (persons[0], persons[1]), (simulated[0], simulated[1]), (leads[0], leads[1]),
        (spreads[0], spreads[1]), fewest, criterion,
    )  # fmt: skip


@dataclass(frozen=True)
class Decision:
    """What was found about a claim.

    Parameters
    ----------
    claim : Claim
    outcome : {"decided for", "decided against", "better, like neither", "worse, like neither", "not decided"}
    reasons : tuple of str
        Sentences: the differences, why nothing was decided if so, what simulations say, doubts.
    provisional : bool
        Whether some fit did not pass the sampler's checks.
    """

    claim: Claim
    outcome: Outcome
    reasons: tuple[str, ...]
    provisional: bool = False

    @property
    def headline(self) -> str:
        """The outcome and what it is about, in one sentence."""
        doubt = " (provisional)" if self.provisional else ""
        if self.outcome in ("better, like neither", "worse, like neither"):
            models = (self.claim.first, self.claim.second)
            better, other = models if self.outcome == "better, like neither" else models[::-1]
            return (
                f"Predicts better, and describes neither{doubt}: {better} predicts better than {other}, but the data are"
                f" unlike simulated ones of either, so that it is not decided whether {self.claim.statement}, or"
                f" {self.claim.denial}."
            )
        if self.outcome == "not decided":
            what = f"whether {self.claim.statement}, or {self.claim.denial}"
        else:
            what = f"that {self.claim.statement}"
        return f"{self.outcome[0].upper()}{self.outcome[1:]}{doubt}: {what}."

    def __str__(self) -> str:
        """Everything as one paragraph."""
        return " ".join([self.headline, *self.reasons, *([self.claim.caveat] if self.claim.caveat else [])])


def decide(
    claim: Claim,
    contrasts: Mapping[str, Contrast],
    known: Discernment | None,
    failed: tuple[str, ...] = (),
    observed: float | None = None,
) -> Decision:
    """Say what the data decide about a claim.

    Parameters
    ----------
    claim : Claim
    contrasts : mapping of str to Contrast
        By level, in words such as ``a further list``; every one must give the same answer.
    known : Discernment, optional
        Without it nothing can be called decided.
    failed : tuple of str
        Models whose fits did not pass the sampler's checks.
    observed : float, optional
        Lead of the first model in the data by the criterion of the simulations: where data of neither model have such a
        lead, the better model predicts better and describes neither.

    Returns
    -------
    Decision

    Raises
    ------
    ValueError
        If there is no contrast, or one is of other models.
    """
    other = [level for level, c in contrasts.items() if (c.first, c.second) != (claim.first, claim.second)]
    if other or not contrasts:
        raise ValueError(f"decide: expected contrasts of {claim.first} and {claim.second}; found {other or 'none'}")
    said = [_difference(contrasts)]
    answers = {c.answer for c in contrasts.values()}
    outcome: Outcome = "not decided"
    if answers == {"first"} or answers == {"second"}:
        outcome = "decided for" if answers == {"first"} else "decided against"
    elif "undecided" not in answers:
        said.append("The levels contradict one another.")
    else:
        said.append(_open_levels(contrasts))
    if known is None:
        if outcome != "not decided":
            said.append(
                "Whether this experiment can tell the two apart was not simulated, so that this decides nothing."
            )
        outcome = "not decided"
    elif outcome == "not decided":
        said += [_power(claim, known)]
    else:
        said.append(_trust(claim, known, outcome))
        if _mistake(known, outcome) > LARGEST_MISTAKE:
            outcome = "not decided"
    unlike = _unlike_both(claim, known, observed) if known is not None and observed is not None else []
    said += unlike
    if unlike and outcome != "not decided":
        outcome = "better, like neither" if outcome == "decided for" else "worse, like neither"
    doubtful = tuple(name for name in (claim.first, claim.second) if name in failed)
    if doubtful:
        said.append(f"Sampling of {' and '.join(doubtful)} did not pass its checks.")
    return Decision(claim, outcome, tuple(said), bool(doubtful))


def _difference(contrasts: Mapping[str, Contrast]) -> str:
    parts = []
    for level, c in contrasts.items():
        better, people = (c.first, c.persons_first) if c.total >= 0 else (c.second, c.persons_second)
        how_far = with_error(abs(c.total), c.error)
        if c.total == 0:
            parts.append(f"for {level} neither is better ({how_far})")
        else:
            parts.append(f"for {level} {better} is better, by {how_far} ({people} of {c.persons} people)")
    text = "; ".join(parts)
    named = " (± one standard error over people)" if any(np.isfinite(c.error) for c in contrasts.values()) else ""
    return f"{text[0].upper()}{text[1:]}{named}."


def _open_levels(contrasts: Mapping[str, Contrast]) -> str:
    """Which levels leave the answer open, and why."""
    still = {level: c for level, c in contrasts.items() if c.answer == "undecided"}
    alone = [level for level, c in still.items() if c.persons < 2]
    small = {level: c.persons for level, c in still.items() if c.persons > 1}
    said = []
    if alone:
        said.append(f"For {' and for '.join(alone)} one person has no error over people, so that it decides nothing.")
    if small:
        wanted = needed_words(min(small.values()))
        said.append(f"For {' and for '.join(small)} that is within {wanted} or {SMALLEST_DIFFERENCE:g} units.")
    return " ".join(said)


def _mistake(known: Discernment, outcome: Outcome) -> float:
    """Chance of this answer when the other model is true."""
    return known.for_second[0] if outcome == "decided for" else known.for_first[1]


def _trust(claim: Claim, known: Discernment, outcome: Outcome) -> str:
    first, second = claim.first, claim.second
    true, false = (first, second) if outcome == "decided for" else (second, first)
    right = known.for_first[0] if outcome == "decided for" else known.for_second[1]
    mistake = _mistake(known, outcome)
    words = (
        f"Simulated experiments like this one, judged {known.judged}, favour {true} in {_percent(mistake)} of cases when"
        f" {false} is true, and in {_percent(right)} when {true} is"
    )
    if mistake > LARGEST_MISTAKE:
        return f"{words}: such an answer would come too often from {false}, and decides nothing."
    return f"{words}."


def _power(claim: Claim, known: Discernment) -> str:
    found = {claim.first: known.for_first[0], claim.second: known.for_second[1]}
    words = " and ".join(f"{name} in {_percent(chance)} of cases when it is true" for name, chance in found.items())
    weak = [name for name, chance in found.items() if chance < ENOUGH_POWER]
    text = f"Simulated experiments like this one, judged {known.judged}, find {words}"
    if weak:
        return f"{text}: so judged, too weak an experiment to find {' or '.join(weak)}."
    return f"{text}: with either of them true a clear answer was to be expected, so that neither may be."


def _unlike_both(claim: Claim, known: Discernment, observed: float) -> list[str]:
    wide = np.sqrt(1.0 + 1.0 / max(known.replicates, 1))
    off = [abs(observed - lead) > FAR * wide * spread for lead, spread in zip(known.lead, known.spread, strict=True)]
    if not all(off):
        return []
    first, second = (
        f"{lead:+.0f} ± {spread:.0f} for {name}"
        for lead, spread, name in zip(known.lead, known.spread, (claim.first, claim.second), strict=True)
    )
    return [
        f"By the criterion of the simulations {claim.first} leads by {observed:+.0f} in the data, and in simulated ones by"
        f" {first} and by {second} (± the standard deviation over experiments): the data are unlike those of either model."
    ]


def _percent(chance: float) -> str:
    if chance < 0.005:
        return "less than 1 %"
    return "more than 99 %" if chance > 0.995 else f"{100 * chance:.0f} %"
