"""Follow a gradient: plain steps or Adam, with each step's own gradient or with the running sum of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

Parameters = tuple[np.ndarray, ...]
Objective = Callable[[Parameters], tuple[np.ndarray | float, Parameters]]
Change = Callable[[Parameters], Parameters]


class Rule(Protocol):
    """What turns gradients into changes of parameters."""

    def begin(self, start: Parameters) -> Change:
        """Return the function from gradients to changes, with a fresh memory of past gradients."""
        ...


@dataclass(frozen=True)
class PlainSteps:
    """Change = -learning_rate x gradient."""

    learning_rate: float

    def begin(self, start: Parameters) -> Change:
        """Return the function from gradients to changes."""
        return lambda gradients: tuple(-self.learning_rate * one for one in gradients)


@dataclass(frozen=True)
class Adam:
    """Steps scaled by running moments of the gradient, with bias correction (Kingma & Ba 2015, algorithm 1)."""

    learning_rate: float = 3e-4
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def begin(self, start: Parameters) -> Change:
        """Return the function from gradients to changes, its moments at zero."""
        first = [np.zeros_like(one) for one in start]
        second = [np.zeros_like(one) for one in start]
        steps = 0

        def change(gradients: Parameters) -> Parameters:
            nonlocal steps
            steps += 1
            rate = self.learning_rate / (1 - self.beta1**steps)
            correction = 1 - self.beta2**steps
            changes = []
            for mean, square, gradient in zip(first, second, gradients, strict=True):
                mean += (1 - self.beta1) * (gradient - mean)
                square += (1 - self.beta2) * (gradient**2 - square)
                changes.append(-rate * mean / (np.sqrt(square / correction) + self.epsilon))
            return tuple(changes)

        return change


@dataclass(frozen=True, eq=False)
class Descent:
    """Where a descent led, and what it passed.

    Attributes
    ----------
    parameters : tuple of numpy.ndarray
        After the last step.
    losses : numpy.ndarray, (iteration, ...)
        Before each step; one value a replicate if the objective returns several.
    path : tuple of tuples of numpy.ndarray
        Parameters before steps 0, every, 2 every, ..., and after the last.
    path_iterations : numpy.ndarray, (point of the path,)
        The number of steps taken at each point of the path.
    """

    parameters: Parameters
    losses: np.ndarray
    path: tuple[Parameters, ...]
    path_iterations: np.ndarray


def descend(
    objective: Objective,
    start: Parameters,
    rule: Rule,
    iterations: int,
    *,
    accumulate: bool = False,
    every: int | None = None,
) -> Descent:
    """Go down an objective for a fixed number of steps.

    Parameters
    ----------
    objective : callable
        Parameters to loss and gradients.
    start : tuple of numpy.ndarray
        Copied, not changed.
    rule : Rule
    iterations : int
        At least 1.
    accumulate : bool
        Give the rule the sum of all gradients so far. That is what a PyTorch loop does that never resets gradients, as in
        the notebooks of Gershman, Fiete & Irie (2025); with plain steps it is momentum without friction.
    every : int, optional
        Keep the path at every so many steps; default its two ends.

    Returns
    -------
    Descent

    Raises
    ------
    ValueError
        If `iterations` or `every` is below 1, or the loss is no longer finite (with the iteration).
    """
    if iterations < 1 or (every is not None and every < 1):
        raise ValueError(f"iterations and every must be at least 1, found {iterations} and {every}")
    every = iterations if every is None else every
    parameters = tuple(np.array(one, dtype=float) for one in start)
    change = rule.begin(parameters)
    total = tuple(np.zeros_like(one) for one in parameters)
    losses, path, at = [], [], []
    for step in range(iterations):
        if step % every == 0:
            path.append(tuple(one.copy() for one in parameters))
            at.append(step)
        loss, gradients = objective(parameters)
        if not np.all(np.isfinite(loss)):
            raise ValueError(f"the loss is not finite at iteration {step}: take smaller steps than {rule}")
        losses.append(loss)
        if accumulate:
            gradients = total = tuple(old + new for old, new in zip(total, gradients, strict=True))
        for one, delta in zip(parameters, change(gradients), strict=True):
            one += delta
    path.append(tuple(one.copy() for one in parameters))
    return Descent(parameters, np.array(losses), tuple(path), np.array([*at, iterations]))
