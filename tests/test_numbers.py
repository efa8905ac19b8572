"""Numbers with decimal points and commas, wherever a reader takes one. Cases 04 to 06 of the issue and their kinds."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import kvfit as kv
from kvfit.tasks.numbers import decimal_mark, find_decimal, in_doubt, read_numbers
from kvfit.tasks.problems import DataError, DataWarning, Problem

NAN = float("nan")


def numbers(*cells: str, decimal: str | None = None) -> list[float]:
    return read_numbers(np.array(cells, dtype=object), decimal_mark(decimal)).tolist()


class TestOneColumn:
    @pytest.mark.parametrize(
        ("cells", "expected"),
        [
            (("1", "2.5", "-.5", "+3", "1e3", " 7 "), [1, 2.5, -0.5, 3, 1000, 7]),
            (("0,878", "1,204", "12", "-3,5", ",5", "2,", "1,5e2"), [0.878, 1.204, 12, -3.5, 0.5, 2, 150]),
            (("", "NA", "none", "1,75"), [NAN, NAN, NAN, 1.75]),
            # Nothing tells whether the comma separates thousands.
            (("1,204", "987"), [NAN, 987]),
            (("1,204", "1204,5"), [1.204, 1204.5]),
            # Separators of thousands, several marks, words.
            (("1,204,000", "1.204,5", "1,5,3", "abc", "1,5 s"), [NAN] * 5),
            # Two marks in one column: only the point is sure to be read as it is meant.
            (("1.5", "1,5"), [1.5, NAN]),
        ],
    )
    def test_is_read_as_it_stands(self, cells: tuple[str, ...], expected: list[float]) -> None:
        np.testing.assert_array_equal(numbers(*cells), expected)

    def test_the_mark_of_the_file_decides_what_a_column_leaves_open(self) -> None:
        assert numbers("1,204", "987", decimal="comma") == [1.204, 987]
        np.testing.assert_array_equal(numbers("1,204", "987", decimal="point"), [NAN, 987])
        # 1.204 beside decimal commas may be 1204; 0.5 and 1.25 may not.
        np.testing.assert_array_equal(numbers("1.204", "987", decimal="comma"), [NAN, 987])
        assert numbers("1.204", "987", decimal="point") == [1.204, 987]
        assert numbers("1.204", "0.5", decimal="comma") == [1.204, 0.5]
        np.testing.assert_array_equal(numbers("1.5", "1,5", decimal="comma"), [NAN, 1.5])

    def test_shape_is_kept(self) -> None:
        assert read_numbers(np.array([["1,5", "2"], ["", "3"]], dtype=object)).shape == (2, 2)

    def test_doubt_is_said(self) -> None:
        assert "decimal='comma'" in in_doubt(["abc", "1,204"])
        assert "decimal='point'" in in_doubt(["1.204"])
        assert in_doubt(["abc", "1,2,3"]) == ""

    def test_the_mark_has_two_names(self) -> None:
        assert (decimal_mark(","), decimal_mark("point"), decimal_mark(None)) == ("comma", "point", None)
        with pytest.raises(ValueError, match="expected 'comma' or 'point'"):
            decimal_mark("dot")


@pytest.mark.parametrize(
    ("columns", "delimiter", "expected"),
    [
        ({"a": ["1,5"], "b": ["1,204"]}, "\t", "comma"),
        ({"a": ["1,204"]}, ";", "comma"),
        ({"a": ["1,204"]}, "\t", None),
        ({"a": ["0.5"], "b": ["1,204"]}, ";", "point"),
        ({"a": ["0.5"], "b": ["1,5"]}, ";", None),
        # Words with commas show nothing.
        ({"a": ["1,5", "red"], "b": ["1,204", "3"]}, "\t", None),
        ({"a": ["1.5"]}, ";", None),
    ],
)
def test_the_mark_of_a_file(columns: dict[str, list[str]], delimiter: str, expected: str | None) -> None:
    assert find_decimal(pd.DataFrame(columns), delimiter) == expected


def write(path: Path, text: str, mark: str = ";") -> Path:
    path.write_text(text.replace(";", mark), encoding="utf-8")
    return path


def problems(read: object, path: Path, **options: object) -> list[Problem]:
    with pytest.raises(DataError) as caught:
        read(path, **options)  # type: ignore[operator]
    return [one for one in caught.value.problems if one.severity == "error"]


@pytest.mark.parametrize("mark", [";", "\t", "|"])
class TestRecognition:
    def test_every_number_of_a_trial(self, tmp_path: Path, mark: str) -> None:
        text = (
            "subject;list;phase;position;item;old;response;rt;lag;study_position;list_length;load\n"
            "1;1;test;1,0;a;1,0;6,0;0,878;3,0;2,0;4,0;0,5\n"
            "1;1;test;2,0;b;0,0;2,0;1,204;;;4,0;1,25\n"
            "1;1;test;3,0;c;1,0;4,0;0,641;5,0;2,0;4,0;3\n"
            "1;1;test;4,0;d;0,0;1,0;1204;;;4,0;0,5\n"
        )
        trials = kv.read_recognition(write(tmp_path / "r.csv", text, mark), scale="1-6").trials
        assert trials["position"].tolist() == [1, 2, 3, 4]
        assert trials["old"].tolist() == [True, False, True, False]
        assert trials["response"].tolist() == [6, 2, 4, 1]
        assert trials["rt"].tolist() == [0.878, 1.204, 0.641, 1204]
        np.testing.assert_array_equal(trials["lag"], [3, NAN, 5, NAN])
        np.testing.assert_array_equal(trials["study_position"], [2, NAN, 2, NAN])
        assert trials["list_length"].tolist() == [4] * 4
        assert trials["load"].tolist() == [0.5, 1.25, 3, 0.5]

    def test_counts(self, tmp_path: Path, mark: str) -> None:
        text = "subject;old;count_1;count_2\n1;1;2,0;3,0\n1;0;4,0;1,0\n"
        cells = kv.read_recognition(write(tmp_path / "c.csv", text, mark)).cells()
        assert cells.counts.tolist() == [[4, 1], [2, 3]]

    def test_confidence_beside_answers(self, tmp_path: Path, mark: str) -> None:
        text = "subject;old;response;confidence\n1;1;yes;3,0\n1;0;no;2,0\n1;1;yes;1,0\n1;0;no;1,0\n"
        with pytest.warns(DataWarning, match="new/3-1|no/3-1,yes/1-3"):
            kv.read_recognition(write(tmp_path / "c.csv", text, mark))


@pytest.mark.parametrize("mark", [";", "\t", "|"])
class TestFreeRecall:
    def test_wide_table(self, tmp_path: Path, mark: str) -> None:
        text = "subject;list;list_length;recall_1;recall_2;time_1;time_2\n1;1;8,0;3,0;5;1,25;2,5\n1;2;8,0;8;;0,75;\n"
        data = kv.read_free_recall(write(tmp_path / "w.csv", text, mark))
        assert data.responses.tolist() == [[3, 5], [8, 0]]
        assert data.list_length.tolist() == [8, 8]
        assert data.events.loc[data.events["trial_type"] == "recall", "time"].tolist() == [1.25, 2.5, 0.75]

    def test_long_table(self, tmp_path: Path, mark: str) -> None:
        text = (
            "subject;list;trial_type;position;item;time;list_length\n1;1;study;1,0;a;;2,0\n1;1;study;2,0;b;;2,0\n"
            "1;1;recall;1,0;b;1,75;\n1;1;recall;2,0;a;3,25;\n"
        )
        data = kv.read_free_recall(write(tmp_path / "l.csv", text, mark))
        assert data.responses.tolist() == [[2, 1]]
        assert data.events["time"].tolist()[2:] == [1.75, 3.25]

    def test_conditions_of_wide_tables(self, tmp_path: Path, mark: str) -> None:
        text = "subject;list;list_length;recall_1;rate\n1;1;8;3;1,5\n1;2;8;2;0,75\n"
        assert kv.read_free_recall(write(tmp_path / "w.csv", text, mark)).lists["rate"].tolist() == [1.5, 0.75]

    def test_similarities(self, tmp_path: Path, mark: str) -> None:
        lists = "subject;list;trial_type;position;item\n1;1;study;1;a\n1;1;study;2;b\n1;1;recall;1;b\n"
        data = kv.read_free_recall(write(tmp_path / "l.csv", lists, mark))
        path = write(tmp_path / "s.csv", "item;a;b\na;1;0,25\nb;0,25;1\n", mark)
        assert kv.read_similarity(path, data)[0].tolist() == [[1, 0.25], [0.25, 1]]


class TestDoubt:
    RT = "subject\told\tresponse\trt\n1\t1\tyes\t1,204\n1\t0\tno\t987\n"

    def test_is_an_error_that_says_how_to_settle_it(self, tmp_path: Path) -> None:
        path = write(tmp_path / "r.tsv", self.RT)
        (problem,) = problems(kv.read_recognition, path)
        assert (problem.code, problem.places[0].found) == ("not_a_number", "'1,204'")
        assert "decimal='comma'" in problem.fix
        assert kv.read_recognition(path, decimal="comma").trials["rt"].tolist() == [987, 1.204]

    def test_another_column_settles_it(self, tmp_path: Path) -> None:
        path = write(tmp_path / "r.tsv", "subject\told\tresponse\trt\tload\n1\t1\tyes\t1,204\t0,5\n1\t0\tno\t987\t2\n")
        assert kv.read_recognition(path).trials["rt"].tolist() == [987, 1.204]

    def test_of_a_users_own_column_is_a_warning(self, tmp_path: Path) -> None:
        path = write(tmp_path / "r.tsv", self.RT.replace("\trt", "\ttook"))
        with pytest.warns(DataWarning, match=r"kept as text.*\(column 'took'\)"):
            data = kv.read_recognition(path)
        assert data.trials["took"].tolist() == ["987", "1,204"]

    def test_two_marks_in_one_column(self, tmp_path: Path) -> None:
        path = write(tmp_path / "r.tsv", self.RT.replace("1,204", "1,5").replace("987", "0.5"))
        (problem,) = problems(kv.read_recognition, path)
        assert [place.found for place in problem.places] == ["'1,5'"]

    def test_of_data_frames(self) -> None:
        table = pd.DataFrame({"subject": 1, "old": [1, 0], "response": ["yes", "no"], "rt": ["0,878", "1,204"]})
        assert kv.read_recognition(table).trials["rt"].tolist() == [1.204, 0.878]


class TestOwnColumns:
    HEAD = "subject,old,response,load\n"

    def test_one_slip_among_many_numbers_is_told(self, tmp_path: Path) -> None:
        lines = [f"1,{at % 2},{'yes' if at % 2 else 'no'},{at if at != 7 else 'seven'}" for at in range(40)]
        path = write(tmp_path / "r.csv", self.HEAD + "\n".join(lines))
        with pytest.warns(DataWarning, match=r"(?s)kept as text.*'load'.*'seven'"):
            kv.read_recognition(path)

    def test_codes_of_words_and_numbers_are_not(self, tmp_path: Path) -> None:
        path = write(tmp_path / "r.csv", self.HEAD + "1,1,yes,5\n1,0,no,N\n1,1,yes,1\n1,0,no,007\n")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert kv.read_recognition(path).trials["load"].tolist() == ["007", "N", "1", "5"]

    def test_none_beside_numbers_is_no_missing_value_in_silence(self, tmp_path: Path) -> None:
        path = write(tmp_path / "r.csv", self.HEAD + "1,1,yes,none\n1,0,no,16\n1,1,yes,8\n1,0,no,\n")
        with pytest.warns(DataWarning, match="(?s)kept as text.*'load'.*'none'"):
            data = kv.read_recognition(path)
        assert sorted(data.trials["load"].fillna("")) == ["", "16", "8", "none"]
        assert "condition load: 8, 16, none; missing in 1 trials" in data.describe()
        assert kv.get_model("evsd(by=load)").bind(data.select(query="load != ''")) is not None
        path = write(tmp_path / "n.csv", self.HEAD + "1,1,yes,NA\n1,0,no,16\n1,1,yes,nan\n1,0,no,\n")
        assert kv.read_recognition(path).trials["load"].dropna().tolist() == [16]

    def test_values_that_differ_by_case_are_told(self, tmp_path: Path) -> None:
        path = write(tmp_path / "r.csv", self.HEAD + "1,1,yes,Weak\n1,0,no,weak\n")
        with pytest.warns(DataWarning, match="(?s)differ only by case.*'Weak' and 'weak'"):
            kv.read_recognition(path)
