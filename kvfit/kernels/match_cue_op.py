"""PyTensor Ops around the compiled core, so that PyMC and nutpie call it without object mode.

``MatchCue`` returns per-list log-likelihoods and, from the same pass, the adjoints of the four tables for their sum.
Its pullback is exact for every cotangent: when the cotangents of all lists are one number, as in a model's total
log-probability, the adjoints of the sum are reused; otherwise a second pass weighs each list by its own. A graph that
needs no gradient is rewritten to the cheaper value-only Op.
"""

from typing import Any

import numpy as np
import pytensor.tensor as pt
from numba import njit
from pytensor.compile.mode import optdb
from pytensor.gradient import disconnected_type
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.graph.rewriting.basic import in2out, node_rewriter
from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key
from pytensor.scalar.basic import Second
from pytensor.tensor.basic import Alloc
from pytensor.tensor.elemwise import Elemwise

from kvfit.kernels import match_cue, vector_math
from kvfit.kernels.match_cue import CoreConfig
from kvfit.kernels.ops import cache_key

N_TABLES = 4


class _MatchCueBase(Op):
    """Shared parts; the inputs are four tables, then the arrays of the data."""

    __props__ = ("config",)

    def __init__(self, config: CoreConfig) -> None:
        self.config = config

    def _inputs(self, inputs: tuple[Any, ...]) -> list[Variable]:
        return [pt.as_tensor_variable(x) for x in inputs]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """Only the tables are differentiable, and only the log-likelihood passes a gradient on."""
        return [[i < N_TABLES and j == 0 for j in range(len(node.outputs))] for i in range(len(node.inputs))]


class MatchCueValue(_MatchCueBase):
    """Per-list log-likelihood alone."""

    def make_node(self, *inputs: Any) -> Apply:
        """Inputs: four tables and five data arrays; output ``(list,)``."""
        return Apply(self, self._inputs(inputs), [pt.vector(dtype="float64")])

    def perform(self, node: Apply, inputs: list[np.ndarray], outputs: list[list[Any]]) -> None:
        """Evaluate through the compiled core."""
        outputs[0][0] = match_cue.log_likelihood(self.config, tuple(inputs[:4]), tuple(inputs[4:]))


class MatchCueGradient(_MatchCueBase):
    """Per-list log-likelihood and the adjoints of ``sum(list_weight * log-likelihood)``."""

    def make_node(self, *inputs: Any) -> Apply:
        """Inputs: four tables, five data arrays, list weights ``(list,)``."""
        variables = self._inputs(inputs)
        adjoints = [pt.tensor(dtype="float64", shape=v.type.shape) for v in variables[:N_TABLES]]
        return Apply(self, variables, [pt.vector(dtype="float64"), *adjoints])

    def perform(self, node: Apply, inputs: list[np.ndarray], outputs: list[list[Any]]) -> None:
        """Evaluate through the compiled core."""
        ll, adjoints = match_cue.log_likelihood_and_gradient(
            self.config, tuple(inputs[:4]), tuple(inputs[4:9]), inputs[9]
        )
        outputs[0][0] = ll
        for slot, adjoint in zip(outputs[1:], adjoints, strict=True):
            slot[0] = adjoint


class MatchCue(MatchCueGradient):
    """Per-list log-likelihood with a pullback; its other outputs are the adjoints for list weights of one."""

    def make_node(self, *inputs: Any) -> Apply:
        """Inputs: four tables and five data arrays."""
        variables = self._inputs(inputs)
        adjoints = [pt.tensor(dtype="float64", shape=v.type.shape) for v in variables[:N_TABLES]]
        return Apply(self, variables, [pt.vector(dtype="float64"), *adjoints])

    def perform(self, node: Apply, inputs: list[np.ndarray], outputs: list[list[Any]]) -> None:
        """Evaluate through the compiled core."""
        super().perform(node, [*inputs, np.ones(inputs[7].size - 1)], outputs)

    def pullback(self, inputs: list[Variable], outputs: list[Variable], cotangents: list[Variable]) -> list[Variable]:
        """Vector-Jacobian product with respect to the tables."""
        cotangent = cotangents[0]
        scalar = _common_scalar(cotangent)
        if scalar is not None:
            adjoints = [scalar * g for g in outputs[1:]]
        else:
            adjoints = list(MatchCueGradient(self.config)(*inputs, cotangent)[1:])
        return adjoints + [disconnected_type() for _ in inputs[N_TABLES:]]


def _common_scalar(cotangent: Variable) -> Variable | None:
    """The number that a cotangent repeats for every list, if the graph shows that it does."""
    node = cotangent.owner
    if node is None:
        return None
    if isinstance(node.op, Elemwise) and isinstance(node.op.scalar_op, Second):
        source = node.inputs[1]
    elif isinstance(node.op, Alloc):
        source = node.inputs[0]
    else:
        return None
    if source.type.ndim == 0:
        return source
    return source[0] if source.type.broadcastable == (True,) else None


def match_cue_log_likelihood(config: CoreConfig, tables: tuple[Any, ...], data: tuple[Any, ...]) -> Variable:
    """Symbolic per-list log-likelihood ``(list,)`` of tables under data; see :mod:`kvfit.kernels.match_cue`."""
    return MatchCue(config)(*tables, *data)[0]


@node_rewriter([MatchCue])
def _value_only(fgraph: Any, node: Apply) -> dict[Variable, Variable] | None:
    if any(fgraph.clients[out] for out in node.outputs[1:]):
        return None
    return {node.outputs[0]: MatchCueValue(node.op.config)(*node.inputs)}


optdb.register("kvfit_match_cue_value_only", in2out(_value_only), "fast_run", position=1.9)


def _shape_guard(config: CoreConfig) -> Any:
    """Compiled form of :func:`kvfit.kernels.match_cue.require_shapes`."""
    K, WIDTH, SEM = config.channels, config.width, config.semantic

    @njit(nogil=True)
    def guard(initial, cue, scalars, stop, n_items, cell_start, semantic):  # type: ignore[no-untyped-def]
        cells, n = n_items.size, initial.shape[2]
        fits = initial.shape == (cells, K, n) and cue.shape == (cells, n, K, n)
        fits = fits and scalars.shape == (cells, match_cue.N_SCALARS) and stop.shape == (cells, 2, n + 1)
        fits = fits and n <= WIDTH and n_items.max() <= n
        if SEM:
            fits = fits and semantic.shape == (cell_start[-1], n, n)
        if not fits:
            raise ValueError("tables of the compiled core have wrong shapes; check_model names them")

    return guard


@register_funcify_and_cache_key(MatchCueValue)
def _value_to_numba(op: MatchCueValue, node: Apply, **kwargs: Any) -> tuple[Any, str]:
    kernel = match_cue.build_kernel(op.config, False)
    guard = _shape_guard(op.config)

    @njit(nogil=True)
    def value(initial, cue, scalars, stop, n_items, cell_start, recalled, offsets, semantic):  # type: ignore[no-untyped-def]
        initial = np.ascontiguousarray(initial)
        cue = np.ascontiguousarray(cue)
        scalars = np.ascontiguousarray(scalars)
        stop = np.ascontiguousarray(stop)
        guard(initial, cue, scalars, stop, n_items, cell_start, semantic)
        ll = np.empty(offsets.size - 1)
        kernel(initial, cue, scalars, stop, n_items, cell_start, recalled, offsets, semantic, ll,
               ll, initial, cue, scalars, stop)  # fmt: skip
        return ll

    return value, cache_key(op, match_cue, vector_math)


@register_funcify_and_cache_key(MatchCueGradient)
def _gradient_to_numba(op: MatchCueGradient, node: Apply, **kwargs: Any) -> tuple[Any, str]:
    kernel = match_cue.build_kernel(op.config, True)
    guard = _shape_guard(op.config)

    @njit(nogil=True)
    def weighted(initial, cue, scalars, stop, n_items, cell_start, recalled, offsets, semantic, weight):  # type: ignore[no-untyped-def]
        initial = np.ascontiguousarray(initial)
        cue = np.ascontiguousarray(cue)
        scalars = np.ascontiguousarray(scalars)
        stop = np.ascontiguousarray(stop)
        guard(initial, cue, scalars, stop, n_items, cell_start, semantic)
        ll = np.empty(offsets.size - 1)
        g_initial = np.empty(initial.shape)
        g_cue = np.empty(cue.shape)
        g_scalars = np.empty(scalars.shape)
        g_stop = np.zeros(stop.shape)
        kernel(initial, cue, scalars, stop, n_items, cell_start, recalled, offsets, semantic,
               np.ascontiguousarray(weight), ll, g_initial, g_cue, g_scalars, g_stop)  # fmt: skip
        return ll, g_initial, g_cue, g_scalars, g_stop

    if not isinstance(op, MatchCue):
        return weighted, cache_key(op, match_cue, vector_math)

    @njit(nogil=True)
    def unweighted(initial, cue, scalars, stop, n_items, cell_start, recalled, offsets, semantic):  # type: ignore[no-untyped-def]
        ones = np.ones(offsets.size - 1)
        return weighted(initial, cue, scalars, stop, n_items, cell_start, recalled, offsets, semantic, ones)

    return unweighted, cache_key(op, match_cue, vector_math)
