"""Keys of overlapping events while their differences must be recalled, and after that demand is removed.

Events come in pairs that share most of their features, as routes that overlap and then part. Keys begin as the events'
content; values stay that content (fidelity). Only keys learn, from the error of what they retrieve and from a pull back:

    loss = sum over events of retrieval error + pull |k - k_content|^2

Chanales, Oza, Favila & Kuhl (2017) found that hippocampal patterns of overlapping routes became less similar than those
of routes that do not overlap. Gershman, Fiete & Irie (2025) read that as keys optimised for retrieval, and predict that it
can be undone by removing the demand, which they call untested.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kvfit.learning.descent import Descent, Parameters, PlainSteps, descend
from kvfit.learning.retrieval import attention, retrieval_loss

#: What must be recalled: the features that tell overlapping events apart, those that they share, or nothing.
DEMANDS = ("differences", "shared", "nothing")
#: Which events compete at retrieval: all that are stored, or the two of a pair.
COMPETITORS = ("all", "pair")


@dataclass(frozen=True, eq=False)
class PairedEvents:
    """Events in pairs; features of one sign or the other, the shared ones first.

    Attributes
    ----------
    content : numpy.ndarray, (replicate, event, feature)
        -1 or 1. Events 2p and 2p + 1 are a pair.
    n_shared : int
        How many features the two of a pair share by construction.
    """

    content: np.ndarray
    n_shared: int


@dataclass(frozen=True)
class Learning:
    """How keys learn.

    Attributes
    ----------
    key_scale : float
        Length of keys at the start, as a multiple of the content's.
    pull : float
        Strength of the pull back to the content; 0 is none.
    learning_rate : float
    accumulate : bool
        Follow the sum of all past gradients (as the paper's notebooks do) and not each step's own.
    competitors : str
        One of `COMPETITORS`.
    """

    key_scale: float = 0.5
    pull: float = 0.01
    learning_rate: float = 0.1
    accumulate: bool = False
    competitors: str = "all"


@dataclass(frozen=True, eq=False)
class KeyHistory:
    """Similarity of keys over learning; one value a replicate.

    Attributes
    ----------
    iterations : numpy.ndarray, (point,)
    overlapping, other : numpy.ndarray, (point, replicate)
        Mean cosine of the keys of a pair's two events, and of events of different pairs.
    error : numpy.ndarray, (point, replicate)
        Mean squared error of the retrieved features that tell the two of a pair apart; 1 is as bad as not knowing them.
    keys : numpy.ndarray, (replicate, event, feature)
        At the end.
    """

    iterations: np.ndarray
    overlapping: np.ndarray
    other: np.ndarray
    error: np.ndarray
    keys: np.ndarray


def paired_events(
    n_pairs: int, n_features: int, overlap: float, replicates: int, rng: np.random.Generator
) -> PairedEvents:
    """Draw pairs of events that share a part of their features; the others are independent.

    Parameters
    ----------
    n_pairs, n_features, replicates : int
    overlap : float
        Share of features that the two of a pair have in common, from 0 to 1.
    rng : numpy.random.Generator
    """
    n_shared = round(overlap * n_features)
    content = rng.choice([-1.0, 1.0], size=(replicates, n_pairs, 2, n_features))
    content[..., 1, :n_shared] = content[..., 0, :n_shared]
    return PairedEvents(content.reshape(replicates, 2 * n_pairs, n_features), n_shared)


def learn_keys(
    events: PairedEvents,
    demand: str,
    iterations: int,
    learning: Learning | None = None,
    *,
    start: np.ndarray | None = None,
    every: int = 10,
) -> KeyHistory:
    """Let keys learn under one demand.

    Parameters
    ----------
    events : PairedEvents
    demand : str
        One of `DEMANDS`.
    iterations : int
    learning : Learning, optional
    start : numpy.ndarray, (replicate, event, feature), optional
        Keys to begin with; default the content, scaled.
    every : int
        Iterations between the points of the history.

    Returns
    -------
    KeyHistory

    Raises
    ------
    ValueError
        If `demand` or the competitors are unknown.
    """
    learning = learning or Learning()
    wrong = [
        f"{name} must be one of {', '.join(allowed)}; found {given!r}"
        for name, given, allowed in (
            ("demand", demand, DEMANDS), ("competitors", learning.competitors, COMPETITORS),
        )
        if given not in allowed
    ]  # fmt: skip
    if wrong:
        raise ValueError("; ".join(wrong))
    content = events.content
    home = learning.key_scale * content
    size = content.shape[-1] * content.shape[-2]
    shared = np.arange(content.shape[-1]) < events.n_shared
    weights = {"differences": ~shared, "shared": shared, "nothing": np.zeros_like(shared)}[demand].astype(float)
    pairs = np.arange(content.shape[-2]) // 2
    competitors = pairs[:, None] == pairs if learning.competitors == "pair" else None

    def objective(parameters: Parameters) -> tuple[np.ndarray, Parameters]:
        (keys,) = parameters
        loss, gradient, _ = retrieval_loss(
            keys, content, content, weights=weights, stored_keys_learn=True, competitors=competitors
        )
        away = keys - home
        total = size * loss + learning.pull * (away**2).sum(axis=(-1, -2))
        return total, (size * gradient + 2 * learning.pull * away,)

    found = descend(
        objective,
        (home if start is None else start,),
        PlainSteps(learning.learning_rate),
        iterations,
        accumulate=learning.accumulate,
        every=every,
    )
    return _history(found, events, competitors)


def similarity(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean cosine of the keys within pairs and between pairs, each (replicate,), from keys (replicate, event, feature)."""
    unit = keys / np.linalg.norm(keys, axis=-1, keepdims=True)
    cosine = unit @ np.swapaxes(unit, -1, -2)
    pairs = np.arange(keys.shape[-2]) // 2
    same = pairs[:, None] == pairs
    return cosine[..., same & ~np.eye(len(pairs), dtype=bool)].mean(axis=-1), cosine[..., ~same].mean(axis=-1)


def _history(found: Descent, events: PairedEvents, competitors: np.ndarray | None) -> KeyHistory:
    path = [keys for (keys,) in found.path]
    overlapping, other = (np.array(one) for one in zip(*(similarity(keys) for keys in path), strict=True))
    told_apart = events.content[..., events.n_shared :]
    error = [((attention(keys, keys, competitors) @ told_apart - told_apart) ** 2).mean(axis=(-1, -2)) for keys in path]
    return KeyHistory(found.path_iterations, overlapping, other, np.array(error), path[-1])
