"""Parameters of models: a name, a support, and a prior stated as an interval that a reader can judge."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Support = Literal["unit", "positive", "real"]
Link = Literal["log", "softplus"]
Ends = Literal["closed", "lower", "upper", "open"]

#: half width of the central 90 % of a standard normal distribution
_Z90 = 1.6448536269514722
#: (support, whether its lower end belongs to it, whether its upper end does) -> words
_UNIT_WORDS = {
    (True, True): "between 0 and 1",
    (True, False): "at least 0 and less than 1",
    (False, True): "greater than 0 and at most 1",
    (False, False): "between 0 and 1, both excluded",
}
#: 95 % quantile of a standard half-normal distribution
_HALF_NORMAL_95 = 1.959963984540054
#: Prior scale of the spread between persons, relative to the prior scale of one person's value: the interval of a
#: parameter covers persons and ignorance about the population together, so each gets part of it.
SPREAD_SHARE = 0.6


def log1pexp(x: Any, xp: Any) -> Any:
    """``log(1 + exp(x))``."""
    return xp.softplus(x) if hasattr(xp, "softplus") else np.logaddexp(0.0, x)


@dataclass(frozen=True)
class Parameter:
    """One free parameter of a model.

    Parameters
    ----------
    name : str
        Identifier used in Python and in files.
    symbol : str
        Symbol used in the literature, in plain Unicode.
    support : {"unit", "positive", "real"}
        Where values may lie. The unconstrained scale is the logit, the log (or see `link`) or the value itself.
    interval : tuple of float
        Lower and upper bound, on the natural scale, of the central 90 % of plausible values for one person.
    meaning : str
        One line.
    reason : str
        Why this interval, with the source where there is one.
    varies : bool
        Whether persons differ in it under partial pooling. False for shapes that one person's lists can't inform: they
        are estimated once for the population.
    link : {"log", "softplus"}
        Of a positive parameter. ``softplus`` is the inverse of ``log(1 + exp(x))``, for weights that add to a log odds:
        equal steps of such a weight matter equally where it is large, so that its posterior is nearly normal there.
    ends : {"closed", "lower", "upper", "open"}
        Which finite ends of the support belong to it: all, the lower or the upper one only, or none. An end belongs to it
        where the model has a value there, its limit: 0 of a weight, 1 of a share that is kept, but not 0 of a standard
        deviation. It decides what may be asked for; searching and sampling never arrive there.
    persons : tuple of float, optional
        Widest range of persons that is plausible, see :attr:`persons_range`; without it the spread between persons has the
        prior scale ``SPREAD_SHARE`` of one person's value.
    """

    name: str
    symbol: str
    support: Support
    interval: tuple[float, float]
    meaning: str
    reason: str
    varies: bool = True
    link: Link = "log"
    ends: Ends = "closed"
    persons: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        low, high = self.interval
        with np.errstate(all="ignore"):
            ends = self.to_unconstrained(self.interval)
        # an end at 0 or 1 has no finite log odds, so that the prior would have no centre
        if not low < high or not np.isfinite(ends).all():
            raise ValueError(
                f"parameter {self.name}: interval {self.interval} must be increasing and {self.support_words}, its ends"
                " inside the support"
            )

    @property
    def support_words(self) -> str:
        """The support in words, which say whether its ends belong to it."""
        lower, upper = self.ends in ("closed", "lower"), self.ends in ("closed", "upper")
        if self.support == "unit":
            return _UNIT_WORDS[lower, upper]
        if self.support == "positive":
            return "0 or greater" if lower else "greater than 0"
        return "any real number"

    @property
    def location(self) -> float:
        """Mean of the normal prior on the unconstrained scale."""
        low, high = (float(self.to_unconstrained(v)) for v in self.interval)
        return (low + high) / 2

    @property
    def scale(self) -> float:
        """Standard deviation of the normal prior on the unconstrained scale."""
        low, high = (float(self.to_unconstrained(v)) for v in self.interval)
        return (high - low) / (2 * _Z90)

    @property
    def spread(self) -> float:
        """Scale of the half-normal prior of the standard deviation between persons, unconstrained scale."""
        return SPREAD_SHARE * self.scale if self.persons is None else self.spread_of(self.persons)

    @property
    def persons_range(self) -> tuple[float, float]:
        """Where 90 % of persons lie, on the natural scale, if they differ as much as is plausible.

        That is: the typical value is at the centre of its prior, and the standard deviation between persons at the 95 %
        quantile of its own.
        """
        reach = _Z90 * _HALF_NORMAL_95 * self.spread
        low, high = (float(self.to_natural(np.asarray(self.location + side * reach))) for side in (-1, 1))
        return self.persons or (low, high)

    def spread_of(self, persons: tuple[float, float]) -> float:
        """Prior scale of a spread whose widest plausible range of persons is as wide as `persons` (natural scale)."""
        low, high = (float(self.to_unconstrained(v)) for v in persons)
        return (high - low) / (2 * _Z90 * _HALF_NORMAL_95)

    def contains(self, value: Any) -> np.ndarray:
        """Whether each value lies inside the support; its ends 0 and 1 do where `ends` says so, infinity and NaN never."""
        value = np.asarray(value, dtype=float)
        inside = np.isfinite(value)
        if self.support != "real":
            inside &= value >= 0 if self.ends in ("closed", "lower") else value > 0
        if self.support == "unit":
            inside &= value <= 1 if self.ends in ("closed", "upper") else value < 1
        return inside

    def to_unconstrained(self, value: Any) -> Any:
        """Unconstrained image of values on the natural scale (NumPy)."""
        value = np.asarray(value, dtype=float)
        if self.support == "unit":
            return np.log(value) - np.log1p(-value)
        if self.support == "positive" and self.link == "softplus":
            return value + np.log(-np.expm1(-value))
        return np.log(value) if self.support == "positive" else value

    def to_natural(self, value: Any, xp: Any = np) -> Any:
        """Inverse of :meth:`to_unconstrained`; `xp` is NumPy or ``pytensor.tensor``."""
        # far out, where an exponential is infinite, a share is 0 and a positive value infinite
        with np.errstate(over="ignore"):
            if self.support == "unit":
                return 1.0 / (1.0 + xp.exp(-value))
            if self.support == "positive" and self.link == "softplus":
                return log1pexp(value, xp)
            return xp.exp(value) if self.support == "positive" else value

    def shifted(self, value: Any, by: Any, xp: Any = np) -> Any:
        """A natural-scale value moved on the unconstrained scale, without going there: exact at the ends of the support.

        Parameters
        ----------
        value : array or tensor
            On the natural scale.
        by : array or tensor
            On the unconstrained scale, of the shape of `value`.
        xp : module
            ``numpy`` or ``pytensor.tensor``.
        """
        if self.support == "unit":
            return value / (value + (1.0 - value) * xp.exp(-by))
        if self.support == "positive" and self.link == "softplus":
            return value + xp.log(xp.exp(-value) - xp.exp(by) * xp.expm1(-value))
        return value * xp.exp(by) if self.support == "positive" else value + by


class ParameterError(ValueError):
    """Parameter values that a model cannot take; the message lists every problem."""


def check_values(
    parameters: tuple[Parameter, ...],
    values: Mapping[str, Any],
    *,
    owner: str,
    optional: Collection[str] = (),
) -> dict[str, np.ndarray]:
    """Check a set of natural-scale values against the parameters of a model.

    Parameters
    ----------
    parameters : tuple of Parameter
    values : mapping of str to float or array
        Every parameter needs a value; arrays may have any common shape.
    owner : str
        The model's name, for the message.
    optional : collection of str
        Names that need no value (fixed parameters).

    Returns
    -------
    dict of str to numpy.ndarray

    Raises
    ------
    ParameterError
        With one line for each missing, unknown or out-of-range parameter.
    """
    names = [p.name for p in parameters]
    problems = [f"{n}: unknown; {owner} has {', '.join(names)}" for n in values if n not in names]
    checked: dict[str, np.ndarray] = {}
    for p in parameters:
        if p.name not in values:
            if p.name in optional:
                continue
            middle = float(p.to_natural(np.asarray(p.location)))
            problems.append(f"{p.name}: missing; expected a value {p.support_words} (for example {middle:.3g})")
            continue
        try:
            value = np.asarray(values[p.name], dtype=float)
        except (TypeError, ValueError):
            problems.append(f"{p.name}: expected a number, found {values[p.name]!r}")
            continue
        bad = ~p.contains(value)
        if bad.any():
            problems.append(f"{p.name}: expected {p.support_words}, found {value[bad].flat[0]:g}")
        checked[p.name] = value
    if problems:
        raise ParameterError(f"parameters of {owner}:\n  " + "\n  ".join(problems))
    return checked
