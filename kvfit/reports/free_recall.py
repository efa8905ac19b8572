"""What a report on free recall says about the data, and its summary curves."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from kvfit.inference.fit import Fit
from kvfit.memory_model import MemoryModel
from kvfit.reports.content import Citation, Curve, DataSummary
from kvfit.reports.predictive import CurveSource, MeanPanel, posterior_curves, value_range
from kvfit.tasks.curves.table import KINDS
from kvfit.tasks.free_recall import FreeRecallData

CURVE_KINDS = ("serial_position", "first_recall", "lag_crp", "recall_length")
MOST_LAGS = 5
REFERENCES: tuple[Citation, ...] = ()
_METHOD = (
    "Each model gives the probability of every item that could be recalled next, and of stopping, after each recall; the"
    " likelihood of a list is the product over its first correct recalls and the stop. Repeats and intrusions are left"
    " out. The models share the stopping rule and the choice rule named in their cards and differ in memory."
)


def data_summary(data: FreeRecallData, citation: str) -> DataSummary:
    """Participants, lists, list lengths, and what was left out."""
    lists = data.lists
    per_person = np.bincount(data.participant)
    lengths = np.unique(data.list_length)
    groups = None
    if lengths.size > 1:
        groups = (
            lists.groupby("list_length")
            .agg(participants=("subject", "nunique"), lists=("subject", "size"), mean_recalled=("n_scored", "mean"))
            .round(2)
            .reset_index()
            .rename(columns={"list_length": "list length", "mean_recalled": "mean words recalled"})
        )
    return DataSummary(
        name=data.name,
        source=data.source,
        subset=f"{data.n_participants} participants with {value_range(per_person)} lists each of {value_range(lengths)}"
        " items.",
        sentences=(data.scoring_note(), data.left_out_note()),
        counts={
            "participants": data.n_participants,
            "lists": data.n_lists,
            "lists left out": data.n_left_out,
            "list lengths": ", ".join(map(str, lengths)),
            "responses": int(lists["n_responses"].sum()),
            "scored recalls": int(data.recalled.size),
            "repeats left out": int(lists["n_repeats"].sum()),
            "intrusions left out": int(lists["n_intrusions"].sum()),
            "mean words recalled": round(float(lists["n_scored"].mean()), 2),
        },
        groups=groups,
        citation=Citation(citation) if citation else None,
    )


def methods(data: FreeRecallData, models: Sequence[MemoryModel]) -> tuple[str, ...]:
    """How the likelihood scores a list, as paragraphs."""
    return (_METHOD,)


def notes(data: FreeRecallData) -> tuple[str, ...]:
    """Limits of these pictures, beyond those of every report: none."""
    return ()


def curves(
    fits: Mapping[str, Fit], data: FreeRecallData, draws: int, seed: int, show_progress: bool
) -> tuple[Curve, ...]:
    """Observed curves by participant, and for each model the participant mean in every simulated data set."""
    lengths = [int(n) for n in np.unique(data.list_length)]
    sources = [
        CurveSource(kind, tuple(_panel(kind, data, n, len(lengths) > 1) for n in lengths)) for kind in CURVE_KINDS
    ]
    return posterior_curves(fits, sources, draws, seed, show_progress)


def _panel(kind: str, data: FreeRecallData, n: int, named: bool) -> MeanPanel:
    lists = np.flatnonzero(data.list_length == n)
    x, keep = _axis(kind, n)
    return MeanPanel(f"lists of {n}" if named else "", x, partial(_by_person, kind, data, lists, keep), data.responses)


def _by_person(
    kind: str, data: FreeRecallData, lists: np.ndarray, keep: np.ndarray, responses: np.ndarray
) -> np.ndarray:
    """``(..., participant, point)`` for the participants who have such lists."""
    _, group = np.unique(data.participant[lists], return_inverse=True)
    values: np.ndarray = KINDS[kind].function(
        responses[..., lists, :], data.list_length[lists], group, int(group.max()) + 1
    )
    return values[..., keep]


def _axis(kind: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    if kind == "lag_crp":
        lag = np.arange(-(n - 1), n)
        keep = (np.abs(lag) <= MOST_LAGS) & (lag != 0)
        return lag[keep].astype(float), keep
    if kind == "recall_length":
        return np.arange(n + 1.0), np.ones(n + 1, dtype=bool)
    return np.arange(1.0, n + 1), np.ones(n, dtype=bool)
