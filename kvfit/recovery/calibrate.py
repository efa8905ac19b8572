"""Is the posterior calibrated? Simulation-based calibration of the hierarchical fit on the user's own design."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kvfit.batch.runner import Batch
from kvfit.memory_model import MemoryModel
from kvfit.recovery.persons import person_table
from kvfit.recovery.replicates import RANKED
from kvfit.recovery.study import Fitting, Where, bound_models, check_replicates, inputs_of
from kvfit.recovery.truth import draw_prior
from kvfit.recovery.words import design_words, fitting_words
from kvfit.recovery.writing import write_study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Probability of calling any quantity miscalibrated in error.
FALSE_ALARM = 0.05
#: Fewer simulations see only gross errors.
FEW = 50


@dataclass(frozen=True, eq=False)
class Calibration:
    """Ranks of true values among posterior draws, and whether they are uniform.

    Parameters
    ----------
    model : MemoryModel
    ranks : pandas.DataFrame
        One row a simulated data set, one column a quantity: how many of 99 draws lie below the true value. Quantities are
        the population's means and standard deviations, each parameter of the first participant (ranks of several would
        depend on one another), and the data's log-likelihood (Modrák et al. 2025).
    design, method : str
        In words.
    batch : Batch
        With the failures.
    seed : int
    persons : pandas.DataFrame, optional
        True values, posterior means and 90 % intervals, as in :class:`~kvfit.recovery.recover.Recovery`.
    """

    model: MemoryModel
    ranks: pd.DataFrame
    design: str
    method: str
    batch: Batch
    seed: int
    persons: pd.DataFrame | None = None

    @cached_property
    def pit(self) -> pd.DataFrame:
        """Ranks as values in (0, 1), uniform under calibration; spread at random over the width of a rank."""
        rng = np.random.default_rng([self.seed, 4])
        return (self.ranks + rng.random(self.ranks.shape)) / (RANKED + 1)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a quantity.

        Returns
        -------
        pandas.DataFrame
            ``quantity``, ``p`` (uniformity of the ranks), ``p_adjusted`` (Holm, over all quantities), ``mean`` (of the
            ranks in units of their range; above 0.5: the posterior lies too low), ``spread`` (standard deviation in
            units of the uniform one; above 1: the posterior is too narrow), ``passed``.
        """
        from scipy.stats import uniform

        p = uniformity(self.pit)
        adjusted = _holm(p)
        return pd.DataFrame(
            {
                "quantity": self.ranks.columns,
                "p": p,
                "p_adjusted": adjusted,
                "mean": self.pit.mean().to_numpy(),
                "spread": self.pit.std().to_numpy() / uniform.std(),
                "passed": adjusted >= FALSE_ALARM,
            }
        )

    def verdict(self) -> str:
        """Whether the posterior can be believed, in words."""
        t, n = self.table, len(self.ranks)
        text = f"{self.model.label}, {self.design}, {self.method}: "
        wrong = t[~t["passed"]]
        if wrong.empty:
            text += (
                f"the ranks of all {len(t)} quantities are compatible with a calibrated posterior in {n} simulated data"
                " sets"
            )
            text += f"; with so few, only gross errors would be seen (take {FEW} or more)." if n < FEW else "."
        else:
            shown = ", ".join(f"{row['quantity']} ({_what(row)})" for _, row in wrong.iterrows())
            text += (
                f"NOT calibrated in {n} simulated data sets: {shown}. Look at the picture; then at the sampler's"
                " diagnostics, at the parameterisation, and at the model's simulator."
            )
        return f"{text} {fitting_words(self.batch)}".strip()

    def __str__(self) -> str:
        """Table and verdict as text."""
        return f"{self.table.round(3).to_string(index=False)}\n\n{self.verdict()}"

    def figure(self) -> "Figure":
        """Draw the ECDF of each quantity's ranks minus the uniform one, with its 95 % simultaneous band."""
        from kvfit.reports.figures.calibration import calibration_figure

        return calibration_figure(self.pit, dict(zip(self.table["quantity"], self.table["passed"], strict=True)))

    def write(self, folder: str | Path) -> Path:
        """Write ``calibration.csv``, ``ranks.csv``, ``calibration.png`` and ``verdict.txt``."""
        tables = {"calibration": self.table, "ranks": self.ranks}
        return write_study(folder, tables, {"calibration": self.figure()}, self.verdict())


def calibrate(
    model: str | MemoryModel,
    data: Any,
    *,
    simulations: int = 100,
    seed: int = 0,
    similarity: np.ndarray | None = None,
    store: str | Path | None = None,
    workers: int = 1,
    dask: str | None = None,
    show_progress: bool = True,
    **settings: Any,
) -> Calibration:
    """Check a model's posterior by simulation-based calibration on an experiment.

    Parameters
    ----------
    model : str or MemoryModel
    data : FreeRecallData or RecognitionData
        Whose participants, lists (trials), list lengths and conditions are simulated; or a design.
    simulations : int
        Data sets drawn from the prior and fitted. Each process compiles once, for the first of them; the others take
        seconds, see :mod:`kvfit.inference.compiled`.
    seed, similarity, store, workers, dask, show_progress
        As for :func:`kvfit.recover`.
    **settings
        As for :func:`kvfit.fit`.

    Returns
    -------
    Calibration

    Raises
    ------
    ModelError, ValueError
        For what cannot work, before anything is computed.
    BatchError
        If every fit failed.

    Notes
    -----
    Talts et al. (2018), arXiv:1804.06788; the data's log-likelihood as a further quantity: Modrák et al. (2025), Bayesian
    Analysis 20, 461-488; bands of the picture: Säilynoja, Bürkner & Vehtari (2022), Statistics and Computing 32, 32. The
    test of uniformity is ArviZ's (POT-C). simuk, which does the same for a PyMC model, samples one compiled model
    again and again; kvfit's sampler has coordinates fitted to each data set, and this loop resumes and runs on clusters.
    """
    where = Where(store, workers, dask, show_progress)
    fitting = Fitting("posterior", settings=where.with_cores(settings))
    (bound,) = bound_models([model], data, "posterior", similarity)
    check_replicates(simulations)
    truths = draw_prior(
        bound, data, simulations, seed, pooling=fitting.pooling, correlated=fitting.correlated, similarity=similarity
    )
    inputs = inputs_of([bound], data, similarity)
    jobs = [
        fitting.job(bound, values, seed, k, bound, inputs, f"calibrate {bound.label}")
        for k, values in enumerate(truths)
    ]
    batch = where.run(jobs, f"{bound.label}: calibration")
    ranks = pd.DataFrame([result["ranks"] for result in batch.done])
    persons = person_table(bound, data, truths, batch)
    return Calibration(bound, ranks, design_words(data), fitting.words, batch, seed, persons)


def uniformity(pit: pd.DataFrame) -> np.ndarray:
    """P-value of each column of ``(simulation, quantity)`` values in (0, 1): POT-C of ArviZ."""
    import arviz as az  # noqa: F401 - gives xarray its accessor
    import xarray as xr

    values = xr.DataArray(pit.to_numpy(), dims=("simulation", "quantity")).to_dataset(name="pit")
    p, *_ = values.azstats.uniformity_test(dim="simulation")
    found: np.ndarray = p["pit"].to_numpy()
    return found


def _holm(p: np.ndarray) -> np.ndarray:
    """Holm's adjustment for several tests."""
    order = np.argsort(p)
    adjusted = np.empty(p.size)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1)), 1.0)
    return adjusted


def _what(row: pd.Series) -> str:
    """How the ranks deviate."""
    if row["spread"] > 1.1:
        return "posterior too narrow"
    if row["spread"] < 0.9:
        return "posterior too wide"
    return "posterior too low" if row["mean"] > 0.5 else "posterior too high"
