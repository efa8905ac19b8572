"""Maximum likelihood and MAP estimates, participant by participant, from several starts."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from kvfit.kernels import match_cue
from kvfit.progress import progress
from kvfit.recall.design import RecallDesign, recall_design
from kvfit.recall.likelihood import cell_tables
from kvfit.recall.model import RecallModel
from kvfit.registry import get_model
from kvfit.tasks.free_recall import FreeRecallData

#: search box on the unconstrained scale, in prior standard deviations around the prior mean
BOX = 5.0
#: log-likelihoods closer than this are the same optimum
SAME_OPTIMUM = 0.01
#: starts made before agreement may end the search
FEWEST_STARTS = 3
_STEP = 1e-5


@dataclass(frozen=True, eq=False)
class PointFit:
    """Estimates of every participant.

    Parameters
    ----------
    model : RecallModel
    data : FreeRecallData
    method : {"ml", "map"}
    table : pandas.DataFrame
        One row a participant: ``subject``, ``n_lists``, one column a parameter (natural scale),
        ``log_likelihood``, ``aic``, ``bic``, ``starts`` (used), ``failed_starts`` (ended without a finite optimum),
        ``agreeing_starts`` (within 0.01 of the best log-likelihood, or log-posterior for MAP) and ``at_bound``
        (parameters at the edge of the search box, whose values mean "at least" or "at most").
    seed : int
    """

    model: RecallModel
    data: FreeRecallData
    method: str
    table: pd.DataFrame
    seed: int

    @property
    def estimates(self) -> pd.DataFrame:
        """Natural-scale values, one row a participant, ready for ``kv.log_likelihood`` and ``kv.simulate``."""
        return self.table.set_index("subject")[[p.name for p in self.model.parameters]]

    def totals(self) -> pd.Series:
        """Sums over participants: log-likelihood, number of parameters, AIC, BIC, failed starts.

        BIC counts lists as observations, and each participant's own.
        """
        t = self.table
        return pd.Series(
            {
                "log_likelihood": t["log_likelihood"].sum(),
                "n_parameters": len(self.model.parameters) * len(t),
                "aic": t["aic"].sum(),
                "bic": t["bic"].sum(),
                "starts": int(t["starts"].sum()),
                "failed_starts": int(t["failed_starts"].sum()),
            }
        )

    def verdict(self) -> str:
        """How far the search can be trusted, in words."""
        t = self.table
        alone = int((t["agreeing_starts"] < 2).sum())
        failed, starts = int(t["failed_starts"].sum()), int(t["starts"].sum())
        words = f"{starts - failed} of {starts} starts ended at a finite optimum"
        if alone:
            words += f"; for {alone} of {len(t)} participants only one start reached the best value: raise starts="
        bound = int((t["at_bound"] != "").sum())
        if bound:
            words += f"; {bound} participants have a parameter at the edge of the search box"
        return words + "."


class PersonObjective:
    """Negative log-likelihood (or log-posterior) of one participant on the unconstrained scale, with gradient.

    The core gives exact adjoints of the tables; the tables of all central differences are made in one NumPy call, as if
    each were a cell, so nothing is compiled for a fit and the error of the gradient is about 1e-9.
    """

    def __init__(self, model: RecallModel, design: RecallDesign, penalised: bool) -> None:
        self.model = model
        self.design = design
        self.penalised = penalised
        self.core = model.core(design.n_positions)
        self.location = np.array([p.location for p in model.parameters])
        self.scale = np.array([p.scale for p in model.parameters])
        k = len(model.parameters)
        # the point itself, then the central differences: all their tables are made in one NumPy call
        self.steps = np.concatenate([np.zeros((1, k)), _STEP * np.eye(k), -_STEP * np.eye(k)])
        self.cells = design.cell_length.size
        self.lengths = np.tile(design.cell_length, 2 * k + 1)

    def natural(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Natural-scale values of ``(..., parameter)``."""
        return {p.name: p.to_natural(x[..., i]) for i, p in enumerate(self.model.parameters)}

    def log_likelihood(self, x: np.ndarray) -> float:
        """Log-likelihood at one point."""
        values = {name: np.atleast_1d(v) for name, v in self.natural(x).items()}
        tables = cell_tables(self.model, self.design, values)
        return float(match_cue.log_likelihood(self.core, tables, self.design.core_data).sum())

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Value and gradient to be minimised."""
        k, cells = x.size, self.cells
        moved = np.repeat(x + self.steps, cells, axis=0)
        made = self.model.tables(self.natural(moved), self.lengths, self.design.n_positions, np)
        every = tuple(np.broadcast_to(t, (self.lengths.size, *t.shape[1:])) for t in made)
        tables = tuple(np.ascontiguousarray(t[:cells], dtype=float) for t in every)
        ll, adjoints = match_cue.log_likelihood_and_gradient(self.core, tables, self.design.core_data)
        gradient = np.zeros(k)
        for adjoint, table in zip(adjoints, every, strict=True):
            differences = table[cells:].reshape(2, k, -1)
            gradient += (differences[0] - differences[1]) @ adjoint.ravel()
        gradient /= 2 * _STEP
        value = -ll.sum()
        gradient = -gradient
        if self.penalised:
            z = (x - self.location) / self.scale
            value += 0.5 * z @ z
            gradient = gradient + z / self.scale
        if not np.isfinite(value) or not np.isfinite(gradient).all():
            return 1e300, np.zeros(k)
        return float(value), gradient


def point_fit(
    model: str | RecallModel,
    data: FreeRecallData,
    *,
    method: Literal["ml", "map"] = "ml",
    starts: int = 12,
    seed: int = 0,
    similarity: np.ndarray | None = None,
    show_progress: bool = True,
) -> PointFit:
    """Estimate every participant alone by a multi-start gradient search.

    Parameters
    ----------
    model : str or RecallModel
    data : FreeRecallData
    method : {"ml", "map"}
        Maximum likelihood, or maximum a posteriori under each parameter's own prior.
    starts : int
        At most so many. The first start is the prior's centre, the others are drawn from the prior; after three, the search
        ends as soon as a second start has reached the best value.
    seed : int
    similarity : numpy.ndarray, optional
        ``(list, position, position)`` for models with ``semantic=True``.
    show_progress : bool

    Returns
    -------
    PointFit

    Notes
    -----
    L-BFGS-B (SciPy) on the unconstrained scale, inside 5 prior standard deviations of the prior's centre. A start
    fails when it ends without a finite value; failed starts are counted in the table, never dropped silently.
    """
    model = get_model(model)
    if method not in ("ml", "map"):
        raise ValueError(f"method: expected 'ml' or 'map', found {method!r}")
    if starts < 1:
        raise ValueError(f"starts: expected at least 1, found {starts}")
    design = recall_design(data, similarity if model.semantic else None)
    n_lists = np.bincount(data.participant, minlength=data.n_participants)
    rows = []
    with progress(show_progress) as bar:
        for person in bar.track(range(data.n_participants), f"{model.label}: {method} fits"):
            objective = PersonObjective(model, design.one_participant(person), method == "map")
            rng = np.random.default_rng([seed, person])
            rows.append(
                {"subject": data.participants[person], "n_lists": int(n_lists[person])}
                | _search(objective, starts, rng, int(n_lists[person]))
            )
    return PointFit(model, data, method, pd.DataFrame(rows), seed)


def _ends(
    objective: PersonObjective, starts: int, rng: np.random.Generator
) -> tuple[list[tuple[float, np.ndarray]], int, np.ndarray, np.ndarray]:
    """Where starts ended (only finite ones), how many were used, and the box that was searched."""
    low = objective.location - BOX * objective.scale
    high = objective.location + BOX * objective.scale
    ends: list[tuple[float, np.ndarray]] = []
    used = 0
    while used < starts and not (used >= FEWEST_STARTS and _agreeing(ends) >= 2):
        spread = 0.0 if used == 0 else 1.0
        x0 = objective.location + spread * objective.scale * np.clip(rng.normal(size=low.size), -2, 2)
        result = minimize(
            objective, x0, jac=True, method="L-BFGS-B", bounds=list(zip(low, high, strict=True)),
            options={"maxiter": 500, "maxfun": 1000, "ftol": 1e-9, "gtol": 1e-3},
        )  # fmt: skip
        used += 1
        if np.isfinite(result.fun) and result.fun < 1e299:
            ends.append((float(result.fun), result.x))
    return ends, used, low, high


def _agreeing(ends: list[tuple[float, np.ndarray]]) -> int:
    """Number of starts that reached the best value."""
    values = [value for value, _ in ends]
    return sum(value - min(values) < SAME_OPTIMUM for value in values)


def best_start(objective: PersonObjective, starts: int, rng: np.random.Generator) -> np.ndarray:
    """Best optimum of several starts on the unconstrained scale; the prior's centre if all failed."""
    ends, *_ = _ends(objective, starts, rng)
    return min(ends, key=lambda end: end[0])[1] if ends else objective.location


def _search(objective: PersonObjective, starts: int, rng: np.random.Generator, n_lists: int) -> dict[str, Any]:
    parameters = objective.model.parameters
    ends, used, low, high = _ends(objective, starts, rng)
    failed = used - len(ends)
    if not ends:
        nothing = {p.name: np.nan for p in parameters}
        return nothing | _scores(np.nan, len(parameters), n_lists, used, failed, 0, "")
    _, x = min(ends, key=lambda end: end[0])
    agreeing = _agreeing(ends)
    edge = np.minimum(x - low, high - x) < 1e-3 * objective.scale
    at_bound = ", ".join(p.name for p, at in zip(parameters, edge, strict=True) if at)
    estimates = {name: float(v) for name, v in objective.natural(x).items()}
    return estimates | _scores(objective.log_likelihood(x), len(parameters), n_lists, used, failed, agreeing, at_bound)


def _scores(
    log_likelihood: float, k: int, n_lists: int, starts: int, failed: int, agreeing: int, at_bound: str
) -> dict[str, Any]:
    return {
        "log_likelihood": log_likelihood,
        "aic": 2 * k - 2 * log_likelihood,
        "bic": k * np.log(n_lists) - 2 * log_likelihood,
        "starts": starts,
        "failed_starts": failed,
        "agreeing_starts": agreeing,
        "at_bound": at_bound,
    }
