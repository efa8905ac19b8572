"""The demonstration that `kvfit demo` runs: the whole path on real data."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import kvfit as kv

MODELS = ("kv_recall", "cmr", "serial_position")


def run_demo(
    *,
    participants: int = 12,
    output: Path = Path("reports/demo.html"),
    store: Path = Path("fits"),
    seed: int = 0,
    show_progress: bool = True,
    say: Callable[[str], None] = print,
) -> Path:
    """Compare three models on the first participants of PEERS (immediate free recall) and write the report.

    Parameters
    ----------
    participants : int
        The first so many of 126.
    output : pathlib.Path
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
    """
    data = kv.load("peers_notask", participants=participants)
    say(f"{data!r}\n{data.scoring_note()}")
    # 1000 draws are enough for most models; single persons' posteriors under CMR have long tails
    fits = [kv.fit(model, data, store=store, draws=2000, seed=seed, show_progress=show_progress) for model in MODELS]
    comparison = kv.compare(fits)
    path = kv.report(
        comparison,
        output,
        title="Which memory model explains immediate free recall best? A demonstration on PEERS",
        created=date.today().isoformat(),
        command="kvfit demo",
        citation="Healey, M. K., & Kahana, M. J. (2014). Is memory search governed by universal principles or idiosyncratic"
        " strategies? Journal of Experimental Psychology: General, 143, 575-596.",
        show_progress=show_progress,
    )
    for fit in comparison.fits:
        say(f"{fit.label}: {fit.diagnostics.verdict()}")
    say(f"\n{comparison}\n\nReport: {path.resolve()}")
    return path
