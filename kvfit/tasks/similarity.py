"""Similarity of the items of each list: of all pairs in free recall, of probes and studied items in recognition."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd

from kvfit.tasks.free_recall import FreeRecallData
from kvfit.tasks.item_lists import ItemLists, recalled_lists, tested_lists
from kvfit.tasks.problems import DataError, DataWarning, ProblemLog
from kvfit.tasks.recognition import RecognitionData
from kvfit.tasks.similarity_checks import check_item_table, item_keys
from kvfit.tasks.similarity_files import ItemTable, Kind, read_item_table
from kvfit.tasks.similarity_gaps import report_gaps
from kvfit.tasks.sources import existing_file

Missing = Literal["error", "mean"]


def read_similarity(
    path: str | Path,
    data: FreeRecallData | RecognitionData,
    *,
    missing: Missing = "error",
    ignore_case: bool = False,
    kind: Kind | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> np.ndarray:
    """Read how similar the items of each list are.

    Parameters
    ----------
    path : str or pathlib.Path
        One of

        - a table with item labels in the header and in the first column and similarities in between, of which
          one half is enough;
        - a table with an item in the first column and its vector in the others, of which cosines are taken;
        - an archive (.npz) with ``items`` and ``similarity (item, item)``, or with ``items`` and
          ``vectors (item, dimension)``.
    data : FreeRecallData or RecognitionData
        Whose lists are wanted.
    missing : {"error", "mean"}
        Pairs of a list about which the file says nothing, because an item is not in it, a vector is zero or
        incomplete, or a cell is empty: report them; or give them the mean over the known pairs of different
        items among all that were studied, and warn.
    ignore_case : bool
        Match items whatever their case and outer blanks.
    kind : {"matrix", "vectors"}, optional
        What the file holds; by default what it looks like.
    encoding, delimiter : str, optional
        Of a text file; default UTF-8, and the delimiter that the header shows.

    Returns
    -------
    ndarray of float
        Free recall: shape (list, position, position), in the order of ``data.lists``, 0 beyond a list's end. The
        diagonal, which no model reads, is 0 where the file says nothing. Recognition: shape (trial, studied item),
        each probe with the items studied in its list, in the order of study (of the test where that is not known);
        0 beyond a list's end and for an old item with itself, because its own trace is a model's affair.

    Raises
    ------
    DataError
        If anything is wrong; it lists every problem.
    FileNotFoundError
        If there is no such file.

    Warns
    -----
    DataWarning
        If pairs got the mean similarity.
    """
    for name, value, kinds in (("missing", missing, Missing), ("kind", kind or "matrix", Kind)):
        if value not in get_args(kinds):
            raise ValueError(f"{name}={value!r}: expected one of {', '.join(get_args(kinds))}")
    path = existing_file(path)
    log = ProblemLog()
    table = read_item_table(path, log, kind=kind, encoding=encoding, delimiter=delimiter)
    if isinstance(data, RecognitionData):
        lists, of_trial, position = tested_lists(data)
    else:
        lists = recalled_lists(data)
    similarity = np.zeros(0) if table is None else _arrange(table, lists, log, missing, ignore_case)
    if log.errors:
        raise DataError(path.name, log.problems)
    for problem in log.warnings:
        warnings.warn(f"{path.name}: {problem}", DataWarning, stacklevel=2)
    if not isinstance(data, RecognitionData):
        return similarity
    of_probe = similarity[of_trial, position, : int(lists.n_studied.max())]
    own = position < lists.n_studied[of_trial]
    of_probe[own, position[own]] = 0.0
    return of_probe


def _arrange(table: ItemTable, lists: ItemLists, log: ProblemLog, missing: Missing, ignore_case: bool) -> np.ndarray:
    """Check the table against the lists and lay it out; problems go to `log`."""
    position = np.arange(lists.items.shape[1])
    inside = position < lists.n_items[:, None]
    item = np.zeros(inside.shape, dtype=np.int64)
    item[inside], uniques = pd.factorize(lists.items[inside])
    labels = np.array(uniques, dtype=object)
    pairs, without = _item_pairs(table, labels, log, ignore_case)
    similarity = pairs[item[:, :, None], item[:, None, :]]
    # nothing asks how alike two new items are
    studied = position < lists.n_studied[:, None]
    both = inside[:, :, None] & inside[:, None, :] & (studied[:, :, None] | studied[:, None, :])
    empty = both & (position[:, None] != position) & np.isnan(similarity)
    if empty.any():
        known = pairs[~np.eye(len(pairs), dtype=bool) & np.isfinite(pairs)]
        mean = float(known.mean()) if missing == "mean" and len(known) else None
        report_gaps(lists, labels, item, empty, without, log, fill=mean)
        similarity[empty] = 0.0 if mean is None else mean
    return np.where(both, np.nan_to_num(similarity), 0.0)


def _item_pairs(
    table: ItemTable, labels: np.ndarray, log: ProblemLog, ignore_case: bool
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Similarity ``(item, item)`` of the studied items, NaN where unknown, and the items that have none, by reason."""
    rows = check_item_table(table, ignore_case, log)
    row = np.array([rows.get(key, -1) for key in item_keys(labels, ignore_case)], dtype=np.int64)
    absent, undirected = row < 0, np.zeros(len(labels), dtype=bool)
    values = np.where(np.isinf(table.values), 1.0, table.values)  # infinite ones were reported
    if table.kind == "vectors":
        norm = np.linalg.norm(values[row], axis=1)
        undirected = ~absent & ~(norm > 0)
        unit = values[row] / np.where(norm > 0, norm, np.nan)[:, None]
        pairs = unit @ unit.T
    else:
        pairs = values[np.ix_(row, row)]
        pairs = np.where(np.isnan(pairs), pairs.T, pairs)
    pairs[absent], pairs[:, absent] = np.nan, np.nan
    loose = set() if ignore_case else set(item_keys(table.items, ignore_case=True))
    near = absent & np.array([key in loose for key in item_keys(labels, ignore_case=True)], dtype=bool)
    return pairs, {"absent": absent & ~near, "near": near, "undirected": undirected}
