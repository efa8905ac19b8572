"""The sampler's coordinates of person effects: a change of variables, its Jacobian and its gradient."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from kvfit.kernels import person_coordinates
from kvfit.kernels.person_coordinates_op import ToCoordinates, ToEffects

PERSONS, K, Q = 3, 4, 2
#: displacements of the shared values and their products
F = Q + Q * (Q + 1) // 2


@pytest.fixture
def inputs() -> list[np.ndarray]:
    rng = np.random.default_rng(8)
    root = rng.normal(size=(PERSONS, K, K - 1))  # one direction without information
    return [
        rng.normal(size=(PERSONS, K)),
        rng.normal(size=K),
        rng.uniform(0.3, 1.5, size=K),
        rng.normal(size=Q),
        root @ np.swapaxes(root, 1, 2),
        rng.normal(size=(PERSONS, K, F)),
        rng.normal(size=(PERSONS, K)),
        np.tril(rng.normal(scale=0.3, size=(F, K, K))),
    ]


@pytest.mark.bounds
def test_effects_have_the_conditional_moments(inputs: list[np.ndarray]) -> None:
    """eta = 0 is the mean of the normal approximation, and a unit of eta its standard deviations (module docstring)."""
    _, mu, sigma, s, curvature, coupling, b, deformation = inputs
    moved = np.array([s[0], s[1], s[0] * s[0], s[1] * s[0], s[1] * s[1]])
    centre, log_jacobian = person_coordinates.to_effects(np.zeros((PERSONS, K)), *inputs[1:])
    for j in range(PERSONS):
        precision = curvature[j] + np.diag(1 / sigma**2)
        mean = np.linalg.solve(precision, b[j] - coupling[j] @ moved + mu / sigma**2)
        np.testing.assert_allclose(centre[j], mean, rtol=1e-10)
        columns = []
        for i in range(K):
            eta = np.zeros((PERSONS, K))
            eta[j, i] = 1.0
            columns.append(person_coordinates.to_effects(eta, *inputs[1:])[0][j] - mean)
        factor = np.array(columns).T
        deform = np.tensordot(moved, deformation, axes=1)
        np.fill_diagonal(deform, np.exp(np.diagonal(deform)))
        undeformed = factor @ np.linalg.inv(deform)
        np.testing.assert_allclose(undeformed @ undeformed.T, np.linalg.inv(precision), atol=1e-12)
        assert log_jacobian[j] == pytest.approx(np.linalg.slogdet(factor)[1], rel=1e-10)


def test_coordinates_invert_effects(inputs: list[np.ndarray]) -> None:
    theta, _ = person_coordinates.to_effects(*inputs)
    np.testing.assert_allclose(person_coordinates.to_coordinates(theta, *inputs[1:]), inputs[0], atol=1e-12)


@pytest.fixture
def of_population(inputs: list[np.ndarray]) -> list[np.ndarray]:
    """Inputs of the Ops: the means of the population in their own order, and where the shared ones are expected."""
    rng = np.random.default_rng(10)
    own, shared = np.array([0, 2, 3, 5]), np.array([1, 4])
    eta, own_mu, sigma, s, *follow = inputs
    expected, reach = rng.normal(size=Q), np.abs(s) + 0.2
    mu = np.empty(K + Q)
    mu[own], mu[shared] = own_mu, expected + 2 * reach * np.arctanh(s / (2 * reach))
    return [eta, mu, sigma, *follow, own, shared, expected, reach]


def test_means_of_the_population_are_taken_apart(inputs: list[np.ndarray], of_population: list[np.ndarray]) -> None:
    expected = person_coordinates.to_effects(*inputs)
    for mode in ("NUMBA", "FAST_COMPILE"):
        found = pytensor.function([], ToEffects()(*of_population), mode=mode)()
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("mode", ["NUMBA", pytest.param("FAST_COMPILE", marks=pytest.mark.bounds)])
def test_pullback_equals_differences(of_population: list[np.ndarray], mode: str) -> None:
    inputs = of_population
    rng = np.random.default_rng(9)
    weights, weight = rng.normal(size=(PERSONS, K)), rng.normal(size=PERSONS)
    variables = [pt.tensor(dtype="float64", shape=x.shape) for x in inputs[:3]]
    theta, log_jacobian = ToEffects()(*variables, *inputs[3:])
    total = (theta * weights).sum() + (log_jacobian * weight).sum()
    function = pytensor.function(variables, [total, *pytensor.grad(total, variables)], mode=mode)
    _, *gradients = function(*inputs[:3])

    for at, gradient in enumerate(gradients):
        for index in np.ndindex(inputs[at].shape):
            moved = []
            for step in (1e-6, -1e-6):
                changed = [x.copy() for x in inputs[:3]]
                changed[at][index] += step
                moved.append(function(*changed)[0])
            assert gradient[index] == pytest.approx((moved[0] - moved[1]) / 2e-6, rel=1e-6, abs=1e-7)


def test_either_output_alone_has_a_gradient(of_population: list[np.ndarray]) -> None:
    inputs = of_population
    eta = pt.tensor(dtype="float64", shape=inputs[0].shape)
    theta, log_jacobian = ToEffects()(eta, *inputs[1:])
    for output in (theta.sum(), log_jacobian.sum()):
        assert np.isfinite(pytensor.function([eta], pytensor.grad(output, eta))(inputs[0])).all()
    back = pytensor.function([eta], ToCoordinates()(theta, *inputs[1:]))(inputs[0])
    np.testing.assert_allclose(back, inputs[0], atol=1e-12)
