"""Cubic splines on regular grids, in the form that compiled loops read: four coefficients times four weights."""

from collections.abc import Callable

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.linalg import solve_banded


def spline_coefficients(values: np.ndarray) -> np.ndarray:
    """Coefficients of the bicubic B-spline through values on a regular grid.

    Parameters
    ----------
    values : ndarray, shape (..., row, column)
        At least 4 each.

    Returns
    -------
    ndarray, shape (..., row + 2, column + 2)
        The value at row i is ``(c[i] + 4 c[i + 1] + c[i + 2]) / 6``. The two intervals at an end have the same cubic.
    """
    along = _along_last(np.asarray(values, dtype=float))
    return np.ascontiguousarray(np.swapaxes(_along_last(np.swapaxes(along, -1, -2)), -1, -2))


def _along_last(values: np.ndarray) -> np.ndarray:
    n = values.shape[-1]
    # beyond an end c[-1] = 4 c[0] - 6 c[1] + 4 c[2] - c[3], so that the first and the last equation have four unknowns
    bands = np.zeros((7, n))
    bands[2, 1:], bands[3], bands[4, :-1] = 1.0, 4.0, 1.0
    for k, coefficient in enumerate((8.0, -5.0, 4.0, -1.0)):
        bands[3 - k, k] = bands[3 + k, n - 1 - k] = coefficient
    inner = np.asarray(solve_banded((3, 3), bands, 6.0 * values.reshape(-1, n).T))
    first = 4.0 * inner[0] - 6.0 * inner[1] + 4.0 * inner[2] - inner[3]
    last = 4.0 * inner[-1] - 6.0 * inner[-2] + 4.0 * inner[-3] - inner[-4]
    return np.concatenate([first[None], inner, last[None]]).T.reshape(*values.shape[:-1], n + 2)


def straight_spline(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Cubic spline through points with increasing `x`, straight lines beyond them.

    The lines have the mean slope over the outer twelfth of the points, at least three: single points at the ends are the
    least exact ones.
    """
    return with_lines(x, y, lambda inside: CubicSpline(x, y, bc_type="natural")(inside), at)


def with_lines(x: np.ndarray, y: np.ndarray, between: Callable[[np.ndarray], np.ndarray], at: np.ndarray) -> np.ndarray:
    """An interpolation between points with increasing `x`, and the lines of :func:`straight_spline` beyond them."""
    if len(x) < 2:
        raise ValueError("a distribution of evidence is narrower than the grid on which it is computed")
    few = min(max(3, len(x) // 12), len(x) - 1)
    below = (y[few] - y[0]) / (x[few] - x[0])
    above = (y[-1] - y[-1 - few]) / (x[-1] - x[-1 - few])
    inside = between(np.clip(at, x[0], x[-1]))
    return np.asarray(inside + below * np.minimum(at - x[0], 0.0) + above * np.maximum(at - x[-1], 0.0))
