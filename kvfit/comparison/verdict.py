"""What a comparison says, in one or two sentences."""

import math
from typing import TYPE_CHECKING, Any

from kvfit.items import ITEM_EFFECTS

if TYPE_CHECKING:
    from kvfit.comparison.compare import Comparison

#: A difference of fewer standard errors than this is called undecided. 4 elpd units are the usual floor below which the
#: normal approximation of the difference is not to be trusted (Sivula et al. 2025, Bayesian Analysis).
DECISIVE_ERRORS = 2.0
SMALLEST_DIFFERENCE = 4.0
#: largest log Bayes factor that is also written as a ratio
_WRITTEN = 20.0


def verdict(comparison: "Comparison") -> str:
    """One or two sentences: what the data favour, and how sure that is."""
    t = comparison.table
    data = comparison.fits[0].data
    best = t["model"].iloc[0]
    if len(t) == 1:
        return f"Only one model was given: {best}."
    second = t.iloc[1]
    gap, error = -second["elpd_diff"], second["dse"]
    if clearly_worse(second):
        words = (
            f"{best} predicts {_target(comparison)} better than {second['model']}, by {gap:.0f}"
            f" ± {error:.0f} units of log predictive density, and {_describes(comparison)} {int(t['n_best'].iloc[0])} of"
            f" {data.n_participants} participants best."
        )
    else:
        rivals = [r["model"] for _, r in t.iloc[1:].iterrows() if not clearly_worse(r)]
        names = " and ".join([", ".join([best, *rivals[:-1]]), rivals[-1]])
        words = (
            f"The data do not decide between {names}: {best} leads {second['model']} by {gap:.0f} ± {error:.0f} units of"
            f" log predictive density{' for new participants' if comparison.unit == 'participant' else ''}, less than"
            f" {DECISIVE_ERRORS:g} standard errors or {SMALLEST_DIFFERENCE:g} units."
        )
    unreliable = t[t["k_warnings"] > 0]
    untrusted = [f.label for f in comparison.fits if not f.diagnostics.passed]
    if untrusted:
        words += f" Treat this as provisional: sampling of {', '.join(untrusted)} did not pass its checks."
        words += "".join(f" {_by_chain(comparison, label)}" for label in comparison.chain_elpd)
    elif len(unreliable):
        by_person = comparison.unit == "participant"
        one, n = ("participant", data.n_participants) if by_person else (data.observation, len(data.participant))
        which = ", ".join(f"{r['model']} ({r['k_warnings']} of {n:,} {one}s)" for _, r in unreliable.iterrows())
        words += f" Some importance weights are unreliable (Pareto k): {which}"
        left = any((found.unreliable & ~found.table["refitted"]).any() for found in comparison.new_persons)
        words += "; refit=True (--refit) fits again without each of them." if left else "."
    return words


def _by_chain(comparison: "Comparison", label: str) -> str:
    """How far the comparison of a model rests on which of its chains is believed."""
    table = comparison.table.set_index("model")
    best = comparison.table["model"].iloc[0]
    rival = comparison.table["model"].iloc[1] if label == best else best
    lead = comparison.chain_elpd[label] - table.loc[rival, "elpd"]
    low, high = sorted((lead.min(), lead.max()), key=abs)
    if lead.min() < 0 < lead.max():
        between = f"{lead.min():.0f} to {lead.max():.0f}"
        return f"Its chains disagree about the comparison too: {label} minus {rival} is {between}."
    ahead = "ahead of" if high > 0 else "behind"
    return f"Each chain of {label} alone puts it {abs(low):.0f} to {abs(high):.0f} {ahead} {rival}."


def clearly_worse(row: Any) -> bool:
    """Whether a row of the table is behind the best model by more than its error and more than a few units."""
    gap = -row["elpd_diff"]
    return bool(gap > DECISIVE_ERRORS * row["dse"] and gap > SMALLEST_DIFFERENCE)


def _target(comparison: "Comparison") -> str:
    if comparison.unit == "participant":
        return "the responses of a new participant"
    # effects of items are known from other trials with the same items, as persons' values are
    known = any(ITEM_EFFECTS in f.tree["posterior"] for f in comparison.fits)
    return (
        f"a new {comparison.fits[0].data.observation} of these {'participants and items' if known else 'participants'}"
    )


def _describes(comparison: "Comparison") -> str:
    return "predicts" if comparison.unit == "participant" else "describes"


def evidence_words(comparison: "Comparison") -> tuple[str, ...]:
    """What the log evidence of hierarchical models says, and how far it rests on the width of priors; one a sentence."""
    if len(comparison.evidence) < 2:
        return ()
    labels = comparison.table["model"].tolist()
    found = sorted(zip(labels, comparison.evidence, strict=True), key=lambda pair: -pair[1].log_evidence)
    (best, first), (rival, second) = found[:2]
    gap = first.log_evidence - second.log_evidence
    error = (first.error**2 + second.error**2) ** 0.5
    words = [
        f"By log evidence {best} leads {rival} by {gap:.1f} ± {error:.1f}"
        + (f" (a Bayes factor of {math.exp(gap):.2g})." if gap < _WRITTEN else ".")
    ]
    scaled = {factor: first.scaled[factor] - second.scaled[factor] for factor in first.scaled}
    shown = " and ".join(f"{value:.1f} with all prior scales times {factor:g}" for factor, value in scaled.items())
    if min(scaled.values()) < gap / 2:
        words.append(f"That Bayes factor rests on the width of the priors: the difference is {shown}.")
    else:
        words.append(f"Other priors would not change that: the difference is {shown}.")
    return tuple(words)
