"""Which of the responses tell a parameter: its Fisher information, divided among kinds of responses."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from kvfit.identifiability.design import of_participant, prior_of, without_items
from kvfit.identifiability.information import natural_around, scores_of_cells, slopes
from kvfit.kernels.reference import event_probabilities
from kvfit.memory_model import MemoryModel
from kvfit.recognition.design import RecognitionDesign
from kvfit.recognition.model import RecognitionModel

#: Points around the prior's centre, over which shares are averaged, and simulated lists at each.
_N_POINTS, _N_LISTS = 8, 24
_RECALL = ("first recall", "recalls 2 to 4", "later recalls", "when recall stops")
_RECOGNITION = ("hits", "misses", "false alarms", "correct rejections")


def aspects(model: MemoryModel, data: Any, *, seed: int = 0) -> pd.DataFrame:
    """Divide what a participant's responses say about each parameter among kinds of responses.

    Parameters
    ----------
    model : MemoryModel
    data : FreeRecallData or RecognitionData
        Only its design counts, of the first participant.
    seed : int
        Of the points of the prior and of simulated lists.

    Returns
    -------
    pandas.DataFrame
        One row a parameter (``parameter``), one column a kind of response: share of the Fisher information about the
        parameter when the others are known, averaged over points within a standard deviation of the prior's centre. Free
        recall: which item comes first, which come second to fourth, which come later, and when recall stops.
        Recognition: hits, misses, false alarms, correct rejections. NaN where the responses say nothing.

    Raises
    ------
    ValueError
        For models with similarities of items.
    """
    bound = without_items(model.bind(data))
    if bound.semantic:
        raise ValueError(f"aspects: {model.label} needs similarities of items, which are not offered here")
    part, _ = of_participant(data, None, 0)
    centre, scale = prior_of(bound)
    rng = np.random.default_rng(seed)
    recognition = isinstance(bound, RecognitionModel)
    each = []
    for shift in rng.uniform(-1.0, 1.0, (_N_POINTS, centre.size)):
        at = centre + scale * shift
        each.append(_of_recognition(bound, part, at) if recognition else _of_recall(bound, part, at, rng))
    shares = np.array(each)
    with np.errstate(invalid="ignore"):
        shares = shares / shares.sum(axis=1, keepdims=True)
    told = np.isfinite(shares).all(axis=1)
    mean = np.where(told[:, None], shares, 0.0).sum(axis=0) / np.maximum(told.sum(axis=0), 1)
    mean[:, ~told.any(axis=0)] = np.nan
    table = pd.DataFrame(mean.T, columns=list(_RECOGNITION if recognition else _RECALL))
    table.insert(0, "parameter", [p.name for p in bound.parameters])
    return table


def _of_recognition(model: Any, data: Any, x: np.ndarray) -> np.ndarray:
    """Information ``(aspect, parameter)`` of cells and categories."""
    design: RecognitionDesign = model.design(data)
    rows = scores_of_cells(model, design, x).reshape(design.n_cells, -1, x.size) ** 2
    called_old = np.arange(1, rows.shape[1] + 1) >= model.scale.old_from
    old, new = rows[design.old].sum(axis=0), rows[~design.old].sum(axis=0)
    kinds = (old[called_old], old[~called_old], new[called_old], new[~called_old])
    return np.array([one.sum(axis=0) for one in kinds])


def _of_recall(model: Any, data: Any, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Information ``(aspect, parameter)`` of the events of simulated lists, written out literally."""
    here = {p.name: p.to_natural(x[[k]]) for k, p in enumerate(model.parameters)}
    n = int(data.list_length[0])
    lists = [row[row > 0] - 1 for row in model.simulate(model.design(data), here, rng)[:_N_LISTS]]
    core = model.core(n)
    around = natural_around(model, x)
    logs = []
    for point in range(2 * x.size):
        values = {name: np.atleast_1d(v[point]) for name, v in around.items()}
        tables = model.tables(values, np.array([n]), n, np)
        tables = tuple(np.broadcast_to(np.asarray(one), (1, *np.shape(one)[1:])) for one in tables)
        logs.append(np.concatenate([_events(event_probabilities(core, tables, 0, n, one), one) for one in lists]))
    kind = np.concatenate([_kinds(len(one)) for one in lists])
    squares = slopes(np.array(logs)) ** 2
    return np.array([squares[kind == k].sum(axis=0) for k in range(len(_RECALL))])


def _events(rows: np.ndarray, recalled: Sequence[int]) -> np.ndarray:
    """Log probabilities of the choices of a list, then of going on (each time) and stopping."""
    n_recalled, stop = len(recalled), rows[:, -1]
    go = np.log1p(-stop[:n_recalled])
    choice = np.log(rows[np.arange(n_recalled), recalled]) - go
    # stopping is certain when everything has been recalled
    return np.concatenate([choice, go, np.log(stop[n_recalled:])])


def _kinds(n_recalled: int) -> np.ndarray:
    """Place of each event of :func:`_events` among the aspects."""
    output = np.arange(n_recalled)
    return np.concatenate([(output > 0).astype(int) + (output > 3), np.full(n_recalled + 1, 3)])
