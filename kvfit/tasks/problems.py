"""What is wrong with a user's data, said in one message that lists every fault.

A `Problem` is one kind of fault and all the places where it occurs; a `DataError` carries all problems of a
file. Nothing is computed from data that have one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

#: Places that a problem keeps; the rest is only counted.
PLACES_SHOWN = 20

#: Places that the message prints, so that ten problems still fit on a screen or two.
PLACES_PRINTED = 5

_INDENT = "   "


@dataclass(frozen=True)
class Place:
    """Where a fault was found; what does not apply is None."""

    participant: int | str | None = None
    list: int | str | None = None
    row: int | None = None
    found: str = ""

    def describe(self, row_unit: str) -> str:
        """Say the place in words, e.g. ``participant 3, list 2, line 40``."""
        parts = [
            f"{name} {value}"
            for name, value in (
                ("participant", self.participant),
                ("list", self.list),
                (row_unit, self.row),
            )
            if value is not None
        ]
        return ", ".join(parts)


@dataclass(frozen=True)
class Problem:
    """One kind of fault in a user's data.

    Attributes
    ----------
    code : str
        Stable name of the kind of fault, e.g. ``"study_position_gap"``.
    what : str
        The fault in one sentence.
    expected : str
        What kvfit expects instead.
    fix : str
        What the user can do.
    column : str or None
        Column of the table (or array of the file) concerned.
    places : tuple of Place
        The first `PLACES_SHOWN` places with what was found there.
    n_places : int
        Number of places in all.
    row_unit : str
        What `Place.row` counts: ``"line"`` (of a text file, the header is line 1), ``"row"`` (of a data
        frame, from 0) or ``"matrix row"`` (of Penn matrices, from 1).
    severity : {"error", "warning"}
        A warning does not stop the reading.
    rows : ndarray of int64, optional
        A row, or several, of every list concerned, counted in the table that was checked; None if the fault is no
        fault of single lists. Not limited as `places` are.
    """

    code: str
    what: str
    expected: str
    fix: str
    column: str | None = None
    places: tuple[Place, ...] = ()
    n_places: int = 0
    row_unit: str = "line"
    severity: Literal["error", "warning"] = "error"
    rows: np.ndarray | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        """Return the problem as a few lines of plain text."""
        lines = [self.what if self.column is None else f"{self.what} (column '{self.column}')"]
        lines.append(f"expected: {self.expected}")
        lines += self._found_lines()
        lines.append(f"fix: {self.fix}")
        return f"\n{_INDENT}".join(lines)

    def _found_lines(self) -> list[str]:
        printed = [_describe(place, self.row_unit) for place in self.places[:PLACES_PRINTED]]
        if self.n_places == 1 and printed:
            return [f"found: {printed[0]}"]
        rest = self.n_places - len(printed)
        more = [f"{_INDENT}and {rest:,} more"] if rest > 0 else []
        if not printed:
            return []
        return [f"found at {self.n_places:,} places:", *(f"{_INDENT}{one}" for one in printed), *more]


def _describe(place: Place, row_unit: str) -> str:
    where = place.describe(row_unit)
    return f"{where}: {place.found}" if where and place.found else where or place.found


class DataError(ValueError):
    """Data that cannot be used, with every problem that was found.

    Parameters
    ----------
    source : str
        File or object that was read.
    problems : iterable of Problem
        All problems, errors and warnings.
    advice : str
        What can be done about all of them at once.

    Attributes
    ----------
    source : str
    problems : tuple of Problem
    advice : str
    """

    def __init__(self, source: str, problems: Iterable[Problem], advice: str = "") -> None:
        self.source = source
        self.problems = tuple(problems)
        self.advice = advice
        # The arguments are kept as given, so that the error survives pickling between processes.
        super().__init__(source, self.problems, advice)

    def __str__(self) -> str:
        """Return a numbered list of all problems."""
        n_problems = len(self.problems)
        head = f"{self.source}: {n_problems} problem{'' if n_problems == 1 else 's'}; nothing was computed."
        entries = [f"{number}. {problem}" for number, problem in enumerate(self.problems, start=1)]
        return "\n".join([head, *entries, *([self.advice] if self.advice else [])])


class DataWarning(UserWarning):
    """Data that can be used but look wrong, e.g. responses that miss a studied item only by their case."""


class DataHint(DataWarning):
    """Data that may hold slips, which only their owner can tell: misspelt words, a list that is missing, a cell of a
    condition that differs. Published data sets, which are loaded by name, are not searched for them.
    """


#: Problems that are hints.
HINTS = frozenset({"near_miss", "missing_list", "condition_varies", "similar_values"})


@dataclass
class ProblemLog:
    """Collects problems while a file is checked.

    Attributes
    ----------
    row_unit : str
        As in `Problem`.
    problems : list of Problem
    names : dict of str to str
        kvfit's name of a column to the user's, where they differ.
    """

    row_unit: str = "line"
    problems: list[Problem] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    #: What can be done about all errors at once.
    advice: str = ""

    def or_ignore(self, column: str, meaning: str) -> str:
        """Advise to leave a column out if its name means something else than to kvfit; begins with a semicolon."""
        return f"; if the column is not {meaning}, pass ignore_columns=[{self.names.get(column, column)!r}]"

    def add(
        self,
        code: str,
        what: str,
        *,
        expected: str,
        fix: str,
        column: str | None = None,
        places: Iterable[Place] = (),
        n_places: int | None = None,
        severity: Literal["error", "warning"] = "error",
        rows: np.ndarray | None = None,
    ) -> None:
        """Add a problem; `places` beyond `PLACES_SHOWN` are counted and dropped. `rows` as in `Problem`."""
        shown = tuple(places)
        self.problems.append(
            Problem(
                code=code,
                what=what,
                expected=expected,
                fix=fix,
                column=column,
                places=shown[:PLACES_SHOWN],
                n_places=len(shown) if n_places is None else n_places,
                row_unit=self.row_unit,
                severity=severity,
                rows=rows,
            )
        )

    @property
    def errors(self) -> list[Problem]:
        """Problems that stop the reading."""
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        """Problems that only deserve a look."""
        return [problem for problem in self.problems if problem.severity == "warning"]
