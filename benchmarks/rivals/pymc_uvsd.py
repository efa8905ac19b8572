"""Hierarchical unequal-variance signal detection as a modeller writes it in PyMC: one likelihood term a trial.

Parameters, priors and hierarchy are those of `kvfit.fit("uvsd", ...)` with partial pooling; persons are non-centred, as is
usual. Ratings are `pm.OrderedProbit`.
"""

from collections.abc import Sequence

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from kvfit.inference.hierarchy import SPREAD_SHARE
from kvfit.parameters import Parameter


def hierarchical_model(
    parameters: Sequence[Parameter], participant: np.ndarray, old: np.ndarray, rating: np.ndarray
) -> pm.Model:
    """Build the model of six-point ratings.

    Parameters
    ----------
    parameters : sequence of Parameter
        d_prime, sigma, criterion, spacing_1 .. spacing_4: their priors.
    participant : (trial,) int
    old : (trial,) bool
    rating : (trial,) int, 1 .. 6
    """
    location = np.array([p.location for p in parameters])
    scale = np.array([p.scale for p in parameters])
    coords = {"parameter": [p.name for p in parameters], "participant": np.unique(participant)}
    with pm.Model(coords=coords) as model:
        mean = pm.Normal("population_mean", location, scale, dims="parameter")
        sd = pm.HalfNormal("population_sd", SPREAD_SHARE * scale, dims="parameter")
        z = pm.Normal("z", dims=("participant", "parameter"))
        theta = mean + sd * z
        d_prime = pm.Deterministic("d_prime", theta[:, 0], dims="participant")
        sigma = pm.Deterministic("sigma", pt.exp(theta[:, 1]), dims="participant")
        criterion = pm.Deterministic("criterion", theta[:, 2], dims="participant")
        s1, s2, s3, s4 = (
            pm.Deterministic(p.name, pt.exp(theta[:, k]), dims="participant")
            for k, p in enumerate(parameters[3:], start=3)
        )
        cutpoints = pt.stack(
            [criterion - s2 - s1, criterion - s2, criterion, criterion + s3, criterion + s3 + s4], axis=1
        )
        pm.OrderedProbit(
            "ratings",
            eta=d_prime[participant] * old,
            cutpoints=cutpoints[participant],
            sigma=pt.switch(old, sigma[participant], 1.0),
            compute_p=False,
            observed=rating - 1,
        )
    return model
