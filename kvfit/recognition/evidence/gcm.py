"""Generalised context model: similarity to all exemplars, summed for recognition and compared for classification.

Nosofsky (1986), Journal of Experimental Psychology: General, 115, 39-57; (1988), Journal of Experimental Psychology:
Learning, Memory, and Cognition, 14, 54-65 and 700-708; (1991), Journal of Experimental Psychology: Human Perception and
Performance, 17, 3-27.
"""

from typing import Any

import numpy as np


def distance(a: np.ndarray, b: np.ndarray, weights: np.ndarray, r: float = 2.0) -> np.ndarray:
    """Weighted distance of points.

    Parameters
    ----------
    a : ndarray, shape (item, dimension)
    b : ndarray, shape (exemplar, dimension)
    weights : ndarray, shape (dimension,)
        Attention, which sums to 1.
    r : float
        1 city block (separable dimensions), 2 Euclidean (integral dimensions).

    Returns
    -------
    ndarray, shape (item, exemplar)
    """
    return (weights * np.abs(a[:, None, :] - b[None, :, :]) ** r).sum(axis=-1) ** (1.0 / r)


def similarity(distances: Any, c: Any, p: float = 1.0, xp: Any = np) -> Any:
    """``exp(-c d^p)``: p = 1 exponential, 2 Gaussian."""
    return xp.exp(-c * distances**p)


def summed_similarity(similarities: Any, strengths: Any) -> Any:
    """Familiarity ``sum_j N_j s_ij``, shape (item,), of similarities (item, exemplar) and exemplar strengths."""
    return (strengths * similarities).sum(axis=-1)


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
