"""Choose participants by number or label, and rows of a table by a query."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kvfit.tasks.canonical import canonical
from kvfit.tasks.queries import checked_query


def choose_participants(
    participants: int | Sequence[int | str], labels: np.ndarray, name: str
) -> tuple[np.ndarray, str]:
    """Find the participants that a user asks for.

    Parameters
    ----------
    participants : int or sequence of labels
        A number n takes the first n.
    labels : ndarray, shape (participant,)
    name : str
        Of the data, for messages.

    Returns
    -------
    chosen : ndarray of int64
        Sorted indices into `labels`.
    said : str
        The choice in words.

    Raises
    ------
    ValueError
        If a label is unknown or n is out of range.
    """
    if isinstance(participants, (int, np.integer)) and not isinstance(participants, bool):
        if not 1 <= participants <= len(labels):
            raise ValueError(
                f"{name}: participants={participants} asks for the first {participants}"
                f" participants, there are {len(labels)}; for labels pass a list:"
                f" participants=[{participants}]"
            )
        return np.arange(participants), f"the first {participants} of {len(labels)} participants"
    if isinstance(participants, (str, bool)):
        raise ValueError(f"participants={participants!r}: expected a number or a list of labels")
    index = {str(label): at for at, label in enumerate(labels)}
    unknown = [label for label in participants if canonical(str(label)) not in index]
    if unknown:
        known = ", ".join(str(label) for label in labels[:10])
        more = ", ..." if len(labels) > 10 else ""
        raise ValueError(f"{name}: unknown participants {', '.join(map(repr, unknown))}; known are {known}{more}")
    chosen = np.unique([index[canonical(str(label))] for label in participants]).astype(np.int64)
    text = f"{len(chosen)} of {len(labels)} participants"
    if len(chosen) <= 10:
        text += f" ({', '.join(str(labels[at]) for at in chosen)})"
    return chosen, text


def choose_rows(query: str, table: pd.DataFrame, name: str, unit: str) -> np.ndarray:
    """Evaluate a user's condition on a table.

    Parameters
    ----------
    query : str
        A pandas query over the columns of `table`; it sees nothing else, and calls nothing but what
        :mod:`kvfit.tasks.queries` lists.
    table : pandas.DataFrame
    name : str
        Of the data, for messages.
    unit : str
        What a row is, e.g. ``"list"``.

    Returns
    -------
    ndarray of bool, shape (row,)

    Raises
    ------
    ValueError
        If the query cannot be read or is no condition.
    """
    columns = ", ".join(map(str, table.columns))
    try:
        text, names = checked_query(canonical(query))
        unknown = [column for column in names.values() if column not in table.columns]
        if unknown:
            raise ValueError(f"there is no column {', '.join(map(repr, unknown))}")
        quoted = table.assign(**{ours: table[column] for ours, column in names.items()})
        keep = quoted.eval(text, engine="python", local_dict={}, global_dict={})
    except Exception as error:  # pandas raises many kinds, all of them about the user's text
        raise ValueError(
            f"{name}: cannot read the query {query!r} ({error}); columns of the {unit}s: {columns}"
        ) from error
    mask = np.asarray(keep)
    if mask.dtype != bool or mask.shape != (len(table),):
        raise ValueError(f"query={query!r}: expected a condition that is true or false for each {unit}")
    return mask
