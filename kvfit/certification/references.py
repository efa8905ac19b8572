"""Models without published numbers, computed a second time from their equations, by other means than their likelihood."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.stats import norm

from kvfit.certification.golden_kinds import recalled_lists
from kvfit.checks.result import CheckResult
from kvfit.likelihood import log_likelihood
from kvfit.memory_model import MemoryModel

_N_ITEMS, _N_LISTS, _N_POINTS = 8, 40, 5
_TOLERANCE = 1e-8
_N_PROBES, _AT_ONCE = 200_000, 20_000
#: Five times the standard error of a rate of one half that is compared with a simulated criterion.
_RATE_TOLERANCE = 5.0 * np.sqrt(2 * 0.25 / _N_PROBES)

Values = Mapping[str, float]


def _points(model: MemoryModel) -> list[dict[str, float]]:
    """Points of the prior."""
    rng = np.random.default_rng(7)
    drawn = np.clip(rng.normal(size=(_N_POINTS, len(model.parameters))), -1.5, 1.5)
    return [
        {p.name: float(p.to_natural(p.location + p.scale * z)) for p, z in zip(model.parameters, row, strict=True)}
        for row in drawn
    ]


def _compare_orders(order: Callable[[Values, list[int]], float], what: str) -> Callable[..., tuple[CheckResult, ...]]:
    """Check of log-likelihoods of lists against the log probability of their order, and of the stopping rule."""

    def compare(model: MemoryModel) -> tuple[CheckResult, ...]:
        rng = np.random.default_rng(3)
        lists = [(rng.permutation(_N_ITEMS)[: rng.integers(0, _N_ITEMS + 1)] + 1).tolist() for _ in range(_N_LISTS)]
        data, worst = recalled_lists(_N_ITEMS, lists), 0.0
        for values in _points(model):
            found = log_likelihood(model, data, values).to_numpy()
            expected = np.array([order(values, one) + _stopping(values, len(one)) for one in lists])
            worst = max(worst, float((np.abs(found - expected) / (1.0 + np.abs(expected))).max()))
        detail = (
            f"log-likelihoods of {_N_LISTS} lists at {_N_POINTS} points of the prior differ by {worst:.1e} from {what}"
        )
        return (CheckResult("written anew", bool(worst < _TOLERANCE), detail),)

    return compare


def _stopping(values: Values, n_recalled: int) -> float:
    """Log probability that recall goes on so often and then stops: the rule `position`."""
    odds = np.log(values["stop_probability"]) - np.log1p(-values["stop_probability"])
    log_odds = odds + values["stop_slope"] * (np.arange(_N_ITEMS) - 8.0)
    log_go, log_stop = -np.logaddexp(0.0, log_odds), -np.logaddexp(0.0, -log_odds)
    return float(log_go[:n_recalled].sum() + (log_stop[n_recalled] if n_recalled < _N_ITEMS else 0.0))


def _random_order(values: Values, order: list[int]) -> float:
    return -float(np.log(_N_ITEMS - np.arange(len(order))).sum())


def _end(values: Values) -> np.ndarray:
    """Match ``(position,)`` of the query for the end of the list."""
    match: np.ndarray = (
        values["recency"] / (1.0 - values["rho_end"] ** 4) * values["rho_end"] ** np.arange(_N_ITEMS)[::-1]
    )
    return match


def _start(values: Values, name: str) -> np.ndarray:
    """What favours the start of the list ``(position,)``, from the contrast of that name."""
    favour: np.ndarray = values[name] / (1.0 - values["rho_start"] ** 3) * values["rho_start"] ** np.arange(_N_ITEMS)
    return favour


def _drawn_by_strength(values: Values, order: list[int]) -> float:
    weights, total = np.exp(_end(values) + _start(values, "primacy")), 0.0
    for position in order:
        total += np.log(weights[position - 1] / weights.sum())
        weights[position - 1] = 0.0
    return float(total)


def _by_queries(values: Values, order: list[int]) -> float:
    """A query vector that drifts among stored address vectors, attention by attention."""
    from kvfit.memory import Dot, KeyValueMemory, Softmax
    from kvfit.memory.scaffold import drifting_keys

    rho, phi = values["rho"], values["phi"]
    keys = drifting_keys(_N_ITEMS, rho, np.random.default_rng(0))
    # an item that was written more strongly is there in so many copies
    copies = np.exp(_start(values, "strength"))
    stored = KeyValueMemory(Dot(), Softmax()).store(keys, np.eye(_N_ITEMS), copies)
    # what the query map makes of a retrieved value: the new part of its address, mixed with the address itself
    before = np.vstack([np.zeros(keys.shape[1]), rho * keys[:-1]])
    innovation = (keys - before) / np.where(np.arange(_N_ITEMS) == 0, 1.0, 1.0 - rho**2)[:, None]
    again = values["neighbour"] / rho * ((1.0 - phi) * keys + phi * innovation)
    query = np.linalg.lstsq(keys, _end(values) + _start(values, "primacy"), rcond=None)[0]
    left, total = np.ones(_N_ITEMS, dtype=bool), 0.0
    for position in np.array(order, dtype=int) - 1:
        attention = np.where(left, stored.read(query), 0.0)
        total += np.log(attention[position] / attention.sum())
        left[position] = False
        query = (1.0 - values["kappa"]) * query + again[position]
    return float(total)


def _compare_probes(model: MemoryModel) -> tuple[CheckResult, ...]:
    """Rates of key-value recognition against probes that meet explicit matches."""
    from kvfit.recovery.designs import recognition_design

    data = recognition_design(1, 24, "1-6")
    bound: Any = model.bind(data)
    design, n_keys = bound.design(data), 12
    results = []
    for number, values in enumerate(_points(bound)[:3], start=1):
        p = {**bound.fixed, **values}
        expected = {
            bool(old): np.exp(row)
            for old, row in zip(
                design.old, bound.log_probabilities(design, {k: np.array([v]) for k, v in values.items()}), strict=True
            )
        }
        rng = np.random.default_rng(number)
        spacing = np.array([p[f"spacing_{k}"] for k in range(1, 5)])
        criteria = p["criterion"] + np.array([-spacing[:2].sum(), -spacing[1], 0.0, spacing[2], spacing[2:].sum()])
        # criteria are probits of how familiar new items feel
        cuts = np.quantile(_familiarity(p, n_keys, False, rng)[0], norm.cdf(criteria))
        worst = 0.0
        for old in (True, False):
            familiar, own = _familiarity(p, n_keys, old, rng)
            category = np.searchsorted(cuts, familiar)
            if old:
                # log odds of attention on the own key: its match against that of all others together
                log_odds = own - (familiar + np.log(-np.expm1(np.minimum(own - familiar, -1e-12))))
                recollected = rng.logistic(size=len(own)) < (log_odds - p["threshold"]) / p["noise"]
                category = np.where(recollected, len(cuts), category)
            rates = np.bincount(category, minlength=len(cuts) + 1) / len(category)
            worst = max(worst, float(np.abs(rates - expected[old]).max()))
        detail = (
            f"rates of six ratings of old and new items differ by at most {worst:.4f} from those of"
            f" {_N_PROBES:,} simulated probes of each kind among {n_keys} keys (allowed {_RATE_TOLERANCE:.4f})"
        )
        results.append(CheckResult(f"simulated probes, point {number}", bool(worst < _RATE_TOLERANCE), detail))
    return tuple(results)


def _familiarity(p: Values, n_keys: int, old: bool, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Log of the summed match and the own match (that of the first key), both times the gain."""
    totals, own = [], []
    for _ in range(_N_PROBES // _AT_ONCE):
        match = rng.standard_normal((_AT_ONCE, n_keys))
        if old:
            match[:, 0] = p["match"] + p["match_sd"] * match[:, 0]
        match *= p["gain"]
        totals.append(np.log(np.exp(match).sum(axis=1)))
        own.append(match[:, 0])
    return np.concatenate(totals), np.concatenate(own)


#: By model: what stands in for published numbers, and the check.
REFERENCES: Mapping[str, tuple[str, Callable[..., tuple[CheckResult, ...]]]] = {
    "random_recall": (
        "the number of orders",
        _compare_orders(_random_order, "the number of orders in which items can be drawn, and the stopping rule"),
    ),
    "serial_position": (
        "draws by strength written anew",
        _compare_orders(_drawn_by_strength, "draws without replacement by strength, and the stopping rule"),
    ),
    "kv_recall": (
        "a memory with explicit address vectors",
        _compare_orders(_by_queries, "a memory of explicit address vectors read by explicit queries (kvfit.memory)"),
    ),
    "kv_recognition": ("simulated probes that meet explicit matches", _compare_probes),
}
