"""Which parameters the data can tell: one table, and a sentence for every problem."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kvfit.inference.fit import Fit
from kvfit.memory_model import MemoryModel
from kvfit.registry import get_model

#: Contraction below which the data have hardly narrowed the prior.
LITTLE = 0.1
#: Correlation above which two parameters are told apart badly.
STRONG = 0.9
#: Limit of power-scaling sensitivity (Kallioinen et al. 2024).
SENSITIVE = 0.05


@dataclass(frozen=True, eq=False)
class Identifiability:
    """What data know about parameters.

    Parameters
    ----------
    label : str
        The model.
    sampled : bool
        Whether a posterior was looked at, or only the design.
    table : pandas.DataFrame
        One row a parameter: ``contraction`` (share of the prior's variance that the data take away, of the population's mean
        on the unconstrained scale: 0 nothing, 1 everything; expected, before sampling), ``spread_contraction`` (the same of
        the spread between persons), ``person`` (share of the differences between persons' estimates that is not noise: 1
        each is known, 0 all lie at the population's mean), ``correlated_with`` and ``correlation`` (the strongest, of
        population means or within persons), ``prior_sensitivity`` and ``likelihood_sensitivity`` (how far the posterior of
        the population's mean moves when the prior or the likelihood is raised to a power near 1; above 0.05 is sensitive),
        ``determined`` (whether the Fisher information has no direction that this parameter takes part in and that leaves
        every prediction as it is) and ``problem``, a sentence or empty. NaN where it does not apply.
    """

    label: str
    sampled: bool
    table: pd.DataFrame

    @property
    def problems(self) -> tuple[str, ...]:
        """Every problem once."""
        return tuple(dict.fromkeys(text for text in self.table["problem"] if text))

    def verdict(self) -> str:
        """One or more sentences."""
        when = "These data tell" if self.sampled else "Data of this design can be expected to tell"
        if not self.problems:
            return f"{when} all {len(self.table)} parameters of {self.label}."
        n = int((self.table["problem"] == "").sum())
        return f"{when} {n} of {len(self.table)} parameters of {self.label} without reservation. " + " ".join(
            self.problems
        )

    def __str__(self) -> str:
        """Table and verdict as text."""
        numbers = self.table.drop(columns="problem").dropna(axis=1, how="all")
        return f"{numbers.round(2).to_string(index=False)}\n\n{self.verdict()}"


def identifiability(
    fit: Fit | MemoryModel | str,
    data: Any = None,
    *,
    pooling: str = "partial",
    similarity: np.ndarray | None = None,
    seed: int = 0,
) -> Identifiability:
    """Say which parameters the data can tell: from the design alone, or after sampling.

    Parameters
    ----------
    fit : Fit, or a model with `data`
        A model is judged by the design of the data, whatever the responses: what a fit could know.
    data : FreeRecallData or RecognitionData, optional
        For a model.
    pooling : {"partial", "none", "complete"}
        For a model.
    similarity : numpy.ndarray, optional
        For a model with ``semantic=True``.
    seed : int
        Of simulated lists, from which the information of free recall is taken.

    Returns
    -------
    Identifiability

    Raises
    ------
    ValueError
        If a model comes without data, or a fit with data.

    Notes
    -----
    Power-scaling sensitivity: Kallioinen, Paananen, Bürkner & Vehtari (2024), Statistics and Computing 34, 57.
    """
    from kvfit.identifiability.after import look_back
    from kvfit.identifiability.before import foresee
    from kvfit.identifiability.design import loose_parameters

    if isinstance(fit, Fit):
        if data is not None:
            raise ValueError("identifiability: a fit has its data; give the fit alone, or a model with data")
        table = look_back(fit)
        return Identifiability(fit.label, True, _with_problems(table))
    if data is None:
        raise ValueError("identifiability: a model needs data, whose design is looked at")
    model = get_model(fit).bind(data)
    table = foresee(model, data, similarity, pooling, seed)
    free = loose_parameters(model, data, similarity)
    table["determined"] = ~table["parameter"].isin(free)
    return Identifiability(model.label, False, _with_problems(table))


_COLUMNS = (
    "contraction", "spread_contraction", "person", "correlated_with", "correlation", "prior_sensitivity",
    "likelihood_sensitivity", "determined",
)  # fmt: skip


def _with_problems(table: pd.DataFrame) -> pd.DataFrame:
    for name in _COLUMNS:
        if name not in table:
            table[name] = np.nan
    loose = tuple(table.loc[~table["determined"].astype(bool), "parameter"])
    rows: list[dict[Any, Any]] = table.to_dict("records")
    table["problem"] = [_sentence(row, loose) for row in rows]
    return table[["parameter", *_COLUMNS, "problem"]]


def _sentence(row: dict[Any, Any], loose: tuple[str, ...]) -> str:
    """The worst that can be said of a parameter."""
    from kvfit.recognition.identification import listed

    name, other, r = row["parameter"], row["correlated_with"], row["correlation"]
    if not row["determined"]:
        if len(loose) == 1:
            return f"{name} changes no prediction: its prior decides; hold it at a value."
        return f"{listed(loose)} can change together without changing any prediction: priors decide; hold one of them."
    if row["contraction"] < LITTLE:
        return (
            f"{name} is hardly informed: its prior is narrowed by {max(row['contraction'], 0.0):.0%} of its variance; read"
            " it as the prior, or hold it at a value."
        )
    if abs(r) > STRONG:
        pair = " and ".join(sorted([name, str(other)]))
        return f"{pair} are told apart badly (correlation {abs(r):.2f}): read them together, or hold one."
    if row["prior_sensitivity"] >= SENSITIVE:
        if row["likelihood_sensitivity"] >= SENSITIVE:
            return f"{name} is pulled one way by its prior and another by the data: look at both, and vary the prior."
        return f"{name} depends on its prior more than on the data: vary the prior before believing it."
    if row["person"] < LITTLE:
        return f"{name} of single persons is hardly known: their estimates are the population's."
    return ""
