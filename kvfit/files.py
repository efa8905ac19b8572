"""Files and folders written whole or not at all, and what a killed process leaves of them."""

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

#: Names of what is being written begin so: then the machine, the process, and what makes them unique.
UNFINISHED = ".writing-"
#: Seconds after which nobody writes any more, as far as a process on this machine, or any other, can tell.
_OLD, _OLD_ELSEWHERE = 600.0, 86_400.0
_AT_ONCE = 1 << 24


def write_text(path: str | Path, text: str) -> Path:
    """Write a text file (UTF-8) so that readers see the old file or the new one, never a part.

    Parameters
    ----------
    path : path
        Parent folders are made.
    text : str

    Returns
    -------
    pathlib.Path

    Raises
    ------
    OSError
        With the file's name, for example where the disk is full.
    """
    return write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str | Path, content: bytes) -> Path:
    """Write a file as :func:`write_text` does.

    Parameters
    ----------
    path : path
    content : bytes

    Returns
    -------
    pathlib.Path
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _clear_once(path.parent.resolve())
    handle, name = tempfile.mkstemp(prefix=_prefix(), dir=path.parent)
    os.close(handle)
    try:
        _write(Path(name), content)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise _about(error, path) from error
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write a folder of files, which appears under its name when everything is in it and on the disk.

    Parameters
    ----------
    folder : pathlib.Path
        Must not exist; its parent must.
    contents : mapping of str to bytes
        Contents by file name.

    Raises
    ------
    FileExistsError
        If somebody else has written it meanwhile.
    OSError
        With the folder's name, for example where the disk is full; nothing is left of it then.
    """
    partial = Path(tempfile.mkdtemp(prefix=_prefix(), dir=folder.parent))
    try:
        for name, content in contents.items():
            _write(partial / name, content)
        partial.chmod(0o755)
        if folder.exists():
            raise FileExistsError(f"{folder}: was written by somebody else meanwhile")
        os.rename(partial, folder)
    except FileExistsError:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        if folder.exists():
            raise FileExistsError(f"{folder}: was written by somebody else meanwhile") from error
        raise _about(error, folder) from error
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def check_writable(folder: Path) -> None:
    """Make a folder and write a file into it, which is taken away again.

    Raises
    ------
    OSError
        With the folder's name.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=_prefix(), dir=folder)
        os.close(handle)
        try:
            _write(Path(name), bytes(4096))
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise _about(error, folder) from error


def clear_unfinished(folder: Path) -> list[Path]:
    """Remove what killed processes left in a folder: unfinished files and folders that nobody writes any more.

    Those of a process of this machine that is dead, after some minutes; those of a living one, or of another machine,
    after a day.

    Returns
    -------
    list of pathlib.Path
        What was removed.
    """
    removed = []
    for path in folder.glob(f"{UNFINISHED}*"):
        try:
            age = time.time() - max(one.lstat().st_mtime for one in (path, *path.glob("*")))
            if age < (_OLD if _dead(path.name) else _OLD_ELSEWHERE):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError:  # somebody else is clearing too, or it is not ours to remove
            continue
        removed.append(path)
    return removed


@lru_cache(maxsize=256)
def _clear_once(folder: Path) -> None:
    clear_unfinished(folder)


def _prefix() -> str:
    return f"{UNFINISHED}{_host()}-{os.getpid()}-"


def _host() -> str:
    return "".join(c for c in socket.gethostname() if c.isalnum())[:40] or "unknown"


def _dead(name: str) -> bool:
    """Whether the process that wrote a file of this name is known to be dead."""
    parts = name.removeprefix(UNFINISHED).split("-")
    if os.name != "posix" or len(parts) < 3 or parts[0] != _host() or not parts[1].isdigit():
        return False
    try:
        os.kill(int(parts[1]), 0)  # asks, and sends nothing
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _write(path: Path, content: bytes) -> None:
    """Write a file, and wait until the disk has it: a full disk may say so only then."""
    with path.open("wb") as file:
        view = memoryview(content)
        for start in range(0, len(view), _AT_ONCE):
            file.write(view[start : start + _AT_ONCE])
        file.flush()
        os.fsync(file.fileno())


def _about(error: OSError, path: Path) -> OSError:
    """The same error, saying what could not be written instead of the passing name."""
    if error.errno is None:
        return OSError(f"{path}: {error}")
    return type(error)(error.errno, error.strerror or str(error), str(path))
