"""PyTensor Ops around :mod:`kvfit.kernels.person_coordinates`."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor.tensor as pt
from numba import njit, objmode
from pytensor.gradient import disconnected_type
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key

from kvfit.kernels import person_coordinates
from kvfit.kernels.ops import cache_key, connected

#: eta (or theta), the population's means and sigma; after them come the constants H, C, b, D, own, shared, expected, reach
_N_DIFFERENTIABLE = 3


class _Coordinates(Op):
    __props__ = ()
    function: Callable[..., Any]

    def make_node(self, *inputs: Any) -> Apply:
        """Inputs: effects or coordinates, means ``(parameter,)``, sigma and the constants (and cotangents)."""
        variables = [pt.as_tensor_variable(x) for x in inputs]
        return Apply(self, variables, [v.type() for v in self.like(variables)])

    def like(self, inputs: list[Variable]) -> list[Variable]:
        """Variables whose types the outputs have."""
        raise NotImplementedError

    def perform(self, node: Apply, inputs: list[np.ndarray], outputs: list[list[Any]]) -> None:
        """Call the compiled function."""
        made = type(self).function(*map(np.ascontiguousarray, inputs))
        for slot, value in zip(outputs, made if isinstance(made, tuple) else (made,), strict=True):
            slot[0] = value


class ToEffects(_Coordinates):
    """Person effects and the log of the Jacobian's determinant ``(person,)`` from coordinates."""

    function = staticmethod(person_coordinates.effects_from_population)

    def like(self, inputs: list[Variable]) -> list[Variable]:
        """Effects like the coordinates; a number a person."""
        return [inputs[0], pt.tensor(dtype="float64", shape=(inputs[0].type.shape[0],))]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """The constants pass no gradient."""
        return [[i < _N_DIFFERENTIABLE] * 2 for i in range(len(node.inputs))]

    def pullback(self, inputs: list[Variable], outputs: list[Variable], cotangents: list[Variable]) -> list[Variable]:
        """Vector-Jacobian product."""
        made = ToEffectsPullback()(*inputs, *connected(outputs, cotangents))
        return [*made, *(disconnected_type() for _ in inputs[_N_DIFFERENTIABLE:])]


class ToEffectsPullback(_Coordinates):
    """Adjoints of coordinates, the population's means and sigma."""

    function = staticmethod(person_coordinates.effects_from_population_pullback)

    def like(self, inputs: list[Variable]) -> list[Variable]:
        """As the inputs that they belong to."""
        return inputs[:_N_DIFFERENTIABLE]


class ToCoordinates(_Coordinates):
    """Coordinates from person effects (for starting values; without a gradient)."""

    function = staticmethod(person_coordinates.coordinates_from_population)

    def like(self, inputs: list[Variable]) -> list[Variable]:
        """As the effects."""
        return inputs[:1]


@register_funcify_and_cache_key(ToEffects)
def _(op: ToEffects, node: Apply, **kwargs: Any) -> tuple[Any, str]:
    function = person_coordinates.effects_from_population

    @njit(nogil=True)
    def call(eta, mu, sigma, H, C, b, D, own, shared, expected, reach):  # type: ignore[no-untyped-def]
        return function(
            np.ascontiguousarray(eta), np.ascontiguousarray(mu), np.ascontiguousarray(sigma),
            H, C, b, D, own, shared, expected, reach,
        )  # fmt: skip

    return call, cache_key(op, person_coordinates)


@register_funcify_and_cache_key(ToEffectsPullback)
def _(op: ToEffectsPullback, node: Apply, **kwargs: Any) -> tuple[Any, str]:
    function = person_coordinates.effects_from_population_pullback

    @njit(nogil=True)
    def call(eta, mu, sigma, H, C, b, D, own, shared, expected, reach, g_theta, g_log_jacobian):  # type: ignore[no-untyped-def]
        return function(
            np.ascontiguousarray(eta), np.ascontiguousarray(mu), np.ascontiguousarray(sigma),
            H, C, b, D, own, shared, expected, reach,
            np.ascontiguousarray(g_theta), np.ascontiguousarray(g_log_jacobian),
        )  # fmt: skip

    return call, cache_key(op, person_coordinates)


@register_funcify_and_cache_key(ToCoordinates)
def _(op: ToCoordinates, node: Apply, **kwargs: Any) -> tuple[Any, str]:
    function = person_coordinates.coordinates_from_population

    @njit
    def call(theta, mu, sigma, H, C, b, D, own, shared, expected, reach):  # type: ignore[no-untyped-def]
        with objmode(eta="float64[:, :]"):
            eta = function(theta, mu, sigma, H, C, b, D, own, shared, expected, reach)
        return np.ascontiguousarray(eta)

    return call, cache_key(op, person_coordinates)
