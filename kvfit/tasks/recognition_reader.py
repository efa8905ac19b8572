"""Read recognition data from a file or a data frame, or say everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kvfit.tasks.canonical import canonical
from kvfit.tasks.confidence_column import warn_unused_confidence
from kvfit.tasks.problems import Place, Problem, ProblemLog
from kvfit.tasks.rating_counts import count_columns, expand_counts
from kvfit.tasks.reading_rules import IncompleteParticipants, MissingResponses, RecognitionRules
from kvfit.tasks.recognition import RecognitionData, build_recognition
from kvfit.tasks.recognition_columns import apply_aliases
from kvfit.tasks.recognition_tables import (
    MADE_COLUMNS,
    default_conditions,
    study_rows,
    tested_trials,
    users_columns,
)
from kvfit.tasks.recognition_validation import CheckedTrials, check_trials
from kvfit.tasks.response_scale import Scale
from kvfit.tasks.sources import (
    Columns,
    SourceTable,
    describe_source,
    open_table,
    rename_columns,
    sound_or_error,
    source_stem,
)


def read_recognition(
    source: str | Path | pd.DataFrame,
    *,
    columns: Columns | None = None,
    scale: Scale | None = None,
    old_from: str | int | None = None,
    ordered: bool = True,
    old_values: Sequence[object] | None = None,
    conditions: Sequence[str] | None = None,
    name: str | None = None,
    description: str | None = None,
    list_length: int | None = None,
    missing_responses: MissingResponses = "error",
    incomplete_participants: IncompleteParticipants = "error",
    ignore_case: bool = False,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> RecognitionData:
    """Read recognition data and check them completely.

    The form is found by itself: a table with one row a trial, or a wide table of rating counts. Trials have the
    columns ``subject``, ``old`` (old/new, target/lure, 1/0, ...) and ``response``; if they exist also ``list``,
    ``phase`` (``study``, ``test``, or ``continuous``: every trial is both), ``position`` (order of study or test),
    ``item``, ``rt``, ``remember_know``, ``study_position``, ``lag``, ``list_length``. Tables of counts have
    ``subject``, ``old`` and ``count_1`` ... ``count_K`` (or columns called as the labels of `scale`), one row for
    each participant, condition and old/new; they are expanded to trials without items. All other columns are
    kept as conditions. Common other names (``target``, ``confidence``, ``rt_ms``, ...) are understood where only
    one column can be meant; `source` of the result says so.

    Parameters
    ----------
    source : str, pathlib.Path or pandas.DataFrame
    columns : mapping, optional
        kvfit's names to yours: ``{"response": "confidence", "old": "target"}``. Several of your columns make one
        label: ``{"item": ["word1", "word2"]}`` for pairs, ``{"response": ["answer", "sureness"]}`` for a rating
        given in two steps (labels ``"old/3"``, ordered by ``scale="new/3-1,old/1-3"`` if 3 means surest).
    scale : sequence or str, optional
        All response labels from surest "new" to surest "old": ``["sure new", ..., "sure old"]``, ``range(1, 7)``,
        ``"1-6"``, ``"6-1"`` if 6 means sure new, or ``"new/3-1,old/1-3"`` for ratings in two steps. Yes/no answers
        and remember/know answers (new < guess < know < remember) need none. Counts need none if ``count_1`` is the
        surest "new".
    old_from : str or int, optional
        The first label that means "old"; default the upper half of the scale.
    ordered : bool
        False if the categories are no scale of confidence, as in five-choice associative recognition; name the
        category that means "old" (intact) last, as `old_from`.
    old_values : sequence, optional
        Values of the column ``old`` that mean a studied item, if they are other words: ``["intact"]``. The column
        is then kept as ``probe``.
    conditions : sequence of str, optional
        Columns that describe the design and enter `RecognitionData.fingerprint`; default all that kvfit does not
        know otherwise. The others are kept too.
    name : str, optional
        Short name; default the stem of the file.
    description : str, optional
        Where the data come from, for reports; default the file's name.
    list_length : int, optional
        Number of different items in every study list, if the table does not say it by a column ``list_length`` or by
        study rows. Continuous recognition has none: what a probe meets grows from trial to trial (``items_before``);
        state a typical number if a model is to have one.
    missing_responses : {"error", "drop"}
        Test trials without a response, see `kvfit.tasks.reading_rules.RecognitionRules`.
    incomplete_participants : {"error", "drop", "keep"}
        Participants without a scored old item or without a scored new one.
    ignore_case : bool
        Compare items and responses whatever their case and outer blanks.
    encoding, delimiter : str, optional
        Of a text file; default UTF-8, and the delimiter that the header shows.

    Returns
    -------
    RecognitionData
        `RecognitionData.describe` echoes the scale.

    Raises
    ------
    DataError
        If anything is wrong; it lists every problem with participant, list, row, what was expected and found,
        and what to do. Rows of text files are lines (the header is line 1), rows of data frames count from 0.
    FileNotFoundError
        If there is no such file.

    Warns
    -----
    DataWarning
        If the scale looks reversed, items were tested again in a list, or a confidence column is not used.
    """
    data, log = _examine(
        source,
        columns=columns,
        scale=scale,
        old_from=old_from,
        ordered=ordered,
        old_values=old_values,
        conditions=conditions,
        name=name,
        description=description,
        list_length=list_length,
        missing_responses=missing_responses,
        incomplete_participants=incomplete_participants,
        ignore_case=ignore_case,
        encoding=encoding,
        delimiter=delimiter,
    )
    return sound_or_error(data, log, name, source)


def check_recognition(source: str | Path | pd.DataFrame, **options: Any) -> list[Problem]:
    """Check recognition data without using them.

    Parameters
    ----------
    source : str, pathlib.Path or pandas.DataFrame
    **options
        As for `read_recognition`.

    Returns
    -------
    list of Problem
        Empty if the data are sound; entries with ``severity == "warning"`` do not stop the reading.
    """
    return _examine(source, **options)[1].problems


def _examine(
    source: str | Path | pd.DataFrame,
    *,
    columns: Columns | None = None,
    scale: Scale | None = None,
    old_from: str | int | None = None,
    ordered: bool = True,
    old_values: Sequence[object] | None = None,
    conditions: Sequence[str] | None = None,
    name: str | None = None,
    description: str | None = None,
    list_length: int | None = None,
    missing_responses: MissingResponses = "error",
    incomplete_participants: IncompleteParticipants = "error",
    ignore_case: bool = False,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> tuple[RecognitionData | None, ProblemLog]:
    """Read and check; None and the problems if there are errors."""
    rules = RecognitionRules(missing_responses, incomplete_participants, ignore_case)
    log = ProblemLog()
    opened = open_table(source, log, encoding=encoding, delimiter=delimiter)
    if opened is None:
        return None, log
    opened, said, scale = _named_table(opened, columns or {}, scale, log)
    if opened is None:
        return None, log
    checked = check_trials(
        opened,
        rules,
        log,
        scale=scale,
        old_from=old_from,
        ordered=ordered,
        old_values=old_values,
        list_length=list_length,
    )
    if checked is None or log.errors:
        return None, log
    text = describe_source(source, description)
    if said:
        text += f"; columns: {', '.join(said)}"
    return _build(checked, rules, conditions, name or source_stem(source), text, log), log


def _build(
    checked: CheckedTrials,
    rules: RecognitionRules,
    conditions: Sequence[str] | None,
    name: str,
    source: str,
    log: ProblemLog,
) -> RecognitionData | None:
    """Apply the rules and arrange what is left; None if nothing is."""
    tested, studied = tested_trials(checked), study_rows(checked)
    if rules.incomplete_participants == "drop" and checked.incomplete.any():
        dropped = np.unique(checked.lists.subjects[checked.incomplete].astype(str))
        tested = tested[~tested["subject"].astype(str).isin(dropped)]
        studied = None if studied is None else studied[~studied["subject"].astype(str).isin(dropped)]
        people = f"{len(dropped)} participant{'s' * (len(dropped) > 1)}"
        source += f"; left out: {people} without scored old or new items"
    scored = tested[tested["response"] > 0]
    if scored.empty:
        log.add(
            "nothing_left",
            "No scored trial is left",
            expected="test trials with a response",
            fix="check the column 'response', or choose other rules",
        )
    names = _conditions(conditions, tested, users_columns(checked.source.cells), log)
    if log.errors:
        return None
    unanswered = tested[tested["response"] == 0].reset_index(drop=True)
    return build_recognition(
        scored,
        name,
        source,
        checked.answers.scale,
        conditions=names,
        studied=studied,
        unanswered=unanswered if len(unanswered) else None,
    )


def _named_table(
    opened: SourceTable, columns: Columns, scale: Scale | None, log: ProblemLog
) -> tuple[SourceTable | None, list[str], Scale | None]:
    """Give the columns kvfit's names, and turn counts into trials."""
    table = rename_columns(opened.cells, columns, log)
    table, said = apply_aliases(table)
    table = table.rename(columns={name: f"{name}_given" for name in MADE_COLUMNS if name in table.columns})
    rows = opened.rows
    counted = count_columns(list(table.columns), scale)
    if counted:
        expanded = expand_counts(table, rows, counted, log)
        if expanded is None:
            return None, said, scale
        table, rows = expanded
        scale = list(counted) if scale is None else scale
    elif "response" not in columns and scale is None:
        warn_unused_confidence(table, log)
    return SourceTable(table, rows, opened.text_cells, opened.decimal_comma), said, scale


def _conditions(
    wanted: Sequence[str] | None, trials: pd.DataFrame, users: list[str], log: ProblemLog
) -> tuple[str, ...]:
    if wanted is None:
        return default_conditions(trials, users)
    wanted = [canonical(str(one)) for one in wanted]
    unknown = [one for one in wanted if one not in trials.columns]
    if unknown:
        log.add(
            "unknown_column",
            "conditions= names columns that the trials do not have",
            expected="columns " + ", ".join(repr(str(column)) for column in trials.columns),
            fix="correct the names in conditions=",
            places=[Place(found=repr(one)) for one in unknown],
        )
    return tuple(dict.fromkeys(wanted))
