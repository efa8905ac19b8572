"""Distribution functions of positive sums by numerical inversion of their Laplace transforms.

REM's odds and the key match of key-value memory are sums of independent positive terms whose logarithms spread widely.
Inversion along the imaginary axis (a characteristic function) would need to follow oscillations of terms that are far
larger than the criterion; on the contour used here such terms vanish instead.
"""

from collections.abc import Callable
from math import comb

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtri

from kvfit.recognition.evidence.spline import with_lines

#: Order M of the inversion. The error is about 10^(-0.6 M) for a smooth distribution; details finer than about 1 / M of
#: the sum's size are lost, so that nearly constant sums need another method.
ORDER = 16

#: Beyond this probit the inversion's error is no longer small against the tail.
RELIABLE = 3.9


def euler_rule(order: int = ORDER) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights with ``F(x) = sum_k Re(weights_k E exp(-nodes_k X / x))`` for X > 0.

    Parameters
    ----------
    order : int
        M of the Euler algorithm; it has 2 M + 1 nodes.

    Returns
    -------
    nodes, weights : ndarray of complex, shape (node,)

    Notes
    -----
    Abate & Whitt (2006), INFORMS Journal on Computing 18, 408-421: their Euler algorithm for ``E exp(-s X) / s``.
    """
    nodes = order * np.log(10.0) / 3.0 + 1j * np.pi * np.arange(2 * order + 1)
    sizes = np.ones(2 * order + 1)
    sizes[0] = 0.5
    sizes[-1] = 2.0**-order
    for k in range(1, order):
        sizes[2 * order - k] = sizes[2 * order - k + 1] + 2.0**-order * comb(order, k)
    signs = np.where(np.arange(2 * order + 1) % 2 == 0, 1.0, -1.0)
    return nodes, 10.0 ** (order / 3.0) * signs * sizes / nodes


def probit(distribution: np.ndarray) -> np.ndarray:
    """Probit of a computed distribution function; NaN where numerical error would show."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = ndtri(np.clip(distribution, 0.0, 1.0))
    return np.where(np.abs(z) <= RELIABLE, z, np.nan)


def extend(x: np.ndarray, z: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Interpolate a computed probit, and continue it by straight lines (normal tails) where it was not reliable.

    Parameters
    ----------
    x : ndarray, shape (grid,)
        Increasing.
    z : ndarray, shape (grid,)
        As from :func:`probit`: NaN where unreliable.
    at : ndarray, shape (point,)

    Returns
    -------
    ndarray, shape (point,)
    """
    x, z = rising(x, z)
    return with_lines(x, z, lambda inside: PchipInterpolator(x, z)(inside), at)


def quantiles(cdf: Callable[[np.ndarray], np.ndarray], low: float, high: float, z: np.ndarray) -> np.ndarray:
    """Find where a distribution function has given probits.

    Parameters
    ----------
    cdf : callable
        ``cdf(x)`` for increasing ``x``, shape (point,).
    low, high : float
        Between which the distribution lies.
    z : ndarray, shape (probit,)

    Returns
    -------
    ndarray, shape (probit,)
        Continued as in a normal distribution beyond the probits that can be computed.
    """
    for _ in range(4):
        x = np.linspace(low, high, 61)
        known = probit(cdf(x))
        found = np.flatnonzero(np.isfinite(known))
        if len(found) > 40:
            break
        if not len(found):  # narrower than the grid: close in on the step
            step = int(np.searchsorted(cdf(x), 0.5))
            found = np.array([max(step, 1), max(step, 1)])
        low, high = float(x[max(found[0] - 1, 0)]), float(x[min(found[-1] + 1, len(x) - 1)])
    return extend_inverse(x, known, z)


def extend_inverse(x: np.ndarray, known: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Like :func:`extend`, from probits to evidence."""
    x, known = rising(x, known)
    return extend(known, x, z)


def rising(x: np.ndarray, z: np.ndarray, least: float = 1e-4) -> tuple[np.ndarray, np.ndarray]:
    """Points whose probits are known and rise by `least`."""
    kept = np.isfinite(z)
    x, z = x[kept], z[kept]
    rises = np.concatenate(([True], z[1:] > np.maximum.accumulate(z)[:-1] + least))[: len(z)]
    return x[rises], z[rises]
