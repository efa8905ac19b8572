"""PyTensor Ops around :mod:`kvfit.kernels.context`."""

from typing import Any

import numpy as np
import pytensor.tensor as pt
from numba import njit
from pytensor.gradient import disconnected_type
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key

from kvfit.kernels import context
from kvfit.kernels.ops import cache_key, connected

#: parameters and learning rates; the list lengths follow
N_DIFFERENTIABLE = len(context.INPUTS) + 1


class ContextTables(Op):
    """Tables ``(cell, 2, position)`` and ``(cell, recalled position, 2, position)``."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """Inputs: those of :func:`kvfit.kernels.context.context_tables`."""
        variables = [pt.as_tensor_variable(x) for x in inputs]
        cells, n = variables[N_DIFFERENTIABLE - 1].type.shape
        shapes = [(cells, 2, n), (cells, n, 2, n)]
        return Apply(self, variables, [pt.tensor(dtype="float64", shape=shape) for shape in shapes])

    def perform(self, node: Apply, inputs: list[np.ndarray], outputs: list[list[Any]]) -> None:
        """Call the compiled function."""
        outputs[0][0], outputs[1][0] = context.context_tables(*map(np.ascontiguousarray, inputs))

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """List lengths pass no gradient."""
        return [[i < N_DIFFERENTIABLE] * 2 for i in range(len(node.inputs))]

    def pullback(self, inputs: list[Variable], outputs: list[Variable], cotangents: list[Variable]) -> list[Variable]:
        """Vector-Jacobian product."""
        return [*ContextPullback()(*inputs, *connected(outputs, cotangents)), disconnected_type()]


class ContextPullback(Op):
    """Adjoints of parameters and learning rates."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """Inputs: those of `ContextTables`, and cotangents of both tables."""
        variables = [pt.as_tensor_variable(x) for x in inputs]
        made = [pt.tensor(dtype="float64", shape=v.type.shape) for v in variables[:N_DIFFERENTIABLE]]
        return Apply(self, variables, made)

    def perform(self, node: Apply, inputs: list[np.ndarray], outputs: list[list[Any]]) -> None:
        """Call the compiled function."""
        made = context.context_tables_pullback(*map(np.ascontiguousarray, inputs))
        for slot, value in zip(outputs, made, strict=True):
            slot[0] = value


@register_funcify_and_cache_key(ContextTables)
def _(op: ContextTables, node: Apply, **kwargs: Any) -> tuple[Any, str]:
    @njit(nogil=True)
    def tables(b_enc, b_start, b_rec, d_fc, l_fc, d_cf, a_cf, learning, list_length):  # type: ignore[no-untyped-def]
        return context.context_tables(
            np.ascontiguousarray(b_enc), np.ascontiguousarray(b_start), np.ascontiguousarray(b_rec),
            np.ascontiguousarray(d_fc), np.ascontiguousarray(l_fc), np.ascontiguousarray(d_cf),
            np.ascontiguousarray(a_cf), np.ascontiguousarray(learning), list_length,
        )  # fmt: skip

    return tables, cache_key(op, context)


@register_funcify_and_cache_key(ContextPullback)
def _(op: ContextPullback, node: Apply, **kwargs: Any) -> tuple[Any, str]:
    @njit(nogil=True)
    def pullback(  # type: ignore[no-untyped-def]
        b_enc, b_start, b_rec, d_fc, l_fc, d_cf, a_cf, learning, list_length, g_initial, g_cue
    ):
        return context.context_tables_pullback(
            np.ascontiguousarray(b_enc), np.ascontiguousarray(b_start), np.ascontiguousarray(b_rec),
            np.ascontiguousarray(d_fc), np.ascontiguousarray(l_fc), np.ascontiguousarray(d_cf),
            np.ascontiguousarray(a_cf), np.ascontiguousarray(learning), list_length,
            np.ascontiguousarray(g_initial), np.ascontiguousarray(g_cue),
        )  # fmt: skip

    return pullback, cache_key(op, context)
