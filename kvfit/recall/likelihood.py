"""Log-likelihood and simulation of free recall for given parameter values."""

from collections.abc import Mapping

import numpy as np

from kvfit.kernels import match_cue, match_cue_simulate
from kvfit.recall.design import RecallDesign
from kvfit.recall.model import RecallModel


def cell_tables(model: RecallModel, design: RecallDesign, values: Mapping[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """NumPy tables of every cell of a design, for values ``(participant,)``."""
    p = {name: np.asarray(v, dtype=float)[design.cell_participant] for name, v in values.items()}
    tables = model.tables(p, design.cell_length, design.n_positions, np)
    return tuple(np.ascontiguousarray(t, dtype=float) for t in tables)


def list_log_likelihood(model: RecallModel, design: RecallDesign, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Log-likelihood of every list ``(list,)`` in the order of the core, for values ``(participant,)``."""
    core = model.core(design.n_positions)
    return match_cue.log_likelihood(core, cell_tables(model, design, values), design.core_data)


def simulate_responses(
    model: RecallModel,
    design: RecallDesign,
    values: Mapping[str, np.ndarray],
    rng: np.random.Generator,
) -> np.ndarray:
    """Recall sequences ``(list, output)`` in the data's list order, Penn coding.

    Raises
    ------
    ValueError
        If values are so extreme that there are no probabilities to draw from.
    """
    tables = cell_tables(model, design, values)
    # stopping may have probability 0, of which the tables hold the logarithm
    lost = np.any([~(np.isfinite(t) | (t == -np.inf)).reshape(len(t), -1).all(axis=1) for t in tables], axis=0)
    if lost.any():
        people = ", ".join(str(j + 1) for j in np.unique(design.cell_participant[lost])[:10])
        raise ValueError(
            f"{model.label}: no probabilities of recalls at the values of participant number {people}; use less extreme"
            " values"
        )
    drawn = match_cue_simulate.simulate(
        model.core(design.n_positions),
        tables,
        design.cell_length,
        design.cell_start,
        design.semantic,
        rng,
    )
    out = np.empty_like(drawn)
    out[design.order] = drawn
    return out
