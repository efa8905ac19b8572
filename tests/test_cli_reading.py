"""Files of either task in the shell: the task is told by the columns, the mapping is echoed, the advice can be typed."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from recall_tables import list_table, stack
from recognition_tables import study_table, trial_table
from typer.testing import CliRunner

import kvfit as kv
from kvfit import cli
from kvfit.cli_options import Reading, Source
from kvfit.cli_reading import load_data, read_file, table_to_read
from kvfit.tasks.problems import DataError
from kvfit.tasks.recognition_export import as_source
from kvfit.tasks.which_task import find_task


@pytest.fixture
def trials() -> pd.DataFrame:
    return stack(trial_table("ann", [6, 5, 6, 3], [1, 2, 4]), trial_table("bob", [4, 6], [1, 1]))


@pytest.fixture
def recalls() -> pd.DataFrame:
    return stack(list_table("ann", 1, 5, [5, 2, 3]), list_table("bob", 1, 4, [1, 2]))


def run(*arguments: object) -> Any:
    """Run a command in this process; its errors are those that `kvfit` prints."""
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def message(*arguments: object) -> str:
    answer = run(*arguments)
    assert isinstance(answer.exception, ValueError), answer.output
    return str(answer.exception)


class TestTask:
    def test_of_recognition(self, trials: pd.DataFrame) -> None:
        assert find_task(trials) == "recognition"
        other = trials.rename(columns={"old": "Item Type", "response": "confidence"})
        assert find_task(other) == "recognition"
        assert find_task(trials.assign(trial_type="test")) == "recognition"
        named = trials.rename(columns={"old": "kind", "response": "sure"})
        assert find_task(named, columns={"old": "kind", "response": "sure"}) == "recognition"
        # two columns that can be meant: the reader asks which
        assert find_task(trials.assign(target=1, studied=1).drop(columns="old")) == "recognition"

    def test_of_counts(self, trials: pd.DataFrame) -> None:
        counts = kv.read_recognition(trials, scale="1-6").cells().table()
        assert find_task(counts) == "recognition"
        named = counts.rename(columns={f"count_{k}": label for k, label in enumerate("abcdef", start=1)})
        assert find_task(named, scale="a,b,c,d,e,f") == "recognition"
        with pytest.raises(DataError, match="there is 'old', but nothing for 'response'"):
            find_task(named)

    def test_of_free_recall(self, recalls: pd.DataFrame) -> None:
        assert find_task(recalls) == "free_recall"
        # columns of recognition beside recalls, and a word for the rows of which the reader complains
        assert find_task(recalls.assign(old=1, response="x")) == "free_recall"
        assert find_task(recalls.drop(columns="item")) == "free_recall"
        assert find_task(recalls.rename(columns={"trial_type": "event"})) == "free_recall"
        assert (
            find_task(pd.DataFrame({"subject": [1], "list": [1], "list_length": [9], "recall_1": [2]})) == "free_recall"
        )
        assert find_task("not_there.mat") == "free_recall"

    def test_neither_or_both_is_one_error_that_says_what_was_looked_for(self, recalls: pd.DataFrame) -> None:
        for table in (
            pd.DataFrame({"who": [1], "word": ["a"]}),
            pd.DataFrame({"subject": [1], "recall_1": [1], "old": [1], "response": [1]}),
        ):
            with pytest.raises(DataError) as caught:
                find_task(table)
            (problem,) = caught.value.problems
            assert problem.code == "task"
            for said in ("'trial_type'", "'recall_1'", "'old'", "'response'", "'count_1'"):
                assert said in problem.expected
            assert all(repr(name) in problem.places[0].found for name in table)
        with pytest.raises(DataError, match="names columns that the file does not have"):
            find_task(pd.DataFrame({"who": [1], "word": ["a"]}), columns={"old": "kind"})


class TestCheck:
    def test_the_shell_reads_what_python_reads(self, trials: pd.DataFrame, tmp_path: Path) -> None:
        named = trials.rename(columns={"subject": "who", "response": "sure"})
        named = named.assign(old=named["old"].map({1: "intact", 0: "rearranged"}), noise=7)
        named.loc[0, "sure"] = np.nan
        named.to_csv(tmp_path / "mine.csv", index=False)
        path = tmp_path / "mine.csv"
        told = [
            "--column",
            "subject=who",
            "--column",
            "response=sure",
            "--scale",
            "1-6",
            "--old-from",
            5,
            "--old-value",
        ]
        told += ["intact", "--drop-missing", "--condition", "probe"]
        answer = run("data", "check", path, *told)
        assert answer.exit_code == 0, answer.output
        for said in ("Read as recognition", "column response: sure", "studied items: 'intact'", "5 to 6 mean old"):
            assert said in answer.output
        assert "10 of 11 test trials" in answer.output
        reading = Reading(
            column=["subject=who", "response=sure"], scale="1-6", old_from="5", old_values=["intact"],
            drop_missing=True, condition=["probe"],
        )  # fmt: skip
        expected = kv.read_recognition(
            path, columns={"subject": "who", "response": "sure"}, scale="1-6", old_from=5, old_values=["intact"],
            missing_responses="drop", conditions=["probe"],
        )  # fmt: skip
        assert read_file(path, reading).fingerprint == expected.fingerprint
        assert expected.conditions == ("probe",)

    def test_every_problem_is_listed_with_what_to_type(self, trials: pd.DataFrame, tmp_path: Path) -> None:
        bad = trials.astype({"old": object, "response": object})
        bad.loc[1, "old"] = "perhaps"
        bad.loc[2, "response"] = 9
        bad.loc[3, "response"] = None
        bad.to_csv(tmp_path / "bad.csv", index=False)
        said = message("data", "check", tmp_path / "bad.csv", "--scale", "1-6")
        for part in ("'perhaps'", "'9'", "line 5: nothing", "--old-value intact", "pass --drop-missing"):
            assert part in said
        said = message("data", "check", tmp_path / "bad.csv")
        assert "--scale 1-9 if 1 means sure new" in said
        assert "scale=" not in said

    def test_an_ordered_scale_means_recognition(self, tmp_path: Path) -> None:
        pd.DataFrame({"who": ["a"], "sure": [3]}).to_csv(tmp_path / "x.csv", index=False)
        said = message("data", "check", tmp_path / "x.csv", "--scale", "1-6")
        assert "'old'" in said
        assert "trial_type" not in said
        assert "for free recall" in message("data", "check", tmp_path / "x.csv")

    def test_options_of_the_other_task(self, recalls: pd.DataFrame, tmp_path: Path) -> None:
        recalls.to_csv(tmp_path / "r.csv", index=False)
        told = message("data", "check", tmp_path / "r.csv", "--scale", "1-6", "--drop-missing")
        assert "--scale, --drop-missing: for recognition alone" in told
        assert "is read as free recall" in told
        answer = run("data", "check", tmp_path / "r.csv")
        assert "Read as free recall" in answer.output


class TestCommands:
    @pytest.mark.parametrize("command", ["fit", "compare", "simulate"])
    def test_offer_the_reading(self, command: str) -> None:
        shown = run(command, "--help").output
        for option in ("--task", "--column", "--scale", "--old-from", "--old-value", "--drop-missing", "--list-length"):
            assert option in shown

    def test_models_that_do_not_fit_the_data_are_told_before_anything_is_fitted(
        self, trials: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kv, "fit", _stop)
        trials.to_csv(tmp_path / "mine.csv", index=False)
        told = ["compare", "uvsd", "cmr", "minerva2", "dpsd(by=mood)", "-d", tmp_path / "mine.csv", "--scale", "1-6"]
        said = message(*told)
        assert "far enough" not in said
        for part in ("cmr is a model of free recall", "minerva2", "list_length", "mood", "--list-length states it"):
            assert part in said
        assert "far enough" in message("compare", "uvsd", "minerva2", *told[5:], "--list-length", 40)

    def test_simulated_trials_are_read_again(self, tmp_path: Path) -> None:
        table = stack(
            *(
                stack(study_table(who, ["o1", "o2", "o1"]), trial_table(who, [6, 5], [1, 2], phase="test"))
                for who in ("ann", "bob")
            )
        )
        table.to_csv(tmp_path / "mine.csv", index=False)
        answer = run(
            "simulate", "uvsd", "-d", tmp_path / "mine.csv", "-n", 1, "--scale", "1-6", "-o", tmp_path / "sim.csv",
            "--seed", 3,
        )  # fmt: skip
        assert answer.exit_code == 0, answer.output
        assert f"Read it with --data {tmp_path / 'sim.csv'} --scale 1-6" in answer.output
        again = kv.read_recognition(tmp_path / "sim.csv", scale="1-6")
        assert again.n_participants == 1
        assert again.trials["n_presentations"].tolist()[:2] == [2, 1]
        assert again.trials["list_length"].tolist() == [2] * 4

    def test_data_sets_know_how_they_are_read(self) -> None:
        source = Source(data="schwartz2005_ratings", participants=2)
        assert load_data(source, Reading()).n_participants == 2
        with pytest.raises(ValueError, match="is a data set of recognition"):
            load_data(source, Reading(task="free_recall"))
        with pytest.raises(ValueError, match=r"--scale: for recognition alone, but peers_notask"):
            load_data(Source(data="peers_notask"), Reading(scale="1-6"))

    def test_fit_reads_and_echoes(self, trials: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(kv, "fit", _stop)
        trials.to_csv(tmp_path / "mine.csv", index=False)
        answer = run("fit", "uvsd", "-d", tmp_path / "mine.csv", "--scale", "6-1")
        assert str(answer.exception) == "far enough: 11 trials"
        assert "1 = '6'" in answer.output


def _stop(model: Any, data: kv.RecognitionData, **options: Any) -> None:
    raise ValueError(f"far enough: {data.n_trials} trials")


class TestWriting:
    def test_scored_and_unanswered_trials_come_back(self, trials: pd.DataFrame) -> None:
        answered = trials.astype({"response": object}).assign(strength="weak")
        answered.loc[4, "response"] = None
        data = kv.read_recognition(answered, scale="6-1", old_from=3, missing_responses="drop")
        table, options = table_to_read(data)
        assert options == ["--scale", "1-6", "--drop-missing"]
        again = kv.read_recognition(table, scale="1-6", missing_responses="drop")
        assert again.fingerprint == data.fingerprint
        assert again.scoring_note() == data.scoring_note()

    def test_options_say_what_is_not_the_default(self, trials: pd.DataFrame) -> None:
        data = kv.read_recognition(trials.assign(a=1, b=2), scale="1-6", old_from=6, conditions=["b"], ordered=False)
        assert table_to_read(data)[1] == ["--scale", "1-6", "--old-from", "6", "--unordered", "--condition", "b"]

    def test_what_is_unknown_is_left_out(self) -> None:
        counts = pd.DataFrame({"subject": ["a", "a"], "old": [1, 0], "count_1": [1, 3], "count_2": [4, 0]})
        data = kv.read_recognition(counts)
        table = as_source(data)
        assert not {"item", "position"} & set(table)
        assert kv.read_recognition(table, scale="1-2").fingerprint == data.fingerprint

    def test_continuous_recognition_comes_back(self) -> None:
        items = ["a", "b", "a", "c", "b", "a", "d"]
        old = [0, 0, 1, 0, 1, 1, 0]
        table = pd.DataFrame(
            {"subject": 1, "phase": "continuous", "position": range(1, 8), "item": items, "old": old, "response": old}
        )
        data = kv.read_recognition(table)
        again = kv.read_recognition(as_source(data), scale="1-2")
        assert again.fingerprint == data.fingerprint
        assert again.trials["items_before"].tolist() == data.trials["items_before"].tolist()


def test_curves_are_public(trials: pd.DataFrame, recalls: pd.DataFrame) -> None:
    ratings = kv.read_recognition(trials, scale="1-6")
    assert kv.curve(ratings, "hit_rate").sizes == {"subject": 2}
    assert "roc" in kv.known_curves(ratings)
    assert "lag_crp" in kv.known_curves(kv.read_free_recall(recalls))
