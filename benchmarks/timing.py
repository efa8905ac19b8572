"""Timing that two contenders share: alternating calls in one run, so that a busy moment hits both."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Calls = Mapping[str, Callable[[], Any]]


def seconds_of(call: Callable[[], Any]) -> float:
    """Wall time of one call; the call itself waits for asynchronous results."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def interleaved(calls: Calls, rounds: int, repeats: Mapping[str, int] | None = None) -> dict[str, np.ndarray]:
    """Time calls in alternation after one unmeasured call of each.

    Parameters
    ----------
    calls : mapping of str to callable
        Each returns when its result is there.
    rounds : int
        How often each has its turn.
    repeats : mapping of str to int, optional
        Calls a turn (quick calls need more); a turn's time is the median of its calls.

    Returns
    -------
    dict of str to numpy.ndarray
        ``(round,)`` seconds a call.
    """
    for call in calls.values():
        call()
    times = {name: np.empty(rounds) for name in calls}
    for i in range(rounds):
        for name, call in calls.items():
            n = (repeats or {}).get(name, 1)
            times[name][i] = np.median([seconds_of(call) for _ in range(n)])
    return times


def median_ratio(slow: np.ndarray, fast: np.ndarray) -> float:
    """Median over rounds of the ratio within a round."""
    return float(np.median(slow / fast))


def import_seconds(module: str, processes: int = 5) -> float:
    """Median wall time of `python -c "import <module>"` in processes of its own, start of Python included."""
    command = [sys.executable, "-c", f"import {module}"]
    return float(np.median([seconds_of(lambda: subprocess.run(command, check=True)) for _ in range(processes)]))


@dataclass(frozen=True)
class Growth:
    """Median seconds over a size."""

    what: str
    sizes: tuple[int, ...]
    value: tuple[float, ...]
    gradient: tuple[float, ...]

    @property
    def exponents(self) -> tuple[float, float]:
        """Exponents of the value, and of value and gradient, over the last step.

        A power law through all sizes would be flattered by what does not grow.
        """
        step = np.log(self.sizes[-1] / self.sizes[-2])
        value, gradient = (float(np.log(y[-1] / y[-2]) / step) for y in (self.value, self.gradient))
        return value, gradient


def growth(
    what: str, sizes: Sequence[int], calls: Callable[[int], tuple[Callable[[], Any], Callable[[], Any]]]
) -> Growth:
    """Time value and gradient at each size, sizes interleaved; `calls(size)` makes both."""
    made = {size: calls(size) for size in sizes}
    named = {(kind, size): made[size][kind] for size in sizes for kind in (0, 1)}
    times = interleaved({f"{kind} {size}": call for (kind, size), call in named.items()}, rounds=25)
    value, gradient = (tuple(float(np.median(times[f"{kind} {size}"])) for size in sizes) for kind in (0, 1))
    return Growth(what, tuple(sizes), value, gradient)


def plot_growth(growths: Sequence[Growth], path: Path) -> None:
    """One panel a growth, log-log, with the exponents of the last step."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import LogLocator, StrMethodFormatter

    figure, panels = plt.subplots(
        1, len(growths), figsize=(4.2 * len(growths), 3.4), layout="constrained", squeeze=False
    )
    for panel, grown in zip(panels[0], growths, strict=True):
        lines = zip(("value", "value and gradient"), (grown.value, grown.gradient), grown.exponents, strict=True)
        for label, seconds, exponent in lines:
            panel.loglog(grown.sizes, 1e3 * np.array(seconds), "o-", label=f"{label}: {exponent:.2f}")
        panel.set_xticks(grown.sizes, [str(s) for s in grown.sizes])
        panel.minorticks_off()
        panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        panel.set_xlabel(grown.what)
        panel.set_ylabel("milliseconds")
        panel.legend(title="exponent of the last step", frameon=False, fontsize="small")
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    plt.close(figure)
