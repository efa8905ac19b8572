"""Files and folders are written whole or not at all, and what killed processes leave disappears."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kvfit.files import UNFINISHED, check_writable, clear_unfinished, write_bytes, write_folder, write_text

HOUR = 3600.0


def dead_process() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def left(folder: Path, process: int | str, age: float, host: str | None = None, *, deep: bool = True) -> Path:
    """An unfinished folder, or file, of a process, last written `age` seconds ago."""
    from kvfit.files import _host

    path = folder / f"{UNFINISHED}{host or _host()}-{process}-abc"
    path.mkdir() if deep else path.write_text("half")
    files = [path]
    if deep:
        (path / "fit.nc").write_text("half")
        files.append(path / "fit.nc")
    for one in files:
        os.utime(one, (time.time() - age,) * 2)
    return path


def test_what_dead_processes_left_disappears(tmp_path: Path) -> None:
    """Cases 27 of the issue."""
    dead = dead_process()
    gone = [
        left(tmp_path, dead, HOUR),
        left(tmp_path, f"{dead}-file", HOUR, deep=False),
        left(tmp_path, os.getpid(), 30 * 24 * HOUR),  # a number that was given out again
        left(tmp_path, 1, 30 * 24 * HOUR, host="elsewhere"),
    ]
    old = tmp_path / f"{UNFINISHED}of_an_older_version"
    old.mkdir()
    os.utime(old, (time.time() - 30 * 24 * HOUR,) * 2)
    kept = [
        left(tmp_path, f"{dead}-now", 0),
        left(tmp_path, f"{os.getpid()}-living", HOUR),
        left(tmp_path, 2, HOUR, host="elsewhere"),
        tmp_path / "result",
    ]
    kept[-1].mkdir()
    assert set(clear_unfinished(tmp_path)) == {*gone, old}
    assert set(tmp_path.iterdir()) == set(kept)


def test_a_folder_that_is_still_written_stays(tmp_path: Path) -> None:
    folder = left(tmp_path, dead_process(), 30 * 24 * HOUR)
    (folder / "more").write_text("now")
    assert clear_unfinished(tmp_path) == []


def test_files_appear_whole(tmp_path: Path) -> None:
    path = write_text(tmp_path / "deep" / "a.txt", "first")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50, hard))
        with pytest.raises(OSError, match="File too large") as refused:
            write_bytes(path, bytes(1000))
        with pytest.raises(OSError, match="File too large") as folder:
            write_folder(tmp_path / "fit", {"a": b"a", "b": bytes(1000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(path) in str(refused.value)
    assert str(tmp_path / "fit") in str(folder.value)
    assert path.read_text() == "first"
    assert [one.name for one in path.parent.iterdir()] == ["a.txt"]
    assert [one.name for one in tmp_path.iterdir()] == ["deep"]


def test_folders_appear_whole_and_once(tmp_path: Path) -> None:
    write_folder(tmp_path / "fit", {"a": b"one", "b": bytes(3)})
    with pytest.raises(FileExistsError):
        write_folder(tmp_path / "fit", {"a": b"two"})
    assert (tmp_path / "fit" / "a").read_bytes() == b"one"
    assert [one.name for one in tmp_path.iterdir()] == ["fit"]


def test_a_place_is_tried(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OSError, match=str(place)):
            check_writable(place)
