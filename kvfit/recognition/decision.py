"""What reads the evidence of a memory: the part of a recognition model that depends on the response scale."""

from collections.abc import Mapping
from typing import Any, Protocol

from kvfit.parameters import Parameter
from kvfit.recognition.scale import Scale


class Decision(Protocol):
    """Turns evidence into probabilities of response categories."""

    @property
    def unit(self) -> str:
        """What responses are cut from, and in which unit, in one clause for readers of reports."""

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

    def log_responses(self, evidence: Any, p: Mapping[str, Any], scale: Scale, response: Any, xp: Any) -> Any:
        """Log probability ``(..., cell)`` of one response a cell, ``(cell,)`` from 1; the rest as above."""

    def by_item(self) -> tuple[str, ...]:
        """Names of the effects of items by default, when effects of items are asked for."""

    @property
    def moves_evidence(self) -> bool:
        """Whether these say where the evidence of old and of new items lies, so that strength needs no effect beside."""
