"""Progress bars for everything that takes more than about two seconds."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

T = TypeVar("T")


class Progress:
    """A thin face of rich's progress display."""

    def __init__(self, bars: RichProgress) -> None:
        self._bars = bars

    def track(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        """Iterate with a bar."""
        yield from self._bars.track(items, total=total, description=label)

    def say(self, text: str) -> None:
        """Print a line beside the bars."""
        if not self._bars.disable:
            self._bars.console.print(text, markup=False, highlight=False)


@contextmanager
def progress(show: bool = True) -> Iterator[Progress]:
    """Show bars on standard error while the block runs.

    Parameters
    ----------
    show : bool
        False keeps silent.
    """
    bars = RichProgress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not show,
    )
    with bars:
        yield Progress(bars)
