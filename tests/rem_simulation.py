"""REM simulated list by list, feature by feature; nothing of kvfit is used.

``python tests/rem_simulation.py 10000000`` prints the numbers that ``test_rem_exact.py`` holds.
"""

# ruff: noqa: NPY002 - compiled loops have a random state of their own, which only these functions reach

import sys
from dataclasses import dataclass

import numpy as np
from numba import njit

#: Log odds at which distribution functions are counted.
CUTS = np.array([-2.0, -0.5, 0.5, 2.0, 5.0])


@dataclass(frozen=True)
class Setting:
    """Features, rates, and probabilities that a feature of the tested and of another item is stored; list length."""

    n_features: int
    g: float
    c: float
    own: float
    others: float
    list_length: int


SETTINGS = {
    "published": Setting(20, 0.4, 0.7, 1.0 - 0.96**10, 1.0 - 0.96**10, 16),
    "hardly stored": Setting(20, 0.4, 0.7, 0.06, 0.06, 8),
    "short list": Setting(15, 0.35, 0.8, 0.6, 0.6, 4),
    "repeated": Setting(20, 0.45, 0.6, 1.0 - 0.8**2, 0.2, 40),
}


@njit(cache=False)
def _simulate(n_lists, n_features, g, c, own, others, list_length, old, cuts, seed):  # type: ignore[no-untyped-def]
    """Sums of log odds, of its square, of the own image's log ratio, its square and the product; counts below cuts."""
    np.random.seed(seed)
    sums, below = np.zeros(5), np.zeros(cuts.size)
    match, log_match = np.zeros(n_features), np.zeros(n_features)
    log_mismatch = np.log(1.0 - c)
    for _ in range(n_lists):
        for f in range(n_features):
            base = g * (1.0 - g) ** np.floor(np.log(np.random.random()) / np.log(1.0 - g))
            match[f], log_match[f] = base, np.log((c + (1.0 - c) * base) / base)
        total, own_log = 0.0, 0.0
        for j in range(list_length):
            of_probe = old and j == 0
            stored, log_ratio = own if of_probe else others, 0.0
            for f in range(n_features):
                # the stored value is the probe's with probability base, or with c + (1 - c) base in its own image
                same = c + (1.0 - c) * match[f] if of_probe else match[f]
                draw = np.random.random()
                if draw < stored * same:
                    log_ratio += log_match[f]
                elif draw < stored:
                    log_ratio += log_mismatch
            if of_probe:
                own_log = log_ratio
            total += np.exp(log_ratio)
        odds = np.log(total / list_length)
        sums += np.array([odds, odds**2, own_log, own_log**2, odds * own_log])
        for k in range(cuts.size):
            below[k] += odds < cuts[k]
    return sums, below


def mean_own_log_ratio(s: Setting) -> float:
    """Mean of the log likelihood ratio of the tested item's own image: features are independent."""
    base = s.g * (1.0 - s.g) ** np.arange(400)
    same = s.c + (1.0 - s.c) * base
    return float(s.n_features * s.own * base @ (same * np.log(same / base) + (1.0 - same) * np.log(1.0 - s.c)))


def simulate(s: Setting, old: bool, n_lists: int, seed: int = 1) -> tuple[float, float, float, np.ndarray]:
    """Mean, its standard error, standard deviation, and probabilities below `CUTS`, of the log odds.

    The mean of old items is adjusted by the own image's log ratio, whose mean is known.
    """
    law = (s.n_features, s.g, s.c, s.own, s.others, s.list_length)
    sums, below = _simulate(n_lists, *law, old, CUTS, seed)
    odds, square, own, own_square, product = sums / n_lists
    variance = square - odds**2
    mean, left = odds, variance
    if old:
        slope = (product - odds * own) / (own_square - own**2)
        mean -= slope * (own - mean_own_log_ratio(s))
        left -= slope * (product - odds * own)
    return mean, float(np.sqrt(left / n_lists)), float(np.sqrt(variance)), below / n_lists


if __name__ == "__main__":
    for name, setting in SETTINGS.items():
        for old in (False, True):
            mean, error, sd, below = simulate(setting, old, int(sys.argv[1]))
            values = f"({mean:.5f}, {error:.5f}, {sd:.5f}, {[round(float(p), 5) for p in below]})"
            sys.stdout.write(f'    ("{name}", {old}): {values},\n')
