"""The true parameters behind simulated data sets, and how estimates compare with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kvfit.data.metadata import DatasetError, known_datasets

if TYPE_CHECKING:
    import pandas as pd

    from kvfit.inference.fit import Fit

#: Beside the data file of a simulated data set.
TRUTH_FILE = "truth.json"


@dataclass(frozen=True, eq=False)
class Recovery:
    """Estimates of one fit beside the values that its data were simulated from.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a parameter: ``parameter``, ``truth`` (of a typical person), ``mean``, ``lower``, ``upper`` (posterior of
        the population's typical value), ``covered`` (the interval holds the truth) and ``persons_covered`` (persons
        whose own interval holds their own true value).
    interval : float
        Probability of the intervals.
    n_persons : int
    """

    table: pd.DataFrame
    interval: float
    n_persons: int

    def verdict(self) -> str:
        """How often the intervals hold the truth, in words."""
        t = self.table
        n_values = len(t) * self.n_persons
        inside = int(t["persons_covered"].sum())
        missed = ", ".join(t.loc[~t["covered"], "parameter"])
        return (
            f"{self.interval:.0%} intervals hold the true typical value of {int(t['covered'].sum())} of {len(t)} parameters"
            + (f" (not {missed})" if missed else "")
            + f", and {inside} of {n_values} true values of single persons ({inside / n_values:.0%})."
        )

    def __str__(self) -> str:
        """Table and verdict as text."""
        shown = self.table.assign(covered=np.where(self.table["covered"], "yes", "no"))
        shown["persons_covered"] = [f"{n} of {self.n_persons}" for n in shown["persons_covered"]]
        return f"{shown.to_string(index=False, float_format='{:.2f}'.format)}\n\n{self.verdict()}"


@dataclass(frozen=True, eq=False)
class Truth:
    """What a data set was simulated from.

    Attributes
    ----------
    model : str
        Label of the model.
    seed : int
    typical : mapping of str to float
        Natural-scale value of a typical person.
    participants : pandas.DataFrame
        Each person's values on the natural scale, indexed by ``subject``.
    """

    model: str
    seed: int
    typical: Mapping[str, float]
    participants: pd.DataFrame

    def compare(self, fit: Fit, interval: float = 0.9) -> Recovery:
        """Set a fit's estimates beside the truth.

        Parameters
        ----------
        fit : Fit
            Of the true model to the data set, or to some of its participants.
        interval : float
            Probability of the equal-tailed intervals.

        Returns
        -------
        Recovery

        Raises
        ------
        ValueError
            If the fit is of another model.
        """
        import pandas as pd

        if fit.label != self.model:
            raise ValueError(f"the data were simulated from {self.model}, the fit is of {fit.label}: parameters differ")
        n = fit.data.n_participants
        people = self.participants.loc[list(fit.data.participants)]
        tail = (1 - interval) / 2
        rows = []
        for row in fit.population(interval).to_dict("records"):
            name = row["parameter"]
            persons = fit.tree["posterior"][name].transpose("chain", "draw", "participant").to_numpy().reshape(-1, n)
            low, high = np.quantile(persons, [tail, 1 - tail], axis=0)
            true = people[name].to_numpy()
            rows.append(
                {
                    "parameter": name,
                    "truth": self.typical[name],
                    **{key: row[key] for key in ("mean", "lower", "upper")},
                    "covered": bool(row["lower"] <= self.typical[name] <= row["upper"]),
                    "persons_covered": int(((low <= true) & (true <= high)).sum()),
                }
            )
        return Recovery(pd.DataFrame(rows), interval, n)


def read_truth(name: str) -> Truth:
    """Read what a simulated data set was simulated from.

    Parameters
    ----------
    name : str
        See `kvfit.data.list_datasets`.

    Returns
    -------
    Truth

    Raises
    ------
    DatasetError
        If there is no such data set, or it is not a simulated one.
    """
    info = known_datasets().get(name)
    path = None if info is None else info.find()
    truth = None if path is None else path.parent / TRUTH_FILE
    if truth is None or not truth.is_file():
        known = [
            other
            for other, one in known_datasets().items()
            if (found := one.find()) and (found.parent / TRUTH_FILE).is_file()
        ]
        raise DatasetError(f"{name}: no known truth; data sets simulated from known parameters: {', '.join(known)}")
    import pandas as pd

    raw = json.loads(truth.read_text(encoding="utf-8"))
    return Truth(raw["model"], raw["seed"], raw["typical"], pd.DataFrame(raw["participants"]).set_index("subject"))
