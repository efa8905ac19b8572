"""True values to simulate from: draws from the prior, or what a fit says about real people."""

from typing import Any

import numpy as np
import pandas as pd

from kvfit.inference.fit import Fit
from kvfit.inference.hierarchy import Pooling, build_pymc_model
from kvfit.inference.maximum_likelihood import PointFit, point_fit
from kvfit.items import ITEM_EFFECTS, effects_of_items
from kvfit.likelihood import participant_values
from kvfit.memory_model import MemoryModel
from kvfit.recovery.true_values import TrueValues

#: ``"prior"``; ``"fit"`` (MAP estimates of the people in the data); or estimates that were made before
Truth = str | Fit | PointFit | pd.DataFrame
_POPULATION = ("population_mean", "population_sd", "item_sd")


def draw_prior(
    model: MemoryModel,
    data: Any,
    n: int,
    seed: int,
    *,
    pooling: Pooling,
    correlated: bool = False,
    similarity: np.ndarray | None = None,
) -> list[TrueValues]:
    """Draw people, and the population they come from, from the prior of the very PyMC model that is fitted.

    Parameters
    ----------
    model : MemoryModel
        Bound to the data.
    data : FreeRecallData or RecognitionData
        Whose participants are counted.
    n : int
        Draws; the first of many are the same as of few.
    seed : int
    pooling : {"partial", "none", "complete"}
        A population with persons; each person alone under the parameters' own priors, as maximum likelihood and MAP see
        them; or one value for all.
    correlated : bool
        Whether persons' values are correlated, see :class:`~kvfit.inference.settings.FitSettings`.
    similarity : numpy.ndarray, optional
        For models with ``semantic=True``.
    """
    import pymc as pm
    from pytensor.compile.mode import Mode

    pymc_model = build_pymc_model(
        model,
        data,
        model.design(data, similarity),
        pooling=pooling,
        parameterisation="noncentred",
        correlated=correlated,
    )
    own = [p.name for p in model.parameters]
    names = [*own, *(name for name in (*_POPULATION, ITEM_EFFECTS) if name in pymc_model.named_vars)]
    # evaluated node by node: compiling would take longer than the draws; at least two, because one comes without its axis
    mode = Mode(linker="py", optimizer=None)
    drawn = pm.draw([pymc_model[name] for name in names], draws=max(n, 2), random_seed=seed, mode=mode)
    values = dict(zip(names, drawn, strict=True))
    return [
        TrueValues(
            {name: values[name][k] for name in own},
            {name: values[name][k] for name in _POPULATION if name in values},
            values[ITEM_EFFECTS][k] if ITEM_EFFECTS in values else None,
        )
        for k in range(n)
    ]


def true_values(
    truth: Truth,
    model: MemoryModel,
    data: Any,
    design: Any,
    n: int,
    seed: int,
    *,
    pooling: Pooling,
    correlated: bool = False,
    similarity: np.ndarray | None = None,
    show_progress: bool = True,
) -> list[TrueValues]:
    """True values of `n` data sets.

    Parameters
    ----------
    truth : {"prior", "fit"}, Fit, PointFit or pandas.DataFrame
        ``"prior"``: :func:`draw_prior`. ``"fit"``: MAP estimates of the people in `data`, the same in every data set. A
        `PointFit` or a table (a row a participant, natural scale): its estimates. A `Fit`: a posterior draw for each data
        set.
    model : MemoryModel
        Bound to `design`.
    data, design : FreeRecallData or RecognitionData
        Whose people are estimated, and who are simulated. If these are other numbers of people, those simulated are
        drawn from those estimated, with replacement, anew for each data set.
    n, seed : int
    pooling, correlated
        Of the prior.
    similarity : numpy.ndarray, optional
        For models with ``semantic=True``.
    show_progress : bool

    Raises
    ------
    ValueError
        If the truth is of another model, or cannot be taken from data.
    """
    if isinstance(truth, str):
        if truth == "prior":
            return draw_prior(model, design, n, seed, pooling=pooling, correlated=correlated, similarity=similarity)
        if truth != "fit":
            raise ValueError(f"truth: expected 'prior', 'fit', a fit or a table of estimates; found {truth!r}")
        truth = point_fit(
            model, data, method="map", starts=6, seed=seed, similarity=similarity, show_progress=show_progress
        )
    if isinstance(truth, Fit | PointFit) and truth.model.label != model.label:
        raise ValueError(f"truth: expected a fit of {model.label}, found one of {truth.model.label}")
    rng = np.random.default_rng([seed, 3])
    if isinstance(truth, Fit):
        if effects_of_items(model):
            raise ValueError(f"truth: with effects of items ({model.label}) only 'prior' is possible so far")
        draws = truth.draws(n, seed)
        each = [{name: values[k % len(values)] for name, values in draws.items()} for k in range(n)]
    else:
        if isinstance(truth, PointFit):
            known, table = truth.data, truth.estimates
        else:
            known, table = data, truth
        values = {p.name: participant_values(model, known, table)[p.name] for p in model.parameters}
        each = [values] * n
    n_known, n_wanted = len(next(iter(each[0].values()))), design.n_participants
    if n_known == n_wanted:
        return [TrueValues(values) for values in each]
    chosen = [rng.integers(0, n_known, n_wanted) for _ in each]
    return [TrueValues({k: v[who] for k, v in values.items()}) for values, who in zip(each, chosen, strict=True)]
