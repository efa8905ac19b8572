"""Recognition readers: every form of a file gives the same data, and every fault of a file is said."""

import gzip
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calls import python_calls
from recognition_tables import stack, study_table, trial_table

from kvfit.recognition.binding import BindingError
from kvfit.registry import get_model
from kvfit.tasks.problems import DataError, DataWarning, Problem
from kvfit.tasks.recognition import RecognitionData
from kvfit.tasks.recognition_reader import check_recognition, read_recognition

RATINGS = "1-6"


@pytest.fixture
def table() -> pd.DataFrame:
    return stack(
        trial_table(10, [6, 5, 6, 3], [1, 2, 4], strength=["weak", "strong", "weak", "strong", "lure", "lure", "lure"]),
        trial_table(2, [4, 6], [1, 1], strength=["weak", "strong", "lure", "lure"]),
    )


@pytest.fixture
def with_study() -> pd.DataFrame:
    """Two participants who studied o1 .. o3 and were tested on these and n1, n2."""
    return stack(
        *(
            stack(study_table(subject, ["o1", "o2", "o3"]), trial_table(subject, [6, 5, 4], [1, 2], phase="test"))
            for subject in (1, 2)
        )
    )


@pytest.fixture
def continuous() -> pd.DataFrame:
    items = ["a", "b", "a", "c", "b", "a", "d"]
    old = [0, 0, 1, 0, 1, 1, 0]
    return pd.DataFrame(
        {"subject": 1, "phase": "continuous", "position": range(1, 8), "item": items, "old": old, "response": old}
    )


def read(table: pd.DataFrame, **options: object) -> RecognitionData:
    return read_recognition(table, **{"scale": RATINGS, **options})  # type: ignore[arg-type]


def codes(table: object, **options: object) -> list[str]:
    return [one.code for one in check_recognition(table, **{"scale": RATINGS, **options})]  # type: ignore[arg-type]


def only(table: object, **options: object) -> Problem:
    problems = check_recognition(table, **{"scale": RATINGS, **options})  # type: ignore[arg-type]
    assert len(problems) == 1, [str(one) for one in problems]
    return problems[0]


class TestForms:
    @pytest.mark.parametrize(
        ("write", "suffix"),
        [
            (lambda text: text.encode(), "csv"),
            (lambda text: gzip.compress(text.encode()), "csv.gz"),
            (lambda text: ("\ufeff" + text.replace("\n", "\r\n")).encode(), "csv"),
            (lambda text: text.replace(",", ";").encode(), "csv"),
            (lambda text: text.replace(",", "\t").encode(), "tsv"),
        ],
        ids=["plain", "gzip", "bom and crlf", "semicolon", "tab"],
    )
    def test_written_differently_reads_the_same(
        self, table: pd.DataFrame, tmp_path: Path, write: object, suffix: str
    ) -> None:
        path = tmp_path / f"mine.{suffix}"
        path.write_bytes(write(table.to_csv(index=False)))  # type: ignore[operator]
        found = read_recognition(path, scale=RATINGS)
        assert found.fingerprint == read(table).fingerprint
        assert (found.name, found.source) == ("mine", f"file mine.{suffix}")
        assert found.conditions == ("strength",)

    def test_own_names_by_columns_and_by_alias(self, table: pd.DataFrame) -> None:
        plain = read(table)
        named = table.rename(columns={"subject": "who", "old": "kind", "response": "sure"})
        mapped = read(named, columns={"subject": "who", "old": "kind", "response": "sure"})
        assert mapped.fingerprint == plain.fingerprint
        assert mapped.source == "data frame"
        other = table.rename(columns={"subject": "Participant ID", "old": "target", "response": "Confidence"})
        aliased = read(other)
        assert aliased.fingerprint == plain.fingerprint
        assert aliased.source == "data frame; columns: subject = Participant ID, old = target, response = Confidence"

    def test_two_candidates_for_a_column_are_not_guessed(self, table: pd.DataFrame) -> None:
        both = table.rename(columns={"old": "target"}).assign(studied=lambda t: t["target"])
        problem = only(both)
        assert problem.code == "missing_column"
        assert "columns={'old': 'target'}" in problem.fix

    @pytest.mark.parametrize(
        "words",
        [("old", "new"), ("target", "lure"), ("TRUE", "False"), (True, False), (1.0, 0.0), ("studied", "unstudied")],
    )
    def test_old_and_new_in_many_words(self, table: pd.DataFrame, words: tuple[object, object]) -> None:
        said = table.assign(old=pd.Series([words[0] if one else words[1] for one in table["old"]], dtype=object))
        assert read(said).fingerprint == read(table).fingerprint

    def test_without_list_position_and_item(self, table: pd.DataFrame) -> None:
        bare = read(table[["subject", "old", "response"]])
        assert bare.trials["position"].tolist() == [0] * 11
        assert not bare.has_items
        assert bare.n_lists == 2
        with pytest.raises(ValueError, match="items of the trials are not known"):
            _ = bare.item

    def test_words_that_look_missing_are_items(self, tmp_path: Path) -> None:
        table = trial_table(1, [6, 5, 4], [1, 2]).assign(item=["NULL", "NA", "none", "nan", "007"])
        table.to_csv(tmp_path / "words.csv", index=False)
        found = read_recognition(tmp_path / "words.csv", scale=RATINGS)
        assert sorted(found.items) == ["007", "NA", "NULL", "nan", "none"]


class TestScale:
    def test_is_echoed(self, table: pd.DataFrame) -> None:
        data = read(table)
        assert data.scale == ("1", "2", "3", "4", "5", "6")
        assert (data.n_categories, data.old_from) == (6, 4)
        assert "1 = '1', 2 = '2'" in data.describe()
        assert "4 to 6 mean old" in data.describe()

    @pytest.mark.parametrize("scale", [[6, 5, 4, 3, 2, 1], "6-1", "6 to 1", range(6, 0, -1), "6,5,4,3,2,1"])
    def test_reversed(self, table: pd.DataFrame, scale: object) -> None:
        turned = read(table.assign(response=7 - table["response"]), scale=scale)
        assert turned.fingerprint == read(table).fingerprint
        assert turned.scale[0] == "6"

    def test_words(self, table: pd.DataFrame) -> None:
        words = ["sure new", "new", "maybe new", "maybe old", "old", "sure old"]
        said = table.assign(response=[words[k - 1] for k in table["response"]])
        data = read(said, scale=words)
        assert data.fingerprint == read(table).fingerprint
        assert data.trials["response_label"].iloc[0] == words[data.response[0] - 1]

    def test_whole_numbers_however_written(self, table: pd.DataFrame) -> None:
        assert read(table.astype({"response": float})).fingerprint == read(table).fingerprint
        text = table.assign(response=[f" {k}.0" for k in table["response"]])
        assert read(text).fingerprint == read(table).fingerprint

    def test_ratings_need_a_scale(self, table: pd.DataFrame) -> None:
        problem = only(table, scale=None)
        assert problem.code == "scale_needed"
        assert "scale='1-6' if 1 means sure new, scale='6-1' if 1 means sure old" in problem.fix

    @pytest.mark.parametrize(
        ("new", "old"), [("new", "old"), ("no", "yes"), ("N", "Y"), (0, 1), (False, True), ("New", "Old")]
    )
    def test_yes_no_needs_none(self, new: object, old: object) -> None:
        table = trial_table(1, [1, 1, 0], [0, 1])
        data = read(table.assign(response=pd.Series([old if k else new for k in table["response"]])), scale=None)
        assert data.response.tolist() == [2, 2, 1, 1, 2]
        assert (data.n_categories, data.old_from) == (2, 2)

    def test_odd_scales_need_to_know_where_old_begins(self) -> None:
        table = trial_table(1, [5, 4, 3], [1, 2])
        problem = only(table, scale="1-5")
        assert problem.code == "old_from"
        assert problem.fix == "pass e.g. old_from='4'"
        assert read(table, scale="1-5", old_from=4).old_from == 4
        assert read(table, scale="0-6", old_from=4).old_from == 5  # a label, not a number of categories

    @pytest.mark.parametrize("scale", ["1", [], ["a", "a"], "1-5000", ["a", ""]])
    def test_no_scale_at_all(self, table: pd.DataFrame, scale: object) -> None:
        assert "scale" in codes(table, scale=scale)

    def test_a_never_used_category_is_fine(self) -> None:
        data = read(trial_table(1, [6, 6], [1, 1]))
        assert data.cells().counts.tolist() == [[2, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 2]]

    def test_a_hundred_points(self) -> None:
        data = read(trial_table(1, [100, 70], [0, 49]), scale="0-100", old_from=51)
        assert (data.n_categories, data.old_from) == (101, 52)
        assert data.response.tolist() == [101, 71, 1, 50]

    def test_reversed_scale_is_noticed(self) -> None:
        table = trial_table(1, [1, 2] * 30, [6, 5] * 30)
        with pytest.warns(DataWarning, match="surer 'old' responses"):
            read(table)

    def test_confidence_beside_a_response(self) -> None:
        table = trial_table(1, ["old", "old", "new"], ["new", "old"]).assign(confidence=[3, 1, 2, 3, 2])
        with pytest.warns(DataWarning, match="columns='?{'response'"):
            assert read(table, scale=None).n_categories == 2
        two_steps = read(
            table,
            columns={"response": ["response", "confidence"]},
            scale=["new/3", "new/2", "new/1", "old/1", "old/2", "old/3"],
        )
        assert two_steps.response.tolist() == [6, 4, 2, 1, 5]


class TestRememberKnow:
    def test_as_the_response(self) -> None:
        data = read(trial_table(1, ["R", "K", "G", "N"], ["N", "K"]), scale=None)
        assert data.scale == ("N", "G", "K", "R")
        assert data.old_from == 2
        assert data.trials["remember_know"].tolist() == ["remember", "know", "guess", "", "", "know"]

    def test_beside_a_rating(self, table: pd.DataFrame) -> None:
        judged = table.assign(rk=["r", "know", "G", None, None, "new", "k", "R", "r", "", ""])
        data = read(judged)
        assert data.fingerprint == read(table).fingerprint
        assert set(data.trials["remember_know"]) == {"remember", "know", "guess", ""}

    def test_faults(self, table: pd.DataFrame) -> None:
        judged = table.assign(rk=["r", "k", "x", "k", "", "", "", "r", "k", "", ""])
        problems = check_recognition(judged, scale=RATINGS)
        assert [one.code for one in problems] == ["remember_know", "remember_know"]
        assert problems[0].places[0].found == "'x'"
        assert problems[1].places[0].found == "'k' after '3'"


class TestStudyPhase:
    def test_gives_study_position_lag_and_length(self, with_study: pd.DataFrame) -> None:
        data = read(with_study)
        first = data.trials[data.trials["subject"] == 1]
        assert first["study_position"].tolist()[:3] == [1, 2, 3]
        # o1 was studied first and tested first: two other words came between, then the test.
        assert first["lag"].tolist()[:3] == [3, 3, 3]
        assert first["n_presentations"].tolist()[:3] == [1, 1, 1]
        assert first["lag"].isna().tolist() == [False] * 3 + [True] * 2
        assert first["list_length"].tolist() == [3] * 5
        assert data.studied is not None
        assert data.studied["item"].tolist() == ["o1", "o2", "o3"] * 2

    def test_positions_that_run_on_give_the_same_lag(self, with_study: pd.DataFrame) -> None:
        running = with_study.assign(position=with_study["position"] + 3 * (with_study["phase"] == "test"))
        assert read(running).trials["lag"].tolist()[:3] == [3, 3, 3]

    def test_repeated_study(self) -> None:
        table = stack(study_table(1, ["o1", "o2", "o1"]), trial_table(1, [6, 5], [1], phase="test"))
        data = read(table)
        assert data.trials["n_presentations"].tolist()[:2] == [2, 1]
        assert data.trials["study_position"].tolist()[:2] == [3, 2]
        assert data.trials["lag"].tolist()[:2] == [1, 3]
        # two different items, so that repetition does not lengthen the list; position 3 is inside it all the same
        assert data.trials["list_length"].tolist() == [2, 2, 2]

    def test_length_without_labels_of_items(self) -> None:
        table = stack(study_table(1, ["a", "b", "c"]), trial_table(1, [6, 5], [1], phase="test")).drop(columns="item")
        assert read(table).trials["list_length"].tolist() == [3, 3, 3]

    def test_targets_never_studied_and_lures_that_were(self, with_study: pd.DataFrame) -> None:
        with_study.loc[3, "item"] = "stranger"
        with_study.loc[14, "item"] = "o2"
        problems = check_recognition(with_study, scale=RATINGS)
        # o2 of participant 2 is then tested twice, which is worth a warning.
        assert [one.code for one in problems] == ["target_not_studied", "lure_studied", "repeated_test"]
        assert (problems[0].places[0].participant, problems[0].places[0].row) == ("1", 3)
        assert problems[0].places[0].found == "'stranger'"
        assert problems[1].places[0].found == "'o2'"

    def test_a_target_of_another_list(self) -> None:
        table = stack(
            study_table(1, ["o1"]),
            study_table(1, ["o2"]).assign(list=2),
            trial_table(1, [6], [1], phase="test"),
            trial_table(1, [6], [1], phase="test").assign(list=2, item=["o1", "n9"]),
        )
        assert only(table).places[0].found == "'o1' (studied in another list)"

    def test_case_counts_unless_told(self, with_study: pd.DataFrame) -> None:
        shouting = with_study.assign(
            item=with_study["item"].where(with_study["phase"] == "study", with_study["item"].str.upper())
        )
        assert codes(shouting) == ["target_not_studied"]
        assert codes(shouting, ignore_case=True) == []

    def test_study_position_of_the_trials_must_agree(self, with_study: pd.DataFrame) -> None:
        given = with_study.assign(study_position=[None] * 3 + [1, 2, 2, None, None] + [None] * 3 + [1, 2, 3, None, 4])
        problems = check_recognition(given, scale=RATINGS)
        assert [one.code for one in problems] == ["lure_with_study_position", "study_position_mismatch"]
        assert problems[1].places[0].found == "2, but the study row says 3"

    def test_pairs(self) -> None:
        pairs = pd.DataFrame(
            {
                "subject": 1,
                "phase": ["study"] * 3 + ["test"] * 3,
                "word1": ["a", "c", "e", "a", "c", "x"],
                "word2": ["b", "d", "f", "b", "f", "y"],
                "kind": ["", "", "", "intact", "rearranged", "new"],
                "response": ["", "", "", "intact", "intact", "new"],
            }
        )
        data = read(
            pairs,
            columns={"item": ["word1", "word2"], "old": "kind"},
            old_values=["intact"],
            scale=["new", "rearranged", "intact"],
            old_from="intact",
            ordered=False,
        )
        assert data.trials.sort_values("item")["item"].tolist() == ["a/b", "c/f", "x/y"]
        assert dict(zip(data.trials["item"], data.trials["probe"], strict=True))["c/f"] == "rearranged"
        assert data.trials["old"].sum() == 1
        assert "no order of confidence" in data.describe()


class TestContinuous:
    def test_lag_and_presentations(self, continuous: pd.DataFrame) -> None:
        data = read(continuous, scale=None)
        old = data.trials[data.trials["old"]]
        assert old["lag"].tolist() == [2, 3, 3]
        assert old["n_presentations"].tolist() == [1, 1, 2]
        assert "study_position" not in data.trials

    def test_no_list_length_but_items_before(self, continuous: pd.DataFrame) -> None:
        data = read(continuous, scale=None)
        assert "list_length" not in data.trials
        items = continuous["item"].tolist()
        assert data.trials["items_before"].tolist() == [len(set(items[:n])) for n in range(len(items))]
        assert "items_before" not in data.conditions
        assert set(read(continuous, scale=None, list_length=5).trials["list_length"]) == {5}

    def test_a_model_says_that_it_needs_a_length(self, continuous: pd.DataFrame) -> None:
        with pytest.raises(BindingError, match="states it where no study rows do, and in continuous recognition"):
            get_model("kv_recognition").bind(read(continuous, scale=None)).design(read(continuous, scale=None))

    def test_status_must_follow_from_the_items(self, continuous: pd.DataFrame) -> None:
        continuous.loc[3, "old"] = 1
        continuous.loc[4, "old"] = 0
        found = [(one.code, one.places[0].found) for one in check_recognition(continuous)]
        assert found == [("target_not_studied", "'c'"), ("lure_studied", "'b'")]

    def test_needs_positions(self, continuous: pd.DataFrame) -> None:
        problem = only(continuous.drop(columns="position"), scale=None)
        assert problem.code == "missing_column"

    def test_lag_must_agree(self, continuous: pd.DataFrame) -> None:
        between = continuous.assign(lag=[0, 0, 1, 0, 2, 2, 0])  # labs that count the items between
        assert codes(between, scale=None) == []
        between.loc[5, "lag"] = 7
        problem = only(between, scale=None)
        assert (problem.code, problem.places[0].found) == ("lag_mismatch", "lag 7, positions say 2")


class TestFaults:
    def test_all_at_once_with_place_and_fix(self, table: pd.DataFrame, tmp_path: Path) -> None:
        faulty = table.astype({"subject": object, "old": object, "response": object, "position": object})
        faulty.loc[0, "response"] = 9
        faulty.loc[1, "old"] = "maybe"
        faulty.loc[2, "position"] = 2.5
        faulty.loc[3, "subject"] = None
        faulty.loc[8, "response"] = None
        path = tmp_path / "faulty.csv"
        faulty.to_csv(path, index=False)
        with pytest.raises(DataError) as raised:
            read_recognition(path, scale=RATINGS)
        found = {one.code: one for one in raised.value.problems}
        assert set(found) == {
            *("response_outside_scale", "old_new", "position_not_whole", "missing_value", "missing_response"),
        }
        assert [found[code].places[0].row for code in found] == [5, 4, 3, 2, 10]
        assert found["response_outside_scale"].places[0].participant == "10"
        text = str(raised.value)
        for said in ("faulty.csv: 5 problems", "'maybe'", "expected:", "fix:", "missing_responses='drop'"):
            assert said in text

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            (lambda t: t.drop(columns="response"), "missing_column"),
            (lambda t: t.drop(columns=["old", "subject"]), "missing_column"),
            (lambda t: t.assign(response=t["response"].where(t["response"] != 5, 7)), "response_outside_scale"),
            (lambda t: t.assign(old=t["old"].map({1: "intact", 0: "rearranged"})), "old_new"),
            (lambda t: t.assign(old=2), "old_new"),
            (lambda t: t.assign(position=1), "duplicate_test_position"),
            (lambda t: t.assign(position=t["position"] - 1), "position_not_whole"),
            (lambda t: t[(t["subject"] != 2) | (t["old"] == 1)], "one_kind_of_item"),
            (lambda t: t[(t["subject"] != 2) | (t["old"] == 0)], "one_kind_of_item"),
            (lambda t: t.assign(phase="practice"), "phase"),
            (lambda t: t.assign(phase="study"), "no_test_rows"),
            (lambda t: t.assign(item=""), "missing_value"),
            (lambda t: t.assign(rt="fast"), "not_a_number"),
            (lambda t: t.assign(rt=-3), "not_a_number"),
            (lambda t: t.assign(list_length=0.5), "list_length"),
            (
                lambda t: t.assign(study_position=[9, 2, 3, 4, 0, 0, 0, 1, 2, 0, 0], list_length=5),
                "study_position_outside",
            ),
            (lambda t: t.iloc[:0], "no_rows"),
        ],
    )
    def test_each_is_found(self, table: pd.DataFrame, change: object, code: str) -> None:
        assert codes(table) == []
        assert set(codes(change(table))) == {code}  # type: ignore[operator]

    def test_a_lag_that_does_not_fit_its_positions(self, table: pd.DataFrame) -> None:
        position = table["position"].where(table["old"] == 1)
        sound = table.assign(study_position=[4, 3, 2, 1] + [0] * 3 + [2, 1, 0, 0])
        sound["lag"] = 10 + position - sound["study_position"]
        assert codes(sound) == []
        sound.loc[1, "lag"] += 1
        problem = only(sound)
        assert problem.code == "lag_mismatch"
        assert (problem.places[0].participant, problem.places[0].row) == ("10", 1)

    def test_copied_rows(self, table: pd.DataFrame) -> None:
        problems = check_recognition(stack(table, table.iloc[[4]]), scale=RATINGS)
        assert problems[0].code == "duplicate_test_position"
        assert problems[0].places[0].found == "5 is also in row 4"

    def test_an_item_tested_again_is_a_warning(self, table: pd.DataFrame) -> None:
        table.loc[5, "item"] = "n1"
        with pytest.warns(DataWarning, match="tested several times"):
            assert read(table).n_trials == 11

    def test_files(self, table: pd.DataFrame, tmp_path: Path) -> None:
        empty, latin = tmp_path / "empty.csv", tmp_path / "latin.csv"
        empty.write_text("")
        latin.write_bytes(table.assign(item="Käse").to_csv(index=False).encode("cp1252"))
        assert codes(empty) == ["empty_file"]
        assert codes(latin) == ["wrong_encoding"]
        with pytest.raises(FileNotFoundError):
            read_recognition(tmp_path / "none.csv")

    def test_unknown_conditions(self, table: pd.DataFrame) -> None:
        assert codes(table, conditions=["strenght"]) == ["unknown_column"]

    @settings(deadline=None, max_examples=60)
    @given(
        st.lists(
            st.fixed_dictionaries(
                {
                    "subject": st.sampled_from([1, "2", None, "NA", 1.0]),
                    "list": st.sampled_from([1, "a", None]),
                    "phase": st.sampled_from(["study", "test", "continuous", "", None, 3]),
                    "position": st.sampled_from([1, 2, 2.5, None, "x", 0]),
                    "item": st.sampled_from(["w", "v", "", None, 3]),
                    "old": st.sampled_from([0, 1, "old", "lure", None, "intact"]),
                    "response": st.sampled_from([1, 6, 9, "rem", "new", None, ""]),
                    "lag": st.sampled_from([1, 2.5, None, "q"]),
                    "study_position": st.sampled_from([1, 0, None]),
                }
            ),
            min_size=1,
            max_size=8,
        ),
        st.sampled_from([None, "1-6"]),
    )
    def test_whatever_stands_in_a_table_is_read_or_refused(self, rows: list[dict[str, object]], scale: object) -> None:
        table = pd.DataFrame(rows)
        problems = check_recognition(table, scale=scale, missing_responses="drop")
        assert all(str(one) for one in problems)
        if not [one for one in problems if one.severity == "error"]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DataWarning)
                data = read_recognition(table, scale=scale, missing_responses="drop")  # type: ignore[arg-type]
            assert set(data.response) <= set(range(1, data.n_categories + 1))
            assert data.select(1).n_participants == 1


class TestRules:
    def test_unanswered_trials_are_kept_apart(self, table: pd.DataFrame) -> None:
        silent = table.assign(response=table["response"].where(table["item"] != "o2"))
        data = read(silent, missing_responses="drop")
        assert data.n_trials == 9
        assert data.unanswered is not None
        assert data.unanswered["item"].tolist() == ["o2", "o2"]
        assert data.scoring_note() == (
            "9 of 11 test trials are scored (4 old items, 5 new); left out: 2 trials without a response."
        )
        assert "left out: 1 trial without" in data.select([2]).scoring_note()

    def test_a_label_that_looks_missing_is_a_response(self) -> None:
        data = read(trial_table(1, ["some", "none"], ["none", "none"]), scale=["none", "some"])
        assert data.response.tolist() == [2, 1, 1, 1]

    def test_incomplete_participants(self, table: pd.DataFrame) -> None:
        half = table[(table["subject"] != 2) | (table["old"] == 1)]
        dropped = read(half, incomplete_participants="drop")
        assert dropped.participants.tolist() == [10]
        assert dropped.source.endswith("left out: 1 participant without scored old or new items")
        assert read(half, incomplete_participants="keep").participants.tolist() == [2, 10]

    @pytest.mark.parametrize("rule", [{"missing_responses": "skip"}, {"incomplete_participants": "first"}])
    def test_unknown_rules(self, table: pd.DataFrame, rule: dict[str, str]) -> None:
        with pytest.raises(ValueError, match="expected one of error, drop"):
            read(table, **rule)


class TestCounts:
    def test_expanded_exactly(self) -> None:
        wide = pd.DataFrame(
            {
                "subject": ["a", "a", "b", "b"],
                "old": ["new", "old", "new", "old"],
                "count_1": [5, 1, 3, 0],
                "count_2": [2, 2, 2, 2],
                "count_3": [0, 0, 1, 1],
                "count_4": [1, 6, 0, 4],
            }
        )
        data = read_recognition(wide)
        assert data.n_trials == 30
        cells = data.cells()
        assert cells.counts.tolist() == wide[[f"count_{k}" for k in range(1, 5)]].to_numpy().tolist()
        assert data.scale == ("1", "2", "3", "4")

    def test_columns_called_as_the_scale(self) -> None:
        wide = pd.DataFrame({"subject": [1, 1], "old": [0, 1], "yes": [1, 7], "no": [9, 3], "group": "x"})
        data = read_recognition(wide, scale=["no", "yes"])
        assert data.cells().counts.tolist() == [[9, 1], [3, 7]]
        assert data.conditions == ("group",)

    def test_reversed_numbers(self) -> None:
        wide = pd.DataFrame({"subject": [1, 1], "old": [0, 1], "r1": [1, 7], "r2": [9, 3]})
        assert read_recognition(wide, scale="2-1").cells().counts.tolist() == [[9, 1], [3, 7]]

    def test_cells_written_and_read_again(self, table: pd.DataFrame) -> None:
        data = read(table[["subject", "old", "response", "strength"]])
        again = read_recognition(data.cells("strength").table())
        assert again.fingerprint == data.fingerprint

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"count_1": [1, -2]}, "count"),
            ({"count_1": [1.5, 2]}, "count"),
            ({"count_1": [None, 2]}, "count"),
            ({"count_1": 0, "count_2": 0}, "no_rows"),
            ({"old": [1, 1]}, "duplicate_cell"),
        ],
    )
    def test_faults(self, change: dict[str, object], code: str) -> None:
        wide = pd.DataFrame({"subject": [1, 1], "old": [0, 1], "count_1": [4, 4], "count_2": [4, 4]}).assign(**change)
        assert only(wide, scale=None).code == code

    def test_missing_column(self) -> None:
        problem = only(pd.DataFrame({"subject": [1], "count_1": [2], "count_2": [3]}), scale=None)
        assert (problem.code, "'old'" in problem.what) == ("missing_column", True)


def test_reading_calls_no_python_by_row() -> None:
    """Ten times as many trials of the same people, without items, whose labels are looked at one by one."""

    def trials(n: int) -> pd.DataFrame:
        rng = np.random.default_rng(5)
        return pd.DataFrame(
            {
                "subject": np.repeat(np.arange(20), n // 20),
                "position": np.tile(np.arange(1, n // 20 + 1), 20),
                "old": rng.integers(0, 2, n),
                "response": rng.integers(1, 7, n),
            }
        )

    def whole(table: pd.DataFrame) -> None:
        data = read(table)
        assert len(data.fingerprint) == 64
        assert data.cells().n_trials.sum() == len(table)

    small, large = trials(4_000), trials(40_000)
    whole(small)  # what is imported and cached once does not count
    assert python_calls(lambda: whole(large)) < 1.5 * python_calls(lambda: whole(small))
