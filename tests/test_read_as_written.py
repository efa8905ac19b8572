"""What stands in a table is kept or told: lags, positions, spellings, columns of another meaning.

Cases 10, 14 and 19 to 21 of the issue and their kinds; every number is counted in the tables that stand here.
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import kvfit as kv
from kvfit.recognition.binding import BindingError
from kvfit.registry import get_model
from kvfit.tasks.problems import DataWarning, Problem
from kvfit.tasks.readers import check_file
from kvfit.tasks.recognition_reader import check_recognition

NAN = float("nan")


def trials(**columns: object) -> pd.DataFrame:
    """Three old items and two new ones of one participant, all answers right."""
    return pd.DataFrame({"subject": 1, "old": [1, 1, 1, 0, 0], "response": ["old"] * 3 + ["new"] * 2} | columns)


def read_silently(table: pd.DataFrame, **options: object) -> kv.RecognitionData:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return kv.read_recognition(table, **options)  # type: ignore[arg-type]


def problems(table: pd.DataFrame, **options: object) -> dict[str, Problem]:
    return {one.code: one for one in check_recognition(table, **options)}


class TestLags:
    def test_zero_is_a_number(self) -> None:
        # Case 21: hits of 2, 1 and 1 of 2 trials at lags 0, 2 and 8.
        table = pd.DataFrame(
            {"subject": 1, "old": [1] * 6 + [0], "lag": [0, 0, 2, 2, 8, 8, None],
             "response": ["old", "old", "old", "new", "new", "old", "new"]}
        )  # fmt: skip
        data = read_silently(table)
        cells = data.cells("lag")
        found = {
            lag: counts.tolist()
            for lag, counts in zip(cells.conditions["lag"], cells.counts, strict=True)
            if lag == lag
        }
        assert found == {0.0: [0, 2], 2.0: [1, 1], 8.0: [1, 1]}

    def test_below_zero_are_kept_and_told(self) -> None:
        # Case 19: centred lags.
        table = trials(lag=[-5.5, 3.25, -1, None, None])
        problem = problems(table)["negative_lag"]
        assert (problem.severity, [place.found for place in problem.places]) == ("warning", ["-5.5", "-1"])
        with pytest.warns(DataWarning, match="Lags below 0"):
            data = kv.read_recognition(table)
        assert sorted(data.trials.loc[data.old, "lag"]) == [-5.5, -1, 3.25]

    def test_of_new_items_are_told_unless_they_are_one_code(self) -> None:
        for code in (0, -1, 99):
            assert "lure_with_lag" not in problems(trials(lag=[1, 2, 3, code, code]))
        problem = problems(trials(lag=[1, 2, 3, 4, 5]))["lure_with_lag"]
        assert (problem.severity, problem.n_places) == ("warning", 2)

    @pytest.mark.parametrize("model", ["kv_recognition(lag=power)", "gcm(lag=power)"])
    def test_of_zero_are_refused_by_models_that_need_events(self, model: str) -> None:
        def bound(lag: list[float | None]) -> object:
            data = kv.read_recognition(trials(lag=lag, list_length=3))
            return get_model(model).bind(data).design(data)  # type: ignore[union-attr]

        with pytest.raises(BindingError, match="expected at least 1, found 0 and the like at 1 trials"):
            bound([0, 2, 8, None, None])
        bound([1, 3, 9, None, None])


class TestStudyPositions:
    def test_from_zero_are_an_error_or_said(self) -> None:
        # Case 20.
        table = trials(item=list("abcde"), study_position=[0, 1, 2, None, None])
        problem = problems(table)["study_position_not_whole"]
        assert [place.found for place in problem.places] == ["0"]
        assert "first_position=0" in problem.fix
        data = read_silently(table, first_position=0)
        assert data.trials.loc[data.old, "study_position"].tolist() == [1, 2, 3]

    @pytest.mark.parametrize("position", [-1, 2.5, 0])
    def test_that_are_none_are_never_missing_in_silence(self, position: float) -> None:
        problem = problems(trials(study_position=[1, position, 3, None, None]))["study_position_not_whole"]
        assert [place.found for place in problem.places] == [f"{position:g}"]

    def test_of_new_items_zero_says_that_there_is_none(self) -> None:
        data = read_silently(trials(study_position=[1, 2, 3, 0, 0]))
        np.testing.assert_array_equal(data.trials["study_position"], [NAN, NAN, 1, 2, 3])

    def test_and_test_positions_from_zero(self) -> None:
        table = trials(item=list("abcde"), position=range(5), study_position=[0, 1, 2, None, None])
        assert "position_not_whole" in problems(table)
        counted = table.assign(position=range(1, 6), study_position=[1, 2, 3, None, None])
        assert read_silently(table, first_position=0).fingerprint == read_silently(counted).fingerprint

    def test_the_first_is_zero_or_one(self) -> None:
        with pytest.raises(ValueError, match="expected 0 or 1"):
            kv.read_recognition(trials(), first_position=2)


class TestWideRecalls:
    WIDE = pd.DataFrame(
        {"subject": 1, "list": [1, 2], "list_length": 4, "recall_1": [3, 0], "recall_2": [0, 2], "recall_3": [None, 1]}
    )

    def test_from_zero(self) -> None:
        found = {one.code: one for one in check_file(self.WIDE)}
        assert set(found) == {"response_after_gap", "zero_or_first"}
        assert all("first_position=0" in one.fix for one in found.values())
        data = kv.read_free_recall(self.WIDE, first_position=0)
        assert data.responses.tolist() == [[4, 1, 0], [1, 3, 2]]

    def test_zeros_that_may_be_first_positions_are_told(self) -> None:
        table = self.WIDE.assign(recall_1=[3, 2], recall_2=[0, 1], recall_3=[None, 0])
        (problem,) = check_file(table)
        assert (problem.code, problem.severity) == ("zero_or_first", "warning")
        # Position 4 was recalled, so that positions are counted from 1; or nothing else says that a cell is empty.
        assert check_file(table.assign(recall_1=[4, 2])) == []
        assert check_file(table.assign(recall_3=[0, 0])) == []

    def test_matrices_count_from_one(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "penn.npz", recalls=[[1, 2]], subject=[1], listLength=[3])
        assert kv.read_free_recall(tmp_path / "penn.npz").n_lists == 1
        with pytest.raises(ValueError, match="for tables"):
            kv.read_free_recall(tmp_path / "penn.npz", first_position=0)

    def test_two_columns_of_one_position(self) -> None:
        assert next(one.code for one in check_file(self.WIDE.assign(recall_01=1))) == "duplicate_column"


class TestSpellings:
    def test_of_answers_are_one(self) -> None:
        # Case 14.
        table = pd.DataFrame({"subject": 1, "old": [1, 0, 1, 0], "response": ["Yes", "no", "yes", "No"]})
        data = read_silently(table)
        assert data.n_categories == 2
        assert (data.response == np.where(data.old, 2, 1)).all()

    def test_of_remember_know_are_one(self) -> None:
        answers = ["Remember", "remember", "KNOW", "New", "new"]
        data = read_silently(trials(response=answers))
        assert [label.lower() for label in data.scale] == ["new", "know", "remember"]
        assert data.trials.loc[data.old, "response"].tolist() == [2, 3, 3]

    def test_of_labels_are_never_put_in_order(self) -> None:
        table = trials(response=["Sure", "sure", "guess", "Guess", "no idea"])
        problem = problems(table)["scale_needed"]
        assert "[" not in problem.fix
        assert "ignore_case=True" in problem.fix
        data = kv.read_recognition(table, scale="no idea,guess,sure", old_from="guess", ignore_case=True)
        assert data.trials.loc[data.old, "response"].tolist() == [2, 3, 3]

    def test_outside_a_scale_by_case_and_by_more(self) -> None:
        assert problems(trials(response=["B", "b", "b", "a", "a"]), scale="a,b")["response_outside_scale"].fix == (
            "pass ignore_case=True"
        )
        fix = problems(trials(response=["B", "b", "c", "a", "a"]), scale="a,b")["response_outside_scale"].fix
        assert "correct the responses" in fix
        assert "ignore_case=True" in fix

    def test_of_values_that_mean_studied_are_one(self) -> None:
        table = trials(old=["Intact", "intact", "INTACT", "other", "Other"])
        assert kv.read_recognition(table, old_values=["intact"]).old.sum() == 3

    @pytest.mark.parametrize("words", [("Study", "Recall"), ("STUDY", "RECALL"), (" study ", "reCALL")])
    def test_of_kinds_of_rows_are_one(self, words: tuple[str, str]) -> None:
        table = pd.DataFrame(
            {"subject": 1, "list": 1, "trial_type": [words[0], "study", words[1], "recall"], "position": [1, 2, 1, 2],
             "item": ["a", "b", "b", "a"]}
        )  # fmt: skip
        assert kv.read_free_recall(table).responses.tolist() == [[2, 1]]


class TestColumnsOfAnotherMeaning:
    def test_one_word_in_all_rows_is_no_phase(self) -> None:
        data = read_silently(trials(trial_type="html-keyboard-response"))
        assert (data.n_trials, data.old.sum(), data.conditions) == (5, 3, ("trial_type",))

    def test_several_words_are_told_with_what_to_pass(self) -> None:
        table = trials(trial_type=["keyboard"] * 4 + ["button"])
        problem = problems(table)["phase"]
        assert "ignore_columns=['trial_type']" in problem.fix
        data = read_silently(table, ignore_columns=["trial_type"])
        assert (data.n_trials, data.conditions) == (5, ())

    def test_words_of_phases_are_phases(self) -> None:
        assert kv.read_recognition(trials(trial_type=["test"] * 4 + ["study"])).n_trials == 4

    @pytest.mark.parametrize(
        ("column", "values", "code"),
        [
            ("position", ["left", "right", "left", "right", "left"], "position_not_whole"),
            ("rt", ["fast"] * 5, "not_a_number"),
            ("lag", ["short"] * 5, "not_a_number"),
            ("study_position", [-2, -1, 1, None, None], "study_position_not_whole"),
            ("remember_know", ["x"] * 5, "remember_know"),
            ("list", [None, "A", "A", "A", "A"], "missing_value"),
        ],
    )
    def test_every_optional_column_can_be_ignored(self, column: str, values: list[object], code: str) -> None:
        problem = problems(trials(**{column: values}))[code]
        assert f"ignore_columns=['{column}']" in problem.fix
        assert read_silently(trials(**{column: values}), ignore_columns=[column]).n_trials == 5

    def test_the_advice_names_the_column_of_the_file(self) -> None:
        problem = problems(trials(trial=["left"] * 5))["position_not_whole"]
        assert "ignore_columns=['trial']" in problem.fix
        problem = problems(trials(where=["left"] * 5), columns={"position": "where"})["position_not_whole"]
        assert "ignore_columns=['where']" in problem.fix

    def test_of_free_recall(self) -> None:
        table = pd.DataFrame(
            {
                "subject": 1,
                "list": 1,
                "trial_type": ["study", "recall"],
                "position": 1,
                "item": "a",
                "list_length": "long",
            }
        )
        assert kv.read_free_recall(table, ignore_columns=["list_length"]).list_length.tolist() == [1]

    def test_a_name_that_the_table_does_not_have(self) -> None:
        problem = problems(trials(), ignore_columns=["tria_type"])["unknown_column"]
        assert problem.places[0].found == "'tria_type'"
