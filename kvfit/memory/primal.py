"""Primal form: all traces in one matrix, ``M = sum_n phi(k_n)^T v_n``, read as ``phi(q) M``."""

from dataclasses import dataclass, replace

import numpy as np

from kvfit.memory.features import FeatureKernel
from kvfit.memory.read import BLOCK_BYTES, blocks
from kvfit.memory.separation import divide
from kvfit.memory.traces import fresh_traces
from kvfit.memory.write import Decay, Delta, Hebb


@dataclass(frozen=True, eq=False)
class LinearMemory:
    """A memory whose size does not grow with what it holds.

    Attributes
    ----------
    kernel : FeatureKernel
    matrix : ndarray, shape (..., mapped feature, value feature)
    total : ndarray, shape (..., mapped feature)
        Sum of the keys' features, by which a normalised read divides.
    normalised : bool
    """

    kernel: FeatureKernel
    matrix: np.ndarray
    total: np.ndarray
    normalised: bool = False

    def read(self, queries: np.ndarray) -> np.ndarray:
        """Values ``(..., query, value feature)`` that queries ``(..., query, key feature)`` retrieve."""
        queries = np.asarray(queries, dtype=float)
        if queries.ndim == 1:
            return self.read(queries[None])[..., 0, :]
        found = []
        a_query = 8 * self.total.size
        for block in blocks(queries.shape[-2], a_query, BLOCK_BYTES):
            features = self.kernel.features(queries[..., block, :])
            content = np.matmul(features, self.matrix)
            found.append(divide(content, np.matmul(features, self.total[..., None])) if self.normalised else content)
        leading = np.broadcast_shapes(queries.shape[:-2], self.total.shape[:-1])
        return np.concatenate(found, axis=-2) if found else np.zeros((*leading, 0, self.matrix.shape[-1]))

    def store(self, keys: np.ndarray, values: np.ndarray, write: Hebb | Decay | Delta | None = None) -> "LinearMemory":
        """Write pairs one after the other, as the rule states it for a matrix.

        Parameters
        ----------
        keys : ndarray, shape (..., trace, key feature)
        values : ndarray, shape (..., trace, value feature)
        write : Hebb, Decay or Delta
            Hebb if left out.

        Returns
        -------
        LinearMemory
        """
        new = fresh_traces(keys, values, None, 1)
        if isinstance(write, Delta) and self.normalised:
            raise ValueError("the delta rule corrects a linear read, but this memory divides by the sum of its matches")
        features = self.kernel.features(new.keys)
        matrix, total = self.matrix, self.total
        for n in range(new.n_traces):
            one, value = features[..., n, :], new.values[..., n, :]
            if isinstance(write, Decay):
                matrix, total = (1.0 - write.rate) * matrix, (1.0 - write.rate) * total
            if isinstance(write, Delta):
                value = write.rate * (value - np.matmul(one[..., None, :], matrix)[..., 0, :])
            matrix = matrix + one[..., :, None] * value[..., None, :]
            total = total + one
        return replace(self, matrix=matrix, total=total)


def empty_linear(
    kernel: FeatureKernel, n_key_features: int, n_value_features: int, normalised: bool = False
) -> LinearMemory:
    """A primal memory that holds nothing."""
    n_mapped = kernel.features(np.zeros((1, n_key_features))).shape[-1]
    return LinearMemory(kernel, np.zeros((n_mapped, n_value_features)), np.zeros(n_mapped), normalised)
