"""Tables of counts: every form becomes the trials that it counts. Case 15 of the issue and its kinds, counted by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import kvfit as kv
from kvfit.tasks.problems import DataError, DataWarning, Problem
from kvfit.tasks.recognition_reader import check_recognition
from kvfit.tasks.which_task import find_task

#: Case 15: two participants, four ratings of 20 new and of 20 old items each.
NEW = [[10, 5, 3, 2], [9, 6, 3, 2]]
OLD = [[2, 3, 5, 10], [1, 4, 6, 9]]


def one_row(new: str, old: str) -> pd.DataFrame:
    """One row a participant; columns are called as two patterns with the number of the rating say."""
    numbers = range(1, 5)
    made = {new.format(k): [row[k - 1] for row in NEW] for k in numbers}
    made |= {old.format(k): [row[k - 1] for row in OLD] for k in numbers}
    return pd.DataFrame({"subject": [1, 2], **made})


def problems(table: pd.DataFrame, **options: object) -> list[Problem]:
    return [one for one in check_recognition(table, **options) if one.severity == "error"]


def counts(data: kv.RecognitionData) -> list[list[int]]:
    """Rows of cells: participant 1 new, old, participant 2 new, old."""
    return data.cells().counts.tolist()


class TestOneRowAPerson:
    @pytest.mark.parametrize(
        ("new", "old"),
        [
            ("new{}", "old{}"), ("New_{}", "Old_{}"), ("count_new_{}", "count_old_{}"), ("new_count_{}", "old_count_{}"),
            ("lure_{}", "target_{}"), ("{}_new", "{}_old"), ("r{}_new", "r{}_old"), ("foils.{}", "studied.{}"),
            ("n_new{}", "n_old{}"), ("new_r{}", "old_r{}"),
        ],
    )  # fmt: skip
    def test_ratings_of_both_kinds(self, new: str, old: str, tmp_path: Path) -> None:
        table = one_row(new, old)
        table.to_csv(tmp_path / "counts.csv", index=False)
        for source in (table, tmp_path / "counts.csv"):
            data = kv.read_recognition(source, scale="1-4")
            assert data.n_trials == 80
            assert counts(data) == [NEW[0], OLD[0], NEW[1], OLD[1]]
            assert find_task(source) == "recognition"
        called_old = data.response >= data.old_from
        assert (called_old[data.old].mean(), called_old[~data.old].mean()) == (0.75, 0.25)

    def test_the_first_rating_is_the_surest_new_unless_told(self) -> None:
        table = one_row("new{}", "old{}")
        assert counts(kv.read_recognition(table)) == [NEW[0], OLD[0], NEW[1], OLD[1]]
        with pytest.warns(DataWarning, match="surer 'old'"):
            turned = kv.read_recognition(table, scale="4-1")
        assert counts(turned) == [NEW[0][::-1], OLD[0][::-1], NEW[1][::-1], OLD[1][::-1]]

    def test_equals_the_form_with_two_rows(self) -> None:
        rows = [(s + 1, int(old), *cells[s]) for s in (0, 1) for old, cells in ((0, NEW), (1, OLD))]
        two = pd.DataFrame(rows, columns=["subject", "old", *(f"count_{k}" for k in range(1, 5))])
        one = kv.read_recognition(one_row("new{}", "old{}"))
        assert one.fingerprint == kv.read_recognition(two).fingerprint

    def test_conditions_and_words(self) -> None:
        table = pd.DataFrame(
            {"subject": [1, 1], "noise": ["low", "high"], "old_sure": [3, 1], "old_maybe": [1, 2], "new_sure": [0, 1],
             "new_maybe": [4, 5]}
        )  # fmt: skip
        data = kv.read_recognition(table, scale="maybe,sure")
        assert data.conditions == ("noise",)
        # cells: new before old, then high before low
        assert data.cells("noise").counts.tolist() == [[5, 1], [4, 0], [2, 1], [1, 3]]

    def test_ten_ratings_stay_in_their_order(self) -> None:
        row = {f"old{k}": k for k in range(1, 11)} | {f"new{k}": 11 - k for k in range(1, 11)}
        data = kv.read_recognition(pd.DataFrame({"subject": [1], **row}))
        assert counts(data) == [list(range(10, 0, -1)), list(range(1, 11))]

    def test_a_rating_without_its_partner(self) -> None:
        (problem,) = problems(one_row("new{}", "old{}").drop(columns=["old4", "new1"]), scale="1-4")
        assert problem.code == "missing_column"
        assert "'old4'" in problem.what
        assert "'new1'" in problem.what
        assert "one row of new items" in problem.fix

    def test_two_columns_of_one_kind(self) -> None:
        (problem,) = problems(one_row("new{}", "old{}").assign(target_1=3), scale="1-4")
        assert problem.code == "duplicate_column"

    def test_one_kind_alone(self) -> None:
        table = one_row("new{}", "old{}")[["subject", "old1", "old2", "old3", "old4"]]
        (problem,) = problems(table, scale="1-4")
        assert problem.code == "missing_column"
        assert "'new1'" in problem.what


class TestOutcomes:
    HITS = pd.DataFrame(
        {"subject": [1, 2], "hits": [15, 12], "misses": [5, 8], "false_alarms": [4, 6], "correct_rejections": [16, 14]}
    )

    @pytest.mark.parametrize(
        "names",
        [
            ("hits", "misses", "false_alarms", "correct_rejections"),
            ("Hit", "Miss", "FA", "CR"),
            ("n_hits", "n_misses", "n_fa", "n_cr"),
            ("nHit", "nMiss", "nFA", "nCR"),
            ("Hits", "Misses", "False Alarms", "Correct Rejections"),
        ],
    )
    def test_of_yes_no_tests(self, names: tuple[str, ...]) -> None:
        table = self.HITS.set_axis(["subject", *names], axis=1)
        assert find_task(table) == "recognition"
        data = kv.read_recognition(table)
        assert data.scale == ("new", "old")
        assert counts(data) == [[16, 4], [5, 15], [14, 6], [8, 12]]

    def test_of_several_conditions(self) -> None:
        table = self.HITS.assign(subject=1, strength=["weak", "strong"])
        assert kv.read_recognition(table).cells("strength").counts.tolist() == [[14, 6], [16, 4], [8, 12], [5, 15]]

    def test_one_is_missing(self) -> None:
        (problem,) = problems(self.HITS.drop(columns="misses"))
        assert problem.code == "missing_column"
        assert "'misses'" in problem.what

    @pytest.mark.parametrize("names", [("n_old", "n_new"), ("targets", "lures"), ("signal trials", "noise trials")])
    def test_numbers_of_trials_give_the_other_outcome(self, names: tuple[str, str]) -> None:
        table = pd.DataFrame({"subject": [1, 2], "hits": [15, 12], names[0]: 20, "fa": [4, 6], names[1]: 20})
        assert counts(kv.read_recognition(table)) == [[16, 4], [5, 15], [14, 6], [8, 12]]
        (problem,) = problems(table.assign(hits=[15, 22]))
        assert (problem.code, problem.places[0].found) == ("count", "2 too many")

    def test_two_outcomes_alone(self) -> None:
        (problem,) = problems(self.HITS[["subject", "hits", "false_alarms"]])
        assert problem.code == "missing_column"
        assert "'correct_rejections'" in problem.what
        assert "'misses'" in problem.what

    def test_rates_are_no_counts(self) -> None:
        found = problems(self.HITS.assign(hits=[0.75, 0.6]))
        assert [one.code for one in found] == ["count"]
        assert "proportions" in found[0].fix


class TestRowsThatStandForTrials:
    TABLE = pd.DataFrame({"subject": 1, "old": [1, 1, 0, 0], "response": ["yes", "no", "yes", "no"], "n": [7, 3, 2, 8]})

    @pytest.mark.parametrize("name", ["n", "count", "Freq", "n_trials"])
    def test_are_that_many(self, name: str) -> None:
        data = kv.read_recognition(self.TABLE.rename(columns={"n": name}))
        assert counts(data) == [[8, 2], [3, 7]]
        assert f"trials of each row = {name}" in data.source

    def test_trials_with_a_number_of_their_own_are_trials(self) -> None:
        for table in (
            self.TABLE.assign(item=list("abcd")),
            self.TABLE.assign(rt=[1, 2, 3, 4]),
            pd.concat([self.TABLE, self.TABLE]),
            self.TABLE.assign(n=[1.5, 2, 2, 8]),
        ):
            assert kv.read_recognition(table).n_trials == len(table)


class TestSeries:
    def test_a_gap_is_told(self) -> None:
        table = pd.DataFrame(
            {"subject": [1, 1], "old": [0, 1], "count_1": [1, 2], "count_2": [1, 2], "count_4": [1, 2]}
        )
        (problem,) = problems(table)
        assert "gaps" in problem.what
        assert "no column for 3" in problem.places[0].found
        assert counts(kv.read_recognition(table, scale="1-4")) == [[1, 1, 0, 1], [2, 2, 0, 2]]

    def test_of_two_series_the_longer_one_counts(self) -> None:
        table = pd.DataFrame({"subject": [1, 1], "old": [0, 1], "r1": [9, 9], "r2": [9, 9], "count_1": [1, 2]})
        table = table.assign(count_2=[3, 1], count_3=[1, 1])
        with pytest.warns(DataWarning, match="other numbered columns are kept as conditions"):
            data = kv.read_recognition(table, old_from=2)
        assert counts(data) == [[1, 3, 1], [2, 1, 1]]

    def test_of_two_equal_series_the_one_called_counts_counts(self) -> None:
        table = pd.DataFrame({"subject": [1, 1], "old": [0, 1], "r1": [9, 9], "r2": [9, 9], "n1": [4, 4], "n2": [5, 5]})
        with pytest.warns(DataWarning, match="other numbered columns are kept as conditions"):
            data = kv.read_recognition(table.assign(count_1=[3, 1], count_2=[1, 2]))
        assert counts(data) == [[3, 1], [1, 2]]


def test_the_error_of_a_table_without_old_names_no_column_of_counts() -> None:
    with pytest.raises(DataError) as caught:
        kv.read_recognition(pd.DataFrame({"subject": [1], "count_1": [2], "count_2": [3]}))
    assert "count_1" not in caught.value.problems[0].fix
    np.testing.assert_array_equal(len(caught.value.problems), 1)
