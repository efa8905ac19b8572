"""Tables of retrieved-context models: TCM and CMR as match-and-cue recursions.

Notation of Polyn, Norman & Kahana (2009) and Morton & Polyn (2016): the context c has one unit an item and a start unit;
item i sits in ``F_i = D_fc e_i + A_fc 1 + L_fc c_i`` (item-to-context) and ``G_i = D_cf e_i + A_cf 1 + l_i c_i``
(context-to-item), with c_i the context after study of i. The support of i is ``G_i . c``, and recalling r brings back
``F_r / |F_r|``.

Without uniform item-to-context associations (A_fc = 0) the inputs at study are orthonormal, so that
``c_i . c_j = rho^|i-j|`` and ``c_i . e_j = beta rho^(i-j)`` for j <= i: no vector is built.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kvfit.recall.tables import by_lag, end_distance, lags, powers


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


def context_tables(m: ContextModel, list_length: np.ndarray, n_positions: int, xp: Any) -> tuple[Any, Any, Any, Any]:
    """Initial support and overlap ``(cell, position)``, and their cues ``(cell, recalled, position)``.

    Returns
    -------
    tuple
        ``(initial, cue, initial_overlap, cue_overlap)``; cues are already multiplied by ``beta_rec``.
    """
    if m.a_fc is not None:
        return _dense_tables(m, list_length, n_positions, xp)
    n = n_positions
    rho = xp.sqrt(1.0 - m.beta_enc * m.beta_enc)
    power = powers(rho, np.arange(n))
    d_fc, l_fc, beta = (v[:, None] for v in (m.d_fc, m.l_fc, m.beta_enc))
    length = xp.sqrt(m.d_fc * m.d_fc + m.l_fc * m.l_fc + 2.0 * m.d_fc * m.l_fc * m.beta_enc)  # |F_i|
    scale = (m.beta_rec / length)[:, None]
    # what recalling r brings back, at each lag i - r: everything but the learning rate depends on the lag alone
    lag = np.arange(1 - n, n)
    similarity = xp.take(power, np.abs(lag), axis=1)
    item = d_fc * (lag == 0) + (l_fc * beta) * similarity * (lag <= 0)  # item units of F_r
    context = (d_fc * beta) * similarity * (lag >= 0) + l_fc * similarity  # F_r . c_i
    place = lags(n) + n - 1
    cue = by_lag(scale * m.d_cf[:, None] * item, place, xp) + m.learning[:, None, :] * by_lag(
        scale * context, place, xp
    )
    cue_overlap = by_lag((scale / length[:, None]) * (d_fc * item + l_fc * context), place, xp)

    # reinstatement of the start unit: c = rho_start c_N + beta_start e_start
    remaining = end_distance(list_length, n)
    to_end = powers(rho, remaining)
    from_start = powers(rho, np.arange(1.0, n + 1))
    rho_start = drift(m.beta_start, rho ** list_length.astype(float), xp)[:, None]
    c_item = rho_start * m.beta_enc[:, None] * to_end
    c_context = rho_start * to_end + m.beta_start[:, None] * from_start
    initial = m.d_cf[:, None] * c_item + m.learning * c_context
    initial_overlap = (m.d_fc[:, None] * c_item + m.l_fc[:, None] * c_context) / length[:, None]
    if m.a_cf is not None:
        # every item unit of context supports every item
        steps = xp.cumsum(power, axis=1)
        summed = (m.d_fc[:, None] + (m.l_fc * m.beta_enc)[:, None] * steps) / length[:, None]
        cue = cue + (m.a_cf * m.beta_rec)[:, None, None] * summed[:, :, None]
        studied = np.arange(n)[None, :] < list_length[:, None]
        initial = initial + (m.a_cf * (c_item * studied).sum(axis=1))[:, None]
    return initial, cue, initial_overlap, cue_overlap


def _dense_tables(m: ContextModel, list_length: np.ndarray, n_positions: int, xp: Any) -> tuple[Any, Any, Any, Any]:
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
    return initial, cue, initial_overlap, cue_overlap
