"""Recognition responses counted by design cell: what a likelihood needs when trials of a cell are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class RecognitionCells:
    """Counts of responses by participant, old/new status and conditions.

    A likelihood that depends on a trial only through its cell costs as much as there are cells, not trials.
    Cells are sorted by participant, then new before old, then the conditions; cells without a trial are absent.

    Attributes
    ----------
    participants : ndarray, shape (participant,)
        Labels.
    participant : ndarray of int64, shape (cell,)
        Index into `participants`, non-decreasing.
    old : ndarray of bool, shape (cell,)
    conditions : pandas.DataFrame
        One row a cell, index 0 .. n_cells - 1: the columns that were asked for.
    counts : ndarray of int64, shape (cell, category)
        Number of responses in each category, from surest "new" to surest "old".
    of_trial : ndarray of int64, shape (trial,)
        Cell of each scored trial.
    old_from : int
        First category that means "old", counted from 1.
    scale : tuple of str
        Labels of the categories.
    ordered : bool
        As in `kvfit.tasks.recognition.RecognitionData`.
    """

    participants: np.ndarray
    participant: np.ndarray
    old: np.ndarray
    conditions: pd.DataFrame
    counts: np.ndarray
    of_trial: np.ndarray
    old_from: int
    scale: tuple[str, ...]
    ordered: bool

    def __post_init__(self) -> None:
        for array in (self.participants, self.participant, self.old, self.counts, self.of_trial):
            array.flags.writeable = False

    def __repr__(self) -> str:
        """Return the size of the table in one line."""
        return (
            f"RecognitionCells({self.n_cells:,} cells of {len(self.participants):,} participants,"
            f" {int(self.counts.sum()):,} trials, {len(self.scale)} categories)"
        )

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.counts)

    @property
    def n_categories(self) -> int:
        """Number of response categories, K."""
        return len(self.scale)

    @property
    def n_trials(self) -> np.ndarray:
        """Number of trials in each cell, int64, shape (cell,)."""
        return self.counts.sum(axis=1)

    def count(self, responses: np.ndarray) -> np.ndarray:
        """Count other responses to the same trials, e.g. simulated ones.

        Parameters
        ----------
        responses : ndarray of int, shape (..., trial)
            Categories from 1, trials as in the data.

        Returns
        -------
        ndarray of int64, shape (..., cell, category)
        """
        responses = np.asarray(responses)
        if responses.shape[-1:] != self.of_trial.shape:
            raise ValueError(f"responses: expected (..., {len(self.of_trial)} trials), found shape {responses.shape}")
        check_categories(responses, self.n_categories)
        draws = responses.reshape(-1, responses.shape[-1])
        n_bins = self.n_cells * self.n_categories
        counts = np.empty((len(draws), n_bins), dtype=np.int64)
        base = self.of_trial * self.n_categories - 1
        # Draws in chunks, so that the index of a chunk and not of all draws is in memory.
        size = max(1, 2**20 // max(1, draws.shape[1]))
        for start in range(0, len(draws), size):
            part = draws[start : start + size]
            index = base + part + np.arange(len(part))[:, None] * n_bins
            counted = np.bincount(index.ravel(), minlength=len(part) * n_bins)
            counts[start : start + size] = counted.reshape(len(part), n_bins)
        return counts.reshape(*responses.shape[:-1], self.n_cells, self.n_categories)

    def table(self) -> pd.DataFrame:
        """Return the cells as a wide table, which `read_recognition` reads again.

        Returns
        -------
        pandas.DataFrame
            ``subject``, ``old`` (1 or 0), the conditions, ``count_1`` ... ``count_K``.
        """
        frame = pd.DataFrame({"subject": self.participants[self.participant], "old": self.old.astype(np.int64)})
        counts = pd.DataFrame(self.counts, columns=[f"count_{k}" for k in range(1, self.n_categories + 1)])
        return pd.concat([frame, self.conditions, counts], axis=1)


def count_cells(
    trials: pd.DataFrame,
    participants: np.ndarray,
    participant: np.ndarray,
    by: Sequence[str],
    scale: tuple[str, ...],
    old_from: int,
    ordered: bool,
) -> RecognitionCells:
    """Count the responses of a trial table.

    Parameters
    ----------
    trials : pandas.DataFrame
        With the columns ``old``, ``response`` and those of `by`.
    participants : ndarray, shape (participant,)
    participant : ndarray of int64, shape (trial,)
    by : sequence of str
        Columns that define cells beside participant and ``old``; missing values are a level of their own.
    scale, old_from, ordered
        Of the data.

    Returns
    -------
    RecognitionCells
    """
    old = trials["old"].to_numpy(dtype=bool)
    cell = participant * 2 + old
    for name in by:
        codes, levels = pd.factorize(trials[name], sort=True)
        # Missing values (code -1) come last; numbering the cells anew keeps their product small.
        codes = np.where(codes < 0, len(levels), codes)
        _, cell = np.unique(cell * (len(levels) + 1) + codes, return_inverse=True)
    _, first, of_trial = np.unique(cell, return_index=True, return_inverse=True)
    n_categories, n_cells = len(scale), len(first)
    response = trials["response"].to_numpy(dtype=np.int64)
    counts = np.bincount(of_trial * n_categories + response - 1, minlength=n_cells * n_categories)
    return RecognitionCells(
        participants=participants,
        participant=participant[first],
        old=old[first],
        conditions=trials[list(by)].iloc[first].reset_index(drop=True),
        counts=counts.reshape(n_cells, n_categories).astype(np.int64),
        of_trial=of_trial.astype(np.int64),
        old_from=old_from,
        scale=scale,
        ordered=ordered,
    )


def check_categories(responses: np.ndarray, n_categories: int) -> None:
    """Refuse responses that are no categories 1 .. K."""
    if not np.issubdtype(responses.dtype, np.integer):
        raise ValueError(f"responses: expected whole numbers, found dtype {responses.dtype}")
    if responses.size and (responses.min() < 1 or responses.max() > n_categories):
        raise ValueError(
            f"responses: expected categories 1 to {n_categories}, found {responses.min()} to {responses.max()}"
        )
