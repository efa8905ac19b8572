"""Bridge sampling against densities whose constant is known."""

import numpy as np
import pytest
from scipy.special import gammaln
from scipy.stats import multivariate_t

from kvfit.comparison.bridge import bridge


def correlated(rng: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    """Autocorrelated standard normal draws, as a sampler's."""
    out = rng.normal(size=shape)
    for i in range(1, shape[1]):
        out[:, i] = 0.6 * out[:, i - 1] + 0.8 * out[:, i]
    return out


def test_a_normal_density_is_exact() -> None:
    rng = np.random.default_rng(1)
    draws = correlated(rng, (2, 2000, 3)) * [1.0, 3.0, 0.2] + 5.0

    def log_density(x: np.ndarray) -> np.ndarray:
        return -0.5 * (((x - 5.0) / [1.0, 3.0, 0.2]) ** 2).sum(axis=1) - 700.0

    found = bridge(log_density, draws, np.random.default_rng(2))
    expected = 1.5 * np.log(2 * np.pi) + np.log(0.6) - 700.0
    assert found.log_constant == pytest.approx(expected, abs=max(4 * found.error, 1e-3))
    assert found.error < 0.02


def test_the_error_is_that_of_repetitions() -> None:
    df, k = 4.0, 2
    log_constant = gammaln(df / 2) + 0.5 * k * np.log(df * np.pi) - gammaln((df + k) / 2)

    def log_density(x: np.ndarray) -> np.ndarray:
        return -0.5 * (df + k) * np.log1p((x**2).sum(axis=1) / df)

    found = [
        bridge(
            log_density,
            multivariate_t.rvs(np.zeros(k), np.eye(k), df, size=(2 * 400), random_state=seed).reshape(2, 400, k),
            np.random.default_rng(100 + seed),
        )
        for seed in range(60)
    ]
    values, errors = np.array([f.log_constant for f in found]), np.array([f.error for f in found])
    assert values.mean() == pytest.approx(log_constant, abs=4 * values.std() / np.sqrt(60) + 0.01)
    assert 0.5 < errors.mean() / values.std() < 2.0


def test_too_few_draws_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 80 are needed"):
        bridge(lambda x: -(x**2).sum(axis=1), np.zeros((1, 12, 10)), np.random.default_rng(0))
