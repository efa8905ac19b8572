"""What a model's prior says about behaviour: the task's curves of people drawn from it, before any response is seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd
import xarray as xr

from kvfit.inference.hierarchy import Pooling
from kvfit.inference.prior_people import PriorPeople, simulate_people
from kvfit.memory_model import MemoryModel
from kvfit.priors import Priors, require_spread
from kvfit.registry import get_model, with_priors
from kvfit.tasks.curves import curve, known_curves

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Of people: the middle one, and the ends of the central 90 %.
QUANTILES = (0.05, 0.5, 0.95)
#: Curves of each task unless others are asked for.
RECALL_CURVES = ("serial_position", "first_recall", "lag_crp", "recall_length")
RATING_CURVES = ("roc", "confidence", "hit_rate", "false_alarm_rate", "d_prime", "zroc_slope")
OTHER_CURVES = ("confidence", "hit_rate", "false_alarm_rate", "d_prime", "criterion_c")
#: Lags further away rest on few transitions.
MOST_LAGS = 5
#: False-alarm rates at which ROCs are read.
FALSE_ALARMS = np.arange(1, 20) / 20


@dataclass(frozen=True, eq=False)
class PriorPredictive:
    """Curves of people drawn from a prior, beside those of the people in the data.

    Parameters
    ----------
    model : MemoryModel
    curves : dict of str to xarray.Dataset
        By name, as in :func:`kvfit.curve`: ``prior`` and, where the design has responses, ``data``, each ``(quantile, ...)``
        over people (5 %, 50 %, 95 %), with the dimensions of the columns of `by` and of the curve. The hit rate of ``roc``
        is read at a grid of false-alarm rates, by lines between a person's points.
    people : pandas.DataFrame
        Parameters of the people drawn, natural scale.
    design : str
        In words.
    """

    model: MemoryModel
    curves: dict[str, xr.Dataset]
    people: pd.DataFrame
    design: str

    @property
    def table(self) -> pd.DataFrame:
        """One row a point of a curve: ``curve``, ``point``, ``prior_5``, ``prior_50``, ``prior_95``, ``data_5``, ..."""
        return pd.concat([_rows(name, found) for name, found in self.curves.items()], ignore_index=True)

    def __str__(self) -> str:
        """Title and table."""
        return f"{self.title()}\n{self.table.round(3).to_string(index=False, na_rep='')}"

    def title(self) -> str:
        """What the table shows, in one sentence."""
        of_data = ", and of the people in the data" if any("data" in found for found in self.curves.values()) else ""
        return (
            f"{self.model.label}, {len(self.people)} people drawn from the prior, {self.design}: 5 %, 50 % and 95 % of"
            f" people{of_data}."
        )

    def figure(self) -> "Figure":
        """Draw each curve of prior people as a band, and people in the data over it."""
        from kvfit.reports.figures.prior_predictive import prior_predictive_figure

        return prior_predictive_figure(self.curves)

    def write(self, folder: str | Path) -> Path:
        """Write ``prior_predictive.csv``, ``people.csv``, ``prior_predictive.png`` and ``verdict.txt`` (the title)."""
        from kvfit.recovery.writing import write_study

        tables = {"prior_predictive": self.table, "people": self.people}
        return write_study(folder, tables, {"prior_predictive": self.figure()}, self.title())


def prior_predict(
    model: str | MemoryModel,
    data: Any,
    *,
    priors: Priors | None = None,
    curves: Sequence[str] | None = None,
    by: str | Sequence[str] = (),
    people: int = 60,
    pooling: Pooling = "partial",
    seed: int = 0,
    similarity: np.ndarray | None = None,
) -> PriorPredictive:
    """Say what a model's prior expects people to do in an experiment.

    Parameters
    ----------
    model : str or MemoryModel
        With priors in its name, if others than its own are wanted: ``"uvsd(prior(sigma)=0.9:1.5)"``.
    data : FreeRecallData or RecognitionData
        Data, whose people are shown beside those of the prior; or a design, see :func:`kvfit.free_recall_design`,
        :func:`kvfit.recognition_design`.
    priors : mapping of str to pair of float, optional
        As for :func:`kvfit.fit`.
    curves : sequence of str, optional
        Names of :func:`kvfit.known_curves`; without them those that reports show.
    by : str or sequence of str
        Columns of the lists or trials: a curve for each of their levels. Lists of several lengths are kept apart anyway.
    people : int
        At least so many people are drawn: each participant's lists or trials are done by as many.
    pooling : {"partial", "none", "complete"}
        Whose prior: that of a person from an unknown population (the hierarchical fit's), of a person alone (MAP's and
        ``pooling="none"``), or of a value that all share.
    seed : int
    similarity : numpy.ndarray, optional
        For models with ``semantic=True``.

    Returns
    -------
    PriorPredictive

    Raises
    ------
    ModelError, ValueError
        For what cannot work, before anything is simulated.

    Notes
    -----
    Every person comes from a population of its own, so that the band shows all that the prior thinks possible, and not how
    people of one population differ. Why to look: Gabry et al. (2019), Journal of the Royal Statistical Society A 182,
    389-402.
    """
    bound = get_model(model).bind(data)
    bound = bound if priors is None else with_priors(bound, priors)
    kinds = tuple(default_curves(data) if curves is None else curves)
    columns = _columns(data, (by,) if isinstance(by, str) else tuple(by))
    problems = [f"people: expected at least 1, found {people}"] if people < 1 else []
    if pooling not in get_args(Pooling):
        problems.append(f"pooling: expected one of {', '.join(get_args(Pooling))}; found {pooling!r}")
    known = known_curves(data)
    problems += [f"curves: unknown {kind!r}; known are {', '.join(known)}" for kind in kinds if kind not in known]
    if problems:
        raise ValueError("prior_predict:\n  " + "\n  ".join(problems))
    require_spread(bound, pooling)
    drawn = simulate_people(bound, data, people, seed=seed, pooling=pooling, similarity=similarity)
    return summarise_people(bound, data, drawn, kinds, columns)


def summarise_people(
    model: MemoryModel, data: Any, drawn: PriorPeople, kinds: Sequence[str], by: Sequence[str] = ()
) -> PriorPredictive:
    """Curves of people drawn before; see :func:`prior_predict`.

    Parameters
    ----------
    model : MemoryModel
        Bound to the data.
    data : FreeRecallData or RecognitionData
    drawn : PriorPeople
    kinds : sequence of str
    by : sequence of str
    """
    from kvfit.recovery.words import design_words

    found = {}
    for kind in kinds:
        parts = {"prior": _over_people(_person_curves(data, kind, by, drawn.responses))}
        if has_responses(data):
            parts["data"] = _over_people(_person_curves(data, kind, by, None))
        found[kind] = xr.Dataset(parts, attrs={"long_name": known_curves(data)[kind]})
    people = {p.name: drawn.values[p.name].ravel() for p in model.parameters}
    return PriorPredictive(model, found, pd.DataFrame(people), design_words(data))


def default_curves(data: Any) -> tuple[str, ...]:
    """Curves that say most about a prior, by task and response scale."""
    if data.task == "free_recall":
        return RECALL_CURVES
    return RATING_CURVES if data.ordered and data.n_categories > 2 else OTHER_CURVES


def has_responses(data: Any) -> bool:
    """Whether anybody has answered; the responses of a design are placeholders."""
    from kvfit.recovery.designs import WITHOUT_RESPONSES

    if data.task == "free_recall":
        return bool(data.recalled.size)
    return WITHOUT_RESPONSES not in data.source


def _columns(data: Any, by: tuple[str, ...]) -> tuple[str, ...]:
    """Columns that keep curves apart; those of lists of different lengths have different points."""
    mixed = data.task == "free_recall" and np.unique(data.list_length).size > 1 and "list_length" not in by
    return (*by, "list_length") if mixed else by


def _person_curves(data: Any, kind: str, by: Sequence[str], responses: np.ndarray | None) -> xr.DataArray:
    """``(person, *by, *curve)``; rounds of people stand behind one another."""
    own = ("list_", "output") if data.task == "free_recall" else ("trial",)
    labelled = None if responses is None else xr.DataArray(responses, dims=("round", *own))
    values = curve(data, kind, ("subject", *by), labelled)
    if "round" in values.dims:
        values = values.stack(person=("round", "subject")).drop_vars(("person", "round", "subject"))  # noqa: PD013 (xarray has no melt)
    else:
        values = values.rename(subject="person").drop_vars("person")
    if "lag" in values.dims:
        values = values.sel(lag=[lag for lag in values["lag"].to_numpy() if 0 < abs(lag) <= MOST_LAGS])
    return _read_roc(values) if kind == "roc" else values


def _read_roc(rates: xr.DataArray) -> xr.DataArray:
    """Hit rates at the grid of false-alarm rates, by lines from (0, 0) through a person's points to (1, 1)."""

    def read(false_alarm: np.ndarray, hit: np.ndarray) -> np.ndarray:
        if not np.isfinite([false_alarm, hit]).all():
            return np.full(FALSE_ALARMS.size, np.nan)
        return np.interp(FALSE_ALARMS, [0.0, *false_alarm, 1.0], [0.0, *hit, 1.0])

    found: xr.DataArray = xr.apply_ufunc(
        read, rates.sel(status="new", drop=True), rates.sel(status="old", drop=True),
        input_core_dims=[["criterion"], ["criterion"]], output_core_dims=[["false_alarm_rate"]], vectorize=True,
    )  # fmt: skip
    return found.assign_coords(false_alarm_rate=FALSE_ALARMS)


def _over_people(values: xr.DataArray) -> xr.DataArray:
    """Quantiles over people, leaving out those without a value."""
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN", RuntimeWarning)
        return values.quantile(QUANTILES, dim="person", skipna=True)


def _rows(name: str, found: xr.Dataset) -> pd.DataFrame:
    """Rows of one curve in a table."""
    points = [str(dim) for dim in found["prior"].dims if dim != "quantile"]
    flat = found.stack(_point=points) if points else found.expand_dims(_point=[""])  # noqa: PD013 (as above)
    labels = [
        ", ".join(
            f"{dim.replace('_', ' ')} {_word(value)}" for dim, value in zip(points, np.atleast_1d(point), strict=True)
        )
        if points
        else ""
        for point in flat["_point"].to_numpy()
    ]
    table = pd.DataFrame({"curve": name, "point": labels})
    for part in ("prior", "data"):
        if part in flat:
            for level in QUANTILES:
                table[f"{part}_{level * 100:.0f}"] = flat[part].sel(quantile=level).to_numpy()
    # lists of one length have no points of another
    return table[table["prior_50"].notna()]


def _word(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float | np.floating) else str(value)
