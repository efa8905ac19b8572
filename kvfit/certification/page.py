"""Certificates as pages in Markdown, with their pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kvfit.certification.certificate import Certificate
from kvfit.certification.part import Part
from kvfit.certification.plan import Plan
from kvfit.certification.records import file_name
from kvfit.certification.rules import RULES
from kvfit.files import write_text
from kvfit.inference.settings import FitSettings

if TYPE_CHECKING:
    import pandas as pd

TITLES = {
    "golden": "Published numbers",
    "checks": "Soundness",
    "behaviour": "What the prior says about behaviour",
    "recovery": "Parameter recovery",
    "calibration": "Calibration of the posterior",
    "coverage": "Coverage of posterior intervals",
    "identification": "What identifies what",
    "timing": "Time",
}
_PICTURES = {
    "behaviour": "Curves of people drawn from the prior (median and central 90 %), published people over them",
    "recovery": "Estimates against true values, a panel a parameter",
    "calibration": "ECDF of the ranks minus the uniform one, with its 95 % simultaneous band",
}


def write_page(certificate: Certificate, folder: str | Path) -> Path:
    """Write a certificate's page and pictures.

    Parameters
    ----------
    certificate : Certificate
    folder : path

    Returns
    -------
    pathlib.Path
        The page, ``MODEL.md``; pictures stand beside it. Each file is written whole or not at all, the page last.
    """
    from kvfit.reports.figures.saving import save_figure

    folder, name = Path(folder), file_name(certificate.model.label)
    for part in certificate.parts:
        if part.figure is not None:
            save_figure(part.figure, folder / f"{name}_{part.name}.png")
    return write_text(folder / f"{name}.md", page(certificate))


def page(certificate: Certificate) -> str:
    """The page as Markdown."""
    model, name = certificate.model, file_name(certificate.model.label)
    design = design_sentence(certificate.plan, model.task)
    rows = [(_link(part), _strong(part.word), part.summary) for part in certificate.parts]
    which = "in this form" if model.options else "with its default options"
    lines = [
        f"# {model.title} (`{model.label}`): {certificate.word}",
        f"{model.claim} Reference: {model.reference}.",
        f"Certified {which} on {certificate.created}. [What must be passed](README.md). {design}",
        table(("part", "result", "in words"), rows),
    ]
    for part in certificate.parts:
        lines += _section(part, name)
    versions = ", ".join(f"{package} {version}" for package, version in certificate.versions.items())
    lines += ["## How to repeat it", f"```sh\nkvfit certify {_quoted(model.label)}\n```", f"Made with {versions}."]
    return "\n\n".join(lines) + "\n"


def design_sentence(plan: Plan, task: str) -> str:
    """The experiment, in a sentence or two."""
    trials = (
        f"{plan.lists} lists of {plan.list_length} items"
        if task == "free_recall"
        else f"{plan.trials} test trials (half old, all studied in one list) on the scale {plan.scale}"
    )
    sampling = FitSettings(**plan.sampling)
    return (
        f"The experiment that is simulated: {plan.participants} participants x {trials}; {plan.replicates} data sets for"
        f" recovery, {plan.simulations} for calibration (each fitted with {sampling.chains} chains of {sampling.draws} draws"
        f" after {sampling.tune} of warm-up, {sampling.pooling} pooling), true values from the prior."
    )


def table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Markdown table."""
    cells = [columns, ("---",) * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells)


def frame(data: "pd.DataFrame") -> str:
    """Markdown table of a data frame, numbers with three digits."""
    rows = [tuple(_cell(value) for value in row) for row in data.itertuples(index=False)]
    return table(tuple(str(name).replace("_", " ") for name in data.columns), rows)


def _cell(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        value = float(value)
        return "" if np.isnan(value) else f"{value:.3g}" if 1e-4 < abs(value) < 1000 else f"{value:.0f}"
    return str(value)


def _section(part: Part, name: str) -> list[str]:
    found = [f"## {TITLES[part.name]}", f"{part.summary[:1].upper()}{part.summary[1:]}."]
    if part.figure is not None:
        found.append(f"![{_PICTURES.get(part.name, TITLES[part.name])}]({name}_{part.name}.png)")
    if part.checks:
        rows = [(check.name, _strong("passed" if check.passed else "FAILED"), check.detail) for check in part.checks]
        found.append(table(("check", "result", "in words"), rows))
    for words, data in part.tables.items():
        found += [f"{words}:"] if words else []
        found.append(frame(data))
    if part.passed is False:
        found.append(f"What must be passed: {RULES[part.name]}")
    return found


def _link(part: Part) -> str:
    title = TITLES[part.name]
    return f"[{title}](#{title.lower().replace(' ', '-')})"


def _strong(word: str) -> str:
    return f"**{word}**" if word.startswith("FAILED") else word


def _quoted(label: str) -> str:
    return f"'{label}'" if "(" in label else label
