"""Which effects of items should be the default? What words do to studied and to new items, and what two priors make of it.

A word can shift the evidence of studied and of new items. Written as ``d_prime+criterion`` the shift of new items,
independent of what study adds, is part of that of studied ones: the prior expects words that feel old when new to feel old
when studied. Written as ``criterion:old+criterion:new`` (Pratte, Rouder & Morey 2010, Journal of Experimental Psychology:
Learning, Memory, and Cognition 36, 224-232) both are independent. The likelihood is the same; only the prior differs.

1. On real data (pratte2009): are words' effects on studied and on new items correlated?
2. Where the truth is known: how well does either recover words of both kinds, and what do they say of the spread?

Run it with ``python analyses/item_effects_default.py``; ``--recover`` also does the second part, which fits models.
"""

import argparse
from typing import Any

import numpy as np
import pandas as pd

import kvfit as kv
from kvfit.data.metadata import DatasetError

SPECS = ("d_prime+criterion", "criterion:old+criterion:new")
N_BOOTSTRAP = 1000


def word_effects(data: kv.RecognitionData, half: int | None = None) -> np.ndarray:
    """Mean rating of each word ``(word, status)`` less its participants' means; status 0 is new, 1 old."""
    trials = data.trials.assign(old=data.old.astype(int), rating=data.response.astype(float))
    if half is not None:
        trials = trials[data.participant % 2 == half]
    own = trials["rating"] - trials.groupby(["subject", "old"])["rating"].transform("mean")
    return trials.assign(own=own).pivot_table(index="item", columns="old", values="own").to_numpy()


def correlation(data: kv.RecognitionData) -> pd.DataFrame:
    """Correlation over words of effects on old and on new items, with interval, reliabilities and what they imply."""
    effects = word_effects(data)
    halves = [word_effects(data, half) for half in (0, 1)]
    known = np.isfinite(effects).all(axis=1) & np.isfinite(halves).all(axis=(0, 2))
    effects, halves = effects[known], [one[known] for one in halves]
    split = np.array([np.corrcoef(halves[0][:, k], halves[1][:, k])[0, 1] for k in (0, 1)])
    reliable = 2 * split / (1 + split)
    rng = np.random.default_rng(0)
    resampled = [_r(effects[rng.integers(0, len(effects), len(effects))]) for _ in range(N_BOOTSTRAP)]
    variance = effects.var(axis=0) * reliable
    return pd.DataFrame(
        {
            "words": [len(effects)],
            "correlation": [_r(effects)],
            "lower": [np.quantile(resampled, 0.05)],
            "upper": [np.quantile(resampled, 0.95)],
            "reliability_new": [reliable[0]],
            "reliability_old": [reliable[1]],
            "without_noise": [_r(effects) / np.sqrt(reliable.prod())],
            # what independent d' and criterion would imply for words of these variances
            "if_independent": [min(1.0, float(np.sqrt(variance[0] / variance[1])))],
        }
    )


def _r(effects: np.ndarray) -> float:
    return float(np.corrcoef(effects.T)[0, 1])


def recovery(related: bool, n_participants: int, n_items: int, draws: int, seed: int = 1) -> pd.DataFrame:
    """Recover known words by both forms; `related`: the truth is independent d' and criterion, else old and new are."""
    rng = np.random.default_rng(seed)
    words = np.arange(n_items)
    tables = [
        pd.DataFrame({"subject": j, "list": 1, "item": words, "old": rng.permutation(words % 2), "response": 1})
        for j in range(1, n_participants + 1)
    ]
    blank = kv.read_recognition(pd.concat(tables), scale="1-6", name="words")
    new, gained = rng.normal(0.0, 0.5, n_items), rng.normal(0.0, 0.5, n_items)
    truth = {"new": new, "old": new + gained if related else gained}
    persons = {"d_prime": 1.2, "criterion": 0.6, **{f"spacing_{k}": 0.5 for k in range(1, 5)}}
    effects = {"criterion:new": -truth["new"], "criterion:old": -truth["old"]}
    data = kv.simulate(f"evsd(items={SPECS[1]})", blank, persons, seed, item_effects=effects)
    settings: dict[str, Any] = {"draws": draws, "tune": draws, "chains": 2, "cores": 1, "seed": 0}
    fits = {spec: kv.fit("evsd", data, items=spec, **settings) for spec in SPECS}
    table = kv.compare(list(fits.values())).table.set_index("model")
    rows = []
    for spec, fit in fits.items():
        found = fit.items()
        if spec == SPECS[0]:
            shifts = {"new": -found["criterion"], "old": found["d_prime"] - found["criterion"]}
        else:
            shifts = {"new": -found["criterion:new"], "old": -found["criterion:old"]}
        error = {k: float(np.sqrt(np.mean((np.asarray(shifts[k]) - truth[k]) ** 2))) for k in truth}
        spread = {row["effect"]: round(row["sd"], 2) for row in fit.item_spread().to_dict("records")}
        rows.append(
            {
                "truth": SPECS[0] if related else SPECS[1],
                "items": spec,
                "error_old": error["old"],
                "error_new": error["new"],
                "spread": spread,
                "elpd_diff": float(table.loc[fit.label, "elpd_diff"]),
                "dse": float(table.loc[fit.label, "dse"]),
                "passed": fit.diagnostics.passed,
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    """Correlate, and recover where that is asked for."""
    parser = argparse.ArgumentParser(description="Which effects of items should be the default?")
    parser.add_argument("--recover", action="store_true", help="fit both forms to simulated words too")
    parser.add_argument("--participants", type=int, default=24, help="simulated participants")
    parser.add_argument("--items", type=int, default=120, help="simulated words")
    parser.add_argument("--draws", type=int, default=300, help="draws and warm-up draws of each of two chains")
    given = parser.parse_args()
    try:
        data = kv.load("pratte2009")
    except DatasetError as error:
        print(f"Without real data: {error.args[0]}")
    else:
        assert isinstance(data, kv.RecognitionData)
        print(f"{data!r}\n{correlation(data).round(2).to_string(index=False)}")
    if given.recover:
        parts = [recovery(related, given.participants, given.items, given.draws) for related in (False, True)]
        print(pd.concat(parts).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
