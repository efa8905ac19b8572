"""Write recognition data as a table that `kvfit.tasks.recognition_reader.read_recognition` reads again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kvfit.tasks.recognition_tables import ORDER_COLUMNS

if TYPE_CHECKING:
    from kvfit.tasks.recognition import RecognitionData


def as_source(data: RecognitionData) -> pd.DataFrame:
    """Put study rows and trials into one table, as a user would write them.

    Parameters
    ----------
    data : RecognitionData

    Returns
    -------
    pandas.DataFrame
        One row a study event or test trial; responses are categories from 1 (``scale="1-K"``), empty where there was
        none. Left out are columns that the reader derives, that the data do not know, and that another column replaced
        (``response_given``), for they tell of other responses than these.
    """
    parts = {"test": data.trials}
    if any(name in data.trials for name in ORDER_COLUMNS):
        parts = {"continuous": data.trials}
    if data.studied is not None:
        parts = {"study": data.studied, **parts}
    tables = [table.assign(phase=phase) for phase, table in parts.items()]
    if data.unanswered is not None:
        tables.append(data.unanswered.assign(phase=tables[-1]["phase"].iloc[0], response=None, response_label=None))
    # Missing and whole numbers in one column: as objects, 3 stays 3 and is not written 3.0.
    made = pd.concat([table.astype(object) for table in tables], ignore_index=True)
    made["old"] = made["old"].map({True: 1, False: 0})
    unknown = [name for name, known in (("item", data.has_items), ("position", _has_order(data))) if not known]
    replaced = [name for name in made if str(name).endswith("_given") and name not in data.conditions]
    made = made.drop(columns=[*unknown, *replaced, "n_presentations", *ORDER_COLUMNS], errors="ignore")
    first = [name for name in ("subject", "list", "phase", "position", "item", "old", "response") if name in made]
    order = [name for name in ("subject", "list", "phase", "position") if name in made]
    # study before test, whatever the alphabet says
    rank = made["phase"].map({"study": 0}).fillna(1)
    made = made.assign(phase=rank).sort_values(order, kind="stable").assign(phase=made["phase"])
    return made[[*first, *(name for name in made.columns if name not in first)]].reset_index(drop=True)


def _has_order(data: RecognitionData) -> bool:
    return bool((data.trials["position"] > 0).any())
