"""Check the columns of a recognition table one by one: what every row must hold, whatever its list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kvfit.tasks.canonical import canonical
from kvfit.tasks.event_columns import EventColumns, report_missing_columns
from kvfit.tasks.labels import as_integers, as_text
from kvfit.tasks.numbers import Decimal
from kvfit.tasks.problems import PLACES_SHOWN, ProblemLog

#: Names under which a column is taken without being told, if it is the only candidate and ours is absent.
ALIASES = {
    "subject": ("participant", "participant_id", "subject_id", "subj", "sub"),
    "list": ("block", "cycle", "study_test_cycle"),
    "phase": ("trial_type", "event_type"),
    "position": ("test_position", "trial", "trial_number"),
    "item": ("word", "stimulus", "picture"),
    "old": ("target", "is_old", "is_target", "studied", "old_new", "item_type"),
    "response": ("rating", "confidence", "judgment", "judgement"),
    "rt": ("rt_ms", "response_time", "reaction_time"),
    "lag": ("study_test_lag", "lag_trials"),
    "study_position": ("study_pos", "input_position"),
    "remember_know": ("rk",),
}

REQUIRED = ("subject", "old", "response")

PHASES = ("study", "test", "continuous")

_LABELS = ("subject", "list", "phase", "position", "item")

#: What optional columns are, for advice about columns of the same name that are something else.
_MEANINGS = {
    "list": "the list of a trial",
    "phase": "about study and test",
    "position": "an order of study and test",
    "item": "the item of a trial",
}

#: Columns that kvfit understands; all others are the user's.
KNOWN = (*_LABELS, "old", "response", "rt", "remember_know")


@dataclass(frozen=True, eq=False)
class TrialRows:
    """Labels, phases and positions of a recognition table.

    Attributes
    ----------
    columns : EventColumns
        Study rows and test trials (``is_response``); trials of continuous recognition are test trials.
        Positions that the table does not give are 0.
    continuous : bool
        Every trial is study and test at once.
    has_items : bool
    test_positions, study_positions : bool
        The table gives them.
    """

    columns: EventColumns
    continuous: bool
    has_items: bool
    test_positions: bool
    study_positions: bool


def plain_name(column: str) -> str:
    """Write a column's name as `ALIASES` does: ``Old New`` and ``old-new`` are ``old_new``."""
    return canonical(column).strip().lower().replace(" ", "_").replace("-", "_")


def apply_aliases(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Take columns under the names that other labs use for ours.

    Parameters
    ----------
    table : pandas.DataFrame
        After `columns=` was applied.

    Returns
    -------
    table : pandas.DataFrame
    said : list of str
        What was taken, e.g. ``"old = target"``.
    """
    lowered: dict[str, list[str]] = {}
    for column in map(str, table.columns):
        lowered.setdefault(plain_name(column), []).append(column)
    renamed: dict[str, str] = {}
    for ours, theirs in ALIASES.items():
        if ours in table.columns:
            continue
        candidates = [column for name in (ours, *theirs) for column in lowered.get(name, ())]
        if len(candidates) == 1 and not (ours == "phase" and _tells_no_phase(table[candidates[0]])):
            renamed[candidates[0]] = ours
    return table.rename(columns=renamed), [f"{ours} = {theirs}" for theirs, ours in renamed.items()]


def _tells_no_phase(values: pd.Series) -> bool:
    """Whether a column has one word in all rows that is no phase: jsPsych's trial_type holds the name of a plugin."""
    text, _ = as_text(values)
    words = {str(one).lower() for one in pd.unique(text)}
    return len(words) == 1 and not words & set(PHASES)


def check_rows(table: pd.DataFrame, rows: np.ndarray, log: ProblemLog, decimal: Decimal = None) -> TrialRows | None:
    """Check names, participants, lists, phases, positions and items.

    Parameters
    ----------
    table : pandas.DataFrame
        Under kvfit's column names, cells of any type. ``list``, ``phase``, ``position`` and ``item`` may be
        absent: then all trials of a participant are one list, all rows are test trials, and order and items
        are unknown.
    rows : ndarray of int64, shape (row,)
        Row numbers in the user's file.
    log : ProblemLog
    decimal : {"comma", "point"}, optional
        Decimal mark of the file.

    Returns
    -------
    TrialRows or None
        None if a required column is missing.
    """
    present = [str(column) for column in table.columns]
    lacking = [name for name in REQUIRED if name not in present]
    report_missing_columns(lacking, present, log, synonyms=ALIASES)
    n_rows = len(table)
    text = {name: np.full(n_rows, "1" if name == "list" else "", dtype=object) for name in _LABELS}
    missing = {name: np.zeros(n_rows, dtype=bool) for name in text}
    for name in text:
        if name in present:
            text[name], missing[name] = as_text(table[name], words=name == "item")
    phase = np.array([str(one).lower() for one in text["phase"]], dtype=object)
    if "phase" not in present:
        phase[:] = "test"
    is_study, is_continuous = phase == "study", phase == "continuous"
    is_test = (phase == "test") | is_continuous
    position, not_whole = as_integers(text["position"], decimal)
    given = {name: bool((~missing["position"] & of).any()) for name, of in (("study", is_study), ("test", is_test))}
    if "position" not in present:
        given = dict.fromkeys(given, False)
    needed = (is_study & given["study"]) | (is_test & given["test"])
    bad_position = needed & ~missing["position"] & (not_whole | (position < 1))
    no_position = needed & missing["position"]
    columns = EventColumns(
        rows=rows,
        subject=text["subject"],
        label=text["list"],
        item=text["item"],
        item_missing=missing["item"] if "item" in present else np.ones(n_rows, dtype=bool),
        is_study=is_study,
        is_response=is_test,
        position=np.where(needed, position, 0),
        keyed=~missing["subject"] & ~missing["list"],
        usable=np.zeros(n_rows, dtype=bool),
    )
    _report_missing(columns, {**missing, "position": no_position}, present, log)
    _report_phases(columns, phase, missing["phase"], log)
    _report_positions(columns, text["position"], bad_position, log)
    continuous = bool(is_continuous.any())
    if continuous:
        _report_continuous(columns, is_continuous, present, log)
    if lacking:
        return None
    columns.usable[:] = columns.keyed & (is_study | is_test) & ~bad_position & ~no_position
    return TrialRows(columns, continuous, "item" in present, given["test"], given["study"])


def _report_missing(
    columns: EventColumns, missing: dict[str, np.ndarray], present: Sequence[str], log: ProblemLog
) -> None:
    for name, bad in missing.items():
        at = np.flatnonzero(bad)
        if name in present and len(at):
            log.add(
                "missing_value",
                f"Rows without a value for '{name}'",
                expected="a value in every row, or no such column" if name not in REQUIRED else "a value in every row",
                fix="fill the cells or remove the rows"
                + ("" if name in REQUIRED else log.or_ignore(name, _MEANINGS[name])),
                column=name,
                places=columns.places(at, ["nothing"] * len(at)),
                n_places=len(at),
            )


def _report_phases(columns: EventColumns, phase: np.ndarray, missing: np.ndarray, log: ProblemLog) -> None:
    at = np.flatnonzero(~missing & ~columns.is_study & ~columns.is_response)
    if len(at):
        log.add(
            "phase",
            f"Rows are of no phase that kvfit knows ({', '.join(map(repr, sorted(set(phase[at]))[:5]))})",
            expected="'study', 'test', or 'continuous' (every trial is study and test)",
            fix="rename these values, and remove rows of other events (practice, distractors)"
            + log.or_ignore("phase", "about study and test"),
            column="phase",
            places=columns.places(at, [repr(phase[row]) for row in at[:PLACES_SHOWN]]),
            n_places=len(at),
        )
    if not columns.is_response.any() and not len(at):
        log.add(
            "no_test_rows",
            "The table has no test trials",
            expected="rows with phase 'test' (or 'continuous')",
            fix="add the test trials",
            column="phase",
        )


def _report_positions(columns: EventColumns, text: np.ndarray, bad: np.ndarray, log: ProblemLog) -> None:
    at = np.flatnonzero(bad)
    if len(at):
        log.add(
            "position_not_whole",
            "Positions are no whole numbers from 1",
            expected="1, 2, 3, ...: order of study in study rows, order of test in test rows",
            fix="correct the cells; pass first_position=0 if positions were counted from 0"
            + log.or_ignore("position", "an order of study and test"),
            column="position",
            places=columns.places(at, [repr(text[row]) for row in at[:PLACES_SHOWN]]),
            n_places=len(at),
        )


def _report_continuous(
    columns: EventColumns, is_continuous: np.ndarray, present: Sequence[str], log: ProblemLog
) -> None:
    other = np.flatnonzero((columns.is_study | columns.is_response) & ~is_continuous)
    if len(other):
        log.add(
            "phase",
            "Trials of continuous recognition are mixed with study or test rows",
            expected="'continuous' in every row, or in none",
            fix="read the two parts from two tables",
            column="phase",
            places=columns.places(other, ["phase " + ("study" if columns.is_study[row] else "test") for row in other]),
            n_places=len(other),
        )
    absent = [name for name in ("position", "item") if name not in present]
    if absent:
        log.add(
            "missing_column",
            f"Continuous recognition needs the column{'s' * (len(absent) > 1)} {' and '.join(map(repr, absent))}",
            expected="items and their order: a trial is old if its item came before",
            fix="add the column, or name it in columns=",
        )
