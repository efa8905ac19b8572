"""Check an event table completely, and say every fault before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kvfit.tasks.event_columns import check_columns
from kvfit.tasks.item_checks import (
    check_empty_participants,
    check_matches,
    check_repeated_items,
    check_similar_participants,
)
from kvfit.tasks.list_rows import ListRows, Matches, arrange_lists, item_keys, match_recalls
from kvfit.tasks.numbers import Decimal
from kvfit.tasks.position_checks import (
    check_labels,
    check_lengths,
    check_output_positions,
    check_outside,
    check_recalls_without_study,
    check_study_positions,
    declared_length,
)
from kvfit.tasks.problems import ProblemLog
from kvfit.tasks.reading_rules import ReadingRules
from kvfit.tasks.series_checks import check_missing_lists, check_similar_values, check_varying_conditions


@dataclass(frozen=True, eq=False)
class CheckedEvents:
    """A table that was checked: its lists and matched responses.

    Attributes
    ----------
    lists : ListRows
    matches : Matches
    item_keys : ndarray of int64, shape (row,)
        Number of each row's item label.
    repeated : ndarray of bool, shape (list,)
        Lists with an item at several study positions.
    empty : ndarray of bool, shape (list,)
        Lists of participants without any response.
    """

    lists: ListRows
    matches: Matches
    item_keys: np.ndarray
    repeated: np.ndarray
    empty: np.ndarray


def check_events(
    table: pd.DataFrame, rows: np.ndarray, log: ProblemLog, rules: ReadingRules, *, decimal: Decimal = None
) -> CheckedEvents | None:
    """Check a long free recall table.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns subject, list, trial_type, position, item and any others, cells of any type.
    rows : ndarray of int64, shape (row,)
        Row numbers in the user's file.
    log : ProblemLog
        Receives every problem.
    rules : ReadingRules
    decimal : {"comma", "point"}, optional
        Decimal mark of the file.

    Returns
    -------
    CheckedEvents or None
        None if required columns or all study or recall rows are missing. Use it only if `log` has no errors.
    """
    columns = check_columns(table, rows, log, decimal)
    if columns is None:
        return None
    lists = arrange_lists(columns)
    trial_types_known = bool((columns.is_study | columns.is_response).all())
    for name, present in (("study", columns.is_study.any()), ("recall", columns.is_response.any())):
        if not present and trial_types_known:
            log.add(
                f"no_{name}_rows",
                f"The table has no {name} rows",
                expected="rows with trial_type 'study' (presented items) and 'recall' (responses)",
                fix=f"add the {name} rows",
                column="trial_type",
            )
    if not len(lists.study) or not len(lists.responses):
        return None
    twice = check_labels(lists, table, log)
    lists.touched[twice] = True
    check_recalls_without_study(lists, log)
    declared = declared_length(lists, table, log, decimal)
    check_outside(lists, declared, log)
    check_study_positions(lists, twice, log)
    check_lengths(lists, declared, log)
    check_output_positions(lists, twice, log)
    keys = item_keys(columns.item, ignore_case=rules.ignore_case)
    repeated = check_repeated_items(lists, keys, twice, rules, log)
    empty = check_empty_participants(lists, rules, log)
    matches = match_recalls(lists, keys)
    check_matches(lists, matches, rules, log)
    check_similar_participants(lists, log)
    check_varying_conditions(lists, table, log)
    check_similar_values(lists, table, log)
    check_missing_lists(lists, log)
    return CheckedEvents(lists, matches, keys, repeated, empty)
