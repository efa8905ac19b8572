"""Checks of recognition trials against what was studied, and of participants as a whole."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kvfit.tasks.labels import as_text
from kvfit.tasks.list_rows import ListRows, match_recalls
from kvfit.tasks.position_checks import check_duplicate_positions
from kvfit.tasks.problems import PLACES_SHOWN, Place, ProblemLog
from kvfit.tasks.reading_rules import RecognitionRules
from kvfit.tasks.recognition_answers import TrialAnswers
from kvfit.tasks.recognition_columns import TrialRows, plain_name


def check_positions(lists: ListRows, trials: TrialRows, log: ProblemLog) -> None:
    """Report test trials, and study rows, that share list and position."""
    none = np.zeros(lists.n_lists, dtype=bool)
    for given, at, kind in (
        (trials.study_positions, lists.study, "study"),
        (trials.test_positions, lists.responses, "test"),
    ):
        if given:
            copies = check_duplicate_positions(
                lists,
                at,
                none,
                log,
                code=f"duplicate_{kind}_position",
                what=f"{kind.capitalize()} positions occur twice in a list",
                expected=f"each {kind} position of a list once",
                fix=(
                    "correct the position, or remove the copied row; if labels of lists start again in each session,"
                    " join columns, e.g. columns={'list': ['session', 'list']}"
                ),
            )
            lists.touched[lists.of_row[copies]] = True


def check_sessions(lists: ListRows, table: pd.DataFrame, log: ProblemLog) -> None:
    """Report lists that run through several sessions: labels that start again, or no labels at all.

    Study in one session and test in another is one list. Where items are both studied and tested in several sessions, or,
    without study rows, a label of a list stands in several sessions, they are several lists.

    Parameters
    ----------
    lists : ListRows
    table : pandas.DataFrame
        Under kvfit's column names.
    log : ProblemLog
    """
    names = [str(name) for name in table.columns if plain_name(str(name)) == "session"]
    if len(names) != 1 or (not len(lists.study) and "list" not in table.columns):
        return
    text, missing = as_text(table[names[0]])
    of_rows = []
    for at in (lists.study, lists.responses):
        known = at[~missing[at]]
        of_rows.append(pd.DataFrame({"list": lists.of_row[known], "session": text[known]}).drop_duplicates())
    studied, tested = of_rows
    both = tested.merge(studied) if len(lists.study) else tested
    sessions = both.groupby("list")["session"].agg(lambda one: ", ".join(sorted(set(one))))
    several = sessions.index[both.groupby("list").size().reindex(sessions.index) > 1].to_numpy(dtype=np.int64)
    if not len(several):
        return
    joined = f"['{names[0]}', 'list']" if "list" in table.columns else f"'{names[0]}'"
    log.add(
        "duplicate_list_label",
        "Lists run through several sessions",
        expected="each list of a participant has its own label",
        fix=f"pass columns={{'list': {joined}}}; or ignore_columns=['{names[0]}'] if it is one list all the same",
        column=names[0],
        places=lists.places(several, lists.first_rows()[several], [f"sessions {sessions[one]}" for one in several]),
        n_places=len(several),
        severity="error" if len(lists.study) else "warning",
    )


def check_studied(lists: ListRows, trials: TrialRows, answers: TrialAnswers, keys: np.ndarray, log: ProblemLog) -> None:
    """Report old items that were never studied, and new items that were."""
    if not trials.has_items or not (trials.continuous or len(lists.study)):
        return
    at = lists.responses
    if trials.continuous:
        seen = pd.DataFrame({"list": lists.of_row[at], "item": keys[at]}).duplicated().to_numpy()
        where = "before, in the same list"
    else:
        seen = ~match_recalls(lists, keys).intrusion
        where = "in a study row of the same participant and list"
    clear = ~lists.touched[lists.of_row[at]] & ~lists.columns.item_missing[at]
    elsewhere = _studied_elsewhere(lists, keys)
    for code, what, expected, fix, chosen in (
        (
            "target_not_studied",
            "Old items were never studied",
            f"the item of an old trial {where}",
            "correct the item, its list or its status, or add the study row",
            at[clear & answers.old[at] & ~seen],
        ),
        (
            "lure_studied",
            "New items were studied",
            f"the item of a new trial not {where}",
            "correct the item or its status",
            at[clear & ~answers.old[at] & seen],
        ),
    ):
        if len(chosen):
            found = [
                repr(lists.columns.item[row])
                + (" (studied in another list)" if code == "target_not_studied" and elsewhere[row] else "")
                for row in chosen[:PLACES_SHOWN]
            ]
            log.add(
                code,
                what,
                expected=expected,
                fix=fix,
                column="item",
                places=lists.columns.places(chosen, found),
                n_places=len(chosen),
            )


def _studied_elsewhere(lists: ListRows, keys: np.ndarray) -> np.ndarray:
    """Say for each row whether its participant studied the item in any list, ``(row,)``."""
    if not len(lists.study):
        return np.zeros(len(keys), dtype=bool)
    n_keys = int(keys.max(initial=0)) + 1
    person = np.where(lists.of_row >= 0, lists.participant[lists.of_row], -1)
    return np.isin(person * n_keys + keys, person[lists.study] * n_keys + keys[lists.study])


def check_repeated_tests(lists: ListRows, trials: TrialRows, keys: np.ndarray, log: ProblemLog) -> None:
    """Warn of items that were tested several times in a list."""
    if trials.continuous or not trials.has_items:
        return
    at = lists.responses
    again = pd.DataFrame({"list": lists.of_row[at], "item": keys[at]}).duplicated().to_numpy()
    chosen = at[again & ~lists.columns.item_missing[at]]
    if len(chosen):
        log.add(
            "repeated_test",
            "Items were tested several times in the same list",
            expected="one test trial an item and list",
            fix="remove copied rows; if the design tests items again, remember that a lure's second test is no longer new",
            column="item",
            places=lists.columns.places(chosen, [repr(lists.columns.item[row]) for row in chosen[:PLACES_SHOWN]]),
            n_places=len(chosen),
            severity="warning",
        )


def check_both_kinds(lists: ListRows, answers: TrialAnswers, rules: RecognitionRules, log: ProblemLog) -> np.ndarray:
    """Find participants without a scored old or new item, ``(list,)``; report them if the rules ask."""
    columns = lists.columns
    n_participants = int(lists.participant.max(initial=-1)) + 1
    scored = lists.responses[answers.response[lists.responses] > 0]
    person = lists.participant[lists.of_row[scored]]
    n_old = np.bincount(person[answers.old[scored]], minlength=n_participants)
    n_new = np.bincount(person[~answers.old[scored]], minlength=n_participants)
    incomplete = ((n_old == 0) | (n_new == 0))[lists.participant]
    if rules.incomplete_participants != "error" or not len(lists.responses):
        return incomplete
    # Rows that were reported already may have been the missing trials.
    unclear = np.zeros(n_participants, dtype=bool)
    unclear[lists.participant[lists.touched]] = True
    at_lists = np.flatnonzero(incomplete & ~unclear[lists.participant])
    _, first = np.unique(lists.participant[at_lists], return_index=True)
    chosen = at_lists[first]
    if len(chosen):
        log.add(
            "one_kind_of_item",
            "Participants have no scored old items, or no scored new ones",
            expected="old and new items of each participant, or memory and readiness to say 'old' cannot be told apart",
            fix=(
                "add the missing trials; or pass incomplete_participants='drop' (leave them out) or"
                " incomplete_participants='keep' (for models that share what they lack)"
            ),
            column="old",
            places=[
                Place(
                    participant=lists.subjects[one],
                    row=int(columns.rows[row]),
                    found=f"{n_old[lists.participant[one]]} old, {n_new[lists.participant[one]]} new",
                )
                for one, row in zip(chosen[:PLACES_SHOWN], lists.first_rows()[chosen], strict=False)
            ],
            n_places=len(chosen),
        )
    return incomplete


def check_direction(lists: ListRows, answers: TrialAnswers, log: ProblemLog) -> None:
    """Warn if new items got surer "old" responses than old items: the scale may be reversed."""
    response = answers.response[lists.responses]
    old = answers.old[lists.responses]
    n_categories = answers.scale.n_categories
    old_counts, new_counts = (
        np.bincount(response[of & (response > 0)], minlength=n_categories + 1)[1:].astype(float) for of in (old, ~old)
    )
    n_old, n_new = old_counts.sum(), new_counts.sum()
    if not answers.scale.ordered or not n_old or not n_new:
        return
    # Area under the ROC as the probability that an old item gets the higher category, ties halved.
    below = np.cumsum(new_counts) - new_counts
    area = float((old_counts * (below + new_counts / 2)).sum() / (n_old * n_new))
    standard_error = np.sqrt((n_old + n_new + 1) / (12 * n_old * n_new))
    if area < 0.5 - 4 * standard_error:
        log.add(
            "reversed_scale",
            "New items got surer 'old' responses than old items",
            expected="a scale from surest new to surest old",
            fix="reverse the scale (scale='6-1' instead of scale='1-6'), or check which items are old",
            column="response",
            places=[Place(found=f"area under the ROC {area:.2f}; {answers.scale.describe()}")],
            severity="warning",
        )
