"""Tables of the evidence of MINERVA 2 and REM for the kinds of cells of a design; each is computed once a session."""

from functools import lru_cache

import numpy as np
from scipy.special import expit, ndtr, ndtri

from kvfit.recognition.evidence.echo_intensity import IntensityLaws, Stored
from kvfit.recognition.evidence.kinds import Kind
from kvfit.recognition.evidence.laplace import extend_inverse, probit
from kvfit.recognition.evidence.minerva2 import Features
from kvfit.recognition.evidence.probit_table import CRITERIA, ProbitTable, tabulate
from kvfit.recognition.evidence.rem import (
    RemItems,
    log_sums,
    probe_groups,
    ratio_transform,
    storage_probability,
    sum_distribution,
)

#: Log odds of MINERVA 2's learning probability, and its criteria, in the tables.
LEARNING_GRID = np.linspace(-2.5, 5.0, 97)
INTENSITY_CRITERIA = np.linspace(-7.0, 7.0, 281)
#: Probit beyond which tails of the intensity go on as normal ones, and share of it from which their slope is taken.
_FURTHEST, _NEAR = 5.5, 0.9
#: Log of REM's storage rate -log(1 - u) in the tables.
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
    Repetitions of an item other than the probe's are taken as unrelated traces. Rows hold the distribution to 1e-9;
    interpolation between them adds up to 1e-4 to the probability of a response after lists of 16 or more, and up to 1e-3
    after lists of 4 and where lists of different lengths share criteria, whose distributions have steps.
    """
    stored = [
        Stored((kind.list_length - int(kind.old)) * kind.others + kind.presentations, kind.presentations)
        for kind in kinds
    ]
    values = np.empty((len(kinds), LEARNING_GRID.size, INTENSITY_CRITERIA.size))
    for row, log_odds in enumerate(LEARNING_GRID):
        laws = IntensityLaws(float(expit(log_odds)), n_features, features, stored)
        at = _quantiles(laws, 0, INTENSITY_CRITERIA)
        for k in range(len(kinds)):
            values[k, row] = _probits(laws, k, at)
    return ProbitTable(
        values,
        float(LEARNING_GRID[0]),
        float(LEARNING_GRID[1] - LEARNING_GRID[0]),
        float(INTENSITY_CRITERIA[0]),
        float(INTENSITY_CRITERIA[1] - INTENSITY_CRITERIA[0]),
    )


def _ends(laws: IntensityLaws, kind: int) -> tuple[np.ndarray, np.ndarray]:
    """Intensities beyond which tails go on as normal ones, and how much intensity a unit of the probit is there."""
    x = laws.quantiles(kind, _FURTHEST * np.array([-1.0, -_NEAR, _NEAR, 1.0]))
    return x[[0, 3]], np.diff(x)[[0, 2]] / (_FURTHEST * (1.0 - _NEAR))


def _quantiles(laws: IntensityLaws, kind: int, z: np.ndarray) -> np.ndarray:
    inside = np.clip(z, -_FURTHEST, _FURTHEST)
    return laws.quantiles(kind, inside) + (z - inside) * _ends(laws, kind)[1][(z > 0).astype(int)]


def _probits(laws: IntensityLaws, kind: int, x: np.ndarray) -> np.ndarray:
    (low, high), slopes = _ends(laws, kind)
    inside = np.clip(x, low, high)
    within = ndtri(np.clip(laws.distribution(kind, inside), *ndtr([-_FURTHEST, _FURTHEST])))
    return np.asarray(within + (x - inside) / slopes[(x > high).astype(int)])


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
