"""Evidence for models, person by person, and which model people use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kvfit.comparison.group_selection import GroupSelection, group_selection
from kvfit.comparison.person_evidence import Method, person_evidence
from kvfit.items import effects_of_items
from kvfit.memory_model import MemoryModel
from kvfit.registry import get_model
from kvfit.regression.model import require_persons_alone

#: protected exceedance probability from which a model is called the most frequent one
DECISIVE = 0.95
#: Pareto k above which importance sampling is not trusted (Vehtari et al. 2024)
_WORST_K = 0.7
#: log Bayes factor that is called strong: odds of 20 (Kass & Raftery 1995)
STRONG = 3.0


@dataclass(frozen=True, eq=False)
class Evidence:
    """Evidence for several models from the same participants.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a model, most frequent first: ``model``, ``frequency`` (share of the population that uses it, posterior
        mean), ``lower``, ``upper`` (90 % interval), ``exceedance``, ``protected`` (exceedance probability, protected
        against chance), ``log_evidence`` (summed over participants: as if all used one model), ``log_bf`` (that minus the
        best one's: a log Bayes factor), ``log_bf_half``, ``log_bf_double`` (the same model minus the same best one, all
        prior scales halved or doubled), ``n_best`` (participants for whom it has most evidence).
    participants : pandas.DataFrame
        One row a participant and model, with the columns of :func:`~kvfit.comparison.person_evidence.person_evidence` and
        ``probability``: that the model is this participant's.
    selection : GroupSelection
        In the order of the models as given.
    method : {"importance", "laplace"}
    """

    table: pd.DataFrame
    participants: pd.DataFrame
    selection: GroupSelection
    method: Method

    def __str__(self) -> str:
        """Table and verdict as text."""
        shown = self.table.copy()
        for name in ("log_evidence", "log_bf", "log_bf_half", "log_bf_double"):
            shown[name] = shown[name].map("{:.1f}".format)
        for name in ("frequency", "lower", "upper", "exceedance", "protected"):
            shown[name] = shown[name].map("{:.2f}".format)
        return f"{shown.to_string(index=False)}\n\n{self.verdict()}"

    def verdict(self) -> str:
        """What the evidence says about people, how sure that is, and what it rests on."""
        best, n = self.table.iloc[0], self.participants["participant"].nunique()
        share = (
            f"{100 * best['frequency']:.0f} % (90 % interval {100 * best['lower']:.0f} to {100 * best['upper']:.0f} %)"
        )
        if best["protected"] >= DECISIVE:
            words = f"{best['model']} is the most frequent model: it is that of {share} of people"
        else:
            words = f"Which model is most frequent is not decided: {best['model']} is put at {share} of people"
        words += (
            f", protected exceedance probability {best['protected']:.2f}, from {n} participants, each alone under the"
            " parameters' own priors."
        )
        return " ".join([words, *self._warnings()])

    def _warnings(self) -> list[str]:
        said = []
        moved = prior_sensitive(self.table)
        if moved:
            said.append(
                f"The Bayes factors of {', '.join(moved)} rest on the width of the priors: with prior scales halved or"
                " doubled they point the other way or lose more than half of their logarithm. Compare predictions"
                " (kvfit compare) before believing in them."
            )
        if self.method == "importance":
            bad = self.participants[self.participants["pareto_k"] > _WORST_K]
            if len(bad):
                who = ", ".join(f"{row.participant} ({row.model})" for row in bad.head(5).itertuples())
                said.append(
                    f"Importance sampling is unreliable (Pareto k) for {len(bad)} of {len(self.participants)}: {who}."
                )
        return said


def prior_sensitive(table: pd.DataFrame) -> list[str]:
    """Models whose log Bayes factor changes sign, or loses more than half, with prior scales halved or doubled."""
    found = []
    for row in table.to_dict("records"):
        own = row["log_bf"]
        others = (row["log_bf_half"], row["log_bf_double"])
        if own != 0 and (min(other / own for other in others) < 0.5):
            found.append(str(row["model"]))
    return found


def evidence(
    models: Sequence[str | MemoryModel],
    data: Any,
    *,
    method: Method = "importance",
    starts: int = 3,
    seed: int = 0,
    similarity: np.ndarray | None = None,
    show_progress: bool = True,
) -> Evidence:
    """Evidence for models, person by person, and random-effects model selection over persons.

    Parameters
    ----------
    models : sequence of str or MemoryModel
        At least two.
    data : FreeRecallData or RecognitionData
    method : {"importance", "laplace"}
        How each person's values are integrated out: importance sampling around the person's posterior, or Laplace's
        method, which takes that posterior to be normal and is quicker.
    starts : int
        Of the search for each person's posterior mode.
    seed : int
    similarity : numpy.ndarray, optional
        For models with ``semantic=True``.
    show_progress : bool

    Returns
    -------
    Evidence

    Raises
    ------
    ValueError
        For fewer than two models, two with the same name, or models with effects of items.

    Notes
    -----
    The prior is part of each model: that of ``pooling="none"``, shown by ``kvfit models NAME``. Evidence for hierarchical
    models is ``kv.compare(fits, evidence=True)``. Stephan et al. (2009), NeuroImage 46, 1004-1017; Rigoux et al. (2014),
    NeuroImage 84, 971-985.
    """
    bound = [get_model(model).bind(data) for model in models]
    for one in bound:
        require_persons_alone(one, data)
    labels = [model.label for model in bound]
    problems = []
    if len(set(labels)) < 2 or len(set(labels)) < len(labels):
        problems.append(f"models: expected at least two, all different; found {', '.join(labels) or 'none'}")
    problems += [
        f"{model.label}: effects of items tie participants together, so that none has evidence alone; write items=none"
        for model in bound
        if effects_of_items(model)
    ]
    problems += [
        f"{model.label}: needs similarity=, an array of item similarities; see kv.read_similarity"
        for model in bound
        if model.semantic and similarity is None
    ]
    if problems:
        raise ValueError("evidence:\n  " + "\n  ".join(problems))
    options = {"method": method, "starts": starts, "seed": seed, "show_progress": show_progress}
    tables = [
        person_evidence(model, data, similarity=similarity if model.semantic else None, **options)  # type: ignore[arg-type]
        for model in bound
    ]
    by_model = np.stack([table["log_evidence"].to_numpy() for table in tables], axis=1)
    selection = group_selection(by_model)
    participants = pd.concat(
        [
            table.assign(model=label, probability=selection.responsibility[:, k])
            for k, (label, table) in enumerate(zip(labels, tables, strict=True))
        ],
        ignore_index=True,
    )
    return Evidence(_table(labels, tables, by_model, selection), participants, selection, method)


def _table(
    labels: list[str], tables: list[pd.DataFrame], by_model: np.ndarray, selection: GroupSelection
) -> pd.DataFrame:
    lower, upper = selection.interval()
    totals = np.array(
        [[table[name].sum() for table in tables] for name in ("log_evidence", "half_prior", "double_prior")]
    )
    best = int(totals[0].argmax())
    factors = totals - totals[:, [best]]
    return pd.DataFrame(
        {
            "model": labels,
            "frequency": selection.frequency,
            "lower": lower,
            "upper": upper,
            "exceedance": selection.exceedance,
            "protected": selection.protected,
            "log_evidence": totals[0],
            "log_bf": factors[0],
            "log_bf_half": factors[1],
            "log_bf_double": factors[2],
            "n_best": np.bincount(by_model.argmax(axis=1), minlength=len(labels)),
        }
    ).sort_values(["frequency", "log_evidence"], ascending=False, ignore_index=True)
