"""The response scale of a recognition test: the user's labels, in order from surest "new" to surest "old"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kvfit.tasks.canonical import canonical
from kvfit.tasks.labels import natural_key
from kvfit.tasks.problems import Place, ProblemLog

#: How a user writes a scale: labels or numbers from surest "new" to surest "old", or "1-6", "6-1", "no,yes",
#: "new/3-1,old/1-3".
Scale = Sequence[str | int | float] | str

#: Sliders have a hundred positions; more is a column that is no scale.
MOST_CATEGORIES = 1001

#: Numbers from one to another, alone or after a word and a slash: what columns that were joined hold.
_RANGE = re.compile(r"\s*(?:([^/,]*)/)?\s*(-?[0-9]+)\s*(?:-|to|\.\.|:)\s*(-?[0-9]+)\s*")

#: Yes/no answers that need no explanation: new first.
_BINARY = (("new", "old"), ("no", "yes"), ("n", "y"), ("false", "true"), ("0", "1"))

#: Words for remember/know judgements, the order from new to old, and kvfit's name of each.
_REMEMBER_KNOW = {
    "new": "",
    "n": "",
    "no": "",
    "guess": "guess",
    "g": "guess",
    "know": "know",
    "k": "know",
    "familiar": "know",
    "rem": "remember",
    "remember": "remember",
    "r": "remember",
}
_REMEMBER_KNOW_ORDER = ("", "guess", "know", "remember")


@dataclass(frozen=True)
class ResponseScale:
    """Response categories in order.

    Attributes
    ----------
    labels : tuple of str
        The user's labels; category k is ``labels[k - 1]``; the first is the surest "new".
    old_from : int
        First category that means "old", counted from 1.
    ordered : bool
        False if the categories are no scale of confidence (five-choice associative recognition): then only
        "old" against the rest has a meaning, not an ROC over all categories.
    """

    labels: tuple[str, ...]
    old_from: int
    ordered: bool = True

    @property
    def n_categories(self) -> int:
        """Number of categories, K."""
        return len(self.labels)

    def describe(self) -> str:
        """Say the scale in words, e.g. ``1 = sure new, ..., 6 = sure old; 4 to 6 mean "old"``."""
        if self.n_categories <= 12:
            named = ", ".join(f"{k} = {label!r}" for k, label in enumerate(self.labels, start=1))
        else:
            named = f"1 = {self.labels[0]!r}, ..., {self.n_categories} = {self.labels[-1]!r}"
        last = self.n_categories
        old = f"{self.old_from} means" if self.old_from == last else f"{self.old_from} to {last} mean"
        order = "from surest new to surest old" if self.ordered else "in no order of confidence"
        return f"{named} ({order}; {old} old)"


def normalise_response(text: str, *, ignore_case: bool = False) -> str:
    """Write a response in one way: ``3.0``, ``3,0``, ``+3`` and ``3`` are the same, outer blanks do not count."""
    text = canonical(text).strip()
    if re.fullmatch("[+\u2212][0-9].*", text):  # with a plus, or the true sign of minus
        text = text.removeprefix("+").replace("\u2212", "-")
    # Not ``3,000``, which may be three thousand.
    if re.fullmatch(r"-?[0-9]+(\.0*|,0{1,2})?", text):
        return str(int(float(text.replace(",", "."))))
    return text.casefold() if ignore_case else text


def find_scale(
    wanted: Scale | None,
    old_from: str | int | None,
    observed: Iterable[str],
    log: ProblemLog,
    *,
    ordered: bool = True,
    ignore_case: bool = False,
) -> ResponseScale:
    """Settle the scale that the user names, or one of the few that need no explanation.

    Without `wanted`, yes/no answers (old/new, yes/no, true/false, 1/0) and remember/know answers
    (new < guess < know < remember) are understood; ratings are not, because numbers do not say which end means
    "old", nor whether an end was never used.

    Parameters
    ----------
    wanted : sequence or str, optional
        Labels from surest "new" to surest "old": ``["sure new", ..., "sure old"]``, ``range(1, 7)``, ``"1-6"``,
        reversed ``"6-1"``, separated by commas, or ``"new/3-1,old/1-3"`` for labels of two columns.
    old_from : str or int, optional
        Label of the first category that means "old". Default: the upper half; all but the first of
        remember/know answers. An odd number of ratings needs it.
    observed : iterable of str
        The different responses in the data.
    log : ProblemLog
        Receives what is wrong.
    ordered : bool
        As in `ResponseScale`.
    ignore_case : bool

    Returns
    -------
    ResponseScale
        If `log` has an error about the scale, one of the responses found, so that the rest can be checked.
    """
    values = {normalise_response(one, ignore_case=ignore_case) for one in observed} - {""}
    if wanted is None:
        labels = _obvious(values)
        if labels is None:
            _report_no_scale(values, log)
    else:
        labels = _as_labels(wanted, ignore_case, log)
    if labels is None:
        return ResponseScale(tuple(sorted(values, key=natural_key)), 1, ordered=False)
    return ResponseScale(labels, _first_old(labels, old_from, ignore_case, log), ordered)


def remember_know(text: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Read remember/know judgements.

    Parameters
    ----------
    text : ndarray of str, shape (row,)

    Returns
    -------
    judgement : ndarray of object (str), shape (row,)
        ``"remember"``, ``"know"``, ``"guess"`` or ``""`` (a "new" response, or no judgement).
    bad : ndarray of bool, shape (row,)
        Anything else.
    """
    lowered = np.array([one.strip().lower() for one in text], dtype=object)
    judgement = np.array([_REMEMBER_KNOW.get(one, "") for one in lowered], dtype=object)
    bad = np.array([bool(one) and one not in _REMEMBER_KNOW for one in lowered], dtype=bool)
    return judgement, bad


def is_remember_know(labels: Iterable[str]) -> bool:
    """Tell a remember/know scale by its labels."""
    lowered = {label.lower() for label in labels}
    return lowered <= set(_REMEMBER_KNOW) and any(_REMEMBER_KNOW[one] in ("remember", "know") for one in lowered)


def _obvious(values: set[str]) -> tuple[str, ...] | None:
    """Return the scale of answers that need no explanation, in the user's spelling."""
    spelling = {value.lower(): value for value in sorted(values)}
    if values and len(spelling) == len(values):
        for pair in _BINARY:
            if set(spelling) <= set(pair):
                return tuple(spelling.get(one, one) for one in pair)
        if is_remember_know(values):
            ranks = {value: _REMEMBER_KNOW_ORDER.index(_REMEMBER_KNOW[value.lower()]) for value in values}
            # Two words for one judgement, or no word for "new", need an explanation after all.
            if len(set(ranks.values())) == len(values) and 0 in ranks.values():
                return tuple(sorted(values, key=ranks.__getitem__))
    return None


def one_spelling(given: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """Write answers that need no scale in one case: ``Yes`` and ``yes`` are one answer.

    Parameters
    ----------
    given : ndarray of str, shape (row,)
    tested : ndarray of str
        Responses of test trials, which tell whether they are such answers.

    Returns
    -------
    ndarray of object (str), shape (row,)
        Unchanged if the responses are others, or each answer is written in one way. Of several spellings the first in
        the order of characters stays.
    """
    spelling: dict[str, str] = {}
    found = sorted({str(one) for one in tested} - {""})
    for one in found:
        spelling.setdefault(one.casefold(), one)
    if len(spelling) == len(found) or _obvious(set(spelling.values())) is None:
        return given
    codes, uniques = pd.factorize(given)
    return np.array([spelling.get(str(one).casefold(), one) for one in uniques], dtype=object)[codes]


def yes_no_order(values: set[str]) -> tuple[str, str] | None:
    """Return the two words of yes/no answers, the one for new first, in the user's spelling; None for other answers."""
    labels = _obvious(values)
    return (labels[0], labels[1]) if labels is not None and len(labels) == 2 and set(labels) == values else None


def scale_labels(wanted: Scale, *, ignore_case: bool = False) -> tuple[str, ...]:
    """Return the labels that a user's `scale=` stands for, in normal writing and unchecked."""
    given = _split(wanted) if isinstance(wanted, str) else [str(one) for one in wanted]
    return tuple(normalise_response(one, ignore_case=ignore_case) for one in given)


def _as_labels(wanted: Scale, ignore_case: bool, log: ProblemLog) -> tuple[str, ...] | None:
    labels = scale_labels(wanted, ignore_case=ignore_case)
    twice = sorted({label for label in labels if labels.count(label) > 1}) if len(labels) <= MOST_CATEGORIES else []
    if len(labels) < 2 or len(labels) > MOST_CATEGORIES or "" in labels or twice:
        found = f"{len(labels)} labels" + (f", {', '.join(map(repr, twice))} twice" if twice else "")
        log.add(
            "scale",
            "scale= is no response scale",
            expected=(
                f"2 to {MOST_CATEGORIES} different labels from surest new to surest old, e.g. scale='1-6', or"
                " scale='6-1' if 6 means sure new"
            ),
            fix="correct scale=",
            places=[Place(found=found if len(labels) != 1 else repr(wanted))],
        )
        return None
    return labels


def _split(text: str) -> list[str]:
    parts = text.split(",")
    if len(parts) == 1:
        return _expand(text)
    # ranges after commas need a word, so that labels such as "1-2" may stand in a list
    return [label for part in parts for label in (_expand(part) if "/" in part else [part])]


def _expand(part: str) -> list[str]:
    match = _RANGE.fullmatch(part)
    if match is None:
        return [part]
    prefix = "" if match[1] is None else f"{match[1].strip()}/"
    first, last = int(match[2]), int(match[3])
    step = 1 if last >= first else -1
    # One more than is allowed is enough to be refused.
    last = first + step * min(abs(last - first), MOST_CATEGORIES)
    return [f"{prefix}{number}" for number in range(first, last + step, step)]


def _first_old(labels: tuple[str, ...], old_from: str | int | None, ignore_case: bool, log: ProblemLog) -> int:
    n_categories = len(labels)
    if old_from is None:
        if is_remember_know(labels) and _REMEMBER_KNOW.get(labels[0].lower()) == "":
            return 2
        if n_categories % 2 == 0:
            return n_categories // 2 + 1
    label = "" if old_from is None else normalise_response(str(old_from), ignore_case=ignore_case)
    if label in labels[1:]:
        return labels.index(label) + 1
    asked = "an odd number of categories has no middle" if old_from is None else f"old_from={old_from!r}"
    log.add(
        "old_from",
        "It is not clear which responses mean 'old'",
        expected="old_from= with the first label that means 'old', one of " + _some(labels[1:]),
        fix=f"pass e.g. old_from={labels[(n_categories + 1) // 2]!r}",
        places=[Place(found=asked)],
    )
    return n_categories


def _report_no_scale(values: set[str], log: ProblemLog) -> None:
    ordered = sorted(values, key=natural_key)
    numbers = [int(one) for one in ordered if re.fullmatch(r"-?[0-9]+", one)]
    if len(numbers) == len(ordered) and numbers:
        low, high = min(numbers), max(numbers)
        fix = (
            f"pass scale='{low}-{high}' if {low} means sure new, scale='{high}-{low}' if {low} means sure old; name the"
            " whole scale, also ratings that nobody used"
        )
    else:
        fix = "pass scale= with all labels, separated by commas, the surest new first and the surest old last"
        if len({one.casefold() for one in ordered}) < len(ordered):
            fix += "; pass ignore_case=True too, because some labels differ only by case"
    log.add(
        "scale_needed",
        "The response scale is not known",
        expected="scale= with all labels from surest new to surest old (only yes/no and remember/know need none)",
        fix=fix,
        column="response",
        places=[Place(found=f"responses {_some(ordered) or 'none'}")],
    )


def _some(labels: Sequence[str], most: int = 10) -> str:
    return ", ".join(repr(label) for label in labels[:most]) + (", ..." if len(labels) > most else "")
