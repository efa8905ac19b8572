"""Is a report's content complete and consistent? All problems are told at once, before anything is drawn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from kvfit.reports.content import CurvePanel, ReportContent
from kvfit.reports.figures.kinds import CURVES
from kvfit.reports.own_section import section_problems

_REQUIRED = {
    "comparison": ("model", "rank", "elpd", "elpd_diff", "dse", "p", "weight"),
    "participants": ("participant", "model", "elpd_diff", "se"),
    "parameters": ("model", "parameter", "mean", "lower", "upper", "person_10", "person_90"),
    "estimates": ("model", "parameter", "participant", "estimate"),
    "items": ("model", "effect", "sd", "lower", "upper", "item_10", "item_90"),
    "diagnostics": ("model", "passed", "verdict"),
    "effects": ("model", "parameter", "kind", "effect", "mean", "lower", "upper", "probability"),
    "identifiability": ("model", "parameter", "problem"),
}
_UNIQUE = {
    "comparison": ["model"],
    "participants": ["participant", "model"],
    "parameters": ["model", "parameter"],
    "estimates": ["model", "parameter", "participant"],
    "items": ["model", "effect"],
    "diagnostics": ["model"],
    "effects": ["model", "parameter", "kind", "effect"],
    "identifiability": ["model", "parameter"],
}


def check_content(content: ReportContent) -> None:
    """Raise one error that lists everything that keeps `content` from being rendered.

    Raises
    ------
    ValueError
        With one line a problem: where, what was expected, what was found.
    """
    problems = [*_models(content), *_tables(content), *_curves(content), *section_problems(content.sections)]
    if problems:
        raise ValueError("the report's content has problems:\n" + "\n".join(f"- {line}" for line in problems))


def _models(content: ReportContent) -> Iterator[str]:
    names = [card.name for card in content.models]
    if not names:
        yield "models: expected at least one model card, found none"
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"models: the name {name!r} stands on {names.count(name)} cards; give every fit its own name"
    for name in content.provenance.settings:
        if name not in names:
            yield f"provenance.settings: model {name!r} has no card in models {names}"


def _tables(content: ReportContent) -> Iterator[str]:
    names = [card.name for card in content.models]
    for table, required in _REQUIRED.items():
        frame: pd.DataFrame | None = getattr(content, table)
        if frame is None:
            continue
        missing = [column for column in required if column not in frame.columns]
        if missing:
            yield f"{table}: columns {missing} are missing; found {list(frame.columns)}"
            continue
        for name in pd.unique(frame["model"]):
            if name not in names:
                yield f"{table}: model {name!r} has no card in models {names}"
        n_repeated = int(frame.duplicated(_UNIQUE[table]).sum())
        if n_repeated:
            yield f"{table}: {n_repeated} rows repeat the same {' and '.join(_UNIQUE[table])}"
        if table == "participants":
            yield from _participants(content, frame)


def _participants(content: ReportContent, frame: pd.DataFrame) -> Iterator[str]:
    if content.comparison is None or not {"model", "rank"} <= set(content.comparison.columns):
        yield "participants: a comparison table is needed beside it, to know the model of rank 1"
        return
    order = content.comparison.sort_values("rank")["model"].tolist()
    best = frame[frame["model"] == order[0]]
    if best.empty or bool((best["elpd_diff"] != 0).any()):
        yield f"participants: elpd_diff must be 0 for {order[0]!r}, the model of rank 1, in every row"
    cells = frame.groupby("participant", sort=False)["model"].nunique()
    for participant in cells[cells != len(order)].index[:5]:
        found = cells[participant]
        yield f"participants: {participant!r} has {found} models, the comparison has {len(order)}"


def _curves(content: ReportContent) -> Iterator[str]:
    names = [card.name for card in content.models]
    kinds = [(curve.kind, curve.by) for curve in content.curves]
    for kind, by in sorted({kind for kind in kinds if kinds.count(kind) > 1}):
        what = repr(kind) + (f" by {by!r}" if by else "")
        yield f"curves: {what} stands {kinds.count((kind, by))} times; give one curve several panels instead"
    for curve in content.curves:
        if curve.kind not in CURVES:
            yield f"curves: kind {curve.kind!r} is unknown; known are {list(CURVES)}"
        if not curve.panels:
            yield f"curves: {curve.kind!r} has no panel"
        for panel in curve.panels:
            where = f"curves: {curve.kind!r}" + (f", group {panel.group!r}" if panel.group else "")
            ties = curve.kind in CURVES and CURVES[curve.kind].roc != ""
            yield from (f"{where}: {problem}" for problem in _panel(panel, ties))
            for band in panel.bands:
                if band.model not in names:
                    yield f"{where}: model {band.model!r} has no card in models {names}"


def _panel(panel: CurvePanel, ties: bool) -> Iterator[str]:
    shape = np.shape(panel.x)
    steps = np.diff(panel.x) if len(shape) == 1 else np.empty(0)
    # an ROC climbs straight up where a criterion let no new item more through
    if len(shape) != 1 or shape[0] == 0 or not bool(np.all(steps >= 0 if ties else steps > 0)):
        yield f"x must be a rising sequence of numbers, found shape {shape}"
        return
    if panel.ticks and len(panel.ticks) != shape[0]:
        yield f"{len(panel.ticks)} ticks for {shape[0]} points"
    arrays = {"observed": panel.observed, "se": panel.se}
    if panel.se_x is not None:
        arrays["se_x"] = panel.se_x
    for band in panel.bands:
        for name in ("median", "lower50", "upper50", "lower90", "upper90"):
            arrays[f"{name} of {band.model!r}"] = getattr(band, name)
    for name, array in arrays.items():
        if np.shape(array) != shape:
            yield f"{name} has shape {np.shape(array)}, x has {shape}"
