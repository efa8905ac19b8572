"""Run the benchmarks: a line a goal, exit code 1 if one falls short."""

import argparse
import os
import platform
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context

from benchmarks import results
from benchmarks.goals import GOALS, Outcome, measure

#: one thread in the numerical libraries of every contender: all of them are compared on one core a chain
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
PACKAGES = ("cymr", "jax", "pymc", "nutpie", "numba", "numpy")


def _machine() -> dict[str, str]:
    cores = os.cpu_count()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{cores} cores ({platform.machine()}, {platform.system()})",
        "software": ", ".join([f"Python {platform.python_version()}", *filter(None, map(_installed, PACKAGES))]),
    }


def _installed(package: str) -> str:
    """Name and version; nothing where the rivals of other goals are not installed."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


def main() -> int:
    """Measure, print, store."""
    names = [goal.name for goal in GOALS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help=", ".join(names))
    chosen = parser.parse_args().only or names
    for variable in ONE_THREAD:
        os.environ[variable] = "1"
    measured: dict[str, Outcome] = {}
    began = time.perf_counter()
    for goal in GOALS:
        if goal.name not in chosen:
            continue
        with tempfile.TemporaryDirectory() as cold:
            # a process of its own, with cold compile caches: nothing that ran before helps or disturbs
            os.environ["PYTENSOR_FLAGS"] = f"base_compiledir={cold}"
            os.environ["NUMBA_CACHE_DIR"] = cold
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                measured[goal.name] = pool.submit(measure, goal.name).result()
        print(results.line(goal, measured[goal.name]), flush=True)
        results.save({goal.name: measured[goal.name]}, _machine())
    short = [goal.name for goal in GOALS if goal.name in measured and not goal.reached(measured[goal.name])]
    minutes = (time.perf_counter() - began) / 60
    print(f"{len(measured) - len(short)} of {len(measured)} goals reached in {minutes:.1f} minutes")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
