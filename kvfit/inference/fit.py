"""Fit a model to data by sampling its posterior."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kvfit.identifiability.design import design_objection
from kvfit.inference.diagnostics import Diagnostics, diagnose
from kvfit.inference.pointwise import flat_draws, pointwise
from kvfit.inference.settings import FitSettings, request_key
from kvfit.items import ITEM_EFFECTS, ItemEffect, Items, effects_of_items
from kvfit.memory_model import MemoryModel
from kvfit.model_definition import definition_hash, describe_fitted
from kvfit.priors import Priors, require_spread
from kvfit.registry import get_model, with_formulas, with_items, with_priors
from kvfit.regression.formula import Formulas
from kvfit.regression.model import require_persons_alone

#: effects in the sampler's coordinates repeat what the natural-scale variables say
REPEATED = ("standardised_effects", "person_effects", "standardised_item_effects", "population_cholesky")


@dataclass(frozen=True, eq=False)
class Fit:
    """A posterior, with everything needed to judge, compare and reproduce it.

    Parameters
    ----------
    model : MemoryModel
    data : FreeRecallData or RecognitionData
    sampled : xarray.DataTree
        What was computed and what a store keeps: ``posterior``, ``sample_stats``, and ``log_likelihood`` by unit, which is
        a list, or the trials of a design cell that got the same response (with effects of items a trial). :attr:`tree` is
        made of it.
    settings : FitSettings
    timings : dict of str to float
        Seconds.
    similarity : numpy.ndarray, optional
        For models with ``semantic=True``.
    path : pathlib.Path, optional
        Folder in a store.

    Notes
    -----
    **The tree.** ``fit.tree`` is an ordinary ArviZ tree, for ``az.summary``, ``az.loo``, ``az.compare``,
    ``az.plot_trace_dist`` and all others; ``docs/arviz.md`` shows how. Its groups and variables:

    ``posterior`` : dims ``(chain, draw, ...)``
        ``population`` ``(parameter)``: the population's means on the natural scale, the images of ``population_mean``
        ``(parameter)`` on the unconstrained scale (log odds, logarithm or identity, by the parameter's support).
        ``population_sd`` ``(person_parameter)``: spread between persons, unconstrained scale. One variable ``(participant)``
        on the natural scale under each parameter's name. With ``correlated``, ``population_correlation``
        ``(person_parameter, other_parameter)``; with effects of items ``item_effects`` ``(item, item_parameter)`` and
        ``item_sd`` ``(item_parameter)``, unconstrained scale. ``pooling="none"`` has no population, ``"complete"`` no
        spread.
    ``sample_stats``
        What the sampler says about each draw, ``diverging`` among it.
    ``log_likelihood``
        ``recalls`` ``(list)`` or ``responses`` ``(trial)``, one value an observation, in the order of the data. Equal
        trials are kept once and repeated where the values are read; what would take more than 2 GiB at once is refused
        with a message. Where more than 40 million different values would be kept, only every second, third, ... draw has
        them: ``fit.thinned_tree()`` then has the same draws in all groups.
    ``observed_data``
        Recognition: ``responses`` ``(trial)``, the category from 1. Free recall: ``recalls`` ``(list, output)``, the study
        position of each first correct recall, 0 after the last; ``n_recalled`` ``(list)``, their number.
    ``constant_data``
        ``participant_index``; ``list_length`` or ``old`` (and ``item_index``); the conditions of the design.
    ``posterior_predictive``, ``prior``, ``prior_predictive``
        On request: :meth:`with_predictive` and :meth:`with_prior`. The variables are those of ``observed_data`` and
        ``posterior``.

    Coordinates label everything: ``participant``, ``parameter``, ``person_parameter``, ``item``, ``item_parameter``;
    ``list`` and ``trial`` count from 0 in the order of the data, with ``subject``, ``list_label`` and ``item_label``
    beside them.
    """

    model: MemoryModel
    data: Any
    sampled: Any
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
    def tree(self) -> Any:
        """The ArviZ tree, an ``xarray.DataTree``; its groups and variables are described above."""
        from kvfit.inference.tree import tree_of

        return tree_of(self)

    def thinned_tree(self, every: int = 1) -> Any:
        """The ArviZ tree with one in `every` of its draws, the same draws in all groups.

        For ArviZ's functions that use several groups together, and where all draws would not fit into memory.

        Parameters
        ----------
        every : int
            Of the draws that ``posterior``, ``log_likelihood`` and, if there is one, ``posterior_predictive`` have in
            common.

        Returns
        -------
        xarray.DataTree
        """
        from kvfit.inference.tree import thinned

        return thinned(self.tree, every)

    def with_predictive(self, draws: int | None = 200, seed: int = 0) -> "Fit":
        """The fit with responses simulated from its posterior: ``posterior_predictive`` in :attr:`tree`.

        Parameters
        ----------
        draws : int, optional
            About so many, evenly spaced over all chains; None for all draws that have a log-likelihood, which ArviZ's
            functions of leave-one-out predictions need (``az.loo_pit``, ``az.loo_expectations``). They take two bytes a
            draw and trial, or a draw, list and study position.
        seed : int

        Returns
        -------
        Fit
            A copy; the group is not stored.
        """
        from kvfit.inference.predict import with_predictive

        return with_predictive(self, draws, seed)

    def with_prior(self, draws: int = 200, seed: int = 0) -> "Fit":
        """The fit with draws from the prior of its very model: ``prior`` and ``prior_predictive`` in :attr:`tree`.

        Parameters
        ----------
        draws : int
        seed : int

        Returns
        -------
        Fit
            A copy; the groups are not stored.
        """
        from kvfit.inference.prior_groups import with_prior

        return with_prior(self, draws, seed)

    @property
    def unit_log_likelihood(self) -> Any:
        """Log-likelihood ``(chain, draw, unit)`` as it was computed, a ``xarray.DataArray``.

        A unit is what shares a value: :func:`by_observation` spreads values of units over observations,
        :func:`observations_of_units` counts them.
        """
        return self.sampled["log_likelihood"][self.model.observed]

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
        return {name: values[chosen] for name, values in flat_draws(self.model, posterior).items()}


def fit(
    model: str | MemoryModel,
    data: Any,
    *,
    store: str | Path | None = None,
    items: Items = None,
    formula: Formulas | None = None,
    priors: Priors | None = None,
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
        Folder of fits. The same request finds its fit there again instead of sampling: the same model (its parameters,
        priors and numbers, not its name alone), responses and settings. Whether it can be written is found out before
        sampling; a new fit is written whole or not at all, and one that was damaged is moved aside and made again.
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
    priors : mapping of str to pair of float, optional
        Priors in the place of the model's own, as 90 % intervals on the natural scale: ``{"sigma": (0.9, 1.5)}`` of the
        population's typical value (of each person's value with ``pooling="none"``), ``{"persons(sigma)": (0.7, 1.9)}`` of
        how far persons may differ. They become part of the model: ``uvsd(prior(sigma)=0.9:1.5)``. See
        :mod:`kvfit.priors`, and :func:`kvfit.prior_predict` for what they say about behaviour.
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
        For unknown models, options or settings, before anything is computed; `StoreError` for a store that cannot be
        written.
    """
    from kvfit import store as stores

    model = get_model(model)
    model = model if formula is None else with_formulas(model, formula)
    model = (model if items is None else with_items(model, items)).bind(data)
    model = model if priors is None else with_priors(model, priors)
    unknown = [k for k in settings if k not in FitSettings.__dataclass_fields__]
    if unknown:
        known = ", ".join(FitSettings.__dataclass_fields__)
        raise ValueError(f"fit settings: unknown {', '.join(unknown)}; known are {known}")
    request = FitSettings(**settings)
    require_spread(model, request.pooling)
    if request.pooling == "none":
        require_persons_alone(model, data)
    # where a model needs similarities and there are none, its design says so
    used = np.ascontiguousarray(similarity, dtype=float) if model.semantic and similarity is not None else None
    if store is None:
        return _sample(model, data, request, used, show_progress)
    stores.require_registered(model.label)
    definition = describe_fitted(model, data, used)
    key = fit_key(model, data, request, used, definition)
    found = stores.find(Path(store), model.label, key)
    kept = None if found is None else stores.reopen(found, model)
    if kept is not None:
        return kept
    stores.prepare(Path(store), data, _least_bytes(model, data, request))
    result = _sample(model, data, request, used, show_progress)
    return stores.save_fit(result, Path(store), key, definition)


def fit_key(
    model: MemoryModel,
    data: Any,
    settings: FitSettings,
    similarity: np.ndarray | None,
    definition: Mapping[str, Any] | None = None,
) -> str:
    """Hash under which a store keeps the fit of a model that is bound to these data.

    `definition` is what :func:`~kvfit.model_definition.describe_fitted` says of it, where that is known already.
    """
    used = None if similarity is None else np.ascontiguousarray(similarity, dtype=float)
    digest = "" if used is None else hashlib.sha256(used.tobytes()).hexdigest()
    conditions = getattr(model, "conditions_fingerprint", "")
    defined = definition_hash(definition or describe_fitted(model, data, used))
    return request_key(model.label, data.fingerprint, settings, digest, conditions, defined)


def _least_bytes(model: MemoryModel, data: Any, settings: FitSettings) -> int:
    """What the draws of persons' parameters take in a store, which compresses them by a tenth."""
    numbers = settings.chains * settings.draws * len(model.parameters) * data.n_participants
    return int(numbers * 8 * 0.9)


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
    tree["posterior"] = tree["posterior"].to_dataset().drop_vars(REPEATED, errors="ignore")
    tree = pointwise(tree, model, data, design, show_progress=show_progress)
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

        import kvfit.kernels.jax_dispatch
        import kvfit.recognition.normal_interval_jax  # noqa: F401
    except ImportError as error:
        raise ValueError(
            f"sampler='numpyro' needs the extra packages of kvfit-memory[numpyro], of which {error.name} is not installed"
        ) from error
    jax.config.update("jax_enable_x64", True)


def observations_of_units(fit: Fit) -> np.ndarray:
    """``(unit,)`` how many observations share each value of :attr:`Fit.unit_log_likelihood`."""
    n_units = fit.unit_log_likelihood.shape[2]
    if n_units == fit.design.n_observations:
        return np.ones(n_units, dtype=np.int64)
    return np.bincount(fit.design.unit_of_observation, minlength=n_units)


def by_observation(fit: Fit, per_unit: np.ndarray) -> np.ndarray:
    """Spread values ``(unit,)`` over the observations of the data, in their order."""
    if per_unit.size == fit.design.n_observations:
        return per_unit
    spread: np.ndarray = per_unit[fit.design.unit_of_observation]
    return spread
