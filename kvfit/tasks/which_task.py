"""Tell from a table's columns whether it holds free recall or recognition, or say what was looked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from kvfit.tasks.count_columns import find_counts
from kvfit.tasks.event_columns import REQUIRED as RECALL_COLUMNS
from kvfit.tasks.event_columns import SYNONYMS
from kvfit.tasks.labels import as_text
from kvfit.tasks.problems import DataError, Place, ProblemLog
from kvfit.tasks.readers import PENN_SUFFIXES
from kvfit.tasks.recognition_columns import ALIASES, apply_aliases, plain_name
from kvfit.tasks.response_scale import Scale
from kvfit.tasks.scored_tables import is_scored
from kvfit.tasks.sources import Columns, open_table, rename_columns, source_label
from kvfit.tasks.wide import is_wide

_EVENTS = ("trial_type", *SYNONYMS["trial_type"])


def find_task(
    source: str | Path | pd.DataFrame,
    *,
    columns: Columns | None = None,
    scale: Scale | None = None,
    ignore_columns: Sequence[str] | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> str:
    """Tell the task of a file or a data frame by its columns.

    Free recall has a column ``trial_type`` (or the like) with ``recall`` rows, columns ``recall_1``, ..., or is a Penn
    matrix. Recognition has a column that can be ``old`` and one that can be ``response``, or counts of ratings. Where both
    fit, the words in ``trial_type`` decide.

    Parameters
    ----------
    source : str, pathlib.Path or pandas.DataFrame
    columns : mapping, optional
        kvfit's names to yours, as for the readers.
    scale : sequence or str, optional
        As for `kvfit.tasks.recognition_reader.read_recognition`; columns of counts may be called as its labels.
    ignore_columns, encoding, delimiter
        As for the readers.

    Returns
    -------
    {"free_recall", "recognition"}
        Whose reader then lists all that is wrong.

    Raises
    ------
    DataError
        If the file cannot be opened, or neither task or both fit.
    FileNotFoundError
    """
    if not isinstance(source, pd.DataFrame) and Path(source).suffix.lower() in PENN_SUFFIXES:
        return "free_recall"
    log = ProblemLog()
    opened = open_table(source, log, ignore_columns=ignore_columns, encoding=encoding, delimiter=delimiter)
    if opened is None:
        raise DataError(source_label(source), log.problems)
    table = rename_columns(opened.cells, columns or {}, log)
    names = [str(name) for name in table.columns]
    events = _events(table)
    old, response = (_candidates(names, ours) for ours in ("old", "response"))
    renamed, _ = apply_aliases(table)
    found = find_counts([str(name) for name in renamed.columns], scale)
    counts = [one.name for one in found]
    of_status = any(one.old is not None for one in found)
    tested = bool(events & {"test", "continuous"})
    recall = is_wide(names) or is_scored(names) or "recall" in events or ("trial_type" in names and not tested)
    recognition = bool(old and (response or counts)) or of_status
    if recall and recognition and not (is_wide(names) or is_scored(names)) and not (tested and "recall" in events):
        return "free_recall" if "recall" in events else "recognition"
    if recall != recognition:
        return "free_recall" if recall else "recognition"
    said = [f"columns {_named(names)}"]
    if recall:
        said.append("columns of both")
    elif old or response or counts:
        there = [*old, *response, *counts]
        said.append(f"of recognition there is {_named(there)}, but nothing for '{'response' if old else 'old'}'")
    log.add(
        "task",
        "The columns do not tell whether this is free recall or recognition",
        expected=(
            f"for free recall {_named(RECALL_COLUMNS)}, or 'subject', 'list', 'list_length', 'recall_1', 'recall_2', ...,"
            " or psifr's 'subject', 'list', 'item', 'input', 'output';"
            " for recognition 'subject', 'old' (was the item studied?), 'response', or 'subject', 'old', 'count_1',"
            " 'count_2', ..., or 'subject', 'hits', 'misses', 'false_alarms', 'correct_rejections'"
        ),
        fix=(
            "say which of your columns are meant, e.g. columns={'old': 'its name in the file'}, or say the task, task=; its"
            " reader then lists all that is missing"
        ),
        places=[Place(found="; ".join(said))],
    )
    raise DataError(source_label(source), log.problems)


def _events(table: pd.DataFrame) -> set[str]:
    """Words in the columns that say what kind of event a row is."""
    words: set[str] = set()
    for name in table.columns:
        if plain_name(str(name)) in _EVENTS:
            text, _ = as_text(table[name])
            words |= {str(one).strip().lower() for one in pd.unique(text)}
    return words


def _candidates(names: Iterable[str], ours: str) -> list[str]:
    return [name for name in names if plain_name(name) in (ours, *ALIASES[ours])]


def _named(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
