"""Tables whose columns could be taken for something else: each is read right, or told, never scored in silence."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import kvfit as kv
from kvfit.tasks.problems import DataError, DataWarning, Problem
from kvfit.tasks.readers import check_file
from kvfit.tasks.recognition_reader import check_recognition
from kvfit.tasks.response_scale import normalise_response

WORDS = ("apple", "bread", "candle", "donkey", "engine", "forest")


def recall_lists(positions: dict[str, list[tuple[int, int]]]) -> pd.DataFrame:
    """Lists of six words; recalls as (output position, study position)."""
    rows: list[tuple[object, ...]] = []
    for label, recalled in positions.items():
        rows += [("1", label, "study", at, word) for at, word in enumerate(WORDS, start=1)]
        rows += [("1", label, "recall", at, WORDS[of - 1]) for at, of in recalled]
    return pd.DataFrame(rows, columns=["subject", "list", "trial_type", "position", "item"])


def codes(found: list[Problem], severity: str) -> list[str]:
    return [one.code for one in found if one.severity == severity]


class TestOutputPositionsThatAreStudyPositions:
    def test_are_told(self) -> None:
        found = check_file(recall_lists({"1": [(6, 6), (1, 1), (3, 3)], "2": [(2, 2), (5, 5)]}))
        (problem,) = [one for one in found if one.code == "output_is_study_position"]
        # list 1: gaps before 3 and 6; list 2 begins at 2
        assert (problem.severity, problem.n_places) == ("warning", 5)
        assert problem.places[0].found == "'apple' at output and study position 1"

    @pytest.mark.parametrize(
        "recalled",
        [
            [(1, 1), (2, 2), (3, 3), (4, 4)],  # in the order of study
            [(1, 6), (2, 1), (4, 3)],  # a gap, where an intrusion was taken out
            [(1, 1), (2, 2), (4, 3), (5, 4)],
        ],
    )
    def test_others_are_not(self, recalled: list[tuple[int, int]]) -> None:
        assert not check_file(recall_lists({"1": recalled}))


class TestStatedLength:
    WIDE = pd.DataFrame({"subject": 1, "list": [1, 2], "list_length": [6, 6], "recall_1": [6, 5], "recall_2": [1, 0]})

    def test_must_be_that_of_the_study_rows(self) -> None:
        table = recall_lists({"1": [(1, 6)]})
        assert kv.read_free_recall(table, list_length=6).list_length.tolist() == [6]
        found = check_file(table, list_length=16)
        assert codes(found, "error") == ["list_length_mismatch"]
        assert found[0].places[0].found == "6 study rows for a list of 16"

    def test_must_be_that_of_the_column(self) -> None:
        assert kv.read_free_recall(self.WIDE, list_length=6).recalled.tolist() == [5, 0, 4]
        (problem,) = check_file(self.WIDE, list_length=8)
        assert (problem.code, problem.n_places, problem.places[1].found) == ("stated_length", 2, "6")
        trials = pd.DataFrame({"subject": 1, "old": [1, 0], "response": ["yes", "no"], "list_length": [8, 8]})
        assert codes(check_recognition(trials, list_length=20), "error") == ["stated_length"]
        assert not check_recognition(trials, list_length=8)

    def test_of_a_matrix(self, tmp_path: Path) -> None:
        path = tmp_path / "recalls.npz"
        np.savez(path, recalls=np.array([[6, 1]]), subject=[1], listLength=6)
        assert codes(check_file(path, list_length=10), "error") == ["stated_length"]
        assert kv.read_free_recall(path, list_length=6).list_length.tolist() == [6]


class TestNegativeCodes:
    def wide(self, *recalls: list[int]) -> pd.DataFrame:
        table = pd.DataFrame(recalls, columns=["recall_1", "recall_2", "recall_3"])
        return table.assign(subject=1, list=range(1, len(table) + 1), list_length=6)

    def test_other_than_one_are_told(self) -> None:
        table = self.wide([6, -9, 0], [5, 2, -99])
        with pytest.warns(DataWarning, match=r"other than -1 count as intrusions \(-99, -9\)"):
            data = kv.read_free_recall(table)
        assert data.lists["n_intrusions"].tolist() == [1, 1]

    def test_lists_filled_with_them_are_told(self) -> None:
        found = check_file(self.wide([6, 1, 3], [5, 2, -1], [4, -1, -1]))
        assert codes(found, "warning") == ["filled_with_intrusions"]
        assert found[0].n_places == 2

    def test_intrusions_are_not(self) -> None:
        assert not check_file(self.wide([6, 1, -1], [5, -1, 0], [4, 0, 0]))


def trials(**columns: object) -> pd.DataFrame:
    """Eight trials of one participant: three of four old items and one of four new ones are called old."""
    table = pd.DataFrame({"subject": 1, "old": [1] * 4 + [0] * 4, "response": list("yyynynnn")})
    return table.replace({"response": {"y": "yes", "n": "no"}}).assign(**columns)


class TestNumbersThatCountNothing:
    @pytest.mark.parametrize("name", ["freq", "n", "count"])
    def test_frequencies_of_words_make_no_trials(self, name: str) -> None:
        table = trials(stim=list("abcdefgh"), **{name: [3, 4, 5, 6, 7, 8, 9, 10]})
        with pytest.warns(DataWarning, match=f"'{name}' is kept as a condition"):
            data = kv.read_recognition(table)
        assert data.n_trials == 8
        assert data.old[data.response == 2].tolist().count(True) == 3

    @pytest.mark.parametrize("stem", ["response", "rating", "r"])
    def test_two_answers_of_a_trial_are_no_counts(self, stem: str) -> None:
        answers = {f"{stem}_1": [1, 1, 1, 0, 1, 0, 0, 0], f"{stem}_2": [1, 2, 3, 1, 2, 3, 1, 2]}
        table = trials(item=list("abcdefgh"), **answers).drop(columns="response")
        found = check_recognition(table)
        assert codes(found, "error") == ["missing_column"]
        data = kv.read_recognition(table, columns={"response": f"{stem}_1"})
        assert data.old[data.response == 2].tolist() == [True, True, True, False]

    def test_a_name_in_every_row_is_told(self) -> None:
        answers = {"r1": [1, 1, 1, 0, 1, 0, 0, 0], "r2": [1, 2, 3, 1, 2, 3, 1, 2]}
        table = trials(stim=list("abcdefgh"), **answers).drop(columns="response")
        assert codes(check_recognition(table), "warning") == ["counts_or_answers"]
        counted = pd.DataFrame({"subject": [1, 1], "old": [0, 1], "r1": [5, 2], "r2": [3, 6]})
        assert not check_recognition(counted)


class TestTotals:
    HITS = pd.DataFrame(
        {"subject": [1, 2], "hits": [8, 9], "misses": [2, 1], "false_alarms": [3, 2], "correct_rejections": [7, 8]}
    )

    def test_that_add_up_change_nothing(self) -> None:
        for columns in ({"n_old": [10, 10], "n_new": [10, 10]}, {"n_trials": [20, 20]}, {"n": [10, 10]}):
            assert kv.read_recognition(self.HITS.assign(**columns)).n_trials == 40

    @pytest.mark.parametrize(
        ("columns", "found"),
        [
            ({"n_old": [12, 10]}, "12, counts sum to 10"),
            ({"N new": [10, 9]}, "9, counts sum to 10"),
            ({"n_trials": [20, 25]}, "25, counts sum to 20"),
        ],
    )
    def test_that_do_not_are_errors(self, columns: dict[str, list[int]], found: str) -> None:
        problems = check_recognition(self.HITS.assign(**columns))
        assert codes(problems, "error") == ["count_total"]
        assert problems[0].places[0].found == found

    def test_that_agree_nowhere_are_told(self) -> None:
        problems = check_recognition(self.HITS.assign(total=[3, 4]))
        assert codes(problems, "warning") == ["count_total"]


class TestSessions:
    def table(self, study: str, test: str) -> pd.DataFrame:
        """The same label of a list in each session; study and test in these sessions."""
        rows = [(1, s, 1, "study", f"{word}{s}", "", "") for s in study for word in "abc"]
        rows += [
            (
                1,
                s,
                1,
                "test",
                f"{word}{s if word in 'xyz' else t}",
                int(word in "abc"),
                "yes" if word in "abx" else "no",
            )
            for s, t in zip(test, study, strict=True)
            for word in "abcxyz"
        ]
        return pd.DataFrame(rows, columns=["subject", "session", "list", "phase", "item", "old", "response"])

    def test_with_the_same_lists_are_told(self) -> None:
        table = self.table("12", "12")
        with pytest.raises(DataError) as caught:
            kv.read_recognition(table)
        (problem,) = caught.value.problems
        assert (problem.code, problem.places[0].found) == ("duplicate_list_label", "sessions 1, 2")
        data = kv.read_recognition(table, columns={"list": ["session", "list"]})
        # three items a list, not six
        assert set(data.trials["list_length"]) == {3}
        as_one = kv.read_recognition(table, ignore_columns=["session"])
        assert set(as_one.trials["list_length"]) == {6}

    def test_study_and_test_on_two_days_are_one_list(self) -> None:
        data = kv.read_recognition(self.table("1", "2"))
        assert set(data.trials["list_length"]) == {3}

    def test_without_study_rows_they_are_a_warning(self) -> None:
        table = self.table("12", "12").query("phase == 'test'")
        assert codes(check_recognition(table), "warning") == ["duplicate_list_label"]
        assert not check_recognition(table.drop(columns="list"))


class TestLabelsOfPeople:
    def read(self, *labels: str) -> list[str]:
        one = recall_lists({"1": [(1, 2)]})
        found = check_file(pd.concat([one.assign(subject=label) for label in labels]))
        return [place.found for problem in found if problem.code == "similar_participants" for place in problem.places]

    @pytest.mark.parametrize("pair", [("1", "1.0"), ("1", "\uff11"), ("S1", "S1."), ("s-01", "S 1"), ("7", "007")])
    def test_that_may_be_one_are_told(self, pair: tuple[str, str]) -> None:
        (found,) = self.read(*pair)
        assert all(repr(one) in found for one in pair)

    def test_that_differ_are_not(self) -> None:
        assert not self.read(
            "1", "10", "11", "1-1", "1.1", "1.5", "100", "S1", "T1", "1/7", "17", "1_2", "12", "0", "00x"
        )


def test_joined_labels_are_as_many_as_their_parts() -> None:
    one = recall_lists({"1": [(1, 2)]})
    table = pd.concat([one.assign(a="x/y", b="z"), one.assign(a="x", b="y/z")]).drop(columns="list")
    data = kv.read_free_recall(table, columns={"list": ["a", "b"]})
    assert data.lists["list"].tolist() == ["x//y/z", "x/y//z"]
    assert data.list_length.tolist() == [6, 6]


@pytest.mark.parametrize(
    ("text", "wanted"), [("+3", "3"), ("\u22123", "-3"), ("+3.0", "3"), ("+yes", "+yes"), ("-3", "-3")]
)
def test_signs_of_ratings(text: str, wanted: str) -> None:
    assert normalise_response(text) == wanted


class TestFilesOfAnotherKind:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"PAR1" + bytes(range(256)), "Parquet"),
            (b"\xd0\xcf\x11\xe0" + bytes(600), ".xls"),
            (b"BZh91AY" + bytes(range(128, 256)), "bzip2"),
            (b'[{"subject": 1, "list": 1}]', "JSON"),
            (b"\n<html><table></table></html>", "HTML"),
        ],
    )
    def test_is_named(self, content: bytes, said: str, tmp_path: Path) -> None:
        path = tmp_path / "data.csv"
        path.write_bytes(content)
        (problem,) = check_file(path)
        assert problem.code == "no_text_table"
        assert said in problem.what

    def test_a_header_that_begins_alike_is_a_table(self, tmp_path: Path) -> None:
        path = tmp_path / "data.csv"
        recall_lists({"1": [(1, 2)]}).assign(CDF="a")[
            ["CDF", "subject", "list", "trial_type", "position", "item"]
        ].to_csv(path, index=False)
        assert kv.read_free_recall(path).recalled.tolist() == [1]

    def test_zero_bytes_far_from_the_beginning(self, tmp_path: Path) -> None:
        path = tmp_path / "data.csv"
        text = recall_lists({str(at): [(1, 3)] for at in range(1, 20)}).to_csv(index=False).encode()
        path.write_bytes(text[:-900] + text[-900:].replace(b"candle", b"can\0dle"))
        (problem,) = check_file(path)
        assert problem.code == "zero_bytes"

    def test_line_ends_of_unicode_stand_within_cells(self, tmp_path: Path) -> None:
        path = tmp_path / "data.csv"
        text = recall_lists({"1": [(1, 1), (2, 2)]}).to_csv(index=False)
        path.write_text(text.replace("apple", "ap\u2028ple").replace("bread", "br\x85ead"), encoding="utf-8")
        assert kv.read_free_recall(path).recalled.tolist() == [0, 1]


def test_output_positions_from_zero_beside_study_positions_from_one() -> None:
    (problem,) = check_file(recall_lists({"1": [(0, 6), (1, 2)]}))
    assert problem.code == "output_position_outside"
    assert "add 1 to all output positions" in problem.fix


@pytest.mark.parametrize("code", ["-9", "99", "999", ".", "timeout"])
def test_codes_of_missing_ratings_are_told_as_such(code: str) -> None:
    table = trials(response=["5", "5", "5", "2", "5", "2", "2", code])
    (problem,) = check_recognition(table, scale="1-6")
    assert problem.code == "response_outside_scale"
    assert "codes that mean no response" in problem.fix
