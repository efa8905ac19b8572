"""Semantic clustering: the percentile rank of each transition's similarity of meaning (the semantic factor)."""

from functools import partial

import numpy as np
import numpy.typing as npt

from kvfit.tasks.curves.recalls import Recalls, Tally, ratios


def similarity_rank(
    responses: npt.ArrayLike,
    list_length: npt.ArrayLike,
    similarity: npt.ArrayLike,
    group: npt.ArrayLike | None = None,
    n_groups: int | None = None,
) -> npt.NDArray[np.float64]:
    """Mean percentile rank of the similarity of the transitions made, among those possible.

    1 means that every transition went to the item most similar to the one just recalled of all not recalled yet, 0 to the
    least similar; 0.5 is expected by chance. What counts as a transition and as possible is as in
    :func:`~kvfit.tasks.curves.temporal_clustering.lag_rank`.

    Parameters
    ----------
    responses : (..., list, output) int
        Penn coding: k > 0 study position k was recalled, 0 no (more) response, -1 intrusion.
    list_length : (list,) int
    similarity : (list, position, position) float
        As :func:`kvfit.read_similarity` gives it.
    group : (list,) int, optional
        Group that each list belongs to; one group when omitted.
    n_groups : int, optional

    Returns
    -------
    (..., group) float
        Mean percentile rank, 0 to 1; NaN for a group without a ranked transition.

    Raises
    ------
    ValueError
        If the similarities do not fit the lists.

    References
    ----------
    Polyn, Norman & Kahana (2009), Psychological Review 116, 129-156.
    """
    table, length = np.asarray(similarity, dtype=float), np.asarray(list_length)
    longest = int(length.max(initial=0))
    if table.ndim != 3 or len(table) != length.size or min(table.shape[1:]) < longest:
        raise ValueError(
            f"similarity: expected (list, position, position) of {length.size} lists of up to {longest} items, found shape"
            f" {table.shape}"
        )
    return ratios(partial(_events, table), responses, list_length, group, n_groups)


def _events(similarity: npt.NDArray[np.float64], recalls: Recalls) -> Tally:
    output, draw, lists = np.nonzero(recalls.transition)
    here = recalls.responses[output, draw, lists]
    there = recalls.responses[output + 1, draw, lists]
    row = np.arange(len(here))
    n_positions = similarity.shape[2]
    possible = np.arange(1, n_positions + 1) <= recalls.list_length[lists][:, None]
    possible[row, here - 1] = False
    which, position = recalls.before_transitions()
    possible[which, position - 1] = False
    alike = similarity[lists, here - 1]
    made = alike[row, there - 1][:, None]
    closer = (possible & (alike > made)).sum(axis=1)
    tied = (possible & (alike == made)).sum(axis=1)
    count = possible.sum(axis=1)
    ranked = count > 1
    percentile = (count - closer - (tied + 1) / 2)[ranked] / (count - 1)[ranked]
    cell = recalls.cell[draw, lists][ranked]
    return Tally(recalls.count(cell, weights=percentile), recalls.count(cell))
