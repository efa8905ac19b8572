"""Certify models: do every part, write page, picture and record."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from kvfit.certification.certificate import Certificate
from kvfit.certification.definition import describe, key
from kvfit.certification.index import write_index
from kvfit.certification.page import write_page
from kvfit.certification.parts import PARTS, QUICK, Work, in_folder, run_part
from kvfit.certification.plan import Plan
from kvfit.certification.records import write_record
from kvfit.memory_model import MemoryModel
from kvfit.recovery.study import Where
from kvfit.registry import ModelError, ModelFamily, families, get_model
from kvfit.store import package_versions


def certify(
    models: Sequence[str | MemoryModel],
    *,
    output: str | Path = "certificates",
    records: str | Path | None = None,
    plan: Plan | None = None,
    store: str | Path = "fits",
    workers: int = 1,
    dask: str | None = None,
    show_progress: bool = True,
    say: Callable[[str], None] | None = None,
) -> list[Certificate]:
    """Check everything about models that can be checked without data, and write it down.

    Parameters
    ----------
    models : sequence of str or MemoryModel
        Known by their names (files in ``models/``, or entry points of the group ``kvfit.models``).
    output : path
        Folder of the pages (``MODEL.md``), pictures, and the list of all (``README.md``).
    records : path, optional
        Folder of the records by which ``kvfit models`` knows certified models; by default that of the pages.
    plan : Plan, optional
        Sizes; smaller ones than the default cannot pass.
    store : path
        Folder of fits: what was stopped goes on with what is missing. Results belong to one definition of a model; one
        that was changed begins anew.
    workers, dask
        As for :func:`kvfit.recover`.
    show_progress : bool
    say : callable, optional
        Called with a line or more for each model.

    Returns
    -------
    list of Certificate
        A model that breaks has a certificate that says so.

    Raises
    ------
    ModelError, ValueError
        Listing every model that is unknown, or cannot be certified, before anything is computed.
    """
    plan, tell = plan or Plan(), say or (lambda text: None)
    where = Where(store, workers, dask, show_progress)
    works = [(describe(known, model), model) for known, model in _known(models)]
    each = [(made, Work(model, key(made), plan, in_folder(where, model, key(made)))) for made, model in works]
    if len(each) > 1:
        # what is quick first, so that a broken model is seen early; the results are found again below
        for _, work in each:
            for name in QUICK:
                part = run_part(name, work)
                if part.passed is False:
                    tell(f"{work.model.label}: {name} FAILED: {part.summary}")
    found = []
    for number, (definition, work) in enumerate(each, start=1):
        tell(f"{number} of {len(each)}: {work.model.label}")
        parts = tuple(run_part(name, work) for name in PARTS)
        certificate = Certificate(work.model, definition, plan, parts, date.today().isoformat(), package_versions())
        write_page(certificate, output)
        write_record(certificate, records or output)
        write_index(output, records or output)
        tell(str(certificate))
        found.append(certificate)
    return found


def _known(models: Sequence[str | MemoryModel]) -> list[tuple[ModelFamily, MemoryModel]]:
    """Families and models, all checked before anything is computed."""
    found, problems, known = [], [], families()
    for spec in models:
        try:
            model = get_model(spec)
        except ModelError as error:
            problems.append(str(error))
            continue
        if model.name not in known:
            problems.append(f"model {model.label}: kvfit does not find it by its name; register it first")
        elif model.semantic:
            problems.append(f"model {model.label}: needs similarities of items, which certification has not")
        else:
            found.append((known[model.name], model))
    labels = [model.label for _, model in found]
    problems += [f"model {label}: given twice" for label in dict.fromkeys(labels) if labels.count(label) > 1]
    if problems:
        raise ValueError("certify:\n" + "\n".join(problems))
    return found
