"""The goals, one function each: what is compared, and the number that must be reached."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from benchmarks import sample, timing

#: kvfit's posterior run: its defaults, 4 chains of 1000 tuning and 1000 kept draws on 2 cores
POSTERIOR = {"seed": 1}
#: how the rival's pace is measured: short, trees capped, since every leapfrog step costs the same
RIVAL_PACE = {"chains": 2, "tune": 10, "draws": 10}
AGREES = 1e-8


@dataclass(frozen=True)
class Outcome:
    """What a goal's function measured.

    Attributes
    ----------
    value : float
    details : mapping
        Numbers and notes for `results.json`.
    broken : str
        Why the value does not count (answers that differ, say); empty where it does.
    """

    value: float
    details: Mapping[str, Any] = field(default_factory=dict)
    broken: str = ""


@dataclass(frozen=True)
class Goal:
    """A number to reach; `name` is what `--only` takes, `claim` one line for the table."""

    name: str
    claim: str
    unit: Literal["times", "times as long", "s", "exponent"]
    target: float
    measure: Callable[[], Outcome]

    def reached(self, outcome: Outcome) -> bool:
        """Gains must be at least the target, times, seconds and exponents at most."""
        if outcome.broken or not np.isfinite(outcome.value):
            return False
        return outcome.value >= self.target if self.unit == "times" else outcome.value <= self.target


def _milliseconds(times: Mapping[str, np.ndarray]) -> dict[str, float]:
    return {f"{name}, ms": 1e3 * float(np.median(t)) for name, t in times.items()}


def value() -> Outcome:
    """Log-likelihood of all participants, tables included, against one evaluation of cymr."""
    from benchmarks import ours
    from benchmarks.rivals import cymr_cmr

    data = sample.morton2013()
    parameters = sample.parameters(data.n_participants)
    calls = {
        "cymr as in its guide": cymr_cmr.evaluation(data, parameters),
        "cymr, most compact": cymr_cmr.evaluation(data, parameters, compact=True),
        "kvfit": ours.evaluation(data, parameters),
    }
    expected = calls["cymr as in its guide"]()
    difference = float(np.max(np.abs(calls["kvfit"]() / expected - 1)))
    guide, compact, own = (times := timing.interleaved(calls, rounds=9, repeats={"kvfit": 25})).values()
    details = _milliseconds(times) | {
        "data": data.describe(),
        "ratio to cymr's most compact setup": timing.median_ratio(compact, own),
        "largest relative difference of a participant's log-likelihood": difference,
    }
    broken = f"log-likelihoods differ by {difference:.1e}" if difference > AGREES else ""
    return Outcome(timing.median_ratio(guide, own), details, broken)


def gradient() -> Outcome:
    """Log-likelihood and its gradient, against one evaluation of cymr, which has no gradient."""
    from benchmarks import ours
    from benchmarks.rivals import cymr_cmr, jax_cmr

    data = sample.morton2013()
    parameters = sample.parameters(data.n_participants)
    calls: dict[str, Callable[[], Any]] = {
        "cymr as in its guide, value alone": cymr_cmr.evaluation(data, parameters),
        "JAX": jax_cmr.gradient_evaluation(data, parameters),
        "kvfit": ours.gradient_evaluation(data, parameters),
    }
    (_, theirs), (total, own_gradient) = calls["JAX"](), calls["kvfit"]()
    expected = calls["cymr as in its guide, value alone"]().sum()
    difference = max(
        abs(float(total / expected) - 1), float(np.abs(own_gradient - theirs).max() / np.abs(theirs).max())
    )
    times = timing.interleaved(calls, rounds=9, repeats={"kvfit": 25, "JAX": 5})
    guide, jax, own = times.values()
    details = _milliseconds(times) | {
        "ratio to JAX": timing.median_ratio(jax, own),
        "largest relative difference to cymr's value and JAX's gradient": difference,
    }
    broken = f"value or gradient differs by {difference:.1e}" if difference > AGREES else ""
    return Outcome(timing.median_ratio(guide, own), details, broken)


def maximum_likelihood() -> Outcome:
    """Fits of all participants; cymr is timed on two and scaled, and its log-likelihoods are stored ones."""
    from benchmarks import ours
    from benchmarks.rivals import cymr_cmr

    data = sample.morton2013()
    table = ours.data(data)
    ours.maximum_likelihood(ours.data(data.only(0)))  # compiles
    theirs, own = [], []
    for participant in (0, 1):
        own.append(timing.seconds_of(lambda: ours.maximum_likelihood(table)))
        theirs.append(float(cymr_cmr.fit(data.only(participant))["seconds"].iloc[0]))
    scaled = float(np.mean(theirs)) * data.n_participants
    fitted = ours.maximum_likelihood(table)
    gain = fitted - cymr_cmr.stored_fits()["logl"].to_numpy()
    details = {
        "cymr fit_indiv, all participants, s (two timed, scaled)": scaled,
        "kvfit, all participants, s": float(np.median(own)),
        "smallest gain of a participant's log-likelihood": float(gain.min()),
        "median gain": float(np.median(gain)),
    }
    worse = int((gain < -1e-3).sum())
    broken = f"{worse} participants fitted worse than by cymr, by up to {-gain.min():.2g}" if worse else ""
    return Outcome(scaled / float(np.median(own)), details, broken)


def posterior() -> Outcome:
    """Minimum bulk ESS a second, compiling included, against the same model around a JAX likelihood.

    The model, its transforms and the sampler's steps are the same, so both have one ESS: kvfit samples
    the whole run, and the rival's time for it is its compile time plus the leapfrog steps of that run at
    the rival's pace.
    """
    from benchmarks import hierarchical, ours

    data = sample.morton2013()
    table = ours.data(data)
    own = hierarchical.posterior(lambda: ours.fit(table, **POSTERIOR))

    from benchmarks.rivals import jax_cmr  # starts threads: only after kvfit's chains were forked

    lists = jax_cmr.prepare(data.participant, data.recalled, data.offsets, data.list_length)
    op = jax_cmr.pymc_log_likelihood(lists, data.list_length, *ours.parameters())
    rival = hierarchical.posterior(lambda: ours.fit(table, **POSTERIOR), op, **RIVAL_PACE, **jax_cmr.PYMC_SAMPLER)
    seconds = hierarchical.scaled_seconds(rival, own)
    half = hierarchical.scaled_seconds(rival, own, 0.5) / (own.compile_seconds + 0.5 * own.sampling_seconds)
    difference = hierarchical.disagreement(lambda: ours.hierarchical_model(table), op)
    details = {
        "kvfit, s": own.seconds,
        "of which compiling and starting values, s": own.compile_seconds,
        "kvfit, min bulk ESS": own.min_ess,
        "kvfit, min bulk ESS/s": own.ess_per_second,
        "kvfit, divergences": own.divergences,
        "kvfit, largest r-hat": own.max_rhat,
        "leapfrog steps a draw": own.steps_a_draw,
        "leapfrog steps, tuning included": own.n_gradients,
        "kvfit, ms a leapfrog step": 1e3 * own.sampling_seconds / own.n_gradients,
        "JAX in PyMC, ms a leapfrog step": 1e3 * rival.sampling_seconds / rival.n_gradients,
        "JAX in PyMC, compiling and starting values, s": rival.compile_seconds,
        "JAX in PyMC, s (scaled to the same leapfrog steps)": seconds,
        "times, had the run been half as long": half,
        "largest relative difference of log-probability and gradient": difference,
    }
    broken = f"the two models' log-probabilities differ by {difference:.1e}" if difference > AGREES else ""
    return Outcome(seconds / own.seconds, details, broken)


def recognition() -> Outcome:
    """Minimum bulk ESS a second of hierarchical signal detection, compiling included, against plain PyMC over trials.

    Both sample 4 chains of 500 tuning and 500 kept draws with PyMC's default sampler. How many leapfrog steps the rival
    takes, and its effective sample, are those of a stored run with the same seed; its compile time and pace are
    measured beside kvfit's run.
    """
    from benchmarks import recognition as ratings

    data = ratings.simulated()
    own, stored = ratings.own_posterior(data), ratings.stored_plain_run()
    pace = ratings.plain_posterior(data, **RIVAL_PACE, cores=2, nuts={"max_treedepth": 5})
    a_step = pace.sampling_seconds / pace.n_gradients
    seconds = pace.compile_seconds + stored["n_gradients"] * a_step
    difference = ratings.disagreement(data)
    details = {
        "data": f"{data.n_participants} participants, {data.n_trials} ratings",
        "kvfit, s": own.seconds,
        "of which compiling and starting values, s": own.compile_seconds,
        "kvfit, min bulk ESS": own.min_ess,
        "kvfit, min bulk ESS/s": own.ess_per_second,
        "kvfit, divergences": own.divergences,
        "kvfit, largest r-hat": own.max_rhat,
        "kvfit, leapfrog steps a draw": own.steps_a_draw,
        "kvfit, ms a leapfrog step": 1e3 * own.sampling_seconds / own.n_gradients,
        "plain PyMC, s (stored leapfrog steps at today's pace)": seconds,
        "plain PyMC, compiling, s": pace.compile_seconds,
        "plain PyMC, min bulk ESS": stored["min_ess"],
        "plain PyMC, min bulk ESS/s": stored["min_ess"] / seconds,
        "plain PyMC, divergences": stored["divergences"],
        "plain PyMC, leapfrog steps a draw": stored["steps_a_draw"],
        "plain PyMC, ms a leapfrog step": 1e3 * a_step,
        "largest relative difference of log-likelihoods": difference,
    }
    broken = f"the two models' log-likelihoods differ by {difference:.1e}" if difference > AGREES else ""
    return Outcome(own.ess_per_second / (stored["min_ess"] / seconds), details, broken)


def memory_read() -> Outcome:
    """Softmax read of many queries against many pairs by `kvfit.memory`, against its two matrix products.

    The products run over the same blocks of queries: on the whole matrix of 800 MB they take longer.
    """
    from kvfit.memory import KeyValueMemory, Softmax, scaled_dot
    from kvfit.memory.read import BLOCK_BYTES, blocks

    n, width = 10_000, 128
    queries, keys, values = np.random.default_rng(0).standard_normal((3, n, width))
    stored = KeyValueMemory(scaled_dot(width), Softmax()).store(keys, values)

    def products() -> np.ndarray:
        return np.concatenate([(queries[block] @ keys.T) @ values for block in blocks(n, 8 * n, BLOCK_BYTES)])

    def whole() -> np.ndarray:
        return (queries @ keys.T) @ values

    times = timing.interleaved({"kvfit": lambda: stored.read(queries), "products": products, "whole": whole}, rounds=5)
    some = slice(0, 20)
    match = queries[some] @ keys.T / np.sqrt(width)
    weights = np.exp(match - match.max(axis=1, keepdims=True))
    expected = weights @ values / weights.sum(axis=1, keepdims=True)
    difference = float(np.abs(stored.read(queries[some]) - expected).max())
    details = {
        "data": f"{n} queries, {n} pairs of {width} features, softmax, double precision",
        "kvfit, ms": 1e3 * float(np.median(times["kvfit"])),
        "matrix products in blocks, ms": 1e3 * float(np.median(times["products"])),
        "matrix products of the whole, ms": 1e3 * float(np.median(times["whole"])),
        "ratio to the products of the whole": timing.median_ratio(times["kvfit"], times["whole"]),
        "largest difference to softmax in plain NumPy": difference,
    }
    broken = f"values differ by {difference:.1e}" if difference > AGREES else ""
    return Outcome(timing.median_ratio(times["kvfit"], times["products"]), details, broken)


def import_time() -> Outcome:
    """Seconds of `python -c "import kvfit"`, the start of Python included."""
    python = timing.import_seconds("sys")
    return Outcome(timing.import_seconds("kvfit"), {"of which Python's own start, s": python})


def _growth(what: str, sizes: tuple[int, ...], make: Callable[[int], sample.Sample]) -> Outcome:
    from benchmarks import ours

    def calls(size: int) -> tuple[Callable[[], Any], Callable[[], Any]]:
        data = make(size)
        parameters = sample.parameters(data.n_participants)
        return ours.evaluation(data, parameters), ours.gradient_evaluation(data, parameters)

    grown = timing.growth(what, sizes, calls)
    return Outcome(max(grown.exponents), {"growth": asdict(grown)})


def growth_in_lists() -> Outcome:
    """Exponent of time over the number of lists: the sample, and its lists 4 and 16 times."""
    data = sample.morton2013()
    return _growth("lists (times the sample's 870)", (1, 4, 16), lambda times: sample.repeated(data, times))


def growth_in_list_length() -> Outcome:
    """Exponent of time over list length, half of each list recalled in random order."""
    return _growth("list length", (12, 24, 48), lambda n: sample.made_up(n, 29, 30, seed=0))


GOALS = (
    Goal("value", "log-likelihood, against cymr as in its guide", "times", 500, value),
    Goal("gradient", "value and gradient, against cymr's value as in its guide", "times", 300, gradient),
    Goal(
        "maximum_likelihood",
        "fits of all participants, against cymr's fit_indiv",
        "times",
        300,
        maximum_likelihood,
    ),
    Goal("posterior", "min bulk ESS/s of hierarchical CMR, against JAX in PyMC", "times", 10, posterior),
    Goal("recognition", "min bulk ESS/s of hierarchical UVSD, against PyMC over trials", "times", 6, recognition),
    Goal("memory", "read of a softmax memory, to its matrix products in NumPy", "times as long", 1.5, memory_read),
    Goal("import", "import kvfit in a new process", "s", 1.0, import_time),
    Goal("lists", "growth over lists x1, x4, x16", "exponent", 1.1, growth_in_lists),
    Goal("list_length", "growth over list length 12, 24, 48", "exponent", 2.0, growth_in_list_length),
)


def measure(name: str) -> Outcome:
    """Measure one goal (for a process of its own)."""
    return next(goal for goal in GOALS if goal.name == name).measure()
