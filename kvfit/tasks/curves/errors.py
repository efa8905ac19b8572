"""Recall errors: intrusions of items that were not studied, and repeats."""

import numpy as np
import numpy.typing as npt

from kvfit.tasks.curves.recalls import INTRUSION, Recalls, Tally, ratios


def intrusions(
    responses: npt.ArrayLike,
    list_length: npt.ArrayLike,
    group: npt.ArrayLike | None = None,
    n_groups: int | None = None,
) -> npt.NDArray[np.float64]:
    """Mean number of intrusions a list: responses that are not items of the list.

    The Penn coding does not say which word intruded, so that an intrusion made twice counts twice, and
    prior-list and extra-list intrusions are not told apart.

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
    (..., group) float
        Intrusions a list; NaN for a group without lists.
    """

    def events(recalls: Recalls) -> Tally:
        return _per_list(recalls, recalls.responses == INTRUSION)

    return ratios(events, responses, list_length, group, n_groups)


def repeats(
    responses: npt.ArrayLike,
    list_length: npt.ArrayLike,
    group: npt.ArrayLike | None = None,
    n_groups: int | None = None,
) -> npt.NDArray[np.float64]:
    """Mean number of repeats a list: recalls of a studied item that was recalled before in the same list.

    Parameters
    ----------
    responses, list_length, group, n_groups
        As in `intrusions`.

    Returns
    -------
    (..., group) float
        Repeats a list; NaN for a group without lists.
    """

    def events(recalls: Recalls) -> Tally:
        return _per_list(recalls, recalls.repeat)

    return ratios(events, responses, list_length, group, n_groups)


def _per_list(recalls: Recalls, event: npt.NDArray[np.bool_]) -> Tally:
    number = event.sum(axis=0).reshape(-1)
    actual = recalls.count(recalls.cell.reshape(-1), weights=number)
    return Tally(actual, np.broadcast_to(recalls.lists_per_group, actual.shape))
