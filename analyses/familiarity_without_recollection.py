"""Can something be familiar when nothing about it can be recalled? A simulation.

A face is known to be known, but not from where (Mandler 1980). In amnesia recollection is lost more than familiarity
(Yonelinas, Kroll, Dobbins, Lazzara & Knight 1998; review: Yonelinas 2002).

    python analyses/familiarity_without_recollection.py          # seconds

The key-value account: familiarity reads how well keys match, recollection the value. Damage to values leaves
familiarity as it is; damage to keys takes both. The rival has one pattern for each event, cue and associate together,
which is matched and completed (autoassociation): its damage cannot spare one part.

Assumptions, not findings: damage silences units at random, the same share of them in the store and in what is read; a
value is recollected if it is the nearest of all stored values; what is read is noisy. That damage to values spares
the match of keys holds by construction: what the simulation adds is that it is selective over a range of damage, and
that the rival's is not. The account has no lesion that takes familiarity alone; Bowles et al. (2007) describe a
patient with that pattern.

Source: Mandler (1980), Psychological Review 87, 252-271; Yonelinas et al. (1998), Neuropsychology 12, 323-339;
Yonelinas (2002), Journal of Memory and Language 46, 441-517; Bowles et al. (2007), Proceedings of the
National Academy of Sciences 104, 16382-16387.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from kvfit.memory import Retrieval
from kvfit.memory.scaffold import random_keys
from kvfit.puzzles import Claim, Puzzle, Results, replicate, run
from kvfit.puzzles.figures import puzzle_figure

VALUES, KEYS, PATTERN = "keys and values, values damaged", "keys and values, keys damaged", "one pattern, damaged"
DAMAGE = (0.0, 0.3, 0.6, 0.9)


@dataclass(frozen=True)
class Parameters:
    """What the simulation assumes.

    Attributes
    ----------
    encoding : float
        Match of a cue with its key.
    noise : float
        Standard deviation of each unit of what is read; values have length 1.
    gain : float
        Of attention.
    n_items : int
        Studied items; as many new ones are tested.
    n_features : int
        Length of keys and of values.
    """

    encoding: float = 0.4
    noise: float = 0.1
    gain: float = 15.0
    n_items: int = 50
    n_features: int = 64


def simulate(parameters: Parameters, n_replicates: int, rng: np.random.Generator) -> Results:
    """Familiarity (area under the ROC of the raw match) and recollection (share of right values), by damage."""
    return replicate(lambda child: _one(parameters, child), n_replicates, rng)


def _one(parameters: Parameters, rng: np.random.Generator) -> dict[str, dict[str, float]]:
    n, d = parameters.n_items, parameters.n_features
    old, new, noise, values = np.split(random_keys(4 * n, d, rng), 4)
    keys = parameters.encoding * old + np.sqrt(1.0 - parameters.encoding**2) * noise
    reading_noise = parameters.noise * rng.standard_normal((n, d))
    # units in the order in which damage takes them, of a key or value, and of a whole pattern
    order, pattern_order = rng.permutation(d), rng.permutation(2 * d)
    found: dict[str, dict[str, float]] = {name: {} for name in (VALUES, KEYS, PATTERN)}
    for damage in DAMAGE:
        part, whole = np.ones(d), np.ones(2 * d)
        part[order[: round(damage * d)]] = 0.0
        whole[pattern_order[: round(damage * 2 * d)]] = 0.0
        spared = np.ones(d)
        units = {VALUES: (spared, part), KEYS: (part, spared), PATTERN: (whole[:d], whole[d:])}
        for name, (of_key, of_value) in units.items():
            # one pattern: its traces are keys and values at once, and a probe has the cue's part of it
            stored_keys = keys * of_key if name != PATTERN else np.hstack([keys, values]) * whole
            probes = np.vstack([old, new]) * of_key
            if name == PATTERN:
                probes = np.hstack([probes, np.zeros_like(probes)])
            retrieval = Retrieval(parameters.gain)
            stored = retrieval.memory().store(stored_keys, values * of_value if name != PATTERN else None)
            match = retrieval.raw_match(stored, probes)
            read = stored.read(probes[:n])[:, -d:] + reading_noise * of_value
            right = (read @ values.T).argmax(axis=1) == np.arange(n)
            found[name] |= {
                f"familiarity, {damage}": _area(match[:n], match[n:]), f"recollection, {damage}": float(right.mean())
            }  # fmt: skip
    return found


def _area(old: np.ndarray, new: np.ndarray) -> float:
    """Area under the ROC: probability that an old item matches better than a new one; ties count one half."""
    difference = old[:, None] - new
    return float((difference > 0).mean() + 0.5 * (difference == 0).mean())


#: Damage at which the claims are judged.
JUDGED = 0.9
CLAIMS = (
    Claim(
        "damage takes recollection",
        lambda of: of[f"recollection, {DAMAGE[0]}"] - of[f"recollection, {JUDGED}"],
        margin=0.1,
    ),
    Claim(
        "familiarity is spared",
        lambda of: of[f"familiarity, {DAMAGE[0]}"] - of[f"familiarity, {JUDGED}"],
        "none",
    ),
    Claim(
        "old items are familiar under damage", lambda of: of[f"familiarity, {JUDGED}"] - 0.5, margin=0.1
    ),
)  # fmt: skip
GRID = {
    "encoding": (0.3, 0.4, 0.6, 0.8),
    "noise": (0.0, 0.1, 0.2),
    "gain": (5.0, 15.0, 25.0),
    "n_items": (20, 50),
}


def figure(results: Results, swept: pd.DataFrame) -> Figure:
    """Familiarity and recollection by damage; settings with the pattern."""
    series = {
        "familiarity (area under the ROC)": [f"familiarity, {damage}" for damage in DAMAGE],
        "recollection (share of right values)": [f"recollection, {damage}" for damage in DAMAGE],
    }
    return puzzle_figure(
        results, swept, series, [f"{damage:g}" for damage in DAMAGE], xlabel="share of units damaged",
        ylabel="performance", varied=("encoding", "match of a cue with its key"),
    )  # fmt: skip


PUZZLE = Puzzle(
    "familiarity_without_recollection",
    "amnesia takes recollection more than familiarity (Yonelinas et al. 1998)",
    Parameters(), simulate, CLAIMS, GRID, figure,
)  # fmt: skip


if __name__ == "__main__":
    print(run(PUZZLE, __doc__))
