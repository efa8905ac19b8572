"""CMR's likelihood in JAX: what a modeller who wraps JAX into PyMC would write, written well.

The network of Morton & Polyn (2016, Journal of Memory and Language 86, 119-140) is linear in context, so recall needs no
context vectors: the support of every item and its overlap with context follow two recurrences over rows
of tables that are built once per participant. Participants and lists are vectorised, output positions
scanned, everything is 64 bit and compiled. Recalls enter as one-hot rows prepared once: of the forms
tried (gathered rows, lists alone vectorised, a map over participants, unrolling, rematerialisation) this
one was the fastest on a CPU, by up to four times for the gradient.

XLA on a CPU gets the flags that JAX users set when each chain has a core of its own: one thread a
computation.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import jax.numpy as jnp
import numpy as np

import kvfit.kernels.jax_dispatch  # noqa: F401  the sampler's coordinates in JAX
from benchmarks.sample import FREE, Sample

jax.config.update("jax_enable_x64", True)

SUPPORT_FLOOR = 1e-6
STOP_FLOOR = 1e-6
PROBABILITY_FLOOR = 1e-5
#: how PyMC drives it; see `benchmarks/README.md` for the ways tried
PYMC_SAMPLER = {"nuts_sampler": "nutpie", "backend": "jax", "nuts": {"max_treedepth": 5}}
#: output at which the logistic stop rule states its probability
STATED_OUTPUT = 8


class Tables(NamedTuple):
    """What recall needs of one participant (or, with a leading axis, of each)."""

    start: jax.Array
    """(2 * position,): support and overlap of every item when recall begins."""
    rows: jax.Array
    """(recalled, 2 * position): what recalling an item adds to both."""
    log_stop: jax.Array
    """(output,)"""
    log_go: jax.Array
    """(output,)"""
    gain: jax.Array
    """Scalar, 2 / T."""
    drift: jax.Array
    """Scalar, B_rec."""


def complete(
    free: jax.Array, names: Sequence[str] = FREE, fixed: Mapping[str, float] | None = None
) -> dict[str, jax.Array]:
    """Name the free parameters (..., parameter) and add those that depend on them or are fixed."""
    named = {name: free[..., k] for k, name in enumerate(names)}
    zero = jnp.zeros_like(free[..., 0])
    named |= {name: zero + value for name, value in (fixed or {}).items()}
    return named | {"Dfc": 1.0 - named["Lfc"], "Dcf": 1.0 - named["Lcf"], "Afc": zero, "Acf": zero}


def _log_stop_and_go(p: Mapping[str, jax.Array], list_length: int) -> tuple[jax.Array, jax.Array]:
    """Log-probabilities (output,) of stopping and of going on, by either rule."""
    output = jnp.arange(list_length + 1)
    if "X1" in p:
        stop = jnp.clip(p["X1"] * jnp.exp(p["X2"] * output), STOP_FLOOR, 1 - STOP_FLOOR)
        log_stop, log_go = jnp.log(stop), jnp.log1p(-stop)
    else:
        p_there = p["stop_probability"]
        logit = jnp.log(p_there) - jnp.log1p(-p_there) + p["stop_slope"] * (output - STATED_OUTPUT)
        log_stop, log_go = jax.nn.log_sigmoid(logit), jax.nn.log_sigmoid(-logit)
    return log_stop.at[list_length].set(0.0), log_go  # all recalled: nothing but stopping is left


def _integrate(context: jax.Array, incoming: jax.Array, beta: jax.Array) -> jax.Array:
    """Context keeps its length: rho c + beta c_in."""
    overlap = context @ incoming
    return (jnp.sqrt(1 + beta**2 * (overlap**2 - 1)) - beta * overlap) * context + beta * incoming


def tables(parameters: Mapping[str, jax.Array], list_length: int) -> Tables:
    """One participant's tables; parameters are scalars."""
    p = parameters
    position = jnp.arange(list_length)
    item = jnp.eye(list_length, list_length + 1)
    in_list = jnp.ones((list_length, list_length + 1)).at[:, list_length].set(0.0)
    start_unit = jnp.zeros(list_length + 1).at[list_length].set(1.0)

    before = p["Dfc"] * item + p["Afc"] * in_list
    incoming = before / jnp.linalg.norm(before, axis=1, keepdims=True)

    def study(context: jax.Array, given: jax.Array) -> tuple[jax.Array, jax.Array]:
        context = _integrate(context, given, p["B_enc"])
        return context, context

    last, contexts = jax.lax.scan(study, start_unit, incoming)
    item_to_context = before + p["Lfc"] * contexts
    item_to_context /= jnp.linalg.norm(item_to_context, axis=1, keepdims=True)
    learning = p["Lcf"] + p["P1"] * jnp.exp(-p["P2"] * position)
    context_to_item = p["Dcf"] * item + p["Acf"] * in_list + learning[:, None] * contexts

    both = jnp.concatenate([context_to_item, item_to_context])
    log_stop, log_go = _log_stop_and_go(p, list_length)
    return Tables(
        start=both @ _integrate(last, start_unit, p["B_start"]),
        rows=p["B_rec"] * item_to_context @ both.T,
        log_stop=log_stop,
        log_go=log_go,
        gain=2.0 / p["T"],
        drift=p["B_rec"],
    )


class Lists(NamedTuple):
    """The recalls, in the form that the scan reads; participants with fewer lists are padded."""

    recalled: jax.Array
    """(participant, output, list, position): 1 at the position recalled now, all 0 after the last recall."""
    closed: jax.Array
    """(participant, output, list, position): -1e9 where a position was recalled before."""
    n_recalled: jax.Array
    """(participant, list)"""
    present: jax.Array
    """(participant, list): whether there is such a list."""


def prepare(participant: np.ndarray, recalled: np.ndarray, offsets: np.ndarray, list_length: int) -> Lists:
    """Arrange flat recalls once, outside of what is timed.

    Parameters
    ----------
    participant : (list,) int, non-decreasing
    recalled : (recall,) int, study positions from 0
    offsets : (list + 1,) int, list l has recalls offsets[l]:offsets[l + 1]
    list_length : int
    """
    n_lists = np.bincount(participant)
    n_recalled = np.diff(offsets)
    first = np.concatenate([[0], np.cumsum(n_lists)])
    within = np.arange(participant.size) - first[participant]
    one_hot = np.zeros((n_lists.size, max(n_recalled.max(), 1), n_lists.max(), list_length))
    counts = np.zeros((n_lists.size, n_lists.max()), np.int64)
    of_recall = np.repeat(np.arange(participant.size), n_recalled)
    output = np.arange(recalled.size) - offsets[of_recall]
    one_hot[participant[of_recall], output, within[of_recall], recalled] = 1.0
    counts[participant, within] = n_recalled
    closed = -1e9 * (np.cumsum(one_hot, axis=1) - one_hot)
    present = np.arange(n_lists.max()) < n_lists[:, None]
    return Lists(*map(jnp.asarray, (one_hot, closed, counts, present)))


def _one_participant(parameters: Mapping[str, jax.Array], lists: Lists, *, list_length: int, floor: bool) -> jax.Array:
    """Log-likelihood of each list (list,) of one participant; 0 where there is no such list."""
    table = tables(parameters, list_length)

    def step(state: jax.Array, now: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        recalled, closed, log_go = now
        support, overlap = state[:, :list_length], state[:, list_length:]
        logits = table.gain * (jnp.maximum(support, SUPPORT_FLOOR) if floor else support)
        log_p = (logits * recalled).sum(1) - jax.nn.logsumexp(logits + closed, axis=1) + log_go
        if floor:
            log_p = jnp.maximum(log_p, np.log(PROBABILITY_FLOOR))
        own = (overlap * recalled).sum(1)
        kept = jnp.sqrt(1 + table.drift**2 * (own**2 - 1)) - table.drift * own
        return kept[:, None] * state + recalled @ table.rows, jnp.where(recalled.any(1), log_p, 0.0)

    n_outputs, n_lists, _ = lists.recalled.shape
    start = jnp.broadcast_to(table.start, (n_lists, 2 * list_length))
    _, log_p = jax.lax.scan(step, start, (lists.recalled, lists.closed, table.log_go[:n_outputs]))
    last = table.log_stop[lists.n_recalled]
    if floor:
        last = jnp.maximum(last, np.log(PROBABILITY_FLOOR))
    return jnp.where(lists.present, log_p.sum(0) + last, 0.0)


def per_list(parameters: Mapping[str, jax.Array], lists: Lists, *, list_length: int, floor: bool) -> jax.Array:
    """Log-likelihood (participant, list) under parameters (participant,); 0 where there is no such list.

    `floor` gives cymr's numbers: supports from 1e-6, event probabilities from 1e-5. Samplers want it off.
    """
    one = partial(_one_participant, list_length=list_length, floor=floor)
    return jax.vmap(one)(dict(parameters), lists)


def pymc_log_likelihood(lists: Lists, list_length: int, names: Sequence[str], fixed: Mapping[str, float]) -> Any:
    """Wrap the likelihood for PyMC: (participant, parameter) in, log-likelihood (participant,) out.

    `pytensor.wrap_jax` makes the Op and its vector-Jacobian product; under a JAX sampler the function is
    inlined, under any other it is called from Python, and its results are copied to NumPy, hence waited
    for.
    """
    import pytensor

    @pytensor.wrap_jax
    def cmr_log_likelihood(free: jax.Array) -> jax.Array:
        return per_list(complete(free, names, fixed), lists, list_length=list_length, floor=False).sum(1)

    return cmr_log_likelihood


def gradient_evaluation(sample: Sample, parameters: np.ndarray) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """Return a function that evaluates the total, floored like cymr's, and its gradient (participant, 10)."""
    lists = prepare(sample.participant, sample.recalled, sample.offsets, sample.list_length)

    @jax.jit
    @jax.value_and_grad
    def both(free: jax.Array) -> jax.Array:
        return per_list(complete(free), lists, list_length=sample.list_length, floor=True).sum()

    given = jnp.asarray(parameters)

    def evaluate() -> tuple[np.ndarray, np.ndarray]:
        value, gradient = jax.block_until_ready(both(given))  # JAX returns before it has computed
        return np.asarray(value), np.asarray(gradient)

    return evaluate
