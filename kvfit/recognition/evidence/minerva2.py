"""MINERVA 2: the echo of a probe from all traces, and what one trace adds to its intensity.

Hintzman (1984), Behavior Research Methods, Instruments, & Computers 16, 96-101; Hintzman (1988), Psychological Review
95, 528-551. Each of `n_features` features is copied into a trace with probability `learning`. The similarity of probe and
trace is their product per feature that is not zero in both; the echo's intensity is the sum of cubed similarities.

A probe whose features are all zero, which a share of 3^-n of trinary items is, matches nothing: its similarity is 0 with
every trace, also with an empty one (0/0), and so is its intensity.

How the intensity is distributed is in :mod:`kvfit.recognition.evidence.echo_intensity`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import binom

from kvfit.memory.named import minerva2

Features = Literal["binary", "trinary"]

#: Probabilities that are left out, of numbers of features and of similarities: of the last digits of a distribution.
_RARE = 1e-16


@dataclass(frozen=True, eq=False)
class Echo:
    """Echo of a probe.

    Attributes
    ----------
    similarity, activation : ndarray, shape (trace,)
    intensity : float
    content : ndarray, shape (feature,)
    """

    similarity: np.ndarray
    activation: np.ndarray
    intensity: float
    content: np.ndarray


def echo(probe: np.ndarray, traces: np.ndarray) -> Echo:
    """Echo of a probe from stored traces.

    Parameters
    ----------
    probe : ndarray of -1, 0, 1, shape (feature,)
    traces : ndarray of -1, 0, 1, shape (trace, feature)

    Returns
    -------
    Echo
    """
    memory = minerva2().store(traces)
    activation = memory.attention(probe)
    return Echo(memory.match(probe), activation, float(activation.sum()), memory.read(probe))


@dataclass(frozen=True, eq=False)
class Activations:
    """Activations of one trace, given the number of the probe's features that are not zero.

    Attributes
    ----------
    chance : float
        Probability of that number; over all numbers they sum to 1.
    own, own_chance : ndarray, shape (value,)
        Activations of a trace of the probe's item.
    other, other_chance : ndarray, shape (value,)
        Of a trace of another item; symmetric about zero.
    """

    chance: float
    own: np.ndarray
    own_chance: np.ndarray
    other: np.ndarray
    other_chance: np.ndarray


def activations(learning: float, n_features: int, features: Features = "binary") -> tuple[Activations, ...]:
    """Distribution of the activation of one trace.

    Parameters
    ----------
    learning : float
        L, probability that a feature is stored.
    n_features : int
    features : {"binary", "trinary"}
        Values -1 and 1, or -1, 0 and 1, equally frequent.

    Returns
    -------
    tuple of Activations
        One for each number of features of the probe.
    """
    if features == "binary":
        return (_given(n_features, n_features, learning, learning, 1.0),)
    chances = binom.pmf(np.arange(n_features + 1), n_features, 2 / 3)
    stored = 2.0 * learning / 3.0
    return tuple(
        _given(int(k), n_features, learning, stored, float(chances[k])) for k in np.flatnonzero(chances > _RARE)
    )


def _given(n_probe: int, n_features: int, learning: float, stored: float, chance: float) -> Activations:
    """Activations for a probe of `n_probe` features, `stored` being a random trace's chance of each."""
    if n_probe == 0:
        return Activations(chance, np.zeros(1), np.ones(1), np.zeros(1), np.ones(1))
    counts = np.arange(n_probe + 1)
    own_chance = binom.pmf(counts, n_probe, learning)
    # agreements minus disagreements: each feature adds 1, -1 or 0
    step = np.array([stored / 2.0, 1.0 - stored, stored / 2.0])
    difference = np.ones(1)
    for _ in range(n_probe):
        difference = np.convolve(difference, step)
    outside = binom.pmf(np.arange(n_features - n_probe + 1), n_features - n_probe, stored)
    relevant = n_probe + np.arange(n_features - n_probe + 1)
    other = (np.arange(-n_probe, n_probe + 1) / relevant[:, None]) ** 3
    other_chance = outside[:, None] * difference
    kept = other_chance > _RARE
    return Activations(chance, (counts / n_probe) ** 3, own_chance, other[kept], other_chance[kept])


def moments(learning: float, n_features: int, n_traces: int, times: int, features: Features) -> tuple[float, float]:
    """Mean and variance of the intensity, without noise, of an item stored `times` times among `n_traces` traces."""
    means, squares, chances = [], [], []
    for given in activations(learning, n_features, features):
        own = given.own_chance @ given.own
        own_variance = given.own_chance @ given.own**2 - own**2
        other = given.other_chance @ given.other**2
        means.append(times * own)
        squares.append(times * own_variance + (n_traces - times) * other + (times * own) ** 2)
        chances.append(given.chance)
    weights = np.array(chances)
    mean = float(weights @ np.array(means))
    return mean, float(weights @ np.array(squares)) - mean**2
