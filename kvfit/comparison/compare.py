"""Compare fits by their expected predictive accuracy: for a new list or test trial of these persons, or a new person."""

import warnings
from collections.abc import Callable, Mapping, Sequence
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
from kvfit.comparison.standings import person_rows, ranked, standing_columns
from kvfit.comparison.verdict import columns_of_errors, evidence_words, verdict
from kvfit.inference.fit import Fit
from kvfit.inference.maximum_likelihood import PointFit
from kvfit.progress import progress

Unit = Literal["trial", "participant"]
#: Columns of the table, those that apply.
_ORDER = (
    "model", "rank", "elpd", "elpd_diff", "dse", "dse_trials", "p", "weight", "k_warnings", "n_best", "mc_error",
    "log_evidence", "evidence_error", "aic", "bic",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Comparison:
    """Ranking of models on the same responses.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a model, best first: ``model``, ``rank``, ``elpd`` (expected log predictive density, summed over units),
        ``elpd_diff`` (0 for the best, negative for the others), ``dse`` (standard error of that difference over
        participants, missing for a single one), ``dse_trials`` (by trial: the same over lists or trials, as if those of
        one person were independent evidence), ``p`` (effective number of parameters), ``weight`` (stacking),
        ``k_warnings`` (units whose importance weights are unreliable, Pareto k above the limit), ``n_best`` (participants
        whom the model describes best; where models are level, the one that ranks first); by participant also
        ``mc_error`` (Monte Carlo error of ``elpd`` from integrating persons out); ``log_evidence`` and
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
        for name in ("elpd", "elpd_diff", "dse", "dse_trials", "p", "log_evidence", "aic", "bic"):
            if name in shown:
                shown[name] = shown[name].map(_written(1))
        for name in ("weight", "mc_error", "evidence_error"):
            if name in shown:
                shown[name] = shown[name].map(_written(2))
        words = " ".join([self.verdict(), *evidence_words(self)])
        return f"{shown.to_string(index=False)}\n{columns_of_errors(self)}\n\n{words}"

    def verdict(self) -> str:
        """What the data decide, how sure that is, and first of all whether a sampler failed."""
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
        # Impossible observations are told by `ranked`.
        warnings.filterwarnings("ignore", "invalid value encountered", RuntimeWarning)
        if unit == "participant":
            for label, f in named.items():
                found = new_person(f, draws=draws, store=store, seed=seed, show_progress=show_progress)
                if refit:
                    found = repaired(f, found, store=store, seed=seed, show_progress=show_progress)
                persons[label] = found
            loos = {label: found.loo for label, found in persons.items()}
        else:
            loos = {label: loo_by_observation(f) for label, f in named.items()}
        data = next(iter(named.values())).data
        owner = np.arange(data.n_participants) if unit == "participant" else data.participant
        found_by = {label: np.asarray(loo.elpd_i).ravel() for label, loo in loos.items()}
        pointwise = ranked(found_by, owner, data.participants)
        weights = _weights(loos)
    evidences = {
        label: hierarchical_evidence(f, seed=seed, show_progress=show_progress)
        for label, f in (named.items() if evidence else ())
    }
    order = pointwise.models
    table = standing_columns(pointwise, by_trial=unit == "trial").set_index("model")
    table["p"] = pd.Series({label: float(loos[label].p) for label in order})
    table["weight"] = pd.Series(weights)
    table["k_warnings"] = pd.Series({label: _unreliable(loos[label], persons.get(label)) for label in order})
    if persons:
        table["mc_error"] = pd.Series({label: found.total_error for label, found in persons.items()})
    if evidences:
        table["log_evidence"] = pd.Series({label: found.log_evidence for label, found in evidences.items()})
        table["evidence_error"] = pd.Series({label: found.error for label, found in evidences.items()})
    totals = {p.model.label: p.totals() for p in point_fits}
    for name in ("aic", "bic") if totals else ():
        known = {label: float(totals[f.label][name]) for label, f in named.items() if f.label in totals}
        table[name] = pd.Series(known, dtype=float)
    return Comparison(
        table.reset_index()[[name for name in _ORDER if name in table or name == "model"]],
        person_rows(pointwise),
        unit,
        tuple(named[label] for label in order),
        tuple(persons[label] for label in order if label in persons),
        tuple(evidences[label] for label in order if label in evidences),
        _of_failed(named, show_progress) if unit == "trial" and len(named) > 1 else {},
    )


def _unreliable(loo: Any, person: NewPerson | None) -> int:
    """Units whose importance weights are not to be trusted."""
    if person is not None:
        return int(person.unreliable.sum())
    return int((np.asarray(loo.pareto_k) > float(loo.good_k)).sum())


def _written(digits: int) -> Callable[[float], str]:
    return lambda value: "-" if np.isnan(value) else f"{value:.{digits}f}"


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
