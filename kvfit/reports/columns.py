"""What the columns of the report's tables are called, what they mean, and how their values are written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real

MINUS = "\u2212"
MISSING = "–"


@dataclass(frozen=True)
class Column:
    """One column: key in the data frame, heading, meaning in plain words, and decimals.

    `decimals` is None for three significant digits, and `signed` writes a plus where there is one.
    """

    key: str
    label: str
    meaning: str = ""
    decimals: int | None = None
    signed: bool = False


COMPARISON = (
    Column("rank", "Rank", "1 is the model that predicts best."),
    Column("model", "Model"),
    Column(
        "elpd",
        "elpd",
        "Expected log predictive density: the log probability that the model gives to observations it was"
        " not fitted to, summed over observations and estimated by leave-one-out cross-validation"
        " (PSIS-LOO). Higher, that is nearer to zero, is better.",
        1,
    ),
    Column(
        "elpd_diff",
        "Difference",
        "elpd of this model minus elpd of the best one: 0 for the best, negative for the others.",
        1,
        signed=True,
    ),
    Column(
        "dse",
        "SE over participants",
        "Standard error of that difference over participants, who are what was sampled; there is none for a single one."
        " A difference of less than two standard errors (more with few participants), or of less than 4, does not separate"
        " two models.",
        1,
    ),
    Column(
        "dse_trials",
        "SE over lists or trials",
        "Standard error of the same difference over lists or trials, as if those of one person were independent evidence:"
        " usually too small. With a single participant it is the only one, and says nothing of other people.",
        1,
    ),
    Column(
        "weight",
        "Stacking weight",
        "The share that each model gets in the mixture that would predict best. Two models that say the"
        " same share their weight; it is not the probability that a model is true.",
        2,
    ),
    Column(
        "p",
        "Effective parameters (p)",
        "Effective number of parameters: how far the fit bends to the data. Partial pooling keeps it"
        " below the number of parameters counted over participants.",
        1,
    ),
    Column(
        "k_warnings",
        "Pareto-k warnings",
        "Observations for which the leave-one-out estimate is unreliable because the fit depends too much"
        " on them. A handful is harmless; many make elpd too optimistic.",
        0,
    ),
    Column(
        "n_best",
        "Participants best described",
        "Participants for whom this model has the highest elpd of all models compared.",
        0,
    ),
    Column(
        "mc_error",
        "Monte Carlo error",
        "Error of elpd that comes from integrating persons out by sampling. It should be small beside the differences.",
        2,
    ),
    Column(
        "log_evidence",
        "Log evidence",
        "Log probability of all responses under the hierarchical model, every parameter integrated out under its prior."
        " Differences are log Bayes factors. Unlike elpd it keeps falling as priors are made wider.",
        1,
    ),
    Column("evidence_error", "Its error", "Monte Carlo error of the log evidence.", 2),
    Column(
        "aic",
        "AIC",
        "Akaike's criterion from the maximum-likelihood fits of every participant, summed. Lower is better.",
        1,
    ),
    Column(
        "bic",
        "BIC",
        "The Bayesian information criterion from the same fits; it asks more of each further parameter."
        " Lower is better.",
        1,
    ),
)

DIAGNOSTICS = (
    Column("model", "Model"),
    Column("sampler", "Sampler", "Program that drew from the posterior, or maximum likelihood."),
    Column(
        "divergences",
        "Divergences",
        "Steps on which the sampler lost the shape of the posterior. Should be 0.",
        0,
    ),
    Column("rhat_max", "Largest r\u2011hat", "Disagreement between chains; below 1.01 is good.", 3),
    Column(
        "ess_bulk_min",
        "Smallest bulk ESS",
        "Independent draws that the worst parameter's centre is worth; above 400 is good.",
        0,
    ),
    Column(
        "ess_tail_min",
        "Smallest tail ESS",
        "The same for the ends of its distribution, on which intervals rest; above 400 is good.",
        0,
    ),
    Column("seconds", "Time (s)", "Wall time of the fit, compiling included.", 0),
    Column(
        "failed_starts",
        "Failed ML starts",
        "Starting points from which the maximum-likelihood search did not converge; a participant keeps"
        " the best of the others.",
        0,
    ),
)


IDENTIFIABILITY = (
    Column("parameter", "Parameter"),
    Column(
        "contraction",
        "Contraction",
        "Share of the prior's variance that the data took away from the population's value: 1 the data decide, 0 the prior.",
        2,
    ),
    Column("spread_contraction", "of the spread", "The same for the spread between persons.", 2),
    Column(
        "person",
        "Persons",
        "Share of the differences between persons' estimates that is not noise; near 0 all lie at the population's value.",
        2,
    ),
    Column("correlated_with", "Correlated most with", "The parameter that is hardest to tell from this one."),
    Column("correlation", "r", "Their posterior correlation; beyond 0.9 they are told apart badly.", 2),
    Column(
        "prior_sensitivity",
        "Prior sensitivity",
        "How far the population's value moves when its prior is sharpened or blunted a little; above 0.05 it depends on it.",
        2,
    ),
    Column(
        "likelihood_sensitivity",
        "Data sensitivity",
        "The same when the data weigh a little more or less; below 0.05 they hardly matter.",
        2,
    ),
)


def effect_columns(interval: float) -> tuple[Column, ...]:
    """Columns of a table of effects whose intervals hold the probability `interval`."""
    percent = f"{100 * interval:g} %"
    return (
        Column("parameter", "Parameter"),
        Column("effect", "Effect"),
        Column("mean", "Mean", "Of the typical person, on the parameter's natural scale; differences of such values."),
        Column("interval", f"{percent} interval", f"The value or difference lies here with {percent} probability."),
        Column(
            "probability",
            "Probability of direction",
            "That the difference has the sign of its mean, given the model and the priors; 0.5 says nothing, 1 is certain.",
        ),
    )


def parameter_columns(interval: float) -> tuple[Column, ...]:
    """Columns of a parameter table whose intervals hold the probability `interval`."""
    percent = f"{100 * interval:g} %"
    return (
        Column("parameter", "Parameter"),
        Column("mean", "Population mean", "Posterior mean of the population's value, on the natural scale."),
        Column("interval", f"{percent} interval", f"The population's value lies here with {percent} probability."),
        Column("persons", "Persons, 10 to 90 %", "One person in ten lies below this range and one in ten above."),
    )


def item_columns(interval: float) -> tuple[Column, ...]:
    """Columns of a table of effects of items; see `parameter_columns`."""
    return (
        Column("effect", "Items move"),
        Column(
            "sd",
            "SD over items",
            "Standard deviation of the items' effects on the unconstrained scale that persons' effects have too (logarithm,"
            " log odds, or the parameter's own): 0 if all items were alike.",
        ),
        Column("interval", f"{100 * interval:g} % interval", "Of that standard deviation."),
        Column(
            "items",
            "Items, 10 to 90 %",
            "Values of the parameter, for a person at the population's value: one item in ten lies below this range and one"
            " in ten above.",
        ),
    )


def write_value(value: object, column: Column) -> str:
    """Write a value as the table shows it: a true minus sign, a dash where there is none."""
    if value is None or (isinstance(value, Real) and not math.isfinite(value)):
        return MISSING
    if isinstance(value, bool) or not isinstance(value, Real):
        return str(value)
    if column.decimals is None and not isinstance(value, Integral):
        return significant(float(value))
    sign = "+" if column.signed and float(value) > 0 else ""
    text = f"{float(value):{sign},.{column.decimals or 0}f}"
    # Rounded to nothing: no sign.
    return text.lstrip("+-") if not text.strip("+-0.") else text.replace("-", MINUS)


def significant(value: float, digits: int = 3) -> str:
    """Write a number with three significant digits and without an exponent where that can be read."""
    if not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    text = f"{value:.{digits - 1}e}" if not -4 <= size < 7 else f"{value:.{max(digits - 1 - size, 0)}f}"
    return text.replace("-", MINUS)
