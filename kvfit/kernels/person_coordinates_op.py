"""PyTensor Ops around :mod:`kvfit.kernels.person_coordinates`."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytensor.tensor as pt
from numba import njit
from pytensor.gradient import DisconnectedType, disconnected_type
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key

from kvfit.kernels import person_coordinates

_SOURCES = Path(str(person_coordinates.__file__)).read_bytes() + Path(__file__).read_bytes()
#: eta (or theta), mu, sigma and shared values; after them come the constants H, C, b and D
_N_DIFFERENTIABLE = 4


class _Coordinates(Op):
    __props__ = ()
    function: Callable[..., Any]

    def make_node(self, *inputs: Any) -> Apply:
        """Inputs: effects or coordinates, mu, sigma, shared values, H, C, b, D (and cotangents)."""
        variables = [pt.as_tensor_variable(x) for x in inputs]
        return Apply(self, variables, [v.type() for v in self.like(variables)])

    def like(self, inputs: list[Variable]) -> list[Variable]:
        """Variables whose types the outputs have."""
        raise NotImplementedError

    def perform(self, node: Apply, inputs: list[np.ndarray], outputs: list[list[Any]]) -> None:
        """Call the compiled function."""
        made = type(self).function(*(np.ascontiguousarray(x, dtype=float) for x in inputs))
        for slot, value in zip(outputs, made if isinstance(made, tuple) else (made,), strict=True):
            slot[0] = value


class ToEffects(_Coordinates):
    """Person effects and the log of the Jacobian's determinant ``(person,)`` from coordinates."""

    function = staticmethod(person_coordinates.to_effects)

    def like(self, inputs: list[Variable]) -> list[Variable]:
        """Effects like the coordinates; a number a person."""
        return [inputs[0], pt.tensor(dtype="float64", shape=(inputs[0].type.shape[0],))]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """The constants pass no gradient."""
        return [[i < _N_DIFFERENTIABLE] * 2 for i in range(len(node.inputs))]

    def pullback(self, inputs: list[Variable], outputs: list[Variable], cotangents: list[Variable]) -> list[Variable]:
        """Vector-Jacobian product."""
        given = [
            pt.zeros_like(out) if isinstance(g.type, DisconnectedType) else g
            for out, g in zip(outputs, cotangents, strict=True)
        ]
        made = ToEffectsPullback()(*inputs, *given)
        return [*made, *(disconnected_type() for _ in inputs[_N_DIFFERENTIABLE:])]


class ToEffectsPullback(_Coordinates):
    """Adjoints of coordinates, mu, sigma and shared values."""

    function = staticmethod(person_coordinates.to_effects_pullback)

    def like(self, inputs: list[Variable]) -> list[Variable]:
        """As the inputs that they belong to."""
        return inputs[:_N_DIFFERENTIABLE]


class ToCoordinates(_Coordinates):
    """Coordinates from person effects (for starting values; without a gradient)."""

    function = staticmethod(person_coordinates.to_coordinates)

    def like(self, inputs: list[Variable]) -> list[Variable]:
        """As the effects."""
        return inputs[:1]


def _register(op: type[_Coordinates], n_inputs: int) -> None:
    key = hashlib.sha256(op.__name__.encode() + _SOURCES).hexdigest()
    function = op.function

    if n_inputs == 8:

        @njit(nogil=True)
        def call(x, mu, sigma, s, H, C, b, D):  # type: ignore[no-untyped-def]
            return function(
                np.ascontiguousarray(x), np.ascontiguousarray(mu), np.ascontiguousarray(sigma), np.ascontiguousarray(s),
                np.ascontiguousarray(H), np.ascontiguousarray(C), np.ascontiguousarray(b), np.ascontiguousarray(D),
            )  # fmt: skip
    else:

        @njit(nogil=True)
        def call(x, mu, sigma, s, H, C, b, D, g_theta, g_log_jacobian):  # type: ignore[no-untyped-def]
            return function(
                np.ascontiguousarray(x), np.ascontiguousarray(mu), np.ascontiguousarray(sigma), np.ascontiguousarray(s),
                np.ascontiguousarray(H), np.ascontiguousarray(C), np.ascontiguousarray(b), np.ascontiguousarray(D),
                np.ascontiguousarray(g_theta), np.ascontiguousarray(g_log_jacobian),
            )  # fmt: skip

    @register_funcify_and_cache_key(op)
    def funcify(_op: Any, node: Apply, **kwargs: Any) -> tuple[Any, str]:
        return call, key


_register(ToEffects, 8)
_register(ToCoordinates, 8)
_register(ToEffectsPullback, 10)
