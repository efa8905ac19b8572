"""A model on the test bench: points of its prior, small lists, and its symbolic form compiled once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import permutations
from typing import Any

import numpy as np

from kvfit.checks.prior_points import PriorPoints
from kvfit.kernels import match_cue
from kvfit.recall.design import RecallDesign
from kvfit.recall.likelihood import cell_tables
from kvfit.recall.model import RecallModel

#: Lists of up to 8 positions fit the narrowest compiled core: a model compiles one configuration of it.
LIST_LENGTH = 8
SHORTER = 5
#: Lists on which every possible recall sequence is enumerated: 65 of them.
ENUMERATED = 4
N_CELLS = 64

Cell = tuple[int, Sequence[Sequence[int]]]


def every_sequence(n_items: int) -> list[tuple[int, ...]]:
    """Every way to recall a list: all ordered selections of its positions, the empty one first."""
    return [chosen for k in range(n_items + 1) for chosen in permutations(range(n_items), k)]


def lay_out(cells: Sequence[Cell], similarity: np.ndarray | None = None) -> RecallDesign:
    """Design with one participant a cell.

    Parameters
    ----------
    cells : sequence of (int, sequence of sequence of int)
        List length, and the recalled positions (from 0) of every list of the cell.
    similarity : numpy.ndarray, optional
        ``(position, position)``, the same for every list.
    """
    lists = [recalls for _, recall_lists in cells for recalls in recall_lists]
    lengths = np.array([length for length, _ in cells], dtype=np.int64)
    n = int(lengths.max())
    semantic = np.zeros((0, 0, 0))
    if similarity is not None:
        semantic = np.ascontiguousarray(np.broadcast_to(similarity[:n, :n], (len(lists), n, n)))
    return RecallDesign(
        cell_participant=np.arange(len(cells)),
        cell_length=lengths,
        cell_start=np.cumsum([0, *(len(recall_lists) for _, recall_lists in cells)]),
        order=np.arange(len(lists)),
        recalled=np.array([r for recalls in lists for r in recalls], dtype=np.int64),
        offsets=np.cumsum([0, *(len(recalls) for recalls in lists)]),
        semantic=semantic,
        n_participants=len(cells),
    )


@dataclass(frozen=True, eq=False)
class Bench(PriorPoints):
    """A model and what every check needs to run it.

    Parameters
    ----------
    model : RecallModel
    seed : int
    """

    model: RecallModel

    @cached_property
    def similarity(self) -> np.ndarray | None:
        """Made-up similarity ``(position, position)`` of meaning, where the model wants one."""
        if not self.model.semantic:
            return None
        drawn = self.rng(0).uniform(-0.2, 0.9, (LIST_LENGTH, LIST_LENGTH))
        return (drawn + drawn.T) / 2

    def tables(self, design: RecallDesign, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """NumPy tables at points ``(participant, parameter)``."""
        return cell_tables(self.model, design, self.natural(x))

    def core(self, n_positions: int, *, floored: bool = True) -> match_cue.CoreConfig:
        """Return the core's configuration; without event floors where probabilities are to sum to 1."""
        config = self.model.core(n_positions)
        return config if floored else replace(config, event_floor=0.0)

    def log_likelihood(self, design: RecallDesign, x: np.ndarray, *, floored: bool = True) -> np.ndarray:
        """``(list,)`` from the compiled core at points ``(participant, parameter)``."""
        core = self.core(design.n_positions, floored=floored)
        return match_cue.log_likelihood(core, self.tables(design, x), design.core_data)

    @cached_property
    def varied(self) -> RecallDesign:
        """``N_CELLS`` cells of two list lengths, with lists that recall nothing, everything or some items."""
        rng = self.rng(1)
        cells: list[Cell] = []
        for cell in range(N_CELLS):
            n = LIST_LENGTH if cell % 2 == 0 else SHORTER
            some = [rng.permutation(n)[: rng.integers(1, n)].tolist() for _ in range(3)]
            cells.append((n, [[], list(range(n)), list(range(n))[::-1], *some]))
        return lay_out(cells, self.similarity)

    @cached_property
    def symbolic(self) -> Any:
        """Compiled function of ``x (cell, parameter)``.

        It returns the log-likelihood ``(list,)``, the gradient of its sum ``(cell, parameter)`` and the
        tables. The graph is evaluated node by node in Python, as it was written: nothing but the core is
        compiled.
        """
        import pytensor
        import pytensor.tensor as pt
        from pytensor.compile.mode import Mode

        from kvfit.kernels.match_cue_op import match_cue_log_likelihood

        design = self.varied
        x = pt.matrix("x", shape=(N_CELLS, self.location.size))
        p = {q.name: q.to_natural(x[:, k], pt) for k, q in enumerate(self.model.parameters)}
        tables = self.model.tables(p, design.cell_length, design.n_positions, pt)
        data = tuple(pt.constant(array) for array in design.core_data)
        ll = match_cue_log_likelihood(self.core(design.n_positions), tables, data)
        gradient = pt.grad(ll.sum(), x)
        return pytensor.function([x], [ll, gradient, *tables], mode=Mode(linker="py", optimizer=None))
