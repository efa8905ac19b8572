"""How much the responses of a design can be expected to say about a model's parameters."""

from typing import Any

import numpy as np
import pandas as pd

from kvfit.identifiability.design import of_participant, prior_of, without_items
from kvfit.identifiability.information import scores
from kvfit.inference.hierarchy import person_parameters, prior_spread
from kvfit.memory_model import MemoryModel

#: Participants who are asked how much they say.
_ASKED = 12


def foresee(model: MemoryModel, data: Any, similarity: np.ndarray | None, pooling: str, seed: int) -> pd.DataFrame:
    """How much the posterior can be expected to know, person effects as in a hierarchical fit.

    Each person's log-likelihood is taken as quadratic with its Fisher information, at values around the prior's centre, one
    point a person; persons' own values are integrated out of it.

    Parameters
    ----------
    model : MemoryModel
        Bound.
    data : FreeRecallData or RecognitionData
    similarity : numpy.ndarray or None
    pooling : {"partial", "none", "complete"}
    seed : int

    Returns
    -------
    pandas.DataFrame
        ``parameter``, ``contraction``, ``person``, ``correlated_with``, ``correlation`` as in
        :class:`~kvfit.identifiability.table.Identifiability`.
    """
    model = without_items(model)
    centre, scale = prior_of(model)
    varies = person_parameters(model, pooling)
    people = np.linspace(0, data.n_participants - 1, min(_ASKED, data.n_participants)).round().astype(int)
    rng = np.random.default_rng(seed)
    each = []
    for person in people:
        part, similar = of_participant(data, similarity, int(person))
        at = centre + scale * rng.uniform(-0.5, 0.5, centre.size)
        rows = scores(model, part, at, similarity=similar, seed=seed)
        each.append(rows.T @ rows)
    every = np.eye(centre.size)
    if pooling == "none":
        covariance = np.mean([np.linalg.inv(every + one) for one in each], axis=0)
        known = 1.0 - np.diag(covariance)
        return _table(model, _correlation(covariance), known, known)
    share = prior_spread(model) / scale
    spread = np.diag((share * varies) ** 2)
    total = sum(one @ np.linalg.inv(every + spread @ one) for one in each) * (data.n_participants / len(each))
    covariance = np.linalg.inv(every + (total + total.T) / 2)
    persons, correlation = np.full(centre.size, np.nan), _correlation(covariance)
    if varies.any():
        own = np.ix_(varies, varies)
        precision = np.diag(share[varies] ** -2.0)
        within = [np.linalg.inv(precision + one[own]) for one in each]
        persons[varies] = 1.0 - np.mean([np.diag(one) for one in within], axis=0) / share[varies] ** 2
        # averaged over persons population means forget how badly one person's values are told apart
        inside = np.zeros_like(correlation)
        inside[own] = np.mean([_correlation(one) for one in within], axis=0)
        correlation = np.where(np.abs(inside) > np.abs(correlation), inside, correlation)
    return _table(model, correlation, 1.0 - np.diag(covariance), persons)


def _correlation(covariance: np.ndarray) -> np.ndarray:
    sd = np.sqrt(np.diag(covariance))
    found: np.ndarray = covariance / sd / sd[:, None]
    return found


def _table(model: MemoryModel, correlation: np.ndarray, known: np.ndarray, persons: np.ndarray) -> pd.DataFrame:
    names = [p.name for p in model.parameters]
    partner, r = strongest(correlation, names)
    return pd.DataFrame(
        {"parameter": names, "contraction": known, "person": persons, "correlated_with": partner, "correlation": r}
    )


def strongest(correlation: np.ndarray, names: list[str]) -> tuple[list[str], np.ndarray]:
    """The other parameter with which each is correlated most, and that correlation."""
    without = np.where(np.eye(len(names), dtype=bool), 0.0, np.nan_to_num(correlation))
    place = np.abs(without).argmax(axis=1)
    return [names[k] if len(names) > 1 else "" for k in place], without[np.arange(len(names)), place]
