"""A batch does every job once, goes on after errors and deaths, and resumes."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from batch_work import die, noted, squares, total_responses
from study_lists import study_table

import kvfit as kv
from kvfit.batch.job import Inputs, Job
from kvfit.batch.results import FAILURES, RESULTS
from kvfit.batch.runner import BatchError, run_batch


def quiet(jobs: list[Job], store: Path | None, workers: int = 1, dask: str | None = None) -> list[object]:
    return list(run_batch(jobs, store=store, workers=workers, dask=dask, show_progress=False).results)


def expected(numbers: list[int]) -> list[object]:
    return [{"square": x * x, "half": x / 3} for x in numbers]


def test_a_batch_resumes_and_does_nothing_twice(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert quiet(squares([1, 2, 2], log), tmp_path / "store") == expected([1, 2, 2])
    assert quiet(squares([1, 2, 3], log), tmp_path / "store") == expected([1, 2, 3])
    assert noted(f"{log}.done") == ["1", "2", "3"]
    # a file that is cut off counts as missing, and so does one of another job
    broken = next((tmp_path / "store" / RESULTS).glob("square-of-2-*"))
    broken.write_text(broken.read_text(encoding="utf-8")[:40], encoding="utf-8")
    assert quiet(squares([1, 2, 3], log), tmp_path / "store") == expected([1, 2, 3])
    assert noted(f"{log}.done") == ["1", "2", "3", "2"]


def test_what_decides_a_result_decides_the_key(tmp_path: Path) -> None:
    one = squares([1], tmp_path)[0]
    data = kv.read_free_recall(study_table(2, 3))
    other_data = data.select(participants=1)
    keys = {
        one.key,
        squares([2], tmp_path)[0].key,
        Job(die, one.settings, one.label).key,
        Job(one.function, one.settings, one.label, Inputs(data)).key,
        Job(one.function, one.settings, one.label, Inputs(other_data)).key,
        Job(one.function, one.settings, one.label, Inputs(data, np.ones((6, 8, 8)))).key,
        Job(one.function, {"x": np.float64(1.5)}, one.label).key,
    }
    assert len(keys) == 7
    assert one.key == squares([1], tmp_path / "elsewhere", seconds=3.0)[0].key
    assert Job(one.function, {"x": np.array([1, 2])}, "").key == Job(one.function, {"x": [1, 2]}, "").key


def test_an_error_is_recorded_and_the_others_go_on(tmp_path: Path) -> None:
    log, store = tmp_path / "log", tmp_path / "store"
    batch = run_batch(squares([-1, 4], log), store=store, show_progress=False)
    assert batch.results == (None, {"square": 16, "half": 4 / 3})
    (failure,) = batch.failures
    assert failure.error == "ValueError: no squares of -1 here"
    assert failure.key in batch.words()
    assert "1 of 2 jobs failed" in batch.words()
    (record,) = (store / FAILURES).iterdir()
    assert json.loads(record.read_text(encoding="utf-8"))["key"] == failure.key
    with pytest.raises(BatchError, match="no squares of -1"):
        run_batch(squares([-1], log), store=store, show_progress=False)
    # failed jobs are tried again, finished ones are not
    assert noted(f"{log}.done") == ["4"]
    assert len(noted(f"{log}.begun")) == 3


def test_wrong_places_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="workers: expected at least 1"):
        quiet(squares([1], tmp_path / "log"), None, workers=0)
    with pytest.raises(ValueError, match="give one of them"):
        quiet(squares([1], tmp_path / "log"), None, workers=2, dask="tcp://127.0.0.1:1")


def test_processes_give_the_serial_answer_and_survive_a_death(tmp_path: Path) -> None:
    numbers = list(range(8))
    log, store = tmp_path / "log", tmp_path / "store"
    data = kv.read_free_recall(study_table(2, 3))
    deadly = Job(die, {}, "deadly", Inputs(), {"log": str(log)})
    with_data = [Job(total_responses, {"times": n}, f"times {n}", Inputs(data)) for n in (1, 2)]
    jobs = [deadly, *squares([*numbers, -5], log, seconds=0.05), *with_data]
    batch = run_batch(jobs, store=store, workers=2, show_progress=False)
    serial = quiet([*squares(numbers, tmp_path / "serial"), *with_data], None)
    assert list(batch.results) == [None, *serial[:-2], None, *serial[-2:]]
    assert serial[-1] == {"responses": 2 * 6, "similarity": False}
    assert {f.label for f in batch.failures} == {"deadly", "square of -5"}
    assert "died" in next(f.error for f in batch.failures if f.label == "deadly")
    # killed beside another job, then alone twice
    assert 2 <= len(noted(f"{log}.deaths")) <= 3
    # the job beside the killed one may be done and lost with it, and then it is done again
    done = list(map(int, noted(f"{log}.done")))
    assert set(done) == set(numbers)
    assert len(done) <= len(numbers) + 1
    assert len({line.split()[1] for line in noted(f"{log}.begun")} - {str(os.getpid())}) >= 2


def kill_one(log: Path, after: int) -> tuple[threading.Thread, list[int]]:
    """Kill the process that began the last job, in the middle of it, as soon as `after` jobs are done."""
    killed: list[int] = []

    def watch() -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if len(noted(f"{log}.done")) >= after:
                number, process = noted(f"{log}.begun")[-1].split()
                if number not in noted(f"{log}.done"):
                    os.kill(int(process), signal.SIGKILL)
                    killed.append(int(number))
                    return
            time.sleep(0.01)

    thread = threading.Thread(target=watch)
    thread.start()
    return thread, killed


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_cluster_loses_a_worker_and_nothing_else(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    numbers = list(range(12))
    log, store = tmp_path / "log", tmp_path / "store"
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1", silence_logs=50
    ) as cluster:
        thread, killed = kill_one(log, after=4)
        found = quiet(squares(numbers, log, seconds=0.3), store, dask=cluster.scheduler_address)
        thread.join()
        # the cluster goes on, what it finished is not done again, and data travel
        data = kv.read_free_recall(study_table(2, 3))
        more = [*squares([*numbers, -1, 20], log), Job(total_responses, {"times": 3}, "three", Inputs(data))]
        again = quiet(more, store, dask=cluster.scheduler_address)
    assert len(killed) == 1
    assert found == expected(numbers)
    assert again == [*expected(numbers), None, *expected([20]), {"responses": 18, "similarity": False}]
    done = sorted(map(int, noted(f"{log}.done")))
    assert done == [*numbers, 20]
    begun = [int(line.split()[0]) for line in noted(f"{log}.begun")]
    # the job that was killed in the middle began again, alone of all
    assert sorted(begun) == sorted([*numbers, killed[0], -1, 20])
    assert len({line.split()[1] for line in noted(f"{log}.begun")}) >= 2


def test_no_scheduler_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")

    def nobody(*args: object, **kwargs: object) -> None:
        raise OSError("timed out")

    monkeypatch.setattr(distributed, "Client", nobody)
    with pytest.raises(ValueError, match=r"no scheduler answers there \(timed out\)"):
        quiet(squares([1], tmp_path / "log"), None, dask="tcp://127.0.0.1:1")
