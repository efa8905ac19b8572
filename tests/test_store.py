"""Fits on disk: stored only if they can be opened again, found by their whole request, and told apart from damaged ones."""

import json
import os
import resource
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from recall_tables import list_table
from recognition_tables import stack, trial_table
from stored_fits import Sampler, healthy, stand_in

import kvfit as kv
from kvfit import sealed, store
from kvfit.store import StoreError, StoreWarning

MINE = replace(kv.get_model("tcm"), name="mine")
TINY: dict[str, Any] = {"draws": 20, "tune": 10, "chains": 2, "show_progress": False}


@pytest.fixture(scope="module")
def data() -> kv.FreeRecallData:
    return kv.read_free_recall(list_table(1, 1, 5, [5, 2]), name="one")


@pytest.fixture(scope="module")
def ratings() -> kv.RecognitionData:
    people = [
        trial_table(who, [2, 2, 1] * 4, [1, 1, 2] * 4, strength=["weak", "strong"] * 12) for who in ("001", "002")
    ]
    return kv.read_recognition(stack(*people), scale="1-2", name="two")


@pytest.fixture
def sampler(monkeypatch: pytest.MonkeyPatch) -> Sampler:
    return stand_in(monkeypatch)


@pytest.fixture
def fit(ratings: kv.RecognitionData, sampler: Sampler, tmp_path: Path) -> kv.Fit:
    return healthy(kv.fit("evsd", ratings, store=tmp_path / "fits", **TINY))


def test_a_model_that_is_not_registered_is_refused_before_sampling(
    data: kv.FreeRecallData, tmp_path: Path, sampler: Sampler
) -> None:
    with pytest.raises(StoreError, match="mine cannot be fitted into a store") as caught:
        kv.fit(MINE, data, store=tmp_path / "fits", **TINY)
    assert "entry point" in str(caught.value)
    assert "docs/adding-a-model.md" in str(caught.value)
    assert "without store=" in str(caught.value)
    assert sampler.asked == []
    assert not (tmp_path / "fits").exists()
    assert kv.fit(MINE, data, **TINY).model is MINE
    store.require_registered("tcm(delay=True)")


@pytest.mark.parametrize("label", ["mine", "kv_recall(memory=autoassociative, query=value)"])
def test_a_fit_of_a_model_that_is_gone_says_so(label: str, fit: kv.Fit) -> None:
    assert fit.path is not None
    forge(fit.path, model=label)
    with pytest.raises(StoreError, match="which kvfit cannot use here") as caught:
        kv.open_fit(fit.path)
    assert label in str(caught.value)
    assert str(fit.path) in str(caught.value)


def test_a_fit_comes_back_as_it_was(fit: kv.Fit, ratings: kv.RecognitionData, sampler: Sampler) -> None:
    assert fit.path is not None
    for again in (kv.open_fit(fit.path), kv.fit("evsd", ratings, store=fit.path.parent, **TINY)):
        assert again.path == fit.path
        assert again.settings == fit.settings
        # cases 22 of the issue
        assert list(again.data.participants) == ["001", "002"]
        assert again.sampled["posterior"]["participant"].to_numpy().tolist() == ["001", "002"]
        pd.testing.assert_frame_equal(again.data.trials, ratings.trials)
        np.testing.assert_array_equal(again.sampled["posterior"]["d_prime"], fit.sampled["posterior"]["d_prime"])
    assert sampler.asked == ["evsd"]
    assert [one.name for one in fit.path.parent.iterdir()] == [fit.path.name]


# what is one request


def with_prior(low: float, high: float, **words: str) -> Any:
    model: Any = kv.get_model("evsd")
    own = [replace(p, interval=(low, high), **words) if p.name == "d_prime" else p for p in model.memory.parameters]
    return replace(model, memory=replace(model.memory, parameters=tuple(own)))


def test_priors_are_part_of_the_request(ratings: kv.RecognitionData, sampler: Sampler, tmp_path: Path) -> None:
    """Cases 34 of the issue."""
    first = kv.fit(with_prior(0.5, 2.5), ratings, store=tmp_path, **TINY)
    again = kv.fit(with_prior(0.5, 2.5, meaning="other words", reason="mine"), ratings, store=tmp_path, **TINY)
    other = kv.fit(with_prior(3.0, 3.1), ratings, store=tmp_path, **TINY)
    assert again.path == first.path != other.path
    assert next(p for p in again.model.parameters if p.name == "d_prime").interval == (0.5, 2.5)
    assert sampler.asked == ["evsd", "evsd"]
    with pytest.raises(StoreError, match=r"interval of d_prime is .*, was \[3.0, 3.1\]"):
        kv.open_fit(other.path)  # type: ignore[arg-type]
    with pytest.raises(StoreError, match=r"the given model it is another model: interval of d_prime"):
        kv.open_fit(other.path, model=with_prior(0.5, 2.5))  # type: ignore[arg-type]
    opened = kv.open_fit(other.path, model=with_prior(3.0, 3.1))  # type: ignore[arg-type]
    assert next(p for p in opened.model.parameters if p.name == "d_prime").interval == (3.0, 3.1)
    with pytest.raises(StoreError, match="not of uvsd"):
        kv.open_fit(other.path, model=kv.get_model("uvsd"))  # type: ignore[arg-type]


def test_numbers_and_held_values_are_part_of_the_request(
    data: kv.FreeRecallData, sampler: Sampler, tmp_path: Path
) -> None:
    model: Any = kv.get_model("serial_position")
    edited = replace(model, event_floor=1e-2)  # as if the model's file computed something else
    held = replace(model, fixed={"rho_end": 0.5})
    moved = replace(model, fixed={"rho_end": 0.6})
    paths = [kv.fit(one, data, store=tmp_path, **TINY).path for one in (model, edited, held, moved, model)]
    assert len(set(paths[:4])) == 4
    assert paths[4] == paths[0]
    assert len(sampler.asked) == 4
    with pytest.raises(StoreError, match="the likelihood of the same responses is another"):
        kv.open_fit(paths[1])  # type: ignore[arg-type]


def test_workers_do_not_build_another_model_of_the_name(
    ratings: kv.RecognitionData, sampler: Sampler, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"workers build models by name.*interval of d_prime") as caught:
        kv.fit_batch([with_prior(0.5, 2.5), "uvsd"], ratings, store=tmp_path / "fits", **TINY)
    assert "uvsd" not in str(caught.value)
    with pytest.raises(ValueError, match=r"recovery:(.|\n)*interval of d_prime"):
        kv.recover(with_prior(0.5, 2.5), ratings, replicates=1, show_progress=False)
    fits = kv.fit_batch(["evsd", "uvsd"], ratings, store=tmp_path / "fits", **TINY)
    assert [one.label for one in fits] == ["evsd", "uvsd"]
    assert kv.fit("evsd", ratings, store=tmp_path / "fits", **TINY).path == fits[0].path
    assert sorted(sampler.asked) == ["evsd", "uvsd"]


# what was written, and what is there now


def forge(folder: Path, **changes: object) -> None:
    """Change a manifest, and its checksum with it."""
    file = folder / store.MANIFEST
    manifest = json.loads(file.read_text(encoding="utf-8")) | changes
    file.write_text(json.dumps(sealed.sealed(manifest)), encoding="utf-8")


def edited(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / store.MANIFEST
        manifest = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps(manifest | changes), encoding="utf-8")

    return change


def without(*keys: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        manifest = inner = json.loads((folder / store.MANIFEST).read_text(encoding="utf-8"))
        for key in keys[:-1]:
            inner = inner[key]
        del inner[keys[-1]]
        (folder / store.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")

    return change


def replaced(name: str, content: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_bytes(content((folder / name).read_bytes()))

    return change


def zero_512(content: bytes) -> bytes:
    at = len(content) // 8
    return content[:at] + bytes(512) + content[at + 512 :]


#: cases 31 of the issue, and some more
DAMAGES: dict[str, Callable[[Path], None]] = {
    "manifest is a list": replaced(store.MANIFEST, lambda _: b"[1]"),
    "manifest is empty": replaced(store.MANIFEST, lambda _: b""),
    "manifest is cut off": replaced(store.MANIFEST, lambda content: content[:100]),
    "manifest is no text": replaced(store.MANIFEST, lambda _: b"\xff\xfe"),
    "manifest missing": lambda folder: (folder / store.MANIFEST).unlink(),
    "no data": without("data"),
    "no settings": without("settings"),
    "no fingerprint": without("data", "fingerprint"),
    "no checksum": without("checksum"),
    "no files": without("files"),
    "other request": edited(request="0" * 12),
    "other settings": edited(settings={"draws": 1000}),
    "other model": edited(model="uvsd"),
    "other definition": edited(definition={}),
    "older": lambda folder: forge(folder, format=store.FORMAT - 1),
    "newer": lambda folder: forge(folder, format=store.FORMAT + 1),
    # with its checksum put right: sound for all that find sees, or nearly
    "files are no names": lambda folder: forge(folder, files=3),
    "files are a list": lambda folder: forge(folder, files=["fit.nc"]),
    "a zero byte in a name": lambda folder: forge(folder, files={"a\0": "0"}),
    "a file outside": lambda folder: forge(folder, files={"../fit.nc": "0"}),
    "settings of no fit": lambda folder: forge(folder, settings={"draws": "many"}),
    "no model": lambda folder: forge(folder, model=None),
    "trials truncated": replaced("trials.csv.gz", lambda content: content[: len(content) // 2]),
    "trials zeroed": replaced("trials.csv.gz", lambda content: bytes(len(content))),
    "trials missing": lambda folder: (folder / "trials.csv.gz").unlink(),
    "posterior empty": replaced("fit.nc", lambda _: b""),
    "posterior truncated": replaced("fit.nc", lambda content: content[:5000]),
    "posterior zeroed": replaced("fit.nc", lambda content: bytes(len(content))),
    "posterior missing": lambda folder: (folder / "fit.nc").unlink(),
    "512 bytes of the posterior zeroed": replaced("fit.nc", zero_512),
    "one bit of the posterior": replaced("fit.nc", lambda content: content[:-1] + bytes([content[-1] ^ 1])),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_fits_are_refused_set_aside_and_made_again(
    damage: str, fit: kv.Fit, ratings: kv.RecognitionData, sampler: Sampler
) -> None:
    assert fit.path is not None
    DAMAGES[damage](fit.path)
    before = {one.name: one.read_bytes() for one in fit.path.iterdir()}
    with pytest.raises(StoreError) as refused:
        kv.open_fit(fit.path)
    assert str(fit.path) in str(refused.value)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        again = kv.fit("evsd", ratings, store=fit.path.parent, **TINY)
    (line,) = [str(one.message) for one in said if one.category is StoreWarning]
    aside = fit.path.parent / store.SET_ASIDE / f"{fit.path.name}-1"
    assert str(aside) in line
    assert "\n" not in line
    assert {one.name: one.read_bytes() for one in aside.iterdir()} == before
    assert again.path == fit.path
    assert len(sampler.asked) == 2
    assert kv.open_fit(fit.path).label == "evsd"


def test_a_batch_sets_aside_what_it_cannot_open(fit: kv.Fit, ratings: kv.RecognitionData, sampler: Sampler) -> None:
    assert fit.path is not None
    DAMAGES["settings of no fit"](fit.path)
    with pytest.warns(StoreWarning, match="moved to .*, and fitted again"):
        (again,) = kv.fit_batch(["evsd"], ratings, store=fit.path.parent, **TINY)
    assert again.path == fit.path
    assert len(sampler.asked) == 2
    (untouched,) = kv.fit_batch(["evsd"], ratings, store=fit.path.parent, **TINY)
    assert untouched.path == fit.path
    assert len(sampler.asked) == 2


def test_what_is_wrong_is_told_apart(fit: kv.Fit) -> None:
    assert fit.path is not None
    for damage, words in {
        "older": "written by an older version of kvfit (format 2, this version reads 3)",
        "newer": "written by a newer version of kvfit (format 4, this version reads 3)",
        "other settings": "manifest.json was edited or damaged",
        "trials missing": "trials.csv.gz is missing",
        "posterior zeroed": "fit.nc was edited or damaged",
        "manifest missing": "not a fit",
    }.items():
        copy = fit.path.parent.parent / damage / fit.path.name
        shutil.copytree(fit.path, copy)
        DAMAGES[damage](copy)
        with pytest.raises(StoreError) as refused:
            kv.open_fit(copy)
        assert words in str(refused.value)


def test_a_fit_under_the_name_of_another_request_is_not_found(
    fit: kv.Fit, ratings: kv.RecognitionData, sampler: Sampler
) -> None:
    assert fit.path is not None
    other = kv.fit("evsd", ratings, store=fit.path.parent, seed=5, **TINY)
    shutil.rmtree(fit.path)
    other.path.rename(fit.path)  # type: ignore[union-attr]
    with pytest.warns(StoreWarning, match="holds the fit of another request"):
        again = kv.fit("evsd", ratings, store=fit.path.parent, **TINY)
    assert again.settings.seed == 0
    assert len(sampler.asked) == 3


@pytest.mark.parametrize(
    "changes",
    [
        # cases 24 of the issue: with its checksum put right, and in other places where something is built by name
        {"model": "evsd(d_prime ~ strength + np.testing.measure('raise SystemExit'))"},
        {"model": "evsd(d_prime ~ strength + np.load('x', allow_pickle=True))"},
        {"model": ["evsd"]},
        {"model": {"name": "evsd"}},
        {"model": None},
        {"settings": {"draws": "import os"}},
        {"settings": []},
        {"data": {}},
        {"files": {"../../outside": "0" * 64}},
        {"files": ["fit.nc"]},
        {"definition": None},
        {"timings_seconds": 3},
    ],
)
def test_a_manifest_runs_nothing(changes: dict[str, object], fit: kv.Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    def called(*given: object, **options: object) -> None:
        raise SystemExit("run")

    monkeypatch.setattr(np.testing, "measure", called)
    assert fit.path is not None
    forge(fit.path, **changes)
    with pytest.raises(StoreError) as refused:
        kv.open_fit(fit.path)
    assert str(fit.path) in str(refused.value)


# places that cannot be written


@pytest.fixture
def places(tmp_path: Path) -> Iterator[dict[str, Path]]:
    file, closed = tmp_path / "file", tmp_path / "closed"
    file.write_text("")
    closed.mkdir(mode=0o500)
    found = {"a file": file, "below a file": file / "fits", "a closed folder": closed}
    if os.access(closed, os.W_OK):  # the superuser may write everywhere
        del found["a closed folder"]
    yield found
    closed.chmod(0o700)


def test_a_store_that_cannot_be_written_is_told_before_sampling(
    places: dict[str, Path], ratings: kv.RecognitionData, sampler: Sampler
) -> None:
    """Cases 26 of the issue."""
    for place in places.values():
        for ask in (
            lambda place=place: kv.fit("evsd", ratings, store=place, **TINY),
            lambda place=place: kv.fit_batch(["evsd"], ratings, store=place, **TINY),
            lambda place=place: kv.recover("evsd", ratings, replicates=1, store=place, show_progress=False),
        ):
            with pytest.raises(StoreError) as refused:
                ask()
            assert str(place) in str(refused.value)
    assert sampler.asked == []


def test_a_store_without_room_is_told_before_sampling(
    ratings: kv.RecognitionData, sampler: Sampler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(StoreError, match="no room for the result"):
        kv.fit("evsd", ratings, store=tmp_path, **TINY)
    assert sampler.asked == []


@pytest.mark.parametrize("room", [0, 100, 2_000])
def test_a_full_disk_is_one_error_and_leaves_nothing(
    room: int, ratings: kv.RecognitionData, sampler: Sampler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cases 25 of the issue: files above a limit fail as on a full disk; Python ignores the signal."""
    monkeypatch.setattr(store, "prepare", lambda *given: tmp_path.mkdir(exist_ok=True))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        with pytest.raises(StoreError) as refused:
            kv.fit("evsd", ratings, store=tmp_path, **TINY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(tmp_path) in str(refused.value)
    assert list(tmp_path.iterdir()) == []
    assert refused.value.fit.label == "evsd"  # type: ignore[attr-defined]
    again = kv.fit("evsd", ratings, store=tmp_path, **TINY)
    assert kv.open_fit(again.path).label == "evsd"  # type: ignore[arg-type]


def test_nothing_is_left_behind_when_writing_fails(
    fit: kv.Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", broken)
    other = tmp_path / "other"
    with pytest.raises(StoreError, match="disk full"):
        store.save_fit(fit, other, "abc")
    assert list(other.iterdir()) == []


def test_a_fit_that_another_process_has_saved_meanwhile_stays(fit: kv.Fit) -> None:
    assert fit.path is not None
    before = (fit.path / store.MANIFEST).stat().st_mtime_ns
    again = store.save_fit(fit, fit.path.parent, fit.path.name.rpartition("-")[2])
    assert again.path == fit.path
    assert (fit.path / store.MANIFEST).stat().st_mtime_ns == before
    (fit.path / "fit.nc").unlink()
    with pytest.warns(StoreWarning, match=r"fit\.nc is missing"):
        store.save_fit(fit, fit.path.parent, fit.path.name.rpartition("-")[2])
    assert kv.open_fit(fit.path).label == "evsd"
