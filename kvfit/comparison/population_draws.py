"""Draws of what the persons of a fit have in common."""

from dataclasses import dataclass, replace

import numpy as np

from kvfit.inference.fit import Fit


@dataclass(frozen=True, eq=False)
class PopulationDraws:
    """Draws of what persons have in common, unconstrained scale.

    Parameters
    ----------
    mean : numpy.ndarray
        ``(draw, parameter)``: the population's mean, and the value itself of parameters that all share.
    spread : numpy.ndarray
        ``(draw, own)``: standard deviation between persons.
    varies : numpy.ndarray
        ``(parameter,)`` bool: in which parameters persons have values of their own.
    n_chains : int
        The draws are those of one chain after the other.
    """

    mean: np.ndarray
    spread: np.ndarray
    varies: np.ndarray
    n_chains: int = 1

    @property
    def n_draws(self) -> int:
        """Of all chains together."""
        return len(self.mean)

    @property
    def shares(self) -> bool:
        """Whether some values are shared by all persons, so that the likelihood itself differs between draws."""
        return not bool(self.varies.all())

    def coordinates(self) -> np.ndarray:
        """Means, shared values and logarithms of the spreads, ``(draw, parameter + own)``."""
        return np.concatenate([self.mean, np.log(self.spread)], axis=1)

    def part(self, draws: slice | np.ndarray) -> "PopulationDraws":
        """Some draws, as of one chain."""
        return replace(self, mean=self.mean[draws], spread=self.spread[draws], n_chains=1)

    def thinned(self, most: int) -> "PopulationDraws":
        """At most so many draws, evenly spaced, as many of each chain."""
        every = max(1, -(-self.n_draws // most))
        kept = np.arange(self.n_draws).reshape(self.n_chains, -1)[:, ::every].ravel()
        return replace(self.part(kept), n_chains=self.n_chains)


def population_draws(fit: Fit) -> PopulationDraws:
    """Draws of the population's values in a fit.

    Raises
    ------
    ValueError
        If the fit has no population (``pooling="none"``), effects of items, or correlated effects of persons.
    """
    from kvfit.inference.hierarchy import item_effects, person_parameters

    if fit.settings.pooling == "none":
        raise ValueError(
            f"{fit.label}: fitted with pooling='none', which says nothing about further persons; fit with"
            " pooling='partial' (persons from one population). For the evidence of each person alone see kv.evidence"
        )
    if item_effects(fit.model):
        raise ValueError(
            f"{fit.label}: persons cannot be integrated out of a model with effects of items, which tie all persons"
            " together; fit it with items='none', or compare by trial"
        )
    if fit.settings.correlated:
        raise ValueError(
            f"{fit.label}: persons are integrated out as independent parameters, which correlated ones are not; fit it"
            " without correlated, or compare by trial"
        )
    posterior = fit.tree["posterior"]
    names = [p.name for p in fit.model.parameters]
    partial = fit.settings.pooling == "partial"
    varies = person_parameters(fit.model, "partial") & partial
    mean = posterior["population_mean"].transpose("chain", "draw", "parameter").sel(parameter=names).to_numpy()
    n_chains, n_draws = mean.shape[:2]
    spread = np.zeros((n_chains * n_draws, 0))
    if varies.any():
        own = [name for name, differs in zip(names, varies, strict=True) if differs]
        sd = posterior["population_sd"].transpose("chain", "draw", "person_parameter").sel(person_parameter=own)
        spread = sd.to_numpy().reshape(n_chains * n_draws, -1)
    return PopulationDraws(mean.reshape(n_chains * n_draws, -1), spread, varies, n_chains)
