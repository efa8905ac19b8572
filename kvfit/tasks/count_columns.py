"""Columns of counts: which column counts the responses of which category to old or to new items."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kvfit.tasks.problems import Place, ProblemLog
from kvfit.tasks.response_scale import Scale, normalise_response, scale_labels

_STEM = r"(?:count|counts|n|num|freq|rating|response|responses|resp|r)"
_NUMBERED = re.compile(rf"({_STEM})[ _.]?(-?[0-9]+)", re.IGNORECASE)

_STATUS = {
    "old": True, "target": True, "targets": True, "studied": True,
    "new": False, "lure": False, "lures": False, "foil": False, "foils": False, "unstudied": False,
}  # fmt: skip
_WORDS = "|".join(sorted(_STATUS, key=len, reverse=True))
#: old1, old_1, count_old_1, old_count_1; and 1_old, count_1_old.
_STATUS_FIRST = re.compile(
    rf"(?:{_STEM}[ _.-]*)?({_WORDS})(?:[ _.-]*{_STEM}(?=[ _.-]*[0-9]))?[ _.-]*(.+)", re.IGNORECASE
)
_STATUS_LAST = re.compile(rf"(?:{_STEM}[ _.-]?(?=[0-9]))?(.+?)[ _.-]+({_WORDS})", re.IGNORECASE)

#: Outcomes of yes/no tests: old or new item, called old or new.
_OUTCOMES = {
    "hit": (True, "old"), "hits": (True, "old"),
    "miss": (True, "new"), "misses": (True, "new"),
    "fa": (False, "old"), "fas": (False, "old"), "falsealarm": (False, "old"), "falsealarms": (False, "old"),
    "cr": (False, "new"), "crs": (False, "new"), "correctrejection": (False, "new"), "correctrejections": (False, "new"),
}  # fmt: skip
#: Numbers of trials, which with one outcome give the other.
STATUS_OF_TOTAL = {
    "old": True, "target": True, "targets": True, "studied": True, "signal": True,
    "new": False, "lure": False, "lures": False, "foil": False, "foils": False, "unstudied": False, "noise": False,
}  # fmt: skip
_OUTCOME_WORDS = {
    (True, "old"): "hits", (True, "new"): "misses",
    (False, "old"): "false_alarms", (False, "new"): "correct_rejections",
}  # fmt: skip

#: Names of a column that says how many trials a row stands for.
_WEIGHTS = ("count", "counts", "n", "freq", "n_trials", "n_responses")
#: Columns that only single trials have.
_OF_TRIALS = ("item", "position", "rt")
#: Stems of names that can only mean counts; ``rating_1`` and ``rating_2`` may be two ratings of one trial.
_SURE = ("count", "counts", "freq")


@dataclass(frozen=True)
class CountColumn:
    """A column of counts.

    Attributes
    ----------
    name : str
    label : str
        Response that it counts.
    old : bool or None
        Status of the items; None if the column ``old`` tells it.
    less : str or None
        Column to be subtracted, where `name` counts all trials: misses are old items less hits.
    """

    name: str
    label: str
    old: bool | None = None
    less: str | None = None


def find_counts(columns: Sequence[str], scale: Scale | None) -> list[CountColumn]:
    """Tell a wide table of counts by its columns.

    Parameters
    ----------
    columns : sequence of str
        Of the table, under kvfit's names.
    scale : sequence or str, optional
        The user's scale; its labels may be column names.

    Returns
    -------
    list of CountColumn
        In the order of the scale; empty if this is no table of counts. With a column ``old`` the columns are called
        ``count_1``, ``count_2``, ... (also ``n_1``, ``rating_1``, ``r1``), or as the labels of the scale. Without it
        each row has both kinds of items: ``new1``, ``new2``, ..., ``old1``, ``old2``, ... (also ``lure_1``,
        ``count_old_1``, ``1_old``), or ``hits``, ``misses``, ``false_alarms``, ``correct_rejections`` (or numbers
        of trials, ``n_old`` and ``n_new``, in the place of one of each two).
    """
    if "response" in columns:
        return []
    names = [str(column) for column in columns]
    if "old" not in names:
        both = _outcomes(names) or _of_either_status(names, scale)
        if both:
            return both
    labels = scale_labels(scale) if scale is not None else ()
    by_label = {normalise_response(name): name for name in names}
    if labels and all(label in by_label for label in labels):
        return [CountColumn(by_label[label], label) for label in labels]
    return _numbered(names)


def other_series(columns: Sequence[str], found: Sequence[CountColumn]) -> list[str]:
    """Name further numbered columns of a table of counts, which may be counts of something else."""
    taken = {one.name for one in found}
    rest = [str(name) for name in columns if str(name) not in taken]
    return [one.name for one in _numbered(rest)]


def may_be_answers(found: Sequence[CountColumn]) -> bool:
    """Whether columns of counts may be several answers of a trial by their names: ``r1``, ``r2``."""
    stems = {match[1].lower() for one in found if one.old is None and (match := _NUMBERED.fullmatch(one.name))}
    return bool(stems) and not stems & set(_SURE)


def _numbered(names: Sequence[str]) -> list[CountColumn]:
    """Columns ``count_1``, ``count_2``, ...; of several such series the longest."""
    series: dict[str, dict[int, str]] = {}
    for name in names:
        if match := _NUMBERED.fullmatch(name):
            series.setdefault(match[1].lower(), {}).setdefault(int(match[2]), name)
    if any(name in names for name in _OF_TRIALS):
        series = {stem: columns for stem, columns in series.items() if stem in _SURE}
    # Of equally long series the one that is called counts.
    found = max(series, key=lambda stem: (len(series[stem]), stem in _SURE), default="")
    numbered = series.get(found, {})
    return [CountColumn(numbered[one], str(one)) for one in sorted(numbered)] if len(numbered) > 1 else []


def _outcomes(names: Sequence[str]) -> list[CountColumn]:
    found = []
    for name in names:
        plain = re.sub(r"[ _.-]", "", name.lower())
        outcome = _OUTCOMES.get(plain) or _OUTCOMES.get(plain.removeprefix("n"))
        if outcome is not None:
            found.append(CountColumn(name, outcome[1], outcome[0]))
    if len(found) < 2:
        return []
    return sorted([*found, *_remainders(names, found)], key=lambda one: (one.label, bool(one.old)))


def _remainders(names: Sequence[str], found: Sequence[CountColumn]) -> list[CountColumn]:
    """Outcomes that follow from the other one and the number of trials."""
    made = []
    for name in names:
        words = [
            word for word in re.split(r"[ _.-]+", name.lower()) if word not in ("n", "num", "trials", "items", "total")
        ]
        old = STATUS_OF_TOTAL.get(words[0]) if len(words) == 1 else None
        of_status = [one for one in found if one.old is old]
        if old is not None and len(of_status) == 1:
            label = "new" if of_status[0].label == "old" else "old"
            made.append(CountColumn(name, label, old, of_status[0].name))
    return made


def _of_either_status(names: Sequence[str], scale: Scale | None) -> list[CountColumn]:
    labels = scale_labels(scale, ignore_case=True) if scale is not None else ()
    found = []
    for name in names:
        first, last = _STATUS_FIRST.fullmatch(name), _STATUS_LAST.fullmatch(name)
        for match, word, rest in ((first, 1, 2), (last, 2, 1)):
            label = "" if match is None else normalise_response(match[rest])
            if match is not None and (label.isdigit() or label.casefold() in labels):
                found.append(CountColumn(name, label, _STATUS[match[word].lower()]))
                break
    if len({one.label for one in found}) < 2:
        return []
    return sorted(found, key=lambda one: int(one.label)) if all(one.label.isdigit() for one in found) else found


def check_counts(found: Sequence[CountColumn], scale: Scale | None, log: ProblemLog) -> None:
    """Report categories that have no column, or several."""
    cells = [(one.old, one.label) for one in found]
    twice = [one.name for one in found if cells.count((one.old, one.label)) > 1]
    if twice:
        log.add(
            "duplicate_column",
            "Several columns count the same responses",
            expected="one column for each category of old and of new items",
            fix="rename or remove one of them, or pass ignore_columns=",
            places=[Place(found=", ".join(map(repr, twice)))],
        )
    outcomes = any((one.old, one.label) in _OUTCOME_WORDS for one in found)
    labels = ["new", "old"] if outcomes else list(dict.fromkeys(one.label for one in found))
    if any(one.old is not None for one in found):
        lacking = [(old, label) for label in labels for old in (False, True) if (old, label) not in cells]
        words = [_OUTCOME_WORDS[cell] if outcomes else f"{'old' if cell[0] else 'new'}{cell[1]}" for cell in lacking]
        if lacking:
            log.add(
                "missing_column",
                f"There is no column {', '.join(map(repr, words))}",
                expected="counts of every response to old items, and of every response to new ones",
                fix="add the columns; or write one row of old and one row of new items for each participant, with a column"
                " 'old' and counts 'count_1', 'count_2', ...",
                places=[Place(found="columns " + ", ".join(repr(one.name) for one in found))],
            )
    numbers = [int(label) for label in labels if re.fullmatch(r"-?[0-9]+", label)]
    if scale is None and len(numbers) == len(labels) > 0 and len(numbers) <= max(numbers) - min(numbers):
        absent = sorted(set(range(min(numbers), max(numbers) + 1)) - set(numbers))
        log.add(
            "missing_column",
            "The numbers of the columns of counts have gaps",
            expected="a column for each category",
            fix="add the columns, or pass scale= with all labels if nobody used the others",
            places=[Place(found=f"no column for {', '.join(map(str, absent[:10]))}")],
        )


def weight_column(columns: Sequence[str]) -> str | None:
    """Name the column that may say how many trials a row of responses stands for."""
    if "response" not in columns or any(name in columns for name in _OF_TRIALS):
        return None
    found = [str(name) for name in columns if str(name).strip().lower() in _WEIGHTS]
    return found[0] if len(found) == 1 else None


def labels_of(found: Sequence[CountColumn], given: Scale | None) -> Scale | None:
    """Return the user's scale, or the one that the columns stand for."""
    if given is not None:
        return given
    order: Mapping[str, None] = dict.fromkeys(one.label for one in found)
    return list(order)
