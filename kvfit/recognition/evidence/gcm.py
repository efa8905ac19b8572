"""Generalised context model: similarity to all exemplars, summed for recognition and compared for classification.

Nosofsky (1986), Journal of Experimental Psychology: General 115, 39-57; Nosofsky (1988), Journal of Experimental
Psychology: Learning, Memory, and Cognition 14, 54-65 and 700-708; Nosofsky (1991), Journal of Experimental Psychology:
Human Perception and Performance 17, 3-27.
"""

from typing import Any

import numpy as np


def similarity(distances: Any, c: Any, p: float = 1.0, xp: Any = np) -> Any:
    """``exp(-c d^p)``: p = 1 exponential, 2 Gaussian."""
    return xp.exp(-c * distances**p)


def summed_similarity(similarities: Any, strengths: Any) -> Any:
    """Familiarity ``sum_j N_j s_ij``, shape (item,), of similarities (item, exemplar) and exemplar strengths."""
    return (strengths * similarities).sum(axis=-1)


def summed_over_cosines(n_others: Any, cosine: np.ndarray, weight: Any, c: Any, xp: Any = np) -> Any:
    """Summed similarity to other items, relative to that of one unrelated item: ``sum_j s_ij / exp(-c)``.

    Meaning is one of the dimensions on which items differ, with the attention `weight`; on the others any two different
    items are equally far apart. Distances of 1 are those of items whose meanings are unrelated (a cosine of 0):

        d_ij = weight (1 - cosine_ij) + (1 - weight) 1,  s_ij = exp(-c d_ij)

    ``1 - cosine`` is half the squared Euclidean distance of vectors of length 1, so that similarity in meaning alone is a
    Gaussian gradient over such vectors (p = 2, r = 2).

    Parameters
    ----------
    n_others : array, shape (cell,)
        Number of studied items other than the probe.
    cosine : ndarray, shape (cell, studied item)
        Of the probe with each of them; 0 for the probe itself and beyond a list's end, where nothing is added.
    weight, c : array or tensor, shape (..., cell)
        Attention to meaning, 0 to 1, and sensitivity.
    xp : module
        ``numpy`` or ``pytensor.tensor`` (then without leading axes).

    Returns
    -------
    array or tensor, shape (..., cell)
    """
    gradient = c * weight
    if xp is not np:
        return n_others + xp.expm1(gradient[..., None] * cosine).sum(axis=-1)
    # one studied item after the other: draws x trials x items would not fit into memory
    excess = np.zeros(np.broadcast_shapes(np.shape(gradient), np.shape(n_others)))
    for of_cell in cosine.T:
        excess += np.expm1(gradient * of_cell)
    return n_others + excess


def p_old(familiarity: Any, k: float) -> Any:
    """Probability of "old", ``F / (F + k)``."""
    return familiarity / (familiarity + k)


def p_category(
    similarities: np.ndarray, strengths: np.ndarray, member: np.ndarray, gamma: float = 1.0, bias: float = 0.5
) -> np.ndarray:
    """Probability of category A of two.

    Parameters
    ----------
    similarities : ndarray, shape (item, exemplar)
    strengths : ndarray, shape (exemplar,)
    member : ndarray of bool, shape (exemplar,)
        Whether the exemplar belongs to A.
    gamma : float
        Determinism.
    bias : float
        For A.

    Returns
    -------
    ndarray, shape (item,)
    """
    weighted = similarities * strengths
    a = bias * weighted[:, member].sum(axis=1) ** gamma
    b = (1.0 - bias) * weighted[:, ~member].sum(axis=1) ** gamma
    return a / (a + b)
