"""Random tables and recalls for the compiled core, kept off any model."""

from dataclasses import dataclass

import numpy as np

from kvfit.kernels.match_cue import (
    CARRY,
    N_SCALARS,
    SEMANTIC,
    SEPARATION_A,
    SEPARATION_B,
    STOP_MATCH,
    SUPPORT_FLOOR,
    CoreConfig,
)
from kvfit.kernels.reference import list_log_likelihood

Arrays = tuple[np.ndarray, ...]

#: Every channel, separation, stopping, semantic and floor setting with most of the others, at one width.
CONFIGS = {
    "plain": CoreConfig(8),
    "drift": CoreConfig(8, channels=2),
    "match stop, semantic": CoreConfig(8, match_stop=True, semantic=True),
    "drift, match stop, floor": CoreConfig(8, channels=2, match_stop=True, support_floor=True),
    "power": CoreConfig(8, separation="power", support_floor=True),
    "power, drift, match stop, semantic": CoreConfig(
        8, channels=2, separation="power", match_stop=True, semantic=True, support_floor=True
    ),
    "threshold, match stop": CoreConfig(8, separation="threshold", match_stop=True),
    "threshold, drift, semantic, floor": CoreConfig(
        8, channels=2, separation="threshold", semantic=True, support_floor=True
    ),
    "event floor, drift, floor": CoreConfig(8, channels=2, support_floor=True, event_floor=0.1),
    "event floor, match stop": CoreConfig(8, match_stop=True, event_floor=0.1),
}


@dataclass(frozen=True, eq=False)
class Case:
    """Tables and data of the core."""

    config: CoreConfig
    tables: Arrays
    data: Arrays

    def literal(self) -> np.ndarray:
        """Log-likelihood ``(list,)`` by the literal evaluation."""
        n_items, cell_start, recalled, offsets, semantic = self.data
        cell = np.repeat(np.arange(n_items.size), np.diff(cell_start))
        return np.array(
            [
                list_log_likelihood(
                    self.config,
                    self.tables,
                    int(c),
                    int(n_items[c]),
                    recalled[offsets[i] : offsets[i + 1]],
                    semantic[i] if semantic.size else None,
                )
                for i, c in enumerate(cell)
            ]
        )


def random_case(config: CoreConfig, n_items: list[int], rng: np.random.Generator, size: float = 1.0) -> Case:
    """Make a case whose lists recall nothing, one item, all items and some items.

    Parameters
    ----------
    config : CoreConfig
    n_items : list of int
        List length of each cell.
    rng : numpy.random.Generator
    size : float
        Matches and cues lie between 0 and about `size`; drifting matches must stay below 1 in overlap, which
        they do.
    """
    n, cells, channels = max(n_items), len(n_items), config.channels
    initial = rng.uniform(0.1, 1.0, (cells, channels, n))
    cue = rng.uniform(0.05, 0.5, (cells, n, channels, n))
    initial[:, 0] *= size
    cue[:, :, 0] *= size
    initial[:, 1:] *= 0.5
    cue[:, :, 1:] *= 0.3
    scalars = np.zeros((cells, N_SCALARS))
    scalars[:, CARRY] = rng.uniform(0.2, 0.8, cells)
    scalars[:, SEPARATION_A] = rng.uniform(1.0, 3.0, cells) if config.separation == "power" else 0.5
    scalars[:, SEPARATION_B] = rng.uniform(1.0, 3.0, cells)
    scalars[:, STOP_MATCH] = rng.uniform(0.2, 1.0, cells)
    # without weight the match cannot hide what stopping does once nothing is left to recall
    scalars[-1, STOP_MATCH] = 0.0
    scalars[:, SEMANTIC] = 0.3
    # between the smallest and the largest matches, so that it decides for some positions
    scalars[:, SUPPORT_FLOOR] = 0.35 * size
    logit = rng.normal(size=(cells, 2, n + 1))
    if not config.match_stop:
        logit = np.stack([-np.logaddexp(0, -logit[:, 0]), -np.logaddexp(0, logit[:, 0])], axis=1)
    recalls = []
    for length in n_items:
        counts = [0, 1, length, length - 1, int(rng.integers(0, length + 1))]
        recalls += [rng.permutation(length)[:m] for m in counts]
    lists = len(recalls)
    data = (
        np.array(n_items, dtype=np.int64),
        np.arange(cells + 1) * (lists // cells),
        np.concatenate(recalls).astype(np.int64),
        np.cumsum([0, *map(len, recalls)]),
        rng.uniform(0, 1, (lists, n, n)) if config.semantic else np.zeros((0, 0, 0)),
    )
    return Case(config, (initial, cue, scalars, logit), data)
