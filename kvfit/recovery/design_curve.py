"""Numbers of people and lists that it takes to choose the right model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kvfit.memory_model import MemoryModel
from kvfit.recovery.confuse import ENOUGH, Confusion, Criterion, confuse, totals
from kvfit.recovery.designs import resized
from kvfit.recovery.intervals import jeffreys_interval
from kvfit.recovery.replicates import INTERVAL
from kvfit.recovery.truth import Truth
from kvfit.recovery.writing import write_study

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class DesignCurve:
    """Chances of the right choice for several designs.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a design and true model: ``participants``, ``observations`` (lists or trials of each), ``model``,
        ``count`` (right choices), ``n`` (simulated groups), ``share``, ``lower``, ``upper`` (90 % interval, Jeffreys).
    models : tuple of str
    criterion : {"aic", "bic"}
    observation : {"list", "trial"}
    truth : str
        In words.
    confusions : tuple of Confusion
        One for each number of observations, with the most participants.
    """

    table: pd.DataFrame
    models: tuple[str, ...]
    criterion: Criterion
    observation: str
    truth: str
    confusions: tuple[Confusion, ...]

    def weakest(self) -> pd.DataFrame:
        """Of every design the true model that is found least often."""
        least = self.table.groupby(["observations", "participants"])["share"].idxmin()
        return self.table.loc[least].reset_index(drop=True)

    def verdict(self) -> str:
        """The smallest design that is enough, in words."""
        weakest = self.weakest()
        enough = weakest[weakest["lower"] >= ENOUGH]
        said = []
        for number in sorted(weakest["observations"].unique()):
            own = enough[enough["observations"] == number]
            here = f"{number} {self.observation}s each"
            if len(own):
                said.append(f"{int(own['participants'].min())} participants with {here}")
                continue
            best = weakest[weakest["observations"] == number].sort_values("share").iloc[-1]
            said.append(
                f"with {here} no number tried ({best['model']} is found in {best['share']:.0%} with"
                f" {int(best['participants'])}, {best['lower']:.0%} to {best['upper']:.0%})"
            )
        text = (
            f"To find every one of {', '.join(self.models)} in at least {ENOUGH:.0%} of cases (choice by"
            f" {self.criterion.upper()}, true values {self.truth}; lower end of the 90 % interval), enough are: "
            + "; ".join(said)
            + "."
        )
        failures = " ".join(filter(None, (found.batch.words() for found in self.confusions)))
        return f"{text} {failures}".strip()

    def __str__(self) -> str:
        """Table and verdict as text."""
        shown = self.table.pivot_table(index=["observations", "participants"], columns="model", values="share")
        return f"Chance of the right choice\n{shown[list(self.models)].round(2).to_string()}\n\n{self.verdict()}"

    def figure(self) -> "Figure":
        """Draw the chances by number of participants, a panel a true model."""
        from kvfit.reports.figures.recovery import design_curve_figure
        from kvfit.reports.figures.style import model_styles

        numbers = sorted(self.table["observations"].unique())
        styles = dict(zip(numbers, model_styles([str(n) for n in numbers]).values(), strict=True))
        return design_curve_figure(self.table, {name: name for name in self.models}, styles, self.observation)

    def write(self, folder: str | Path) -> Path:
        """Write ``design_curve.csv``, ``design_curve.png`` and ``verdict.txt``."""
        return write_study(folder, {"design_curve": self.table}, {"design_curve": self.figure()}, self.verdict())


def design_curve(
    models: Sequence[str | MemoryModel],
    data: Any,
    *,
    participants: Sequence[int] = (6, 12, 24, 48),
    observations: Sequence[int] | None = None,
    criterion: Criterion | None = None,
    truth: Truth = "prior",
    replicates: int = 20,
    starts: int = 6,
    seed: int = 0,
    store: str | Path | None = None,
    workers: int = 1,
    dask: str | None = None,
    show_progress: bool = True,
) -> DesignCurve:
    """Chance of choosing the right model by number of participants and of lists (trials), from maximum-likelihood fits.

    Parameters
    ----------
    models : sequence of str or MemoryModel
    data : FreeRecallData or RecognitionData
        The experiment that is made larger or smaller, see :func:`~kvfit.recovery.designs.resized`.
    participants : sequence of int
    observations : sequence of int, optional
        Lists (trials) of each participant; by default as they are.
    criterion : {"aic", "bic"}, optional
    truth : {"prior", "fit"}
        ``"fit"``: of the people in `data`, estimated once; people of a design are drawn from them with replacement.
    replicates : int
        Simulated data sets from each model with the most participants. Smaller groups are parts of them without
        overlap, so that there are more of these.
    starts, seed, store, workers, dask, show_progress
        As for :func:`kvfit.recover`.

    Returns
    -------
    DesignCurve

    Raises
    ------
    ModelError, ValueError
        For what cannot work, before anything is computed.
    """
    sizes = sorted(set(participants))
    numbers = [None] if observations is None else sorted(set(observations))
    if not sizes or sizes[0] < 1 or not numbers:
        raise ValueError(
            f"participants, observations: expected numbers of at least 1, found {participants}, {observations}"
        )
    sources: Any = truth
    if truth == "fit":
        sources = _estimates(models, data, starts, seed, show_progress)
    frames, confusions = [], []
    for number in numbers:
        design = resized(data, sizes[-1], number, seed)
        found = confuse(
            models, design, criterion=criterion, truth=sources, replicates=replicates, starts=starts, seed=seed,
            store=store, workers=workers, dask=dask, show_progress=show_progress,
        )  # fmt: skip
        if truth == "fit":
            found = replace(found, truth="estimated (MAP) from the data")
        confusions.append(found)
        each = number or round(design.participant.size / design.n_participants)
        frames += [_shares(found, size, each) for size in sizes]
    first = confusions[0]
    return DesignCurve(
        pd.concat(frames, ignore_index=True), first.models, first.criterion, data.observation, first.truth,
        tuple(confusions),
    )  # fmt: skip


def _estimates(
    models: Sequence[str | MemoryModel], data: Any, starts: int, seed: int, show_progress: bool
) -> dict[str, Any]:
    """MAP estimates of the people in the data, under each model."""
    from kvfit.inference.maximum_likelihood import point_fit
    from kvfit.recovery.study import bound_models

    return {
        model.label: point_fit(model, data, method="map", starts=starts, seed=seed, show_progress=show_progress)
        for model in bound_models(models, data, "ml", None)
    }


def _shares(found: Confusion, size: int, observations: int) -> pd.DataFrame:
    """Right choices of groups of `size` participants."""
    scores = found.scores.assign(group=found.scores["participant"] // size)
    whole = (found.scores["participant"].max() + 1) // size
    total = totals(scores[scores["group"] < whole], ["generator", "replicate", "group"], found.criterion, found.models)
    right = total.idxmax(axis=1) == total.index.get_level_values("generator")
    rows = []
    for model in found.models:
        own = right[total.index.get_level_values("generator") == model]
        count, n = int(own.sum()), len(own)
        lower, upper = jeffreys_interval(count, n, INTERVAL)
        rows.append(
            {
                "participants": size, "observations": observations, "model": model, "count": count, "n": n,
                "share": count / n if n else np.nan, "lower": float(lower), "upper": float(upper),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
