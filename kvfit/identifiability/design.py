"""What a design cannot determine about a model's parameters, however many observations there are."""

from typing import Any

import numpy as np

from kvfit.identifiability.information import loose, null_space, observed_scores, scores
from kvfit.items import effects_of_items
from kvfit.memory_model import MemoryModel
from kvfit.recognition.identification import listed, undetermined
from kvfit.recognition.model import RecognitionModel

#: Participants who are tried until one determines everything.
_TRIED = 6
#: Points at which rank is judged; one alone may be special by accident.
_N_POINTS = 3


def design_objection(model: MemoryModel, data: Any, similarity: np.ndarray | None = None) -> str:
    """Say which parameters of a model these data cannot determine, however many there are; empty for none.

    Parameters
    ----------
    model : MemoryModel
    data : FreeRecallData or RecognitionData
    similarity : numpy.ndarray, optional
        For models with `semantic`.

    Returns
    -------
    str
        A sentence for messages and reports.
    """
    bound = model.bind(data)
    if isinstance(bound, RecognitionModel):
        # counts degrees of freedom too, and does with a few cells where trials have hundreds of lags
        return undetermined(bound, bound.design(data, similarity))
    names = loose_parameters(bound, data, similarity)
    if not names:
        return ""
    return (
        f"{bound.label}: different values of {listed(names)} predict the same responses: priors decide; hold one of them at"
        " a value, or leave a term out"
    )


def loose_parameters(model: MemoryModel, data: Any, similarity: np.ndarray | None = None) -> tuple[str, ...]:
    """Names of the parameters that can change, one for another, without changing what is predicted of anybody.

    Parameters
    ----------
    model : MemoryModel
    data : FreeRecallData or RecognitionData
    similarity : numpy.ndarray, optional

    Returns
    -------
    tuple of str
        In the model's order.
    """
    model = without_items(model.bind(data))
    centre, scale = prior_of(model)
    shifts = np.random.default_rng(0).uniform(-0.5, 0.5, (_N_POINTS, centre.size))
    shifts[0] = 0.0
    people = np.argsort(-np.bincount(data.participant), kind="stable")[:_TRIED]
    best = np.eye(centre.size)
    parts = [of_participant(data, similarity, int(person)) for person in people]
    for shift in shifts:
        at = centre + scale * shift
        for take in (observed_scores, scores):  # simulation only where what people did leaves a question
            rows = np.zeros((0, centre.size))
            for part, similar in parts:
                rows = np.concatenate([rows, take(model, part, at, similarity=similar)])
                null = null_space(rows)
                if not len(null):
                    return ()
        best = null if len(null) < len(best) else best
    free = loose(best)
    return tuple(p.name for p, one in zip(model.parameters, free, strict=True) if one)


def prior_of(model: MemoryModel) -> tuple[np.ndarray, np.ndarray]:
    """Location and scale ``(parameter,)`` of the priors, unconstrained scale."""
    return np.array([p.location for p in model.parameters]), np.array([p.scale for p in model.parameters])


def without_items(model: MemoryModel) -> MemoryModel:
    """The model without effects of items, which are no parameters of a participant."""
    from kvfit.registry import with_items

    return with_items(model, "none") if effects_of_items(model) else model


def of_participant(data: Any, similarity: np.ndarray | None, person: int) -> tuple[Any, np.ndarray | None]:
    """Data and similarities of one participant."""
    part = data.select(participants=[data.participants[person]])
    return part, None if similarity is None else similarity[np.asarray(data.participant) == person]
