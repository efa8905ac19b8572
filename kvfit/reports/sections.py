"""Tables and drawings of each section of the page, as the template takes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from kvfit.reports.columns import COMPARISON, IDENTIFIABILITY, significant
from kvfit.reports.content import Curve, CurvePanel, ModelBand, ModelCard, ReportContent
from kvfit.reports.figures.comparison import comparison_figure, drawn_error, participant_figure
from kvfit.reports.figures.curves import curve_figure, describe_curve, points_inside, shared_limits
from kvfit.reports.figures.kinds import COLUMN_LABELS, CURVES, CurveAxes
from kvfit.reports.figures.overlay import describe_strip, key_figure, strip_figure
from kvfit.reports.figures.parameters import parameter_figure
from kvfit.reports.figures.roc import roc_figure, roc_limits
from kvfit.reports.figures.style import ModelStyle
from kvfit.reports.figures.svg import inline_svg
from kvfit.reports.tables import (
    TableView,
    effect_table,
    frame_table,
    item_table,
    parameter_table,
    participant_table,
)


@dataclass(frozen=True)
class Looks:
    """Label and style of every model: the same in every table and figure."""

    labels: Mapping[str, str]
    styles: Mapping[str, ModelStyle]


def comparison_section(content: ReportContent, looks: Looks) -> dict[str, object] | None:
    """Table and figure of the comparison; None when one fit stands alone."""
    if content.comparison is None:
        return None
    frame = content.comparison.sort_values("rank")
    caption = "Models compared, best first"
    table = frame_table("comparison", caption, frame, COMPARISON, header="model", names=looks.labels)
    figure = comparison_figure(frame, looks.labels, looks.styles)
    column, of_what = drawn_error(frame)
    rows = frame[["model", "elpd_diff", column]].itertuples(index=False)
    text = "; ".join(f"{looks.labels[name]} {diff:.1f} (standard error {se:.1f})" for name, diff, se in rows)
    title = "How far each model is behind the best one"
    return {
        "table": table,
        "svg": inline_svg(
            figure, "comparison-figure", title, f"Difference in elpd, standard errors over {of_what}: {text}."
        ),
        "of_what": of_what,
    }


def participants_section(content: ReportContent, looks: Looks) -> dict[str, object] | None:
    """Table, figure and sentence about who is described better by which of the two best models."""
    if content.participants is None or content.comparison is None or len(content.comparison) < 2:
        return None
    best, rival = content.comparison.sort_values("rank")["model"].iloc[:2]
    frame = content.participants[content.participants["model"] == rival].set_index("participant")
    difference = -frame["elpd_diff"]
    n_best, n_rival = int((difference > 0).sum()), int((difference < 0).sum())
    n_clear, n_level = int((difference.abs() > 2 * frame["se"]).sum()), len(difference) - n_best - n_rival
    labels = looks.labels[best], looks.labels[rival]
    # short names: labels would not fit into the drawing
    figure = participant_figure(difference, frame["se"], best, rival, (looks.styles[best], looks.styles[rival]))
    known = bool(frame["se"].notna().any())
    text = (
        f"Of {len(difference)} participants, {n_best} are better {'described' if known else 'predicted'} by {labels[0]} and"
        f" {n_rival} by {labels[1]}" + (f"; for {n_level} both are level" if n_level else "")
    )
    # one participant as one observation has no standard error
    text += (
        f"; for {n_clear} of them the difference is larger than two of its standard errors over their own lists or trials."
        if known
        else "."
    )
    svg = inline_svg(figure, "participants-figure", f"{labels[0]} against {labels[1]}, by participant", text)
    return {
        "table": participant_table(content.participants, content.comparison, looks.labels),
        "svg": svg,
        "text": text,
        "labels": labels,
        "errors": known,
    }


def curve_section(curve: Curve, looks: Looks, place: int) -> dict[str, object]:
    """Drawings of one summary curve: one a group and model, or one a group with all models."""
    axes = CURVES[curve.kind]
    if curve.by:
        along = axes.x_label if axes.roc else COLUMN_LABELS.get(curve.by, curve.by)
        axes = replace(axes, title=f"{axes.title}, by {curve.by}", x_label=along)
    key = f"curve-{place}"
    draw = _one_model(curve, axes, looks, key) if axes.layout == "models" else _all_models(curve, axes, looks, key)
    groups = [{"name": panel.group, "drawings": draw(i, panel)} for i, panel in enumerate(curve.panels)]
    legend = None
    if axes.layout == "overlay":
        legend = inline_svg(
            key_figure(looks.labels, looks.styles), f"{key}-key", "Key", "Lines and colours of the models."
        )
    return {"axes": axes, "groups": groups, "note": curve.note, "legend": legend}


Drawings = Callable[[int, CurvePanel], list[dict[str, object]]]


def _one_model(curve: Curve, axes: CurveAxes, looks: Looks, key: str) -> Drawings:
    limits = shared_limits(curve.panels, axes)

    def draw(i: int, panel: CurvePanel) -> list[dict[str, object]]:
        drawings: list[dict[str, object]] = []
        for j, band in enumerate(panel.bands):
            label = looks.labels[band.model]
            if axes.roc:
                figure = roc_figure(panel, [band], axes, looks.styles, roc_limits(curve.panels, axes))
            else:
                figure = curve_figure(panel, band, axes, looks.styles[band.model], limits)
            title = " – ".join(part for part in (axes.title, panel.group, label) if part)
            svg = inline_svg(figure, f"{key}-{i}-{j}", title, describe_curve(panel, band, axes, label))
            note = _inside(panel, [band], axes, named=False)
            drawings.append({"model": band.model, "title": label, "svg": svg, "note": note})
        return drawings

    return draw


def _all_models(curve: Curve, axes: CurveAxes, looks: Looks, key: str) -> Drawings:
    def draw(i: int, panel: CurvePanel) -> list[dict[str, object]]:
        if axes.layout == "strips":
            figure, text = strip_figure(panel, looks.styles), describe_strip(panel, looks.labels)
        else:
            figure = roc_figure(panel, panel.bands, axes, looks.styles, roc_limits(curve.panels, axes))
            text = " ".join(describe_curve(panel, band, axes, looks.labels[band.model]) for band in panel.bands)
        svg = inline_svg(figure, f"{key}-{i}", f"{axes.title} – {panel.group}", text)
        strips = axes.layout == "strips"
        note = "" if strips else _inside(panel, panel.bands, axes, named=True)
        return [{"model": None, "title": "" if strips else panel.group, "svg": svg, "note": note}]

    return draw


def _inside(panel: CurvePanel, bands: Sequence[ModelBand], axes: CurveAxes, *, named: bool) -> str:
    """How many observed points lie in the 90 % band of each model."""
    counts = [(points_inside(panel, band), band.model) for band in bands]
    if not named:
        (inside, known), _ = counts[0]
        return f"{inside} of {known} {axes.points} in the 90 % band"
    of_models = ", ".join(f"{model} {inside}" for (inside, _), model in counts)
    return f"of {counts[0][0][1]} {axes.points} in the 90 % band: {of_models}"


def parameters_section(content: ReportContent, card: ModelCard, looks: Looks, place: int) -> dict[str, object]:
    """Table and figure of one model's parameters."""
    frame = content.parameters[content.parameters["model"] == card.name].drop(columns="model")
    caption = f"Parameters of {card.label}"
    table = parameter_table(f"parameters-{place}", caption, frame, content.interval)
    svg = None
    if len(frame):
        persons = content.estimates
        own = None if persons is None else persons[persons["model"] == card.name]
        figure = parameter_figure(frame, own, looks.styles[card.name])
        text = "; ".join(
            f"{row['parameter']} {significant(row['mean'])} ({significant(row['lower'])} to"
            f" {significant(row['upper'])}), 80 % of persons between {significant(row['person_10'])} and"
            f" {significant(row['person_90'])}"
            for row in frame.to_dict("records")
        )
        svg = inline_svg(figure, f"parameters-figure-{place}", caption, f"Population mean and interval: {text}.")
    return {"card": card, "table": table, "svg": svg, "of_items": _item_view(content, card, place)}


def _item_view(content: ReportContent, card: ModelCard, place: int) -> TableView | None:
    """Table of one model's effects of items; None without any."""
    if content.items is None:
        return None
    frame = content.items[content.items["model"] == card.name]
    caption = f"How far items differ: {card.label}"
    return item_table(f"items-{place}", caption, frame, content.interval) if len(frame) else None


def effects_section(content: ReportContent, looks: Looks) -> list[dict[str, object]]:
    """Tables of what conditions do, a model each; none where no model has formulas."""
    frame = content.effects
    found: list[dict[str, object]] = []
    for i, card in enumerate(content.models):
        own = None if frame is None else frame[frame["model"] == card.name]
        if own is not None and len(own):
            caption = f"Effects of conditions: {looks.labels[card.name]}"
            found.append({"card": card, "table": effect_table(f"effects-{i}", caption, own, content.interval)})
    return found


def identifiability_section(content: ReportContent, looks: Looks) -> list[dict[str, object]]:
    """What the data tell of each model's parameters: a table, and a sentence for every problem."""
    frame = content.identifiability
    found: list[dict[str, object]] = []
    for i, card in enumerate(content.models):
        own = None if frame is None else frame[frame["model"] == card.name]
        if own is not None and len(own):
            numbers = own.drop(columns=["model"]).dropna(axis=1, how="all")
            caption = f"What the data tell: {looks.labels[card.name]}"
            table: TableView = frame_table(
                f"identifiability-{i}",
                caption,
                numbers,
                IDENTIFIABILITY,
                header="parameter",
                hide=("problem", "determined"),
            )
            problems = list(dict.fromkeys(text for text in own["problem"] if text))
            found.append({"card": card, "table": table, "problems": problems})
    return found
