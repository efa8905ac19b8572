"""Probability of first recall, and of nth recall: where recall starts and how it goes on."""

import numpy as np
import numpy.typing as npt

from kvfit.tasks.curves.recalls import Recalls, Tally, ratios


def first_recall(
    responses: npt.ArrayLike,
    list_length: npt.ArrayLike,
    group: npt.ArrayLike | None = None,
    n_groups: int | None = None,
) -> npt.NDArray[np.float64]:
    """Probability that the first correct recall is the item of each study position.

    Intrusions before the first correct recall are passed over. Lists without a correct recall are left out,
    so that the curve of lists of one length sums to 1.

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
    (..., group, position) float
        Probabilities; NaN where no list with a correct recall has the position.

    References
    ----------
    Howard & Kahana (1999), Journal of Experimental Psychology: Learning, Memory, and Cognition 25, 923-941.
    """
    return nth_recall(responses, list_length, group, n_groups, n_outputs=1)[..., 0, :]


def nth_recall(
    responses: npt.ArrayLike,
    list_length: npt.ArrayLike,
    group: npt.ArrayLike | None = None,
    n_groups: int | None = None,
    n_outputs: int | None = None,
) -> npt.NDArray[np.float64]:
    """Probability that the nth correct recall is the item of each study position, given that it still can be.

    Output positions count correct recalls only: repeats and intrusions are passed over. At output position
    n the denominator holds the lists with at least n correct recalls in which the item was not among the
    first n - 1.

    Parameters
    ----------
    responses, list_length, group, n_groups
        As in `first_recall`.
    n_outputs : int, optional
        Output positions to summarise; the longest list length when omitted.

    Returns
    -------
    (..., group, output, position) float
        Probabilities; NaN where the item could not be recalled.

    References
    ----------
    Hogan (1975), Memory & Cognition 3, 197-209.

    Howard & Kahana (1999), see `first_recall`.
    """

    def events(recalls: Recalls) -> Tally:
        return _events(recalls, recalls.max_length if n_outputs is None else n_outputs)

    return ratios(events, responses, list_length, group, n_groups)


def _events(recalls: Recalls, n_outputs: int) -> Tally:
    length = recalls.max_length
    counted = recalls.correct & (recalls.output <= n_outputs)
    row = recalls.cell * n_outputs + recalls.output - 1
    actual = recalls.count((row * length + recalls.responses - 1)[counted], n_outputs, length)
    # Each counted recall had all positions of its list open ...
    lists = recalls.count((row * length + recalls.list_length - 1)[counted], n_outputs, length)
    possible = lists[..., ::-1].cumsum(axis=-1)[..., ::-1]
    # ... less those that were recalled before.
    now, before = recalls.earlier(counted)
    gone = row.reshape(-1)[now] * length + recalls.responses.reshape(-1)[before] - 1
    return Tally(actual, possible - recalls.count(gone, n_outputs, length))
