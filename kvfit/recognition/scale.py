"""The response scale as a decision sees it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Number of categories and which of them mean "old".

    Parameters
    ----------
    n_categories : int
        K, from surest "new" to surest "old".
    old_from : int
        First category that means "old", counted from 1.
    """

    n_categories: int
    old_from: int

    @property
    def n_new(self) -> int:
        """Number of categories that mean "new"."""
        return self.old_from - 1

    @property
    def n_old(self) -> int:
        """Number of categories that mean "old"."""
        return self.n_categories - self.n_new


#: What a model shows of its parameters before it meets data: the smallest scale with every kind of parameter.
GENERAL_SCALE = Scale(n_categories=4, old_from=3)
