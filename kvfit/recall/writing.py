"""Write rules of a list memory: what of a query's match each trace gives back after all items were written.

The store is one matrix, ``M_N``, that maps keys to values, and the values of a list's items are unrelated. A query q is
worth ``(q M_N) . v_j`` to item j. Under Hebb's rule that is its match with j's key, ``s(j) = q . k_j``; under the others the
match goes through a table T that depends on the similarity of keys alone (dual form), ``sum_n s(n) T(n, j)``:

    Hebb    M_n = M_(n-1) + k_n^T v_n                         T = 1
    decay   M_n = lambda M_(n-1) + k_n^T v_n                  T = diag(lambda^(N-j))
    delta   M_n = M_(n-1) + eta k_n^T (v_n - k_n M_(n-1))     T = (1 + eta L)^-1

L is the part of the keys' similarities below the diagonal: the errors ``e_n = v_n - k_n M_(n-1)`` obey
``E = V - eta L E``, and ``q M_N = eta (s T) V``; the factor eta belongs to the weights of the queries, so that
eta = 0 is Hebb's rule. For drifting keys, ``k_i . k_j = rho^|i-j|``, with S the shift by one item,
``1 + eta L = (1 - rho (1 - eta) S)(1 - rho S)^-1``, whose inverse has a closed form:

    T(n, n) = 1,    T(n, j) = -eta rho (rho (1 - eta))^(n-j-1)  for n > j,    else 0

References: decay and outer products, Kohonen (1972), IEEE Transactions on Computers C-21, 353-359; delta rule, Widrow & Hoff
(1960); as a memory of keys and values, Schlag, Irie & Schmidhuber (2021), ICML.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kvfit.parameters import Parameter
from kvfit.recall.tables import by_lag, end_distance, lags, powers

RETENTION = Parameter(
    "retention", "λ", "unit", (0.8, 0.995), "share of a trace's strength that is left when one more item is written",
    "at .8 half of a trace is gone after 3 further items, at .995 after 140, of which lists lose next to nothing;"
    " published values are near 1 (Murdock 1982); one for all persons, whose own lists hardly tell it",
    varies=False,
)  # fmt: skip
ERASURE = Parameter(
    "erasure", "η", "unit", (0.05, 0.9), "share of what a key retrieves that is overwritten when its item is written",
    "no published values for lists; from next to nothing to the full correction of the delta rule; one for all persons,"
    " whose own lists hardly tell it",
    varies=False,
)  # fmt: skip

#: name of a write rule -> its own parameters
WRITE_RULES: dict[str, tuple[Parameter, ...]] = {"hebb": (), "decay": (RETENTION,), "delta": (ERASURE,)}


def strengths(retention: Any, list_length: np.ndarray, n_positions: int) -> Any:
    """What is left of each trace at the end of the list, ``lambda^(N-j)``, ``(cell, position)``."""
    return powers(retention, end_distance(list_length, n_positions))


def overwritten(erasure: Any, rho: Any, n_positions: int, xp: Any) -> Any:
    """``-T(n, j) / rho`` of the delta rule below the diagonal, ``(cell, written n, position j)``, zero elsewhere.

    Parameters
    ----------
    erasure, rho : tensor
        ``(cell,)``.
    n_positions : int
    xp : module
    """
    between = np.maximum(np.arange(n_positions) - 1, 0)
    # two powers, not one of a product: with eta fixed at 1 the slope by rho of (rho 0)^0 would not be a number
    lost = erasure[:, None] * powers(rho, between) * powers(1.0 - erasure, between)
    return by_lag(lost, np.abs(lags(n_positions)), xp) * (lags(n_positions) < 0)


def after_writing(
    initial: Any,
    cue: Any,
    neighbour: Any,
    rule: str,
    p: Mapping[str, Any],
    list_length: np.ndarray,
    n_positions: int,
    xp: Any,
) -> tuple[Any, Any]:
    """Matches of the queries as the store gives them back.

    Parameters
    ----------
    initial : tensor
        ``(cell, position)``, match of the first query with each key.
    cue : tensor
        ``(cell, recalled position, position)``, match of each recalled item's query with the keys of the others; on the
        diagonal, which is returned without meaning, anything finite.
    neighbour : tensor
        ``(cell,)``, match of a recalled item's query with its own key times rho. Finite for unrelated keys, where only
        this product is known.
    rule : {"hebb", "decay", "delta"}
    p : mapping of str to tensor
        ``(cell,)``, with ``retention`` for decay; ``erasure`` and ``rho``, the similarity of adjacent keys, for delta.
    list_length : numpy.ndarray
        ``(cell,)``.
    n_positions : int
    xp : module

    Returns
    -------
    tuple of tensor
        `initial` and `cue`.
    """
    if rule == "hebb":
        return initial, cue
    if rule == "decay":
        left = strengths(p["retention"], list_length, n_positions)
        return initial * left, cue * left[:, None, :]
    lost = overwritten(p["erasure"], p["rho"], n_positions, xp)
    written = np.arange(n_positions) < list_length[:, None]
    # one product for all queries: the first one as a further row; items beyond the end of a list overwrite nothing
    others = xp.concatenate([initial[:, None, :], cue * (1.0 - np.eye(n_positions))], axis=1)
    others = others - p["rho"][:, None, None] * ((others * written[:, None, :]) @ lost)
    return others[:, 0], others[:, 1:] - neighbour[:, None, None] * lost
