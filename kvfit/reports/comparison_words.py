"""What a comparison asked, how it was answered, and what limits it, in words for the page."""

import numpy as np

from kvfit.comparison.compare import Comparison
from kvfit.comparison.errors import SMALLEST_DIFFERENCE, needed_words
from kvfit.comparison.new_person import NewPerson
from kvfit.reports.citations import EVIDENCE_REFERENCES, NEW_PERSON_REFERENCES
from kvfit.reports.content import Citation

#: participants from which the normal approximation of a difference's error is usually good (Sivula et al. 2025)
_MANY = 100


def observation(comparison: Comparison) -> str:
    """What one observation is, and what its prediction means."""
    data = comparison.fits[0].data
    one = data.observation
    if comparison.unit == "participant":
        return (
            "all responses of one participant. The comparison asks how well each model predicts a new person, of whom"
            " nothing is known but that he or she comes from the same population. It speaks of people in general; a model"
            " that only fits these persons' peculiarities gains nothing."
        )
    return (
        f"{data.observation_words}. The comparison asks how well each model predicts a further {one} of these same"
        f" participants, given their other {one}s; it does not speak of new participants."
    )


def methods(comparison: Comparison) -> tuple[str, ...]:
    """Paragraphs on how predictive accuracy and evidence were computed."""
    one = "participant" if comparison.unit == "participant" else comparison.fits[0].data.observation
    first = (
        f"Predictive accuracy is the expected log pointwise predictive density (elpd) for one left-out {one}, estimated by"
        f" Pareto-smoothed importance sampling (PSIS-LOO); weights are stacking weights.{_how_errors(comparison)} Bands are"
        " quantiles, over simulated data sets of the same design, of the mean over participants."
    )
    found = [first]
    if comparison.unit == "participant":
        found.append(
            "A participant's likelihood was marginal: for each posterior draw of the population the person's own parameters"
            " were integrated out by importance sampling, with multivariate t proposals (5 degrees of freedom) around the"
            " person's posterior. Otherwise leaving a person out would leave in parameters that only this person's"
            " responses inform." + _refits(comparison)
        )
    if comparison.evidence:
        found.append(
            "The log evidence of each hierarchical model was computed by bridge sampling over the population's parameters,"
            " persons' own parameters integrated out by importance sampling; its priors are those in the tables above,"
            " for the spread between persons half-normal with 0.6 times the scale of a person's prior."
        )
    return tuple(found)


def _how_errors(comparison: Comparison) -> str:
    """How the standard errors of differences were computed, and when a difference was called decided."""
    data = comparison.fits[0].data
    n, one = data.n_participants, data.observation
    if len(comparison.table) == 1:
        return ""
    if n < 2 and comparison.unit == "participant":
        return " With one participant differences have no standard error."
    if n < 2:
        return (
            f" Standard errors of differences are over the {one}s of the only participant: sqrt(n) times the standard"
            " deviation of their differences."
        )
    how = (
        f" Standard errors of differences are over participants: sqrt({n}) times the standard deviation of the participants'"
        " summed differences (cluster-robust)."
    )
    if comparison.unit == "trial":
        how += f" Those over {one}s, which take {one}s of one participant as independent, are given beside them."
    decided = (
        f"A difference was called decided if it was larger than {needed_words(n)} and {SMALLEST_DIFFERENCE:g} units."
    )
    return f"{how} {decided}"


def _refits(comparison: Comparison) -> str:
    n = sum(int(found.table["refitted"].sum()) for found in comparison.new_persons)
    return (
        f" {n} predictions, whose importance weights were unreliable, came from fits without that person." if n else ""
    )


def notes(comparison: Comparison) -> tuple[str, ...]:
    """Limits that a reader should know."""
    data = comparison.fits[0].data
    one = data.observation
    bad = bool((comparison.table["k_warnings"] > 0).any())
    found = [_errors_of_differences(comparison)] if len(comparison.table) > 1 else []
    if comparison.unit == "participant":
        found += [_reliability(f.label, p) for f, p in zip(comparison.fits, comparison.new_persons, strict=True)]
        if bad:
            found.append(
                "Participants with Pareto-k warnings are so unlike the others that the population without them cannot be"
                " had by reweighting the population with them: their elpd is rough, and rather too high."
            )
    elif bad:
        found.append(
            f"For some {one}s the importance weights of PSIS-LOO are unreliable (see the column on Pareto k): their elpd is"
            " rough."
        )
    found.append(
        "A difference in favour of one model is about these models, priors and data: it does not show that the better model"
        " is true."
    )
    return tuple(found)


def _errors_of_differences(comparison: Comparison) -> str:
    """What the errors rest on, and what they leave out."""
    data = comparison.fits[0].data
    one, n = data.observation, data.n_participants
    if n < 2:
        if comparison.unit == "participant":
            return "With a single participant differences have no standard error: nothing is decided about people."
        return (
            f"With a single participant differences have a standard error over {one}s only, which takes them as independent:"
            " it says how far a result rests on chance in this person's responses, and nothing about other people."
        )
    words = f"The standard error of a difference rests on {n} participants"
    if n < _MANY:
        words += (
            f"; with fewer than about {_MANY}, and with one or two who differ from all others, it is itself rough, and"
            f" usually too small. What counts as decided allows for their number ({needed_words(n)})"
        )
    if comparison.unit == "participant":
        return f"{words}."
    return (
        f"{words}. The error over {one}s takes those of one participant as independent, which they are not. Both are about"
        f" further {one}s of these participants: how well new people are predicted, compare by participant."
    )


def _reliability(label: str, found: NewPerson) -> str:
    t = found.table
    points, worst = float(t["effective_points"].min()), float(t["inner_k"].max())
    if not np.isfinite(worst):
        return f"{label} has no parameters of persons to integrate out."
    return (
        f"Integrating persons out of {label}: importance samples were worth at least {points:,.0f} independent points, their"
        f" Pareto k was at most {worst:.2f}, and the Monte Carlo error of the summed elpd is {found.total_error:.2f}."
    )


def references(comparison: Comparison) -> tuple[Citation, ...]:
    """Besides those of every comparison."""
    found: tuple[Citation, ...] = NEW_PERSON_REFERENCES if comparison.unit == "participant" else ()
    return (*found, *(EVIDENCE_REFERENCES if comparison.evidence else ()))
