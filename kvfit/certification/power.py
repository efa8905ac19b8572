"""How large an error of a posterior calibration would see: the power of its test, by simulation.

A wrong posterior that is too high by some standard deviations, or too narrow or too wide, gives ranks of true values that
are not uniform. How often the test calls them so depends on the number of data sets alone, and on how many quantities are
tested together (Holm); no model is needed to find it out.
"""

from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.stats import norm

from kvfit.certification.rules import FALSE_ALARM
from kvfit.recovery.calibrate import uniformity

#: Errors of a posterior: words, how many standard deviations it lies too high, and its standard deviation in units of the
#: right one.
ERRORS: tuple[tuple[str, float, float], ...] = (
    ("right", 0.0, 1.0),
    ("0.3 sd too high", 0.3, 1.0),
    ("0.5 sd too high", 0.5, 1.0),
    ("sd 20 % too small", 0.0, 0.8),
    ("sd 30 % too large", 0.0, 1.3),
)
_TRIALS = 200


@lru_cache(maxsize=16)
def power(simulations: int, quantities: int, trials: int = _TRIALS, seed: int = 0) -> pd.DataFrame:
    """Chance that one wrong quantity among others that are right is seen.

    Parameters
    ----------
    simulations : int
        Data sets of the calibration.
    quantities : int
        How many are tested together: the smallest p-value counts so many times.
    trials : int
        Simulated calibrations behind each chance.
    seed : int

    Returns
    -------
    pandas.DataFrame
        One row an error: ``posterior`` (in words), ``chance``.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for words, shift, scale in ERRORS:
        # where truth lies under a posterior that is off: standard normal under the right one
        z = rng.standard_normal((simulations, trials))
        p = uniformity(pd.DataFrame(norm.cdf((z - shift) / scale)))
        rows.append({"posterior": words, "chance": float((p * quantities < FALSE_ALARM).mean())})
    return pd.DataFrame(rows)


def power_words(simulations: int, quantities: int) -> str:
    """What would be seen, in a clause."""
    table = power(simulations, quantities).set_index("posterior")["chance"]
    said = [f"one that is {words} in {table[words]:.0%}" for words, *_ in ERRORS[1:]]
    return f"a wrong quantity would be seen with these chances: {', '.join(said)}"
