"""Tables of retrieved-context models: TCM and CMR as match-and-cue recursions.

Notation of Polyn, Norman & Kahana (2009) and Morton & Polyn (2016): the context c has one unit an item and a start unit;
item i sits in ``F_i = D_fc e_i + A_fc 1 + L_fc c_i`` (item-to-context) and ``G_i = D_cf e_i + A_cf 1 + l_i c_i``
(context-to-item), with c_i the context after study of i. The support of i is ``G_i . c``, and recalling r brings back
``F_r / |F_r|``.

Without uniform item-to-context associations (A_fc = 0) the inputs at study are orthonormal, so that
``c_i . c_j = rho^|i-j|`` and ``c_i . e_j = beta rho^(i-j)`` for j <= i: no vector is built
(:mod:`kvfit.kernels.context`).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kvfit.kernels import context


@dataclass(frozen=True)
class ContextModel:
    """Values ``(cell,)`` that fix a retrieved-context model; ``learning (cell, position)`` is l_i."""

    beta_enc: Any
    beta_start: Any
    beta_rec: Any
    d_fc: Any
    l_fc: Any
    d_cf: Any
    learning: Any
    a_fc: Any = None
    a_cf: Any = None


def drift(beta: Any, overlap: Any, xp: Any) -> Any:
    """Howard & Kahana (2002): rho that keeps ``rho c + beta c_in`` at unit length, with overlap ``c . c_in``."""
    return xp.sqrt(1.0 + beta * beta * (overlap * overlap - 1.0)) - beta * overlap


def context_tables(m: ContextModel, list_length: np.ndarray, n_positions: int, xp: Any) -> tuple[Any, Any]:
    """Tables with the channel of the support first and that of the context's overlap second.

    Parameters
    ----------
    m : ContextModel
        Supports are linear in ``d_cf``, ``learning`` and ``a_cf`` together, and scaled with them.
    list_length : numpy.ndarray
        ``(cell,)``.
    n_positions : int
        Longest list; as many learning rates.
    xp : module
        ``numpy`` or ``pytensor.tensor``.

    Returns
    -------
    initial, cue : tensor
        ``(cell, 2, position)`` and ``(cell, recalled position, 2, position)``; cues are already multiplied by ``beta_rec``.
    """
    if m.a_fc is not None:
        return _dense_tables(m, list_length, n_positions, xp)
    uniform = xp.zeros_like(m.d_cf) if m.a_cf is None else m.a_cf
    inputs = (m.beta_enc, m.beta_start, m.beta_rec, m.d_fc, m.l_fc, m.d_cf, uniform, m.learning, list_length)
    if xp is np:
        made: tuple[Any, Any] = context.context_tables(*map(np.ascontiguousarray, inputs))
        return made
    from kvfit.kernels.context_op import ContextTables

    initial, cue = ContextTables()(*inputs)
    return initial, cue


def _dense_tables(m: ContextModel, list_length: np.ndarray, n_positions: int, xp: Any) -> tuple[Any, Any]:
    """The same tables with explicit context vectors, for uniform item-to-context associations."""
    n = n_positions
    a_fc = m.a_fc
    a_cf = xp.zeros_like(m.d_cf) if m.a_cf is None else m.a_cf
    studied = np.pad((np.arange(n)[None, :] < list_length[:, None]).astype(float), ((0, 0), (0, 1)))
    unit = np.eye(n + 1)
    context = xp.ones_like(m.beta_enc)[:, None] * unit[n]
    rows = []
    for i in range(n):
        c_in = m.d_fc[:, None] * unit[i] + a_fc[:, None] * studied
        c_in = c_in / xp.sqrt((c_in * c_in).sum(axis=1))[:, None]
        rho = drift(m.beta_enc, (context * c_in).sum(axis=1), xp)
        moved = rho[:, None] * context + m.beta_enc[:, None] * c_in
        inside = (i < list_length)[:, None]
        context = xp.where(inside, moved, context)
        rows.append(context)
    study = xp.stack(rows, axis=1)  # (cell, position, unit)
    eye = unit[:n]
    item_to_context = m.d_fc[:, None, None] * eye + a_fc[:, None, None] * studied[:, None, :]
    item_to_context = item_to_context + m.l_fc[:, None, None] * study
    c_in = item_to_context / xp.sqrt((item_to_context * item_to_context).sum(axis=2))[:, :, None]
    context_to_item = m.d_cf[:, None, None] * eye + a_cf[:, None, None] * studied[:, None, :]
    context_to_item = context_to_item + m.learning[:, :, None] * study
    rho_start = drift(m.beta_start, context[:, n], xp)
    start = rho_start[:, None] * context + m.beta_start[:, None] * unit[n]
    beta_rec = m.beta_rec[:, None, None]
    initial = (context_to_item * start[:, None, :]).sum(axis=2)
    initial_overlap = (c_in * start[:, None, :]).sum(axis=2)
    cue = beta_rec * (c_in @ xp.swapaxes(context_to_item, 1, 2))
    cue_overlap = beta_rec * (c_in @ xp.swapaxes(c_in, 1, 2))
    return xp.stack([initial, initial_overlap], axis=1), xp.stack([cue, cue_overlap], axis=2)
