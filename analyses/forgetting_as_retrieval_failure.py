"""Is what a network forgets gone, or only not retrieved? Section 5.2 and Figure 3 of the key-value paper.

A network with one hidden layer learns to tell two kinds of images, then two others. It then fails at the first task. No
image of it is shown again; what the first task wrote is only made stronger at retrieval, and the task comes back.

    KVFIT_DATA=FOLDER python analyses/forgetting_as_retrieval_failure.py      # MNIST, then Fashion-MNIST: about a minute
    python3 -m uv run --with scikit-learn python analyses/forgetting_as_retrieval_failure.py --images digits

A small network is also read from its traces: every training image kept as a key with its error as a value, nothing summed
into weights. Both forms give the same outputs, and no trace is changed by the second task. What is scaled was labelled by us
as belonging to the first task: the result shows that it is there, not that the network could find it by itself.

Writes ``forgetting.png`` and ``forgetting.csv`` into ``reports/``. One replicate is one draw of the weights to begin with.
Source: Gershman, Fiete & Irie (2025), "Key-value memory in the brain".
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from kvfit.data.metadata import DatasetError
from kvfit.files import write_text
from kvfit.learning.dual import read_network, train_keeping_traces
from kvfit.learning.images import ImageTask, digits, mnist_then_fashion
from kvfit.learning.network import forward, random_weights
from kvfit.learning.reactivation import STRENGTHS, Forgetting, Training, forget_and_reactivate
from kvfit.progress import progress
from kvfit.reports.figures.saving import save_figure
from kvfit.reports.figures.style import SOFT, figure_style, model_styles

IMAGES = {"mnist": mnist_then_fashion, "digits": digits}
#: The digits are few and small: shorter training sets want larger steps and more of them.
TRAINING = {"mnist": Training(), "digits": Training(learning_rate=0.05, batch_size=16, epochs=10)}
Tasks = tuple[ImageTask, ImageTask]


def summary(runs: list[Forgetting]) -> pd.DataFrame:
    """One row a replicate and strength: accuracy on both tasks, in percent."""
    rows = []
    for replicate, run in enumerate(runs):
        for at, strength in enumerate(run.strengths):
            rows.append(
                {
                    "replicate": replicate,
                    "strength": strength,
                    "first_task_learned": 100 * run.learned_first,
                    "first_task": 100 * run.first[at],
                    "second_task": 100 * run.second[at],
                    "first_task_traces_only": 100 * run.first_traces_only[at],
                    "second_task_traces_only": 100 * run.second_traces_only[at],
                }
            )
    return pd.DataFrame(rows)


def conclusion(table: pd.DataFrame, tasks: Tasks) -> str:
    """Learned, forgotten, brought back: means over replicates and their range."""
    by_strength = table.groupby("strength")
    forgotten = table[table["strength"] == 1.0]
    lines = [
        f"{tasks[0].name}, then {tasks[1].name}; {len(forgotten)} replicates, mean (range) of accuracy on test images:",
        f"  first task after learning it {_range(forgotten['first_task_learned'])},"
        f" after the second {_range(forgotten['first_task'])}; second task {_range(forgotten['second_task'])}",
    ]
    for strength, rows in by_strength:
        lines.append(
            f"  strength {strength:.1f}: first task {_range(rows['first_task'])}, second {_range(rows['second_task'])};"
            f" traces alone scaled: {_range(rows['first_task_traces_only'])}, {_range(rows['second_task_traces_only'])}"
        )
    return "\n".join(lines)


def dual_check(tasks: Tasks, rng: np.random.Generator, *, n_images: int = 100, n_hidden: int = 16) -> pd.DataFrame:
    """Train a small network and read it from its traces.

    Parameters
    ----------
    tasks : pair of ImageTask
    rng : numpy.random.Generator
    n_images : int
        The first so many training images of each task; two epochs.
    n_hidden : int

    Returns
    -------
    pandas.DataFrame
        One row a strength of the first task: the largest difference between the outputs of weights and of traces over test
        images (``outputs``), the largest output, the number of traces of each layer, and the largest difference between
        weights and summed traces (``weights``).
    """
    training = {"learning_rate": 0.01, "batch_size": 10, "epochs": 2}
    start = random_weights(tasks[0].train_images.shape[1], n_hidden, 4, rng)
    old, first = train_keeping_traces(
        start, tasks[0].train_images[:n_images], tasks[0].train_labels[:n_images], **training
    )
    new, second = train_keeping_traces(
        old, tasks[1].train_images[:n_images], tasks[1].train_labels[:n_images], **training
    )
    weights = max(
        np.abs(start.first + first.first.weights() + second.first.weights() - new.first).max(),
        np.abs(start.second + first.second.weights() + second.second.weights() - new.second).max(),
    )
    rows = []
    for strength in (1.0, 1.7):
        primal = forward(old.scaled(strength) + (new - old), tasks[0].test_images)[1]
        dual = read_network(start, (first, second), tasks[0].test_images, (strength, 1.0), strength)
        rows.append(
            {
                "strength": strength,
                "outputs": np.abs(primal - dual).max(),
                "largest_output": np.abs(primal).max(),
                "traces": len(first.first.keys) + len(second.first.keys),
                "weights": weights,
            }
        )
    return pd.DataFrame(rows)


def figure(table: pd.DataFrame, tasks: Tasks) -> Figure:
    """Accuracy by strength, all replicates and their mean; what is scaled on the left with, on the right without start."""
    with figure_style():
        drawing = Figure(figsize=(7.4, 3.2))
        panels = drawing.subplots(1, 2, sharey=True)
        first, second = model_styles(["first", "second"]).values()
        drawn = (
            (panels[0], "", "Everything before the second task scaled"),
            (panels[1], "_traces_only", "Only what the first task wrote scaled"),
        )
        for axes, ending, title in drawn:
            learned = table["first_task_learned"].mean()
            axes.axhline(learned, color=SOFT, linewidth=0.9, linestyle=":", label="first task, before the second")
            for task, which, style in ((tasks[0], "first_task", first), (tasks[1], "second_task", second)):
                wide = table.pivot_table(index="strength", columns="replicate", values=which + ending)
                axes.plot(wide.index, wide, color=style.colour, linewidth=0.6, alpha=0.35)
                axes.plot(
                    wide.index, wide.mean(axis=1), color=style.colour, marker=style.marker, linestyle=style.dashes,
                    label=task.name,
                )  # fmt: skip
            axes.set(title=title, xlabel="strength of the first task at retrieval", ylim=(-2, 102))
        panels[0].set_ylabel("% correct on test images")
        handles, labels = panels[0].get_legend_handles_labels()
        drawing.legend(handles, labels, loc="outside lower center", ncols=3)
    return drawing


def _range(values: pd.Series) -> str:
    return f"{values.mean():.1f} % ({values.min():.1f} to {values.max():.1f})"


def main() -> None:
    """Train all replicates; print what is found; write table and picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", choices=IMAGES, default="mnist")
    parser.add_argument("--replicates", type=int, default=10)
    parser.add_argument(
        "--added-start", choices=("random", "zero"), default="random", help="of what the second task learns"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("reports"))
    arguments = parser.parse_args()
    try:
        tasks = IMAGES[arguments.images]()
    except DatasetError as error:
        parser.error(f"{error}\nThe other images: --images {' or '.join(IMAGES)}")
    training = replace(TRAINING[arguments.images], added_start=arguments.added_start)
    seeds = np.random.SeedSequence(arguments.seed).spawn(arguments.replicates + 1)
    with progress() as bars:
        runs = [
            forget_and_reactivate(tasks, np.random.default_rng(seed), training=training, strengths=STRENGTHS)
            for seed in bars.track(seeds[1:], "training", total=arguments.replicates)
        ]
    found = summary(runs)
    print(conclusion(found, tasks))
    check = dual_check(tasks, np.random.default_rng(seeds[0]))
    print(
        f"A small network read from its {check['traces'].iloc[0]} traces a layer: outputs differ from those of the weights"
        f" by at most {check['outputs'].max():.1e} (largest output {check['largest_output'].max():.1f}), weights by"
        f" {check['weights'].max():.1e}."
    )
    table = write_text(arguments.output / "forgetting.csv", found.to_csv(index=False))
    picture = save_figure(figure(found, tasks), arguments.output / "forgetting.png")
    print(f"Table: {table.resolve()}\nPicture: {picture.resolve()}")


if __name__ == "__main__":
    main()
