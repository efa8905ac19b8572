"""Draws of what the persons of a fit have in common."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from kvfit.inference.fit import Fit
from kvfit.items import effects_of_items


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
    factor : numpy.ndarray, optional
        ``(draw, own, own)``: lower Cholesky factor of the correlations between persons' values; independent without it.
    """

    mean: np.ndarray
    spread: np.ndarray
    varies: np.ndarray
    n_chains: int = 1
    factor: np.ndarray | None = None

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

    @cached_property
    def precision(self) -> np.ndarray:
        """Inverse covariances of persons' values ``(draw, own, own)``."""
        inverse = np.eye(self.spread.shape[1]) / self.spread[:, None, :]
        if self.factor is not None:
            inverse = np.linalg.solve(self.factor, inverse)
        made: np.ndarray = np.swapaxes(inverse, 1, 2) @ inverse
        return made

    @cached_property
    def log_det(self) -> np.ndarray:
        """Logarithm of the determinant of the factor of each covariance ``(draw,)``."""
        made: np.ndarray = np.log(self.spread).sum(axis=1)
        if self.factor is not None:
            made = made + np.log(np.diagonal(self.factor, axis1=1, axis2=2)).sum(axis=1)
        return made

    def typical(self) -> "PopulationDraws":
        """One draw in the middle of all: geometric means of the spreads, of which a few may be next to nothing."""
        factor = None
        if self.factor is not None:
            factor = np.linalg.cholesky((self.factor @ np.swapaxes(self.factor, 1, 2)).mean(axis=0))[None]
        spread = np.exp(np.log(self.spread).mean(axis=0))[None]
        return PopulationDraws(self.mean.mean(axis=0)[None], spread, self.varies, 1, factor)

    def standardised(self, values: np.ndarray) -> np.ndarray:
        """Independent standard deviates ``(draw, point, own)`` that persons' values of the same shape stand for."""
        z = (values - self.mean[:, None, self.varies]) / self.spread[:, None]
        if self.factor is None:
            return z
        return np.swapaxes(np.linalg.solve(self.factor, np.swapaxes(z, 1, 2)), 1, 2)

    def persons(self, standard: np.ndarray) -> np.ndarray:
        """Persons' values from such deviates; the inverse of :meth:`standardised`."""
        z = standard if self.factor is None else standard @ np.swapaxes(self.factor, 1, 2)
        made: np.ndarray = self.mean[:, None, self.varies] + self.spread[:, None] * z
        return made

    def part(self, draws: slice | np.ndarray) -> "PopulationDraws":
        """Some draws, as of one chain."""
        factor = None if self.factor is None else self.factor[draws]
        return replace(self, mean=self.mean[draws], spread=self.spread[draws], n_chains=1, factor=factor)

    def thinned(self, most: int) -> "PopulationDraws":
        """At most so many draws, evenly spaced, as many of each chain; at least one of each."""
        rows = np.arange(self.n_draws).reshape(self.n_chains, -1)
        every = -(-rows.shape[1] // max(1, most // self.n_chains))
        kept = rows[:, ::every].ravel()
        return replace(self.part(kept), n_chains=self.n_chains)


def population_draws(fit: Fit) -> PopulationDraws:
    """Draws of the population's values in a fit.

    Raises
    ------
    ValueError
        If the fit has no population (``pooling="none"``), or effects of items.
    """
    from kvfit.inference.hierarchy import person_parameters

    if fit.settings.pooling == "none":
        raise ValueError(
            f"{fit.label}: fitted with pooling='none', which says nothing about further persons; fit with"
            " pooling='partial' (persons from one population). For the evidence of each person alone see kv.evidence"
        )
    if effects_of_items(fit.model):
        raise ValueError(
            f"{fit.label}: persons cannot be integrated out of a model with effects of items, which tie all persons"
            " together; fit it with items='none', or compare by trial"
        )
    posterior = fit.tree["posterior"]
    names = [p.name for p in fit.model.parameters]
    partial = fit.settings.pooling == "partial"
    varies = person_parameters(fit.model, "partial") & partial
    mean = posterior["population_mean"].transpose("chain", "draw", "parameter").sel(parameter=names).to_numpy()
    n_chains, n_draws = mean.shape[:2]
    spread, factor = np.zeros((n_chains * n_draws, 0)), None
    if varies.any():
        own = [name for name, differs in zip(names, varies, strict=True) if differs]
        sd = posterior["population_sd"].transpose("chain", "draw", "person_parameter").sel(person_parameter=own)
        spread = sd.to_numpy().reshape(n_chains * n_draws, -1)
        if fit.settings.correlated:
            dims = ("person_parameter", "other_parameter")
            matrix = posterior["population_correlation"].transpose("chain", "draw", *dims)
            matrix = matrix.sel(person_parameter=own, other_parameter=own).to_numpy()
            factor = np.linalg.cholesky(matrix.reshape(n_chains * n_draws, len(own), -1))
    return PopulationDraws(mean.reshape(n_chains * n_draws, -1), spread, varies, n_chains, factor)
