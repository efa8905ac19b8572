"""The demonstrations that `kvfit demo` runs: the whole path on data that everybody has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

import kvfit as kv


@dataclass(frozen=True)
class Demo:
    """What one demonstration fits.

    Attributes
    ----------
    data : str
        Name of a data set.
    participants : int or None
        The first so many; None for all.
    models : tuple of str
    draws : int
        Kept draws a chain.
    title : str
        Of the page.
    output : str
        The page, if the user names no other.
    """

    data: str
    participants: int | None
    models: tuple[str, ...]
    draws: int
    title: str
    output: str


DEMOS: Mapping[str, Demo] = MappingProxyType(
    {
        "free_recall": Demo(
            data="peers_notask",
            participants=12,
            models=("kv_recall", "cmr", "serial_position"),
            # 1000 draws are enough for most models; single persons' posteriors under CMR have long tails or two modes
            draws=2000,
            title="Which memory model explains immediate free recall best? A demonstration on PEERS",
            output="reports/demo.html",
        ),
        "recognition": Demo(
            data="simulated_recognition",
            participants=None,
            models=("uvsd(by=strength)", "dpsd(by=strength)", "evsd(by=strength)"),
            draws=1000,
            title="Which model made these confidence ratings? A demonstration on simulated recognition",
            output="reports/demo_recognition.html",
        ),
    }
)


def run_demo(
    *,
    task: str = "free_recall",
    participants: int | None = None,
    output: Path | None = None,
    store: Path = Path("fits"),
    seed: int = 0,
    show_progress: bool = True,
    say: Callable[[str], None] = print,
) -> Path:
    """Compare three models and write the report; where the data are simulated, compare estimates with the truth.

    Parameters
    ----------
    task : {"free_recall", "recognition"}
        Real immediate free recall (PEERS), or simulated confidence ratings.
    participants : int, optional
        The first so many; by default 12 of 126 in free recall, all 24 in recognition.
    output : pathlib.Path, optional
        The page.
    store : pathlib.Path
        Folder of fits; run again, finished fits are found there.
    seed : int
    show_progress : bool
    say : callable
        Receives the lines to show.

    Returns
    -------
    pathlib.Path
        The page.

    Raises
    ------
    ValueError
        If there is no demonstration of the task.
    """
    from kvfit.data.metadata import known_datasets

    if task not in DEMOS:
        raise ValueError(f"--task: expected {' or '.join(DEMOS)}; found {task!r}")
    demo = DEMOS[task]
    data = kv.load(demo.data, participants=participants or demo.participants)
    say(f"{data!r}\n{data.scoring_note()}")
    fits = [
        kv.fit(model, data, store=store, draws=demo.draws, seed=seed, show_progress=show_progress)
        for model in demo.models
    ]
    comparison = kv.compare(fits)
    path = kv.report(
        comparison,
        output or demo.output,
        title=demo.title,
        created=date.today().isoformat(),
        command="kvfit demo" if task == "free_recall" else f"kvfit demo --task {task}",
        citation=known_datasets()[demo.data].citation,
        show_progress=show_progress,
    )
    for fit in comparison.fits:
        say(f"{fit.label}: {fit.diagnostics.verdict()}")
    say(f"\n{comparison}")
    _say_truth(demo.data, comparison.fits, say)
    say(f"\nReport: {path.resolve()}")
    return path


def _say_truth(name: str, fits: tuple["kv.Fit", ...], say: Callable[[str], None]) -> None:
    """Compare the estimates with the truth, if the data are simulated."""
    from kvfit.data.metadata import DatasetError
    from kvfit.data.truth import read_truth

    try:
        truth = read_truth(name)
    except DatasetError:
        return
    of_truth = [fit for fit in fits if fit.label == truth.model]
    say(f"\nThe data are simulated, from {truth.model}: the comparison should rank it first.")
    for fit in of_truth:
        say(f"Its estimates beside the truth:\n{truth.compare(fit)}")
