"""Checks that fitting simulated lists leads back to what was simulated."""

import numpy as np
from scipy.stats import chi2

from kvfit.checks.bench import LIST_LENGTH, Bench, lay_out
from kvfit.checks.person_recovery import person_recovery
from kvfit.checks.probabilities import FALSE_ALARM
from kvfit.checks.result import CheckResult
from kvfit.inference.maximum_likelihood import PersonObjective, best_start
from kvfit.recall.design import RecallDesign
from kvfit.recall.likelihood import simulate_responses

_N_LISTS = 400
_N_FRESH = 4000
_STARTS = 3
_PERSON_LISTS = 100
_PERSON_LENGTH = 16


def _simulated(bench: Bench, x: np.ndarray, n_items: int, n_lists: int, rng: np.random.Generator) -> RecallDesign:
    """Design that holds lists simulated at one point."""
    similarity = bench.similarity
    if similarity is not None and n_items > len(similarity):
        similarity = rng.uniform(-0.2, 0.9, (n_items, n_items))
    empty = lay_out([(n_items, [[]] * n_lists)], similarity)
    drawn = simulate_responses(bench.model, empty, bench.natural(x[None, :]), rng)
    return lay_out([(n_items, [(row[row > 0] - 1).tolist() for row in drawn])], similarity)


def recovers(bench: Bench) -> CheckResult:
    """Fit 400 simulated lists: the estimates must be as good as the truth, and predict nearly the same.

    Twice the gain in log-likelihood over the truth follows a chi-square distribution with one degree of
    freedom a parameter, and so does twice the loss on fresh lists, in units of the fitted number of lists.
    """
    rng = bench.rng(8)
    truth = bench.points(2, 0.7, rng)[1]
    design = _simulated(bench, truth, LIST_LENGTH, _N_LISTS, rng)
    objective = PersonObjective(bench.model, design)
    estimate = best_start(objective, _STARTS, rng)
    fitted, true = objective.likelihood.values(np.array([estimate, truth]))
    gain = fitted - true
    fresh = _simulated(bench, truth, LIST_LENGTH, _N_FRESH, rng)
    loss = bench.log_likelihood(fresh, truth[None, :]) - bench.log_likelihood(fresh, estimate[None, :])
    limit = float(chi2.isf(FALSE_ALARM, truth.size)) / 2.0
    allowed_loss = limit / _N_LISTS + 5.0 * float(loss.std()) / np.sqrt(_N_FRESH)
    passed = -0.01 <= gain <= limit and loss.mean() <= allowed_loss
    distance = np.abs(estimate - truth) / bench.scale
    far = bench.model.parameters[int(np.argmax(distance))].name
    return CheckResult(
        "recovery",
        bool(passed),
        f"fitted to {_N_LISTS} simulated lists of {LIST_LENGTH}, log-likelihood exceeds the truth's by"
        f" {gain:.2f} (allowed: 0 to {limit:.1f}); on {_N_FRESH} fresh lists it loses {loss.mean():.4f} a list"
        f" (at most {allowed_loss:.4f}); the estimates lie within {distance.max():.2f} prior sd of the truth"
        f" (farthest: {far})",
    )


def recovers_persons(bench: Bench) -> CheckResult:
    """Estimate 40 simulated persons; see :func:`kvfit.checks.person_recovery.person_recovery`."""
    return person_recovery(
        bench,
        lambda x, rng: _simulated(bench, x, _PERSON_LENGTH, _PERSON_LISTS, rng),
        f"{_PERSON_LISTS} lists of {_PERSON_LENGTH} each",
    )
