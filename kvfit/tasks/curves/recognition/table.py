"""Summary measures of recognition with labels, by participant, condition, lag or study position."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from kvfit.tasks.curves.recognition.groups import Groups, group_cells
from kvfit.tasks.curves.recognition.kinds import MEASURES
from kvfit.tasks.curves.recognition.roc import Correction
from kvfit.tasks.curves.table import DRAW_DIMS
from kvfit.tasks.recognition import RecognitionData
from kvfit.tasks.recognition_cells import RecognitionCells


def curve(
    data: RecognitionData | RecognitionCells,
    kind: str,
    by: str | Sequence[str] = ("subject",),
    responses: npt.NDArray[np.integer] | xr.DataArray | None = None,
    *,
    correction: Correction | None = None,
) -> xr.DataArray:
    """Summarise observed or simulated recognition, by any columns of the trials.

    A column that describes only old items (study position, lag, strength with the value "lure" for new items)
    splits the hits; all new items of the participant then count at each of its levels. The same holds for
    columns that describe only new items.

    Parameters
    ----------
    data : RecognitionData or RecognitionCells
    kind : str
        A name in `kvfit.tasks.curves.recognition.MEASURES`: ``"roc"``, ``"zroc"``, ``"hit_rate"``, ``"d_prime"``,
        ``"zroc_slope"``, ...
    by : str or sequence of str
        ``"subject"`` and columns of the trials (of the conditions of cells): one curve for each combination of
        their values. `()` pools all trials. Pooled ROCs of people who differ are flatter than theirs; average
        over participants instead (`kvfit.tasks.curves.average`).
    responses : optional
        Simulated responses with leading draws: for `RecognitionData` ``(..., trial)`` categories from 1, for
        `RecognitionCells` ``(..., cell, category)`` counts. Leading dimensions of a plain array are called draw,
        or chain and draw.
    correction : {"none", "log-linear"}, optional
        Log-linear: (n + 0.5) / (N + 1) instead of n / N. Default: as each measure needs, log-linear for those
        on the scale of normal deviates, none for rates; ``attrs["correction"]`` of the result says which.

    Returns
    -------
    xarray.DataArray
        Dimensions: the leading ones of `responses`, then `by`, then those of the measure: ``status`` (new, old),
        ``criterion`` (from strict to lax: this category or above), ``category``. NaN where undefined.

    Raises
    ------
    ValueError
        Listing what is wrong with `kind`, `by` and `responses`.
    """
    by = (by,) if isinstance(by, str) else tuple(by)
    _check(data, kind, by)
    measure = MEASURES[kind]
    correction = correction or measure.correction
    cells = data if isinstance(data, RecognitionCells) else data.cells([name for name in by if name != "subject"])
    groups = group_cells(cells, by, measure.statuses)
    counts, leading, coords = _counts(data, cells, responses)
    values = measure.function(groups.add_up(counts), cells.old_from, correction)
    return labelled(values, kind, groups, cells, correction, leading, coords)


def labelled(
    values: npt.NDArray[np.float64],
    kind: str,
    groups: Groups,
    cells: RecognitionCells,
    correction: Correction,
    leading: tuple[str, ...] = (),
    coords: dict[str, npt.NDArray] | None = None,
) -> xr.DataArray:
    """Name the dimensions of a measure: leading ones, groups, then the measure's own.

    Parameters
    ----------
    values : (leading ..., *group sizes, *measure) float
    kind : str
    groups : Groups
    cells : RecognitionCells
    correction : {"none", "log-linear"}
    leading : tuple of str
    coords : dict, optional
        Of the leading dimensions.

    Returns
    -------
    xarray.DataArray
    """
    measure = MEASURES[kind]
    own = {
        "status": np.array(["new", "old"]),
        "criterion": np.arange(cells.n_categories, 1, -1),
        "category": np.arange(1, cells.n_categories + 1),
    }
    return xr.DataArray(
        values,
        dims=(*leading, *groups.levels, *measure.dims),
        coords=(coords or {}) | groups.levels | {name: own[name] for name in measure.dims},
        name=kind,
        attrs={"long_name": measure.label, "correction": correction, "shared": list(groups.shared)},
    )


def _counts(
    data: RecognitionData | RecognitionCells,
    cells: RecognitionCells,
    responses: npt.NDArray[np.integer] | xr.DataArray | None,
) -> tuple[npt.NDArray, tuple[str, ...], dict[str, npt.NDArray]]:
    """Return counts ``(..., cell, category)`` with the names and values of the leading dimensions."""
    if responses is None:
        return cells.counts, (), {}
    values = np.asarray(responses)
    if isinstance(data, RecognitionCells):
        n_own = 2
        if values.shape[-2:] != cells.counts.shape:
            raise ValueError(f"responses: expected (..., {', '.join(map(str, cells.counts.shape))}) counts of cells and"
                             f" categories, found shape {values.shape}")  # fmt: skip
    else:
        n_own = 1
        values = cells.count(values)
    if isinstance(responses, xr.DataArray):
        leading = tuple(str(name) for name in responses.dims[:-n_own])
        coords = {name: responses.coords[name].to_numpy() for name in leading if name in responses.coords}
        return values, leading, coords
    n_leading = values.ndim - 2
    if n_leading not in DRAW_DIMS:
        raise ValueError(
            f"responses: expected up to two leading dimensions, found {n_leading}; a DataArray may have more"
        )
    return values, DRAW_DIMS[n_leading], {}


def _check(data: RecognitionData | RecognitionCells, kind: str, by: tuple[str, ...]) -> None:
    """Say all that is wrong with the names that a user gives."""
    columns = data.conditions.columns if isinstance(data, RecognitionCells) else data.trials.columns
    problems = []
    if kind not in MEASURES:
        problems.append(f"kind: unknown measure '{kind}'; known are {', '.join(MEASURES)}")
    elif MEASURES[kind].ordered and not data.ordered:
        problems.append(
            f"kind: '{kind}' needs response categories in order of confidence; these are {list(data.scale)}"
        )
    if len(set(by)) < len(by):
        problems.append(f"by: a column is named twice in {list(by)}")
    own = {*DRAW_DIMS[2], "status", "criterion", "category"}
    for name in by:
        if name in own:
            problems.append(f"by: '{name}' is also a dimension of the result; rename the column")
        elif name in ("old", "response", "response_label") or (name != "subject" and name not in columns):
            known = ", ".join(str(column) for column in columns if column not in ("old", "response", "response_label"))
            problems.append(f"by: cannot group by '{name}'; columns are {known}")
    if problems:
        raise ValueError("cannot compute this curve:\n- " + "\n- ".join(problems))
