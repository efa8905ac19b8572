"""What reading a file left out: lists with faults, lists with repeated items, participants without a response."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class LeftOut:
    """One reason for which something in a file is not in the data.

    Attributes
    ----------
    what : str
        In words, with numbers: ``"1 of 3 lists, in which faults were found"``.
    n_lists : int
        How many whole lists; 0 where only single rows were left out.
    """

    what: str
    n_lists: int


def left_out_note(left_out: Sequence[LeftOut]) -> str:
    """Say in one sentence what reading left out, also if it was nothing."""
    if not left_out:
        return "No list was left out."
    return f"Left out when the data were read: {'; '.join(one.what for one in left_out)}."


def of_all(n: int, of: int, what: str) -> str:
    """Count something among all: ``1 of 3 lists``."""
    return f"{n:,} of {of:,} {what}{'s' * (of != 1)}"
