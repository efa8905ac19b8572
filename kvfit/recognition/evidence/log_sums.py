"""Distribution of the logarithm of a sum of independent log-normal matches, to 1e-6.

``log sum_j exp(gain z_j)``, z standard normal, has no closed form. Two inversions share the work: a Laplace transform on a
contour where terms that are far larger than the criterion vanish, for sums that vary much; a characteristic function for
sums that vary little, whose details the contour would lose. Where both hold they agree to 1e-6.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.fft import fft, ifft, next_fast_len
from scipy.interpolate import CubicSpline
from scipy.special import ndtri

from kvfit.recognition.evidence.laplace import euler_rule

#: Coefficient of variation of the sum below which its characteristic function is inverted.
_NARROW = 0.25
#: Largest argument of the characteristic function, and period of the inversion, in standard deviations of the sum.
_REACH, _PERIOD = 9.0, 45.0
#: Standard deviations of one match that are followed.
_FURTHEST = 8.5
#: Steps of the log of a match: the transform of a match of a size oscillates along it.
_STEP, _STEPS_A_SD = 0.0125, 20
#: Points of a distribution that are computed.
_N_POINTS = 160
#: Probits beyond which the inversion's error would show: tails go on as normal ones.
RELIABLE = 4.75


@dataclass(frozen=True, eq=False)
class LogSum:
    """A distribution of evidence, both ways; normal tails beyond the probits that are reliable.

    Parameters
    ----------
    forth, back : CubicSpline
        Probits over evidence, evidence over probits.
    """

    forth: CubicSpline
    back: CubicSpline

    def probits(self, x: np.ndarray) -> np.ndarray:
        """Probits of the distribution function at `x`."""
        return _straight_beyond(self.forth, x)

    def quantiles(self, z: np.ndarray) -> np.ndarray:
        """Where the distribution function has the probits `z`."""
        return _straight_beyond(self.back, z)


def _straight_beyond(spline: CubicSpline, at: np.ndarray) -> np.ndarray:
    inside = np.clip(at, spline.x[0], spline.x[-1])
    return np.asarray(spline(inside) + (at - inside) * spline(inside, 1))


@lru_cache(maxsize=512)
def log_sum(n_keys: int, gain: float) -> LogSum:
    """Distribution of ``log sum_j exp(gain z_j)`` over `n_keys` standard normal z.

    Parameters
    ----------
    n_keys : int
    gain : float
        Standard deviation of the logarithm of one match.

    Returns
    -------
    LogSum
    """
    if n_keys == 1:
        x = gain * np.array([-1.0, -0.5, 0.5, 1.0])
        return LogSum(CubicSpline(x, x / gain), CubicSpline(x / gain, x))
    variation = np.sqrt(np.expm1(gain**2) / n_keys)
    x, below = _by_characteristic_function(n_keys, gain) if variation < _NARROW else _by_laplace(n_keys, gain)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = ndtri(np.clip(below, 0.0, 1.0))
    middle = int(np.argmin(np.abs(z)))
    inside = np.abs(z) <= RELIABLE
    # from the middle to where the distribution is first beyond what is reliable
    first = middle - int(np.argmin(inside[middle::-1])) + 1 if not inside[: middle + 1].all() else 0
    last = middle + int(np.argmin(inside[middle:])) if not inside[middle:].all() else len(x)
    x, z = x[first:last], z[first:last]
    return LogSum(CubicSpline(x, z, bc_type="natural"), CubicSpline(z, x, bc_type="natural"))


def _by_characteristic_function(n_keys: int, gain: float) -> tuple[np.ndarray, np.ndarray]:
    """Points and distribution function of a sum that varies little (Gil-Pelaez, with the midpoint rule)."""
    sd = np.sqrt(np.expm1(gain**2) / n_keys)
    frequency = (np.arange(int(np.ceil(_REACH * _PERIOD / (2.0 * np.pi)))) + 0.5) * 2.0 * np.pi / (_PERIOD * sd)
    z, density = _normal(1 + 2 * int(np.ceil(120.0 * max(gain, 1.0))))
    excess = np.expm1(gain * z - gain**2 / 2.0) / n_keys
    of_sum = (np.exp(1j * frequency[:, None] * excess) @ density) ** n_keys
    log_sd = np.sqrt(np.log1p(sd**2))
    x = np.linspace(-6.0, 7.5, _N_POINTS) * log_sd - log_sd**2 / 2.0
    waves = np.exp(-1j * frequency[:, None] * np.expm1(x))
    step = frequency[1] - frequency[0]
    below = 0.5 - step / np.pi * ((of_sum / frequency)[:, None] * waves).imag.sum(axis=0)
    return x + np.log(n_keys) + gain**2 / 2.0, below


def _by_laplace(n_keys: int, gain: float) -> tuple[np.ndarray, np.ndarray]:
    """Points and distribution function of a sum that varies much."""
    size, transforms, weights = _match_transforms(gain, int(np.ceil(np.log2(n_keys))))
    x = -size
    # coarse first, to see where the distribution lies
    some = np.arange(0, len(x), max(1, len(x) // 100))
    rough = (weights[:, None] * transforms[:, some] ** n_keys).real.sum(axis=0)
    low = some[max(int(np.argmax(rough > 1e-7)) - 1, 0)]
    high = some[min(len(some) - int(np.argmax(rough[::-1] < 1.0 - 1e-7)), len(some) - 1)]
    chosen = np.unique(np.linspace(low, high, _N_POINTS).round().astype(int))
    return x[chosen], (weights[:, None] * transforms[:, chosen] ** n_keys).real.sum(axis=0)


@lru_cache(maxsize=2)
def _match_transforms(gain: float, log2_keys: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``E exp(-node exp(size + gain z))``: sizes, falling ``(size,)``; transforms ``(node, size)``; weights ``(node,)``.

    The same for all numbers of keys up to ``2 ** log2_keys``.
    """
    nodes, weights = euler_rule()
    step = min(_STEP, gain / _STEPS_A_SD)
    reach = int(np.ceil(_FURTHEST * gain / step))
    density = np.exp(-0.5 * (step * np.arange(-reach, reach + 1) / gain) ** 2)
    density /= density.sum()
    n_keys = 2.0**log2_keys
    # beyond a few standard deviations of the largest match, or of the mean of all
    highest = max(gain * (np.sqrt(2.0 * np.log(n_keys)) + 6.0), np.log(n_keys) + gain**2 / 2.0 + 1.0)
    lowest = -6.0 * gain
    size = np.arange(-highest - reach * step, -lowest + (reach + 1) * step, step)
    terms = np.exp(np.minimum(size, 5.0))
    length = next_fast_len(len(size) + 2 * reach)
    kernel = fft(density, length)
    kept = slice(2 * reach, len(size))
    transforms = np.array([ifft(fft(np.exp(-node * terms), length) * kernel)[kept] for node in nodes])
    order = slice(None, None, -1)
    return size[reach : len(size) - reach][order], transforms[:, order], weights


def _normal(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Equally distant points of the standard normal distribution, and their shares."""
    z = np.linspace(-_FURTHEST, _FURTHEST, n)
    density = np.exp(-0.5 * z**2)
    return z, density / density.sum()
