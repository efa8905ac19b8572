"""Data come back from files as they were: every label, type and missing cell."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recall_tables import list_table
from recognition_tables import stack, study_table, trial_table

import kvfit as kv
from kvfit.tasks.exported import texts_read_as_numbers
from kvfit.tasks.labels import as_text
from kvfit.tasks.saved import pack_data, unpack_data
from kvfit.tasks.saved_tables import table_bytes, table_from_bytes

#: Texts that look like something else: numbers, truth values, missing cells, several cells, nothing.
AWKWARD = (
    "001", "010", "1", "1.0", "1.50", "+1", "-0", "1e3", "0x1F", "1_000", "true", "True", "FALSE", "yes", "NaN", "nan", "NA",
    "None", "null", "NULL", "<NA>", "inf", "-Infinity", "a,b", 'say "so"', "'quoted'", "\\N", "\\\\N", "\\",
    "line\nbreak", "cr\rlf\r\nx", "tab\tx", " blank ", "#", "2020-01-01", "é", "日本", "nul\0x", "",
)  # fmt: skip


def back(table: pd.DataFrame) -> pd.DataFrame:
    content, columns = table_bytes(table)
    return table_from_bytes(content, json.loads(json.dumps(columns)))


cells = st.one_of(st.sampled_from(AWKWARD), st.text(max_size=8))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.one_of(st.none(), cells), cells, st.floats(), st.integers(-(2**63), 2**63 - 1)), min_size=1)
)
def test_any_table_comes_back(rows: list[tuple[Any, ...]]) -> None:
    table = pd.DataFrame(rows, columns=["some", "every", "number", "integer"])
    table = table.astype({"some": "str", "every": "object", "number": "float64", "integer": "int64"})
    table["object"] = pd.Series([row[0] for row in rows], dtype=object)
    found = back(table)
    pd.testing.assert_frame_equal(found, table, check_exact=True)
    # -0.0 and 0.0 are equal to pandas
    assert (np.signbit(found["number"]) == np.signbit(table["number"]))[table["number"].notna()].all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.booleans(), st.integers(), cells, st.floats(allow_nan=False)), min_size=1))
def test_columns_of_several_types_come_back(values: list[Any]) -> None:
    column = pd.Series(values, dtype=object)
    found = back(pd.DataFrame({"values": column, "beside": range(len(values))}))["values"]
    assert found.tolist() == column.tolist()
    assert [type(value) for value in found] == [type(value) for value in column]


def test_other_types_come_back() -> None:
    table = pd.DataFrame(
        {
            "small": np.array([1, 2, 255], "uint8"),
            "single": np.array([0.1, np.nan, np.inf], "float32"),
            "truth": [True, False, True],
            "nullable": pd.array([1, None, 3], "Int64"),
            "nullable truth": pd.array([True, None, False], "boolean"),
            "factor": pd.Categorical(["b", None, "a"], categories=["b", "a", "001"], ordered=True),
            "factor of numbers": pd.Categorical([3, 1, 3]),
            "nothing": pd.Series([None] * 3, dtype=object),
            7: [1, 2, 3],
        }
    )
    pd.testing.assert_frame_equal(back(table), table)
    days = pd.DataFrame({"day": pd.date_range("2020-01-01", periods=2), "x": [1, 2]})
    assert back(days)["day"].tolist() == ["2020-01-01 00:00:00", "2020-01-02 00:00:00"]


def again(data: Any) -> Any:
    about, files = pack_data(data)
    return unpack_data(json.loads(json.dumps(about)), files)


#: what the readers take as labels of people and lists: no missing ones, nothing that is cut at its ends
LABELS = [text for text in AWKWARD if as_text(pd.Series([text]))[0][0] == text and text]

#: and what conditions may have besides: a level called None
LEVELS = [*LABELS, "NaN", "NA", "None", "null"]


def same(found: Any, data: Any, *tables: str) -> None:
    assert found.fingerprint == data.fingerprint
    for name in tables:
        pd.testing.assert_frame_equal(getattr(found, name), getattr(data, name), check_exact=True)
    for name in ("participants", "participant"):
        one, other = getattr(found, name), getattr(data, name)
        assert one.dtype == other.dtype
        assert one.tolist() == other.tolist()
    assert [type(one) for one in found.participants] == [type(one) for one in data.participants]


@pytest.mark.parametrize("label", LEVELS)
def test_labels_of_free_recall_come_back(label: str) -> None:
    """Cases 22 of the issue."""
    who = label if label in LABELS else "person"
    lists = [
        list_table(who, who, 4, [2, 1], cond=label, load=2, rate=0.5).replace({"item": {f"w{who}-{who}-2": label}}),
        list_table(who, "other", 4, [3, 0], cond="other", load=10, rate=np.nan),
        list_table("someone", who, 4, [1], cond=label, load=2, rate=1.5),
    ]
    data = kv.read_free_recall(pd.concat(lists, ignore_index=True), name=label)
    found = again(data)
    same(found, data, "events", "lists")
    assert label in found.lists["cond"].tolist()
    assert found.lists["load"].dtype == np.int64
    assert found.lists["rate"].dtype == np.float64
    assert (found.items == data.items).all()
    same(again(data.select(participants=[who])), data.select(participants=[who]), "events", "lists")


@pytest.mark.parametrize("label", LEVELS)
def test_labels_of_recognition_come_back(label: str) -> None:
    person = label if label in LABELS else "person"
    test = [
        trial_table(who, [2, 2, 1], [1, 1, 2], cond=[label, "other"] * 3, load=[1, 2] * 3, phase="test").assign(
            list=person
        )
        for who in (person, "someone")
    ]
    test[0].loc[0, "item"] = label
    study = [
        study_table(who, [*one["item"][:3], "o9"]).assign(list=person)
        for who, one in zip((person, "someone"), test, strict=True)
    ]
    data = kv.read_recognition(stack(*study, *test), scale="1-2", name="awkward")
    found = again(data)
    same(found, data, "trials", "studied")
    assert label in found.trials["cond"].tolist()
    assert label in found.trials["item"].tolist()
    assert found.trials["load"].dtype == data.trials["load"].dtype
    assert found.conditions == data.conditions
    assert found.scale == data.scale
    # 1 alone is a number to a reader, but was a label among others
    same(again(data.select(participants=[person])), data.select(participants=[person]), "trials")


def test_participants_are_found_by_their_labels_in_tables(tmp_path: Path) -> None:
    """Estimates that were written and read again: 001 is a label, not the number 1."""
    people = [list_table(who, 1, 4, [4, 3]) for who in ("001", "7", "2")]
    data = kv.read_free_recall(pd.concat(people, ignore_index=True), name="three")
    values = {p.name: np.array([0.3, 0.5, 0.7]) for p in kv.get_model("random_recall").parameters}
    table = pd.DataFrame(values).assign(subject=["2", "7", "001"])
    table.to_csv(tmp_path / "values.csv", index=False)
    read = pd.read_csv(tmp_path / "values.csv", dtype={"subject": str})
    expected = kv.log_likelihood("random_recall", data, {name: value[[2, 0, 1]] for name, value in values.items()})
    np.testing.assert_array_equal(kv.log_likelihood("random_recall", data, read), expected)
    with pytest.raises(ValueError, match="no row for 1 participants: 001"):
        kv.log_likelihood("random_recall", data, read.assign(subject=["2", "7", "01"]))
    numbers = kv.read_free_recall(pd.concat([list_table(who, 1, 4, [4]) for who in (1, 2, 3)]), name="numbers")
    kv.log_likelihood("random_recall", numbers, table.assign(subject=[3.0, 2.0, 1.0]))


def test_texts_that_a_file_does_not_keep_are_named() -> None:
    table = pd.DataFrame(
        {
            "subject": ["1", "2"],
            "item": ["1e3", "2e3"],
            "sign": ["+1", "-1"],
            "padded": ["001", "002"],
            "truth": ["true", "false"],
            "number": [1.5, 2.5],
            "mixed": np.array(["1", 2], dtype=object),
            "power": [None, "1e3"],
        }
    )
    assert texts_read_as_numbers(table) == ["sign", "power"]
