"""Standard errors of summed differences, how many of them decide, and how the two are written."""

import numpy as np
from scipy.stats import norm, t

#: A difference of fewer standard errors than this is called undecided, where there are many people; see `needed_errors`.
DECISIVE_ERRORS = 2.0
#: 4 elpd units are the usual floor below which the normal approximation of the difference is not to be trusted (Sivula et
#: al. 2025, Bayesian Analysis).
SMALLEST_DIFFERENCE = 4.0


def error_of_sum(values: np.ndarray) -> float:
    """Standard error of a sum of independent values, from their spread: sqrt(n) times their standard deviation.

    Of persons' sums it is cluster-robust: whatever the observations of one person have in common is part of the spread.

    Parameters
    ----------
    values : numpy.ndarray
        ``(n,)``.

    Returns
    -------
    float
        Missing for fewer than two values.
    """
    return float(np.sqrt(values.size) * values.std(ddof=1)) if values.size > 1 else float("nan")


def needed_errors(n: int) -> float:
    """How many standard errors a sum over `n` values must have to be called decided.

    Two where there are many values. The error is estimated from the same values, so that with few of them two would be
    exceeded by chance far too often (with 2 values in 30 % of cases, with 126 in 5 %): the limit is the quantile of
    Student's t with n - 1 degrees of freedom that is as improbable as 2 under the normal distribution.

    Parameters
    ----------
    n : int

    Returns
    -------
    float
        2.02 for 126, 2.3 for 10, 13.97 for 2, infinite for fewer.
    """
    return float(t.isf(norm.sf(DECISIVE_ERRORS), n - 1)) if n > 1 else float("inf")


def is_clear(difference: float, error: float, n: int) -> bool:
    """Whether a difference with an error over `n` values counts as decided: beyond its error, and beyond a few units."""
    beyond = abs(difference) > SMALLEST_DIFFERENCE
    return bool(beyond and np.isfinite(error) and abs(difference) > needed_errors(n) * error)


def needed_words(n: int) -> str:
    """`needed_errors` in words: ``2 standard errors``."""
    wanted = f"{needed_errors(n):.2g}"
    return f"{wanted} standard errors" + ("" if wanted == f"{DECISIVE_ERRORS:.2g}" else f" by Student's t for n = {n}")


def amount(value: float) -> str:
    """Write a number of log units: whole from 10 on, else with one decimal, and never as a negative zero."""
    text = f"{value:.0f}" if abs(value) >= 9.95 else f"{value:.1f}"
    return "0.0" if text == "-0.0" else text


def with_error(value: float, error: float) -> str:
    """Write a number with its error, ``120 ± 30`` or ``8.1 ± 2.9``; without one where that is missing."""
    if not np.isfinite(error):
        return amount(value)
    digits = 0 if abs(value) >= 9.95 and error >= 9.95 else 1
    text = f"{value:.{digits}f}"
    return f"{'0.0' if text == '-0.0' else text} ± {error:.{digits}f}"
