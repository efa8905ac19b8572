"""The compiled core of every match-and-cue model of free recall: log-likelihood and exact adjoint.

A model of this family gives tables and nothing else (``architecture.md``, "A model"): the match ``s_1(j)`` at the
start of recall, the cue ``U(i, j)`` that recalling position ``i`` adds to position ``j``, and a carry-over of the old
match. The state is a row of one or two channels of list positions,

    channel 0   match s(j)
    channel 1   overlap u(j) of the current context with the context that recalling j would bring back

and recalling position r moves it by ``state <- rho_t * state + cue[r]``, where ``rho_t`` is a constant ``carry``, or, with
two channels, the norm-preserving ``sqrt(1 + b^2 (u_r^2 - 1)) - b u_r`` (Howard & Kahana 2002), with ``b = carry``.
Then ``p(r | t) = (1 - p_stop(t)) w(s_r) / sum_j w(s_j)`` over positions not yet recalled. Each recall costs O(N).

The same source is compiled for the value alone and for value and gradient; the flags of :class:`CoreConfig` are
compile-time constants, so that unused branches vanish.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numba import njit

from kvfit.kernels.vector_math import FAST, LN2, LOG2E, carray, exp2v, log2v, softplus, stack

#: columns of the ``scalars`` table
CARRY, SEPARATION_A, SEPARATION_B, STOP_MATCH, SEMANTIC, SUPPORT_FLOOR = range(6)
N_SCALARS = 6
SEPARATIONS = ("softmax", "power", "threshold")
_MASKED = -1e9
_STACK_WIDTH = 64


@dataclass(frozen=True)
class CoreConfig:
    """What is fixed when the core is compiled.

    Parameters
    ----------
    width : int
        Padded list length, a multiple of 8 (one cache line of doubles).
    channels : int
        1 for a constant carry-over, 2 for the norm-preserving one.
    separation : str
        ``softmax`` w = exp(s), ``power`` w = s^a, ``threshold`` w = logistic(b (s - a)).
    match_stop : bool
        Whether stopping depends on the remaining raw match; then ``stop[:, 0]`` holds logits, else
        ``stop[:, 0]`` holds log p_stop and ``stop[:, 1]`` log(1 - p_stop).
    semantic : bool
        Whether a per-list table of similarities is added to the cue.
    support_floor : bool
        Whether the match is floored at ``scalars[:, SUPPORT_FLOOR]`` before separation (cymr: 1e-6).
    event_floor : float
        Probability below which an event's probability is set to this value (cymr: 1e-5); 0 for none.
    """

    width: int
    channels: int = 1
    separation: str = "softmax"
    match_stop: bool = False
    semantic: bool = False
    support_floor: bool = False
    event_floor: float = 0.0

    def __post_init__(self) -> None:
        if self.width % 8 or self.width < 8:
            raise ValueError(f"width must be a positive multiple of 8, found {self.width}")
        if self.separation not in SEPARATIONS:
            raise ValueError(f"separation must be one of {SEPARATIONS}, found {self.separation!r}")
        if self.channels not in (1, 2):
            raise ValueError(f"channels must be 1 or 2, found {self.channels}")


def padded_width(n_positions: int) -> int:
    """Smallest multiple of 8 that holds `n_positions`."""
    return max(8, -(-n_positions // 8) * 8)


@cache
def build_kernel(config: CoreConfig, with_gradient: bool) -> Callable[..., None]:
    """Compile the loop over table cells for one configuration."""
    NP = config.width
    K = config.channels
    W = K * NP
    SEP = SEPARATIONS.index(config.separation)
    MATCH = 1 if config.match_stop else 0
    SEM = 1 if config.semantic else 0
    FLOOR = 1 if config.support_floor else 0
    CLIP = float(config.event_floor)
    LCLIP = math.log(CLIP) if CLIP > 0 else 0.0
    GRAD = 1 if with_gradient else 0
    # Large lists leave the stack of a secondary thread (512 KiB on some systems): their scratch goes to the heap.
    ON_STACK = 1 if NP <= _STACK_WIDTH else 0
    HISTORY = NP + 1 if with_gradient else 1
    SIZE_STATE = HISTORY * W
    SIZE_WEIGHT = HISTORY * NP
    SIZE_TABLE = NP * W
    SIZE_SQUARE = NP * NP
    SIZE_TIME = NP + 1
    RAW = 1 if (config.match_stop and config.separation != "softmax") else 0

    @njit(cache=True, fastmath=FAST, error_model="numpy", nogil=True)
    def kernel(  # type: ignore[no-untyped-def]
        initial, cue, scalars, stop, n_items, cell_start, recalled, offsets, semantic, list_weight,
        ll, g_initial, g_cue, g_scalars, g_stop,
    ):  # fmt: skip
        N = initial.shape[2]
        if ON_STACK:
            state = carray(stack(SIZE_STATE), (HISTORY, W))
            weight = carray(stack(SIZE_WEIGHT), (HISTORY, NP))
            raw = carray(stack(SIZE_WEIGHT), (HISTORY, NP))
            slope = carray(stack(SIZE_WEIGHT), (HISTORY, NP))
            rows = carray(stack(SIZE_TABLE), (NP, W))
            g_rows = carray(stack(SIZE_TABLE), (NP, W))
            one_hot = carray(stack(SIZE_SQUARE), (NP, NP))
            first = carray(stack(W), W)
            g_first = carray(stack(W), W)
            lam = carray(stack(W), W)
            base = carray(stack(NP), NP)
            pen = carray(stack(NP), NP)
            z = carray(stack(NP), NP)
            carried = carray(stack(SIZE_TIME), SIZE_TIME)
            inverse = carray(stack(SIZE_TIME), SIZE_TIME)
            raw_inverse = carray(stack(SIZE_TIME), SIZE_TIME)
            stopped = carray(stack(SIZE_TIME), SIZE_TIME)
            matched = carray(stack(SIZE_TIME), SIZE_TIME)
        else:
            state = np.empty((HISTORY, W))
            weight = np.empty((HISTORY, NP))
            raw = np.empty((HISTORY, NP))
            slope = np.empty((HISTORY, NP))
            rows = np.empty((NP, W))
            g_rows = np.empty((NP, W))
            one_hot = np.empty((NP, NP))
            first = np.empty(W)
            g_first = np.empty(W)
            lam = np.empty(W)
            base = np.empty(NP)
            pen = np.empty(NP)
            z = np.empty(NP)
            carried = np.empty(SIZE_TIME)
            inverse = np.empty(SIZE_TIME)
            raw_inverse = np.empty(SIZE_TIME)
            stopped = np.empty(SIZE_TIME)
            matched = np.empty(SIZE_TIME)
        for i in range(NP):
            for j in range(NP):
                one_hot[i, j] = 0.0
            one_hot[i, i] = 1.0
        for i in range(W):
            first[i] = 0.0
        for r in range(NP):
            for i in range(W):
                rows[r, i] = 0.0

        for c in range(cell_start.size - 1):
            n = n_items[c]
            carry = scalars[c, CARRY]
            sep_a = scalars[c, SEPARATION_A]
            sep_b = scalars[c, SEPARATION_B]
            stop_match = scalars[c, STOP_MATCH]
            sem_w = scalars[c, SEMANTIC]
            floor = scalars[c, SUPPORT_FLOOR]
            for k in range(K):
                for i in range(N):
                    first[k * NP + i] = initial[c, k, i]
            for r in range(N):
                for k in range(K):
                    for i in range(N):
                        rows[r, k * NP + i] = cue[c, r, k, i]
            for i in range(NP):
                base[i] = 0.0 if i < n else _MASKED
            g_carry = 0.0
            g_a = 0.0
            g_b = 0.0
            g_match = 0.0
            g_sem = 0.0
            g_floor = 0.0
            if GRAD:
                for r in range(NP):
                    for i in range(W):
                        g_rows[r, i] = 0.0
                for i in range(W):
                    g_first[i] = 0.0

            for l in range(cell_start[c], cell_start[c + 1]):
                start = offsets[l]
                m = offsets[l + 1] - start
                for i in range(W):
                    state[0, i] = first[i]
                for i in range(NP):
                    pen[i] = base[i]
                acc = 0.0  # powers of two
                product = 1.0
                extra = 0.0  # natural units
                for o in range(m + MATCH):
                    cur = o if GRAD else 0
                    # ---- separation: a weight for every position not yet recalled
                    shift = 0.0
                    total = 0.0
                    for i in range(NP):
                        s = state[cur, i]
                        if FLOOR:
                            s = max(s, floor)
                        if SEP == 0:
                            zi = s * LOG2E
                        elif SEP == 1:
                            zi = sep_a * log2v(s)
                            if GRAD:
                                slope[cur, i] = zi
                        else:
                            zi = -log2v(1.0 + exp2v(-sep_b * (s - sep_a) * LOG2E))
                            if GRAD:
                                slope[cur, i] = zi
                        z[i] = zi
                        v = exp2v(zi + pen[i])
                        weight[cur, i] = v
                        total += v
                    if not (1e-100 < total < 1e100):
                        # out of the comfortable range: again, relative to the largest
                        shift = -1e300
                        for i in range(NP):
                            shift = max(shift, z[i] + pen[i])
                        total = 0.0
                        for i in range(NP):
                            v = exp2v(z[i] + pen[i] - shift)
                            weight[cur, i] = v
                            total += v
                    # ---- stopping
                    log_go = 0.0
                    if MATCH:
                        if RAW:
                            top = -1e300
                            for i in range(NP):
                                top = max(top, state[cur, i] * LOG2E + pen[i])
                            raw_total = 0.0
                            for i in range(NP):
                                v = exp2v(state[cur, i] * LOG2E + pen[i] - top)
                                raw[cur, i] = v
                                raw_total += v
                            match = (top + math.log2(raw_total)) * LN2
                            if GRAD:
                                raw_inverse[o] = 1.0 / raw_total
                        else:
                            match = (shift + math.log2(total)) * LN2
                            if GRAD:
                                raw_inverse[o] = 1.0 / total
                        logit = stop[c, 0, o] - stop_match * match
                        matched[cur] = match
                        stopped[cur] = 1.0 / (1.0 + math.exp(-logit))
                        if o == m:
                            if m < n:
                                log_stop = -softplus(-logit)
                                if CLIP > 0 and log_stop < LCLIP:
                                    extra += LCLIP
                                    stopped[cur] = 1.0
                                else:
                                    extra += log_stop
                            break
                        log_go = -softplus(logit)
                    else:
                        log_go = stop[c, 1, o]
                    # ---- the observed recall
                    r = np.uint64(recalled[start + o])
                    clipped = False
                    if CLIP > 0:
                        clipped = weight[cur, r] * math.exp(log_go) < CLIP * total
                    if clipped:
                        extra += LCLIP
                        if GRAD:
                            inverse[o] = 0.0
                    else:
                        acc += z[r] - shift
                        product *= total
                        extra += log_go
                        if GRAD:
                            inverse[o] = 1.0 / total
                        if not (1e-100 < product < 1e100):
                            acc -= math.log2(product)
                            product = 1.0
                    # ---- what was recalled cues what comes next
                    if o < m - 1 or MATCH:
                        nxt = o + 1 if GRAD else 0
                        rho = carry
                        if K == 2:
                            u = state[cur, NP + r]
                            rho = math.sqrt(1.0 + carry * carry * (u * u - 1.0)) - carry * u
                        if GRAD:
                            carried[o] = rho
                        for i in range(W):
                            state[nxt, i] = rho * state[cur, i] + rows[r, i]
                        if SEM:
                            for i in range(N):
                                state[nxt, i] += sem_w * semantic[l, r, i]
                        for i in range(NP):
                            pen[i] += _MASKED * one_hot[r, i]
                if not MATCH and m < n:
                    if CLIP > 0 and stop[c, 0, m] < LCLIP:
                        extra += LCLIP
                    else:
                        extra += stop[c, 0, m]
                ll[l] = acc * LN2 - math.log(product) + extra

                if GRAD:
                    wl = list_weight[l]
                    for i in range(W):
                        lam[i] = 0.0
                    if MATCH:
                        if m < n:
                            d = wl * (1.0 - stopped[m])
                            g_stop[c, 0, m] += d
                            g_match -= d * matched[m]
                            d *= stop_match * raw_inverse[m]
                            for i in range(NP):
                                p = raw[m, i] if RAW else weight[m, i]
                                if FLOOR and not RAW and state[m, i] < floor:
                                    g_floor -= d * p
                                else:
                                    lam[i] -= d * p
                    elif m < n and not (CLIP > 0 and stop[c, 0, m] < LCLIP):
                        g_stop[c, 0, m] += wl
                    for o in range(m - 1, -1, -1):
                        r = np.uint64(recalled[start + o])
                        # through the move to the next state
                        if o < m - 1 or MATCH:
                            rho = carried[o]
                            dot = 0.0
                            for i in range(W):
                                x = lam[i]
                                dot += x * state[o, i]
                                g_rows[r, i] += x
                            if SEM:
                                for i in range(N):
                                    g_sem += lam[i] * semantic[l, r, i]
                            for i in range(W):
                                lam[i] *= rho
                            if K == 2:
                                u = state[o, NP + r]
                                w = 1.0 / (rho + carry * u)
                                g_carry += dot * (carry * (u * u - 1.0) * w - u)
                                d = dot * (carry * carry * u * w - carry)
                                for i in range(NP):
                                    lam[NP + i] += d * one_hot[r, i]
                            else:
                                g_carry += dot
                        # through the event itself
                        iv = wl * inverse[o]
                        one = wl if iv != 0.0 else 0.0
                        go = 0.0
                        if MATCH:
                            d = one * stopped[o]
                            g_stop[c, 0, o] -= d
                            g_match += d * matched[o]
                            go = d * stop_match * raw_inverse[o]
                        else:
                            g_stop[c, 1, o] += one
                        if SEP == 0:
                            if FLOOR:
                                for i in range(NP):
                                    d = one * one_hot[r, i] + (go - iv) * weight[o, i]
                                    below = state[o, i] < floor
                                    lam[i] += 0.0 if below else d
                                    g_floor += d if below else 0.0
                            else:
                                for i in range(NP):
                                    lam[i] += one * one_hot[r, i] + (go - iv) * weight[o, i]
                        else:
                            for i in range(NP):
                                d = one * one_hot[r, i] - iv * weight[o, i]
                                s = state[o, i]
                                if FLOOR:
                                    s = max(s, floor)
                                if SEP == 1:
                                    g_a += d * slope[o, i] * LN2 / sep_a
                                    d *= sep_a / s
                                else:
                                    rest = d * (1.0 - exp2v(slope[o, i]))
                                    g_a -= rest * sep_b
                                    g_b += rest * (s - sep_a)
                                    d = rest * sep_b
                                if FLOOR and state[o, i] < floor:
                                    g_floor += d
                                    d = 0.0
                                if RAW:
                                    d += go * raw[o, i]
                                lam[i] += d
                    for i in range(W):
                        g_first[i] += lam[i]

            if GRAD:
                for k in range(K):
                    for i in range(N):
                        g_initial[c, k, i] = g_first[k * NP + i]
                for r in range(N):
                    for k in range(K):
                        for i in range(N):
                            g_cue[c, r, k, i] = g_rows[r, k * NP + i]
                g_scalars[c, CARRY] = g_carry
                g_scalars[c, SEPARATION_A] = g_a
                g_scalars[c, SEPARATION_B] = g_b
                g_scalars[c, STOP_MATCH] = g_match
                g_scalars[c, SEMANTIC] = g_sem
                g_scalars[c, SUPPORT_FLOOR] = g_floor

    return kernel


def require_shapes(
    config: CoreConfig,
    tables: tuple[np.ndarray, ...],
    n_items: np.ndarray,
    cell_start: np.ndarray,
    semantic: np.ndarray,
) -> None:
    """Refuse tables that do not fit: the compiled loops check no bounds, so that a wrong shape would end the process.

    Raises
    ------
    ValueError
        Naming every table whose shape differs from what the configuration and the list lengths ask for.
    """
    cells, n = n_items.size, max(tables[0].shape[-1], int(n_items.max(initial=1)))
    expected = {
        "initial": (tables[0], (cells, config.channels, n)),
        "cue": (tables[1], (cells, n, config.channels, n)),
        "scalars": (tables[2], (cells, N_SCALARS)),
        "stop": (tables[3], (cells, 2, n + 1)),
    }
    if config.semantic:
        expected["semantic"] = (semantic, (int(cell_start[-1]), n, n))
    wrong = [f"{name}: expected shape {s}, found {t.shape}" for name, (t, s) in expected.items() if t.shape != s]
    if n > config.width:
        wrong.append(f"{n} positions do not fit a core of width {config.width}")
    if wrong:
        raise ValueError("tables of the compiled core: " + "; ".join(wrong))


def log_likelihood(
    config: CoreConfig,
    tables: tuple[np.ndarray, ...],
    data: tuple[np.ndarray, ...],
) -> np.ndarray:
    """Log-likelihood of every list.

    Parameters
    ----------
    config : CoreConfig
    tables : tuple of numpy.ndarray
        ``initial (cell, channel, position)``, ``cue (cell, recalled position, channel, position)``,
        ``scalars (cell, 6)``, ``stop (cell, 2, output)``.
    data : tuple of numpy.ndarray
        ``n_items (cell,)``, ``cell_start (cell + 1,)``, ``recalled (recall,)``, ``offsets (list + 1,)``,
        ``semantic (list, position, position)`` or of size zero.

    Returns
    -------
    numpy.ndarray
        ``(list,)``, natural logarithms.
    """
    require_shapes(config, tables, data[0], data[1], data[4])
    ll = np.empty(data[3].size - 1)
    build_kernel(config, False)(*tables, *data, ll, ll, *tables)
    return ll


def log_likelihood_and_gradient(
    config: CoreConfig,
    tables: tuple[np.ndarray, ...],
    data: tuple[np.ndarray, ...],
    list_weight: np.ndarray | None = None,
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Log-likelihood of every list and the adjoints of the four tables for ``sum(list_weight * ll)``."""
    require_shapes(config, tables, data[0], data[1], data[4])
    ll = np.empty(data[3].size - 1)
    weight = np.ones(ll.size) if list_weight is None else list_weight
    adjoints = tuple(np.zeros(t.shape) for t in tables)
    build_kernel(config, True)(*tables, *data, weight, ll, *adjoints)
    return ll, adjoints
