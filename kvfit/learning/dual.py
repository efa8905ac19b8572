"""A trained layer as a key-value memory: every training pair kept, nothing summed into weights.

    W = W_0 + sum_n k_n^T v_n,   y = q W = q W_0 + sum_n (q . k_n) v_n

The key k_n is what the layer got as input at training step n, the value v_n the error it learned from, -learning rate x
gradient on its output (Irie, Csordás & Schmidhuber 2022; Gershman, Fiete & Irie 2025, section 5.2). No trace is ever
changed by later learning: what the weights have "forgotten" is still there, and only its share of the sum is drowned.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kvfit.learning.network import Weights, train


@dataclass(frozen=True, eq=False)
class Traces:
    """Keys and values of one layer, in the order in which they were written.

    Attributes
    ----------
    keys : numpy.ndarray, (trace, input)
    values : numpy.ndarray, (trace, output)
    """

    keys: np.ndarray
    values: np.ndarray

    def read(self, queries: np.ndarray) -> np.ndarray:
        """Sum of values, each weighted by the dot product of its key with the query.

        Parameters
        ----------
        queries : numpy.ndarray, (query, input)

        Returns
        -------
        numpy.ndarray, (query, output)
        """
        return (queries @ self.keys.T) @ self.values

    def weights(self) -> np.ndarray:
        """The same traces summed into weights, (input, output): the primal form."""
        return self.keys.T @ self.values


@dataclass(frozen=True, eq=False)
class TaskTraces:
    """What training on one task wrote into both layers."""

    first: Traces
    second: Traces


def train_keeping_traces(
    weights: Weights,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    learning_rate: float,
    batch_size: int,
    epochs: int,
) -> tuple[Weights, TaskTraces]:
    """Train as `kvfit.learning.network.train` does, and keep a trace of every image at every epoch.

    Parameters
    ----------
    weights, images, labels, learning_rate, batch_size, epochs
        See there. Memory grows with images x epochs x (inputs + 2 hidden + outputs).

    Returns
    -------
    Weights
        After training.
    TaskTraces
        With images x epochs traces in each layer.
    """
    kept: tuple[list[np.ndarray], ...] = ([], [], [], [])

    def watch(batch: np.ndarray, on_hidden: np.ndarray, on_outputs: np.ndarray, hidden: np.ndarray) -> None:
        for one, array in zip(kept, (batch, on_hidden, hidden, on_outputs), strict=True):
            one.append(array)

    after = train(
        weights, images, labels, learning_rate=learning_rate, batch_size=batch_size, epochs=epochs, watch=watch
    )
    keys_1, values_1, keys_2, values_2 = (np.concatenate(one) for one in kept)
    return after, TaskTraces(Traces(keys_1, values_1), Traces(keys_2, values_2))


def read_network(
    start: Weights,
    tasks: tuple[TaskTraces, ...],
    images: np.ndarray,
    strengths: tuple[float, ...],
    start_strength: float,
) -> np.ndarray:
    """Outputs of the network from its traces alone.

    Parameters
    ----------
    start : Weights
        Before any training.
    tasks : tuple of TaskTraces
        In the order of training.
    images : numpy.ndarray, (image, input)
    strengths : tuple of float
        What the keys of each task are multiplied by at retrieval; 1 leaves them as they were written.
    start_strength : float
        The same for the weights before training.

    Returns
    -------
    numpy.ndarray, (image, output)
        Before the softmax. With strengths of 1 equal to `kvfit.learning.network.forward` up to rounding.
    """
    below = start_strength * (images @ start.first)
    for strength, task in zip(strengths, tasks, strict=True):
        below += strength * task.first.read(images)
    hidden = np.maximum(below, 0.0)
    outputs = start_strength * (hidden @ start.second)
    for strength, task in zip(strengths, tasks, strict=True):
        outputs += strength * task.second.read(hidden)
    return outputs
