"""The pictures of a report on recognition: ROC, measures, confidence, calibration, and rates by the design's columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd

from kvfit.reports.condition_roc import ConditionRoc
from kvfit.reports.content import FloatArray
from kvfit.reports.predictive import CurveSource, MeanPanel
from kvfit.reports.recognition_roc import RocPanel, person_roc, spread_participants
from kvfit.tasks.curves.recognition import MEASURES, curve
from kvfit.tasks.recognition import RecognitionData
from kvfit.tasks.recognition_bins import with_bins
from kvfit.tasks.recognition_cells import RecognitionCells

#: Measures shown as numbers, for any scale and for ratings.
SIMPLE_MEASURES = ("d_prime", "criterion_c", "hit_rate", "false_alarm_rate")
RATING_MEASURES = ("d_prime", "criterion_c", "d_a", "a_z", "zroc_slope")
_NAMES = {
    "d_prime": "d′ (SD units)",
    "criterion_c": "Criterion c (SD units)",
    "d_a": "d_a (SD units)",
    "a_z": "A_z (area)",
    "zroc_slope": "Slope of the zROC",
}
_OF_LINE = (
    "d_a, A_z and the slope are those of a straight line through the participant's zROC (A_z: area under the ROC, .5 without"
    " memory); slopes of few trials come out too flat, in data and simulations alike."
)
#: Columns along which items are expected to be called old more or less often, where the conditions do not name them.
_DESIGN = ("study_position", "lag", "n_presentations", "list_length")
N_BINS = 6
_MOST_NUMBERS = 12
MOST_LEVELS = 12
STATUSES = {"studied items": ("hit_rate", True), "new items": ("false_alarm_rate", False)}


@dataclass(frozen=True, eq=False)
class Counts:
    """Responses, counted by the columns that a picture needs; each grouping is counted once.

    Parameters
    ----------
    cells : mapping of str to RecognitionCells
        By column; ``""`` for none.
    responses : ndarray of int, shape (draw, trial), optional
        Simulated categories; the observed ones when omitted.
    """

    cells: Mapping[str, RecognitionCells]
    responses: np.ndarray | None = None

    @cached_property
    def _made(self) -> dict[str, np.ndarray]:
        return {}

    def by(self, column: str = "") -> np.ndarray:
        """Counts ``(..., cell, category)``."""
        if column not in self._made:
            cells = self.cells[column]
            self._made[column] = cells.counts if self.responses is None else cells.count(self.responses)
        return self._made[column]


@dataclass(frozen=True, eq=False)
class Column:
    """A column of the trials along which rates are shown.

    Parameters
    ----------
    name : str
    cells : RecognitionCells
        By this column; numbers with many values in bins.
    binned : bool
    """

    name: str
    cells: RecognitionCells
    binned: bool


def find_columns(data: RecognitionData) -> tuple[list[Column], list[str]]:
    """Columns that vary over studied or over new items, and the names of those with too many words.

    Returns
    -------
    columns : list of Column
    left_out : list of str
    """
    names = [name for name in dict.fromkeys((*data.conditions, *_DESIGN)) if name in data.trials.columns]
    columns, left_out = [], []
    for name in names:
        values = data.trials[name]
        number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
        n_levels = values.nunique()
        if n_levels < 2:
            continue
        if not number and n_levels > MOST_LEVELS:
            left_out.append(name)
            continue
        binned = number and n_levels > _MOST_NUMBERS
        cells = (with_bins(data, name, N_BINS, name) if binned else data).cells([name])
        columns.append(Column(name, cells, binned))
    return columns, left_out


def picture_sources(data: RecognitionData, columns: list[Column]) -> tuple[list[CurveSource], Callable[..., Counts]]:
    """Everything that is drawn.

    Parameters
    ----------
    data : RecognitionData
    columns : list of Column
        Of `find_columns`.

    Returns
    -------
    sources : list of CurveSource
    prepare : callable
        Turns simulated responses ``(draw, trial)`` into what the sources' panels take.
    """
    cells = data.cells()
    by_column = {"": cells} | {column.name: column.cells for column in columns}
    prepare = partial(Counts, by_column)
    observed = prepare()
    sources = []
    ratings = data.ordered and data.n_categories > 2
    rates = person_roc(cells, observed) if ratings else np.empty((0, 2, 1))
    # only who was tested on old and on new items has an ROC
    people_of_roc = np.flatnonzero(np.isfinite(rates).all(axis=(1, 2)))
    if people_of_roc.size:
        sources += [
            CurveSource("roc", (RocPanel("", cells, people_of_roc, rates, "rates"),)),
            CurveSource("zroc", (RocPanel("", cells, people_of_roc, rates, "z"),)),
        ]
        if people_of_roc.size > 1:
            chosen, note = spread_participants(cells)
            people = tuple(
                RocPanel(f"participant {data.participants[j]}", cells, np.array([j]), rates, "rates") for j in chosen
            )
            sources.append(CurveSource("roc_persons", people, note=note))
    if data.ordered and data.n_categories == 2:
        sources += _condition_rocs(columns, observed)
    measures = tuple(_measure(cells, kind, observed) for kind in (RATING_MEASURES if ratings else SIMPLE_MEASURES))
    sources.append(CurveSource("measures", measures, note=_OF_LINE if ratings else ""))
    # yes/no responses have no confidence, and their proportions are the rates above
    if ratings or not data.ordered:
        panels = tuple(_confidence(data, cells, label, observed) for label in STATUSES)
        sources.append(CurveSource("confidence", panels))
    if ratings:
        sources.append(CurveSource("calibration", (_calibration(data, cells, observed),)))
    for column in columns:
        panels = tuple(panel for label in STATUSES if (panel := _rates_by(column, label, observed)) is not None)
        if panels:
            note = f"Values of {column.name} are grouped: each point stands at the mean of about equally many trials."
            sources.append(CurveSource("rates_by", panels, column.name, note if column.binned else ""))
    return sources, prepare


def _condition_rocs(columns: list[Column], observed: Counts) -> list[CurveSource]:
    """Yes/no responses have one point a condition: an ROC for each column whose levels hold old and new items."""
    rocs = [ConditionRoc(column.name, column.cells, observed) for column in columns if not column.binned]
    return [
        CurveSource("condition_roc", (one,), one.column, f"Levels of {one.column} from left to right: {one.order}.")
        for one in rocs
        if one.drawable
    ]


def _measure(cells: RecognitionCells, kind: str, observed: Counts) -> MeanPanel:
    def values(counts: Counts) -> FloatArray:
        return curve(cells, kind, "subject", counts.by()).to_numpy()[..., None]

    return MeanPanel(_NAMES.get(kind, MEASURES[kind].label), np.ones(1), values, observed)


def _category_ticks(data: RecognitionData) -> tuple[str, ...]:
    """The user's words, unless they are the numbers themselves or too many to stand under an axis."""
    numbered = [str(k) for k in range(1, data.n_categories + 1)]
    return () if list(data.scale) == numbered or data.n_categories > _MOST_NUMBERS else data.scale


def _confidence(data: RecognitionData, cells: RecognitionCells, label: str, observed: Counts) -> MeanPanel:
    _, old = STATUSES[label]

    def values(counts: Counts) -> FloatArray:
        shares = curve(cells, "confidence", "subject", counts.by())
        return shares.sel(status="old" if old else "new").to_numpy()

    return MeanPanel(label, np.arange(1.0, data.n_categories + 1), values, observed, _category_ticks(data))


def _calibration(data: RecognitionData, cells: RecognitionCells, observed: Counts) -> MeanPanel:
    means_old = np.arange(1, data.n_categories + 1) >= data.old_from

    def values(counts: Counts) -> FloatArray:
        share_old = curve(cells, "calibration", "subject", counts.by()).to_numpy()
        return np.where(means_old, share_old, 1.0 - share_old)

    return MeanPanel("", np.arange(1.0, data.n_categories + 1), values, observed, _category_ticks(data))


def _rates_by(column: Column, label: str, observed: Counts) -> MeanPanel | None:
    """Hit or false-alarm rate by the levels of a column; None where these items have fewer than two."""
    kind, old = STATUSES[label]
    cells, name = column.cells, column.name
    kept = np.flatnonzero((cells.old == old) & cells.conditions[name].notna().to_numpy())
    levels = np.unique(cells.conditions[name].iloc[kept].astype(str)) if kept.size else np.empty(0)
    if levels.size < 2:
        return None
    part = replace(
        cells,
        participant=cells.participant[kept],
        old=cells.old[kept],
        conditions=cells.conditions.iloc[kept].reset_index(drop=True),
        counts=cells.counts[kept],
    )

    def values(counts: Counts) -> FloatArray:
        return curve(part, kind, ("subject", name), counts.by(name)[..., kept, :]).to_numpy()

    found = curve(part, kind, ("subject", name))[name].to_numpy()
    if pd.api.types.is_numeric_dtype(found) and not pd.api.types.is_bool_dtype(found):
        ticks = () if column.binned else tuple(f"{level:g}" for level in found)
        return MeanPanel(label, found.astype(float), values, observed, ticks)
    return MeanPanel(label, np.arange(1.0, len(found) + 1), values, observed, tuple(map(str, found)))
