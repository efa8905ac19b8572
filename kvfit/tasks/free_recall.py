"""Free recall data: what was studied in each list, and what was recalled in which order.

`FreeRecallData` is what every free recall model, curve and report works on. It is made from a checked event
table by `kvfit.tasks.readers.read_free_recall`, or from a matrix of recalled positions by
`FreeRecallData.with_responses` (simulated responses to an existing design).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd

from kvfit.tasks.event_tables import (
    COUNTED,
    EVENT_COLUMNS,
    code_responses,
    constant_values,
    events_with_responses,
)
from kvfit.tasks.labels import label_bytes
from kvfit.tasks.left_out import LeftOut, left_out_note
from kvfit.tasks.selection import choose_participants, choose_rows


@dataclass(frozen=True, eq=False)
class FreeRecallData:
    """Study lists and recalls of a group of participants.

    Lists are sorted by participant, then list label; participants in natural order of their labels.

    Attributes
    ----------
    name : str
        Short name, e.g. ``"peers_notask"`` or the stem of the file.
    source : str
        One line: where the data came from and what was selected (shown in reports).
    events : pandas.DataFrame
        The checked long table: ``subject``, ``list``, ``trial_type`` (``"study"`` or ``"recall"``),
        ``position`` (study or output position, from 1), ``item`` (text), then ``study_position`` (of a
        recall row: the matched study position, 0 for an intrusion), ``recall_type`` (``""`` for study rows;
        ``"correct"``, ``"repeat"`` or ``"intrusion"``), then the user's other columns. Sorted by list, study
        rows first, then position.
    lists : pandas.DataFrame
        One row a list, index 0 .. n_lists - 1: ``subject``, ``list``, ``list_length``, ``n_responses``,
        ``n_scored``, ``n_repeats``, ``n_intrusions``, and every column of `events` that is constant within
        each list (conditions).
    participants : ndarray, shape (participant,)
        Labels: int64 if all are whole numbers, else str objects.
    participant : ndarray of int64, shape (list,)
        Index into `participants`, non-decreasing.
    responses : ndarray of int16, shape (list, output)
        Penn coding: k > 0 = the item of study position k, -1 = intrusion, 0 = no (further) response. Repeats
        are kept.
    recalled : ndarray of int64, shape (scored recall,)
        Study positions counted from 0 of first correct recalls, list after list in output order: what a
        likelihood scores.
    offsets : ndarray of int64, shape (list + 1,)
        The scored recalls of list l are ``recalled[offsets[l]:offsets[l + 1]]``.
    left_out : tuple of LeftOut
        What is not in the data, though the file held it: lists with faults, lists with repeated items, participants
        without a response.
    """

    name: str
    source: str
    events: pd.DataFrame
    lists: pd.DataFrame
    participants: np.ndarray
    participant: np.ndarray
    responses: np.ndarray
    recalled: np.ndarray
    offsets: np.ndarray
    left_out: tuple[LeftOut, ...] = ()

    task: ClassVar[str] = "free_recall"
    #: what one observation is, as a name and in words
    observation: ClassVar[str] = "list"
    observation_words: ClassVar[str] = (
        "one list of a participant: the order of its first correct recalls, and where recall ended"
    )

    def __post_init__(self) -> None:
        for array in (self.participants, self.participant, self.responses, self.recalled, self.offsets):
            array.flags.writeable = False

    def __repr__(self) -> str:
        """Return the size of the data in one line."""
        return (
            f"FreeRecallData({self.name!r}: {self.n_participants:,} participants, {self.n_lists:,} lists,"
            f" {len(self.recalled):,} scored recalls)"
        )

    @property
    def n_lists(self) -> int:
        """Number of lists over all participants."""
        return len(self.lists)

    @property
    def n_participants(self) -> int:
        """Number of participants."""
        return len(self.participants)

    @cached_property
    def list_length(self) -> np.ndarray:
        """Number of study positions, int64, shape (list,)."""
        return self.lists["list_length"].to_numpy(dtype=np.int64)

    @cached_property
    def items(self) -> np.ndarray:
        """Item labels, object (str), shape (list, longest list); ``""`` beyond a list's end."""
        study = self.events["trial_type"].to_numpy() == "study"
        items = np.full((self.n_lists, int(self.list_length.max(initial=0))), "", dtype=object)
        of_list = np.repeat(np.arange(self.n_lists), self.list_length)
        at = self.events["position"].to_numpy()[study] - 1
        items[of_list, at] = self.events["item"].to_numpy(dtype=object)[study]
        return items

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over participants, list labels, list lengths and scored recalls, as 64 hex digits.

        Two data sets share it if and only if a likelihood scores the same responses of the same lists. File
        format, column order, item names, conditions and `name` do not enter.
        """
        digest = hashlib.sha256(b"kvfit free recall 1")
        digest.update(label_bytes(self.lists["subject"]))
        digest.update(label_bytes(self.lists["list"]))
        for array in (self.list_length, self.offsets, self.recalled):
            digest.update(np.ascontiguousarray(array, dtype="<i8").tobytes())
        return digest.hexdigest()

    def scoring_note(self) -> str:
        """Say in one sentence how many responses a likelihood scores, and what it leaves out and why.

        Returns
        -------
        str
        """
        n_responses, n_scored, n_repeats, n_intrusions = (
            int(self.lists[name].sum()) for name in ("n_responses", "n_scored", "n_repeats", "n_intrusions")
        )
        left_out = [
            f"{count:,} {one if count == 1 else many} ({why})"
            for count, one, many, why in (
                (n_repeats, "repeat", "repeats", "the item had been recalled before in the same list"),
                (n_intrusions, "intrusion", "intrusions", "not an item of the list"),
            )
            if count
        ]
        note = f"{n_scored:,} of {n_responses:,} responses are scored"
        if left_out:
            note += f"; left out: {' and '.join(left_out)}, because the models give probabilities only to items"
            note += " of the list that were not yet recalled"
        return note + "."

    @property
    def n_left_out(self) -> int:
        """Number of whole lists that the file held and the data do not, before any selection."""
        return sum(one.n_lists for one in self.left_out)

    def left_out_note(self) -> str:
        """Say in one sentence what reading left out, also if it was nothing.

        Returns
        -------
        str
        """
        return left_out_note(self.left_out)

    def select(self, participants: int | Sequence[int | str] | None = None, query: str | None = None) -> FreeRecallData:
        """Keep some participants, some lists, or both.

        Parameters
        ----------
        participants : int or sequence of labels, optional
            A number n keeps the first n participants; a sequence keeps the participants with these labels.
        query : str, optional
            A pandas query over the columns of `lists`, e.g. ``"list_type == 'mixed'"``. Participants left
            without a list are left out.

        Returns
        -------
        FreeRecallData
            `source` says what was selected.

        Raises
        ------
        ValueError
            If a label is unknown, n is out of range, the query fails or nothing is left.
        """
        keep = np.ones(self.n_lists, dtype=bool)
        said = []
        if participants is not None:
            chosen, text = choose_participants(participants, self.participants, self.name)
            keep &= np.isin(self.participant, chosen)
            said.append(text)
        if query is not None:
            keep &= choose_rows(query, self.lists, self.name, "list")
            said.append(f"lists where {query}")
        if not said:
            return self
        if not keep.any():
            raise ValueError(f"{self.name}: no list is left after selecting {', '.join(said)}")
        return replace(_keep_lists(self, keep), source=f"{self.source}; selected: {', '.join(said)}")

    def with_responses(
        self, responses: np.ndarray, *, name: str | None = None, source: str | None = None
    ) -> FreeRecallData:
        """Give the same lists other responses, e.g. simulated ones.

        Parameters
        ----------
        responses : ndarray of int, shape (list, output)
            Penn coding as in `responses`.
        name, source : str, optional
            Of the new data.

        Returns
        -------
        FreeRecallData

        Raises
        ------
        ValueError
            If the shape or a position does not fit the lists.
        """
        responses = np.asarray(responses)
        if responses.ndim != 2 or len(responses) != self.n_lists:
            raise ValueError(f"responses: expected shape ({self.n_lists}, output), found {responses.shape}")
        if not np.issubdtype(responses.dtype, np.integer):
            raise ValueError(f"responses: expected whole numbers, found dtype {responses.dtype}")
        bad = np.flatnonzero(((responses < -1) | (responses > self.list_length[:, None])).any(axis=1))
        gap = np.flatnonzero(((responses[:, :-1] == 0) & (responses[:, 1:] != 0)).any(axis=1))
        if len(bad) or len(gap):
            raise ValueError(
                "responses: expected -1 (intrusion), 0 (no further response) or a study position of the list,"
                f" without a response after a 0; found otherwise in {len(np.union1d(bad, gap))} lists, first"
                f" in list {np.union1d(bad, gap)[0]}"
            )
        events = events_with_responses(self.events, self.lists, self.items, responses)
        return build_free_recall(events, name or self.name, source or self.source, left_out=self.left_out)


def build_free_recall(
    events: pd.DataFrame, name: str, source: str, *, left_out: Sequence[LeftOut] = ()
) -> FreeRecallData:
    """Count and code the responses of a checked event table.

    Parameters
    ----------
    events : pandas.DataFrame
        As in `FreeRecallData.events`: checked, matched and sorted.
    name, source : str
    left_out : sequence of LeftOut
        What was left out when the events were read.

    Returns
    -------
    FreeRecallData
    """
    is_study = (events["trial_type"] == "study").to_numpy()
    subject, label = events["subject"].to_numpy(), events["list"].to_numpy()
    starts = np.flatnonzero(np.r_[True, (subject[1:] != subject[:-1]) | (label[1:] != label[:-1])])
    n_lists = len(starts)
    of_list = np.repeat(np.arange(n_lists), np.diff(np.r_[starts, len(events)]))
    recall_type = events["recall_type"].to_numpy()
    counts = {
        "list_length": np.bincount(of_list[is_study], minlength=n_lists),
        "n_responses": np.bincount(of_list[~is_study], minlength=n_lists),
        "n_scored": np.bincount(of_list[recall_type == "correct"], minlength=n_lists),
        "n_repeats": np.bincount(of_list[recall_type == "repeat"], minlength=n_lists),
        "n_intrusions": np.bincount(of_list[recall_type == "intrusion"], minlength=n_lists),
    }
    lists = pd.DataFrame({"subject": subject[starts], "list": label[starts], **counts})
    extra = [column for column in events.columns if column not in (*EVENT_COLUMNS, *COUNTED)]
    for column in extra:
        values = constant_values(events[column], of_list, is_study, n_lists)
        if values is not None:
            lists[column] = values
    codes, participants = pd.factorize(subject[starts])
    scored = recall_type == "correct"
    study_position = events["study_position"].to_numpy()
    return FreeRecallData(
        name=name,
        source=source,
        events=events,
        lists=lists,
        participants=np.array(participants),
        participant=codes.astype(np.int64),
        responses=code_responses(study_position[~is_study], of_list[~is_study], counts["n_responses"]),
        recalled=(study_position[scored] - 1).astype(np.int64),
        offsets=np.r_[0, np.cumsum(counts["n_scored"])].astype(np.int64),
        left_out=tuple(left_out),
    )


def _keep_lists(data: FreeRecallData, keep: np.ndarray) -> FreeRecallData:
    n_events = data.lists["list_length"].to_numpy() + data.lists["n_responses"].to_numpy()
    lists = data.lists.loc[keep].reset_index(drop=True)
    kept, participant = np.unique(data.participant[keep], return_inverse=True)
    n_scored = np.diff(data.offsets)
    width = max(int(lists["n_responses"].max()), 1)
    return FreeRecallData(
        name=data.name,
        source=data.source,
        events=data.events.loc[np.repeat(keep, n_events)].reset_index(drop=True),
        lists=lists,
        participants=data.participants[kept],
        participant=participant.astype(np.int64),
        responses=data.responses[keep, :width],
        recalled=data.recalled[np.repeat(keep, n_scored)],
        offsets=np.r_[0, np.cumsum(n_scored[keep])].astype(np.int64),
        left_out=data.left_out,
    )
