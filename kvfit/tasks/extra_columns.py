"""Columns that kvfit only keeps: told aloud where they are not what they look like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kvfit.tasks.labels import as_text
from kvfit.tasks.numbers import WORDS, Decimal, in_doubt, read_numbers
from kvfit.tasks.problems import PLACES_SHOWN, Place, ProblemLog

#: Share of the different values of a column that are numbers, from which on the others are taken for slips of the pen.
_MOSTLY = 0.9
#: Values that a column of conditions has at most; more are answers or labels.
_MOST_LEVELS = 20


def check_extras(table: pd.DataFrame, log: ProblemLog, *, text_cells: bool, decimal: Decimal = None) -> None:
    """Warn of columns of numbers that are kept as text, and of words that differ only by case.

    Parameters
    ----------
    table : pandas.DataFrame
        The user's own columns.
    log : ProblemLog
    text_cells : bool
        The table comes from a text file, so that the types of its columns were found; else they are the user's.
    decimal : {"comma", "point"}, optional
        Decimal mark of the file.
    """
    for name in table.columns:
        if pd.api.types.is_numeric_dtype(table[name]):
            continue
        text, missing = as_text(table[name])
        written = np.array([str(one).strip() for one in pd.unique(as_text(table[name], words=True)[0])], dtype=object)
        words = [one for one in written if one.lower() in WORDS]
        values = np.sort(pd.unique(text[~missing]).astype(str)).astype(object)
        if text_cells and len(values):
            _check_numbers(name, values, words, decimal, log)
        if len(values) <= _MOST_LEVELS:
            _check_case(name, values, log)


def _check_numbers(name: object, values: np.ndarray, words: Sequence[str], decimal: Decimal, log: ProblemLog) -> None:
    bad = values[np.isnan(read_numbers(values, decimal))]
    if words and not len(bad):
        _warn(
            "kept_as_text",
            "Numbers are kept as text, because a word among them may be a level or a missing value",
            "a number in every cell that is filled, or words",
            "empty the cells that are missing; name a level by a number, or leave it as it is",
            name,
            [repr(one) for one in words],
            log,
        )
    if not len(bad) or (len(bad) == len(values) and not in_doubt(bad)):
        return
    doubtful = sum(bool(in_doubt([one])) for one in bad)
    mostly = len(values) > _MOST_LEVELS and len(bad) - doubtful <= (1 - _MOSTLY) * len(values)
    if doubtful == len(bad) or mostly:
        _warn(
            "kept_as_text",
            "Numbers are kept as text, because not all cells of the column can be read as numbers",
            "a number in every cell that is filled, or words",
            "correct the cells" + in_doubt(bad),
            name,
            [repr(one) for one in bad],
            log,
        )


def _check_case(name: object, values: np.ndarray, log: ProblemLog) -> None:
    groups = pd.Series(values, dtype=object).groupby(pd.Series(values, dtype=object).str.casefold())
    alike = [" and ".join(map(repr, group)) for _, group in groups if len(group) > 1]
    if alike:
        _warn(
            "similar_levels",
            "Values of a condition differ only by case",
            "one spelling of each value",
            "write them alike, if they mean the same",
            name,
            alike,
            log,
        )


def _warn(code: str, what: str, expected: str, fix: str, column: object, found: Sequence[str], log: ProblemLog) -> None:
    log.add(
        code,
        what,
        expected=expected,
        fix=fix,
        column=str(column),
        places=[Place(found=one) for one in found[:PLACES_SHOWN]],
        n_places=len(found),
        severity="warning",
    )
