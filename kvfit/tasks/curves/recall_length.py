"""Recall length: how many items of a list are recalled."""

import numpy as np
import numpy.typing as npt

from kvfit.tasks.curves.recalls import Recalls, Tally, ratios


def recall_length(
    responses: npt.ArrayLike,
    list_length: npt.ArrayLike,
    group: npt.ArrayLike | None = None,
    n_groups: int | None = None,
) -> npt.NDArray[np.float64]:
    """Probability of recalling exactly 0, 1, 2, ... different items of a list.

    Repeats and intrusions are not counted. With lists of different lengths, a number above a list's length
    has probability 0, so that every group's distribution sums to 1.

    Parameters
    ----------
    responses : (..., list, output) int
        Penn coding: k > 0 study position k was recalled, 0 no (more) response, -1 intrusion.
    list_length : (list,) int
    group : (list,) int, optional
        Group that each list belongs to; one group when omitted.
    n_groups : int, optional

    Returns
    -------
    (..., group, number recalled) float
        Probabilities of 0 to the longest list length; NaN for a group without lists.
    """
    return ratios(_events, responses, list_length, group, n_groups)


def _events(recalls: Recalls) -> Tally:
    n_numbers = recalls.max_length + 1
    number = recalls.correct.sum(axis=0)
    actual = recalls.count((recalls.cell * n_numbers + number).reshape(-1), n_numbers)
    return Tally(actual, np.broadcast_to(recalls.lists_per_group[:, None], actual.shape))
