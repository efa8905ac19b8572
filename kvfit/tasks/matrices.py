"""Recalls given as a matrix of study positions, one row a list: turned into an event table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from kvfit.tasks.faulty_lists import as_warning
from kvfit.tasks.labels import as_text
from kvfit.tasks.problems import PLACES_SHOWN, Place, ProblemLog
from kvfit.tasks.reading_rules import ReadingRules

#: Responses are stored as int16; a longer list is a slip of the pen.
LONGEST_LIST = 32_767

#: Fewer lists may all have the same number of responses.
_FEW_LISTS = 3


@dataclass(frozen=True, eq=False)
class RecallMatrix:
    """Recalled study positions and what goes with them.

    Attributes
    ----------
    recalls : ndarray of float, shape (list, output)
        k > 0 = study position k; negative = intrusion; 0 or NaN = no (further) response.
    subject, list : ndarray of object (str), shape (list,)
        ``""`` where missing.
    list_length : ndarray of float, shape (list,)
    rows : ndarray of int64, shape (list,)
        Row number in the user's file.
    cells : ndarray of object (str), shape (list, output), optional
        The cells as they stand in the file, for messages.
    studied : ndarray of object (str), shape (list, position), optional
        Item labels; without them items are called by position, ``p07``.
    responded : ndarray of object (str), shape (list, output), optional
        Labels of the responses, used for intrusions.
    times : ndarray of float, shape (list, output), optional
    extras : pandas.DataFrame, shape (list, column)
        Conditions of the lists.
    """

    recalls: np.ndarray
    subject: np.ndarray
    list: np.ndarray
    list_length: np.ndarray
    rows: np.ndarray
    cells: np.ndarray | None = None
    studied: np.ndarray | None = None
    responded: np.ndarray | None = None
    times: np.ndarray | None = None
    extras: pd.DataFrame = field(default_factory=pd.DataFrame)

    def place(self, at: int, found: str) -> Place:
        """Name a list for a problem."""
        return Place(self.subject[at] or None, self.list[at] or None, int(self.rows[at]), found)


def matrix_events(matrix: RecallMatrix, rules: ReadingRules, log: ProblemLog) -> tuple[pd.DataFrame, np.ndarray, int]:
    """Check a matrix and unroll the lists without problems into events.

    Parameters
    ----------
    matrix : RecallMatrix
    rules : ReadingRules
    log : ProblemLog
        Receives what is wrong with the matrix; faults of lists are warnings if the rules leave such lists out.

    Returns
    -------
    events : pandas.DataFrame
        Long table: subject, list, trial_type, position, item, perhaps time, and the conditions.
    rows : ndarray of int64, shape (event,)
        Row of the user's file that each event comes from.
    n_faulty : int
        Lists with problems, which are not among the events.
    """
    n_before = len(log.problems)
    good = _check_labels(matrix, log)
    good &= _check_lengths(matrix, log)
    good &= _check_cells(matrix, good, log)
    # Of several lists with one label it is not known which one the label means.
    alike = pd.DataFrame({"subject": matrix.subject, "list": matrix.list}).duplicated(keep=False).to_numpy()
    if matrix.responded is not None and matrix.studied is not None:
        matrix, agreeing = _check_agreement(matrix, good, rules, log)
        good &= agreeing
    if rules.faulty_lists == "drop":
        log.problems[n_before:] = [
            as_warning(one) if one.severity == "error" else one for one in log.problems[n_before:]
        ]
        good &= ~alike
    study = _study_events(matrix, np.flatnonzero(good))
    recall = _recall_events(matrix, np.flatnonzero(good))
    events = pd.concat([study, recall], ignore_index=True)
    of_list = events.pop("at").to_numpy(dtype=np.int64)
    for name in matrix.extras.columns:
        events[name] = matrix.extras[name].iloc[of_list].reset_index(drop=True)
    return events, matrix.rows[of_list], int((~good | alike).sum())


def _report(
    matrix: RecallMatrix, log: ProblemLog, found: dict[int, str], code: str, what: str, **said: str
) -> np.ndarray:
    """Add a problem for the lists in `found`; return which lists are free of it."""
    if found:
        places = [matrix.place(at, text) for at, text in list(found.items())[:PLACES_SHOWN]]
        log.add(code, what, places=places, n_places=len(found), rows=np.array(list(found)), **said)  # type: ignore[arg-type]
    free = np.ones(len(matrix.recalls), dtype=bool)
    free[list(found)] = False
    return free


def _check_labels(matrix: RecallMatrix, log: ProblemLog) -> np.ndarray:
    good = np.ones(len(matrix.recalls), dtype=bool)
    for name, labels in (("subject", matrix.subject), ("list", matrix.list)):
        good &= _report(
            matrix,
            log,
            {int(at): "nothing" for at in np.flatnonzero(labels == "")},
            "missing_value",
            f"Rows without a value for '{name}'",
            expected="a value in every row",
            fix="fill the cells or remove the rows",
            column=name,
        )
    pairs = pd.DataFrame({"subject": matrix.subject, "list": matrix.list})
    again = np.flatnonzero(pairs.duplicated().to_numpy() & good)
    first = {pair: at for at, pair in reversed(list(enumerate(pairs.itertuples(index=False, name=None))))}
    found = {int(at): f"also in {log.row_unit} {matrix.rows[first[tuple(pairs.iloc[at])]]}" for at in again}
    return good & _report(
        matrix,
        log,
        found,
        "duplicate_list_label",
        "A participant has several lists with the same label",
        expected="each list of a participant has its own label",
        fix="number the lists through, or join columns, e.g. columns={'list': ['session', 'list']}",
        column="list",
    )


def _check_lengths(matrix: RecallMatrix, log: ProblemLog) -> np.ndarray:
    length = matrix.list_length
    bad = ~((length >= 1) & (length <= LONGEST_LIST) & (np.floor(length) == length))
    return _report(
        matrix,
        log,
        {int(at): "no number" if np.isnan(length[at]) else f"{length[at]:g}" for at in np.flatnonzero(bad)},
        "list_length",
        f"List lengths are not whole numbers from 1 to {LONGEST_LIST:,}",
        expected="the number of study positions of the list",
        fix="fill the cells, or pass list_length= if all lists have the same length",
        column="list_length",
    )


def _check_cells(matrix: RecallMatrix, good: np.ndarray, log: ProblemLog) -> np.ndarray:
    recalls, cells = matrix.recalls, matrix.cells
    none = (recalls == 0) | np.isnan(recalls)
    not_number = np.zeros(recalls.shape, dtype=bool)
    if cells is not None:
        filled = cells != ""
        not_number = filled & np.isnan(recalls)
        none &= ~not_number
    with np.errstate(invalid="ignore"):
        fraction = ~np.isnan(recalls) & (np.floor(recalls) != recalls) | np.isinf(recalls)
        # A list whose length is wrong was reported for that.
        outside = ~fraction & (recalls > matrix.list_length[:, None]) & good[:, None]
    # A response after an empty cell: something is missing in between.
    later = np.flip(np.logical_or.accumulate(np.flip(~none, axis=1), axis=1), axis=1)
    hole = none & later
    # In a table 0 may be the first position; matrices of the Penn form count from 1.
    from_zero = "" if cells is None else "; pass first_position=0 if positions were counted from 0"
    _warn_of_codes(matrix, none, log)
    free = np.ones(len(recalls), dtype=bool)
    for bad, code, what, expected, fix in (
        (
            not_number | fraction,
            "position_not_whole",
            "Recalled positions are not whole numbers",
            "study positions 1, 2, 3, ...; -1 for an intrusion; 0 or empty for no response",
            "correct the cells",
        ),
        (
            outside,
            "recalled_position_outside",
            "Recalled positions lie outside their list",
            "1 up to the list's length; -1 for an intrusion",
            "correct the position or the list length; code intrusions as -1",
        ),
        (
            hole,
            "response_after_gap",
            "Responses follow an empty cell",
            "responses from the first output position on, without gaps",
            "close the gap; code an unidentified response as -1" + from_zero,
        ),
    ):
        at = {int(one): _say_cells(matrix, int(one), bad[one]) for one in np.flatnonzero(bad.any(axis=1))}
        free &= _report(matrix, log, at, code, what, expected=expected, fix=fix, column="recalls")
    return free | ~good


def _warn_of_codes(matrix: RecallMatrix, none: np.ndarray, log: ProblemLog) -> None:
    """Warn of negative numbers that may say "no response": others than -1, and -1 where no cell is empty."""
    recalls = matrix.recalls
    with np.errstate(invalid="ignore"):
        other = (recalls < 0) & (recalls != -1)
    at = np.flatnonzero(other.any(axis=1))
    if len(at):
        codes = sorted({f"{one:g}" for one in recalls[other]}, key=float)
        log.add(
            "negative_code",
            f"Negative numbers other than -1 count as intrusions ({', '.join(codes[:5])})",
            expected="-1 for an intrusion; 0 or an empty cell for no response",
            fix="empty these cells if they are codes of missing values; else nothing needs to be done",
            column="recalls",
            places=[matrix.place(int(one), _say_cells(matrix, int(one), other[one])) for one in at[:PLACES_SHOWN]],
            n_places=len(at),
            severity="warning",
        )
    # People do not all give the same number of responses, the last of them intrusions.
    last = np.flatnonzero(recalls[:, -1] == -1) if recalls.size else np.array([], dtype=np.int64)
    if len(recalls) >= _FEW_LISTS and recalls.shape[1] > 1 and not none.any() and len(last):
        log.add(
            "filled_with_intrusions",
            "No list ends with an empty cell, and lists end with -1, which counts as an intrusion",
            expected="-1 for an intrusion; 0 or an empty cell for no response",
            fix="empty the cells if -1 means no response here",
            column="recalls",
            places=[matrix.place(int(one), "-1 in the last column") for one in last[:PLACES_SHOWN]],
            n_places=len(last),
            severity="warning",
        )


def _say_cells(matrix: RecallMatrix, at: int, bad: np.ndarray) -> str:
    outputs = np.flatnonzero(bad)
    output = int(outputs[0])
    value = repr(str(matrix.cells[at, output])) if matrix.cells is not None else f"{matrix.recalls[at, output]:g}"
    more = f" (and {len(outputs) - 1} more)" if len(outputs) > 1 else ""
    return f"{value} at output position {output + 1} of a list of {matrix.list_length[at]:g}{more}"


def _responses(matrix: RecallMatrix, lists: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the responses of some lists: list, output (from 0), study position (-1 for an intrusion)."""
    recalls = np.nan_to_num(matrix.recalls[lists])
    at, output = np.nonzero(recalls)
    return lists[at], output, np.maximum(recalls[at, output], -1).astype(np.int64)


def _check_agreement(
    matrix: RecallMatrix, good: np.ndarray, rules: ReadingRules, log: ProblemLog
) -> tuple[RecallMatrix, np.ndarray]:
    """Positions and item labels of the responses must tell the same story, or the positions are trusted.

    Returns
    -------
    matrix : RecallMatrix
        Without the labels that contradict trusted positions.
    agreeing : ndarray of bool, shape (list,)
    """
    assert matrix.studied is not None
    assert matrix.responded is not None
    found: dict[int, str] = {}
    contradicted: list[tuple[int, int]] = []
    for at, output, position in zip(*_responses(matrix, np.flatnonzero(good)), strict=True):
        label = matrix.responded[at, output]
        if not label:
            continue
        studied = matrix.studied[at, : int(matrix.list_length[at])]
        if position > 0 and studied[position - 1] != label:
            said = f"position {position} ({studied[position - 1]!r}), labelled {label!r}"
        elif position < 0 and label in studied:
            said = f"an intrusion, labelled {label!r}, an item of the list"
        else:
            continue
        contradicted.append((at, output))
        found.setdefault(int(at), f"output position {output + 1} is {said}")
    n_before = len(log.problems)
    agreeing = _report(
        matrix,
        log,
        found,
        "positions_disagree",
        "Recalled positions and recalled items disagree",
        expected="the item that was studied at the recalled position",
        fix="correct one of the two, or pass trust_positions=True to use the positions",
        column="recalls",
    )
    if not rules.trust_positions or not contradicted:
        return matrix, agreeing
    log.problems[n_before:] = [
        replace(one, severity="warning", fix="the positions are used; correct the file if they are wrong", rows=None)
        for one in log.problems[n_before:]
    ]
    responded = matrix.responded.copy()
    responded[tuple(np.array(contradicted).T)] = ""
    return replace(matrix, responded=responded), np.ones(len(matrix.recalls), dtype=bool)


def _study_events(matrix: RecallMatrix, lists: np.ndarray) -> pd.DataFrame:
    length = matrix.list_length[lists].astype(np.int64)
    at = np.repeat(lists, length)
    position = np.arange(len(at)) - np.repeat(np.cumsum(length) - length, length) + 1
    return pd.DataFrame(
        {
            "at": at,
            "subject": matrix.subject[at],
            "list": matrix.list[at],
            "trial_type": "study",
            "position": position,
            "item": _item_labels(matrix, at, position),
        }
    )


def _item_labels(matrix: RecallMatrix, at: np.ndarray, position: np.ndarray) -> np.ndarray:
    if matrix.studied is not None:
        return matrix.studied[at, position - 1]
    # Lengths that were reported as wrong, perhaps huge, must not set the size.
    longest = int(matrix.list_length[matrix.list_length <= LONGEST_LIST].max(initial=1))
    codes = np.array([f"p{one:0{len(str(longest))}d}" for one in range(longest + 1)], dtype=object)
    return codes[position]


def _recall_events(matrix: RecallMatrix, lists: np.ndarray) -> pd.DataFrame:
    at, output, position = _responses(matrix, lists)
    item = np.full(len(at), "", dtype=object)
    correct = position > 0
    item[correct] = _item_labels(matrix, at[correct], position[correct])
    intrusions = pd.Series(at[~correct])
    item[~correct] = [f"x{number:02d}" for number in intrusions.groupby(intrusions).cumcount() + 1]
    if matrix.responded is not None:
        labels = matrix.responded[at, output]
        item = np.where(~correct & (labels != ""), labels, item)
    events = pd.DataFrame(
        {
            "at": at,
            "subject": matrix.subject[at],
            "list": matrix.list[at],
            "trial_type": "recall",
            "position": output + 1,
            "item": item,
        }
    )
    if matrix.times is not None:
        events["time"] = matrix.times[at, output]
    return events


def number_lists(subject: np.ndarray) -> np.ndarray:
    """Count each participant's lists 1, 2, ... in the order of the rows, as text, ``(list,)``."""
    counted = pd.Series(subject).groupby(subject).cumcount() + 1
    return as_text(counted)[0]
