"""A list length that the user states, against the one that the file holds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kvfit.tasks.labels import as_text
from kvfit.tasks.numbers import Decimal, read_numbers
from kvfit.tasks.problems import PLACES_SHOWN, Place, ProblemLog


def check_stated_length(
    table: pd.DataFrame, rows: np.ndarray, stated: int | None, log: ProblemLog, decimal: Decimal = None
) -> None:
    """Report rows whose ``list_length`` is another number than the user states; numbers alone are looked at.

    Parameters
    ----------
    table : pandas.DataFrame
        Under kvfit's column names.
    rows : ndarray of int64, shape (row,)
        Row numbers in the user's file.
    stated : int or None
        As ``list_length=``.
    log : ProblemLog
    decimal : {"comma", "point"}, optional
    """
    if stated is None or "list_length" not in table.columns:
        return
    given = read_numbers(as_text(table["list_length"])[0], decimal)
    at = np.flatnonzero(np.isfinite(given) & (given != stated))
    if not len(at):
        return
    names = {name: as_text(table[name])[0] for name in ("subject", "list") if name in table.columns}
    places = [
        Place(
            participant=names["subject"][row] or None if "subject" in names else None,
            list=names["list"][row] or None if "list" in names else None,
            row=int(rows[row]),
            found=f"{given[row]:g}",
        )
        for row in at[:PLACES_SHOWN]
    ]
    log.add(
        "stated_length",
        f"The table has other list lengths than list_length={stated}",
        expected=f"{stated} in every row of the column 'list_length', or list_length= left out",
        fix="leave out list_length=, or pass ignore_columns=['list_length'] if the column is wrong",
        column="list_length",
        places=places,
        n_places=len(at),
    )
