"""The summary measures of recognition by name, each a function of counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from kvfit.tasks.curves.recognition import measures, roc
from kvfit.tasks.curves.recognition.roc import Correction

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """A summary of recognition: how it is computed, its dimensions and how its axis is called in a figure.

    Attributes
    ----------
    function : callable
        ``(counts, old_from, correction)`` to an array; counts ``(..., status, category)``.
    dims : tuple of str
        Dimensions after the leading ones: ``status`` (new, old), ``criterion`` (K .. 2: this category or above),
        ``category`` (1 .. K).
    label : str
    correction : {"none", "log-linear"}
        Applied where the caller names none: measures on the scale of normal deviates need one.
    statuses : tuple of str
        Items it is about; for one status alone, conditions of the other need no value.
    ordered : bool
        It needs categories that are a scale of confidence.
    """

    function: Callable[[Array, int, Correction], Array]
    dims: tuple[str, ...]
    label: str
    correction: Correction = "none"
    statuses: tuple[str, ...] = ("new", "old")
    ordered: bool = False


def _of_rates(function: Callable[[Array, Array], Array]) -> Callable[[Array, int, Correction], Array]:
    def measure(counts: Array, old_from: int, correction: Correction) -> Array:
        rates = roc.old_rates(counts, old_from, correction)
        # Rates of 0 and 1 without a correction give infinities, or nothing: that is what was asked for.
        with np.errstate(invalid="ignore"):
            return function(rates[..., 1], rates[..., 0])

    return measure


def _of_line(function: Callable[[Array, Array], Array]) -> Callable[[Array, int, Correction], Array]:
    def measure(counts: Array, old_from: int, correction: Correction) -> Array:
        return function(*roc.zroc_line(counts, correction))

    return measure


def _rate(status: int) -> Callable[[Array, int, Correction], Array]:
    return lambda counts, old_from, correction: roc.old_rates(counts, old_from, correction)[..., status]


#: Every measure by its name.
MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "hit_rate": Measure(_rate(1), (), "Hit rate", statuses=("old",)),
        "false_alarm_rate": Measure(_rate(0), (), "False-alarm rate", statuses=("new",)),
        "roc": Measure(
            lambda counts, _, correction: roc.cumulative_rates(counts, correction),
            ("status", "criterion"),
            "Cumulative rate",
            ordered=True,
        ),
        "zroc": Measure(
            lambda counts, _, correction: roc.zroc(counts, correction),
            ("status", "criterion"),
            "z of the cumulative rate",
            "log-linear",
            ordered=True,
        ),
        "confidence": Measure(
            lambda counts, *_: roc.proportions(counts), ("status", "category"), "Proportion of responses"
        ),
        "calibration": Measure(
            lambda counts, *_: roc.calibration(counts), ("category",), "Proportion of old items among responses"
        ),
        "d_prime": Measure(_of_rates(measures.d_prime), (), "d'", "log-linear"),
        "criterion_c": Measure(_of_rates(measures.criterion), (), "Criterion c", "log-linear"),
        "relative_criterion": Measure(_of_rates(measures.relative_criterion), (), "c'", "log-linear"),
        "ln_beta": Measure(_of_rates(measures.ln_beta), (), "ln beta", "log-linear"),
        "beta": Measure(_of_rates(measures.beta), (), "beta", "log-linear"),
        "b_double_prime_d": Measure(_of_rates(measures.b_double_prime_d), (), "B''D"),
        "threshold_sensitivity": Measure(_of_rates(measures.threshold_sensitivity), (), "Pr"),
        "threshold_bias": Measure(_of_rates(measures.threshold_bias), (), "Br"),
        "a_prime": Measure(_of_rates(measures.a_prime), (), "A'"),
        "zroc_slope": Measure(_of_line(lambda slope, _: slope), (), "zROC slope", "log-linear", ordered=True),
        "zroc_intercept": Measure(
            _of_line(lambda _, intercept: intercept), (), "zROC intercept", "log-linear", ordered=True
        ),
        "d_a": Measure(_of_line(roc.d_a), (), "d_a", "log-linear", ordered=True),
        "a_z": Measure(_of_line(roc.a_z), (), "Area A_z", "log-linear", ordered=True),
        "a_g": Measure(lambda counts, *_: roc.a_g(counts), (), "Area under the ROC", ordered=True),
    }
)
