"""What does a feeling of knowing read? A simulation.

Asked for an answer they cannot recall, people say whether they would know it. Such feelings follow how often the
question's words were seen and not how well the answer was learned: seeing the cue with another target (A-B, A-D), or
the cue beforehand by itself, raises them without better recall (Reder & Ritter 1992; Schwartz & Metcalfe 1992;
Metcalfe, Schwartz & Joaquim 1993).

    python analyses/feeling_of_knowing.py          # seconds

The key-value account: the feeling reads how well the query matches keys, before any value is retrieved (Gershman,
Fiete & Irie 2025). The rivals read what is retrieved: the right value, or any value (Koriat 1993); or the store
erases what a new key retrieves, so that there is nothing more to match.

Assumptions, not findings: the first and second list share some of their context, and the second list is asked for; a
cue seen by itself leaves a trace with an empty value. Feelings are asked for after recall failed, so that items count
by the probability that they were not recalled. Not all experiments agree: in Leibert & Nelson (1998) predictions rose
only where cue and target were both repeated.

Source: Reder & Ritter (1992), Journal of Experimental Psychology: Learning, Memory, and Cognition 18, 435-451;
Schwartz & Metcalfe (1992), same volume, 1074-1083; Metcalfe, Schwartz & Joaquim (1993), same journal 19, 851-861;
Koriat (1993), Psychological Review 100, 609-639; Leibert & Nelson (1998), American Journal of Psychology 111, 63-75.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from kvfit.memory import Erase, Hebb, Retrieval
from kvfit.memory.scaffold import compound, drifting_keys, random_keys
from kvfit.puzzles import Claim, Puzzle, Results, replicate, run
from kvfit.puzzles.figures import puzzle_figure

MATCH, TARGET, ANY = "key match", "target retrieved", "any value retrieved"
ERASED = "key match, erasing store"
#: What the first list had for a cue of the second: nothing, the same pair, another target, or the cue by itself.
CONDITIONS = {"once": "C-D", "same": "A-B A-B", "changed": "A-B A-D", "cue seen": "A A-D"}


@dataclass(frozen=True)
class Parameters:
    """What the simulation assumes.

    Attributes
    ----------
    context_share : float
        Share of the list's context in a key; the rest is the cue's.
    list_similarity : float
        Match of the contexts of the two lists.
    gain, threshold : float
        Of retrieval (:class:`kvfit.memory.Retrieval`).
    erasure : float
        Rate of the erasing rule.
    n_pairs : int
        Pairs a condition.
    n_features : int
        Length of a cue's part of a key.
    """

    context_share: float = 0.4
    list_similarity: float = 0.8
    gain: float = 10.0
    threshold: float = 1.0
    erasure: float = 1.0
    n_pairs: int = 8
    n_features: int = 64


def simulate(parameters: Parameters, n_replicates: int, rng: np.random.Generator) -> Results:
    """Recall of the second list's target, and feeling of knowing for what is not recalled, by condition."""
    return replicate(lambda child: _one(parameters, child), n_replicates, rng)


def _one(parameters: Parameters, rng: np.random.Generator) -> dict[str, dict[str, float]]:
    n = parameters.n_pairs
    condition = np.repeat(list(CONDITIONS), n)
    cues = random_keys(len(condition), parameters.n_features, rng)
    contexts = drifting_keys(2, parameters.list_similarity, rng)
    before = np.flatnonzero(condition != "once")
    # which target a trace holds: 1 the one asked for, 0 another one, -1 none
    first = np.select([condition == "same", condition == "changed"], [1, 0], -1)[before]
    target = np.concatenate([first, np.ones(len(condition), int)])
    of_cue = np.concatenate([before, np.arange(len(condition))])
    of_list = np.repeat([0, 1], [len(before), len(condition)])
    shares = (parameters.context_share, 1.0 - parameters.context_share)
    keys, queries = compound((contexts[of_list], cues[of_cue]), shares), compound((contexts[[1]], cues), shares)
    retrieval = Retrieval(parameters.gain, parameters.threshold)
    found: dict[str, dict[str, float]] = {}
    for name in (MATCH, TARGET, ANY, ERASED):
        stored = retrieval.memory(Erase(parameters.erasure) if name == ERASED else Hebb()).store(keys)
        each = retrieval.probabilities(stored, queries)
        own = of_cue == np.arange(len(condition))[:, None]
        recall = (each * (own & (target == 1))).sum(axis=1)
        feeling = {TARGET: recall, ANY: each[:, target >= 0].sum(axis=1)}.get(name, retrieval.reached(stored, queries))
        found[name] = {}
        for one in CONDITIONS:
            of = condition == one
            found[name][f"recall, {one}"] = float(recall[of].mean())
            found[name][f"feeling, {one}"] = float(np.average(feeling[of], weights=1.0 - recall[of]))
    return found


CLAIMS = (
    Claim("learning the same pair twice helps recall", lambda of: of["recall, same"] - of["recall, once"]),
    Claim(
        "another target for the cue does not help recall",
        lambda of: np.maximum(of["recall, changed"] - of["recall, once"], 0.0),
        "none",
    ),
    Claim(
        "another target for the cue raises the feeling of knowing",
        lambda of: of["feeling, changed"] - of["feeling, once"],
    ),
    Claim(
        "the feeling is the same for the same and for another target",
        lambda of: of["feeling, same"] - of["feeling, changed"],
        "none",
    ),
    Claim(
        "seeing the cue alone does not help recall",
        lambda of: np.maximum(of["recall, cue seen"] - of["recall, once"], 0.0),
        "none",
    ),
    Claim(
        "seeing the cue alone raises the feeling of knowing",
        lambda of: of["feeling, cue seen"] - of["feeling, once"],
    ),
)
GRID = {
    "context_share": (0.2, 0.4, 0.6),
    "list_similarity": (0.2, 0.5, 0.8),
    "gain": (5.0, 10.0, 15.0),
    "threshold": (0.9, 1.0, 1.1),
}


def figure(results: Results, swept: pd.DataFrame) -> Figure:
    """Recall and feeling of knowing by condition, one panel a source of the feeling; settings with the pattern."""
    series = {
        kind: [f"{short}, {one}" for one in CONDITIONS]
        for kind, short in (("recall", "recall"), ("feeling of knowing", "feeling"))
    }
    return puzzle_figure(
        results, swept, series, list(CONDITIONS.values()), ylabel="probability", rotation=45,
        varied=("list_similarity", "similarity of the lists' contexts"),
    )  # fmt: skip


PUZZLE = Puzzle(
    "feeling_of_knowing",
    "feelings of knowing follow how often the cue was seen, not how well its target can be recalled"
    " (Metcalfe, Schwartz & Joaquim 1993; Reder & Ritter 1992)",
    Parameters(), simulate, CLAIMS, GRID, figure,
)  # fmt: skip


if __name__ == "__main__":
    print(run(PUZZLE, __doc__))
