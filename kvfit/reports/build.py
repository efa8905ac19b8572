"""From a comparison to the report page."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from kvfit.comparison.compare import Comparison, compare
from kvfit.comparison.verdict import evidence_words
from kvfit.identifiability.table import identifiability
from kvfit.inference.fit import Fit
from kvfit.inference.maximum_likelihood import PointFit
from kvfit.memory_model import MemoryModel
from kvfit.recall.model import RecallModel
from kvfit.regression.effects import effects
from kvfit.regression.model import RegressionModel
from kvfit.reports import comparison_words, free_recall, recognition
from kvfit.reports.citations import METHOD_REFERENCES, model_references
from kvfit.reports.content import (
    ModelCard,
    ParameterCard,
    Provenance,
    ReportContent,
)
from kvfit.reports.items import item_table
from kvfit.reports.own_section import Section
from kvfit.reports.page import write_page
from kvfit.reports.priors import is_stated, prior_words
from kvfit.store import package_versions
from kvfit.ties import ties_of


def report(
    fits: Comparison | Sequence[Fit] | Fit,
    path: str | Path,
    *,
    title: str | None = None,
    point_fits: Sequence[PointFit] = (),
    predictive_draws: int = 200,
    seed: int = 0,
    created: str = "",
    command: str = "",
    citation: str = "",
    sections: Sequence[Section] = (),
    notes: Sequence[str] = (),
    show_progress: bool = True,
) -> Path:
    """Write one self-contained HTML page about fits and their comparison.

    Parameters
    ----------
    fits : Comparison or sequence of Fit or Fit
    path : path
        The page; parent folders are made, and the file is written whole or not at all.
    title : str, optional
    point_fits : sequence of PointFit
        For AIC, BIC and failed starts.
    predictive_draws : int
        Simulated data sets behind each posterior predictive band.
    seed : int
        Of the simulation.
    created, command : str
        Date and command line to print; empty for none.
    citation : str
        Reference of the data set.
    sections : sequence of Section
        An analysis' own, placed behind the verdict; see :mod:`kvfit.reports.own_section`.
    notes : sequence of str
        Further limits that a reader should know.
    show_progress : bool

    Returns
    -------
    pathlib.Path
    """
    if isinstance(fits, Comparison):
        comparison = fits
    else:
        comparison = compare([fits] if isinstance(fits, Fit) else list(fits), point_fits=point_fits)
    names = comparison.table["model"].tolist()
    labelled = dict(zip(names, comparison.fits, strict=True))
    data = comparison.fits[0].data
    part: Any = recognition if data.task == "recognition" else free_recall
    failed = {p.model.label: int(p.table["failed_starts"].sum()) for p in point_fits}
    single = len(names) == 1
    content = ReportContent(
        title=title or f"Memory models of {data.name}",
        verdict=" ".join([comparison.verdict(), *evidence_words(comparison)]),
        observation=comparison_words.observation(comparison),
        data=part.data_summary(data, citation),
        models=tuple(_card(name, fit) for name, fit in labelled.items()),
        curves=part.curves(labelled, data, predictive_draws, seed, show_progress),
        parameters=pd.concat([f.population().assign(model=n) for n, f in labelled.items()], ignore_index=True),
        diagnostics=pd.DataFrame([_diagnostics(n, f, failed) for n, f in labelled.items()]),
        methods=_methods(comparison, part.methods(data, [_without_formulas(f.model) for f in comparison.fits])),
        provenance=Provenance(
            versions=package_versions(),
            settings={n: asdict(f.settings) for n, f in labelled.items()},
            fingerprint=data.fingerprint,
            created=created,
            command=command,
        ),
        comparison=None if single else comparison.table,
        participants=None if single else comparison.participants,
        effects=_effects(labelled),
        identifiability=pd.concat(
            [identifiability(f).table.assign(model=n) for n, f in labelled.items()], ignore_index=True
        ),
        estimates=pd.concat([_estimates(n, f) for n, f in labelled.items()], ignore_index=True),
        items=item_table(labelled, ReportContent.interval),
        references=(*METHOD_REFERENCES, *comparison_words.references(comparison), *part.REFERENCES),
        notes=(*_notes(comparison), *part.notes(data), *notes),
        sections=tuple(sections),
    )
    return write_page(content, path)


def _card(name: str, fit: Fit) -> ModelCard:
    model, base = fit.model, _without_formulas(fit.model)
    return ModelCard(
        name=name,
        label=name if "(" in name else f"{model.title} ({name})",
        claim=model.claim,
        references=model_references(model.reference),
        options={
            **{f"{k} (fixed)": v for k, v in model.fixed.items()},
            **({"stopping": base.stopping.name} if isinstance(base, RecallModel) else {}),
            **model.options,
        },
        parameters=tuple(
            ParameterCard(
                p.name,
                p.symbol,
                p.support,
                *p.interval,
                p.reason,
                p.meaning,
                persons=p.persons_range if p.varies and fit.settings.pooling == "partial" else (),
                stated=is_stated(model, p.name),
            )
            for p in model.parameters
        ),
    )


def _without_formulas(model: MemoryModel) -> MemoryModel:
    return model.base if isinstance(model, RegressionModel) else model


def _effects(labelled: dict[str, Fit]) -> pd.DataFrame | None:
    found = [effects(f).assign(model=n) for n, f in labelled.items() if isinstance(f.model, RegressionModel)]
    return pd.concat(found, ignore_index=True) if found else None


def _diagnostics(name: str, fit: Fit, failed: dict[str, int]) -> dict[str, object]:
    d = fit.diagnostics
    row: dict[str, object] = {
        "model": name,
        "passed": d.passed and not d.undetermined,
        "verdict": d.verdict(),
        "sampler": fit.settings.sampler,
        "divergences": d.divergences,
        "rhat_max": d.rhat_max,
        "ess_bulk_min": d.ess_bulk_min,
        "ess_tail_min": d.ess_tail_min,
        "seconds": round(fit.timings.get("sampling", float("nan")), 1),
    }
    if failed:
        row["failed_starts"] = failed.get(fit.label)
    return row


def _estimates(name: str, fit: Fit) -> pd.DataFrame:
    table = fit.persons().rename_axis("participant").reset_index()
    return table.melt("participant", var_name="parameter", value_name="estimate").assign(model=name)


def _methods(comparison: Comparison, of_task: tuple[str, ...]) -> tuple[str, ...]:
    settings = comparison.fits[0].settings
    pooling = {
        "partial": "Participants' parameters were drawn from a normal population on an unconstrained scale (log odds,"
        " logarithm or identity) whose means and standard deviations were estimated too",
        "none": "Each participant was fitted alone under the parameters' priors",
        "complete": "All participants shared one set of parameters",
    }[settings.pooling]
    return (
        *of_task,
        f"{pooling}. The posterior was sampled with the No-U-Turn Sampler ({settings.sampler}, {settings.chains} chains of"
        f" {settings.draws} draws after {settings.tune} warm-up draws, target acceptance {settings.target_accept}, seed"
        f" {settings.seed}).",
        prior_words(comparison.fits),
        *comparison_words.methods(comparison),
    )


def _notes(comparison: Comparison) -> tuple[str, ...]:
    held = [
        f"{fit.label} was fitted with {name} held at {value:g}; freeing it could change its place."
        for fit in comparison.fits
        for name, value in fit.model.fixed.items()
    ]
    equal = [
        f"{fit.label} was fitted with {name} equal to {other}; a value of its own could change its place."
        for fit in comparison.fits
        for name, other in ties_of(fit.model).items()
    ]
    return (*comparison_words.notes(comparison), *held, *equal)
