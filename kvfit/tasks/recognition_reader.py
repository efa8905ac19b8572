"""Read recognition data from a file or a data frame, or say everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kvfit.tasks.canonical import canonical
from kvfit.tasks.confidence_column import warn_unused_confidence
from kvfit.tasks.count_columns import find_counts, labels_of, weight_column
from kvfit.tasks.extra_columns import check_extras
from kvfit.tasks.problems import Place, Problem, ProblemLog
from kvfit.tasks.rating_counts import expand_counts, expand_weights
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
    count_from_one,
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
    ignore_columns: Sequence[str] | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    first_position: int = 1,
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
    ignore_columns : sequence of str, optional
        Columns that are not read, because their name means something else than to kvfit: ``["trial_type"]`` of jsPsych.
    encoding, delimiter : str, optional
        Of a text file; default UTF-8 or what its byte order mark says, and the delimiter that the header shows (a
        character, or ``"tab"``, ``"blank"``).
    decimal : {"comma", "point"}, optional
        Decimal mark; needed only where numbers such as ``1,204`` leave it open.
    first_position : {0, 1}
        What the table calls the first position of study and test.

    Returns
    -------
    RecognitionData
        `RecognitionData.describe` echoes the scale.

    Raises
    ------
    DataError
        If anything is wrong; it lists every problem with participant, list, row, what was expected and found,
        and what to do. Rows of text files are lines of the file, rows of data frames count from 0.
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
        ignore_columns=ignore_columns,
        encoding=encoding,
        delimiter=delimiter,
        decimal=decimal,
        first_position=first_position,
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
    ignore_columns: Sequence[str] | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    first_position: int = 1,
) -> tuple[RecognitionData | None, ProblemLog]:
    """Read and check; None and the problems if there are errors."""
    rules = RecognitionRules(missing_responses, incomplete_participants, ignore_case)
    log = ProblemLog()
    opened = open_table(
        source, log, encoding=encoding, delimiter=delimiter, decimal=decimal, ignore_columns=ignore_columns
    )
    if opened is None:
        return None, log
    opened, said, scale = _named_table(opened, columns or {}, scale, first_position, log)
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
    extras = users_columns(opened.cells)
    check_extras(opened.cells[extras], log, text_cells=opened.text_cells, decimal=opened.decimal)
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
    opened: SourceTable, columns: Columns, scale: Scale | None, first_position: int, log: ProblemLog
) -> tuple[SourceTable | None, list[str], Scale | None]:
    """Give the columns kvfit's names, and turn counts into trials."""
    table = rename_columns(opened.cells, columns, log)
    table, said = apply_aliases(table)
    log.names.update((ours, theirs) for ours, theirs in columns.items() if isinstance(theirs, str))
    log.names.update({ours: theirs for ours, _, theirs in (one.partition(" = ") for one in said)})
    table = table.rename(columns={name: f"{name}_given" for name in MADE_COLUMNS if name in table.columns})
    table = count_from_one(table, ("position", "study_position"), first_position, opened.decimal)
    trials, rows, scale = _as_trials(
        SourceTable(table, opened.rows, opened.text_cells, opened.decimal), said, scale, log
    )
    if trials is None:
        return None, said, scale
    if "response" not in columns and scale is None:
        warn_unused_confidence(trials, log)
    return SourceTable(trials, rows, opened.text_cells, opened.decimal), said, scale


def _as_trials(
    opened: SourceTable, said: list[str], scale: Scale | None, log: ProblemLog
) -> tuple[pd.DataFrame | None, np.ndarray, Scale | None]:
    """Turn a table of counts into trials; others are returned as they are."""
    table, rows, names = opened.cells, opened.rows, list(opened.cells.columns)
    counted = find_counts(names, scale)
    if counted:
        expanded = expand_counts(table, rows, counted, log, scale=scale, decimal=opened.decimal)
        return (None, rows, scale) if expanded is None else (*expanded, labels_of(counted, scale))
    weight = weight_column(names)
    expanded = None if weight is None else expand_weights(table, rows, weight, log, opened.decimal)
    if expanded is None:
        return table, rows, scale
    said.append(f"trials of each row = {weight}")
    return (*expanded, scale)


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
