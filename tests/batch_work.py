"""Work for the tests of batches, in a module that worker processes can import."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kvfit.batch.job import Inputs, Job


def note(log: str, text: str) -> None:
    """Append a line at once, whatever other processes write."""
    handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{text}\n".encode())
    os.close(handle)


def noted(log: str | Path) -> list[str]:
    """Return what was noted."""
    path = Path(log)
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def square(x: int, *, log: str, seconds: float = 0.0) -> dict[str, Any]:
    """Note that the work began in which process, take some time, note that it is done."""
    note(f"{log}.begun", f"{x} {os.getpid()}")
    time.sleep(seconds)
    if x < 0:
        raise ValueError(f"no squares of {x} here")
    note(f"{log}.done", str(x))
    return {"square": x * x, "half": x / 3}


def total_responses(*, times: int, data: Any, similarity: Any) -> dict[str, Any]:
    """Count the responses of the data that came along."""
    return {"responses": times * len(data.recalled), "similarity": similarity is not None}


def die(*, log: str) -> dict[str, Any]:
    """Kill the process that runs this."""
    note(f"{log}.deaths", str(os.getpid()))
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def squares(numbers: Sequence[int], log: Path, seconds: float = 0.0) -> list[Job]:
    """One job a number."""
    return [Job(square, {"x": x}, f"square of {x}", Inputs(), {"log": str(log), "seconds": seconds}) for x in numbers]
