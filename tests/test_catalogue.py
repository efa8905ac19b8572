"""Data sets by name: found, described, and as their metadata say."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from recall_tables import list_table, stack

import kvfit.data.metadata
from kvfit.data import describe_dataset, list_datasets, load
from kvfit.data.metadata import DatasetError, known_datasets
from kvfit.tasks.free_recall import FreeRecallData
from kvfit.tasks.problems import DataError
from kvfit.tasks.recognition import RecognitionData

OWN = Path(kvfit.data.metadata.__file__).parent
NAMES = sorted(path.parent.name for path in OWN.glob("*/metadata.json"))
REQUIRED = (
    "name",
    "title",
    "task",
    "citation",
    "licence",
    "provider",
    "source",
    "obtain",
    "columns",
    "cautions",
)


def metadata(name: str) -> dict[str, Any]:
    return json.loads((OWN / name / "metadata.json").read_text(encoding="utf-8"))


FREE_RECALL = [name for name in NAMES if metadata(name)["task"] == "free_recall"]
RECOGNITION = [name for name in NAMES if metadata(name)["task"] == "recognition"]


PSIFR = ("morton2013_psifr", "peers_notask")
SHIPPED = ("schwartz2005_ratings", "simulated_recognition")


def load_recalls(name: str, **options: Any) -> FreeRecallData:
    data = load(name, **options)
    assert isinstance(data, FreeRecallData)
    return data


def recognition_numbers(data: RecognitionData) -> dict[str, Any]:
    called_old = data.response >= data.old_from
    return {
        "participants": data.n_participants,
        "lists": data.n_lists,
        "scored": data.n_trials,
        "old": int(data.old.sum()),
        "unanswered": 0 if data.unanswered is None else len(data.unanswered),
        "hit_rate": round(float(called_old[data.old].mean()), 3),
        "false_alarm_rate": round(float(called_old[~data.old].mean()), 3),
    }


def assert_recognition_as_described(name: str) -> None:
    """Recompute every number that metadata and README state."""
    entry = metadata(name)
    data = load(name)
    assert isinstance(data, RecognitionData)
    for check in entry["checks"]:
        found = recognition_numbers(data.select(query=check["query"]))
        assert found == {key: check[key] for key in found}
    left_out = 0 if data.unanswered is None else len(data.unanswered)
    assert (data.n_participants, data.n_trials + left_out) == (entry["participants"], entry["trials"])
    assert list(data.conditions) == entry["conditions"]
    assert all(check["query"] for check in entry["checks"][1:])


def assert_as_described(name: str) -> None:
    """Recompute every number that metadata and README state."""
    entry = metadata(name)
    loaded: dict[str, Any] = {}
    for check in entry["checks"]:
        reading = check.get("reading", {})
        key = json.dumps(reading)
        if key not in loaded:
            loaded[key] = load_recalls(name, **reading)
        data = loaded[key].select(query=check["query"])
        sums = data.lists[["n_responses", "n_scored", "n_repeats", "n_intrusions", "list_length"]].sum()
        found = {
            "participants": data.n_participants,
            "lists": data.n_lists,
            "responses": sums["n_responses"],
            "scored": sums["n_scored"],
            "repeats": sums["n_repeats"],
            "intrusions": sums["n_intrusions"],
            "proportion_recalled": round(sums["n_scored"] / sums["list_length"], 3),
        }
        assert found == {key: check[key] for key in found}
    path = known_datasets()[name].find()
    assert path is not None
    raw = pd.read_csv(path, low_memory=False)
    assert len(raw) == entry["rows"]
    assert set(raw.columns) == set(entry["columns"])
    assert raw["subject"].nunique() == entry["participants"]
    assert len(raw[["subject", "list"]].drop_duplicates()) == entry["lists"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KVFIT_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KVFIT_DATA", raising=False)


def small_table() -> pd.DataFrame:
    return stack(*(list_table(subject, 1, 4, [1, 2], task="none") for subject in (1, 2, 3)))


class TestMetadata:
    @pytest.mark.parametrize("name", NAMES)
    def test_is_complete_and_agrees_with_the_readme(self, name: str) -> None:
        entry = metadata(name)
        assert [key for key in REQUIRED if not entry.get(key)] == []
        assert entry["name"] == name
        readme = (OWN / name / "README.md").read_text(encoding="utf-8")
        for said in ("citation", "title"):
            assert entry[said] in readme
        for section in ("## Citation", "## Columns", "## How to obtain", "## Source", "## Licence"):
            assert section in readme
        for column in entry["columns"]:
            assert f"| `{column}` |" in readme
        plain = readme.replace("`", "")
        for said in ("licence", "obtain"):
            assert entry[said].replace("`", "") in plain
        for number in (entry.get(key) for key in ("participants", "lists", "trials", "rows")):
            assert number is None or f"{number:,} " in readme
        free_recall = name in FREE_RECALL
        counts = ("lists", "responses", "scored", "repeats", "intrusions")
        counts = counts if free_recall else ("lists", "scored", "old", "unanswered")
        for check in entry.get("checks", ()):
            cells = [f"{check[key]:,}" for key in counts]
            rates = ("proportion_recalled",) if free_recall else ("hit_rate", "false_alarm_rate")
            cells += [f"{check[rate]:.3f}" for rate in rates]
            assert f"| {' | '.join(cells)} |" in readme

    def test_every_folder_has_both_files(self) -> None:
        folders = {path.name for path in OWN.iterdir() if path.is_dir() and path.name != "__pycache__"}
        assert folders == set(NAMES)
        assert all((OWN / name / "README.md").is_file() for name in NAMES)

    def test_same_data_are_named_both_ways(self) -> None:
        for name in NAMES:
            for other in metadata(name).get("same_as", ()):
                assert name in metadata(other)["same_as"]


class TestPsifr:
    """Two data sets are installed with psifr."""

    @pytest.mark.parametrize("name", PSIFR)
    def test_is_as_described(self, no_folder: None, name: str) -> None:
        assert_as_described(name)

    def test_the_demo_sample(self, no_folder: None) -> None:
        data = load_recalls("peers_notask", participants=20)
        assert (data.n_participants, data.n_lists) == (20, 560)
        assert set(data.list_length.tolist()) == {16}
        assert data.source.endswith("installed with psifr); selected: the first 20 of 126 participants")

    def test_scoring_agrees_with_psifr(self, no_folder: None) -> None:
        from psifr import fr

        data = load_recalls("morton2013_psifr")
        merged = fr.merge_free_recall(fr.sample_data("Morton2013"))
        scored = merged[merged["recall"] & merged["study"] & (merged["repeat"] == 0)]
        per_list = scored.groupby(["subject", "list"]).size()
        ours = data.lists.set_index(["subject", "list"])["n_scored"]
        assert (per_list.reindex(ours.index, fill_value=0) == ours).all()
        # psifr repeats the row of an intrusion for each earlier list in which the item was studied.
        intrusions = merged[merged["intrusion"]].drop_duplicates(["subject", "list", "output"])
        assert data.lists["n_intrusions"].sum() == len(intrusions)
        assert data.lists["n_repeats"].sum() == (merged["recall"] & ~merged["intrusion"] & ~merged["study"]).sum()
        ordered = scored.sort_values(["subject", "list", "output"])
        np.testing.assert_array_equal(ordered["input"].to_numpy(dtype=int) - 1, data.recalled)

    def test_is_never_imported(self) -> None:
        code = (
            "import sys; from kvfit.data import load; load('peers_notask', participants=2);"
            "sys.exit('psifr' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

    def test_absent_package_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(kvfit.data.metadata.importlib.util, "find_spec", lambda name: None)
        with pytest.raises(DatasetError, match="pip install psifr"):
            load("peers_notask")
        assert not list_datasets().set_index("name").loc["peers_notask", "available"]


class TestShipped:
    """A table of counts and a simulated set are part of kvfit."""

    @pytest.mark.parametrize("name", SHIPPED)
    def test_is_as_described(self, no_folder: None, name: str) -> None:
        assert_recognition_as_described(name)
        entry = metadata(name)
        path = known_datasets()[name].find()
        assert path is not None
        raw = pd.read_csv(path)
        assert raw.columns.tolist() == list(entry["columns"])
        assert len(raw) == entry["rows"]
        assert ("Apache-2.0" if name.startswith("simulated") else "Creative Commons Attribution") in entry["licence"]
        assert load(name).source.endswith(f"({name}, part of kvfit)")


class TestFolder:
    """Every folder of KVFIT_DATA is a data set."""

    @pytest.mark.parametrize("file", ["data.csv", "data.csv.gz"])
    def test_known_name(self, folder: Path, file: str) -> None:
        (folder / "murdock1962").mkdir()
        text = small_table().to_csv(index=False).encode()
        (folder / "murdock1962" / file).write_bytes(gzip.compress(text) if file.endswith("gz") else text)
        data = load("murdock1962", participants=2)
        assert (data.name, data.n_participants) == ("murdock1962", 2)
        assert "Murdock (1962)" in data.source

    def test_own_folder_without_metadata(self, folder: Path) -> None:
        (folder / "mine").mkdir()
        small_table().to_csv(folder / "mine" / "data.csv", index=False)
        assert load("mine", query="task == 'none'").n_lists == 3
        assert list_datasets().set_index("name").loc["mine", "available"]
        assert "mine" in describe_dataset("mine")

    def test_own_folder_with_metadata(self, folder: Path) -> None:
        (folder / "mine").mkdir()
        small_table().rename(columns={"item": "word"}).to_csv(folder / "mine" / "data.csv", index=False)
        entry = {"title": "My study", "task": "free_recall", "reading": {"columns": {"item": "word"}}}
        (folder / "mine" / "metadata.json").write_text(json.dumps(entry))
        assert load("mine").source == "My study (mine, a folder of KVFIT_DATA)"

    def test_own_recognition_data(self, folder: Path) -> None:
        (folder / "mine").mkdir()
        table = pd.DataFrame({"subject": 1, "old": [1, 1, 0, 0], "sure": [5, 4, 1, 2]})
        table.to_csv(folder / "mine" / "data.csv", index=False)
        reading = {"columns": {"response": "sure"}, "scale": "1-6"}
        entry = {"title": "My test", "task": "recognition", "reading": reading}
        (folder / "mine" / "metadata.json").write_text(json.dumps(entry))
        data = load("mine", query="response > 1")
        assert isinstance(data, RecognitionData)
        assert data.response.tolist() == [2, 4, 5]
        assert data.source == "My test (mine, a folder of KVFIT_DATA); selected: trials where response > 1"

    def test_broken_metadata_hide_nothing(self, folder: Path) -> None:
        (folder / "mine").mkdir()
        small_table().to_csv(folder / "mine" / "data.csv", index=False)
        (folder / "mine" / "metadata.json").write_text("{broken")
        assert load("mine").n_lists == 3
        assert "metadata.json was not used" in describe_dataset("mine")

    def test_faulty_file_names_the_data_set(self, folder: Path) -> None:
        (folder / "mine").mkdir()
        small_table().drop(columns="item").to_csv(folder / "mine" / "data.csv", index=False)
        with pytest.raises(DataError, match="mine: 1 problem"):
            load("mine")

    def test_options_replace_the_metadata(self, folder: Path) -> None:
        (folder / "lohnas_kahana2014").mkdir()
        table = stack(small_table(), list_table(1, 2, 3, [1], task="none"))
        table.loc[table.index[-2], "item"] = "w1-2-1"  # position 3 shows the first word again
        table.to_csv(folder / "lohnas_kahana2014" / "data.csv", index=False)
        assert load("lohnas_kahana2014").n_lists == 3
        assert load("lohnas_kahana2014", repeated_items="first").n_lists == 4
        with pytest.raises(DataError, match="several positions"):
            load("lohnas_kahana2014", repeated_items="error")

    def test_known_but_absent(self, folder: Path) -> None:
        with pytest.raises(DatasetError) as raised:
            load("murdock1962")
        text = str(raised.value)
        assert "KVFIT_DATA" in text
        assert "data/MurdData.mat" in text
        assert str(folder) in text

    def test_folder_that_is_none(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("KVFIT_DATA", str(tmp_path / "nowhere"))
        with pytest.raises(DatasetError, match="which is not a folder"):
            load("murdock1962")


class TestNames:
    @pytest.mark.parametrize(
        ("asked", "meant"),
        [("peers", "peers_notask"), ("Murdock-1962", "murdock1962"), ("healy_kahana", "healey_kahana2014")],
    )
    def test_unknown_name_lists_all_closest_first(self, no_folder: None, asked: str, meant: str) -> None:
        with pytest.raises(DatasetError) as raised:
            load(asked)
        lines = str(raised.value).splitlines()
        assert f"Did you mean '{meant}'?" in lines[0]
        assert lines[2].split()[0] == meant
        listed = [line.split()[0] for line in lines[2:] if line.startswith("  ")]
        assert sorted(listed) == NAMES
        assert sum("of KVFIT_DATA; source:" in line for line in lines) == len(NAMES) - len(PSIFR) - len(SHIPPED)

    @pytest.mark.parametrize("name", ["", "../murdock1962", "nothing like it"])
    def test_no_guess_and_no_path(self, folder: Path, name: str) -> None:
        with pytest.raises(DatasetError, match="There is no data set"):
            load(name)
        with pytest.raises(DatasetError, match="There is no data set"):
            describe_dataset(name)

    @pytest.mark.parametrize("name", [name for name in NAMES if name not in FREE_RECALL + RECOGNITION])
    def test_other_tasks_are_not_supported_yet(self, folder: Path, name: str) -> None:
        with pytest.raises(DatasetError, match="not supported yet"):
            load(name)

    def test_table_of_data_sets(self, no_folder: None) -> None:
        table = list_datasets()
        assert table["name"].tolist() == NAMES
        assert table.columns.tolist() == [
            *("name", "task", "participants", "lists", "trials", "conditions", "available", "how_to_obtain"),
        ]
        available = set(table.loc[table["available"], "name"])
        assert available == {*PSIFR, *SHIPPED}
        assert table["how_to_obtain"].str.len().min() > 10

    @pytest.mark.parametrize("name", NAMES)
    def test_description_holds_what_a_user_must_know(self, no_folder: None, name: str) -> None:
        flat = " ".join(describe_dataset(name).split())
        info = known_datasets()[name]
        for said in (info.title, info.citation, info.licence, info.obtain, *info.columns, *info.cautions):
            assert " ".join(said.split()) in flat


@pytest.mark.shared
class TestSharedFiles:
    """Numbers in metadata and READMEs are recomputed from the files."""

    @pytest.mark.parametrize("name", [name for name in FREE_RECALL if name not in PSIFR])
    def test_free_recall_counts(self, shared: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        monkeypatch.setenv("KVFIT_DATA", str(shared / "data"))
        assert_as_described(name)

    @pytest.mark.parametrize("name", [name for name in RECOGNITION if name not in SHIPPED])
    def test_recognition_counts(self, shared: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        monkeypatch.setenv("KVFIT_DATA", str(shared / "data"))
        assert_recognition_as_described(name)

    @pytest.mark.parametrize("name", [name for name in NAMES if name not in (*FREE_RECALL, *SHIPPED)])
    def test_other_files_have_the_columns_and_rows(self, shared: Path, name: str) -> None:
        entry = metadata(name)
        files = entry["provider"]["files"]
        assert all((shared / "data" / name / file).is_file() for file in files)
        path = shared / "data" / name / files[0]
        if path.suffix == ".npz":
            with np.load(path) as arrays:
                assert sorted(arrays.files) == sorted(entry["columns"])
                assert len(arrays["y_train"]) + len(arrays["y_test"]) == entry["rows"]
            return
        raw = pd.read_csv(path, low_memory=False)
        assert set(raw.columns) == set(entry["columns"])
        assert len(raw) == entry["rows"]
        if "participants" in entry:
            assert raw["subject"].nunique() == entry["participants"]
        if "phase" in raw and "trials" in entry:
            assert (raw["phase"] != "study").sum() == entry["trials"]

    def test_every_shared_folder_is_described(self, shared: Path) -> None:
        folders = {path.name for path in (shared / "data").iterdir() if path.is_dir()}
        assert folders <= set(NAMES)

    def test_scoring_agrees_with_the_archives(self, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The sources scored intrusions themselves; one response differs, as its README says."""
        monkeypatch.setenv("KVFIT_DATA", str(shared / "data"))
        for name, differing in (
            ("murdock1962", 0),
            ("howard_kahana1999", 0),
            ("pazdera_kahana2023", 0),
            ("healey_kahana2014", 1),
        ):
            events = load_recalls(name).events
            recalls = events[events["trial_type"] == "recall"]
            differs = (recalls["intrusion"] > 0) != (recalls["recall_type"] == "intrusion")
            assert differs.sum() == differing, name

    def test_two_names_of_the_same_data(self, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KVFIT_DATA", str(shared / "data"))
        assert load("morton2013").fingerprint == load("morton2013_psifr").fingerprint
        peers = load_recalls("peers_notask")
        healey = load_recalls("healey_kahana2014", query="task == 'none'")
        np.testing.assert_array_equal(peers.responses, healey.responses[:, : peers.responses.shape[1]])
        np.testing.assert_array_equal(peers.items, healey.items)
