"""Compiled response probabilities of key-value recognition (equations: :mod:`kvfit.recognition.evidence.key_value`).

One pass gives the probability of responses below every criterion and its derivatives, so that NumPy and PyTensor run the
same code. As a graph of PyTensor the same integrals took three times as long to compile.

Names: a row is a cell of the design (of one draw). ``T`` is the probability of a response below a criterion, its
derivatives stand in the order of `INPUTS`.
"""

import math

import numpy as np
from numba import njit

from kvfit.kernels.vector_math import FAST, LOG2E, exp2v
from kvfit.recognition.evidence.average import LAPSE
from kvfit.recognition.evidence.probit_table import CRITERIA

#: What the probability below a criterion depends on; `place` is the position among the rows of the tables: how much the
#: gain, or how much similarity, spreads the matches of the other keys.
INPUTS = ("place", "own_mean", "own_sd", "threshold", "noise", "criterion")
#: What recognition reads.
BOTH, KEY, VALUE = 0, 1, 2

_PLACE, _MEAN, _SD, _THRESHOLD, _NOISE, _CRITERION = range(6)
_N = len(INPUTS)
_LOW, _WIDTH = float(CRITERIA[0]), float(CRITERIA[-1] - CRITERIA[0])

#: Nodes of the two integrals, and where the integrand is steep.
_N_OUTER, _N_INNER, _N_STEEP = 20, 18, 40
#: Spread of the own match below which the outer integrand is steep, and its ratio to the noise of recollection above which
#: the inner one is.
_STEEP_SD, _STEEP_RATIO = 0.6, 2.6


def _nodes(n):  # type: ignore[no-untyped-def]
    """Gauss-Legendre nodes on (0, 1) for `n` points and, behind them, for steep integrands."""
    rules = [np.polynomial.legendre.leggauss(one) for one in (n, _N_STEEP)]
    return np.concatenate([(x + 1.0) / 2.0 for x, _ in rules]), np.concatenate([w / 2.0 for _, w in rules])


_U, _W = _nodes(_N_OUTER)
#: Nodes on (0, 1), closer together at 0 (where the others' sum alone reaches the criterion), and their weights.
_OUTER, _OUTER_WEIGHT = _U**3, 3.0 * _U**2 * _W
_INNER, _V = _nodes(_N_INNER)
_INNER_WEIGHT = _V / np.sqrt(2.0 * np.pi)
#: Probits below the criterion that the outer integral covers.
_COVERED = 6.0
#: Standard normal nodes for averages without a criterion.
_Z = np.linspace(-4.5, 4.5, 19)
_Z_WEIGHT = np.exp(-0.5 * _Z**2) / np.exp(-0.5 * _Z**2).sum()
#: Beyond it the normal density is too small to matter.
_FAR = 5.2
#: Beyond it hardly any of the normal distribution lies (1e-19).
_FURTHEST = 9.0
_SMALLEST_GAP = 1e-8
_SMALLEST_WIDTH = 1e-6
#: Log odds of recollection beyond which it is certain.
_FURTHEST_ODDS = 600.0


@njit(nogil=True)
def _phi(z):  # type: ignore[no-untyped-def]
    return math.exp(-0.5 * z * z) * 0.3989422804014327


@njit(nogil=True)
def _Phi(z):  # type: ignore[no-untyped-def]
    return 0.5 * math.erfc(-z * 0.7071067811865476)


@njit(nogil=True)
def _cubic(position, n):  # type: ignore[no-untyped-def]
    """First of four coefficients, their weights and slopes: a cubic B-spline of `n` points, linear beyond them."""
    index = min(max(math.floor(position), 0.0), n - 2.0)
    t = position - index
    s = min(max(t, 0.0), 1.0)
    b, r = t - s, 1.0 - s
    slopes = (-0.5 * r * r, s * (1.5 * s - 2.0), r * (2.0 - 1.5 * r), 0.5 * s * s)
    weights = (
        r * r * r / 6.0 + b * slopes[0],
        2.0 / 3.0 + s * s * (0.5 * s - 1.0) + b * slopes[1],
        2.0 / 3.0 + r * r * (0.5 * r - 1.0) + b * slopes[2],
        s * s * s / 6.0 + b * slopes[3],
    )
    return int(index), weights, slopes


@njit(nogil=True)
def _read(table, place, at):  # type: ignore[no-untyped-def]
    """Value of a table of coefficients ``(place + 2, probit + 2)`` and its slopes along both."""
    row, u, du = _cubic(place, table.shape[0] - 2)
    step = _WIDTH / (table.shape[1] - 3)
    column, v, dv = _cubic((at - _LOW) / step, table.shape[1] - 2)
    value, by_place, by_at = 0.0, 0.0, 0.0
    for i in range(4):
        along, slope = 0.0, 0.0
        for j in range(4):
            near = table[row + i, column + j]
            along += v[j] * near
            slope += dv[j] * near
        value += u[i] * along
        by_place += du[i] * along
        by_at += u[i] * slope
    return value, by_place, by_at / step


@njit(inline="always", fastmath=FAST, error_model="numpy")
def _fails(y, rest, sd, threshold, noise):  # type: ignore[no-untyped-def]
    """Probability of no recollection at a standardised own match `y`, minus its slope over u, and the log odds u."""
    u = min(max((sd * (y - rest) - threshold) / noise, -_FURTHEST_ODDS), _FURTHEST_ODDS)
    fails = 1.0 / (1.0 + exp2v(LOG2E * u))
    return fails, fails * (1.0 - fails), u


# without its check of divisors by zero LLVM turns the loop into vector instructions
@njit(nogil=True, fastmath=FAST, error_model="numpy")
def _no_recollection(own, rest, sd, threshold, noise):  # type: ignore[no-untyped-def]
    """Probability that the own match stays below `own` and nothing is recollected; slopes over all arguments."""
    open_end = -_FAR + _SMALLEST_WIDTH < own < _FAR
    width = max(min(own, _FAR) + _FAR, _SMALLEST_WIDTH)
    total, by_width, by_u, by_y, by_uu = 0.0, 0.0, 0.0, 0.0, 0.0
    steep = sd > _STEEP_RATIO * noise
    for i in range(_N_INNER if steep else 0, _N_INNER + _N_STEEP if steep else _N_INNER):
        node = _INNER[i]
        y = width * node - _FAR
        weight = _INNER_WEIGHT[i] * exp2v(-0.5 * LOG2E * y * y)
        fails, slope, u = _fails(y, rest, sd, threshold, noise)
        total += weight * fails
        falls = weight * slope
        by_width -= node * (y * weight * fails + falls * sd / noise)
        by_u -= falls
        by_y -= falls * (y - rest)
        by_uu -= falls * u
    by_own = total + width * by_width if open_end else 0.0
    scale = width / noise
    return width * total, by_own, -sd * scale * by_u, scale * by_y, -scale * by_u, -scale * by_uu


@njit(nogil=True)
def _old_below(read, place, mean, sd, threshold, noise, criterion, reference, fewer, fewer_probit, out):  # type: ignore[no-untyped-def]
    """T of an old item, whose derivatives go to `out`.

    The sum of the other matches is integrated over, up to where it reaches the criterion alone; given it, the own match
    must stay below what is left.
    """
    at, at_place, at_criterion = _read(reference, place, criterion)
    end, end_place, end_criterion = _read(fewer_probit, place, criterion)
    if end > _FURTHEST:  # no mass lies beyond, and nodes that reach out there would miss what there is
        end, end_place, end_criterion = _FURTHEST, 0.0, 0.0
    lower, upper = min(end, 0.0), max(end, 0.0)
    N, W, N_end, W_end, N_place, N_at = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    N_mean, N_sd, N_threshold, N_noise = 0.0, 0.0, 0.0, 0.0
    steep = sd < _STEEP_SD
    for i in range(_N_OUTER if steep else 0, _N_OUTER + _N_STEEP if steep else _N_OUTER):
        z = end - (_COVERED + upper) * _OUTER[i]
        z_end = 1.0 - _OUTER[i] if end > 0.0 else 1.0
        weight = _OUTER_WEIGHT[i] * math.exp(0.5 * (lower * lower - z * z))
        rest, rest_place, rest_z = _read(fewer, place, z)
        gap = at - rest
        left_at, left_rest = 1.0, 0.0
        if gap > _SMALLEST_GAP:
            left_rest = -1.0 / math.expm1(min(gap, 600.0))
            left_at = 1.0 - left_rest
        else:
            gap = _SMALLEST_GAP
        own = (at + math.log(-math.expm1(-gap)) - mean) / sd
        if read == KEY:
            part, by_own = _Phi(own), _phi(own)
            by_rest, by_sd, by_threshold, by_noise = 0.0, 0.0, 0.0, 0.0
        else:
            part, by_own, by_rest, by_sd, by_threshold, by_noise = _no_recollection(
                own, (rest - mean) / sd, sd, threshold, noise
            )
        part_rest = (by_own * left_rest + by_rest) / sd
        slope = lower - z * z_end
        N += weight * part
        W += weight
        N_end += weight * (slope * part + part_rest * rest_z * z_end)
        W_end += weight * slope
        N_place += weight * part_rest * rest_place
        N_at += weight * by_own * left_at / sd
        N_mean -= weight * (by_own + by_rest) / sd
        N_sd += weight * (by_sd - (by_own * own + by_rest * (rest - mean) / sd) / sd)
        N_threshold += weight * by_threshold
        N_noise += weight * by_noise
    if W == 0.0:  # a criterion so low that the others' match alone is above it
        out[:] = 0.0
        return 0.0
    share, below = _Phi(end), N / W
    by_end = _phi(end) * below + share * (N_end - below * W_end) / W
    share /= W
    out[_PLACE] = by_end * end_place + share * (N_at * at_place + N_place)
    out[_CRITERION] = by_end * end_criterion + share * N_at * at_criterion
    out[_MEAN], out[_SD] = share * N_mean, share * N_sd
    out[_THRESHOLD], out[_NOISE] = share * N_threshold, share * N_noise
    return share * N


@njit(nogil=True)
def _rate(place, mean, sd, threshold, noise, fewer, out):  # type: ignore[no-untyped-def]
    """Probability of recollection of an old item, whose derivatives go to `out`."""
    out[:] = 0.0
    rate = 0.0
    for i in range(_Z.size):
        rest, rest_place, _ = _read(fewer, place, _Z[i])
        for j in range(_Z.size):
            weight = _Z_WEIGHT[i] * _Z_WEIGHT[j]
            fails, slope, u = _fails(_Z[j], (rest - mean) / sd, sd, threshold, noise)
            rate += weight * (1.0 - fails)
            rises = weight * slope / noise
            out[_PLACE] -= rises * rest_place
            out[_MEAN] += rises
            out[_SD] += rises * _Z[j]
            out[_THRESHOLD] -= rises
            out[_NOISE] -= rises * u
    return rate


@njit(nogil=True, cache=True)
def key_value_table(  # type: ignore[no-untyped-def]
    read, place, mean, sd, threshold, noise, criteria, old, kind, reference, fewer, fewer_probit, lures
):
    """Log probabilities of categories and derivatives of what lies below the criteria.

    Parameters
    ----------
    read : int
        `BOTH`, `KEY` or `VALUE`.
    place, mean, sd, threshold, noise : ndarray, shape (row,)
    criteria : ndarray, shape (row, criterion)
        NaN for one that is not needed: nothing is computed there, and no response falls between it and the one below.
    old, kind : ndarray, shape (cell,)
        Status of the cells, and which of the tables they read; rows go through them again and again.
    reference : ndarray, shape (place + 2, probit + 2)
        Quantiles of the sum of matches with the longest list; as the next ones it holds the coefficients of
        :func:`kvfit.recognition.evidence.spline.spline_coefficients`.
    fewer, fewer_probit, lures : ndarray, shape (kind, place + 2, probit + 2)
        Quantiles of the sum of an old item's other matches, its probits at the reference's quantiles, and those of a new
        item's sum. Probits of a table are equally distant over the range of `CRITERIA`.

    Returns
    -------
    log_probability : ndarray, shape (row, category)
    below_slopes : ndarray, shape (row, criterion, input)
    """
    n_rows, n_criteria = criteria.shape
    table, slopes = np.empty((n_rows, n_criteria + 1)), np.zeros((n_rows, n_criteria, _N))
    rate_slopes = np.empty(_N)
    total = 1.0 + LAPSE * (n_criteria + 1)
    for row in range(n_rows):
        cell = row % old.size
        rate = 0.0
        if read == VALUE and old[cell]:
            rate = _rate(place[row], mean[row], sd[row], threshold[row], noise[row], fewer[kind[cell]], rate_slopes)
        before = 0.0
        for k in range(n_criteria):
            c, out = criteria[row, k], slopes[row, k]
            if math.isnan(c):
                below = before
            elif read == VALUE:
                guess = _Phi(c)
                below = (1.0 - rate) * guess
                if old[cell]:
                    for i in range(_N):
                        out[i] = -guess * rate_slopes[i]
                out[_CRITERION] = (1.0 - rate) * _phi(c)
            elif old[cell]:
                below = _old_below(
                    read, place[row], mean[row], sd[row], threshold[row], noise[row], c,
                    reference, fewer[kind[cell]], fewer_probit[kind[cell]], out,
                )  # fmt: skip
            else:
                z, by_place, by_criterion = _read(lures[kind[cell]], place[row], c)
                below = _Phi(z)
                out[_PLACE], out[_CRITERION] = _phi(z) * by_place, _phi(z) * by_criterion
            # quadrature is not exact to the last digit, and no category may have less than no probability
            if below < before or below > 1.0:
                below = min(max(below, before), 1.0)
            table[row, k] = math.log((below - before + LAPSE) / total)
            before = below
        table[row, n_criteria] = math.log((1.0 - before + LAPSE) / total)
    return table, slopes


@njit(nogil=True, cache=True)
def key_value_pullback(table, slopes, cotangent):  # type: ignore[no-untyped-def]
    """Adjoints of the inputs ``(row,)``, of criteria ``(row, criterion)``, for cotangents ``(row, category)``."""
    n_rows, n_criteria, _ = slopes.shape
    inputs, criteria = np.zeros((_N - 1, n_rows)), np.empty((n_rows, n_criteria))
    total = 1.0 + LAPSE * (n_criteria + 1)
    for row in range(n_rows):
        for k in range(n_criteria):
            # T raises the category below the criterion and lowers the one above
            here = cotangent[row, k] / (total * math.exp(table[row, k]))
            weight = here - cotangent[row, k + 1] / (total * math.exp(table[row, k + 1]))
            for i in range(_N - 1):
                inputs[i, row] += weight * slopes[row, k, i]
            criteria[row, k] = weight * slopes[row, k, _CRITERION]
    return inputs[0], inputs[1], inputs[2], inputs[3], inputs[4], criteria
