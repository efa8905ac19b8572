"""Checks that likelihoods are probabilities, computed rightly and followed by the simulator."""

import numpy as np
from scipy.stats import chi2

from kvfit.checks.bench import ENUMERATED, LIST_LENGTH, SHORTER, Bench, every_sequence, lay_out
from kvfit.checks.result import CheckResult
from kvfit.kernels.reference import event_probabilities, list_log_likelihood
from kvfit.recall.likelihood import simulate_responses

SUM_TOLERANCE = 1e-10
_N_POINTS = 40
_N_SIMULATED = 30_000
_LEAST_EXPECTED = 10.0
#: Probability with which a sound model fails a statistical check.
FALSE_ALARM = 1e-6


def sum_to_one(bench: Bench) -> CheckResult:
    """Sum the probabilities of all ways to recall a list, and of the next responses at every output."""
    rng = bench.rng(2)
    x = bench.points(_N_POINTS, 3.0, rng)
    sequences = every_sequence(ENUMERATED)
    design = lay_out([(ENUMERATED, sequences)] * _N_POINTS, bench.similarity)
    ll = bench.log_likelihood(design, x, floored=False).reshape(_N_POINTS, len(sequences))
    total_error = float(np.abs(np.exp(ll).sum(axis=1) - 1.0).max())

    varied = bench.varied
    x = bench.points(varied.n_participants, 3.0, rng)
    core, tables = bench.core(varied.n_positions, floored=False), bench.tables(varied, x)
    compiled = bench.log_likelihood(varied, x, floored=False)
    literal, sums, lowest = [], [], []
    for index, cell in enumerate(varied.list_participant.tolist()):
        recalls = varied.recalled[varied.offsets[index] : varied.offsets[index + 1]]
        args = (core, tables, cell, int(varied.cell_length[cell]), recalls, bench.similarity)
        rows = event_probabilities(*args)
        sums.append(rows.sum(axis=1))
        lowest.append(rows.min())
        literal.append(list_log_likelihood(*args))
    row_error = float(np.abs(np.concatenate(sums) - 1.0).max())
    core_error = float((np.abs(compiled - literal) / (1.0 + np.abs(literal))).max())
    # comparisons are written so that NaN fails
    passed = all(error < SUM_TOLERANCE for error in (total_error, row_error, core_error)) and min(lowest) >= 0.0
    floors = "; the floor of event probabilities was off" if bench.model.event_floor else ""
    return CheckResult(
        "probabilities",
        passed,
        f"the {len(sequences)} recall sequences of a list of {ENUMERATED} sum to 1 within {total_error:.1e}"
        f" at {_N_POINTS} points of the prior; next responses sum to 1 within {row_error:.1e} at every output"
        f" of {varied.n_lists} lists of {SHORTER} and {LIST_LENGTH}; compiled core and literal evaluation"
        f" differ by {core_error:.1e}{floors}",
    )


def list_length_respected(bench: Bench) -> CheckResult:
    """Score lists alone and beside longer ones: the tables of a list depend on its own length only."""
    recalls = [[], [0], [SHORTER - 1, 0, 2], list(range(SHORTER))]
    x = bench.points(2, 2.0, bench.rng(3))[1:]
    alone = lay_out([(SHORTER, recalls)], bench.similarity)
    beside = lay_out([(SHORTER, recalls), (LIST_LENGTH, recalls)], bench.similarity)
    expected = bench.log_likelihood(alone, x)
    found = bench.log_likelihood(beside, np.repeat(x, 2, axis=0))[: len(recalls)]
    error = float(np.abs(found - expected).max())
    return CheckResult(
        "list lengths",
        bool(error < SUM_TOLERANCE),
        f"lists of {SHORTER} scored alone and beside lists of {LIST_LENGTH} differ by {error:.1e}"
        + ("" if error < SUM_TOLERANCE else "; use list_length, not n_positions, for distances from the end"),
    )


def simulation_agrees(bench: Bench) -> CheckResult:
    """Compare frequencies of simulated recall sequences with the likelihood, by a chi-square test.

    Of 40 points of the prior, three are simulated: where recall varies most, and at the upper quartile and the
    median. Where it varies less, few sequences are left to compare. All sequences of a list of four are counted.
    """
    rng = bench.rng(4)
    x = bench.points(_N_POINTS, 1.5, rng)
    sequences = every_sequence(ENUMERATED)
    design = lay_out([(ENUMERATED, sequences)] * _N_POINTS, bench.similarity)
    ll = bench.log_likelihood(design, x, floored=False).reshape(_N_POINTS, len(sequences))
    entropy = -(np.exp(ll) * np.maximum(ll, -1e3)).sum(axis=1)  # impossible sequences add nothing
    code = {sequence: index for index, sequence in enumerate(sequences)}
    p_values = []
    for point in np.argsort(entropy)[[_N_POINTS // 2, 3 * _N_POINTS // 4, _N_POINTS - 1]]:
        empty = lay_out([(ENUMERATED, [[]] * _N_SIMULATED)], bench.similarity)
        values = bench.natural(x[point : point + 1])
        drawn = simulate_responses(bench.model, empty, values, rng)
        patterns, counts = np.unique(drawn, axis=0, return_counts=True)
        found = np.zeros(len(sequences))
        for pattern, count in zip(patterns.tolist(), counts, strict=True):
            sequence = tuple(position - 1 for position in np.trim_zeros(pattern, "b"))
            if sequence not in code:
                return CheckResult(
                    "simulation",
                    False,
                    f"simulated positions {pattern} are no recall of a list of {ENUMERATED}",
                )
            found[code[sequence]] += count
        p_values.append(_chi_square(found, _N_SIMULATED * np.exp(ll[point])))
    lowest = min(p_values)
    return CheckResult(
        "simulation",
        bool(lowest > FALSE_ALARM),
        f"{_N_SIMULATED:,} simulated lists of {ENUMERATED} at each of 3 points follow the likelihood's"
        f" probabilities of the {len(sequences)} recall sequences with p ="
        f" {', '.join(f'{p:.2g}' for p in p_values)} (chi-square; fails below {FALSE_ALARM:g})",
    )


def _chi_square(found: np.ndarray, expected: np.ndarray) -> float:
    """p-value, with the rarest sequences put together until they are expected ten times."""
    order = np.argsort(expected)
    n_pooled = int(np.searchsorted(np.cumsum(expected[order]), _LEAST_EXPECTED)) + 1
    n_pooled = max(n_pooled, int((expected < _LEAST_EXPECTED).sum()))
    pooled, alone = order[:n_pooled], order[n_pooled:]
    found = np.append(found[alone], found[pooled].sum())
    expected = np.append(expected[alone], expected[pooled].sum())
    return float(chi2.sf(((found - expected) ** 2 / expected).sum(), found.size - 1))
