"""What analyses of claims share, whatever the task: fits, comparisons, simulations, page.

Not a script of its own. Everything that takes long is kept in the store: fits, marginal likelihoods of persons, and the
fits to simulated data; the scripts share them.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

import kvfit as kv
from kvfit.comparison.claims import Discernment, discernment
from kvfit.comparison.contrasts import Contrast, contrast, elpd_by_person
from kvfit.comparison.families import FamilyClaim, FamilyDecision, Pair, Side, best_forms, decide_families
from kvfit.data.metadata import known_datasets
from kvfit.files import write_text
from kvfit.reports.claim_sections import claims_section, confusion_section, model_use_section, new_people_section
from kvfit.reports.own_section import Section

NEW_PEOPLE = "a new person"
#: Largest r-hat that twice the draws can be hoped to mend.
MENDABLE = 1.02
#: By what a study without posterior fits goes.
BY_AIC = "the same responses by AIC"
Data = kv.FreeRecallData | kv.RecognitionData


@dataclass(frozen=True)
class Study:
    """A question: models, and what is claimed of them.

    Parameters
    ----------
    name : str
        Of the files.
    title : str
    claims : tuple of FamilyClaim
        About canonical names of models, see :func:`label`.
    script : str
        Name of the script; default that of the files.
    pairwise : bool
        Simulate the best forms of each claim, and not every model against every other.
    """

    name: str
    title: str
    claims: tuple[FamilyClaim, ...]
    script: str = ""
    pairwise: bool = False

    @property
    def models(self) -> tuple[str, ...]:
        """All models of the claims, each once."""
        return tuple(dict.fromkeys(model for claim in self.claims for model in claim.models))

    @property
    def pairs(self) -> list[Pair]:
        """Every pair of forms of each claim, each once."""
        return list(dict.fromkeys(pair for claim in self.claims for pair in claim.pairs))


@dataclass(frozen=True, eq=False)
class Found:
    """What a study found."""

    decisions: tuple[FamilyDecision, ...]
    further: kv.Comparison
    people: kv.Comparison | None = None
    confusion: kv.Confusion | None = None
    evidence: kv.Evidence | None = None
    sections: tuple[Section, ...] = ()
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, eq=False)
class ByAic:
    """What maximum likelihood and AIC say of a study's claims."""

    decisions: tuple[FamilyDecision, ...]
    contrasts: Mapping[Pair, Contrast]
    known: Mapping[Pair, Discernment]


def label(spec: str) -> str:
    """Canonical name of a model."""
    return kv.get_model(spec).label


def forms(name: str, *published: str, **common: object) -> tuple[str, ...]:
    """Canonical names of a family's forms, with options that all of them share, such as the rule of stopping."""
    return tuple(label(kv.get_model(name, form=form, **common).label) for form in published)


def between(statement: str, denial: str, first: str | Side, second: str | Side, caveat: str = "") -> FamilyClaim:
    """A claim about two sides, or about single models."""
    sides = (side if isinstance(side, Side) else Side(label(side), (label(side),)) for side in (first, second))
    return FamilyClaim(statement, denial, *sides, caveat)


def parser(description: str | None) -> argparse.ArgumentParser:
    """Options of these scripts; the defaults are everything."""
    found = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--participants", type=int, default=None, help="the first so many; default all")
    found.add_argument("--store", type=Path, default=Path("fits"))
    found.add_argument("--output", type=Path, default=Path("reports"))
    for option, default, words in (
        ("draws", 1000, "a chain; fits that just miss the sampler's checks get twice as many"),
        ("tune", 700, "warm-up draws a chain"),
        ("chains", 2, ""),
        ("cores", 2, "chains at once"),
        ("seed", 0, ""),
        ("person-draws", 200, "draws for which persons are integrated out; 0 leaves the level of people out"),
        ("replicates", 4, "simulated experiments from each model; 0 leaves simulations out"),
        ("workers", 1, "processes that fit simulated data"),
        ("predictive-draws", 200, "simulated data sets behind each band"),
    ):
        found.add_argument(f"--{option}", type=int, default=default, help=f"{words} (default {default})".strip())
    found.add_argument("--evidence", choices=("importance", "laplace", "none"), default="importance")
    found.add_argument(
        "--aic-only", action="store_true", help="no posterior fits: only what AIC says, in minutes; no page is written"
    )
    found.add_argument("--quiet", action="store_true", help="no progress bars")
    return found


def introduce(data: Data) -> None:
    """Say what the data are, what of them is scored, and what one observation is."""
    print(f"{data!r}\n{data.scoring_note()}\nOne observation: {data.observation_words}.\n", flush=True)


def fit_all(
    models: Sequence[str], data: Data, arguments: argparse.Namespace, similarity: np.ndarray | None = None
) -> dict[str, kv.Fit]:
    """Fit every model, or find its fit in the store; by canonical name.

    A fit that just misses the sampler's checks is made once more with twice the draws.
    """
    found = {}
    for spec in models:
        model = kv.get_model(spec)
        settings = {key: getattr(arguments, key) for key in ("draws", "tune", "chains", "cores", "seed")}
        settings |= {"store": arguments.store, "similarity": similarity if model.semantic else None}
        for draws in (1, 2):
            fit = kv.fit(
                spec, data, show_progress=not arguments.quiet, **(settings | {"draws": draws * arguments.draws})
            )
            print(f"{fit.label}, {draws * arguments.draws} draws a chain: {fit.diagnostics.verdict()}", flush=True)
            if fit.diagnostics.passed or fit.diagnostics.rhat_max > MENDABLE:
                break
        found[fit.label] = fit
    return found


def answer(
    study: Study, data: Data, arguments: argparse.Namespace, similarity: np.ndarray | None = None
) -> tuple[Found, dict[str, kv.Fit]]:
    """Fit, compare on both levels, simulate, and decide every claim."""
    shown = not arguments.quiet
    fits = fit_all(study.models, data, arguments, similarity)
    points = point_fits(study, data, arguments, similarity)
    further = kv.compare(list(fits.values()), point_fits=list(points.values()), show_progress=shown)
    print(f"\n{further}\n", flush=True)
    people = None
    if arguments.person_draws:
        people = kv.compare(
            list(fits.values()), unit="participant", draws=arguments.person_draws, store=arguments.store,
            show_progress=shown,
        )  # fmt: skip
        print(f"{people}\n", flush=True)
    scores = {
        level: elpd_by_person(comparison.participants)
        for level, comparison in ((f"a further {data.observation} of these people", further), (NEW_PEOPLE, people))
        if comparison is not None
    }
    confusion, known = simulated(study, data, arguments, similarity, scores)
    evidence = None
    if arguments.evidence != "none":
        evidence = kv.evidence(
            list(fits), data, method=arguments.evidence, seed=arguments.seed, similarity=similarity, show_progress=shown
        )
        print(f"{evidence}\n", flush=True)
    contrasts = {level: {pair: contrast(table, *pair) for pair in study.pairs} for level, table in scores.items()}
    observed = {pair: contrast(aic_by_person(points), *pair).total for pair in study.pairs}
    failed = tuple(name for name, fit in fits.items() if not fit.diagnostics.passed)
    decisions = decided(study.claims, scores, known, observed, failed)
    sections = [claims_section(decisions, contrasts, known, observed)]
    sections += [new_people_section(people)] if people is not None else []
    sections += [model_use_section(evidence)] if evidence is not None else []
    sections += [confusion_section(confusion)] if confusion is not None else []
    notes = tuple(f"Maximum likelihood, {name}: {point.verdict()}" for name, point in points.items())
    return Found(decisions, further, people, confusion, evidence, tuple(sections), notes), fits


def answer_by_aic(
    study: Study, data: Data, arguments: argparse.Namespace, similarity: np.ndarray | None = None
) -> ByAic:
    """Decide every claim by maximum likelihood and AIC alone, and write the sentences."""
    points = point_fits(study, data, arguments, similarity)
    values = aic_by_person(points)
    for name, point in points.items():
        print(f"{name}: AIC {point.totals()['aic']:.1f}; {point.verdict()}")
    _, known = simulated(study, data, arguments, similarity, {BY_AIC: values})
    found = {pair: contrast(values, *pair) for pair in study.pairs}
    decisions = decided(study.claims, {BY_AIC: values}, known, {pair: found[pair].total for pair in found}, ())
    path = write_text(arguments.output / f"{study.name}_aic.txt", "\n\n".join(map(str, decisions)) + "\n")
    print(f"Sentences: {path.resolve()}")
    return ByAic(decisions, found, known)


def point_fits(
    study: Study, data: Data, arguments: argparse.Namespace, similarity: np.ndarray | None
) -> dict[str, kv.PointFit]:
    """Maximum-likelihood fits by canonical name, searched as those of simulated data are."""
    return {
        label(spec): kv.point_fit(
            spec, data, starts=6, seed=arguments.seed, similarity=similarity if kv.get_model(spec).semantic else None,
            show_progress=not arguments.quiet,
        )
        for spec in study.models
    }  # fmt: skip


def aic_by_person(points: Mapping[str, kv.PointFit]) -> pd.DataFrame:
    """Minus half of AIC ``(participant, model)``."""
    return pd.DataFrame({name: -0.5 * point.table.set_index("subject")["aic"] for name, point in points.items()})


def simulated(
    study: Study,
    data: Data,
    arguments: argparse.Namespace,
    similarity: np.ndarray | None,
    scores: Mapping[str, pd.DataFrame],
) -> tuple[kv.Confusion | None, dict[Pair, Discernment]]:
    """Which model would be chosen in experiments like this one, and what that means for each claim.

    `scores` by level say which forms are best; with ``pairwise`` those alone are simulated.
    """
    if not arguments.replicates:
        return None, {}
    best = dict.fromkeys(best_forms(claim, table) for claim in study.claims for table in scores.values())
    together = {study.models: study.pairs}
    known: dict[Pair, Discernment] = {}
    for models, pairs in ({pair: [pair] for pair in best} if study.pairwise else together).items():
        confusion = kv.confuse(
            models, data, truth="fit", replicates=arguments.replicates, seed=arguments.seed, store=arguments.store,
            similarity=similarity, workers=arguments.workers, show_progress=not arguments.quiet,
        )  # fmt: skip
        known |= {pair: discernment(confusion.scores, confusion.criterion, *pair) for pair in pairs}
    if study.pairwise:
        return None, known
    print(f"{confusion}\n", flush=True)
    return confusion, known


def decided(
    claims: Sequence[FamilyClaim],
    scores: Mapping[str, pd.DataFrame],
    known: Mapping[Pair, Discernment],
    observed: Mapping[Pair, float],
    failed: tuple[str, ...],
) -> tuple[FamilyDecision, ...]:
    """Decide every claim, and print what was found."""
    found = []
    for claim in claims:
        found.append(decide_families(claim, scores, known, failed, observed))
        print(f"- {found[-1]}\n", flush=True)
    return tuple(found)


def write(study: Study, found: Found, arguments: argparse.Namespace, sections: Sequence[Section] = ()) -> Path:
    """Write the page, the sentences and the tables."""
    folder = arguments.output
    text = "\n\n".join(str(decision) for decision in found.decisions)
    write_text(folder / f"{study.name}.txt", text + "\n")
    for level, comparison in (("further", found.further), ("people", found.people)):
        if comparison is not None:
            write_text(folder / f"{study.name}_{level}.csv", comparison.table.to_csv(index=False))
    if found.confusion is not None:
        found.confusion.write(folder / f"{study.name}_confusion")
    known = known_datasets().get(found.further.fits[0].data.name)
    page = kv.report(
        found.further, folder / f"{study.name}.html", title=study.title, created=date.today().isoformat(),
        command=f"python analyses/{study.script or study.name}.py", citation=known.citation if known else "",
        sections=(found.sections[0], *sections, *found.sections[1:]), notes=found.notes,
        predictive_draws=arguments.predictive_draws, show_progress=not arguments.quiet,
    )  # fmt: skip
    print(f"Report: {page.resolve()}")
    return page
