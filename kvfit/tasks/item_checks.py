"""Checks of items and participants: each item once in a list, responses that belong to it."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pandas as pd

from kvfit.tasks.list_rows import ListRows, Matches, item_keys, match_recalls
from kvfit.tasks.near_misses import check_near_misses
from kvfit.tasks.problems import PLACES_SHOWN, Place, ProblemLog
from kvfit.tasks.reading_rules import ReadingRules

#: So many recalls at their study positions, and so large a share of all, are no chance.
_FEW_RECALLS, _MOSTLY = 3, 0.95


def check_repeated_items(
    lists: ListRows, keys: np.ndarray, twice: np.ndarray, rules: ReadingRules, log: ProblemLog
) -> np.ndarray:
    """Find lists with an item at several study positions, ``(list,)``; report them if the rules ask."""
    columns = lists.columns
    named = lists.study[~columns.item_missing[lists.study] & ~twice[lists.of_row[lists.study]]]
    pairs = pd.DataFrame({"list": lists.of_row[named], "item": keys[named]})
    # A copied row (same item, same position) was reported as a duplicate position.
    pairs["position"] = columns.position[named]
    pairs["row"] = named
    pairs = pairs.drop_duplicates(["list", "item", "position"])
    again = pairs[pairs.duplicated(["list", "item"])]
    repeated = np.zeros(lists.n_lists, dtype=bool)
    repeated[again["list"].to_numpy()] = True
    if rules.repeated_items != "error" or not repeated.any():
        return repeated
    firsts = again.drop_duplicates("list")
    n_again = again.groupby("list").size()
    found = [
        f"{columns.item[row]!r} again at position {columns.position[row]}"
        + (f" (and {n_again[one] - 1} more)" if n_again[one] > 1 else "")
        for one, row in zip(firsts["list"].head(PLACES_SHOWN), firsts["row"], strict=False)
    ]
    log.add(
        "repeated_item",
        "Items were studied at several positions of the same list",
        expected="each item once in a list, so that a response has one study position",
        fix=(
            "correct the items; if the design repeats items, pass repeated_items='drop' (leave such"
            " lists out) or repeated_items='first' (one position an item, that of its first presentation)"
        ),
        column="item",
        places=lists.places(firsts["list"].to_numpy(), firsts["row"].to_numpy(), found),
        n_places=len(firsts),
        rows=firsts["row"].to_numpy(),
    )
    return repeated


def check_empty_participants(lists: ListRows, rules: ReadingRules, log: ProblemLog) -> np.ndarray:
    """Find lists of participants without any response, ``(list,)``; report them if the rules ask."""
    columns = lists.columns
    n_participants = int(lists.participant.max(initial=-1)) + 1
    responded = np.zeros(n_participants, dtype=bool)
    recalls = np.flatnonzero(columns.keyed & columns.is_response)
    responded[lists.participant[lists.of_row[recalls]]] = True
    # Rows that were reported already may have been this participant's responses.
    unclear = np.zeros(n_participants, dtype=bool)
    unclear[lists.participant[lists.touched]] = True
    empty = ~responded[lists.participant]
    if rules.empty_participants != "error":
        return empty
    of_lists = np.flatnonzero(empty & ~unclear[lists.participant])
    _, first = np.unique(lists.participant[of_lists], return_index=True)
    chosen = of_lists[first]
    if len(chosen):
        n_lists = np.bincount(lists.participant, minlength=n_participants)
        log.add(
            "empty_participant",
            "Participants have no response in any list",
            expected="at least one recall row for each participant",
            fix=(
                "add the recalls; or pass empty_participants='drop' (leave them out) or empty_participants='keep' (they"
                " recalled nothing)"
            ),
            column="subject",
            places=[
                Place(
                    participant=lists.subjects[one],
                    row=int(columns.rows[row]),
                    found=f"{n_lists[lists.participant[one]]} lists, 0 recall rows",
                )
                for one, row in zip(chosen[:PLACES_SHOWN], lists.first_rows()[chosen], strict=False)
            ],
            n_places=len(chosen),
        )
    return empty


def check_matches(lists: ListRows, matches: Matches, rules: ReadingRules, log: ProblemLog) -> None:
    """Report responses that match nothing at all, and warn of those that miss an item by their spelling."""
    columns = lists.columns
    if matches.intrusion.all() and not columns.item_missing.any():
        at = lists.responses
        log.add(
            "nothing_matches",
            "No response is an item of its list",
            expected="recall rows name items as the study rows of the same list do",
            fix="label studied and recalled items alike (ignore_case=True if only the case differs)",
            column="item",
            places=columns.places(at, [repr(item) for item in columns.item[at[:PLACES_SHOWN]]]),
            n_places=len(at),
        )
        return
    # With ignore_case a response that differs only so matches already.
    loose = matches if rules.ignore_case else match_recalls(lists, item_keys(columns.item, ignore_case=True))
    by_case = matches.intrusion & ~loose.intrusion
    near = np.flatnonzero(by_case)
    if len(near):
        studied = lists.study[loose.study_row[near[:PLACES_SHOWN]]]
        rows = lists.responses[near]
        found = [f"{columns.item[row]!r} for {columns.item[item]!r}" for row, item in zip(rows, studied, strict=False)]
        log.add(
            "near_match",
            "Responses counted as intrusions differ from a studied item only by case or outer blanks",
            expected="the same spelling in study and recall rows",
            fix="correct the labels, or pass ignore_case=True; otherwise they stay intrusions",
            column="item",
            places=columns.places(rows, found),
            n_places=len(near),
            severity="warning",
        )
    check_near_misses(lists, matches, by_case, log)
    _check_output_order(lists, matches, log)


def _check_output_order(lists: ListRows, matches: Matches, log: ProblemLog) -> None:
    """Warn of output positions that are study positions: the order in which people responded is then lost."""
    position, of_list = lists.columns.position[lists.responses], lists.of_row[lists.responses]
    correct = np.flatnonzero(~matches.intrusion & ~matches.repeat)
    studied = lists.columns.position[lists.study[matches.study_row[correct]]]
    same = position[correct] == studied
    # Where everything is recalled in the order of study both are 1, 2, 3, ...; only gaps tell them apart.
    first = np.r_[True, of_list[1:] != of_list[:-1]] if len(of_list) else np.array([], dtype=bool)
    gap = np.where(first, position > 1, np.diff(position, prepend=0) > 1)
    lists_with_gaps = np.unique(of_list[gap])
    in_gaps = correct[same & np.isin(of_list[correct], lists_with_gaps)]
    if len(in_gaps) < _FEW_RECALLS or same.mean() < _MOSTLY:
        return
    rows = lists.responses[in_gaps]
    found = [f"{lists.columns.item[row]!r} at output and study position {lists.columns.position[row]}" for row in rows]
    log.add(
        "output_is_study_position",
        "Output positions are the study positions of the recalled items, so that all recalls seem to be in study order",
        expected="1, 2, 3, ... in the order of the responses",
        fix="put the order of the responses into 'position'; nothing, if people had to recall in the order of study",
        column="position",
        places=lists.columns.places(rows, found[:PLACES_SHOWN]),
        n_places=len(rows),
        severity="warning",
    )


def check_similar_participants(lists: ListRows, log: ProblemLog) -> None:
    """Warn of labels that may mean one person: ``S1`` and ``s 01``, ``7``, ``007`` and ``7.0``."""
    labels = pd.Series(lists.subjects.astype(str)).drop_duplicates()
    alike = labels.groupby(labels.map(_plain_label))
    groups = [group.tolist() for _, group in alike if len(group) > 1]
    if groups:
        log.add(
            "similar_participants",
            "Participant labels differ only by case, zeros, punctuation or the form of characters",
            expected="one label a person",
            fix="write the labels in one way, if they mean the same person",
            column="subject",
            places=[Place(found=" and ".join(map(repr, group))) for group in groups],
            severity="warning",
        )


def _plain_label(label: str) -> str:
    """A label without what people write in several ways: case, zeros before or behind a number, a full stop at its end."""
    text = unicodedata.normalize("NFKC", label).casefold().strip(" .,;:_-")
    text = re.sub(r"(?<=[^\W\d])[\s_-]+(?=\d)|(?<=\d)[\s_-]+(?=[^\W\d_])", "", text)
    return re.sub(
        r"(?<![\d.])0+(?=\d)", "", re.sub(r"[\s_-]+", "-", re.sub(r"(?<![\d.])(\d+)[.,]0+(?![\d.])", r"\1", text))
    )
