"""Checks that fitting simulated responses leads back to what was simulated."""

import numpy as np
from scipy.stats import chi2

from kvfit.checks.person_recovery import person_recovery
from kvfit.checks.probabilities import FALSE_ALARM
from kvfit.checks.recognition.bench import RecognitionBench, answered
from kvfit.checks.result import CheckResult
from kvfit.inference.maximum_likelihood import PersonObjective, best_start
from kvfit.recognition.design import RecognitionDesign

_N_TRIALS = 2000
_STARTS = 4
_PERSON_TRIALS = 120


def _simulated(bench: RecognitionBench, x: np.ndarray, n_trials: int, rng: np.random.Generator) -> RecognitionDesign:
    """Design with `n_trials` responses in each cell, simulated at one point."""
    empty = bench.empty(1, n_trials)
    return answered(empty, bench.model.simulate(empty, bench.natural(x[None, :]), rng))


def recovers(bench: RecognitionBench) -> CheckResult:
    """Fit simulated responses: the estimates must be as good as the truth, and give nearly the same probabilities.

    Twice the gain in log-likelihood over the truth follows a chi-square distribution with one degree of freedom a
    parameter, and so does, nearly, twice the expected loss on as many fresh responses, which is computed exactly.
    """
    rng = bench.rng(8)
    truth = bench.points(2, 0.7, rng)[1]
    design = _simulated(bench, truth, _N_TRIALS, rng)
    objective = PersonObjective(bench.model, design)
    estimate = best_start(objective, _STARTS, rng)
    fitted, true = objective.likelihood.values(np.array([estimate, truth]))
    gain = fitted - true
    at_truth, at_estimate = (
        bench.model.log_probabilities(design, bench.natural(x[None, :])) for x in (truth, estimate)
    )
    loss = _N_TRIALS * float((np.exp(at_truth) * (at_truth - at_estimate)).sum())
    limit = float(chi2.isf(FALSE_ALARM, truth.size)) / 2.0
    distance = np.abs(estimate - truth) / bench.scale
    far = bench.model.parameters[int(np.argmax(distance))].name
    return CheckResult(
        "recovery",
        bool(-0.01 <= gain <= limit and loss <= limit),
        f"fitted to {_N_TRIALS} simulated responses in each of {design.n_cells} cells, log-likelihood exceeds the"
        f" truth's by {gain:.2f} (allowed: 0 to {limit:.1f}); on as many fresh responses it loses {loss:.2f} (at most"
        f" {limit:.1f}); the estimates lie within {distance.max():.2f} prior sd of the truth (farthest: {far})",
    )


def recovers_persons(bench: RecognitionBench) -> CheckResult:
    """Estimate 40 simulated persons; see :func:`kvfit.checks.person_recovery.person_recovery`."""
    return person_recovery(
        bench, lambda x, rng: _simulated(bench, x, _PERSON_TRIALS, rng), f"{_PERSON_TRIALS} trials in each cell"
    )
