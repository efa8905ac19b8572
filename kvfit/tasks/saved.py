"""Data of any task as files, and back, label for label."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kvfit.tasks.saved_tables import table_bytes, table_from_bytes

if TYPE_CHECKING:
    from kvfit.tasks.free_recall import FreeRecallData
    from kvfit.tasks.recognition import RecognitionData

#: tables of each task: attribute of the data, which is also the file's name
_TABLES = {"free_recall": ("events",), "recognition": ("trials", "studied", "unanswered")}


def pack_data(data: "FreeRecallData | RecognitionData") -> tuple[dict[str, Any], dict[str, bytes]]:
    """Turn a data set into files.

    Returns
    -------
    about : dict
        What a manifest must say about them, of what JSON can hold.
    files : dict of str to bytes
        Contents by file name.
    """
    about: dict[str, Any] = {
        "task": data.task,
        "name": data.name,
        "source": data.source,
        "fingerprint": data.fingerprint,
        "participants": data.n_participants,
        f"{data.observation}s": int(data.participant.size),
        "tables": {},
    }
    files = {}
    if data.task == "free_recall":
        about["left_out"] = [asdict(one) for one in data.left_out]  # type: ignore[union-attr]
    for name in _TABLES[data.task]:
        table = getattr(data, name)
        if table is not None:
            files[f"{name}.csv.gz"], about["tables"][name] = table_bytes(table)
    if data.task == "recognition":
        about |= {"scale": asdict(data.response_scale), "conditions": list(data.conditions)}  # type: ignore[union-attr]
    return about, files


def unpack_data(about: Mapping[str, Any], files: Mapping[str, bytes]) -> "FreeRecallData | RecognitionData":
    """Inverse of :func:`pack_data`.

    Raises
    ------
    ValueError
        If the tables hold other responses than the fingerprint says.
    """
    tables = {name: table_from_bytes(files[f"{name}.csv.gz"], columns) for name, columns in about["tables"].items()}
    data: FreeRecallData | RecognitionData
    if about["task"] == "free_recall":
        from kvfit.tasks.free_recall import build_free_recall
        from kvfit.tasks.left_out import LeftOut

        # Absent in folders written before it was kept.
        left_out = [LeftOut(**one) for one in about.get("left_out", [])]
        data = build_free_recall(tables["events"], about["name"], about["source"], left_out=left_out)
    else:
        data = _recognition(about, tables)
    if data.fingerprint != about["fingerprint"]:
        raise ValueError(
            f"the tables hold other responses than those fitted (fingerprint {data.fingerprint[:12]}, manifest"
            f" {about['fingerprint'][:12]})"
        )
    return data


def _recognition(about: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> "RecognitionData":
    """The trials as they are: they were checked and sorted before they were written."""
    from kvfit.tasks.recognition import RecognitionData

    trials, scale = tables["trials"], about["scale"]
    codes, participants = pd.factorize(trials["subject"].to_numpy())
    return RecognitionData(
        about["name"],
        about["source"],
        trials,
        np.array(participants),
        codes.astype(np.int64),
        tuple(scale["labels"]),
        scale["old_from"],
        conditions=tuple(about["conditions"]),
        ordered=scale["ordered"],
        studied=tables.get("studied"),
        unanswered=tables.get("unanswered"),
    )
