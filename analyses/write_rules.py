"""What the analysis of write rules is about: its models, its designs, and point estimates that are kept.

Not a script of its own; see ``indelible_or_erasing.py``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

import kvfit as kv
from kvfit.batch.job import Inputs, Job
from kvfit.batch.runner import run_batch
from kvfit.comparison.contrasts import contrast

#: The three accounts: one model, three write rules, and stopping that reads what memory still offers.
STORES = {
    name: kv.get_model(f"kv_recall(stopping=match, write={rule})").label
    for name, rule in (("indelible", "hebb"), ("fading", "decay"), ("overwritten", "delta"))
}
REFERENCES = {name: kv.get_model(f"{name}(stopping=match)").label for name in ("cmr", "serial_position")}
#: Amounts of fading and overwriting that are held, the same for all people: as many free parameters as the indelible store.
AMOUNTS = {
    "fading": ("retention", (0.9, 0.95, 0.98, 0.995)),
    "overwritten": ("erasure", (0.05, 0.15, 0.4, 0.8)),
}


def held_amounts() -> list[tuple[str, float]]:
    """Every store that loses, with every amount that is held."""
    return [(store, amount) for store, (_, values) in AMOUNTS.items() for amount in values]


def held(store: str, amount: float) -> str:
    """Label of a store whose amount of fading or overwriting is held at a value."""
    return kv.get_model(f"{STORES[store][:-1]}, {AMOUNTS[store][0]}={amount})").label


def with_effects(model: str, names: Sequence[str], condition: str) -> str:
    """Label of a model in which parameters differ between conditions, by person."""
    formula = dict.fromkeys(names, f"~ {condition} + (1 + {condition} | subject)")
    return kv.get_model(model, formula=formula).label


@dataclass(frozen=True)
class Part:
    """One design: lists of a data set, and the condition whose effect is asked for.

    Attributes
    ----------
    name, dataset, query : str
    columns : tuple of str
        Of the lists, by which words recalled are shown.
    conditions : tuple of str
        Right-hand sides of formulas.
    between : bool
        Whether list lengths belong to different people.
    moves : tuple of str
        Parameters that the condition moves in every model that is compared, because without it no model describes these
        lists (their chains disagree between one condition's values and the other's).
    """

    name: str
    dataset: str
    query: str | None
    columns: tuple[str, ...]
    conditions: tuple[str, ...]
    between: bool = False
    moves: tuple[str, ...] = ()

    def model(self, label: str) -> str:
        """Label of a model in which the condition moves what it moves in this design."""
        return with_effects(label, self.moves, self.conditions[0]) if self.moves else label

    def load(self, participants: int | None) -> kv.FreeRecallData:
        """Its lists; the first `participants`, of each list length where lengths belong to different people."""
        data = kv.load(self.dataset)
        if self.query is not None:
            data = data.select(query=self.query)
        if participants is None:
            return data
        people = data.lists.groupby("subject", sort=False)["list_length"].first()
        groups = people if self.between else people * 0
        return data.select(participants=list(people[groups.groupby(groups).cumcount() < participants].index))


PARTS = (
    Part(
        "pazdera_kahana2023", "pazdera_kahana2023", None, ("list_length", "distractor_s"),
        ("C(list_length)", "C(distractor_s)"),
    ),
    Part("murdock1962", "murdock1962", None, ("list_length",), (), between=True),
    Part(
        "howard_kahana1999_delay", "howard_kahana1999", "experiment == 1", ("condition",), ("condition",),
        moves=("recency",),
    ),
    Part(
        "howard_kahana1999_distractor", "howard_kahana1999", "experiment == 2", ("ipi_s",), ("np.log1p(ipi_s)",),
        moves=("recency", "strength", "neighbour"),
    ),
)  # fmt: skip


def estimate(*, model: str, method: str, starts: int, data: Any, similarity: Any = None) -> dict[str, Any]:
    """Point estimates as what a batch can store."""
    found = kv.point_fit(model, data, method=method, starts=starts, show_progress=False)  # type: ignore[arg-type]
    return {"table": found.table.to_dict("list"), "verdict": found.verdict()}


@dataclass(frozen=True)
class Work:
    """Where and how estimates are made.

    Attributes
    ----------
    store : Path
    workers, starts : int
    show_progress : bool
    """

    store: Path
    workers: int
    starts: int
    show_progress: bool = True

    def estimates(self, wanted: Sequence[tuple[str, kv.FreeRecallData]], method: str, label: str) -> list[pd.DataFrame]:
        """Tables of point estimates, a row a participant, indexed by ``subject``; stored ones are not made again."""
        jobs = []
        for model, data in wanted:
            conditions = getattr(kv.get_model(model).bind(data), "conditions_fingerprint", "")
            settings = {"model": model, "method": method, "starts": self.starts}
            jobs.append(Job(estimate, settings, f"{method} {model}", Inputs(data, None, conditions)))
        batch = run_batch(jobs, store=self.store, workers=self.workers, label=label, show_progress=self.show_progress)
        if batch.failures:
            raise SystemExit(batch.words())
        for (model, _), result in zip(wanted, batch.results, strict=True):
            print(f"  {model}: {result['verdict']}", flush=True)
        return [pd.DataFrame(result["table"]).set_index("subject") for result in batch.results]


def lead(first: pd.Series, second: pd.Series) -> dict[str, Any]:
    """Sum over people of a difference, its error over people (who are what is sampled), and for how many it is positive."""
    found = contrast(pd.DataFrame({"first": first, "second": second}), "first", "second")
    return {
        "difference": found.total, "se": found.error, "persons_first": found.persons_first, "persons": found.persons
    }  # fmt: skip
