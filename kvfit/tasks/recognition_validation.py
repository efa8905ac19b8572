"""Check a recognition table completely, and say every fault before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kvfit.tasks.item_checks import check_similar_participants
from kvfit.tasks.list_rows import ListRows, arrange_lists, item_keys
from kvfit.tasks.problems import ProblemLog
from kvfit.tasks.reading_rules import RecognitionRules
from kvfit.tasks.recognition_answers import TrialAnswers, check_answers
from kvfit.tasks.recognition_checks import (
    check_both_kinds,
    check_direction,
    check_positions,
    check_repeated_tests,
    check_sessions,
    check_studied,
)
from kvfit.tasks.recognition_columns import TrialRows, check_rows
from kvfit.tasks.recognition_design import design_columns, find_presentations
from kvfit.tasks.response_scale import Scale
from kvfit.tasks.series_checks import check_missing_lists, check_similar_values
from kvfit.tasks.sources import SourceTable
from kvfit.tasks.stated_length import check_stated_length


@dataclass(frozen=True, eq=False)
class CheckedTrials:
    """A recognition table that was checked.

    Attributes
    ----------
    source : SourceTable
        Under kvfit's column names.
    lists : ListRows
    trials : TrialRows
    answers : TrialAnswers
    design : dict of str to ndarray of float, shape (trial,)
        From `kvfit.tasks.recognition_design.design_columns`.
    incomplete : ndarray of bool, shape (list,)
        Lists of participants without a scored old or new item.
    named_probes : bool
        The column ``old`` has words of its own, to be kept as ``probe``.
    """

    source: SourceTable
    lists: ListRows
    trials: TrialRows
    answers: TrialAnswers
    design: dict[str, np.ndarray]
    incomplete: np.ndarray
    named_probes: bool


def check_trials(
    source: SourceTable,
    rules: RecognitionRules,
    log: ProblemLog,
    *,
    scale: Scale | None = None,
    old_from: str | int | None = None,
    ordered: bool = True,
    old_values: Sequence[object] | None = None,
    list_length: int | None = None,
) -> CheckedTrials | None:
    """Check a table with one row a trial (and a study presentation).

    Parameters
    ----------
    source : SourceTable
        Under kvfit's column names.
    rules : RecognitionRules
    log : ProblemLog
        Receives every problem.
    scale, old_from, ordered, old_values, list_length
        As in `kvfit.tasks.recognition_reader.read_recognition`.

    Returns
    -------
    CheckedTrials or None
        None if required columns are missing. Use it only if `log` has no errors.
    """
    trials = check_rows(source.cells, source.rows, log, source.decimal)
    if trials is None:
        return None
    answers = check_answers(
        source.cells,
        trials,
        rules,
        log,
        scale=scale,
        old_from=old_from,
        ordered=ordered,
        old_values=old_values,
        decimal=source.decimal,
    )
    check_stated_length(source.cells, source.rows, list_length, log, source.decimal)
    usable = trials.columns.usable
    np.logical_and(usable, trials.columns.is_study | answers.sound, out=usable)
    lists = arrange_lists(trials.columns)
    keys = item_keys(trials.columns.item, ignore_case=rules.ignore_case)
    check_positions(lists, trials, log)
    check_sessions(lists, source.cells, log)
    check_studied(lists, trials, answers, keys, log)
    check_repeated_tests(lists, trials, keys, log)
    incomplete = check_both_kinds(lists, answers, rules, log)
    check_similar_participants(lists, log)
    check_missing_lists(lists, log)
    check_similar_values(lists, source.cells, log)
    check_direction(lists, answers, log)
    shown = find_presentations(lists, trials, keys)
    design = design_columns(lists, trials, answers, shown, list_length, log)
    return CheckedTrials(source, lists, trials, answers, design, incomplete, old_values is not None)
