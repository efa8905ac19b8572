"""Which items meet in a list, whatever the task: those for which similarities are looked up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kvfit.tasks.free_recall import FreeRecallData
from kvfit.tasks.problems import DataError, Problem
from kvfit.tasks.recognition import RecognitionData


@dataclass(frozen=True, eq=False)
class ItemLists:
    """The different items of each list: the studied ones, then new ones that were tested.

    Attributes
    ----------
    subject, label : ndarray, shape (list,)
        Participant and list, for messages.
    items : ndarray of object (str), shape (list, position)
        Labels, ``""`` beyond the last item.
    n_items, n_studied : ndarray of int64, shape (list,)
        Number of different items, and how many of them were studied.
    """

    subject: np.ndarray
    label: np.ndarray
    items: np.ndarray
    n_items: np.ndarray
    n_studied: np.ndarray


def recalled_lists(data: FreeRecallData) -> ItemLists:
    """Study lists of free recall, in the order of ``data.lists``; position is the study position."""
    n = data.list_length
    return ItemLists(data.lists["subject"].to_numpy(), data.lists["list"].to_numpy(), data.items, n, n)


def tested_lists(data: RecognitionData) -> tuple[ItemLists, np.ndarray, np.ndarray]:
    """Lists of a recognition test.

    Parameters
    ----------
    data : RecognitionData
        With items. What was studied is taken from its study rows; where there are none, the old items of a list stand
        for it if they are as many as the list is long.

    Returns
    -------
    lists : ItemLists
        Studied items in the order of study (of the test, where that is not known), then new ones in that of the test.
    of_trial : ndarray of int64, shape (trial,)
        List of each trial.
    position : ndarray of int64, shape (trial,)
        Where its item stands in the list.

    Raises
    ------
    DataError
        If items are not known, or not which of them were studied.
    """
    if not data.has_items:
        raise _unknown(data, "The items of the trials are not known", "item labels, in a column 'item'")
    tested = data.trials[["subject", "list", "item", "old"]]
    studied = _studied(data)
    keys = ["subject", "list", "item"]
    rows = pd.concat([studied[keys].assign(new=False), tested.loc[~tested["old"], keys].assign(new=True)])
    # an item counts once; what was studied stays studied
    rows = rows.drop_duplicates(keys)
    lists = tested[["subject", "list"]].drop_duplicates(ignore_index=True)
    number = pd.Series(np.arange(len(lists)), index=pd.MultiIndex.from_frame(lists))
    of_row = number.reindex(pd.MultiIndex.from_frame(rows[["subject", "list"]])).to_numpy()
    rows = rows.loc[~np.isnan(of_row)].assign(number=of_row[~np.isnan(of_row)].astype(np.int64))
    rows = rows.sort_values(["number", "new"], kind="stable")
    rows["position"] = rows.groupby("number").cumcount()
    n_items = np.bincount(rows["number"], minlength=len(lists))
    items = np.full((len(lists), int(n_items.max())), "", dtype=object)
    items[rows["number"], rows["position"]] = rows["item"]
    place = rows.set_index(keys)["position"].reindex(pd.MultiIndex.from_frame(tested[keys])).to_numpy(dtype=np.int64)
    of_trial = number.reindex(pd.MultiIndex.from_frame(tested[["subject", "list"]])).to_numpy(dtype=np.int64)
    n_studied = np.bincount(rows.loc[~rows["new"], "number"], minlength=len(lists))
    found = ItemLists(lists["subject"].to_numpy(), lists["list"].to_numpy(), items, n_items, n_studied)
    return found, of_trial, place


def _studied(data: RecognitionData) -> pd.DataFrame:
    if data.studied is not None:
        return data.studied
    old = data.trials[data.trials["old"]]
    if data.unanswered is not None:
        # shown at test without an answer: studied all the same
        old = pd.concat([old, data.unanswered[data.unanswered["old"]]])
    old = old.drop_duplicates(["subject", "list", "item"])
    counted = old.groupby(["subject", "list"])["item"].transform("size")
    complete = "list_length" in old and bool((counted == old["list_length"]).all())
    if not complete:
        raise _unknown(data, "It is not known which items were studied", "study rows (phase 'study')")
    return old.sort_values("study_position", kind="stable") if "study_position" in old else old


def _unknown(data: RecognitionData, what: str, expected: str) -> DataError:
    fix = "add them to the table and read it again"
    return DataError(data.name, [Problem("items_unknown", what, expected=expected, fix=fix)])
