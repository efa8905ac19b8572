"""Event tables in their final form: typed, matched and sorted; and what is counted from them per list."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kvfit.tasks.left_out import LeftOut, of_all
from kvfit.tasks.numbers import Decimal
from kvfit.tasks.reading_rules import ReadingRules
from kvfit.tasks.sources import typed_column
from kvfit.tasks.validation import CheckedEvents

#: Columns that every checked event table begins with.
EVENT_COLUMNS = ("subject", "list", "trial_type", "position", "item", "study_position", "recall_type")

#: Columns of the table of lists that are counted, not copied from the user's table.
COUNTED = ("list_length", "n_responses", "n_scored", "n_repeats", "n_intrusions")


def tidy_events(
    checked: CheckedEvents,
    table: pd.DataFrame,
    rules: ReadingRules,
    *,
    text_cells: bool = False,
    decimal: Decimal = None,
) -> tuple[pd.DataFrame, list[LeftOut]]:
    """Make the final event table from a table without problems.

    Parameters
    ----------
    checked : CheckedEvents
    table : pandas.DataFrame
        The user's table under kvfit's column names.
    rules : ReadingRules
    text_cells : bool
        The table comes from a text file: find the type of its other columns.
    decimal : {"comma", "point"}, optional
        Decimal mark of a text file.

    Returns
    -------
    events : pandas.DataFrame
        As in `FreeRecallData.events`. An extra column whose name kvfit needs for its own result gets the
        suffix ``_given``; with ``repeated_items="first"`` the user's ``list_length`` becomes ``n_shown``.
    left_out : list of LeftOut
        What the rules removed.
    """
    lists, columns = checked.lists, checked.lists.columns
    keep, left_out = _kept_lists(checked, rules)
    first, study_position = _study_positions(checked, rules)
    correct = ~checked.matches.intrusion
    recall_type = np.where(checked.matches.repeat, "repeat", np.where(correct, "correct", "intrusion"))
    matched = np.where(correct, study_position[checked.matches.study_row], 0)

    of_study = first & keep[lists.of_row[lists.study]]
    of_recall = keep[lists.of_row[lists.responses]]
    rows = np.r_[lists.study[of_study], lists.responses[of_recall]]
    n_study = int(of_study.sum())
    # Both parts are sorted by list and position, so a stable sort by list puts study rows first.
    order = np.argsort(lists.of_row[rows], kind="stable")
    rows = rows[order]
    of_list = lists.of_row[rows]
    study_part = study_position[of_study]
    events = pd.DataFrame(
        {
            "subject": lists.subjects[of_list],
            "list": lists.labels[of_list],
            "trial_type": np.where(order < n_study, "study", "recall"),
            "position": np.r_[study_part, columns.position[lists.responses[of_recall]]][order],
            "item": columns.item[rows],
            "study_position": np.r_[study_part, matched[of_recall]][order],
            "recall_type": np.r_[np.full(n_study, ""), recall_type[of_recall]][order],
        }
    ).astype({"trial_type": "str", "item": "str", "recall_type": "str"})
    renamed = {name: f"{name}_given" for name in (*EVENT_COLUMNS[5:], *COUNTED[1:])}
    if rules.repeated_items == "first":
        renamed["list_length"] = "n_shown"
    extras = {}
    for name in table.columns.difference(list(EVENT_COLUMNS[:5]), sort=False):
        values = table[name].iloc[rows].reset_index(drop=True)
        extras[renamed.get(name, name)] = typed_column(values, text_cells=text_cells, decimal=decimal)
    return pd.concat([events, pd.DataFrame(extras, index=events.index)], axis=1), left_out


def _kept_lists(checked: CheckedEvents, rules: ReadingRules) -> tuple[np.ndarray, list[LeftOut]]:
    """Apply the rules that leave whole lists out."""
    keep = np.ones(checked.lists.n_lists, dtype=bool)
    left_out = []
    if rules.empty_participants == "drop" and checked.empty.any():
        keep &= ~checked.empty
        n_empty, n_people = (len(np.unique(checked.lists.participant[of])) for of in (checked.empty, slice(None)))
        lists = int(checked.empty.sum())
        what = f"{of_all(n_empty, n_people, 'participant')} ({lists:,} list{'s' * (lists != 1)}), without any response"
        left_out.append(LeftOut(what, lists))
    n_repeated = int((checked.repeated & keep).sum())
    if rules.repeated_items == "drop" and n_repeated:
        keep &= ~checked.repeated
        what = f"{of_all(n_repeated, checked.lists.n_lists, 'list')}, in which an item was studied more than once"
        left_out.append(LeftOut(what, n_repeated))
    if rules.repeated_items == "first" and n_repeated:
        what = f"all but the first presentation of an item in {of_all(n_repeated, checked.lists.n_lists, 'list')}"
        left_out.append(LeftOut(what, 0))
    return keep, left_out


def _study_positions(checked: CheckedEvents, rules: ReadingRules) -> tuple[np.ndarray, np.ndarray]:
    """Return which study rows stay, and the position of every study row, both ``(study,)``."""
    lists = checked.lists
    position = lists.columns.position[lists.study]
    if rules.repeated_items != "first":
        return np.ones(len(position), dtype=bool), position
    shown = pd.DataFrame({"list": lists.of_row[lists.study], "item": checked.item_keys[lists.study]})
    first = ~shown.duplicated()
    renumbered = first.astype(np.int64).groupby(shown["list"]).cumsum()
    return first.to_numpy(), renumbered.to_numpy()


def constant_values(values: pd.Series, of_list: np.ndarray, is_study: np.ndarray, n_lists: int) -> pd.Series | None:
    """Return a column's value in each list, or None if it is no condition of lists.

    Missing cells do not count, since many files fill conditions in on study rows only; a column that study
    rows never fill belongs to the responses (times).

    Parameters
    ----------
    values : pandas.Series, shape (row,)
    of_list : ndarray of int64, shape (row,)
    is_study : ndarray of bool, shape (row,)
    n_lists : int

    Returns
    -------
    pandas.Series or None
        Shape ``(list,)``; missing where all cells of a list are.
    """
    codes, _ = pd.factorize(values)
    filled = np.flatnonzero(codes >= 0)
    if not is_study[filled].any():
        return None
    low = np.full(n_lists, np.iinfo(np.int64).max)
    high = np.full(n_lists, -1)
    np.minimum.at(low, of_list[filled], codes[filled])
    np.maximum.at(high, of_list[filled], codes[filled])
    if (low < high).any():
        return None
    row = np.zeros(n_lists, dtype=np.intp)
    row[of_list[filled]] = filled
    constant = values.iloc[row].reset_index(drop=True)
    return constant if (high >= 0).all() else constant.where(pd.Series(high >= 0))


def code_responses(study_position: np.ndarray, of_list: np.ndarray, n_responses: np.ndarray) -> np.ndarray:
    """Arrange recall rows as a Penn matrix.

    Parameters
    ----------
    study_position : ndarray of int64, shape (recall,)
        Matched study position, 0 for an intrusion; list after list in output order.
    of_list : ndarray of int64, shape (recall,)
    n_responses : ndarray of int64, shape (list,)

    Returns
    -------
    ndarray of int16, shape (list, output)
        At least one column.
    """
    responses = np.zeros((len(n_responses), max(int(n_responses.max(initial=0)), 1)), dtype=np.int16)
    first = np.r_[0, np.cumsum(n_responses)[:-1]]
    output = np.arange(len(of_list)) - first[of_list]
    responses[of_list, output] = np.where(study_position > 0, study_position, -1)
    return responses


def events_with_responses(
    events: pd.DataFrame, lists: pd.DataFrame, items: np.ndarray, responses: np.ndarray
) -> pd.DataFrame:
    """Put the recall rows of a Penn matrix under the study rows of existing lists.

    Parameters
    ----------
    events, lists : pandas.DataFrame
        Of the data that give the design; its recall rows are dropped.
    items : ndarray of object, shape (list, position)
    responses : ndarray of int, shape (list, output)

    Returns
    -------
    pandas.DataFrame
        Columns that vary within lists (response times) are missing on the new recall rows.
    """
    study = events[events["trial_type"] == "study"]
    of_list, output = np.nonzero(responses)
    position = responses[of_list, output].astype(np.int64)
    correct = position > 0
    item = np.full(len(of_list), "", dtype=object)
    item[correct] = items[of_list[correct], position[correct] - 1]
    item[~correct] = [f"intrusion {number}" for number in range(1, int((~correct).sum()) + 1)]
    seen = correct & pd.DataFrame({"list": of_list, "position": position}).duplicated().to_numpy()
    new: dict[str, object] = {
        name: lists[name].iloc[of_list].to_numpy() for name in lists.columns if name in events.columns
    }
    new |= {
        "trial_type": "recall",
        "position": output + 1,
        "item": item,
        "study_position": np.where(correct, position, 0),
        "recall_type": np.where(seen, "repeat", np.where(correct, "correct", "intrusion")),
    }
    recalls = pd.DataFrame(new, index=range(len(of_list)))
    order = np.r_[np.repeat(np.arange(len(lists)), lists["list_length"]), of_list].argsort(kind="stable")
    joined = pd.concat([study, recalls.reindex(columns=study.columns)], ignore_index=True)
    return joined.iloc[order].reset_index(drop=True).astype({"item": "str", "recall_type": "str"})
