"""Labels of participants, lists and items as text, whatever type they had in the user's file.

The same label must come out of a CSV file (``1``), a data frame (``1.0`` after a join) and a MATLAB matrix
(``1.0``), or the same data would have different fingerprints.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

from kvfit.tasks.canonical import canonical, comparable
from kvfit.tasks.numbers import MISSING, WORDS, Decimal, read_numbers

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")


def as_text(values: pd.Series, *, words: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Turn a column into text and find its missing values.

    The text is in one writing (`kvfit.tasks.canonical.canonical`), so that labels that look the same are equal.

    Parameters
    ----------
    values : pandas.Series
        Any type; whole floats lose their ``.0``.
    words : bool
        True for item labels: only truly empty cells are missing and outer blanks are kept.

    Returns
    -------
    text : ndarray of object, shape (row,)
        ``""`` where missing.
    missing : ndarray of bool, shape (row,)
    """
    codes, uniques = pd.factorize(comparable(values.astype(object)), use_na_sentinel=True)
    texts = [_one_text(value, words) for value in uniques]
    # One more entry at the end: code -1 (missing) picks it.
    table = np.array([*texts, ""], dtype=object)
    blank = [not text.strip() if words else text.lower() in MISSING for text in texts]
    missing = np.array([*blank, True])[codes]
    text = table[codes]
    text[missing] = ""
    return text, missing


def _one_text(value: object, words: bool) -> str:
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    text = canonical(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))
    return text if words else text.strip()


def as_integers(text: np.ndarray, decimal: Decimal = None) -> tuple[np.ndarray, np.ndarray]:
    """Read text as whole numbers.

    Parameters
    ----------
    text : ndarray of str, shape (row,)
    decimal : {"comma", "point"}, optional
        Decimal mark of the file: ``3,0`` is a whole number too.

    Returns
    -------
    numbers : ndarray of int64, shape (row,)
        0 where the text is not a whole number.
    bad : ndarray of bool, shape (row,)
        ``3.0`` and ``3`` are whole numbers; ``3.5``, ``three`` and an empty text are not.
    """
    values = read_numbers(text, decimal)
    with np.errstate(invalid="ignore"):
        whole = np.isfinite(values) & (values == np.round(values)) & (np.abs(values) < 2.0**53)
    return np.where(whole, values, 0).astype(np.int64), ~whole


def order_labels(text: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort labels in their natural order and number them.

    Labels that are all whole numbers become integers and sort as numbers; otherwise runs of digits sort as
    numbers, so that ``S2`` comes before ``S10``.

    Parameters
    ----------
    text : ndarray of str, shape (row,)

    Returns
    -------
    codes : ndarray of int64, shape (row,)
    labels : ndarray, shape (label,)
        int64 if all labels are plain whole numbers (``007`` is not), else object (str).
    """
    codes, uniques = pd.factorize(text)
    labels = np.array(list(uniques), dtype=object)
    if len(labels) and all(_INTEGER.fullmatch(label) for label in labels):
        labels = labels.astype(np.int64)
        order = np.argsort(labels)
    else:
        order = np.array(sorted(range(len(labels)), key=lambda at: natural_key(str(labels[at]))), dtype=np.int64)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[codes], labels[order]


def natural_key(label: str) -> tuple[tuple[int, int, str], ...]:
    """Key that sorts digits inside a label as numbers."""
    parts = re.split(r"([0-9]+)", label)
    key = tuple((0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part) for part in parts if part)
    # Labels such as 7 and 07 have the same key up to here; the text decides, not the order of rows.
    return (*key, (2, 0, label))


def convert_column(text: pd.Series, *, decimal: Decimal = None) -> pd.Series:
    """Give a text column of a file its type: numbers where every filled cell is one, else text.

    Parameters
    ----------
    text : pandas.Series of str
    decimal : {"comma", "point"}, optional
        Decimal mark of the file.

    Returns
    -------
    pandas.Series
        int64, float64 (empty cells are NaN) or str. In a text column only empty cells are missing.
    """
    codes, raw_cells = pd.factorize(text)
    uniques = [canonical(str(cell)) for cell in raw_cells]
    cells = [cell.strip() for cell in uniques]
    # "none" beside numbers is a level (no delay) as often as a missing value: such a column stays text.
    missing = np.array([cell.lower() in MISSING - WORDS for cell in cells], dtype=bool)
    values = read_numbers(np.array(cells, dtype=object), decimal)
    if missing.all() or np.isnan(values[~missing]).any() or _leading_zero(cells):
        filled = np.array([raw if cell else None for cell, raw in zip(cells, uniques, strict=True)], object)
        return pd.Series(filled[codes], index=text.index, dtype="str")
    if not missing.any() and all(_INTEGER.fullmatch(cell) for cell in cells):
        # Through int, not float: identifiers may have more digits than a float keeps.
        return pd.Series(np.array([int(cell) for cell in cells], np.int64)[codes], index=text.index)
    return pd.Series(values[codes], index=text.index)


def _leading_zero(cells: list[str]) -> bool:
    # Codes such as 007 are labels: as numbers they would lose their zeros.
    return any(re.fullmatch(r"0[0-9]+", cell) for cell in cells)


def label_bytes(labels: Iterable[object]) -> bytes:
    """Turn labels into bytes to hash, the length of each first, so that no two sequences give the same bytes."""
    texts = [str(label).encode() for label in labels]
    return b"".join(len(text).to_bytes(4, "little") + text for text in texts)
