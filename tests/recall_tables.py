"""Small free recall tables for tests: built in memory, with known content."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def list_table(
    subject: object, label: object, n_items: int, recalled: Sequence[int], **conditions: object
) -> pd.DataFrame:
    """Return one list as a long table.

    Parameters
    ----------
    subject, label : object
    n_items : int
        Items are called ``w<subject>-<label>-<position>``.
    recalled : sequence of int
        Study positions in output order; 0 or less is an intrusion.
    **conditions
        Further columns, constant over the list.
    """
    rows = [("study", position, position) for position in range(1, n_items + 1)]
    rows += [("recall", output, position) for output, position in enumerate(recalled, start=1)]
    return pd.DataFrame(
        [
            {
                "subject": subject,
                "list": label,
                "trial_type": trial_type,
                "position": position,
                "item": f"w{subject}-{label}-{of}" if of > 0 else f"x{position}",
                **conditions,
            }
            for trial_type, position, of in rows
        ]
    )


def stack(*lists: pd.DataFrame) -> pd.DataFrame:
    """Put lists under each other."""
    return pd.concat(lists, ignore_index=True)


def find_row(table: pd.DataFrame, subject: object, label: object, trial_type: str, position: int) -> int:
    """Return the index label of one row."""
    hit = (
        (table["subject"] == subject)
        & (table["list"] == label)
        & (table["trial_type"] == trial_type)
        & (table["position"] == position)
    )
    return int(table.index[hit][0])
