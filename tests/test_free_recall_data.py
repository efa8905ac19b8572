"""FreeRecallData: what is scored, how it is arranged, selected and identified."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from python_calls import python_calls
from recall_tables import list_table, stack

from kvfit.tasks.free_recall import FreeRecallData
from kvfit.tasks.readers import read_free_recall


@pytest.fixture
def table() -> pd.DataFrame:
    # Participants and lists are deliberately out of order; list lengths differ.
    return stack(
        list_table(10, 1, 4, [4, 4, 0, 1], pace="slow", age=30),
        list_table(2, 10, 3, [], pace="fast", age=20),
        list_table(2, 9, 5, [2, 0, 3, 2, 5], pace="slow", age=20),
    )


@pytest.fixture
def data(table: pd.DataFrame) -> FreeRecallData:
    return read_free_recall(table, name="small")


def test_lists_are_sorted_by_participant_then_list(data: FreeRecallData) -> None:
    assert data.participants.tolist() == [2, 10]
    assert data.participant.tolist() == [0, 0, 1]
    assert data.lists["list"].tolist() == [9, 10, 1]
    assert data.list_length.tolist() == [5, 3, 4]
    assert (data.n_lists, data.n_participants) == (3, 2)


def test_responses_are_penn_coded_and_scored_recalls_leave_out_repeats_and_intrusions(
    data: FreeRecallData,
) -> None:
    assert data.responses.dtype == np.int16
    assert data.responses.tolist() == [[2, -1, 3, 2, 5], [0, 0, 0, 0, 0], [4, 4, -1, 1, 0]]
    assert data.recalled.tolist() == [1, 2, 4, 3, 0]
    assert data.offsets.tolist() == [0, 3, 3, 5]
    assert data.recalled.dtype == data.offsets.dtype == np.int64
    counted = data.lists[["n_responses", "n_scored", "n_repeats", "n_intrusions"]].to_numpy()
    assert counted.tolist() == [[5, 3, 1, 1], [0, 0, 0, 0], [4, 2, 1, 1]]


def test_events_keep_every_response_and_say_what_it_is(data: FreeRecallData) -> None:
    recalls = data.events[data.events["trial_type"] == "recall"]
    assert recalls["recall_type"].tolist() == [
        *("correct", "intrusion", "correct", "repeat", "correct"),
        *("correct", "repeat", "intrusion", "correct"),
    ]
    assert recalls["study_position"].tolist() == [2, 0, 3, 2, 5, 4, 4, 0, 1]


def test_conditions_are_columns_that_are_constant_within_lists(table: pd.DataFrame) -> None:
    table["item_kind"] = np.where(table["position"] % 2, "odd", "even")
    table["only_study"] = table["pace"].where(table["trial_type"] == "study")
    table["time_ms"] = np.where(table["trial_type"] == "recall", 100 * table["position"], np.nan)
    data = read_free_recall(table)
    assert data.lists["pace"].tolist() == ["slow", "fast", "slow"]
    assert data.lists["age"].tolist() == [20, 20, 30]
    assert data.lists["age"].dtype == np.int64
    assert data.lists["only_study"].tolist() == ["slow", "fast", "slow"]
    assert not {"item_kind", "time_ms"} & set(data.lists.columns)
    assert {"item_kind", "time_ms"} <= set(data.events.columns)


def test_a_condition_missing_in_some_lists_is_missing_there(table: pd.DataFrame) -> None:
    table.loc[table["subject"] == 10, "age"] = np.nan
    ages = read_free_recall(table).lists["age"]
    assert ages.iloc[:2].tolist() == [20, 20]
    assert np.isnan(ages.iloc[2])


def test_items_are_padded(data: FreeRecallData) -> None:
    assert data.items.shape == (3, 5)
    assert data.items[1].tolist() == ["w2-10-1", "w2-10-2", "w2-10-3", "", ""]


def test_arrays_cannot_be_changed(data: FreeRecallData) -> None:
    with pytest.raises(ValueError, match="read-only"):
        data.recalled[0] = 3


def test_users_columns_with_our_names_are_kept_apart(table: pd.DataFrame) -> None:
    table["study_position"] = 99
    table["n_scored"] = 7
    data = read_free_recall(table)
    assert (data.events["study_position_given"] == 99).all()
    assert data.lists["n_scored_given"].tolist() == [7, 7, 7]
    assert data.lists["n_scored"].tolist() == [3, 0, 2]


class TestFingerprint:
    def test_does_not_depend_on_row_order_columns_or_name(self, table: pd.DataFrame) -> None:
        first = read_free_recall(table, name="a").fingerprint
        mixed = table.sample(frac=1, random_state=7)[["item", "position", "trial_type", "list", "subject"]]
        assert read_free_recall(mixed, name="b").fingerprint == first
        assert len(first) == 64

    def test_does_not_depend_on_label_types(self, table: pd.DataFrame) -> None:
        first = read_free_recall(table).fingerprint
        as_float = table.astype({"subject": float, "list": float, "position": float})
        assert read_free_recall(as_float).fingerprint == first
        assert read_free_recall(table.astype(str)).fingerprint == first
        assert read_free_recall(table.astype({"subject": "category"})).fingerprint == first

    def test_does_not_depend_on_words_but_on_scored_responses(self, table: pd.DataFrame) -> None:
        first = read_free_recall(table).fingerprint
        renamed = table.assign(item=table["item"].str.replace("w", "v"))
        assert read_free_recall(renamed).fingerprint == first
        without_intrusions = table[~table["item"].str.startswith("x")]
        assert read_free_recall(without_intrusions).fingerprint == first
        without_last = table.drop(index=table.index[-1])
        assert read_free_recall(without_last).fingerprint != first

    @pytest.mark.parametrize("change", [{"subject": 3}, {"list": 8}])
    def test_depends_on_labels(self, table: pd.DataFrame, change: dict[str, int]) -> None:
        moved = stack(table[table["subject"] == 10], list_table(5, 5, 3, [1]))
        changed = stack(
            table[table["subject"] == 10], list_table(change.get("subject", 5), change.get("list", 5), 3, [1])
        )
        assert read_free_recall(moved).fingerprint != read_free_recall(changed).fingerprint

    def test_depends_on_list_length(self) -> None:
        short, long = (read_free_recall(list_table(1, 1, n, [1])).fingerprint for n in (3, 4))
        assert short != long

    def test_is_the_same_in_another_process(self, data: FreeRecallData, tmp_path: object) -> None:
        path = f"{tmp_path}/events.csv"
        data.events[["subject", "list", "trial_type", "position", "item"]].to_csv(path, index=False)
        code = (
            "import sys; from kvfit.tasks.readers import read_free_recall;"
            "sys.stdout.write(read_free_recall(sys.argv[1]).fingerprint)"
        )
        run = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
        assert run.stdout == data.fingerprint


class TestScoringNote:
    def test_counts_and_reasons(self, data: FreeRecallData) -> None:
        note = data.scoring_note()
        assert note.startswith("5 of 9 responses are scored")
        assert "2 repeats" in note
        assert "2 intrusions" in note

    def test_nothing_left_out(self) -> None:
        note = read_free_recall(list_table(1, 1, 3, [1, 2])).scoring_note()
        assert note == "2 of 2 responses are scored."

    def test_singular(self) -> None:
        note = read_free_recall(list_table(1, 1, 3, [1, 1])).scoring_note()
        assert "1 repeat (" in note
        assert "intrusion" not in note


class TestSelect:
    def test_first_participants(self, data: FreeRecallData) -> None:
        part = data.select(1)
        assert part.participants.tolist() == [2]
        assert part.recalled.tolist() == [1, 2, 4]
        assert part.offsets.tolist() == [0, 3, 3]
        assert part.source.endswith("selected: the first 1 of 2 participants")

    def test_labels(self, data: FreeRecallData) -> None:
        part = data.select([10])
        assert part.lists["list"].tolist() == [1]
        assert part.participant.tolist() == [0]
        assert part.responses.tolist() == [[4, 4, -1, 1]]
        assert part.items.tolist() == [["w10-1-1", "w10-1-2", "w10-1-3", "w10-1-4"]]

    def test_query_over_conditions_and_counts(self, data: FreeRecallData) -> None:
        part = data.select(query="pace == 'slow' and n_scored > 2")
        assert part.lists[["subject", "list"]].to_numpy().tolist() == [[2, 9]]
        assert "lists where pace == 'slow'" in part.source

    def test_equals_reading_the_selected_rows(self, data: FreeRecallData, table: pd.DataFrame) -> None:
        part = data.select(query="pace == 'slow'")
        read = read_free_recall(table[table["pace"] == "slow"].reset_index(drop=True))
        assert part.fingerprint == read.fingerprint
        pd.testing.assert_frame_equal(part.events, read.events)
        pd.testing.assert_frame_equal(part.lists, read.lists)
        np.testing.assert_array_equal(part.responses, read.responses)

    def test_nothing_asked_changes_nothing(self, data: FreeRecallData) -> None:
        assert data.select() is data

    @pytest.mark.parametrize(
        ("participants", "query", "message"),
        [
            (3, None, "there are 2"),
            (0, None, r"participants=\[0\]"),
            ([99], None, "unknown participants 99; known are 2, 10"),
            ("10", None, "expected a number or a list of labels"),
            (None, "tempo == 'slow'", "columns of the lists: subject, list"),
            (None, "n_scored + 1", "true or false"),
            (None, "pace ==", "cannot read the query"),
            (None, "n_scored > 100", "no list is left"),
            ([2], "subject == 10", "no list is left"),
        ],
    )
    def test_refuses(self, data: FreeRecallData, participants: object, query: str | None, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            data.select(participants, query=query)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("query", "said"),
        [
            ("n_scored > @np.pi", "SyntaxError"),
            ("list.to_pickle('a')", "list.to_pickle: a query may ask"),
            ("n_scored.map(print) > 1", "n_scored.map: a query may ask"),
            ("n_scored.__class__.__init__.__globals__ == 1", "parts of a column"),
            ("n_scored.isin(subject.to_csv('a'))", "subject.to_csv: a query may ask"),
            ("n_scored.str.cat(subject) == 'a'", "n_scored.str.cat: a query may ask"),
            ("abs(__import__('os').getpid()) > 1", "abs: a query may ask"),
            ("n_scored[0] > 1", "subscript"),
            ("[x for x in subject]", "listcomp"),
            ("n_scored ** 99999999 > 1", "pow"),
            ("a = 1", "SyntaxError"),
            ("n_scored > 1\nsubject > 1", "SyntaxError"),
            ("`n scored` > 1", "there is no column 'n scored'"),
            ("pace != 'a`b'", "a backquote inside a text"),
        ],
    )
    def test_query_reaches_and_runs_nothing_else(self, data: FreeRecallData, query: str, said: str) -> None:
        with pytest.raises(ValueError, match="cannot read the query") as caught:
            data.select(query=query)
        assert said in str(caught.value)

    @pytest.mark.parametrize(
        "query",
        [
            "n_scored >= 0 and '`' != n_scored.to_csv({path!r}) and '`' != ''",
            "pace != '\\\\' and '`' != n_scored.to_csv({path!r}) and '`' != ''",
            "pace != '\\\\`' or n_scored.to_csv({path!r}) == '`'",
            "\"'\" != '`' and n_scored.to_csv({path!r}) != '`'",
            "pace == `a' or n_scored.to_csv({path!r}) or '`",
            'pace != """\'`""" or n_scored.to_csv({path!r}) != \'`\'',
        ],
    )
    def test_backquotes_inside_texts_hide_nothing(self, data: FreeRecallData, query: str, tmp_path: Path) -> None:
        """pandas and a check of the text may find names in backquotes in different places."""
        path = tmp_path / "written.csv"
        with pytest.raises(ValueError, match="cannot read the query"):
            data.select(query=query.format(path=str(path)))
        assert not path.exists()

    def test_names_with_blanks_stand_in_backquotes(self, table: pd.DataFrame) -> None:
        table = table.assign(**{"the pace": "slow", "it's": 1})
        data = read_free_recall(table)
        assert data.select(query="`the pace` == 'slow' and `it's` == 1").n_lists == data.n_lists
        with pytest.raises(ValueError, match="no list is left"):
            data.select(query="`the pace` != 'slow'")

    @pytest.mark.parametrize(
        "query",
        [
            "n_scored >= 0 and not subject == 99",
            "(`n_scored` + 1) / 2 > -1 & ~n_scored.isna()",
            "n_scored.between(0, 99)",
            "subject in [2, 10] and list.isin([1, 9, 10])",
        ],
    )
    def test_conditions_are_read(self, data: FreeRecallData, query: str) -> None:
        assert data.select(query=query).n_lists == data.n_lists


class TestWithResponses:
    def test_same_responses_give_the_same_data(self, data: FreeRecallData) -> None:
        again = data.with_responses(data.responses)
        assert again.fingerprint == data.fingerprint
        np.testing.assert_array_equal(again.responses, data.responses)
        np.testing.assert_array_equal(again.items, data.items)
        pd.testing.assert_frame_equal(again.lists, data.lists)

    def test_new_responses_replace_the_old(self, data: FreeRecallData) -> None:
        new = np.array([[5, 4, 0], [-1, 3, 3], [0, 0, 0]])
        simulated = data.with_responses(new, name="simulated", source="made up")
        assert simulated.recalled.tolist() == [4, 3, 2]
        assert simulated.lists["n_repeats"].tolist() == [0, 1, 0]
        assert simulated.lists["pace"].tolist() == data.lists["pace"].tolist()
        assert (simulated.name, simulated.source) == ("simulated", "made up")
        recalls = simulated.events[simulated.events["trial_type"] == "recall"]
        assert recalls["item"].iloc[0] == "w2-9-5"

    def test_no_responses_at_all(self, data: FreeRecallData) -> None:
        silent = data.with_responses(np.zeros((3, 2), dtype=int))
        assert silent.responses.shape == (3, 1)
        assert silent.offsets.tolist() == [0, 0, 0, 0]

    @pytest.mark.parametrize(
        ("responses", "message"),
        [
            (np.zeros((2, 3), dtype=int), r"expected shape \(3, output\)"),
            (np.zeros((3, 3)), "whole numbers"),
            (np.array([[1], [4], [1]]), "first in list 1"),
            (np.array([[1, 0, 2], [0, 0, 0], [0, 0, 0]]), "first in list 0"),
            (np.array([[0], [0], [-2]]), "first in list 2"),
        ],
    )
    def test_refuses(self, data: FreeRecallData, responses: np.ndarray, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            data.with_responses(responses)


@pytest.mark.parametrize(
    ("labels", "order"),
    [
        ([10, 9, 1], [1, 9, 10]),
        (["S10", "S2", "S1"], ["S1", "S2", "S10"]),
        (["007", "07", "7"], ["007", "07", "7"]),
        (["b", "a", "3"], ["3", "a", "b"]),
    ],
)
@pytest.mark.filterwarnings("ignore:.*differ only by case, zeros, punctuation")
def test_participants_sort_naturally(labels: list[object], order: list[object]) -> None:
    data = read_free_recall(stack(*(list_table(label, 1, 3, [1]) for label in labels)))
    assert data.participants.tolist() == order


def test_reading_calls_no_python_by_row() -> None:
    """Ten times as many lists of the same people: a loop over rows would make ten times as many calls."""

    def lists(n: int) -> pd.DataFrame:
        table = pd.concat([list_table(1, 1, 16, range(1, 11))] * n * 6, ignore_index=True)
        table["subject"] = np.repeat(np.arange(6), len(table) // 6)
        table["list"] = np.tile(np.repeat(np.arange(n), 26), 6)
        return table

    def whole(table: pd.DataFrame) -> None:
        assert len(read_free_recall(table).recalled) == len(table) // 26 * 10

    small, large = lists(10), lists(100)
    whole(small)  # what is imported and cached once does not count
    assert python_calls(lambda: whole(large)) < 1.5 * python_calls(lambda: whole(small))
