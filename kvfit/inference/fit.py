"""Fit a model to data by sampling its posterior."""

import hashlib
import time
import warnings
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kvfit.inference.diagnostics import Diagnostics, diagnose
from kvfit.inference.settings import FitSettings, request_key
from kvfit.likelihood import observation_labels
from kvfit.memory_model import MemoryModel
from kvfit.registry import get_model

#: draws whose pointwise log-likelihood is computed at once
_CHUNK = 50


@dataclass(frozen=True, eq=False)
class Fit:
    """A posterior, with everything needed to judge, compare and reproduce it.

    Parameters
    ----------
    model : MemoryModel
    data : FreeRecallData or RecognitionData
    tree : xarray.DataTree
        ArviZ tree: ``posterior`` (``population_mean`` and ``population_sd`` on the unconstrained scale, one
        ``(participant,)`` variable on the natural scale for each parameter), ``sample_stats``, ``log_likelihood``
        (``recalls``: one value a list; ``responses``: one value for the trials of a design cell that got the same response).
    settings : FitSettings
    timings : dict of str to float
        Seconds.
    similarity : numpy.ndarray, optional
        For models with ``semantic=True``.
    path : pathlib.Path, optional
        Folder in a store.
    """

    model: MemoryModel
    data: Any
    tree: Any
    settings: FitSettings
    timings: dict[str, float] = field(default_factory=dict)
    similarity: np.ndarray | None = None
    path: Path | None = None

    def __repr__(self) -> str:
        """One line."""
        return f"Fit({self.model.label!r} on {self.data.name!r}: {self.data.n_participants} participants)"

    @property
    def label(self) -> str:
        """The model with its options."""
        return self.model.label

    @cached_property
    def design(self) -> Any:
        """Layout of the data for the model."""
        return self.model.design(self.data, self.similarity)

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Health of the sampler."""
        names = [n for n in ("population_mean", "population_sd") if n in self.tree["posterior"]]
        return diagnose(self.tree, names + [p.name for p in self.model.parameters])

    def population(self, interval: float = 0.9) -> pd.DataFrame:
        """Parameters on the natural scale.

        Parameters
        ----------
        interval : float
            Probability of the equal-tailed intervals.

        Returns
        -------
        pandas.DataFrame
            One row a parameter: ``mean``, ``lower``, ``upper`` of the population's typical value (the natural-scale
            image of mu under partial pooling, else the average over persons), and ``person_10``, ``person_90``: the 10 %
            and 90 % quantiles over persons of their posterior means.
        """
        posterior = self.tree["posterior"]
        tail = (1 - interval) / 2
        rows = []
        for p in self.model.parameters:
            persons = posterior[p.name]
            if "population_mean" in posterior:
                centre = p.to_natural(posterior["population_mean"].sel(parameter=p.name).to_numpy().ravel())
            else:
                centre = persons.mean("participant").to_numpy().ravel()
            means = persons.mean(("chain", "draw")).to_numpy()
            rows.append(
                {
                    "parameter": p.name,
                    "mean": float(centre.mean()),
                    "lower": float(np.quantile(centre, tail)),
                    "upper": float(np.quantile(centre, 1 - tail)),
                    "person_10": float(np.quantile(means, 0.1)),
                    "person_90": float(np.quantile(means, 0.9)),
                }
            )
        return pd.DataFrame(rows)

    def persons(self) -> pd.DataFrame:
        """Posterior means on the natural scale, one row a participant, indexed by ``subject``."""
        posterior = self.tree["posterior"]
        table = {p.name: posterior[p.name].mean(("chain", "draw")).to_numpy() for p in self.model.parameters}
        return pd.DataFrame(table, index=pd.Index(self.data.participants, name="subject"))

    def draws(self, n: int, seed: int = 0) -> dict[str, np.ndarray]:
        """`n` posterior draws of every person's parameters, ``(draw, participant)``, natural scale."""
        posterior = self.tree["posterior"]
        total = posterior.sizes["chain"] * posterior.sizes["draw"]
        chosen = np.sort(np.random.default_rng(seed).choice(total, size=min(n, total), replace=False))
        return {
            p.name: posterior[p.name].transpose("chain", "draw", "participant").to_numpy().reshape(total, -1)[chosen]
            for p in self.model.parameters
        }


def fit(
    model: str | MemoryModel,
    data: Any,
    *,
    store: str | Path | None = None,
    similarity: np.ndarray | None = None,
    show_progress: bool = True,
    **settings: Any,
) -> Fit:
    """Sample the posterior of a model.

    Parameters
    ----------
    model : str or MemoryModel
        A name with options, such as ``"kv_recall(query=value)"``.
    data : FreeRecallData or RecognitionData
    store : path, optional
        Folder of fits. The same request finds its fit there again instead of sampling; a new fit is written whole or
        not at all.
    similarity : numpy.ndarray, optional
        ``(list, position, position)`` for models with ``semantic=True``.
    show_progress : bool
    **settings
        Fields of :class:`~kvfit.inference.settings.FitSettings`: pooling, sampler, draws, tune, chains, cores,
        target_accept, seed.

    Returns
    -------
    Fit

    Raises
    ------
    ModelError, ValueError
        For unknown models, options or settings, before anything is computed.
    """
    from kvfit import store as stores

    model = get_model(model).bind(data)
    if model.semantic and similarity is None:
        raise ValueError(f"{model.label}: needs similarity=, an array (list, position, position)")
    unknown = [k for k in settings if k not in FitSettings.__dataclass_fields__]
    if unknown:
        known = ", ".join(FitSettings.__dataclass_fields__)
        raise ValueError(f"fit settings: unknown {', '.join(unknown)}; known are {known}")
    request = FitSettings(**settings)
    used = np.ascontiguousarray(similarity, dtype=float) if model.semantic else None
    digest = "" if used is None else hashlib.sha256(used.tobytes()).hexdigest()
    key = request_key(model.label, data.fingerprint, request, digest)
    if store is not None:
        found = stores.find(Path(store), model.label, key)
        if found is not None:
            return stores.open_fit(found)
    result = _sample(model, data, request, used, show_progress)
    return result if store is None else stores.save_fit(result, Path(store), key)


def _sample(
    model: MemoryModel,
    data: Any,
    settings: FitSettings,
    similarity: np.ndarray | None,
    show_progress: bool,
) -> Fit:
    import pymc as pm

    from kvfit.inference.hierarchy import build_pymc_model, estimate_curvature
    from kvfit.progress import progress

    if settings.sampler == "numpyro":
        _require_jax()
    design = model.design(data, similarity)
    started = time.perf_counter()
    curvature = None
    if settings.parameterisation == "preconditioned" and settings.pooling != "complete":
        curvature = estimate_curvature(
            model, design, pooling=settings.pooling, seed=settings.seed, show_progress=show_progress
        )
    prepared = time.perf_counter()
    pymc_model = build_pymc_model(
        model,
        data,
        design,
        pooling=settings.pooling,
        parameterisation=settings.parameterisation,
        curvature=curvature,
    )
    with progress(show_progress) as bar:
        bar.say(f"{model.label}: compiling (up to a minute for a new model), then sampling")
    with pymc_model, warnings.catch_warnings():
        # Convergence is judged by kvfit's own diagnostics, with a verdict in words.
        warnings.filterwarnings("ignore", category=UserWarning)
        warnings.filterwarnings("ignore", category=FutureWarning)
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
        )
    sampled = time.perf_counter()
    posterior = tree["posterior"]
    n_chains, n_draws = posterior.sizes["chain"], posterior.sizes["draw"]
    values = {
        p.name: posterior[p.name].transpose("chain", "draw", "participant").to_numpy().reshape(n_chains * n_draws, -1)
        for p in model.parameters
    }
    with progress(show_progress) as bar:
        chunks = [slice(first, first + _CHUNK) for first in range(0, n_chains * n_draws, _CHUNK)]
        ll = np.concatenate(
            [
                model.log_likelihood(design, {k: v[chunk] for k, v in values.items()})
                for chunk in bar.track(chunks, f"{model.label}: log-likelihood of every {data.observation}")
            ]
        )
    tree = _with_log_likelihood(tree, model, data, design, ll.reshape(n_chains, n_draws, -1))
    timings = {
        "starting_values": prepared - started,
        "sampling": sampled - prepared,
        "log_likelihood": time.perf_counter() - sampled,
    }
    return Fit(model, data, tree, settings, timings, similarity)


def _require_jax() -> None:
    """Teach JAX kvfit's Ops, or say what is missing."""
    try:
        import jax
        import numpyro  # noqa: F401

        import kvfit.kernels.jax_dispatch  # noqa: F401
    except ImportError as error:
        raise ValueError(
            f"sampler='numpyro' needs the extra packages of kvfit-memory[numpyro], of which {error.name} is not installed"
        ) from error
    jax.config.update("jax_enable_x64", True)


def _with_log_likelihood(tree: Any, model: MemoryModel, data: Any, design: Any, ll: np.ndarray) -> Any:
    """Attach the pointwise group: in the data's order with labels, or by unit where several observations share a value."""
    import xarray as xr

    posterior = tree["posterior"]
    coords: dict[str, Any] = {"chain": posterior["chain"], "draw": posterior["draw"]}
    unit = "unit"
    if ll.shape[2] == design.n_observations:
        ll, unit = ll[:, :, design.unit_of_observation], data.observation
        labels = observation_labels(data)
        coords |= {name: (dim, values.astype(str)) for name, (dim, values) in labels.items()}
    coords[unit] = np.arange(ll.shape[2])
    dataset = xr.Dataset({model.observed: (("chain", "draw", unit), ll)}, coords, {"unit": data.observation_words})
    keep = {f"/{name}": tree[name].to_dataset() for name in ("posterior", "sample_stats")}
    # The transformed person effects repeat what the natural-scale variables say.
    keep["/posterior"] = keep["/posterior"].drop_vars(["standardised_effects", "person_effects"], errors="ignore")
    return xr.DataTree.from_dict({**keep, "/log_likelihood": dataset})


def by_observation(fit: Fit, per_unit: np.ndarray) -> np.ndarray:
    """Spread values of the ``log_likelihood`` group's units over the observations of the data."""
    if per_unit.size == fit.design.n_observations:
        return per_unit
    spread: np.ndarray = per_unit[fit.design.unit_of_observation]
    return spread
