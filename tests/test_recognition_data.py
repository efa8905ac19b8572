"""RecognitionData: what is scored, how it is arranged, counted, selected and identified."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from recognition_tables import stack, study_table, trial_table

from kvfit.tasks.recognition import RecognitionData, build_recognition
from kvfit.tasks.recognition_reader import read_recognition


@pytest.fixture
def table() -> pd.DataFrame:
    # Participants and trials are deliberately out of order.
    return stack(
        trial_table(10, [6, 5, 1], [1, 2], frequency=["low", "high", "low", "high", "low"], rt=[5, 4, 3, 2, 1]),
        trial_table(9, [4, 6], [3, 1], frequency=["low", "high", "low", "high"], rt=9.5),
    ).iloc[::-1]


@pytest.fixture
def data(table: pd.DataFrame) -> RecognitionData:
    return read_recognition(table, scale="1-6", name="small")


def test_trials_are_sorted_and_numbered(data: RecognitionData) -> None:
    assert data.participants.tolist() == [9, 10]
    assert data.participant.tolist() == [0] * 4 + [1] * 5
    assert data.trials["position"].tolist() == [1, 2, 3, 4, 1, 2, 3, 4, 5]
    assert data.response.tolist() == [4, 6, 3, 1, 6, 5, 1, 1, 2]
    assert data.old.tolist() == [True, True, False, False, True, True, True, False, False]
    assert (data.n_trials, data.n_participants, data.n_lists, data.n_categories) == (9, 2, 2, 6)
    assert data.participant.dtype == data.response.dtype == np.int64
    assert data.trials.columns.tolist() == [
        *("subject", "list", "position", "item", "old", "response", "response_label", "rt", "frequency"),
    ]


def test_items_are_numbered_over_participants(data: RecognitionData) -> None:
    assert data.items.tolist() == ["n1", "n2", "o1", "o2", "o3"]
    assert data.items[data.item].tolist() == data.trials["item"].tolist()


def test_arrays_cannot_be_changed(data: RecognitionData) -> None:
    for array in (data.participant, data.response, data.old, data.item, data.cells().counts):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_words(data: RecognitionData) -> None:
    assert repr(data) == "RecognitionData('small': 2 participants, 9 trials, 6 response categories)"
    assert data.scoring_note() == "9 of 9 test trials are scored (5 old items, 4 new)."
    assert data.describe().splitlines()[3:] == [
        "scoring: 9 of 9 test trials are scored (5 old items, 4 new).",
        "called old: 80.0 % of old items, 0.0 % of new items",
        "condition frequency: high, low",
    ]


class TestCells:
    def test_counts_by_participant_and_status(self, data: RecognitionData) -> None:
        cells = data.cells()
        assert cells.participant.tolist() == [0, 0, 1, 1]
        assert cells.old.tolist() == [False, True, False, True]
        assert cells.counts.tolist() == [
            *([1, 0, 1, 0, 0, 0], [0, 0, 0, 1, 0, 1], [1, 1, 0, 0, 0, 0], [1, 0, 0, 0, 1, 1]),
        ]
        assert cells.n_trials.tolist() == [2, 2, 2, 3]
        assert (cells.scale, cells.old_from) == (data.scale, 4)

    def test_counts_by_condition_agree_with_pandas(self, data: RecognitionData) -> None:
        cells = data.cells(["frequency", "item"])
        by = ["subject", "old", "frequency", "item", "response"]
        expected = data.trials.groupby(by).size()
        at_cell, category = np.nonzero(cells.counts)
        found = cells.conditions.iloc[at_cell].assign(
            subject=cells.participants[cells.participant[at_cell]], old=cells.old[at_cell], response=category + 1
        )
        assert pd.MultiIndex.from_frame(found[by]).tolist() == expected.index.tolist()
        assert cells.counts[at_cell, category].tolist() == expected.tolist()
        assert (cells.conditions["item"].iloc[cells.of_trial].to_numpy() == data.trials["item"].to_numpy()).all()

    def test_missing_values_are_a_level(self, table: pd.DataFrame) -> None:
        lagged = table.assign(lag=np.where(table["old"] == 1, 3.0, np.nan)).drop(columns="position")
        cells = read_recognition(lagged, scale="1-6").cells("lag")
        assert cells.n_cells == 4
        assert cells.conditions["lag"].isna().tolist() == [True, False, True, False]

    def test_other_responses_are_counted_alike(self, data: RecognitionData) -> None:
        rng = np.random.default_rng(3)
        draws = rng.integers(1, 7, (4, 5, data.n_trials))
        cells = data.cells("frequency")
        counts = cells.count(draws)
        assert counts.shape == (4, 5, cells.n_cells, 6)
        one = data.with_responses(draws[2, 3]).cells("frequency")
        np.testing.assert_array_equal(counts[2, 3], one.counts)
        np.testing.assert_array_equal(cells.count(data.response), cells.counts)

    @pytest.mark.parametrize("by", ["loudness", "response", ["frequency", "frequency"]])
    def test_refuses(self, data: RecognitionData, by: object) -> None:
        with pytest.raises(ValueError, match="expected different columns of the trials among list, position, item"):
            data.cells(by)  # type: ignore[arg-type]


class TestFingerprint:
    def test_does_not_depend_on_order_names_or_times(self, table: pd.DataFrame, data: RecognitionData) -> None:
        mixed = table.sample(frac=1, random_state=1)[
            ["response", "frequency", "item", "old", "position", "subject", "list"]
        ]
        assert read_recognition(mixed, scale="1-6", name="other").fingerprint == data.fingerprint

    def test_does_not_depend_on_order_without_positions(self, table: pd.DataFrame) -> None:
        bare = table.drop(columns=["position", "item"])
        prints = {
            read_recognition(bare.sample(frac=1, random_state=seed), scale="1-6").fingerprint for seed in range(5)
        }
        assert len(prints) == 1

    def test_does_not_depend_on_types_or_words(self, table: pd.DataFrame, data: RecognitionData) -> None:
        typed = table.astype({"subject": str, "response": float, "position": float})
        assert read_recognition(typed, scale="1-6").fingerprint == data.fingerprint
        words = ["a", "b", "c", "d", "e", "f"]
        said = table.assign(response=[words[k - 1] for k in table["response"]])
        assert read_recognition(said, scale=words).fingerprint == data.fingerprint

    @pytest.mark.parametrize(
        "change",
        [
            {"subject": lambda t: t["subject"] + 1},
            {"list": lambda t: 2},
            {"item": lambda t: t["item"] + "x"},
            {"old": lambda t: 1 - t["old"]},
            {"response": lambda t: t["response"].replace(5, 6)},
            {"frequency": lambda t: t["frequency"].replace("high", "medium")},
            {"position": lambda t: t["position"] + 1},
        ],
        ids=lambda change: next(iter(change)),
    )
    @pytest.mark.filterwarnings("ignore:.*surer 'old' responses")
    def test_depends_on_what_is_scored(
        self, table: pd.DataFrame, data: RecognitionData, change: dict[str, object]
    ) -> None:
        assert read_recognition(table.assign(**change), scale="1-6").fingerprint != data.fingerprint

    def test_depends_on_the_scale(self, table: pd.DataFrame, data: RecognitionData) -> None:
        assert read_recognition(table, scale="1-8").fingerprint != data.fingerprint
        assert read_recognition(table, scale="1-6", old_from=5).fingerprint != data.fingerprint
        assert read_recognition(table, scale="1-6", conditions=[]).fingerprint != data.fingerprint

    def test_is_the_same_in_another_process(self, data: RecognitionData, table: pd.DataFrame, tmp_path: object) -> None:
        path = f"{tmp_path}/trials.csv"
        table.to_csv(path, index=False)
        code = (
            "import sys; from kvfit.tasks.recognition_reader import read_recognition;"
            "sys.stdout.write(read_recognition(sys.argv[1], scale='1-6').fingerprint)"
        )
        run = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
        assert run.stdout == data.fingerprint


class TestSelect:
    def test_participants(self, data: RecognitionData) -> None:
        part = data.select([10])
        assert part.participants.tolist() == [10]
        assert part.participant.tolist() == [0] * 5
        assert part.response.tolist() == [6, 5, 1, 1, 2]
        assert part.source == "data frame; selected: 1 of 2 participants (10)"

    def test_query(self, data: RecognitionData) -> None:
        part = data.select(query="frequency == 'low' and old")
        assert part.response.tolist() == [4, 6, 1]
        assert "trials where frequency == 'low' and old" in part.source

    def test_equals_reading_the_selected_rows(self, data: RecognitionData, table: pd.DataFrame) -> None:
        part = data.select(1, "frequency == 'high'")
        rows = table[(table["subject"] == 9) & (table["frequency"] == "high")]
        read = read_recognition(rows, scale="1-6")
        assert part.fingerprint == read.fingerprint
        pd.testing.assert_frame_equal(part.trials, read.trials)

    def test_study_rows_follow_their_lists(self) -> None:
        parts = [
            stack(study_table(s, ["o1", "o2"]), trial_table(s, [6, 5], [1], phase="test")) for s in ("s1", "s2", "s10")
        ]
        part = read_recognition(stack(*parts), scale="1-6").select(["s10"])
        assert part.studied is not None
        assert part.studied["subject"].tolist() == ["s10", "s10"]

    def test_nothing_asked_changes_nothing(self, data: RecognitionData) -> None:
        assert data.select() is data

    @pytest.mark.parametrize(
        ("participants", "query", "message"),
        [
            (3, None, "there are 2"),
            ([99], None, "unknown participants 99; known are 9, 10"),
            (None, "loudness > 3", "columns of the trials: subject, list"),
            (None, "response + 1", "true or false for each trial"),
            (None, "response > 6", "no trial is left"),
        ],
    )
    def test_refuses(self, data: RecognitionData, participants: object, query: str | None, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            data.select(participants, query=query)  # type: ignore[arg-type]


class TestWithResponses:
    def test_same_responses_give_the_same_data(self, data: RecognitionData) -> None:
        again = data.with_responses(data.response)
        assert again.fingerprint == data.fingerprint
        assert "rt" not in again.trials

    def test_new_responses_replace_the_old(self, data: RecognitionData) -> None:
        new = np.array([1, 2, 3, 4, 5, 6, 1, 2, 3])
        simulated = data.with_responses(new, name="simulated", source="made up")
        assert simulated.response.tolist() == new.tolist()
        assert simulated.trials["response_label"].tolist() == [str(one) for one in new]
        assert simulated.trials["item"].tolist() == data.trials["item"].tolist()
        assert (simulated.name, simulated.source) == ("simulated", "made up")

    @pytest.mark.parametrize(
        ("responses", "message"),
        [
            (np.ones(8, dtype=int), r"expected shape \(9,\)"),
            (np.ones(9), "whole numbers"),
            (np.array([0] + [1] * 8), "categories 1 to 6, found 0 to 1"),
            (np.array([7] + [1] * 8), "categories 1 to 6, found 1 to 7"),
        ],
    )
    def test_refuses(self, data: RecognitionData, responses: np.ndarray, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            data.with_responses(responses)


def test_rebuilt_from_its_tables(tmp_path: object) -> None:
    """What a store does: write the tables as text, read them, build again."""
    parts = [stack(study_table(s, ["o1", "o2"]), trial_table(s, [6, None], [1, 3], phase="test")) for s in (1, 2)]
    data = read_recognition(stack(*parts), scale="1-6", missing_responses="drop")
    tables = {"trials": data.trials, "studied": data.studied, "unanswered": data.unanswered}
    again = {}
    for name, table in tables.items():
        assert table is not None
        table.to_csv(f"{tmp_path}/{name}.csv", index=False)
        again[name] = pd.read_csv(f"{tmp_path}/{name}.csv", keep_default_na=False, na_values=[""], dtype={"item": str})
    built = build_recognition(
        again["trials"],
        data.name,
        data.source,
        data.response_scale,
        conditions=data.conditions,
        studied=again["studied"],
        unanswered=again["unanswered"],
    )
    assert built.fingerprint == data.fingerprint
    assert built.scoring_note() == data.scoring_note()
    assert built.describe() == data.describe()
    assert built.select(1).describe() == data.select(1).describe()
