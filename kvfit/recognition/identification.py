"""Whether participants' responses can determine a model's parameters: by counting, and by the rank of its predictions."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from kvfit.identifiability.information import loose, null_space, scores_of_cells, some_cells
from kvfit.recognition.design import RecognitionDesign
from kvfit.recognition.model import RecognitionModel

#: Cells of a participant that are looked at first; a design of many cells (lags) rarely needs all of them.
_FEW_CELLS = 24
#: Participants who are tried until one determines everything.
_MOST_PARTICIPANTS = 6
#: Points at which the predictions' derivatives are taken; one alone may be special by accident.
_N_POINTS = 3


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
    if n_free > degrees:
        return (
            f"{label}: {n_free} free parameters a participant, but only {degrees} degrees of freedom ({n_cells} kinds"
            f" of items x {design.n_categories - 1}): {advice(names)}"
        )
    return f"{label}: different values predict the same responses of a participant: {advice(names)}"


def advice(names: tuple[str, ...]) -> str:
    """What follows for parameters that responses cannot determine."""
    return (
        f"maximum likelihood cannot determine {listed(names)}, and in other fits priors decide; use ratings, conditions"
        " (by=, criteria_by=), or hold a parameter at a value"
    )


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
            part = some_cells(design, cells[np.linspace(0, cells.size - 1, n).round().astype(int)])
            yield replace(part, participant=np.zeros(n, np.int64), n_participants=1)


def _loose(model: RecognitionModel, design: RecognitionDesign) -> np.ndarray:
    """``(parameter,)`` bool: which can move without moving the predictions."""
    parameters = model.parameters
    centre = np.array([p.location for p in parameters])
    scale = np.array([p.scale for p in parameters])
    shifts = np.random.default_rng(0).uniform(-0.5, 0.5, (_N_POINTS, len(parameters)))
    shifts[0] = 0.0
    best = np.eye(len(parameters))
    for shift in shifts:
        null = null_space(scores_of_cells(model, design, centre + scale * shift))
        best = null if len(null) < len(best) else best
        if not len(best):
            break
    return loose(best)


def listed(names: tuple[str, ...]) -> str:
    """Names as words: ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
