"""PyTensor Ops around :mod:`kvfit.kernels.person_values`."""

from typing import Any

import numpy as np
import pytensor.tensor as pt
from numba import njit
from pytensor.gradient import disconnected_type
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.link.numba.cache import compile_numba_function_src
from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key

from kvfit.kernels import person_values
from kvfit.kernels.ops import cache_key, connected
from kvfit.kernels.person_values import add_pullback, natural


def _contiguous(arrays: list[np.ndarray]) -> list[np.ndarray]:
    return [np.ascontiguousarray(a, dtype=float) for a in arrays]


class _Values(Op):
    """Shared parts.

    Parameters
    ----------
    columns : tuple of int
        For each parameter its column of the effects, -1 where all persons share it.
    links : tuple of int
        Codes of :data:`kvfit.kernels.person_values.LINKS`.
    """

    __props__ = ("columns", "links")

    def __init__(self, columns: tuple[int, ...], links: tuple[int, ...]) -> None:
        self.columns, self.links = columns, links

    @property
    def places(self) -> list[tuple[int, int, int]]:
        """Parameter, column, link."""
        return [(p, *place) for p, place in enumerate(zip(self.columns, self.links, strict=True))]


class NaturalValues(_Values):
    """One vector ``(person,)`` of natural values a parameter, from effects ``(person, k)`` and means ``(parameter,)``."""

    def make_node(self, *inputs: Any) -> Apply:
        """Inputs: effects and means."""
        theta, mu = map(pt.as_tensor_variable, inputs)
        width = theta.type.shape[1]
        if width is not None and max(self.columns) >= width:
            raise ValueError(f"person effects: expected at least {max(self.columns) + 1} columns, found {width}")
        made = [pt.tensor(dtype="float64", shape=theta.type.shape[:1]) for _ in self.columns]
        return Apply(self, [theta, mu], made)

    def perform(self, node: Apply, inputs: list[np.ndarray], outputs: list[list[Any]]) -> None:
        """Call the compiled function."""
        theta, mu = _contiguous(inputs)
        for slot, place in zip(outputs, self.places, strict=True):
            slot[0] = natural(theta, mu, *place)

    def pullback(self, inputs: list[Variable], outputs: list[Variable], cotangents: list[Variable]) -> list[Variable]:
        """Vector-Jacobian product."""
        made: list[Variable] = NaturalPullback(self.columns, self.links)(*inputs, *connected(outputs, cotangents))
        return made


class NaturalPullback(_Values):
    """Adjoints of effects and means."""

    def make_node(self, *inputs: Any) -> Apply:
        """Inputs: effects, means, a cotangent ``(person,)`` a parameter."""
        variables = [pt.as_tensor_variable(x) for x in inputs]
        return Apply(self, variables, [v.type() for v in variables[:2]])

    def perform(self, node: Apply, inputs: list[np.ndarray], outputs: list[list[Any]]) -> None:
        """Call the compiled function."""
        theta, mu, *given = _contiguous(inputs)
        adjoints = np.zeros(theta.shape), np.zeros(mu.shape)
        for place, g in zip(self.places, given, strict=True):
            add_pullback(theta, mu, *place, g, *adjoints)
        for slot, made in zip(outputs, adjoints, strict=True):
            slot[0] = made


class PersonDensity(Op):
    """Log density ``(person,)`` of effects ``(person, k)``, normal around ``mu[own]``; inputs theta, mu, sigma, own."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """Inputs: effects, means ``(parameter,)``, spreads ``(k,)``, parameters ``(k,)`` of the effects' columns."""
        variables = [pt.as_tensor_variable(x) for x in inputs]
        return Apply(self, variables, [pt.tensor(dtype="float64", shape=variables[0].type.shape[:1])])

    def perform(self, node: Apply, inputs: list[np.ndarray], outputs: list[list[Any]]) -> None:
        """Call the compiled function."""
        outputs[0][0] = person_values.log_density(*_contiguous(inputs[:3]), inputs[3])

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """Places pass no gradient."""
        return [[True], [True], [True], [False]]

    def pullback(self, inputs: list[Variable], outputs: list[Variable], cotangents: list[Variable]) -> list[Variable]:
        """Vector-Jacobian product."""
        return [*PersonDensityPullback()(*inputs, *cotangents), disconnected_type()]


class PersonDensityPullback(Op):
    """Adjoints of effects, means and spreads."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """Inputs: those of :class:`PersonDensity`, and a cotangent ``(person,)``."""
        variables = [pt.as_tensor_variable(x) for x in inputs]
        return Apply(self, variables, [v.type() for v in variables[:3]])

    def perform(self, node: Apply, inputs: list[np.ndarray], outputs: list[list[Any]]) -> None:
        """Call the compiled function."""
        theta, mu, sigma, own, given = inputs
        made = person_values.log_density_pullback(*_contiguous([theta, mu, sigma]), own, *_contiguous([given]))
        for slot, value in zip(outputs, made, strict=True):
            slot[0] = value


def _generated(op: _Values, name: str, arguments: list[str], lines: list[str]) -> tuple[Any, str]:
    """A compiled function of as many arguments and results as the model has parameters."""
    body = "".join(f"    {line}\n" for line in lines)
    names = {"np": np, "natural": natural, "add_pullback": add_pullback}
    made = compile_numba_function_src(f"def {name}({', '.join(arguments)}):\n{body}", name, names)
    return njit(made, nogil=True), cache_key(op, person_values)


_CONTIGUOUS = ["theta = np.ascontiguousarray(theta)", "mu = np.ascontiguousarray(mu)"]


@register_funcify_and_cache_key(NaturalValues)
def _(op: NaturalValues, node: Apply, **kwargs: Any) -> tuple[Any, str]:
    vectors = [f"natural(theta, mu, {p}, {column}, {link})" for p, column, link in op.places]
    lines = [*_CONTIGUOUS, f"return ({', '.join(vectors)},)" if len(vectors) > 1 else f"return {vectors[0]}"]
    return _generated(op, "natural_values", ["theta", "mu"], lines)


@register_funcify_and_cache_key(NaturalPullback)
def _(op: NaturalPullback, node: Apply, **kwargs: Any) -> tuple[Any, str]:
    given = [f"g{p}" for p in range(len(op.columns))]
    lines = [*_CONTIGUOUS, "g_theta, g_mu = np.zeros(theta.shape), np.zeros(mu.shape)"]
    lines += [f"add_pullback(theta, mu, {p}, {c}, {link}, g{p}, g_theta, g_mu)" for p, c, link in op.places]
    return _generated(op, "natural_pullback", ["theta", "mu", *given], [*lines, "return g_theta, g_mu"])


@register_funcify_and_cache_key(PersonDensity)
def _(op: PersonDensity, node: Apply, **kwargs: Any) -> tuple[Any, str]:
    @njit(nogil=True)
    def density(theta, mu, sigma, own):  # type: ignore[no-untyped-def]
        return person_values.log_density(theta, mu, sigma, own)

    return density, cache_key(op, person_values)


@register_funcify_and_cache_key(PersonDensityPullback)
def _(op: PersonDensityPullback, node: Apply, **kwargs: Any) -> tuple[Any, str]:
    @njit(nogil=True)
    def pullback(theta, mu, sigma, own, given):  # type: ignore[no-untyped-def]
        return person_values.log_density_pullback(theta, mu, sigma, own, given)

    return pullback, cache_key(op, person_values)
