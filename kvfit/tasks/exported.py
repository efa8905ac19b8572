"""What a table loses when it is written as CSV and read again: texts that look like numbers."""

import pandas as pd

from kvfit.tasks.labels import convert_column

#: Columns that every reader takes as text, whatever it looks like.
_LABELS = ("subject", "list", "item", "response", "response_label", "phase", "trial_type", "old")


def texts_read_as_numbers(table: pd.DataFrame) -> list[str]:
    """Columns of texts that a reader of the written file would take for numbers.

    Parameters
    ----------
    table : pandas.DataFrame
        Data of any task under kvfit's names of columns.

    Returns
    -------
    list of str
        For example a condition whose levels are the texts ``1e3`` and ``2e3``, or ``+1`` and ``-1``. Levels such as ``001``
        stay text.
    """
    found = []
    for name in table.columns:
        column = table[name].dropna()
        texts = [value for value in column.astype(object) if isinstance(value, str)]
        if name in _LABELS or not texts or len(texts) < len(column):
            continue
        if pd.api.types.is_numeric_dtype(convert_column(pd.Series(texts, dtype="str"))):
            found.append(str(name))
    return found
