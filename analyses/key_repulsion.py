"""Keys of overlapping events: do they repel each other, and is that undone when they need not be told apart? A simulation.

Events come in pairs that share three quarters of their features. First the features that differ must be recalled, then they
need not be: only the shared ones are asked for, or nothing. Chanales et al. (2017) found hippocampal patterns of overlapping
routes driven apart, until they were less similar than those of other routes; that this can be undone is a prediction of
Gershman, Fiete & Irie (2025) which they call untested. The simulation says on what it rests.

    python analyses/key_repulsion.py          # seconds

Writes ``key_repulsion.png`` and ``key_repulsion.csv`` into ``reports/``. One replicate is one set of events; bands hold the
middle 90 % of replicates.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kvfit.files import write_text
from kvfit.learning.overlap import KeyHistory, Learning, PairedEvents, learn_keys, paired_events
from kvfit.progress import progress
from kvfit.reports.figures.saving import save_figure
from kvfit.reports.figures.style import INK, SOFT, figure_style, model_styles

#: What is varied: who competes at retrieval, which gradient is followed (with its step), whether content pulls keys back,
#: and the length of keys, which sharpens their match.
SETTINGS = {
    "all events compete": Learning(pull=0.02),
    "all compete, no pull": Learning(pull=0.0),
    "only the pair competes": Learning(pull=0.02, competitors="pair"),
    "all compete, longer keys": Learning(pull=0.02, key_scale=1.0),
    "all compete, gradients summed": Learning(pull=0.02, accumulate=True, learning_rate=0.001),
    "longer keys, gradients summed": Learning(pull=0.02, key_scale=1.0, accumulate=True, learning_rate=0.001),
}
#: What is asked for after learning.
AFTERWARDS = ("shared", "nothing")
Histories = dict[str, dict[str, KeyHistory]]


def simulate(events: PairedEvents, learning: Learning, iterations: tuple[int, int]) -> dict[str, KeyHistory]:
    """Learn what differs, then go on without that demand.

    Parameters
    ----------
    events : PairedEvents
    learning : Learning
    iterations : pair of int
        With the demand and without it.

    Returns
    -------
    dict
        Histories under ``"differences"``, and after it ``"shared"`` and ``"nothing"``.
    """
    first = learn_keys(events, "differences", iterations[0], learning)
    found = {"differences": first}
    # Summed gradients would carry the old demand's drive along; without it keys follow each step's own.
    later = replace(learning, accumulate=False, learning_rate=Learning.learning_rate)
    for demand in AFTERWARDS:
        found[demand] = learn_keys(events, demand, iterations[1], later, start=first.keys)
    return found


def summary(histories: Histories) -> pd.DataFrame:
    """One row a setting, phase and point of time: similarities and error, means over replicates.

    ``below`` counts the replicates in which overlapping events are less similar than others, ``ever_below`` those in which
    they were so at any time of the phase.
    """
    rows = []
    for setting, phases in histories.items():
        for demand, history in phases.items():
            gap = history.overlapping - history.other
            for point in (0, -1):
                rows.append(
                    {
                        "setting": setting,
                        "demand": demand,
                        "iteration": history.iterations[point],
                        "overlapping": history.overlapping[point].mean(),
                        "other": history.other[point].mean(),
                        "below": int((gap[point] < 0).sum()),
                        "ever_below": int((gap < 0).any(axis=0).sum()),
                        "error": history.error[point].mean(),
                        "replicates": gap.shape[1],
                    }
                )
    return pd.DataFrame(rows)


def conclusion(table: pd.DataFrame) -> str:
    """Repulsion, order and return in words, one line a setting."""
    lines = []
    for setting, rows in table.groupby("setting", sort=False):
        by_phase = rows.set_index("demand")
        learned = by_phase.loc["differences"]
        start, end = learned.iloc[0], learned.iloc[-1]
        returns = []
        for demand in AFTERWARDS:
            last = by_phase.loc[demand].iloc[-1]
            share = (last["overlapping"] - end["overlapping"]) / (start["overlapping"] - end["overlapping"])
            returns.append(f"{share:.0%} of the way back when {demand} must be recalled (error {last['error']:.2f})")
        lines.append(
            f"{setting}: similarity of overlapping events {start['overlapping']:.2f} -> {end['overlapping']:.2f},"
            f" of others {end['other']:.2f} (overlapping below others in {end['below']} of {end['replicates']} replicates,"
            f" at some time in {end['ever_below']}; error {end['error']:.2f}); then {', '.join(returns)}"
        )
    return "\n".join(lines)


def figure(histories: Histories) -> Figure:
    """Similarity of keys over learning, one drawing a setting; dashed after the demand is removed."""
    with figure_style():
        drawing = Figure(figsize=(8.6, 5.0))
        panels = np.ravel(drawing.subplots(2, 3, sharex=True, sharey=True))
        pair, other, nothing = model_styles(["overlapping", "other", "nothing"]).values()
        for axes, (setting, phases) in zip(panels, histories.items(), strict=True):
            learned = phases["differences"]
            end = learned.iterations[-1]
            axes.axhline(0, color=SOFT, linewidth=0.6)
            axes.axvline(end, color=SOFT, linewidth=0.8, linestyle=":")
            _draw(axes, learned, "overlapping", 0, pair.colour, "-", "overlapping events")
            _draw(axes, learned, "other", 0, other.colour, "-", "other events")
            _draw(axes, phases["shared"], "overlapping", end, pair.colour, "--", "overlapping, shared features asked")
            _draw(axes, phases["nothing"], "overlapping", end, nothing.colour, ":", "overlapping, nothing asked")
            _draw(axes, phases["shared"], "other", end, other.colour, "--", None)
            axes.set_title(setting)
        for axes in panels[3:]:
            axes.set_xlabel("iteration")
        for axes in panels[::3]:
            axes.set_ylabel("cosine of keys")
        panels[0].annotate(
            "demand removed",
            (end, 0.04),
            xycoords=("data", "axes fraction"),
            xytext=(4, 0),
            textcoords="offset points",
            color=INK,
            fontsize=8,
        )
        handles, labels = panels[0].get_legend_handles_labels()
        drawing.legend(handles, labels, loc="outside lower center", ncols=4)
    return drawing


def _draw(axes: Axes, history: KeyHistory, which: str, shift: int, colour: str, dashes: str, label: str | None) -> None:
    lines = getattr(history, which)
    low, high = np.quantile(lines, [0.05, 0.95], axis=1)
    at = history.iterations + shift
    axes.fill_between(at, low, high, color=colour, alpha=0.18, linewidth=0)
    axes.plot(at, lines.mean(axis=1), color=colour, linestyle=dashes, label=label)


def main() -> None:
    """Simulate all settings on the same events; print what is found; write table and picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--features", type=int, default=32)
    parser.add_argument("--overlap", type=float, default=0.75, help="share of features that a pair has in common")
    parser.add_argument("--replicates", type=int, default=20)
    parser.add_argument("--iterations", type=int, nargs=2, default=(400, 800), help="with the demand and without it")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("reports"))
    arguments = parser.parse_args()
    events = paired_events(
        arguments.pairs,
        arguments.features,
        arguments.overlap,
        arguments.replicates,
        np.random.default_rng(arguments.seed),
    )
    with progress() as bars:
        histories = {
            setting: simulate(events, learning, tuple(arguments.iterations))
            for setting, learning in bars.track(SETTINGS.items(), "learning keys", total=len(SETTINGS))
        }
    found = summary(histories)
    print(conclusion(found))
    table = write_text(arguments.output / "key_repulsion.csv", found.to_csv(index=False))
    picture = save_figure(figure(histories), arguments.output / "key_repulsion.png")
    print(f"Table: {table.resolve()}\nPicture: {picture.resolve()}")


if __name__ == "__main__":
    main()
