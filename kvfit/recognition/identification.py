"""Whether one participant's responses can determine a model's parameters, by counting."""

import numpy as np

from kvfit.recognition.design import RecognitionDesign
from kvfit.recognition.model import RecognitionModel


def undetermined(model: RecognitionModel, design: RecognitionDesign) -> str:
    """Say whether the model has more free parameters than one participant's responses have degrees of freedom.

    Each cell of K categories has K - 1 degrees of freedom. More parameters than that cannot be estimated by maximum
    likelihood; in a hierarchical fit their priors decide. Fewer are necessary, not sufficient, for estimates.

    Parameters
    ----------
    model : RecognitionModel
        Bound.
    design : RecognitionDesign
        Of all participants; the one with the most cells counts.

    Returns
    -------
    str
        A sentence for messages and reports; empty where the count does not object.
    """
    n_cells = int(np.bincount(design.participant).max())
    degrees = n_cells * (design.n_categories - 1)
    n_free = len(model.parameters)
    if n_free <= degrees:
        return ""
    return (
        f"{model.label}: {n_free} free parameters a participant, but only {degrees} degrees of freedom ({n_cells} kinds"
        f" of items x {design.n_categories - 1}): maximum likelihood cannot tell them apart and priors decide; use"
        " ratings, conditions (by=, criteria_by=), or hold a parameter at a value"
    )
