"""Bridge sampling, its equation solved another way, and its error from the formula."""

from collections.abc import Callable
from typing import Any

import arviz as az
import numpy as np
import pytest
import xarray as xr
from scipy.optimize import brentq
from scipy.stats import multivariate_normal, norm

from kvfit.comparison import bridge as bridging
from kvfit.comparison.bridge import BridgeEstimate, bridge


def effective(values: np.ndarray) -> float:
    """At most as many as there are: draws that happen to balance one another count no more."""
    found = float(np.asarray(az.ess(xr.DataArray(values, dims=("chain", "draw")), method="mean")))
    return min(found, values.size)


def by_hand(log_density: Callable[[np.ndarray], np.ndarray], draws: np.ndarray, seed: int) -> tuple[float, float]:
    """Meng & Wong's equation by root finding; Frühwirth-Schnatter's relative error."""
    n_chains, n_draws, k = draws.shape
    half = n_draws // 2
    fitted, kept = draws[:, :half].reshape(-1, k), draws[:, half:].reshape(-1, k)
    q = multivariate_normal(fitted.mean(axis=0), np.cov(fitted.T).reshape(k, k))
    proposed = q.rvs(len(kept), random_state=np.random.default_rng(seed)).reshape(-1, k)
    ratio = np.exp(log_density(kept) - q.logpdf(kept))
    proposed_ratio = np.nan_to_num(np.exp(log_density(proposed) - q.logpdf(proposed)))
    n1, n2 = effective(np.log(ratio).reshape(n_chains, -1)), len(proposed)
    s1, s2 = n1 / (n1 + n2), n2 / (n1 + n2)

    def equation(r: float) -> float:
        above = (proposed_ratio / (s1 * proposed_ratio + s2 * r)).mean()
        return float(above - r * (1.0 / (s1 * ratio + s2 * r)).mean())

    r = brentq(equation, 1e-6, 1e3, xtol=1e-14, rtol=1e-14)
    f1 = proposed_ratio / r / (s1 * proposed_ratio / r + s2)
    f2 = 1.0 / (s1 * ratio / r + s2)
    worth = effective(f2.reshape(n_chains, -1))
    return float(np.log(r)), float(np.sqrt(f1.var() / f1.mean() ** 2 / n2 + f2.var() / f2.mean() ** 2 / worth))


def autocorrelated(rng: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    out = rng.normal(size=shape)
    for i in range(1, shape[1]):
        out[:, i] = 0.8 * out[:, i - 1] + 0.6 * out[:, i]
    return out


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("autocorrelation", [False, True])
def test_the_estimate_solves_its_equation(k: int, autocorrelation: bool) -> None:
    rng = np.random.default_rng(1)
    made = autocorrelated(rng, (2, 301, k)) if autocorrelation else rng.normal(size=(2, 301, k))
    # skewed, so that the normal proposal is wrong: the logarithm of a squared normal's neighbour
    draws = 0.5 * (made + 0.3 * made**2) + 2.0

    def log_density(x: np.ndarray) -> np.ndarray:
        return np.asarray(-0.5 * ((x - 2.0) ** 2 / 0.3).sum(axis=1) - 0.1 * np.abs(x).sum(axis=1))

    found = bridge(log_density, draws, np.random.default_rng(9))
    constant, error = by_hand(log_density, draws, 9)
    assert found.log_constant == pytest.approx(constant, abs=1e-8)
    assert found.error == pytest.approx(error, rel=1e-6)
    # only a shift, however far from 0 the density is
    far = bridge(lambda x: log_density(x) - 4000.0, draws, np.random.default_rng(9))
    assert far.log_constant == pytest.approx(constant - 4000.0, abs=1e-8)
    assert far.error == pytest.approx(error, rel=1e-6)


def test_points_without_density_count_as_such() -> None:
    """Half of a normal distribution: the proposal reaches where there is none, told by -inf and by NaN."""
    draws = np.abs(np.random.default_rng(2).normal(size=(2, 400, 1)))
    for nothing in (-np.inf, np.nan):

        def log_density(x: np.ndarray, nothing: float = nothing) -> np.ndarray:
            return np.where(x[:, 0] >= 0, -0.5 * x[:, 0] ** 2, nothing)

        found = bridge(log_density, draws, np.random.default_rng(3))
        constant, error = by_hand(log_density, draws, 3)
        assert found.log_constant == pytest.approx(constant, abs=1e-8)
        assert found.error == pytest.approx(error, rel=1e-6)
        assert found.log_constant == pytest.approx(0.5 * np.log(np.pi / 2), abs=4 * found.error)


def test_what_did_not_settle_has_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = np.random.default_rng(4).normal(size=(2, 100, 1))
    monkeypatch.setattr(bridging, "_MOST", 1)
    assert bridge(lambda x: -(x[:, 0] ** 2), draws, np.random.default_rng(5)).error == np.inf


def test_an_exact_proposal_is_exact_at_once() -> None:
    rng = np.random.default_rng(6)
    draws = rng.normal(1.0, 2.0, size=(2, 50, 1))
    fitted = draws[:, :25].ravel()

    def log_density(x: np.ndarray) -> np.ndarray:
        return np.asarray(norm.logpdf(x[:, 0], fitted.mean(), fitted.std(ddof=1)) - 3.0)

    found = bridge(log_density, draws, rng)
    assert found.log_constant == pytest.approx(-3.0, abs=1e-9)
    assert found.error < 1e-6


@pytest.mark.parametrize(("n_draws", "k", "enough"), [(32, 4, True), (31, 4, False), (14, 2, False), (16, 2, True)])
def test_eight_draws_a_quantity(n_draws: int, k: int, enough: bool) -> None:
    rng = np.random.default_rng(7)

    def of(x: np.ndarray) -> Any:
        return -0.5 * (x**2).sum(axis=1)

    if enough:
        assert isinstance(bridge(of, rng.normal(size=(1, n_draws, k)), rng), BridgeEstimate)
    else:
        with pytest.raises(ValueError, match=f"{n_draws} draws of {k} quantities; at least {8 * k}"):
            bridge(of, rng.normal(size=(1, n_draws, k)), rng)


def test_effective_draws() -> None:
    rng = np.random.default_rng(8)
    values = autocorrelated(rng, (2, 500, 1))[:, :, 0]
    assert bridging._worth(values) == pytest.approx(effective(values))
    assert bridging._worth(np.ones((2, 50))) == 100.0
    assert bridging._worth(rng.normal(size=(5, 3))) == 15.0
    assert bridging._worth(values[:, :4]) == pytest.approx(effective(values[:, :4]))
    # 1 and 3 have a mean of 2
    assert bridging._log_mean(np.log([1.0, 3.0])) == pytest.approx(np.log(2.0))
