"""Lag-CRP, conditional response probability by lag: where recall goes next from the item just recalled.

A transition is a pair of successive responses that are both correct: a repeat or an intrusion breaks the
chain, so that neither the step to it nor the step from it is a transition. At each transition the items of
the list that were not recalled yet are possible; a lag's probability is how often it was made over how
often it was possible.
"""

import numpy as np
import numpy.typing as npt

from kvfit.tasks.curves.recalls import Recalls, Tally, ratios, tally


def lag_crp(
    responses: npt.ArrayLike,
    list_length: npt.ArrayLike,
    group: npt.ArrayLike | None = None,
    n_groups: int | None = None,
) -> npt.NDArray[np.float64]:
    """Probability of a transition of each lag, given that an item at this lag could still be recalled.

    The lag is the study position of the next recall minus that of the present one. See the top of the
    module for what counts as a transition and as possible.

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
    (..., group, lag) float
        Probabilities for lags -(n - 1) to n - 1, with n the longest list length; NaN where the lag was never
        possible, as always at lag 0.

    References
    ----------
    Kahana (1996), Memory & Cognition 24, 103-109.
    """
    return ratios(_overall, responses, list_length, group, n_groups)


def lag_crp_by_output(
    responses: npt.ArrayLike,
    list_length: npt.ArrayLike,
    group: npt.ArrayLike | None = None,
    n_groups: int | None = None,
    n_outputs: int | None = None,
) -> npt.NDArray[np.float64]:
    """Lag-CRP of each output position: of the transitions that leave the nth correct recall.

    Parameters
    ----------
    responses, list_length, group, n_groups
        As in `lag_crp`.
    n_outputs : int, optional
        Output positions to summarise, counted in correct recalls; one less than the longest list length when
        omitted. Give a small number when there are many draws: the result grows with it.

    Returns
    -------
    (..., group, output, lag) float
        Probabilities, as in `lag_crp`.

    References
    ----------
    Kahana (1996), see `lag_crp`.
    """

    def events(recalls: Recalls) -> Tally:
        return _by_output(recalls, recalls.max_length - 1 if n_outputs is None else n_outputs)

    return ratios(events, responses, list_length, group, n_groups)


def lag_crp_tally(
    responses: npt.ArrayLike,
    list_length: npt.ArrayLike,
    group: npt.ArrayLike | None = None,
    n_groups: int | None = None,
) -> Tally:
    """Count the transitions of each lag, made and possible; arguments as in `lag_crp`.

    Returns
    -------
    Tally
        `actual` and `possible`, both `(..., group, lag)`.
    """
    return tally(_overall, responses, list_length, group, n_groups)


def _overall(recalls: Recalls) -> Tally:
    row = np.broadcast_to(recalls.cell, recalls.responses.shape)
    return _events(recalls, recalls.transition, row)


def _by_output(recalls: Recalls, n_outputs: int) -> Tally:
    counted = recalls.transition & (recalls.output <= n_outputs)
    return _events(recalls, counted, recalls.cell * n_outputs + recalls.output - 1, n_outputs)


def _events(recalls: Recalls, counted: npt.NDArray[np.bool_], row: npt.NDArray[np.int64], *by: int) -> Tally:
    """Tally the counted transitions into `(draw, group, *by, lag)`, given each one's flat row."""
    n_lags = 2 * recalls.max_length - 1
    position = recalls.responses
    # Index of lag k of a transition that leaves from a position: lag_zero + k.
    lag_zero = row * n_lags + recalls.max_length - 1
    leaving = np.nonzero(counted)
    here, zero = position[leaving], lag_zero[leaving]
    there = position[leaving[0] + 1, leaving[1], leaving[2]]
    actual = recalls.count(zero + there - here, *by, n_lags)

    # Every other position of the list is possible: lags 1 - here to list length - here. Counting where these
    # windows open and close, then summing along lags, costs two entries a transition, not one a position.
    opened = recalls.count(zero + 1 - here, *by, n_lags)
    closed = recalls.count(zero + recalls.list_length[leaving[2]] - here, *by, n_lags)
    possible = opened.cumsum(axis=-1)
    possible[..., 1:] -= closed.cumsum(axis=-1)[..., :-1]
    possible[..., recalls.max_length - 1] = 0
    # ... except for the positions that were recalled before.
    now, before = recalls.earlier(counted)
    flat = position.reshape(-1)
    gone = lag_zero.reshape(-1)[now] + flat[before] - flat[now]
    return Tally(actual, possible - recalls.count(gone, *by, n_lags))
