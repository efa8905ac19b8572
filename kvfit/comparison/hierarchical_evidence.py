"""Evidence of a hierarchical model: the probability of all responses, every parameter integrated out under its prior.

Persons' own values are integrated out first (:mod:`kvfit.comparison.person_marginals`), so that bridge sampling only has
to deal with the population's values, of which there are a few, whatever the number of persons.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp
from scipy.stats import halfnorm, norm

from kvfit.comparison.bridge import bridge
from kvfit.comparison.person_marginals import person_marginals
from kvfit.comparison.population_draws import PopulationDraws, population_draws
from kvfit.inference.fit import Fit
from kvfit.inference.maximum_likelihood import own_prior

#: draws that the bridge takes at most, and points of each where every draw needs its own
_MOST_DRAWS, _MOST_OWN_DRAWS, _POINTS_OF_DRAW = 2000, 500, 512
#: factors by which all prior scales are multiplied, to see how far the evidence rests on them
PRIOR_SCALES = (0.5, 2.0)


@dataclass(frozen=True)
class HierarchicalEvidence:
    """Log evidence of one fit.

    Parameters
    ----------
    log_evidence : float
    error : float
        Monte Carlo standard error.
    scaled : dict of float to float
        Log evidence if the prior scales of all population means and spreads were multiplied by the factor.
    """

    log_evidence: float
    error: float
    scaled: dict[float, float]


@dataclass(frozen=True)
class _Prior:
    """Priors of the population's values, as in :func:`kvfit.inference.hierarchy.build_pymc_model`."""

    location: np.ndarray
    scale: np.ndarray
    spread: np.ndarray
    varies: np.ndarray

    def log_density(self, h: np.ndarray, factor: float = 1.0) -> np.ndarray:
        """Of ``(draw, parameter + own)``: means, and logarithms of the spreads (Jacobian included)."""
        n = self.location.size
        mean, log_spread = h[:, :n], h[:, n:]
        of_mean = np.sum(norm.logpdf(mean, self.location, factor * self.scale), axis=1)
        of_spread = np.sum(halfnorm.logpdf(np.exp(log_spread), scale=factor * self.spread) + log_spread, axis=1)
        total: np.ndarray = of_mean + of_spread
        return total

    def population(self, h: np.ndarray) -> PopulationDraws:
        """The population's values at these points."""
        n = self.location.size
        return PopulationDraws(h[:, :n], np.exp(h[:, n:]), self.varies)


def hierarchical_evidence(fit: Fit, *, seed: int = 0, show_progress: bool = True) -> HierarchicalEvidence:
    """Log evidence by bridge sampling from a fit's draws of the population, persons integrated out.

    Parameters
    ----------
    fit : Fit
        With ``pooling="partial"`` or ``"complete"``, and without effects of items.
    seed : int
    show_progress : bool

    Returns
    -------
    HierarchicalEvidence

    Raises
    ------
    ValueError
        If the fit has no population, or correlated effects of persons.

    Notes
    -----
    The evidence is a statement about the model with its priors. It keeps falling as priors are made wider, although
    predictions hardly change; `scaled` shows by how much.
    """
    from kvfit.inference.hierarchy import prior_spread

    draws = population_draws(fit)
    if draws.factor is not None:
        raise ValueError(
            f"{fit.label}: the evidence of a hierarchy is computed for persons' values that are independent; fit it"
            " without correlated, or compare by unit='participant' without evidence"
        )
    kept = draws.thinned(_MOST_OWN_DRAWS if draws.shares else _MOST_DRAWS)
    location, scale = own_prior(fit.model)
    prior = _Prior(location, scale, prior_spread(fit.model)[draws.varies], draws.varies)
    variances = []

    def log_density(h: np.ndarray) -> np.ndarray:
        found = person_marginals(
            fit,
            prior.population(h),
            seed=seed,
            points=_POINTS_OF_DRAW if draws.shares else None,
            show_progress=show_progress,
        )
        variances.append(found.error())
        log_value = found.log_value
        if not found.common:
            # the mean of the log of a noisy estimate is too low (Durbin & Koopman 1997, Biometrika 84, 669-684)
            log_value = log_value + found.variance() / 2
        total: np.ndarray = log_value.sum(axis=1) + prior.log_density(h)
        return total

    h = kept.coordinates()
    of_chains = h.reshape(kept.n_chains, -1, h.shape[1])
    found = bridge(log_density, of_chains, np.random.default_rng([seed, 3]))
    of_persons = variances[0]
    inner = float(of_persons.sum() if draws.shares else np.sqrt((of_persons**2).sum()))
    here = prior.log_density(h)
    scaled = {
        factor: found.log_constant + float(logsumexp(prior.log_density(h, factor) - here) - np.log(len(h)))
        for factor in PRIOR_SCALES
    }
    return HierarchicalEvidence(found.log_constant, float(np.hypot(found.error, inner)), scaled)
