"""Key match where keys of similar items resemble each other: tables of the sum of matches for every probe.

The match of a probe's query with the key of another item is normal around a mean that grows with their similarity. The sum
of such matches has the product of their Laplace transforms, which is inverted for every probe as in
:mod:`kvfit.recognition.evidence.key_match`, over a grid of how much similarity counts.

Response probabilities differ from simulations of the process by less than half a percentage point beyond their noise, for
gains to 2 and similarity that moves familiarity by up to 8 (``pytest tests/test_key_similarity.py``).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from scipy.signal import fftconvolve
from scipy.special import ndtri

from kvfit.recognition.evidence.key_match import sum_quantiles
from kvfit.recognition.evidence.laplace import euler_rule
from kvfit.recognition.evidence.probit_table import CRITERIA
from kvfit.recognition.evidence.spline import spline_coefficients
from kvfit.recognition.memory import Cells

#: Pull of a similarity of 1, in units of the logarithm of a match, beyond which tables do not go.
LARGEST_PULL = 16.0
_N_ROWS = 18
_ROW = np.log1p(LARGEST_PULL) / (_N_ROWS - 3)
#: Pulls for which there are tables. The first two are slightly negative and none, so that none is inside.
PULLS = np.expm1(_ROW * np.arange(-1, _N_ROWS - 1))
_COLUMNS = CRITERIA[::2]
#: Orders of the inversion, for sums that vary much and for others.
_ORDERS = (12, 24)
_STEP = 0.03
#: Probes computed at once.
_AT_ONCE = 2000
#: Logarithm of a transform below which it is zero for all purposes.
_VANISHED = -30.0


def place(pull: Any, xp: Any) -> Any:
    """Position of pulls among the rows of the tables; those beyond `LARGEST_PULL` count as it."""
    return xp.log1p(xp.clip(pull, 0.0, LARGEST_PULL)) / _ROW + 1.0


@dataclass(frozen=True, eq=False)
class SimilarKeys:
    """Tables of the cells of a design whose probes resemble studied items.

    Attributes
    ----------
    old : ndarray of bool, shape (cell,)
    kind : ndarray of int, shape (cell,)
        Row of the cell among those of its status.
    tables : tuple of ndarray
        Spline coefficients: quantiles of the reference ``(place, probit)``, and for old cells quantiles of the sum of their
        other matches, its probits at the reference's quantiles, and for new ones those of the whole sum, ``(cell, place,
        probit)``.
    """

    old: np.ndarray
    kind: np.ndarray
    tables: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, cells: Cells, gain: float) -> "SimilarKeys":
        """Tables of cells with ``list_length`` at one gain; computed once for a design.

        Parameters
        ----------
        cells : Cells
            With `similarity`.
        gain : float
            Standard deviation of the logarithm of a match.
        """
        known = _KNOWN.setdefault(cells, {})
        if gain not in known:
            known[gain] = cls(cells.old, _ranks(cells.old), _tables(cells, gain))
        return known[gain]

    @property
    def constants(self) -> tuple[np.ndarray, ...]:
        """Status and kind of the cells, and tables: the last arguments of the compiled function."""
        return (self.old, self.kind, *self.tables)


_KNOWN: WeakKeyDictionary[Cells, dict[float, SimilarKeys]] = WeakKeyDictionary()


def _ranks(old: np.ndarray) -> np.ndarray:
    return np.where(old, np.cumsum(old) - 1, np.cumsum(~old) - 1)


def _tables(cells: Cells, gain: float) -> tuple[np.ndarray, ...]:
    length = np.maximum(np.round(cells.covariates["list_length"]).astype(np.int64), 2)
    assert cells.similarity is not None
    similarity = np.ascontiguousarray(cells.similarity, dtype=float)
    n_keys = np.maximum(length - cells.old, np.count_nonzero(similarity, axis=1))
    reference = sum_quantiles(int(length.max()), gain)
    quantiles, probits = sum_tables(similarity[cells.old], n_keys[cells.old], gain, reference[::2])
    _, lures = sum_tables(similarity[~cells.old], n_keys[~cells.old], gain, reference[::2])
    return tuple(spline_coefficients(one) for one in (np.tile(reference, (_N_ROWS, 1)), quantiles, probits, lures))


def sum_tables(
    similarity: np.ndarray, n_keys: np.ndarray, gain: float, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Distributions of ``log sum_j exp(gain m_j)``, ``m_j ~ N(pull s_j / gain, 1)``, for every probe and pull.

    Parameters
    ----------
    similarity : ndarray, shape (probe, studied item)
        Of the probe with each item, -1 to 1; 0 where there is no item or no similarity.
    n_keys : ndarray of int, shape (probe,)
        Number of matches in the sum.
    gain : float
    points : ndarray, shape (point,)

    Returns
    -------
    quantiles : ndarray, shape (probe, pull, column)
        At every second of the probits `CRITERIA`.
    probits : ndarray, shape (probe, pull, point)
        Probits of the distribution at the points.
    """
    # compiled code is loaded when a likelihood is asked for, not with the model
    from kvfit.kernels.key_similarity import quantiles_and_probits, sum_distributions

    transforms = [_transform(gain, order) for order in _ORDERS]
    tables, low, weights = (tuple(one[k] for one in transforms) for k in range(3))
    quantiles = np.empty((len(similarity), _N_ROWS, _COLUMNS.size))
    probits = np.empty((len(similarity), _N_ROWS, points.size))
    for start in range(0, len(similarity), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        x, values = sum_distributions(similarity[part], n_keys[part], PULLS, gain, tables, low, (_STEP, _STEP), weights)
        with np.errstate(invalid="ignore"):
            z = ndtri(values)
        found = quantiles_and_probits(x.reshape(-1, 2), z.reshape(-1, z.shape[-1]), _COLUMNS, points)
        quantiles[part] = found[0].reshape(-1, _N_ROWS, _COLUMNS.size)
        probits[part] = found[1].reshape(-1, _N_ROWS, points.size)
    return quantiles, probits


@lru_cache(maxsize=16)
def _transform(gain: float, order: int) -> tuple[np.ndarray, float, np.ndarray]:
    """Logarithm of ``E exp(-node exp(t + gain m))`` at the nodes of an inversion, ``(t, 2 node)``; first t; weights."""
    nodes, weights = euler_rule(order)
    reach = int(np.ceil(8.0 * gain / _STEP))
    density = np.exp(-0.5 * (_STEP * np.arange(-reach, reach + 1) / gain) ** 2)
    density /= density.sum()
    # matches of up to 7 sd, and sizes at which hardly one of them counts, to those at which nearly all are too large
    first, last = -(7.0 * gain + 9.0), 7.0 * gain + 3.0
    size = np.exp(np.minimum(np.arange(first - reach * _STEP, last + reach * _STEP, _STEP), 7.0))
    values = np.array([fftconvolve(np.exp(-node * size), density, "valid") for node in nodes])
    largest = np.log(np.maximum(np.abs(values), 1e-300))
    gone = np.maximum.accumulate(largest < _VANISHED, axis=1)
    angle = np.unwrap(np.angle(np.where(gone, 1.0, values)), axis=1)
    table = np.concatenate([np.where(gone, _VANISHED, largest), np.where(gone, 0.0, angle)])
    kept = int(np.argmax(gone[0])) if gone[0].any() else table.shape[1]
    return np.ascontiguousarray(table[:, :kept].T), float(first), np.stack([weights.real, weights.imag])
