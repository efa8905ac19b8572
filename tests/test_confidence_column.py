"""A column of confidence beside one of responses: the warning says how both are read, and what it says works."""

from __future__ import annotations

import ast
import re
import warnings

import pandas as pd
import pytest
from recognition_tables import trial_table

import kvfit as kv
from kvfit.tasks.problems import DataWarning
from kvfit.tasks.recognition_reader import check_recognition
from kvfit.tasks.response_scale import scale_labels

OLD = ["old", "old", "new", "old", "new", "old"]
NEW = ["new", "old", "new", "new", "new", "new"]


def _table(old: list[int], new: list[int]) -> pd.DataFrame:
    return trial_table(1, OLD, NEW, confidence=[*old, *new])


def _advice(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return the arguments that the warning proposes, one set for each of its cases."""
    with pytest.warns(DataWarning, match="responses are taken from 'response'") as caught:
        data = kv.read_recognition(table)
    assert data.n_categories == 2
    text = str(caught[0].message)
    columns = re.search(r"for ratings pass columns=(\{.*?\})", text)
    assert columns is not None
    return [{"columns": ast.literal_eval(columns[1]), "scale": scale} for scale in re.findall(r"scale='(.*?)'", text)]


def _responses(table: pd.DataFrame, options: dict[str, object]) -> tuple[tuple[str, ...], list[int]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # so few trials may look reversed
        data = kv.read_recognition(table, **options)  # type: ignore[arg-type]
    return data.scale, data.response.tolist()


def test_confidence_in_a_response_makes_one_scale_of_both() -> None:
    table = _table([3, 1, 1, 2, 3, 3], [3, 1, 2, 2, 3, 1])
    surest_high, surest_low = _advice(table)
    scale, responses = _responses(table, surest_high)
    assert scale == ("new/3", "new/2", "new/1", "old/1", "old/2", "old/3")
    assert responses == [6, 4, 3, 5, 1, 6, 1, 4, 2, 2, 1, 3]
    scale, responses = _responses(table, surest_low)
    assert scale == ("new/1", "new/2", "new/3", "old/3", "old/2", "old/1")
    assert responses == [4, 6, 1, 5, 3, 4, 3, 6, 2, 2, 3, 1]


@pytest.mark.parametrize("turned", [False, True])
def test_confidence_that_holds_the_response_is_the_scale(turned: bool) -> None:
    ratings = [6, 4, 3, 5, 1, 6], [2, 4, 2, 3, 1, 1]
    given = [[7 - k for k in one] if turned else one for one in ratings]
    (options,) = _advice(_table(*given))
    assert options == {"columns": {"response": "confidence"}, "scale": "6-1" if turned else "1-6"}
    scale, responses = _responses(_table(*given), options)
    assert (len(scale), responses) == (6, [*ratings[0], *ratings[1]])


def test_other_values_get_advice_in_general() -> None:
    table = trial_table(1, OLD, NEW, confidence=["very"] * 12)
    (problem,) = [one for one in check_recognition(table) if one.code == "confidence_not_used"]
    assert "such as scale='new/3-1,old/1-3'" in problem.fix


def test_a_response_that_was_named_needs_no_warning() -> None:
    table = _table([3] * 6, [3] * 6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert kv.read_recognition(table, columns={"response": "response"}).n_categories == 2


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("new/2-1,old/1-2", ("new/2", "new/1", "old/1", "old/2")),
        ("sure new, maybe , sure old", ("sure new", "maybe", "sure old")),
        ("1-2,3-4", ("1-2", "3-4")),
        ("3-1", ("3", "2", "1")),
        ("n/1-2,guess,o/1-1", ("n/1", "n/2", "guess", "o/1")),
    ],
)
def test_scales_in_short(text: str, labels: tuple[str, ...]) -> None:
    assert scale_labels(text) == labels
