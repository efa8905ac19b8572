"""Bootstrap intervals of recognition measures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from kvfit.tasks.curves.recognition.groups import group_cells
from kvfit.tasks.curves.recognition.kinds import MEASURES
from kvfit.tasks.curves.recognition.roc import Correction
from kvfit.tasks.curves.recognition.table import curve, labelled
from kvfit.tasks.recognition import RecognitionData
from kvfit.tasks.recognition_cells import RecognitionCells


def interval(
    data: RecognitionData | RecognitionCells,
    kind: str,
    by: str | Sequence[str] = (),
    *,
    level: float = 0.95,
    n_resamples: int = 2000,
    seed: int = 0,
    correction: Correction | None = None,
) -> xr.Dataset:
    """Estimate a measure with a percentile bootstrap interval.

    With ``"subject"`` in `by` a participant's responses are drawn again from that participant's observed
    proportions, old and new items apart (how sure is it for this person?). Otherwise whole participants are drawn
    again and their trials pooled (how sure is it for such people?).

    Parameters
    ----------
    data : RecognitionData or RecognitionCells
    kind, by, correction
        As in `kvfit.tasks.curves.recognition.curve`.
    level : float
        Coverage, between 0 and 1.
    n_resamples : int
    seed : int

    Returns
    -------
    xarray.Dataset
        ``estimate``, ``lower`` and ``upper``. Percentile intervals of few trials or few participants (under 20)
        are too narrow.

    Raises
    ------
    ValueError
        As `curve`; and if `level` or `n_resamples` make no sense or there is a single participant to draw.
    """
    by = (by,) if isinstance(by, str) else tuple(by)
    if not 0 < level < 1 or n_resamples < 2:
        raise ValueError(f"expected level between 0 and 1 and at least 2 resamples, found {level} and {n_resamples}")
    estimate = curve(data, kind, by, correction=correction)
    cells = data if isinstance(data, RecognitionCells) else data.cells([name for name in by if name != "subject"])
    measure = MEASURES[kind]
    used: Correction = estimate.attrs["correction"]
    rng = np.random.default_rng(seed)
    groups = group_cells(cells, by, measure.statuses)
    if "subject" in by:
        draws = _draw_trials(groups.add_up(cells.counts), n_resamples, rng)
    else:
        n_people = len(cells.participants)
        if n_people < 2:
            raise ValueError("a single participant cannot be drawn again; name 'subject' in by to draw trials")
        people = group_cells(cells, ("subject", *by), measure.statuses).add_up(cells.counts)
        weights = rng.multinomial(n_people, np.full(n_people, 1 / n_people), size=n_resamples)
        draws = np.tensordot(weights.astype(float), people, axes=1)
    values = measure.function(draws, cells.old_from, used)
    tails = [(1 - level) / 2, (1 + level) / 2]
    lower, upper = _quantiles(values, tails)
    ends = {
        name: labelled(end, kind, groups, cells, used).variable for name, end in (("lower", lower), ("upper", upper))
    }
    result = xr.Dataset({"estimate": estimate.variable, **ends}, coords=estimate.coords)
    return result.assign_attrs(kind=kind, level=level, resampled="trials" if "subject" in by else "participants",
                               **estimate.attrs)  # fmt: skip


def _draw_trials(counts: npt.NDArray[np.float64], n: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Draw counts again from observed proportions, ``(n, ..., status, category)``."""
    totals = counts.sum(axis=-1)
    proportions = counts / np.where(totals > 0, totals, 1)[..., None]
    # Without a trial any proportions do: nothing is drawn.
    proportions[totals == 0] = 1 / counts.shape[-1]
    return rng.multinomial(totals.astype(np.int64), proportions, size=(n, *totals.shape)).astype(float)


def _quantiles(values: npt.NDArray[np.float64], at: list[float]) -> npt.NDArray[np.float64]:
    """Quantiles over the first axis; NaN where no draw is defined."""
    none = np.isnan(values).all(axis=0)
    found = np.nanquantile(np.where(none, 0.0, values), at, axis=0)
    return np.where(none, np.nan, found)
