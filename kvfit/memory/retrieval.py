"""Retrieving one trace or none: attention against a threshold.

A read mixes the values of all traces. Somebody who recalls gives one response or none: attention becomes the probability of
retrieving a trace, and a match below the threshold an omission.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logsumexp

from kvfit.memory.memory import KeyValueMemory, StoredMemory
from kvfit.memory.separation import Softmax
from kvfit.memory.write import Hebb, WriteRule


@dataclass(frozen=True)
class Retrieval:
    """One trace is retrieved, or none: traces compete with each other and with a threshold.

    ``p(trace n) = s_n exp(gain m_n) / (exp(gain threshold) + sum_j s_j exp(gain m_j))`` with matches m and strengths s:
    softmax attention times the probability that the raw match reaches the threshold, a logistic function of their
    difference. Queries have shape ``(..., query, key feature)``.

    Parameters
    ----------
    gain : float
        Inverse temperature of the competition.
    threshold : float
        Match at which a single trace of strength 1 is retrieved half of the time.
    """

    gain: float = 10.0
    threshold: float = 0.6

    def memory(self, write: WriteRule | None = None) -> KeyValueMemory:
        """An empty memory of dot products and softmax with this gain; Hebb's rule if no other is given."""
        return KeyValueMemory(separation=Softmax(self.gain), write=Hebb() if write is None else write)

    def raw_match(self, stored: StoredMemory, queries: np.ndarray) -> np.ndarray:
        """``log(sum_n s_n exp(gain m_n)) / gain``, shape ``(..., query)``: familiarity, before anything is retrieved.

        In units of a match: one trace that matches by m has a raw match of m, two of them ``m + log(2) / gain``.
        """
        strengths = np.asarray(stored.traces.strengths)[..., None, :]
        return np.asarray(logsumexp(self.gain * stored.match(queries), axis=-1, b=strengths)) / self.gain

    def reached(self, stored: StoredMemory, queries: np.ndarray) -> np.ndarray:
        """Probability that anything is retrieved, shape ``(..., query)``: ``logistic(gain (raw match - threshold))``."""
        return np.asarray(expit(self.gain * (self.raw_match(stored, queries) - self.threshold)))

    def probabilities(self, stored: StoredMemory, queries: np.ndarray) -> np.ndarray:
        """Probability of retrieving each trace, shape ``(..., query, trace)``; what is left to 1 is an omission."""
        return stored.attention(queries) * self.reached(stored, queries)[..., None]
