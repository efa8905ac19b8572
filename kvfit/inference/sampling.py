"""Draws from the posterior of a PyMC model."""

import time
import warnings
from typing import Any

import numpy as np
import pymc as pm

from kvfit.inference.compiled import COMPILED
from kvfit.inference.settings import FitSettings


def sample_posterior(
    model: pm.Model, settings: FitSettings, *, show_progress: bool = True, keep_tuning: bool = False
) -> Any:
    """Sample a PyMC model with the sampler of the settings.

    nutpie's densities are kept by the process (:mod:`kvfit.inference.compiled`), so that of several data sets of one design
    only the first waits for the compiler.

    Parameters
    ----------
    model : pymc.Model
    settings : FitSettings
    show_progress : bool
    keep_tuning : bool
        Whether draws of the warm-up are returned too.

    Returns
    -------
    xarray.DataTree
        ``posterior`` (with the attribute ``sampling_time``, seconds without compiling) and ``sample_stats``.

    Raises
    ------
    KeyboardInterrupt
        When sampling is stopped: samplers then return the draws so far, which are no posterior that was asked for.
    """
    with model, warnings.catch_warnings():
        # convergence is judged by kvfit's own diagnostics, with a verdict in words
        warnings.filterwarnings("ignore", category=UserWarning)
        warnings.filterwarnings("ignore", category=FutureWarning)
        if settings.sampler == "nutpie":
            return _by_nutpie(model, settings, show_progress, keep_tuning)
        tree = pm.sample(
            draws=settings.draws,
            tune=settings.tune,
            chains=settings.chains,
            cores=settings.cores,
            nuts_sampler=settings.sampler,
            target_accept=settings.target_accept,
            random_seed=settings.seed,
            progressbar=show_progress,
            compute_convergence_checks=False,
            discard_tuned_samples=not keep_tuning,
        )
    sizes = tree["posterior"].sizes
    if sizes["chain"] < settings.chains or sizes["draw"] < settings.draws:
        raise KeyboardInterrupt
    return tree


def _by_nutpie(model: pm.Model, settings: FitSettings, show_progress: bool, keep_tuning: bool) -> Any:
    """As `pm.sample` does it, which compiles for every call."""
    import nutpie
    from pymc.progress_bar import NutpieProgressBarManager

    density = COMPILED.compiled(model)
    started = time.perf_counter()
    with NutpieProgressBarManager(settings.chains, settings.draws, progressbar=show_progress) as bar:
        # in the background: in the foreground it would turn Ctrl-C into a shorter posterior
        sampler = nutpie.sample(
            density,
            draws=settings.draws,
            tune=settings.tune,
            chains=settings.chains,
            cores=settings.cores,
            seed=int(np.random.default_rng(settings.seed).spawn(1)[0].integers(2**30)),
            target_accept=settings.target_accept,
            save_warmup=keep_tuning,
            progress_bar=False,
            progress_callback=bar.update,
            blocking=False,
        )
        try:
            tree = sampler.wait()
        except BaseException:
            sampler.cancel()
            raise
    # a density compiled for other data has their labels
    posterior = tree["posterior"].to_dataset()
    labels = {name: np.asarray(values) for name, values in model.coords.items() if name in posterior.dims}
    tree["posterior"] = posterior.assign_coords(labels).assign_attrs(sampling_time=time.perf_counter() - started)
    return tree
