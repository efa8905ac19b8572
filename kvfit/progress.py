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

    def counter(self, label: str, total: int) -> "Counter":
        """A bar that is advanced by hand."""
        return Counter(self._bars, self._bars.add_task(label, total=total))


class Counter:
    """Advances one bar."""

    def __init__(self, bars: RichProgress, task: object) -> None:
        self._bars = bars
        self._task = task

    def __call__(self, step: int = 1) -> None:
        """Advance by `step`."""
        self._bars.advance(self._task, step)  # type: ignore[arg-type]


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
