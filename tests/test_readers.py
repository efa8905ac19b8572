"""Readers: every form of a file gives the same data, and every fault of a file is said."""

import gzip
import pickle
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recall_tables import find_row, list_table, stack
from scipy.io import savemat

from kvfit.tasks.free_recall import FreeRecallData
from kvfit.tasks.problems import PLACES_SHOWN, DataError, DataWarning, Problem
from kvfit.tasks.readers import check_file, read_free_recall


@pytest.fixture
def table() -> pd.DataFrame:
    return stack(
        *(
            list_table(subject, label, 5, [5, 4, 0, 1, 4][: 5 - label], pace="slow" if label % 2 else "fast")
            for subject in (1, 2, 11)
            for label in (1, 2, 3)
        )
    )


@pytest.fixture
def data(table: pd.DataFrame) -> FreeRecallData:
    return read_free_recall(table)


def codes(problems: list[Problem]) -> list[str]:
    return [problem.code for problem in problems]


def only(problems: list[Problem]) -> Problem:
    assert len(problems) == 1, codes(problems)
    return problems[0]


class TestTextFiles:
    @pytest.mark.parametrize(
        ("write", "suffix"),
        [
            (lambda text: text.encode(), "csv"),
            (lambda text: gzip.compress(text.encode()), "csv.gz"),
            (lambda text: ("\ufeff" + text).encode(), "csv"),
            (lambda text: text.replace("\n", "\r\n").encode(), "csv"),
            (lambda text: text.replace("\n", "\r").encode(), "csv"),
            (lambda text: text.replace(",", ";").encode(), "csv"),
            (lambda text: text.replace(",", "\t").encode(), "tsv"),
            (lambda text: ("\n\n" + text + "\n\n").encode(), "csv"),
            (lambda text: text.replace("\n", ",,\n").encode(), "csv"),
        ],
        ids=["plain", "gzip", "bom", "crlf", "cr", "semicolon", "tab", "blank lines", "empty columns"],
    )
    def test_written_differently_reads_the_same(
        self, table: pd.DataFrame, data: FreeRecallData, tmp_path: Path, write: object, suffix: str
    ) -> None:
        path = tmp_path / f"mine.{suffix}"
        path.write_bytes(write(table.to_csv(index=False)))  # type: ignore[operator]
        read = read_free_recall(path)
        assert read.fingerprint == data.fingerprint
        assert read.lists["pace"].tolist() == data.lists["pace"].tolist()
        assert (read.name, read.source) == ("mine", f"file mine.{suffix}")

    def test_words_that_look_missing_are_words(self, tmp_path: Path) -> None:
        words = ["NULL", "NA", "NAN", "NONE", "nan", "TRUE", "007", " "]
        table = list_table(1, 1, 7, [1, 2, 3, 4, 5, 6, 7])
        table["item"] = words[:7] * 2
        path = tmp_path / "words.csv"
        table.to_csv(path, index=False)
        read = read_free_recall(path)
        assert read.items.tolist() == [words[:7]]
        assert read.lists["n_scored"].tolist() == [7]

    def test_conditions_get_their_types(self, tmp_path: Path) -> None:
        table = list_table(1, 1, 3, [1], rate=2, delay="none", group="007", load=1.5, age="NA", wave=10**17 + 1)
        path = tmp_path / "types.csv"
        table.to_csv(path, index=False)
        row = read_free_recall(path).lists.iloc[0]
        assert row["rate"] == 2
        assert row["load"] == 1.5
        assert (row["delay"], row["group"]) == ("none", "007")
        assert row["wave"] == 10**17 + 1

    def test_decimal_commas_of_semicolon_files(self, tmp_path: Path) -> None:
        path = tmp_path / "comma.csv"
        list_table(1, 1, 3, [1], rate=1.5).to_csv(path, index=False, sep=";", decimal=",")
        assert read_free_recall(path).lists["rate"].tolist() == [1.5]

    def test_other_encoding_by_name(self, tmp_path: Path) -> None:
        table = list_table(1, 1, 2, [1])
        table["item"] = ["Käse", "Öl", "Käse"]
        path = tmp_path / "latin.csv"
        path.write_bytes(table.to_csv(index=False).encode("cp1252"))
        assert read_free_recall(path, encoding="cp1252").items.tolist() == [["Käse", "Öl"]]

    def test_missing_file_and_folder(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match="no file"):
            read_free_recall(tmp_path / "none.csv")
        with pytest.raises(IsADirectoryError, match="give the data file"):
            read_free_recall(tmp_path)


class TestColumns:
    def test_own_names(self, table: pd.DataFrame, data: FreeRecallData) -> None:
        renamed = table.rename(columns={"subject": "ID", "item": "word", "position": "item"})
        read = read_free_recall(renamed, columns={"subject": "ID", "item": "word", "position": "item"})
        assert read.fingerprint == data.fingerprint

    def test_joined_columns_make_one_label(self) -> None:
        lists = [list_table(1, f"{s}-{t}", 3, [s], session=s, trial=t) for s in (1, 2) for t in (1, 2, 10)]
        table = stack(*lists).drop(columns="list")
        read = read_free_recall(table, columns={"list": ["session", "trial"]})
        assert read.lists["list"].tolist() == ["1/1", "1/2", "1/10", "2/1", "2/2", "2/10"]
        assert read.lists["session"].tolist() == [1, 1, 1, 2, 2, 2]

    def test_a_column_that_was_replaced_is_kept(self, table: pd.DataFrame) -> None:
        table["person"] = table["subject"] + 100
        read = read_free_recall(table, columns={"subject": "person"})
        assert read.participants.tolist() == [101, 102, 111]
        assert read.lists["subject_given"].tolist() == [1, 1, 1, 2, 2, 2, 11, 11, 11]

    def test_unknown_name_and_reversed_mapping(self, table: pd.DataFrame) -> None:
        problem = check_file(table, columns={"subject": "who"})[0]
        assert problem.code == "unknown_column"
        renamed = table.rename(columns={"subject": "who"})
        problem = check_file(renamed, columns={"who": "subject"})[0]
        assert "maps kvfit's names to yours" in problem.fix

    def test_missing_columns_are_all_named_with_a_suggestion(self, table: pd.DataFrame) -> None:
        problems = check_file(table.rename(columns={"subject": "Participant ID", "item": "Word", "list": "zz"}))
        assert codes(problems) == ["missing_column"] * 3
        assert "columns={'subject': 'Participant ID'}" in problems[0].fix
        assert "columns={'item': 'Word'}" in problems[2].fix


def faulty_table() -> pd.DataFrame:
    """Return sound lists into which fifteen different faults were put, each in a list of its own."""
    lists = [
        list_table(subject, label, 5, [5, 4, 1, 0], session=1, list_length=5)
        for subject in "abc"
        for label in range(1, 9)
    ]
    table = stack(*lists).astype(object)
    table.loc[find_row(table, "a", 1, "study", 3), "item"] = None
    table.loc[find_row(table, "a", 2, "study", 2), "position"] = 2.5
    table.loc[find_row(table, "a", 3, "recall", 2), "trial_type"] = "REC_WORD"
    table.loc[find_row(table, "a", 4, "study", 4), "position"] = 3
    table = table.drop(find_row(table, "a", 5, "study", 2))
    table.loc[find_row(table, "a", 6, "study", 5), "position"] = 99
    table.loc[find_row(table, "a", 7, "study", 1), "item"] = "wa-7-2"
    table.loc[find_row(table, "b", 1, "recall", 1), "position"] = 0
    table = table.drop(find_row(table, "b", 2, "study", 5))
    table.loc[find_row(table, "b", 3, "recall", 3), "position"] = 2
    table.loc[find_row(table, "b", 4, "study", 1), "subject"] = None
    return stack(
        table,
        list_table("c", 77, 0, [0], session=1, list_length=5),
        list_table("d", 1, 5, [], session=1, list_length=5),
        list_table("e", 1, 5, [1], session=1, list_length=5),
        list_table("e", 1, 5, [2], session=2, list_length=5),
        list_table("f", 1, 0, [0], session=1, list_length=5),
    )


#: Fault to participant and list.
FAULTS = {
    "missing_value subject": (None, "4"),
    "missing_value item": ("a", "1"),
    "trial_type": ("a", "3"),
    "position_not_whole": ("a", "2"),
    "duplicate_list_label": ("e", 1),
    "recall_without_study": ("c", 77),
    "participant_without_study": ("f", 1),
    "study_position_outside": ("a", "6"),
    "output_position_outside": ("b", "1"),
    "duplicate_study_position": ("a", "4"),
    "study_position_gap": ("a", "5"),
    "list_length_mismatch": ("b", 2),
    "duplicate_output_position": ("b", "3"),
    "repeated_item": ("a", 7),
    "empty_participant": ("d", None),
}


class TestFaults:
    @pytest.mark.parametrize("from_file", [True, False], ids=["csv", "frame"])
    def test_every_fault_has_one_entry_at_its_place(self, tmp_path: Path, from_file: bool) -> None:
        table = faulty_table()
        path = tmp_path / "faulty.csv"
        table.to_csv(path, index=False)
        with pytest.raises(DataError) as raised:
            read_free_recall(path if from_file else table)
        problems = list(raised.value.problems)
        found = {
            f"{problem.code} {problem.column}" if problem.code == "missing_value" else problem.code: problem
            for problem in problems
        }
        assert len(problems) == len(FAULTS)
        assert set(found) == set(FAULTS)
        text = str(raised.value)
        assert "15 problems; nothing was computed" in text
        for fault, (participant, label) in FAULTS.items():
            place = found[fault].places[0]
            assert found[fault].n_places == 1, fault
            if participant is not None:
                assert str(place.participant) == participant, fault
            if label is not None and fault != "missing_value subject":
                assert str(place.list) == str(label), fault
            assert place.row is not None
            assert found[fault].expected
            assert found[fault].fix
            assert found[fault].fix in text

    @pytest.mark.parametrize("from_file", [True, False], ids=["csv", "frame"])
    def test_rows_are_those_of_the_users_file(self, tmp_path: Path, from_file: bool) -> None:
        table = faulty_table()
        path = tmp_path / "faulty.csv"
        table.to_csv(path, index=False)
        lines = path.read_text().splitlines()
        problems = check_file(path if from_file else table)
        first = 1 if from_file else -1  # lines count from 1 with the header, frame rows from 0 without it
        for problem in problems:
            place = problem.places[0]
            assert place.row is not None
            cells = lines[place.row - first].split(",")
            if problem.code == "position_not_whole":
                assert cells[3] == "2.5"
            elif problem.code == "trial_type":
                assert cells[2] == "REC_WORD"
            elif problem.code == "missing_value":
                assert cells[["subject", "list", "trial_type", "position", "item"].index(str(problem.column))] == ""
            elif problem.code == "study_position_outside":
                assert cells[3] == "99"
            else:
                assert cells[0] == str(place.participant), problem.code

    def test_ten_faults_give_ten_entries(self, tmp_path: Path) -> None:
        """The issue's own sentence, on the shortest such table."""
        table = faulty_table()
        table = table[table["subject"].isin(["a", "b"]) | (table["list"] == 77)]
        table = table[~((table["subject"] == "b") & (table["list"] > 2))]
        path = tmp_path / "ten.csv"
        table.to_csv(path, index=False)
        with pytest.raises(DataError) as raised:
            read_free_recall(path)
        assert len(raised.value.problems) == len(set(codes(list(raised.value.problems)))) == 10
        assert str(raised.value).count("\n   fix: ") == 10
        assert "\n10. " in str(raised.value)

    def test_many_places_are_counted_not_listed(self) -> None:
        table = stack(*(list_table(1, label, 3, [1]) for label in range(100)))
        table["position"] = table["position"].where(table["trial_type"] == "study", 1.5)
        problem = only([one for one in check_file(table) if one.code == "position_not_whole"])
        assert problem.n_places == 100
        assert len(problem.places) == PLACES_SHOWN
        assert "at 100 places" in str(problem)
        assert "95 more" in str(problem)
        assert len(str(problem).splitlines()) < 15

    def test_errors_survive_pickling(self) -> None:
        with pytest.raises(DataError) as raised:
            read_free_recall(faulty_table())
        again = pickle.loads(pickle.dumps(raised.value))
        assert str(again) == str(raised.value)

    def test_sound_data_have_no_problems(self, table: pd.DataFrame) -> None:
        assert check_file(table) == []

    def test_positions_counted_from_zero(self, table: pd.DataFrame) -> None:
        problems = check_file(table.assign(position=table["position"] - 1))
        assert codes(problems) == ["study_position_outside", "output_position_outside"]
        assert problems[0].n_places == 9
        assert all("first_position=0" in problem.fix for problem in problems)
        read = read_free_recall(table.assign(position=table["position"] - 1), first_position=0)
        assert read.fingerprint == read_free_recall(table).fingerprint

    def test_list_numbers_that_start_again(self) -> None:
        again = stack(list_table(1, 1, 4, [1], half="first"), list_table(1, 1, 4, [2], half="second"))
        problem = only([one for one in check_file(again) if one.code != "repeated_item"])
        assert problem.code == "duplicate_list_label"
        read = read_free_recall(again, columns={"list": ["half", "list"]})
        assert read.n_lists == 2

    def test_list_length_that_is_no_length_or_changes(self, table: pd.DataFrame) -> None:
        problems = check_file(table.assign(list_length=np.where(table["list"] == 1, 5, -3)))
        assert codes(problems) == ["list_length"]
        mixed = table.assign(list_length=5)
        mixed.loc[0, "list_length"] = 6
        problem = only(check_file(mixed))
        assert problem.places[0].found == "5 to 6"

    @pytest.mark.parametrize("kind", ["study", "recall"])
    def test_no_rows_of_a_kind(self, table: pd.DataFrame, kind: str) -> None:
        rest = table[table["trial_type"] != kind]
        assert codes(check_file(rest)) == [f"no_{kind}_rows"]

    def test_nothing_matches(self, table: pd.DataFrame) -> None:
        table.loc[table["trial_type"] == "recall", "item"] = "something"
        assert codes(check_file(table)) == ["nothing_matches"]

    def test_fault_in_a_missing_item_of_a_frame_names_the_pandas_pitfall(self, table: pd.DataFrame) -> None:
        table.loc[3, "item"] = np.nan
        assert "keep_default_na=False" in only(check_file(table)).fix


class TestBrokenFiles:
    @pytest.mark.parametrize(
        ("content", "code", "said"),
        [
            (b"", "empty_file", "header"),
            (b" \n\n", "empty_file", "header"),
            (b"subject,list,trial_type,position,item\n", "no_rows", "row below"),
            (b"subject,subject,list\n1,1,1\n", "duplicate_column", "'subject'"),
            (b"subject,list\n1,2\n1,2,3\n4,5,6,7\n", "unparsable", "line 3: 3 cells"),
            (
                b'subject,list\n1,"2\n',
                "unparsable",
                "line 2: a quotation mark that is opened here or below is never closed",
            ),
            (b"subject,item\n1,K\xe4se\n2,\xd6l\n", "wrong_encoding", "encoding='cp1252'"),
            (b"subject,item\n1,\x81\n", "wrong_encoding", "encoding='latin-1'"),
            ("subject,item\n1,K\u00e4se\n".encode("utf-16")[:-1], "wrong_encoding", "encoding='utf-16'"),
            ("subject,item\n1,Kase\n".encode("utf-16-le"), "wrong_encoding", "encoding='utf-16-le'"),
            (b"\x1f\x8b\x08\x00broken", "broken_gzip", "gzip"),
            (b"PK\x03\x04rest", "spreadsheet", "CSV UTF-8"),
        ],
    )
    def test_says_what_is_wrong(self, tmp_path: Path, content: bytes, code: str, said: str) -> None:
        path = tmp_path / "broken.csv"
        path.write_bytes(content)
        problem = only(check_file(path))
        assert problem.code == code
        assert said in str(problem)
        with pytest.raises(DataError, match="1 problem; nothing was computed"):
            read_free_recall(path)

    def test_wrong_encoding_shows_the_lines_in_the_encoding_to_try(self, tmp_path: Path) -> None:
        path = tmp_path / "latin.csv"
        path.write_bytes("subject,item\n1,a\n2,Käse\n3,Öl\n".encode("cp1252"))
        problem = only(check_file(path))
        assert [place.row for place in problem.places] == [3, 4]
        assert "Käse" in problem.places[0].found

    def test_wrong_encoding_by_name(self, tmp_path: Path) -> None:
        path = tmp_path / "utf8.csv"
        path.write_text("subject,item\n1,Käse\n", encoding="utf-8")
        problem = only(check_file(path, encoding="ascii"))
        assert "encoding='utf-8'" in problem.fix
        assert only(check_file(path, encoding="klingon")).code == "wrong_encoding"

    def test_empty_frame(self) -> None:
        assert codes(check_file(pd.DataFrame({"subject": []}))) == ["no_rows"]

    @pytest.mark.parametrize("suffix", ["mat", "npz"])
    def test_binary_files_that_are_none(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"broken.{suffix}"
        path.write_bytes(b"not a binary file")
        assert only(check_file(path)).code == "unparsable"


class TestWarnings:
    def test_near_matches_are_named_and_stay_intrusions(self, table: pd.DataFrame) -> None:
        recalls = table["trial_type"] == "recall"
        table.loc[recalls & (table["subject"] == 1), "item"] = table["item"].str.upper() + " "
        with pytest.warns(DataWarning, match=r"'W1-1-5 ' for 'w1-1-5'"):
            read = read_free_recall(table)
        assert read.lists["n_scored"].tolist()[:3] == [0, 0, 0]
        problem = only(check_file(table))
        assert problem.severity == "warning"

    def test_ignore_case_matches_them(self, table: pd.DataFrame, data: FreeRecallData) -> None:
        recalls = table["trial_type"] == "recall"
        table.loc[recalls, "item"] = " " + table["item"].str.upper()
        read = read_free_recall(table, ignore_case=True)
        assert read.fingerprint == data.fingerprint
        assert read.events["item"].iloc[5].startswith(" W")

    def test_similar_participants(self) -> None:
        table = stack(list_table("s1", 1, 3, [1]), list_table("S1", 1, 3, [1]))
        with pytest.warns(DataWarning, match="'S1' and 's1'"):
            read_free_recall(table)


class TestRules:
    @pytest.fixture
    def repeated(self) -> pd.DataFrame:
        table = stack(list_table(1, 1, 4, [4, 2], list_length=4), list_table(1, 2, 4, [1], list_length=4))
        # Item 1 of list 1 is shown again at position 3: a b a d, recalled d b.
        table.loc[find_row(table, 1, 1, "study", 3), "item"] = "w1-1-1"
        return table

    def test_repeated_items_are_an_error(self, repeated: pd.DataFrame) -> None:
        problem = only(check_file(repeated))
        assert problem.code == "repeated_item"
        assert "'w1-1-1' again at position 3" in str(problem)

    def test_repeated_items_dropped(self, repeated: pd.DataFrame) -> None:
        read = read_free_recall(repeated, repeated_items="drop")
        assert read.lists["list"].tolist() == [2]
        assert "left out: 1 of 2 lists" in read.source

    def test_repeated_items_at_their_first_position(self, repeated: pd.DataFrame) -> None:
        read = read_free_recall(repeated, repeated_items="first")
        assert read.list_length.tolist() == [3, 4]
        assert read.lists["n_shown"].tolist() == [4, 4]
        assert read.items[0].tolist() == ["w1-1-1", "w1-1-2", "w1-1-4", ""]
        assert read.recalled.tolist() == [2, 1, 0]
        assert "first presentation" in read.source

    def test_nothing_left(self, repeated: pd.DataFrame) -> None:
        problem = only(check_file(repeated[repeated["list"] == 1], repeated_items="drop"))
        assert problem.code == "nothing_left"

    def test_empty_participants(self, table: pd.DataFrame) -> None:
        silent = stack(table, list_table(5, 1, 5, [], pace="slow"))
        assert only(check_file(silent)).code == "empty_participant"
        dropped = read_free_recall(silent, empty_participants="drop")
        assert dropped.participants.tolist() == [1, 2, 11]
        assert "1 of 4 participants (1 list), without any response" in dropped.source
        kept = read_free_recall(silent, empty_participants="keep")
        assert kept.participants.tolist() == [1, 2, 5, 11]

    @pytest.mark.parametrize("options", [{"repeated_items": "skip"}, {"empty_participants": "skip"}])
    def test_unknown_rules_are_refused(self, table: pd.DataFrame, options: dict[str, str]) -> None:
        with pytest.raises(ValueError, match="expected one of error, drop"):
            read_free_recall(table, **options)  # type: ignore[arg-type]


class TestMatrices:
    """Penn matrices and wide tables hold the data of `data`."""

    @staticmethod
    def wide(data: FreeRecallData) -> pd.DataFrame:
        recalls = pd.DataFrame(
            data.responses, columns=[f"recall_{output}" for output in range(1, data.responses.shape[1] + 1)]
        )
        return pd.concat([data.lists[["subject", "list", "list_length", "pace"]], recalls], axis=1)

    @staticmethod
    def penn(data: FreeRecallData) -> dict[str, np.ndarray]:
        return {
            "recalls": data.responses.astype(float),
            "subject": data.lists["subject"].to_numpy()[:, None],
            "listLength": data.list_length[:, None],
            "list": data.lists["list"].to_numpy()[:, None],
        }

    def test_wide_table(self, data: FreeRecallData, tmp_path: Path) -> None:
        path = tmp_path / "wide.csv"
        self.wide(data).replace(0, "").to_csv(path, index=False)
        for source in (path, self.wide(data)):
            read = read_free_recall(source)
            assert read.fingerprint == data.fingerprint
            np.testing.assert_array_equal(read.responses, data.responses)
            assert read.lists["pace"].tolist() == data.lists["pace"].tolist()
        assert read.items[0].tolist() == ["p1", "p2", "p3", "p4", "p5"]

    def test_wide_times_and_given_list_length(self, data: FreeRecallData) -> None:
        wide = self.wide(data).drop(columns="list_length").assign(time_1=1.5, time_2=2.5)
        read = read_free_recall(wide, list_length=5)
        assert read.fingerprint == data.fingerprint
        recalls = read.events[read.events["trial_type"] == "recall"]
        assert recalls["time"].iloc[:2].tolist() == [1.5, 2.5]
        assert "missing_column" in codes(check_file(wide))
        problem = only(check_file(wide.assign(time_2="soon"), list_length=5))
        assert (problem.code, problem.column, problem.n_places) == ("time_not_number", "time_2", 9)

    def test_wide_faults(self, data: FreeRecallData, tmp_path: Path) -> None:
        wide = self.wide(data).astype(object)
        wide.loc[0, "recall_2"] = "abc"
        wide.loc[1, "recall_1"] = 6
        wide.loc[2, "recall_1"] = ""
        wide.loc[4, "list"] = 1
        wide.loc[5, "subject"] = ""
        wide.loc[6, "list_length"] = "five"
        path = tmp_path / "wide.csv"
        wide.to_csv(path, index=False)
        problems = check_file(path)
        assert {problem.code: problem.places[0].row for problem in problems} == {
            "position_not_whole": 2,
            "recalled_position_outside": 3,
            "response_after_gap": 4,
            "duplicate_list_label": 6,
            "missing_value": 7,
            "list_length": 8,
        }

    def test_wide_without_a_recall_column(self, data: FreeRecallData) -> None:
        wide = self.wide(data).drop(columns="recall_2")
        assert "recall_2" in str(only(check_file(wide)))

    def test_npz_and_mat(self, data: FreeRecallData, tmp_path: Path) -> None:
        arrays = self.penn(data)
        np.savez(tmp_path / "data.npz", **arrays)
        savemat(tmp_path / "flat.mat", arrays)
        savemat(tmp_path / "struct.mat", {"data": arrays})
        for file in ("data.npz", "flat.mat", "struct.mat"):
            read = read_free_recall(tmp_path / file)
            assert read.fingerprint == data.fingerprint, file
            np.testing.assert_array_equal(read.responses, data.responses)

    def test_mat_with_words_times_and_conditions(self, data: FreeRecallData, tmp_path: Path) -> None:
        words = np.empty(data.items.shape, dtype=object)
        words[:] = data.items
        pace = data.lists["pace"].to_numpy(dtype=object)[:, None]
        times = np.where(data.responses != 0, 100.0 + np.arange(data.responses.shape[1]), 0)
        arrays = {**self.penn(data), "pres_items": words, "times": times, "pace": pace}
        savemat(tmp_path / "data.mat", {"data": arrays})
        read = read_free_recall(tmp_path / "data.mat")
        assert read.fingerprint == data.fingerprint
        np.testing.assert_array_equal(read.items, data.items)
        assert read.lists["pace"].tolist() == data.lists["pace"].tolist()
        recalls = read.events[read.events["trial_type"] == "recall"]
        assert recalls["time"].iloc[:4].tolist() == [100, 101, 102, 103]

    def test_item_numbers_give_list_lengths_and_intrusion_labels(self, tmp_path: Path) -> None:
        path = tmp_path / "data.npz"
        studied = np.array([[11, 12, 13], [14, 15, 0]])
        recalled = np.array([[13, 99, 0], [15, 11, 0]])
        np.savez(
            path,
            recalls=[[3, -1, 0], [2, -1, 0]],
            subject=[7, 7],
            pres_itemnos=studied,
            rec_itemnos=recalled,
        )
        read = read_free_recall(path)
        assert read.list_length.tolist() == [3, 2]
        assert read.lists["list"].tolist() == [1, 2]
        recalls = read.events[read.events["trial_type"] == "recall"]
        assert recalls["item"].tolist() == ["13", "99", "15", "11"]
        assert recalls["recall_type"].tolist() == ["correct", "intrusion", "correct", "intrusion"]

    def test_positions_and_item_numbers_that_disagree(self, tmp_path: Path) -> None:
        path = tmp_path / "data.npz"
        np.savez(
            path,
            recalls=[[3, 1], [-1, 0], [1, 0]],
            subject=[1, 1, 1],
            pres_itemnos=[[11, 12, 13], [14, 15, 16], [17, 18, 19]],
            rec_itemnos=[[13, 12], [14, 0], [17, 0]],
        )
        problem = only(check_file(path))
        assert problem.code == "positions_disagree"
        assert [place.row for place in problem.places] == [1, 2]

    def test_array_of_structs(self, tmp_path: Path) -> None:
        groups = np.zeros((1, 2), dtype=[("recalls", object), ("subject", object), ("listLength", object)])
        groups[0, 0] = (np.array([[1.0, 2.0], [3.0, 0.0]]), np.array([[1], [2]]), 4.0)
        groups[0, 1] = (np.array([[5.0, -1.0, 1.0]]), np.array([[1]]), 6.0)
        savemat(tmp_path / "groups.mat", {"data": groups})
        read = read_free_recall(tmp_path / "groups.mat")
        assert read.participants.tolist() == ["1/1", "1/2", "2/1"]
        assert read.list_length.tolist() == [4, 4, 6]
        assert read.responses.tolist() == [[1, 2, 0], [3, 0, 0], [5, -1, 1]]

    def test_missing_arrays_are_named(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "data.npz", something=np.zeros(3))
        problems = check_file(tmp_path / "data.npz")
        assert codes(problems) == ["missing_column"] * 3
        np.savez(tmp_path / "own.npz", recs=[[1, 2]], who=[4])
        read = read_free_recall(tmp_path / "own.npz", columns={"recalls": "recs", "subject": "who"}, list_length=3)
        assert read.recalled.tolist() == [0, 1]
        for wrong in ({"times": "rt"}, {"rt": "recs"}):
            names = {"recalls": "recs", "subject": "who", **wrong}
            problem = only(check_file(tmp_path / "own.npz", columns=names, list_length=3))
            assert problem.code == "unknown_column"

    def test_items_that_the_matrix_does_not_hold(self, tmp_path: Path) -> None:
        np.savez(
            tmp_path / "data.npz",
            recalls=[[1], [2]],
            subject=[1, 1],
            pres_itemnos=[[5, 6], [7, 0]],
            list_length=[2, 3],
        )
        problem = only(check_file(tmp_path / "data.npz"))
        assert (problem.code, problem.column, problem.n_places) == ("missing_value", "item", 3)
        assert {place.row for place in problem.places} == {2}

    def test_arrays_that_do_not_fit(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "data.npz", recalls=[[1, 2], [1, 0], [2, 0]], subject=[1, 2], list_length=3)
        assert only(check_file(tmp_path / "data.npz")).code == "shape"
        np.savez(tmp_path / "times.npz", recalls=[[1, 2]], subject=1, list_length=3, times=[[1, 2, 3]])
        assert only(check_file(tmp_path / "times.npz")).column == "times"


def test_no_warning_on_sound_files(table: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    table.to_csv(path, index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_free_recall(path)


CELLS = [
    "",
    "NA",
    "0",
    "-1",
    "1",
    "2",
    "3",
    "7",
    "2.5",
    "1e9",
    "inf",
    "study",
    "recall",
    "x",
    " ",
    '"',
    "\u00b2",
]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    changes=st.lists(st.tuples(st.integers(0, 16), st.integers(0, 5), st.sampled_from(CELLS)), max_size=8),
    dropped=st.sets(st.integers(0, 16), max_size=3),
)
def test_any_table_is_read_or_refused_with_its_problems(changes: list[tuple[int, int, str]], dropped: set[int]) -> None:
    """Whatever cells hold, a table ends as sound data or as a list of problems, never in another error."""
    table = stack(
        list_table("a", 1, 4, [4, 1, 0], list_length=4),
        list_table("a", 2, 3, [3, 3], list_length=3),
        list_table("b", 1, 4, [2], list_length=4),
    ).astype(object)
    assert len(table) == 17
    for row, column, cell in changes:
        table.iloc[row, column] = cell
    table = table.drop(index=list(dropped))
    read = read_or_refuse(table)
    if read is not None:
        assert len(read.events) == len(table)
        assert read.lists["n_responses"].sum() == (table["trial_type"] == "recall").sum()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(changes=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 6), st.sampled_from(CELLS)), max_size=4))
def test_any_wide_table_is_read_or_refused_with_its_problems(changes: list[tuple[int, int, str]]) -> None:
    table = pd.DataFrame(
        [["a", 1, 4, 4, 1, -1, 0.5], ["a", 2, 3, 3, 3, None, None], ["b", 1, 4, 2, None, None, 0.1]],
        columns=["subject", "list", "list_length", "recall_1", "recall_2", "recall_3", "time_1"],
        dtype=object,
    )
    for row, column, cell in changes:
        table.iloc[row, column] = cell
    read = read_or_refuse(table)
    if read is not None:
        assert read.n_lists == 3
        assert len(read.events) == read.list_length.sum() + (read.responses != 0).sum()


def read_or_refuse(table: pd.DataFrame) -> FreeRecallData | None:
    """Read a table that may have problems; None if it was refused."""
    problems = check_file(table)
    if any(problem.severity == "error" for problem in problems):
        with pytest.raises(DataError, match="nothing was computed"):
            read_free_recall(table)
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        read = read_free_recall(table)
    assert (read.recalled >= 0).all()
    assert (read.recalled < np.repeat(read.list_length, np.diff(read.offsets))).all()
    return read
