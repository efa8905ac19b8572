"""Similarities of the probes with what was studied, laid beside the trials of a design."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kvfit.recognition.binding import BindingError
from kvfit.recognition.design import RecognitionDesign

if TYPE_CHECKING:
    from kvfit.recognition.model import RecognitionModel
    from kvfit.tasks.recognition import RecognitionData

#: By which a cosine may exceed 1.
_ROUNDING = 1e-6


def with_similarity(
    model: "RecognitionModel", design: RecognitionDesign, data: "RecognitionData", similarity: np.ndarray
) -> RecognitionDesign:
    """Each trial of a design as a cell of its own, with the similarities of its probe.

    Parameters
    ----------
    model : RecognitionModel
        For messages.
    design : RecognitionDesign
        Of `data`.
    data : RecognitionData
    similarity : numpy.ndarray
        ``(trial, studied item)``, see :func:`kvfit.read_similarity`.

    Raises
    ------
    BindingError
        Listing everything that does not fit: shape, range, or more similar items than were studied.
    """
    similarity = np.ascontiguousarray(similarity, dtype=float)
    design = design.by_trial()
    problems = []
    if similarity.ndim != 2 or len(similarity) != data.n_trials:
        problems.append(
            f"expected shape (trial, studied item) with {data.n_trials:,} trials, found {similarity.shape}; make it from"
            " these data: kv.read_similarity(path, data)"
        )
    else:
        strange = np.flatnonzero(~(np.abs(similarity) <= 1.0 + _ROUNDING).all(axis=1))
        if strange.size:
            row = similarity[strange[0]]
            value = row[~(np.abs(row) <= 1.0 + _ROUNDING)][0]
            problems.append(
                f"expected values from -1 to 1 (1 = the same meaning, 0 = unrelated), found {value:g} at"
                f" {_place(data, strange)}; scale other measures to that range"
            )
        problems += _length_problems(design, data, similarity)
    if problems:
        raise BindingError(f"{model.label} on {data.name}:\n  " + "\n  ".join(f"similarity: {p}" for p in problems))
    return replace(design, similarity=similarity)


def _length_problems(design: RecognitionDesign, data: "RecognitionData", similarity: np.ndarray) -> list[str]:
    """Compare the number of items with a similarity with the number that were studied, where the model knows it."""
    if "list_length" not in design.covariates:
        return []
    length = np.round(design.covariates["list_length"]).astype(np.int64)
    if similarity.shape[1] < length.max():
        at = np.flatnonzero(length > similarity.shape[1])
        return [
            f"expected a column for each studied item, found {similarity.shape[1]} columns and list_length {length.max()},"
            f" first at {_place(data, at)}"
        ]
    others = length - design.old
    n_given = np.count_nonzero(similarity, axis=1)
    many = np.flatnonzero(n_given > others)
    if not many.size:
        return []
    return [
        f"expected at most list_length items, an old item itself not among them (0), found {n_given[many[0]]} other items"
        f" where list_length is {length[many[0]]}, at {_place(data, many)}; lists that grow from trial to trial cannot be"
        " fitted with similarities"
    ]


def _place(data: "RecognitionData", trials: np.ndarray) -> str:
    """The first of some trials, and how many there are, for messages."""
    row = data.trials.iloc[trials[0]]
    more = f" and {trials.size - 1:,} more trials" if trials.size > 1 else ""
    return (
        f"participant {row['subject']}, list {row['list']}, position {row['position']}, {'old' if row['old'] else 'new'}"
        f" item {row['item']!r}{more}"
    )
