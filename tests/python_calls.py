"""How much of a function's work is Python: a count that, unlike time, no busy machine changes."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def python_calls(function: Callable[[], Any]) -> int:
    """Calls of Python functions while `function` runs."""
    count = 0

    def seen(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count
