"""Tables of the evidence of MINERVA 2 and REM for the kinds of cells of a design; each is computed once a session."""

from functools import lru_cache

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import expit, ndtr, ndtri

from kvfit.recognition.evidence.echo_intensity import IntensityLaws, Stored
from kvfit.recognition.evidence.kinds import Kind
from kvfit.recognition.evidence.laplace import RELIABLE
from kvfit.recognition.evidence.minerva2 import Features
from kvfit.recognition.evidence.probit_table import ProbitTable
from kvfit.recognition.evidence.rem import RemItems, storage_probability
from kvfit.recognition.evidence.rem_odds import Images, find_points, reliable, sum_distributions
from kvfit.recognition.evidence.rem_probes import standard_probes
from kvfit.recognition.evidence.spline import straight_spline

#: Log odds of MINERVA 2's learning probability, and its criteria, in the tables.
LEARNING_GRID = np.linspace(-2.5, 5.0, 97)
INTENSITY_CRITERIA = np.linspace(-7.0, 7.0, 281)
#: Probit beyond which tails of the intensity go on as normal ones, and share of it from which their slope is taken.
_FURTHEST, _NEAR = 5.5, 0.9
#: Log of REM's storage rate -log(1 - u), and its criteria, in the tables; rates at which distributions are computed.
RATE_GRID = np.linspace(-4.0, 1.0, 61)
ODDS_CRITERIA = np.linspace(-7.0, 7.0, 141)
_COMPUTED_RATES = np.linspace(-4.0, 1.0, 13)


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

    Notes
    -----
    For how exact probabilities of responses are, see :mod:`kvfit.recognition.evidence.rem_odds`.
    """
    values = np.stack([_odds_row(kinds, items, float(rate)) for rate in _COMPUTED_RATES], axis=1)
    # distributions change slowly with the rate: a spline through few rows gives the others
    between = CubicSpline(_COMPUTED_RATES, values, axis=1)(RATE_GRID)
    return ProbitTable(
        np.ascontiguousarray(between),
        float(RATE_GRID[0]),
        float(RATE_GRID[1] - RATE_GRID[0]),
        float(ODDS_CRITERIA[0]),
        float(ODDS_CRITERIA[1] - ODDS_CRITERIA[0]),
    )


def _odds_row(kinds: tuple[Kind, ...], items: RemItems, log_rate: float) -> np.ndarray:
    """Probits ``(kind, criterion)`` at one storage rate."""
    u = float(-np.expm1(-np.exp(log_rate)))
    lists = []
    for kind in kinds:
        one = [(Images(float(storage_probability(u, kind.others)), items), float(kind.list_length - int(kind.old)))]
        if kind.old:
            one.append((Images(float(storage_probability(u, kind.presentations)), items, own=True), 1.0))
        lists.append(one)
    probes = standard_probes(items.n_features, items.g if items.g_probe is None else items.g_probe)
    # old items' distributions have small steps, and those of lists of other lengths lie elsewhere
    x = find_points(lists, probes, RELIABLE, 32 * (1 + len(lists) // 2))
    of_lists = [reliable(x, row) for row in sum_distributions(lists, x, probes)]
    log_odds = [points - np.log(kind.list_length) for kind, (points, _) in zip(kinds, of_lists, strict=True)]
    at = straight_spline(of_lists[0][1], log_odds[0], ODDS_CRITERIA)
    return np.stack([straight_spline(at_odds, z, at) for at_odds, (_, z) in zip(log_odds, of_lists, strict=True)])
