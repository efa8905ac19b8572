"""Temporal clustering: the percentile rank of each transition's absolute lag (the temporal factor)."""

import numpy as np
import numpy.typing as npt

from kvfit.tasks.curves.recalls import Recalls, Tally, ratios


def lag_rank(
    responses: npt.ArrayLike,
    list_length: npt.ArrayLike,
    group: npt.ArrayLike | None = None,
    n_groups: int | None = None,
) -> npt.NDArray[np.float64]:
    """Mean percentile rank of the absolute lag of the transitions made, among those possible.

    1 means that every transition went to the nearest item in the study list not recalled yet, 0 to the
    farthest; 0.5 is expected by chance. Ties take their mean rank. Transitions are those of the lag-CRP:
    successive responses that are both correct, so that a repeat or an intrusion breaks the chain; items
    recalled before are not possible. A transition with a single possible item has no rank and is left out.
    The mean is over all transitions of a group, not over means of lists.

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
        Mean percentile rank, 0 to 1; NaN for a group without a ranked transition.

    References
    ----------
    Polyn, Norman & Kahana (2009), Psychological Review 116, 129-156.
    """
    return ratios(_events, responses, list_length, group, n_groups)


def _events(recalls: Recalls) -> Tally:
    output, draw, lists = np.nonzero(recalls.transition)
    here = recalls.responses[output, draw, lists]
    there = recalls.responses[output + 1, draw, lists]
    before_here = here - 1
    after_here = recalls.list_length[lists] - here
    distance = np.abs(there - here)

    # Start from all other items of the list ...
    possible = before_here + after_here
    nearer = np.minimum(distance - 1, before_here) + np.minimum(distance - 1, after_here)
    opposite = 2 * here - there
    tied = 1 + ((opposite >= 1) & (opposite <= recalls.list_length[lists]))
    # ... and take away those recalled before: how many, how many nearer, how many as far.
    which, position = recalls.before_transitions()
    gone = np.abs(position - here[which])
    possible = possible - np.bincount(which, minlength=len(here))
    nearer = nearer - np.bincount(which[gone < distance[which]], minlength=len(here))
    tied = tied - np.bincount(which[gone == distance[which]], minlength=len(here))

    ranked = possible > 1
    rank = nearer + (tied + 1) / 2
    percentile = (possible - rank)[ranked] / (possible - 1)[ranked]
    cell = recalls.cell[draw, lists][ranked]
    return Tally(recalls.count(cell, weights=percentile), recalls.count(cell))
