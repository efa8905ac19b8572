"""Fisher information of one participant's observations about a model's parameters, whatever the task.

Everything is in units of each parameter's own prior: an information of 1 is as much as the prior says.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from kvfit.memory_model import MemoryModel
from kvfit.recognition.design import RecognitionDesign
from kvfit.recognition.model import RecognitionModel

_STEP = 1e-4
#: Of the largest singular value: below is zero, as far as differences and quadrature are exact.
_ZERO = 1e-5
#: Cells of recognition at most, evenly chosen: designs with lags have hundreds alike.
_MOST_CELLS = 60
#: Simulated observations of free recall for each parameter: scores of fewer lists would span too small a space.
_LISTS_A_PARAMETER = 8


def scores(
    model: MemoryModel, data: Any, x: np.ndarray, *, similarity: np.ndarray | None = None, seed: int = 0
) -> np.ndarray:
    """Rows whose cross product is the expected Fisher information of one participant's observations.

    Recognition models give probabilities of all responses, whose square roots have derivatives with exactly that cross
    product. Free recall has too many sequences for that: lists are simulated, and their scores (derivatives of the
    log-likelihood) are the rows. Parameters that predict the same are then found exactly, the amount of information up to
    the noise of simulation.

    Parameters
    ----------
    model : MemoryModel
        Bound, without effects of items.
    data : FreeRecallData or RecognitionData
        Of one participant; only the design counts, responses do not.
    x : numpy.ndarray
        ``(parameter,)`` unconstrained scale.
    similarity : numpy.ndarray, optional
        For models with `semantic`.
    seed : int

    Returns
    -------
    numpy.ndarray
        ``(row, parameter)``.

    Notes
    -----
    Rao (1945), Bulletin of the Calcutta Mathematical Society 37, 81-91; for the root form see Amari (2016), Information
    Geometry and Its Applications.
    """
    if isinstance(getattr(model, "base", model), RecognitionModel):
        return scores_of_cells(model, _thinned(model.design(data, similarity)), x)
    return _simulated(model, data, x, similarity, seed)


def natural_around(model: MemoryModel, x: np.ndarray) -> dict[str, np.ndarray]:
    """Natural-scale values ``(2 parameter, participant)`` a step above `x`, parameter by parameter, then below."""
    scale = np.array([p.scale for p in model.parameters])
    points = x + scale * _STEP * np.concatenate([np.eye(x.size), -np.eye(x.size)])
    return {p.name: p.to_natural(points[:, [k]]) for k, p in enumerate(model.parameters)}


def scores_of_cells(model: Any, design: Any, x: np.ndarray) -> np.ndarray:
    """Rows of :func:`scores` for recognition: response categories of cells, all trials of a cell together.

    `design` is of one participant, with or without trials.
    """
    cells: RecognitionDesign = getattr(design, "rows", design)
    roots = np.exp(0.5 * model.log_probabilities(design, natural_around(model, x)))
    roots = roots * 2.0 * np.sqrt(cells.counts.sum(axis=1))[:, None]
    return slopes(roots.reshape(2 * x.size, -1))


def _thinned(design: Any) -> Any:
    """A design with some of its cells, which stand for all."""
    cells: RecognitionDesign = getattr(design, "rows", design)
    if cells.n_cells <= _MOST_CELLS:
        return design
    chosen = np.linspace(0, cells.n_cells - 1, _MOST_CELLS).round().astype(int)
    part = some_cells(cells, chosen)
    weight = cells.counts.sum() / part.counts.sum()
    part = replace(part, counts=part.counts * weight)
    return part if cells is design else replace(design, rows=part)


def some_cells(design: RecognitionDesign, chosen: np.ndarray) -> RecognitionDesign:
    """Some cells of a design, without trials."""
    return replace(
        design,
        participant=design.participant[chosen],
        old=design.old[chosen],
        covariates={name: values[chosen] for name, values in design.covariates.items()},
        levels={name: codes[chosen] for name, codes in design.levels.items()},
        counts=design.counts[chosen],
        cell_of_trial=np.empty(0, np.int64),
        response=np.empty(0, np.int64),
        similarity=None if design.similarity is None else design.similarity[chosen],
    )


def _simulated(model: MemoryModel, data: Any, x: np.ndarray, similarity: np.ndarray | None, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    here = {p.name: p.to_natural(x[[k]]) for k, p in enumerate(model.parameters)}
    around = natural_around(model, x)
    design = model.design(data, similarity)
    times = max(1, -(-_LISTS_A_PARAMETER * x.size // design.n_observations))
    found = []
    for _ in range(times):
        simulated = data.with_responses(model.simulate(design, here, rng))
        found.append(_differences(model, model.design(simulated, similarity), around))
    return np.concatenate(found) / np.sqrt(times)


def observed_scores(model: MemoryModel, data: Any, x: np.ndarray, similarity: np.ndarray | None = None) -> np.ndarray:
    """Scores ``(unit, parameter)`` of the responses that were given, which need no simulation.

    The arguments are those of :func:`scores`. Directions along which these do change are determined; along others other
    responses might tell.
    """
    return _differences(model, model.design(data, similarity), natural_around(model, x))


def _differences(model: MemoryModel, design: Any, around: dict[str, np.ndarray]) -> np.ndarray:
    ll = model.log_likelihood(design, around)
    return slopes(ll)


def slopes(ll: np.ndarray) -> np.ndarray:
    """Derivatives ``(unit, parameter)`` of values ``(2 parameter, unit)`` at the points of :func:`natural_around`."""
    half = len(ll) // 2
    found: np.ndarray = (ll[:half] - ll[half:]).T / (2.0 * _STEP)
    return found


def null_space(rows: np.ndarray) -> np.ndarray:
    """Directions ``(direction, parameter)``, of length 1, along which rows ``(row, parameter)`` say nothing."""
    _, sizes, right = np.linalg.svd(rows, full_matrices=True)
    sizes = np.r_[sizes, np.zeros(len(right) - sizes.size)]
    return right[sizes <= _ZERO * sizes[0]]


def loose(directions: np.ndarray) -> np.ndarray:
    """``(parameter,)`` bool: which parameters take part in any of the directions."""
    return np.asarray(np.abs(directions).max(axis=0, initial=0.0) > 0.01)
