"""One puzzle as a command: simulate, judge, vary, draw."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from kvfit.files import write_text
from kvfit.puzzles.answer import answer_words
from kvfit.puzzles.claims import Claim, Results, judge, verdict
from kvfit.puzzles.sweep import Simulate, sweep, sweep_words
from kvfit.reports.figures.saving import save_figure


class Draw(Protocol):
    """Draws the results, and the sweep beside them."""

    def __call__(self, results: Results, swept: pd.DataFrame) -> Figure:
        """Draw."""
        ...


@dataclass(frozen=True)
class Puzzle:
    """What a script of a puzzle consists of.

    Attributes
    ----------
    name : str
        Stem of the files.
    published : str
        The pattern and who found it.
    parameters : dataclass
        Parameters of the simulation with their defaults.
    simulate : callable
        Takes parameters, a number of replicates and a random generator; gives values from memory and condition.
    claims : tuple of Claim
    grid : mapping
        Values of parameters to vary.
    draw : callable
        Takes results and sweep.
    """

    name: str
    published: str
    parameters: Any
    simulate: Simulate
    claims: tuple[Claim, ...]
    grid: Mapping[str, Sequence[float]]
    draw: Draw


def means(results: Results) -> pd.DataFrame:
    """One row a memory and condition: ``mean`` over replicates, its standard ``error``, ``replicates``."""
    return pd.DataFrame(
        [
            {
                "memory": memory,
                "condition": condition,
                "mean": float(np.mean(values)),
                "error": float(np.std(values, ddof=1) / np.sqrt(len(values))),
                "replicates": len(values),
            }
            for memory, conditions in results.items()
            for condition, values in conditions.items()
        ]
    )


def run(puzzle: Puzzle, description: str | None, arguments: Sequence[str] | None = None) -> str:
    """Run a puzzle from the command line: simulate, judge and vary it, write three tables and the picture.

    Parameters
    ----------
    puzzle : Puzzle
    description : str, optional
        The script's docstring.
    arguments : sequence of str, optional
        Those of the command line if left out.

    Returns
    -------
    str
        What was found, for the script to print.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("reports"), help="folder of tables and picture")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--replicates", type=int, default=20, help="independent sets of random items")
    parser.add_argument("--sweep-replicates", type=int, default=8, help="replicates of each setting of the sweep")
    given = parser.parse_args(arguments)
    if min(given.replicates, given.sweep_replicates) < 2:
        parser.error("--replicates and --sweep-replicates must be 2 or more, because errors are taken over replicates")
    results = puzzle.simulate(puzzle.parameters, given.replicates, np.random.default_rng(given.seed))
    judged = judge(results, puzzle.claims)
    swept = sweep(puzzle.simulate, puzzle.parameters, puzzle.grid, puzzle.claims, given.sweep_replicates, given.seed)
    for part, table in (("", means(results)), ("_claims", judged), ("_sweep", swept)):
        write_text(given.output / f"{puzzle.name}{part}.csv", table.to_csv(index=False))
    picture = save_figure(puzzle.draw(results, swept), given.output / f"{puzzle.name}.png")
    files = f"Tables and picture: {picture.with_suffix('').resolve()}*"
    return "\n\n".join(
        (f"Published: {puzzle.published}", answer_words(swept), verdict(judged), sweep_words(swept), files)
    )
