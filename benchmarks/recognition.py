"""Hierarchical signal detection of simulated ratings: kvfit's default fit, and the plain PyMC model over trials.

Run as ``python -m benchmarks.recognition`` it samples the rival's whole posterior once and stores how many leapfrog steps
and how large an effective sample that gave, which take minutes and do not depend on the machine.
"""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm

import kvfit
from benchmarks.hierarchical import Run, posterior, summarise
from benchmarks.rivals import pymc_uvsd
from kvfit.tasks.recognition import RecognitionData

#: chains, draws and seed of both
SETTINGS = {"chains": 4, "cores": 2, "tune": 500, "draws": 500, "seed": 1}
STORED_RUN = Path(__file__).parent / "rivals" / "pymc_uvsd_run.json"
N_PARTICIPANTS, N_TRIALS = 100, 200
#: typical values and spreads of persons on the unconstrained scale, those of the data set simulated_recognition
TYPICAL = {"d_prime": 1.3, "sigma": 1.3, "criterion": 0.6, "spacing_1": 0.45, "spacing_2": 0.5}
TYPICAL |= {"spacing_3": 0.45, "spacing_4": 0.5}
SPREAD = {"d_prime": 0.4, "sigma": 0.2, "criterion": 0.3}


def simulated(seed: int = 0) -> RecognitionData:
    """Six-point ratings of 100 persons to 100 old and 100 new items, simulated from signal detection."""
    subject = np.repeat(np.arange(1, N_PARTICIPANTS + 1), N_TRIALS)
    old = np.tile(np.arange(N_TRIALS) % 2, N_PARTICIPANTS)
    table = pd.DataFrame({"subject": subject, "old": old, "response": 1})
    design = kvfit.read_recognition(table, scale="1-6", name="simulated")
    rng = np.random.default_rng(seed)
    values = {}
    for p in kvfit.get_model("uvsd").bind(design).parameters:
        theta = p.to_unconstrained(TYPICAL[p.name]) + SPREAD.get(p.name, 0.25) * rng.standard_normal(N_PARTICIPANTS)
        values[p.name] = p.to_natural(theta)
    return kvfit.simulate("uvsd", design, values, seed)


def plain_model(data: RecognitionData) -> pm.Model:
    """Build the rival."""
    parameters = kvfit.get_model("uvsd").bind(data).parameters
    return pymc_uvsd.hierarchical_model(parameters, data.participant, data.old, data.response)


def plain_posterior(data: RecognitionData, **settings: Any) -> Run:
    """Build and sample the rival as `pm.sample` does by default."""
    begin = time.perf_counter()
    with plain_model(data):
        tree = pm.sample(**settings, progressbar=False, compute_convergence_checks=False, discard_tuned_samples=False)
    return summarise(tree, time.perf_counter() - begin)


def own_posterior(data: RecognitionData) -> Run:
    """Sample what `kvfit.fit` samples by default."""
    return posterior(lambda: kvfit.fit("uvsd", data, show_progress=False, **SETTINGS))


def stored_plain_run() -> dict[str, float]:
    """Return what the rival's whole run gave: fields of `Run`."""
    if not STORED_RUN.is_file():
        raise FileNotFoundError(f"{STORED_RUN.name}: make it once with python -m benchmarks.recognition (minutes)")
    run: dict[str, float] = json.loads(STORED_RUN.read_text(encoding="utf-8"))
    return run


def store_plain_run() -> None:
    """Sample the rival's whole posterior and store what it gave."""
    settings = {("random_seed" if key == "seed" else key): value for key, value in SETTINGS.items()}
    run = plain_posterior(simulated(), **settings)
    STORED_RUN.write_text(json.dumps(asdict(run), indent=1) + "\n", encoding="utf-8")


def disagreement(data: RecognitionData, points: int = 3) -> float:
    """Largest relative difference between the two log-likelihoods of all trials, at random persons."""
    bound = kvfit.get_model("uvsd").bind(data)
    model = plain_model(data)
    rival = model.compile_fn(model.logp(model.observed_RVs), inputs=model.value_vars, point_fn=True)
    rng = np.random.default_rng(0)
    worst = 0.0
    for _ in range(points):
        z = rng.standard_normal((data.n_participants, len(bound.parameters)))
        mean = np.array([p.location for p in bound.parameters])
        point = {"population_mean": mean, "population_sd_log__": np.full(mean.size, np.log(0.3)), "z": z}
        theta = mean + 0.3 * z
        values = {p.name: p.to_natural(theta[:, k]) for k, p in enumerate(bound.parameters)}
        own = float(kvfit.log_likelihood(bound, data, values).sum())
        worst = max(worst, abs(float(rival(point)) / own - 1))
    return worst


if __name__ == "__main__":
    store_plain_run()
