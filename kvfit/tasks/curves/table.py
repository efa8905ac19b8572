"""Summary curves with labels, by participant, list type or other columns of the lists, and their average."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from kvfit.tasks.curves.errors import intrusions, repeats
from kvfit.tasks.curves.first_recall import first_recall, nth_recall
from kvfit.tasks.curves.lag_crp import lag_crp, lag_crp_by_output
from kvfit.tasks.curves.recall_length import recall_length
from kvfit.tasks.curves.serial_position import serial_position
from kvfit.tasks.curves.temporal_clustering import lag_rank

if TYPE_CHECKING:
    from kvfit.tasks.free_recall import FreeRecallData

# Names of the leading dimensions of simulated responses, by how many there are.
DRAW_DIMS: Mapping[int, tuple[str, ...]] = MappingProxyType({0: (), 1: ("draw",), 2: ("chain", "draw")})


@dataclass(frozen=True)
class Kind:
    """A summary curve: how it is computed, its dimensions and how its axis is called in a figure."""

    function: Callable[..., npt.NDArray[np.float64]]
    dims: tuple[str, ...]
    label: str


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "serial_position": Kind(serial_position, ("study_position",), "Probability of recall"),
        "first_recall": Kind(first_recall, ("study_position",), "Probability of first recall"),
        "nth_recall": Kind(nth_recall, ("output_position", "study_position"), "Probability of nth recall"),
        "lag_crp": Kind(lag_crp, ("lag",), "Conditional response probability"),
        "lag_crp_by_output": Kind(lag_crp_by_output, ("output_position", "lag"), "Conditional response probability"),
        "recall_length": Kind(recall_length, ("n_recalled",), "Probability of the number of items recalled"),
        "lag_rank": Kind(lag_rank, (), "Mean percentile rank of lags"),
        "intrusions": Kind(intrusions, (), "Intrusions per list"),
        "repeats": Kind(repeats, (), "Repeats per list"),
    }
)


def curve(
    data: FreeRecallData,
    kind: str,
    by: str | Sequence[str] = ("subject",),
    responses: npt.NDArray[np.integer] | xr.DataArray | None = None,
    *,
    n_outputs: int | None = None,
) -> xr.DataArray:
    """Summarise observed or simulated free recall, by any columns of the lists.

    Parameters
    ----------
    data : FreeRecallData
    kind : str
        A name in `KINDS`; each is documented at the function of that name in `kvfit.tasks.curves`.
    by : str or sequence of str
        Columns of `data.lists`: one curve for each combination of their values. `()` pools all lists.
    responses : (..., list, output) int, optional
        Simulated responses to the lists of `data`, in their order and in the same coding, with leading
        draws; the observed responses when omitted. The last two dimensions are list and output, whatever
        their names; leading ones of a plain array are called draw, or chain and draw.
    n_outputs : int, optional
        For the curves by output position: how many output positions.

    Returns
    -------
    xarray.DataArray
        Dimensions: the leading ones of `responses`, then `by`, then those of the curve. NaN where
        undefined, as in combinations without a list.

    Raises
    ------
    ValueError
        Listing what is wrong with `kind`, `by` and `responses`.

    Examples
    --------
    >>> by_participant = curve(data, "lag_crp", by=("subject", "list_type"))  # doctest: +SKIP
    >>> average(by_participant)["mean"].sel(lag=slice(-5, 5))  # doctest: +SKIP
    """
    by = (by,) if isinstance(by, str) else tuple(by)
    simulated = data.responses if responses is None else responses
    problems = _problems(data, kind, by, simulated, n_outputs)
    if problems:
        raise ValueError("cannot compute this curve:\n- " + "\n- ".join(problems))

    levels, codes = _levels(data, by)
    sizes = tuple(len(labels) for labels in levels.values())
    # Without a column, all lists belong to group 0.
    group = np.ravel_multi_index(codes, sizes) if by else np.zeros(data.n_lists, dtype=np.int64)
    options = {} if n_outputs is None else {"n_outputs": n_outputs}
    chosen = KINDS[kind]
    values = chosen.function(
        np.asarray(simulated), data.list_length, group, int(np.prod(sizes, dtype=np.int64)), **options
    )

    if isinstance(simulated, xr.DataArray):
        leading = tuple(str(name) for name in simulated.dims[:-2])
        coords = {name: simulated.coords[name].to_numpy() for name in leading if name in simulated.coords}
    else:
        leading, coords = DRAW_DIMS[np.ndim(simulated) - 2], {}
    tail = values.shape[len(leading) + 1 :]
    coords |= levels | {name: _coordinate(name, size) for name, size in zip(chosen.dims, tail, strict=True)}
    return xr.DataArray(
        values.reshape(*values.shape[: len(leading)], *sizes, *tail),
        dims=(*leading, *by, *chosen.dims),
        coords=coords,
        name=kind,
        attrs={"long_name": chosen.label},
    )


def average(curves: xr.DataArray, over: str = "subject") -> xr.Dataset:
    """Average the participants' curves, each participant counting the same.

    This is the field's convention: a curve per participant first, then their mean, so that people with many
    lists or recalls weigh no more than others. A participant without a value at a point (for example a lag
    that was never possible) is left out there.

    Parameters
    ----------
    curves : xarray.DataArray
        Result of `curve` with `over` among its `by`.
    over : str
        Dimension to average over.

    Returns
    -------
    xarray.Dataset
        `mean`, `standard_error` (over participants, from the standard deviation with n - 1; NaN for fewer
        than two) and `n` (participants averaged), each with the other dimensions of `curves`.

    Raises
    ------
    ValueError
        If `curves` has no dimension `over`.
    """
    if over not in curves.dims:
        raise ValueError(
            f"cannot average over '{over}': the curves have dimensions {list(curves.dims)}; "
            f"name '{over}' in `by` when computing them"
        )
    n = curves.notnull().sum(over)  # noqa: PD004 (xarray has no notna)
    mean = curves.sum(over) / n.where(n > 0)
    variance = ((curves - mean) ** 2).sum(over) / (n - 1).where(n > 1)
    result = xr.Dataset({"mean": mean, "standard_error": np.sqrt(variance / n), "n": n})
    return result.assign_attrs(kind=str(curves.name), **curves.attrs)


def _problems(
    data: FreeRecallData,
    kind: str,
    by: tuple[str, ...],
    responses: npt.NDArray[np.integer] | xr.DataArray,
    n_outputs: int | None,
) -> list[str]:
    """Say all that is wrong with the arguments of `curve`."""
    problems = []
    if kind not in KINDS:
        problems.append(f"kind: unknown curve '{kind}'; known are {', '.join(KINDS)}")
    elif n_outputs is not None and "output_position" not in KINDS[kind].dims:
        problems.append(f"n_outputs: '{kind}' is not by output position; leave it out")
    if n_outputs is not None and n_outputs < 1:
        problems.append(f"n_outputs: expected at least 1, found {n_outputs}")
    if len(set(by)) < len(by):
        problems.append(f"by: a column is named twice in {list(by)}")
    dims = responses.dims[:-2] if isinstance(responses, xr.DataArray) else DRAW_DIMS[2]
    taken = {*dims, *(KINDS[kind].dims if kind in KINDS else ())}
    problems += [f"by: '{name}' is also a dimension of the result; rename the column" for name in by if name in taken]
    for name in by:
        if name not in data.lists.columns:
            known = ", ".join(str(column) for column in data.lists.columns)
            problems.append(f"by: the lists have no column '{name}'; they have {known}")
            continue
        missing = data.lists.loc[data.lists[name].isna(), ["subject", "list"]]
        if len(missing):
            where = "; ".join(f"participant {s}, list {i}" for s, i in missing.head(10).itertuples(index=False))
            problems.append(f"by: column '{name}' has no value in {len(missing)} lists ({where}); leave them out")
    shape = np.shape(responses)
    if not isinstance(responses, xr.DataArray) and len(shape) - 2 not in DRAW_DIMS:
        problems.append(
            f"responses: expected (list, output) with up to two leading dimensions, found shape {shape}; "
            "an xarray.DataArray may have others"
        )
    elif len(shape) < 2 or shape[-2] != data.n_lists:
        problems.append(f"responses: expected (..., {data.n_lists} lists, output) for these data, found shape {shape}")
    return problems


def _levels(
    data: FreeRecallData, by: tuple[str, ...]
) -> tuple[dict[str, npt.NDArray], tuple[npt.NDArray[np.int64], ...]]:
    """Return the values of each column in `by`, in order, and each list's index among them."""
    levels, codes = {}, []
    for name in by:
        if name == "subject":
            # Participants keep the order of the data, which sorts S2 before S10.
            code, labels = data.participant, data.participants
        else:
            code, values = pd.factorize(data.lists[name], sort=True)
            labels = np.asarray(values)
        levels[name] = labels
        codes.append(code.astype(np.int64))
    return levels, tuple(codes)


def _coordinate(name: str, size: int) -> npt.NDArray[np.int64]:
    """Return the values along a dimension of a curve."""
    first = {"study_position": 1, "output_position": 1, "n_recalled": 0, "lag": -(size // 2)}[name]
    return np.arange(first, first + size)
