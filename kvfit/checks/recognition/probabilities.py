"""Checks that response probabilities are probabilities, and that the simulator follows them."""

import numpy as np
from scipy.stats import chi2

from kvfit.checks.probabilities import FALSE_ALARM, SUM_TOLERANCE
from kvfit.checks.recognition.bench import OTHER_SCALES, RecognitionBench, answered, bind_to, person_sums
from kvfit.checks.result import CheckResult

_N_POINTS = 40
_N_SIMULATED = 30_000
_LEAST_EXPECTED = 10.0


def sum_to_one(bench: RecognitionBench) -> CheckResult:
    """Sum the probabilities of all categories, on the bench's scale and on others, over the prior."""
    worst, scales = 0.0, [bench.model.scale]
    benches = [bench]
    scales += [scale for scale in OTHER_SCALES if scale != bench.model.scale]
    benches += [RecognitionBench(bind_to(bench.model, scale), bench.seed) for scale in scales[1:]]
    for one in benches:
        x = one.points(_N_POINTS, 3.0, one.rng(2))
        table = one.model.log_probabilities(one.empty(_N_POINTS, 1), one.natural(x))
        if table.shape[-1] != one.model.scale.n_categories:
            shown = f"{table.shape[-1]} categories on a scale of {one.model.scale.n_categories}"
            return CheckResult("probabilities", False, f"probabilities of {shown}")
        worst = max(worst, float(np.abs(np.exp(table).sum(axis=-1) - 1.0).max()), float(table.max()))
    shown = ", ".join(str(scale.n_categories) for scale in scales)
    return CheckResult(
        "probabilities",
        # written so that NaN fails
        bool(worst < SUM_TOLERANCE),
        f"on scales of {shown} categories probabilities lie between 0 and 1 and sum to 1 within {worst:.1e} at"
        f" {_N_POINTS} points of the prior",
    )


def counting_agrees(bench: RecognitionBench) -> CheckResult:
    """Score trials one by one, by cell, and participant by participant: the sums must be the same."""
    design = bench.varied
    x = bench.points(design.n_participants, 2.0, bench.rng(3))
    values = bench.natural(x)
    table = bench.model.log_probabilities(design, values)
    by_cell = person_sums(design, table)
    draws = {name: np.stack([v, v]) for name, v in values.items()}
    units = bench.model.log_likelihood(design, draws)
    trial = units[1, design.unit_of_observation]
    by_trial = np.bincount(design.participant[design.cell_of_trial], trial, minlength=design.n_participants)
    alone = [
        float(bench.model.objective(design.one_participant(person)).values(x[person : person + 1])[0])
        for person in range(design.n_participants)
    ]
    error = max(float((np.abs(v - by_cell) / (1 + np.abs(by_cell))).max()) for v in (by_trial, np.array(alone)))
    return CheckResult(
        "cells",
        bool(error < SUM_TOLERANCE),
        f"{design.n_observations:,} trials scored one by one, in {design.n_cells} cells, and for each of"
        f" {design.n_participants} participants alone agree within {error:.1e}",
    )


def simulation_agrees(bench: RecognitionBench) -> CheckResult:
    """Compare frequencies of simulated responses with their probabilities, by a chi-square test in every cell."""
    rng = bench.rng(4)
    empty = bench.empty(3, _N_SIMULATED)
    values = bench.natural(bench.points(3, 1.5, rng))
    design = answered(empty, bench.model.simulate(empty, values, rng))
    expected = _N_SIMULATED * np.exp(bench.model.log_probabilities(design, values))
    p_values = [_chi_square(found, e) for found, e in zip(design.counts, expected, strict=True)]
    # the lowest of several p-values is below a limit this much more often than one
    limit = FALSE_ALARM / len(p_values)
    return CheckResult(
        "simulation",
        bool(min(p_values) > limit),
        f"{_N_SIMULATED:,} simulated responses in each of {design.n_cells} cells at 3 points follow the probabilities;"
        f" lowest p = {min(p_values):.2g} (chi-square; fails below {limit:.1g})",
    )


def _chi_square(found: np.ndarray, expected: np.ndarray) -> float:
    """p-value, with the rarest categories put together until they are expected ten times."""
    order = np.argsort(expected)
    n_pooled = int(np.searchsorted(np.cumsum(expected[order]), _LEAST_EXPECTED)) + 1
    pooled, alone = order[:n_pooled], order[n_pooled:]
    if not alone.size:
        return 1.0
    found = np.append(found[alone], found[pooled].sum())
    expected = np.append(expected[alone], expected[pooled].sum())
    return float(chi2.sf(((found - expected) ** 2 / expected).sum(), found.size - 1))
