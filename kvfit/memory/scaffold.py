"""Scaffolds: where keys come from, if not from the content itself (Gershman, Fiete & Irie 2025)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


def random_keys(n_keys: int, n_features: int, rng: np.random.Generator, bipolar: bool = False) -> np.ndarray:
    """Dense random addresses of length 1 (of -1 and 1 if `bipolar`), shape (key, feature)."""
    if bipolar:
        return rng.choice([-1.0, 1.0], (n_keys, n_features))
    x = rng.standard_normal((n_keys, n_features))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def sparse_keys(n_keys: int, n_features: int, n_active: int, rng: np.random.Generator) -> np.ndarray:
    """Random addresses of 0 and 1 with exactly `n_active` ones, shape (key, feature)."""
    return _winners(rng.random((n_keys, n_features)), n_active)


def drifting_keys(
    n_keys: int, rho: float | np.ndarray, rng: np.random.Generator, n_features: int | None = None
) -> np.ndarray:
    """Slowly drifting addresses ``a_n = rho a_(n-1) + sqrt(1 - rho^2) eta_n`` (Estes 1955; Landauer 1975).

    The innovations are orthonormal, so that ``a_i . a_j = rho^|i - j|`` exactly (the product of the steps between, where
    they differ): the scaffold of ``kv_recall``, whose likelihood needs these products alone and builds no vectors.

    Parameters
    ----------
    n_keys : int
    rho : float or ndarray, shape (n_keys - 1,)
        0 unrelated addresses, 1 one address for all; an array has the similarity of each address to the one before it.
    rng : numpy.random.Generator
        Turns the addresses at random.
    n_features : int, optional
        At least `n_keys`, and that by default.

    Returns
    -------
    ndarray, shape (key, feature)
    """
    n_features = n_keys if n_features is None else n_features
    if n_features < n_keys:
        raise ValueError(f"{n_keys} orthonormal innovations need as many features, found n_features={n_features}")
    innovations = np.linalg.qr(rng.standard_normal((n_features, n_keys)))[0].T
    keys = np.empty((n_keys, n_features))
    keys[0] = innovations[0]
    steps = np.broadcast_to(rho, n_keys - 1)
    for n in range(1, n_keys):
        keys[n] = steps[n - 1] * keys[n - 1] + np.sqrt(1.0 - steps[n - 1] ** 2) * innovations[n]
    return keys


def compound(parts: Sequence[np.ndarray], shares: Sequence[float]) -> np.ndarray:
    """Keys of several parts, such as a cue and its context: ``(sqrt(share_1) part_1, sqrt(share_2) part_2, ...)``.

    The match of two of them is the sum of the matches of their parts, each times its share.

    Parameters
    ----------
    parts : sequence of ndarray, shape (..., row, feature of the part)
        Leading dimensions and rows broadcast; a query that lacks a part has zeros there.
    shares : sequence of float
        At least 0. With parts of length 1 and shares that sum to 1 keys have length 1.

    Returns
    -------
    ndarray, shape (..., row, feature)
    """
    leading = np.broadcast_shapes(*(part.shape[:-1] for part in parts))
    scaled = [
        np.broadcast_to(np.sqrt(share) * part, (*leading, part.shape[-1]))
        for part, share in zip(parts, shares, strict=True)
    ]
    return np.concatenate(scaled, axis=-1)


@dataclass(frozen=True, eq=False)
class LinearMaps:
    """Keys, values and queries as learned linear maps of inputs: ``x W_k``, ``x W_v``, ``x W_q`` (Vaswani et al. 2017).

    Parameters
    ----------
    w_key, w_query : ndarray, shape (input feature, key feature)
    w_value : ndarray, shape (input feature, value feature)
    """

    w_key: np.ndarray
    w_value: np.ndarray
    w_query: np.ndarray

    def keys(self, x: np.ndarray) -> np.ndarray:
        """Keys ``(..., row, key feature)`` of inputs ``(..., row, input feature)``."""
        return np.matmul(x, self.w_key)

    def values(self, x: np.ndarray) -> np.ndarray:
        """Values ``(..., row, value feature)`` of inputs ``(..., row, input feature)``."""
        return np.matmul(x, self.w_value)

    def queries(self, x: np.ndarray) -> np.ndarray:
        """Queries ``(..., row, key feature)`` of inputs ``(..., row, input feature)``."""
        return np.matmul(x, self.w_query)


def decorrelated(inputs: np.ndarray) -> np.ndarray:
    """Keys that squared-error learning of a linear key map ends in, ``X (X^T X)^+``; queries stay as they are.

    With them a linear read gives the least-squares prediction of the values, exact for linearly independent inputs: the
    pseudo-inverse rule (Personnaz, Guyon & Dreyfus 1986), to which repeated presentations under the delta rule converge.

    Parameters
    ----------
    inputs : ndarray, shape (trace, feature)

    Returns
    -------
    ndarray, shape (trace, feature)
    """
    return np.linalg.pinv(inputs).T


@dataclass(frozen=True, eq=False)
class RandomExpansion:
    """Pattern separation: a random projection into more features, of which the `n_active` largest become 1, others 0.

    The fewer are active, the less alike are keys of similar contents (Marr 1969; Dasgupta, Stevens & Navlakha 2017).

    Parameters
    ----------
    projection : ndarray, shape (content feature, key feature)
    n_active : int
    """

    projection: np.ndarray
    n_active: int

    def keys(self, contents: np.ndarray) -> np.ndarray:
        """Keys ``(..., row, key feature)`` of 0 and 1 of contents ``(..., row, content feature)``."""
        return _winners(np.matmul(contents, self.projection), self.n_active)


def _winners(x: np.ndarray, n_active: int) -> np.ndarray:
    best = np.argpartition(x, -n_active, axis=-1)[..., -n_active:]
    keys = np.zeros(x.shape)
    np.put_along_axis(keys, best, 1.0, axis=-1)
    return keys
