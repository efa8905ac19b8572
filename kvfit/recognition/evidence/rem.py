"""REM: the odds that a probe is old, and how they are distributed.

Shiffrin & Steyvers (1997), Psychonomic Bulletin & Review 4, 145-166. An item has `n_features` features with geometric
values, ``P(v) = g (1 - g)^(v - 1)``. A stored feature is right with probability `c`, else drawn at random. The odds are
the mean over images of likelihood ratios

    lambda_j = (1 - c)^(mismatches) prod over matches of value i of [c + (1 - c) P(i)] / P(i)

Given the probe, the logarithm of one ratio is a sum of independent features, so that its distribution follows from a
product of Fourier transforms; the odds are a sum of independent ratios, whose distribution function comes from the Laplace
transform of one ratio (:mod:`kvfit.recognition.evidence.laplace`). The probe is common to all images: rates are averaged
over groups of probes. (Taking ratios of one probe as independent misses up to 0.5 points, a normal distribution of log odds
up to 5.)
"""

from dataclasses import dataclass

import numpy as np
from scipy.fft import fft, ifft, next_fast_len

from kvfit.recognition.evidence.laplace import euler_rule

#: Spacing of the grid of log likelihood ratios, and of log odds.
STEP = 0.1
#: Groups of probes, and probes in each.
N_GROUPS = 12
PER_GROUP = 48
_LOW, _HIGH = -14.0, 36.0
_N_GRID = 1024
_N_VALUES = 80


@dataclass(frozen=True)
class RemItems:
    """What items are like and what the system assumes.

    Parameters
    ----------
    n_features : int
        w.
    g : float
        Base rate of values that the system assumes, and of randomly stored values.
    c : float
        Probability that a stored feature is right.
    g_probe, g_studied : float, optional
        Base rates of the tested and of the studied items (word frequency); default `g`.
    """

    n_features: int = 20
    g: float = 0.4
    c: float = 0.7
    g_probe: float | None = None
    g_studied: float | None = None


def likelihood_ratios(probe: np.ndarray, images: np.ndarray, g: float, c: float) -> np.ndarray:
    """Likelihood ratio of each image.

    Parameters
    ----------
    probe : ndarray of int, shape (feature,)
        Values from 1.
    images : ndarray of int, shape (image, feature)
        0 where nothing is stored.
    g, c : float

    Returns
    -------
    ndarray, shape (image,)
    """
    base = _geometric(g, probe)
    match = (c + (1.0 - c) * base) / base
    return np.where(images == 0, 1.0, np.where(images == probe, match, 1.0 - c)).prod(axis=-1)


def storage_probability(u: np.ndarray | float, attempts: float) -> np.ndarray:
    """Probability that a feature is stored in a number of attempts, ``1 - (1 - u)^attempts``."""
    return np.asarray(-np.expm1(attempts * np.log1p(-np.asarray(u))))


def probe_groups(items: RemItems, n_groups: int = N_GROUPS, per_group: int = PER_GROUP) -> np.ndarray:
    """Probes that stand for all, in groups that spread the ratios alike.

    The images of one list are alike in that they meet the same probe: one with rare values spreads the ratios of all
    images. Many probes are drawn and ordered by the spread that they cause; each group is a part of that order. Within a
    group, ratios are taken as independent.

    Parameters
    ----------
    items : RemItems
    n_groups, per_group : int

    Returns
    -------
    ndarray of int, shape (group, probe, feature)
        Groups are equally probable; the same at every call.
    """
    g = items.g if items.g_probe is None else items.g_probe
    rng = np.random.default_rng(20)
    # every feature goes evenly through its distribution, which makes the sample of probes more exact
    n_drawn = n_groups * per_group
    even = (np.arange(n_drawn)[:, None] + rng.random((n_drawn, items.n_features))) / n_drawn
    even = rng.permuted(even, axis=0)
    drawn = np.clip(np.ceil(np.log1p(-even) / np.log1p(-g)), 1, _N_VALUES).astype(int)
    base = _geometric(items.g, drawn)
    ratio = (items.c + (1.0 - items.c) * base) / base
    spread = np.log1p(base * (ratio**2 - 1.0)).sum(axis=1)
    return drawn[np.argsort(spread, kind="stable")].reshape(n_groups, per_group, items.n_features)


def ratio_transform(stored: np.ndarray, probes: np.ndarray, items: RemItems, own: bool) -> np.ndarray:
    """Laplace transform of one likelihood ratio, given a group of probes.

    Parameters
    ----------
    stored : ndarray, shape (strength,)
        Probability that a feature of the image is stored.
    probes : ndarray of int, shape (probe, feature)
    items : RemItems
        Its `g_studied` is that of the image.
    own : bool
        Whether the image is of the tested item.

    Returns
    -------
    ndarray of complex, shape (node, strength, log sum)
        ``E exp(-node lambda / exp(s))`` at the nodes of the inversion and at ``s`` of :func:`log_sums`.
    """
    values = np.arange(1, int(probes.max()) + 1)
    counts = np.stack([np.bincount(probe, minlength=len(values) + 1)[1:] for probe in probes]).astype(complex)
    base = _geometric(items.g, values)
    studied = _geometric(items.g if items.g_studied is None else items.g_studied, values)
    match = items.c * (1.0 if own else studied) + (1.0 - items.c) * base
    size = np.log((items.c + (1.0 - items.c) * base) / base)
    mismatch = _on_grid(np.full(1, np.log1p(-items.c)))
    feature = match[:, None] * _on_grid(size) + (1.0 - match)[:, None] * mismatch
    # whole powers, so that the branch of the logarithm does not matter
    spectrum = np.stack([np.exp(counts @ np.log(1.0 - one + one * feature)).mean(axis=0) for one in np.ravel(stored)])
    lowest = int(np.floor(items.n_features * np.log1p(-items.c) / STEP)) - 1
    ratio = np.roll(np.fft.irfft(spectrum, _N_GRID), -lowest, axis=-1)
    ratio = ratio[:, : 1 + int(np.flatnonzero(ratio.max(axis=0) > 1e-13)[-1])]
    return _transform(ratio, lowest * STEP)


def _on_grid(sizes: np.ndarray) -> np.ndarray:
    """Fourier transform of fixed log ratios, shape (size, frequency); shared by two grid points, so the mean is kept."""
    place = np.floor(sizes / STEP).astype(int)
    share = sizes / STEP - place
    grid = np.zeros((len(sizes), _N_GRID))
    rows = np.arange(len(sizes))
    grid[rows, place % _N_GRID] += 1.0 - share
    grid[rows, (place + 1) % _N_GRID] += share
    return np.fft.rfft(grid)


def _transform(ratio: np.ndarray, lowest: float) -> np.ndarray:
    """Laplace transforms of log ratios ``(strength, grid)`` that start at `lowest`."""
    nodes, _ = euler_rule()
    sums = log_sums()
    n_lags = len(sums) + ratio.shape[1] - 1
    lags = lowest - sums[-1] + STEP * np.arange(n_lags)
    # beyond exp(7) the kernel is zero; the clip only avoids overflow
    kernels = np.exp(-nodes[:, None] * np.exp(np.minimum(lags, 7.0)))
    size = next_fast_len(n_lags + ratio.shape[1])
    of_ratio = fft(ratio[:, ::-1], size)
    start = ratio.shape[1] - 1
    product = ifft(fft(kernels, size)[:, None, :] * of_ratio)
    return product[..., start : start + len(sums)][..., ::-1]


def log_sums() -> np.ndarray:
    """Grid of the logarithm of the sum of likelihood ratios."""
    return _LOW + STEP * np.arange(round((_HIGH - _LOW) / STEP) + 1)


def sum_distribution(*images: tuple[np.ndarray, float]) -> np.ndarray:
    """Distribution function of a sum of independent likelihood ratios.

    Parameters
    ----------
    *images : tuple of ndarray and float
        A transform of :func:`ratio_transform` and the number of such images.

    Returns
    -------
    ndarray, shape (strength, log sum)
    """
    _, weights = euler_rule()
    product = np.prod([_power(transform, count) for transform, count in images], axis=0)
    return np.einsum("k,kus->us", weights, product).real


def _power(base: np.ndarray, exponent: float) -> np.ndarray:
    """Power of complex numbers; by squaring where it is whole, which is several times faster."""
    if exponent != int(exponent):
        return base**exponent
    left, out = int(exponent), np.ones_like(base)
    while left:
        if left % 2:
            out = out * base
        left //= 2
        base = base * base if left else base
    return out


def log_odds_distribution(
    stored: np.ndarray,
    list_length: int,
    items: RemItems | None = None,
    *,
    old: bool,
    stored_others: np.ndarray | None = None,
    other_items: tuple[RemItems, ...] = (),
) -> tuple[np.ndarray, np.ndarray]:
    """Distribution function of the log odds of a test item.

    Parameters
    ----------
    stored : ndarray, shape (strength,)
        Probability that a feature of the tested item's image is stored.
    list_length : int
        Number of images.
    items : RemItems, optional
    old : bool
    stored_others : ndarray, shape (strength,), optional
        The same for all other images; default `stored`.
    other_items : tuple of RemItems
        Kinds of studied items beside the tested one, in equal shares; default `items` alone.

    Returns
    -------
    log_odds : ndarray, shape (point,)
    distribution : ndarray, shape (strength, point)
    """
    items = items or RemItems()
    others = stored if stored_others is None else stored_others
    kinds = other_items or (items,)
    n_others = list_length - int(old)
    groups = probe_groups(items)
    total = np.zeros((len(stored), len(log_sums())))
    for probes in groups:
        images = [(ratio_transform(others, probes, kind, own=False), n_others / len(kinds)) for kind in kinds]
        if old:
            images.append((ratio_transform(stored, probes, items, own=True), 1))
        total += sum_distribution(*images)
    return log_sums() - np.log(list_length), total / len(groups)


def _geometric(g: float, values: np.ndarray) -> np.ndarray:
    return g * (1.0 - g) ** (values - 1.0)
