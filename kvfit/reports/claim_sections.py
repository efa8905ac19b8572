"""Sections on claims: what was decided, new people, which model people use, and whether the method could have told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from kvfit.comparison.claims import LARGEST_MISTAKE, Decision, Discernment
from kvfit.comparison.compare import Comparison
from kvfit.comparison.contrasts import Contrast
from kvfit.comparison.errors import DECISIVE_ERRORS, SMALLEST_DIFFERENCE
from kvfit.comparison.evidence import Evidence
from kvfit.comparison.families import FamilyDecision
from kvfit.recovery.confuse import Confusion
from kvfit.reports.columns import COMPARISON, Column
from kvfit.reports.comparison_words import notes
from kvfit.reports.figures.comparison import comparison_figure
from kvfit.reports.figures.recovery import choice_figure
from kvfit.reports.figures.style import model_styles
from kvfit.reports.own_section import Section, SectionFigure, SectionTable

_CONTRAST_COLUMNS = (
    Column("first", "First model"),
    Column("second", "Second model"),
    Column("level", "What is predicted"),
    Column(
        "difference",
        "Difference",
        "First minus second, in units of log predictive density (elpd; AIC: minus half of it), summed over participants:"
        " positive if the first predicts better.",
        1,
        signed=True,
    ),
    Column("error", "SE", "Standard error of the difference, over participants.", 1),
    Column("persons", "People for the first", "Participants whom the first predicts better, of all."),
)
_SIMULATED_COLUMNS = (
    Column("true", "True model"),
    Column("rival", "Rival"),
    Column(
        "lead",
        "Simulated lead of the true model",
        "Its AIC advantage over the rival (in units of log-likelihood) in experiments like this one that were simulated"
        " from it: mean and, in the next column, standard deviation over experiments.",
        0,
        signed=True,
    ),
    Column("spread", "SD", "", 0),
    Column(
        "observed",
        "Lead in the data",
        "The same for the real responses. Far from what both models' simulations give, it says that the data are like those"
        " of neither; but where true values are estimates of single people, they differ more between people than people"
        " do, which widens simulated leads.",
        0,
        signed=True,
    ),
    Column("found", "Finds it", "Chance that such an experiment decides for the true model.", 3),
    Column("missed", "Decides for the rival", "Chance that it decides for the other one.", 3),
    Column("alone", "Single people", "Share of single participants whose own data choose the true model.", 2),
)
_INTEGRAL_COLUMNS = (
    Column("model", "Model"),
    Column("points", "Fewest points", "What the worst person's importance sample is worth, in independent points.", 0),
    Column(
        "inner",
        "Largest k of integrals",
        "Pareto k of integrating a person's parameters out. Above its limit the integral may miss part of that person's"
        " likelihood, such as a second mode, and come out too low.",
        2,
    ),
    Column("bad_inner", "People above", "Participants above the limit.", 0),
    Column("outer", "Largest k of leaving out", "Pareto k of predicting a person without that person's responses.", 2),
    Column("bad_outer", "People above it", "Participants above the limit.", 0),
)
_EVIDENCE_COLUMNS = (
    Column("model", "Model"),
    Column("frequency", "Share of people", "Posterior mean of the share of the population that uses this model.", 2),
    Column("lower", "from", "90 % interval of that share.", 2),
    Column("upper", "to", "", 2),
    Column("exceedance", "Exceedance", "Probability that the model is more frequent than every other.", 2),
    Column("protected", "Protected", "The same, allowing for all models being equally frequent. Report this one.", 2),
    Column("log_evidence", "Log evidence", "Summed over participants, each alone under the parameters' own priors.", 1),
    Column("log_bf", "Log Bayes factor", "Against the model with most evidence, as if all people used one model.", 1),
    Column("log_bf_half", "prior halved", "With all prior scales halved.", 1),
    Column("log_bf_double", "prior doubled", "With all prior scales doubled.", 1),
    Column("n_best", "People", "Participants for whom it has most evidence.", 0),
)


def claims_section(
    decisions: Sequence[Decision | FamilyDecision],
    contrasts: Mapping[str, Mapping[tuple[str, str], Contrast]],
    known: Mapping[tuple[str, str], Discernment],
    observed: Mapping[tuple[str, str], float],
) -> Section:
    """What the data decide.

    Parameters
    ----------
    decisions : sequence of Decision or FamilyDecision
    contrasts : mapping
        By level (in words), and by pair of models.
    known : mapping of (str, str) to Discernment
    observed : mapping of (str, str) to float
        Lead of the first model in the real data by the criterion of the simulations.
    """
    rows = [
        {
            "first": first,
            "second": second,
            "level": level,
            "difference": c.total,
            "error": c.error,
            "persons": f"{c.persons_first} of {c.persons}",
        }
        for level, pairs in contrasts.items()
        for (first, second), c in pairs.items()
    ]
    table = pd.DataFrame(rows).sort_values(["first", "second"], kind="stable")
    tables = [SectionTable("Differences between the models of each claim", table, _CONTRAST_COLUMNS)]
    if known:
        tables.append(
            SectionTable("Simulated experiments of this design", simulated_table(known, observed), _SIMULATED_COLUMNS)
        )
    rule = (
        "A claim is about families: every published form of one side meets every form of the other. The answer is that of"
        " each side's best form; where some pairs of forms answer for one side and some for the other, it depends on the"
        f" form. A claim counts as decided if the best forms differ by more than {DECISIVE_ERRORS:g} standard errors over"
        f" participants (more where they are few, by Student's t) and {SMALLEST_DIFFERENCE:g} units on every level asked,"
        " and if simulated experiments of the same"
        f" design would give the same answer in no more than {100 * LARGEST_MISTAKE:.0f} % of cases had the other model been"
        " right. The simulations choose by AIC after maximum likelihood, the comparison by predictions of hierarchical fits:"
        " AIC charges every person for a parameter that is not needed, which hierarchical fits do not, so that a simpler"
        " model is found more easily by AIC. Where the lead in the data is unlike that in data simulated from either model,"
        " the better one predicts better and describes neither. A decision is between two models as built here;"
        " the better one need not be true. No allowance is made for asking several questions of the same data."
    )
    return Section(
        "claims",
        "What the data decide",
        (rule,),
        tuple((one.headline, " ".join([*one.reasons, one.claim.caveat]).strip()) for one in decisions),
        tuple(tables),
    )


def simulated_table(
    known: Mapping[tuple[str, str], Discernment], observed: Mapping[tuple[str, str], float]
) -> pd.DataFrame:
    """What simulated experiments say of each pair, a row a true model."""
    rows = []
    for (first, second), d in known.items():
        lead = observed.get((first, second), float("nan"))
        for true, rival, sign, k, (found, missed) in (
            (first, second, 1, 0, d.for_first),
            (second, first, -1, 1, d.for_second[::-1]),
        ):
            rows.append(
                {
                    "true": true,
                    "rival": rival,
                    "lead": sign * d.lead[k],
                    "spread": d.spread[k],
                    "observed": sign * lead,
                    "found": found,
                    "missed": missed,
                    "alone": d.persons[k],
                }
            )
    return pd.DataFrame(rows)


def new_people_section(comparison: Comparison) -> Section:
    """A comparison by participant, beside the page's own one by list or trial."""
    table = comparison.table
    names = table["model"].tolist()
    figure = comparison_figure(table, {name: name for name in names}, model_styles(names))
    text = "; ".join(
        f"{row['model']} {row['elpd_diff']:.1f} (standard error {row['dse']:.1f})" for _, row in table.iterrows()
    )
    return Section(
        "new-people",
        "New people",
        (
            "The same fits, asked another question: how well does each model predict all responses of a person of whom"
            " nothing is known but that he or she comes from the same population? One observation is a participant, whose"
            " own parameters were integrated out.",
            comparison.verdict(),
            *(note for note in notes(comparison) if "Pareto-k" in note),
        ),
        tables=(
            SectionTable("Models compared on new people, best first", table, COMPARISON),
            SectionTable("How well persons were integrated out", _integrals(comparison), _INTEGRAL_COLUMNS),
        ),
        figures=(
            SectionFigure(
                figure, "How far each model is behind the best one, for new people",
                f"Difference in elpd, standard errors over participants: {text}.",
                "Thick line: 1 standard error of the difference over participants; thin line: 2.",
            ),
        ),
    )  # fmt: skip


def _integrals(comparison: Comparison) -> pd.DataFrame:
    rows = [
        {
            "model": name,
            "points": found.table["effective_points"].min(),
            "inner": found.table["inner_k"].max(),
            "bad_inner": int((found.table["inner_k"] > float(found.loo.good_k)).sum()),
            "outer": found.table["pareto_k"].max(),
            "bad_outer": int((found.table["pareto_k"] > float(found.loo.good_k)).sum()),
        }
        for name, found in zip(comparison.table["model"], comparison.new_persons, strict=True)
    ]
    return pd.DataFrame(rows)


def model_use_section(found: Evidence) -> Section:
    """Which model people use: random-effects selection."""
    how = {"importance": "importance sampling", "laplace": "Laplace's method"}[found.method]
    return Section(
        "model-use",
        "Which model people use",
        (
            "If every person may use another of these models, how frequent is each? Evidence for each participant alone"
            f" under the parameters' own priors ({how}), and random-effects model selection over participants (Stephan et"
            " al. 2009, NeuroImage 46, 1004–1017; Rigoux et al. 2014, NeuroImage 84, 971–985).",
            found.verdict(),
        ),
        tables=(SectionTable("Model frequencies", found.table, _EVIDENCE_COLUMNS),),
    )


def confusion_section(found: Confusion) -> Section:
    """Whether this design could have told the models apart."""
    short = {name: name for name in found.models}
    drawings = []
    for level, what in (("group", "data sets"), ("person", "single participants")):
        table = found.table(level)  # type: ignore[arg-type]
        text = "; ".join(
            f"{row['generator']} taken for {row['chosen']} in {row['count']} of {row['n']}"
            for _, row in table[table["count"] > 0].iterrows()
        )
        drawings.append(
            SectionFigure(
                choice_figure(table, short),
                f"Confusion matrix of {what}",
                f"{text}.",
                f"How often {what} simulated from each model (rows) are best described by each (columns; by"
                f" {found.criterion.upper()}). Empty: never.",
            )
        )
    return Section("confusion", "Would the truth have been found?", (found.verdict(),), figures=tuple(drawings))
