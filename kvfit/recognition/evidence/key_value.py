"""Key-value recognition: familiarity from the raw match of keys, recollection from the value that attention reads.

Gershman, Fiete & Irie (2025), Key-value memory in the brain. A probe meets the N keys of the list. Matches with keys of
other items are normal with mean 0 and standard deviation 1, the match of an old item with its own key has mean `match` and
standard deviation `match_sd`; `gain` is the inverse temperature (beta sigma_x).

    familiarity    F = log sum_j exp(gain m_j)
    attention      logit alpha = gain m_own - log sum_(j other) exp(gain m_j)
    recollection   with probability logistic((logit alpha - threshold) / noise), then the highest category

Where items resemble each other in meaning, m_j of another key has the mean `w_sem` times its similarity with the probe
(:mod:`kvfit.recognition.evidence.key_similarity`).

Probabilities are exact up to quadrature: within 1e-5 of direct convolutions for lists of 2 to 24, gains to 3 and own matches
that spread half as much as others to two and a half times as much (``pytest tests/test_key_value_exact.py``). Integrals are
compiled loops, :mod:`kvfit.kernels.key_value`, for NumPy and PyTensor alike.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from kvfit.recognition.evidence.average import LAPSE
from kvfit.recognition.evidence.key_match import GAIN_GRID, probit_table, quantile_table
from kvfit.recognition.evidence.spline import spline_coefficients
from kvfit.recognition.responses import Cut, chosen


class Keys(Protocol):
    """Keys that probes meet, cell by cell."""

    @property
    def constants(self) -> tuple[np.ndarray, ...]:
        """The last arguments of the compiled function: status and kind of the cells, and tables."""


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

    @staticmethod
    def place(gain: Any, xp: Any) -> Any:
        """Position of gains among the rows of the tables."""
        return (xp.log(gain) - float(GAIN_GRID[0])) / float(GAIN_GRID[1] - GAIN_GRID[0])

    @property
    def constants(self) -> tuple[np.ndarray, ...]:
        """Status and kind of the cells, and tables: the last arguments of the compiled function."""
        return (self.old, self.kind, *_coefficients(self.lengths))


@lru_cache(maxsize=16)
def _coefficients(lengths: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """Spline coefficients of the tables of lists, in the kernel's order."""
    fewer, longest = tuple(n - 1 for n in lengths), lengths[-1]
    tables = (
        quantile_table((longest,)).values[0],
        quantile_table(fewer).values,
        probit_table(fewer, longest).values,
        probit_table(lengths, longest).values,
    )
    return tuple(spline_coefficients(table) for table in tables)


@dataclass(frozen=True, eq=False)
class Match:
    """Parameters of the match, ``(..., cell)``: mean and sd of the own match, times the gain; the row of others' tables."""

    place: Any
    own_mean: Any
    own_sd: Any


@dataclass(frozen=True, eq=False)
class Recollection:
    """Parameters of recollection, ``(..., cell)``."""

    threshold: Any
    noise: Any


@dataclass(frozen=True, eq=False)
class KeyValue:
    """Evidence of key-value memory.

    Parameters
    ----------
    keys : Keys
        Of lists, or of items that resemble each other.
    match : Match
    recollection : Recollection, optional
        None: familiarity only.
    familiarity : bool
        False: where recollection fails, the response is a guess by criteria on standard normal noise.
    """

    keys: Keys
    match: Match
    recollection: Recollection | None
    familiarity: bool = True

    def log_categories(self, criteria: Any, xp: Any) -> Any:
        """``(..., cell, category)``, see :class:`kvfit.recognition.memory.Evidence`."""
        # compiled code is loaded when a likelihood is asked for, not with the model
        from kvfit.kernels.key_value import BOTH, KEY, VALUE, key_value_table

        if not (self.recollection or self.familiarity):
            raise ValueError("key-value evidence needs recollection, familiarity or both")
        read = (BOTH if self.familiarity else VALUE) if self.recollection else KEY
        match, recollection = self.match, self.recollection or Recollection(0.0, 1.0)
        each = [match.place, match.own_mean, match.own_sd, recollection.threshold, recollection.noise]
        constants = self.keys.constants
        if xp is not np:
            from kvfit.kernels.key_value_op import KeyValueTable

            of_cells = [xp.zeros_like(criteria[:, 0]) + one for one in each]
            return KeyValueTable(read)(*of_cells, criteria, *constants)[0]
        shape = np.broadcast_shapes(criteria.shape[:-1], *(np.shape(one) for one in each))
        rows = [np.ascontiguousarray(np.broadcast_to(one, shape), dtype=float).ravel() for one in each]
        n_criteria = criteria.shape[-1]
        cut = np.broadcast_to(criteria, (*shape, n_criteria)).reshape(-1, n_criteria)
        table, _ = key_value_table(read, *rows, np.ascontiguousarray(cut, dtype=float), *constants)
        return table.reshape(*shape, n_criteria + 1)

    def log_response(self, cut: Cut) -> Any:
        """Log probability ``(..., cell)`` of one response a cell: a category depends on the criteria beside it alone."""
        xp, category = cut.xp, cut.response - 1
        if cut.n_criteria <= 2:
            return chosen(self.log_categories(cut.criteria, xp), category, xp)
        first = xp.clip(category - 1, 0, cut.n_criteria - 2)
        # the surest responses have one criterion beside them; the other one of the pair would be computed in vain
        lower = xp.where(cut.highest, np.nan, chosen(cut.criteria, first, xp))
        upper = xp.where(cut.lowest, np.nan, chosen(cut.criteria, first + 1, xp))
        pair = xp.stack([lower, upper], axis=-1)
        # random responses are spread over all categories, not over the three that a pair of criteria divides
        among = float(np.log1p(3 * LAPSE) - np.log1p((cut.n_criteria + 1) * LAPSE))
        return chosen(self.log_categories(pair, xp), category - first, xp) + among
