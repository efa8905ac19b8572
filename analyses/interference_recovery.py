"""A-B, A-C: does a new response to an old cue erase the first one? A simulation.

People learn pairs A-B, then other responses to the same cues, A-C. The more they learn A-C, the less B comes to mind
(Barnes & Underwood 1959); with delay B comes back while C is lost, although nobody practises it (Briggs 1954; Wheeler
1995; review: Brown 1976).

    python analyses/interference_recovery.py          # seconds

The key-value account: both traces stay; keys hold cue and context, and right after A-C the context favours C. As
context drifts away from both, that advantage goes. A store that erases what a new key retrieves, or corrects it by
the delta rule, has B no more.

Assumptions, not findings: context drifts a little from trial to trial, much between the two lists and with delay; the
first response that comes to mind is given, or none. Whether recovery is absolute or only relative to C differs
between experiments; here B must rise in absolute terms.

Source: Barnes & Underwood (1959), Journal of Experimental Psychology 58, 97-105; Briggs (1954), Journal of
Experimental Psychology 47, 285-293; Brown (1976), Psychological Bulletin 83; Wheeler (1995), Journal of Experimental
Psychology: Learning, Memory, and Cognition 21.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from kvfit.memory import Delta, Erase, Hebb, KeyValueMemory, Retrieval, WriteRule
from kvfit.memory.scaffold import compound, drifting_keys, random_keys
from kvfit.puzzles import Claim, Puzzle, Results, replicate, run
from kvfit.puzzles.figures import puzzle_figure

#: Trials of A-C, and match of the context at test with that at the end of learning, from immediate to long delays.
TRIALS = (0, 10)
DELAYS = (0.98, 0.7, 0.4, 0.1)
HEBB, ERASE, DELTA = "indelible (Hebb)", "erasing", "delta rule, linear read"


@dataclass(frozen=True)
class Parameters:
    """What the simulation assumes.

    Attributes
    ----------
    context_share : float
        Share of context in a key; the rest is the cue's.
    list_similarity : float
        Match of the contexts at the end of A-B and at the start of A-C.
    trial_similarity : float
        Match of the contexts of successive trials.
    gain, threshold : float
        Of retrieval (:class:`kvfit.memory.Retrieval`).
    erasure : float
        Rate of the erasing rule and of the delta rule.
    n_first : int
        Trials of A-B.
    n_pairs, n_features : int
        Cues of a list, and length of their part of a key and of a response.
    """

    context_share: float = 0.4
    list_similarity: float = 0.5
    trial_similarity: float = 0.98
    gain: float = 10.0
    threshold: float = 0.75
    erasure: float = 1.0
    n_first: int = 5
    n_pairs: int = 6
    n_features: int = 64


def simulate(parameters: Parameters, n_replicates: int, rng: np.random.Generator) -> Results:
    """Probability that B and C come to mind, by trials of A-C and by delay."""
    return replicate(lambda child: _one(parameters, child), n_replicates, rng)


def _one(parameters: Parameters, rng: np.random.Generator) -> dict[str, dict[str, float]]:
    """One set of pairs, learned without A-C and with it."""
    cues = random_keys(parameters.n_pairs, parameters.n_features, rng)
    responses = random_keys(2 * parameters.n_pairs, parameters.n_features, rng)
    found: dict[str, dict[str, float]] = {name: {} for name in (HEBB, ERASE, DELTA)}
    for trials in TRIALS:
        for name, conditions in _learn(parameters, cues, responses, trials, rng).items():
            found[name] |= conditions
    return found


def _learn(
    parameters: Parameters, cues: np.ndarray, responses: np.ndarray, trials: int, rng: np.random.Generator
) -> dict[str, dict[str, float]]:
    n, first = parameters.n_pairs, parameters.n_first
    steps = np.full(first + trials, parameters.trial_similarity)
    steps[first - 1] = parameters.list_similarity if trials else parameters.trial_similarity
    steps[-1] = DELAYS[0]
    # one context a trial, then those of ever later tests
    later = np.array(DELAYS[1:]) / np.array(DELAYS[:-1])
    contexts = drifting_keys(first + trials + len(DELAYS), np.concatenate([steps, later]), rng)
    shares = (parameters.context_share, 1.0 - parameters.context_share)
    of_trial = np.repeat(np.arange(first + trials), n)
    pair = np.tile(np.arange(n), first + trials)
    keys = compound((contexts[of_trial], cues[pair]), shares)
    given = np.where(of_trial < first, pair, n + pair)
    tests = contexts[first + trials :]
    queries = compound((tests[:, None, :], cues[None]), shares)
    found = {}
    for name in (HEBB, ERASE, DELTA):
        coming = _to_mind(parameters, name, keys, given, responses, queries)
        own = np.arange(n)
        found[name] = {
            f"{letter} after {trials}, delay {delay}": float(coming[delay, own, own + shift].mean())
            for delay in range(len(DELAYS))
            for letter, shift in (("B", 0), ("C", n))
        }
    return found


def _to_mind(
    parameters: Parameters, name: str, keys: np.ndarray, given: np.ndarray, responses: np.ndarray, queries: np.ndarray
) -> np.ndarray:
    """Probability that a response comes to mind first, shape (test, cue, response)."""
    retrieval = Retrieval(parameters.gain, parameters.threshold)
    if name == DELTA:
        # what is read is compared with all responses, which compete as traces do elsewhere
        content = KeyValueMemory(write=Delta(parameters.erasure)).store(keys, responses[given]).read(queries)
        return retrieval.probabilities(retrieval.memory().store(responses), content)
    rule: WriteRule = Hebb() if name == HEBB else Erase(parameters.erasure)
    each = retrieval.probabilities(retrieval.memory(rule).store(keys), queries)
    return each @ np.eye(len(responses))[given]


IMMEDIATE, LATE = 0, len(DELAYS) - 1
CLAIMS = (
    Claim(
        "learning A-C makes B come to mind less",
        lambda of: of[f"B after 0, delay {IMMEDIATE}"] - of[f"B after 10, delay {IMMEDIATE}"],
        margin=0.1,
    ),
    Claim(
        "with delay B comes back",
        lambda of: of[f"B after 10, delay {LATE}"] - of[f"B after 10, delay {IMMEDIATE}"],
        margin=0.1,
    ),
    Claim(
        "with delay C is lost",
        lambda of: of[f"C after 10, delay {IMMEDIATE}"] - of[f"C after 10, delay {LATE}"],
        margin=0.1,
    ),
)
GRID = {
    "context_share": (0.2, 0.4, 0.6),
    "list_similarity": (0.2, 0.5, 0.8),
    "gain": (5.0, 10.0, 15.0),
    "threshold": (0.6, 0.75),
}


def figure(results: Results, swept: pd.DataFrame) -> Figure:
    """B and C by delay, after ten trials of A-C and without; settings with the pattern."""
    at = range(len(DELAYS))
    series = {
        "B, after ten trials of A-C": [f"B after 10, delay {d}" for d in at],
        "C": [f"C after 10, delay {d}" for d in at],
        "B, without A-C": [f"B after 0, delay {d}" for d in at],
    }
    return puzzle_figure(
        results, swept, series, [f"{similarity:g}" for similarity in DELAYS], xlabel="match of context at test",
        ylabel="probability of coming to mind", varied=("context_share", "share of context in keys"),
    )  # fmt: skip


PUZZLE = Puzzle(
    "interference_recovery",
    "A-C makes B come to mind less (Barnes & Underwood 1959); with delay B comes back and C is lost (Briggs 1954)",
    Parameters(), simulate, CLAIMS, GRID, figure,
)  # fmt: skip


if __name__ == "__main__":
    print(run(PUZZLE, __doc__))
