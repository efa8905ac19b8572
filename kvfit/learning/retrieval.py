"""The read of a key-value memory as an objective: what each stored key retrieves, and how keys and values should change.

alpha = softmax(q K^T / sqrt(D))        attention of each query over all stored items
v_hat = alpha V                         what is retrieved (Gershman, Fiete & Irie 2025, dual form of the read)
loss  = mean over items and features of weight (v_hat - target)^2
"""

from __future__ import annotations

import numpy as np
from scipy.special import softmax


def attention(queries: np.ndarray, keys: np.ndarray, competitors: np.ndarray | None = None) -> np.ndarray:
    """Attention of queries over stored keys: softmax of the scaled dot product.

    Parameters
    ----------
    queries : numpy.ndarray, (..., query, dimension)
    keys : numpy.ndarray, (..., item, dimension)
    competitors : numpy.ndarray of bool, (query, item), optional
        Which items can be attended to; default all. At least one in each row.

    Returns
    -------
    numpy.ndarray, (..., query, item)
        Rows sum to 1.
    """
    match = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(keys.shape[-1])
    return softmax(match if competitors is None else np.where(competitors, match, -np.inf), axis=-1)


def retrieval_loss(
    keys: np.ndarray,
    values: np.ndarray,
    targets: np.ndarray,
    *,
    weights: np.ndarray | float = 1.0,
    stored_keys_learn: bool = False,
    competitors: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Error of what all items retrieve when each queries the memory with its own key, and its gradients.

    Parameters
    ----------
    keys : numpy.ndarray, (..., item, dimension)
        Queries and addresses at once.
    values : numpy.ndarray, (..., item, feature)
    targets : numpy.ndarray, (..., item, feature)
        What each item should retrieve.
    weights : numpy.ndarray or float
        How much each error counts, e.g. (feature,): the demand of the task. Zero where nothing is asked.
    stored_keys_learn : bool
        Whether a key also learns as an address that others are matched with, and not as a query alone. False is what the
        paper's notebooks do.
    competitors : numpy.ndarray of bool, (item, item), optional
        Which items (columns) each query (row) can attend to; default all.

    Returns
    -------
    loss : numpy.ndarray, (...)
        Mean of the weighted squared errors over items and features.
    key_gradient : numpy.ndarray, like `keys`
    value_gradient : numpy.ndarray, like `values`
    """
    alpha = attention(keys, keys, competitors)
    error = alpha @ values - targets
    weighted = weights * error
    size = error.shape[-1] * error.shape[-2]
    loss = (weighted * error).sum(axis=(-1, -2)) / size
    on_read = 2.0 / size * weighted
    on_alpha = on_read @ np.swapaxes(values, -1, -2)
    on_match = alpha * (on_alpha - (on_alpha * alpha).sum(axis=-1, keepdims=True)) / np.sqrt(keys.shape[-1])
    key_gradient = on_match @ keys
    if stored_keys_learn:
        key_gradient = key_gradient + np.swapaxes(on_match, -1, -2) @ keys
    return loss, key_gradient, np.swapaxes(alpha, -1, -2) @ on_read
