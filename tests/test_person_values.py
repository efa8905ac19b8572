"""Natural values and the log density of person effects, and their adjoints."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy import stats

from kvfit.inference.hierarchy import natural_values
from kvfit.kernels.person_values_op import PersonDensity
from kvfit.parameters import Parameter

PERSONS = 3
MODES = ["NUMBA", "FAST_COMPILE"]
BOTH = [pytest.param(mode, marks=[pytest.mark.bounds] * (mode == "FAST_COMPILE")) for mode in MODES]


def _parameters() -> tuple[Parameter, ...]:
    """One of every link, as effect and shared, so that places matter."""
    kinds = [
        ("unit", "log", (0.2, 0.8)),
        ("positive", "log", (0.1, 3.0)),
        ("positive", "softplus", (0.1, 3.0)),
        ("real", "log", (-1.0, 1.0)),
    ]
    return tuple(
        Parameter(f"{support}_{link}_{varies}", "x", support, interval, "", "", varies=varies, link=link)  # type: ignore[arg-type]
        for support, link, interval in kinds
        for varies in (False, True)
    )  # fmt: skip


PARAMETERS = _parameters()
VARIES = np.array([p.varies for p in PARAMETERS])
OWN = np.flatnonzero(VARIES)


@pytest.fixture
def point() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    theta = 2.0 * rng.normal(size=(PERSONS, OWN.size))
    # far out, where exp of the wrong sign overflows
    theta[0], theta[1] = 800.0 * np.array([-1, 0.01, 1, 1]), -800.0 * np.array([-1, 1, 1, 1])
    return theta, rng.normal(size=VARIES.size)


@pytest.mark.parametrize("mode", BOTH)
def test_natural_values_are_those_of_the_parameters(point: tuple[np.ndarray, np.ndarray], mode: str) -> None:
    theta, mu = point
    found = pytensor.function([], natural_values(*map(pt.constant, point), PARAMETERS, VARIES), mode=mode)()
    columns = iter(theta.T)
    with np.errstate(over="ignore"):
        for p, value, mean in zip(PARAMETERS, found, mu, strict=True):
            expected = p.to_natural(next(columns) if p.varies else np.full(PERSONS, mean))
            np.testing.assert_allclose(value, expected, rtol=1e-14, atol=1e-300)


@pytest.mark.parametrize("mode", BOTH)
def test_adjoints_of_natural_values_are_those_of_the_formulas(point: tuple[np.ndarray, np.ndarray], mode: str) -> None:
    theta, mu = pt.matrix(shape=(PERSONS, OWN.size)), pt.vector(shape=(VARIES.size,))
    weights = np.random.default_rng(3).normal(size=(VARIES.size, PERSONS))
    values = natural_values(theta, mu, PARAMETERS, VARIES)
    columns = iter(range(OWN.size))
    formulas = [
        p.to_natural(theta[:, next(columns)] if p.varies else pt.ones(PERSONS) * mu[k], pt)
        for k, p in enumerate(PARAMETERS)
    ]
    gradients = [
        g
        for made in (values, formulas)
        for g in pytensor.grad(sum((w * v).sum() for w, v in zip(weights, made, strict=True)), [theta, mu])
    ]
    at = np.clip(point[0], -5, 5), point[1]
    found = pytensor.function([theta, mu], gradients, mode=mode)(*at)
    np.testing.assert_allclose(found[0], found[2], rtol=1e-12)
    np.testing.assert_allclose(found[1], found[3], rtol=1e-12)


@pytest.mark.parametrize("mode", BOTH)
def test_one_value_alone_has_a_gradient(point: tuple[np.ndarray, np.ndarray], mode: str) -> None:
    theta, mu = pt.matrix(shape=(PERSONS, OWN.size)), pt.vector(shape=(VARIES.size,))
    values = natural_values(theta, mu, PARAMETERS, VARIES)
    found = pytensor.function([theta, mu], pytensor.grad(values[7].sum(), [theta, mu]), mode=mode)(*point)
    np.testing.assert_array_equal(found[0], np.eye(4)[[3] * PERSONS])
    assert not found[1].any()


@pytest.mark.parametrize("mode", BOTH)
def test_density_is_the_normal_one_with_its_gradient(mode: str) -> None:
    rng = np.random.default_rng(4)
    at = rng.normal(size=(PERSONS, OWN.size)), rng.normal(size=VARIES.size), rng.uniform(0.5, 2.0, OWN.size)
    inputs = [pt.tensor(dtype="float64", shape=x.shape) for x in at]
    weights = rng.normal(size=PERSONS)
    theta, mu, sigma = inputs
    density = PersonDensity()(*inputs, OWN)
    z = (theta - mu[OWN]) / sigma
    formula = (-0.5 * z**2 - pt.log(sigma)).sum(axis=1)
    gradients = [g for made in (density, formula) for g in pytensor.grad((weights * made).sum(), inputs)]
    found, *slopes = pytensor.function(inputs, [density, *gradients], mode=mode)(*at)
    np.testing.assert_allclose(found, stats.norm.logpdf(at[0], at[1][OWN], at[2]).sum(axis=1), rtol=1e-12)
    for one, other in zip(slopes[:3], slopes[3:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
