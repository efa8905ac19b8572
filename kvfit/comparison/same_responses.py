"""Refuse to compare fits that scored different responses, and say what differs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from kvfit.tasks.free_recall import FreeRecallData
    from kvfit.tasks.recognition import RecognitionData


class DifferentResponsesError(ValueError):
    """Fits whose scored responses differ; the message spells the difference out."""


def check_same_responses(labelled: Sequence[tuple[str, Any]]) -> None:
    """Check that every fit scored the same responses as the first.

    Raises
    ------
    DifferentResponsesError
        With a line for each fit that differs.
    """
    first_label, first = labelled[0]
    lines = [
        f"{label} against {first_label}: {_difference(data, first)}"
        for label, data in labelled[1:]
        if data.fingerprint != first.fingerprint
    ]
    if lines:
        raise DifferentResponsesError(
            "These fits cannot be compared, because they scored different responses.\n  "
            + "\n  ".join(lines)
            + "\n  Fit all models to the same data (same participants, lists and exclusions), then compare."
        )


def _difference(data: Any, other: Any) -> str:
    if data.task != other.task:
        return f"data of {data.task} against data of {other.task}"
    content = _lists if data.task == "free_recall" else _test_lists
    mine, theirs = content(data), content(other)
    people, other_people = {k[0] for k in mine}, {k[0] for k in theirs}
    parts = []
    for only, where in ((people - other_people, "only in the former"), (other_people - people, "only in the latter")):
        if only:
            parts.append(f"{len(only)} participants {where} ({_some(only)})")
    common_people = people & other_people
    only_mine = [k for k in mine if k not in theirs and k[0] in common_people]
    only_theirs = [k for k in theirs if k not in mine and k[0] in common_people]
    for only_lists, where in ((only_mine, "only in the former"), (only_theirs, "only in the latter")):
        if only_lists:
            shown = _some({f"{p}/{label}" for p, label in only_lists})
            parts.append(f"{len(only_lists)} lists of the same participants {where} (participant/list {shown})")
    changed = [k for k in mine if k in theirs and mine[k] != theirs[k]]
    if changed:
        person, label = changed[0]
        (n, a), (m, b) = mine[changed[0]], theirs[changed[0]]
        parts.append(
            f"{len(changed)} lists with other scored responses, first participant {person}, list {label}:"
            f" {list(a)} of {n} against {list(b)} of {m}"
        )
    return "; ".join(parts)


def _lists(data: "FreeRecallData") -> dict[tuple[str, str], tuple[int, tuple[int, ...]]]:
    labels = zip(data.lists["subject"].astype(str), data.lists["list"].astype(str), strict=True)
    recalls = np.split(np.asarray(data.recalled) + 1, data.offsets[1:-1])
    return {
        key: (int(n), tuple(int(r) for r in recall))
        for key, n, recall in zip(labels, data.list_length, recalls, strict=True)
    }


def _test_lists(data: "RecognitionData") -> dict[tuple[str, str], tuple[int, tuple[int, ...]]]:
    groups = data.trials.groupby(["subject", "list"], sort=False)["response"]
    return {(str(p), str(label)): (len(r), tuple(int(v) for v in r)) for (p, label), r in groups}


def _some(labels: set[str], most: int = 5) -> str:
    shown = sorted(labels)[:most]
    return ", ".join(shown) + (", ..." if len(labels) > most else "")
