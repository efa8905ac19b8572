"""Classical and modern memories as configurations of one engine (``docs/memory.md`` has the table)."""

import numpy as np

from kvfit.memory.features import Dot, HardLocations, PositiveElu, scaled_dot
from kvfit.memory.memory import KeyValueMemory
from kvfit.memory.separation import Identity, Normalise, Power, RectifiedPolynomial, Softmax
from kvfit.memory.similarity import DistanceGradient, RelevantOverlap, rbf


def correlation_matrix() -> KeyValueMemory:
    """Correlation matrix memory (Kohonen 1972) and the matrix model (Pike 1984): one sum of outer products."""
    return KeyValueMemory(Dot(), Identity())


def hopfield(n_units: int) -> KeyValueMemory:
    """Hopfield network (1982): store patterns of -1 and 1 alone, and iterate with :mod:`kvfit.memory.attractor`."""
    return KeyValueMemory(Dot(1.0 / n_units), Identity())


def sparse_distributed(locations: np.ndarray, radius: int) -> KeyValueMemory:
    """Sparse distributed memory (Kanerva 1988): keys are addresses of 0 and 1, values data of -1 and 1.

    Parameters
    ----------
    locations : ndarray of 0 and 1, shape (location, bit)
        Addresses of the hard locations.
    radius : int
        Hamming distance up to which an address activates a location.

    Notes
    -----
    Two addresses match as far as they activate the same locations; in primal form the matrix is the table of counters. The
    sign of what is read is the retrieved word.
    """
    return KeyValueMemory(HardLocations(np.asarray(locations), radius), Identity())


def dense_associative(degree: int, n_units: int = 1) -> KeyValueMemory:
    """Dense associative memory (Krotov & Hopfield 2016) of interaction ``x^degree``, as a read: ``sum F'(s) v``.

    The update to first order; :func:`kvfit.memory.attractor.dense_field` compares energies as the paper does.
    """
    return KeyValueMemory(Dot(1.0 / n_units), RectifiedPolynomial(degree - 1))


def modern_hopfield(beta: float = 1.0) -> KeyValueMemory:
    """Modern Hopfield network (Ramsauer et al. 2021): softmax of dot products; store patterns alone and iterate."""
    return KeyValueMemory(Dot(), Softmax(beta))


def attention(n_features: int) -> KeyValueMemory:
    """Attention of transformers (Vaswani et al. 2017): softmax of scaled dot products of mapped inputs."""
    return KeyValueMemory(scaled_dot(n_features), Softmax())


def linear_attention() -> KeyValueMemory:
    """Linear attention (Katharopoulos et al. 2020): features ``elu(x) + 1``, normalised, with a primal form."""
    return KeyValueMemory(PositiveElu(), Normalise())


def kernel_attention(width: float = 1.0) -> KeyValueMemory:
    """Kernel attention (Tsai et al. 2019): Gaussian similarity as a share of its sum (Nadaraya-Watson)."""
    return KeyValueMemory(rbf(width), Normalise())


def minerva2() -> KeyValueMemory:
    """MINERVA 2 (Hintzman 1984): store traces alone; attention is activation, its sum the echo's intensity."""
    return KeyValueMemory(RelevantOverlap(), Power(3.0))


def generalised_context(
    sensitivity: float, weights: np.ndarray | None = None, r: float = 2.0, shape: float = 1.0
) -> KeyValueMemory:
    """Generalised context model (Nosofsky 1986): keys are exemplars, values one-hot labels, reads summed similarity."""
    return KeyValueMemory(DistanceGradient(sensitivity, shape, r, weights), Identity())
