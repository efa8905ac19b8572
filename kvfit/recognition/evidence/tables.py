"""Tables of the evidence of MINERVA 2 and REM for the kinds of cells of a design; each is computed once a session."""

from functools import lru_cache

import numpy as np

from kvfit.recognition.evidence.kinds import Kind
from kvfit.recognition.evidence.laplace import extend_inverse, probit
from kvfit.recognition.evidence.minerva2 import Features, intensity_distribution, moments
from kvfit.recognition.evidence.probit_table import CRITERIA, ProbitTable, tabulate
from kvfit.recognition.evidence.rem import (
    RemItems,
    log_sums,
    probe_groups,
    ratio_transform,
    storage_probability,
    sum_distribution,
)

#: Log odds of MINERVA 2's learning probability, and log of REM's storage rate -log(1 - u), in the tables.
LEARNING_GRID = np.linspace(-2.5, 5.0, 25)
RATE_GRID = np.linspace(-4.0, 1.0, 26)


@lru_cache(maxsize=16)
def minerva2_table(kinds: tuple[Kind, ...], n_features: int, features: Features) -> ProbitTable:
    """Probits of MINERVA 2's echo intensity over the log odds of the learning probability.

    Parameters
    ----------
    kinds : tuple of Kind
        The first is the reference, see :func:`kvfit.recognition.evidence.kinds.find_kinds`.
    n_features : int
    features : {"binary", "trinary"}

    Returns
    -------
    ProbitTable

    Notes
    -----
    Repetitions of an item other than the probe's are taken as unrelated traces.
    """

    def row(log_odds: float) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
        learning = float(1.0 / (1.0 + np.exp(-log_odds)))

        def cdf(kind: Kind, x: np.ndarray) -> np.ndarray:
            others = (kind.list_length - int(kind.old)) * kind.others
            return intensity_distribution(
                x, learning, n_features, others + kind.presentations, kind.presentations, features
            )

        reference = kinds[0]
        n_traces = max(round(reference.list_length * reference.others), 1)
        wide = 10.0 * np.sqrt(moments(learning, n_features, n_traces, 0, features)[1])
        # fine about zero, where lures of short lists pile up
        x = wide * np.sinh(np.linspace(-4.0, 4.0, 201)) / np.sinh(4.0)
        at = extend_inverse(x, probit(cdf(reference, x)), CRITERIA)
        found = []
        for kind in kinds:
            grid = np.unique(np.concatenate([at, x, np.linspace(wide, wide + 1.2 * kind.presentations, 81)]))
            found.append((grid, probit(cdf(kind, grid))))
        return at, found

    return tabulate(LEARNING_GRID, row)


@lru_cache(maxsize=16)
def rem_table(kinds: tuple[Kind, ...], items: RemItems) -> ProbitTable:
    """Probits of REM's log odds over the logarithm of the storage rate of one presentation.

    Parameters
    ----------
    kinds : tuple of Kind
        The first is the reference. Presentations add storage attempts to one image.
    items : RemItems

    Returns
    -------
    ProbitTable
    """
    log_odds, distributions = rem_distributions(kinds, items, RATE_GRID)
    probits = [[probit(one) for one in of_kind] for of_kind in distributions]

    def row(parameter: float) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
        i = int(np.argmin(np.abs(RATE_GRID - parameter)))
        at = extend_inverse(log_odds[0], probits[0][i], CRITERIA)
        return at, [(x, of_kind[i]) for x, of_kind in zip(log_odds, probits, strict=True)]

    return tabulate(RATE_GRID, row)


def rem_distributions(
    kinds: tuple[Kind, ...], items: RemItems, log_rates: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """Distribution functions of REM's log odds.

    Parameters
    ----------
    kinds : tuple of Kind
    items : RemItems
    log_rates : ndarray, shape (rate,)

    Returns
    -------
    log_odds : list of ndarray, shape (point,)
        One for each kind.
    distributions : ndarray, shape (kind, rate, point)
    """
    u = -np.expm1(-np.exp(log_rates))
    groups = probe_groups(items)
    sums = log_sums()
    total = np.zeros((len(kinds), len(u), len(sums)))
    for probes in groups:
        other = {
            times: ratio_transform(storage_probability(u, times), probes, items, own=False)
            for times in sorted({kind.others for kind in kinds})
        }
        own = {
            times: ratio_transform(storage_probability(u, times), probes, items, own=True)
            for times in sorted({kind.presentations for kind in kinds if kind.old})
        }
        for k, kind in enumerate(kinds):
            images = [(other[kind.others], kind.list_length - int(kind.old))]
            if kind.old:
                images.append((own[kind.presentations], 1))
            total[k] += sum_distribution(*images)
    return [sums - np.log(kind.list_length) for kind in kinds], total / len(groups)
