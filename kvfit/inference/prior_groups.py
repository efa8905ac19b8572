"""Draws from the prior of the model that a fit sampled."""

import numpy as np
import xarray as xr

from kvfit.inference.fit import REPEATED, Fit
from kvfit.inference.predict import simulated_group, with_groups


def with_prior(fit: Fit, draws: int = 200, seed: int = 0) -> Fit:
    """The fit with groups ``prior`` and ``prior_predictive`` in its tree; see :meth:`kvfit.inference.fit.Fit.with_prior`."""
    if draws < 1:
        raise ValueError(f"draws: expected a whole number of at least 1, found {draws}")
    prior = prior_draws(fit, draws, seed)
    predictive = simulated_group(fit, prior, np.random.default_rng([seed, 2]))
    return with_groups(fit, {"prior": prior, "prior_predictive": predictive})


def prior_draws(fit: Fit, draws: int, seed: int) -> xr.Dataset:
    """Values of the population and of every person under the prior, ``(1 chain, draw, ...)``, as in the posterior group."""
    import pymc as pm

    from kvfit.inference.hierarchy import build_pymc_model

    settings = fit.settings
    model = build_pymc_model(
        fit.model,
        fit.data,
        fit.design,
        pooling=settings.pooling,
        parameterisation="noncentred",  # other coordinates of the same prior
        correlated=settings.correlated,
    )
    names = [v.name for v in (*model.free_RVs, *model.deterministics)]
    options = {"mode": "FAST_COMPILE"}  # a few hundred draws do not repay a compiler
    drawn = pm.sample_prior_predictive(draws, model=model, var_names=names, random_seed=seed, compile_kwargs=options)
    prior: xr.Dataset = drawn["prior"].to_dataset().drop_vars(REPEATED, errors="ignore")
    return prior
