"""What reads the evidence of a memory: the part of a recognition model that depends on the response scale."""

from collections.abc import Mapping
from typing import Any, Protocol

from kvfit.parameters import Parameter
from kvfit.recognition.scale import Scale


class Decision(Protocol):
    """Turns evidence into probabilities of response categories."""

    def parameters(self, scale: Scale) -> tuple[Parameter, ...]:
        """The decision's parameters for a response scale."""

    def by_condition(self, scale: Scale) -> tuple[str, ...]:
        """Names of those that get a value for each level of the column of the option ``criteria_by``."""

    def log_probabilities(self, evidence: Any, p: Mapping[str, Any], scale: Scale, xp: Any) -> Any:
        """Log probability ``(..., cell, category)`` of each category.

        Parameters
        ----------
        evidence : object
            What the memory returned.
        p : mapping of str to array or tensor
            ``(..., cell)`` natural-scale values of the decision's parameters.
        scale : Scale
        xp : module
            ``numpy`` or ``pytensor.tensor``.
        """
