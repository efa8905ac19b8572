"""The report as one self-contained HTML file: no network, no script, readable on a phone and on paper."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pandas as pd
from markupsafe import Markup

from kvfit.files import write_text
from kvfit.reports.checks import check_content
from kvfit.reports.columns import DIAGNOSTICS, significant
from kvfit.reports.content import Citation, ReportContent
from kvfit.reports.figures.style import model_styles
from kvfit.reports.own_section import own_section
from kvfit.reports.sections import (
    Looks,
    comparison_section,
    curve_section,
    effects_section,
    identifiability_section,
    parameters_section,
    participants_section,
)
from kvfit.reports.tables import TableView, frame_table, settings_table, write_count, write_plain

_FOLDER = Path(__file__).parent
# How the supports that kvfit.parameters knows are written; any other text is shown as it is.
_SUPPORTS = {"unit": "(0, 1)", "positive": "(0, ∞)", "real": "(−∞, ∞)"}


def render_page(content: ReportContent) -> str:
    """Render the report.

    Parameters
    ----------
    content : ReportContent

    Returns
    -------
    str
        A whole HTML document; the same content gives the same text.

    Raises
    ------
    ValueError
        If the content is incomplete or contradicts itself; all problems are listed.
    """
    check_content(content)
    names = [card.name for card in content.models]
    looks = Looks({card.name: card.label for card in content.models}, model_styles(names))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "plain": write_plain,
        "count": write_count,
        "significant": significant,
        "symbol": _symbol,
    }
    return environment.get_template("page.html.j2").render(
        content=content,
        supports=_SUPPORTS,
        css=Markup((_FOLDER / "page.css").read_text(encoding="utf-8")),  # a file of this package
        looks=looks,
        sections=[own_section(section) for section in content.sections],
        comparison=comparison_section(content, looks),
        participants=participants_section(content, looks),
        curves=[curve_section(curve, looks, i) for i, curve in enumerate(content.curves)],
        parameters=[parameters_section(content, card, looks, i) for i, card in enumerate(content.models)],
        effects=effects_section(content, looks),
        identifiability=identifiability_section(content, looks),
        diagnostics=frame_table(
            "diagnostics",
            "Did the fits converge?",
            content.diagnostics,
            DIAGNOSTICS,
            header="model",
            names=looks.labels,
            hide=("passed", "verdict"),
        ),
        verdicts=content.diagnostics[["model", "passed", "verdict"]].to_dict("records"),
        groups=_groups(content),
        settings=settings_table(content, looks.labels),
        references=_references(content),
    )


def write_page(content: ReportContent, path: str | Path) -> Path:
    """Render the report to `path`; a page that was there is replaced at once or, after an error, left alone.

    Raises
    ------
    ValueError
        See `render_page`.
    """
    # a lone surrogate from a badly decoded file must not cost the page
    page = render_page(content).encode("utf-8", "replace").decode("utf-8")
    return write_text(path, page)


def _groups(content: ReportContent) -> TableView | None:
    frame: pd.DataFrame | None = content.data.groups
    if frame is None or frame.empty:
        return None
    return frame_table("groups", "Conditions and list lengths", frame, (), header=str(frame.columns[0]))


def _references(content: ReportContent) -> list[Citation]:
    """Every reference once, in the order of a reference list."""
    found = [*content.references, *(reference for card in content.models for reference in card.references)]
    if content.data.citation is not None:
        found.append(content.data.citation)
    # the same paper may be written a little differently by a model and by a data set
    one_each = {"".join(filter(str.isalnum, citation.text.casefold()))[:80]: citation for citation in reversed(found)}
    return sorted(one_each.values(), key=lambda citation: citation.text.casefold())


def _symbol(text: str) -> Markup:
    """Set ``rho_end`` as rho with the index end."""
    base, _, index = text.partition("_")
    return Markup("{}<sub>{}</sub>").format(base, index) if base and index else Markup("{}").format(text)
