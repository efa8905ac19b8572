"""A key-value memory: a similarity kernel, a separation operator and a write rule."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from kvfit.memory.features import Dot, FeatureKernel
from kvfit.memory.primal import LinearMemory
from kvfit.memory.read import BLOCK_BYTES, read
from kvfit.memory.separation import Identity, Separation
from kvfit.memory.similarity import Kernel
from kvfit.memory.traces import Traces, fresh_traces
from kvfit.memory.write import Hebb, WriteRule


@dataclass(frozen=True)
class KeyValueMemory:
    """An empty memory.

    Parameters
    ----------
    kernel : Kernel
        How well a query matches a key; the dot product by default.
    separation : Separation
        How matches become weights of traces; the identity by default.
    write : WriteRule
        What storing does to earlier traces; Hebb by default.

    Notes
    -----
    Gershman, Fiete & Irie (2025), "Key-value memory in the brain": ``v = sum_n alpha_n v_n`` with
    ``alpha = sigma(S(K, q))``.

    Examples
    --------
    >>> import numpy as np
    >>> from kvfit.memory import KeyValueMemory
    >>> KeyValueMemory().store(np.eye(2), [[1.0, 2.0], [3.0, 4.0]]).read([1.0, 0.0])
    array([1., 2.])
    """

    kernel: Kernel = field(default_factory=Dot)
    separation: Separation = field(default_factory=Identity)
    write: WriteRule = field(default_factory=Hebb)

    def store(
        self, keys: np.ndarray, values: np.ndarray | None = None, strengths: np.ndarray | None = None
    ) -> "StoredMemory":
        """Store pairs, in their order.

        Parameters
        ----------
        keys : ndarray, shape (..., trace, key feature)
        values : ndarray, shape (..., trace, value feature), optional
            The keys themselves if left out: autoassociation.
        strengths : ndarray, shape (..., trace), optional
            1 each if left out; 2 is the same as storing a pair twice under Hebb's rule.

        Returns
        -------
        StoredMemory
        """
        new = fresh_traces(keys, keys if values is None else values, strengths, 1)
        return StoredMemory(self, self.write.write(new.without(), new, self.kernel, self.separation))


@dataclass(frozen=True, eq=False)
class StoredMemory:
    """A memory with traces; storing more gives another one.

    Attributes
    ----------
    memory : KeyValueMemory
    traces : Traces
    """

    memory: KeyValueMemory
    traces: Traces

    def store(
        self, keys: np.ndarray, values: np.ndarray | None = None, strengths: np.ndarray | None = None
    ) -> "StoredMemory":
        """Store further pairs; parameters as for :meth:`KeyValueMemory.store`."""
        first = 1 + int(self.traces.written.max(initial=0))
        new = fresh_traces(keys, keys if values is None else values, strengths, first)
        pairs = (("keys", self.traces.keys, new.keys), ("values", self.traces.values, new.values))
        problems = [
            f"{name} have {b.shape[-1]} features, expected {a.shape[-1]} as in the memory"
            for name, a, b in pairs
            if a.shape[-1] != b.shape[-1]
        ]
        if problems:
            raise ValueError("cannot store these pairs: " + "; ".join(problems))
        rule = self.memory.write
        return StoredMemory(self.memory, rule.write(self.traces, new, self.memory.kernel, self.memory.separation))

    def match(self, queries: np.ndarray) -> np.ndarray:
        """Raw key match ``(..., query, trace)``, before separation: what familiarity and stopping may read."""
        return _as_rows(lambda q: self.memory.kernel(q, self.traces.keys), self._checked(queries))

    def attention(self, queries: np.ndarray) -> np.ndarray:
        """Weights of traces ``(..., query, trace)``: separation of matches, strengths included."""
        return _as_rows(
            lambda q: self.memory.separation(self.memory.kernel(q, self.traces.keys), self.traces.strengths),
            self._checked(queries),
        )

    def read(self, queries: np.ndarray, block_bytes: int = BLOCK_BYTES) -> np.ndarray:
        """Retrieve values.

        Parameters
        ----------
        queries : ndarray, shape (..., query, key feature) or (key feature,)
            Leading dimensions broadcast with those of the traces.
        block_bytes : int
            Bytes of matches held at a time.

        Returns
        -------
        ndarray, shape (..., query, value feature) or (..., value feature)
        """
        kernel, separation = self.memory.kernel, self.memory.separation
        return _as_rows(lambda q: read(kernel, separation, self.traces, q, block_bytes), self._checked(queries))

    def iterate(
        self, queries: np.ndarray, steps: int, after: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
    ) -> np.ndarray:
        """Feed what was retrieved back as the next query.

        Parameters
        ----------
        queries : ndarray, shape (..., query, feature) or (feature,)
        steps : int
        after : callable, optional
            ``after(content, query)`` makes the next query of what the last one retrieved.

        Returns
        -------
        ndarray, shape (steps + 1, ..., query, feature) or (steps + 1, ..., feature)
            The query, then every state.
        """
        states = [self._checked(queries)]
        for _ in range(steps):
            content = self.read(states[-1])
            states.append(content if after is None else after(content, states[-1]))
        return np.stack(np.broadcast_arrays(*states))

    def primal(self) -> LinearMemory:
        """All traces in one matrix; for linear separations and kernels that are products of features.

        Raises
        ------
        TypeError
            If this memory has no primal form, with the reasons.
        """
        kernel, separation = self.memory.kernel, self.memory.separation
        problems = []
        if not separation.linear:
            problems.append(f"{type(separation).__name__} is not linear in the matches; Identity and Normalise are")
        if not isinstance(kernel, FeatureKernel):
            problems.append(f"{type(kernel).__name__} has no features; the kernels of kvfit.memory.features have")
        if problems or not isinstance(kernel, FeatureKernel):
            raise TypeError("no primal form: " + "; ".join(problems))
        features = np.swapaxes(kernel.features(self.traces.keys) * self.traces.strengths[..., None], -1, -2)
        matrix = np.matmul(features, self.traces.values)
        return LinearMemory(kernel, matrix, features.sum(axis=-1), separation.normalised)

    def _checked(self, queries: np.ndarray) -> np.ndarray:
        found = np.asarray(queries, dtype=float)
        expected = self.traces.keys.shape[-1]
        if found.ndim < 1 or found.shape[-1] != expected:
            raise ValueError(f"queries have shape {found.shape}, expected (..., query, {expected}) as the keys have")
        return found


def _as_rows(what: Callable[[np.ndarray], np.ndarray], queries: np.ndarray) -> np.ndarray:
    """Call with a matrix of queries, also where a single vector was given."""
    return what(queries[None])[..., 0, :] if queries.ndim == 1 else what(queries)
