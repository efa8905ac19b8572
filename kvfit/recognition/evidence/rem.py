"""REM: the odds that a probe is old.

Shiffrin & Steyvers (1997), Psychonomic Bulletin & Review 4, 145-166. An item has `n_features` features with geometric
values, ``P(v) = g (1 - g)^(v - 1)``. A stored feature is right with probability `c`, else drawn at random. The odds are
the mean over images of likelihood ratios

    lambda_j = (1 - c)^(mismatches) prod over matches of value i of [c + (1 - c) P(i)] / P(i)

How they are distributed is in :mod:`kvfit.recognition.evidence.rem_odds`.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RemItems:
    """What items are like and what the system assumes.

    Parameters
    ----------
    n_features : int
        w.
    g : float
        Base rate of values that the system assumes, and of randomly stored values.
    c : float
        Probability that a stored feature is right.
    g_probe, g_studied : float, optional
        Base rates of the tested and of the studied items (word frequency); default `g`.
    """

    n_features: int = 20
    g: float = 0.4
    c: float = 0.7
    g_probe: float | None = None
    g_studied: float | None = None

    @property
    def studied(self) -> float:
        """Base rate of the studied items."""
        return self.g if self.g_studied is None else self.g_studied


def likelihood_ratios(probe: np.ndarray, images: np.ndarray, g: float, c: float) -> np.ndarray:
    """Likelihood ratio of each image.

    Parameters
    ----------
    probe : ndarray of int, shape (feature,)
        Values from 1.
    images : ndarray of int, shape (image, feature)
        0 where nothing is stored.
    g, c : float

    Returns
    -------
    ndarray, shape (image,)
    """
    base = geometric(g, probe)
    match = (c + (1.0 - c) * base) / base
    return np.where(images == 0, 1.0, np.where(images == probe, match, 1.0 - c)).prod(axis=-1)


def storage_probability(u: np.ndarray | float, attempts: float) -> np.ndarray:
    """Probability that a feature is stored in a number of attempts, ``1 - (1 - u)^attempts``."""
    return np.asarray(-np.expm1(attempts * np.log1p(-np.asarray(u))))


def geometric(g: float, values: np.ndarray) -> np.ndarray:
    """Probabilities of values from 1."""
    return np.asarray(g * (1.0 - g) ** (values - 1.0))
