"""Recognition data in words: size, scale, scoring, conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kvfit.tasks.labels import as_text, order_labels

if TYPE_CHECKING:
    from kvfit.tasks.recognition import RecognitionData

_MOST_LEVELS = 10


def scoring_note(data: RecognitionData) -> str:
    """Say in one sentence how many trials a likelihood scores, and what it leaves out and why."""
    n_old, n_left = int(data.old.sum()), 0 if data.unanswered is None else len(data.unanswered)
    note = f"{data.n_trials:,} of {data.n_trials + n_left:,} test trials are scored ({n_old:,} old items,"
    note += f" {data.n_trials - n_old:,} new)"
    if n_left:
        note += f"; left out: {n_left:,} trial{'s' * (n_left > 1)} without a response"
    return note + "."


def describe(data: RecognitionData) -> str:
    """Describe size, scale, scoring and conditions in plain text, a line each."""
    hits, false_alarms = ((data.response >= data.old_from)[of] for of in (data.old, ~data.old))
    lines = [
        f"{data.name}: {data.n_participants:,} participants, {data.n_lists:,} lists",
        f"source: {data.source}",
        f"scale: {data.response_scale.describe()}",
        f"scoring: {scoring_note(data)}",
        f"called old: {_percent(hits)} of old items, {_percent(false_alarms)} of new items",
    ]
    if data.studied is not None:
        lines.append(f"study phase: {len(data.studied):,} presentations")
    lines += [f"condition {name}: {_levels(data.trials[name])}" for name in data.conditions]
    return "\n".join(lines)


def _percent(called_old: np.ndarray) -> str:
    return f"{100 * called_old.mean():.1f} %" if len(called_old) else "none"


def _levels(values: pd.Series) -> str:
    """Name a condition's values, or its range if there are many."""
    known = values.dropna()
    if pd.api.types.is_numeric_dtype(known) and not pd.api.types.is_bool_dtype(known):
        levels = [f"{level:g}" for level in np.unique(known)]
        text = f"{known.min():g} to {known.max():g} ({len(levels)} values)"
    else:
        levels = [str(level) for level in order_labels(as_text(known, words=True)[0])[1]]
        text = ", ".join(levels[:_MOST_LEVELS]) + f", ... ({len(levels)} values)"
    if len(levels) <= _MOST_LEVELS:
        text = ", ".join(levels)
    missing = len(values) - len(known)
    return text + (f"; missing in {missing:,} trials" if missing else "")
