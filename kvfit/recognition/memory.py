"""What a memory offers to a decision: evidence for every design cell, and the columns of the data that it needs.

A memory knows nothing of rating scales, participants or samplers. A decision (:mod:`kvfit.recognition.ratings`,
:mod:`kvfit.recognition.states`) turns its evidence into probabilities of response categories.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from kvfit.parameters import Parameter


class Cells(Protocol):
    """What a memory may know of the design cells: all constants, in NumPy, whatever `xp` is."""

    @property
    def old(self) -> np.ndarray:
        """``(cell,)`` bool: whether the items were studied."""

    @property
    def covariates(self) -> Mapping[str, np.ndarray]:
        """Columns that the memory asked for, float ``(cell,)``; 0 at new items for what is about study."""

    @property
    def similarity(self) -> np.ndarray | None:
        """``(cell, studied item)`` similarity of the probe with each studied item, for memories with `semantic`.

        0 for an item with itself and beyond a list's end, as :func:`kvfit.read_similarity` gives it.
        """


class Evidence(Protocol):
    """A distribution of evidence in every cell, for memories that are read through criteria."""

    def log_categories(self, criteria: Any, xp: Any) -> Any:
        """Log probability ``(..., cell, category)`` of falling between increasing criteria ``(..., cell, criterion)``.

        Below the first, between neighbours, above the last. ``xp`` is ``numpy`` or ``pytensor.tensor``.
        """


@dataclass(frozen=True)
class Covariate:
    """A column of the trials that a memory uses.

    Parameters
    ----------
    name : str
        A column such as ``list_length``, ``lag`` or ``n_presentations``.
    meaning : str
        One line, for the message when it is missing.
    studied : bool
        It is about the study of an item: new items have none and get 0.
    default : float, optional
        Value in data without the column; without a default such data are refused.
    examples : tuple of float
        Plausible values, on which :func:`kvfit.check_model` tries the model.
    least : float, optional
        Smallest value that has a meaning; data with a smaller one are refused.
    """

    name: str
    meaning: str
    studied: bool = False
    default: float | None = None
    examples: tuple[float, ...] = (1.0, 2.0)
    least: float | None = None


#: ``evidence(p, cells, xp)``: `p` maps names to natural-scale values ``(..., cell)``.
EvidenceFunction = Callable[[Mapping[str, Any], Cells, Any], Any]


@dataclass(frozen=True)
class Memory:
    """A memory as a distribution of evidence (or of states) given its parameters.

    Parameters
    ----------
    parameters : tuple of Parameter
    evidence : callable
        ``evidence(p, cells, xp)``, where `p` maps each parameter's name to values ``(..., cell)``, `cells` is
        :class:`Cells` and `xp` is ``numpy`` (leading axes: draws or points) or ``pytensor.tensor`` (no leading axes). It
        returns what the decision reads: an :class:`Evidence` for ratings, log probabilities of states for a mapping. The
        same formula must serve both modules.
    covariates : tuple of Covariate
        Trials that differ in them stand in different cells.
    by_condition : tuple of str
        Parameters that get a value for each level of the column named by the option ``by``.
    by_item : tuple of str
        Parameters in which items differ by default when effects of items are asked for, beside the decision's. Without
        any it is the first of `by_condition` where the decision has states, and none where it has criteria.
    semantic : bool
        Whether similarities of items enter; then each trial is a cell of its own.
    """

    parameters: tuple[Parameter, ...]
    evidence: EvidenceFunction
    covariates: tuple[Covariate, ...] = ()
    by_condition: tuple[str, ...] = ()
    by_item: tuple[str, ...] = ()
    semantic: bool = False
