"""Data of any task as tables in a folder, and back."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from kvfit.tasks.free_recall import FreeRecallData
    from kvfit.tasks.recognition import RecognitionData

#: tables of each task: attribute of the data, which is also the file's name
_TABLES = {"free_recall": ("events",), "recognition": ("trials", "studied", "unanswered")}


def save_data(data: "FreeRecallData | RecognitionData", folder: Path) -> dict[str, Any]:
    """Write the tables of a data set and return what a manifest must say about them."""
    about: dict[str, Any] = {
        "task": data.task,
        "name": data.name,
        "source": data.source,
        "fingerprint": data.fingerprint,
        "participants": data.n_participants,
        f"{data.observation}s": int(data.participant.size),
    }
    for name in _TABLES[data.task]:
        table = getattr(data, name)
        if table is not None:
            table.to_csv(folder / f"{name}.csv.gz", index=False)
    if data.task == "recognition":
        about |= {"scale": asdict(data.response_scale), "conditions": list(data.conditions)}  # type: ignore[union-attr]
    return about


def open_data(folder: Path, about: dict[str, Any]) -> "FreeRecallData | RecognitionData":
    """Read the tables of a data set back.

    Raises
    ------
    ValueError
        If they hold other responses than the manifest's fingerprint says.
    """
    tables = {name: _read(folder / f"{name}.csv.gz") for name in _TABLES[about["task"]]}
    data: FreeRecallData | RecognitionData
    if about["task"] == "free_recall":
        from kvfit.tasks.free_recall import build_free_recall

        events = tables["events"]
        assert events is not None
        events[["item", "recall_type"]] = events[["item", "recall_type"]].fillna("")
        data = build_free_recall(events, about["name"], about["source"])
    else:
        from kvfit.tasks.recognition import build_recognition
        from kvfit.tasks.response_scale import ResponseScale

        trials = tables["trials"]
        assert trials is not None
        scale = ResponseScale(tuple(about["scale"]["labels"]), about["scale"]["old_from"], about["scale"]["ordered"])
        data = build_recognition(
            trials,
            about["name"],
            about["source"],
            scale,
            conditions=about["conditions"],
            studied=tables["studied"],
            unanswered=tables["unanswered"],
        )
    if data.fingerprint != about["fingerprint"]:
        raise ValueError(
            f"{folder}: the tables hold other responses than those fitted (fingerprint {data.fingerprint[:12]}, manifest"
            f" {about['fingerprint'][:12]}); a file was changed after the fit"
        )
    return data


def _read(path: Path) -> pd.DataFrame | None:
    if not path.exists():
        return None
    return pd.read_csv(path, keep_default_na=False, na_values=[""], dtype={"item": str})
