"""Compiled tables of retrieved-context models, with their adjoints (algebra: :mod:`kvfit.recall.context`).

Everything but the learning rate of the cued position depends on the lag alone, so that a table takes a few contiguous
operations an entry. One kernel serves evaluation, simulation and fitting; as a graph the same formulas were more than half
of the time that CMR took to compile.

Shapes: parameters ``(cell,)``, ``learning (cell, position)``, ``list_length (cell,)``; tables have the channel of the
support first and that of the context's overlap second: ``initial (cell, 2, position)``,
``cue (cell, recalled position, 2, position)``.
"""

import numpy as np
from numba import njit

#: what differs between cells, in order; the learning rates follow
INPUTS = ("beta_enc", "beta_start", "beta_rec", "d_fc", "l_fc", "d_cf", "a_cf")


@njit(nogil=True)
def _powers(rho, power):  # type: ignore[no-untyped-def]
    """``rho^k`` for every k."""
    power[0] = 1.0
    for k in range(1, power.size):
        power[k] = power[k - 1] * rho


@njit(nogil=True)
def _by_lag(b, d, l, power, item, context):  # type: ignore[no-untyped-def]
    """Item units of F_r and ``F_r . c_i`` at each lag ``i - r`` from ``1 - n``."""
    n = (item.size + 1) // 2
    for at in range(item.size):
        lag = at - n + 1
        similarity = power[abs(lag)]
        item[at] = (d if lag == 0 else 0.0) + (l * b * similarity if lag <= 0 else 0.0)
        context[at] = (d * b * similarity if lag >= 0 else 0.0) + l * similarity


@njit(nogil=True)
def context_tables(b_enc, b_start, b_rec, d_fc, l_fc, d_cf, a_cf, learning, list_length):  # type: ignore[no-untyped-def]
    """Tables ``(initial, cue)``; cues are already multiplied by ``beta_rec``."""
    cells, n = learning.shape
    initial, cue = np.empty((cells, 2, n)), np.empty((cells, n, 2, n))
    power, item, context = np.empty(n + 1), np.empty(2 * n - 1), np.empty(2 * n - 1)
    support, overlap = np.empty(2 * n - 1), np.empty(2 * n - 1)
    for c in range(cells):
        b, bs, d, l, q, a = b_enc[c], b_start[c], d_fc[c], l_fc[c], d_cf[c], a_cf[c]
        length = np.sqrt(d * d + l * l + 2.0 * d * l * b)  # |F_i|
        scale = b_rec[c] / length
        _powers(np.sqrt(1.0 - b * b), power)
        _by_lag(b, d, l, power, item, context)
        for at in range(item.size):
            support[at] = scale * q * item[at]
            overlap[at] = scale / length * (d * item[at] + l * context[at])
            context[at] *= scale
        summed = 0.0  # of the item units of F_r, over r
        for r in range(n):
            summed += power[r]
            everywhere = a * scale * (d + l * b * summed)
            first = n - 1 - r
            for i in range(n):
                cue[c, r, 0, i] = support[first + i] + learning[c, i] * context[first + i] + everywhere
                cue[c, r, 1, i] = overlap[first + i]
        # reinstatement of the start unit: c = rho_start c_N + beta_start e_start
        listed = list_length[c]
        end = power[listed]
        kept = np.sqrt(1.0 + bs * bs * (end * end - 1.0)) - bs * end
        items = 0.0
        for i in range(n):
            from_end = power[max(listed - 1 - i, 0)]
            of_item = kept * b * from_end
            of_context = kept * from_end + bs * power[i + 1]
            initial[c, 0, i] = q * of_item + learning[c, i] * of_context
            initial[c, 1, i] = (d * of_item + l * of_context) / length
            if i < listed:
                items += of_item
        for i in range(n):
            initial[c, 0, i] += a * items
    return initial, cue


@njit(nogil=True)
def context_tables_pullback(  # type: ignore[no-untyped-def]
    b_enc, b_start, b_rec, d_fc, l_fc, d_cf, a_cf, learning, list_length, g_initial, g_cue
):
    """Adjoints of the seven parameters and of the learning rates."""
    cells, n = learning.shape
    g_of = np.zeros((7, cells))
    g_learning = np.zeros((cells, n))
    power, g_power = np.empty(n + 1), np.empty(n + 1)
    item, context = np.empty(2 * n - 1), np.empty(2 * n - 1)
    by_cue, by_learning, by_overlap = np.empty(2 * n - 1), np.empty(2 * n - 1), np.empty(2 * n - 1)
    for c in range(cells):
        b, bs, br, d, l, q, a = b_enc[c], b_start[c], b_rec[c], d_fc[c], l_fc[c], d_cf[c], a_cf[c]
        length = np.sqrt(d * d + l * l + 2.0 * d * l * b)
        scale, scale2 = br / length, br / (length * length)
        rho = np.sqrt(1.0 - b * b)
        _powers(rho, power)
        _by_lag(b, d, l, power, item, context)
        g_power[:] = 0.0
        by_cue[:] = 0.0
        by_learning[:] = 0.0
        by_overlap[:] = 0.0
        g_b = g_d = g_l = g_q = g_a = g_length = g_scale = g_scale2 = 0.0
        summed = g_units = 0.0
        # summed reaches row r through powers up to r: adjoints of the rows are added up from the last
        for r in range(n):
            summed += power[r]
        for back in range(n):
            r = n - 1 - back
            row = 0.0
            for i in range(n):
                at = n - 1 - r + i
                g = g_cue[c, r, 0, i]
                by_cue[at] += g
                by_learning[at] += g * learning[c, i]
                by_overlap[at] += g_cue[c, r, 1, i]
                g_learning[c, i] += g * scale * context[at]
                row += g
            units = d + l * b * summed
            g_a += row * scale * units
            g_scale += row * a * units
            g_d += row * a * scale
            g_l += row * a * scale * b * summed
            g_b += row * a * scale * l * summed
            g_units += row * a * scale * l * b
            g_power[r] += g_units
            summed -= power[r]
        for at in range(item.size):
            lag = at - n + 1
            similarity = power[abs(lag)]
            both = d * item[at] + l * context[at]
            g_q += by_cue[at] * scale * item[at]
            g_scale += by_cue[at] * q * item[at] + by_learning[at] * context[at]
            g_scale2 += by_overlap[at] * both
            g_d += by_overlap[at] * scale2 * item[at]
            g_l += by_overlap[at] * scale2 * context[at]
            g_item = by_cue[at] * scale * q + by_overlap[at] * scale2 * d
            g_context = by_learning[at] * scale + by_overlap[at] * scale2 * l
            g_similarity = g_context * l
            g_l += g_context * similarity
            if lag == 0:
                g_d += g_item
            if lag <= 0:
                g_l += g_item * b * similarity
                g_b += g_item * l * similarity
                g_similarity += g_item * l * b
            if lag >= 0:
                g_d += g_context * b * similarity
                g_b += g_context * d * similarity
                g_similarity += g_context * d * b
            g_power[abs(lag)] += g_similarity

        listed = list_length[c]
        end = power[listed]
        root = np.sqrt(1.0 + bs * bs * (end * end - 1.0))
        kept = root - bs * end
        g_bs = g_kept = every = items = 0.0
        for i in range(n):
            every += g_initial[c, 0, i]
        for i in range(n):
            from_end, from_start = power[max(listed - 1 - i, 0)], power[i + 1]
            of_item, of_context = kept * b * from_end, kept * from_end + bs * from_start
            g, g_over = g_initial[c, 0, i], g_initial[c, 1, i] / length
            g_q += g * of_item
            g_learning[c, i] += g * of_context
            g_d += g_over * of_item
            g_l += g_over * of_context
            g_length -= g_over * (d * of_item + l * of_context) / length
            g_item, g_context = g * q + g_over * d, g * learning[c, i] + g_over * l
            if i < listed:
                items += of_item
                g_item += every * a
            g_kept += g_item * b * from_end + g_context * from_end
            g_b += g_item * kept * from_end
            g_power[max(listed - 1 - i, 0)] += g_item * kept * b + g_context * kept
            g_bs += g_context * from_start
            g_power[i + 1] += g_context * bs
        g_a += every * items
        g_bs += g_kept * (bs * (end * end - 1.0) / root - end)
        g_power[listed] += g_kept * (bs * bs * end / root - bs)

        g_length -= (g_scale * scale + 2.0 * g_scale2 * scale2) / length
        g_d += g_length * (d + l * b) / length
        g_l += g_length * (l + d * b) / length
        g_b += g_length * d * l / length
        g_rho = 0.0
        for k in range(1, n + 1):
            g_rho += k * power[k - 1] * g_power[k]
        if rho > 0.0:
            g_b -= g_rho * b / rho
        g_of[0, c], g_of[1, c] = g_b, g_bs
        g_of[2, c] = g_scale / length + g_scale2 / (length * length)
        g_of[3, c], g_of[4, c], g_of[5, c], g_of[6, c] = g_d, g_l, g_q, g_a
    return g_of[0], g_of[1], g_of[2], g_of[3], g_of[4], g_of[5], g_of[6], g_learning
