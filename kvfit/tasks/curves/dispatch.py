"""The one way to summary curves: what can be computed depends on the task of the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from kvfit.tasks.curves.recognition.kinds import MEASURES
from kvfit.tasks.curves.recognition.table import curve as recognition_curve
from kvfit.tasks.curves.table import KINDS
from kvfit.tasks.curves.table import curve as recall_curve

if TYPE_CHECKING:
    from kvfit.tasks.free_recall import FreeRecallData
    from kvfit.tasks.recognition import RecognitionData
    from kvfit.tasks.recognition_cells import RecognitionCells


@dataclass(frozen=True)
class TaskCurves:
    """Curves of one task: the function, their names, and the options that only this task has."""

    words: str
    function: Callable[..., xr.DataArray]
    kinds: Mapping[str, Any]
    options: tuple[str, ...]


TASKS: Mapping[str, TaskCurves] = {
    "free_recall": TaskCurves("free recall", recall_curve, KINDS, ("n_outputs",)),
    "recognition": TaskCurves("recognition", recognition_curve, MEASURES, ("correction",)),
}


def curve(
    data: FreeRecallData | RecognitionData | RecognitionCells,
    kind: str,
    by: str | Sequence[str] = ("subject",),
    responses: npt.NDArray[np.integer] | xr.DataArray | None = None,
    **options: Any,
) -> xr.DataArray:
    """Summarise observed or simulated responses, by participant and any columns of the design.

    Parameters
    ----------
    data : FreeRecallData, RecognitionData or RecognitionCells
        Its task decides which curves there are; see `known_curves`.
    kind : str
        For example ``"serial_position"`` or ``"lag_crp"`` of free recall, ``"roc"``, ``"hit_rate"`` or ``"d_a"`` of
        recognition.
    by : str or sequence of str
        Columns of `data.lists` (free recall) or `data.trials` (recognition): one curve for each combination of their
        values. `()` pools everything.
    responses : ndarray or xarray.DataArray, optional
        Simulated responses with leading draws, in the coding of `data`; the observed ones when omitted.
    **options
        ``n_outputs`` for curves of free recall by output position, ``correction`` (``"none"`` or ``"log-linear"``) for
        recognition.

    Returns
    -------
    xarray.DataArray
        Dimensions: the leading ones of `responses`, then `by`, then those of the curve. NaN where undefined.

    Raises
    ------
    ValueError
        Listing what is wrong: a curve or an option of another task, unknown names (with the known ones of this task), and
        what `kvfit.tasks.curves.table.curve` and `kvfit.tasks.curves.recognition.curve` refuse.

    Examples
    --------
    >>> curve(recalls, "lag_crp", by=("subject", "list_type"))  # doctest: +SKIP
    >>> curve(ratings, "zroc_slope", by=("subject", "strength"))  # doctest: +SKIP
    """
    task = TASKS[_task_of(data)]
    problems = [
        f"kind: '{kind}' is a curve of {other.words}; known for {task.words} are {', '.join(task.kinds)}"
        for other in TASKS.values()
        if kind in other.kinds and kind not in task.kinds
    ]
    problems += [
        f"{name}: no option of curves of {task.words}, which have {', '.join(task.options)}"
        for name in options
        if name not in task.options
    ]
    if problems:
        raise ValueError("cannot compute this curve:\n- " + "\n- ".join(problems))
    return task.function(data, kind, by, responses, **options)


def known_curves(data: FreeRecallData | RecognitionData | RecognitionCells) -> dict[str, str]:
    """Names of the curves that these data have, with the label of their axis.

    Parameters
    ----------
    data : FreeRecallData, RecognitionData or RecognitionCells

    Returns
    -------
    dict of str to str
    """
    return {name: kind.label for name, kind in TASKS[_task_of(data)].kinds.items()}


def _task_of(data: Any) -> str:
    from kvfit.tasks.recognition_cells import RecognitionCells

    if isinstance(data, RecognitionCells):
        return "recognition"
    task = getattr(data, "task", None)
    if task not in TASKS:
        raise TypeError(
            f"expected data of {' or '.join(known.words for known in TASKS.values())}, found {type(data).__name__}"
        )
    return str(task)
