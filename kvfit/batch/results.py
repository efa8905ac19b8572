"""Results and failures of jobs on disk: a JSON file each, written whole or not at all."""

import json
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kvfit.batch.job import Job, plain
from kvfit.files import write_text
from kvfit.interrupts import raise_interrupt
from kvfit.sealed import sealed
from kvfit.store import package_versions

FORMAT = 2
#: folders inside a store
RESULTS = "jobs"
FAILURES = "failed-jobs"


@dataclass(frozen=True)
class Failure:
    """A job that ended with an error.

    Parameters
    ----------
    key, label : str
        Of the job.
    error : str
        Type and message in one line.
    details : str
        Where it was raised.
    """

    key: str
    label: str
    error: str
    details: str = ""


Outcome = Mapping[str, Any] | Failure


def read_result(job: Job, store: Path) -> dict[str, Any] | None:
    """Result of a finished job, if the store has it.

    A file that cannot be read, of another format, or edited or damaged since (its checksum is another) counts as missing:
    the job is done again.
    """
    try:
        found = json.loads((store / RESULTS / job.file_name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or found.get("format") != FORMAT or found.get("key") != job.key:
        return None
    if sealed(found) != found:
        return None
    result: dict[str, Any] = found["result"]
    return result


def write_result(job: Job, result: Mapping[str, Any], seconds: float, store: Path) -> None:
    """Store the result of a job, with what it was; an earlier failure of it is forgotten."""
    content = {
        "format": FORMAT,
        "key": job.key,
        "label": job.label,
        "function": job.name,
        "settings": job.settings,
        "seconds": round(seconds, 3),
        "versions": package_versions(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "result": result,
    }
    # as it will be read: the checksum is of that
    whole = sealed(json.loads(json.dumps(content, default=plain)))
    write_text(store / RESULTS / job.file_name, json.dumps(whole) + "\n")
    (store / FAILURES / job.file_name).unlink(missing_ok=True)


def write_failure(job: Job, failure: Failure, store: Path) -> None:
    """Record a failure; the job is tried again by the next run."""
    content = asdict(failure) | {"function": job.name, "settings": job.settings}
    write_text(store / FAILURES / job.file_name, json.dumps(content, default=plain, indent=2) + "\n")


def execute(job: Job, store: Path | None) -> Outcome:
    """Do a job, or find its result; runs wherever the batch put it.

    Returns
    -------
    mapping or Failure
        An error of the job does not end the batch. The result is what its file says, so that it is the same whether it
        was computed, read, here or elsewhere.
    """
    try:
        keep = None if job.stores_itself else store
        found = None if keep is None else read_result(job, keep)
        if found is not None:
            return found
        started = time.perf_counter()
        given = {} if job.inputs.data is None else {"data": job.inputs.data, "similarity": job.inputs.similarity}
        result: dict[str, Any] = json.loads(json.dumps(job.function(**job.settings, **job.how, **given), default=plain))
        if keep is not None:
            write_result(job, result, time.perf_counter() - started, keep)
        return result
    except Exception as error:
        raise_interrupt(error)
        text = " ".join(f"{type(error).__name__}: {error}".split())
        return Failure(job.key, job.label, text, traceback.format_exc())
