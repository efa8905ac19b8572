"""Modular attractor scaffolds, and the memory that hangs content on their fixed states.

MESH: Sharma, Chandra & Fiete (2022), ICML. Vector-HaSH, with grid-like modules: Chandra, Sharma, Chaudhuri & Fiete (2025),
Nature 638, 739-751. A few modules of coprime periods give as many states as the product of their sizes; a random
projection makes a hidden pattern of -1 and 1 of each (Vector-HaSH rectifies instead). States are fixed points whatever is
stored, so that storing more content fades the content, and no attractor is lost.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import gcd, prod
from typing import Literal

import numpy as np

from kvfit.memory.attractor import sign
from kvfit.memory.memory import KeyValueMemory, StoredMemory
from kvfit.memory.scaffold import decorrelated


@dataclass(frozen=True)
class ModularScaffold:
    """States of grid-like modules and their hidden patterns.

    Parameters
    ----------
    periods : tuple of int
        Coprime in pairs, so that all combinations of phases are visited.
    n_hidden : int
    seed : int
        Of the random projection from modules to hidden units.
    dimensions : {1, 2}
        Phases on a ring, or on a torus with ``period^2`` phases as grid cells have.

    Notes
    -----
    States come in the order of a path that moves every module by one phase a step (one dimension) or sweeps the plane row by
    row (two dimensions).
    """

    periods: tuple[int, ...]
    n_hidden: int
    seed: int = 0
    dimensions: Literal[1, 2] = 1

    def __post_init__(self) -> None:
        pairs = [(a, b) for i, a in enumerate(self.periods) for b in self.periods[i + 1 :] if gcd(a, b) != 1]
        if pairs or not self.periods:
            raise ValueError(f"periods must be coprime in pairs, found {self.periods}; not so: {pairs}")

    @property
    def n_states(self) -> int:
        """Number of fixed points, the product of the modules' phases."""
        return prod(p**self.dimensions for p in self.periods)

    @cached_property
    def grid(self) -> np.ndarray:
        """One active phase in each module, shape (state, grid unit)."""
        period = prod(self.periods)
        state = np.arange(self.n_states)
        modules = []
        for p in self.periods:
            phase = state % p if self.dimensions == 1 else (state // period) % p * p + state % period % p
            modules.append(np.eye(p**self.dimensions)[phase])
        return np.concatenate(modules, axis=1)

    @cached_property
    def projection(self) -> np.ndarray:
        """Random projection, shape (grid unit, hidden unit)."""
        return np.random.default_rng(self.seed).standard_normal((self.grid.shape[1], self.n_hidden))

    @cached_property
    def hidden(self) -> np.ndarray:
        """Hidden pattern of -1 and 1 of each state, shape (state, hidden unit)."""
        return self.to_hidden(self.grid)

    def to_hidden(self, grid: np.ndarray) -> np.ndarray:
        """Hidden patterns ``(..., hidden unit)`` of module activities ``(..., grid unit)``."""
        field = np.matmul(grid, self.projection)
        return sign(field, np.ones_like(field))

    @cached_property
    def _to_grid(self) -> np.ndarray:
        # Hebbian and learned once, over all states: what is stored later does not touch it
        return self.hidden.T @ self.grid

    def to_grid(self, hidden: np.ndarray) -> np.ndarray:
        """Best phase in each module ``(..., grid unit)`` of hidden activities ``(..., hidden unit)``."""
        field = np.matmul(hidden, self._to_grid)
        ends = np.cumsum([0, *(p**self.dimensions for p in self.periods)])
        return np.concatenate([_best(field[..., a:b]) for a, b in pairwise(ends)], axis=-1)

    def clean(self, hidden: np.ndarray, steps: int = 2) -> np.ndarray:
        """Let the attractor settle: hidden patterns ``(..., hidden unit)`` of the states reached."""
        for _ in range(steps):
            hidden = self.to_hidden(self.to_grid(hidden))
        return hidden


def _best(field: np.ndarray) -> np.ndarray:
    return np.eye(field.shape[-1])[field.argmax(axis=-1)]


@dataclass(frozen=True, eq=False)
class ScaffoldMemory:
    """Content hung on a scaffold by two heteroassociations, content to hidden and back; see :func:`hang`.

    Attributes
    ----------
    scaffold : ModularScaffold
    to_hidden : StoredMemory
        Keys are contents, values hidden patterns.
    to_content : StoredMemory
        Keys are hidden patterns (decorrelated or not), values contents.
    """

    scaffold: ModularScaffold
    to_hidden: StoredMemory
    to_content: StoredMemory

    def read(self, cues: np.ndarray) -> np.ndarray:
        """Contents of -1 and 1 ``(..., cue, feature)`` that cues of the same shape retrieve."""
        hidden = self.to_hidden.read(cues)
        return self.at(self.scaffold.clean(hidden))

    def at(self, hidden: np.ndarray) -> np.ndarray:
        """Contents ``(..., query, feature)`` at hidden patterns ``(..., query, hidden unit)``."""
        field = self.to_content.read(hidden)
        return sign(field, np.ones_like(field))


def hang(
    scaffold: ModularScaffold, contents: np.ndarray, learning: Literal["pseudo-inverse", "hebb"] = "pseudo-inverse"
) -> ScaffoldMemory:
    """Hang contents on the scaffold's first states.

    Parameters
    ----------
    scaffold : ModularScaffold
    contents : ndarray of -1 and 1, shape (trace, feature)
    learning : {"pseudo-inverse", "hebb"}
        What hidden patterns recall contents by. Patterns that share a module's phase are alike, which costs sums of outer
        products much; squared-error learning (:func:`kvfit.memory.scaffold.decorrelated`) undoes it. Contents find their
        hidden patterns by outer products in both cases: there squared error would fit the noise of a degraded cue.

    Returns
    -------
    ScaffoldMemory

    Raises
    ------
    ValueError
        If there are more contents than states.
    """
    n = len(contents)
    if n > scaffold.n_states:
        raise ValueError(
            f"{n} contents on {scaffold.n_states} states: take longer or more periods than {scaffold.periods}"
        )
    hidden = scaffold.hidden[:n]
    memory = KeyValueMemory()
    keys = decorrelated if learning == "pseudo-inverse" else np.asarray
    return ScaffoldMemory(scaffold, memory.store(contents, hidden), memory.store(keys(hidden), contents))
