"""Distributions of evidence: normal, gamma of shape 2, certainty, and mixtures of these.

Each offers ``log_categories(criteria, xp)``, see :class:`kvfit.recognition.memory.Evidence`. Parameters are
``(..., cell)``, criteria ``(..., cell, criterion)`` and increasing. The probability of one category needs only the criteria
beside it, see :func:`kvfit.recognition.responses.log_response`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kvfit.recognition.log_space import (
    NEVER,
    log1mexp,
    log_both,
    log_categories,
    log_normal_cdf,
    log_normal_interval,
)
from kvfit.recognition.memory import Evidence
from kvfit.recognition.responses import Cut, log_response

#: distance in units of the scale beyond which there is no evidence: its logarithm and exponential are still numbers
#: (of a dtype of its own: a plain number would be tried in single precision)
_FARTHEST = np.float64(1e300)


@dataclass(frozen=True, eq=False)
class Normal:
    """Normal evidence with ``mean`` and standard deviation ``sd``, ``(..., cell)`` or numbers."""

    mean: Any
    sd: Any = 1.0

    def log_categories(self, criteria: Any, xp: Any) -> Any:
        """``(..., cell, category)``."""
        z = (criteria - _column(self.mean)) / _column(self.sd)
        return log_categories(log_normal_cdf(z, xp), log_normal_cdf(-z, xp), xp)

    def log_response(self, cut: Cut) -> Any:
        """``(..., cell)``."""
        lower, upper = (cut.lower - self.mean) / self.sd, (cut.upper - self.mean) / self.sd
        return log_normal_interval(lower, upper, cut.xp)


@dataclass(frozen=True, eq=False)
class Gamma2:
    """Gamma evidence of shape 2 and ``scale`` ``(..., cell)``; criteria must be positive.

    With y = x / scale, P(X > x) = (1 + y) exp(-y).
    """

    scale: Any

    adjacent = True

    def log_categories(self, criteria: Any, xp: Any) -> Any:
        """``(..., cell, category)``."""
        # a criterion may lie beyond the largest number, as may its distance from the scale
        y = xp.minimum(criteria / _column(self.scale), _FARTHEST)
        log_above = xp.log1p(y) - y
        # log1p(y) - y cancels near zero: 1 - (1 + y) exp(-y) = y^2 (1/2 - y/3 + y^2/8 - y^3/30 + ...)
        small = y < 1e-3
        tiny = xp.where(small, y, 1e-3)
        series = 2.0 * xp.log(tiny) + xp.log(0.5 - tiny / 3.0 + tiny**2 / 8.0 - tiny**3 / 30.0)
        log_below = xp.where(small, series, log1mexp(xp.where(small, -1.0, log_above), xp))
        return log_categories(log_below, log_above, xp)


@dataclass(frozen=True, eq=False)
class Tails:
    """Evidence known by its two tails: functions of criteria ``(..., cell, criterion)`` and `xp`.

    Parameters
    ----------
    log_below, log_above : callable
        ``f(criteria, xp)``, log probability of evidence below, and above, each criterion.
    """

    log_below: Any
    log_above: Any

    adjacent = True

    def log_categories(self, criteria: Any, xp: Any) -> Any:
        """``(..., cell, category)``."""
        return log_categories(self.log_below(criteria, xp), self.log_above(criteria, xp), xp)


@dataclass(frozen=True)
class Certain:
    """All responses in the highest category (``top``), or all in the lowest: recollection, rejection."""

    top: bool

    def log_categories(self, criteria: Any, xp: Any) -> Any:
        """``(category,)``: 0 for the one category, practically minus infinity for the others."""
        n_categories = int(criteria.shape[-1] if xp is np else criteria.type.shape[-1]) + 1
        out = np.full(n_categories, NEVER)
        out[-1 if self.top else 0] = 0.0
        return out

    def log_response(self, cut: Cut) -> Any:
        """``(cell,)``."""
        return cut.xp.where(cut.highest if self.top else cut.lowest, 0.0, NEVER)


@dataclass(frozen=True, eq=False)
class Mixture:
    """With probability ``weight`` one distribution, else the other.

    Parameters
    ----------
    log_weight, log_rest : array or tensor
        ``(..., cell)`` logarithms of the weight and of one minus it; at least ``NEVER``. See :func:`log_weights`.
    one, other : Evidence
    """

    log_weight: Any
    log_rest: Any
    one: Evidence
    other: Evidence

    def log_categories(self, criteria: Any, xp: Any) -> Any:
        """``(..., cell, category)``."""
        one = _column(self.log_weight) + self.one.log_categories(criteria, xp)
        return xp.logaddexp(one, _column(self.log_rest) + self.other.log_categories(criteria, xp))

    def log_response(self, cut: Cut) -> Any:
        """``(..., cell)``."""
        one = self.log_weight + log_response(self.one, cut)
        return cut.xp.logaddexp(one, self.log_rest + log_response(self.other, cut))


def log_weights(probability: Any, where: np.ndarray, xp: Any) -> tuple[Any, Any]:
    """Logarithms of a probability and of its complement, the probability being 0 outside `where`.

    Parameters
    ----------
    probability : array or tensor
        ``(..., cell)`` between 0 and 1.
    where : numpy.ndarray
        ``(cell,)`` bool.
    xp : module

    Returns
    -------
    tuple
        ``(..., cell)`` each, with gradients that are finite in all cells.
    """
    log_yes, log_no = log_both(xp.where(where, probability, 0.5), xp)
    return xp.where(where, log_yes, NEVER), xp.where(where, log_no, 0.0)


def _column(value: Any) -> Any:
    return value[..., None] if np.ndim(value) or hasattr(value, "type") else value
