"""Checks that a model has a value, or says never, at the ends of what its parameters accept."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from kvfit.checks.bench import Bench
from kvfit.checks.recognition.bench import RecognitionBench, answered
from kvfit.checks.result import CheckResult
from kvfit.parameters import Parameter
from kvfit.recall.likelihood import list_log_likelihood, simulate_responses

#: probabilities at an end may lose digits to cancellation, but stay probabilities
_TOLERANCE = 1e-6


def edge_values(parameter: Parameter) -> list[float]:
    """Finite ends of a support that belong to it with the nearest numbers inside, and numbers 1e-12 from every finite end.

    Next to an end that does not belong to it, a reciprocal may be infinite. Empty for real numbers.
    """
    tried: list[float] = []
    if parameter.support != "real":
        tried += [0.0, float(np.nextafter(0.0, 1.0))] if parameter.contains(0.0) else []
        tried.append(1e-12)
    if parameter.support == "unit":
        tried.append(1.0 - 1e-12)
        tried += [float(np.nextafter(1.0, 0.0)), 1.0] if parameter.contains(1.0) else []
    return tried


def edges_of_recall(bench: Bench) -> CheckResult:
    """Score and simulate lists with each parameter at and beside its ends, the others at the prior's centre."""
    design, problems, n = bench.varied, [], 0
    for where, within, values in _edges(bench, bench.model.all_parameters, design.n_participants):
        n += 1
        with np.errstate(all="ignore"):
            found = list_log_likelihood(bench.model, design, values)
            simulated = _error(lambda v=values: simulate_responses(bench.model, design, v, bench.rng(10)))
        if np.isnan(found).any() or (found > _TOLERANCE).any():
            problems.append(f"{where}: no log-likelihood at {np.isnan(found).mean():.0%} of the lists")
        elif simulated and within:
            problems.append(f"{where}: {simulated}")
    return _result(n, problems)


def edges_of_recognition(bench: RecognitionBench) -> CheckResult:
    """Probabilities and simulation with each parameter at and beside its ends, the others at the prior's centre."""
    design, problems, n = bench.empty(1, 2), [], 0
    design = answered(design, 1 + np.arange(design.n_observations) % design.n_categories)
    for where, within, values in _edges(bench, bench.model.all_parameters, 1):
        n += 1
        with np.errstate(all="ignore"):
            table = np.exp(bench.model.log_probabilities(design, values))
            scored = bench.model.log_likelihood(design, {name: v[None] for name, v in values.items()})
            simulated = _error(lambda v=values: bench.model.simulate(design, v, bench.rng(10)))
        # written so that NaN fails
        if not np.all(np.abs(table.sum(axis=-1) - 1.0) < _TOLERANCE):
            problems.append(f"{where}: the probabilities of the categories do not sum to 1")
        elif np.isnan(scored).any() or (scored > _TOLERANCE).any():
            problems.append(f"{where}: no log-likelihood at {np.isnan(scored).mean():.0%} of the responses")
        elif simulated and within:
            problems.append(f"{where}: {simulated}")
    return _result(n, problems)


def _edges(
    bench: Bench | RecognitionBench, parameters: tuple[Parameter, ...], n: int
) -> Iterator[tuple[str, bool, Mapping[str, Any]]]:
    """Each point in words, whether an end that belongs to the support is there or beside it, and the values.

    Beside an end that does not belong to it, values may be refused.
    """
    centre = {name: np.full(n, float(value)) for name, value in bench.natural(bench.location).items()}
    for p in parameters:
        for value in edge_values(p):
            yield f"{p.name} = {value!r}", bool(p.contains(round(value))), {**centre, p.name: np.full(n, value)}


def _error(call: Any) -> str:
    try:
        call()
    except ValueError as error:
        return str(error).splitlines()[0]
    return ""


def _result(n: int, problems: list[str]) -> CheckResult:
    if problems:
        shown = "; ".join(problems[:5])
        return CheckResult("edges", False, f"fails at {len(problems)} of {n} points at the ends of supports: {shown}")
    detail = (
        f"at {n} points at and beside the ends of what the parameters accept, responses can be scored and simulated"
    )
    return CheckResult("edges", True, detail)
