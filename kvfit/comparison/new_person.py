"""How well a model predicts all responses of a person who was not seen: leave one participant out.

The unit left out is a participant, so that the likelihood must not contain anything that only this person's responses
tell: the person's own values are integrated out (:mod:`kvfit.comparison.person_marginals`), and what is left, the
population, hardly depends on one person. Summing the conditional log-likelihood over a person's trials instead keeps the
person's own values, which are known from the very responses left out; importance sampling then has to bridge from a
person's posterior to the population's, and fails (Merkle, Furr & Rabe-Hesketh 2019, Psychometrika 84, 802-829).
"""

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import logsumexp

from kvfit.comparison.kept_marginals import kept_marginals
from kvfit.comparison.loo import psis_loo
from kvfit.comparison.person_marginals import PersonMarginals, person_marginals, useful_draws
from kvfit.comparison.population_draws import PopulationDraws, population_draws
from kvfit.inference.fit import Fit, fit


@dataclass(frozen=True, eq=False)
class NewPerson:
    """Leave-one-participant-out prediction of one fit.

    Parameters
    ----------
    loo : arviz_stats.ELPDData
        With one value a participant.
    table : pandas.DataFrame
        One row a participant: ``participant``, ``elpd``, ``pareto_k`` (of leaving the person out), ``inner_k`` and
        ``effective_points`` (of integrating the person's values out: median Pareto k over draws, and the 5 % quantile
        over draws of the number of points that the sample is worth), ``mc_error`` (Monte Carlo error of the elpd that
        comes from integrating), ``refitted`` (bool: predicted from a fit without this person).
    common : bool
        Whether all draws of the population used the same points; see
        :class:`~kvfit.comparison.person_marginals.PersonMarginals`.
    """

    loo: Any
    table: pd.DataFrame
    common: bool

    @property
    def total_error(self) -> float:
        """Monte Carlo error of the summed elpd; what is a bias adds up, what is chance partly cancels."""
        errors = self.table["mc_error"].to_numpy()
        return float(np.sqrt((errors**2).sum()) if self.common else errors.sum())

    @property
    def unreliable(self) -> np.ndarray:
        """``(participant,)`` bool: leaving out or integrating out failed its diagnostic."""
        t, limit = self.table, float(self.loo.good_k)
        left_out: np.ndarray = (t["pareto_k"] > limit).to_numpy() & ~t["refitted"].to_numpy()
        return left_out | (t["inner_k"] > limit).to_numpy()


def new_person(
    fit: Fit,
    *,
    draws: int | None = None,
    store: str | Path | None = None,
    seed: int = 0,
    show_progress: bool = True,
) -> NewPerson:
    """Expected log predictive density of every participant as a new one.

    Parameters
    ----------
    fit : Fit
        With a population, and without effects of items.
    draws : int, optional
        Posterior draws of the population, evenly spaced, for which persons are integrated out: at most so many. By
        default at most 1000 where persons share values, which makes every draw costly, and 4000 elsewhere.
    store : path, optional
        Folder of fits, in which the marginal likelihoods are kept and found again.
    seed : int
        Of the points at which persons are integrated out.
    show_progress : bool

    Returns
    -------
    NewPerson

    Raises
    ------
    ValueError
        If the fit says nothing about new persons.
    """
    used = useful_draws(population_draws(fit), draws)
    marginals = kept_marginals(fit, used, store, seed=seed, show_progress=show_progress)
    with warnings.catch_warnings():
        # Unreliable weights stand in the table instead.
        warnings.filterwarnings("ignore", category=UserWarning)
        loo = psis_loo(*_draws_and_values(used, marginals.log_value, fit))
    elpd, pareto_k = np.asarray(loo.elpd_i), np.asarray(loo.pareto_k)
    return NewPerson(loo, _table(fit.data.participants, marginals, elpd, pareto_k, refitted=False), marginals.common)


def _draws_and_values(draws: PopulationDraws, log_value: np.ndarray, fit: Fit) -> tuple[xr.Dataset, xr.DataArray]:
    """Posterior and log-likelihood of participants, by chain and draw."""
    shape = (draws.n_chains, draws.n_draws // draws.n_chains)
    own = [p.name for p, differs in zip(fit.model.parameters, draws.varies, strict=True) if differs]
    posterior = xr.Dataset(
        {
            "population_mean": (("chain", "draw", "parameter"), draws.mean.reshape(*shape, -1)),
            **(
                {"population_sd": (("chain", "draw", "person_parameter"), draws.spread.reshape(*shape, -1))}
                if own
                else {}
            ),
        }
    )
    return posterior, xr.DataArray(log_value.reshape(*shape, -1), dims=("chain", "draw", "participant"))


def _table(
    participants: np.ndarray, marginals: PersonMarginals, elpd: np.ndarray, pareto_k: Any, *, refitted: bool
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "participant": participants,
            "elpd": elpd,
            "pareto_k": pareto_k,
            "inner_k": marginals.pareto_k,
            "effective_points": np.quantile(marginals.effective, 0.05, axis=0),
            "mc_error": marginals.error(),
            "refitted": refitted,
        }
    )


def predict_left_out(
    whole: Fit,
    left_out: Sequence[int],
    *,
    store: str | Path | None = None,
    seed: int = 0,
    show_progress: bool = True,
) -> pd.DataFrame:
    """Fit without some participants, and predict each of them as a new one.

    Parameters
    ----------
    whole : Fit
        Of all participants: the request is repeated without those left out, and where their values lie is taken from it.
    left_out : sequence of int
        Indices of participants.
    store : path, optional
        Folder of fits, in which a refit is found again.
    seed : int
    show_progress : bool

    Returns
    -------
    pandas.DataFrame
        One row a participant left out, with the columns of :class:`NewPerson`; ``pareto_k`` is missing, because nothing
        is reweighted.
    """
    out = np.asarray(left_out)
    kept = np.setdiff1d(np.arange(whole.data.n_participants), out)
    if kept.size < 2:
        raise ValueError(f"{whole.label}: {kept.size} participants would be left; a population needs at least 2")
    refit = fit(
        whole.model,
        whole.data.select(participants=list(whole.data.participants[kept])),
        store=store,
        similarity=_kept_similarity(whole, kept),
        show_progress=show_progress,
        **asdict(whole.settings),
    )
    draws = useful_draws(population_draws(refit))
    marginals = person_marginals(whole, draws, participants=out, seed=seed, show_progress=show_progress)
    elpd = logsumexp(marginals.log_value, axis=0) - np.log(draws.n_draws)
    return _table(whole.data.participants[out], marginals, elpd, np.nan, refitted=True)


def _kept_similarity(whole: Fit, kept: np.ndarray) -> np.ndarray | None:
    if whole.similarity is None:
        return None
    rows: np.ndarray = np.isin(whole.data.participant, kept)
    return whole.similarity[rows]


def participant_folds(whole: Fit, folds: int = 5, *, seed: int = 0, **options: Any) -> pd.DataFrame:
    """Cross-validation over participants by refits: each fold of participants is predicted by a fit to the others.

    Parameters
    ----------
    whole : Fit
    folds : int
        As many participants as folds leave out one at a time.
    seed : int
        Of the assignment to folds, the same for all models of the same data.
    **options
        ``store`` and ``show_progress`` of :func:`predict_left_out`.

    Returns
    -------
    pandas.DataFrame
        As :func:`predict_left_out`, all participants in the data's order, with a column ``fold``.
    """
    n = whole.data.n_participants
    if not 2 <= folds <= n:
        raise ValueError(f"folds: expected 2 to {n} (participants), found {folds}")
    order = np.random.default_rng(seed).permutation(n)
    found = [
        predict_left_out(whole, sorted(part.tolist()), **options).assign(fold=number)
        for number, part in enumerate(np.array_split(order, folds), start=1)
    ]
    place = {label: i for i, label in enumerate(whole.data.participants)}
    table = pd.concat(found, ignore_index=True)
    return table.sort_values("participant", key=lambda column: column.map(place), ignore_index=True)


def repaired(
    whole: Fit, found: NewPerson, *, store: str | Path | None = None, seed: int = 0, show_progress: bool = True
) -> NewPerson:
    """Replace the elpd of persons whose Pareto k is above its limit by that from refits, one a person.

    Parameters
    ----------
    whole : Fit
    found : NewPerson
        Of the same fit.
    store : path, optional
        Folder of fits, in which refits are found again.
    seed : int
    show_progress : bool

    Returns
    -------
    NewPerson
        ``loo`` with the new values; the Pareto k of persons that were refitted is 0, as in ``az.reloo``.
    """
    table, elpd = found.table.copy(), np.asarray(found.loo.elpd_i).copy()
    pareto_k = np.asarray(found.loo.pareto_k).copy()
    for person in np.flatnonzero(pareto_k > float(found.loo.good_k)).tolist():
        new = predict_left_out(whole, [person], store=store, seed=seed, show_progress=show_progress)
        # that the others say little about this person stays on record
        new = new.assign(pareto_k=pareto_k[person]).set_axis([person])
        table = pd.concat([table.drop(index=person), new]).sort_index()
        elpd[person], pareto_k[person] = float(new["elpd"].iloc[0]), 0.0
    n, in_sample = elpd.size, float(found.loo.elpd) + float(found.loo.p)
    loo = replace(
        found.loo,
        elpd=float(elpd.sum()),
        se=float(np.sqrt(n * elpd.var(ddof=1))),
        p=in_sample - float(elpd.sum()),
        elpd_i=found.loo.elpd_i.copy(data=elpd),
        pareto_k=found.loo.pareto_k.copy(data=pareto_k),
    )
    return NewPerson(loo, table, found.common)
