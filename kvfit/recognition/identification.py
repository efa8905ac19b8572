"""Whether participants' responses can determine a model's parameters: by counting, and by the rank of its predictions."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from kvfit.memory_model import MemoryModel
from kvfit.recognition.design import RecognitionDesign
from kvfit.recognition.model import RecognitionModel

#: Cells of a participant that are looked at first; a design of many cells (lags) rarely needs all of them.
_FEW_CELLS = 24
#: Participants who are tried until one determines everything.
_MOST_PARTICIPANTS = 6
#: Points at which the predictions' derivatives are taken; one alone may be special by accident.
_N_POINTS = 3
_STEP = 1e-4
#: Of the largest singular value: below is zero, as far as differences and quadrature are exact.
_ZERO = 1e-5


def design_objection(model: MemoryModel, data: Any, similarity: np.ndarray | None = None) -> str:
    """Say which parameters of a model these data cannot determine; empty for none, and for tasks without such a check.

    Parameters
    ----------
    model : MemoryModel
    data : FreeRecallData or RecognitionData
    similarity : numpy.ndarray, optional
        For models with `semantic`.

    Returns
    -------
    str
        See `undetermined`.
    """
    if not isinstance(model, RecognitionModel):
        return ""
    bound = model.bind(data)
    return undetermined(bound, bound.design(data, similarity))


def undetermined(model: RecognitionModel, design: RecognitionDesign) -> str:
    """Say which parameters no participant's responses can determine, however many there are.

    Such parameters predict the same responses at different values: the derivatives of the predictions with respect to them
    are linearly dependent. That must be so where there are more parameters than degrees of freedom, K - 1 in each cell of K
    categories, and can be so where there are fewer. In a hierarchical fit their priors decide.

    Parameters
    ----------
    model : RecognitionModel
        Bound.
    design : RecognitionDesign
        Of all participants.

    Returns
    -------
    str
        A sentence for messages and reports; empty where nothing speaks against the parameters.
    """
    label, model, design = model.label, model.with_items(False), design.without_items()
    n_cells = int(np.bincount(design.participant).max())
    degrees = n_cells * (design.n_categories - 1)
    n_free = len(model.parameters)
    names = confounded_parameters(model, design)
    if not names:
        return ""
    advice = (
        f"maximum likelihood cannot determine {_listed(names)}, and in other fits priors decide; use ratings, conditions"
        " (by=, criteria_by=), or hold a parameter at a value"
    )
    if n_free > degrees:
        return (
            f"{label}: {n_free} free parameters a participant, but only {degrees} degrees of freedom ({n_cells} kinds"
            f" of items x {design.n_categories - 1}): {advice}"
        )
    return f"{label}: different values predict the same responses of a participant: {advice}"


def confounded_parameters(model: RecognitionModel, design: RecognitionDesign) -> tuple[str, ...]:
    """Names of the free parameters that no participant's predictions determine, to first order.

    Parameters
    ----------
    model : RecognitionModel
        Bound, without effects of items.
    design : RecognitionDesign

    Returns
    -------
    tuple of str
        In the model's order.
    """
    names = [p.name for p in model.parameters]
    left = np.ones(len(names), dtype=bool)
    for part in _parts(design):
        left &= _loose(model, part)
        if not left.any():
            break
    return tuple(name for name, loose in zip(names, left, strict=True) if loose)


def _parts(design: RecognitionDesign) -> Iterator[RecognitionDesign]:
    """Designs of a few participants, those with most cells first: some of the cells, then all of them."""
    n_cells = np.bincount(design.participant, minlength=design.n_participants)
    for participant in np.argsort(-n_cells, kind="stable")[:_MOST_PARTICIPANTS]:
        cells = np.flatnonzero(design.participant == participant)
        for n in sorted({min(_FEW_CELLS, cells.size), cells.size}):
            yield _cells(design, cells[np.linspace(0, cells.size - 1, n).round().astype(int)])


def _cells(design: RecognitionDesign, chosen: np.ndarray) -> RecognitionDesign:
    """Some cells of one participant, who becomes participant 0; without trials."""
    return replace(
        design,
        participant=np.zeros(chosen.size, np.int64),
        old=design.old[chosen],
        covariates={name: values[chosen] for name, values in design.covariates.items()},
        levels={name: codes[chosen] for name, codes in design.levels.items()},
        counts=design.counts[chosen],
        cell_of_trial=np.empty(0, np.int64),
        response=np.empty(0, np.int64),
        n_participants=1,
        similarity=None if design.similarity is None else design.similarity[chosen],
    )


def _loose(model: RecognitionModel, design: RecognitionDesign) -> np.ndarray:
    """``(parameter,)`` bool: which can move without moving the predictions."""
    parameters = model.parameters
    centre = np.array([p.location for p in parameters])
    scale = np.array([p.scale for p in parameters])
    shifts = np.random.default_rng(0).uniform(-0.5, 0.5, (_N_POINTS, len(parameters)))
    shifts[0] = 0.0
    best = np.eye(len(parameters))
    for shift in shifts:
        # unit steps are prior standard deviations, so that loadings of different parameters can be compared
        steps = _STEP * np.concatenate([np.eye(len(parameters)), -np.eye(len(parameters))])
        points = centre + scale * (shift + steps)
        values = {p.name: p.to_natural(points[:, [k]]) for k, p in enumerate(parameters)}
        # the square root of a probability has derivatives whose products are the Fisher information
        roots = np.exp(0.5 * model.log_probabilities(design, values)).reshape(len(points), -1)
        slopes = (roots[: len(parameters)] - roots[len(parameters) :]) / (2.0 * _STEP)
        left, sizes, _ = np.linalg.svd(slopes)
        sizes = np.r_[sizes, np.zeros(len(left) - len(sizes))]
        null = left[:, sizes <= _ZERO * sizes[0]].T
        best = null if len(null) < len(best) else best
        if not len(best):
            break
    return np.asarray(np.abs(best).max(axis=0, initial=0.0) > 0.01)


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
