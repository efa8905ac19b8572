"""Lists with faults can be left out, and are counted wherever the data are described (case 08 of the issue)."""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from recall_tables import find_row, list_table, stack
from scipy.io import savemat
from typer.testing import CliRunner

import kvfit as kv
from kvfit import cli
from kvfit.reports.free_recall import data_summary
from kvfit.tasks.problems import DataError, DataWarning
from kvfit.tasks.saved import pack_data, unpack_data


@pytest.fixture
def penn(tmp_path: Path) -> Path:
    """Three lists of four items; output 2 of list 2 is an intrusion called 8, an item of that list."""
    arrays = {
        "recalls": [[3.0, 1, 0], [2, -1, 0], [1, 2, 3]],
        "subject": [[1], [1], [2]],
        "listLength": 4.0,
        "pres_itemnos": [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]],
        "rec_itemnos": [[3, 1, 0], [6, 8, 0], [9, 10, 11]],
    }
    savemat(tmp_path / "behaviour.mat", {"data": arrays})
    return tmp_path / "behaviour.mat"


def read_quietly(source: object, **options: object) -> kv.FreeRecallData:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return kv.read_free_recall(source, **options)  # type: ignore[arg-type]


class TestMatrix:
    def test_the_error_says_what_can_be_done(self, penn: Path) -> None:
        with pytest.raises(DataError, match="positions and recalled items disagree") as caught:
            kv.read_free_recall(penn)
        assert "All of this concerns 1 of 3 lists: faulty_lists='drop' leaves that list out" in str(caught.value)
        assert "trust_positions=True" in caught.value.problems[0].fix

    def test_left_out(self, penn: Path) -> None:
        with pytest.warns(DataWarning, match="participant 1, list 2, matrix row 2.*\n.*these lists are left out"):
            data = kv.read_free_recall(penn, faulty_lists="drop")
        assert data.responses.tolist() == [[3, 1, 0], [1, 2, 3]]
        assert data.lists["list"].tolist() == [1, 1]
        assert (data.n_lists, data.n_left_out, len(data.recalled)) == (2, 1, 5)
        assert data.left_out_note() == "Left out when the data were read: 1 of 3 lists, in which faults were found."

    def test_positions_trusted(self, penn: Path) -> None:
        with pytest.warns(DataWarning, match="the positions are used"):
            data = kv.read_free_recall(penn, trust_positions=True)
        assert data.responses.tolist() == [[3, 1, 0], [2, -1, 0], [1, 2, 3]]
        assert data.lists["n_scored"].tolist() == [2, 1, 3]
        assert data.lists["n_intrusions"].tolist() == [0, 1, 0]
        assert data.left_out_note() == "No list was left out."

    def test_in_the_shell(self, penn: Path) -> None:
        for option, lists, scored in ((["--faulty-lists", "drop"], 2, 5), (["--trust-positions"], 3, 6)):
            answer = CliRunner().invoke(cli.app, ["data", "check", str(penn), *option])
            assert answer.exit_code == 0
            assert f"{lists} lists, {scored} scored recalls" in answer.output
            assert "1 warning, see below" in answer.output
            assert ("1 of 3 lists" in answer.output) == (lists == 2)

    def test_of_two_lists_with_one_label_none_is_kept(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "d.npz", recalls=[[1], [2], [3]], subject=[1, 1, 1], list=[1, 1, 2], list_length=3)
        data = read_quietly(tmp_path / "d.npz", faulty_lists="drop")
        assert data.responses.tolist() == [[3]]
        assert data.n_left_out == 2

    def test_nothing_left(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "d.npz", recalls=[[9], [9]], subject=[1, 1], list_length=3)
        with pytest.raises(DataError, match="No scored response is left") as caught:
            read_quietly(tmp_path / "d.npz", faulty_lists="drop")
        assert "2 of 2 lists, in which faults were found" in str(caught.value)
        with pytest.raises(DataError) as caught:
            kv.read_free_recall(tmp_path / "d.npz")
        assert "faulty_lists" not in str(caught.value)  # of no help


def faulty() -> pd.DataFrame:
    """Ten sound lists of two people and five faulty ones, each with another fault."""
    table = stack(*(list_table(who, label, 4, [4, 1]) for who in "ab" for label in range(1, 8))).astype(object)
    table.loc[find_row(table, "a", 1, "study", 3), "item"] = None
    table.loc[find_row(table, "a", 2, "study", 2), "position"] = 2.5
    table = table.drop(find_row(table, "a", 3, "study", 2))
    table.loc[find_row(table, "b", 4, "recall", 2), "position"] = 1
    return stack(table, list_table("b", 9, 0, [0]))


class TestLongTable:
    def test_all_faulty_lists_go_and_each_fault_is_told(self) -> None:
        table = faulty()
        with pytest.raises(DataError, match="concerns 5 of 15 lists") as caught:
            kv.read_free_recall(table)
        codes = [one.code for one in caught.value.problems if one.severity == "error"]
        with pytest.warns(DataWarning) as warned:
            data = kv.read_free_recall(table, faulty_lists="drop")
        told = [one for one in warned if "these lists are left out" in str(one.message)]
        assert len(told) == len(codes) == 5
        assert data.n_left_out == 5
        assert data.n_lists == 10
        assert data.lists["n_scored"].tolist() == [2] * 10
        kept = dict(data.lists.groupby("subject")["list"].agg(list))
        assert kept == {"a": [4, 5, 6, 7], "b": [1, 2, 3, 5, 6, 7]}

    def test_more_faults_than_a_message_shows(self) -> None:
        table = stack(*(list_table(1, label, 3, [1]) for label in range(1, 101))).astype(object)
        bad = (table["trial_type"] == "recall") & (table["list"] <= 40)
        table.loc[bad, "position"] = 1.5
        data = read_quietly(table, faulty_lists="drop")
        assert data.lists["list"].tolist() == list(range(41, 101))
        assert data.n_left_out == 40

    def test_a_row_without_a_list_is_no_fault_of_a_list(self) -> None:
        table = faulty()
        table.loc[0, "subject"] = None
        with pytest.raises(DataError) as caught:
            kv.read_free_recall(table)
        assert "faulty_lists" not in str(caught.value)
        with pytest.raises(DataError, match="without a value for 'subject'"):
            read_quietly(table, faulty_lists="drop")

    def test_sound_data_lose_nothing(self) -> None:
        table = stack(*(list_table(1, label, 3, [1]) for label in (1, 2)))
        dropped = kv.read_free_recall(table, faulty_lists="drop")
        assert dropped.fingerprint == kv.read_free_recall(table).fingerprint
        assert dropped.left_out == ()


class TestCounts:
    def test_are_kept_by_selections_simulations_and_stores(self, penn: Path) -> None:
        data = read_quietly(penn, faulty_lists="drop")
        assert data.select(1).left_out == data.left_out
        assert data.with_responses(data.responses).left_out == data.left_out
        about, files = pack_data(data)
        again = unpack_data(json.loads(json.dumps(about)), files)
        assert again.left_out == data.left_out
        old = {name: value for name, value in about.items() if name != "left_out"}
        assert unpack_data(old, files).left_out == ()

    def test_stand_in_the_report(self, penn: Path) -> None:
        summary = data_summary(read_quietly(penn, faulty_lists="drop"), "")
        assert summary.counts["lists left out"] == 1
        assert "1 of 3 lists, in which faults were found" in summary.sentences[1]
        sound = data_summary(kv.read_free_recall(list_table(1, 1, 3, [1])), "")
        assert sound.sentences[1] == "No list was left out."

    def test_of_rules(self) -> None:
        table = stack(list_table(1, 1, 4, [4, 2]), list_table(1, 2, 4, [1]), list_table(2, 1, 4, []))
        table.loc[find_row(table, 1, 1, "study", 3), "item"] = "w1-1-1"
        data = read_quietly(table, repeated_items="drop", empty_participants="drop")
        assert [(one.what, one.n_lists) for one in data.left_out] == [
            ("1 of 2 participants (1 list), without any response", 1),
            ("1 of 3 lists, in which an item was studied more than once", 1),
        ]
        first = read_quietly(table, repeated_items="first", empty_participants="keep")
        assert first.n_left_out == 0
        assert "all but the first presentation of an item in 1 of 3 lists" in first.left_out_note()
