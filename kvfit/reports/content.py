"""What a report says, as plain values: the page renders these and knows nothing about fits.

Whoever has fits and a comparison fills a `ReportContent`; `kvfit.reports.page` turns it into one HTML file.
Tables are pandas data frames with the columns named here; columns that are not named here are shown under
their own name. Text is plain text: the page escapes all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from kvfit.reports.own_section import Section

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Citation:
    """A reference as it stands in a reference list.

    Parameters
    ----------
    text : str
        Authors, year, title and journal, for example ``"Polyn et al. (2009). A context ..."``.
    doi : str, optional
        Bare DOI (``"10.1037/a0014420"``); shown as a link.
    """

    text: str
    doi: str = ""


@dataclass(frozen=True)
class ParameterCard:
    """One parameter of a model, with its prior as the interval that holds 90 % of plausible values.

    `support` is ``"unit"``, ``"positive"``, ``"real"`` or any text; an index follows `_` in `symbol`. `persons` is the
    widest range of persons that the prior thinks plausible, empty where persons do not differ; `stated` says whether the
    user stated this prior in the place of the model's own.
    """

    name: str
    symbol: str
    support: str
    prior_lower: float
    prior_upper: float
    prior_reason: str
    meaning: str
    persons: tuple[float, ...] = ()
    stated: bool = False


@dataclass(frozen=True)
class ModelCard:
    """What one fitted model claims.

    Parameters
    ----------
    name : str
        Key of this fit: the tables and bands of the report refer to the model by it.
    label : str
        Name for readers (headings, figures).
    claim : str
        One line: what the model says about memory.
    references : tuple of Citation
    options : mapping of str to object
        Options of the model as fitted; shown as text.
    parameters : tuple of ParameterCard
    """

    name: str
    label: str
    claim: str
    references: tuple[Citation, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    parameters: tuple[ParameterCard, ...] = ()


@dataclass(frozen=True)
class DataSummary:
    """What the models were fitted to.

    Parameters
    ----------
    name, source : str
        The data set and where it came from.
    subset : str
        Which part of it was used, in one sentence; say so too when all of it was used.
    sentences : tuple of str
        What was scored and what was left out, with the reason.
    counts : mapping of str to object
        The small table: participants, lists, list lengths, responses scored, repeats, intrusions.
    groups : pandas.DataFrame, optional
        One row a condition or list length; every column is shown under its own name.
    citation : Citation, optional
    """

    name: str
    source: str
    subset: str
    sentences: tuple[str, ...] = ()
    counts: Mapping[str, object] = field(default_factory=dict)
    groups: pd.DataFrame | None = None
    citation: Citation | None = None


@dataclass(frozen=True, eq=False)
class ModelBand:
    """Posterior predictive band of one model over the points of a curve; each array is (point,).

    The predicted quantity must be the observed one: the mean over participants of the curve of a simulated
    data set of the same design. Where `x` is predicted too (points of conditions), `x`, `x_lower90` and `x_upper90` are its
    median and range.
    """

    model: str
    median: FloatArray
    lower50: FloatArray
    upper50: FloatArray
    lower90: FloatArray
    upper90: FloatArray
    x: FloatArray | None = None
    x_lower90: FloatArray | None = None
    x_upper90: FloatArray | None = None

    @classmethod
    def from_draws(cls, model: str, draws: ArrayLike, x: ArrayLike | None = None) -> Self:
        """Band from simulated curves of shape (draw, point); NaN where a simulated curve is undefined."""
        along = () if x is None else _quantiles(x, [0.5, 0.05, 0.95])
        return cls(model, *_quantiles(draws, [0.5, 0.25, 0.75, 0.05, 0.95]), *along)


def _quantiles(draws: ArrayLike, levels: list[float]) -> FloatArray:
    """Quantiles ``(level, point)`` of ``(draw, point)``, leaving out NaN."""
    values = np.asarray(draws, dtype=float)
    found = np.full((len(levels), values.shape[1]), np.nan)
    defined = np.isfinite(values).any(axis=0)
    found[:, defined] = np.nanquantile(values[:, defined], levels, axis=0)
    return found


@dataclass(frozen=True, eq=False)
class CurvePanel:
    """One observed curve and every model's band over it.

    Parameters
    ----------
    group : str
        Condition, list length or participant; empty when there is only one.
    x : ndarray, shape (point,)
        Serial positions, lags, numbers of words, categories or false-alarm rates, ascending. Lags may leave out 0, and
        are best kept to a handful on each side: far ones rest on few transitions.
    observed, se : ndarray, shape (point,)
        Mean over participants and its standard error; NaN where undefined, or where only the bands have a point.
    bands : tuple of ModelBand
    ticks : tuple of str
        Names of the points where `x` only numbers them; empty otherwise.
    se_x : ndarray, shape (point,), optional
        Standard error along `x`, where that was observed too (ROC).
    """

    group: str
    x: FloatArray
    observed: FloatArray
    se: FloatArray
    bands: tuple[ModelBand, ...]
    ticks: tuple[str, ...] = ()
    se_x: FloatArray | None = None

    @classmethod
    def from_samples(
        cls,
        group: str,
        x: ArrayLike,
        participants: ArrayLike,
        draws: Mapping[str, ArrayLike],
        ticks: tuple[str, ...] = (),
    ) -> Self:
        """Panel from observed curves (participant, point) and per model simulated curves (draw, point)."""
        mean, se = mean_and_error(np.asarray(participants, dtype=float))
        bands = tuple(ModelBand.from_draws(model, simulated) for model, simulated in draws.items())
        return cls(group, np.asarray(x, dtype=float), mean, se, bands, ticks)


def mean_and_error(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and its standard error over the first axis, leaving out NaN; NaN for fewer than one, or two, values."""
    n = np.isfinite(values).sum(axis=0)
    mean = np.where(n > 0, np.nansum(values, axis=0) / np.maximum(n, 1), np.nan)
    squares = np.nansum((values - mean) ** 2, axis=0)
    return mean, np.where(n > 1, np.sqrt(squares / np.maximum(n - 1, 1) / np.maximum(n, 1)), np.nan)


@dataclass(frozen=True, eq=False)
class Curve:
    """A summary curve of the task, one panel a group.

    Parameters
    ----------
    kind : str
        A key of `kvfit.reports.figures.kinds.CURVES`: ``"serial_position"``, ``"lag_crp"``, ``"roc"``, ``"confidence"``, ...
    panels : tuple of CurvePanel
    by : str
        Column of the data along the horizontal axis, for kinds that are drawn by columns.
    note : str
        What else a reader should know about these panels.
    """

    kind: str
    panels: tuple[CurvePanel, ...]
    by: str = ""
    note: str = ""


@dataclass(frozen=True)
class Provenance:
    """What is needed to get the same numbers again.

    Parameters
    ----------
    versions : mapping of str to str
        Program or package to version.
    settings : mapping of str to mapping
        Model name to its settings (sampler, draws, chains, seed, ...).
    fingerprint : str
        Fingerprint of the scored responses.
    created : str, optional
        Date as text. The page adds none of its own, so that the same content gives the same file.
    command : str, optional
        The command that makes this report.
    """

    versions: Mapping[str, str]
    settings: Mapping[str, Mapping[str, object]]
    fingerprint: str
    created: str = ""
    command: str = ""


@dataclass(frozen=True, eq=False)
class ReportContent:
    """Everything on the page. `kvfit.reports.checks.check_content` says whether it is complete.

    Parameters
    ----------
    title, verdict : str
        The verdict is one or two sentences and comes first on the page.
    observation : str
        One sentence: what counts as one observation in the comparison.
    data : DataSummary
    models : tuple of ModelCard
        In the order in which colours are given out.
    curves : tuple of Curve
    parameters : pandas.DataFrame
        One row a model and parameter, natural scale: ``model, parameter, mean, lower, upper`` (population
        mean and its interval) and ``person_10, person_90`` (10 % and 90 % quantile over persons).
    diagnostics : pandas.DataFrame
        One row a model: ``model, passed`` (bool), ``verdict`` (words), and where they apply ``sampler,
        divergences, rhat_max, ess_bulk_min, ess_tail_min, seconds, failed_starts``.
    methods : tuple of str
        Paragraphs.
    provenance : Provenance
    comparison : pandas.DataFrame, optional
        One row a model: ``model, rank`` (1 is best), ``elpd, elpd_diff`` (0 for the best, else negative),
        ``dse`` (standard error of the difference, over participants), ``p, weight``, and where they apply ``dse_trials``
        (over lists or trials), ``k_warnings, n_best, aic, bic``.
    participants : pandas.DataFrame, optional
        One row a participant and model: ``participant, model, elpd_diff, se``; the difference is the model
        minus the model of rank 1, for which it is 0.
    estimates : pandas.DataFrame, optional
        One row a model, parameter and participant: ``model, parameter, participant, estimate``.
    items : pandas.DataFrame, optional
        One row a model and effect of items: ``model, effect, sd`` (over items, unconstrained scale), ``lower, upper``
        (its interval), and ``item_10, item_90``: natural-scale values of the parameter for an item that one in ten items
        lies below, and above, and a person at the population's value.
    references : tuple of Citation
        Besides those of the models and the data, which the page adds.
    notes : tuple of str
        Limits that a reader should know.
    effects : pandas.DataFrame, optional
        One row an effect of conditions, of models with formulas: ``model, parameter, kind, effect, mean, lower, upper,
        probability``.
    identifiability : pandas.DataFrame, optional
        One row a model and parameter, as in :class:`kvfit.identifiability.table.Identifiability`, with ``model``.
    interval : float
        Probability of the intervals in `parameters`.
    sections : tuple of Section
        Further ones, between the verdict and the data.
    """

    title: str
    verdict: str
    observation: str
    data: DataSummary
    models: tuple[ModelCard, ...]
    curves: tuple[Curve, ...]
    parameters: pd.DataFrame
    diagnostics: pd.DataFrame
    methods: tuple[str, ...]
    provenance: Provenance
    comparison: pd.DataFrame | None = None
    participants: pd.DataFrame | None = None
    estimates: pd.DataFrame | None = None
    items: pd.DataFrame | None = None
    references: tuple[Citation, ...] = ()
    notes: tuple[str, ...] = ()
    effects: pd.DataFrame | None = None
    identifiability: pd.DataFrame | None = None
    interval: float = 0.9
    sections: tuple[Section, ...] = ()
