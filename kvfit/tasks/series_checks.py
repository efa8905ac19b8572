"""Checks of a person's series of lists, and of what holds for whole lists: what is missing, and what varies."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from kvfit.tasks.canonical import comparable
from kvfit.tasks.labels import as_text
from kvfit.tasks.list_rows import ListRows
from kvfit.tasks.problems import PLACES_SHOWN, Place, ProblemLog

#: A column that is the same throughout all but this share of lists was meant to be a condition of lists.
MOST_VARYING = 0.25

#: In files of many lists, slips are fewer: so many lists, or so large a share of them.
_SLIPS, _SLIPS_SHARE = 5, 0.1

#: A list that all but this share of participants have is one that everybody should have.
MOST_LACKING = 0.1

#: Where more than this share of people's lists would be missing, people have different lists by design: of lists at the
#: ends of a series, and of those in its midst.
MOST_MISSING, MOST_MISSING_WITHIN = 0.1, 1 / 6

_NUMBER = re.compile(r"[0-9]{1,9}")

#: Columns that the readers need, which vary within lists, and those that psifr's scoring adds.
_OWN = frozenset(
    {"subject", "list", "trial_type", "phase", "position", "item", "list_length", "old", "response", "session"}
)


def check_varying_conditions(lists: ListRows, table: pd.DataFrame, log: ProblemLog) -> None:
    """Warn of columns that are the same throughout most lists and differ in a few: a slip in a cell.

    Such a column is no condition of lists. Columns about rows (times, properties of items) vary in many lists and
    need no warning; columns that study rows never fill belong to the responses.

    Parameters
    ----------
    lists : ListRows
    table : pandas.DataFrame
        The table that was checked.
    log : ProblemLog
    """
    is_study = lists.columns.is_study
    for name in map(str, table.columns):
        if name in _OWN:
            continue
        raw, uniques = pd.factorize(comparable(table[name]))
        # With so many different values a column is about rows; its text need not be looked at.
        if len(uniques) > 2 * lists.n_lists + 2:
            continue
        text, missing = as_text(pd.Series(uniques, dtype=object))
        text, missing = np.append(text, "")[raw], np.append(missing, True)[raw]
        rows = np.flatnonzero(~missing & (lists.of_row >= 0))
        if not is_study[rows].any():
            continue
        codes, values = pd.factorize(text[rows])
        of_list = lists.of_row[rows]
        low, high = np.full(lists.n_lists, len(values)), np.full(lists.n_lists, -1)
        np.minimum.at(low, of_list, codes)
        np.maximum.at(high, of_list, codes)
        several = np.flatnonzero(np.bincount(of_list, minlength=lists.n_lists) > 1)
        varying = np.flatnonzero(low < high)
        most = min(MOST_VARYING * len(several), max(_SLIPS, _SLIPS_SHARE * len(several)))
        if not len(varying) or len(varying) == len(several) or len(varying) > max(1, most):
            continue
        cells = pd.DataFrame({"list": of_list, "value": codes, "row": rows})[np.isin(of_list, varying)]
        counted = cells.groupby(["list", "value"], sort=False)["row"].agg(["size", "first"]).reset_index()
        at, found = _slips(counted, values)
        log.add(
            "condition_varies",
            f"The column is the same throughout {len(several) - len(varying):,} lists and differs within {len(varying):,}",
            expected="one value throughout a list, if it is a condition of lists; as it is, it is none",
            fix="correct the cells, if they are slips",
            column=name,
            places=lists.places(lists.of_row[at], at, found),
            n_places=len(at),
            severity="warning",
        )


def _slips(counted: pd.DataFrame, values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """First row with the rarest value of each list, and what stands there, in the order of the lists."""
    by_size = counted.sort_values(["list", "size", "first"], kind="stable")
    rare, common = by_size.drop_duplicates("list"), by_size.drop_duplicates("list", keep="last")
    total = counted.groupby("list")["size"].sum()
    found = [
        f"{values[one]!r} in {size} of {total[at]} cells, elsewhere {values[other]!r}"
        for at, one, size, other in zip(rare["list"], rare["value"], rare["size"], common["value"], strict=True)
    ]
    return rare["first"].to_numpy(), found


def check_missing_lists(lists: ListRows, log: ProblemLog) -> None:
    """Warn of lists that are missing from a person's series of lists.

    Told is a list that nearly all other participants have, and one that is missing between a participant's own
    numbered lists while at least half of the participants (or no one else to compare with) have it.

    Parameters
    ----------
    lists : ListRows
    log : ProblemLog
    """
    label, names = pd.factorize(lists.labels.astype(str))
    person, people = pd.factorize(lists.participant)
    n_people = len(people)
    # Labels that fewer than half of the people have are nobody's loss.
    common = np.flatnonzero(np.bincount(label, minlength=len(names)) >= n_people / 2)
    if not n_people or not len(common):
        return
    names = names[common]
    has = np.zeros((n_people, len(names)), dtype=bool)
    at_common = np.isin(label, common)
    has[person[at_common], np.searchsorted(common, label[at_common])] = True
    n_lacking = (~has).sum(axis=0)
    told = _few(~has & (n_lacking <= max(1, MOST_LACKING * n_people)), MOST_MISSING)
    gaps: list[set[int]] = [set() for _ in people]
    if all(_NUMBER.fullmatch(name) for name in names):
        number = np.array([int(name) for name in names])
        low = np.where(has, number, number.max()).min(axis=1)
        high = np.where(has, number, number.min()).max(axis=1)
        told |= _few(~has & (number > low[:, None]) & (number < high[:, None]), MOST_MISSING_WITHIN)
        if n_people == 1:
            series = set(range(int(low[0]), int(high[0]) + 1)) - set(number.tolist())
            gaps[0] = series if len(series) <= MOST_VARYING * len(names) else set()
    lacking = [sorted([str(names[at]) for at in np.flatnonzero(row)], key=_by_number) for row in told]
    lacking = [given or [str(one) for one in sorted(gap)] for given, gap in zip(lacking, gaps, strict=True)]
    at = [one for one, missing in enumerate(lacking) if missing]
    if at:
        first = pd.Series(lists.subjects).groupby(person).first()
        said = [f"list{'s' * (len(lacking[one]) > 1)} {_some(lacking[one])} of {len(names)}" for one in at]
        log.add(
            "missing_list",
            "Lists are missing from a participant's series of lists",
            expected="the lists that the other participants have, numbered through",
            fix="add their rows if they were lost; if they were left out on purpose, nothing needs to be done",
            column="list",
            places=[
                Place(participant=first[one], found=text) for one, text in zip(at[:PLACES_SHOWN], said, strict=False)
            ],
            n_places=len(at),
            severity="warning",
        )


def _few(lacking: np.ndarray, most: float) -> np.ndarray:
    """The same, or nothing where it is so much that no series is common to the people."""
    return lacking & (lacking.mean() <= most)


def check_similar_values(lists: ListRows, table: pd.DataFrame, log: ProblemLog) -> None:
    """Warn of values of a condition that differ only by case or outer blanks: ``slow`` and ``Slow ``.

    Columns with more values than lists are about rows, and left alone.

    Parameters
    ----------
    lists : ListRows
    table : pandas.DataFrame
    log : ProblemLog
    """
    for name in map(str, table.columns):
        if name in _OWN or pd.api.types.is_numeric_dtype(table[name]):
            continue
        uniques = pd.unique(comparable(table[name]))
        if len(uniques) > max(lists.n_lists, 2):
            continue
        values = pd.Series(pd.unique(as_text(pd.Series(uniques, dtype=object), words=True)[0]), dtype=object).map(str)
        alike = values[values.str.strip() != ""].groupby(values.str.strip().str.casefold())
        groups = [sorted(group.tolist()) for _, group in alike if len(group) > 1]
        if groups:
            log.add(
                "similar_values",
                "Values of the column differ only by case or outer blanks",
                expected="one writing of each value",
                fix="write the values in one way, if they mean the same",
                column=name,
                places=[Place(found=" and ".join(map(repr, group))) for group in groups],
                severity="warning",
            )


def _by_number(name: str) -> tuple[int, str]:
    return (int(name) if name.isascii() and name.isdigit() else 0, name)


def _some(names: list[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
