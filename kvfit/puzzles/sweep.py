"""In which settings of a simulation does a pattern hold? A grid over its parameters."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from kvfit.progress import progress
from kvfit.puzzles.claims import FOUND, Claim, Results, judge

#: Parameters, number of replicates and random numbers give results.
Simulate = Callable[[Any, int, np.random.Generator], Results]

SEPARATOR = "; "


def sweep(
    simulate: Simulate,
    parameters: Any,
    grid: Mapping[str, Sequence[float]],
    claims: Sequence[Claim],
    n_replicates: int,
    seed: int,
    *,
    show: bool = True,
) -> pd.DataFrame:
    """Judge the claims in every combination of the grid's values.

    Parameters
    ----------
    simulate : callable
        Takes parameters, a number of replicates and a random generator.
    parameters : dataclass
        Those that the grid leaves out stay as they are here.
    grid : mapping
        Values to try, from the parameter's name.
    claims : sequence of Claim
    n_replicates : int
        Replicates of each setting.
    seed : int
        Every setting begins with it, so that settings differ in nothing else.
    show : bool
        Show progress.

    Returns
    -------
    DataFrame
        One row a setting and memory: the setting's values, ``memory``, ``holds`` (all claims), ``failed`` (which do not,
        and what is found instead).
    """
    rows: list[dict[str, Any]] = []
    with progress(show) as bars:
        settings = list(_settings(grid))
        for setting in bars.track(settings, "settings"):
            results = simulate(replace(parameters, **setting), n_replicates, np.random.default_rng(seed))
            for memory, judged in judge(results, claims).groupby("memory", sort=False):
                rest = judged[~judged["holds"]]
                failed = SEPARATOR.join(f"{row.claim}: {FOUND[str(row.outcome)]}" for row in rest.itertuples())
                rows.append({**setting, "memory": memory, "holds": rest.empty, "failed": failed})
    return pd.DataFrame(rows)


def _settings(grid: Mapping[str, Sequence[float]]) -> Iterator[dict[str, float]]:
    for values in product(*grid.values()):
        yield dict(zip(grid, values, strict=True))


def share_by_value(swept: pd.DataFrame) -> pd.DataFrame:
    """Share of settings in which the pattern holds: memories in columns; all settings, then by each parameter's values."""
    memories = list(dict.fromkeys(swept["memory"]))
    parameters = [name for name in swept.columns if name not in ("memory", "holds", "failed")]
    rows = {"all settings": swept.groupby("memory")["holds"].mean()}
    for name in parameters:
        for value, part in swept.groupby(name):
            rows[f"{name} = {value:g}"] = part.groupby("memory")["holds"].mean()
    return pd.DataFrame(rows).T[memories].rename_axis(columns=None)


def sweep_words(swept: pd.DataFrame) -> str:
    """How often the pattern holds and which claims fail, in words, and the table by value."""
    lines = []
    for memory, rows in swept.groupby("memory", sort=False):
        lines.append(f"{memory}: pattern in {int(rows['holds'].sum())} of {len(rows)} settings")
        failed = rows.loc[~rows["holds"], "failed"].str.split(SEPARATOR).explode().value_counts()
        lines += [f"  not shown in {count}: {claim}" for claim, count in failed.items()]
    table = share_by_value(swept).map(lambda share: f"{share:.0%}").to_string()
    return "\n".join([*lines, "", "Share of settings with the pattern (of the grid, not a probability):", table])
