"""Parameters: supports, priors stated as intervals, and errors that list everything."""

from dataclasses import replace

import numpy as np
import pytensor.tensor as pt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kvfit.parameters import Parameter, ParameterError, Support, check_values

UNIT = Parameter("share", "φ", "unit", (0.1, 0.9), "a share", "made up")
POSITIVE = Parameter("weight", "w", "positive", (0.5, 8.0), "a weight", "made up")
REAL = Parameter("slope", "x", "real", (-1.0, 3.0), "a slope", "made up")
ALL = (UNIT, POSITIVE, REAL)
each = pytest.mark.parametrize("parameter", ALL, ids=[p.name for p in ALL])


@each
def test_interval_is_the_central_90_percent_of_the_prior(parameter: Parameter) -> None:
    z = np.array([-1.0, 1.0]) * 1.6448536269514722
    np.testing.assert_allclose(parameter.to_natural(parameter.location + parameter.scale * z), parameter.interval)


def test_location_and_scale_by_hand() -> None:
    assert UNIT.location == pytest.approx(0.0)
    assert UNIT.scale == pytest.approx(np.log(9) / 1.6448536269514722)
    assert POSITIVE.location == pytest.approx(np.log(2.0))
    assert REAL.location == 1.0
    assert REAL.scale == pytest.approx(2 / 1.6448536269514722)


@each
@settings(max_examples=50, deadline=None, derandomize=True)
@given(x=st.floats(-20, 20))
def test_scales_are_inverse_to_each_other(parameter: Parameter, x: float) -> None:
    natural = parameter.to_natural(np.float64(x))
    assert parameter.contains(natural)
    # near 1 a double keeps few digits of the distance from 1
    assert parameter.to_unconstrained(natural) == pytest.approx(x, rel=1e-6, abs=1e-9)


@each
def test_natural_scale_is_the_same_symbolically(parameter: Parameter) -> None:
    x = np.linspace(-5, 5, 11)
    np.testing.assert_allclose(parameter.to_natural(pt.constant(x), pt).eval(), parameter.to_natural(x), rtol=1e-14)


@pytest.mark.parametrize(
    ("support", "inside", "outside"),
    [
        ("unit", [0.0, 0.5, 1.0], [-0.1, 1.1, np.nan, np.inf]),
        ("positive", [0.0, 3.0], [-1e-9, np.inf, np.nan]),
        ("real", [-5.0, 0.0], [np.inf, -np.inf, np.nan]),
    ],
)
def test_supports(support: Support, inside: list[float], outside: list[float]) -> None:
    parameter = Parameter("p", "p", support, (0.1, 0.9), "made up", "made up")
    assert parameter.contains(inside).all()
    assert not parameter.contains(outside).any()


@pytest.mark.parametrize(
    ("support", "interval"),
    [("unit", (0.9, 0.1)), ("unit", (0.5, 1.5)), ("positive", (-1.0, 2.0)), ("real", (0.0, np.inf))],
)
def test_impossible_intervals(support: Support, interval: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=r"parameter p: interval .* must be increasing and"):
        Parameter("p", "p", support, interval, "made up", "made up")


@pytest.mark.parametrize(
    ("support", "interval"), [("unit", (0.0, 0.5)), ("unit", (0.5, 1.0)), ("positive", (0.0, 1.0))]
)
def test_intervals_that_touch_the_edge_of_the_support(support: Support, interval: tuple[float, float]) -> None:
    """Their ends have no finite unconstrained value, so the prior would have no location."""
    with pytest.raises(ValueError, match="parameter p: interval"):
        Parameter("p", "p", support, interval, "made up", "made up")


def test_values_are_checked_and_returned_as_arrays() -> None:
    found = check_values(ALL, {"share": 0.5, "weight": [1, 2], "slope": np.float32(1)}, owner="toy")
    assert {name: value.dtype.kind for name, value in found.items()} == {"share": "f", "weight": "f", "slope": "f"}
    assert found["weight"].tolist() == [1.0, 2.0]


def test_optional_values_may_be_left_out_but_are_checked() -> None:
    assert set(check_values(ALL, {"share": 0.5, "slope": 0.0}, owner="toy", optional={"weight"})) == {"share", "slope"}
    with pytest.raises(ParameterError, match="weight: expected 0 or greater, found -1"):
        check_values(ALL, {"share": 0.5, "slope": 0.0, "weight": -1}, owner="toy", optional={"weight"})


def test_every_problem_is_listed_once() -> None:
    with pytest.raises(ParameterError) as caught:
        check_values(ALL, {"share": [0.5, 1.5], "slop": 2.0}, owner="toy")
    lines = str(caught.value).splitlines()
    assert lines[0] == "parameters of toy:"
    assert lines[1:] == [
        "  slop: unknown; toy has share, weight, slope",
        "  share: expected between 0 and 1, found 1.5",
        "  weight: missing; expected a value 0 or greater (for example 2)",
        "  slope: missing; expected a value any real number (for example 1)",
    ]


def test_values_that_are_no_numbers() -> None:
    with pytest.raises(ParameterError, match="share: expected a number, found 'high'"):
        check_values((UNIT,), {"share": "high"}, owner="toy")


@pytest.mark.parametrize(
    ("parameter", "ends"),
    [(UNIT, [0.0, 1.0]), (POSITIVE, [0.0, np.inf]), (replace(POSITIVE, link="softplus"), [0.0, 800.0])],
    ids=["unit", "log", "softplus"],
)
def test_far_values_have_the_ends_of_the_support(parameter: Parameter, ends: list[float]) -> None:
    # an overflow would be a warning, and so an error here
    np.testing.assert_array_equal(parameter.to_natural(np.array([-800.0, 800.0])), ends)
