"""Designs made from counts of ratings, and values of criteria, for tests of recognition models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

import kvfit as kv
from kvfit.recognition.binding import Binding
from kvfit.recognition.design import RecognitionDesign
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.scale import Scale


def bound(spec: str, n_categories: int, levels: Mapping[str, tuple[str, ...]] | None = None) -> RecognitionModel:
    """Return a model on a scale whose upper half means "old"."""
    model = kv.get_model(spec)
    assert isinstance(model, RecognitionModel)
    return model.bound_to(Binding(Scale(n_categories, n_categories // 2 + 1), levels or {}))


def one_person(
    new: Sequence[Sequence[int]], old: Sequence[Sequence[int]], column: str | None = None
) -> RecognitionDesign:
    """Return the design of one participant from counts ``(level, category)`` of new and of old items."""
    counts = np.concatenate([np.atleast_2d(new), np.atleast_2d(old)]).astype(np.int64)
    n_levels = len(counts) // 2
    cells, categories = np.indices(counts.shape)
    return RecognitionDesign(
        participant=np.zeros(len(counts), np.int64),
        old=np.repeat([False, True], n_levels),
        covariates={},
        levels={} if column is None else {column: np.tile(np.arange(n_levels), 2)},
        counts=counts,
        cell_of_trial=np.repeat(cells.ravel(), counts.ravel()),
        response=np.repeat(categories.ravel() + 1, counts.ravel()),
        n_participants=1,
    )


def criteria_values(criteria: Sequence[float], *, positive: bool = False) -> dict[str, float]:
    """Return centre and spacings of criteria on a scale whose upper half means "old"."""
    at = np.asarray(criteria, dtype=float)
    placed = np.log(at) if positive else at
    centre = (len(at) + 1) // 2 - 1
    return {"criterion": float(at[centre])} | {f"spacing_{k}": gap for k, gap in enumerate(np.diff(placed), start=1)}


def probabilities(model: RecognitionModel, design: RecognitionDesign, values: Mapping[str, float]) -> np.ndarray:
    """Return probabilities ``(cell, category)`` at values of the one participant."""
    return np.exp(model.log_probabilities(design, {name: np.array([v]) for name, v in values.items()}))


def log_likelihood(model: RecognitionModel, design: RecognitionDesign, values: Mapping[str, float]) -> float:
    """Return the log-likelihood of all counts at values of the one participant."""
    table = model.log_probabilities(design, {name: np.array([v]) for name, v in values.items()})
    return float((table * design.counts).sum())


def saturated(design: RecognitionDesign) -> float:
    """Return the highest log-likelihood that any model can give to the counts."""
    share = design.counts / design.counts.sum(axis=1, keepdims=True)
    return float((design.counts * np.log(np.where(design.counts > 0, share, 1.0))).sum())
