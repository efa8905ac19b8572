"""JAX forms of kvfit's Ops, for samplers that run in JAX (numpyro); imported only there.

Person effects are written in JAX. The match-and-cue core, tables of context and key-value recognition are called back on the
host: right, but without the speed that JAX or the compiled code have on their own.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular
from jax.scipy.stats import norm
from pytensor.graph.basic import Apply
from pytensor.link.jax.dispatch import jax_funcify

from kvfit.kernels import context, key_value, match_cue
from kvfit.kernels.context_op import N_DIFFERENTIABLE as N_OF_CONTEXT
from kvfit.kernels.context_op import ContextPullback, ContextTables
from kvfit.kernels.key_value_op import N_DIFFERENTIABLE, KeyValuePullback, KeyValueTable
from kvfit.kernels.match_cue import CoreConfig
from kvfit.kernels.match_cue_op import N_TABLES, MatchCue, MatchCueGradient, MatchCueValue
from kvfit.kernels.person_coordinates_op import ToCoordinates, ToEffects, ToEffectsPullback
from kvfit.kernels.person_values import LINKS
from kvfit.kernels.person_values_op import NaturalPullback, NaturalValues, PersonDensity, PersonDensityPullback


def _products(s: Any) -> Any:
    """Displacements and their products, as in :func:`kvfit.kernels.person_coordinates.products`."""
    rows, columns = np.tril_indices(s.size)
    return jnp.concatenate([s, s[rows] * s[columns]])


def _parts(mu: Any, sigma: Any, s: Any, H: Any, C: Any, b: Any) -> tuple[Any, Any]:
    """Cholesky factors ``(person, k, k)`` and whitened pulls ``(person, k)``."""
    factor = jnp.linalg.cholesky(sigma[:, None] * H * sigma + jnp.eye(sigma.size))
    pull = sigma * (b - H @ mu - C @ _products(s))
    return factor, solve_triangular(factor, pull[..., None], lower=True)[..., 0]


def _deformed(s: Any, D: Any) -> tuple[Any, Any]:
    """``I + D . f`` ``(k, k)``, its diagonal as an exponential, and the log of its determinant."""
    change = jnp.tensordot(_products(s), D, axes=1)
    diagonal = jnp.diagonal(change)
    return jnp.tril(change, -1) + jnp.diag(jnp.exp(diagonal)), diagonal.sum()


def _to_effects(eta: Any, mu: Any, sigma: Any, s: Any, H: Any, C: Any, b: Any, D: Any) -> tuple[Any, Any]:
    factor, whitened = _parts(mu, sigma, s, H, C, b)
    deform, log_determinant = _deformed(s, D)
    z = solve_triangular(factor, (whitened + eta @ deform.T)[..., None], lower=True, trans=1)[..., 0]
    diagonal = jnp.diagonal(factor, axis1=1, axis2=2)
    return mu + sigma * z, jnp.log(sigma / diagonal).sum(axis=1) + log_determinant


def _to_coordinates(theta: Any, mu: Any, sigma: Any, s: Any, H: Any, C: Any, b: Any, D: Any) -> Any:
    factor, whitened = _parts(mu, sigma, s, H, C, b)
    deformed = jnp.einsum("jmi,jm->ji", factor, (theta - mu) / sigma) - whitened
    return solve_triangular(_deformed(s, D)[0], deformed.T, lower=True).T


def _of_population(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` of the population's means, whose shared values persons follow no further than twice the reach."""

    def call(
        x: Any, mu: Any, sigma: Any, H: Any, C: Any, b: Any, D: Any, own: Any, shared: Any, expected: Any, reach: Any
    ) -> Any:
        s = 2.0 * reach * jnp.tanh((mu[shared] - expected) / (2.0 * reach))
        return function(x, mu[own], sigma, s, H, C, b, D)

    return call


@jax_funcify.register(ToEffects)
def _(op: ToEffects, **kwargs: Any) -> Callable[..., Any]:
    return _of_population(_to_effects)


@jax_funcify.register(ToCoordinates)
def _(op: ToCoordinates, **kwargs: Any) -> Callable[..., Any]:
    return _of_population(_to_coordinates)


@jax_funcify.register(ToEffectsPullback)
def _(op: ToEffectsPullback, **kwargs: Any) -> Callable[..., Any]:
    def pullback(eta: Any, mu: Any, sigma: Any, *rest: Any) -> tuple[Any, ...]:
        *constants, g_theta, g_log_jacobian = rest
        _, pull_back = jax.vjp(lambda e, m, d: _of_population(_to_effects)(e, m, d, *constants), eta, mu, sigma)
        return tuple(pull_back((g_theta, g_log_jacobian)))

    return pullback


def _natural(op: NaturalValues | NaturalPullback, theta: Any, mu: Any) -> tuple[Any, ...]:
    inverse = {LINKS["unit"]: jax.nn.sigmoid, LINKS["log"]: jnp.exp, LINKS["softplus"]: jax.nn.softplus}
    made = []
    for p, column, link in op.places:
        x = theta[:, column] if column >= 0 else jnp.broadcast_to(mu[p], theta.shape[:1])
        made.append(inverse.get(link, lambda value: value)(x))
    return tuple(made)


@jax_funcify.register(NaturalValues)
def _(op: NaturalValues, **kwargs: Any) -> Callable[..., Any]:
    def natural(theta: Any, mu: Any) -> Any:
        made = _natural(op, theta, mu)
        return made if len(made) > 1 else made[0]

    return natural


@jax_funcify.register(NaturalPullback)
def _(op: NaturalPullback, **kwargs: Any) -> Callable[..., Any]:
    def pullback(theta: Any, mu: Any, *given: Any) -> Any:
        return jax.vjp(lambda t, m: _natural(op, t, m), theta, mu)[1](given)

    return pullback


def _person_density(theta: Any, mu: Any, sigma: Any, own: Any) -> Any:
    return norm.logpdf(theta, mu[own], sigma).sum(axis=1)


@jax_funcify.register(PersonDensity)
def _(op: PersonDensity, **kwargs: Any) -> Callable[..., Any]:
    return _person_density


@jax_funcify.register(PersonDensityPullback)
def _(op: PersonDensityPullback, **kwargs: Any) -> Callable[..., Any]:
    def pullback(theta: Any, mu: Any, sigma: Any, own: Any, given: Any) -> Any:
        return jax.vjp(lambda t, m, s: _person_density(t, m, s, own), theta, mu, sigma)[1](given)

    return pullback


def _with_adjoints(config: CoreConfig, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Log-likelihood and adjoints of the tables; inputs are tables, data and list weights."""
    tables = inputs[:N_TABLES]
    shapes = [jax.ShapeDtypeStruct((inputs[7].shape[0] - 1,), np.float64)]
    shapes += [jax.ShapeDtypeStruct(t.shape, np.float64) for t in tables]

    def host(*arrays: Any) -> tuple[np.ndarray, ...]:
        given = [np.ascontiguousarray(a) for a in arrays]
        ll, adjoints = match_cue.log_likelihood_and_gradient(config, tuple(given[:4]), tuple(given[4:9]), given[9])
        return ll, *adjoints

    made: tuple[Any, ...] = jax.pure_callback(host, tuple(shapes), *inputs, vmap_method="sequential")
    return made


def _log_likelihood(config: CoreConfig) -> Callable[..., Any]:
    @jax.custom_vjp
    def evaluate(tables: tuple[Any, ...], data: tuple[Any, ...]) -> Any:
        weight = jnp.ones(data[3].shape[0] - 1)
        return _with_adjoints(config, (*tables, *data, weight))[0]

    def forward(tables: tuple[Any, ...], data: tuple[Any, ...]) -> tuple[Any, Any]:
        return evaluate(tables, data), (tables, data)

    def backward(kept: tuple[Any, ...], cotangent: Any) -> tuple[Any, ...]:
        tables, data = kept
        return tuple(_with_adjoints(config, (*tables, *data, cotangent))[1:]), None

    evaluate.defvjp(forward, backward)
    return evaluate


@jax_funcify.register(MatchCueValue)
def _(op: MatchCueValue, **kwargs: Any) -> Callable[..., Any]:
    evaluate = _log_likelihood(op.config)
    return lambda *inputs: evaluate(inputs[:N_TABLES], inputs[N_TABLES:])


@jax_funcify.register(MatchCueGradient)
def _(op: MatchCueGradient, node: Apply | None = None, **kwargs: Any) -> Callable[..., Any]:
    if not isinstance(op, MatchCue):
        return lambda *inputs: _with_adjoints(op.config, inputs)
    evaluate = _log_likelihood(op.config)

    def differentiable(*inputs: Any) -> tuple[Any, ...]:
        # only the log-likelihood is used where JAX differentiates; the adjoints serve PyTensor's own gradients
        weight = jnp.ones(inputs[7].shape[0] - 1)
        adjoints = _with_adjoints(op.config, (*map(jax.lax.stop_gradient, inputs), weight))[1:]
        return evaluate(inputs[:N_TABLES], inputs[N_TABLES:]), *adjoints

    return differentiable


def _context_tables() -> Callable[..., Any]:
    """Tables of retrieved-context models, which JAX differentiates by their own pullback."""

    def host(*arrays: Any) -> tuple[np.ndarray, ...]:
        return tuple(context.context_tables(*map(np.ascontiguousarray, arrays)))

    @jax.custom_vjp
    def evaluate(inputs: tuple[Any, ...], list_length: Any) -> Any:
        cells, n = inputs[-1].shape
        made = [jax.ShapeDtypeStruct(shape, np.float64) for shape in ((cells, 2, n), (cells, n, 2, n))]
        return jax.pure_callback(host, tuple(made), *inputs, list_length, vmap_method="sequential")

    def forward(inputs: tuple[Any, ...], list_length: Any) -> tuple[Any, Any]:
        return evaluate(inputs, list_length), (inputs, list_length)

    def backward(kept: tuple[Any, ...], cotangents: tuple[Any, ...]) -> tuple[Any, ...]:
        return _context_pullback(*kept[0], kept[1], *cotangents), None

    evaluate.defvjp(forward, backward)
    return evaluate


def _context_pullback(*inputs: Any) -> tuple[Any, ...]:
    def host(*arrays: Any) -> tuple[np.ndarray, ...]:
        return tuple(context.context_tables_pullback(*map(np.ascontiguousarray, arrays)))

    made = [jax.ShapeDtypeStruct(x.shape, np.float64) for x in inputs[:N_OF_CONTEXT]]
    adjoints: tuple[Any, ...] = jax.pure_callback(host, tuple(made), *inputs, vmap_method="sequential")
    return adjoints


@jax_funcify.register(ContextTables)
def _(op: ContextTables, **kwargs: Any) -> Callable[..., Any]:
    evaluate = _context_tables()
    return lambda *inputs: evaluate(inputs[:N_OF_CONTEXT], inputs[N_OF_CONTEXT])


@jax_funcify.register(ContextPullback)
def _(op: ContextPullback, **kwargs: Any) -> Callable[..., Any]:
    return _context_pullback


def _key_value_table(read: int) -> Callable[..., Any]:
    """Log probabilities ``(cell, category)`` and slopes ``(cell, criterion, input)``; JAX differentiates the former."""

    def host(*arrays: Any) -> tuple[np.ndarray, ...]:
        return tuple(key_value.key_value_table(read, *map(np.ascontiguousarray, arrays)))

    @jax.custom_vjp
    def evaluate(inputs: tuple[Any, ...], constants: tuple[Any, ...]) -> Any:
        cells, criteria = inputs[-1].shape
        shapes = [(cells, criteria + 1), (cells, criteria, N_DIFFERENTIABLE)]
        made = [jax.ShapeDtypeStruct(shape, np.float64) for shape in shapes]
        return jax.pure_callback(host, tuple(made), *inputs, *constants, vmap_method="sequential")

    def forward(inputs: tuple[Any, ...], constants: tuple[Any, ...]) -> tuple[Any, Any]:
        made = evaluate(inputs, constants)
        return made, made

    def backward(kept: tuple[Any, ...], cotangents: tuple[Any, ...]) -> tuple[Any, ...]:
        # nothing that is differentiated depends on the slopes
        table, slopes = kept
        return _key_value_pullback(table, slopes, cotangents[0]), None

    evaluate.defvjp(forward, backward)
    return evaluate


def _key_value_pullback(table: Any, slopes: Any, cotangent: Any) -> tuple[Any, ...]:
    """Adjoints of the inputs ``(cell,)`` and of criteria ``(cell, criterion)``."""

    def host(*arrays: Any) -> tuple[np.ndarray, ...]:
        return tuple(key_value.key_value_pullback(*map(np.ascontiguousarray, arrays)))

    cells, criteria, _ = slopes.shape
    shapes = [*[(cells,)] * (N_DIFFERENTIABLE - 1), (cells, criteria)]
    made = [jax.ShapeDtypeStruct(shape, np.float64) for shape in shapes]
    adjoints: tuple[Any, ...] = jax.pure_callback(host, tuple(made), table, slopes, cotangent, vmap_method="sequential")
    return adjoints


@jax_funcify.register(KeyValueTable)
def _(op: KeyValueTable, **kwargs: Any) -> Callable[..., Any]:
    evaluate = _key_value_table(op.read)
    return lambda *inputs: evaluate(inputs[:N_DIFFERENTIABLE], inputs[N_DIFFERENTIABLE:])


@jax_funcify.register(KeyValuePullback)
def _(op: KeyValuePullback, **kwargs: Any) -> Callable[..., Any]:
    return _key_value_pullback
