"""Further sections of a report: an analysis' own answers, tables and pictures, beside those that every report has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from kvfit.reports.columns import Column
from kvfit.reports.figures.svg import inline_svg
from kvfit.reports.tables import frame_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Sections that a page has anyway.
TAKEN = frozenset(
    (
        "verdict",
        "data",
        "models",
        "comparison",
        "participants",
        "curves",
        "parameters",
        "effects",
        "identifiability",
        "diagnostics",
        "methods",
        "limits",
        "reproduce",
        "references",
        "contents",
    )
)


@dataclass(frozen=True, eq=False)
class SectionTable:
    """A table of a section.

    Parameters
    ----------
    caption : str
    frame : pandas.DataFrame
        Its first column names the rows.
    columns : tuple of Column
        Headings and meanings of columns, in order; others follow under their own names.
    """

    caption: str
    frame: pd.DataFrame
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, eq=False)
class SectionFigure:
    """A drawing of a section.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    title, text : str
        For screen readers: what it is, and what it shows, in words.
    caption : str
    """

    figure: Figure
    title: str
    text: str
    caption: str = ""


@dataclass(frozen=True, eq=False)
class Section:
    """A section, placed between the verdict and the data.

    Parameters
    ----------
    key : str
        Letters, digits and hyphens; unique on the page.
    title : str
    paragraphs : tuple of str
    findings : tuple of (str, str)
        Each a headline in bold and what stands behind it.
    tables : tuple of SectionTable
    figures : tuple of SectionFigure
    """

    key: str
    title: str
    paragraphs: tuple[str, ...] = ()
    findings: tuple[tuple[str, str], ...] = ()
    tables: tuple[SectionTable, ...] = ()
    figures: tuple[SectionFigure, ...] = ()


def own_section(section: Section) -> dict[str, object]:
    """Tables and drawings as the page's template takes them."""
    tables = [
        frame_table(
            f"{section.key}-table-{i}", table.caption, table.frame.rename(columns={"model": "name"}),
            tuple(_unmodelled(column) for column in table.columns), header=_first(table.frame),
        )
        for i, table in enumerate(section.tables)
    ]  # fmt: skip
    drawings = [
        {"svg": inline_svg(one.figure, f"{section.key}-figure-{i}", one.title, one.text), "caption": one.caption}
        for i, one in enumerate(section.figures)
    ]
    return {"section": section, "tables": tables, "drawings": drawings}


def section_problems(sections: Sequence[Section]) -> Iterator[str]:
    """What keeps sections from standing on a page."""
    keys = [section.key for section in sections]
    for key in dict.fromkeys(keys):
        if not key or not key.replace("-", "").isalnum() or not key.isascii():
            yield f"sections: expected a key of letters, digits and hyphens, found {key!r}"
        if key in TAKEN or keys.count(key) > 1:
            yield f"sections: the key {key!r} is taken; give every section its own"
    for section in sections:
        for table in section.tables:
            if not len(table.frame.columns):
                yield f"sections: {section.key}: the table {table.caption!r} has no columns"


def _first(frame: pd.DataFrame) -> str:
    first = str(frame.columns[0])
    return "name" if first == "model" else first


def _unmodelled(column: Column) -> Column:
    """Swatches of colour belong to the models of the page; a section's table may name others."""
    return (
        Column("name", column.label, column.meaning, column.decimals, column.signed)
        if column.key == "model"
        else column
    )
