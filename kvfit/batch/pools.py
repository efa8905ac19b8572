"""Where jobs run: in this process, in local processes, or on the workers of a Dask cluster."""

import pickle
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from pathlib import Path
from typing import Any

from kvfit.batch.job import Inputs, Job
from kvfit.batch.results import Failure, Outcome, execute

#: One thread a process: the processes share the machine's cores.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
#: Deaths of a process that ran a job alone, after which the job is given up.
_MOST_DEATHS = 2

Finished = tuple[Job, Outcome]


def run_here(jobs: Sequence[Job], store: Path | None) -> Iterator[Finished]:
    """Do one job after the other in this process."""
    for job in jobs:
        yield job, execute(job, store)


def run_processes(jobs: Sequence[Job], store: Path | None, workers: int) -> Iterator[Finished]:
    """Do jobs in `workers` local processes.

    When a process dies (killed, or out of memory), all processes are replaced and the jobs that were running are done
    again one at a time, so that a job that kills its process is found; after two deaths alone it has failed.

    Notes
    -----
    loky's executor instead of the standard library's: scripts need no ``if __name__ == "__main__"``, and nothing is
    forked beside running threads.
    """
    from loky import ProcessPoolExecutor
    from loky.process_executor import BrokenProcessPool

    def started() -> Any:
        return ProcessPoolExecutor(max_workers=workers, timeout=None, env=_ONE_THREAD)

    packed = _Packed()
    waiting, suspects = list(reversed(jobs)), list[Job]()
    deaths: dict[str, int] = {}
    executor, running = started(), dict[Any, Job]()
    try:
        while waiting or suspects or running:
            # suspects alone, else as many as there are processes
            while (suspects and not running) or (waiting and not suspects and len(running) < workers):
                source = suspects or waiting
                try:
                    future = executor.submit(_work, packed.job(source[-1]), packed.inputs(source[-1]), store)
                except BrokenProcessPool:  # an idle process died; the futures of the others say so too
                    if not running:
                        executor.shutdown(wait=True, kill_workers=True)
                        executor = started()
                    break
                running[future] = job = source.pop()
                if job.key in deaths:
                    break
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            broken = False
            for future in finished:
                try:
                    outcome = future.result()
                except BrokenProcessPool:
                    broken = True
                    continue
                except Exception as error:
                    outcome = _not_begun(running[future], error)
                yield running.pop(future), outcome
            if broken:
                alone = len(running) == 1
                executor.shutdown(wait=True, kill_workers=True)
                executor = started()
                for job in running.values():
                    deaths[job.key] = deaths.get(job.key, 0) + alone
                    if deaths[job.key] >= _MOST_DEATHS:
                        yield job, _died(job)
                    else:
                        suspects.append(job)
                running = {}
    finally:
        executor.shutdown(wait=True, kill_workers=True)


def run_dask(jobs: Sequence[Job], store: Path | None, address: str) -> Iterator[Finished]:
    """Do jobs on the workers of a Dask cluster.

    A worker that is lost gives its jobs to the others. What it had finished is in the store and is not done again.

    Parameters
    ----------
    jobs : sequence of Job
    store : pathlib.Path
        On a file system that the workers share; otherwise results come back to this process alone.
    address : str
        Of the scheduler, such as ``tcp://10.0.0.1:8786``.

    Raises
    ------
    ValueError
        If Dask is not installed or no scheduler answers.
    """
    try:
        from distributed import Client, KilledWorker, as_completed
    except ImportError as error:
        raise ValueError(
            f"dask={address!r} needs the extra packages of kvfit-memory[dask], of which {error.name} is not installed"
        ) from error
    try:
        client = Client(address, timeout="20s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"dask={address!r}: no scheduler answers there ({error}); start one: dask scheduler"
        ) from error
    packed = _Packed()
    with client:
        _check_workers(client)
        running = {
            client.submit(
                _work, packed.job(job), packed.inputs(job), store, key=f"kvfit-{job.key}", pure=False
            ): job
            for job in jobs
        }  # fmt: skip
        try:
            for future in as_completed(list(running), loop=client.loop):
                job = running.pop(future)
                try:
                    outcome: Outcome = future.result()
                except KilledWorker:
                    outcome = _died(job)
                except Exception as error:
                    outcome = _not_begun(job, error)
                yield job, outcome
        finally:
            client.cancel(list(running))


def _check_workers(client: Any) -> None:
    """Warn of workers with several threads."""
    threads = [worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values()]
    if any(n > 1 for n in threads):
        warnings.warn(
            "some Dask workers run several jobs at once in threads, which samplers and warnings do not allow for; start"
            " them with --nthreads 1 and as many workers as cores",
            stacklevel=2,
        )


def _died(job: Job) -> Failure:
    return Failure(job.key, job.label, "the process that ran it died repeatedly (killed, or out of memory)")


def _not_begun(job: Job, error: Exception) -> Failure:
    """Failure of a worker that could not even begin, for want of a package or of the function's module."""
    return Failure(job.key, job.label, " ".join(f"{type(error).__name__}: {error}".split()))


class _Packed:
    """Jobs without their data, and the data packed once."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def job(self, job: Job) -> bytes:
        """The job, which keeps the key that it has here."""
        return pickle.dumps(
            (job.function, job.settings, job.label, job.how, job.stores_itself, job.definition, job.key)
        )

    def inputs(self, job: Job) -> tuple[str, bytes]:
        digest = job.inputs.digest
        if digest not in self._blobs:
            self._blobs[digest] = pickle.dumps(job.inputs)
        return digest, self._blobs[digest]


_unpacked: dict[str, Inputs] = {}


def _work(job: bytes, inputs: tuple[str, bytes], store: Path | None) -> Outcome:
    """Unpack a job in a worker and do it."""
    function, settings, label, how, stores_itself, definition, key = pickle.loads(job)
    digest, blob = inputs
    if digest not in _unpacked:
        if len(_unpacked) > 8:
            _unpacked.clear()
        _unpacked[digest] = pickle.loads(blob)
    mine = Job(function, settings, label, _unpacked[digest], how, stores_itself, definition)
    if mine.key != key:
        from kvfit import __version__

        return Failure(
            key, label, f"this worker runs kvfit {__version__} on its own packages and makes another job of it; install the"
            " same version everywhere"
        )  # fmt: skip
    return execute(mine, store)
