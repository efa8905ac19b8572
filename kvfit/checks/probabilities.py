"""Are the numbers probabilities, does the compiled core compute them, and does the simulator follow them?"""

import numpy as np
from scipy.stats import chi2

from kvfit.checks.bench import ENUMERATED, LIST_LENGTH, SHORTER, Bench, every_sequence, lay_out
from kvfit.checks.result import CheckResult
from kvfit.kernels.reference import event_probabilities, list_log_likelihood
from kvfit.recall.likelihood import simulate_responses

SUM_TOLERANCE = 1e-10
_N_POINTS = 40
_N_SIMULATED = 30_000
#: Probability with which a sound model fails a statistical check.
FALSE_ALARM = 1e-6


def sum_to_one(bench: Bench) -> CheckResult:
    """All ways to recall a list of four have total probability 1, and so have the next responses at every output."""
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
    row_error = core_error = 0.0
    lowest = 0.0
    for index, cell in enumerate(varied.list_participant):
        args = (
            core,
            tables,
            int(cell),
            int(varied.cell_length[cell]),
            varied.recalled[varied.offsets[index] : varied.offsets[index + 1]],
            bench.similarity,
        )
        rows = event_probabilities(*args)
        row_error = max(row_error, float(np.abs(rows.sum(axis=1) - 1.0).max()))
        lowest = min(lowest, float(rows.min()))
        literal = list_log_likelihood(*args)
        core_error = max(core_error, abs(compiled[index] - literal) / (1.0 + abs(literal)))
    # max() drops NaN, so finiteness is asked for by name
    finite = bool(np.isfinite(compiled).all())
    passed = finite and lowest >= 0.0 and max(total_error, row_error, core_error) < SUM_TOLERANCE
    floors = "" if not bench.model.event_floor else "; the floor of event probabilities was off"
    return CheckResult(
        "probabilities",
        bool(passed),
        f"the {len(sequences)} recall sequences of a list of {ENUMERATED} sum to 1 within {total_error:.1e} at"
        f" {_N_POINTS} points of the prior; next responses sum to 1 within {row_error:.1e} at every output of"
        f" {varied.n_lists} lists of {SHORTER} and {LIST_LENGTH}; compiled core and literal evaluation differ by"
        f" {core_error:.1e}{'' if finite else '; some log-likelihoods are not finite'}{floors}",
    )


def list_length_respected(bench: Bench) -> CheckResult:
    """A list scores the same alone as beside longer lists: tables depend on its own length."""
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
    """Frequencies of simulated recall sequences follow the likelihood (chi-square over all sequences of a list of four).

    Of 40 points of the prior, the three at which recall varies most are simulated: there a disagreement shows best.
    """
    rng = bench.rng(4)
    x = bench.points(_N_POINTS, 1.5, rng)
    sequences = every_sequence(ENUMERATED)
    design = lay_out([(ENUMERATED, sequences)] * _N_POINTS, bench.similarity)
    ll = bench.log_likelihood(design, x, floored=False).reshape(_N_POINTS, len(sequences))
    entropy = -(np.exp(ll) * ll).sum(axis=1)
    code = {sequence: index for index, sequence in enumerate(sequences)}
    p_values = []
    for point in np.argsort(entropy)[-3:]:
        empty = lay_out([(ENUMERATED, [[]] * _N_SIMULATED)], bench.similarity)
        values = bench.natural(x[point : point + 1])
        drawn = simulate_responses(bench.model, empty, values, rng)
        patterns, counts = np.unique(drawn, axis=0, return_counts=True)
        found = np.zeros(len(sequences))
        for pattern, count in zip(patterns.tolist(), counts, strict=True):
            sequence = tuple(position - 1 for position in pattern if position > 0)
            if sequence not in code:
                return CheckResult("simulation", False, f"simulated positions {pattern} are no recall of a list of {ENUMERATED}")
            found[code[sequence]] += count
        p_values.append(_chi_square(found, _N_SIMULATED * np.exp(ll[point])))
    lowest = min(p_values)
    return CheckResult(
        "simulation",
        bool(lowest > FALSE_ALARM),
        f"{_N_SIMULATED:,} simulated lists of {ENUMERATED} at each of 3 points follow the likelihood's probabilities of"
        f" the {len(sequences)} recall sequences with p = {', '.join(f'{p:.2g}' for p in p_values)}"
        f" (chi-square; fails below {FALSE_ALARM:g})",
    )


def _chi_square(found: np.ndarray, expected: np.ndarray) -> float:
    """p-value, with sequences expected fewer than ten times put together."""
    rare = expected < 10.0
    found = np.append(found[~rare], found[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    if expected[-1] < 10.0:
        # too little for the chi-square distribution: judged as Poisson through its normal bound, else left out
        if found[-1] > expected[-1] + 6.0 * np.sqrt(expected[-1]) + 6.0:
            return 0.0
        found, expected = found[:-1], expected[:-1]
    if found.size < 2:
        return float("nan")
    return float(chi2.sf(((found - expected) ** 2 / expected).sum(), found.size - 1))
