"""One simulated data set, fitted by one model: the jobs of every recovery study."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kvfit.inference.maximum_likelihood import PersonObjective, own_prior, point_fit
from kvfit.items import effects_of_items
from kvfit.likelihood import log_likelihood, simulate
from kvfit.memory_model import MemoryModel
from kvfit.recovery.intervals import wald_interval
from kvfit.recovery.true_values import TrueValues
from kvfit.registry import get_model

if TYPE_CHECKING:
    from kvfit.inference.fit import Fit

Method = Literal["ml", "map", "posterior"]
#: Probability of the intervals of estimates.
INTERVAL = 0.9
#: Draws among which the truth is ranked: few enough to be nearly independent, and 100 ranks.
RANKED = 99


def simulate_from(generator: str, truth: Mapping[str, Any], seed: int, data: Any, similarity: np.ndarray | None) -> Any:
    """Simulated data; the same truth and seed give the same."""
    values = TrueValues.from_plain(truth)
    model = get_model(generator).bind(data)
    effects = None
    if values.items is not None:
        names = [effect.name for effect in effects_of_items(model)]
        effects = dict(zip(names, values.items.T, strict=True))
    used = similarity if model.semantic else None
    return simulate(model, data, values.persons, seed, item_effects=effects, similarity=used)


def estimate(
    *,
    generator: str,
    truth: Mapping[str, Any],
    seed: int,
    model: str,
    method: Literal["ml", "map"],
    starts: int,
    data: Any,
    similarity: np.ndarray | None,
) -> dict[str, Any]:
    """Simulate from one model and estimate every participant under another, or the same.

    Returns
    -------
    dict
        Lists in the order of the participants: ``estimate``, ``lower``, ``upper`` (each a list a parameter),
        ``log_likelihood``, ``aic``, ``bic``, ``at_bound``, ``alone`` (whether only one start reached the best value); of
        the data set ``starts`` and ``failed_starts``.
    """
    simulated = simulate_from(generator, truth, seed, data, similarity)
    bound = get_model(model).bind(simulated)
    used = similarity if bound.semantic else None
    found = point_fit(bound, simulated, method=method, starts=starts, seed=seed, similarity=used, show_progress=False)
    names = [p.name for p in bound.parameters]
    lower, upper = _intervals(bound, simulated, found.estimates[names].to_numpy(), method, used)
    table = found.table
    return {
        "estimate": {name: table[name].tolist() for name in names},
        "lower": {name: lower[:, k].tolist() for k, name in enumerate(names)},
        "upper": {name: upper[:, k].tolist() for k, name in enumerate(names)},
        "at_bound": table["at_bound"].tolist(),
        "alone": (table["agreeing_starts"] < 2).tolist(),
        "starts": int(table["starts"].sum()),
        "failed_starts": int(table["failed_starts"].sum()),
    } | {name: table[name].tolist() for name in ("log_likelihood", "aic", "bic")}


def _intervals(
    model: MemoryModel, data: Any, estimates: np.ndarray, method: str, similarity: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Ends ``(participant, parameter)`` on the natural scale."""
    design = model.design(data, similarity)
    prior = own_prior(model) if method == "map" else None
    lower, upper = np.full(estimates.shape, np.nan), np.full(estimates.shape, np.nan)
    for person, values in enumerate(estimates):
        x = np.array([float(p.to_unconstrained(v)) for p, v in zip(model.parameters, values, strict=True)])
        if not np.isfinite(x).all():
            continue
        objective = PersonObjective(model, design.one_participant(person), prior)
        ends = wald_interval(objective, x, INTERVAL)
        for k, p in enumerate(model.parameters):
            if np.isfinite(ends[0][k]):
                lower[person, k], upper[person, k] = (float(p.to_natural(end[k])) for end in ends)
    return lower, upper


def sample(
    *,
    generator: str,
    truth: Mapping[str, Any],
    seed: int,
    model: str,
    settings: Mapping[str, Any],
    cores: int,
    data: Any,
    similarity: np.ndarray | None,
) -> dict[str, Any]:
    """Simulate from one model and sample the posterior of another, or the same.

    Returns
    -------
    dict
        ``estimate`` (posterior means), ``lower``, ``upper`` by parameter and participant; ``elpd`` (PSIS-LOO) by
        participant and ``k_warnings``; ``passed``, ``verdict``, ``divergences`` and ``rhat`` (the largest) of the
        diagnostics; ``ranks`` of the truth among 99 draws where the generator is the model itself.
    """
    # not above: a process that only maximises likelihoods starts without PyMC
    from kvfit.inference.fit import fit

    simulated = simulate_from(generator, truth, seed, data, similarity)
    bound = get_model(model).bind(simulated)
    used = similarity if bound.semantic else None
    found = fit(bound, simulated, similarity=used, show_progress=False, seed=seed, cores=cores, **settings)
    elpd, k_warnings = _elpd(found)
    posterior = found.tree["posterior"]
    tails = ((1 - INTERVAL) / 2, (1 + INTERVAL) / 2)
    result: dict[str, Any] = {"estimate": {}, "lower": {}, "upper": {}}
    for p in bound.parameters:
        draws = posterior[p.name].transpose("participant", "chain", "draw").to_numpy()
        draws = draws.reshape(draws.shape[0], -1)
        ends = np.quantile(draws, tails, axis=1)
        for name, values in (("estimate", draws.mean(axis=1)), ("lower", ends[0]), ("upper", ends[1])):
            result[name][p.name] = values.tolist()
    diagnostics = found.diagnostics
    same = get_model(generator).bind(simulated).label == bound.label
    return result | {
        "elpd": elpd.tolist(),
        "k_warnings": k_warnings,
        "passed": diagnostics.passed,
        "verdict": diagnostics.verdict(),
        "divergences": diagnostics.divergences,
        "rhat": diagnostics.rhat_max,
        "ranks": _ranks(found, TrueValues.from_plain(truth)) if same else {},
    }


def _elpd(found: "Fit") -> tuple[np.ndarray, int]:
    """PSIS-LOO of each participant, and the number of observations with unreliable weights."""
    import warnings

    from kvfit.comparison.loo import loo_by_observation

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning)  # counted instead
        loo = loo_by_observation(found)
    who = found.data.participant
    elpd = np.bincount(who, weights=np.asarray(loo.elpd_i).ravel(), minlength=found.data.n_participants)
    return elpd, int((np.asarray(loo.pareto_k) > float(loo.good_k)).sum())


def _ranks(found: "Fit", truth: TrueValues) -> dict[str, int]:
    """Rank (0 to 99) of each true value among evenly spaced draws.

    Of the persons only the first: they are exchangeable, but ranks within a data set depend on one another. The data's
    log-likelihood is ranked too; it sees errors that no parameter alone shows (Modrák et al. 2025).
    """
    posterior = found.tree["posterior"]
    ranks: dict[str, int] = {}
    for variable, values in truth.population.items():
        if variable not in posterior:
            continue
        dim = next(d for d in posterior[variable].dims if d not in ("chain", "draw"))
        for k, label in enumerate(posterior[dim].to_numpy()):
            ranks[f"{variable}[{label}]"] = _rank(posterior[variable].isel({dim: k}), values[k])
    for name, values in truth.persons.items():
        ranks[f"{name}[first participant]"] = _rank(posterior[name].isel(participant=0), values[0])
    ranks["log-likelihood"] = _rank(_total_log_likelihood(found), _true_log_likelihood(found, truth))
    return ranks


def _rank(draws: Any, value: float) -> int:
    flat = draws.transpose("chain", "draw").to_numpy().ravel()
    return int((_spread(flat) < value).sum())


def _spread(flat: np.ndarray) -> np.ndarray:
    """99 draws, evenly over all chains."""
    chosen: np.ndarray = flat[np.linspace(0, flat.size - 1, RANKED).round().astype(int)]
    return chosen


def _total_log_likelihood(found: "Fit") -> Any:
    """``(chain, draw)``."""
    import xarray as xr

    from kvfit.inference.fit import observations_of_units

    per_unit = found.unit_log_likelihood
    unit = per_unit.dims[-1]
    return (per_unit * xr.DataArray(observations_of_units(found), dims=unit)).sum(unit)


def _true_log_likelihood(found: "Fit", truth: TrueValues) -> float:
    effects = None
    if truth.items is not None:
        names = [effect.name for effect in effects_of_items(found.model)]
        effects = dict(zip(names, truth.items.T, strict=True))
    at_truth = log_likelihood(found.model, found.data, truth.persons, item_effects=effects, similarity=found.similarity)
    return float(at_truth.sum())
