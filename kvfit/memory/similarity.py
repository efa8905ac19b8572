"""Similarity kernels: how well a query matches each key (``S(K, q)`` of Gershman, Fiete & Irie 2025).

Every kernel is called with queries ``(..., query, feature)`` and keys ``(..., trace, feature)``, whose leading dimensions
broadcast, and gives a new array ``(..., query, trace)``. Kernels that are products of features are in
:mod:`kvfit.memory.features`; those alone have a primal form.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.spatial.distance import cdist


class Kernel(Protocol):
    """What a memory asks of a similarity kernel."""

    def __call__(self, queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Match ``(..., query, trace)`` in an array of its own, which the caller may overwrite."""
        ...


def pairwise(queries: np.ndarray, keys: np.ndarray, compare: Callable[..., np.ndarray]) -> np.ndarray:
    """Compare two matrices, over broadcast leading dimensions: shape ``(..., query, trace)``."""
    if queries.ndim == keys.ndim == 2:
        return compare(queries, keys)
    leading = np.broadcast_shapes(queries.shape[:-2], keys.shape[:-2])
    q = np.broadcast_to(queries, (*leading, *queries.shape[-2:]))
    k = np.broadcast_to(keys, (*leading, *keys.shape[-2:]))
    match = np.empty((*leading, queries.shape[-2], keys.shape[-2]))
    for index in np.ndindex(leading):
        match[index] = compare(q[index], k[index])
    return match


def distance(queries: np.ndarray, keys: np.ndarray, weights: np.ndarray | None = None, r: float = 2.0) -> np.ndarray:
    """Weighted Minkowski distance ``(sum_f w_f |q_f - k_f|^r)^(1/r)`` (Nosofsky 1986).

    Parameters
    ----------
    queries : ndarray, shape (..., query, feature)
    keys : ndarray, shape (..., trace, feature)
    weights : ndarray, shape (feature,), optional
        Attention to features; 1 for each if left out.
    r : float
        1 city block, 2 Euclidean.

    Returns
    -------
    ndarray, shape (..., query, trace)
    """
    # differences, not products: of equal vectors the distance is exactly 0
    options = {} if weights is None else {"w": np.asarray(weights, dtype=float)}
    return pairwise(queries, keys, lambda q, k: cdist(q, k, "minkowski", p=r, **options))


@dataclass(frozen=True)
class Cosine:
    """Dot product of vectors of length 1; 0 where a vector is 0."""

    def __call__(self, queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Match, shape ``(..., query, trace)``."""
        return np.matmul(_unit(queries), np.swapaxes(_unit(keys), -1, -2))


def _unit(x: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(x, axis=-1, keepdims=True)
    return x / np.where(length > 0.0, length, 1.0)


@dataclass(frozen=True, eq=False)
class DistanceGradient:
    """``exp(-sensitivity d^shape)`` of a Minkowski distance: Shepard's gradients.

    The generalised context model (Nosofsky 1986) with ``shape=1``; see :func:`rbf` and :func:`laplace`.

    Parameters
    ----------
    sensitivity : float
    shape : float
        1 exponential, 2 Gaussian.
    r : float
        1 city block, 2 Euclidean.
    weights : ndarray, shape (feature,), optional
    """

    sensitivity: float = 1.0
    shape: float = 1.0
    r: float = 2.0
    weights: np.ndarray | None = None

    def __call__(self, queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Match, shape ``(..., query, trace)``."""
        d = distance(queries, keys, self.weights, self.r)
        if self.shape != 1.0:
            np.power(d, self.shape, out=d)
        d *= -self.sensitivity
        return np.exp(d, out=d)


def rbf(width: float = 1.0) -> DistanceGradient:
    """Gaussian kernel ``exp(-|q - k|^2 / (2 width^2))``."""
    return DistanceGradient(0.5 / width**2, shape=2.0)


def laplace(scale: float = 1.0) -> DistanceGradient:
    """Laplace kernel ``exp(-|q - k|_1 / scale)``."""
    return DistanceGradient(1.0 / scale, r=1.0)


@dataclass(frozen=True)
class NegativeDistance:
    """``-d^power`` of a Minkowski distance; ``NegativeDistance(2, 2)`` is minus the squared Euclidean distance."""

    r: float = 2.0
    power: float = 1.0

    def __call__(self, queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Match, shape ``(..., query, trace)``."""
        return -(distance(queries, keys, r=self.r) ** self.power)


@dataclass(frozen=True)
class InverseDistance:
    """``1 / (offset + d^power)`` (Millidge et al. 2022, whose offset is 0); infinite for equal vectors without an offset."""

    r: float = 2.0
    power: float = 1.0
    offset: float = 0.0

    def __call__(self, queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Match, shape ``(..., query, trace)``."""
        with np.errstate(divide="ignore"):
            return 1.0 / (self.offset + distance(queries, keys, r=self.r) ** self.power)


@dataclass(frozen=True)
class NegativeHamming:
    """Minus the number of features that differ (Kanerva 1988)."""

    def __call__(self, queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Match, shape ``(..., query, trace)``."""
        n_features = queries.shape[-1]
        return pairwise(queries, keys, lambda q, k: -np.rint(n_features * cdist(q, k, "hamming")))


@dataclass(frozen=True)
class RelevantOverlap:
    """Dot product per feature that is not zero in probe or trace (MINERVA 2: Hintzman 1984)."""

    def __call__(self, queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Match, shape ``(..., query, trace)``."""
        transposed = np.swapaxes(keys, -1, -2)
        absent = np.matmul((queries == 0).astype(float), (transposed == 0).astype(float))
        return np.matmul(queries, transposed) / np.maximum(queries.shape[-1] - absent, 1.0)
