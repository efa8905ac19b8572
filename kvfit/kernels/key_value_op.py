"""PyTensor Ops around :mod:`kvfit.kernels.key_value`."""

from typing import Any

import numpy as np
import pytensor.tensor as pt
from numba import njit
from pytensor.gradient import disconnected_type
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key

from kvfit.kernels import key_value
from kvfit.kernels.ops import cache_key

#: Inputs with a gradient (see `key_value.INPUTS`), which the constants follow.
N_DIFFERENTIABLE = len(key_value.INPUTS)


class KeyValueTable(Op):
    """Log probability ``(cell, category)``, and the slopes ``(cell, criterion, input)`` that its pullback needs."""

    __props__ = ("read",)

    def __init__(self, read: int) -> None:
        self.read = read

    def make_node(self, *inputs: Any) -> Apply:
        """Inputs: those of :func:`kvfit.kernels.key_value.key_value_table` after `read`."""
        variables = [pt.as_tensor_variable(x) for x in inputs]
        cells, criteria = variables[N_DIFFERENTIABLE - 1].type.shape
        categories = None if criteria is None else criteria + 1
        return Apply(
            self,
            variables,
            [
                pt.tensor(dtype="float64", shape=(cells, categories)),
                pt.tensor(dtype="float64", shape=(cells, criteria, N_DIFFERENTIABLE)),
            ],
        )

    def perform(self, node: Apply, inputs: list[np.ndarray], outputs: list[list[Any]]) -> None:
        """Call the compiled function."""
        outputs[0][0], outputs[1][0] = key_value.key_value_table(self.read, *map(np.ascontiguousarray, inputs))

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """The constants pass no gradient, and neither do the slopes."""
        return [[i < N_DIFFERENTIABLE, False] for i in range(len(node.inputs))]

    def pullback(self, inputs: list[Variable], outputs: list[Variable], cotangents: list[Variable]) -> list[Variable]:
        """Vector-Jacobian product."""
        made = KeyValuePullback()(*outputs, cotangents[0])
        return [*made, *(disconnected_type() for _ in inputs[N_DIFFERENTIABLE:])]


class KeyValuePullback(Op):
    """Adjoints of the inputs of `KeyValueTable`."""

    __props__ = ()

    def make_node(self, table: Any, slopes: Any, cotangent: Any) -> Apply:
        """Inputs: both outputs of `KeyValueTable`, and cotangents ``(cell, category)``."""
        variables = [pt.as_tensor_variable(x) for x in (table, slopes, cotangent)]
        cells, criteria, _ = variables[1].type.shape
        vectors = [pt.tensor(dtype="float64", shape=(cells,)) for _ in range(N_DIFFERENTIABLE - 1)]
        return Apply(self, variables, [*vectors, pt.tensor(dtype="float64", shape=(cells, criteria))])

    def perform(self, node: Apply, inputs: list[np.ndarray], outputs: list[list[Any]]) -> None:
        """Call the compiled function."""
        made = key_value.key_value_pullback(*map(np.ascontiguousarray, inputs))
        for slot, value in zip(outputs, made, strict=True):
            slot[0] = value


@register_funcify_and_cache_key(KeyValueTable)
def _table_to_numba(op: KeyValueTable, node: Apply, **kwargs: Any) -> tuple[Any, str]:
    function, read = key_value.key_value_table, op.read

    @njit(nogil=True)
    def call(place, mean, sd, threshold, noise, criteria, old, kind, reference, fewer, fewer_probit, lures):  # type: ignore[no-untyped-def]
        return function(
            read, np.ascontiguousarray(place), np.ascontiguousarray(mean), np.ascontiguousarray(sd),
            np.ascontiguousarray(threshold), np.ascontiguousarray(noise), np.ascontiguousarray(criteria),
            np.ascontiguousarray(old), np.ascontiguousarray(kind), np.ascontiguousarray(reference),
            np.ascontiguousarray(fewer), np.ascontiguousarray(fewer_probit), np.ascontiguousarray(lures),
        )  # fmt: skip

    return call, cache_key(op, key_value)


@register_funcify_and_cache_key(KeyValuePullback)
def _pullback_to_numba(op: KeyValuePullback, node: Apply, **kwargs: Any) -> tuple[Any, str]:
    function = key_value.key_value_pullback

    @njit(nogil=True)
    def call(table, slopes, cotangent):  # type: ignore[no-untyped-def]
        return function(np.ascontiguousarray(table), np.ascontiguousarray(slopes), np.ascontiguousarray(cotangent))

    return call, cache_key(op, key_value)
