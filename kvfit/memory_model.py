"""What fitting and comparison ask of a model, whatever the task."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from kvfit.parameters import Parameter


def label_of(name: str, options: Mapping[str, Any]) -> str:
    """Name with options, e.g. ``kv_recall(query=value)``; the registry reads it back."""
    inside = ", ".join(f"{k}={options[k]}" for k in sorted(options))
    return f"{name}({inside})" if inside else name


class Design(Protocol):
    """The responses of a data set, laid out for a model's likelihood."""

    @property
    def n_participants(self) -> int:
        """Number of participants."""

    @property
    def n_observations(self) -> int:
        """Number of observations: lists of free recall, test trials of recognition."""

    @property
    def unit_of_observation(self) -> np.ndarray:
        """``(observation,)`` which unit's log-likelihood each observation has, in the data's order.

        A unit is what the likelihood evaluates once: a list, or the trials of a design cell that got the same response.
        """

    def one_participant(self, participant: int) -> "Design":
        """The part of one participant."""


class Objective(Protocol):
    """Log-likelihood of a design whose observations share one set of parameters; unconstrained scale, nothing compiled."""

    def values(self, points: np.ndarray) -> np.ndarray:
        """Log-likelihood at ``(point, parameter)``; -inf where it is not finite."""

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Log-likelihood at ``(parameter,)`` and its gradient."""


class MemoryModel(Protocol):
    """One fully specified model of a task; see :class:`~kvfit.recall.model.RecallModel` for the attributes' meaning."""

    @property
    def name(self) -> str:
        """Name in the registry."""

    @property
    def task(self) -> str:
        """``free_recall`` or ``recognition``."""

    @property
    def observed(self) -> str:
        """Name of the observed variable, as in ``log_likelihood`` of a fit."""

    @property
    def label(self) -> str:
        """Name with options."""

    @property
    def title(self) -> str:
        """What it is, for reports."""

    @property
    def claim(self) -> str:
        """What it claims about memory, for reports."""

    @property
    def reference(self) -> str:
        """Where it comes from."""

    @property
    def options(self) -> Mapping[str, Any]:
        """Options that differ from the defaults."""

    @property
    def fixed(self) -> Mapping[str, float]:
        """Parameters held at a value."""

    @property
    def semantic(self) -> bool:
        """Whether similarities of items enter."""

    @property
    def all_parameters(self) -> tuple[Parameter, ...]:
        """The parameters, the fixed ones included."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The free parameters."""

    def bind(self, data: Any) -> "MemoryModel":
        """The model for these data: what depends on them (number of rating categories, conditions) is fixed."""

    def design(self, data: Any, similarity: np.ndarray | None = None) -> Any:
        """Lay out the responses."""

    def objective(self, design: Any) -> Objective:
        """Log-likelihood of a participant's design."""

    def observe(self, name: str, design: Any, values: Mapping[str, Any]) -> Any:
        """Register the observed responses in the current PyMC model; `values` are ``(participant,)``, natural scale."""

    def log_likelihood(self, design: Any, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """``(draw, unit)`` for values ``(draw, participant)`` on the natural scale."""

    def simulate(self, design: Any, values: Mapping[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
        """Responses to all observations, as the data's `with_responses` takes them, for values ``(participant,)``."""
