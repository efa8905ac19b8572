"""How the log odds of REM are distributed.

Given the probe, the logarithm of one likelihood ratio is a sum of independent features, so that its distribution follows
from a product of Fourier transforms; the odds are a mean of independent ratios, whose distribution function comes from the
Laplace transform of one ratio (:mod:`kvfit.recognition.evidence.laplace`). What all images share, the probe, is averaged
over :mod:`kvfit.recognition.evidence.rem_probes`.

After lists of 4 and more, distribution functions are right to 1e-3, and means and standard deviations of the log odds,
which are .5 to 5, to 3e-3. Response probabilities are read from a table: within 1e-3 for lists of one length whose items
were studied once, within 1e-2 otherwise, because the odds of old items have small steps (``pytest
tests/test_rem_exact.py``). One or two images, of which little is stored, have few possible odds; steps there are smoothed
over a tenth of the odds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len
from scipy.interpolate import CubicSpline
from scipy.special import ndtri

from kvfit.recognition.evidence.laplace import euler_rule, probit, rising
from kvfit.recognition.evidence.rem import RemItems, geometric
from kvfit.recognition.evidence.rem_probes import Probes, standard_probes

#: Order of the inversion: its error is about 1e-7 where a distribution is smooth over a tenth of the odds.
ORDER = 12
#: Spacing of the grid of log likelihood ratios, and the points about a ratio that share it (Lagrange's polynomials).
_STEP, _NEIGHBOURS = 0.05, (-3, -2, -1, 0, 1, 2, 3, 4)
#: Log factor by which a ratio is so much smaller than the sum that it counts as none.
_SMALL = 22.0
#: Log factor beyond which a ratio that is larger than the sum excludes it.
_LARGE = 2.5
#: Points that are computed at once.
_AT_ONCE = 32
#: One of so many probes shows roughly where distributions lie; distance of points there, in log odds.
_ONE_OF, _ROUGH = 32, 1.5


@dataclass(frozen=True)
class Images:
    """Images of one kind.

    Parameters
    ----------
    stored : float
        Probability that a feature is stored.
    items : RemItems
        Its `g_studied` is that of the images.
    own : bool
        Whether they are of the tested item.
    """

    stored: float
    items: RemItems
    own: bool = False


#: Images of a list: kinds and their numbers.
Composition = Sequence[tuple[Images, float]]


def sum_distributions(lists: Sequence[Composition], x: np.ndarray, probes: Probes) -> np.ndarray:
    """Distribution functions of the logarithm of the sum of likelihood ratios.

    Parameters
    ----------
    lists : sequence of Composition
    x : ndarray, shape (point,)
        Log sums, increasing.
    probes : Probes
        Of the tested items.

    Returns
    -------
    ndarray, shape (list, point)
    """
    nodes, weights = euler_rule(ORDER)
    kinds = list(dict.fromkeys(images for one in lists for images, _ in one))
    ratios = {images: _log_ratios(images, probes.counts) for images in kinds}
    found = np.empty((len(lists), x.size))
    for start in range(0, x.size, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        kernel = Kernel.at(x[part], nodes)
        transforms = {images: kernel.apply(*of_images) for images, of_images in ratios.items()}
        for row, one in zip(found, lists, strict=True):
            product = np.prod([_power(transforms[images], number) for images, number in one], axis=0)
            row[part] = (weights @ np.tensordot(probes.weights, product, 1).reshape(nodes.size, -1)).real
    return found


def find_points(lists: Sequence[Composition], probes: Probes, furthest: float, n_points: int) -> np.ndarray:
    """Log sums at which distributions of several lists should be computed: dense where any of them changes."""
    # the tails are those of the probes with the largest values
    largest_last = np.argsort(probes.counts @ np.arange(probes.counts.shape[1]), kind="stable")
    some = probes.counts[[*largest_last[::_ONE_OF], largest_last[-1]]]
    few = Probes(some, np.full(len(some), 1.0 / len(some)))
    each = [(images, number) for one in lists for images, number in one]
    smallest = min(images.items.n_features * np.log1p(-images.items.c) for images, _ in each)
    largest = max(float((probes.counts @ _matches(images.items, probes.counts.shape[1])).max()) for images, _ in each)
    x = np.arange(smallest, largest + np.log(sum(number for _, number in each) + 1.0) + 3.0, _ROUGH)
    rough = np.clip(sum_distributions(lists, x, few), 0.0, 1.0)
    reached = 0.02 * np.exp(-0.5 * furthest**2)
    lows = [max(int(np.argmax(row > reached)) - 2, 0) for row in rough]
    highs = [min(len(x) - int(np.argmax(row[::-1] < 1.0 - reached)) + 1, len(x) - 1) for row in rough]
    density = np.zeros(len(x) - 1)
    for row, low, high in zip(rough, lows, highs, strict=True):
        with np.errstate(divide="ignore"):
            z = np.clip(ndtri(np.maximum.accumulate(row)), -furthest - 1.0, furthest + 1.0)
        # points are equally far apart in probits of the steepest distribution, and never sparse
        density[low:high] = np.maximum(density[low:high], np.diff(z)[low:high] + 0.15)
    density[min(lows) : max(highs)] = np.maximum(density[min(lows) : max(highs)], 0.05)
    spent = np.concatenate([[0.0], np.cumsum(density)])
    first, last = min(lows), max(highs)
    return np.interp(np.linspace(0.0, spent[-1], n_points), spent[first : last + 1], x[first : last + 1])


def reliable(x: np.ndarray, distribution: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points and probits where numerical errors are small against the tail, around the middle; rising."""
    return rising(x, probit(distribution), 1e-6)


def log_odds_distribution(
    stored: np.ndarray,
    list_length: int,
    items: RemItems | None = None,
    *,
    old: bool,
    stored_others: np.ndarray | None = None,
    other_items: tuple[RemItems, ...] = (),
    n_points: int = 160,
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
        Kinds of studied items, in equal shares of the list; default `items` alone.
    n_points : int

    Returns
    -------
    log_odds : ndarray, shape (point,)
        From where hardly any odds are smaller to where hardly any are larger.
    distribution : ndarray, shape (strength, point)
    """
    items = items or RemItems()
    others = stored if stored_others is None else stored_others
    kinds = other_items or (items,)
    # the tested item is one of its kind
    same = [kind for kind in kinds if kind.studied == items.studied]
    lists = []
    for own, other in zip(np.ravel(stored), np.ravel(others), strict=True):
        numbers = {kind: list_length / len(kinds) for kind in kinds}
        if old:
            for kind in same or kinds:
                numbers[kind] -= 1.0 / len(same or kinds)
        one = [(Images(float(other), kind), number) for kind, number in numbers.items()]
        lists.append([*one, (Images(float(own), items, own=True), 1.0)] if old else one)
    probes = standard_probes(items.n_features, items.g if items.g_probe is None else items.g_probe)
    x = find_points(lists, probes, 5.0, n_points)
    return x - np.log(list_length), sum_distributions(lists, x, probes)


def moments(log_odds: np.ndarray, distribution: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of a distribution function ``(point,)`` that goes from 0 to 1."""
    below = CubicSpline(log_odds, distribution)
    last = log_odds[-1]
    mean = last - float(below.integrate(log_odds[0], last))
    # E (last - X)^2 = 2 times the integral of (last - x) F(x)
    nodes, weights = np.polynomial.legendre.leggauss(8)
    half = np.diff(log_odds)[:, None] / 2.0
    x = log_odds[:-1, None] + half * (nodes + 1.0)
    square = 2.0 * float((half * weights * (last - x) * below(x)).sum())
    return mean, float(np.sqrt(square - (last - mean) ** 2))


def _matches(items: RemItems, n_values: int) -> np.ndarray:
    """Log likelihood ratios of matches of the values from 1."""
    base = geometric(items.g, np.arange(1, n_values + 1))
    return np.asarray(np.log((items.c + (1.0 - items.c) * base) / base))


@dataclass(frozen=True, eq=False)
class Kernel:
    """``exp(-node ratio / exp(x))`` for ratios on a grid of their logarithm.

    Attributes
    ----------
    first : int
        Number of the first grid point; grid points are at multiples of the spacing.
    real, imaginary : ndarray, shape (grid, node x point)
    """

    first: int
    real: np.ndarray
    imaginary: np.ndarray

    @classmethod
    def at(cls, x: np.ndarray, nodes: np.ndarray) -> "Kernel":
        """For log sums ``(point,)`` and nodes ``(node,)`` of the inversion."""
        first, last = int(np.floor((x[0] - _SMALL) / _STEP)), int(np.ceil((x[-1] + _LARGE) / _STEP))
        log_ratio = _STEP * np.arange(first, last)
        sizes = np.exp(np.minimum(log_ratio[:, None] - x, 2.0 * _LARGE))[:, None, :]
        shrunk, angle = np.exp(-sizes * nodes.real[:, None]), sizes * nodes.imag[:, None]
        shape = (last - first, nodes.size * x.size)
        return cls(first, (shrunk * np.cos(angle)).reshape(shape), (-shrunk * np.sin(angle)).reshape(shape))

    def apply(self, chance: np.ndarray, lowest: int) -> np.ndarray:
        """Expectations ``(probe, node x point)`` for distributions ``(probe, grid)`` that start at grid point `lowest`."""
        skipped = max(self.first - lowest, 0)
        near = np.ascontiguousarray(chance[:, skipped : self.first + len(self.real) - lowest])
        rows = slice(lowest + skipped - self.first, lowest + skipped - self.first + near.shape[1])
        found = np.empty((len(chance), self.real.shape[1]), dtype=complex)
        # ratios that are too small to matter have the kernel 1
        found.real = near @ self.real[rows] + chance[:, :skipped].sum(axis=1, keepdims=True)
        found.imag = near @ self.imaginary[rows]
        return found


def _log_ratios(images: Images, counts: np.ndarray) -> tuple[np.ndarray, int]:
    """Distribution of the log likelihood ratio given each probe, ``(probe, grid)``, and the number of its first point."""
    items = images.items
    values = np.arange(1, counts.shape[1] + 1)
    base, studied = geometric(items.g, values), geometric(items.studied, values)
    match = items.c * (1.0 if images.own else studied) + (1.0 - items.c) * base
    size = _matches(items, counts.shape[1])
    lowest = int(np.floor(items.n_features * np.log1p(-items.c) / _STEP)) - 4 * items.n_features
    # probes' largest ratios, where all features match: no more than that many steps, lest the grid wrap around
    highest = int(np.ceil((counts @ size).max() / _STEP)) + 4 * items.n_features
    n_grid = next_fast_len(highest - lowest + 1, real=True)
    n_grid += n_grid % 2
    mismatch = _on_grid(np.full(1, np.log1p(-items.c)), n_grid)
    feature = match[:, None] * _on_grid(size, n_grid) + (1.0 - match)[:, None] * mismatch
    # whole powers, so that the branch of the logarithm does not matter
    logs = np.log(1.0 - images.stored + images.stored * feature)
    floats = counts.astype(float)
    chance = irfft(np.exp(floats @ logs.real) * np.exp(1j * (floats @ logs.imag)), n_grid)
    return np.roll(chance, -lowest, axis=-1), lowest


def _on_grid(sizes: np.ndarray, n_grid: int) -> np.ndarray:
    """Fourier transform of fixed log ratios, ``(size, frequency)``; shared by neighbouring points, which keeps moments."""
    place = np.floor(sizes / _STEP)
    t = sizes / _STEP - place
    frequency = 2.0 * np.pi / n_grid * np.arange(n_grid // 2 + 1)
    shares = np.empty((len(sizes), len(_NEIGHBOURS)))
    for column, k in enumerate(_NEIGHBOURS):
        shares[:, column] = np.prod([(t - other) / (k - other) for other in _NEIGHBOURS if other != k], axis=0)
    near = np.exp(-1j * np.outer(_NEIGHBOURS, frequency))
    return np.asarray(np.exp(-1j * np.outer(place, frequency)) * (shares @ near))


def _power(base: np.ndarray, exponent: float) -> np.ndarray:
    """Power of complex numbers; by squaring where it is whole, which is several times faster."""
    if exponent != int(exponent):
        return np.asarray(base**exponent)
    left, out = int(exponent), None
    while left:
        if left % 2:
            out = base if out is None else out * base
        left //= 2
        base = base * base if left else base
    return np.ones_like(base) if out is None else out
