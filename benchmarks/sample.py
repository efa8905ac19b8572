"""The data and parameters that every contender is given."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

#: CMR's free parameters, in the order of every parameter table here; Dfc = 1 - Lfc and Dcf = 1 - Lcf
FREE = ("B_enc", "B_start", "B_rec", "Lfc", "Lcf", "P1", "P2", "T", "X1", "X2")
#: values of cymr's guide
GUIDE = {"B_enc": 0.7, "B_start": 0.3, "B_rec": 0.9, "Lfc": 0.15, "Lcf": 0.15, "P1": 0.2, "P2": 2.0}
GUIDE |= {"T": 0.1, "X1": 0.001, "X2": 0.25}


@dataclass(frozen=True, eq=False)
class Sample:
    """Free recalls of one list length, flat and sorted by participant.

    Attributes
    ----------
    events : DataFrame or None
        The psifr long table; None for made-up lists.
    list_length : int
    participants : (participant,) labels
    participant : (list,) int, non-decreasing
    recalled : (recall,) int64
        Study positions from 0, first correct recalls only.
    offsets : (list + 1,) int64
        List l has recalls ``offsets[l]:offsets[l + 1]``.
    """

    events: pd.DataFrame | None
    list_length: int
    participants: np.ndarray
    participant: np.ndarray
    recalled: np.ndarray
    offsets: np.ndarray

    @property
    def n_lists(self) -> int:
        """Number of lists."""
        return self.participant.size

    @property
    def n_participants(self) -> int:
        """Number of participants."""
        return self.participants.size

    def describe(self) -> str:
        """One line: participants, lists, list length, recalls."""
        return (
            f"{self.n_participants} participants, {self.n_lists} lists of {self.list_length}, "
            f"{self.recalled.size} recalls"
        )

    def only(self, participant: int) -> "Sample":
        """One participant, by position."""
        lists = np.flatnonzero(self.participant == participant)
        offsets = self.offsets[lists[0] : lists[-1] + 2]
        label = self.participants[participant]
        return Sample(
            events=None if self.events is None else self.events[self.events["subject"] == label],
            list_length=self.list_length,
            participants=self.participants[participant : participant + 1],
            participant=np.zeros(lists.size, np.int64),
            recalled=self.recalled[offsets[0] : offsets[-1]],
            offsets=offsets - offsets[0],
        )


def morton2013() -> Sample:
    """Load the mixed lists of Morton et al. (2013) as cymr ships and cleans them."""
    from cymr import cmr, fit

    events = fit.sample_data("Morton2013_mixed")
    participants = events["subject"].unique()
    of_participant = [cmr.CMR().prepare_sim(events[events["subject"] == p])[1]["input"] for p in participants]
    sequences = [list_ for lists in of_participant for list_ in lists]
    return Sample(
        events=events,
        list_length=int(events.loc[events["trial_type"] == "study", "position"].max()),
        participants=participants,
        participant=np.repeat(np.arange(participants.size), [len(lists) for lists in of_participant]),
        recalled=np.concatenate(sequences).astype(np.int64),
        offsets=np.concatenate([[0], np.cumsum([len(s) for s in sequences])]).astype(np.int64),
    )


def repeated(sample: Sample, times: int) -> Sample:
    """Every participant with each of their lists `times` times."""
    n_recalled = np.diff(sample.offsets)
    lists = np.concatenate(
        [np.tile(np.flatnonzero(sample.participant == p), times) for p in range(sample.n_participants)]
    )
    recalled = [sample.recalled[sample.offsets[i] : sample.offsets[i + 1]] for i in lists]
    offsets = np.concatenate([[0], np.cumsum(n_recalled[lists])])
    return Sample(
        None,
        sample.list_length,
        sample.participants,
        sample.participant[lists],
        np.concatenate(recalled),
        offsets.astype(np.int64),
    )


def made_up(list_length: int, n_participants: int, n_lists: int, seed: int) -> Sample:
    """Random recall orders of half of each list: list length may then vary with all else the same."""
    rng = np.random.default_rng(seed)
    total = n_participants * n_lists
    recalled = np.concatenate([rng.permutation(list_length)[: list_length // 2] for _ in range(total)])
    return Sample(
        None,
        list_length,
        np.arange(n_participants),
        np.repeat(np.arange(n_participants), n_lists),
        recalled.astype(np.int64),
        np.arange(total + 1, dtype=np.int64) * (list_length // 2),
    )


def parameters(n_participants: int, seed: int = 0) -> np.ndarray:
    """Participant-specific parameters around cymr's guide (participant, 10): 5 % spread on a log scale."""
    guide = np.array([GUIDE[name] for name in FREE])
    return guide * np.exp(0.05 * np.random.default_rng(seed).standard_normal((n_participants, guide.size)))
