"""Penn files as MATLAB writes them: structs in structs, and things where arrays belong (cases 09 and 29 of the issue)."""

import random
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from scipy.io import savemat

import kvfit as kv
from kvfit.tasks.problems import DataError, DataWarning, Problem


def structs(*elements: dict[str, Any]) -> np.ndarray:
    """An array of structs."""
    made = np.zeros((1, len(elements)), dtype=[(name, object) for name in elements[0]])
    for at, element in enumerate(elements):
        made[0, at] = tuple(element.values())
    return made


def cells(*given: object) -> np.ndarray:
    """A column of cells."""
    made = np.empty((len(given), 1), dtype=object)
    made[:, 0] = given
    return made


def two_lists(first: float, length: float) -> dict[str, Any]:
    return {
        "recalls": np.array([[first, 1, 0], [2, 3, -1]]),
        "listLength": length,
        "subject": np.array([[1.0], [2.0]]),
        "session": np.array([[1.0], [1.0]]),
    }


def sound() -> dict[str, Any]:
    return {
        "recalls": np.array([[1.0, 2], [1, 0], [2, -1]]),
        "subject": np.array([[1], [1], [2]]),
        "listLength": np.array([[3], [3], [3]]),
        "pres_itemnos": np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
        "rec_itemnos": np.array([[1, 2], [4, 0], [8, 5]]),
        "times": np.array([[9.0, 10], [11, 0], [12, 13]]),
    }


def write(path: Path, arrays: dict[str, Any]) -> Path:
    savemat(path / "file.mat", arrays)
    return path / "file.mat"


def problems(path: Path, **options: object) -> list[Problem]:
    return [one for one in kv.check_file(path, **options) if one.severity == "error"]


class TestStructs:
    @pytest.mark.parametrize("depth", [1, 2, 5])
    def test_structs_inside_structs(self, tmp_path: Path, depth: int) -> None:
        inner: Any = structs(two_lists(4, 4), two_lists(5, 5))
        for _ in range(depth):
            inner = {"LL": inner}
        data = kv.read_free_recall(write(tmp_path, {"data": inner}))
        assert data.participants.tolist() == ["1/1", "1/2", "2/1", "2/2"]
        assert data.responses.tolist() == [[4, 1, 0], [2, 3, -1], [5, 1, 0], [2, 3, -1]]
        assert data.list_length.tolist() == [4, 4, 5, 5]

    def test_structs_inside_cells(self, tmp_path: Path) -> None:
        inner = cells(two_lists(4, 4), two_lists(5, 5))
        data = kv.read_free_recall(write(tmp_path, {"data": {"groups": inner}}))
        assert data.list_length.tolist() == [4, 4, 5, 5]

    def test_a_single_struct_needs_no_number(self, tmp_path: Path) -> None:
        assert kv.read_free_recall(write(tmp_path, {"a": {"b": two_lists(4, 4)}})).participants.tolist() == [1, 2]

    def test_several_structs_are_told_and_one_can_be_named(self, tmp_path: Path) -> None:
        path = write(tmp_path, {"data": {"all": two_lists(4, 4), "clean": two_lists(3, 4)}})
        with pytest.warns(DataWarning, match=r"data.all: participants 1/..."):
            assert kv.read_free_recall(path).n_lists == 4
        one = kv.read_free_recall(path, columns={"recalls": "data.clean.recalls"})
        assert one.responses.tolist() == [[3, 1, 0], [2, 3, -1]]
        assert one.participants.tolist() == [1, 2]

    def test_own_names_inside_a_struct(self, tmp_path: Path) -> None:
        arrays = two_lists(4, 4)
        arrays["answers"] = arrays.pop("recalls")
        path = write(tmp_path, {"data": {"LL": arrays}})
        assert all("data.LL.answers" in problem.places[0].found for problem in problems(path))
        assert kv.read_free_recall(path, columns={"recalls": "answers"}).list_length.tolist() == [4, 4]

    def test_what_lacks_in_a_struct_is_told_with_its_place(self, tmp_path: Path) -> None:
        arrays = two_lists(4, 4)
        del arrays["subject"]
        (problem,) = problems(write(tmp_path, {"data": {"LL": arrays}}))
        assert problem.places[0].found.startswith("in data.LL arrays listLength, recalls")

    def test_times_that_one_struct_lacks_are_missing_there(self, tmp_path: Path) -> None:
        path = tmp_path / "file.mat"
        savemat(path, {"a": {**two_lists(4, 4), "times": np.array([[1.0, 2, 0], [3, 4, 5]])}, "b": two_lists(4, 4)})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            data = kv.read_free_recall(path)
        times = data.events.loc[data.events["trial_type"] == "recall", "time"]
        assert times.tolist()[:5] == [1, 2, 3, 4, 5]
        assert times.iloc[5:].isna().all()


STRANGE: dict[str, Any] = {
    "struct": {"x": 0.0},
    "structs": structs({"x": 0.0}, {"x": 1.0}, {"x": 2.0}),
    "several in a cell": cells(np.array([1.0, 2.0]), "a", "b"),
    "cells in a cell": cells(cells(1.0, "a"), "a", "b"),
    "struct in a cell": cells({"x": 0.0}, "a", "b"),
    "complex": np.array([[1 + 2j], [1], [1]]),
}


@pytest.mark.parametrize("name", ["recalls", "subject", "listLength", "pres_itemnos", "rec_itemnos", "times"])
@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_no_array_of_numbers_or_text_is_told(tmp_path: Path, name: str, kind: str) -> None:
    found = problems(write(tmp_path, {**sound(), name: STRANGE[kind]}))
    assert {one.column for one in found} == {name}
    assert {one.code for one in found} <= {"wrong_kind", "unparsable"}
    said = {"struct": "fields x", "structs": "fields x", "complex": "complex numbers", "struct in a cell": "struct"}
    assert said.get(kind, "a cell that holds several") in found[0].places[0].found


def test_cells_of_single_values_sparse_and_logical_arrays_are_arrays(tmp_path: Path) -> None:
    plain = kv.read_free_recall(write(tmp_path, sound()))
    wrapped = {
        **sound(),
        "recalls": sparse.csc_matrix(sound()["recalls"]),
        "subject": cells(cells(1.0), "1", np.array([[2.0]])),
        "odd": np.array([[True], [False], [True]]),
        "strange": STRANGE["structs"],  # no condition, and in nobody's way
    }
    data = kv.read_free_recall(write(tmp_path, wrapped))
    assert data.fingerprint == plain.fingerprint
    np.testing.assert_array_equal(data.responses, plain.responses)
    assert data.lists["odd"].tolist() == [1, 0, 1]
    assert "strange" not in data.lists


def test_negative_codes_are_no_items_but_words_with_a_hyphen_are(tmp_path: Path) -> None:
    words = np.array([["-ness", "-ism"], ["-hood", "-dom"]], dtype=object)
    path = write(tmp_path, {"recalls": np.array([[2.0], [1.0]]), "subject": 1.0, "pres_items": words})
    assert kv.read_free_recall(path).items.tolist() == [["-ness", "-ism"], ["-hood", "-dom"]]


def _anything(rng: random.Random, depth: int = 0) -> Any:
    """A value that a .mat file may hold."""
    n = rng.choice([0, 1, 3, 3])
    simple: list[Any] = [
        np.array([[1, 2], [1, 0], [2, 1]]),
        np.array([[1.0], [1], [2]])[:n],
        rng.choice(["abc", "", "1"]),
        float(rng.choice([0, 3, -1, np.nan, np.inf, 1e300, 2.5])),
        np.array(["a", "bb", "c"][:n] or [""]),
        np.array([1 + 2j] * max(n, 1)),
        np.zeros((n, 2, 2)),
        np.array([[True], [False], [True]])[:n],
        51791395714760709,
    ]
    kind = rng.randrange(len(simple) + (4 if depth < 3 else 0))
    if kind < len(simple):
        return simple[kind]
    names = rng.sample(["recalls", "subject", "x", "listLength", "pres_itemnos"], 2)
    if kind == len(simple):
        return {name: _anything(rng, depth + 1) for name in names}
    if kind == len(simple) + 1:
        return structs(*({name: _anything(rng, depth + 1) for name in names} for _ in range(max(n, 1))))
    return cells(*(_anything(rng, depth + 1) for _ in range(n)))


@pytest.mark.parametrize("seed", range(6))
def test_any_file_is_read_or_refused_with_its_problems(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(12):
        arrays = sound()
        for name in rng.sample(sorted(arrays), rng.choice([1, 1, 2])):
            arrays[name] = _anything(rng)
        if rng.random() < 0.3:
            arrays = {"data": arrays, "other": _anything(rng)}
        path = write(tmp_path, arrays)
        if problems(path):
            with pytest.raises(DataError, match="nothing was computed"):
                kv.read_free_recall(path)
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            assert kv.read_free_recall(path).n_lists
