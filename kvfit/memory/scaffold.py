"""Scaffolds: where keys come from, if not from the content itself (Gershman, Fiete & Irie 2025)."""

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


def drifting_keys(n_keys: int, rho: float, rng: np.random.Generator, n_features: int | None = None) -> np.ndarray:
    """Slowly drifting addresses ``a_n = rho a_(n-1) + sqrt(1 - rho^2) eta_n`` (Estes 1955; Landauer 1975).

    The innovations are orthonormal, so that ``a_i . a_j = rho^|i - j|`` exactly: the scaffold of ``kv_recall``, whose
    likelihood needs these products alone and builds no vectors.

    Parameters
    ----------
    n_keys : int
    rho : float
        0 unrelated addresses, 1 one address for all.
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
    for n in range(1, n_keys):
        keys[n] = rho * keys[n - 1] + np.sqrt(1.0 - rho**2) * innovations[n]
    return keys


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
