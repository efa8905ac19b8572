"""Does forgetting make memories coarser, or harder to reach? A simulation.

Berens, Richards & Horner (2020) tested memory for where words had been shown, over four days. A mixture of a von
Mises distribution around the place and of guesses told apart accessibility (the share of responses around the place)
from precision (their concentration): accessibility fell with delay, precision did not.

    python analyses/accessibility_precision.py          # seconds

The key-value account: what changes with delay is the match of keys (context drifts, and other traces compete), so
that a trace is retrieved less often; its value is untouched. The rivals read the same traces as a blend of values, or
let values fade against a constant noise as well.

Assumptions, not findings: one trace is retrieved or none (that is what the first memory and the blend differ in);
cues keep their form while context drifts; what is read has Gaussian noise of constant size, so that reading nothing
is guessing.

Source: Berens, Richards & Horner (2020), Nature Human Behaviour 4, 866-877; mixture: Zhang & Luck (2008), Nature 453,
233-235.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.special import i0e, i1e

from kvfit.memory import Decay, Retrieval
from kvfit.memory.scaffold import compound, drifting_keys, random_keys
from kvfit.puzzles import Claim, Conditions, Puzzle, Results, run
from kvfit.puzzles.figures import puzzle_figure

DAYS = (0, 1, 4)


@dataclass(frozen=True)
class Parameters:
    """What the simulation assumes.

    Attributes
    ----------
    context_share : float
        Share of context in a key; the rest is the word's.
    day_similarity : float
        Match of the contexts of successive days.
    gain, threshold : float
        Of retrieval (:class:`kvfit.memory.Retrieval`).
    noise : float
        Standard deviation of what is read, on each of two coordinates; a value has length 1.
    fading : float
        Share of their strength that values lose with every further pair, in the rival in which they fade.
    n_pairs : int
        Words and places studied by one person; as many are met on every later day.
    n_people : int
        People of a replicate; the mixture is fitted to the errors of all of them.
    n_features : int
        Length of a word's part of a key.
    """

    context_share: float = 0.4
    day_similarity: float = 0.9
    gain: float = 10.0
    threshold: float = 0.75
    noise: float = 0.25
    fading: float = 0.003
    n_pairs: int = 60
    n_people: int = 10
    n_features: int = 64


#: Memories, in the order of pictures and tables.
ONE, BLEND, FADE = "one trace is retrieved", "values are blended", "values fade"


def simulate(parameters: Parameters, n_replicates: int, rng: np.random.Generator) -> Results:
    """Accessibility, and the logarithm of precision, by days."""
    found: dict[str, dict[str, np.ndarray]] = {name: {} for name in (ONE, BLEND, FADE)}
    for days in DAYS:
        people = [_errors(parameters, days, one) for one in rng.spawn(n_replicates * parameters.n_people)]
        for name in found:
            errors = np.stack([one[name] for one in people]).reshape(n_replicates, -1)
            shares, concentrations = fit_mixture(errors)
            found[name] |= {f"accessibility, day {days}": shares, f"log precision, day {days}": np.log(concentrations)}
    return found


def _errors(parameters: Parameters, days: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Errors of responses in radians, shape (pair,), from memory."""
    n, today = parameters.n_pairs, np.repeat(np.arange(days + 1), parameters.n_pairs)
    contexts = drifting_keys(days + 1, parameters.day_similarity, rng)
    cues = random_keys(len(today), parameters.n_features, rng)
    places = rng.uniform(-np.pi, np.pi, len(today))
    values = np.stack([np.cos(places), np.sin(places)], axis=1)
    shares = (parameters.context_share, 1.0 - parameters.context_share)
    keys = compound((contexts[today], cues), shares)
    queries = compound((contexts[[days]], cues[:n]), shares)
    retrieval = Retrieval(parameters.gain, parameters.threshold)
    attention = retrieval.probabilities(retrieval.memory().store(keys, values), queries)
    # cumulative probabilities and one number each: which trace, or none, whose value is 0
    chosen = (attention.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    content = {ONE: np.vstack([values, np.zeros(2)])[chosen], BLEND: attention @ values}
    # traces are found as in the first memory; what they hold has lost strength
    faded = retrieval.memory(Decay(parameters.fading)).store(keys, values).traces.strengths
    content[FADE] = np.append(faded, 0.0)[chosen, None] * content[ONE]
    noise = parameters.noise * rng.standard_normal((n, 2))
    return {name: _angle(read + noise) - places[:n] for name, read in content.items()}


def _angle(points: np.ndarray) -> np.ndarray:
    return np.arctan2(points[:, 1], points[:, 0])


_KAPPA = np.geomspace(0.01, 1e4, 4000)
_LENGTH = i1e(_KAPPA) / i0e(_KAPPA)


def fit_mixture(errors: np.ndarray, iterations: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Von Mises around 0 and uniform guesses, by expectation-maximisation from one start (Zhang & Luck 2008).

    Parameters
    ----------
    errors : ndarray, shape (..., response)
        Radians.
    iterations : int

    Returns
    -------
    share, concentration : ndarray, shape (...)
        Of the von Mises part.
    """
    cosine = np.cos(errors)
    share, kappa = np.full(errors.shape[:-1], 0.5), np.full(errors.shape[:-1], 5.0)
    for _ in range(iterations):
        k = kappa[..., None]
        density = np.exp(k * (cosine - 1.0)) / i0e(k)  # times 2 pi, as the uniform density 1 is
        own = share[..., None] * density
        own /= own + (1.0 - share[..., None])
        total = own.sum(axis=-1)
        share = np.clip(total / errors.shape[-1], 1e-6, 1.0 - 1e-6)
        # the concentration whose mean resultant length is the observed one
        kappa = np.interp((own * cosine).sum(axis=-1) / total, _LENGTH, _KAPPA)
    return share, kappa


CLAIMS = (
    Claim(
        "places are less accessible after four days",
        lambda of: of["accessibility, day 0"] - of["accessibility, day 4"],
        margin=0.1,
    ),
    Claim(
        "places are as precise after four days",
        lambda of: of["log precision, day 0"] - of["log precision, day 4"],
        "none",
        margin=0.25,
    ),
)
GRID = {
    "day_similarity": (0.7, 0.8, 0.9, 0.95),
    "gain": (8.0, 12.0, 16.0),
    "threshold": (0.7, 0.75, 0.8),
}


def figure(results: Results, swept: pd.DataFrame) -> Figure:
    """Accessibility and precision by delay; settings with the pattern."""
    shown = {memory: {**conditions, **_relative(conditions)} for memory, conditions in results.items()}
    series = {kind: [f"{kind}, day {d}" for d in DAYS] for kind in ("accessibility", "precision")}
    return puzzle_figure(
        shown, swept, series, [str(d) for d in DAYS], xlabel="days after study",
        ylabel="accessibility;\nprecision relative to day 0", ylim=(0, None),
        varied=("day_similarity", "similarity of successive days' contexts"),
    )  # fmt: skip


def _relative(conditions: Conditions) -> Conditions:
    """Concentration relative to the day of study, on the scale of a share."""
    first = conditions["log precision, day 0"].mean()
    return {f"precision, day {d}": np.exp(conditions[f"log precision, day {d}"] - first) for d in DAYS}


PUZZLE = Puzzle(
    "accessibility_precision",
    "over four days accessibility of word-place memories falls, their precision does not (Berens, Richards & Horner 2020)",
    Parameters(), simulate, CLAIMS, GRID, figure,
)  # fmt: skip


if __name__ == "__main__":
    print(run(PUZZLE, __doc__))
