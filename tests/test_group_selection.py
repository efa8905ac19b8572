"""Random-effects model selection: published example, exact integrals, limits."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import logsumexp
from scipy.stats import dirichlet

from kvfit.comparison.group_selection import group_selection


def test_decisive_evidence_counts_persons() -> None:
    log_evidence = np.zeros((10, 3))
    log_evidence[:7, 0] = log_evidence[7:, 1] = 50.0
    found = group_selection(log_evidence)
    np.testing.assert_allclose(found.alpha, [8, 4, 1], atol=1e-8)
    np.testing.assert_allclose(found.frequency, np.array([8, 4, 1]) / 13, atol=1e-8)
    lower, upper = found.interval()
    assert ((lower < found.frequency) & (found.frequency < upper)).all()
    assert found.omnibus_risk < 0.2


def test_equal_evidence_says_nothing() -> None:
    found = group_selection(np.full((12, 3), -100.0))
    np.testing.assert_allclose(found.frequency, 1 / 3)
    np.testing.assert_allclose(found.protected, 1 / 3)
    assert found.omnibus_risk > 0.5


def test_exceedance_is_that_of_the_dirichlet_distribution() -> None:
    log_evidence = np.zeros((9, 3))
    log_evidence[:4, 0] = log_evidence[4:7, 1] = log_evidence[7:, 2] = 60.0
    found = group_selection(log_evidence)
    np.testing.assert_allclose(found.alpha, [5, 4, 3], atol=1e-8)
    drawn = dirichlet.rvs([5, 4, 3], size=200_000, random_state=5).argmax(axis=1)
    np.testing.assert_allclose(found.exceedance, np.bincount(drawn) / drawn.size, atol=0.005)


def exact(log_evidence: np.ndarray) -> tuple[float, float, float]:
    """Two models, by quadrature: mean frequency of the first, log evidence of unequal and of equal frequencies."""
    top = log_evidence.max(axis=1)
    m = np.exp(log_evidence - top[:, None])

    def likelihood(r: float) -> float:
        return float((r * m[:, 0] + (1 - r) * m[:, 1]).prod())

    total = quad(likelihood, 0, 1)[0]
    mean = quad(lambda r: r * likelihood(r), 0, 1)[0] / total
    null = float((logsumexp(log_evidence, axis=1) - np.log(2)).sum())
    return mean, float(np.log(total) + top.sum()), null


@pytest.mark.parametrize("lead", [0.5, 1.5, 4.0])
def test_two_models_come_near_the_exact_posterior(lead: float) -> None:
    rng = np.random.default_rng(3)
    log_evidence = rng.normal(size=(16, 2))
    log_evidence[:12, 0] += lead
    found = group_selection(log_evidence)
    mean, unequal, equal = exact(log_evidence)
    # the variational posterior is known to be somewhat too sure of itself
    assert found.frequency[0] == pytest.approx(mean, abs=0.05)
    odds = np.log1p(-found.omnibus_risk) - np.log(found.omnibus_risk)
    assert odds <= unequal - equal + 1e-9  # the free energy is a lower bound
    assert odds == pytest.approx(unequal - equal, abs=0.6)


def test_protection_pulls_towards_chance() -> None:
    log_evidence = np.zeros((8, 2))
    log_evidence[:5, 0] = log_evidence[5:, 1] = 3.0
    found = group_selection(log_evidence)
    assert 0.5 < found.protected[0] < found.exceedance[0]
    np.testing.assert_allclose(found.protected.sum(), 1.0)
    np.testing.assert_allclose(
        found.protected, (1 - found.omnibus_risk) * found.exceedance + found.omnibus_risk / 2, rtol=1e-12
    )


def test_order_of_models_and_constants_do_not_matter() -> None:
    rng = np.random.default_rng(8)
    log_evidence = rng.normal(scale=2.0, size=(10, 4))
    found, moved = group_selection(log_evidence), group_selection(log_evidence[:, ::-1] - 900.0)
    np.testing.assert_allclose(moved.protected[::-1], found.protected, rtol=1e-6)


@pytest.mark.parametrize("bad", [np.zeros((3, 1)), np.zeros(4), np.array([[0.0, np.nan]])])
def test_wrong_input_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="log evidence"):
        group_selection(bad)
