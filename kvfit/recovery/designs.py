"""Experiments that have not been run yet, and existing ones with other numbers of people and lists."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from kvfit.tasks.free_recall import FreeRecallData
    from kvfit.tasks.recognition import RecognitionData

#: Said of their source by designs whose responses are placeholders.
WITHOUT_RESPONSES = "a design without responses"


def free_recall_design(participants: int, lists: int, list_length: int) -> "FreeRecallData":
    """Lay out an experiment on free recall: lists to study, nothing recalled yet.

    Parameters
    ----------
    participants, lists, list_length : int
        `lists` is the number of each participant.

    Returns
    -------
    FreeRecallData
        For :func:`kvfit.simulate`, :func:`kvfit.recover` and their like.

    Raises
    ------
    ValueError
        Naming every number that is too small.
    """
    from kvfit.tasks.free_recall import build_free_recall

    _check(participants=(participants, 1), lists=(lists, 1), list_length=(list_length, 2))
    person, label, position = (index.ravel() + 1 for index in np.indices((participants, lists, list_length)))
    events = pd.DataFrame(
        {
            "subject": person,
            "list": label,
            "trial_type": "study",
            "position": position,
            "item": [f"item {i}" for i in range(1, person.size + 1)],
            "study_position": position,
            "recall_type": "",
        }
    )
    return build_free_recall(events, f"{participants} x {lists} x {list_length}", WITHOUT_RESPONSES)


def recognition_design(
    participants: int, trials: int, scale: Any = "1-6", *, list_length: int | None = None, old_from: Any = None
) -> "RecognitionData":
    """Lay out an experiment on recognition: one test of half old and half new items for each participant.

    Parameters
    ----------
    participants, trials : int
        `trials` is the number of each participant.
    scale, old_from
        Responses as for :func:`kvfit.read_recognition`; ``"no,yes"`` or ``"1-6"``.
    list_length : int, optional
        Items studied; by default as many as old items are tested.

    Returns
    -------
    RecognitionData
        Its responses are placeholders, to be simulated.

    Raises
    ------
    ValueError
        Naming every number that is too small, or the scale.
    """
    from kvfit.tasks.recognition_reader import read_recognition
    from kvfit.tasks.response_scale import scale_labels

    _check(participants=(participants, 1), trials=(trials, 2), list_length=(list_length or 1, 1))
    labels = scale_labels(scale)
    person, trial = (index.ravel() for index in np.indices((participants, trials)))
    old = trial % 2 == 0
    table = pd.DataFrame(
        {
            "subject": person + 1,
            "position": trial + 1,
            # every item is old for one half of the people and new for the other
            "item": [f"item {i}" for i in (trial + person) % trials + 1],
            "old": old.astype(int),
            # every category occurs, new items get the lower ones
            "response": np.array(labels, dtype=object)[np.where(old, len(labels) - 1 - trial % len(labels), 0)],
        }
    )
    return read_recognition(
        table,
        scale=list(labels),
        old_from=old_from,
        list_length=list_length or int(old.sum() // participants),
        name=f"{participants} x {trials}",
        description=WITHOUT_RESPONSES,
    )


def resized(data: Any, participants: int | None = None, observations: int | None = None, seed: int = 0) -> Any:
    """Give an experiment another number of people, or of lists (test trials) a person.

    Parameters
    ----------
    data : FreeRecallData or RecognitionData
    participants : int, optional
        As many as wanted: the first of the data, and all again as further people where that is too few.
    observations : int, optional
        Lists or test trials of each: drawn without replacement, and all again where a person has too few. Test trials are
        drawn so that old and new items keep their shares.
    seed : int
        Of the draw.

    Returns
    -------
    FreeRecallData or RecognitionData
        Participants are numbered from 1.
    """
    n = data.n_participants if participants is None else participants
    _check(participants=(n, 1), observations=(1 if observations is None else observations, 1))
    rng = np.random.default_rng([seed, n, observations or 0])
    chosen = []
    for person in range(n):
        own = np.flatnonzero(data.participant == person % data.n_participants)
        if observations is None:
            chosen.append(own)
        elif data.task == "free_recall":
            chosen.append(np.sort(own[_drawn(own.size, observations, rng)]))
        else:
            chosen.append(_stratified(own, data.old[own], observations, rng))
    built = _with_lists(data, chosen) if data.task == "free_recall" else _with_trials(data, chosen)
    return replace(built, source=f"{data.source}; laid out anew for {n} participants")


def _check(**numbers: tuple[int, int]) -> None:
    problems = [f"{name}: expected at least {least}, found {n}" for name, (n, least) in numbers.items() if n < least]
    if problems:
        raise ValueError("design:\n  " + "\n  ".join(problems))


def _drawn(size: int, wanted: int, rng: np.random.Generator) -> np.ndarray:
    """`wanted` of `size`, each as often as possible equally often."""
    whole, rest = divmod(wanted, size)
    return np.concatenate([np.tile(np.arange(size), whole), rng.permutation(size)[:rest]])


def _stratified(own: np.ndarray, old: np.ndarray, wanted: int, rng: np.random.Generator) -> np.ndarray:
    """`wanted` trials of one person with the same share of old items, at least one of each kind there is."""
    n_old = min(max(round(wanted * old.mean()), int(old.any())), wanted - int((~old).any()))
    parts = [(own[old], n_old), (own[~old], wanted - n_old)]
    return np.sort(np.concatenate([part[_drawn(part.size, n, rng)] for part, n in parts if part.size]))


def _with_lists(data: Any, chosen: list[np.ndarray]) -> Any:
    from kvfit.tasks.free_recall import build_free_recall

    n_events = (data.lists["list_length"] + data.lists["n_responses"]).to_numpy()
    ends = np.cumsum(n_events)
    lists = np.concatenate(chosen)
    rows = np.concatenate([np.arange(ends[i] - n_events[i], ends[i]) for i in lists])
    person = np.repeat(np.arange(1, len(chosen) + 1), [len(part) for part in chosen])
    label = np.concatenate([np.arange(1, len(part) + 1) for part in chosen])
    events = data.events.iloc[rows].reset_index(drop=True)
    events = events.assign(subject=np.repeat(person, n_events[lists]), list=np.repeat(label, n_events[lists]))
    return build_free_recall(events, data.name, data.source)


def _with_trials(data: Any, chosen: list[np.ndarray]) -> Any:
    from kvfit.tasks.recognition import build_recognition

    person = np.repeat(np.arange(1, len(chosen) + 1), [len(part) for part in chosen])
    trials = data.trials.iloc[np.concatenate(chosen)].reset_index(drop=True).assign(subject=person)
    return build_recognition(trials, data.name, data.source, data.response_scale, conditions=list(data.conditions))
