"""Why does a memory come to be shown in other contexts, and why does a reminder make it specific again? A simulation.

Animals that were shocked in one place show fear there and little in another place on the next day; weeks later they
show it in both (Winocur, Moscovitch & Sekeres 2007; Wiltgen & Silva 2007). A short stay in the first place makes the
old memory specific again, a stay in another place does not (Winocur, Frankland, Sekeres, Fogel & Moscovitch 2009).

    python analyses/context_generalisation.py          # seconds

The key-value account: two traces, neither of which changes. One is detailed: its key holds place and time, its value
fear and the place. The other is the gist: its key holds what places of that kind have in common. Time drifts, so that
with delay the gist is retrieved instead, and gist fits every place. The reminder retrieves the detailed trace and
with it the time, which then is part of the next query. Rivals: the detailed trace fades in the store by as much; or
there is no gist.

Assumptions, not findings: that there is a trace of the gist, of the strength of several detailed ones; fear is shown
if gist is retrieved, or a detailed trace whose value agrees with the present place; a reminder is too short to write
a trace. That retrieved values put the old time back is the paper's re-query by values, and Howard & Kahana's (2002)
context reinstatement.

Source: Winocur, Moscovitch & Sekeres (2007), Nature Neuroscience 10, 555-557; Wiltgen & Silva (2007), Learning &
Memory 14, 313-317; Winocur et al. (2009), Learning & Memory 16, 722-729; Howard & Kahana (2002), Journal of
Mathematical Psychology 46, 269-299.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from kvfit.memory import Retrieval
from kvfit.memory.scaffold import compound, drifting_keys, random_keys
from kvfit.puzzles import Claim, Conditions, Puzzle, Results, replicate, run
from kvfit.puzzles.figures import puzzle_figure

HEBB, FADE, NO_GIST = "indelible, detail and gist", "detail fades, and gist", "indelible, detail alone"
TESTS = ("early", "late", "reminder", "other place")


@dataclass(frozen=True)
class Parameters:
    """What the simulation assumes.

    Attributes
    ----------
    gist_share, place_share : float
        Shares of the gist and of the place in the key of the detailed trace; time has the rest.
    late_similarity : float
        Match of the times of learning and of the late test; at the early test it is 0.98.
    gist_strength : float
        Copies of the gist for one detailed trace.
    reinstatement : float
        Share of the query's time that a reminder replaces by the time it retrieves.
    gain, threshold : float
        Of retrieval (:class:`kvfit.memory.Retrieval`).
    n_features : int
        Length of the gist's and of a place's part of a key.
    """

    gist_share: float = 0.4
    place_share: float = 0.2
    late_similarity: float = 0.1
    gist_strength: float = 3.0
    reinstatement: float = 0.8
    gain: float = 10.0
    threshold: float = 0.3
    n_features: int = 64

    @property
    def shares(self) -> tuple[float, float, float]:
        """Shares of gist, place and time."""
        return self.gist_share, self.place_share, 1.0 - self.gist_share - self.place_share


def simulate(parameters: Parameters, n_replicates: int, rng: np.random.Generator) -> Results:
    """Probability of fear in the first and in another place, by test."""
    return replicate(lambda child: _one(parameters, child), n_replicates, rng)


def _one(parameters: Parameters, rng: np.random.Generator) -> dict[str, dict[str, float]]:
    gist, *places = random_keys(4, parameters.n_features, rng)[:, None, :]
    times = drifting_keys(3, np.array([0.98, parameters.late_similarity / 0.98]), rng)[:, None, :]
    return {name: _fear(parameters, name, gist, places, times) for name in (HEBB, FADE, NO_GIST)}


def _fear(
    parameters: Parameters, name: str, gist: np.ndarray, places: list[np.ndarray], times: np.ndarray
) -> dict[str, float]:
    learned, early, late = times
    nowhere, never = 0.0 * places[0], 0.0 * learned
    keys = np.concatenate(
        [compound((gist, places[0], learned), parameters.shares), compound((gist, nowhere, never), parameters.shares)]
    )
    # what the detailed trace gives back beside fear: its place, with which the present one is compared, and its time
    values = np.concatenate([np.hstack([places[0], learned]), np.hstack([nowhere, never])])
    retrieval = Retrieval(parameters.gain, parameters.threshold)
    found = {}
    for test in TESTS:
        now, strengths = (early if test == "early" else late), np.array([1.0, parameters.gist_strength])
        if name == NO_GIST:
            strengths[1] = 0.0
        if name == FADE:
            # time is no part of finding it; the trace fades by the factor by which drift lowers the other memory's attention
            strengths[0] = np.exp(-parameters.gain * parameters.shares[2] * (1.0 - (now @ learned.T).item()))
            now = learned
        stored = retrieval.memory().store(keys, values, strengths)
        if test in ("reminder", "other place"):
            seen = compound((gist, places[0] if test == "reminder" else places[2], now), parameters.shares)
            retrieved = (retrieval.probabilities(stored, seen) @ values)[:, parameters.n_features :]
            now = now if name == FADE else (1.0 - parameters.reinstatement) * now + parameters.reinstatement * retrieved
        for number, place in enumerate(places[:2]):
            query = compound((gist, place, now), parameters.shares)
            detailed, general = retrieval.probabilities(stored, query)[0]
            agreement = max((place @ places[0].T).item(), 0.0)
            found[f"{test}, {('first', 'second')[number]} place"] = float(detailed * agreement + general)
    return found


def _specific(of: Conditions, test: str) -> np.ndarray:
    return of[f"{test}, first place"] - of[f"{test}, second place"]


CLAIMS = (
    Claim(
        "at first fear is specific to its place",
        lambda of: _specific(of, "early"),
        margin=0.1,
    ),
    Claim(
        "later it is shown in another place",
        lambda of: of["late, second place"] - of["early, second place"],
        margin=0.1,
    ),
    Claim(
        "in its own place it is shown as much",
        lambda of: of["early, first place"] - of["late, first place"],
        "none",
        margin=0.1,
    ),
    Claim(
        "a reminder makes it specific again",
        lambda of: _specific(of, "reminder") - _specific(of, "late"),
        margin=0.1,
    ),
    Claim(
        "a stay in another place does so less",
        lambda of: _specific(of, "reminder") - _specific(of, "other place"),
        margin=0.1,
    ),
)
GRID = {
    "gist_strength": (1.0, 3.0, 10.0),
    "place_share": (0.1, 0.2, 0.3),
    "late_similarity": (0.0, 0.2, 0.5),
    "reinstatement": (0.4, 0.8, 1.0),
    "gain": (8.0, 10.0, 15.0),
}


def figure(results: Results, swept: pd.DataFrame) -> Figure:
    """Fear in both places by test; settings with the pattern."""
    series = {f"{where} place": [f"{test}, {where} place" for test in TESTS] for where in ("first", "second")}
    ticks = ["early", "late", "late, after\nreminder", "late, after\n3rd place"]
    return puzzle_figure(
        results, swept, series, ticks, ylabel="probability of fear", rotation=45,
        varied=("gist_strength", "strength of the gist"),
    )  # fmt: skip


PUZZLE = Puzzle(
    "context_generalisation",
    "memory of a place is specific at first and general later; a reminder makes it specific again"
    " (Winocur et al. 2007, 2009)",
    Parameters(), simulate, CLAIMS, GRID, figure,
)  # fmt: skip


if __name__ == "__main__":
    print(run(PUZZLE, __doc__))
