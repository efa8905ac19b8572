"""The match-and-cue recursion written out literally: slow, for reading and for testing the compiled core.

One list at a time, in plain NumPy, sharing no code with :mod:`kvfit.kernels.match_cue` except the names of
its columns. Every output goes through the statements of the model in order:

1. match of what is left to be recalled, floored where the configuration says so;
2. separation: weights of the positions not yet recalled;
3. stopping, from the table or from the match that remains;
4. the recalled item cues what comes next, ``state <- rho state + cue[r] (+ w_sem similarity[r])``.
"""

import numpy as np

from kvfit.kernels.match_cue import (
    CARRY,
    SEMANTIC,
    SEPARATION_A,
    SEPARATION_B,
    STOP_MATCH,
    SUPPORT_FLOOR,
    CoreConfig,
)


def event_probabilities(
    config: CoreConfig,
    tables: tuple[np.ndarray, ...],
    cell: int,
    n_items: int,
    recalled: np.ndarray,
    similarity: np.ndarray | None = None,
) -> np.ndarray:
    """Probability of every possible next response, before the first recall and after each one.

    Parameters
    ----------
    config : CoreConfig
        Its event floor belongs to scoring and plays no part here.
    tables : tuple of numpy.ndarray
        As for :func:`kvfit.kernels.match_cue.log_likelihood`.
    cell : int
        Row of the tables.
    n_items : int
        List length, at most the number of positions of the tables.
    recalled : numpy.ndarray
        ``(recall,)`` study positions from 0, without repeats, in output order.
    similarity : numpy.ndarray, optional
        ``(position, position)``, for configurations with ``semantic=True``.

    Returns
    -------
    numpy.ndarray
        ``(output, response)`` with ``recall + 1`` rows and ``n_items + 1`` columns: the study positions, then
        stopping.
        Rows sum to 1 if the tables are sound; once every item has been recalled, stopping has probability 1.
    """
    return np.exp(_log_events(config, tables, cell, n_items, recalled, similarity))


def list_log_likelihood(
    config: CoreConfig,
    tables: tuple[np.ndarray, ...],
    cell: int,
    n_items: int,
    recalled: np.ndarray,
    similarity: np.ndarray | None = None,
) -> float:
    """Log-probability of one list's recalls and of stopping after them; parameters as above.

    An event less likely than the configuration's event floor counts with the floor (cymr).
    """
    rows = _log_events(config, tables, cell, n_items, recalled, similarity)
    observed = rows[np.arange(len(rows)), [*recalled, n_items]]
    if config.event_floor > 0:
        observed = np.maximum(observed, np.log(config.event_floor))
    return float(observed.sum())


def _log_events(
    config: CoreConfig,
    tables: tuple[np.ndarray, ...],
    cell: int,
    n_items: int,
    recalled: np.ndarray,
    similarity: np.ndarray | None,
) -> np.ndarray:
    """Logarithms of :func:`event_probabilities`, which keep events too rare for a double."""
    initial, cue, scalars, stop = (np.asarray(table)[cell] for table in tables)
    state = initial[:, :n_items].copy()
    left = np.ones(n_items, dtype=bool)
    rows = np.full((len(recalled) + 1, n_items + 1), -np.inf)
    for output in range(len(recalled) + 1):
        if not left.any():
            rows[output, -1] = 0.0
            break
        match = state[0]
        floored = np.maximum(match, scalars[SUPPORT_FLOOR]) if config.support_floor else match
        log_weight = _log_weight(config.separation, floored[left], scalars)
        if config.match_stop:
            raw = floored if config.separation == "softmax" else match
            log_odds = stop[0, output] - scalars[STOP_MATCH] * np.logaddexp.reduce(raw[left])
            log_stop, log_go = -np.logaddexp(0.0, -log_odds), -np.logaddexp(0.0, log_odds)
        else:
            log_stop, log_go = stop[:, output]
        rows[output, :-1][left] = log_go + log_weight - np.logaddexp.reduce(log_weight)
        rows[output, -1] = log_stop
        if output < len(recalled):
            item = recalled[output]
            rho = _carry_over(config.channels, state, item, scalars[CARRY])
            state = rho * state + cue[item, :, :n_items]
            if config.semantic and similarity is not None:
                state[0] += scalars[SEMANTIC] * similarity[item, :n_items]
            left[item] = False
    return rows


def _log_weight(separation: str, match: np.ndarray, scalars: np.ndarray) -> np.ndarray:
    if separation == "softmax":
        return match
    if separation == "power":
        return scalars[SEPARATION_A] * np.log(match)
    return -np.logaddexp(0.0, -scalars[SEPARATION_B] * (match - scalars[SEPARATION_A]))


def _carry_over(channels: int, state: np.ndarray, item: int, carry: float) -> float:
    """Return the constant, or Howard & Kahana's (2002) rho from the overlap: context stays at unit length."""
    if channels == 1:
        return carry
    overlap = state[1, item]
    return float(np.sqrt(1.0 + carry**2 * (overlap**2 - 1.0)) - carry * overlap)
