"""The small tables that a memory model of free recall gives, in NumPy or symbolically.

Every function here takes `xp`, the namespace to compute in: ``numpy`` for evaluation and simulation, or
``pytensor.tensor`` for fitting. One formula serves both, so likelihood and simulator cannot disagree.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kvfit.kernels.match_cue import (
    CARRY,
    N_SCALARS,
    SEMANTIC,
    SEPARATION_A,
    SEPARATION_B,
    STOP_MATCH,
    SUPPORT_FLOOR,
)


@dataclass(frozen=True)
class MemoryTables:
    """What memory offers, before choice and stopping; a cell is a participant at one list length.

    Parameters
    ----------
    initial : tensor
        ``(cell, position)``, match at the start of recall; or ``(cell, 2, position)``, with the overlap of the current
        context and the context that each item brings back.
    cue : tensor
        ``(cell, recalled position, position)``, what recalling adds to the match; or
        ``(cell, recalled position, 2, position)``.
    carry : tensor
        ``(cell,)``, the constant by which the old match is multiplied; with overlaps, the drift rate of the
        norm-preserving rule.
    semantic : tensor, optional
        ``(cell,)``, weight of the per-list similarity table.
    """

    initial: Any
    cue: Any
    carry: Any
    semantic: Any = None


def powers(base: Any, exponent: np.ndarray) -> Any:
    """``base ** exponent`` for ``base (cell,)`` and a constant exponent ``(cell, ...)`` or ``(...)``."""
    exponent = np.asarray(exponent, dtype=float)
    lifted = base.reshape((-1,) + (1,) * exponent.ndim) if exponent.ndim == 1 else base[:, None]
    return lifted**exponent


def by_lag(values: Any, lag: np.ndarray, xp: Any) -> Any:
    """Spread ``values (cell, lag)`` over a constant table of places in it, ``(position, position)``."""
    return xp.take(values, lag, axis=1)


def lags(n_positions: int) -> np.ndarray:
    """``(position i, position j)`` table of ``j - i``."""
    position = np.arange(n_positions)
    return position[None, :] - position[:, None]


def end_distance(list_length: np.ndarray, n_positions: int) -> np.ndarray:
    """``(cell, position)`` number of items studied after each position, 0 beyond the list's end."""
    return np.maximum(list_length[:, None] - 1 - np.arange(n_positions)[None, :], 0)


def assemble(
    memory: MemoryTables,
    separation: dict[str, Any],
    stop: Any,
    stop_match: Any,
    xp: Any,
    support_floor: Any = None,
) -> tuple[Any, Any, Any, Any]:
    """Put the parts into the four arrays that the compiled core reads.

    Returns
    -------
    tuple of tensor
        ``initial (cell, channel, position)``, ``cue (cell, position, channel, position)``,
        ``scalars (cell, 6)``, ``stop (cell, 2, output)``.
    """
    initial, cue = memory.initial, memory.cue
    if initial.ndim == 2:
        initial, cue = initial[:, None, :], cue[:, :, None, :]
    zero = xp.zeros_like(memory.carry)
    columns: list[Any] = [zero] * N_SCALARS
    columns[CARRY] = memory.carry
    columns[SEPARATION_A] = separation.get("a", zero) + zero
    columns[SEPARATION_B] = separation.get("b", zero) + zero
    columns[STOP_MATCH] = zero if stop_match is None else stop_match + zero
    columns[SEMANTIC] = zero if memory.semantic is None else memory.semantic + zero
    columns[SUPPORT_FLOOR] = zero if support_floor is None else support_floor + zero
    return initial, cue, xp.stack(columns, axis=1), stop
