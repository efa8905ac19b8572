"""Logarithms of probabilities that stay finite, with finite gradients, where the probabilities underflow."""

from typing import Any

import numpy as np
from scipy.special import log_ndtr as _log_ndtr

#: Logarithm of the weight of what never happens. Finite, so that no gradient is infinity times zero.
NEVER = -1e30
#: Smallest distance of two log probabilities whose difference is taken; below it a category has no width.
_NO_WIDTH = -1e-30


def log_normal_cdf(z: Any, xp: Any) -> Any:
    """Logarithm of the standard normal distribution function.

    Parameters
    ----------
    z : array or tensor
    xp : module
        ``numpy`` or ``pytensor.tensor``.

    Returns
    -------
    array or tensor
        The shape of `z`.
    """
    if xp is np:
        return _log_ndtr(z)
    # Each branch sees only arguments at which it is finite: the gradient of the branch that is not
    # chosen is multiplied by zero, which must not meet an infinity.
    low, high = xp.minimum(z, -1.0), xp.maximum(z, -1.0)
    tail = xp.log(0.5 * xp.erfcx(-low * np.sqrt(0.5))) - 0.5 * low**2
    return xp.where(z < -1.0, tail, xp.log1p(-0.5 * xp.erfc(high * np.sqrt(0.5))))


def log_normal_interval(lower: Any, upper: Any, xp: Any) -> Any:
    """Logarithm of ``Phi(upper) - Phi(lower)``, finite where the interval has no width or lies far out.

    Parameters
    ----------
    lower, upper : array or tensor
        Of one shape, as tensors ``(interval,)``.
    xp : module
    """
    if xp is not np:
        from kvfit.recognition.normal_interval import LogInterval

        return LogInterval()(lower, upper)[0]
    # in the lower half, where nothing is close to one
    mirrored = lower + upper > 0
    low, high = np.where(mirrored, -upper, lower), np.where(mirrored, -lower, upper)
    log_below = _log_ndtr(high)
    return log_below + log1mexp(_below(_log_ndtr(low), log_below, np), np)


def log1mexp(x: Any, xp: Any) -> Any:
    """``log(1 - exp(x))`` for negative x; x closer to zero than 1e-30 counts as -1e-30."""
    x = xp.minimum(x, _NO_WIDTH)
    if xp is not np:
        return xp.log1mexp(x)
    # Maechler's switch: expm1 loses nothing near zero, log1p nothing far from it
    near = x > -np.log(2.0)
    return np.where(near, np.log(-np.expm1(np.where(near, x, -1.0))), np.log1p(-np.exp(np.where(near, -1.0, x))))


def log_both(probability: Any, xp: Any) -> tuple[Any, Any]:
    """Logarithms of a probability and of its complement, finite where the log odds saturate at 0 or 1."""
    inside = xp.clip(probability, 1e-300, 1.0 - 1e-16)
    return xp.log(inside), xp.log1p(-inside)


def _below(smaller: Any, larger: Any, xp: Any) -> Any:
    """Difference of log probabilities; below 0 where both are of what never happens, instead of infinity less infinity."""
    if xp is not np:
        return smaller - larger
    never = np.isneginf(larger)
    return np.where(never, -1.0, smaller - np.where(never, 0.0, larger))


def log_categories(log_below: Any, log_above: Any, xp: Any) -> Any:
    """Log probability of each category from the two tails at every criterion.

    A category between two criteria is the difference of two lower tails, or of two upper tails; the smaller pair is
    taken, so that nothing cancels however far out the category lies.

    Parameters
    ----------
    log_below, log_above : array or tensor
        ``(..., criterion)`` log probability of evidence below, and above, each criterion; criteria increase.
    xp : module
        ``numpy`` or ``pytensor.tensor``.

    Returns
    -------
    array or tensor
        ``(..., category)``, one more than criteria.
    """
    first, last = log_below[..., :1], log_above[..., -1:]
    left = log_below[..., 1:] < log_above[..., :-1]
    larger = xp.where(left, log_below[..., 1:], log_above[..., :-1])
    smaller = xp.where(left, log_below[..., :-1], log_above[..., 1:])
    between = larger + log1mexp(_below(smaller, larger, xp), xp)
    return xp.concatenate([first, between, last], axis=-1)
