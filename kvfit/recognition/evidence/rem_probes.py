"""Probes that stand for all probes of REM, with weights.

The images of one list are alike in that they meet the same probe: one with rare values spreads the ratios of all images.
Their distribution has to be averaged over probes, of which only the number of features of each value counts. A few hundred
probes are drawn evenly (a digital net over how the values' sum is shared out) and weighted so that what matters most is
exact: means, variances and covariances, over all probes, of three sums over features. What is left of the averages of
distribution functions is about 1e-4 (512 equal weights: 4e-4).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.stats import hypergeom, nbinom
from scipy.stats.qmc import Sobol

#: Logarithm to base 2 of the number of probes.
LOG2_PROBES = 9
#: Values that are drawn one after another; features of larger ones share out what is left.
_DRAWN = 9
#: Probability of values beyond the last one that is told apart.
_BEYOND = 1e-9


@dataclass(frozen=True, eq=False)
class Probes:
    """Probes and their weights.

    Attributes
    ----------
    counts : ndarray of int, shape (probe, value)
        Number of features of each value, from 1.
    weights : ndarray, shape (probe,)
        They sum to 1.
    """

    counts: np.ndarray
    weights: np.ndarray


@lru_cache(maxsize=16)
def standard_probes(n_features: int, g: float, log2_probes: int = LOG2_PROBES) -> Probes:
    """Probes of `n_features` features with geometric values of rate `g`; the same at every call.

    Parameters
    ----------
    n_features : int
    g : float
    log2_probes : int
        Logarithm to base 2 of their number.

    Returns
    -------
    Probes
    """
    n = 2**log2_probes
    even = Sobol(_DRAWN + 1, scramble=False).random_base2(log2_probes) + 0.5 / n
    n_values = max(int(np.ceil(np.log(_BEYOND) / np.log1p(-g))), _DRAWN + 2)
    counts = np.zeros((n, n_values), dtype=np.int64)
    # the sum of values beyond 1 has a negative binomial distribution; given it, all ways to share it out are equally
    # probable, so that the number of features that have some of it is hypergeometric, and so on for what they have more
    rest = nbinom.ppf(even[:, 0], n_features, g).astype(np.int64)
    features = np.full(n, n_features)
    for value in range(_DRAWN):
        with_more = np.zeros(n, dtype=np.int64)
        some = rest > 0
        total = (rest + features - 1)[some]
        with_more[some] = hypergeom.ppf(even[some, value + 1], total, features[some], rest[some]).astype(np.int64)
        counts[:, value] = features - with_more
        rest, features = rest - with_more, with_more
    for row, left, parts in zip(counts, rest, features, strict=True):
        # few features have so large values: as evenly as it goes, the last takes most
        for part in range(parts):
            share = left // (parts - part) // 2 if part < parts - 1 else left
            row[min(_DRAWN + share, n_values - 1)] += 1
            left -= share
    return Probes(counts, _weights(counts, g))


def _weights(counts: np.ndarray, g: float) -> np.ndarray:
    """Weights nearest to equal ones that give sums over features their means, variances and covariances."""
    n, n_values = counts.shape
    more = np.arange(n_values)
    chance = g * (1.0 - g) ** more
    chance[-1] = (1.0 - g) ** (n_values - 1)
    # the log odds of matches grow with the value, their probabilities fall geometrically
    of_feature = np.stack([more, (1.0 - g) ** (0.5 * more), (1.0 - g) ** more]).astype(float)
    of_feature -= (of_feature @ chance)[:, None]
    n_features = int(counts[0].sum())
    covariance = n_features * (of_feature * chance) @ of_feature.T
    sums = counts @ of_feature.T
    pairs = np.triu_indices(len(of_feature))
    known = [np.ones(n), *sums.T, *(sums[:, i] * sums[:, j] for i, j in zip(*pairs, strict=True))]
    wanted = np.concatenate([[1.0], np.zeros(len(of_feature)), covariance[pairs]])
    scale = np.array([np.sqrt((one**2).mean()) for one in known])
    rows = np.stack(known) / scale[:, None]
    equal = np.full(n, 1.0 / n)
    correction = np.linalg.lstsq(rows, wanted / scale - rows @ equal, rcond=1e-10)[0]
    return np.asarray(equal + correction)
