"""Key-value memory as a library: similarity, separation, scaffold and write rule as parts to combine.

NumPy in double precision, batched over leading dimensions. See ``docs/memory.md``.
"""

from kvfit.memory import attractor, capacity, modular, named, scaffold
from kvfit.memory.features import (
    Dot,
    HardLocations,
    Polynomial,
    PositiveElu,
    PositiveRandomFeatures,
    random_features,
    scaled_dot,
)
from kvfit.memory.memory import KeyValueMemory, StoredMemory
from kvfit.memory.primal import LinearMemory, empty_linear
from kvfit.memory.retrieval import Retrieval
from kvfit.memory.separation import (
    Exponential,
    Identity,
    Normalise,
    Power,
    RectifiedPolynomial,
    Separation,
    Softmax,
    SoftThreshold,
    Threshold,
    Top,
)
from kvfit.memory.similarity import (
    Cosine,
    DistanceGradient,
    InverseDistance,
    Kernel,
    NegativeDistance,
    NegativeHamming,
    RelevantOverlap,
    laplace,
    rbf,
)
from kvfit.memory.write import Decay, Delta, Erase, Hebb, Slots, WriteRule

__all__ = [
    "Cosine", "Decay", "Delta", "DistanceGradient", "Dot", "Erase", "Exponential", "HardLocations", "Hebb",
    "Identity", "InverseDistance", "Kernel", "KeyValueMemory", "LinearMemory", "NegativeDistance", "NegativeHamming",
    "Normalise", "Polynomial", "PositiveElu", "PositiveRandomFeatures", "Power", "RectifiedPolynomial",
    "RelevantOverlap", "Retrieval", "Separation", "Slots", "SoftThreshold", "Softmax", "StoredMemory", "Threshold",
    "Top", "WriteRule", "attractor", "capacity", "empty_linear", "laplace", "modular", "named", "random_features",
    "rbf", "scaffold", "scaled_dot",
]  # fmt: skip
