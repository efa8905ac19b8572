"""Log-likelihood per list for many posterior draws."""

from collections.abc import Callable, Mapping

import numpy as np

from kvfit.kernels import match_cue
from kvfit.recall.design import RecallDesign
from kvfit.recall.likelihood import cell_tables
from kvfit.recall.model import RecallModel


def pointwise_log_likelihood(
    model: RecallModel,
    design: RecallDesign,
    values: Mapping[str, np.ndarray],
    on_draw: Callable[[], None] | None = None,
) -> np.ndarray:
    """Log-likelihood of every list under every draw, by the same tables and core that the sampler used.

    Parameters
    ----------
    model : RecallModel
    design : RecallDesign
    values : mapping of str to numpy.ndarray
        ``(draw, participant)``, natural scale.
    on_draw : callable, optional
        Called after each draw (progress bars).

    Returns
    -------
    numpy.ndarray
        ``(draw, list)`` in the order of the core.
    """
    core = model.core(design.n_positions)
    n_draws = len(next(iter(values.values())))
    out = np.empty((n_draws, design.n_lists))
    for draw in range(n_draws):
        tables = cell_tables(model, design, {k: v[draw] for k, v in values.items()})
        out[draw] = match_cue.log_likelihood(core, tables, design.core_data)
        if on_draw is not None:
            on_draw()
    return out
