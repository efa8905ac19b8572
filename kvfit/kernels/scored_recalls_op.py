"""A PyTensor Op that lays recall sequences out flat, as the compiled core reads them."""

from typing import Any

import numpy as np
import pytensor.tensor as pt
from numba import njit
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key

from kvfit.kernels.ops import cache_key


@njit(nogil=True)
def flat_recalls(matrix):  # type: ignore[no-untyped-def]
    """Positions from 0 ``(recall,)`` and offsets ``(list + 1,)`` of positions from 1 ``(list, output)``, 0 for none."""
    n_lists, n_outputs = matrix.shape
    offsets = np.zeros(n_lists + 1, np.int64)
    recalled = np.empty(matrix.size, np.int64)
    total = 0
    for i in range(n_lists):
        for j in range(n_outputs):
            if matrix[i, j] <= 0:
                break
            recalled[total] = matrix[i, j] - 1
            total += 1
        offsets[i + 1] = total
    return recalled[:total], offsets


class ScoredRecalls(Op):
    """Flat recalls and offsets of a matrix ``(list, output)`` whose rows end with the first 0; see `flat_recalls`."""

    __props__ = ()

    def make_node(self, matrix: Any) -> Apply:
        """Input: ``(list, output)`` int64."""
        return Apply(self, [pt.as_tensor_variable(matrix)], [pt.lvector(), pt.lvector()])

    def perform(self, node: Apply, inputs: list[np.ndarray], outputs: list[list[Any]]) -> None:
        """Call the compiled function."""
        outputs[0][0], outputs[1][0] = flat_recalls(inputs[0])


@register_funcify_and_cache_key(ScoredRecalls)
def _(op: ScoredRecalls, node: Apply, **kwargs: Any) -> tuple[Any, str]:
    @njit(nogil=True)
    def call(matrix):  # type: ignore[no-untyped-def]
        return flat_recalls(matrix)

    return call, cache_key(op)
