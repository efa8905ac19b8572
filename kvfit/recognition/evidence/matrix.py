"""Distributed memories: TODAM's sum of items and the matrix model's sum of outer products.

Murdock (1982), Psychological Review 89, 609-626; Murdock (1993), same journal 100, 183-203: item vectors are added to one
vector that fades by `alpha` with each item, and a probe's strength is its dot product with it. Pike (1984), same journal
91, 281-294; Humphreys, Bain & Pike (1989), same journal 96, 208-233: outer products are added to one matrix, and the match
of a probe is its quadratic form.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kvfit.parameters import log1pexp
from kvfit.recognition.evidence.average import with_lapse
from kvfit.recognition.log_space import log_categories, log_normal_cdf


@dataclass(frozen=True, eq=False)
class Moments:
    """Means and variances of match.

    Attributes
    ----------
    mean_old, variance_old : ndarray, shape (study position,)
    mean_new, variance_new : float
    """

    mean_old: np.ndarray
    variance_old: np.ndarray
    mean_new: float
    variance_new: float


def todam_moments(
    n_features: float, list_length: int, alpha: float, gamma: float = 1.0, encoded: float = 1.0
) -> Moments:
    """Strengths of items in TODAM by study position.

    Parameters
    ----------
    n_features : float
        N; features are normal with variance 1 / N.
    list_length : int
    alpha : float
        What is left of the memory vector when an item is added.
    gamma : float
        Weight of an item.
    encoded : float
        Probability that a feature is encoded (Murdock & Lamon 1988).

    Returns
    -------
    Moments
    """
    weights = gamma * alpha ** np.arange(list_length - 1, -1, -1.0)
    new = float((weights**2).sum()) * encoded / n_features
    own = weights**2 * (3.0 * encoded - encoded**2) / n_features
    return Moments(weights * encoded, new - weights**2 * encoded / n_features + own, 0.0, new)


def matrix_moments(n_features: float, list_length: int) -> Moments:
    """Matches in an autoassociative matrix; items lie uniformly on the unit sphere.

    Parameters
    ----------
    n_features : float
    list_length : int

    Returns
    -------
    Moments
    """
    mean, variance, _ = squared_cosine_cumulants(n_features)
    ones = np.ones(list_length)
    return Moments(
        ones * (1.0 + (list_length - 1) * mean),
        ones * (list_length - 1) * variance,
        float(list_length * mean),
        float(list_length * variance),
    )


def pair_moments(n_features: float, n_pairs: int, context: float = 1.0) -> dict[str, tuple[float, float]]:
    """Mean and variance of the match of intact, rearranged and new pairs in a hetero-associative matrix.

    Parameters
    ----------
    n_features : float
    n_pairs : int
    context : float
        Overlap of study and test context; a three-way product scales the match by it.

    Returns
    -------
    dict of str to tuple of float
    """
    noise = 1.0 / n_features**2
    found = {
        "intact": (1.0, (n_pairs - 1) * noise),
        "rearranged": (0.0, 2.0 / n_features + (n_pairs - 2) * noise),
        "new": (0.0, n_pairs * noise),
    }
    return {name: (context * mean, context**2 * variance) for name, (mean, variance) in found.items()}


def squared_cosine_cumulants(n_features: Any) -> tuple[Any, Any, Any]:
    """First three cumulants of the squared cosine of two random directions, a Beta(1/2, (N - 1)/2) variable."""
    n = n_features
    variance = 2.0 * (n - 1.0) / (n**2 * (n + 2.0))
    third = 8.0 * (n - 1.0) * (n - 2.0) / (n**3 * (n + 2.0) * (n + 4.0))
    return 1.0 / n, variance, third


def power_sum(alpha: Any, power: int, list_length: Any, xp: Any) -> Any:
    """``sum_(l < list_length) alpha^(power l)``, also where alpha is 1 to rounding."""
    log_alpha = xp.log(xp.clip(alpha, 1e-12, 1.0 - 1e-12)) * power
    return xp.expm1(list_length * log_alpha) / xp.expm1(log_alpha)


def gamma_probit(x: Any, mean: Any, variance: Any, third: Any, xp: Any) -> Any:
    """Probit of a shifted gamma distribution with three given cumulants, by the cube root of Wilson & Hilferty (1931).

    Parameters
    ----------
    x, mean, variance, third : array or tensor
        Of one shape.
    xp : module

    Returns
    -------
    array or tensor
        Increasing in `x`; below the distribution's lower end it falls slowly.
    """
    shape = 4.0 * variance**3 / third**2
    ratio = 1.0 + (x - mean) / xp.sqrt(variance * shape)
    # a soft floor keeps the cube root and its gradient finite below the lower end; it must not underflow to 0
    ratio = 0.02 * log1pexp(xp.maximum(ratio / 0.02, -600.0), xp)
    return 3.0 * xp.sqrt(shape) * (ratio ** (1.0 / 3.0) - 1.0 + 1.0 / (9.0 * shape))


def gamma_quantile(z: Any, mean: Any, variance: Any, third: Any, xp: Any) -> Any:
    """Quantile of the shifted gamma distribution at probits `z`: inverse of :func:`gamma_probit` above its floor."""
    shape = 4.0 * variance**3 / third**2
    root = 1.0 - 1.0 / (9.0 * shape) + z / (3.0 * xp.sqrt(shape))
    # far below the lower end the cube of a negative root goes on downward, so that criteria stay ordered
    return mean + xp.sqrt(variance * shape) * (root**3 - 1.0)


@dataclass(frozen=True, eq=False)
class GammaMatch:
    """Evidence that is a shifted gamma variable plus a constant `own`, with criteria in units of a reference lure.

    Parameters
    ----------
    reference, rest : tuple of array or tensor
        Mean, variance and third cumulant, ``(..., cell)`` each.
    own : array or tensor
        ``(..., cell)``.
    """

    reference: tuple[Any, Any, Any]
    rest: tuple[Any, Any, Any]
    own: Any

    def log_categories(self, criteria: Any, xp: Any) -> Any:
        """``(..., cell, category)``, see :class:`kvfit.recognition.memory.Evidence`."""
        mean, variance, third = (one[..., None] for one in self.reference)
        at = gamma_quantile(criteria, mean, variance, third, xp) - self.own[..., None]
        mean, variance, third = (one[..., None] for one in self.rest)
        z = gamma_probit(at, mean, variance, third, xp)
        return with_lapse(log_categories(log_normal_cdf(z, xp), log_normal_cdf(-z, xp), xp), xp)


def convolve(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Association of two items: full convolution of vectors of odd length centred on index 0."""
    return np.convolve(a, b)


def correlate(a: np.ndarray, trace: np.ndarray) -> np.ndarray:
    """Retrieval from `trace` with cue `a`: full correlation ``sum_i a_i trace_(m + i)``, centred on index 0."""
    return np.convolve(trace, a[::-1])
