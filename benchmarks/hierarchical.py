"""The hierarchical posterior of CMR by `kvfit.fit`, with kvfit's likelihood or with another one in its place.

Priors, transforms, starting values and everything else of the model are those of `kvfit.fit` in both
cases: only what scores the recalls differs, and, where the other likelihood wants one, the sampler that
drives it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from kvfit.inference.compiled import COMPILED
from kvfit.inference.sampling import sample_posterior
from kvfit.inference.settings import FitSettings

#: log-likelihood (participant,) of natural-scale parameters (participant, parameter)
LogLikelihood = Callable[[pt.TensorVariable], pt.TensorVariable]


@dataclass(frozen=True)
class Run:
    """One posterior run.

    Attributes
    ----------
    seconds : float
        Wall time of building, compiling and sampling.
    sampling_seconds : float
        The part that the sampler reports as sampling, tuning included.
    min_ess : float
        Smallest bulk effective sample size over population means and spreads and participants' parameters.
    n_gradients : int
        Leapfrog steps of all chains, tuning included.
    steps_a_draw : float
        Leapfrog steps a kept draw.
    divergences : int
    max_rhat : float
    """

    seconds: float
    sampling_seconds: float
    min_ess: float
    n_gradients: int
    steps_a_draw: float
    divergences: int
    max_rhat: float

    @property
    def compile_seconds(self) -> float:
        """All but sampling."""
        return self.seconds - self.sampling_seconds

    @property
    def ess_per_second(self) -> float:
        """What the goal is about."""
        return self.min_ess / self.seconds


class _Sampled(Exception):
    """Carries the tree out of `kvfit.fit`, whose later steps are not timed."""

    def __init__(self, tree: Any) -> None:
        super().__init__()
        self.tree = tree


@contextmanager
def likelihood(log_likelihood: LogLikelihood | None) -> Iterator[None]:
    """Within, kvfit's hierarchical models score recalls by `log_likelihood`; None leaves kvfit's own."""
    if log_likelihood is None:
        yield
        return

    def recalls(self: Any, name: str, design: Any, values: Any) -> None:
        free = pt.stack([values[p.name] for p in self.parameters], axis=1)
        pm.Potential(name, log_likelihood(free).sum())

    with patch("kvfit.recall.model.RecallModel.observe", recalls):
        yield


def posterior(fit: Callable[[], Any], log_likelihood: LogLikelihood | None = None, **overrides: Any) -> Run:
    """Run `kvfit.fit` up to the end of sampling; with `overrides` by `pm.sample`, whose arguments they are."""

    def to_the_end(model: pm.Model, settings: FitSettings, *, show_progress: bool) -> Any:
        if not overrides:
            raise _Sampled(sample_posterior(model, settings, show_progress=show_progress, keep_tuning=True))
        given = {name: getattr(settings, name) for name in ("draws", "tune", "chains", "cores", "target_accept")}
        given |= {"random_seed": settings.seed, "progressbar": show_progress, "compute_convergence_checks": False}
        with model:
            raise _Sampled(pm.sample(**{**given, **overrides, "discard_tuned_samples": False}))

    COMPILED.clear()  # compiling counts
    begin = time.perf_counter()
    with likelihood(log_likelihood), patch("kvfit.inference.sampling.sample_posterior", to_the_end):
        try:
            fit()
        except _Sampled as done:
            tree = done.tree
    return summarise(tree, time.perf_counter() - begin)


def summarise(tree: Any, seconds: float) -> Run:
    """Summarise a run from its tree, tuning kept, and its wall time."""
    import arviz as az

    draws, stats = tree.posterior.dataset, tree.sample_stats.dataset
    # what a reader looks at: participants' parameters, population means and spreads
    shown = draws[
        [
            name
            for name, v in draws.items()
            if name in ("population_mean", "population_sd") or v.dims[2:] == ("participant",)
        ]
    ]
    ess, rhat = az.ess(shown, method="bulk"), az.rhat(shown)
    tuning = tree.warmup_sample_stats.dataset["n_steps"]
    return Run(
        seconds=seconds,
        sampling_seconds=float(tree.posterior.attrs["sampling_time"]),
        min_ess=float(min(ess[name].min() for name in shown.data_vars)),
        n_gradients=int(stats["n_steps"].sum()) + int(tuning.sum()),
        steps_a_draw=float(stats["n_steps"].mean()),
        divergences=int(stats["diverging"].sum()),
        max_rhat=float(max(rhat[name].max() for name in shown.data_vars)),
    )


def scaled_seconds(rival: Run, own: Run, share: float = 1.0) -> float:
    """Seconds that the rival needs for a share of our run: its compile time, and our leapfrog steps at its pace."""
    return rival.compile_seconds + share * own.n_gradients * rival.sampling_seconds / rival.n_gradients


def disagreement(build: Callable[[], pm.Model], log_likelihood: LogLikelihood, points: int = 3) -> float:
    """Largest relative difference of log-probability and gradient between the two models at random points."""
    rng = np.random.default_rng(0)
    with likelihood(log_likelihood):
        rival = build()
    own = build()
    functions = [m.compile_fn([m.logp(), m.dlogp()], inputs=m.value_vars, point_fn=True) for m in (own, rival)]
    worst = 0.0
    for _ in range(points):
        start = own.initial_point()
        point = {name: value + 0.2 * rng.standard_normal(np.shape(value)) for name, value in start.items()}
        for a, b in zip(*(f(point) for f in functions), strict=True):
            worst = max(worst, float(np.abs(a - b).max() / np.abs(a).max()))
    return worst
