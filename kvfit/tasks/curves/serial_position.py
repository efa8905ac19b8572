"""Serial position curve: the probability of recalling each study position (Murdock 1962)."""

import numpy as np
import numpy.typing as npt

from kvfit.tasks.curves.recalls import Recalls, Tally, ratios


def serial_position(
    responses: npt.ArrayLike,
    list_length: npt.ArrayLike,
    group: npt.ArrayLike | None = None,
    n_groups: int | None = None,
) -> npt.NDArray[np.float64]:
    """Probability that the item studied at each position is recalled, at whatever output position.

    A repeat does not count again, an intrusion does not count. Every list of the group is in the denominator,
    lists without a recall too; where list lengths differ, only the lists that have the position.

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
        Probabilities; NaN where no list of the group has the position.

    References
    ----------
    Murdock (1962), Journal of Experimental Psychology 64, 482-488.
    """
    return ratios(_events, responses, list_length, group, n_groups)


def _events(recalls: Recalls) -> Tally:
    length = recalls.max_length
    correct = recalls.correct
    recalled = (recalls.cell * length + recalls.responses - 1)[correct]
    has_position = np.arange(1, length + 1) <= recalls.list_length[:, None]
    lists = np.zeros((recalls.n_groups, length))
    np.add.at(lists, recalls.group, has_position)
    actual = recalls.count(recalled, length)
    return Tally(actual, np.broadcast_to(lists, actual.shape))
