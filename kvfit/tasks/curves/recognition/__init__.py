"""Summary measures of recognition: ROC and zROC, sensitivity, bias, confidence and calibration.

The measures are functions of counts ``(..., status, category)`` with leading draws (`measures`, `roc`); `curve`
computes them from `RecognitionData` by any columns of its trials, `interval` adds bootstrap intervals, and
`kvfit.tasks.curves.average` averages over participants.
"""

from kvfit.tasks.curves.recognition.intervals import interval
from kvfit.tasks.curves.recognition.kinds import MEASURES
from kvfit.tasks.curves.recognition.measures import (
    a_prime,
    b_double_prime_d,
    beta,
    criterion,
    d_prime,
    d_prime_error,
    ln_beta,
    relative_criterion,
    threshold_bias,
    threshold_sensitivity,
)
from kvfit.tasks.curves.recognition.roc import (
    a_g,
    a_z,
    calibration,
    cumulative_rates,
    d_a,
    old_rates,
    proportions,
    zroc,
    zroc_line,
)
from kvfit.tasks.curves.recognition.table import curve

__all__ = [
    "MEASURES",
    "a_g",
    "a_prime",
    "a_z",
    "b_double_prime_d",
    "beta",
    "calibration",
    "criterion",
    "cumulative_rates",
    "curve",
    "d_a",
    "d_prime",
    "d_prime_error",
    "interval",
    "ln_beta",
    "old_rates",
    "proportions",
    "relative_criterion",
    "threshold_bias",
    "threshold_sensitivity",
    "zroc",
    "zroc_line",
]
