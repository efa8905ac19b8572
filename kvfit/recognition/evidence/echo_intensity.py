"""How the intensity of MINERVA 2's echo is distributed, to 1e-9.

Given the number of the probe's features, traces are independent, so that the intensity's characteristic function is a
product and its distribution function one Fourier sum (Gil-Pelaez, midpoint rule). A normal distribution of the intensity
would be off by several points where lists are short, because cubes are rarely far from zero.

The intensity takes single values. Normal noise of `SMOOTHING` standard deviations of the intensity of lures is added to it,
which makes its distribution smooth; it is part of the model, adds 0.6 % to the lures' variance and moves no mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.fft import fft, next_fast_len
from scipy.special import ndtr

from kvfit.recognition.evidence.minerva2 import Activations, Features, activations

#: Standard deviation of the noise, in units of the standard deviation of the intensity of lures.
SMOOTHING = 0.08
#: Largest argument of the characteristic function, in units of one over the noise: the rest is 1e-11.
_REACH = 6.5
#: Probability of intensities beyond those that the inversion tells apart.
_BEYOND = 1e-11
#: Exponents at which that probability is bounded (Chernoff), in units of one over the largest activation.
_TILTS = np.geomspace(0.05, 500.0, 120)
_NEWTON_STEPS = 4


@dataclass(frozen=True)
class Stored:
    """Traces that a probe meets.

    Parameters
    ----------
    n_traces : float
        All, those of the probe's item included.
    times : float
        How often the probe's item was stored; 0 for a lure.
    """

    n_traces: float
    times: float


class IntensityLaws:
    """Distributions of the echo intensity of several kinds of probes.

    Parameters
    ----------
    learning : float
    n_features : int
    features : {"binary", "trinary"}
    kinds : sequence of Stored
    smoothing : float
        See `SMOOTHING`.
    """

    def __init__(
        self,
        learning: float,
        n_features: int,
        features: Features,
        kinds: Sequence[Stored],
        smoothing: float = SMOOTHING,
    ) -> None:
        given = activations(learning, n_features, features)
        variance = sum(g.chance * (g.other_chance @ g.other**2) for g in given)
        self.noise = smoothing * np.sqrt(np.array([max(kind.n_traces, 1.0) for kind in kinds]) * variance)
        ends = np.array([_ends(given, kind) for kind in kinds]) + np.outer(self.noise, (-8.0, 8.0))
        self.low, self.high = float(ends[:, 0].min()), float(ends[:, 1].max())
        self.step = 2.0 * np.pi / (self.high - self.low)
        n_nodes = int(np.ceil(_REACH / self.noise.min() / self.step))
        self.nodes = (np.arange(n_nodes) + 0.5) * self.step
        self._transforms = _transforms(given, kinds, self.step, n_nodes)
        self._transforms *= np.exp(-0.5 * np.outer(self.noise, self.nodes) ** 2)

    def distribution(self, kind: int, x: np.ndarray) -> np.ndarray:
        """Distribution function of one kind at intensities `x`, between `low` and `high`."""
        return np.asarray(
            0.5
            - (_waves(-x, self.step, self.nodes.size).T @ (self._transforms[kind] / self.nodes)).imag
            * self.step
            / np.pi
        )

    def quantiles(self, kind: int, z: np.ndarray) -> np.ndarray:
        """Intensities at which one kind's distribution function has the probits `z`; z within about 6."""
        goal = ndtr(z)
        n_points = next_fast_len(
            max(int(np.ceil((self.high - self.low) / self.noise[kind] * 6.0)), self.nodes.size) + 1
        )
        x = self.low + (self.high - self.low) / n_points * np.arange(n_points)
        # all points at once: the nodes' odd half steps turn each point's phase beside the Fourier transform's
        start = self._transforms[kind] / self.nodes * np.exp(-1j * self.nodes * self.low)
        sums = fft(start, n_points) * np.exp(-1j * np.pi / n_points * np.arange(n_points))
        values = np.maximum.accumulate(0.5 - sums.imag * self.step / np.pi)
        at = np.clip(np.searchsorted(values, goal), 1, n_points - 1)
        left, right, below, above = x[at - 1], x[at], values[at - 1], values[at]
        found = left + (right - left) * np.clip((goal - below) / np.maximum(above - below, 1e-300), 0.0, 1.0)
        for _ in range(_NEWTON_STEPS):
            waves = _waves(-found, self.step, self.nodes.size).T
            value = 0.5 - (waves @ (self._transforms[kind] / self.nodes)).imag * self.step / np.pi
            slope = (waves @ self._transforms[kind]).real * self.step / np.pi
            found = np.clip(found + (goal - value) / np.maximum(slope, 1e-300), left, right)
        return np.asarray(found)


def intensity_distribution(
    intensity: np.ndarray,
    learning: float,
    n_features: int,
    n_traces: float,
    times: float,
    features: Features = "binary",
    smoothing: float = SMOOTHING,
) -> np.ndarray:
    """Distribution function of the echo intensity.

    Parameters
    ----------
    intensity : ndarray, shape (point,)
    learning : float
    n_features : int
    n_traces : float
        All traces, those of the probe's item included.
    times : float
        How often the probe's item was stored; 0 for a lure.
    features : {"binary", "trinary"}
    smoothing : float
        See `SMOOTHING`.

    Returns
    -------
    ndarray, shape (point,)
    """
    laws = IntensityLaws(learning, n_features, features, (Stored(n_traces, times),), smoothing)
    inside = np.clip(intensity, laws.low, laws.high)
    return np.clip(laws.distribution(0, inside), 0.0, 1.0)


def _ends(given: tuple[Activations, ...], kind: Stored) -> tuple[float, float]:
    """Intensities beyond which lies less than `_BEYOND`, by the exponential bound; never beyond what is possible."""
    low, high, n_others = 0.0, 0.0, kind.n_traces - kind.times
    for g in given:
        largest = float(np.abs(g.other).max())
        if g.own.size == 1:
            continue
        tilt = _TILTS / max(largest, 1e-300)
        rest = np.log(g.chance / _BEYOND)
        if rest <= 0.0:
            continue
        others = n_others * _log_mean_exp(tilt, g.other, g.other_chance)
        own = [kind.times * _log_mean_exp(sign * tilt, g.own, g.own_chance) for sign in (1.0, -1.0)]
        high = max(high, min(float(((others + own[0] + rest) / tilt).min()), n_others * largest + kind.times))
        low = min(low, -min(float(((others + own[1] + rest) / tilt).min()), n_others * largest))
    return low, high


def _log_mean_exp(tilt: np.ndarray, values: np.ndarray, chances: np.ndarray) -> np.ndarray:
    powers = np.outer(tilt, values)
    largest = powers.max(axis=1, keepdims=True)
    return np.asarray(largest[:, 0] + np.log(np.exp(powers - largest) @ chances))


def _transforms(given: tuple[Activations, ...], kinds: Sequence[Stored], step: float, n_nodes: int) -> np.ndarray:
    """Characteristic functions of the kinds, ``(kind, node)``."""
    found = np.zeros((len(kinds), n_nodes), dtype=complex)
    for g in given:
        one = _expected_cosine(g, step, n_nodes)
        own = _waves(g.own, step, n_nodes) @ g.own_chance
        for k, kind in enumerate(kinds):
            n_others = kind.n_traces - kind.times
            # cosines of rare similarities can make the transform negative: a whole power keeps the sign
            whole = abs(n_others - round(n_others)) < 1e-9
            power = one ** round(n_others) if whole else np.maximum(one, 0.0) ** n_others
            found[k] += g.chance * power * own**kind.times
    return found


def _expected_cosine(given: Activations, step: float, n_nodes: int) -> np.ndarray:
    """Characteristic function of the activation of another item's trace, which is symmetric, ``(node,)``."""
    half = given.other > 0.0
    twice = 2.0 * given.other_chance[half]
    # cos(a + b) = cos a cos b - sin a sin b: few cosines and two products of matrices
    coarse, fine = _grids(step, n_nodes)
    at, near = np.outer(coarse, given.other[half]), np.outer(fine, given.other[half])
    cosines = (np.cos(at) * twice) @ np.cos(near).T - (np.sin(at) * twice) @ np.sin(near).T
    return np.asarray(cosines.ravel()[:n_nodes] + 1.0 - twice.sum())


def _grids(step: float, n_nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Two short lists of numbers whose sums are all nodes in order."""
    n_fine = int(np.ceil(np.sqrt(n_nodes)))
    return step * n_fine * np.arange(-(-n_nodes // n_fine)), step * (np.arange(n_fine) + 0.5)


def _waves(x: np.ndarray, step: float, n_nodes: int) -> np.ndarray:
    """``exp(i node x)``, shape (node, x)."""
    coarse, fine = _grids(step, n_nodes)
    product = np.exp(1j * np.outer(coarse, x))[:, None] * np.exp(1j * np.outer(fine, x))
    return np.asarray(product.reshape(-1, x.size)[:n_nodes])
