"""What a posterior knows about the parameters, and how much of it came from the prior."""

import logging
import warnings
from typing import TYPE_CHECKING, Any

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import halfnorm, norm

from kvfit.identifiability.before import strongest
from kvfit.identifiability.design import of_participant, prior_of, without_items
from kvfit.identifiability.information import loose, null_space, scores
from kvfit.inference.hierarchy import prior_spread

if TYPE_CHECKING:
    from kvfit.inference.fit import Fit

#: Participants whose information is computed at their estimates.
_ASKED = 12
#: Natural-scale draws at the very end of their support have no finite unconstrained value.
_FARTHEST = 30.0


def look_back(fit: "Fit") -> pd.DataFrame:
    """What the posterior of a fit knows, parameter by parameter.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    pandas.DataFrame
        ``parameter``, ``contraction``, ``spread_contraction``, ``person``, ``correlated_with``, ``correlation``,
        ``prior_sensitivity``, ``likelihood_sensitivity`` and ``determined`` as in
        :class:`~kvfit.identifiability.table.Identifiability`.
    """
    names = [p.name for p in fit.model.parameters]
    persons = person_draws(fit)
    posterior = fit.tree["posterior"]
    _, scale = prior_of(fit.model)
    table = pd.DataFrame({"parameter": names})
    own = persons.var(axis=1).mean(axis=0)
    between = persons.mean(axis=1).var(axis=0)
    varies = between > 1e-12
    with np.errstate(invalid="ignore"):
        table["person"] = np.where(varies & (len(persons) > 1), between / (between + own), np.nan)
    within = np.mean([np.nan_to_num(_correlation(one)) for one in persons], axis=0)
    if "population_mean" in posterior:
        mean = posterior["population_mean"].transpose("chain", "draw", "parameter").to_numpy().reshape(-1, len(names))
        table["contraction"] = 1.0 - mean.var(axis=0) / scale**2
        among = _correlation(mean)
        within = np.where(np.abs(among) > np.abs(within), among, within)
    else:
        table["contraction"] = 1.0 - own / scale**2
    table["spread_contraction"] = _spread_contraction(fit, names)
    table["correlated_with"], table["correlation"] = strongest(within, names)
    table = table.merge(_sensitivity(fit), on="parameter", how="left")
    table["determined"] = ~_loose(fit, persons.mean(axis=1))
    return table


def person_draws(fit: "Fit") -> np.ndarray:
    """``(participant, draw, parameter)`` on the unconstrained scale."""
    posterior = fit.tree["posterior"]
    out = []
    for p in fit.model.parameters:
        natural = posterior[p.name].transpose("participant", "chain", "draw").to_numpy()
        with np.errstate(divide="ignore"):
            values = p.to_unconstrained(natural.reshape(len(natural), -1))
        out.append(np.clip(values, p.location - _FARTHEST * p.scale, p.location + _FARTHEST * p.scale))
    return np.stack(out, axis=-1)


def _correlation(draws: np.ndarray) -> np.ndarray:
    """Of draws ``(draw, parameter)``; NaN for what does not vary."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.atleast_2d(np.corrcoef(draws.T))


def _spread_contraction(fit: "Fit", names: list[str]) -> np.ndarray:
    found, scale = np.full(len(names), np.nan), prior_spread(fit.model)
    posterior = fit.tree["posterior"]
    if "population_sd" in posterior:
        for name in posterior["person_parameter"].to_numpy():
            k = names.index(str(name))
            draws = posterior["population_sd"].sel(person_parameter=name).to_numpy()
            found[k] = 1.0 - draws.var() / halfnorm(scale=scale[k]).var()
    return found


def _sensitivity(fit: "Fit") -> pd.DataFrame:
    """Power-scaling sensitivity of the population's means to their prior and to the likelihood.

    Only the priors of the population are scaled: those of persons are part of the model.
    """
    posterior, columns = fit.tree["posterior"], ["parameter", "prior_sensitivity", "likelihood_sensitivity"]
    if "population_mean" not in posterior:
        return pd.DataFrame(columns=columns)
    from kvfit.inference.fit import observations_of_units

    ll = fit.unit_log_likelihood
    posterior = posterior.to_dataset().sel(draw=ll["draw"])
    prior = xr.Dataset({"population_mean": log_prior(fit, posterior)})
    unit = next(dim for dim in ll.dims if dim not in ("chain", "draw"))
    total = (ll * xr.DataArray(observations_of_units(fit), dims=unit)).sum(unit)
    tree = xr.DataTree.from_dict(
        {
            "/posterior": posterior[["population_mean"]],
            "/log_prior": prior,
            "/log_likelihood": xr.Dataset({"total": total}),
        }
    )
    logger = logging.getLogger("arviz_stats")
    level = logger.level
    logger.setLevel(logging.ERROR)  # the table says it in words of its own
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            found = az.psense_summary(tree, var_names=["population_mean"], round_to=10)
    finally:
        logger.setLevel(level)
    names = [str(name) for name in posterior["parameter"].to_numpy()]
    return pd.DataFrame(
        dict(zip(columns, (names, found["prior"].to_numpy(float), found["likelihood"].to_numpy(float)), strict=True))
    )


def log_prior(fit: "Fit", posterior: xr.Dataset) -> xr.DataArray:
    """Log density ``(chain, draw)`` of the population's priors."""
    location, scale = prior_of(fit.model)
    mean = posterior["population_mean"].transpose("chain", "draw", "parameter").to_numpy()
    total = np.asarray(norm.logpdf(mean, location, scale)).sum(axis=-1)
    if "population_sd" in posterior:
        names = [p.name for p in fit.model.parameters]
        of = [names.index(str(name)) for name in posterior["person_parameter"].to_numpy()]
        sd = posterior["population_sd"].transpose("chain", "draw", "person_parameter").to_numpy()
        total = total + np.asarray(halfnorm.logpdf(sd, scale=prior_spread(fit.model)[of])).sum(axis=-1)
    return xr.DataArray(total, dims=("chain", "draw"), coords={k: posterior[k] for k in ("chain", "draw")})


def _loose(fit: "Fit", estimates: np.ndarray) -> np.ndarray:
    """``(parameter,)`` bool: which can change without changing what is predicted, at the persons' estimates."""
    model: Any = without_items(fit.model)
    k, n = estimates.shape[1], fit.data.n_participants
    rows, null = np.zeros((0, k)), np.eye(k)
    for person in np.linspace(0, n - 1, min(_ASKED, n)).round().astype(int):
        part, similar = of_participant(fit.data, fit.similarity, int(person))
        rows = np.concatenate([rows, scores(model, part, estimates[person], similarity=similar)])
        null = null_space(rows)
        if not len(null):
            break
    return loose(null)
