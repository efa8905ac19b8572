"""Folders whose manifest holds a checksum of every file and of itself: what was changed since is not taken for whole."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kvfit.files import write_folder

MANIFEST = "manifest.json"


class SealError(ValueError):
    """A folder that is not what was written; the message names it and says what differs."""


def write_sealed(folder: Path, manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """Write a folder whole or not at all.

    Parameters
    ----------
    folder : pathlib.Path
        Must not exist; its parent must.
    manifest : mapping
        Of what JSON can hold, with ``format``.
    files : mapping of str to bytes
        Contents by file name.

    Raises
    ------
    FileExistsError
        If somebody else has written it meanwhile.
    OSError
        With the folder's name.
    """
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    whole = sealed({**manifest, "files": sums})
    text = json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    write_folder(folder, {**files, MANIFEST: text.encode()})


def sealed(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with its own checksum."""
    rest = {name: value for name, value in manifest.items() if name != "checksum"}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return {**rest, "checksum": hashlib.sha256(text.encode()).hexdigest()}


def read_manifest(folder: Path, written: int, what: str) -> dict[str, Any]:
    """Read the manifest of a folder.

    Parameters
    ----------
    folder : pathlib.Path
    written : int
        Format that this version writes and reads.
    what : str
        What the folder should be, in words, with the command that makes one.

    Raises
    ------
    SealError
        If there is none, it is of an older or newer format, or it was edited or damaged.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SealError(f"{folder}: not {what} (no {MANIFEST})") from error
    except (OSError, ValueError, RecursionError) as error:
        raise SealError(
            f"{folder}: {MANIFEST} cannot be read ({type(error).__name__}: {error}); it is damaged"
        ) from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
        raise SealError(f"{folder}: {MANIFEST} is none of kvfit's, or damaged")
    if manifest["format"] != written:
        age = "an older" if manifest["format"] < written else "a newer"
        raise SealError(
            f"{folder}: written by {age} version of kvfit (format {manifest['format']}, this version reads {written})"
        )
    if sealed(manifest) != manifest:
        raise SealError(f"{folder}: {MANIFEST} was edited or damaged after it was written (its checksum is another)")
    files = manifest.get("files")
    if not isinstance(files, dict) or any(
        not isinstance(checksum, str) or name in ("", ".", "..") or set(name) & set("/\\\0")
        for name, checksum in files.items()
    ):
        raise SealError(f"{folder}: {MANIFEST} is none of kvfit's, or damaged (it names no files)")
    return manifest


def read_files(folder: Path, manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """Read every file that the manifest names.

    Raises
    ------
    SealError
        Naming every file that is missing, cannot be read, or is not what was written.
    """
    contents: dict[str, bytes] = {}
    problems = []
    for name, checksum in manifest["files"].items():
        try:
            content = (folder / Path(name).name).read_bytes()
        except OSError as error:
            problems.append(f"{name} is missing" if isinstance(error, FileNotFoundError) else f"{name}: {error}")
            continue
        if hashlib.sha256(content).hexdigest() == checksum:
            contents[name] = content
        else:
            problems.append(f"{name} was edited or damaged after it was written (its checksum is another)")
    if problems:
        raise SealError(f"{folder}: {'; '.join(problems)}")
    return contents
