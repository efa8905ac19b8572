"""Shares by person of what was counted list by list; not a script of its own."""

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.integer] | npt.NDArray[np.bool_]


def share_by_person(counted: Counts, of: Counts, participant: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Share ``(..., participant)`` of counts by list ``(..., list)``; NaN where there was nothing to count.

    Parameters
    ----------
    counted, of : (..., list) int or bool
        How often something happened, and how often it could have.
    participant : (list,) int
        Numbers from 0; lists of a participant stand together.
    """
    starts = np.flatnonzero(np.diff(participant, prepend=-1))
    above, below = (np.add.reduceat(np.asarray(one, dtype=float), starts, axis=-1) for one in (counted, of))
    with np.errstate(invalid="ignore", divide="ignore"):
        share: npt.NDArray[np.float64] = above / below
    return share
