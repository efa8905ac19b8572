"""Fit a model to data by sampling its posterior."""

import hashlib
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kvfit.identifiability.design import design_objection
from kvfit.inference.diagnostics import Diagnostics, diagnose
from kvfit.inference.settings import FitSettings, request_key
from kvfit.items import ITEM_EFFECTS, ItemEffect, Items, effects_of_items
from kvfit.likelihood import observation_labels
from kvfit.memory_model import MemoryModel
from kvfit.registry import get_model, with_formulas, with_items
from kvfit.regression.formula import Formulas
from kvfit.regression.model import require_persons_alone

#: draws whose pointwise log-likelihood is computed at once
_CHUNK = 50
#: numbers that the pointwise log-likelihood may have (320 MB); with more, only every second, third, ... draw gets one
_POINTWISE = 40_000_000


@dataclass(frozen=True, eq=False)
class Fit:
    """A posterior, with everything needed to judge, compare and reproduce it.

    Parameters
    ----------
    model : MemoryModel
    data : FreeRecallData or RecognitionData
    tree : xarray.DataTree
        ArviZ tree: ``posterior`` (``population_mean`` and ``population_sd`` on the unconstrained scale, one
        ``(participant,)`` variable on the natural scale for each parameter; with effects of items ``item_effects`` and
        ``item_sd``, unconstrained scale), ``sample_stats``, ``log_likelihood`` (``recalls``: one value a list;
        ``responses``: one value for the trials of a design cell that got the same response, with effects of items one a
        trial; of evenly spaced draws where all would not fit into memory).
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
        """Health of the sampler, and what the design cannot determine."""
        names = [
            n
            for n in ("population_mean", "population_sd", "population_correlation", "item_sd")
            if n in self.tree["posterior"]
        ]
        objection = design_objection(self.model, self.data, self.similarity)
        return diagnose(self.tree, names + [p.name for p in self.model.parameters], objection)

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

    def items(self) -> pd.DataFrame:
        """Effects of items: posterior means on the unconstrained scale, one row an item, one column an effect.

        Indexed by ``item``; what :func:`kvfit.simulate` and :func:`kvfit.log_likelihood` take as ``item_effects=``.

        Raises
        ------
        ValueError
            If the model has no effects of items.
        """
        self._require_items()
        effects = self.tree["posterior"][ITEM_EFFECTS].mean(("chain", "draw")).transpose("item", "item_parameter")
        names = [effect.name for effect in self._of_items]
        return pd.DataFrame(effects.to_numpy(), index=pd.Index(self.data.items, name="item"), columns=names)

    def item_spread(self, interval: float = 0.9) -> pd.DataFrame:
        """Standard deviation of each effect over items, on the unconstrained scale.

        Parameters
        ----------
        interval : float
            Probability of the equal-tailed intervals.

        Returns
        -------
        pandas.DataFrame
            One row an effect: ``effect``, ``sd`` (posterior mean), ``lower``, ``upper``.
        """
        self._require_items()
        tail = (1 - interval) / 2
        draws = self.tree["posterior"]["item_sd"].transpose("item_parameter", "chain", "draw").to_numpy()
        return pd.DataFrame(
            {
                "effect": effect.name,
                "sd": float(one.mean()),
                "lower": float(np.quantile(one, tail)),
                "upper": float(np.quantile(one, 1 - tail)),
            }
            for effect, one in zip(self._of_items, draws, strict=True)
        )

    @property
    def _of_items(self) -> tuple[ItemEffect, ...]:
        return effects_of_items(self.model)

    def _require_items(self) -> None:
        if not self._of_items:
            raise ValueError(f"{self.label}: has no effects of items; fit it with items=True")

    def draws(self, n: int, seed: int = 0) -> dict[str, np.ndarray]:
        """`n` posterior draws of every person's parameters, ``(draw, participant)``, natural scale.

        With effects of items also ``item_effects``, ``(draw, item, effect)``, unconstrained scale.
        """
        posterior = self.tree["posterior"]
        total = posterior.sizes["chain"] * posterior.sizes["draw"]
        chosen = np.sort(np.random.default_rng(seed).choice(total, size=min(n, total), replace=False))
        return {name: values[chosen] for name, values in _flat_draws(self.model, posterior).items()}


def fit(
    model: str | MemoryModel,
    data: Any,
    *,
    store: str | Path | None = None,
    items: Items = None,
    formula: Formulas | None = None,
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
    items : bool, str or sequence of str, optional
        Recognition only: crossed effects of items beside those of participants. ``True`` for the model's own choice
        (strength of memory and a shift of the criteria), or names of parameters; see
        :meth:`~kvfit.recognition.model.RecognitionModel.with_items`. It becomes part of the model:
        ``uvsd(items=d_prime+criterion)``. Comparison then asks how well a further trial is predicted whose
        participant and item are both known from other trials.
    formula : mapping of str to str, optional
        Parameters that depend on conditions: ``{"beta_enc": "~ list_type + (1 + list_type | subject)"}``, with columns of
        the lists or trials. It becomes part of the model, as if it were written behind its name; see
        :mod:`kvfit.regression` and :func:`kvfit.effects`.
    similarity : numpy.ndarray, optional
        For models with ``semantic=True``, from :func:`kvfit.read_similarity`: ``(list, position, position)`` of free
        recall, ``(trial, studied item)`` of recognition.
    show_progress : bool
    **settings
        Fields of :class:`~kvfit.inference.settings.FitSettings`: pooling, correlated, sampler, draws, tune, chains, cores,
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

    model = get_model(model)
    model = model if formula is None else with_formulas(model, formula)
    model = (model if items is None else with_items(model, items)).bind(data)
    unknown = [k for k in settings if k not in FitSettings.__dataclass_fields__]
    if unknown:
        known = ", ".join(FitSettings.__dataclass_fields__)
        raise ValueError(f"fit settings: unknown {', '.join(unknown)}; known are {known}")
    request = FitSettings(**settings)
    if request.pooling == "none":
        require_persons_alone(model, data)
    # where a model needs similarities and there are none, its design says so
    used = np.ascontiguousarray(similarity, dtype=float) if model.semantic and similarity is not None else None
    key = fit_key(model, data, request, used)
    if store is not None:
        found = stores.find(Path(store), model.label, key)
        if found is not None:
            return stores.open_fit(found)
    result = _sample(model, data, request, used, show_progress)
    return result if store is None else stores.save_fit(result, Path(store), key)


def fit_key(model: MemoryModel, data: Any, settings: FitSettings, similarity: np.ndarray | None) -> str:
    """Hash under which a store keeps the fit of a model that is bound to these data."""
    used = None if similarity is None else np.ascontiguousarray(similarity, dtype=float)
    digest = "" if used is None else hashlib.sha256(used.tobytes()).hexdigest()
    conditions = getattr(model, "conditions_fingerprint", "")
    return request_key(model.label, data.fingerprint, settings, digest, conditions)


def _sample(
    model: MemoryModel,
    data: Any,
    settings: FitSettings,
    similarity: np.ndarray | None,
    show_progress: bool,
) -> Fit:
    from kvfit.inference.hierarchy import build_pymc_model, estimate_curvature, estimate_item_curvature
    from kvfit.inference.sampling import sample_posterior
    from kvfit.progress import progress

    if settings.sampler == "numpyro":
        _require_jax()
    design = model.design(data, similarity)
    started = time.perf_counter()
    curvature = of_items = None
    if settings.parameterisation == "preconditioned" and settings.pooling != "complete":
        curvature = estimate_curvature(
            model, design, pooling=settings.pooling, seed=settings.seed, show_progress=show_progress
        )
        of_items = estimate_item_curvature(model, design, curvature)
    prepared = time.perf_counter()
    pymc_model = build_pymc_model(
        model,
        data,
        design,
        pooling=settings.pooling,
        parameterisation=settings.parameterisation,
        curvature=curvature,
        of_items=of_items,
        correlated=settings.correlated,
    )
    with progress(show_progress) as bar:
        bar.say(f"{model.label}: compiling (up to a minute for a new model), then sampling")
    tree = sample_posterior(pymc_model, settings, show_progress=show_progress)
    sampled = time.perf_counter()
    posterior = tree["posterior"]
    n_chains = posterior.sizes["chain"]
    n_units = int(design.unit_of_observation.max()) + 1
    every = _draws_apart(n_chains * posterior.sizes["draw"] * n_units)
    thinned = posterior.isel(draw=slice(None, None, every))
    n_draws = thinned.sizes["draw"]
    values = _flat_draws(model, thinned)
    with progress(show_progress) as bar:
        chunks = [slice(first, first + _CHUNK) for first in range(0, n_chains * n_draws, _CHUNK)]
        ll = np.concatenate(
            [
                model.log_likelihood(design, {k: v[chunk] for k, v in values.items()})
                for chunk in bar.track(chunks, f"{model.label}: log-likelihood of every {data.observation}")
            ]
        )
    tree = _with_log_likelihood(tree, model, data, design, ll.reshape(n_chains, n_draws, -1), every)
    timings = {
        "starting_values": prepared - started,
        "sampling": sampled - prepared,
        "log_likelihood": time.perf_counter() - sampled,
    }
    return Fit(model, data, tree, settings, timings, similarity)


def _draws_apart(n_numbers: int) -> int:
    """Of how many draws one gets a pointwise log-likelihood, so that it fits into memory."""
    return max(1, -(-n_numbers // _POINTWISE))


def _flat_draws(model: MemoryModel, posterior: Any) -> dict[str, np.ndarray]:
    """Values of a posterior group, chains one after the other: ``(draw, participant)``, ``(draw, item, effect)``."""
    dims: dict[str, tuple[str, ...]] = {p.name: ("participant",) for p in model.parameters}
    if ITEM_EFFECTS in posterior:
        dims[ITEM_EFFECTS] = ("item", "item_parameter")
    arrays = {name: posterior[name].transpose("chain", "draw", *rest).to_numpy() for name, rest in dims.items()}
    return {name: array.reshape(-1, *array.shape[2:]) for name, array in arrays.items()}


def _require_jax() -> None:
    """Teach JAX kvfit's Ops, or say what is missing."""
    try:
        import jax
        import numpyro  # noqa: F401

        import kvfit.kernels.jax_dispatch
        import kvfit.recognition.normal_interval_jax  # noqa: F401
    except ImportError as error:
        raise ValueError(
            f"sampler='numpyro' needs the extra packages of kvfit-memory[numpyro], of which {error.name} is not installed"
        ) from error
    jax.config.update("jax_enable_x64", True)


def _with_log_likelihood(tree: Any, model: MemoryModel, data: Any, design: Any, ll: np.ndarray, every: int = 1) -> Any:
    """Attach the pointwise group: in the data's order with labels, or by unit where several observations share a value.

    It is of one in `every` draws.
    """
    import xarray as xr

    posterior = tree["posterior"]
    coords: dict[str, Any] = {"chain": posterior["chain"], "draw": posterior["draw"][::every]}
    unit = "unit"
    if ll.shape[2] == design.n_observations:
        ll, unit = ll[:, :, design.unit_of_observation], data.observation
        labels = observation_labels(data)
        coords |= {name: (dim, values.astype(str)) for name, (dim, values) in labels.items()}
    coords[unit] = np.arange(ll.shape[2])
    dataset = xr.Dataset({model.observed: (("chain", "draw", unit), ll)}, coords, {"unit": data.observation_words})
    keep = {f"/{name}": tree[name].to_dataset() for name in ("posterior", "sample_stats")}
    # The transformed person effects repeat what the natural-scale variables say.
    made = ["standardised_effects", "person_effects", "standardised_item_effects", "population_cholesky"]
    keep["/posterior"] = keep["/posterior"].drop_vars(made, errors="ignore")
    return xr.DataTree.from_dict({**keep, "/log_likelihood": dataset})


def by_observation(fit: Fit, per_unit: np.ndarray) -> np.ndarray:
    """Spread values of the ``log_likelihood`` group's units over the observations of the data."""
    if per_unit.size == fit.design.n_observations:
        return per_unit
    spread: np.ndarray = per_unit[fit.design.unit_of_observation]
    return spread
