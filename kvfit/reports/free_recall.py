"""What a report on free recall says about the data, and its summary curves."""

import numpy as np

from kvfit.inference.fit import Fit
from kvfit.inference.predict import predictive_chunks
from kvfit.progress import progress
from kvfit.reports.content import Citation, Curve, CurvePanel, DataSummary
from kvfit.tasks.curves.table import KINDS
from kvfit.tasks.free_recall import FreeRecallData

CURVE_KINDS = ("serial_position", "first_recall", "lag_crp", "recall_length")
MOST_LAGS = 5
METHOD = (
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
        sentences=(data.scoring_note(),),
        counts={
            "participants": data.n_participants,
            "lists": data.n_lists,
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


def value_range(values: np.ndarray) -> str:
    """One number, or the smallest to the largest."""
    low, high = int(values.min()), int(values.max())
    return str(low) if low == high else f"{low} to {high}"


def curves(fits: dict[str, Fit], data: FreeRecallData, draws: int, seed: int, show_progress: bool) -> tuple[Curve, ...]:
    """Observed curves by participant, and for each model the participant mean in every simulated data set."""
    lengths = np.unique(data.list_length)
    members = [np.flatnonzero(data.list_length == n) for n in lengths]
    simulated: dict[tuple[str, int, str], list[np.ndarray]] = {}
    with progress(show_progress) as bar:
        for name, fit in fits.items():
            total = -(-draws // 50)
            for chunk in bar.track(predictive_chunks(fit, draws, seed), f"{name}: posterior predictive", total):
                for kind in CURVE_KINDS:
                    for g, n in enumerate(lengths):
                        values = _by_person(kind, chunk[:, members[g]], data, members[g], int(n))
                        simulated.setdefault((kind, g, name), []).append(mean_over_participants(values))
    curves = []
    for kind in CURVE_KINDS:
        panels = []
        for g, n in enumerate(lengths):
            observed = _by_person(kind, data.responses[members[g]], data, members[g], int(n))
            x, keep = _axis(kind, int(n))
            panels.append(
                CurvePanel.from_samples(
                    f"lists of {n}" if lengths.size > 1 else "",
                    x,
                    observed[:, keep],
                    {name: np.concatenate(simulated[kind, g, name])[:, keep] for name in fits},
                )
            )
        curves.append(Curve(kind, tuple(panels)))
    return tuple(curves)


def _by_person(kind: str, responses: np.ndarray, data: FreeRecallData, lists: np.ndarray, n: int) -> np.ndarray:
    """``(..., participant, point)`` for the participants who have such lists."""
    _, group = np.unique(data.participant[lists], return_inverse=True)
    values: np.ndarray = KINDS[kind].function(responses, data.list_length[lists], group, int(group.max()) + 1)
    return values


def mean_over_participants(values: np.ndarray) -> np.ndarray:
    """Mean over participants ``(draw, point)``, leaving out undefined ones."""
    defined = np.isfinite(values)
    count = defined.sum(axis=1)
    total = np.where(defined, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _axis(kind: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    if kind == "lag_crp":
        lag = np.arange(-(n - 1), n)
        keep = (np.abs(lag) <= MOST_LAGS) & (lag != 0)
        return lag[keep], keep
    if kind == "recall_length":
        return np.arange(n + 1), np.ones(n + 1, dtype=bool)
    return np.arange(1, n + 1), np.ones(n, dtype=bool)
