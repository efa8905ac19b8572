"""Evidence of a model for each participant alone, under the parameters' own priors.

    m_j = integral p(y_j | theta) p(theta) d theta

by importance sampling around the person's posterior (the default: unbiased, with its own diagnostics) or by Laplace's
method, which takes the posterior to be normal.
"""

from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from kvfit.comparison.person_marginals import POINTS, log_means
from kvfit.comparison.person_proposals import reweighted
from kvfit.comparison.population_draws import PopulationDraws
from kvfit.inference.maximum_likelihood import PersonObjective, best_start, own_prior
from kvfit.inference.person_moments import person_moments
from kvfit.inference.population import quadratic
from kvfit.memory_model import MemoryModel
from kvfit.progress import progress

Method = Literal["importance", "laplace"]

#: factors by which prior scales are multiplied; the first is the model's own prior
PRIOR_SCALES = (1.0, 0.5, 2.0)
#: rounds in which the proposal adapts to the posterior
_ROUNDS = 4


def person_evidence(
    model: MemoryModel,
    data: Any,
    *,
    method: Method = "importance",
    starts: int = 3,
    seed: int = 0,
    similarity: np.ndarray | None = None,
    show_progress: bool = True,
) -> pd.DataFrame:
    """Log evidence of one model for every participant.

    Parameters
    ----------
    model : MemoryModel
        Bound to the data.
    data : FreeRecallData or RecognitionData
    method : {"importance", "laplace"}
    starts : int
        Of the search for each person's posterior mode.
    seed : int
    similarity : numpy.ndarray, optional
    show_progress : bool

    Returns
    -------
    pandas.DataFrame
        One row a participant: ``participant``, ``log_evidence``, ``half_prior``, ``double_prior`` (log evidence with all
        prior scales halved or doubled), and by importance sampling ``error`` (Monte Carlo), ``effective_points`` and
        ``pareto_k``.

    Notes
    -----
    Under Laplace's method the other priors meet the same quadratic approximation of the log-likelihood.
    """
    if method not in get_args(Method):
        raise ValueError(f"method: expected one of {', '.join(get_args(Method))}; found {method!r}")
    design = model.design(data, similarity)
    rows = []
    with progress(show_progress) as bar:
        for person in bar.track(range(data.n_participants), f"{model.label}: evidence"):
            objective = PersonObjective(model, design.one_participant(person), own_prior(model))
            mode = best_start(objective, starts, np.random.default_rng([seed, person]))
            objective.prior = None
            precision, linear = quadratic(objective, mode)
            if method == "laplace":
                found = _laplace(objective, mode, precision, linear)
            else:
                found = _importance(objective, mode, precision, np.random.default_rng([seed, person, 4]))
            rows.append({"participant": data.participants[person]} | found)
    return pd.DataFrame(rows)


def _laplace(
    objective: PersonObjective, mode: np.ndarray, precision: np.ndarray, linear: np.ndarray
) -> dict[str, float]:
    """Integral of the quadratic that touches the log-likelihood at the mode, under each prior."""
    height = -float(objective.screen(mode[None])[0]) - float(mode @ (linear - precision @ mode / 2))
    values = []
    for factor in PRIOR_SCALES:
        scale, location = factor * objective.scale, objective.location
        whitened = np.eye(mode.size) + precision * scale[:, None] * scale
        # in units of the prior, around its centre
        slope = scale * (linear - precision @ location)
        there = height + float(location @ (linear - precision @ location / 2))
        log_det = float(np.linalg.slogdet(whitened)[1])
        values.append(there + 0.5 * float(slope @ np.linalg.solve(whitened, slope)) - 0.5 * log_det)
    return dict(zip(("log_evidence", "half_prior", "double_prior"), values, strict=True))


def _importance(
    objective: PersonObjective, mode: np.ndarray, precision: np.ndarray, rng: np.random.Generator
) -> dict[str, float]:
    location, scale = objective.location, objective.scale
    covariance = np.linalg.inv(np.eye(mode.size) + precision * scale[:, None] * scale)
    start = (mode - location) / scale, covariance, location, scale
    moments = person_moments(objective.screen, *start, rng, rounds=_ROUNDS)
    factors = np.array(PRIOR_SCALES)[:, None]
    priors = PopulationDraws(np.tile(location, (factors.size, 1)), factors * scale, np.ones(location.size, dtype=bool))
    centre, spread = location + scale * moments.mean, moments.covariance * scale[:, None] * scale
    weights = reweighted(objective, centre, spread, priors, POINTS, rng)
    log_value, effective, _ = log_means(weights, factors.size)
    own = reweighted(objective, centre, spread, priors.thinned(1), POINTS, rng)
    return {
        "log_evidence": float(log_value[0]),
        "half_prior": float(log_value[1]),
        "double_prior": float(log_value[2]),
        "error": float(np.sqrt(max(1.0 / effective[0] - 1.0 / POINTS, 0.0))),
        "effective_points": float(effective[0]),
        "pareto_k": log_means(own, 1)[2],
    }
