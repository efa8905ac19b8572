"""Does extinction erase what was learned, or add something to it? A simulation.

A cue that announced a shock, and then does not any more, loses its effect; but the effect returns with time
(spontaneous recovery: Pavlov 1927), outside the place of extinction (renewal: Bouton & Bolles 1979), and after a
shock without the cue (reinstatement, a reminder: Rescorla & Heth 1975).

    python analyses/extinction_reminder.py          # seconds

The key-value account: extinction writes new traces, of the cue without a shock, whose keys hold the context of
extinction. What brings the query nearer to the keys of the first traces, or takes it away from those of extinction,
brings the effect back. Rivals erase what the new key retrieves, or correct it by the delta rule, whose keys hold
contexts too (Rescorla & Wagner's rule with context as a stimulus) or the cue alone.

Assumptions, not findings: keys have four parts: the cue, the place, the time (which drifts), and the aftermath of a
shock, which is part of every trial after a shock and of the query after a reminder. That last part is what a reminder
works by here; that the aftermath is a context is one account among several (Bouton 1993). A reminder is counted net
of what it does to a cue that never announced anything.

Source: Pavlov (1927), Conditioned reflexes; Bouton (1993), Psychological Bulletin 114, 80-99; Bouton & Bolles (1979),
Learning and Motivation 10, 445-466; Rescorla & Heth (1975), Journal of Experimental Psychology: Animal Behavior
Processes 1, 88-96.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from kvfit.memory import Delta, Erase, Hebb, KeyValueMemory, Retrieval, WriteRule
from kvfit.memory.scaffold import compound, drifting_keys, random_keys
from kvfit.puzzles import Claim, Puzzle, Results, replicate, run
from kvfit.puzzles.figures import puzzle_figure

HEBB, ERASE = "indelible (Hebb)", "erasing"
DELTA, CUE_ALONE = "delta rule, linear read", "delta rule, keys of the cue alone"
#: Tests where everything happened in one place, and where extinction had another.
ONE_PLACE, TWO_PLACES = ("learned", "extinguished", "with delay", "with reminder"), ("second place", "first place")


@dataclass(frozen=True)
class Parameters:
    """What the simulation assumes.

    Attributes
    ----------
    cue_share : float
        Share of the cue in a key; place, time and aftermath have the rest, in equal parts.
    phase_similarity : float
        Match of the times at the end of learning and at the start of extinction.
    trial_similarity : float
        Match of the times of successive trials.
    delay_similarity : float
        Match of the times at the end of extinction and at the delayed test.
    gain, threshold : float
        Of retrieval (:class:`kvfit.memory.Retrieval`).
    erasure : float
        Rate of the erasing rule and of the delta rule.
    n_learning, n_extinction : int
        Trials.
    n_features : int
        Length of a cue's, a place's and the aftermath's part of a key.
    """

    cue_share: float = 0.4
    phase_similarity: float = 0.3
    trial_similarity: float = 0.98
    delay_similarity: float = 0.1
    gain: float = 10.0
    threshold: float = 0.8
    erasure: float = 1.0
    n_learning: int = 10
    n_extinction: int = 10
    n_features: int = 64

    @property
    def shares(self) -> tuple[float, float, float, float]:
        """Shares of cue, place, time and aftermath."""
        rest = (1.0 - self.cue_share) / 3.0
        return self.cue_share, rest, rest, rest


def simulate(parameters: Parameters, n_replicates: int, rng: np.random.Generator) -> Results:
    """Response (probability of retrieving a shock, or expected shock) by test, in one place and with a change of place."""
    return replicate(lambda child: _one(parameters, child), n_replicates, rng)


def _one(parameters: Parameters, rng: np.random.Generator) -> dict[str, dict[str, float]]:
    cue, new_cue, here, there, aftermath = random_keys(5, parameters.n_features, rng)[:, None, :]
    times = _times(parameters, rng)
    found: dict[str, dict[str, float]] = {name: {} for name in (HEBB, ERASE, DELTA, CUE_ALONE)}
    # recovery and reminder are tested where everything happened; renewal needs another place of extinction
    for places, tests in (((here, here), ONE_PLACE), ((here, there), TWO_PLACES)):
        keys, values = _trials(parameters, cue, places, times, aftermath)
        for test in tests:
            # what was learned is tested before extinction
            n = parameters.n_learning if test == "learned" else len(keys)
            for probe, label in ((cue, test), (new_cue, f"{test}, new cue")):
                query = _query(parameters, test, probe, places, times, aftermath)
                for name, conditions in found.items():
                    conditions[label] = _response(parameters, name, keys[:n], values[:n], query)
    return found


def _times(parameters: Parameters, rng: np.random.Generator) -> np.ndarray:
    """Time's part of keys: trials of learning, test after it, trials of extinction, tests at once and with delay."""
    step = parameters.trial_similarity
    steps = [step] * parameters.n_learning + [parameters.phase_similarity] + [step] * parameters.n_extinction
    steps.append(parameters.delay_similarity)
    return drifting_keys(len(steps) + 1, np.array(steps), rng)[:, None, :]


def _trials(
    parameters: Parameters, cue: np.ndarray, places: tuple[np.ndarray, ...], times: np.ndarray, aftermath: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Keys and values (shock or none) of all trials, in their order."""
    n = parameters.n_learning
    keys = [
        # there is no aftermath on the first trial, and none left when extinction begins
        compound((cue, places[0], times[trial], aftermath * float(trial > 0)), parameters.shares)
        for trial in range(n)
    ]
    keys += [
        compound((cue, places[1], times[n + 1 + trial], 0.0 * aftermath), parameters.shares)
        for trial in range(parameters.n_extinction)
    ]
    return np.concatenate(keys), np.repeat([1.0, 0.0], [n, parameters.n_extinction])[:, None]


def _query(
    parameters: Parameters, test: str, cue: np.ndarray, places: tuple[np.ndarray, ...], times: np.ndarray,
    aftermath: np.ndarray,
) -> np.ndarray:  # fmt: skip
    time = {"learned": times[parameters.n_learning], "with delay": times[-1]}.get(test, times[-2])
    place = places[1] if test == "second place" else places[0]
    return compound((cue, place, time, float(test == "with reminder") * aftermath), parameters.shares)


def _response(parameters: Parameters, name: str, keys: np.ndarray, values: np.ndarray, query: np.ndarray) -> float:
    if name == CUE_ALONE:
        n = parameters.n_features
        keys, query = keys[:, :n] / np.sqrt(parameters.cue_share), query[:, :n] / np.sqrt(parameters.cue_share)
    if name in (DELTA, CUE_ALONE):
        expected = KeyValueMemory(write=Delta(parameters.erasure)).store(keys, values).read(query)
        return float(np.clip(expected, 0.0, 1.0)[0, 0])
    retrieval = Retrieval(parameters.gain, parameters.threshold)
    rule: WriteRule = Hebb() if name == HEBB else Erase(parameters.erasure)
    return float((retrieval.probabilities(retrieval.memory(rule).store(keys), query) @ values)[0, 0])


CLAIMS = (
    Claim("extinction removes the response", lambda of: of["learned"] - of["extinguished"], margin=0.1),
    Claim("it recovers with delay", lambda of: of["with delay"] - of["extinguished"], margin=0.1),
    Claim(
        "it is renewed outside the place of extinction", lambda of: of["first place"] - of["second place"], margin=0.1
    ),
    Claim(
        "a reminder brings it back, more than the response to a new cue",
        lambda of: (
            of["with reminder"] - of["extinguished"] - of["with reminder, new cue"] + of["extinguished, new cue"]
        ),
        margin=0.1,
    ),
)
GRID = {
    "cue_share": (0.3, 0.4, 0.6, 0.8),
    "phase_similarity": (0.1, 0.3, 0.6),
    "gain": (5.0, 10.0, 15.0),
    "threshold": (0.7, 0.8, 0.9),
}


def figure(results: Results, swept: pd.DataFrame) -> Figure:
    """Response by test, to the trained and to a new cue; settings with the pattern."""
    tests = [*ONE_PLACE, *TWO_PLACES]
    series = {
        f"{cue}, {where}": [f"{test}{label}" if test in own else "" for test in tests]
        for cue, label in (("trained cue", ""), ("new cue", ", new cue"))
        for where, own in (("one place", ONE_PLACE), ("extinction in a second place", TWO_PLACES))
    }
    ticks = ["learned", "ext.", "delay", "reminder", "2nd place", "1st place"]
    return puzzle_figure(
        results, swept, series, ticks, ylabel="response", rotation=60, varied=("cue_share", "share of the cue in keys")
    )


PUZZLE = Puzzle(
    "extinction_reminder",
    "an extinguished response returns with time (Pavlov 1927), outside the place of extinction (Bouton & Bolles 1979)"
    " and after a reminder (Rescorla & Heth 1975)",
    Parameters(), simulate, CLAIMS, GRID, figure,
)  # fmt: skip


if __name__ == "__main__":
    print(run(PUZZLE, __doc__))
