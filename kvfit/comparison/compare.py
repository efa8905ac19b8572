"""Compare fits by their expected predictive accuracy: for a new list or test trial of these persons, or a new person."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import arviz as az
import numpy as np
import pandas as pd

from kvfit.comparison.hierarchical_evidence import HierarchicalEvidence, hierarchical_evidence
from kvfit.comparison.loo import elpd_by_chain, loo_by_observation
from kvfit.comparison.new_person import NewPerson, new_person, repaired
from kvfit.comparison.population_draws import population_draws
from kvfit.comparison.same_responses import check_same_responses
from kvfit.comparison.verdict import evidence_words, verdict
from kvfit.inference.fit import Fit
from kvfit.inference.maximum_likelihood import PointFit
from kvfit.progress import progress

Unit = Literal["trial", "participant"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Ranking of models on the same responses.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a model, best first: ``model``, ``rank``, ``elpd`` (expected log predictive density, summed over units),
        ``elpd_diff`` (0 for the best, negative for the others), ``dse`` (standard error of that difference over units),
        ``p`` (effective number of parameters), ``weight`` (stacking), ``k_warnings`` (units whose importance weights are
        unreliable, Pareto k above the limit), ``n_best`` (participants whom the model describes best); by participant
        also ``mc_error`` (Monte Carlo error of ``elpd`` from integrating persons out); ``log_evidence`` and
        ``evidence_error`` where they were asked for, ``aic``, ``bic`` where maximum-likelihood fits were given.
    participants : pandas.DataFrame
        One row a participant and model: ``participant``, ``model``, ``elpd_diff`` (to the model ranked first), ``se``
        (over the participant's observations; missing by participant, where each is one observation).
    unit : {"trial", "participant"}
        What was left out.
    fits : tuple of Fit
        In the order of the table.
    new_persons : tuple of NewPerson
        By participant: how reliable each participant's value is, in the order of the table.
    evidence : tuple of HierarchicalEvidence
        Where it was asked for, in the order of the table.
    chain_elpd : mapping of str to numpy.ndarray
        By trial, of models whose sampling failed its checks: elpd of each chain alone ``(chain,)``.
    """

    table: pd.DataFrame
    participants: pd.DataFrame
    unit: Unit
    fits: tuple[Fit, ...]
    new_persons: tuple[NewPerson, ...] = ()
    evidence: tuple[HierarchicalEvidence, ...] = ()
    chain_elpd: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __str__(self) -> str:
        """Table and verdict as text."""
        shown = self.table.copy()
        for name in ("elpd", "elpd_diff", "dse", "p", "log_evidence", "aic", "bic"):
            if name in shown:
                shown[name] = shown[name].map("{:.1f}".format)
        for name in ("weight", "mc_error", "evidence_error"):
            if name in shown:
                shown[name] = shown[name].map("{:.2f}".format)
        return f"{shown.to_string(index=False)}\n\n{' '.join([self.verdict(), *evidence_words(self)])}"

    def verdict(self) -> str:
        """One or two sentences: what the data favour, and how sure that is."""
        return verdict(self)


def compare(
    fits: Sequence[Fit] | Mapping[str, Fit],
    *,
    unit: Unit = "trial",
    draws: int | None = None,
    refit: bool = False,
    evidence: bool = False,
    point_fits: Sequence[PointFit] = (),
    store: str | Path | None = None,
    seed: int = 0,
    show_progress: bool = True,
) -> Comparison:
    """Compare models by leave-one-out cross-validation (PSIS-LOO): over lists or trials, or over participants.

    Parameters
    ----------
    fits : sequence of Fit, or mapping of names to fits
        At least one; all must have scored the same responses.
    unit : {"trial", "participant"}
        What is left out and predicted: one list (trial) of a participant whose others are known; or all responses of a
        participant of whom nothing is known but that they come from the same population.
    draws : int, optional
        By participant: draws of the population for which persons are integrated out, at most; see
        :func:`~kvfit.comparison.new_person.new_person`.
    refit : bool
        By participant: fit again without each participant whose importance weights are unreliable.
    evidence : bool
        Also compute each hierarchical model's log evidence (:func:`~kvfit.comparison.hierarchical_evidence`).
    point_fits : sequence of PointFit
        Maximum-likelihood fits of the same models, for AIC and BIC.
    store : path, optional
        Folder of fits in which refits, and by participant marginal likelihoods, are kept and found again.
    seed : int
        Of the points at which persons are integrated out.
    show_progress : bool

    Returns
    -------
    Comparison

    Raises
    ------
    DifferentResponsesError
        If the fits scored different responses.
    ValueError
        If two fits have the same name, `unit` is unknown, or a fit says nothing about new participants.

    Notes
    -----
    By participant the person's own values are integrated out of the likelihood for each posterior draw of the
    population (Merkle, Furr & Rabe-Hesketh 2019, Psychometrika 84, 802-829); see ``docs/comparison.md``.

    Vehtari, Gelman & Gabry (2017), Statistics and Computing 27, 1413-1432; stacking weights by Yao et al. (2018),
    Bayesian Analysis 13, 917-1007.
    """
    if unit not in get_args(Unit):
        raise ValueError(f"unit: expected one of {', '.join(get_args(Unit))}; found {unit!r}")
    if unit == "trial" and (refit or draws is not None):
        raise ValueError(f"{'refit' if refit else 'draws'}: only with unit='participant'")
    if draws is not None and draws < 1:
        raise ValueError(f"draws: expected at least 1, found {draws}")
    named = dict(fits) if isinstance(fits, Mapping) else {f.label: f for f in fits}
    if len(named) != len(fits):
        raise ValueError("two fits have the same model and options; give a mapping of distinct names to fits")
    if not named:
        raise ValueError("no fits to compare")
    check_same_responses([(label, f.data) for label, f in named.items()])
    for p in point_fits:
        check_same_responses([(next(iter(named)), next(iter(named.values())).data), (p.model.label, p.data)])
    if unit == "participant" or evidence:
        _check_populations(named)
    persons: dict[str, NewPerson] = {}
    with warnings.catch_warnings():
        # Unreliable weights are counted and shown in the table instead.
        warnings.filterwarnings("ignore", category=UserWarning)
        if unit == "participant":
            for label, f in named.items():
                found = new_person(f, draws=draws, store=store, seed=seed, show_progress=show_progress)
                if refit:
                    found = repaired(f, found, store=store, seed=seed, show_progress=show_progress)
                persons[label] = found
            loos = {label: found.loo for label, found in persons.items()}
        else:
            loos = {label: loo_by_observation(f) for label, f in named.items()}
        weights = _weights(loos)
    evidences = {
        label: hierarchical_evidence(f, seed=seed, show_progress=show_progress)
        for label, f in (named.items() if evidence else ())
    }
    order = sorted(loos, key=lambda label: -float(loos[label].elpd))
    pointwise = {label: np.asarray(loos[label].elpd_i).ravel() for label in order}
    data = named[order[0]].data
    owner = np.arange(data.n_participants) if unit == "participant" else data.participant
    participants = _by_participant(pointwise, order, data.participants, owner)
    best_model = _best_by_participant(pointwise, order, owner)
    criteria = {p.model.label: p.totals() for p in point_fits}
    rows = []
    for rank, label in enumerate(order, start=1):
        difference = pointwise[label] - pointwise[order[0]]
        loo = loos[label]
        row = {
            "model": label,
            "rank": rank,
            "elpd": float(loo.elpd),
            "elpd_diff": float(difference.sum()),
            "dse": float(np.sqrt(difference.size * difference.var(ddof=1))) if difference.size > 1 else 0.0,
            "p": float(loo.p),
            "weight": float(weights[label]),
            "k_warnings": int((np.asarray(loo.pareto_k) > float(loo.good_k)).sum()),
            "n_best": int((best_model == label).sum()),
        }
        if label in persons:
            row |= {
                "k_warnings": int(persons[label].unreliable.sum()),
                "mc_error": persons[label].total_error,
            }
        if label in evidences:
            row |= {"log_evidence": evidences[label].log_evidence, "evidence_error": evidences[label].error}
        if named[label].label in criteria:
            row |= {k: float(criteria[named[label].label][k]) for k in ("aic", "bic")}
        rows.append(row)
    return Comparison(
        pd.DataFrame(rows),
        participants,
        unit,
        tuple(named[label] for label in order),
        tuple(persons[label] for label in order if label in persons),
        tuple(evidences[label] for label in order if label in evidences),
        _of_failed(named, show_progress) if unit == "trial" and len(named) > 1 else {},
    )


def _of_failed(named: dict[str, Fit], show_progress: bool) -> dict[str, np.ndarray]:
    """Elpd by chain of fits whose sampling failed its checks."""
    failed = {label: f for label, f in named.items() if not f.diagnostics.passed}
    if not failed:
        return {}
    with progress(show_progress) as bar:
        return {label: elpd_by_chain(failed[label]) for label in bar.track(list(failed), "comparison by each chain")}


def _check_populations(named: dict[str, Fit]) -> None:
    """Before long work: every fit must say something about further persons."""
    problems = []
    for fit in named.values():
        try:
            population_draws(fit)
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise ValueError("\n".join(problems))


def _weights(loos: dict[str, Any]) -> dict[str, float]:
    """Stacking weights.

    They do not depend on what all models have in common at a unit, and ArviZ takes exponentials, which for all responses
    of a participant would be 0: so each unit's best value is taken off.
    """
    if len(loos) == 1:
        return dict.fromkeys(loos, 1.0)
    best = np.max([np.asarray(loo.elpd_i) for loo in loos.values()], axis=0)
    relative = {label: replace(loo, elpd_i=loo.elpd_i - best) for label, loo in loos.items()}
    table = az.compare(relative, method="stacking", round_to="none")
    return {label: float(table.loc[label, "weight"]) for label in loos}


def _by_participant(pointwise: dict[str, np.ndarray], order: list[str], people: Any, owner: np.ndarray) -> pd.DataFrame:
    """Sums over each participant's units; `owner` is the participant of each unit."""
    n = np.bincount(owner, minlength=len(people))
    frames = []
    for label in order:
        difference = pointwise[label] - pointwise[order[0]]
        total = np.bincount(owner, weights=difference, minlength=n.size)
        squares = np.bincount(owner, weights=(difference - (total / n)[owner]) ** 2, minlength=n.size)
        with np.errstate(invalid="ignore", divide="ignore"):
            se = np.where(n > 1, np.sqrt(n * squares / (n - 1)), np.nan)
        frames.append(pd.DataFrame({"participant": people, "model": label, "elpd_diff": total, "se": se}))
    return pd.concat(frames, ignore_index=True)


def _best_by_participant(pointwise: dict[str, np.ndarray], order: list[str], owner: np.ndarray) -> np.ndarray:
    totals = np.stack([np.bincount(owner, weights=pointwise[label]) for label in order])
    return np.array(order)[totals.argmax(axis=0)]
