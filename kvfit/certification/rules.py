"""What a model must pass. Stated once, for the code and for the pages."""

#: Allowed share of maximum-likelihood searches without a finite optimum, and of calibration's fits that break.
MOST_FAILED = 0.02
#: Share of calibration's fits that may fail the sampler's checks: a posterior that cannot be sampled is not calibrated,
#: whatever its ranks.
MOST_UNSOUND = 0.05
#: Fewest simulated data sets of calibration: 50 find a posterior that is .3 sd off in 8 % of cases, 200 in 60 %.
FEWEST_SIMULATIONS = 200
#: Fewest persons of recovery: with fewer, hardly anything could fail.
FEWEST_PERSONS = 50
#: Probability that calibration calls any quantity of a sound model miscalibrated (Holm): with 17 models, a false alarm of
#: 5 % each would be expected in one of them.
FALSE_ALARM = 0.01
#: A 90 % interval of the posterior must hold the truth in 85 to 95 %: failed where this is excluded with 99 %.
COVERAGE, COVERAGE_SLACK, COVERAGE_CERTAINTY = 0.9, 0.05, 0.99

RULES: dict[str, str] = {
    "golden": (
        "Every published number, or number of an independent implementation, is found within the tolerance that stands"
        " with it in `kvfit/certification/golden/`. Where nobody published numbers, the equations are computed a second time"
        " by other means (`kvfit/certification/references.py`) and must agree. Models for which there is neither say so."
    ),
    "checks": (
        "Every check of `kvfit.check_model` passes: documented; probabilities sum to 1 (over all recall sequences of a short"
        " list, or all response categories); simulation follows the likelihood; NumPy and PyTensor agree; gradients equal"
        " finite differences; finite over the prior; simulated responses are fitted as well as by the truth."
    ),
    "behaviour": (
        "A description: curves of people drawn from the prior, for free recall with those of people in a published"
        " experiment over them. A prior that leaves published behaviour out would decide comparisons before the data do."
    ),
    "recovery": (
        f"At least {FEWEST_PERSONS} persons simulated from the prior are estimated by maximum likelihood, and at most"
        f" {MOST_FAILED:.0%} of the estimates fail. How well parameters are found again is a description of this design and"
        " decides nothing: parameters that it hardly informs are no error of the model."
    ),
    "calibration": (
        f"Simulation-based calibration of the hierarchical posterior on at least {FEWEST_SIMULATIONS} data sets, of which at"
        f" most {MOST_FAILED:.0%} may break and at most {MOST_UNSOUND:.0%} may fail the sampler's checks (divergences,"
        " r-hat, effective draws): the ranks of all quantities are uniform (POT-C of ArviZ, adjusted by Holm, limit"
        f" {FALSE_ALARM:g}). The page says how large an error would be seen."
    ),
    "coverage": (
        f"From the same fits: each parameter's {COVERAGE:.0%} posterior intervals of single persons hold the truth in"
        f" {COVERAGE - COVERAGE_SLACK:.0%} to {COVERAGE + COVERAGE_SLACK:.0%} of cases, unless chance explains the"
        f" difference: it fails where its {COVERAGE_CERTAINTY:.0%} interval (over data sets) lies outside. Intervals of"
        " maximum likelihood are approximations whose errors are those of few responses; theirs is described."
    ),
    "identification": (
        "A description: how well single persons' values are found again, which responses tell a parameter (its Fisher"
        " information, divided among kinds of responses), and which other parameter is missed with it."
    ),
    "timing": (
        "A description: likelihood and gradient of one person as point estimates use them, against a matrix product timed in"
        " the same run."
    ),
}
