"""Tables and drawings of each section of the page, as the template takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kvfit.reports.columns import COMPARISON, significant
from kvfit.reports.content import Curve, ModelCard, ReportContent
from kvfit.reports.figures.comparison import comparison_figure, participant_figure
from kvfit.reports.figures.curves import CURVES, curve_figure, describe_curve, points_inside, shared_upper
from kvfit.reports.figures.parameters import parameter_figure
from kvfit.reports.figures.style import ModelStyle
from kvfit.reports.figures.svg import inline_svg
from kvfit.reports.tables import frame_table, parameter_table, participant_table


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
    rows = frame[["model", "elpd_diff", "dse"]].itertuples(index=False)
    text = "; ".join(f"{looks.labels[name]} {diff:.1f} (standard error {se:.1f})" for name, diff, se in rows)
    title = "How far each model is behind the best one"
    return {
        "table": table,
        "svg": inline_svg(figure, "comparison-figure", title, f"Difference in elpd: {text}."),
    }


def participants_section(content: ReportContent, looks: Looks) -> dict[str, object] | None:
    """Table, figure and sentence about who is described better by which of the two best models."""
    if content.participants is None or content.comparison is None or len(content.comparison) < 2:
        return None
    best, rival = content.comparison.sort_values("rank")["model"].iloc[:2]
    frame = content.participants[content.participants["model"] == rival].set_index("participant")
    difference = -frame["elpd_diff"]
    n_best, n_clear = int((difference > 0).sum()), int((difference.abs() > 2 * frame["se"]).sum())
    labels = looks.labels[best], looks.labels[rival]
    figure = participant_figure(difference, frame["se"], *labels, (looks.styles[best], looks.styles[rival]))
    text = (
        f"Of {len(difference)} participants, {n_best} are better described by {labels[0]} and"
        f" {len(difference) - n_best} by {labels[1]}; for {n_clear} of them the difference is larger than"
        " two of its standard errors."
    )
    svg = inline_svg(figure, "participants-figure", f"{labels[0]} against {labels[1]}, by participant", text)
    return {
        "table": participant_table(content.participants, content.comparison, looks.labels),
        "svg": svg,
        "text": text,
        "labels": labels,
    }


def curve_section(curve: Curve, looks: Looks) -> dict[str, object]:
    """One drawing a group and model of one summary curve."""
    axes = CURVES[curve.kind]
    upper = shared_upper(curve.panels, axes)
    groups = []
    for i, panel in enumerate(curve.panels):
        drawings = []
        for j, band in enumerate(panel.bands):
            label = looks.labels[band.model]
            figure = curve_figure(panel, band, axes, looks.styles[band.model], upper)
            title = " – ".join(part for part in (axes.title, panel.group, label) if part)
            key = f"{curve.kind.replace('_', '-')}-{i}-{j}"
            svg = inline_svg(figure, key, title, describe_curve(panel, band, axes, label))
            drawings.append({"model": band.model, "svg": svg, "inside": points_inside(panel, band)})
        groups.append({"name": panel.group, "drawings": drawings})
    return {"axes": axes, "groups": groups}


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
    return {"card": card, "table": table, "svg": svg}
