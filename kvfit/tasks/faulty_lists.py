"""Leave lists with faults out, and count them, where the user asks for it; else say how many it would be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from kvfit.tasks.labels import as_text
from kvfit.tasks.left_out import LeftOut, of_all
from kvfit.tasks.problems import Problem, ProblemLog
from kvfit.tasks.reading_rules import ReadingRules

#: Above this share of faulty lists the file, not some lists, is at fault, and no advice to leave them out is given.
_MOST_FAULTY = 0.5


def checked_by_list[Found](
    check: Callable[[pd.DataFrame, np.ndarray, ProblemLog], Found],
    table: pd.DataFrame,
    rows: np.ndarray,
    rules: ReadingRules,
    log: ProblemLog,
) -> tuple[Found | None, pd.DataFrame, int]:
    """Check a table; with ``faulty_lists="drop"`` check again without the lists that have faults.

    Parameters
    ----------
    check : callable
        Checks a table with the row numbers of the user's file, and writes problems into the log it gets.
    table : pandas.DataFrame
        With the columns ``subject`` and ``list``.
    rows : ndarray of int64, shape (row,)
    rules : ReadingRules
    log : ProblemLog
        Receives faults of lists that are left out as warnings, all others as errors.

    Returns
    -------
    found : what `check` returned, or None if no list is left
    table : pandas.DataFrame
        Without the lists that were left out.
    n_faulty : int
        Number of lists with faults, whether they were left out or not.
    """
    n_faulty = 0
    while True:
        trial = ProblemLog(log.row_unit)
        found = check(table, rows, trial)
        of_row = _list_of_row(table) if trial.errors else np.array([], dtype=np.int64)
        faulty = _faulty(trial.errors, of_row)
        n_faulty += len(faulty)
        if rules.faulty_lists != "drop" or not len(faulty):
            log.problems += [
                one if one.severity == "warning" or _of_lists(one, of_row) else replace(one, rows=None)
                for one in trial.problems
                if not (n_faulty and rules.faulty_lists == "drop" and one.code == "missing_list")
            ]
            return found, table, n_faulty
        # Warnings come again when the rest is checked; faults that belong to no list remain and come again, too. What
        # a person's series lacks is seen before lists are left out.
        log.problems += [one for one in trial.warnings if one.code == "missing_list" and n_faulty == len(faulty)]
        log.problems += [as_warning(one) for one in trial.errors if _of_lists(one, of_row)]
        keep = ~np.isin(of_row, faulty)
        table, rows = table[keep].reset_index(drop=True), rows[keep]
        if table.empty:
            return None, table, n_faulty


def as_warning(problem: Problem) -> Problem:
    """The same problem, in lists that are left out."""
    return replace(problem, severity="warning", fix=f"these lists are left out; to have them, {problem.fix}")


def left_out_lists(n_faulty: int, n_lists: int) -> LeftOut:
    """Count lists that are left out because of faults."""
    return LeftOut(f"{of_all(n_faulty, n_lists, 'list')}, in which faults were found", n_faulty)


def advice(problems: Sequence[Problem], n_faulty: int, n_lists: int) -> str:
    """Say that the faulty lists could be left out; empty if that would not help, or would leave little.

    Parameters
    ----------
    problems : sequence of Problem
        All of the file.
    n_faulty, n_lists : int

    Returns
    -------
    str
    """
    errors = [one for one in problems if one.severity == "error"]
    if not errors or any(one.rows is None for one in errors) or not 0 < n_faulty <= _MOST_FAULTY * n_lists:
        return ""
    return (
        f"All of this concerns {of_all(n_faulty, n_lists, 'list')}: faulty_lists='drop' leaves"
        f" {'that list' if n_faulty == 1 else 'those lists'} out and says so wherever the data are described."
    )


def count_lists(table: pd.DataFrame) -> int:
    """Number of lists that have a participant and a label."""
    return len(np.setdiff1d(_list_of_row(table), [-1]))


def _list_of_row(table: pd.DataFrame) -> np.ndarray:
    """Number of each row's list, -1 where participant or list is not given, ``(row,)``."""
    if not {"subject", "list"} <= set(table.columns):
        return np.full(len(table), -1)
    (subject, no_subject), (label, no_label) = as_text(table["subject"]), as_text(table["list"])
    people, (labels, names) = pd.factorize(subject)[0], pd.factorize(label)
    return np.where(no_subject | no_label, -1, people * max(len(names), 1) + labels)


def _of_lists(problem: Problem, of_row: np.ndarray) -> bool:
    """Whether a fault lies in lists that are known."""
    return problem.rows is not None and bool((of_row[problem.rows] >= 0).all())


def _faulty(errors: Sequence[Problem], of_row: np.ndarray) -> np.ndarray:
    """Numbers of the lists in which faults lie."""
    rows = [one.rows for one in errors if one.rows is not None and _of_lists(one, of_row)]
    return np.unique(of_row[np.concatenate(rows)]) if rows else np.array([], dtype=np.int64)
