"""JAX form of :class:`kvfit.recognition.normal_interval.LogInterval`, for samplers that run in JAX; imported only there."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import log_ndtr
from pytensor.link.jax.dispatch import jax_funcify

from kvfit.recognition.normal_interval import LogInterval


def _value(lower: Any, upper: Any) -> Any:
    mirrored = lower + upper > 0.0
    low, high = jnp.where(mirrored, -upper, lower), jnp.where(mirrored, -lower, upper)
    below = log_ndtr(high)
    # as log1mexp; a width that rounds to nothing counts as 1e-30
    difference = jnp.minimum(log_ndtr(low) - below, -1e-30)
    near = difference > -np.log(2.0)
    close = jnp.log(-jnp.expm1(jnp.where(near, difference, -1.0)))
    return below + jnp.where(near, close, jnp.log1p(-jnp.exp(jnp.where(near, -1.0, difference))))


@jax_funcify.register(LogInterval)
def _(op: LogInterval, **kwargs: Any) -> Callable[..., Any]:
    def evaluate(lower: Any, upper: Any) -> tuple[Any, Any, Any]:
        value = _value(lower, upper)
        # JAX differentiates the value; the slopes serve PyTensor's own gradients
        fixed = jax.lax.stop_gradient
        at_lower, at_upper = jax.grad(lambda a, b: _value(a, b).sum(), argnums=(0, 1))(fixed(lower), fixed(upper))
        return value, at_lower, at_upper

    return evaluate
