"""Maximum likelihood and MAP estimates, participant by participant, from several starts."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from kvfit.identifiability.design import design_objection
from kvfit.inference.polish import polished, without_maximum
from kvfit.memory_model import MemoryModel
from kvfit.priors import without_priors
from kvfit.progress import progress
from kvfit.registry import get_model
from kvfit.regression.model import require_persons_alone

#: search box on the unconstrained scale, in prior standard deviations around the prior mean
BOX = 8.0
#: prior draws of which the likeliest becomes a start; of 30 blind starts a participant, most ended in poor local optima
SCREENED = 64
#: log-likelihoods closer than this are the same optimum
SAME_OPTIMUM = 0.01
#: participants without a maximum whom the verdict names
_NAMED = 5
#: starts made before agreement may end the search
FEWEST_STARTS = 3


@dataclass(frozen=True, eq=False)
class PointFit:
    """Estimates of every participant.

    Parameters
    ----------
    model : MemoryModel
    data : FreeRecallData or RecognitionData
    method : {"ml", "map"}
    table : pandas.DataFrame
        One row a participant: ``subject``, ``n_lists`` (or ``n_trials``), one column a parameter (natural scale),
        ``log_likelihood``, ``aic``, ``bic``, ``starts`` (used), ``failed_starts`` (ended without a finite optimum),
        ``agreeing_starts`` (within 0.01 of the best log-likelihood, or log-posterior for MAP) and ``at_bound``
        (parameters without a maximum: the likelihood does not fall beyond the value, or the value lies at the edge of
        the search, 8 prior standard deviations out; values mean "at least" or "at most", and nothing where the parameter
        has no effect).
    seed : int
    similarity : numpy.ndarray, optional
        For models with ``semantic=True``.
    """

    model: MemoryModel
    data: Any
    method: str
    table: pd.DataFrame
    seed: int
    similarity: np.ndarray | None = None

    @property
    def estimates(self) -> pd.DataFrame:
        """Natural-scale values, one row a participant, ready for ``kv.log_likelihood`` and ``kv.simulate``."""
        return self.table.set_index("subject")[[p.name for p in self.model.parameters]]

    def totals(self) -> pd.Series:
        """Sums over participants: log-likelihood, number of parameters, AIC, BIC, failed starts.

        BIC counts lists (trials) as observations, and each participant's own.
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
        words += self._no_maximum()
        objection = design_objection(self.model, self.data, self.similarity)
        return f"{words}." + (f" Not determined by this design: {objection}." if objection else "")

    def _no_maximum(self) -> str:
        """Who has parameters without a maximum, in words."""
        t = self.table[self.table["at_bound"] != ""]
        if not len(t):
            return ""
        each = [f"{who} ({names})" for who, names in zip(t["subject"], t["at_bound"], strict=True)]
        shown = ", ".join(each[:_NAMED]) + (f" and {len(each) - _NAMED} more" if len(each) > _NAMED else "")
        what = (
            "the likelihood has no maximum inside the support, or none within the search"
            if self.method == "ml"
            else "the posterior density ends at the edge of the search"
        )
        return (
            f"; for {len(t)} of {len(self.table)} participants {what}, in the parameters of column at_bound, whose values"
            f" mean at least or at most: {shown}"
        )


class PersonObjective:
    """What is minimised for one participant: the negative log-likelihood, with a normal prior's penalty or without.

    Parameters
    ----------
    model : MemoryModel
    design : Design
        Of one participant.
    prior : tuple of numpy.ndarray, optional
        Mean and standard deviation ``(parameter,)`` on the unconstrained scale.
    region : tuple of numpy.ndarray, optional
        Centre and unit ``(parameter,)`` of searches; the parameters' own priors when omitted.
    """

    def __init__(
        self,
        model: MemoryModel,
        design: Any,
        prior: tuple[np.ndarray, np.ndarray] | None = None,
        region: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        self.model = model
        self.likelihood = model.objective(design)
        self.prior = prior
        self.location, self.scale = region or own_prior(model)

    def natural(self, x: np.ndarray) -> dict[str, float]:
        """Natural-scale values of ``(parameter,)``."""
        return {p.name: float(p.to_natural(x[i])) for i, p in enumerate(self.model.parameters)}

    def screen(self, points: np.ndarray) -> np.ndarray:
        """Values at ``(point, parameter)``, evaluated together."""
        values = -self.likelihood.values(points)
        if self.prior is not None:
            values += 0.5 * (((points - self.prior[0]) / self.prior[1]) ** 2).sum(axis=1)
        return values

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Value and gradient; 1e300 where the likelihood is not finite."""
        with np.errstate(all="ignore"):  # far out, where what is not finite is refused below
            ll, gradient = self.likelihood.value_and_gradient(x)
        value, gradient = -ll, -gradient
        if self.prior is not None:
            z = (x - self.prior[0]) / self.prior[1]
            value += 0.5 * float(z @ z)
            gradient = gradient + z / self.prior[1]
        if not np.isfinite(value) or not np.isfinite(gradient).all():
            return 1e300, np.zeros(x.size)
        return value, gradient

    def scaled(self, z: np.ndarray) -> tuple[float, np.ndarray]:
        """Value and gradient at ``(parameter,)``, in prior standard deviations from the prior's centre."""
        value, gradient = self(self.location + self.scale * z)
        return value, gradient * self.scale


def own_prior(model: MemoryModel) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation ``(parameter,)`` of each parameter's own prior, unconstrained scale."""
    return np.array([p.location for p in model.parameters]), np.array([p.scale for p in model.parameters])


def point_fit(
    model: str | MemoryModel,
    data: Any,
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
    model : str or MemoryModel
    data : FreeRecallData or RecognitionData
    method : {"ml", "map"}
        Maximum likelihood, or maximum a posteriori under each parameter's own prior, or the one stated in the model's
        name (``"uvsd(prior(sigma)=0.9:1.5)"``), on which maximum likelihood does not depend.
    starts : int
        At most so many. Each start is the best of 64 points drawn from the prior (the prior's centre among the first);
        after three, the search ends as soon as a second start has reached the best value.
    seed : int
    similarity : numpy.ndarray, optional
        For models with ``semantic=True``, from :func:`kvfit.read_similarity`: ``(list, position, position)`` of free
        recall, ``(trial, studied item)`` of recognition.
    show_progress : bool

    Returns
    -------
    PointFit

    Notes
    -----
    The best of the ends is polished by L-BFGS in coordinates in which the likelihood is round, until its gradient is
    1e-4 by a standard error, and then asked which parameters have no maximum (:mod:`kvfit.inference.polish`).

    SLSQP (SciPy) on the unconstrained scale in units of the prior's standard deviations, inside 8 of them around the
    prior's centre; on the sample of ``benchmarks`` it needed fewer evaluations than L-BFGS-B and lost fewer optima. A start
    fails when it ends without a finite value; failed starts are counted in the table, never dropped silently.
    """
    model = get_model(model).bind(data)
    if method not in ("ml", "map"):
        raise ValueError(f"method: expected 'ml' or 'map', found {method!r}")
    if starts < 1:
        raise ValueError(f"starts: expected at least 1, found {starts}")
    require_persons_alone(model, data)
    design = model.design(data, similarity)
    prior = own_prior(model) if method == "map" else None
    # the likelihood knows no prior: one that a user states must not bound the search for its maximum
    region = own_prior(without_priors(model)) if method == "ml" else prior
    n_observations = np.bincount(data.participant, minlength=data.n_participants)
    rows = []
    with progress(show_progress) as bar:
        for person in bar.track(range(data.n_participants), f"{model.label}: {method} fits"):
            objective = PersonObjective(model, design.one_participant(person), prior, region)
            rng = np.random.default_rng([seed, person])
            rows.append(
                {"subject": data.participants[person], f"n_{data.observation}s": int(n_observations[person])}
                | _search(objective, starts, rng, int(n_observations[person]))
            )
    return PointFit(model, data, method, pd.DataFrame(rows), seed, similarity if model.semantic else None)


def _ends(
    objective: PersonObjective, starts: int, rng: np.random.Generator
) -> tuple[list[tuple[float, np.ndarray]], int]:
    """Value and place, in prior standard deviations, where starts ended (only finite ones), and how many were used."""
    location, scale = objective.location, objective.scale
    ends: list[tuple[float, np.ndarray]] = []
    used = 0
    while used < starts and not (used >= FEWEST_STARTS and _agreeing(ends) >= 2):
        drawn = np.clip(rng.normal(size=(SCREENED, location.size)), -2, 2)
        if used == 0:
            drawn[0] = 0.0
        z0 = drawn[np.argmin(objective.screen(location + scale * drawn))]
        bounds = [(-BOX, BOX)] * location.size
        result = minimize(
            objective.scaled, z0, jac=True, method="SLSQP", bounds=bounds, options={"maxiter": 500, "ftol": 1e-5}
        )
        used += 1
        if np.isfinite(result.fun) and result.fun < 1e299:
            ends.append((float(result.fun), np.clip(result.x, -BOX, BOX)))
    return ends, used


def _agreeing(ends: list[tuple[float, np.ndarray]]) -> int:
    """Number of starts that reached the best value."""
    values = [value for value, _ in ends]
    return sum(value - min(values) < SAME_OPTIMUM for value in values)


def best_start(objective: PersonObjective, starts: int, rng: np.random.Generator) -> np.ndarray:
    """Best optimum of several starts on the unconstrained scale; the prior's centre if all failed."""
    ends, _ = _ends(objective, starts, rng)
    z = min(ends, key=lambda end: end[0])[1] if ends else 0.0
    return objective.location + objective.scale * z


def _search(objective: PersonObjective, starts: int, rng: np.random.Generator, n_observations: int) -> dict[str, Any]:
    parameters = objective.model.parameters
    ends, used = _ends(objective, starts, rng)
    failed = used - len(ends)
    if not ends:
        nothing = {p.name: np.nan for p in parameters}
        return nothing | _scores(np.nan, len(parameters), n_observations, used, failed, 0, "")
    agreeing = _agreeing(ends)
    best = polished(objective.scaled, min(ends, key=lambda end: end[0])[1], BOX)
    x = objective.location + objective.scale * best.z
    # a prior holds everything
    searched = BOX - np.abs(best.z) < 1e-3
    edge = without_maximum(objective.scaled, best, BOX) if objective.prior is None else searched
    at_bound = ", ".join(p.name for p, at in zip(parameters, edge, strict=True) if at)
    log_likelihood = float(objective.likelihood.values(x[None])[0])
    return objective.natural(x) | _scores(
        log_likelihood, len(parameters), n_observations, used, failed, agreeing, at_bound
    )


def _scores(
    log_likelihood: float, k: int, n_observations: int, starts: int, failed: int, agreeing: int, at_bound: str
) -> dict[str, Any]:
    return {
        "log_likelihood": log_likelihood,
        "aic": 2 * k - 2 * log_likelihood,
        "bic": k * np.log(n_observations) - 2 * log_likelihood,
        "starts": starts,
        "failed_starts": failed,
        "agreeing_starts": agreeing,
        "at_bound": at_bound,
    }
