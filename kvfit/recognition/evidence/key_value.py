"""Key-value recognition: familiarity from the raw match of keys, recollection from the value that attention reads.

Gershman, Fiete & Irie (2025), Key-value memory in the brain. A probe meets the N keys of the list. Matches with keys of
other items are normal with mean 0 and standard deviation 1, the match of an old item with its own key has mean `match` and
standard deviation `match_sd`; `gain` is the inverse temperature (beta sigma_x).

    familiarity    F = log sum_j exp(gain m_j)
    attention      logit alpha = gain m_own - log sum_(j other) exp(gain m_j)
    recollection   with probability logistic((logit alpha - threshold) / noise), then the highest category

Distributions are exact up to quadrature: within 0.5 points, the precision of the simulations, over the prior range.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kvfit.recognition.evidence.average import with_lapse
from kvfit.recognition.evidence.key_match import probit_table, quantile_table
from kvfit.recognition.log_space import log_categories, log_normal_cdf

_X, _W = np.polynomial.legendre.leggauss(20)
#: Nodes on (0, 1), closer together at 0 (where the others' sum alone reaches the criterion), and their weights.
_OUTER = ((_X + 1.0) / 2.0) ** 2
_OUTER_WEIGHT = _W / 2.0 * (_X + 1.0)
_Y, _V = np.polynomial.legendre.leggauss(18)
_INNER, _INNER_WEIGHT = (_Y + 1.0) / 2.0, _V / 2.0
#: Standard normal nodes for averages without a criterion.
_Z = np.linspace(-4.5, 4.5, 19)
_Z_WEIGHT = np.exp(-0.5 * _Z**2) / np.exp(-0.5 * _Z**2).sum()
_FAR = 5.2


@dataclass(frozen=True, eq=False)
class KeyLists:
    """Lists of the cells of a design: constants of the likelihood.

    Attributes
    ----------
    old : ndarray of bool, shape (cell,)
    kind : ndarray of int, shape (cell,)
        Which of `lengths` the cell's list has.
    lengths : tuple of int
        Different list lengths, increasing.
    """

    old: np.ndarray
    kind: np.ndarray
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, old: np.ndarray, list_length: np.ndarray) -> "KeyLists":
        """Lists of cells with given status and length, each at least 2."""
        rounded = np.round(list_length).astype(np.int64)
        lengths, kind = np.unique(np.maximum(rounded, 2), return_inverse=True)
        return cls(old, kind, tuple(int(n) for n in lengths))

    def at(self, cells: np.ndarray) -> "KeyLists":
        """Those of some cells, with the same reference."""
        return KeyLists(self.old[cells], self.kind[cells], self.lengths)


@dataclass(frozen=True, eq=False)
class Match:
    """Parameters of the match, ``(..., cell)``: `gain`, and mean and sd of the own match on the gain's scale."""

    gain: Any
    own_mean: Any
    own_sd: Any

    def at(self, cells: np.ndarray) -> "Match":
        """Those of some cells."""
        return Match(self.gain[..., cells], self.own_mean[..., cells], self.own_sd[..., cells])


@dataclass(frozen=True, eq=False)
class Recollection:
    """Parameters of recollection, ``(..., cell)``."""

    threshold: Any
    noise: Any

    def fails(self, advantage: Any, xp: Any) -> Any:
        """Probability of no recollection at log odds of attention ``(..., cell, any, any)``."""
        threshold, noise = self.threshold[..., None, None], self.noise[..., None, None]
        return 1.0 / (1.0 + xp.exp(xp.clip((advantage - threshold) / noise, -600.0, 600.0)))

    def at(self, cells: np.ndarray) -> "Recollection":
        """Those of some cells."""
        return Recollection(self.threshold[..., cells], self.noise[..., cells])


@dataclass(frozen=True, eq=False)
class KeyValue:
    """Evidence of key-value memory: familiarity, with recollection unless that is None."""

    lists: KeyLists
    match: Match
    recollection: Recollection | None

    def log_categories(self, criteria: Any, xp: Any) -> Any:
        """``(..., cell, category)``, see :class:`kvfit.recognition.memory.Evidence`."""
        lists = self.lists
        new, old = np.flatnonzero(~lists.old), np.flatnonzero(lists.old)
        lures = probit_table(lists.lengths, lists.lengths[-1])
        z = lures(lists.kind[new], xp.log(self.match.gain[..., new]), criteria[..., new, :], xp)
        of_new = log_categories(log_normal_cdf(z, xp), log_normal_cdf(-z, xp), xp)
        recollection = self.recollection.at(old) if self.recollection else None
        tails = _old_tails(lists.at(old), self.match.at(old), recollection, criteria[..., old, :], xp)
        # quadrature is not exact to the last digit: a category that nobody uses must keep some width
        of_old = with_lapse(log_categories(*tails, xp), xp)
        return xp.concatenate([of_new, of_old], axis=-2)[..., np.argsort(np.concatenate([new, old])), :]


@dataclass(frozen=True, eq=False)
class ValueOnly:
    """Evidence of value retrieval alone: recollection, else a guess by criteria on standard normal noise."""

    lists: KeyLists
    match: Match
    recollection: Recollection

    def log_categories(self, criteria: Any, xp: Any) -> Any:
        """``(..., cell, category)``, see :class:`kvfit.recognition.memory.Evidence`."""
        guess_below, guess_above = log_normal_cdf(criteria, xp), log_normal_cdf(-criteria, xp)
        rate = recollection_rate(self.lists, self.match, self.recollection, xp)
        rate = xp.where(self.lists.old, xp.clip(rate, 1e-12, 1.0 - 1e-12), 1e-30)[..., None]
        below = xp.log1p(-rate) + guess_below
        above = xp.logaddexp(xp.log(rate) + 0.0 * guess_above, xp.log1p(-rate) + guess_above)
        return with_lapse(log_categories(below, above, xp), xp)


def recollection_rate(lists: KeyLists, match: Match, recollection: Recollection, xp: Any) -> Any:
    """Probability ``(..., cell)`` that an old item is recollected."""
    others = quantile_table(tuple(n - 1 for n in lists.lengths))
    sums = others(lists.kind, xp.log(match.gain), _Z + 0.0 * match.gain[..., None], xp)
    own = match.own_mean[..., None] + match.own_sd[..., None] * _Z
    recollected = 1.0 - recollection.fails(own[..., :, None] - sums[..., None, :], xp)
    return ((recollected * _Z_WEIGHT).sum(axis=-1) * _Z_WEIGHT).sum(axis=-1)


def _old_tails(
    lists: KeyLists, match: Match, recollection: Recollection | None, criteria: Any, xp: Any
) -> tuple[Any, Any]:
    """Log probabilities ``(..., cell, criterion)`` of an old item's response below, and above, each criterion.

    The sum of the other matches is integrated over, up to where it reaches the criterion alone; given it, the own match
    must stay below what is left.
    """
    fewer, longest = tuple(n - 1 for n in lists.lengths), lists.lengths[-1]
    log_gain = xp.log(match.gain)
    at = quantile_table((longest,))(np.zeros_like(lists.kind), log_gain, criteria, xp)
    end = probit_table(fewer, longest)(lists.kind, log_gain, criteria, xp)
    # (..., cell, criterion, node)
    z = end[..., None] - (8.0 + xp.maximum(end, 0.0))[..., None] * _OUTER
    weight = _OUTER_WEIGHT * xp.exp(0.5 * (xp.minimum(end, 0.0)[..., None] ** 2 - z**2))
    shape = (*z.shape[:-2], z.shape[-2] * z.shape[-1])
    rest = quantile_table(fewer)(lists.kind, log_gain, z.reshape(shape), xp).reshape(z.shape)
    gap = xp.maximum(at[..., None] - rest, 1e-8)
    left = at[..., None] + xp.log(-xp.expm1(-gap))
    mean, sd = match.own_mean[..., None, None], match.own_sd[..., None, None]
    own = (left - mean) / sd
    if recollection is None:
        part = xp.exp(log_normal_cdf(own, xp))
    else:
        part = _no_recollection(own, (rest - mean) / sd, sd, recollection, xp)
    below = xp.clip((part * weight).sum(axis=-1) / weight.sum(axis=-1), 1e-300, 1.0)
    log_end = log_normal_cdf(end, xp)
    above = xp.log(xp.maximum(1.0 - below, 1e-300))
    return log_end + xp.log(below), xp.logaddexp(log_normal_cdf(-end, xp), log_end + above)


def _no_recollection(own: Any, rest: Any, sd: Any, recollection: Recollection, xp: Any) -> Any:
    """Probability that the own match stays below `own` and that nothing is recollected; matches are standardised."""
    # beyond _FAR the normal density is too small to matter
    width = xp.maximum(xp.minimum(own, _FAR) + _FAR, 1e-6)
    if xp is not np:  # a small graph compiles fast; loops below save memory
        y = width[..., None] * _INNER - _FAR
        shape = (*y.shape[:-2], y.shape[-2] * y.shape[-1])
        advantage = (sd[..., None] * (y - rest[..., None])).reshape(shape)
        fails = recollection.fails(advantage, xp).reshape(y.shape)
        return (_INNER_WEIGHT * xp.exp(-0.5 * y**2) * fails).sum(axis=-1) * width / np.sqrt(2.0 * np.pi)
    total = 0.0
    for node, node_weight in zip(_INNER, _INNER_WEIGHT, strict=True):
        y = width * node - _FAR
        total = total + node_weight * xp.exp(-0.5 * y**2) * recollection.fails(sd * (y - rest), xp)
    return total * width / np.sqrt(2.0 * np.pi)
