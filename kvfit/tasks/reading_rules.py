"""Rules for data that are sound but that not every model can use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

RepeatedItems = Literal["error", "drop", "first"]
EmptyParticipants = Literal["error", "drop", "keep"]


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
    """

    repeated_items: RepeatedItems = "error"
    empty_participants: EmptyParticipants = "error"
    ignore_case: bool = False

    def __post_init__(self) -> None:
        for name, kind in (("repeated_items", RepeatedItems), ("empty_participants", EmptyParticipants)):
            allowed = get_args(kind)
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name}={getattr(self, name)!r}: expected one of {', '.join(allowed)}")
