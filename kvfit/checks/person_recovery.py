"""Check that the estimates of simulated persons follow their true values, for every task."""

from collections.abc import Callable
from typing import Any

import numpy as np

from kvfit.checks.prior_points import PriorPoints
from kvfit.checks.result import CheckResult
from kvfit.inference.maximum_likelihood import PersonObjective, best_start, own_prior

_N_PERSONS = 40
_STARTS = 2
#: Correlation of true and estimated values below which the responses say next to nothing about a parameter.
_LOWEST_CORRELATION = 0.3


def person_recovery(
    bench: PriorPoints, simulate: Callable[[np.ndarray, np.random.Generator], Any], responses: str
) -> CheckResult:
    """Correlate MAP estimates of 40 simulated persons with their true values, parameter by parameter.

    Parameters
    ----------
    bench : PriorPoints
    simulate : callable
        ``simulate(x, rng)``: design with the responses of one person with unconstrained values ``(parameter,)``.
    responses : str
        What each person did, for the message.
    """
    rng = bench.rng(9)
    truth = bench.location + bench.scale * np.clip(rng.normal(size=(_N_PERSONS, bench.location.size)), -2, 2)
    estimate = np.empty_like(truth)
    for person, x in enumerate(truth):
        objective = PersonObjective(bench.model, simulate(x, rng), own_prior(bench.model))
        estimate[person] = best_start(objective, _STARTS, rng)
    r = [float(np.corrcoef(truth[:, k], estimate[:, k])[0, 1]) for k in range(truth.shape[1])]
    shown = ", ".join(f"{p.name} {value:.2f}" for p, value in zip(bench.model.parameters, r, strict=True))
    return CheckResult(
        "recovery of persons",
        bool(min(r) > _LOWEST_CORRELATION),
        f"correlation of true and MAP values over {_N_PERSONS} simulated persons with {responses} (fails below"
        f" {_LOWEST_CORRELATION}): {shown}",
    )
