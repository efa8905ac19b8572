"""Compiled distributions of summed key matches where every key has a mean of its own.

The sum of independent positive matches has the product of their Laplace transforms, so that its distribution function
follows from that product at the nodes of an inversion, whatever the means. Transforms of one match are read from a table
over the logarithm of its size; keys of nearly equal mean are taken together (`BIN`), with their sum unchanged.
"""

import math

import numpy as np
from numba import njit

from kvfit.kernels.vector_math import FAST

#: Width of a bin of similarities whose keys count as equally similar: at a pull of 16 their matches differ by a factor of
#: 1.6 at most, about a mean that is kept.
BIN = 0.03
#: Points at which a distribution function is computed.
N_POINTS = 27
#: Probit to which they go.
_END = 3.6
_TINY, _ALMOST = 0.5 * math.erfc(_END * math.sqrt(0.5)), 0.5 * math.erfc(-_END * math.sqrt(0.5))
#: Coefficient of variation below which moments are exact enough, and above which the inversion of low order is.
NARROW, WIDE = 0.04, 0.4


@njit(nogil=True)
def _bins(similarity, n_keys, pull, log_size, count):  # type: ignore[no-untyped-def]
    """Occupied bins: mean log size and number of keys; how many bins there are, and sums of sizes and of squares."""
    n_bins = int(round(2.0 / BIN)) + 3
    sums, found = np.zeros(n_bins), np.zeros(n_bins)
    first, second, seen = 0.0, 0.0, 0
    for s in similarity:
        if s != 0.0:
            size = math.exp(pull * s)
            at = int(round((s + 1.0) / BIN)) + 1
            sums[at] += size
            found[at] += 1.0
            first += size
            second += size * size
            seen += 1
    # an item without a similarity is unrelated to the probe
    at = int(round(1.0 / BIN)) + 1
    sums[at] += n_keys - seen
    found[at] += n_keys - seen
    n = 0
    for k in range(n_bins):
        if found[k] > 0.0:
            log_size[n], count[n] = math.log(sums[k] / found[k]), found[k]
            n += 1
    return n, first + n_keys - seen, second + n_keys - seen


@njit(nogil=True, fastmath=FAST, error_model="numpy")
def _add(total, rows, index, weights, count):  # type: ignore[no-untyped-def]
    """Add `count` times the interpolated logarithm of the transform at every node, real and imaginary parts."""
    a, b, c, d = count * weights[0], count * weights[1], count * weights[2], count * weights[3]
    low, left, right, high = rows[index - 1], rows[index], rows[index + 1], rows[index + 2]
    for k in range(total.size):
        total[k] += a * low[k] + b * left[k] + c * right[k] + d * high[k]


@njit(nogil=True)
def _below(x, log_size, count, n, table, low, step, weights, total):  # type: ignore[no-untyped-def]
    """Probability that the sum's logarithm is below `x`.

    ``table (size, 2 node)`` holds the logarithm of one match's transform, ``weights (2, node)`` the inversion's.
    """
    total[:] = 0.0
    n_nodes = weights.shape[1]
    for k in range(n):
        position = (log_size[k] - x - low) / step
        if position >= table.shape[0] - 3.0:
            return 0.0
        position = max(position, 1.0)
        index = int(position)
        t = position - index
        cubic = (
            -t * (t - 1.0) * (t - 2.0) / 6.0,
            (t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0,
            -(t + 1.0) * t * (t - 2.0) / 2.0,
            (t + 1.0) * t * (t - 1.0) / 6.0,
        )
        _add(total, table, index, cubic, count[k])
    value = 0.0
    for k in range(n_nodes):
        size, angle = math.exp(total[k]), total[n_nodes + k]
        value += size * (weights[0, k] * math.cos(angle) - weights[1, k] * math.sin(angle))
    return min(max(value, 0.0), 1.0)


@njit(nogil=True)
def _end(inside, outside, goal, log_size, count, n, table, low, step, weights, total):  # type: ignore[no-untyped-def]
    """Where the distribution function reaches `goal`, roughly: between a point inside and one outside of it."""
    for _ in range(9):
        middle = 0.5 * (inside + outside)
        value = _below(middle, log_size, count, n, table, low, step, weights, total)
        if (value > goal) == (outside < inside):
            inside = middle
        else:
            outside = middle
    return inside


@njit(nogil=True, cache=True)
def sum_distributions(similarity, n_keys, pulls, gain, tables, low, step, weights):  # type: ignore[no-untyped-def]
    """Distribution functions of the logarithm of ``sum_j exp(gain m_j)``, ``m_j ~ N(pull s_j / gain, 1)``.

    Parameters
    ----------
    similarity : ndarray, shape (probe, studied item)
        0 for items of unknown similarity, and beyond the number of keys.
    n_keys : ndarray of int, shape (probe,)
    pulls : ndarray, shape (pull,)
    gain : float
    tables : tuple of ndarray, shape (size, 2 node)
        For the inversions of low and of high order.
    low, step : tuple of float
        First log size and distance of sizes, of each.
    weights : tuple of ndarray, shape (2, node)

    Returns
    -------
    x : ndarray, shape (probe, pull, 2)
        First and last of `N_POINTS` equally distant points.
    values : ndarray, shape (probe, pull, point)
        Distribution function; negative where the sum hardly varies: then `x` holds the mean and the standard deviation of
        its logarithm.
    """
    n_probes, n_studied = similarity.shape
    x, values = np.empty((n_probes, pulls.size, 2)), np.empty((n_probes, pulls.size, N_POINTS))
    log_size, count = np.empty(n_studied + 2), np.empty(n_studied + 2)
    totals = (np.empty(tables[0].shape[1]), np.empty(tables[1].shape[1]))
    for i in range(n_probes):
        for j in range(pulls.size):
            n, first, second = _bins(similarity[i], n_keys[i], pulls[j], log_size, count)
            spread = math.expm1(gain * gain) * second / (first * first)
            variance = math.log1p(spread)
            middle = math.log(first) + 0.5 * (gain * gain - variance)
            if spread < NARROW * NARROW:
                x[i, j, 0], x[i, j, 1] = middle, math.sqrt(variance)
                values[i, j] = -1.0
                continue
            order = 0 if spread > WIDE * WIDE else 1
            table, total = tables[order], totals[order]
            arguments = (log_size, count, n, table, low[order], step[order], weights[order], total)
            sd = math.sqrt(variance)
            # from two points that hold the middle to both ends
            lower, upper = middle - sd, middle + sd
            while _below(lower, *arguments) > 0.4:
                lower -= sd
            while _below(upper, *arguments) < 0.6:
                upper += sd
            below, above = lower - 3.0 * sd, upper + 3.0 * sd
            while _below(below, *arguments) > _TINY:
                below -= 3.0 * sd
            while _below(above, *arguments) < _ALMOST:
                above += 3.0 * sd
            start = _end(upper, below, _TINY, *arguments)
            stop = _end(lower, above, _ALMOST, *arguments)
            x[i, j, 0], x[i, j, 1] = start, stop
            for k in range(N_POINTS):
                values[i, j, k] = _below(start + (stop - start) * k / (N_POINTS - 1), *arguments)
    return x, values


@njit(nogil=True)
def _slopes(x, y, n, slope):  # type: ignore[no-untyped-def]
    """Slopes of a monotone cubic interpolation: harmonic means of neighbours (Fritsch & Butland 1984)."""
    for k in range(1, n - 1):
        h, g = x[k] - x[k - 1], x[k + 1] - x[k]
        d, e = (y[k] - y[k - 1]) / h, (y[k + 1] - y[k]) / g
        a = (h + 2.0 * g) / (3.0 * (h + g))
        slope[k] = d * e / (a * e + (1.0 - a) * d) if d * e > 0.0 else 0.0
    slope[0] = (y[1] - y[0]) / (x[1] - x[0])
    slope[n - 1] = (y[n - 1] - y[n - 2]) / (x[n - 1] - x[n - 2])


@njit(nogil=True)
def _read(x, y, slope, n, at):  # type: ignore[no-untyped-def]
    """Monotone cubic interpolation, straight lines beyond the ends."""
    if at <= x[0]:
        few = min(3, n - 1)
        return y[0] + (y[few] - y[0]) / (x[few] - x[0]) * (at - x[0])
    if at >= x[n - 1]:
        few = max(n - 4, 0)
        return y[n - 1] + (y[n - 1] - y[few]) / (x[n - 1] - x[few]) * (at - x[n - 1])
    k, top = 0, n - 1
    while top - k > 1:
        middle = (k + top) // 2
        if x[middle] <= at:
            k = middle
        else:
            top = middle
    h = x[k + 1] - x[k]
    t = (at - x[k]) / h
    u = 1.0 - t
    return u * u * ((1.0 + 2.0 * t) * y[k] + t * h * slope[k]) + t * t * (
        (3.0 - 2.0 * t) * y[k + 1] - u * h * slope[k + 1]
    )


@njit(nogil=True, cache=True)
def quantiles_and_probits(x, z, probits, points):  # type: ignore[no-untyped-def]
    """Read distributions both ways.

    Parameters
    ----------
    x : ndarray, shape (distribution, 2)
        As from :func:`sum_distributions`.
    z : ndarray, shape (distribution, point)
        Probits of its values; NaN in the first for normal distributions.
    probits, points : ndarray, shape (column,), (other column,)

    Returns
    -------
    quantiles : ndarray, shape (distribution, column)
        Where the distribution has the `probits`.
    found : ndarray, shape (distribution, other column)
        Its probits at the `points`.
    """
    n = z.shape[1]
    quantiles, found = np.empty((len(x), probits.size)), np.empty((len(x), points.size))
    at, value, slope, inverse = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    for i in range(len(x)):
        if math.isnan(z[i, 0]):
            quantiles[i] = x[i, 0] + x[i, 1] * probits
            found[i] = (points - x[i, 0]) / x[i, 1]
            continue
        kept = 0
        for k in range(n):
            if math.isfinite(z[i, k]) and (kept == 0 or z[i, k] > value[kept - 1] + 1e-4):
                at[kept], value[kept] = x[i, 0] + (x[i, 1] - x[i, 0]) * k / (n - 1), z[i, k]
                kept += 1
        _slopes(at, value, kept, slope)
        _slopes(value, at, kept, inverse)
        for k in range(probits.size):
            quantiles[i, k] = _read(value, at, inverse, kept, probits[k])
        for k in range(points.size):
            found[i, k] = _read(at, value, slope, kept, points[k])
    return quantiles, found
