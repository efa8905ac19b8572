"""One writing of each label: what looks the same on the screen compares equal.

Editors, file systems and keyboards write the same word in several ways: ``ä`` as one character or as ``a`` with a
mark (NFC and NFD), a blank as U+0020 or as a non-breaking space, and with characters that take no room (soft
hyphens, zero-width spaces, marks of direction). Every label that kvfit compares is brought into one writing first.
Characters that only resemble others (full-width digits, ligatures, Cyrillic letters) stay: they are other labels.
"""

from __future__ import annotations

import re
import unicodedata

import pandas as pd

#: Soft hyphen, grapheme joiner, marks of direction, zero-width spaces, word joiners, byte order mark, and the
#: selectors of a character's presentation as text or picture.
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe0e\ufe0f\ufeff]")

#: Zero-width (non-)joiners shape Arabic and Indic letters and join emoji; at the ends of a label and between letters
#: of scripts that do not join (Latin, Greek, Cyrillic and others up to U+058F) they change nothing.
_USELESS_JOINERS = re.compile(
    "^[\u200c\u200d]+|[\u200c\u200d]+$|(?<=[\u0020-\u058f\u1e00-\u1fff])[\u200c\u200d]+(?=[\u0020-\u058f\u1e00-\u1fff])"
)

#: Non-breaking, thin, ideographic and other blanks (general category Zs).
_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")


def canonical(text: str) -> str:
    """Return a label in the one writing in which labels are compared.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Composed characters (NFC), plain blanks, nothing invisible. Case, outer blanks and inner blanks stay.
    """
    if text.isascii():
        return text
    text = _BLANKS.sub(" ", _INVISIBLE.sub("", text))
    return unicodedata.normalize("NFC", _USELESS_JOINERS.sub("", text))


def canonical_cells(values: pd.Series) -> pd.Series:
    """Bring the text among the cells of a column into one writing; a column without any is returned as it is.

    Parameters
    ----------
    values : pandas.Series
        Of any type. Cells that cannot be compared (lists, arrays) become text.

    Returns
    -------
    pandas.Series
    """
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
        return values
    values = comparable(values)
    codes, uniques = pd.factorize(values)
    written = [canonical(one) if isinstance(one, str) else one for one in uniques]
    if all(new is old or new == old for new, old in zip(written, uniques, strict=True)):
        return values
    cells = pd.Series([*written, None], dtype=object).iloc[codes].set_axis(values.index)
    return cells.astype("str") if all(isinstance(one, str) for one in written) else cells


def comparable(values: pd.Series) -> pd.Series:
    """Return a column whose cells can be compared: lists, arrays and the like as text."""
    if values.dtype != object:
        return values
    try:
        pd.factorize(values)
    except TypeError:
        return values.map(lambda cell: cell if isinstance(cell, (str, int, float, type(None))) else str(cell))
    return values
