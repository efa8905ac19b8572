"""Keys and values of items in classes, optimised so that each item retrieves the features of its class.

Source: Gershman, Fiete & Irie (2025), section 5.1 and Figure 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from kvfit.learning.descent import Adam, Parameters, Rule, descend
from kvfit.learning.retrieval import retrieval_loss

#: Features of the classes in the paper's Figure 2: two classes, three classes.
TWO_CLASSES = np.array([[1.0, 0.0], [0.0, 1.0]])
THREE_CLASSES = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])


@dataclass(frozen=True, eq=False)
class ClassItems:
    """Items before they are learned.

    Attributes
    ----------
    features : numpy.ndarray, (class, feature)
        What items of each class should retrieve.
    classes : numpy.ndarray, (item,)
        Class of each item, from 0.
    keys : numpy.ndarray, (item, dimension)
    raw_values : numpy.ndarray, (item, feature)
        Values before the sigmoid that keeps them in (0, 1).
    """

    features: np.ndarray
    classes: np.ndarray
    keys: np.ndarray
    raw_values: np.ndarray


@dataclass(frozen=True, eq=False)
class LearnedItems:
    """Items after learning.

    Attributes
    ----------
    start : ClassItems
    keys : numpy.ndarray, (item, dimension)
    values : numpy.ndarray, (item, feature)
        In (0, 1).
    losses : numpy.ndarray, (iteration,)
        Mean squared error of retrieval before each step.
    last_loss : float
        After the last step.
    """

    start: ClassItems
    keys: np.ndarray
    values: np.ndarray
    losses: np.ndarray
    last_loss: float

    def mean_keys(self) -> np.ndarray:
        """Mean key of each class, (class, dimension)."""
        return _by_class(self.keys, self.start.classes)

    def mean_values(self) -> np.ndarray:
        """Mean value of each class, (class, feature)."""
        return _by_class(self.values, self.start.classes)

    def fraction_own_class(self) -> float:
        """Share of items whose value is nearest to the features of their own class."""
        distance = np.linalg.norm(self.values[:, None] - self.start.features, axis=-1)
        return float((distance.argmin(axis=1) == self.start.classes).mean())


def random_items(features: np.ndarray, n_items: int, rng: np.random.Generator) -> ClassItems:
    """Items with uniform keys of two dimensions and uniform raw values, classes drawn at random."""
    shape = (n_items, features.shape[1])
    return ClassItems(features, rng.integers(len(features), size=n_items), rng.random((n_items, 2)), rng.random(shape))


def learn_items(
    items: ClassItems, iterations: int, *, accumulate: bool = False, rule: Rule | None = None
) -> LearnedItems:
    """Optimise keys and values together for retrieval.

    Parameters
    ----------
    items : ClassItems
    iterations : int
        The paper took 5000 for two classes and 10000 for three.
    accumulate : bool
        Follow the sum of all past gradients, as the published notebooks do because they never reset them. False is the
        corrected procedure.
    rule : Rule, optional
        Default Adam with a learning rate of 0.0003, the paper's.

    Returns
    -------
    LearnedItems
    """
    targets = items.features[items.classes]

    def objective(parameters: Parameters) -> tuple[np.ndarray, Parameters]:
        keys, raw = parameters
        values = expit(raw)
        loss, key_gradient, value_gradient = retrieval_loss(keys, values, targets)
        return loss, (key_gradient, value_gradient * values * (1 - values))

    found = descend(objective, (items.keys, items.raw_values), rule or Adam(), iterations, accumulate=accumulate)
    keys, raw = found.parameters
    return LearnedItems(items, keys, expit(raw), found.losses, float(objective(found.parameters)[0]))


def _by_class(points: np.ndarray, classes: np.ndarray) -> np.ndarray:
    return np.array([points[classes == one].mean(axis=0) for one in np.unique(classes)])
