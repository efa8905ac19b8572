"""Recognition data: which items were old or new, and how surely each was called old.

`RecognitionData` is what every recognition model, curve and report works on. It is made from a checked table by
`kvfit.tasks.recognition_reader.read_recognition`, or from other responses to existing trials by
`RecognitionData.with_responses`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd

from kvfit.tasks.labels import as_text, label_bytes, order_labels
from kvfit.tasks.recognition_cells import RecognitionCells, check_categories, count_cells
from kvfit.tasks.recognition_summary import describe, scoring_note
from kvfit.tasks.response_scale import ResponseScale
from kvfit.tasks.selection import choose_participants, choose_rows

#: Columns that every table of trials begins with.
TRIAL_COLUMNS = ("subject", "list", "position", "item", "old", "response", "response_label")


@dataclass(frozen=True, eq=False)
class RecognitionData:
    """Test trials of a group of participants.

    Trials are sorted by participant, list, test position (then item, status, response); participants and lists
    in natural order of their labels.

    Attributes
    ----------
    name : str
        Short name, e.g. ``"pratte2009"`` or the stem of the file.
    source : str
        One line: where the data came from and what was selected (shown in reports).
    trials : pandas.DataFrame
        One row a scored test trial, index 0 .. n_trials - 1: ``subject``, ``list``, ``position`` (in the test,
        from 1; 0 if the table does not say), ``item`` (text, ``""`` if unknown), ``old`` (bool), ``response``
        (category 1 .. K from surest "new" to surest "old"), ``response_label`` (the user's word), then, where
        known, ``rt`` (in the user's unit), ``remember_know`` (``"remember"``, ``"know"``, ``"guess"`` or ``""``),
        ``probe`` (the user's kind of probe, where there are more than old and new), ``study_position`` (of the
        last presentation), ``n_presentations``, ``lag`` (events from study to test, 1 = nothing between),
        ``list_length`` (different items studied), in continuous recognition ``items_before`` (different items shown
        before the trial), and the user's other columns. What is about the study of an item is missing for new
        items.
    participants : ndarray, shape (participant,)
        Labels: int64 if all are whole numbers, else str objects.
    participant : ndarray of int64, shape (trial,)
        Index into `participants`, non-decreasing.
    scale : tuple of str
        The user's labels of the K categories, from surest "new" to surest "old".
    old_from : int
        First category that means "old", counted from 1 (yes/no: 2).
    conditions : tuple of str
        Columns of `trials` that describe the design (strength, frequency, lag, ...).
    ordered : bool
        False if the categories are no scale of confidence (five-choice associative recognition).
    studied : pandas.DataFrame or None
        Study rows, where the table has a study phase: ``subject``, ``list``, ``position``, ``item`` and the
        user's columns.
    unanswered : pandas.DataFrame or None
        Test trials without a response, with the columns of `trials` (response 0); presented, not scored.
    """

    name: str
    source: str
    trials: pd.DataFrame
    participants: np.ndarray
    participant: np.ndarray
    scale: tuple[str, ...]
    old_from: int
    conditions: tuple[str, ...] = ()
    ordered: bool = True
    studied: pd.DataFrame | None = None
    unanswered: pd.DataFrame | None = None

    task: ClassVar[str] = "recognition"
    #: what one observation is, as a name and in words
    observation: ClassVar[str] = "trial"
    observation_words: ClassVar[str] = "one test trial of a participant: the response category"

    def __post_init__(self) -> None:
        for array in (self.participants, self.participant):
            array.flags.writeable = False

    def __repr__(self) -> str:
        """Return the size of the data in one line."""
        return (
            f"RecognitionData({self.name!r}: {self.n_participants:,} participants, {self.n_trials:,} trials,"
            f" {self.n_categories} response categories)"
        )

    @property
    def n_trials(self) -> int:
        """Number of scored test trials over all participants."""
        return len(self.trials)

    @property
    def n_participants(self) -> int:
        """Number of participants."""
        return len(self.participants)

    @cached_property
    def n_lists(self) -> int:
        """Number of lists over all participants."""
        return len(self.trials[["subject", "list"]].drop_duplicates())

    @property
    def n_categories(self) -> int:
        """Number of response categories, K."""
        return len(self.scale)

    @cached_property
    def old(self) -> np.ndarray:
        """Whether the item was studied, bool, shape (trial,)."""
        return _fixed(self.trials["old"].to_numpy(dtype=bool, copy=True))

    @cached_property
    def response(self) -> np.ndarray:
        """Category of each response from 1, int64, shape (trial,)."""
        return _fixed(self.trials["response"].to_numpy(dtype=np.int64, copy=True))

    @property
    def has_items(self) -> bool:
        """Whether the items of the trials are known (they are not in tables of counts)."""
        return bool((self.trials["item"] != "").all())

    @cached_property
    def items(self) -> np.ndarray:
        """Different item labels in natural order, object (str) or int64, shape (item,)."""
        return _fixed(self._item_codes[1])

    @cached_property
    def item(self) -> np.ndarray:
        """Index of each trial's item in `items`, int64, shape (trial,)."""
        return _fixed(self._item_codes[0])

    @cached_property
    def _item_codes(self) -> tuple[np.ndarray, np.ndarray]:
        if not self.has_items:
            raise ValueError(f"{self.name}: the items of the trials are not known; models with item effects need them")
        return order_labels(self.trials["item"].to_numpy(dtype=object))

    @property
    def response_scale(self) -> ResponseScale:
        """Labels, order and meaning of the categories."""
        return ResponseScale(self.scale, self.old_from, self.ordered)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over participants, lists, items, old/new, responses and conditions, as 64 hex digits.

        Two data sets share it if and only if a likelihood scores the same responses to the same trials. File
        format, the order of rows and columns, the words of the scale, response times and `name` do not enter.
        """
        digest = hashlib.sha256(b"kvfit recognition 1")
        digest.update(label_bytes([self.n_categories, self.old_from, self.ordered, *sorted(self.conditions)]))
        for column in ("subject", "list", "item", *sorted(self.conditions)):
            text, _ = as_text(self.trials[column], words=column == "item")
            codes, labels = pd.factorize(text)
            digest.update(label_bytes(labels))
            digest.update(np.ascontiguousarray(codes, dtype="<i8").tobytes())
        for array in (self.trials["position"].to_numpy(), self.old, self.response):
            digest.update(np.ascontiguousarray(array, dtype="<i8").tobytes())
        return digest.hexdigest()

    def scoring_note(self) -> str:
        """Say in one sentence how many trials a likelihood scores, and what it leaves out and why.

        Returns
        -------
        str
        """
        return scoring_note(self)

    def describe(self) -> str:
        """Describe size, scale, scoring and conditions in plain text.

        Returns
        -------
        str
        """
        return describe(self)

    def cells(self, by: str | Sequence[str] = ()) -> RecognitionCells:
        """Count responses by participant, old/new status and conditions.

        Parameters
        ----------
        by : str or sequence of str
            Columns of `trials` (conditions; also ``item`` or ``list``). Missing values are a level of their own.

        Returns
        -------
        RecognitionCells

        Raises
        ------
        ValueError
            If a column is unknown or holds the response.
        """
        by = (by,) if isinstance(by, str) else tuple(by)
        made = ("subject", "old", "response", "response_label")
        wrong = [name for name in by if name not in self.trials.columns or name in made]
        if wrong or len(set(by)) < len(by):
            known = ", ".join(name for name in self.trials.columns if name not in made)
            raise ValueError(f"{self.name}: by={list(by)}: expected different columns of the trials among {known}")
        return count_cells(
            self.trials, self.participants, self.participant, by, self.scale, self.old_from, self.ordered
        )

    def select(
        self, participants: int | Sequence[int | str] | None = None, query: str | None = None
    ) -> RecognitionData:
        """Keep some participants, some trials, or both.

        Parameters
        ----------
        participants : int or sequence of labels, optional
            A number n keeps the first n participants; a sequence keeps the participants with these labels.
        query : str, optional
            A pandas query over the columns of `trials`, e.g. ``"frequency == 'low'"``; ``old`` is true or false.
            Participants left without a trial are left out. Study rows of the remaining lists are all kept.

        Returns
        -------
        RecognitionData
            `source` says what was selected.

        Raises
        ------
        ValueError
            If a label is unknown, n is out of range, the query fails or nothing is left.
        """
        said, chosen = [], None
        if participants is not None:
            chosen, text = choose_participants(participants, self.participants, self.name)
            said.append(text)
        if query is not None:
            said.append(f"trials where {query}")
        if not said:
            return self
        labels = None if chosen is None else self.participants[chosen]
        trials = _keep(self.trials, labels, query, self.name)
        if trials.empty:
            raise ValueError(f"{self.name}: no trial is left after selecting {', '.join(said)}")
        unanswered = None if self.unanswered is None else _keep(self.unanswered, labels, query, self.name)
        studied = self.studied
        if studied is not None:
            kept = pd.MultiIndex.from_frame(trials[["subject", "list"]].drop_duplicates())
            of_kept = pd.MultiIndex.from_frame(studied[["subject", "list"]]).isin(kept)
            studied = studied.loc[of_kept].reset_index(drop=True)
        codes, participants_left = pd.factorize(trials["subject"].to_numpy())
        return replace(
            self,
            source=f"{self.source}; selected: {', '.join(said)}",
            trials=trials,
            participants=np.array(participants_left),
            participant=codes.astype(np.int64),
            studied=studied,
            unanswered=unanswered,
        )

    def with_responses(
        self, responses: np.ndarray, *, name: str | None = None, source: str | None = None
    ) -> RecognitionData:
        """Give the same trials other responses, e.g. simulated ones.

        Parameters
        ----------
        responses : ndarray of int, shape (trial,)
            Categories from 1.
        name, source : str, optional
            Of the new data.

        Returns
        -------
        RecognitionData
            Without response times and remember/know judgements, which belong to the old responses.

        Raises
        ------
        ValueError
            If the shape or a category does not fit.
        """
        responses = np.asarray(responses)
        if responses.shape != (self.n_trials,):
            raise ValueError(f"responses: expected shape ({self.n_trials},), found {responses.shape}")
        check_categories(responses, self.n_categories)
        trials = self.trials.drop(columns=["rt", "remember_know"], errors="ignore")
        labels = np.array(self.scale, dtype=object)[responses - 1]
        trials = trials.assign(response=responses.astype(np.int64), response_label=pd.Series(labels, dtype="str"))
        return build_recognition(
            trials,
            name or self.name,
            source or self.source,
            self.response_scale,
            conditions=[one for one in self.conditions if one in trials.columns],
            studied=self.studied,
            unanswered=self.unanswered,
        )


def build_recognition(
    trials: pd.DataFrame,
    name: str,
    source: str,
    scale: ResponseScale,
    *,
    conditions: Sequence[str] = (),
    studied: pd.DataFrame | None = None,
    unanswered: pd.DataFrame | None = None,
) -> RecognitionData:
    """Arrange the trials of a checked table.

    Parameters
    ----------
    trials, studied, unanswered : pandas.DataFrame
        As in `RecognitionData`, rows in any order.
    name, source : str
    scale : ResponseScale
    conditions : sequence of str
        Columns of `trials`.

    Returns
    -------
    RecognitionData
    """
    codes, participants = order_labels(as_text(trials["subject"])[0])
    lists, labels = order_labels(as_text(trials["list"])[0])
    # Trials alike in everything above may stand in any order; ties are broken by what enters the fingerprint, so
    # that it does not depend on the order of the file. The last key sorts first.
    ties = [order_labels(as_text(trials[column])[0])[0] for column in sorted(conditions)]
    items = order_labels(as_text(trials["item"], words=True)[0])[0]
    response, old, position = (trials[column].to_numpy() for column in ("response", "old", "position"))
    order = np.lexsort((*ties, response, old, items, position, lists, codes))
    trials = trials.assign(subject=participants[codes], list=labels[lists]).iloc[order].reset_index(drop=True)
    studied, unanswered = (_same_labels(table, participants, labels) for table in (studied, unanswered))
    return RecognitionData(
        name=name,
        source=source,
        trials=trials,
        participants=participants,
        participant=codes[order],
        scale=scale.labels,
        old_from=scale.old_from,
        conditions=tuple(conditions),
        ordered=scale.ordered,
        studied=studied,
        unanswered=unanswered,
    )


def _same_labels(table: pd.DataFrame | None, participants: np.ndarray, lists: np.ndarray) -> pd.DataFrame | None:
    """Give another table of the same people the same labels (numbers or text)."""
    if table is None:
        return None
    made = {}
    for column, labels in (("subject", participants), ("list", lists)):
        known = {str(label): label for label in labels}
        made[column] = pd.Series([known.get(text, text) for text in as_text(table[column])[0]], index=table.index)
    return table.assign(**made)


def _fixed(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def _keep(table: pd.DataFrame, subjects: np.ndarray | None, query: str | None, name: str) -> pd.DataFrame:
    keep = np.ones(len(table), dtype=bool)
    if subjects is not None:
        keep &= table["subject"].isin(subjects).to_numpy()
    if query is not None:
        keep &= choose_rows(query, table, name, "trial")
    return table.loc[keep].reset_index(drop=True)
