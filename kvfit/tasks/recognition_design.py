"""Where and how often a tested item was studied, and how long ago: read, derived and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from kvfit.tasks.list_rows import ListRows
from kvfit.tasks.problems import PLACES_SHOWN, ProblemLog
from kvfit.tasks.recognition_answers import TrialAnswers
from kvfit.tasks.recognition_columns import TrialRows


@dataclass(frozen=True, eq=False)
class Presentations:
    """Earlier presentations of each tested item, in the order of `ListRows.responses`.

    Attributes
    ----------
    count : ndarray of int64, shape (trial,)
        Number of earlier presentations in the same list.
    last : ndarray of float, shape (trial,)
        Position of the last of them; NaN if there is none or positions are unknown.
    n_items : ndarray of int64, shape (trial,)
        Number of different items studied in the trial's list; in continuous recognition, of those shown before.
    """

    count: np.ndarray
    last: np.ndarray
    n_items: np.ndarray


def find_presentations(lists: ListRows, trials: TrialRows, keys: np.ndarray) -> Presentations | None:
    """Look tested items up among the study rows, or among earlier trials of continuous recognition.

    Parameters
    ----------
    lists : ListRows
    trials : TrialRows
    keys : ndarray of int64, shape (row,)
        Item numbers.

    Returns
    -------
    Presentations or None
        None if the table does not say what was studied.
    """
    if not trials.has_items or not (trials.continuous or len(lists.study)):
        return None
    at, position = lists.responses, lists.columns.position
    if trials.continuous:
        items = pd.DataFrame({"list": lists.of_row[at], "item": keys[at], "position": position[at].astype(float)})
        same = items.groupby(["list", "item"], sort=False)
        count = same.cumcount().to_numpy(np.int64)
        first = pd.Series((count == 0).astype(np.int64)).groupby(items["list"])
        before = first.cumsum().to_numpy(np.int64) - (count == 0)
        return Presentations(count, same["position"].shift().to_numpy(), before)
    n_keys = int(keys.max(initial=0)) + 1
    studied = lists.of_row[lists.study] * n_keys + keys[lists.study]
    order = np.argsort(studied, kind="stable")  # by item, then position
    tested = lists.of_row[at] * n_keys + keys[at]
    left, right = (np.searchsorted(studied[order], tested, side=side) for side in ("left", "right"))
    count = (right - left).astype(np.int64)
    last = np.full(len(at), np.nan)
    if trials.study_positions:
        found = count > 0
        last[found] = position[lists.study[order[right[found] - 1]]]
    different = np.bincount(np.unique(studied) // n_keys, minlength=lists.n_lists)
    return Presentations(count, last, different[lists.of_row[at]])


def design_columns(
    lists: ListRows,
    trials: TrialRows,
    answers: TrialAnswers,
    shown: Presentations | None,
    list_length: int | None,
    log: ProblemLog,
) -> dict[str, np.ndarray]:
    """Give each trial study position, presentations, lag and list length, as far as they are known.

    What the table says is kept and checked; the rest is derived from study rows. A lag is the number of events
    from the (last) study of an item to its test, 1 if nothing came between (a table's own lags are kept as they are, also
    where they count what came between, from 0); in study-test lists without one
    running number for both phases it is counted as if the test followed the list at once. List length is the number
    of different items studied, so that repetitions do not lengthen a list. In continuous recognition no list is studied
    before its test, and what a probe meets grows from trial to trial: there is no list length unless the user states
    one, and ``items_before`` says how many different items were shown before the trial.

    Parameters
    ----------
    lists : ListRows
    trials : TrialRows
    answers : TrialAnswers
    shown : Presentations or None
    list_length : int, optional
        Length of all study lists, where the table does not say it.
    log : ProblemLog

    Returns
    -------
    dict of str to ndarray of float, shape (trial,)
        In the order of `ListRows.responses`; columns ``study_position``, ``n_presentations``, ``lag``,
        ``list_length`` and ``items_before``; NaN for new items where a column is about the item's study.
    """
    at = lists.responses
    old, given = answers.old[at], {name: values[at] for name, values in answers.numbers.items()}
    found: dict[str, np.ndarray] = {}
    _check_given_positions(lists, given.get("study_position"), old, log)
    _check_given_lags(lists, given.get("lag"), old, log)
    for name in ("study_position", "lag"):
        if name in given:
            found[name] = np.where(old, given[name], np.nan)
    lengths = _list_length(lists, trials, given.get("list_length"), list_length, shown, log)
    if lengths is not None:
        found["list_length"] = lengths
    if shown is not None and trials.continuous:
        found["items_before"] = shown.n_items.astype(float)
    if shown is not None:
        found["n_presentations"] = np.where(old, shown.count, np.nan)
        if "study_position" in found and not trials.continuous:
            _check_study_position(lists, found["study_position"], shown, log)
        last = np.where(old, shown.last, np.nan)
        if "study_position" not in found and not np.isnan(last).all() and not trials.continuous:
            found["study_position"] = last
    position = lists.columns.position[at].astype(float)
    before = shown.last if trials.continuous and shown is not None else found.get("study_position")
    if trials.test_positions and before is not None:
        distance = np.where(old, position - before, np.nan)
        if "lag" in found:
            _check_lag(lists, found["lag"], distance, log)
        elif trials.continuous:
            found["lag"] = distance
        elif trials.study_positions:
            found["lag"] = distance + _study_end(lists)
    if "study_position" in found and "list_length" in found:
        _check_inside(lists, found["study_position"], found["list_length"], log)
    return found


def _study_end(lists: ListRows) -> np.ndarray | float:
    """Return what to add to test minus study position: 0 if positions run on from study to test."""
    position = lists.columns.position
    last = np.zeros(lists.n_lists)
    np.maximum.at(last, lists.of_row[lists.study], position[lists.study])
    first = np.full(lists.n_lists, np.inf)
    np.minimum.at(first, lists.of_row[lists.responses], position[lists.responses])
    return 0.0 if (first > last).all() else last[lists.of_row[lists.responses]]


def _list_length(
    lists: ListRows,
    trials: TrialRows,
    given: np.ndarray | None,
    list_length: int | None,
    shown: Presentations | None,
    log: ProblemLog,
) -> np.ndarray | None:
    at = lists.responses
    if given is not None:
        bad = np.flatnonzero(~(given >= 1) | (given != np.round(given)))
        _report(
            lists,
            at[bad],
            given[bad],
            log,
            code="list_length",
            what="List lengths are no whole numbers of at least 1",
            expected="the number of study positions of the list",
            fix="correct the cells, or remove the column",
            column="list_length",
        )
        return given
    if list_length is not None:
        return np.full(len(at), float(list_length))
    if trials.continuous or not len(lists.study):
        return None
    # without labels of items every study row counts as an item of its own
    n_items = lists.counts(lists.study)[lists.of_row[at]] if shown is None else shown.n_items
    return n_items.astype(float)


def _check_given_positions(
    lists: ListRows, study_position: np.ndarray | None, old: np.ndarray, log: ProblemLog
) -> None:
    """Report positions that no study row can have; of new items 0 and negative numbers say that there is none."""
    if study_position is None:
        return
    known = ~np.isnan(study_position)
    bad = np.flatnonzero(~old & (study_position > 0))
    _report(
        lists,
        lists.responses[bad],
        study_position[bad],
        log,
        code="lure_with_study_position",
        what="New items have a study position",
        expected="an empty cell (or 0) for new items",
        fix="correct the status of the item, or empty the cell",
        column="study_position",
    )
    bad = np.flatnonzero(old & known & ((study_position < 1) | (study_position != np.round(study_position))))
    _report(
        lists,
        lists.responses[bad],
        study_position[bad],
        log,
        code="study_position_not_whole",
        what="Study positions of old items are no whole numbers from 1",
        expected="1, 2, 3, ...; an empty cell where the position is not known",
        fix="correct the cells; pass first_position=0 if positions were counted from 0"
        + log.or_ignore("study_position", "the study position of the tested item"),
        column="study_position",
    )


def _check_given_lags(lists: ListRows, lag: np.ndarray | None, old: np.ndarray, log: ProblemLog) -> None:
    """Warn of lags that are no numbers of events, and of lags of new items, which nobody studied."""
    if lag is None:
        return
    below = np.flatnonzero(old & (lag < 0))
    _report(
        lists,
        lists.responses[below],
        lag[below],
        log,
        code="negative_lag",
        what="Lags below 0 are no numbers of events; they are kept as they are",
        expected="events from study to test; centred lags can be described, but no model reads them",
        fix="empty the cells if they are codes of missing values"
        + log.or_ignore("lag", "the distance from study to test"),
        column="lag",
        severity="warning",
    )
    new = np.flatnonzero(~old & ~np.isnan(lag))
    # One value is a code for "does not apply".
    if len(np.unique(lag[new])) > 1:
        _report(
            lists,
            lists.responses[new],
            lag[new],
            log,
            code="lure_with_lag",
            what="Lags of new items are not kept, because new items have no study",
            expected="an empty cell (or 0) for new items",
            fix="nothing, or rename the column if it is meant to describe new items too",
            column="lag",
            severity="warning",
        )


def _check_study_position(lists: ListRows, given: np.ndarray, shown: Presentations, log: ProblemLog) -> None:
    bad = np.flatnonzero((shown.count == 1) & ~np.isnan(given) & ~np.isnan(shown.last) & (given != shown.last))
    _report(
        lists,
        lists.responses[bad],
        [f"{given[one]:g}, but the study row says {shown.last[one]:g}" for one in bad[:PLACES_SHOWN]],
        log,
        code="study_position_mismatch",
        what="Study positions differ from those of the study rows",
        expected="the position of the item's study row",
        fix="correct one of the two, or remove the column",
        column="study_position",
    )


def _check_inside(lists: ListRows, study_position: np.ndarray, list_length: np.ndarray, log: ProblemLog) -> None:
    # repeated items have more study positions than the list has items
    positions = np.maximum(list_length, lists.counts(lists.study)[lists.of_row[lists.responses]])
    bad = np.flatnonzero(study_position > positions)
    _report(
        lists,
        lists.responses[bad],
        [f"{study_position[one]:g} in a list of {list_length[one]:g}" for one in bad[:PLACES_SHOWN]],
        log,
        code="study_position_outside",
        what="Study positions lie outside their list",
        expected="1 up to the list's length",
        fix="correct the positions, or list_length",
        column="study_position",
    )


def _check_lag(lists: ListRows, lag: np.ndarray, distance: np.ndarray, log: ProblemLog) -> None:
    """Report lags that do not go with the positions.

    Labs count lags differently (events between, or up to the test; with or without a filled delay), but within a
    list the lag and the distance of positions can differ only by a constant.
    """
    known = np.flatnonzero(~np.isnan(lag) & ~np.isnan(distance))
    offset = np.round(lag[known] - distance[known], 6)
    of_list = lists.of_row[lists.responses[known]]
    # The commonest difference of each list; of equally common ones, that of most lists.
    pairs = pd.DataFrame({"list": of_list, "offset": offset})
    overall = pairs["offset"].value_counts()
    counts = pairs.value_counts(sort=False).rename("n").reset_index()
    counts["overall"] = counts["offset"].map(overall)
    usual = counts.sort_values(["n", "overall"], ascending=False, kind="stable").drop_duplicates("list")
    expected = pd.Series(usual["offset"].to_numpy(), index=usual["list"].to_numpy())
    usual_offset = expected.reindex(of_list).to_numpy()
    bad = np.flatnonzero(offset != usual_offset)
    at = known[bad]
    _report(
        lists,
        lists.responses[at],
        [
            f"lag {lag[row]:g}, positions say {distance[row] + usual_offset[one]:g}"
            for row, one in zip(at[:PLACES_SHOWN], bad, strict=False)
        ],
        log,
        code="lag_mismatch",
        what="Lags do not go with the positions of study and test",
        expected="within a list, lag = test position - study position + the same number",
        fix="correct the lag or the positions, or rename the column if it is no study-test lag",
        column="lag",
    )


def _report(
    lists: ListRows,
    rows: np.ndarray,
    found: np.ndarray | list[str],
    log: ProblemLog,
    *,
    code: str,
    what: str,
    expected: str,
    fix: str,
    column: str,
    severity: Literal["error", "warning"] = "error",
) -> None:
    if len(rows):
        said = [one if isinstance(one, str) else f"{one:g}" for one in found[:PLACES_SHOWN]]
        log.add(
            code,
            what,
            expected=expected,
            fix=fix,
            column=column,
            places=lists.columns.places(rows, said),
            n_places=len(rows),
            severity=severity,
        )
