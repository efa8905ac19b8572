"""Log-likelihood of one participant's recognition responses on the unconstrained scale, in NumPy."""

from typing import TYPE_CHECKING

import numpy as np

from kvfit.recognition.design import RecognitionDesign

if TYPE_CHECKING:
    from kvfit.recognition.model import RecognitionModel

#: Step of the central differences on the unconstrained scale, where parameters are of order one: the error is of
#: the order of its square, and of rounding divided by it.
_STEP = 1e-5


class RecognitionObjective:
    """Log-likelihood of a design whose cells share one set of parameters, with its gradient.

    All points of a call, or all steps of the central differences, are evaluated together as one array.

    Parameters
    ----------
    model : RecognitionModel
        Bound to data.
    design : RecognitionDesign
        Of one participant.
    """

    def __init__(self, model: "RecognitionModel", design: RecognitionDesign) -> None:
        if design.n_participants != 1:
            raise ValueError(f"objective: expected the design of one participant, found {design.n_participants}")
        self.model = model
        self.design = design
        self.parameters = model.parameters
        k = len(self.parameters)
        self.steps = np.concatenate([np.zeros((1, k)), _STEP * np.eye(k), -_STEP * np.eye(k)])

    def values(self, points: np.ndarray) -> np.ndarray:
        """Log-likelihood at ``(point, parameter)`` points, evaluated together; -inf where it is not finite."""
        natural = {p.name: p.to_natural(points[:, i, None]) for i, p in enumerate(self.parameters)}
        with np.errstate(all="ignore"):
            if self.design.of_trials:
                values = self.model.log_responses(self.design, natural, self.design.response).sum(axis=-1)
            else:
                table = self.model.log_probabilities(self.design, natural)
                values = np.einsum("...ck,ck->...", table, self.design.counts)
        values = np.broadcast_to(values, len(points))
        return np.where(np.isfinite(values), values, -np.inf)

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Log-likelihood at ``(parameter,)`` and its gradient by central differences."""
        values = self.values(x + self.steps)
        k = x.size
        with np.errstate(invalid="ignore"):
            gradient = (values[1 : k + 1] - values[k + 1 :]) / (2 * _STEP)
        return float(values[0]), gradient
