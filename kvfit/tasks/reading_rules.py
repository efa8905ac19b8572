"""Rules for data that are sound but that not every model can use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

RepeatedItems = Literal["error", "drop", "first"]
FaultyLists = Literal["error", "drop"]
EmptyParticipants = Literal["error", "drop", "keep"]
MissingResponses = Literal["error", "drop"]
IncompleteParticipants = Literal["error", "drop", "keep"]


@dataclass(frozen=True)
class ReadingRules:
    """What to do with data that are sound but that not every model can use.

    Attributes
    ----------
    repeated_items : {"error", "drop", "first"}
        Lists in which an item was studied more than once. A response to such an item has no single study
        position, and the likelihoods score study positions. ``"error"`` reports the lists; ``"drop"`` leaves
        them out; ``"first"`` keeps one study event an item, its first, and numbers the positions anew, so
        that a list's length is its number of different items (the repetition itself is then not modelled).
    empty_participants : {"error", "drop", "keep"}
        Participants without a single response.
    ignore_case : bool
        Match responses to studied items whatever their case and outer blanks.
    faulty_lists : {"error", "drop"}
        Lists with a fault of their own (a gap in the study positions, positions and items that disagree, ...).
        ``"drop"`` leaves them out; each fault is then a warning, and the number of lists is kept in
        `FreeRecallData.left_out`. Faults that belong to no single list remain errors.
    trust_positions : bool
        Where recalled positions and labels of recalled items disagree, use the positions (Penn matrices and
        psifr's scored tables have both).
    """

    repeated_items: RepeatedItems = "error"
    empty_participants: EmptyParticipants = "error"
    ignore_case: bool = False
    faulty_lists: FaultyLists = "error"
    trust_positions: bool = False

    def __post_init__(self) -> None:
        _check_choice("repeated_items", self.repeated_items, RepeatedItems)
        _check_choice("empty_participants", self.empty_participants, EmptyParticipants)
        _check_choice("faulty_lists", self.faulty_lists, FaultyLists)


@dataclass(frozen=True)
class RecognitionRules:
    """What to do with recognition data that are sound but that not every model can use.

    Attributes
    ----------
    missing_responses : {"error", "drop"}
        Test trials without a response. ``"drop"`` keeps them apart (`RecognitionData.unanswered`): they were
        presented, but no likelihood scores them.
    incomplete_participants : {"error", "drop", "keep"}
        Participants without a scored old item, or without a scored new one: nothing tells their memory from
        their readiness to say "old".
    ignore_case : bool
        Compare items, and responses with the scale, whatever their case and outer blanks.
    """

    missing_responses: MissingResponses = "error"
    incomplete_participants: IncompleteParticipants = "error"
    ignore_case: bool = False

    def __post_init__(self) -> None:
        _check_choice("missing_responses", self.missing_responses, MissingResponses)
        _check_choice("incomplete_participants", self.incomplete_participants, IncompleteParticipants)


def _check_choice(name: str, value: object, kind: object) -> None:
    allowed = get_args(kind)
    if value not in allowed:
        raise ValueError(f"{name}={value!r}: expected one of {', '.join(allowed)}")
