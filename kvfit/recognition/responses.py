"""The log probability of one response a cell, where cells are single trials and most categories were not chosen."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kvfit.recognition.memory import Evidence

#: End of an interval of evidence that has no criterion there: finite, so that no gradient is infinity times zero.
FAR = 1e6


@dataclass(frozen=True, eq=False)
class Cut:
    """Which part of the evidence a response stands for, in every cell.

    Parameters
    ----------
    criteria : array or tensor
        ``(..., cell, criterion)``, increasing.
    response : array or tensor of int
        ``(cell,)`` category from 1.
    xp : module
        ``numpy`` or ``pytensor.tensor``.
    """

    criteria: Any
    response: Any
    xp: Any

    @cached_property
    def n_criteria(self) -> int:
        """Number of criteria, one fewer than categories."""
        return int(self.criteria.shape[-1] if self.xp is np else self.criteria.type.shape[-1])

    @cached_property
    def lowest(self) -> Any:
        """``(cell,)`` bool: the response is surest "new"."""
        return self.xp.eq(self.response, 1) if self.xp is not np else self.response == 1

    @cached_property
    def highest(self) -> Any:
        """``(cell,)`` bool: the response is surest "old"."""
        top = self.n_criteria + 1
        return self.xp.eq(self.response, top) if self.xp is not np else self.response == top

    @cached_property
    def lower(self) -> Any:
        """``(..., cell)`` criterion below the evidence, far below all where there is none."""
        found = chosen(self.criteria, self.xp.maximum(self.response - 2, 0), self.xp)
        return self.xp.where(self.lowest, -FAR, found)

    @cached_property
    def upper(self) -> Any:
        """``(..., cell)`` criterion above the evidence, far above all where there is none."""
        found = chosen(self.criteria, self.xp.minimum(self.response - 1, self.n_criteria - 1), self.xp)
        return self.xp.where(self.highest, FAR, found)


def log_response(evidence: Evidence, cut: Cut) -> Any:
    """Log probability ``(..., cell)`` of the responses of `cut`: that of one category, at the least cost.

    Evidence may have a method ``log_response(cut)`` of its own. Else, where a category depends on the criteria beside it
    alone (``adjacent``), two neighbouring criteria are evaluated, and all of them where it does not.
    """
    own = getattr(evidence, "log_response", None)
    if own is not None:
        return own(cut)
    xp, category = cut.xp, cut.response - 1
    if cut.n_criteria <= 2 or not getattr(evidence, "adjacent", False):
        return chosen(evidence.log_categories(cut.criteria, xp), category, xp)
    first = xp.clip(category - 1, 0, cut.n_criteria - 2)
    pair = xp.stack([chosen(cut.criteria, first, xp), chosen(cut.criteria, first + 1, xp)], axis=-1)
    return chosen(evidence.log_categories(pair, xp), category - first, xp)


def chosen(table: Any, index: Any, xp: Any) -> Any:
    """One entry of each cell.

    Parameters
    ----------
    table : array or tensor
        ``(..., cell, category)``.
    index : array or tensor of int
        ``(cell,)`` category from 0.
    xp : module

    Returns
    -------
    array or tensor
        ``(..., cell)``.
    """
    return table[..., xp.arange(table.shape[-2]), index]
