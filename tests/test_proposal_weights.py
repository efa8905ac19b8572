"""Importance weights of persons' values, point by point: likelihood times prior over the density they were drawn from."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal, multivariate_t

from kvfit.comparison import person_proposals
from kvfit.comparison.person_marginals import log_means, useful_draws
from kvfit.comparison.person_proposals import chunks, of_each_draw, person_shape, reweighted
from kvfit.comparison.population_draws import PopulationDraws

#: two draws of means of three parameters, of which persons differ in the first and the last
MEAN = np.array([[0.5, 2.0, -1.0], [1.5, 2.2, -0.4]])
SPREAD = np.array([[0.5, 2.0], [0.8, 1.0]])
VARIES = np.array([True, False, True])
FACTOR = np.linalg.cholesky(np.array([[[1.0, 0.6], [0.6, 1.0]], [[1.0, -0.5], [-0.5, 1.0]]]))


class Likelihood:
    """A likelihood that remembers where it was asked."""

    def __init__(self, k: int) -> None:
        self.k = k
        self.asked: list[np.ndarray] = []

    def screen(self, points: np.ndarray) -> np.ndarray:
        self.asked.append(points)
        return -self.log(points)

    def log(self, points: np.ndarray) -> np.ndarray:
        return -((points - 0.3) ** 2).sum(axis=1) + 0.4 * points[:, 0] - np.abs(points[:, -1])


def covariance(spread: np.ndarray, factor: np.ndarray | None) -> np.ndarray:
    root = np.diag(spread) if factor is None else np.diag(spread) @ factor
    return root @ root.T


# draws of the population


def test_coordinates_are_means_and_log_spreads() -> None:
    draws = PopulationDraws(MEAN, SPREAD, VARIES)
    expected = [[0.5, 2.0, -1.0, np.log(0.5), np.log(2.0)], [1.5, 2.2, -0.4, np.log(0.8), 0.0]]
    np.testing.assert_allclose(draws.coordinates(), expected)
    assert draws.shares
    assert draws.n_draws == 2
    assert not PopulationDraws(MEAN[:, [0, 2]], SPREAD, np.array([True, True])).shares


@pytest.mark.parametrize("factor", [None, FACTOR])
def test_precision_and_determinant_are_those_of_the_covariance(factor: np.ndarray | None) -> None:
    draws = PopulationDraws(MEAN, SPREAD, VARIES, 1, factor)
    for s in range(2):
        sigma = covariance(SPREAD[s], None if factor is None else factor[s])
        np.testing.assert_allclose(draws.precision[s], np.linalg.inv(sigma))
        # the factor of the covariance: half its log determinant
        assert draws.log_det[s] == pytest.approx(0.5 * np.linalg.slogdet(sigma)[1])


def test_precision_of_two_values_by_hand() -> None:
    # sd 0.5 and 2, correlation .6: 1 / (1 - .36) times (4, -.6; -.6, .25)
    draws = PopulationDraws(MEAN, SPREAD, VARIES, 1, FACTOR)
    np.testing.assert_allclose(draws.precision[0], np.array([[4.0, -0.6], [-0.6, 0.25]]) / 0.64)


def test_the_typical_draw() -> None:
    typical = PopulationDraws(MEAN, SPREAD, VARIES, 2, FACTOR).typical()
    np.testing.assert_allclose(typical.mean, [[1.0, 2.1, -0.7]])
    np.testing.assert_allclose(typical.spread, [[np.sqrt(0.4), np.sqrt(2.0)]])
    assert typical.factor is not None
    # mean correlation (.6 - .5) / 2
    np.testing.assert_allclose(typical.factor[0] @ typical.factor[0].T, [[1.0, 0.05], [0.05, 1.0]])
    assert (typical.n_chains, typical.n_draws) == (1, 1)
    assert PopulationDraws(MEAN, SPREAD, VARIES).typical().factor is None


def test_parts_keep_what_belongs_together() -> None:
    draws = PopulationDraws(np.arange(12.0).reshape(6, 2), np.arange(6.0)[:, None], np.array([True, False]), 2)
    part = draws.part(slice(1, 3))
    assert part.mean[:, 0].tolist() == [2.0, 4.0]
    assert part.spread.ravel().tolist() == [1.0, 2.0]
    assert part.n_chains == 1
    # two chains of three: the first and the last of each
    kept = draws.thinned(4)
    assert (kept.n_chains, kept.spread.ravel().tolist()) == (2, [0.0, 2.0, 3.0, 5.0])
    assert draws.thinned(6).n_draws == draws.thinned(100).n_draws == 6
    assert draws.thinned(1).n_draws == 2


def test_how_many_draws_are_used() -> None:
    many = PopulationDraws(np.zeros((9000, 2)), np.ones((9000, 2)), np.array([True, True]), 3)
    assert useful_draws(many).n_draws == 3000
    assert useful_draws(replace(many, varies=np.array([True, False]), spread=np.ones((9000, 1)))).n_draws == 900
    assert useful_draws(many, 300).n_draws == 300
    # one in 3000 // 1333 of each chain would be 4500, more than 4000
    assert useful_draws(many.part(slice(0, 4000))).n_draws == 4000


def test_persons_and_deviates() -> None:
    draws = PopulationDraws(MEAN, SPREAD, VARIES, 1, FACTOR)
    deviates = np.array([[[1.0, 0.0]], [[0.0, 2.0]]])
    # draw 0: first deviate 1, which pulls the second value by .6; draw 1: the second alone, sqrt(.75)
    expected = [[[0.5 + 0.5, -1.0 + 2.0 * 0.6]], [[1.5, -0.4 + 2.0 * np.sqrt(0.75)]]]
    np.testing.assert_allclose(draws.persons(deviates), expected)
    np.testing.assert_allclose(draws.standardised(draws.persons(deviates)), deviates, atol=1e-12)
    independent = PopulationDraws(MEAN, SPREAD, VARIES)
    np.testing.assert_allclose(independent.persons(deviates), [[[1.0, -1.0]], [[1.5, 1.6]]])


# weights


@pytest.mark.parametrize(("at_once", "chunks"), [(30, [1, 1]), (60, [2])])
@pytest.mark.parametrize("factor", [None, FACTOR])
def test_common_points_have_exact_weights(
    factor: np.ndarray | None, at_once: int, chunks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    likelihood: Any = Likelihood(2)
    draws = PopulationDraws(MEAN[:, [0, 2]], SPREAD, np.array([True, True]), 1, factor)
    centre, around = np.array([0.2, -0.6]), np.array([[0.5, 0.2], [0.2, 0.9]])
    monkeypatch.setattr(person_proposals, "_AT_ONCE", at_once)
    found = list(reweighted(likelihood, centre, around, draws, 30, np.random.default_rng(1)))
    assert [len(one) for one in found] == chunks
    (theta,) = likelihood.asked
    assert theta.shape == (30, 2)
    proposal = multivariate_t.logpdf(theta, centre, 1.2**2 * around, df=5)
    for s, one in enumerate(np.concatenate(found)):
        sigma = covariance(SPREAD[s], None if factor is None else factor[s])
        prior = multivariate_normal.logpdf(theta, draws.mean[s], sigma)
        np.testing.assert_allclose(one, likelihood.log(theta) + prior - proposal, atol=1e-6)
    # the points are those of that distribution: squares over degrees of freedom have a median of .799 for F(2, 5)
    many: Any = Likelihood(2)
    list(reweighted(many, centre, around, draws, 20_000, np.random.default_rng(2)))
    off = many.asked[0] - centre
    squares = np.einsum("pi,ij,pj->p", off, np.linalg.inv(1.2**2 * around), off) / 2
    assert np.median(squares) == pytest.approx(0.7988, abs=0.03)


@pytest.fixture
def shape() -> Any:
    """A person's shape from draws of the person, which follow the population's."""
    rng = np.random.default_rng(3)
    n = 300
    mean = np.array([0.8, 2.1, -0.7]) + 0.3 * rng.normal(size=(n, 3))
    draws = PopulationDraws(mean, np.exp(0.2 * rng.normal(size=(n, 2))), VARIES)
    own = 0.5 * mean[:, [0, 2]] - 0.2 * mean[:, [1]] + 0.4 * rng.normal(size=(n, 2))
    return person_shape(own, draws)


@pytest.mark.parametrize("factor", [None, FACTOR])
def test_own_points_have_exact_weights(shape: Any, factor: np.ndarray | None) -> None:
    likelihood: Any = Likelihood(3)
    draws = PopulationDraws(MEAN, SPREAD, VARIES, 1, factor)
    # 22.4 and 22.4 points of the first two proposals, the rest of the third
    points = 56
    found = np.concatenate(list(of_each_draw(likelihood, shape, draws, points, np.random.default_rng(4))))
    asked = np.concatenate(likelihood.asked).reshape(2, points, 3)
    np.testing.assert_array_equal(asked[:, :, 1], np.repeat(MEAN[:, [1]], points, axis=1))
    for s in range(2):
        theta = asked[s][:, VARIES]
        sigma = covariance(SPREAD[s], None if factor is None else factor[s])
        prior = multivariate_normal.logpdf(theta, MEAN[s, VARIES], sigma)
        # the person's quadratic under this draw's population
        precision = shape.information + np.linalg.inv(sigma)
        linear = shape.linear + (MEAN[s, ~VARIES] - shape.shared) @ shape.coupling
        centre = np.linalg.solve(precision, linear + np.linalg.solve(sigma, MEAN[s, VARIES]))
        narrow = multivariate_t.logpdf(theta, centre, 1.44 * np.linalg.inv(precision), df=5)
        # the regression of the person's draws on the population's
        at = np.concatenate([MEAN[s], np.log(SPREAD[s])])
        followed = shape.mean + (at - shape.centre) / shape.unit @ shape.slope
        regressed = multivariate_t.logpdf(theta, followed, 1.44 * shape.covariance, df=5)
        mixture = np.log((22 * np.exp(narrow) + 22 * np.exp(regressed) + 12 * np.exp(prior)) / 56)
        np.testing.assert_allclose(found[s], likelihood.log(asked[s]) + prior - mixture, atol=1e-6)


def test_own_points_come_from_the_three_proposals(shape: Any) -> None:
    likelihood: Any = Likelihood(3)
    draws = PopulationDraws(MEAN[[0]], SPREAD[[0]], VARIES)
    # values that hang together, one of them better known than the other
    together = np.array([[8.0, -5.0], [-5.0, 4.0]]), np.array([[0.5, 0.6], [0.6, 1.0]])
    shape = replace(shape, information=together[0], covariance=together[1])
    n = 20_000
    list(of_each_draw(likelihood, shape, draws, n, np.random.default_rng(5)))
    theta = np.concatenate(likelihood.asked)[:, VARIES]
    precision = shape.information + np.diag(SPREAD[0] ** -2.0)
    linear = shape.linear + (MEAN[0, ~VARIES] - shape.shared) @ shape.coupling
    centre = np.linalg.solve(precision, linear + MEAN[0, VARIES] / SPREAD[0] ** 2)
    at = np.concatenate([MEAN[0], np.log(SPREAD[0])])
    followed = shape.mean + (at - shape.centre) / shape.unit @ shape.slope
    parts = theta[: int(0.4 * n)], theta[int(0.4 * n) : int(0.8 * n)], theta[int(0.8 * n) :]
    centres = (centre, followed, MEAN[0, VARIES])
    # a t distribution of 5 degrees of freedom has 5 / 3 of its scale as variance
    wanted = (1.44 * 5 / 3 * np.linalg.inv(precision), 1.44 * 5 / 3 * shape.covariance, np.diag(SPREAD[0] ** 2))
    for part, middle, spread in zip(parts, centres, wanted, strict=True):
        error = np.sqrt(np.diagonal(spread) / len(part))
        assert (np.abs(part.mean(axis=0) - middle) < 5 * error).all()
        np.testing.assert_allclose(part.var(axis=0), np.diagonal(spread), rtol=0.15)
        correlation = spread[0, 1] / np.sqrt(spread[0, 0] * spread[1, 1])
        assert np.corrcoef(part.T)[0, 1] == pytest.approx(correlation, abs=0.06)


def test_a_shape_is_a_regression_and_a_quadratic() -> None:
    """Persons' draws that follow the population's exactly but for known residuals, by hand."""
    # population: mean of an own value, of a shared one; spread e or 1 / e. Four draws, all combinations balanced
    eight = [np.tile(one, 2) for one in ([4.0, 4.0, 2.0, 2.0], [7.0, 3.0, 7.0, 3.0], [1.0, -1.0, -1.0, 1.0])]
    draws = PopulationDraws(np.stack(eight[:2], axis=1), np.exp(eight[2])[:, None], np.array([True, False]))
    residual = 0.5 * np.repeat([1.0, -1.0], 4)
    own = (7.0 + 2.0 * (eight[0] - 3.0) - 0.5 * (eight[1] - 5.0) + 0.25 * eight[2] + residual)[:, None]
    found = person_shape(own, draws)
    np.testing.assert_allclose(found.centre, [3.0, 5.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(found.unit, [1.0, 2.0, 1.0])
    np.testing.assert_allclose(found.mean, [7.0])
    # per standard deviation of each coordinate
    np.testing.assert_allclose(found.slope, [[2.0], [-1.0], [0.25]], atol=1e-12)
    # eight squares of .5, and four of eight degrees of freedom left
    np.testing.assert_allclose(found.covariance, [[0.5]])
    # posterior precision 2, prior precision 1 (geometric mean of the spreads)
    np.testing.assert_allclose(found.information, [[1.0]], rtol=1e-6)
    # b = (H + 1) 7 - 1 * 3
    np.testing.assert_allclose(found.linear, [11.0], rtol=1e-6)
    # a unit of the shared value moves the person by -.5, and b by 2 times that
    np.testing.assert_allclose(found.coupling, [[-1.0]], rtol=1e-6)
    np.testing.assert_allclose(found.shared, [5.0])


def test_information_is_what_the_posterior_knows_beyond_the_prior(shape: Any) -> None:
    """Of two values: the posterior's precision is the sum of both."""
    prior = np.linalg.inv(np.diag(np.exp(shape.centre[3:])) ** 2)
    np.testing.assert_allclose(shape.information + prior, np.linalg.inv(shape.covariance), rtol=1e-6)
    expected = np.linalg.solve(shape.covariance, shape.mean) - prior @ shape.centre[[0, 2]]
    np.testing.assert_allclose(shape.linear, expected, rtol=1e-6)
    np.testing.assert_allclose(
        shape.coupling, np.linalg.solve(shape.covariance, shape.slope[1] / shape.unit[1])[None], rtol=1e-6
    )


def test_draws_that_do_not_differ_have_a_proposal() -> None:
    ridge = person_proposals._ridge
    # a part in 1e9 of the mean variance, and something where there is none
    np.testing.assert_allclose(ridge(np.array([[2.0, 0.5], [0.5, 6.0]])), 4e-9 * np.eye(2), rtol=1e-12)
    np.testing.assert_allclose(ridge(np.zeros((2, 2))), 1e-21 * np.eye(2), rtol=1e-12)
    likelihood: Any = Likelihood(2)
    draws = PopulationDraws(MEAN[:, [0, 2]], SPREAD, np.array([True, True]))
    same = np.ones((2, 2))
    for weights in (
        reweighted(likelihood, np.zeros(2), same, draws, 30, np.random.default_rng(1)),
        of_each_draw(
            likelihood,
            person_shape(
                np.ones((40, 2)),
                PopulationDraws(np.tile(MEAN[:, [0, 2]], (20, 1)), np.tile(SPREAD, (20, 1)), np.array([True, True])),
            ),
            draws,
            30,
            np.random.default_rng(1),
        ),
    ):
        assert np.isfinite(np.concatenate(list(weights))).all()


def test_what_says_less_than_the_prior_has_no_negative_information() -> None:
    rng = np.random.default_rng(6)
    draws = PopulationDraws(rng.normal(size=(200, 1)), np.full((200, 1), 0.5), np.array([True]))
    found = person_shape(3.0 * rng.normal(size=(200, 1)), draws)
    np.testing.assert_allclose(found.information, [[0.0]])


def test_chunks_cover_every_draw() -> None:
    assert chunks(5, 1_000_000) == [slice(0, 2), slice(2, 4), slice(4, 6)]
    assert chunks(3, 5_000_000) == [slice(0, 1), slice(1, 2), slice(2, 3)]


# averages of weights


def given(*chunks: Any) -> Iterator[np.ndarray]:
    return iter([np.log(np.array(one, dtype=float)) for one in chunks])


def test_means_of_weights_by_hand() -> None:
    with np.errstate(divide="ignore"):
        value, effective, k = log_means(given([[1.0, 3.0], [0.0, 4.0]], [[2.0, 2.0]]), 3)
    np.testing.assert_allclose(value, np.log([2.0, 2.0, 2.0]))
    # (1 + 3)^2 / (1 + 9); one of two; both
    np.testing.assert_allclose(effective, [1.6, 1.0, 2.0])
    # too few points to judge
    assert k == np.inf


def test_weights_that_are_not_numbers_count_as_none() -> None:
    weights = iter([np.array([[np.nan, 0.0, np.inf, 0.0], [-np.inf] * 4, [np.nan] * 4])])
    value, effective, _ = log_means(weights, 3)
    assert value[0] == pytest.approx(np.log(0.5))
    assert (value[1:] < -1e299).all()
    np.testing.assert_allclose(effective, [2.0, 1e-9, 1e-9])
    # very small ones are numbers
    value, _, k = log_means(iter([np.full((1, 1), -5000.0)]), 1)
    assert value[0] == -5000.0
    assert k == -np.inf


def test_the_tail_of_weights_has_its_own_shape() -> None:
    """Weights that follow a generalised Pareto distribution of shape .5, and weights that hardly differ."""
    quantile = (np.arange(1000) + 0.5) / 1000
    pareto = -0.5 * np.log1p(-quantile)
    rng = np.random.default_rng(7)
    heavy = np.stack([rng.permutation(pareto) for _ in range(3)])
    assert log_means(iter([heavy.copy()]), 3)[2] == pytest.approx(0.5, abs=0.15)
    assert log_means(iter([-heavy]), 3)[2] < 0.0
    # the median of the draws that were judged, in whatever chunks they come
    flat = -np.stack([rng.permutation(pareto) for _ in range(2)])
    mixed = np.concatenate([heavy, flat])
    whole = log_means(iter([mixed.copy()]), 5)[2]
    assert whole == pytest.approx(np.median([log_means(iter([row[None].copy()]), 1)[2] for row in mixed]), abs=1e-9)
    assert log_means(iter([mixed[:1].copy(), mixed[1:4].copy(), mixed[4:].copy()]), 5)[2] == whole


def test_how_many_points_are_judged() -> None:
    """30 with any weight; of a shorter tail than its six nothing can be estimated."""
    some = np.where(np.arange(60) < 30, -(np.linspace(0.0, 4.0, 60) ** 2), -np.inf)[None]
    assert np.isfinite(log_means(iter([some.copy()]), 1)[2])
    for n in (20, 24, 25, 29):
        assert log_means(iter([some[:, :n].copy()]), 1)[2] == np.inf


def test_weights_that_are_no_tail_are_not_good_ones() -> None:
    """ArviZ estimates nothing where the largest weights are equal: NaN, which is below every limit, as it is above."""
    equal = np.zeros((1, 100))
    assert log_means(iter([equal.copy()]), 1)[2] == -np.inf
    tied = np.where(np.arange(100) < 98, 0.0, 0.09)[None]
    assert log_means(iter([tied.copy()]), 1)[2] == -np.inf
    assert log_means(iter([100 * tied]), 1)[2] == np.inf
