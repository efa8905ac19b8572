"""Iterated retrieval of binary patterns: Hopfield's network and dense associative memory.

The weight matrix of a Hopfield network is the primal form of an autoassociative memory (:func:`kvfit.memory.named.hopfield`)
without its diagonal; states are -1 and 1, and a unit whose input is 0 keeps its state.
"""

import numpy as np
from scipy.special import logsumexp

from kvfit.memory.memory import StoredMemory
from kvfit.memory.separation import Separation


def sign(field: np.ndarray, state: np.ndarray) -> np.ndarray:
    """Sign of the input; `state` where the input is 0. Fits ``StoredMemory.iterate(after=sign)``."""
    return np.where(field > 0.0, 1.0, np.where(field < 0.0, -1.0, state))


def hopfield_weights(stored: StoredMemory) -> np.ndarray:
    """Weights ``(..., unit, unit)`` without self-connections (Hopfield 1982, equation 2)."""
    same = np.eye(stored.traces.keys.shape[-1])
    return stored.read(same) * (1.0 - same)


def synchronous(weights: np.ndarray, state: np.ndarray, steps: int) -> np.ndarray:
    """States when all units change at once.

    Parameters
    ----------
    weights : ndarray, shape (..., unit, unit)
    state : ndarray of -1 and 1, shape (..., unit)
    steps : int

    Returns
    -------
    ndarray, shape (steps + 1, ..., unit)
    """
    states = [np.asarray(state, dtype=float)]
    for _ in range(steps):
        field = np.matmul(states[-1][..., None, :], weights)[..., 0, :]
        states.append(sign(field, states[-1]))
    return np.stack(states)


def asynchronous(
    weights: np.ndarray, state: np.ndarray, sweeps: int, rng: np.random.Generator | None = None
) -> np.ndarray:
    """States after each sweep through the units, one of which changes at a time.

    Parameters
    ----------
    weights : ndarray, shape (..., unit, unit)
    state : ndarray of -1 and 1, shape (..., unit)
    sweeps : int
    rng : numpy.random.Generator, optional
        Units in a new random order each sweep; in the order of their index if left out.

    Returns
    -------
    ndarray, shape (sweeps + 1, ..., unit)
    """
    now = np.array(state, dtype=float)
    states = [now.copy()]
    for _ in range(sweeps):
        order = np.arange(now.shape[-1]) if rng is None else rng.permutation(now.shape[-1])
        for unit in order:
            field = (now * weights[..., unit, :]).sum(axis=-1)
            now[..., unit] = sign(field, now[..., unit])
        states.append(now.copy())
    return np.stack(states)


def hopfield_energy(weights: np.ndarray, state: np.ndarray) -> np.ndarray:
    """``-1/2 s W s``, shape (...)."""
    field = np.matmul(state[..., None, :], weights)[..., 0, :]
    return -0.5 * (field * state).sum(axis=-1)


def dense_field(patterns: np.ndarray, state: np.ndarray, interaction: Separation) -> np.ndarray:
    """Input of each unit of a dense associative memory (Krotov & Hopfield 2016).

    ``sum_mu F(xi_i + rest) - F(-xi_i + rest)``, rest being the overlap without unit i and F the interaction. It compares
    energies of two states, so that it is not a read: to first order it is the read of the derivative of F.

    Parameters
    ----------
    patterns : ndarray of -1 and 1, shape (pattern, unit)
    state : ndarray of -1 and 1, shape (..., unit)
    interaction : Separation
        F: ``RectifiedPolynomial(n)``, ``Power(n, signed=False)``.

    Returns
    -------
    ndarray, shape (..., unit)
    """
    rest = np.matmul(state, patterns.T)[..., :, None] - patterns * state[..., None, :]
    return (interaction.raw(patterns + rest) - interaction.raw(rest - patterns)).sum(axis=-2)


def dense_energy(patterns: np.ndarray, state: np.ndarray, interaction: Separation) -> np.ndarray:
    """``-sum_mu F(xi . s)``, shape (...)."""
    return -interaction.raw(np.matmul(state, patterns.T)).sum(axis=-1)


def modern_energy(patterns: np.ndarray, state: np.ndarray, beta: float) -> np.ndarray:
    """Energy of a modern Hopfield network (Ramsauer et al. 2021, equation 2), shape (...)."""
    overlap = logsumexp(beta * np.matmul(state, patterns.T), axis=-1) / beta
    longest = (patterns**2).sum(axis=-1).max()
    return -overlap + 0.5 * (state**2).sum(axis=-1) + np.log(len(patterns)) / beta + 0.5 * longest
