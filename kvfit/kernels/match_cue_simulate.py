"""Sampling recall sequences from the tables that the likelihood scores."""

from functools import cache
from typing import Any

import numpy as np
from numba import njit

from kvfit.kernels.match_cue import (
    CARRY,
    SEMANTIC,
    SEPARATION_A,
    SEPARATION_B,
    SEPARATIONS,
    STOP_MATCH,
    SUPPORT_FLOOR,
    CoreConfig,
    require_shapes,
)


@cache
def _sampler(channels: int, separation: int, match_stop: bool, semantic: bool, support_floor: bool) -> Any:
    K = channels
    SEP = separation
    MATCH = 1 if match_stop else 0
    SEM = 1 if semantic else 0
    FLOOR = 1 if support_floor else 0

    @njit(cache=True, nogil=True, error_model="numpy")
    def sample(initial, cue, scalars, stop, n_items, cell_start, similarity, rng, responses):  # type: ignore[no-untyped-def]
        n_positions = initial.shape[2]
        state = np.empty((K, n_positions))
        logw = np.empty(n_positions)
        available = np.empty(n_positions, np.bool_)
        for c in range(cell_start.size - 1):
            n = n_items[c]
            carry = scalars[c, CARRY]
            a = scalars[c, SEPARATION_A]
            b = scalars[c, SEPARATION_B]
            floor = scalars[c, SUPPORT_FLOOR]
            for l in range(cell_start[c], cell_start[c + 1]):
                state[:] = initial[c]
                for i in range(n_positions):
                    available[i] = i < n
                for o in range(n):
                    top = -np.inf
                    for i in range(n):
                        if available[i]:
                            s = state[0, i]
                            if FLOOR:
                                s = max(s, floor)
                            if SEP == 0:
                                logw[i] = s
                            elif SEP == 1:
                                logw[i] = a * np.log(s)
                            else:
                                x = b * (s - a)
                                logw[i] = min(x, 0.0) - np.log1p(np.exp(-abs(x)))
                            top = max(top, logw[i])
                    total = 0.0
                    for i in range(n):
                        if available[i]:
                            logw[i] = np.exp(logw[i] - top)
                            total += logw[i]
                    if MATCH:
                        match = top + np.log(total)
                        if SEP != 0:
                            high = -np.inf
                            for i in range(n):
                                if available[i]:
                                    high = max(high, state[0, i])
                            raw = 0.0
                            for i in range(n):
                                if available[i]:
                                    raw += np.exp(state[0, i] - high)
                            match = high + np.log(raw)
                        p_stop = 1.0 / (1.0 + np.exp(-(stop[c, 0, o] - scalars[c, STOP_MATCH] * match)))
                    else:
                        p_stop = np.exp(stop[c, 0, o])
                    if rng.random() < p_stop:
                        break
                    target = rng.random() * total
                    r = -1
                    for i in range(n):
                        if available[i]:
                            r = i
                            target -= logw[i]
                            if target < 0.0:
                                break
                    responses[l, o] = r + 1
                    available[r] = False
                    rho = carry
                    if K == 2:
                        u = state[1, r]
                        rho = np.sqrt(1.0 + carry * carry * (u * u - 1.0)) - carry * u
                    for k in range(K):
                        for i in range(n_positions):
                            state[k, i] = rho * state[k, i] + cue[c, r, k, i]
                    if SEM:
                        for i in range(n_positions):
                            state[0, i] += scalars[c, SEMANTIC] * similarity[l, r, i]

    return sample


def simulate(
    config: CoreConfig,
    tables: tuple[np.ndarray, ...],
    n_items: np.ndarray,
    cell_start: np.ndarray,
    similarity: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw one recall sequence for every list.

    Parameters
    ----------
    config : CoreConfig
        Event floors belong to scoring and play no part here.
    tables : tuple of numpy.ndarray
        As for :func:`kvfit.kernels.match_cue.log_likelihood`.
    n_items, cell_start, similarity : numpy.ndarray
        As there.
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray
        ``(list, output)`` int16 in the Penn coding: study positions from 1, 0 after the last recall.
    """
    require_shapes(config, tables, n_items, cell_start, similarity)
    responses = np.zeros((int(cell_start[-1]), tables[0].shape[2]), np.int16)
    sampler = _sampler(
        config.channels,
        SEPARATIONS.index(config.separation),
        config.match_stop,
        config.semantic,
        config.support_floor,
    )
    sampler(*tables, n_items, cell_start, similarity, rng, responses)
    return responses
