"""Empirical puzzles as simulations: published patterns as claims, rival memories, and the settings in which claims hold.

The simulations themselves are scripts in ``analyses/``; ``docs/puzzles.md`` says what they found.
"""

from kvfit.puzzles.answer import against_rivals, answer_words
from kvfit.puzzles.claims import Claim, Conditions, Results, has_pattern, judge, replicate, verdict
from kvfit.puzzles.script import Puzzle, run
from kvfit.puzzles.sweep import share_by_value, sweep, sweep_words

__all__ = [
    "Claim", "Conditions", "Puzzle", "Results", "against_rivals", "answer_words", "has_pattern", "judge", "replicate",
    "run", "share_by_value", "sweep", "sweep_words", "verdict",
]  # fmt: skip
