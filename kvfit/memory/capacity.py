"""Closed forms of how much memories hold: Hopfield networks, dense and sparse distributed memory, scaffolds."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import bdtr, betaln, erf, erfinv, factorial2, xlog1py, xlogy


def _load(y: float) -> float:
    """Load at which ``y`` solves the mean-field condition below."""
    return float((erf(y) / y - 2.0 / np.sqrt(np.pi) * np.exp(-(y**2))) ** 2 / 2.0)


def _best_y() -> float:
    found = minimize_scalar(lambda y: -_load(y), bounds=(0.5, 4.0), method="bounded", options={"xatol": 1e-12})
    return float(found.x)


def hopfield_critical_load() -> tuple[float, float]:
    """Patterns a unit at which retrieval ends, and overlap of the retrieved with the stored pattern there.

    Amit, Gutfreund & Sompolinsky (1985, 1987), zero temperature, replica symmetry: the largest load for which
    ``y (sqrt(2 load) + 2 / sqrt(pi) exp(-y^2)) = erf(y)`` has a solution; the overlap is ``erf(y)``. About 0.138 and 0.967.
    """
    y = _best_y()
    return _load(y), float(erf(y))


def hopfield_overlap(load: np.ndarray) -> np.ndarray:
    """Overlap of retrieved and stored pattern at loads below the critical one, 0 beyond; see above."""
    critical, y = hopfield_critical_load()[0], _best_y()
    found = [float(erf(brentq(lambda x, a=one: _load(x) - a, y, 30.0))) if one < critical else 0.0 for one in load]
    return np.array(found)


def one_step_load(p_error: np.ndarray) -> np.ndarray:
    """Load at which a bit of a stored pattern flips in one step with probability `p_error` (Hertz, Krogh & Palmer 1991)."""
    return 0.5 / erfinv(1.0 - 2.0 * np.asarray(p_error)) ** 2


def _of_even_chance(k: np.ndarray, n: int) -> np.ndarray:
    """Probability of `k` heads in `n` tosses; 0 for impossible numbers (scipy.stats would take a second to import)."""
    possible = (k >= 0) & (k <= n)
    at = np.where(possible, k, 0.0)
    return np.where(possible, np.exp(-n * np.log(2.0) - betaln(1.0 + n - at, 1.0 + at) - np.log1p(n)), 0.0)


def majority(signal: int, n_noise: int) -> float:
    """Probability that `signal` and `n_noise` independent signs add to something positive; ties count one half."""
    half = n_noise + signal
    below = bdtr(np.ceil(half / 2.0) - 1.0, n_noise, 0.5)
    return float(below + (0.5 * _of_even_chance(np.array(half / 2.0), n_noise) if half % 2 == 0 else 0.0))


def hopfield_bit_accuracy(n_units: int, n_patterns: int) -> float:
    """Probability that a bit of a stored pattern is stable in one step (no self-connections; exact)."""
    return majority(n_units - 1, (n_patterns - 1) * (n_units - 1))


def dense_capacity(degree: int, n_units: int) -> float:
    """Patterns that a dense associative memory retrieves without errors (Krotov & Hopfield 2016)."""
    return float(n_units ** (degree - 1) / (2.0 * factorial2(2 * degree - 3) * np.log(n_units)))


def activation_probability(n_bits: int, radius: int) -> float:
    """Probability that an address activates a random hard location (Kanerva 1988)."""
    return float(bdtr(radius, n_bits, 0.5))


def circle_overlap(n_bits: int, radius: int, apart: int) -> float:
    """Probability that a random hard location is active for both of two addresses `apart` bits apart (Kanerva 1988)."""
    differing = np.arange(apart + 1)
    # i of the bits in which the addresses differ, j of the others differ from the first address
    j = radius - np.maximum(differing, apart - differing)
    below = np.where(j >= 0, bdtr(np.maximum(j, 0), n_bits - apart, 0.5), 0.0)
    return float((_of_even_chance(differing, apart) * below).sum())


def scaffold_bit_accuracy(n_hidden: int, n_items: int) -> float:
    """Probability of a right bit of content read by its sign from random hidden patterns of -1 and 1 (exact).

    Sharma, Chandra & Fiete (2022): the content of `n_items` fades like ``erf(sqrt(n_hidden / (2 n_items)))`` in overlap.
    """
    return majority(n_hidden, (n_items - 1) * n_hidden)


def scaffold_overlap(n_hidden: int, n_items: int) -> float:
    """Overlap of read and stored content where both numbers are large: ``erf(sqrt(n_hidden / (2 n_items)))``."""
    return float(erf(np.sqrt(n_hidden / (2.0 * n_items))))


def bit_information(p_correct: np.ndarray | Sequence[float] | float) -> np.ndarray:
    """Mutual information in bits of a stored and a retrieved bit, right with probability `p_correct`: ``1 - H2(p)``."""
    p = np.asarray(p_correct, dtype=float)
    return 1.0 + (xlogy(p, p) + xlog1py(1.0 - p, -p)) / np.log(2.0)
