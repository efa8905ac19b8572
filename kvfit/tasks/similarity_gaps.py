"""Say which pairs of a list have no similarity, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from kvfit.tasks.item_lists import ItemLists
from kvfit.tasks.problems import PLACES_SHOWN, Place, ProblemLog

#: Reason that an item has no similarity: stable name of the problem, and the problem in a sentence.
_REASONS = {
    "absent": ("unknown_item", "Items of the lists are not in the file"),
    "near": ("near_match", "Items of the lists differ from those of the file by case or outer blanks"),
    "undirected": ("no_direction", "Items of the lists have a vector that is zero or has empty cells"),
}


def report_gaps(
    lists: ItemLists,
    labels: np.ndarray,
    item: np.ndarray,
    empty: np.ndarray,
    without: Mapping[str, np.ndarray],
    log: ProblemLog,
    *,
    fill: float | None,
) -> None:
    """Report the items and the pairs of items that the lists need and a file does not have.

    Parameters
    ----------
    lists : ItemLists
    labels : ndarray of object (str), shape (item,)
    item : ndarray of int64, shape (list, position)
        Index into `labels`.
    empty : ndarray of bool, shape (list, position, position)
        Pairs without a similarity.
    without : mapping of str to ndarray of bool, shape (item,)
        Items that have no similarity to any other, by reason: ``absent``, ``near``, ``undirected``.
    log : ProblemLog
        Receives warnings if the pairs get the value `fill`, else errors.
    fill : float, optional
    """
    of_list, first, second = np.nonzero(np.triu(empty))
    pairs = pd.DataFrame({"list": of_list, "a": item[of_list, first], "b": item[of_list, second]})
    either = pairs.melt("list", value_name="item").sort_values("list", kind="stable").drop_duplicates("item")
    for reason, (code, what) in _REASONS.items():
        found = either[without[reason][either["item"]]]
        _report(lists, log, code, what, found["list"], [repr(labels[one]) for one in found["item"]], fill)
    # What remains are empty cells of a matrix, between items that have others.
    whole = ~np.logical_or.reduce(list(without.values()))
    pairs = pairs[whole[pairs["a"]] & whole[pairs["b"]]]
    pairs = pairs[~pd.DataFrame(np.sort(pairs[["a", "b"]], axis=1), index=pairs.index).duplicated()]
    text = [f"{labels[a]!r} and {labels[b]!r}" for a, b in zip(pairs["a"], pairs["b"], strict=True)]
    _report(lists, log, "unknown_pair", "Pairs of items of a list have no similarity", pairs["list"], text, fill)


def _report(
    lists: ItemLists, log: ProblemLog, code: str, what: str, at_lists: pd.Series, found: list[str], fill: float | None
) -> None:
    if not found:
        return
    severity: Literal["error", "warning"] = "error" if fill is None else "warning"
    fix = "complete the file"
    if code == "near_match":
        fix = "write the labels alike, or pass ignore_case=True"
    if fill is None:
        fix += "; or pass missing='mean': such pairs get the mean of the known ones"
    else:
        fix += f"; now their pairs have the mean similarity, {fill:.3g}"
    places = [
        Place(lists.subject[at], lists.label[at], None, text)
        for at, text in zip(at_lists[:PLACES_SHOWN], found[:PLACES_SHOWN], strict=True)
    ]
    log.add(
        code,
        what,
        expected="a similarity for every pair of items of a list",
        fix=fix,
        places=places,
        n_places=len(found),
        severity=severity,
    )
