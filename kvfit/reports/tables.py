"""Data frames as the rows of text that the page's template writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real

import pandas as pd

from kvfit.reports.columns import (
    MINUS,
    MISSING,
    Column,
    effect_columns,
    item_columns,
    parameter_columns,
    significant,
    write_value,
)
from kvfit.reports.content import ReportContent


@dataclass(frozen=True)
class Cell:
    """Text of one cell; numbers stand at the right, and some cells are marked."""

    text: str
    number: bool = False
    strong: bool = False


@dataclass(frozen=True)
class TableView:
    """A table ready to be written: headings with meanings, rows of cells.

    `header` is the place of the column that names a row, `models` the model of each row (for its colour).
    """

    key: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    header: int = 0
    models: tuple[str, ...] = ()

    @property
    def meanings(self) -> tuple[Column, ...]:
        """Columns that have something to explain."""
        return tuple(column for column in self.columns if column.meaning)


def frame_table(
    key: str,
    caption: str,
    frame: pd.DataFrame,
    columns: Sequence[Column],
    *,
    header: str,
    names: Mapping[str, str] | None = None,
    hide: Sequence[str] = (),
) -> TableView:
    """Table of a data frame: known columns in their own order, then unknown ones under their own names.

    Parameters
    ----------
    key, caption : str
    frame : pandas.DataFrame
    columns : sequence of Column
        Those that the frame lacks are left out.
    header : str
        Key of the column that names a row.
    names : mapping, optional
        Shown instead of the values of the `header` column.
    hide : sequence of str
        Columns of the frame that are not shown.
    """
    frame = frame.rename(columns=str)
    known = [column for column in columns if column.key in frame.columns]
    used = {column.key for column in known} | set(hide)
    known += [Column(name, name) for name in frame.columns if name not in used]
    rows = []
    for record in frame.to_dict("records"):
        cells = []
        for column in known:
            value = record[column.key]
            if pd.api.types.is_scalar(value) and pd.isna(value):
                value = None
            elif column.key == header and names is not None:
                value = names.get(str(value), value)
            cells.append(Cell(write_value(value, column), number=_is_number(frame[column.key])))
        rows.append(tuple(cells))
    place = [column.key for column in known].index(header)
    models = tuple(frame["model"]) if "model" in frame.columns else ()
    return TableView(key, caption, tuple(known), tuple(rows), place, models)


def parameter_table(key: str, caption: str, frame: pd.DataFrame, interval: float) -> TableView:
    """One row a parameter; the two ends of an interval stand in one cell."""
    rows = _rows_with_ranges(frame, "parameter", "mean", ("lower", "upper"), ("person_10", "person_90"))
    return TableView(key, caption, parameter_columns(interval), rows)


def item_table(key: str, caption: str, frame: pd.DataFrame, interval: float) -> TableView:
    """One row an effect of items."""
    rows = _rows_with_ranges(frame, "effect", "sd", ("lower", "upper"), ("item_10", "item_90"))
    return TableView(key, caption, item_columns(interval), rows)


def _rows_with_ranges(
    frame: pd.DataFrame, name: str, middle: str, *ranges: tuple[str, str]
) -> tuple[tuple[Cell, ...], ...]:
    """A name, a number, and ranges whose two ends stand in one cell."""
    rows = []
    for record in frame.to_dict("records"):
        cells = [Cell(str(record[name])), Cell(significant(record[middle]), number=True)]
        cells += [
            Cell(f"{significant(record[low])} to {significant(record[high])}", number=True) for low, high in ranges
        ]
        rows.append(tuple(cells))
    return tuple(rows)


def effect_table(key: str, caption: str, frame: pd.DataFrame, interval: float) -> TableView:
    """One row an effect of a condition; differences are marked where they are clear."""
    columns = effect_columns(interval)
    rows = []
    for record in frame.to_dict("records"):
        clear = record["lower"] > 0 or record["upper"] < 0
        ends = f"{significant(record['lower'])} to {significant(record['upper'])}"
        rows.append(
            (
                Cell(str(record["parameter"])),
                Cell(str(record["effect"])),
                Cell(significant(record["mean"]), number=True, strong=record["kind"] == "difference" and clear),
                Cell(ends, number=True),
                Cell(write_value(record["probability"], Column("", "", decimals=3)), number=True),
            )
        )
    return TableView(key, caption, columns, tuple(rows), 1)


def participant_table(participants: pd.DataFrame, comparison: pd.DataFrame, labels: Mapping[str, str]) -> TableView:
    """One row a participant: the model with the highest elpd, and each model's difference with its error."""
    order = comparison.sort_values("rank")["model"].tolist()
    cells_of = {
        participant: {row["model"]: (float(row["elpd_diff"]), float(row["se"])) for row in rows.to_dict("records")}
        for participant, rows in participants.groupby("participant", sort=False)
    }
    known = bool(participants["se"].notna().any())
    described = "described" if known else "predicted"
    columns = [Column("participant", "Participant"), Column("best", f"Best {described} by")]
    columns += [Column(name, labels[name], decimals=1, signed=True) for name in order[1:]]
    rows = []
    for participant, values in cells_of.items():
        best = max(order, key=lambda name: values[name][0])
        cells = [Cell(str(participant)), Cell(labels[best])]
        for column in columns[2:]:
            value, error = values[column.key]
            text = write_value(value, column)
            if known:
                text += f" ± {write_value(error, Column('', '', decimals=1))}"
            cells.append(Cell(text, number=True, strong=abs(value) > 2 * error))
        rows.append(tuple(cells))
    errors = ", ± one standard error over the participant's lists or trials" if known else ""
    caption = f"elpd minus that of {labels[order[0]]}{errors}, by participant"
    return TableView("participants", caption, tuple(columns), tuple(rows))


def settings_table(content: ReportContent, labels: Mapping[str, str]) -> TableView:
    """One row a setting, one column a model."""
    settings = content.provenance.settings
    keys = list(dict.fromkeys(key for model in settings.values() for key in model))
    columns = (Column("setting", "Setting"), *(Column(name, labels[name]) for name in settings))
    rows = tuple((Cell(str(key)), *(Cell(write_plain(model.get(key))) for model in settings.values())) for key in keys)
    return TableView("settings", "Settings and seeds of every fit", columns, rows)


def write_plain(value: object) -> str:
    """Write a setting or an option as it is; a dash for nothing."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(write_plain(item) for item in value)
    return str(value).replace("-", MINUS) if isinstance(value, Real) else str(value)


def write_count(value: object) -> str:
    """Write a count with commas between thousands; anything else as it is."""
    return f"{value:,}" if isinstance(value, Integral) and not isinstance(value, bool) else write_plain(value)


def _is_number(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values)) and not pd.api.types.is_bool_dtype(values)
