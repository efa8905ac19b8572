"""A network with one hidden layer, trained by plain gradient steps: y = relu(x W_1) W_2, no biases, cross-entropy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights of the two layers.

    Attributes
    ----------
    first : numpy.ndarray, (input, hidden)
    second : numpy.ndarray, (hidden, output)
    """

    first: np.ndarray
    second: np.ndarray

    def __add__(self, other: Weights) -> Weights:
        return Weights(self.first + other.first, self.second + other.second)

    def __sub__(self, other: Weights) -> Weights:
        return Weights(self.first - other.first, self.second - other.second)

    def scaled(self, strength: float) -> Weights:
        """Both layers times `strength`."""
        return Weights(strength * self.first, strength * self.second)


#: Called after each step with the inputs, the errors (-learning rate x gradient) of the first layer, those of the second
#: layer and the hidden activity: (images, (image, hidden) errors, (image, output) errors, (image, hidden) activity).
Watcher = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], None]


def random_weights(n_inputs: int, n_hidden: int, n_outputs: int, rng: np.random.Generator) -> Weights:
    """Weights uniform within 1 / sqrt(inputs of the layer), as PyTorch's linear layers begin."""
    return Weights(
        rng.uniform(-1, 1, (n_inputs, n_hidden)) / np.sqrt(n_inputs),
        rng.uniform(-1, 1, (n_hidden, n_outputs)) / np.sqrt(n_hidden),
    )


def forward(weights: Weights, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hidden activity (image, hidden) and outputs before the softmax (image, output)."""
    hidden = np.maximum(images @ weights.first, 0.0)
    return hidden, hidden @ weights.second


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    """Share of images whose largest output is their label's."""
    return float((outputs.argmax(axis=1) == labels).mean())


def cross_entropy(weights: Weights, images: np.ndarray, labels: np.ndarray) -> tuple[float, Weights]:
    """Mean cross-entropy over images, and its gradient.

    Parameters
    ----------
    weights : Weights
    images : numpy.ndarray, (image, input)
    labels : numpy.ndarray, (image,)

    Returns
    -------
    float
        Nats.
    Weights
        The gradient.
    """
    hidden, outputs = forward(weights, images)
    on_hidden, on_outputs = _errors(weights, hidden, outputs, labels)
    loss = -log_softmax(outputs, axis=1)[np.arange(len(labels)), labels].mean()
    return float(loss), Weights(images.T @ on_hidden, hidden.T @ on_outputs)


def train(
    weights: Weights,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    learning_rate: float,
    batch_size: int,
    epochs: int,
    watch: Watcher | None = None,
) -> Weights:
    """Train by stochastic gradient descent, batches in the order of the images.

    Parameters
    ----------
    weights : Weights
        Where to begin; not changed.
    images : numpy.ndarray, (image, input)
    labels : numpy.ndarray, (image,)
        From 0, below the number of outputs.
    learning_rate : float
    batch_size : int
        The last batch of an epoch may be smaller.
    epochs : int
    watch : callable, optional
        Sees every step; `kvfit.learning.dual` keeps traces with it.

    Returns
    -------
    Weights
    """
    first, second = weights.first.copy(), weights.second.copy()
    for _ in range(epochs):
        for begin in range(0, len(images), batch_size):
            batch, wanted = images[begin : begin + batch_size], labels[begin : begin + batch_size]
            now = Weights(first, second)
            hidden, outputs = forward(now, batch)
            on_hidden, on_outputs = (-learning_rate * one for one in _errors(now, hidden, outputs, wanted))
            if watch is not None:
                watch(batch, on_hidden, on_outputs, hidden)
            first += batch.T @ on_hidden
            second += hidden.T @ on_outputs
    return Weights(first, second)


def _errors(
    weights: Weights, hidden: np.ndarray, outputs: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient of the mean cross-entropy on what each layer puts out, before its nonlinearity."""
    on_outputs = np.exp(log_softmax(outputs, axis=1))
    on_outputs[np.arange(len(labels)), labels] -= 1.0
    on_outputs /= len(labels)
    return (on_outputs @ weights.second.T) * (hidden > 0), on_outputs
