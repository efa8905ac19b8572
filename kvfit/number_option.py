"""Options of models that are numbers: any number of a range, not a menu of some."""

from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Any

import numpy as np


@dataclass(frozen=True)
class NumberOption:
    """An option of a model whose value is a number; :class:`kvfit.registry.Option` is one with named values.

    It is for numbers that a model holds and data do not estimate: how many features an item has. What could be estimated is
    a parameter (:class:`kvfit.parameters.Parameter`), which can be held at a value as well.

    Parameters
    ----------
    default : float
    low, high : float
        The range, both ends included: where the model means something and its likelihood is computed exactly.
    meaning : str
        One line.
    unit : str
        What is counted or measured, such as ``features``; empty for pure numbers.
    whole : bool
        Whole numbers only.

    Raises
    ------
    ValueError
        If the default does not lie in the range, or is no whole number where one is needed.
    """

    default: float
    low: float
    high: float
    meaning: str
    unit: str = ""
    whole: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or not all(self.allows(one) for one in (self.low, self.high, self.default)):
            raise ValueError(
                f"{self.meaning}: expected low < high and a default between them,"
                f" {'whole' if self.whole else 'finite'} numbers all; found {self.low!r}, {self.high!r}, {self.default!r}"
            )

    def allows(self, value: Any) -> bool:
        """Whether a value may be given."""
        if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
            return False
        number = float(value)
        return isfinite(number) and self.low <= number <= self.high and (not self.whole or number.is_integer())

    def declared(self, value: Any) -> float:
        """The number as labels have it, however it was written: .70 and 0.7 are one, and so are 20 and 20.0."""
        return int(value) if self.whole else float(value)

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        return f"{self._range}, default {self.default:g}"

    @property
    def expected(self) -> str:
        """The allowed values in words, for messages."""
        return f"a {self._range}"

    @property
    def _range(self) -> str:
        what = "whole number" if self.whole else "number"
        return f"{what} from {self.low:g} to {self.high:g}{f' ({self.unit})' if self.unit else ''}"
