"""Levels of the columns by which parameters vary, as text."""

from typing import TYPE_CHECKING

import numpy as np

from kvfit.tasks.labels import as_text, natural_key

if TYPE_CHECKING:
    from kvfit.tasks.recognition import RecognitionData


def level_codes(data: "RecognitionData", column: str, levels: tuple[str, ...]) -> np.ndarray:
    """``(trial,)`` index of each trial's level, -1 where the column is empty or its level is not among `levels`."""
    place = {level: index for index, level in enumerate(levels)}
    return np.array([place.get(text, -1) for text in level_texts(data, column)], dtype=np.int64)


def level_texts(data: "RecognitionData", column: str) -> np.ndarray:
    """``(trial,)`` levels of a column as text, empty where missing."""
    return as_text(data.trials[column], words=True)[0]  # a level may be called none


def find_levels(data: "RecognitionData", column: str, trials: np.ndarray) -> tuple[str, ...]:
    """Levels of a column among some trials ``(trial,)`` bool: numbers by size, else in natural order."""
    texts = {text for text in level_texts(data, column)[trials] if text}
    try:
        return tuple(sorted(texts, key=float))
    except ValueError:
        return tuple(sorted(texts, key=natural_key))
