"""How often intervals hold the truth, with simulated data sets as the observations."""

import numpy as np
import pandas as pd
from scipy.stats import t


def coverage_by_set(persons: pd.DataFrame, probability: float = 0.99) -> pd.DataFrame:
    """Coverage of each parameter's intervals.

    Parameters
    ----------
    persons : pandas.DataFrame
        One row a data set (``replicate``), participant and parameter: ``true``, ``lower``, ``upper``.
    probability : float
        Of the coverage's own interval.

    Returns
    -------
    pandas.DataFrame
        ``parameter``, ``sets``, ``coverage`` (mean share over data sets) and its interval ``coverage_lower``,
        ``coverage_upper`` (Student's, over data sets, because people of one data set share a population), within 0 and 1.
    """
    inside = persons["true"].between(persons["lower"], persons["upper"]).astype(float)
    each = inside.groupby([persons["parameter"], persons["replicate"]], sort=False).mean()
    rows = []
    for name, shares in each.groupby(level="parameter", sort=False):
        found = shares.to_numpy()
        n, mean = found.size, float(found.mean())
        half = float(t.ppf(0.5 + probability / 2, n - 1)) * float(found.std(ddof=1)) / np.sqrt(n) if n > 1 else np.inf
        rows.append((name, n, mean, max(mean - half, 0.0), min(mean + half, 1.0)))
    return pd.DataFrame(rows, columns=["parameter", "sets", "coverage", "coverage_lower", "coverage_upper"])
