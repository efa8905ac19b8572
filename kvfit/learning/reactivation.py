"""Forgetting as failure of retrieval: one network learns two tasks, and the first comes back when its part is scaled (5.2).

What training on the second task adds is kept apart from what was there before it: W = s W_old + W_added. At s = 1 this
is the trained network, which has "forgotten" the first task; a larger s makes all keys and values of the first task
stronger at retrieval. Nothing is learned again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kvfit.learning.images import ImageTask
from kvfit.learning.network import Weights, accuracy, forward, random_weights, train

#: Strengths of the paper's Figure 3.
STRENGTHS = tuple(round(1 + 0.1 * step, 1) for step in range(10))


@dataclass(frozen=True)
class Training:
    """How the network is trained; the defaults are the paper's.

    Attributes
    ----------
    n_hidden, n_outputs, batch_size, epochs : int
        Epochs are those of each task.
    learning_rate : float
    added_start : str
        How the part that the second task learns begins: ``"random"``, as weights before training do, or ``"zero"``, which
        is the same as going on from what the first task left. The paper does not say; from the notebook's first weights
        a random start comes near its accuracies, zero does not.
    """

    n_hidden: int = 64
    n_outputs: int = 4
    learning_rate: float = 6e-4
    batch_size: int = 128
    epochs: int = 5
    added_start: str = "random"


@dataclass(frozen=True, eq=False)
class Forgetting:
    """Accuracy on test images, as shares.

    Attributes
    ----------
    learned_first : float
        First task, after training on it.
    strengths : numpy.ndarray, (strength,)
    first, second : numpy.ndarray, (strength,)
        Both tasks after training on both, by the strength of what was there before the second.
    first_traces_only, second_traces_only : numpy.ndarray, (strength,)
        The same when only what was learned in the first task is scaled, and not the random weights before it.
    start, old, added : Weights
        Before training, after the first task, and what the second task added.
    """

    learned_first: float
    strengths: np.ndarray
    first: np.ndarray
    second: np.ndarray
    first_traces_only: np.ndarray
    second_traces_only: np.ndarray
    start: Weights
    old: Weights
    added: Weights


def forget_and_reactivate(
    tasks: tuple[ImageTask, ImageTask],
    rng: np.random.Generator,
    *,
    training: Training | None = None,
    strengths: Sequence[float] = STRENGTHS,
    start: Weights | None = None,
) -> Forgetting:
    """Train on the first task, then on the second alone, and test both at every strength of the first.

    Parameters
    ----------
    tasks : pair of ImageTask
    rng : numpy.random.Generator
        Draws the weights to begin with.
    training : Training, optional
    strengths : sequence of float
    start : Weights, optional
        Weights to begin the first task with, instead of drawn ones.

    Returns
    -------
    Forgetting

    Raises
    ------
    ValueError
        If the start of the added part is unknown.
    """
    training = training or Training()
    if training.added_start not in ("random", "zero"):
        raise ValueError(f"added_start must be random or zero; found {training.added_start!r}")
    one, two = tasks
    shape = (one.train_images.shape[1], training.n_hidden, training.n_outputs)
    if start is None:
        start = random_weights(*shape, rng)
    old = _trained(start, one, training)
    # To hold the old part and learn an added one is to train their sum from where both begin.
    before = old + random_weights(*shape, rng) if training.added_start == "random" else old
    added = _trained(before, two, training) - old
    scaled = [old.scaled(strength) + added for strength in strengths]
    traces_only = [start + (old - start).scaled(strength) + added for strength in strengths]
    first, second = ([_tested(weights, task) for weights in scaled] for task in tasks)
    first_alone, second_alone = ([_tested(weights, task) for weights in traces_only] for task in tasks)
    return Forgetting(
        learned_first=_tested(old, one),
        strengths=np.array(strengths, dtype=float),
        first=np.array(first),
        second=np.array(second),
        first_traces_only=np.array(first_alone),
        second_traces_only=np.array(second_alone),
        start=start,
        old=old,
        added=added,
    )


def _trained(weights: Weights, task: ImageTask, training: Training) -> Weights:
    return train(
        weights,
        task.train_images,
        task.train_labels,
        learning_rate=training.learning_rate,
        batch_size=training.batch_size,
        epochs=training.epochs,
    )


def _tested(weights: Weights, task: ImageTask) -> float:
    return accuracy(forward(weights, task.test_images)[1], task.test_labels)
