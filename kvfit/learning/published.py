"""The random numbers of the paper's notebooks, without PyTorch, so that its simulations can be repeated number for number.

PyTorch's generator is the Mersenne Twister that NumPy has too: the lowest 24 bits of a word make a uniform number, a
remainder an integer. Which numbers were drawn before which was found by matching the notebooks' stored results.
"""

from __future__ import annotations

import numpy as np

from kvfit.learning.classes import ClassItems
from kvfit.learning.network import Weights


def published_items(features: np.ndarray, n_items: int, seed: int = 42) -> ClassItems:
    """Keys, values and classes with which the paper's Figure 2 begins.

    The notebooks draw (item, 2) normal numbers that are not used here, then keys, values and classes.

    Parameters
    ----------
    features : numpy.ndarray, (class, 2)
    n_items : int
    seed : int

    Returns
    -------
    ClassItems
    """
    size = 2 * n_items
    # PyTorch makes normal numbers in blocks of 16 and draws the last block anew if it is not full.
    skipped = size + (16 if size % 16 else 0)
    words = _words(seed, skipped + 2 * size + n_items)
    keys, raw_values = (_uniform(one).reshape(n_items, 2) for one in np.split(words[skipped : skipped + 2 * size], 2))
    return ClassItems(features, (words[-n_items:] % len(features)).astype(int), keys, raw_values)


def published_weights(n_inputs: int, n_hidden: int, n_outputs: int, seed: int = 0) -> Weights:
    """Weights with which the paper's forgetting simulation (Figure 3) begins its first task.

    Each layer has an old and an added part, drawn one after the other; these are the old parts.
    """
    first, second = n_inputs * n_hidden, n_hidden * n_outputs
    uniform = 2 * _uniform(_words(seed, 2 * first + second)) - 1
    return Weights(
        uniform[:first].reshape(n_hidden, n_inputs).T / np.sqrt(n_inputs),
        uniform[2 * first :].reshape(n_outputs, n_hidden).T / np.sqrt(n_hidden),
    )


def _words(seed: int, size: int) -> np.ndarray:
    return np.random.RandomState(seed).randint(0, 2**32, size, dtype=np.uint64)


def _uniform(words: np.ndarray) -> np.ndarray:
    return (words & 0xFFFFFF) / 2**24
