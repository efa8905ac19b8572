"""Check what recognition trials hold: old or new, the response on its scale, remember/know, numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kvfit.tasks.labels import as_text
from kvfit.tasks.numbers import MISSING, Decimal, in_doubt, read_numbers
from kvfit.tasks.problems import PLACES_SHOWN, Place, ProblemLog
from kvfit.tasks.reading_rules import RecognitionRules
from kvfit.tasks.recognition_columns import TrialRows
from kvfit.tasks.response_scale import (
    ResponseScale,
    Scale,
    find_scale,
    is_remember_know,
    normalise_response,
    one_spelling,
    remember_know,
    scale_labels,
)

_OLD = frozenset({"old", "target", "studied", "true", "yes", "1"})
_NEW = frozenset({"new", "lure", "foil", "distractor", "distracter", "unstudied", "nonstudied", "false", "no", "0"})


#: What columns of numbers are, for advice about columns of the same name that are something else.
_MEANINGS = {
    "rt": "a response time",
    "study_position": "the study position of the tested item",
    "lag": "the distance from study to test",
    "list_length": "the length of the study list",
}


#: What programs write where there is no response.
_CODE = re.compile(r"-[0-9]+|9+|[.?-]|-+|missing|timeout|none", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class TrialAnswers:
    """Old/new status and response of every row; only test rows have them.

    Attributes
    ----------
    old : ndarray of bool, shape (row,)
    probe : ndarray of object (str), shape (row,)
        What the table calls the kind of probe.
    response : ndarray of int64, shape (row,)
        Category from 1; 0 where there is none.
    judgement : ndarray of object (str), shape (row,), or None
        ``"remember"``, ``"know"``, ``"guess"`` or ``""``.
    numbers : dict of str to ndarray of float, shape (row,)
        The columns rt, study_position, lag and list_length, as far as the table has them; NaN where empty.
    scale : ResponseScale
    sound : ndarray of bool, shape (row,)
        Test rows whose status and response are valid (a missing response is).
    """

    old: np.ndarray
    probe: np.ndarray
    response: np.ndarray
    judgement: np.ndarray | None
    numbers: dict[str, np.ndarray]
    scale: ResponseScale
    sound: np.ndarray


def check_answers(
    table: pd.DataFrame,
    trials: TrialRows,
    rules: RecognitionRules,
    log: ProblemLog,
    *,
    scale: Scale | None = None,
    old_from: str | int | None = None,
    ordered: bool = True,
    old_values: Sequence[object] | None = None,
    decimal: Decimal = None,
) -> TrialAnswers:
    """Check old/new status, responses and the numbers of each trial.

    Parameters
    ----------
    table : pandas.DataFrame
        Under kvfit's column names.
    trials : TrialRows
    rules : RecognitionRules
    log : ProblemLog
    scale, old_from, ordered
        As in `kvfit.tasks.response_scale.find_scale`.
    old_values : sequence, optional
        Values of the column ``old`` that mean "studied", whatever their case; all others mean "new".
    decimal : {"comma", "point"}, optional
        Decimal mark of the file.

    Returns
    -------
    TrialAnswers
        Use it only if `log` has no errors.
    """
    is_test = trials.columns.is_response
    old, probe, bad_status = _status(table["old"], trials, old_values, log)
    numbers = {
        name: _numbers(table[name], name, trials, decimal, log)
        for name in ("rt", "study_position", "lag", "list_length")
        if name in table.columns
    }
    given = _responses(table["response"], scale, rules)
    if scale is None and not rules.ignore_case:
        given = one_spelling(given, given[is_test])
    found = find_scale(scale, old_from, set(given[is_test]), log, ordered=ordered, ignore_case=rules.ignore_case)
    response, outside = _categories(given, is_test, found, rules, trials, log)
    judgement = _judgements(table, given, response, found, trials, log)
    return TrialAnswers(
        old=old,
        probe=probe,
        response=response,
        judgement=judgement,
        numbers=numbers,
        scale=found,
        sound=is_test & ~bad_status & ~outside,
    )


def _status(
    values: pd.Series, trials: TrialRows, old_values: Sequence[object] | None, log: ProblemLog
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read old/new: which rows are old, the table's own words, and which test rows are neither."""
    columns = trials.columns
    text, missing = as_text(values)
    if old_values is None:
        codes, uniques = pd.factorize(text)
        words = [normalise_response(str(one), ignore_case=True) for one in uniques]
        old = np.array([word in _OLD for word in words], dtype=bool)[codes]
        known = old | np.array([word in _NEW for word in words], dtype=bool)[codes]
    else:
        # Without case: a value that is not named would be new without a word.
        folded = pd.Series(text, dtype=object).str.casefold().to_numpy()
        wanted = {str(as_text(pd.Series([one], dtype=object))[0][0]).casefold() for one in old_values}
        old = np.isin(folded.astype(str), sorted(wanted))
        known = np.ones(len(text), dtype=bool)
        absent = sorted(wanted - set(folded[columns.is_response]))
        if absent:
            log.add(
                "old_values",
                "old_values= names values that the column does not have",
                expected="values of the column 'old' that mean a studied item",
                fix="correct old_values=",
                column="old",
                places=[Place(found=", ".join(map(repr, absent)))],
            )
    without = np.flatnonzero(columns.is_response & missing)
    if len(without):
        log.add(
            "missing_value",
            "Test trials that are neither old nor new",
            expected="old or new in every test row",
            fix="fill the cells or remove the rows",
            column="old",
            places=columns.places(without, ["nothing"] * len(without)),
            n_places=len(without),
        )
    other = np.flatnonzero(columns.is_response & ~missing & ~known)
    if len(other):
        values_found = ", ".join(map(repr, sorted(set(text[other]))[:5]))
        log.add(
            "old_new",
            f"Test trials are neither old nor new ({values_found})",
            expected="1/0, old/new, target/lure, studied/unstudied, yes/no or true/false",
            fix="correct the cells, or say which values mean a studied item, e.g. old_values=['intact']",
            column="old",
            places=columns.places(other, [repr(text[row]) for row in other[:PLACES_SHOWN]]),
            n_places=len(other),
        )
    return old & columns.is_response, text, columns.is_response & (missing | ~known)


def _responses(values: pd.Series, scale: Scale | None, rules: RecognitionRules) -> np.ndarray:
    """Return responses in normal writing, ``""`` where there is none."""
    # As words, because a scale may have a label such as "none" or "NA"; otherwise these are missing values.
    text, _ = as_text(values, words=True)
    codes, uniques = pd.factorize(text)
    normal = [normalise_response(str(one), ignore_case=rules.ignore_case) for one in uniques]
    kept = () if scale is None else scale_labels(scale, ignore_case=rules.ignore_case)
    empty = [one.lower() in MISSING and one not in kept for one in normal]
    return np.where(empty, "", np.array(normal, dtype=object))[codes]


def _categories(
    given: np.ndarray,
    is_test: np.ndarray,
    scale: ResponseScale,
    rules: RecognitionRules,
    trials: TrialRows,
    log: ProblemLog,
) -> tuple[np.ndarray, np.ndarray]:
    """Number the responses, 0 for none; and say which are outside the scale."""
    columns = trials.columns
    codes, uniques = pd.factorize(given)
    number = {label: k for k, label in enumerate(scale.labels, start=1)}
    category = np.array([number.get(str(one), 0) for one in uniques], dtype=np.int64)[codes]
    category[~is_test] = 0
    none = is_test & (given == "")
    outside = is_test & ~none & (category == 0)
    at = np.flatnonzero(outside)
    if len(at):
        folded = {label.casefold() for label in scale.labels}
        by_case = [str(one).casefold() in folded for one in set(given[at])]
        fix = "pass ignore_case=True"
        if not all(by_case):
            fix = "correct the responses, or scale=" + "; pass ignore_case=True where only the case differs" * any(
                by_case
            )
        if any(_CODE.fullmatch(str(one)) for one in set(given[at])):
            fix += "; empty the cells of codes that mean no response, and pass missing_responses='drop'"
        log.add(
            "response_outside_scale",
            "Responses lie outside the scale",
            expected=f"{scale.describe()}; an empty cell where there is no response",
            fix=fix,
            column="response",
            places=columns.places(at, [repr(given[row]) for row in at[:PLACES_SHOWN]]),
            n_places=len(at),
        )
    at = np.flatnonzero(none)
    if len(at) and rules.missing_responses == "error":
        log.add(
            "missing_response",
            "Test trials have no response",
            expected="a response in every test trial",
            fix="pass missing_responses='drop' to leave such trials unscored (they are counted and reported)",
            column="response",
            places=columns.places(at, ["nothing"] * len(at)),
            n_places=len(at),
        )
    return category, outside


def _judgements(
    table: pd.DataFrame,
    given: np.ndarray,
    response: np.ndarray,
    scale: ResponseScale,
    trials: TrialRows,
    log: ProblemLog,
) -> np.ndarray | None:
    """Read remember/know from its own column, or from the responses themselves."""
    columns = trials.columns
    if "remember_know" not in table.columns:
        return remember_know(given)[0] if is_remember_know(scale.labels) else None
    text, _ = as_text(table["remember_know"])
    judgement, bad = remember_know(text)
    at = np.flatnonzero(bad & columns.is_response)
    if len(at):
        log.add(
            "remember_know",
            "Judgements are neither remember, know nor guess",
            expected="remember, know or guess (r, k, g); empty or 'new' after a 'new' response",
            fix="correct the cells" + log.or_ignore("remember_know", "a remember/know judgement"),
            column="remember_know",
            places=columns.places(at, [repr(text[row]) for row in at[:PLACES_SHOWN]]),
            n_places=len(at),
        )
    judged_new = np.flatnonzero((judgement != "") & columns.is_response & (response > 0) & (response < scale.old_from))
    if len(judged_new):
        log.add(
            "remember_know",
            "Remember/know judgements follow a 'new' response",
            expected="a judgement only after an 'old' response",
            fix="empty these cells, or correct the response or old_from=",
            column="remember_know",
            places=columns.places(
                judged_new, [f"{text[row]!r} after {given[row]!r}" for row in judged_new[:PLACES_SHOWN]]
            ),
            n_places=len(judged_new),
        )
    return judgement


def _numbers(values: pd.Series, name: str, trials: TrialRows, decimal: Decimal, log: ProblemLog) -> np.ndarray:
    columns = trials.columns
    text, missing = as_text(values)
    numbers = read_numbers(text, decimal)
    bad = ~missing & ~np.isfinite(numbers)
    if name == "rt":
        bad |= numbers < 0
    at = np.flatnonzero(bad & columns.is_response)
    if len(at):
        log.add(
            "not_a_number",
            f"Values of '{name}' are no numbers" + (" of at least 0" if name == "rt" else ""),
            expected="a number, or an empty cell",
            fix="correct the cells" + in_doubt(text[at]) + log.or_ignore(name, _MEANINGS[name]),
            column=name,
            places=columns.places(at, [repr(text[row]) for row in at[:PLACES_SHOWN]]),
            n_places=len(at),
        )
    return np.where(bad, np.nan, numbers)
