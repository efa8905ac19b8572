"""Numbers as people and programs write them: decimal points, decimal commas, and where the two cannot be told apart.

``0,878`` and ``1,75`` can only have a decimal comma. ``1,204`` may be 1.204 or 1204, and ``1.204`` too in a file that
otherwise writes decimal commas: such cells are read by what the rest of the column or the file shows, and are no numbers
where it shows nothing. Separators of thousands are never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

import numpy as np
import pandas as pd

from kvfit.tasks.canonical import canonical

#: Decimal mark of a file; None where it shows none.
Decimal = Literal["comma", "point"] | None

#: Spellings of a missing number or label. Items are exempt: NULL, NAN and NONE are words of word pools.
MISSING = frozenset({"", "na", "nan", "n/a", "#n/a", "null", "none", "<na>", "nat"})

#: Those of them that are words, which a condition may mean.
WORDS = frozenset({"null", "none"})

_COMMA = re.compile(r"[+-]?(?:[0-9]*,[0-9]+|[0-9]+,)(?:[eE][+-]?[0-9]+)?")
#: Might have a separator of thousands.
_DOUBTFUL = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")


def read_numbers(text: np.ndarray, decimal: Decimal = None) -> np.ndarray:
    """Read the cells of a column as numbers.

    Parameters
    ----------
    text : ndarray of str, any shape
    decimal : {"comma", "point"}, optional
        Mark of the file, for cells that may have a separator of thousands.

    Returns
    -------
    ndarray of float
        NaN where a cell is missing or no number. A column with both marks has numbers only where its mark is that of
        the file, the point if that is unknown.
    """
    codes, uniques = pd.factorize(np.asarray(text, dtype=object).ravel())
    # U+2212 is the sign of minus as typesetting programs write it.
    cells = np.array([canonical(str(one)).strip().replace("\u2212", "-") for one in uniques], dtype=object)
    return _read(cells, decimal)[codes].reshape(np.shape(text))


def is_missing(text: np.ndarray) -> np.ndarray:
    """Which cells stand for a missing number, bool, shape of `text`."""
    codes, uniques = pd.factorize(np.asarray(text, dtype=object).ravel())
    return np.array([canonical(str(one)).strip().lower() in MISSING for one in uniques], dtype=bool)[codes].reshape(
        np.shape(text)
    )


def _read(cells: np.ndarray, decimal: Decimal) -> np.ndarray:
    missing = np.array([one.lower() in MISSING for one in cells], dtype=bool)
    given = pd.Series(cells, dtype=object).mask(missing)
    values = np.array(pd.to_numeric(given, errors="coerce"), dtype=float)
    comma = np.isnan(values) & ~missing
    comma[comma] = [bool(_COMMA.fullmatch(one)) for one in cells[comma]]
    if not comma.any() and decimal != "comma":
        return values
    point = ~np.isnan(values) & np.array(["." in one for one in cells], dtype=bool)
    if comma.any() and point.any():
        bad = point if decimal == "comma" else comma
    elif comma.any():
        bad = comma & (decimal != "comma" and _doubtful(cells[comma]).all())
    else:
        bad = point & _doubtful(cells[point]).all()
    values[comma] = [float(one.replace(",", ".")) for one in cells[comma]]
    values[bad] = np.nan
    return values


def _doubtful(cells: np.ndarray) -> np.ndarray:
    """Which numbers may have a separator of thousands."""
    return np.array([bool(_DOUBTFUL.fullmatch(one)) for one in cells], dtype=bool)


def find_decimal(table: pd.DataFrame, delimiter: str) -> Decimal:
    """Tell the decimal mark of a text file by its columns of numbers.

    Parameters
    ----------
    table : pandas.DataFrame
        Cells as text.
    delimiter : str
        Of the file. Programs separate cells by semicolons where the comma is the decimal mark.

    Returns
    -------
    {"comma", "point"} or None
        None if no number has a comma, or columns show different marks, or nothing.
    """
    columns = [
        np.array([canonical(str(one)).strip() for one in pd.unique(table[name])], dtype=object)
        for name in table.columns
    ]
    if not any("," in one for cells in columns for one in cells):
        return None
    shown = set()
    for cells in columns:
        filled = cells[~is_missing(cells)]
        comma = np.array([bool("," in one and _COMMA.fullmatch(one)) for one in filled], dtype=bool)
        point = np.array(["." in one for one in filled], dtype=bool)
        # Only a column of nothing but numbers shows how they are written.
        sure = comma.any() != point.any() and not _doubtful(filled[comma | point]).all()
        if sure and np.isfinite(_read(filled, None)).all():
            shown.add("comma" if comma.any() else "point")
    if not shown:
        return "comma" if delimiter == ";" else None
    return None if len(shown) > 1 else ("comma" if "comma" in shown else "point")


def in_doubt(cells: Iterable[object]) -> str:
    """Say what to do about cells that were not read, if they may be numbers with a mark of decimals or thousands.

    Returns
    -------
    str
        A clause that begins with a semicolon; empty if no cell is of that kind.
    """
    found = [one for one in map(str, cells) if _DOUBTFUL.fullmatch(one) or ("," in one and _COMMA.fullmatch(one))]
    if not found:
        return ""
    mark = "comma" if "," in found[0] else "point"
    return (
        f"; write decimals with a point and no mark of thousands, or, if {found[0]} has a decimal {mark}, pass"
        f" decimal='{mark}'"
    )


def decimal_mark(given: str | None) -> Decimal:
    """Check the mark that a user names.

    Raises
    ------
    ValueError
    """
    if given is None:
        return None
    if given in (",", "comma"):
        return "comma"
    if given in (".", "point"):
        return "point"
    raise ValueError(f"decimal={given!r}: expected 'comma' or 'point'")
