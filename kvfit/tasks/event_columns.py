"""Check the columns of an event table one by one: what every row must hold, whatever its list."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from kvfit.tasks.labels import as_integers, as_text
from kvfit.tasks.numbers import Decimal
from kvfit.tasks.problems import PLACES_SHOWN, Place, ProblemLog

REQUIRED = ("subject", "list", "trial_type", "position", "item")

#: What other labs call our columns; only used to suggest a `columns=` argument.
SYNONYMS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "subject": ("participant", "participant_id", "subj", "subject_id", "sub", "id", "worker_id", "ppt"),
        "list": ("trial", "list_number", "list_id", "listnum", "block"),
        "trial_type": ("type", "phase", "event", "event_type"),
        "position": ("serialpos", "serial_position", "pos", "order", "output_position"),
        "item": ("word", "stimulus", "item_name", "response", "item_id"),
        "list_length": ("listlength", "ll", "length", "n_items", "set_size"),
    }
)


@dataclass(frozen=True, eq=False)
class EventColumns:
    """The required columns as text and numbers, and which rows can be used.

    Attributes
    ----------
    rows : ndarray of int64, shape (row,)
        Row number in the user's file.
    subject, label, item : ndarray of object (str), shape (row,)
        Participant, list label and item.
    item_missing : ndarray of bool, shape (row,)
    is_study, is_response : ndarray of bool, shape (row,)
        Rows of studied items, and of responses (recalls; test trials of recognition).
    position : ndarray of int64, shape (row,)
    keyed : ndarray of bool, shape (row,)
        Participant and list are given.
    usable : ndarray of bool, shape (row,)
        All required columns but the item hold something valid.
    """

    rows: np.ndarray
    subject: np.ndarray
    label: np.ndarray
    item: np.ndarray
    item_missing: np.ndarray
    is_study: np.ndarray
    is_response: np.ndarray
    position: np.ndarray
    keyed: np.ndarray
    usable: np.ndarray

    def places(self, at: np.ndarray, found: Iterable[object] | None = None) -> list[Place]:
        """Name rows of the table for a problem, no more than a problem shows."""
        shown = at[:PLACES_SHOWN]
        said = [""] * len(shown) if found is None else [str(one) for one, _ in zip(found, shown, strict=False)]
        return [
            Place(
                participant=self.subject[row] or None,
                list=self.label[row] or None,
                row=int(self.rows[row]),
                found=text,
            )
            for row, text in zip(shown, said, strict=True)
        ]


def check_columns(
    table: pd.DataFrame, rows: np.ndarray, log: ProblemLog, decimal: Decimal = None
) -> EventColumns | None:
    """Check names, missing values, trial types and whole numbers.

    Parameters
    ----------
    table : pandas.DataFrame
        Long table under kvfit's column names, cells of any type.
    rows : ndarray of int64, shape (row,)
        Row numbers in the user's file.
    log : ProblemLog
    decimal : {"comma", "point"}, optional
        Decimal mark of the file.

    Returns
    -------
    EventColumns or None
        None if a required column is missing; the columns that are there were checked nevertheless.
    """
    missing_names = [name for name in REQUIRED if name not in table.columns]
    report_missing_columns(missing_names, list(table.columns), log)
    n_rows = len(table)
    text = {name: np.full(n_rows, "", dtype=object) for name in REQUIRED}
    missing = {name: np.zeros(n_rows, dtype=bool) for name in REQUIRED}
    for name in REQUIRED:
        if name in table.columns:
            text[name], missing[name] = as_text(table[name], words=name == "item")
    position, not_whole = as_integers(text["position"], decimal)
    # Study, STUDY and study are one word.
    kind = pd.Series(text["trial_type"], dtype=object).str.casefold().to_numpy()
    columns = EventColumns(
        rows=rows,
        subject=text["subject"],
        label=text["list"],
        item=text["item"],
        item_missing=missing["item"],
        is_study=kind == "study",
        is_response=kind == "recall",
        position=position,
        keyed=~missing["subject"] & ~missing["list"],
        usable=np.zeros(n_rows, dtype=bool),
    )
    _report_missing_values(columns, missing, log)
    if "trial_type" in table.columns:
        _report_trial_types(columns, text["trial_type"], missing["trial_type"], log)
    if "position" in table.columns:
        _report_positions(columns, text["position"], not_whole & ~missing["position"], log)
    if missing_names:
        return None
    columns.usable[:] = columns.keyed & (columns.is_study | columns.is_response) & ~not_whole
    return columns


def report_missing_columns(
    names: Sequence[str],
    present: Sequence[str],
    log: ProblemLog,
    *,
    synonyms: Mapping[str, Sequence[str]] = SYNONYMS,
) -> None:
    """Report columns that a file lacks, each with the column that may be meant.

    Parameters
    ----------
    names, present : sequence of str
        Columns that are missing, and those of the file.
    log : ProblemLog
    synonyms : mapping, optional
        What other labs call the columns of the task; default those of free recall.
    """
    for name in names:
        like = similar_column(name, present, synonyms)
        hint = f"pass columns={{'{name}': '{like}'}} if that is the column" if like else ""
        log.add(
            "missing_column",
            f"There is no column '{name}'",
            expected=f"a column '{name}', or columns={{'{name}': 'its name in the file'}}",
            fix=hint or f"add the column, or pass columns={{'{name}': ...}}",
            places=[Place(found="columns " + ", ".join(repr(str(column)) for column in present))],
        )


def similar_column(name: str, present: Sequence[str], synonyms: Mapping[str, Sequence[str]]) -> str | None:
    """Find the column of a file that probably means `name`."""
    lowered = {str(column).strip().lower().replace(" ", "_"): str(column) for column in present}
    taken = {column for column in lowered if column in synonyms and column != name}
    for candidate in (name, *synonyms.get(name, ())):
        if candidate in lowered and candidate not in taken:
            return lowered[candidate]
    close = difflib.get_close_matches(name, [column for column in lowered if column not in taken], n=1, cutoff=0.75)
    return lowered[close[0]] if close else None


def _report_missing_values(columns: EventColumns, missing: dict[str, np.ndarray], log: ProblemLog) -> None:
    for name, bad in missing.items():
        at = np.flatnonzero(bad)
        if not len(at):
            continue
        fix = "fill the cells or remove the rows"
        if name == "item":
            fix = (
                "fill the cells; label an unidentified response, e.g. X1. Words such as NULL or NA become"
                " empty in pandas.read_csv unless keep_default_na=False"
            )
        log.add(
            "missing_value",
            f"Rows without a value for '{name}'",
            expected="a value in every row",
            fix=fix,
            column=name,
            places=columns.places(at, ["nothing"] * len(at)),
            n_places=len(at),
            rows=at,
        )


def _report_trial_types(columns: EventColumns, text: np.ndarray, missing: np.ndarray, log: ProblemLog) -> None:
    at = np.flatnonzero(~missing & ~columns.is_study & ~columns.is_response)
    if not len(at):
        return
    values = sorted(set(text[at]))
    log.add(
        "trial_type",
        f"Rows are neither study nor recall ({_some(values)})",
        expected="'study' for a presented item, 'recall' for a response",
        fix="rename these values, and remove rows of other events (distractors, recognition, final recall)",
        column="trial_type",
        places=columns.places(at, [repr(text[row]) for row in at[:PLACES_SHOWN]]),
        n_places=len(at),
        rows=at,
    )


def _report_positions(columns: EventColumns, text: np.ndarray, bad: np.ndarray, log: ProblemLog) -> None:
    at = np.flatnonzero(bad)
    if not len(at):
        return
    log.add(
        "position_not_whole",
        "Positions are not whole numbers",
        expected="1, 2, 3, ...: study position of a studied item, output position of a response",
        fix="correct the cells",
        column="position",
        places=columns.places(at, [repr(text[row]) for row in at[:PLACES_SHOWN]]),
        n_places=len(at),
        rows=at,
    )


def _some(values: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(repr(value) for value in values[:most])
    return shown if len(values) <= most else f"{shown} and {len(values) - most} more"
