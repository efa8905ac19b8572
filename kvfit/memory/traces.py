"""What a memory holds: keys, values and strengths of its traces."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Traces:
    """Stored traces, in dual form.

    Attributes
    ----------
    keys : ndarray, shape (..., trace, key feature)
    values : ndarray, shape (..., trace, value feature)
    strengths : ndarray, shape (..., trace)
        How many copies of each trace there are, as it were.
    written : ndarray of int, shape (trace,)
        Which write, counted from 1, last changed a trace; 0 for a slot that is still empty.
    """

    keys: np.ndarray
    values: np.ndarray
    strengths: np.ndarray
    written: np.ndarray

    @property
    def n_traces(self) -> int:
        """Number of traces, empty slots included."""
        return int(self.written.size)

    def without(self) -> "Traces":
        """No traces, of the same shape otherwise."""
        return Traces(self.keys[..., :0, :], self.values[..., :0, :], self.strengths[..., :0], self.written[:0])

    def joined(self, new: "Traces") -> "Traces":
        """These traces, then `new` ones; leading dimensions broadcast."""
        leading = np.broadcast_shapes(self.strengths.shape[:-1], new.strengths.shape[:-1])

        def both(a: np.ndarray, b: np.ndarray, axis: int) -> np.ndarray:
            inner = -axis
            parts = [np.broadcast_to(x, (*leading, *x.shape[x.ndim - inner :])) for x in (a, b)]
            return np.concatenate(parts, axis=axis)

        return Traces(
            both(self.keys, new.keys, -2),
            both(self.values, new.values, -2),
            both(self.strengths, new.strengths, -1),
            np.concatenate([self.written, new.written]),
        )


def fresh_traces(keys: np.ndarray, values: np.ndarray, strengths: np.ndarray | None, first: int) -> Traces:
    """Checked traces of new pairs, numbered from `first`.

    Raises
    ------
    ValueError
        With everything that is wrong with the arrays.
    """
    keys, values = np.asarray(keys, dtype=float), np.asarray(values, dtype=float)
    problems = []
    for name, x in (("keys", keys), ("values", values)):
        if x.ndim < 2:
            problems.append(f"{name} have shape {x.shape}, expected (..., trace, feature)")
        if not np.isfinite(x).all():
            problems.append(f"{name} have {int((~np.isfinite(x)).sum())} entries that are not finite")
    if min(keys.ndim, values.ndim) >= 2:
        problems += _mismatch(keys, values)
    if strengths is not None:
        strengths = np.asarray(strengths, dtype=float)
        if strengths.shape[-1:] != keys.shape[-2:-1]:
            problems.append(f"strengths have shape {strengths.shape}, expected (..., trace) for keys {keys.shape}")
        if not (strengths >= 0).all():
            problems.append("strengths must be 0 or more")
    if problems:
        raise ValueError("cannot store these pairs: " + "; ".join(problems))
    n = keys.shape[-2]
    given = np.ones(n) if strengths is None else strengths
    leading = np.broadcast_shapes(keys.shape[:-2], values.shape[:-2], given.shape[:-1])
    return Traces(
        np.broadcast_to(keys, (*leading, *keys.shape[-2:])),
        np.broadcast_to(values, (*leading, *values.shape[-2:])),
        np.broadcast_to(given, (*leading, n)),
        np.arange(first, first + n),
    )


def _mismatch(keys: np.ndarray, values: np.ndarray) -> list[str]:
    problems = []
    if keys.shape[-2] != values.shape[-2]:
        problems.append(f"{keys.shape[-2]} keys and {values.shape[-2]} values, expected as many of both")
    try:
        np.broadcast_shapes(keys.shape[:-2], values.shape[:-2])
    except ValueError:
        problems.append(
            f"leading dimensions {keys.shape[:-2]} of keys and {values.shape[:-2]} of values do not broadcast"
        )
    return problems
