"""How long a model's likelihood takes, in units of a matrix product timed in the same run."""

import os
import platform
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from kvfit.certification.part import Part
from kvfit.memory_model import MemoryModel

#: Rows of the square matrices (float64) whose product is the unit.
_SIZE = 256
_ROUNDS = 15


def time_model(model: MemoryModel, data: Any, seed: int) -> Part:
    """Time a person's log-likelihood, and value and gradient as point estimates use them, in alternation with the unit.

    Parameters
    ----------
    model : MemoryModel
        Bound.
    data : FreeRecallData or RecognitionData
        The design.
    seed : int
    """
    rng = np.random.default_rng(seed)
    values = {p.name: np.full(data.n_participants, float(p.to_natural(p.location))) for p in model.parameters}
    simulated = data.with_responses(model.simulate(model.design(data), values, rng))
    objective = model.objective(model.design(simulated).one_participant(0))
    x = np.array([p.location for p in model.parameters])
    left, right = rng.random((2, _SIZE, _SIZE))
    calls: dict[str, Callable[[], Any]] = {
        "unit": lambda: left @ right,
        "value": lambda: objective.values(x[None]),
        "gradient": lambda: objective.value_and_gradient(x),
    }
    seconds = {name: np.empty(_ROUNDS) for name in calls}
    for call in calls.values():
        call()
    for turn in range(_ROUNDS):
        for name, call in calls.items():
            begin = time.perf_counter()
            call()
            seconds[name][turn] = time.perf_counter() - begin
    value, gradient = (float(np.median(seconds[name] / seconds["unit"])) for name in ("value", "gradient"))
    machine = f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}), Python {platform.python_version()}"
    summary = (
        f"the log-likelihood of one person took {value:.2g} times as long as a product of two matrices of {_SIZE} x {_SIZE}"
        f" numbers in NumPy, value and gradient {gradient:.2g} times (medians over {_ROUNDS} alternating rounds; {machine};"
        " other machines give other ratios)"
    )
    return Part("timing", None, summary)
