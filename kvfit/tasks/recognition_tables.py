"""Final tables of recognition trials and study rows, made from a table without problems."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kvfit.tasks.recognition_columns import KNOWN
from kvfit.tasks.recognition_validation import CheckedTrials
from kvfit.tasks.sources import typed_column

#: Columns of the trials about the item's study; read, derived, or both.
DESIGN_COLUMNS = ("study_position", "n_presentations", "lag", "list_length")

#: Columns about the order of trials; they describe, but are no conditions unless the user says so.
ORDER_COLUMNS = ("items_before",)

#: Columns that kvfit makes; a user's column of such a name gets the suffix ``_given``.
MADE_COLUMNS = ("response_label", "n_presentations", *ORDER_COLUMNS)


def users_columns(table: pd.DataFrame) -> list[str]:
    """Name the columns that kvfit neither needs nor makes."""
    known = {*KNOWN, *DESIGN_COLUMNS}
    return [str(name) for name in table.columns if name not in known]


def default_conditions(trials: pd.DataFrame, users: list[str]) -> tuple[str, ...]:
    """Name the columns that describe the design, if the user does not."""
    # A column that was replaced by another (response by confidence, say) is no condition.
    made = {"probe", *DESIGN_COLUMNS}
    return tuple(name for name in trials.columns if name in made or (name in users and not name.endswith("_given")))


def tested_trials(checked: CheckedTrials) -> pd.DataFrame:
    """Return all test trials, with the columns of `RecognitionData.trials`; response 0 where there is none."""
    at, answers = checked.lists.responses, checked.answers
    table = _labelled(checked, at)
    response = answers.response[at]
    labels = np.array(["", *answers.scale.labels], dtype=object)
    made: dict[str, Any] = {
        "old": answers.old[at],
        "response": response,
        "response_label": pd.Series(labels[response], dtype="str"),
    }
    if "rt" in answers.numbers:
        made["rt"] = answers.numbers["rt"][at]
    if answers.judgement is not None:
        made["remember_know"] = pd.Series(answers.judgement[at], dtype="str")
    if checked.named_probes and "probe" not in checked.source.cells.columns:
        made["probe"] = pd.Series(answers.probe[at], dtype="str")
    for name in (*DESIGN_COLUMNS, *ORDER_COLUMNS):
        if name in checked.design:
            values = checked.design[name]
            made[name] = values if np.isnan(values).any() or (values % 1).any() else values.astype(np.int64)
    return _with_extras(table.assign(**made), checked, at)


def study_rows(checked: CheckedTrials) -> pd.DataFrame | None:
    """Return the study rows as in `RecognitionData.studied`, None if there are none."""
    at = checked.lists.study
    if not len(at):
        return None
    table = _with_extras(_labelled(checked, at), checked, at)
    # Columns about responses are empty in study rows.
    return table[[name for name in table.columns if table[name].notna().any()]]


def _labelled(checked: CheckedTrials, at: np.ndarray) -> pd.DataFrame:
    lists, columns = checked.lists, checked.trials.columns
    of_list = lists.of_row[at]
    return pd.DataFrame(
        {
            "subject": lists.subjects[of_list],
            "list": lists.labels[of_list],
            "position": columns.position[at],
            "item": pd.Series(columns.item[at], dtype="str"),
        }
    )


def _with_extras(table: pd.DataFrame, checked: CheckedTrials, at: np.ndarray) -> pd.DataFrame:
    source = checked.source
    extras = {
        name: typed_column(
            source.cells[name].iloc[at].reset_index(drop=True),
            text_cells=source.text_cells,
            decimal=source.decimal,
        )
        for name in users_columns(source.cells)
    }
    return pd.concat([table, pd.DataFrame(extras, index=table.index)], axis=1)
