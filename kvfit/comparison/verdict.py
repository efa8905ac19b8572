"""What a comparison says, in a few sentences: sampler first, then everything that is decided, and what is not."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kvfit.comparison.errors import SMALLEST_DIFFERENCE, amount, is_clear, needed_words, with_error
from kvfit.items import ITEM_EFFECTS

if TYPE_CHECKING:
    from kvfit.comparison.compare import Comparison
    from kvfit.comparison.hierarchical_evidence import HierarchicalEvidence

#: largest log Bayes factor that is also written as a ratio
_WRITTEN = 20.0


@dataclass(frozen=True)
class Gap:
    """How far a model is behind the best one, and whether that decides.

    Parameters
    ----------
    model : str
    units : float
        elpd of the best model minus that of this one; not negative.
    error : float
        Standard error over participants; of a single participant over lists or trials; missing where there is neither.
    n : int
        Values whose spread gives that error.
    """

    model: str
    units: float
    error: float
    n: int

    @property
    def clear(self) -> bool:
        """Whether the model is clearly behind."""
        return is_clear(self.units, self.error, self.n)

    @property
    def written_zero(self) -> bool:
        """Whether nothing of the gap is left when it is written."""
        return amount(self.units) == "0.0"

    def __str__(self) -> str:
        """The gap with its error."""
        return with_error(self.units, self.error)


def gaps(comparison: "Comparison") -> list[Gap]:
    """Every model's gap to the best one, in the order of the table without its first row."""
    name, n = error_used(comparison)
    return [
        Gap(str(row["model"]), -float(row["elpd_diff"]), float(row[name]), n)
        for row in comparison.table.iloc[1:].to_dict("records")
    ]


def error_used(comparison: "Comparison") -> tuple[str, int]:
    """Column of the error that decides, and over how many values it is: participants, but for a single one."""
    data = comparison.fits[0].data
    if data.n_participants > 1 or comparison.unit == "participant":
        return "dse", data.n_participants
    return "dse_trials", len(data.participant)


def verdict(comparison: "Comparison") -> str:
    """What the data decide, how sure that is, and first of all whether a sampler failed."""
    said = [*_failed_samplers(comparison)]
    if len(comparison.table) == 1:
        said.append(f"Only one model was given: {comparison.table['model'].iloc[0]}.")
    else:
        said += [*_decided(comparison), *_each_chain(comparison)]
    return " ".join([*said, *_unreliable_weights(comparison)])


def _failed_samplers(comparison: "Comparison") -> list[str]:
    names = comparison.table["model"]
    failed = [str(name) for name, f in zip(names, comparison.fits, strict=True) if not f.diagnostics.passed]
    if not failed:
        return []
    return [f"Treat this as provisional: sampling of {_list(failed)} did not pass its checks."]


def _decided(comparison: "Comparison") -> list[str]:
    """Best against second, which others are clearly behind, and which are not."""
    best, found = str(comparison.table["model"].iloc[0]), gaps(comparison)
    second, others = found[0], found[1:]
    n_people, n = comparison.fits[0].data.n_participants, second.n
    if second.clear:
        said = [
            f"{best} predicts {_target(comparison)} better than {second.model}, by {second} units of log predictive density"
            f" ({error_words(comparison, second.model)}), and {_describes(comparison)}"
            f" {int(comparison.table['n_best'].iloc[0])} of {n_people} participants best."
        ]
        behind, close = [g for g in others if g.clear], [g for g in others if not g.clear]
        if behind:
            said.append(f"Clearly behind {best} {_are(behind)} also {_each(behind)}.")
        if close:
            said.append(f"Not decided is {best} against {_each(close)}: {_too_little(n)}.")
        return said
    close, behind = [g for g in found if not g.clear], [g for g in found if g.clear]
    said = [
        f"The data do not decide between {_list([best, *(g.model for g in close)])}: {best} {_leads(close)} units of log"
        f" predictive density{' for new participants' if comparison.unit == 'participant' else ''}"
        f" ({error_words(comparison, second.model)}), {_too_little(n)}."
    ]
    if behind:
        said.append(f"Clearly behind {best} {_are(behind)} {_each(behind)}.")
    return said


def error_words(comparison: "Comparison", model: str) -> str:
    """Name of what stands behind "±", and the other error beside it for one of the models."""
    data = comparison.fits[0].data
    name, n = error_used(comparison)
    row = next(row for row in comparison.table.to_dict("records") if row["model"] == model)
    if not np.isfinite(row[name]):
        return f"one {'participant' if name == 'dse' else data.observation} has no standard error"
    if name == "dse_trials":
        return (
            f"± one standard error over the {n} {data.observation}s of the only participant; it says nothing of others"
        )
    words = f"± one standard error over {n} participants"
    if comparison.unit == "participant":
        return words
    return (
        f"{words}; over {data.observation}s, as if those of one person were independent evidence, it is"
        f" {amount(float(row['dse_trials']))}"
    )


def columns_of_errors(comparison: "Comparison") -> str:
    """What the columns of errors in the table are; empty for a single model."""
    if len(comparison.table) == 1:
        return ""
    words = "dse: standard error of elpd_diff over participants"
    if comparison.unit == "trial":
        one = comparison.fits[0].data.observation
        words += f"; dse_trials: over {one}s, as if those of one person were independent evidence"
    return f"{words}."


def _too_little(n: int) -> str:
    """Why nothing is decided."""
    if n < 2:
        return "which decides nothing"
    return f"less than {needed_words(n)} or than {SMALLEST_DIFFERENCE:g} units"


def _each_chain(comparison: "Comparison") -> list[str]:
    return [_by_chain(comparison, label) for label in comparison.chain_elpd]


def _by_chain(comparison: "Comparison", label: str) -> str:
    """How far the comparison of a model rests on which of its chains is believed."""
    table = comparison.table.set_index("model")
    best = comparison.table["model"].iloc[0]
    rival = comparison.table["model"].iloc[1] if label == best else best
    # what is written decides what is said of it
    lead = np.round(comparison.chain_elpd[label] - table.loc[rival, "elpd"], 1)
    low, high = float(lead.min()), float(lead.max())
    if low < 0 < high:
        return (
            f"Its chains disagree about the comparison too: {label} minus {rival} is {amount(low)} to {amount(high)}, chain"
            " by chain."
        )
    near, far = sorted((abs(low), abs(high)))
    if far == 0:
        return f"Each chain of {label} alone puts it level with {rival}."
    side = "ahead of" if high > 0 else "behind"
    if near == 0:
        return f"Each chain of {label} alone puts it at most {amount(far)} {side} {rival}."
    how_far = f"{amount(near)} to {amount(far)}" if amount(near) != amount(far) else f"about {amount(near)}"
    return f"Each chain of {label} alone puts it {how_far} {side} {rival}."


def _unreliable_weights(comparison: "Comparison") -> list[str]:
    unreliable = comparison.table[comparison.table["k_warnings"] > 0]
    if unreliable.empty:
        return []
    data = comparison.fits[0].data
    by_person = comparison.unit == "participant"
    one, n = ("participant", data.n_participants) if by_person else (data.observation, len(data.participant))
    which = ", ".join(f"{row['model']} ({row['k_warnings']} of {n:,} {one}s)" for _, row in unreliable.iterrows())
    left = any((found.unreliable & ~found.table["refitted"]).any() for found in comparison.new_persons)
    end = "; refit=True (--refit) fits again without each of them." if left else "."
    return [f"Some importance weights are unreliable (Pareto k): {which}{end}"]


def _target(comparison: "Comparison") -> str:
    if comparison.unit == "participant":
        return "the responses of a new participant"
    # effects of items are known from other trials with the same items, as persons' values are
    known = any(ITEM_EFFECTS in f.sampled["posterior"] for f in comparison.fits)
    return (
        f"a new {comparison.fits[0].data.observation} of these {'participants and items' if known else 'participants'}"
    )


def _describes(comparison: "Comparison") -> str:
    return "predicts" if comparison.unit == "participant" else "describes"


def _leads(close: list[Gap]) -> str:
    """By how much the best model leads models that are not clearly behind."""
    level, ahead = [g for g in close if g.written_zero], [g for g in close if not g.written_zero]
    parts = [f"is level with {_list([f'{g.model}, {g}' for g in level])}"] if level else []
    return _list([*parts, *([f"leads {_list([f'{g.model} by {g}' for g in ahead])}"] if ahead else [])])


def _are(several: list[Gap]) -> str:
    return "is" if len(several) == 1 else "are"


def _each(several: list[Gap]) -> str:
    return _list([f"{g.model} (by {g})" for g in several])


def _list(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def evidence_words(comparison: "Comparison") -> tuple[str, ...]:
    """What the log evidence of hierarchical models says, and how far it rests on the width of priors; one a sentence."""
    if len(comparison.evidence) < 2:
        return ()
    labels = comparison.table["model"].tolist()
    found = sorted(zip(labels, comparison.evidence, strict=True), key=lambda pair: -pair[1].log_evidence)
    (best, first), (rival, second) = found[:2]
    gap = first.log_evidence - second.log_evidence
    error = math.hypot(first.error, second.error)
    ratio = f" (a Bayes factor of {math.exp(gap):.2g})" if gap < _WRITTEN else ""
    words = [f"By log evidence {best} leads {rival} by {gap:.1f} ± {error:.1f}, the Monte Carlo error{ratio}."]
    if gap < 2 * error:
        words.append("That is within two such errors: which has more evidence was not computed well enough to say.")
    moved = [name for name, other in found[1:] if _moved(first, other)]
    shown = _scaled_words(first, second)
    if rival in moved:
        words.append(f"That Bayes factor rests on the width of the priors: the difference is {shown}.")
    else:
        words.append(f"Other priors would not change that: the difference is {shown}.")
    if moved and moved != [rival]:
        rest = _list([name for name in moved if name != rival])
        words.append(f"So does that against {rest}." if rival in moved else f"That against {rest} rests on them.")
    return tuple(words)


def _moved(first: "HierarchicalEvidence", other: "HierarchicalEvidence") -> bool:
    """Whether other widths of the priors take away more than half of a lead."""
    gap = first.log_evidence - other.log_evidence
    return min(first.scaled[factor] - other.scaled[factor] for factor in first.scaled) < gap / 2


def _scaled_words(first: "HierarchicalEvidence", second: "HierarchicalEvidence") -> str:
    scaled = {factor: first.scaled[factor] - second.scaled[factor] for factor in first.scaled}
    return " and ".join(f"{value:.1f} with all prior scales times {factor:g}" for factor, value in scaled.items())
