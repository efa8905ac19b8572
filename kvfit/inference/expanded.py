"""Log-likelihoods of single trials, kept once for all trials that share them."""

from typing import Any

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

#: numbers that one read may give (2 GiB); ArviZ's leave-one-out takes about three times as much for a while
MOST_NUMBERS = 2**28


class ExpandedError(MemoryError):
    """Log-likelihoods of all trials and draws at once that would not fit into memory."""


class ByObservation(BackendArray):
    """An array ``(chain, draw, observation)`` of which only the different columns are in memory.

    Parameters
    ----------
    per_unit : numpy.ndarray
        ``(chain, draw, unit)``.
    unit : numpy.ndarray
        ``(observation,)`` column of each observation.
    """

    def __init__(self, per_unit: np.ndarray, unit: np.ndarray) -> None:
        self.per_unit, self.unit = per_unit, unit
        self.shape = (*per_unit.shape[:2], unit.size)
        self.dtype = per_unit.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        """The part that is asked for, expanded."""
        support = indexing.IndexingSupport.OUTER
        return indexing.explicit_indexing_adapter(key, self.shape, support, self._read)

    def _read(self, key: tuple[Any, ...]) -> np.ndarray:
        chain, draw, observation = key
        draws, unit = self.per_unit[:, draw][chain], self.unit[observation]
        n_numbers = draws[..., 0].size * unit.size
        if n_numbers > MOST_NUMBERS:
            every = -(-n_numbers // MOST_NUMBERS)
            raise ExpandedError(
                f"the log-likelihood of {unit.size:,} observations at {draws[..., 0].size:,} draws is"
                f" {8 * n_numbers / 2**30:.1f} GiB, and ArviZ needs three times as much; take one draw in {every}:"
                f" fit.thinned_tree({every}), or kv.compare, which counts equal trials instead of repeating them"
            )
        expanded: np.ndarray = draws[..., unit]
        return expanded


def expanded(per_unit: np.ndarray, unit: np.ndarray, dims: tuple[str, str, str]) -> xr.Variable:
    """Log-likelihood of every observation, expanded where it is read.

    Parameters
    ----------
    per_unit : numpy.ndarray
        ``(chain, draw, unit)``.
    unit : numpy.ndarray
        ``(observation,)`` the unit of each.
    dims : tuple of str
        Names of the result's dimensions.

    Returns
    -------
    xarray.Variable
        Its values are made each time they are asked for, and not kept.

    Raises
    ------
    ExpandedError
        When more than :data:`MOST_NUMBERS` are asked for at once.
    """
    return xr.Variable(dims, indexing.LazilyIndexedArray(ByObservation(per_unit, unit)))
