"""What a report on recognition says about the data, and its pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kvfit.inference.fit import Fit
from kvfit.recognition.model import RecognitionModel
from kvfit.reports.citations import RECOGNITION_REFERENCES
from kvfit.reports.content import Citation, Curve, DataSummary
from kvfit.reports.figures.kinds import POOLING
from kvfit.reports.predictive import posterior_curves, value_range
from kvfit.reports.recognition_curves import MOST_LEVELS, find_columns, picture_sources
from kvfit.tasks.recognition import RecognitionData

REFERENCES = RECOGNITION_REFERENCES
_LIKELIHOOD = (
    "Each model gives the probability of every response category for studied and for new items. The unit of observation is"
    " the test trial: its likelihood is the probability of its response, and trials are independent given a participant's"
    " parameters. Trials of one participant that the model cannot tell apart share these probabilities, so that the"
    " likelihood is evaluated on their counts, which changes its cost and not its value."
)


def data_summary(data: RecognitionData, citation: str) -> DataSummary:
    """Participants, trials, scale and what was left out."""
    per_person = np.bincount(data.participant)
    return DataSummary(
        name=data.name,
        source=data.source,
        subset=f"{data.n_participants} participants with {value_range(per_person)} test trials each.",
        sentences=(data.scoring_note(), f"Response scale: {data.response_scale.describe()}."),
        counts={
            "participants": data.n_participants,
            "trials": data.n_trials,
            "studied items tested": int(data.old.sum()),
            "new items tested": int((~data.old).sum()),
            "response categories": data.n_categories,
            "studied items called old": _percent(data, old=True),
            "new items called old": _percent(data, old=False),
        },
        citation=Citation(citation) if citation else None,
    )


def methods(data: RecognitionData, models: Sequence[RecognitionModel]) -> tuple[str, ...]:
    """Likelihood, scale and criteria as paragraphs."""
    n_left = 0 if data.unanswered is None else len(data.unanswered)
    left = f"{n_left:,} test trials without a response were left out" if n_left else "No test trial was left out"
    scale = (
        f"The {data.n_categories} response categories are {data.response_scale.describe()}; this order was given with the"
        f" data, or is that of answers that need none (yes/no, remember/know). {left}; {data.n_trials:,} were scored."
    )
    units: dict[str, list[str]] = {}
    for model in models:
        units.setdefault(model.decision.unit, []).append(model.label)
    criteria = " ".join(f"{', '.join(labels)}: {unit}." for unit, labels in units.items())
    of_items = [
        f"{model.label}: persons and items are crossed. Each item moves {', '.join(model.items)} on the unconstrained scale,"
        " and the comparison asks for a trial whose participant and item are both known from other trials."
        for model in models
        if model.items
    ]
    return (_LIKELIHOOD, scale, f"Evidence and criteria. {criteria}", *of_items)


def notes(data: RecognitionData) -> tuple[str, ...]:
    """Limits of these pictures."""
    found = []
    if data.ordered and data.n_categories > 2 and data.n_participants > 1:
        found.append(
            f"{POOLING} Judge a model by single participants' ROCs and by the comparison, not by the mean ROC."
        )
    _, left_out = find_columns(data)
    if left_out:
        found.append(f"Not drawn, because they have more than {MOST_LEVELS} levels: {', '.join(left_out)}.")
    return tuple(found)


def curves(
    fits: Mapping[str, Fit], data: RecognitionData, draws: int, seed: int, show_progress: bool
) -> tuple[Curve, ...]:
    """Observed pictures, and for each model the same from every simulated data set."""
    columns, _ = find_columns(data)
    sources, prepare = picture_sources(data, columns)
    return posterior_curves(fits, sources, draws, seed, show_progress, prepare)


def _percent(data: RecognitionData, *, old: bool) -> str:
    of = data.old == old
    called_old = data.response[of] >= data.old_from
    return f"{100 * called_old.mean():.1f} %" if of.any() else "none"
