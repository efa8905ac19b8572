"""Separation operators: how matches become the weights of traces (``sigma`` of Gershman, Fiete & Irie 2025).

An operator gives unnormalised weights trace by trace or, if `normalised`, attention that sums to 1 over traces. A trace's
strength multiplies its weight before the normalisation, so that a strength of 2 is the same as storing a trace twice
(but for ``Top``, where two copies would take two places).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit


class Separation:
    """Base of the operators: subclasses define `raw`.

    Attributes
    ----------
    normalised : bool
        Whether weights are divided by their sum.
    linear : bool
        Whether weights are proportional to matches within a query, so that a primal form exists.
    """

    normalised: bool = False
    linear: bool = False

    def raw(self, match: np.ndarray) -> np.ndarray:
        """Weights ``(..., query, trace)`` before strengths and normalisation; may overwrite `match`."""
        raise NotImplementedError

    def __call__(self, match: np.ndarray, strengths: np.ndarray | float = 1.0) -> np.ndarray:
        """Weights of traces.

        Parameters
        ----------
        match : ndarray, shape (..., query, trace)
            Left as it is.
        strengths : ndarray, shape (..., trace), optional

        Returns
        -------
        ndarray, shape (..., query, trace)
            All 0 where a normalised operator finds no trace.
        """
        weights = self.raw(np.array(match, dtype=float))
        weights = (
            weights * np.asarray(strengths, dtype=float)[..., None, :] if np.ndim(strengths) else weights * strengths
        )
        return divide(weights, weights.sum(axis=-1, keepdims=True)) if self.normalised else weights


def divide(numerator: np.ndarray, total: np.ndarray) -> np.ndarray:
    """``numerator / total``, 0 where the total is 0: nothing was found."""
    return numerator / np.where(total == 0.0, np.inf, total)


@dataclass(frozen=True)
class Identity(Separation):
    """The match itself: correlation matrix memory."""

    linear = True

    def raw(self, match: np.ndarray) -> np.ndarray:
        """The match."""
        return match


@dataclass(frozen=True)
class Normalise(Separation):
    """The match as a share of all matches, which should not be negative: linear and kernel attention."""

    normalised = True
    linear = True

    def raw(self, match: np.ndarray) -> np.ndarray:
        """The match."""
        return match


@dataclass(frozen=True)
class Softmax(Separation):
    """``exp(beta s)`` as a share of its sum (Ramsauer et al. 2021)."""

    beta: float = 1.0
    normalised = True

    def raw(self, match: np.ndarray) -> np.ndarray:
        """Relative to the best match, so that nothing overflows."""
        best = match.max(axis=-1, keepdims=True)
        match -= np.where(np.isfinite(best), best, 0.0)
        if self.beta != 1.0:
            match *= self.beta
        return np.exp(match, out=match)


@dataclass(frozen=True)
class Exponential(Separation):
    """``exp(beta s)``, not normalised."""

    beta: float = 1.0

    def raw(self, match: np.ndarray) -> np.ndarray:
        """``exp(beta s)``."""
        return np.exp(self.beta * match)


@dataclass(frozen=True)
class RectifiedPolynomial(Separation):
    """``max(s, 0)^degree`` (Krotov & Hopfield 2016); degree 1 is rectification."""

    degree: float = 2.0

    def raw(self, match: np.ndarray) -> np.ndarray:
        """``max(s, 0)^degree``."""
        return np.maximum(match, 0.0) ** self.degree


@dataclass(frozen=True)
class Power(Separation):
    """``s^exponent``.

    Parameters
    ----------
    exponent : float
    signed : bool
        ``sign(s) |s|^exponent`` (MINERVA 2: the cube); needed for exponents that are not whole where matches are negative.
    normalised : bool
        As a share of the sum: Luce's choice rule on powers of matches, which should not be negative.
    """

    exponent: float = 3.0
    signed: bool = True
    normalised: bool = False

    def raw(self, match: np.ndarray) -> np.ndarray:
        """Power of the match."""
        if self.signed:
            return np.copysign(np.abs(match) ** self.exponent, match)
        return match**self.exponent


@dataclass(frozen=True)
class Threshold(Separation):
    """1 where the match reaches `threshold`, else 0: a ball around the query (Kanerva 1988)."""

    threshold: float = 0.0
    normalised: bool = False

    def raw(self, match: np.ndarray) -> np.ndarray:
        """1 or 0."""
        return (match >= self.threshold).astype(float)


@dataclass(frozen=True)
class SoftThreshold(Separation):
    """``logistic(gain (s - threshold))``."""

    threshold: float = 0.0
    gain: float = 1.0
    normalised: bool = False

    def raw(self, match: np.ndarray) -> np.ndarray:
        """Logistic of the match."""
        return expit(self.gain * (match - self.threshold))


@dataclass(frozen=True)
class Top(Separation):
    """1 for the `k` best matches and for those equal to the last of them, else 0.

    With ``normalised=True`` the traces found share attention; ``Top(1)`` is the nearest neighbour.
    """

    k: int = 1
    normalised: bool = True

    def raw(self, match: np.ndarray) -> np.ndarray:
        """1 or 0."""
        k = min(self.k, match.shape[-1])
        last = np.partition(match, -k, axis=-1)[..., -k, None]
        return (match >= last).astype(float)
