"""Kernels that are products of features, ``S(k, q) = phi(q) . phi(k)``: those whose memories have a primal form.

With them a sum over traces is one matrix, ``sum_n phi(k_n)^T v_n``, whatever the number of traces.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from scipy.spatial.distance import cdist


@runtime_checkable
class FeatureKernel(Protocol):
    """A kernel whose features are known."""

    def __call__(self, queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Match ``(..., query, trace)`` in an array of its own, which the caller may overwrite."""
        ...

    def features(self, x: np.ndarray) -> np.ndarray:
        """Features ``(..., row, mapped feature)`` of keys or queries ``(..., row, feature)``."""
        ...


class FeatureProduct:
    """Matches of a kernel that defines ``features``."""

    def features(self, x: np.ndarray) -> np.ndarray:
        """Features ``(..., row, mapped feature)`` of keys or queries ``(..., row, feature)``."""
        raise NotImplementedError

    def __call__(self, queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Match, shape ``(..., query, trace)``."""
        return np.matmul(self.features(queries), np.swapaxes(self.features(keys), -1, -2))


@dataclass(frozen=True)
class Dot(FeatureProduct):
    """Dot product ``q . k`` times `scale`.

    Parameters
    ----------
    scale : float
        ``1 / sqrt(D)`` gives the scaled dot product of attention, see :func:`scaled_dot`; ``1 / D`` Hopfield's.
    """

    scale: float = 1.0

    def features(self, x: np.ndarray) -> np.ndarray:
        """``sqrt(scale) x``."""
        return x if self.scale == 1.0 else np.sqrt(self.scale) * x

    def __call__(self, queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Match, shape ``(..., query, trace)``."""
        q = queries if self.scale == 1.0 else self.scale * queries
        return np.matmul(q, np.swapaxes(keys, -1, -2))


def scaled_dot(n_features: int) -> Dot:
    """``q . k / sqrt(n_features)`` (Vaswani et al. 2017, equation 1)."""
    return Dot(1.0 / float(np.sqrt(n_features)))


@dataclass(frozen=True)
class Polynomial(FeatureProduct):
    """``(q . k + offset)^degree``.

    Its features are all products of `degree` coordinates, offset included: ``(feature + 1)^degree`` of them, so the primal
    form is for small vectors.
    """

    degree: int = 2
    offset: float = 1.0

    def features(self, x: np.ndarray) -> np.ndarray:
        """Tensor power of ``(x, sqrt(offset))``."""
        one = np.concatenate([x, np.full((*x.shape[:-1], 1), np.sqrt(self.offset))], axis=-1)
        found = one
        for _ in range(self.degree - 1):
            found = (found[..., :, None] * one[..., None, :]).reshape(*x.shape[:-1], -1)
        return found

    def __call__(self, queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Match, shape ``(..., query, trace)``, without building features."""
        return (np.matmul(queries, np.swapaxes(keys, -1, -2)) + self.offset) ** self.degree


@dataclass(frozen=True)
class PositiveElu(FeatureProduct):
    """Features ``elu(x) + 1`` of linear attention (Katharopoulos et al. 2020, equation 7)."""

    def features(self, x: np.ndarray) -> np.ndarray:
        """``x + 1`` above 0, ``exp(x)`` below."""
        return np.where(x > 0.0, x + 1.0, np.exp(np.minimum(x, 0.0)))


@dataclass(frozen=True, eq=False)
class PositiveRandomFeatures(FeatureProduct):
    """Positive random features, whose product is ``exp(beta q . k)`` on average (Choromanski et al. 2021, lemma 1).

    With :class:`kvfit.memory.separation.Normalise` they approximate softmax attention in primal form.

    Parameters
    ----------
    projection : ndarray, shape (random feature, feature)
        Rows are standard normal; see :func:`random_features`.
    beta : float
        Inverse temperature.
    """

    projection: np.ndarray
    beta: float = 1.0

    def features(self, x: np.ndarray) -> np.ndarray:
        """``exp(w . x - |x|^2 / 2) / sqrt(m)`` of ``x`` scaled by ``sqrt(beta)``."""
        scaled = np.sqrt(self.beta) * x
        exponent = np.matmul(scaled, self.projection.T) - 0.5 * (scaled**2).sum(axis=-1, keepdims=True)
        return np.exp(exponent) / np.sqrt(len(self.projection))


def random_features(
    n_random: int, n_features: int, rng: np.random.Generator, beta: float = 1.0
) -> PositiveRandomFeatures:
    """Draw positive random features, orthogonal within blocks of `n_features`, which lowers their variance."""
    blocks = []
    for _ in range(0, n_random, n_features):
        q, r = np.linalg.qr(rng.standard_normal((n_features, n_features)))
        # QR's signs are not uniform; lengths are those of normal vectors
        lengths = np.sqrt(rng.chisquare(n_features, n_features))
        blocks.append(lengths[:, None] * (q * np.sign(np.diag(r))).T)
    return PositiveRandomFeatures(np.concatenate(blocks)[:n_random], beta)


@dataclass(frozen=True, eq=False)
class HardLocations(FeatureProduct):
    """Hard locations that keys and queries have in common (Kanerva 1988): the kernel of sparse distributed memory.

    A location is active within a Hamming radius of an address. In primal form the memory's matrix is the table of counters.

    Parameters
    ----------
    locations : ndarray of 0 and 1, shape (location, bit)
    radius : int
    """

    locations: np.ndarray
    radius: int

    def features(self, x: np.ndarray) -> np.ndarray:
        """Active locations, 1 or 0."""
        rows = x.reshape(-1, x.shape[-1])
        differ = np.rint(x.shape[-1] * cdist(rows, np.asarray(self.locations, dtype=float), "hamming"))
        return (differ <= self.radius).astype(float).reshape(*x.shape[:-1], -1)
