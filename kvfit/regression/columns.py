"""One parameter's formula bound to data: which values and which changes of a parameter each observation has.

A parameter's value in a condition is a *level* on its natural scale, moved on its unconstrained scale by *shifts*:

    natural(unconstrained(level) + sum_c x_c shift_c)

With an intercept there is one level, the value under average conditions, because the columns x are centred over the
observations: the parameter keeps its name, its meaning and its prior. Without one the first factor's cells are the levels,
each with the parameter's own prior (what the option ``by=`` of recognition models does).
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from kvfit.parameters import Parameter
from kvfit.recognition.binding import level_name
from kvfit.regression.formula import Formula, FormulaError
from kvfit.regression.functions import NUMPY, syntax_problems

#: Prior standard deviation of a shift, relative to that of one person's value. The parameter's interval covers all that
#: persons and experiments may differ by; two conditions of one experiment differ by less.
SHIFT_SHARE = 0.5
_Z90 = 1.6448536269514722


@dataclass(frozen=True, eq=False)
class Columns:
    """Design columns of one parameter.

    Parameters
    ----------
    formula : Formula
    parameter : Parameter
        Of the model without formulas.
    frame : pandas.DataFrame
        The columns of the data that the formula uses, at the observations where the parameter matters; factors are
        ordered categoricals.
    """

    formula: Formula
    parameter: Parameter
    frame: pd.DataFrame

    @cached_property
    def common(self) -> Any:
        """The terms of all persons, as formulae keeps them."""
        return evaluate(self.formula.common, self.frame)

    @cached_property
    def labels(self) -> list[str]:
        """``(column,)`` names that formulae gives."""
        return [str(name) for name in self.common.as_dataframe().columns]

    @cached_property
    def n_levels(self) -> int:
        """How many columns, the first ones, are levels; 0 where there is neither an intercept nor a factor."""
        first = next(iter(self.common.terms.values()))
        if first.kind == "intercept":
            return 1
        width = np.reshape(first.data, (len(self.frame), -1)).shape[1]
        indicators = self.matrix[:, :width]
        return width if np.isin(indicators, (0, 1)).all() and (indicators.sum(axis=1) == 1).all() else 0

    @cached_property
    def matrix(self) -> np.ndarray:
        """``(observation, column)``, not centred."""
        return np.asarray(self.common.design_matrix, dtype=float)

    @cached_property
    def centre(self) -> np.ndarray:
        """``(shift,)`` averages over the observations."""
        return self.matrix[:, self.n_levels :].mean(axis=0)

    @cached_property
    def own(self) -> tuple[str, ...]:
        """Labels of the columns in which persons differ."""
        if not self.formula.own:
            return ()
        return tuple(str(name) for name in evaluate(self.formula.own, self.frame).as_dataframe().columns)

    @cached_property
    def levels(self) -> tuple[Parameter, ...]:
        """A parameter for each level."""
        p = self.parameter
        if self.labels[0] == "Intercept":
            text = f"{p.meaning}, under average conditions"
            return (replace(p, meaning=text, varies="Intercept" in self.own),)
        first = next(iter(self.common.terms.values()))
        return tuple(
            replace(p, name=level_name(p.name, level), meaning=f"{p.meaning}, where {label}", varies=label in self.own)
            for level, label in zip(first.levels, self.labels, strict=False)
        )

    @cached_property
    def shifts(self) -> tuple[Parameter, ...]:
        """A parameter for each shift, on the unconstrained scale."""
        return tuple(self._shift(k) for k in range(self.n_levels, len(self.labels)))

    def _shift(self, column: int) -> Parameter:
        p, label, values = self.parameter, self.labels[column], self.matrix[:, column]
        found = values[values != 0]
        unit = 1.0
        if not np.isin(values, (0, 1)).all():
            # where a factor switches the column off, the zeros say nothing about its spread
            unit = float(found.std()) or float(np.abs(found).max())
        reach = _Z90 * SHIFT_SHARE * p.scale / unit
        scale = {"unit": "log odds", "positive": "logarithm" if p.link == "log" else "softplus scale", "real": "value"}
        per = "in" if unit == 1.0 else "per unit of"
        return Parameter(
            name=f"{p.name}:{label.replace('/', '|')}",
            symbol=f"Δ{p.symbol}",
            support="real",
            interval=(-reach, reach),
            meaning=f"change of the {scale[p.support]} of {p.name} {per} {label}",
            reason=f"{SHIFT_SHARE:g} of the prior standard deviation of {p.name}"
            + ("" if unit == 1.0 else f" for each standard deviation ({unit:.3g}) of {label}"),
            varies=label in self.own,
        )

    def at(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Level ``(row,)`` and values of the shifts' columns ``(row, shift)`` of other observations."""
        matrix = np.asarray(self.common.evaluate_new_data(frame).design_matrix, dtype=float)
        return matrix[:, : self.n_levels].argmax(axis=1), matrix[:, self.n_levels :] - self.centre


def evaluate(text: str, frame: pd.DataFrame) -> Any:
    """Matrix of a formula without persons' effects.

    The text is checked again, because it was put together from names of terms, and names of columns come with the data.

    Raises
    ------
    FormulaError
        If the formula is not made of columns and functions of formulas alone.
    """
    from formulae.environment import Environment
    from formulae.matrices import DesignMatrices
    from formulae.model_description import model_description

    problems = syntax_problems(text)
    if problems:
        raise FormulaError(text, problems)
    with np.errstate(all="ignore"):  # values that are not finite are told with the other problems
        return DesignMatrices(model_description(text), frame, Environment([{"np": NUMPY}])).common
