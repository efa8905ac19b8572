"""Does what is learned later erase a list, or is the list only harder to find among more? A simulation.

Shiffrin (1970) had people recall not the list just studied but the one before it. Recall depended on how long that
list was, and not on how long the list in between was. Jang & Huber (2008) found that this needs recall between the
lists: without it the length of both counts.

    python analyses/list_before_last.py          # seconds

The key-value account: nothing is erased; words compete at retrieval with those of the same list, because the keys of
a list share its context and lists differ in it. The rivals lose words as others are stored: by decay with every word,
by a store of fixed size, or by erasing what a new key retrieves.

Assumptions, not findings: people can reinstate the context of the list before last; retrieval is a fixed number of
attempts, each of which finds one word or none; the context of a list does not change within it. A simulation shows
what suffices, not what is true.

Source: Shiffrin (1970), Science 168, 1601-1603; Jang & Huber (2008), Journal of Experimental Psychology: Learning,
Memory, and Cognition 34, 112-127.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from kvfit.memory import Decay, Erase, Hebb, Retrieval, Slots, WriteRule
from kvfit.memory.scaffold import compound, drifting_keys, random_keys
from kvfit.puzzles import Claim, Puzzle, Results, run
from kvfit.puzzles.figures import puzzle_figure

LENGTHS = (5, 20)


@dataclass(frozen=True)
class Parameters:
    """What the simulation assumes.

    Attributes
    ----------
    list_similarity : float
        Match of the contexts of successive lists.
    context_share : float
        Share of the list's context in a key; the rest is the word's own.
    gain, threshold : float
        Of retrieval (:class:`kvfit.memory.Retrieval`).
    attempts : int
        Attempts at retrieval.
    decay, erasure : float
        Rates of the rivals' write rules.
    n_slots : int
        Words that a store of fixed size holds.
    n_before : int
        Length of the list before the target list.
    n_features : int
        Length of the words' own part of a key.
    """

    list_similarity: float = 0.3
    context_share: float = 0.7
    gain: float = 10.0
    threshold: float = 0.75
    attempts: int = 10
    decay: float = 0.05
    erasure: float = 1.0
    n_slots: int = 25
    n_before: int = 10
    n_features: int = 64


def memories(parameters: Parameters) -> dict[str, WriteRule]:
    """Write rules to compare."""
    return {
        "indelible (Hebb)": Hebb(),
        "decaying": Decay(parameters.decay),
        "fixed size": Slots(parameters.n_slots),
        "erasing": Erase(parameters.erasure),
    }


def simulate(parameters: Parameters, n_replicates: int, rng: np.random.Generator) -> Results:
    """Probability of recalling a word of the target list, by the lengths of target and intervening list."""
    found: dict[str, dict[str, np.ndarray]] = {name: {} for name in memories(parameters)}
    contexts = drifting_keys(3, parameters.list_similarity, rng)
    for target in LENGTHS:
        for between in LENGTHS:
            of_list = np.repeat([0, 1, 2], [parameters.n_before, target, between])
            own = np.stack([random_keys(len(of_list), parameters.n_features, rng) for _ in range(n_replicates)])
            other = np.stack([random_keys(1, parameters.n_features, rng) for _ in range(n_replicates)])
            shares = (parameters.context_share, 1.0 - parameters.context_share)
            keys = compound((contexts[of_list], own), shares)
            # the list's context, and whatever else is on somebody's mind
            query = compound((contexts[[1]], other), shares)
            for name, rule in memories(parameters).items():
                recalled = _recalled(parameters, rule, keys, query)
                found[name][_label(target, between)] = recalled[:, of_list == 1].mean(axis=1)
    return found


def _recalled(parameters: Parameters, rule: WriteRule, keys: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Probability that a word is retrieved in any of the attempts, shape (replicate, word)."""
    retrieval = Retrieval(parameters.gain, parameters.threshold)
    stored = retrieval.memory(rule).store(keys)
    each = np.zeros(keys.shape[:-1])
    in_memory = stored.traces.written > 0
    # traces carry the number of the word that was written into them last
    each[:, stored.traces.written[in_memory] - 1] = retrieval.probabilities(stored, query)[:, 0, in_memory]
    return 1.0 - (1.0 - each) ** parameters.attempts


def _label(target: int, between: int) -> str:
    return f"{target} words, {between} between"


CLAIMS = (
    Claim(
        "a longer list is recalled less",
        lambda of: np.mean([of[_label(5, m)] - of[_label(20, m)] for m in LENGTHS], axis=0),
    ),
    Claim(
        "a longer list in between does not matter",
        lambda of: np.mean([of[_label(n, 5)] - of[_label(n, 20)] for n in LENGTHS], axis=0),
        "none",
    ),
)
GRID = {
    "list_similarity": (0.0, 0.3, 0.6, 0.8, 0.95),
    "gain": (5.0, 10.0, 15.0),
    "threshold": (0.6, 0.7, 0.8),
    "decay": (0.05, 0.1),
}


def figure(results: Results, swept: pd.DataFrame) -> Figure:
    """Recall by own length, one line a length of the list between; settings with the pattern."""
    series = {f"{m} words between": [_label(n, m) for n in LENGTHS] for m in LENGTHS}
    return puzzle_figure(
        results, swept, series, [str(n) for n in LENGTHS], xlabel="length of the list recalled",
        ylabel="probability of recall", ylim=(0, 1.03),
        varied=("list_similarity", "similarity of successive lists' contexts"),
    )  # fmt: skip


PUZZLE = Puzzle(
    "list_before_last",
    "recall of the list before last depends on its own length and not on that of the list in between (Shiffrin 1970)",
    Parameters(), simulate, CLAIMS, GRID, figure,
)  # fmt: skip


if __name__ == "__main__":
    print(run(PUZZLE, __doc__))
