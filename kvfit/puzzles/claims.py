"""A published pattern as claims about differences, judged from simulated replicates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

#: Values ``(replicate,)`` from condition, of one memory.
Conditions = Mapping[str, np.ndarray]
#: From memory, then condition.
Results = Mapping[str, Conditions]
Outcome = Literal["more", "none", "less", "unclear"]
#: Standard errors on either side of a difference within which nothing is decided.
N_ERRORS = 2.0


@dataclass(frozen=True)
class Claim:
    """One part of a published pattern: a difference between conditions, and what was found of it.

    Attributes
    ----------
    says : str
        What was found, in words.
    difference : callable
        Takes one memory's conditions, gives the difference ``(replicate,)``.
    expected : {"more", "none"}
        Whether the difference was found to be above 0, or not there.
    margin : float
        Differences smaller than this count as none; in the units of the difference.
    """

    says: str
    difference: Callable[[Conditions], np.ndarray]
    expected: Literal["more", "none"] = "more"
    margin: float = 0.05

    def outcome(self, mean: float, error: float) -> Outcome:
        """What replicates with this mean and standard error show; ``unclear`` within two errors of the margin."""
        low, high = mean - N_ERRORS * error, mean + N_ERRORS * error
        if low > self.margin:
            return "more"
        if high < -self.margin:
            return "less"
        return "none" if -self.margin < low and high < self.margin else "unclear"


def replicate(
    one: Callable[[np.random.Generator], Mapping[str, Mapping[str, float]]], n_replicates: int, rng: np.random.Generator
) -> Results:
    """Results of independent replicates.

    Parameters
    ----------
    one : callable
        Takes a random generator, gives one replicate's value from memory and condition.
    n_replicates : int
    rng : numpy.random.Generator
        Each replicate has a child of it.

    Returns
    -------
    mapping
        From memory and condition to values ``(replicate,)``.
    """
    found = [one(child) for child in rng.spawn(n_replicates)]
    return {
        memory: {condition: np.array([values[memory][condition] for values in found]) for condition in conditions}
        for memory, conditions in found[0].items()
    }


def judge(results: Results, claims: Sequence[Claim]) -> pd.DataFrame:
    """Judge every claim for every memory.

    Parameters
    ----------
    results : mapping
        From memory and condition to values ``(replicate,)``.
    claims : sequence of Claim

    Returns
    -------
    DataFrame
        One row a memory and claim: ``memory``, ``claim``, ``difference`` (mean over replicates), ``error`` (its standard
        error over replicates), ``margin``, ``expected``, ``outcome``, ``holds``.
    """
    rows = []
    for memory, conditions in results.items():
        for claim in claims:
            found = np.asarray(claim.difference(conditions), dtype=float)
            if found.ndim != 1 or found.size < 2 or not np.isfinite(found).all():
                raise ValueError(
                    f"{memory}, {claim.says!r}: differences must be finite and two or more, one a replicate; found {found}"
                )
            mean, error = float(found.mean()), float(found.std(ddof=1) / np.sqrt(found.size))
            outcome = claim.outcome(mean, error)
            rows.append(
                {
                    "memory": memory, "claim": claim.says, "difference": mean, "error": error, "margin": claim.margin,
                    "expected": claim.expected, "outcome": outcome, "holds": outcome == claim.expected,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def has_pattern(judged: pd.DataFrame) -> dict[str, bool]:
    """Whether all claims hold, from memory."""
    return {str(memory): bool(rows["holds"].all()) for memory, rows in judged.groupby("memory", sort=False)}


#: An outcome in words.
FOUND: dict[str, str] = {
    "more": "it is there",
    "less": "it is reversed",
    "none": "it is not there",
    "unclear": "it is undecided",
}


def verdict(judged: pd.DataFrame) -> str:
    """What the numbers say, one line a memory and one for each claim that fails."""
    lines = []
    for memory, rows in judged.groupby("memory", sort=False):
        kept = int(rows["holds"].sum())
        whole = kept == len(rows)
        lines.append(
            f"{memory}: {'shows' if whole else 'does not show'} the published pattern ({kept} of {len(rows)} claims)"
        )
        for row in rows[~rows["holds"]].itertuples():
            what = f"difference {row.difference:.3f} ± {row.error:.3f}, counted as none up to {row.margin:g}"
            lines.append(f"  not shown: {row.claim}: {FOUND[str(row.outcome)]} ({what})")
    return "\n".join(lines)
