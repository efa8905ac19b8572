"""Classify recall sequences and count them by group: the shared base of every summary curve.

Each curve is a ratio of two tallies, how often something happened and how often it could have happened, so
a curve is written as one function that turns classified recalls into the two arrays of a `Tally`. What is
common to all of them lives here: checking the responses, finding repeats, splitting many draws into chunks
that fit into memory, and counting without a loop over lists or draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
import numpy.typing as npt

INTRUSION = -1
# Responses classified at a time: few enough that the working arrays stay in cache (the lag-CRP takes half the
# time of chunks four times the size), and memory is bounded with it.
CHUNK = 2**16


@dataclass(frozen=True, eq=False)
class Tally:
    """How often an event occurred, and how often it could have.

    Attributes
    ----------
    actual, possible : (..., group, *curve) float64
    """

    actual: npt.NDArray[np.float64]
    possible: npt.NDArray[np.float64]

    @property
    def ratio(self) -> npt.NDArray[np.float64]:
        """`actual / possible`, NaN where the event was never possible."""
        out = np.full(self.actual.shape, np.nan)
        np.divide(self.actual, self.possible, out=out, where=self.possible > 0)
        return out


@dataclass(frozen=True, eq=False)
class Recalls:
    """Classified responses of a chunk of draws, output positions first so that each step is contiguous.

    Attributes
    ----------
    responses : (output, draw, list) int32
        Penn coding: k > 0 study position k, 0 no response, -1 intrusion.
    list_length : (list,) int32
    group : (list,) int64
    n_groups, max_length : int
    """

    responses: npt.NDArray[np.int32]
    list_length: npt.NDArray[np.int32]
    group: npt.NDArray[np.int64]
    n_groups: int
    max_length: int

    @property
    def n_draws(self) -> int:
        """Number of draws in this chunk."""
        return self.responses.shape[1]

    @cached_property
    def correct(self) -> npt.NDArray[np.bool_]:
        """First recall of a studied item, neither intrusion nor repeat: `(output, draw, list)` bool."""
        return (self.responses > 0) & ~self.repeat

    @cached_property
    def repeat(self) -> npt.NDArray[np.bool_]:
        """Recall of an item that was recalled before in the same list: `(output, draw, list)` bool."""
        same = np.zeros(self.responses.shape, dtype=bool)
        for gap in range(1, len(self.responses)):
            same[gap:] |= self.responses[gap:] == self.responses[:-gap]
        return same & (self.responses > 0)

    @cached_property
    def transition(self) -> npt.NDArray[np.bool_]:
        """Correct recalls that the next response continues correctly: `(output, draw, list)` bool.

        A repeat or an intrusion breaks the chain: neither the step to it nor the step from it is a
        transition.
        """
        continued = np.zeros(self.responses.shape, dtype=bool)
        continued[:-1] = self.correct[:-1] & self.correct[1:]
        return continued

    @cached_property
    def output(self) -> npt.NDArray[np.int64]:
        """Number of correct recalls so far, this one included: `(output, draw, list)` int64."""
        return np.cumsum(self.correct, axis=0, dtype=np.int64)

    @cached_property
    def cell(self) -> npt.NDArray[np.int64]:
        """Row of each draw and list in a tally: draw * n_groups + group, `(draw, list)` int64."""
        return np.arange(self.n_draws)[:, None] * self.n_groups + self.group

    @cached_property
    def lists_per_group(self) -> npt.NDArray[np.float64]:
        """Number of lists, the same in every draw: `(group,)`."""
        return np.bincount(self.group, minlength=self.n_groups).astype(float)

    def count(
        self,
        index: npt.NDArray[np.integer],
        *curve: int,
        weights: npt.NDArray[np.float64] | npt.NDArray[np.integer] | None = None,
    ) -> npt.NDArray[np.float64]:
        """Count events by flat index into `(draw, group, *curve)`; shape of the result likewise."""
        shape = (self.n_draws, self.n_groups, *curve)
        if weights is None:
            counts = np.bincount(index, minlength=prod(shape)).astype(float)
        else:
            counts = np.bincount(index, weights, minlength=prod(shape))
        return counts.reshape(shape)

    def earlier(self, later: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Pair each marked response with each correct recall before it in the same list.

        This is what removes recalled items from the set of possible recalls at the cost of one entry a pair,
        without a table of every list by every study position.

        Parameters
        ----------
        later : (output, draw, list) bool

        Returns
        -------
        now, before : (pair,) int64
            Flat indices into the `(output, draw, list)` arrays.
        """
        step = prod(self.responses.shape[1:])
        pairs = [
            gap * step + np.flatnonzero(later[gap:] & self.correct[:-gap]) for gap in range(1, len(self.responses))
        ]
        now = np.concatenate([np.empty(0, dtype=np.int64), *pairs])
        gaps = np.repeat(np.arange(1, len(pairs) + 1), [len(pair) for pair in pairs])
        return now, now - gaps * step

    def before_transitions(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Pair each transition with each item that was recalled before it and can be no end of it.

        Returns
        -------
        number, position : (pair,) int64
            Which transition, in the order of ``np.nonzero(transition)``, and the study position of the item.
        """
        now, before = self.earlier(self.transition)
        number = np.zeros(self.responses.size, dtype=np.int64)
        number[np.flatnonzero(self.transition)] = np.arange(np.count_nonzero(self.transition))
        return number[now], self.responses.reshape(-1)[before].astype(np.int64)


def ratios(
    events: Callable[[Recalls], Tally],
    responses: npt.ArrayLike,
    list_length: npt.ArrayLike,
    group: npt.ArrayLike | None = None,
    n_groups: int | None = None,
) -> npt.NDArray[np.float64]:
    """Compute a curve: `tally(...).ratio`, without keeping the counts of all draws.

    Parameters
    ----------
    events, responses, list_length, group, n_groups
        As in `tally`.

    Returns
    -------
    (..., group, *curve) float
        NaN where the event was never possible.

    Raises
    ------
    ValueError
        Listing every problem found in the arguments.
    """
    leading, chunks = _chunks(responses, list_length, group, n_groups)
    return _join(leading, [events(recalls).ratio for recalls in chunks])


def tally(
    events: Callable[[Recalls], Tally],
    responses: npt.ArrayLike,
    list_length: npt.ArrayLike,
    group: npt.ArrayLike | None = None,
    n_groups: int | None = None,
) -> Tally:
    """Apply a curve's counting function to all draws, a chunk of draws at a time.

    Parameters
    ----------
    events : function from `Recalls` to `Tally`
        Its arrays have shape `(draw, group, *curve)`.
    responses : (..., list, output) int
        Penn coding: k > 0 study position k was recalled, 0 no (more) response, -1 intrusion.
    list_length : (list,) int
    group : (list,) int, optional
        Group of each list (participant, or participant by condition); one group when omitted.
    n_groups : int, optional
        One more than the largest group when omitted.

    Returns
    -------
    Tally
        Arrays of shape `(..., group, *curve)`.

    Raises
    ------
    ValueError
        Listing every problem found in the arguments.
    """
    leading, chunks = _chunks(responses, list_length, group, n_groups)
    parts = [events(recalls) for recalls in chunks]
    return Tally(_join(leading, [part.actual for part in parts]), _join(leading, [part.possible for part in parts]))


def _chunks(
    responses: npt.ArrayLike, list_length: npt.ArrayLike, group: npt.ArrayLike | None, n_groups: int | None
) -> tuple[tuple[int, ...], Iterator[Recalls]]:
    """Return the leading shape of the responses and their draws as classified chunks."""
    response, length, member, n_groups = _checked(responses, list_length, group, n_groups)
    *leading, n_lists, n_outputs = response.shape
    draws = response.reshape(prod(leading), n_lists, n_outputs)
    size = max(1, CHUNK // max(1, n_lists * n_outputs))
    max_length = int(length.max())
    # At least one chunk, so that zero draws still give arrays of the right shape.
    starts = range(0, max(1, len(draws)), size)
    parts = (draws[start : start + size].transpose(2, 0, 1) for start in starts)
    chunks = (
        Recalls(np.ascontiguousarray(part, dtype=np.int32), length, member, n_groups, max_length) for part in parts
    )
    return tuple(leading), chunks


def _join(leading: tuple[int, ...], parts: list[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    return np.concatenate(parts).reshape(*leading, *parts[0].shape[1:])


def _checked(
    responses: npt.ArrayLike, list_length: npt.ArrayLike, group: npt.ArrayLike | None, n_groups: int | None
) -> tuple[npt.NDArray[np.integer], npt.NDArray[np.int32], npt.NDArray[np.int64], int]:
    """Return the four arguments as arrays, or raise one error that lists all problems."""
    response, length = np.asarray(responses), np.asarray(list_length)
    member = np.zeros(length.shape, dtype=np.int64) if group is None else np.asarray(group)
    problems = [
        f"{name}: expected integers, found {array.dtype}; code a missing response as 0"
        for name, array in (("responses", response), ("list_length", length), ("group", member))
        if not np.issubdtype(array.dtype, np.integer)
    ]
    if response.ndim < 2:
        problems.append(f"responses: expected (..., list, output), found {response.ndim} dimension(s)")
    elif not length.shape == member.shape == response.shape[-2:-1]:
        problems.append(
            f"expected one list length and one group a list: responses has {response.shape[-2]} lists, "
            f"list_length has shape {length.shape}, group {member.shape}"
        )
    elif not len(length):
        problems.append("responses: expected at least one list, found none")
    if not problems:
        if n_groups is None:
            n_groups = int(member.max(initial=-1)) + 1
        wrong_group = np.flatnonzero((member < 0) | (member >= n_groups))
        problems += [f"list {i}: group {member[i]}, expected 0 to {n_groups - 1}" for i in wrong_group[:10]]
        problems += [f"list {i}: list length {length[i]}, expected > 0" for i in np.flatnonzero(length < 1)[:10]]
        # Extremes over draws first: a mask of all draws would cost more memory than the curves themselves.
        draws = response.reshape(prod(response.shape[:-2]), *response.shape[-2:])
        lowest, highest = draws.min(axis=0, initial=0), draws.max(axis=0, initial=0)
        too_high = highest > length[:, None]
        found = np.where(too_high, highest, lowest)
        problems += [
            f"list {i}, output position {output + 1}: found {found[i, output]}, expected a study position "
            f"(1 to {length[i]}), 0 (no response) or -1 (intrusion)"
            for i, output in np.argwhere(too_high | (lowest < INTRUSION))[:10]
        ]
    if problems or n_groups is None:
        raise ValueError("cannot summarise these recalls:\n- " + "\n- ".join(problems))
    return response, length.astype(np.int32), member.astype(np.int64), n_groups
