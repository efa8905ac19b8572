"""Checks of lists and positions: every list studied once, completely, in a known order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kvfit.tasks.labels import as_integers, as_text
from kvfit.tasks.list_rows import ListRows
from kvfit.tasks.numbers import Decimal
from kvfit.tasks.problems import PLACES_SHOWN, ProblemLog


def check_labels(lists: ListRows, table: pd.DataFrame, log: ProblemLog) -> np.ndarray:
    """Find lists of a participant that share a label."""
    twice = np.zeros(lists.n_lists, dtype=bool)
    of_study, position = lists.of_row[lists.study], lists.columns.position[lists.study]
    # Every position shown several times: two lists, not one slip of the pen.
    pairs = pd.DataFrame({"list": of_study, "position": position}).value_counts(sort=False)
    per_list = pairs.groupby("list").agg(["min", "size"])
    doubled = per_list.index[(per_list["min"] > 1) & (per_list["size"] > 1)].to_numpy(dtype=np.int64)
    twice[doubled] = True
    found = np.full(lists.n_lists, "every study position more than once", dtype=object)
    if "session" in table.columns:
        text, missing = as_text(table["session"])
        at = np.flatnonzero((lists.of_row >= 0) & ~missing)
        sessions = pd.Series(text[at]).groupby(lists.of_row[at])
        for one in sessions.nunique().loc[lambda n: n > 1].index:
            twice[one] = True
            found[one] = "sessions " + ", ".join(sorted(set(sessions.get_group(one))))
    at_lists = np.flatnonzero(twice)
    if len(at_lists):
        log.add(
            "duplicate_list_label",
            "A participant has several lists with the same label",
            expected="each list of a participant has its own label",
            fix="number the lists through, or join columns, e.g. columns={'list': ['session', 'list']}",
            column="list",
            places=lists.places(at_lists, lists.first_rows()[at_lists], found[at_lists]),
            n_places=len(at_lists),
            rows=lists.first_rows()[at_lists],
        )
    return twice


def check_recalls_without_study(lists: ListRows, log: ProblemLog) -> None:
    """Report lists, and participants, that have recall rows but no study rows."""
    columns = lists.columns
    studied = np.zeros(lists.n_lists, dtype=bool)
    studied[lists.of_row[columns.keyed & columns.is_study]] = True
    n_participants = int(lists.participant.max(initial=-1)) + 1
    known = np.zeros(n_participants, dtype=bool)
    known[lists.participant[studied]] = True
    lost = np.flatnonzero(~studied & ~lists.touched)
    n_rows = lists.counts(lists.responses)
    for code, what, fix, chosen in (
        (
            "recall_without_study",
            "Recalls of lists that were never studied",
            "add the list's study rows, or correct the list label of the recalls",
            lost[known[lists.participant[lost]]],
        ),
        (
            "participant_without_study",
            "Participants have recalls but no study rows in any list",
            "add their study rows, or correct the participant label of the recalls",
            lost[~known[lists.participant[lost]]],
        ),
    ):
        if len(chosen):
            log.add(
                code,
                what,
                expected="study rows of the same participant and list",
                fix=fix,
                places=lists.places(
                    chosen,
                    lists.first_rows()[chosen],
                    [f"{n_rows[one]} recall rows, 0 study rows" for one in chosen[:PLACES_SHOWN]],
                ),
                n_places=len(chosen),
                rows=lists.first_rows()[chosen],
            )
            lists.touched[chosen] = True


def declared_length(lists: ListRows, table: pd.DataFrame, log: ProblemLog, decimal: Decimal = None) -> np.ndarray:
    """Read the column list_length, if there is one: one length a list."""
    declared = np.full(lists.n_lists, np.nan)
    if "list_length" not in table.columns:
        return declared
    text, missing = as_text(table["list_length"])
    whole, not_whole = as_integers(text, decimal)
    bad = np.flatnonzero(~missing & (not_whole | (whole < 1)))
    numbers = np.where(missing, np.nan, whole.astype(float))
    if len(bad):
        log.add(
            "list_length",
            "List lengths are not whole numbers of at least 1",
            expected="the number of study positions of the list",
            fix="correct the cells, or remove the column: study rows are counted",
            column="list_length",
            places=lists.columns.places(bad, [repr(text[row]) for row in bad[:PLACES_SHOWN]]),
            n_places=len(bad),
            rows=bad,
        )
        numbers[bad] = np.nan
    at = np.flatnonzero((lists.of_row >= 0) & ~np.isnan(numbers))
    spread = pd.Series(numbers[at]).groupby(lists.of_row[at]).agg(["min", "max"])
    uneven = spread.index[spread["min"] != spread["max"]].to_numpy(dtype=np.int64)
    if len(uneven):
        found = [f"{spread.loc[one, 'min']:g} to {spread.loc[one, 'max']:g}" for one in uneven[:PLACES_SHOWN]]
        log.add(
            "list_length",
            "The list length changes within a list",
            expected="one length a list",
            fix="correct the column, or remove it: study rows are counted",
            column="list_length",
            places=lists.places(uneven, lists.first_rows()[uneven], found),
            n_places=len(uneven),
            rows=lists.first_rows()[uneven],
        )
    even = spread[spread["min"] == spread["max"]]
    declared[even.index.to_numpy(dtype=np.int64)] = even["max"]
    return declared


def check_outside(lists: ListRows, declared: np.ndarray, log: ProblemLog) -> None:
    """Report study positions outside the list, and output positions before the first."""
    columns = lists.columns
    length = declared[lists.of_row[lists.study]]
    position = columns.position[lists.study]
    outside = lists.study[(position < 1) | (position > length)]
    if len(outside):
        text = [
            f"{columns.position[row]}"
            + (f" in a list of {declared[lists.of_row[row]]:g}" if declared[lists.of_row[row]] > 0 else "")
            for row in outside[:PLACES_SHOWN]
        ]
        log.add(
            "study_position_outside",
            "Study positions lie outside their list",
            expected="1 up to the list's length; positions are counted from 1",
            fix="correct the positions; pass first_position=0 if they were counted from 0",
            column="position",
            places=columns.places(outside, text),
            n_places=len(outside),
            rows=outside,
        )
        lists.touched[lists.of_row[outside]] = True
    early = lists.responses[columns.position[lists.responses] < 1]
    if len(early):
        log.add(
            "output_position_outside",
            "Output positions of recalls lie before the first",
            expected="1, 2, 3, ... in the order of the responses",
            fix="correct the positions; pass first_position=0 if they were counted from 0"
            if (position < 1).any()
            else "correct the positions; add 1 to all output positions if they, unlike study positions, count from 0",
            column="position",
            places=columns.places(early, columns.position[early]),
            n_places=len(early),
            rows=early,
        )


def check_duplicate_positions(
    lists: ListRows,
    at: np.ndarray,
    twice: np.ndarray,
    log: ProblemLog,
    *,
    code: str,
    what: str,
    expected: str,
    fix: str,
) -> np.ndarray:
    """Report rows that share list and position with another row.

    Parameters
    ----------
    lists : ListRows
    at : ndarray of int64
        Rows sorted by list and position: `ListRows.study` or `ListRows.responses`.
    twice : ndarray of bool, shape (list,)
        Lists that are left out, because they were reported as two lists with one label.
    log : ProblemLog
    code, what, expected, fix : str
        Of the problem.

    Returns
    -------
    ndarray of int64
        The reported rows.
    """
    columns = lists.columns
    of_list, position = lists.of_row[at], columns.position[at]
    same = (of_list[1:] == of_list[:-1]) & (position[1:] == position[:-1]) & ~twice[of_list[1:]]
    twins = np.flatnonzero(same) + 1
    if len(twins):
        found = [
            f"{position[one]} is also in {log.row_unit} {columns.rows[at[one - 1]]}" for one in twins[:PLACES_SHOWN]
        ]
        log.add(
            code,
            what,
            expected=expected,
            fix=fix,
            column="position",
            places=columns.places(at[twins], found),
            n_places=len(twins),
            rows=at[twins],
        )
    return at[twins]


def check_study_positions(lists: ListRows, twice: np.ndarray, log: ProblemLog) -> None:
    """Report study positions that occur twice in a list, or are missing."""
    columns, study = lists.columns, lists.study
    copies = check_duplicate_positions(
        lists,
        study,
        twice,
        log,
        code="duplicate_study_position",
        what="Study positions occur twice in a list",
        expected="each study position of a list once",
        fix="correct the position, or remove the copied row",
    )
    lists.touched[lists.of_row[copies]] = True
    of_list, position = lists.of_row[study], columns.position[study]
    starts = np.r_[True, of_list[1:] != of_list[:-1]]
    before = np.where(starts, 0, np.r_[0, position[:-1]])
    gaps = np.flatnonzero((position - before > 1) & ~lists.touched[of_list])
    if len(gaps):
        found = [
            f"position {position[one]} follows {before[one]}" if before[one] else f"begins at {position[one]}"
            for one in gaps[:PLACES_SHOWN]
        ]
        log.add(
            "study_position_gap",
            "Study positions are missing within a list",
            expected="1, 2, 3, ... without gaps: every presented item has a study row",
            fix="add the missing study rows (a model needs every item that could be recalled)",
            column="position",
            places=columns.places(study[gaps], found),
            n_places=len(gaps),
            rows=study[gaps],
        )
        lists.touched[of_list[gaps]] = True


def check_lengths(lists: ListRows, declared: np.ndarray, log: ProblemLog) -> None:
    """Report lists with fewer or more study rows than the table says."""
    n_studied = lists.counts(lists.study)
    short = np.flatnonzero(~np.isnan(declared) & (n_studied != declared) & ~lists.touched)
    if len(short):
        log.add(
            "list_length_mismatch",
            "Lists have another number of study rows than their list_length says",
            expected="one study row for every item of the list",
            fix="add the missing study rows, or correct list_length",
            column="list_length",
            places=lists.places(
                short,
                lists.first_rows()[short],
                [f"{n_studied[one]} study rows for a list of {declared[one]:g}" for one in short[:PLACES_SHOWN]],
            ),
            n_places=len(short),
            rows=lists.first_rows()[short],
        )


def check_output_positions(lists: ListRows, twice: np.ndarray, log: ProblemLog) -> None:
    """Report responses of a list that share an output position."""
    check_duplicate_positions(
        lists,
        lists.responses,
        twice,
        log,
        code="duplicate_output_position",
        what="Output positions occur twice in a list, so that the order of the responses is unknown",
        expected="each output position of a list once",
        fix="number the responses in the order in which they were made",
    )
