"""Reading in dual form, in blocks of queries: ``v = sum_n alpha_n v_n`` with ``alpha = sigma(S(K, q))``.

The matrix of queries and traces is never held as a whole: of a block that fits into the processor's cache the passes of a
separation cost little beside the two matrix products.
"""

from collections.abc import Iterator

import numpy as np

from kvfit.memory.separation import Separation, divide
from kvfit.memory.similarity import Kernel
from kvfit.memory.traces import Traces

#: Bytes of the matches held at a time, unless a single query needs more.
BLOCK_BYTES = 16 * 2**20


def blocks(n_queries: int, bytes_a_query: int, block_bytes: int) -> Iterator[slice]:
    """Slices of the queries whose matches fit into `block_bytes`, at least one query each."""
    step = max(1, block_bytes // max(bytes_a_query, 1))
    for start in range(0, n_queries, step):
        yield slice(start, start + step)


def read(
    kernel: Kernel, separation: Separation, traces: Traces, queries: np.ndarray, block_bytes: int = BLOCK_BYTES
) -> np.ndarray:
    """Values that queries retrieve.

    Parameters
    ----------
    kernel : Kernel
    separation : Separation
    traces : Traces
    queries : ndarray, shape (..., query, key feature)
    block_bytes : int

    Returns
    -------
    ndarray, shape (..., query, value feature)
    """
    leading = np.broadcast_shapes(queries.shape[:-2], traces.strengths.shape[:-1])
    n_queries = queries.shape[-2]
    found = np.zeros((*leading, n_queries, traces.values.shape[-1]))
    if not traces.n_traces:
        return found
    equal = bool((traces.strengths == 1.0).all())
    a_query = 8 * traces.n_traces * int(np.prod(leading))
    for block in blocks(n_queries, a_query, block_bytes):
        weights = separation.raw(kernel(queries[..., block, :], traces.keys))
        if not equal:
            weights = weights * traces.strengths[..., None, :]
        content = np.matmul(weights, traces.values)
        # dividing the content, not the weights, saves a pass over queries x traces
        found[..., block, :] = (
            divide(content, weights.sum(axis=-1, keepdims=True)) if separation.normalised else content
        )
    return found
