"""Compare fits by their expected predictive accuracy for a new list, or a new test trial."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import logsumexp

from kvfit.comparison.same_responses import check_same_responses
from kvfit.inference.fit import Fit, by_observation
from kvfit.inference.maximum_likelihood import PointFit
from kvfit.recognition.items import ITEM_EFFECTS

#: A difference of fewer standard errors than this is called undecided. 4 elpd units are the usual floor below which the
#: normal approximation of the difference is not to be trusted (Sivula, Magnusson & Vehtari 2020).
DECISIVE_ERRORS = 2.0
SMALLEST_DIFFERENCE = 4.0


@dataclass(frozen=True, eq=False)
class Comparison:
    """Ranking of models on the same responses.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a model, best first: ``model``, ``rank``, ``elpd`` (expected log predictive density, summed over lists),
        ``elpd_diff`` (0 for the best, negative for the others), ``dse`` (standard error of that difference over lists),
        ``p`` (effective number of parameters), ``weight`` (stacking), ``k_warnings`` (lists whose importance weights are
        unreliable, Pareto k above the limit), ``n_best`` (participants whom the model describes best), and ``aic``,
        ``bic`` where maximum-likelihood fits were given.
    participants : pandas.DataFrame
        One row a participant and model: ``participant``, ``model``, ``elpd_diff`` (to the model ranked first), ``se``.
    unit : str
        What one observation is.
    fits : tuple of Fit
        In the order of the table.
    """

    table: pd.DataFrame
    participants: pd.DataFrame
    unit: str
    fits: tuple[Fit, ...]

    def __str__(self) -> str:
        """Table and verdict as text."""
        shown = self.table.copy()
        for name in ("elpd", "elpd_diff", "dse", "p", "aic", "bic"):
            if name in shown:
                shown[name] = shown[name].map("{:.1f}".format)
        shown["weight"] = shown["weight"].map("{:.2f}".format)
        return f"{shown.to_string(index=False)}\n\n{self.verdict()}"

    def verdict(self) -> str:
        """One or two sentences: what the data favour, and how sure that is."""
        t = self.table
        n_people, one = self.fits[0].data.n_participants, self.fits[0].data.observation
        best = t["model"].iloc[0]
        # effects of items are known from other trials with the same items, as persons' values are
        whom = (
            "participants and items" if any(ITEM_EFFECTS in f.tree["posterior"] for f in self.fits) else "participants"
        )
        if len(t) == 1:
            return f"Only one model was given: {best}."
        second = t.iloc[1]
        gap, error = -second["elpd_diff"], second["dse"]
        clear = gap > DECISIVE_ERRORS * error and gap > SMALLEST_DIFFERENCE
        if clear:
            words = (
                f"{best} predicts a new {one} of these {whom} better than {second['model']}, by {gap:.0f}"
                f" ± {error:.0f} units of log predictive density, and describes {int(t['n_best'].iloc[0])} of {n_people}"
                " participants best."
            )
        else:
            rivals = [r["model"] for _, r in t.iloc[1:].iterrows() if not _clearly_worse(r)]
            names = " and ".join([", ".join([best, *rivals[:-1]]), rivals[-1]])
            words = (
                f"The data do not decide between {names}: {best} leads {second['model']} by {gap:.0f} ± {error:.0f} units of"
                f" log predictive density, less than {DECISIVE_ERRORS:g} standard errors or {SMALLEST_DIFFERENCE:g} units."
            )
        unreliable = t.loc[t["k_warnings"] > 0, "model"].tolist()
        untrusted = [f.label for f in self.fits if not f.diagnostics.passed]
        if untrusted:
            words += f" Treat this as provisional: sampling of {', '.join(untrusted)} did not pass its checks."
        elif unreliable:
            words += f" Importance weights of some {one}s are unreliable for {', '.join(unreliable)} (Pareto k)."
        return words


def _clearly_worse(row: Any) -> bool:
    gap = -row["elpd_diff"]
    return bool(gap > DECISIVE_ERRORS * row["dse"] and gap > SMALLEST_DIFFERENCE)


def compare(
    fits: Sequence[Fit] | Mapping[str, Fit],
    *,
    unit: Literal["trial"] = "trial",
    point_fits: Sequence[PointFit] = (),
) -> Comparison:
    """Compare models by leave-one-out cross-validation (PSIS-LOO) over lists of free recall, or trials of recognition.

    Parameters
    ----------
    fits : sequence of Fit, or mapping of names to fits
        At least one; all must have scored the same responses.
    unit : {"trial"}
        The observation left out: one list (trial) of a participant whose others are known.
    point_fits : sequence of PointFit
        Maximum-likelihood fits of the same models, for AIC and BIC.

    Returns
    -------
    Comparison

    Raises
    ------
    DifferentResponsesError
        If the fits scored different responses.
    ValueError
        If two fits have the same name, or `unit` is unknown.

    Notes
    -----
    Vehtari, Gelman & Gabry (2017), Statistics and Computing 27, 1413-1432; stacking weights by Yao et al. (2018),
    Bayesian Analysis 13, 917-1007.
    """
    if unit != "trial":
        raise ValueError(f"unit: expected 'trial', found {unit!r}; comparison by participant is not built yet")
    named = dict(fits) if isinstance(fits, Mapping) else {f.label: f for f in fits}
    if len(named) != len(fits):
        raise ValueError("two fits have the same model and options; give a mapping of distinct names to fits")
    if not named:
        raise ValueError("no fits to compare")
    check_same_responses([(label, f.data) for label, f in named.items()])
    for p in point_fits:
        check_same_responses([(next(iter(named)), next(iter(named.values())).data), (p.model.label, p.data)])
    with warnings.catch_warnings():
        # Unreliable weights are counted and shown in the table instead.
        warnings.filterwarnings("ignore", category=UserWarning)
        loos = {label: loo_by_observation(f) for label, f in named.items()}
        weights = _weights(loos)
    order = sorted(loos, key=lambda label: -float(loos[label].elpd))
    pointwise = {label: np.asarray(loos[label].elpd_i).ravel() for label in order}
    data = named[order[0]].data
    participants = _by_participant(pointwise, order, data)
    best_model = _best_by_participant(pointwise, order, data)
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
        if named[label].label in criteria:
            row |= {k: float(criteria[named[label].label][k]) for k in ("aic", "bic")}
        rows.append(row)
    return Comparison(
        pd.DataFrame(rows),
        participants,
        data.observation_words,
        tuple(named[label] for label in order),
    )


def loo_by_observation(fit: Fit) -> Any:
    """PSIS-LOO by observation; observations that share a likelihood value share its importance weights too."""
    loo = az.loo(fit.tree, pointwise=True, var_name=fit.model.observed)
    elpd = by_observation(fit, np.asarray(loo.elpd_i).ravel())
    if elpd.size == np.asarray(loo.elpd_i).size:
        return loo
    ll = fit.tree["log_likelihood"][fit.model.observed].to_numpy()
    log_mean = logsumexp(ll, axis=(0, 1)) - np.log(ll.shape[0] * ll.shape[1])
    n = elpd.size
    return replace(
        loo,
        elpd=float(elpd.sum()),
        se=float(np.sqrt(n * elpd.var())),
        p=float(by_observation(fit, log_mean).sum() - elpd.sum()),
        n_data_points=n,
        elpd_i=xr.DataArray(elpd, dims=fit.data.observation),
        pareto_k=xr.DataArray(by_observation(fit, np.asarray(loo.pareto_k).ravel()), dims=fit.data.observation),
    )


def _weights(loos: dict[str, Any]) -> dict[str, float]:
    """Stacking weights."""
    if len(loos) == 1:
        return dict.fromkeys(loos, 1.0)
    table = az.compare(loos, method="stacking", round_to="none")
    return {label: float(table.loc[label, "weight"]) for label in loos}


def _sums(values: np.ndarray, data: Any) -> np.ndarray:
    return np.bincount(data.participant, weights=values, minlength=data.n_participants)


def _by_participant(pointwise: dict[str, np.ndarray], order: list[str], data: Any) -> pd.DataFrame:
    n = np.bincount(data.participant, minlength=data.n_participants)
    frames = []
    for label in order:
        difference = pointwise[label] - pointwise[order[0]]
        total = _sums(difference, data)
        squares = _sums((difference - (total / n)[data.participant]) ** 2, data)
        with np.errstate(invalid="ignore", divide="ignore"):
            se = np.where(n > 1, np.sqrt(n * squares / (n - 1)), np.nan)
        frames.append(pd.DataFrame({"participant": data.participants, "model": label, "elpd_diff": total, "se": se}))
    return pd.concat(frames, ignore_index=True)


def _best_by_participant(pointwise: dict[str, np.ndarray], order: list[str], data: Any) -> np.ndarray:
    totals = np.stack([_sums(pointwise[label], data) for label in order])
    return np.array(order)[totals.argmax(axis=0)]
