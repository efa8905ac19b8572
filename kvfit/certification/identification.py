"""What identifies what: for each parameter how well it is found again, what tells it, and what it is mistaken for."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from kvfit.certification.part import Part
from kvfit.certification.plan import Plan
from kvfit.identifiability.before import strongest
from kvfit.memory_model import MemoryModel
from kvfit.recovery.recover import GOOD, LOST, Recovery
from kvfit.registry import get_model

#: Rank correlation of errors that is worth a clause, and share of the information.
_RELATED, _SHARE = 0.3, 0.15
_KINDS = {
    "first recall": "which item is recalled first",
    "recalls 2 to 4": "which items come second to fourth",
    "later recalls": "which items come later",
    "when recall stops": "when recall stops",
}


def information(*, model: str, definition: str, plan: Mapping[str, Any]) -> dict[str, Any]:
    """What the design's responses can tell (a job): kinds of responses, and expected contraction of the prior."""
    from kvfit.identifiability.aspects import aspects
    from kvfit.identifiability.table import identifiability

    built, sizes = get_model(model), Plan(**plan)
    design = sizes.design(built.task)
    foreseen = identifiability(built, design, pooling="none", seed=sizes.seed).table
    told = aspects(built, design, seed=sizes.seed)
    columns = ["parameter", "contraction", "determined"]
    return {"told": told.to_dict("list"), "foreseen": foreseen[columns].to_dict("list")}


def identification(recovery: Recovery, coverage: pd.DataFrame | None, found: Mapping[str, Any]) -> Part:
    """Put recovery, coverage and information together.

    Parameters
    ----------
    recovery : Recovery
    coverage : pandas.DataFrame, optional
        Of posterior intervals, see :func:`~kvfit.recovery.coverage.coverage_by_set`.
    found : mapping
        From :func:`information`.
    """
    told = pd.DataFrame(found["told"]).set_index("parameter")
    foreseen = pd.DataFrame(found["foreseen"]).set_index("parameter")
    names = [p.name for p in recovery.model.parameters]
    correlation = error_correlation(recovery.model, recovery.persons)
    partner, r = strongest(correlation.loc[names, names].to_numpy(), names)
    table = pd.DataFrame(
        {
            "parameter": names,
            "rank correlation": recovery.table["rank_correlation"].to_numpy(),
            "narrowed": foreseen.loc[names, "contraction"].to_numpy(float),
            "errors go with": partner,
            "correlation of errors": r,
            **{kind: told.loc[names, kind].to_numpy(float) for kind in told.columns},
        }
    )
    if coverage is not None:
        table.insert(2, "coverage", coverage.set_index("parameter").loc[names, "coverage"].to_numpy())
    rows: list[dict[Any, Any]] = table.to_dict("records")
    sentences = pd.DataFrame(
        {
            "parameter": names,
            "in words": [
                _sentence(row, p.meaning, bool(foreseen.loc[p.name, "determined"]), tuple(told.columns))
                for row, p in zip(rows, recovery.model.parameters, strict=True)
            ],
        }
    )
    lost = [row["parameter"] for row in rows if not row["rank correlation"] >= LOST]
    summary = (
        f"single persons' {', '.join(lost)} cannot be told from this design"
        if lost
        else "this design says something about every parameter of single persons"
    )
    return Part("identification", None, summary, tables={"": sentences, "The numbers": table})


def error_correlation(model: MemoryModel, persons: pd.DataFrame) -> pd.DataFrame:
    """Rank correlation ``(parameter, parameter)`` of persons' errors on the unconstrained scale."""
    errors = {}
    for p in model.parameters:
        own = persons[persons["parameter"] == p.name].set_index(["replicate", "subject"])
        with np.errstate(all="ignore"):
            error = p.to_unconstrained(own["estimate"]) - p.to_unconstrained(own["true"])
        errors[p.name] = pd.Series(np.where(np.isfinite(error), error, np.nan), own.index)
    return pd.DataFrame(errors).corr(method="spearman")


def _sentence(row: Mapping[Any, Any], meaning: str, determined: bool, kinds: tuple[str, ...]) -> str:
    r = row["rank correlation"]
    if not determined:
        found = "not determined: its prior decides"
    elif r >= GOOD:
        found = "found again"
    else:
        found = "found again in part" if r >= LOST else "not found again in single persons"
    text = f"{meaning}: {found} (rank correlation {r:.2f}; the prior's variance narrows by {row['narrowed']:.0%})"
    shares = sorted(((row[kind], kind) for kind in kinds if row[kind] >= _SHARE), reverse=True)
    if shares:
        shown = ", ".join(f"{_KINDS.get(kind, kind)} ({share:.0%})" for share, kind in shares)
        text += f". What tells it: {shown}"
    if abs(row["correlation of errors"]) >= _RELATED:
        how = "the same" if row["correlation of errors"] > 0 else "the opposite"
        text += (
            f". Where it is missed, `{row['errors go with']}` is missed in {how} direction"
            f" ({row['correlation of errors']:.2f})"
        )
    return text + "."
