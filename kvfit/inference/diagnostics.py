"""Whether a posterior can be trusted, in numbers and in words."""

from dataclasses import dataclass
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

RHAT_LIMIT = 1.01
ESS_PER_CHAIN = 100


@dataclass(frozen=True)
class Diagnostics:
    """Summary of the sampler's health.

    Parameters
    ----------
    divergences, n_draws, n_chains : int
    rhat_max, ess_bulk_min, ess_tail_min : float
        Worst values over population and person-level quantities.
    worst : str
        The quantity with the largest r-hat.
    undetermined : str
        Which parameters the design cannot determine, in a sentence (`kvfit.recognition.identification`); empty for none.
        No fault of the sampler: it does not enter `passed`.
    """

    divergences: int
    n_draws: int
    n_chains: int
    rhat_max: float
    ess_bulk_min: float
    ess_tail_min: float
    worst: str
    undetermined: str = ""

    @property
    def problems(self) -> tuple[str, ...]:
        """Each problem with the next step to take."""
        found = []
        if self.divergences:
            share = self.divergences / (self.n_draws * self.n_chains)
            found.append(
                f"{self.divergences} divergent transitions ({share:.1%}): raise target_accept (0.95, then 0.99); if they"
                " stay, a parameter may be unidentified by this design"
            )
        if not self.rhat_max <= RHAT_LIMIT:
            found.append(
                f"chains disagree (r-hat {self.rhat_max:.3f} for {self.worst}, limit {RHAT_LIMIT}): double tune and draws"
            )
        if not self.ess_bulk_min >= ESS_PER_CHAIN * self.n_chains:
            found.append(
                f"few effective draws (bulk {self.ess_bulk_min:.0f}, wanted {ESS_PER_CHAIN * self.n_chains}): raise draws"
            )
        if not self.ess_tail_min >= ESS_PER_CHAIN * self.n_chains:
            found.append(
                f"few effective draws in the tails ({self.ess_tail_min:.0f}): intervals are rough; raise draws"
            )
        return tuple(found)

    @property
    def passed(self) -> bool:
        """Whether the sampler went well."""
        return not self.problems

    def verdict(self) -> str:
        """One or more sentences for people."""
        if self.passed:
            words = (
                f"Sampling went well: no divergences, r-hat at most {self.rhat_max:.3f}, at least"
                f" {self.ess_bulk_min:.0f} effective draws for every quantity."
            )
        else:
            words = "Not to be trusted yet: " + "; ".join(self.problems) + "."
        return words + (f" Not determined by this design: {self.undetermined}." if self.undetermined else "")


def diagnose(tree: Any, var_names: list[str], undetermined: str = "") -> Diagnostics:
    """Compute diagnostics of a posterior tree over the named variables.

    Parameters
    ----------
    tree : xarray.DataTree
    var_names : list of str
    undetermined : str
        Of `kvfit.recognition.identification.design_objection`.
    """
    judged = _each_correlation_once(tree["posterior"].to_dataset()[var_names])
    with np.errstate(divide="ignore", invalid="ignore"):
        table: pd.DataFrame = az.summary(judged, kind="diagnostics", round_to="none")
    table = table.astype(float)
    # A quantity that does not vary (a person spread fixed by the design) has no r-hat.
    rhat = table["r_hat"].to_numpy()
    worst = str(table.index[int(np.nanargmax(rhat)) if np.isfinite(rhat).any() else 0])
    # nor has one that left the numbers, which must not be skipped as if it did not vary
    broken = [str(name) for name, values in judged.items() if not np.isfinite(values.to_numpy()).all()]
    if broken:
        rhat, worst = np.full_like(rhat, np.nan), broken[0]
    stats = tree["sample_stats"]
    posterior = tree["posterior"]
    return Diagnostics(
        divergences=int(stats["diverging"].sum()) if "diverging" in stats else 0,
        n_draws=int(posterior.sizes["draw"]),
        n_chains=int(posterior.sizes["chain"]),
        rhat_max=float(np.nanmax(rhat)) if np.isfinite(rhat).any() else float("nan"),
        ess_bulk_min=float(np.nanmin(table["ess_bulk"])),
        ess_tail_min=float(np.nanmin(table["ess_tail"])),
        worst=worst,
        undetermined=undetermined,
    )


def _each_correlation_once(posterior: xr.Dataset) -> xr.Dataset:
    """Without the diagonal of a matrix of correlations, which is constant, and without one of its halves."""
    name = "population_correlation"
    if name not in posterior:
        return posterior
    matrix = posterior[name]
    rows, columns = np.tril_indices(matrix.sizes["person_parameter"], -1)
    labels = matrix["person_parameter"].to_numpy()
    pairs = [f"{labels[row]}, {labels[column]}" for row, column in zip(rows, columns, strict=True)]
    where = {
        "person_parameter": xr.DataArray(rows, {"pair": pairs}, "pair"),
        "other_parameter": xr.DataArray(columns, {"pair": pairs}, "pair"),
    }
    below = matrix.isel(where).drop_vars(["person_parameter", "other_parameter"])
    return posterior.drop_vars(name).assign({name: below})
