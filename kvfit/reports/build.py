"""From a comparison to the report page."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from kvfit.comparison.compare import Comparison, compare
from kvfit.inference.fit import Fit
from kvfit.inference.maximum_likelihood import PointFit
from kvfit.inference.predict import predictive_chunks
from kvfit.progress import progress
from kvfit.recall.model import RecallModel
from kvfit.reports.citations import METHOD_REFERENCES, model_references
from kvfit.reports.content import (
    Citation,
    Curve,
    CurvePanel,
    DataSummary,
    ModelCard,
    ParameterCard,
    Provenance,
    ReportContent,
)
from kvfit.reports.page import write_page
from kvfit.store import package_versions
from kvfit.tasks.curves.table import KINDS
from kvfit.tasks.free_recall import FreeRecallData

CURVE_KINDS = ("serial_position", "first_recall", "lag_crp", "recall_length")
MOST_LAGS = 5


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
    failed = {p.model.label: int(p.table["failed_starts"].sum()) for p in point_fits}
    single = len(names) == 1
    content = ReportContent(
        title=title or f"Memory models of {data.name}",
        verdict=comparison.verdict(),
        observation=f"One observation is {comparison.unit}. The comparison asks how well each model predicts a further list"
        " of these same participants, given their other lists; it does not speak of new participants.",
        data=_data_summary(data, citation),
        models=tuple(_card(name, fit) for name, fit in labelled.items()),
        curves=_curves(labelled, data, predictive_draws, seed, show_progress),
        parameters=pd.concat([f.population().assign(model=n) for n, f in labelled.items()], ignore_index=True),
        diagnostics=pd.DataFrame([_diagnostics(n, f, failed) for n, f in labelled.items()]),
        methods=_methods(comparison),
        provenance=Provenance(
            versions=package_versions(),
            settings={n: asdict(f.settings) for n, f in labelled.items()},
            fingerprint=data.fingerprint,
            created=created,
            command=command,
        ),
        comparison=None if single else comparison.table,
        participants=None if single else comparison.participants,
        estimates=pd.concat([_estimates(n, f) for n, f in labelled.items()], ignore_index=True),
        references=METHOD_REFERENCES,
        notes=_notes(comparison),
    )
    return write_page(content, path)


def _data_summary(data: FreeRecallData, citation: str) -> DataSummary:
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
        subset=f"{data.n_participants} participants with {_range(per_person)} lists each of {_range(lengths)} items.",
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


def _range(values: np.ndarray) -> str:
    low, high = int(values.min()), int(values.max())
    return str(low) if low == high else f"{low} to {high}"


def _card(name: str, fit: Fit) -> ModelCard:
    model = fit.model
    return ModelCard(
        name=name,
        label=name if "(" in name else f"{model.title} ({name})",
        claim=model.claim,
        references=model_references(model.reference),
        options={
            **{f"{k} (fixed)": v for k, v in model.fixed.items()},
            **({"stopping": model.stopping.name} if isinstance(model, RecallModel) else {}),
            **model.options,
        },
        parameters=tuple(
            ParameterCard(p.name, p.symbol, p.support, *p.interval, p.reason, p.meaning) for p in model.parameters
        ),
    )


def _curves(
    fits: dict[str, Fit], data: FreeRecallData, draws: int, seed: int, show_progress: bool
) -> tuple[Curve, ...]:
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
                        simulated.setdefault((kind, g, name), []).append(_mean(values))
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


def _mean(values: np.ndarray) -> np.ndarray:
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


def _diagnostics(name: str, fit: Fit, failed: dict[str, int]) -> dict[str, object]:
    d = fit.diagnostics
    row: dict[str, object] = {
        "model": name,
        "passed": d.passed,
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


def _methods(comparison: Comparison) -> tuple[str, ...]:
    settings = comparison.fits[0].settings
    pooling = {
        "partial": "Participants' parameters were drawn from a normal population on an unconstrained scale (log odds,"
        " logarithm or identity) whose means and standard deviations were estimated too",
        "none": "Each participant was fitted alone under the parameters' priors",
        "complete": "All participants shared one set of parameters",
    }[settings.pooling]
    return (
        "Each model gives the probability of every item that could be recalled next, and of stopping, after each recall; the"
        " likelihood of a list is the product over its first correct recalls and the stop. Repeats and intrusions are left"
        " out. The models share the stopping rule and the choice rule named in their cards and differ in memory.",
        f"{pooling}. The posterior was sampled with the No-U-Turn Sampler ({settings.sampler}, {settings.chains} chains of"
        f" {settings.draws} draws after {settings.tune} warm-up draws, target acceptance {settings.target_accept}, seed"
        f" {settings.seed}).",
        "Predictive accuracy is the expected log pointwise predictive density (elpd) for one left-out list, estimated by"
        " Pareto-smoothed importance sampling (PSIS-LOO); weights are stacking weights. Bands are quantiles, over simulated"
        " data sets of the same design, of the mean over participants.",
    )


def _notes(comparison: Comparison) -> tuple[str, ...]:
    notes = [
        "The standard error of an elpd difference treats lists as independent; lists of one participant are not quite.",
        "A difference in favour of one model is about these models, priors and data: it does not show that the better model"
        " is true.",
    ]
    for fit in comparison.fits:
        for name, value in fit.model.fixed.items():
            notes.append(f"{fit.label} was fitted with {name} held at {value:g}; freeing it could change its place.")
    if (comparison.table["k_warnings"] > 0).any():
        notes.append(
            "For some lists the importance weights of PSIS-LOO are unreliable (see the column on Pareto k): their elpd is"
            " rough."
        )
    return tuple(notes)
