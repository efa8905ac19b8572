"""MATLAB files that are damaged: an error, and never the end of the process."""

import io
import random
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from scipy.io import savemat

from kvfit.tasks.mat_layout import MatLayoutError, check_mat
from kvfit.tasks.penn_arrays import NotPlain, plain
from kvfit.tasks.readers import check_file, read_free_recall

RECALLS = {"recalls": np.array([[6, 1, 3, 0], [5, 2, 0, 0]]), "subject": np.array([1, 1]), "listLength": 6}


def saved(arrays: dict[str, object], *, compressed: bool = False) -> bytes:
    file = io.BytesIO()
    savemat(file, arrays, do_compression=compressed)
    return file.getvalue()


@pytest.fixture
def everything() -> dict[str, object]:
    """Each kind of array that MATLAB and its users put into files."""
    cells = np.empty((2, 2), dtype=object)
    cells[:] = [["ab", "c"], [np.arange(3.0), np.zeros((0, 0))]]
    structs = np.zeros((1, 2), dtype=[("a", object), ("b", object)])
    structs[0, 0], structs[0, 1] = ("x", cells), (1, 2)
    return {
        "cells": cells, "structs": structs, "sparse": sparse.csc_matrix(np.eye(3)), "complex": np.array([1 + 2j]),
        "truth": np.array([True, False]), "none": np.zeros((0, 0)), "text": np.array(["ab", "cd"]), "umlaut": "\u00e4",
        "single": np.float32([1, 2]), "small": np.uint8([7]), **RECALLS,
    }  # fmt: skip


@pytest.mark.parametrize("compressed", [False, True])
def test_sound_files_pass(everything: dict[str, object], *, compressed: bool) -> None:
    check_mat(saved(everything, compressed=compressed))
    path = io.BytesIO(saved(RECALLS, compressed=compressed))
    assert path.getvalue()


def test_a_type_that_does_not_exist(tmp_path: Path) -> None:
    """SciPy looks the type of an element up without asking whether there is one: the process ended here."""
    content = bytearray(saved(RECALLS))
    # The name of the first matrix (seven letters) is said to be longer, so that its values are read from elsewhere.
    at = content.index((7).to_bytes(4, "little") + b"recalls")
    content[at] = 211
    path = tmp_path / "damaged.mat"
    path.write_bytes(content)
    (problem,) = check_file(path)
    assert problem.code == "unparsable"
    assert "MatLayoutError" in problem.places[0].found


def test_a_name_that_swallows_the_values(everything: dict[str, object]) -> None:
    """An empty matrix without its element of values: SciPy then reads on behind it."""
    content = saved({"cell": everything["cells"]})
    empty = bytes.fromhex("0100000000000000 0900000000000000")
    assert content.count(empty) == 1
    with pytest.raises(MatLayoutError):
        check_mat(content.replace(empty, b"\1\0\0\0\1\0\0\0" + empty[8:]))


def test_every_kind_of_size_is_checked(everything: dict[str, object]) -> None:
    content = saved(everything)
    check_mat(content)
    for at in range(128, len(content), 8):
        # No tag, size, type or number of cells may be as large as this.
        damaged = bytearray(content)
        damaged[at : at + 8] = b"\xff" * 7 + b"\x7f"
        try:
            check_mat(bytes(damaged))
        except MatLayoutError:
            continue
        # What passes are values: the same file but for eight bytes that no size or type depends on.
        assert len(damaged) == len(content)
    for length in (0, 100, 128 + 4, len(content) - 1):
        with pytest.raises(MatLayoutError):
            check_mat(content[:length])


def test_damage_anywhere_is_an_error_or_read(tmp_path: Path) -> None:
    chance = random.Random(3)
    content = saved(RECALLS)
    path = tmp_path / "damaged.mat"
    n_read = 0
    for _ in range(100):
        damaged = bytearray(content)
        for _ in range(3):
            damaged[chance.randrange(128, len(damaged))] = chance.choice([0, 1, 255, chance.randrange(256)])
        path.write_bytes(damaged)
        n_read += not any(one.severity == "error" for one in check_file(path))
    assert n_read < 100


def test_indices_of_sparse_matrices_stay_inside() -> None:
    """SciPy writes wherever the indices lead, once it makes such a matrix dense."""
    good = sparse.csc_matrix(np.array([[0.0, 2.0], [3.0, 0.0]]))
    np.testing.assert_array_equal(plain(good), [[0, 2], [3, 0]])
    for name, values in (("indices", [0, 9]), ("indices", [-1, 0]), ("indptr", [0, 2, 0]), ("indptr", [0, 1, 99])):
        damaged = good.copy()
        setattr(damaged, name, np.array(values, dtype=np.int32))
        with pytest.raises(NotPlain, match="damaged sparse matrix"):
            plain(damaged)


def test_files_of_version_4_are_read(tmp_path: Path) -> None:
    path = tmp_path / "old.mat"
    savemat(path, {name: np.atleast_2d(value) for name, value in RECALLS.items()}, format="4")
    assert read_free_recall(path).recalled.tolist() == [5, 0, 2, 4, 1]
