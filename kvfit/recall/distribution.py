"""Free recall as a PyMC distribution over the recall sequences of every list."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from kvfit.kernels import match_cue_simulate
from kvfit.kernels.match_cue_op import match_cue_log_likelihood
from kvfit.kernels.scored_recalls_op import ScoredRecalls
from kvfit.recall.design import RecallDesign
from kvfit.recall.model import RecallModel
from kvfit.shared_data import shared_data

_TABLE_NDIM = (3, 4, 2, 3)


def scored_matrix(design: RecallDesign) -> np.ndarray:
    """Scored recalls as ``(list, output)``: study positions from 1, 0 after the last, in the order of the core."""
    counts = np.diff(design.offsets)
    matrix = np.zeros((design.n_lists, design.n_positions), np.int64)
    row = np.repeat(np.arange(design.n_lists), counts)
    column = np.arange(design.recalled.size) - np.repeat(design.offsets[:-1], counts)
    matrix[row, column] = design.recalled + 1
    return matrix


def observe_recalls(name: str, model: RecallModel, design: RecallDesign, values: Mapping[str, Any]) -> Any:
    """Register the observed recalls of a design in the current PyMC model.

    Parameters
    ----------
    name : str
        Name of the variable.
    model : RecallModel
    design : RecallDesign
        Holds the observed recalls.
    values : mapping of str to TensorVariable
        ``(participant,)``, natural scale.

    Returns
    -------
    TensorVariable
        Its log-probability has one entry a list, so that PSIS-LOO works on lists; its `random` draws from the same
        tables.
    """
    if not np.array_equal(design.cell_participant, np.arange(design.n_participants)):
        values = {name: value[design.cell_participant] for name, value in values.items()}
    tables = model.tables(values, design.cell_length, design.n_positions, pt)
    # the core has lists in another order than the data, whose numbers label them
    coords = {"list": design.order, "output": np.arange(1, design.n_positions + 1)}
    pm.modelcontext(None).add_coords(coords)
    core = model.core(design.n_positions)
    cell_length, cell_start, _, _, semantic = design.core_data

    def logp(value: Any, *parameters: Any) -> Any:
        recalled, offsets = ScoredRecalls()(value.astype("int64"))
        data = (*map(pt.constant, (cell_length, cell_start)), recalled, offsets, pt.constant(semantic))
        return match_cue_log_likelihood(core, _without_batch(parameters[:4]), data)

    def random(*parameters: np.ndarray, rng: np.random.Generator, size: Any = None) -> np.ndarray:
        drawn = match_cue_simulate.simulate(
            core,
            tuple(np.ascontiguousarray(t, dtype=float) for t in _without_batch(parameters[:4])),
            cell_length,
            cell_start,
            semantic,
            rng,
        )
        return drawn.astype(np.int64)

    observed = scored_matrix(design)
    # The last argument only lends its shape, from which the shape of a draw is inferred.
    return pm.CustomDist(
        name,
        *tables,
        np.zeros(observed.shape, np.int64),
        logp=logp,
        random=random,
        signature="(c,k,n),(c,m,k,n),(c,s),(c,two,t),(o)->(o)",
        dtype="int64",
        observed=shared_data(f"{name}_observed", observed),
        dims=("list", "output"),
    )


def _without_batch(tables: tuple[Any, ...]) -> tuple[Any, ...]:
    """Tables without the leading axis that PyMC adds because the lists are the distribution's batch."""
    return tuple(t[0] if t.ndim > ndim else t for t, ndim in zip(tables, _TABLE_NDIM, strict=True))
