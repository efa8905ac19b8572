"""What conditions do to parameters, on the natural scale: marginal means and contrasts with intervals."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from kvfit.inference.fit import Fit
from kvfit.regression.columns import Columns
from kvfit.regression.model import RegressionModel


def effects(fit: Fit, interval: float = 0.9) -> pd.DataFrame:
    """Parameters by condition, and how they differ, for the typical person.

    Of each parameter with a formula: its value at each level of every factor, averaged with equal weights over the
    combinations of the other factors that occur in the data (numbers at their mean), and all differences between levels; of
    a number the values one standard deviation below and above its mean, and their difference. With two or more factors
    also the value under each combination.

    Parameters
    ----------
    fit : Fit
        Of a model with formulas.
    interval : float
        Probability of the equal-tailed intervals.

    Returns
    -------
    pandas.DataFrame
        One row an effect: ``parameter``, ``kind`` (``value`` or ``difference``), ``effect`` (in words), ``mean``, ``lower``,
        ``upper`` on the parameter's natural scale, and ``probability``: the posterior probability that a difference has the
        direction of its mean (NaN for values).

    Raises
    ------
    ValueError
        If the model has no formulas.

    Notes
    -----
    The typical person has the population's means on the unconstrained scale; without a population (``pooling="none"``) it is
    the average over these persons, on the natural scale.
    """
    if not isinstance(fit.model, RegressionModel):
        raise ValueError(
            f'{fit.label}: has no formulas; fit it with formula={{"PARAMETER": "~ CONDITION + (1 | subject)"}}'
        )
    values = typical_values(fit)
    rows: list[dict[str, Any]] = []
    for name, columns in fit.model.columns.items():
        for kind, text, draws in contrasts(columns, values):
            rows.append({"parameter": name, "kind": kind, "effect": text} | _summary(draws, kind, interval))
    return pd.DataFrame(rows, columns=["parameter", "kind", "effect", "mean", "lower", "upper", "probability"])


def typical_values(fit: Fit) -> dict[str, np.ndarray]:
    """Draws ``(draw, person)`` of every parameter: of one typical person, or of all persons without a population."""
    posterior = fit.tree["posterior"]
    out = {}
    for p in fit.model.parameters:
        if "population_mean" in posterior:
            mean = posterior["population_mean"].sel(parameter=p.name).transpose("chain", "draw").to_numpy()
            out[p.name] = p.to_natural(mean.reshape(-1, 1))
        else:
            persons = posterior[p.name].transpose("chain", "draw", "participant").to_numpy()
            out[p.name] = persons.reshape(-1, persons.shape[2])
    return out


def _at(columns: Columns, values: Mapping[str, np.ndarray], frame: pd.DataFrame) -> np.ndarray:
    """``(draw, row)`` values of the parameter under the conditions of a table, averaged over persons."""
    level, shift = columns.at(frame)
    p = columns.parameter
    of_levels = [p.to_unconstrained(values[one.name]) for one in columns.levels]
    out = []
    for k, x in zip(level, shift, strict=True):
        moved = of_levels[k] + sum(values[one.name] * step for one, step in zip(columns.shifts, x, strict=True))
        out.append(p.to_natural(moved).mean(axis=1))
    return np.stack(out, axis=1)


def contrasts(columns: Columns, values: Mapping[str, np.ndarray]) -> list[tuple[str, str, np.ndarray]]:
    """Kind, words and draws ``(draw,)`` of every effect of one parameter, for values ``(draw, person)``."""
    frame = columns.frame
    names = [str(v) for v in frame]
    factors = [v for v in names if isinstance(frame[v].dtype, pd.CategoricalDtype)]
    # a number in a function of formulae may be a factor, C(session), whose mean is no level
    as_factor = [v for v in names if v not in factors and _counted(columns, v)]
    numbers = [v for v in names if v not in factors and v not in as_factor]
    factors += as_factor
    middle = {v: float(frame[v].mean()) for v in numbers}
    cells = frame[factors].drop_duplicates().sort_values(factors) if factors else pd.DataFrame(index=[0])
    cells = cells.assign(**middle)[names].reset_index(drop=True)
    of_cells = _at(columns, values, cells) if names else np.zeros((0, 0))
    found: list[tuple[str, str, np.ndarray]] = []
    if len(factors) > 1:
        words = [", ".join(f"{v} = {_word(row[v])}" for v in factors) for _, row in cells.iterrows()]
        found += [("value", text, draws) for text, draws in zip(words, of_cells.T, strict=True)]
    for v in factors:
        levels = list(dict.fromkeys(cells[v]))
        means = {x: of_cells[:, (cells[v] == x).to_numpy()].mean(axis=1) for x in levels}
        found += [("value", f"{v} = {_word(x)}", draws) for x, draws in means.items()]
        found += [
            ("difference", f"{v}: {_word(b)} − {_word(a)}", means[b] - means[a]) for a, b in combinations(levels, 2)
        ]
    for v in numbers:
        sd = float(frame[v].std(ddof=0))
        ends = []
        for sign, word in ((-1, "below"), (1, "above")):
            at = middle[v] + sign * sd
            ends.append(_at(columns, values, cells.assign(**{v: at})).mean(axis=1))
            found.append(("value", f"{v} = {at:.3g} (one standard deviation {word} the mean)", ends[-1]))
        found.append(("difference", f"{v}: {middle[v] + sd:.3g} − {middle[v] - sd:.3g}", ends[1] - ends[0]))
    return found


def _counted(columns: Columns, variable: str) -> bool:
    """Whether a column of numbers enters as a factor."""
    return any(
        variable in component.var_names and component.kind == "categoric"
        for term in columns.common.terms.values()
        for component in getattr(term, "components", ())
    )


def _word(level: Any) -> str:
    return f"{level:g}" if isinstance(level, float) else str(level)


def _summary(draws: np.ndarray, kind: str, interval: float) -> dict[str, float]:
    tail, mean = (1 - interval) / 2, float(draws.mean())
    same = float((np.sign(draws) == np.sign(mean)).mean()) if kind == "difference" else float("nan")
    lower, upper = np.quantile(draws, [tail, 1 - tail])
    return {"mean": mean, "lower": float(lower), "upper": float(upper), "probability": same}
