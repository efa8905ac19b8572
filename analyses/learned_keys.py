"""What do keys and values become when both are optimised for retrieval? Section 5.1 and Figure 2 of the key-value paper.

Items of two or three classes have keys and values of two dimensions, random at first. Adam changes both until an item's key
retrieves the features of its class. Keys go where they can be told apart, values where the content is.

    python analyses/learned_keys.py              # a minute or two
    python analyses/learned_keys.py --steps 1000

The published notebooks never reset gradients, so that each step follows the sum of all past gradients. Both that procedure
and the corrected one are run, from the notebooks' own random numbers. Writes ``learned_keys.png`` and ``learned_keys.csv``
into ``reports/``. Source: Gershman, Fiete & Irie (2025), "Key-value memory in the brain".
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from kvfit.files import write_text
from kvfit.learning.classes import THREE_CLASSES, TWO_CLASSES, LearnedItems, learn_items
from kvfit.learning.published import published_items
from kvfit.progress import progress
from kvfit.reports.figures.saving import save_figure
from kvfit.reports.figures.style import INK, SOFT, figure_style, model_styles

#: Name, features of the classes, items, and steps of the paper.
CASES = (("two classes", TWO_CLASSES, 200, 5000), ("three classes", THREE_CLASSES, 300, 10000))
#: Whether gradients are summed over steps; the notebooks do, unintended.
PROCEDURES = {"printed": True, "corrected": False}
Results = dict[tuple[str, str], LearnedItems]


def learn_all(steps: int | None = None, *, show: bool = True) -> Results:
    """Learn all cases by both procedures.

    Parameters
    ----------
    steps : int, optional
        Default those of the paper.
    show : bool
        Show progress.

    Returns
    -------
    dict
        From (case, procedure).
    """
    wanted = [(case, procedure) for case in CASES for procedure in PROCEDURES]
    found: Results = {}
    with progress(show) as bars:
        for (name, features, n_items, usual), procedure in bars.track(wanted, "optimising keys and values"):
            start = published_items(features, n_items)
            found[name, procedure] = learn_items(start, steps or usual, accumulate=PROCEDURES[procedure])
    return found


def summary(results: Results) -> pd.DataFrame:
    """One row a case, procedure and class: losses, mean key and value, share of values nearest to their class's features."""
    rows = []
    for (case, procedure), learned in results.items():
        for one, (key, value) in enumerate(zip(learned.mean_keys(), learned.mean_values(), strict=True)):
            row = {
                "case": case,
                "procedure": procedure,
                "steps": len(learned.losses),
                "first_loss": learned.losses[0],
                "last_loss": learned.last_loss,
                "nearest_to_own_class": learned.fraction_own_class(),
                "class": one,
            }
            row |= {f"key_{d + 1}": x for d, x in enumerate(key)} | {f"value_{d + 1}": x for d, x in enumerate(value)}
            rows.append(row)
    return pd.DataFrame(rows)


def conclusion(results: Results) -> str:
    """How keys and values of different classes are related after learning, case by case."""
    lines = []
    for (case, procedure), learned in results.items():
        cosines = [_between(points) for points in (learned.mean_keys(), learned.mean_values())]
        lines.append(
            f"{case}, {procedure}: loss {learned.losses[0]:.3f} -> {learned.last_loss:.4f} in {len(learned.losses)} steps;"
            f" cosine between classes' mean keys {cosines[0]:.2f}, between their mean values {cosines[1]:.2f}"
        )
    return "\n".join(lines)


def figure(results: Results) -> Figure:
    """Keys, values and loss of each case: points by the printed procedure, loss by both."""
    with figure_style():
        drawing = Figure(figsize=(8.2, 5.0))
        panels = drawing.subplots(len(CASES), 3)
        styles = list(model_styles([f"class {one + 1}" for one in range(len(THREE_CLASSES))]).items())
        for (case, features, _, _), (keys, values, loss) in zip(CASES, panels, strict=True):
            learned = results[case, "printed"]
            start = learned.start
            for one, (label, style) in enumerate(styles[: len(features)]):
                own = start.classes == one
                drawn = {"s": 9, "color": style.colour, "marker": style.marker, "linewidths": 0, "alpha": 0.7}
                keys.scatter(*learned.keys[own].T, label=label, **drawn)
                values.scatter(*learned.values[own].T, **drawn)
            keys.scatter(*start.keys.T, s=3, color=SOFT, linewidths=0, label="at the start", zorder=0)
            values.scatter(*(1 / (1 + np.exp(-start.raw_values))).T, s=3, color=SOFT, linewidths=0, zorder=0)
            values.scatter(*features.T, s=70, marker="+", color=INK, linewidths=1.2, label="class features")
            keys.set(title=f"Keys, {case}", xlabel="dimension 1", ylabel="dimension 2")
            values.set(title="Values", xlabel="feature 1", ylabel="feature 2", xlim=(-0.1, 1.1), ylim=(-0.1, 1.1))
            keys.set_aspect("equal", adjustable="datalim")
            keys.legend(loc="best", handletextpad=0.2, borderpad=0.1)
            values.set_aspect("equal", adjustable="box")
            # where no case has points, and where its cross is not taken for a class
            values.legend(loc="lower left", bbox_to_anchor=(0.0, 0.25), handletextpad=0.2, borderpad=0.1)
            for procedure, style in zip(PROCEDURES, model_styles(list(PROCEDURES)).values(), strict=True):
                words = "summed" if PROCEDURES[procedure] else "each step's own"
                curve = results[case, procedure].losses
                loss.plot(
                    np.arange(len(curve)),
                    curve,
                    color=style.colour,
                    linestyle=style.dashes,
                    label=f"{procedure} ({words})",
                )
            # room above the curves for the legend
            top = 1.45 * results[case, "printed"].losses[0]
            loss.set(title="Error of retrieval", xlabel="step", ylabel="mean squared error", ylim=(0, top))
            loss.legend(title="gradients", alignment="left", loc="upper right")
    return drawing


def _between(points: np.ndarray) -> float:
    """Mean cosine between the rows."""
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    return float((unit @ unit.T)[np.triu_indices(len(points), 1)].mean())


def main() -> None:
    """Run all cases; print what is found; write table and picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=None, help="default those of the paper: 5000 and 10000")
    parser.add_argument("--output", type=Path, default=Path("reports"))
    arguments = parser.parse_args()
    results = learn_all(arguments.steps)
    print(conclusion(results))
    table = write_text(arguments.output / "learned_keys.csv", summary(results).to_csv(index=False))
    picture = save_figure(figure(results), arguments.output / "learned_keys.png")
    print(f"Table: {table.resolve()}\nPicture: {picture.resolve()}")


if __name__ == "__main__":
    main()
