"""A condition that varies within few lists and a list that is missing are told (case 35 of the issue)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from recall_tables import find_row, list_table, stack
from typer.testing import CliRunner

import kvfit as kv
from kvfit import cli
from kvfit.tasks.problems import DataWarning, Problem


def lists(labels: dict[object, list[object]], **columns: object) -> pd.DataFrame:
    """Lists of four words and two recalls, with the condition immediate or delayed in turn."""
    return stack(
        *(
            list_table(who, label, 4, [4, 1], condition=("delayed", "immediate")[at % 2], age=21, **columns)
            for who, own in labels.items()
            for at, label in enumerate(own)
        )
    )


def told(table: pd.DataFrame, code: str) -> list[Problem]:
    found = kv.check_file(table)
    assert all(one.severity == "warning" for one in found)
    return [one for one in found if one.code == code]


SIX = list(range(1, 7))


class TestVaryingConditions:
    def test_one_cell_is_told_with_its_place(self, tmp_path: Path) -> None:
        table = lists({1: SIX, 2: SIX})
        row = find_row(table, 2, 3, "recall", 2)
        table.loc[row, "condition"] = "immediate"
        (problem,) = told(table, "condition_varies")
        assert problem.column == "condition"
        (place,) = problem.places
        assert (place.participant, place.list, place.row) == (2, 3, row)
        assert place.found == "'immediate' in 1 of 6 cells, elsewhere 'delayed'"
        with pytest.warns(DataWarning, match="same throughout 11 lists and differs within 1"):
            data = kv.read_free_recall(table)
        assert "age" in data.lists
        assert "condition" not in data.lists
        table.to_csv(tmp_path / "recall.csv", index=False)
        answer = CliRunner().invoke(cli.app, ["data", "check", str(tmp_path / "recall.csv")])
        assert answer.exit_code == 0
        assert f"participant 2, list 3, line {row + 2}" in answer.output

    def test_three_of_twelve_lists_are_told_and_four_are_a_design(self) -> None:
        for n, known in ((3, True), (4, False)):
            table = lists({1: SIX, 2: SIX})
            for label in SIX[:n]:
                table.loc[find_row(table, 1, label, "study", 2), "condition"] = "mixed"
            problems = told(table, "condition_varies")
            assert bool(problems) == known
            assert not problems or problems[0].n_places == 3

    def test_in_a_large_file_a_tenth_of_the_lists_are_slips_and_more_are_a_design(self) -> None:
        for n, known in ((6, True), (7, False)):
            table = lists(dict.fromkeys(range(1, 11), SIX))
            for who in range(1, n + 1):
                table.loc[find_row(table, who, 2, "study", 2), "condition"] = "mixed"
            assert bool(told(table, "condition_varies")) == known

    def test_columns_about_rows_are_not_told(self) -> None:
        table = lists({1: SIX, 2: SIX})
        rng = np.random.default_rng(0)
        table["kind"] = rng.choice(["noun", "verb"], len(table))
        table["onset"] = rng.normal(size=len(table))
        recall = table["trial_type"] == "recall"
        table["rt"] = np.where(recall, rng.integers(1, 3, len(table)), np.nan)
        # empty cells are no values
        table["condition"] = table["condition"].where(~recall)
        assert kv.check_file(table) == []

    def test_cells_that_cannot_be_compared(self) -> None:
        table = lists({1: SIX})
        table["strange"] = pd.Series([[1]] * len(table), dtype=object)
        assert kv.read_free_recall(table).lists["strange"].tolist() == ["[1]"] * 6


class TestSimilarValues:
    def test_case_and_blanks(self) -> None:
        table = lists({1: SIX})
        table.loc[table["list"] == 3, "condition"] = "Delayed "
        (problem,) = told(table, "similar_values")
        assert problem.column == "condition"
        assert problem.places[0].found == "'Delayed ' and 'delayed'"


def missing(labels: dict[object, list[object]]) -> dict[object, str]:
    problems = told(lists(labels), "missing_list")
    return {place.participant: place.found for one in problems for place in one.places}


class TestMissingLists:
    def test_of_two_people(self) -> None:
        assert missing({1: SIX, 2: [1, 2, 3, 5, 6]}) == {2: "list 4 of 6"}
        assert missing({1: SIX, 2: [1, 2, 3, 4, 5]}) == {2: "list 6 of 6"}
        assert missing({1: SIX, 2: [1, 2, 3]}) == {}  # a quarter of all: another design, or somebody who left
        assert missing({1: [1, 2, 3], 2: [1, 3]}) == {2: "list 2 of 3"}
        assert missing({1: [1, 2, 3], 2: [1, 2]}) == {}
        assert missing({1: SIX, 2: SIX}) == {}

    def test_of_one_person(self) -> None:
        assert missing({1: [1, 2, 3, 5, 6]}) == {1: "list 4 of 5"}
        assert missing({1: [1, 4, 9, 12]}) == {}  # numbers of another kind
        assert missing({1: ["a", "c"]}) == {}

    def test_of_many_people(self) -> None:
        people = dict.fromkeys(range(1, 21), SIX)
        assert missing({**people, 7: [1, 2, 3, 4, 5], 9: ["1", "2", "3", "5", "6"]}) == {
            7: "list 6 of 6",
            9: "list 4 of 6",
        }

    def test_different_series_are_a_design(self) -> None:
        assert missing({1: [1, 2, 3, 4], 2: [5, 6, 7, 8]}) == {}
        half = {who: SIX if who % 2 else SIX[:4] for who in range(1, 21)}
        assert missing(half) == {}

    def test_a_gap_within_a_persons_own_numbers(self) -> None:
        """Three of ten have no list 3, more than a tenth; but each has lists before and after it."""
        people = {who: SIX if who > 3 else [1, 2, 4, 5, 6] for who in range(1, 11)}
        assert missing(people) == dict.fromkeys((1, 2, 3), "list 3 of 6")

    def test_of_recognition(self) -> None:
        from recognition_tables import trial_table

        which = ((1, 1), (1, 2), (1, 3), (2, 1), (2, 3))
        trials = [trial_table(who, [1, 0], [0, 1]).assign(list=label) for who, label in which]
        with pytest.warns(DataWarning, match="participant 2: list 2 of 3"):
            kv.read_recognition(stack(*trials))
