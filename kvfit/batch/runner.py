"""Run a batch of jobs: find what is finished, do the rest, record what failed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kvfit.batch.job import Job
from kvfit.batch.pools import Finished, run_dask, run_here, run_processes
from kvfit.batch.results import Failure, read_result, write_failure, write_result
from kvfit.progress import progress
from kvfit.store import prepare


@dataclass(frozen=True, eq=False)
class Batch:
    """What became of a batch.

    Parameters
    ----------
    results : tuple
        In the order of the jobs: each one's result, None where it failed.
    failures : tuple of Failure
    n_found : int
        Jobs that were finished before.
    """

    results: tuple[Any, ...]
    failures: tuple[Failure, ...]
    n_found: int

    @property
    def done(self) -> tuple[Any, ...]:
        """Results of the jobs that did not fail."""
        return tuple(result for result in self.results if result is not None)

    def words(self) -> str:
        """Failures in words; empty if there are none."""
        if not self.failures:
            return ""
        kinds = {f.error: f for f in reversed(self.failures)}
        shown = "\n".join(f"  {f.label} (key {f.key}): {error}" for error, f in list(kinds.items())[:5])
        more = f"\n  and {len(kinds) - 5} other errors" if len(kinds) > 5 else ""
        return f"{len(self.failures)} of {len(self.results)} jobs failed and are left out:\n{shown}{more}"


class BatchError(ValueError):
    """Every job of a batch failed."""


def run_batch(
    jobs: Sequence[Job],
    *,
    store: str | Path | None = None,
    workers: int = 1,
    dask: str | None = None,
    label: str = "jobs",
    show_progress: bool = True,
) -> Batch:
    """Do jobs, each once.

    Parameters
    ----------
    jobs : sequence of Job
        Jobs with the same key are done once.
    store : path, optional
        Folder of fits. Results are files in it; a batch that was stopped, or is run again with more jobs, goes on with
        what is missing. Errors are recorded there too, and those jobs are tried again by the next run.
    workers : int
        Local processes. 1 runs everything in this process.
    dask : str, optional
        Address of a Dask scheduler, whose workers are used instead.
    label : str
        Of the progress bar.
    show_progress : bool

    Returns
    -------
    Batch

    Raises
    ------
    ValueError
        If `workers` is below 1, both ways are asked for, Dask is not there, or nothing can be written into the store.
    BatchError
        If every job failed.
    """
    if workers < 1:
        raise ValueError(f"workers: expected at least 1, found {workers}")
    if dask is not None and workers > 1:
        raise ValueError(f"workers={workers} and dask={dask!r}: give one of them; a cluster has its own workers")
    folder = None if store is None else Path(store).resolve()
    unique = {job.key: job for job in jobs}
    outcomes: dict[str, Any] = {}
    if folder is not None:
        found = {key: read_result(job, folder) for key, job in unique.items() if not job.stores_itself}
        outcomes = {key: result for key, result in found.items() if result is not None}
    n_found = len(outcomes)
    missing = [job for key, job in unique.items() if key not in outcomes]
    if missing and folder is not None:
        prepare(folder)
    with progress(show_progress) as bar:
        if n_found:
            bar.say(f"{label}: {n_found} of {len(unique)} were finished before")
        finished = _pool(missing, folder, workers, dask)
        for job, outcome in bar.track(finished, label, total=len(missing)):
            outcomes[job.key] = outcome
            if folder is None:
                continue
            if isinstance(outcome, Failure):
                write_failure(job, outcome, folder)
            elif not job.stores_itself and read_result(job, folder) is None:
                # a worker without this file system
                write_result(job, outcome, 0.0, folder)
    failures = tuple(o for o in outcomes.values() if isinstance(o, Failure))
    results = tuple(None if isinstance(outcomes[job.key], Failure) else outcomes[job.key] for job in jobs)
    batch = Batch(results, failures, n_found)
    if jobs and not batch.done:
        raise BatchError(f"{label}: {batch.words()}")
    return batch


def _pool(jobs: list[Job], store: Path | None, workers: int, dask: str | None) -> Iterator[Finished]:
    if not jobs:
        return iter(())
    if dask is not None:
        return run_dask(jobs, store, dask)
    return run_here(jobs, store) if workers == 1 else run_processes(jobs, store, workers)
