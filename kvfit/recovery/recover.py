"""Are the parameters found again? Simulate the user's experiment with known values, fit it, compare."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kvfit.batch.runner import Batch
from kvfit.memory_model import MemoryModel
from kvfit.recovery.intervals import jeffreys_interval
from kvfit.recovery.persons import person_table
from kvfit.recovery.replicates import INTERVAL, Method
from kvfit.recovery.study import Fitting, Where, bound_models, check_replicates, inputs_of
from kvfit.recovery.truth import Truth, true_values
from kvfit.recovery.words import design_words, fitting_words, truth_words
from kvfit.recovery.writing import write_study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Rank correlation from which a parameter counts as recovered, and below which it counts as lost (the floor of
#: ``kvfit.check_model``); customs of the field, no theorems.
GOOD, LOST = 0.7, 0.3
#: Difference from the nominal coverage that is worth a sentence.
MATERIAL = 0.05


@dataclass(frozen=True, eq=False)
class Recovery:
    """How well a model's parameters are found again.

    Parameters
    ----------
    model : MemoryModel
    persons : pandas.DataFrame
        One row a data set, participant and parameter: ``replicate``, ``subject``, ``parameter``, ``true``, ``estimate``,
        ``lower``, ``upper`` (90 % interval, missing where the likelihood is flat), ``at_bound``; natural scale.
    table : pandas.DataFrame
        One row a parameter: ``n`` (estimates), ``failed`` (none found), ``at_bound``, ``correlation`` (Pearson) and
        ``rank_correlation`` (Spearman) of true and estimated values, ``bias`` and ``rmse`` (natural scale),
        ``median_error`` (median of absolute errors), ``coverage`` (share of the 90 % intervals that hold the true value)
        with its own 90 % interval ``coverage_lower``, ``coverage_upper``, and ``no_interval``.
    design, method, truth : str
        In words.
    n_replicates : int
    batch : Batch
        With the failures.
    """

    model: MemoryModel
    persons: pd.DataFrame
    table: pd.DataFrame
    design: str
    method: str
    truth: str
    n_replicates: int
    batch: Batch

    def __str__(self) -> str:
        """Table and verdict as text."""
        return f"{self.table.round(3).to_string(index=False)}\n\n{self.verdict()}"

    def verdict(self) -> str:
        """What this design tells about the parameters, in words."""
        t = self.table.set_index("parameter")
        r = t["rank_correlation"].fillna(0.0)
        good = r.index[r >= GOOD]
        lost = r.index[r < LOST]
        partly = r.index[(r >= LOST) & (r < GOOD)]
        said = [
            f"{words} {', '.join(f'{name} ({r[name]:.2f})' for name in names)}"
            for words, names in (
                ("is informative about", good),
                ("says something about", partly),
                ("says next to nothing about single persons'", lost),
            )
            if len(names)
        ]
        text = (
            f"{self.model.label}, {self.design}, {self.method}, true values {self.truth}: this design "
            + "; ".join(said)
            + " (rank correlation of true and estimated values)."
        )
        certain = (t["coverage_lower"] > INTERVAL) | (t["coverage_upper"] < INTERVAL)
        off = t.index[certain & ((t["coverage"] - INTERVAL).abs() > MATERIAL)]
        low = [name for name in off if t.loc[name, "coverage"] < INTERVAL]
        high = [name for name in off if t.loc[name, "coverage"] > INTERVAL]
        for names, words in ((low, "too narrow"), (high, "too wide")):
            if names:
                shown = ", ".join(f"{name} ({t.loc[name, 'coverage']:.0%})" for name in names)
                text += f" Intervals are {words} for {shown}, which should hold the truth in {INTERVAL:.0%} of cases."
        bound = t.index[t["at_bound"] > 0.05 * t["n"]]
        if len(bound):
            text += f" Estimates often end at the edge of the search: {', '.join(bound)}; take MAP or pool persons."
        return f"{text} {fitting_words(self.batch)}".strip()

    def figure(self) -> "Figure":
        """Draw true against estimated values, a panel a parameter."""
        from kvfit.reports.figures.recovery import recovery_figure

        return recovery_figure(self.persons, self.table)

    def write(self, folder: str | Path) -> Path:
        """Write ``recovery.csv``, ``persons.csv``, ``recovery.png`` and ``verdict.txt``."""
        tables = {"recovery": self.table, "persons": self.persons}
        return write_study(folder, tables, {"recovery": self.figure()}, self.verdict())


def recover(
    model: str | MemoryModel,
    data: Any,
    *,
    method: Method = "ml",
    truth: Truth = "prior",
    replicates: int = 10,
    starts: int = 6,
    seed: int = 0,
    similarity: np.ndarray | None = None,
    store: str | Path | None = None,
    workers: int = 1,
    dask: str | None = None,
    show_progress: bool = True,
    **settings: Any,
) -> Recovery:
    """Simulate an experiment with known parameters, fit it, and compare the estimates with the truth.

    Parameters
    ----------
    model : str or MemoryModel
    data : FreeRecallData or RecognitionData
        Whose participants, lists (trials), list lengths and conditions are simulated; or a design, see
        :func:`kvfit.free_recall_design`, :func:`kvfit.recognition_design`.
    method : {"ml", "map", "posterior"}
        Maximum likelihood or MAP for each participant, in seconds; or the hierarchical posterior, in minutes for each
        data set.
    truth : {"prior", "fit"}, Fit, PointFit or pandas.DataFrame
        Where the true values come from: the prior that the method assumes (each person's own for ``ml`` and ``map``, the
        population's for ``posterior``); MAP estimates of the people in `data`; or a fit or table made before.
    replicates : int
        Simulated data sets.
    starts : int
        Of each maximum-likelihood or MAP search, at most.
    seed : int
    similarity : numpy.ndarray, optional
        For models with ``semantic=True``.
    store : path, optional
        Folder of fits: a stopped study goes on with what is missing, and more replicates use what is there.
    workers : int
        Local processes.
    dask : str, optional
        Address of a Dask scheduler.
    show_progress : bool
    **settings
        Of posterior fits, as for :func:`kvfit.fit`.

    Returns
    -------
    Recovery

    Raises
    ------
    ModelError, ValueError
        For what cannot work, before anything is computed.
    BatchError
        If every fit failed.

    Notes
    -----
    Why to do this before believing in estimates: Wilson & Collins (2019), eLife 8, e49547. Intervals of ``ml`` and
    ``map`` come from the curvature at the optimum, on the unconstrained scale.
    """
    where = Where(store, workers, dask, show_progress)
    fitting = Fitting(method, starts, where.with_cores(settings))
    (bound,) = bound_models([model], data, method, similarity)
    check_replicates(replicates)
    truths = true_values(
        truth, bound, data, data, replicates, seed, pooling=fitting.pooling,
        correlated=fitting.correlated, similarity=similarity,
        show_progress=show_progress,
    )  # fmt: skip
    inputs = inputs_of([bound], data, similarity)
    jobs = [
        fitting.job(bound, values, seed, k, bound, inputs, f"recover {bound.label}") for k, values in enumerate(truths)
    ]
    batch = where.run(jobs, f"{bound.label}: recovery")
    persons = person_table(bound, data, truths, batch)
    return Recovery(
        bound,
        persons,
        _summary(bound, persons),
        design_words(data),
        fitting.words,
        truth_words(truth),
        replicates,
        batch,
    )


def _summary(model: MemoryModel, persons: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for p in model.parameters:
        own = persons[persons["parameter"] == p.name]
        found = own[np.isfinite(own["estimate"])]
        error = (found["estimate"] - found["true"]).to_numpy()
        usable = found[np.isfinite(found["lower"]) & np.isfinite(found["upper"])]
        inside = int(usable["true"].between(usable["lower"], usable["upper"]).sum())
        lower, upper = jeffreys_interval(inside, len(usable), INTERVAL)
        varies = len(found) > 1 and np.ptp(found["true"]) > 0 and np.ptp(found["estimate"]) > 0
        rows.append(
            {
                "parameter": p.name,
                "n": len(found),
                "failed": len(own) - len(found),
                "at_bound": int(found["at_bound"].sum()),
                "correlation": found["true"].corr(found["estimate"]) if varies else np.nan,
                "rank_correlation": found["true"].corr(found["estimate"], method="spearman") if varies else np.nan,
                "bias": float(error.mean()) if error.size else np.nan,
                "rmse": float(np.sqrt((error**2).mean())) if error.size else np.nan,
                "median_error": float(np.median(np.abs(error))) if error.size else np.nan,
                "coverage": inside / len(usable) if len(usable) else np.nan,
                "coverage_lower": float(lower),
                "coverage_upper": float(upper),
                "no_interval": len(found) - len(usable),
            }
        )
    return pd.DataFrame(rows)
