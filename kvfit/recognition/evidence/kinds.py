"""Kinds of design cells: what a global match depends on, whoever is tested."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from kvfit.recognition.memory import Cells, Covariate

LIST_LENGTH = Covariate(
    "list_length",
    "number of items studied, all of which are matched with the probe; list_length= states it where"
    " no study rows do, and in continuous recognition, where it grows from trial to trial",
)
PRESENTATIONS = Covariate("n_presentations", "number of times the item was studied", studied=True, default=1.0)
LAG = Covariate(
    "lag",
    "events from study to test, 1 = nothing between; add 1 to a column that counts what came between",
    studied=True,
    least=1.0,
)


@dataclass(frozen=True)
class Kind:
    """Tests that differ in nothing that the match depends on.

    Parameters
    ----------
    list_length : int
        Items studied.
    presentations : float
        How often the tested item was studied, 0 for a new one.
    others : float
        How often the other items of such a list were studied, on average.
    """

    list_length: int
    presentations: float
    others: float

    @property
    def old(self) -> bool:
        """Whether the item was studied."""
        return self.presentations > 0


@dataclass(frozen=True, eq=False)
class Lists:
    """What closed forms need of the lists, ``(cell,)`` each: length, presentations of the tested and of other items.

    ``reference_length`` and ``reference_others`` are numbers, of the longest list.
    """

    length: np.ndarray
    presentations: np.ndarray
    others: np.ndarray
    reference_length: float
    reference_others: float


def find_lists(cells: Cells) -> Lists:
    """Lists of the cells of a design; see :func:`find_kinds`."""
    kinds, index = find_kinds(cells)
    table = np.array([(kind.list_length, kind.presentations, kind.others) for kind in kinds])[index]
    return Lists(table[:, 0], table[:, 1], table[:, 2], float(kinds[0].list_length), kinds[0].others)


def find_kinds(cells: Cells) -> tuple[tuple[Kind, ...], np.ndarray]:
    """Kinds of cells of a design.

    Parameters
    ----------
    cells : Cells
        With the covariates ``list_length`` and ``n_presentations``.

    Returns
    -------
    kinds : tuple of Kind
        The first is a new item of the longest list: the reference of criteria.
    index : ndarray of int, shape (cell,)
        Kind of each cell.

    Notes
    -----
    The levels of ``n_presentations`` that are tested after lists of one length are taken to be equally frequent among
    the studied items.
    """
    lengths = np.round(cells.covariates["list_length"]).astype(np.int64)
    times = np.where(cells.old, np.maximum(cells.covariates["n_presentations"], 1.0), 0.0)
    return _find(lengths.tobytes(), times.tobytes())


@lru_cache(maxsize=256)
def _find(length_bytes: bytes, time_bytes: bytes) -> tuple[tuple[Kind, ...], np.ndarray]:
    """Kinds of given lengths and presentations; a fit asks for the same ones at every step."""
    lengths, times = np.frombuffer(length_bytes, np.int64), np.frombuffer(time_bytes, float)
    pairs = sorted(set(zip(lengths.tolist(), times.tolist(), strict=True)))
    levels = {length: {t for n, t in pairs if n == length and t > 0} or {1.0} for length, _ in pairs}
    mean = {length: sum(found) / len(found) for length, found in levels.items()}
    longest = max(mean)
    kinds = [Kind(longest, 0.0, mean[longest])]
    place = {(longest, 0.0): 0}
    for length, time in pairs:
        if (length, time) not in place:
            place[length, time] = len(kinds)
            kinds.append(Kind(length, time, mean[length]))
    index = np.array([place[pair] for pair in zip(lengths.tolist(), times.tolist(), strict=True)], dtype=np.int64)
    index.flags.writeable = False
    return tuple(kinds), index
