"""What a report on recognition says about the data, and its summary curves."""

import numpy as np

from kvfit.inference.fit import Fit
from kvfit.inference.predict import predictive_chunks
from kvfit.progress import progress
from kvfit.reports.content import Citation, Curve, CurvePanel, DataSummary
from kvfit.reports.free_recall import mean_over_participants, value_range
from kvfit.tasks.recognition import RecognitionData

METHOD = (
    "Each model gives the probability of every response category for studied and for new items; the likelihood of a trial is"
    " the probability of its response. Trials of one participant and condition share these probabilities, so the likelihood"
    " is evaluated on their counts. The models share the response criteria named in their cards and differ in memory."
)


def data_summary(data: RecognitionData, citation: str) -> DataSummary:
    """Participants, trials, scale and what was left out."""
    per_person = np.bincount(data.participant)
    return DataSummary(
        name=data.name,
        source=data.source,
        subset=f"{data.n_participants} participants with {value_range(per_person)} test trials each.",
        sentences=(data.scoring_note(),),
        counts={
            "participants": data.n_participants,
            "trials": data.n_trials,
            "studied items tested": int(data.old.sum()),
            "new items tested": int((~data.old).sum()),
            "response categories": data.n_categories,
            "scale, surest new to surest old": ", ".join(data.scale),
        },
        citation=Citation(citation) if citation else None,
    )


def curves(
    fits: dict[str, Fit], data: RecognitionData, draws: int, seed: int, show_progress: bool
) -> tuple[Curve, ...]:
    """Proportion of responses in each category, for studied and new items."""
    cells = data.cells()
    old = np.asarray(cells.old)
    members = {"studied items": np.flatnonzero(old), "new items": np.flatnonzero(~old)}
    simulated: dict[tuple[str, str], list[np.ndarray]] = {}
    with progress(show_progress) as bar:
        for name, fit in fits.items():
            total = -(-draws // 50)
            for chunk in bar.track(predictive_chunks(fit, draws, seed), f"{name}: posterior predictive", total):
                counts = cells.count(chunk)
                for label, at in members.items():
                    simulated.setdefault((label, name), []).append(mean_over_participants(_shares(counts[:, at])))
    x = np.arange(1, data.n_categories + 1)
    panels = tuple(
        CurvePanel.from_samples(
            label,
            x,
            _shares(np.asarray(cells.counts)[at]),
            {name: np.concatenate(simulated[label, name]) for name in fits},
        )
        for label, at in members.items()
    )
    return (Curve("confidence", panels),)


def _shares(counts: np.ndarray) -> np.ndarray:
    """Proportions over the last axis."""
    total = counts.sum(axis=-1, keepdims=True)
    return np.where(total > 0, counts / np.maximum(total, 1), np.nan)
