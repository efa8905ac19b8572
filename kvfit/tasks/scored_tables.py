"""Read the scored tables of psifr's ``merge_free_recall``: one row a studied item with its recall, or a further response.

Columns ``input`` (study position, empty for an intrusion) and ``output`` (output position, empty for an item that was
not recalled), and flags that say the same again (``study``, ``recall``, ``repeat``, ``intrusion``). The table is turned
back into study and recall rows, so that everything is checked as in any long table.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kvfit.tasks.event_columns import report_missing_columns
from kvfit.tasks.labels import as_integers, as_text
from kvfit.tasks.numbers import Decimal
from kvfit.tasks.problems import PLACES_SHOWN, Place, ProblemLog
from kvfit.tasks.reading_rules import ReadingRules

_TRUE = frozenset({"true", "t", "yes", "1"})
_FALSE = frozenset({"false", "f", "no", "0"})

#: Columns that scoring adds; they follow from the others.
_MADE = ("input", "output", "study", "recall", "repeat", "intrusion", "prior_list", "prior_input", "prior_position")


def is_scored(columns: Sequence[str]) -> bool:
    """Tell a scored table by its columns ``input`` and ``output``."""
    names = set(map(str, columns))
    return {"input", "output"} <= names and "trial_type" not in names


def scored_events(
    table: pd.DataFrame, rows: np.ndarray, log: ProblemLog, rules: ReadingRules, *, decimal: Decimal = None
) -> tuple[pd.DataFrame, np.ndarray] | None:
    """Turn a scored table into study and recall rows.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``subject``, ``list``, ``item``, ``input``, ``output``, perhaps ``study``, ``recall``, ``intrusion``.
    rows : ndarray of int64, shape (row,)
        Row numbers in the user's file.
    log : ProblemLog
        Receives positions that are no numbers, and columns that contradict each other.
    rules : ReadingRules
    decimal : {"comma", "point"}, optional
        Decimal mark of the file.

    Returns
    -------
    events : pandas.DataFrame
        Long table: subject, list, trial_type, position, item, and the user's other columns. Those that are empty
        wherever there is no recall stand in recall rows only, those that are empty wherever nothing is studied in
        study rows only.
    rows : ndarray of int64, shape (event,)

    None if a column is missing.
    """
    lacking = [name for name in ("subject", "list", "item") if name not in table.columns]
    report_missing_columns(lacking, list(table.columns), log)
    if lacking:
        return None
    text = {name: as_text(table[name], words=name == "item")[0] for name in ("subject", "list", "item")}
    studied_at, has_input = _positions(table, rows, text, "input", log, decimal)
    recalled_at, has_output = _positions(table, rows, text, "output", log, decimal)
    keys = pd.DataFrame({**text, "input": studied_at, "output": recalled_at})
    of_study = _flags(table, "study", has_input & ~keys.duplicated(["subject", "list", "input"]).to_numpy())
    if "study" in table.columns:
        _check_study_rows(keys, rows, has_input, of_study, log)
    for name, told in (("recall", has_output), ("intrusion", ~has_input)):
        flags = _flags(table, name, told)
        what = "output" if name == "recall" else "input"
        _report(
            keys, rows, flags != told, log, "scored_flags", f"The columns '{name}' and '{what}' contradict each other",
            expected=f"'{name}' true where '{what}' is {'filled' if name == 'recall' else 'empty'}, false elsewhere",
            found=[f"'{name}' is {bool(one)}" for one in flags], column=name,
        )  # fmt: skip
    # An intrusion studied in several other lists has a row for each of them: one response all the same.
    copies = keys.duplicated(["subject", "list", "output", "item"]).to_numpy()
    of_recall = has_output & ~copies
    at = np.r_[np.flatnonzero(of_study & has_input), np.flatnonzero(of_recall)]
    is_study = np.arange(len(at)) < int((of_study & has_input).sum())
    item = _checked_items(keys, rows, of_study & has_input, of_recall & has_input, rules, log)
    events = pd.DataFrame(
        {
            "subject": table["subject"].to_numpy()[at],
            "list": table["list"].to_numpy()[at],
            "trial_type": np.where(is_study, "study", "recall"),
            "position": np.where(is_study, studied_at[at], recalled_at[at]),
            "item": np.where(is_study, text["item"][at], item[at]),
        }
    )
    for name in table.columns:
        if name not in (*_MADE, *events.columns):
            events[name] = _spread(table[name], at, is_study, has_output, of_study)
    return events, rows[at]


def _positions(
    table: pd.DataFrame, rows: np.ndarray, text: dict[str, np.ndarray], name: str, log: ProblemLog, decimal: Decimal
) -> tuple[np.ndarray, np.ndarray]:
    """Return positions, 0 where there are none, and where there are any."""
    cells, missing = as_text(table[name])
    numbers, bad = as_integers(cells, decimal)
    _report(
        pd.DataFrame(text), rows, bad & ~missing, log, "position_not_whole", f"Values of '{name}' are not whole numbers",
        expected="1, 2, 3, ...; empty where there is none", found=[repr(one) for one in cells], column=name,
    )  # fmt: skip
    return numbers, ~missing & ~bad


def _flags(table: pd.DataFrame, name: str, otherwise: np.ndarray) -> np.ndarray:
    """Read a column of true and false; cells that are neither, and absent columns, say what the rest does."""
    if name not in table.columns:
        return otherwise
    text = pd.Series(as_text(table[name])[0]).str.lower()
    return np.where(text.isin(_TRUE), True, np.where(text.isin(_FALSE), False, otherwise)).astype(bool)


def _check_study_rows(
    keys: pd.DataFrame, rows: np.ndarray, has_input: np.ndarray, of_study: np.ndarray, log: ProblemLog
) -> None:
    """Every study position needs one row that says it was studied; the others are repeats."""
    known = pd.MultiIndex.from_frame(keys.loc[of_study & has_input, ["subject", "list", "input"]])
    position = pd.MultiIndex.from_frame(keys[["subject", "list", "input"]])
    bad = (has_input & ~position.isin(known)) | (of_study & ~has_input)
    _report(
        keys, rows, bad, log, "scored_flags", "The columns 'study' and 'input' contradict each other",
        expected="one row with 'study' true for each study position, and no such row without one",
        found=[f"study {bool(one)}, input {number or 'empty'}" for one, number in zip(of_study, keys["input"], strict=True)],
        column="study",
    )  # fmt: skip


def _checked_items(
    keys: pd.DataFrame,
    rows: np.ndarray,
    of_study: np.ndarray,
    of_recall: np.ndarray,
    rules: ReadingRules,
    log: ProblemLog,
) -> np.ndarray:
    """Labels of responses; those that are not the item studied at their position are told, or taken from the position."""
    names = ["subject", "list", "input"]
    trusted = rules.trust_positions
    fix = "correct one of the two, or pass trust_positions=True to use the positions"
    if trusted:
        fix = "the positions are used; correct the file if they are wrong"
    at_position = keys[of_study].drop_duplicates(names).set_index(names)["item"]
    meant = at_position.reindex(pd.MultiIndex.from_frame(keys[names])).to_numpy(dtype=object)
    item = keys["item"].to_numpy(dtype=object)
    differs = of_recall & np.array([isinstance(one, str) for one in meant], dtype=bool) & (meant != item)
    said = zip(item, keys["input"], meant, strict=True)
    _report(
        keys, rows, differs, log, "positions_disagree", "Study positions and items of responses disagree",
        expected="the item that was studied at the position 'input'",
        found=[f"{one!r} at position {at}, where {other!r} was studied" for one, at, other in said],
        column="input", fix=fix, warn=trusted,
    )  # fmt: skip
    return np.where(differs, meant, item)


def _spread(
    values: pd.Series, at: np.ndarray, is_study: np.ndarray, has_output: np.ndarray, of_study: np.ndarray
) -> pd.Series:
    """Bring a column to the events it is about."""
    filled = ~as_text(values, words=True)[1]
    cells = values.iloc[at].reset_index(drop=True)
    if filled.any() and not filled[~has_output].any() and not has_output.all():
        return cells.mask(is_study)
    if filled.any() and not filled[~of_study].any() and not of_study.all():
        return cells.mask(~is_study)
    return cells


def _report(
    keys: pd.DataFrame,
    rows: np.ndarray,
    bad: np.ndarray,
    log: ProblemLog,
    code: str,
    what: str,
    *,
    expected: str,
    found: Sequence[str],
    column: str,
    fix: str = "correct the cells, or score the data again",
    warn: bool = False,
) -> None:
    at = np.flatnonzero(bad)
    if not len(at):
        return
    places = [
        Place(keys["subject"].iloc[one] or None, keys["list"].iloc[one] or None, int(rows[one]), found[one])
        for one in at[:PLACES_SHOWN]
    ]
    log.add(
        code,
        what,
        expected=expected,
        fix=fix,
        column=column,
        places=places,
        n_places=len(at),
        rows=at,
        severity="warning" if warn else "error",
    )
