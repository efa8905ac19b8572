"""Make this data set: ``python data/simulated_recognition/make.py`` writes ratings.csv and truth.json beside itself."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import kvfit as kv

SEED = 2026
N_PARTICIPANTS, N_LISTS, LIST_LENGTH = 24, 3, 40
MODEL = "uvsd(by=strength)"
#: True values of a typical person (natural scale), and the spread of persons around them (unconstrained scale: the value
#: itself for d_prime and criterion, the logarithm for the others).
TYPICAL_AND_SPREAD = {
    "d_prime[strong]": (1.7, 0.4),
    "d_prime[weak]": (0.9, 0.4),
    "sigma[strong]": (1.4, 0.2),
    "sigma[weak]": (1.25, 0.2),
    "criterion": (0.6, 0.3),
    "spacing_1": (0.45, 0.25),
    "spacing_2": (0.5, 0.25),
    "spacing_3": (0.45, 0.25),
    "spacing_4": (0.5, 0.25),
}


def experiment(rng: np.random.Generator) -> pd.DataFrame:
    """Study and test rows without responses: each person studies lists of own words, half of them longer."""
    rows: list[tuple[object, ...]] = []
    for subject in range(1, N_PARTICIPANTS + 1):
        words = rng.permutation([f"w{n:03d}" for n in range(1, 2 * LIST_LENGTH * N_LISTS + 1)])
        for label, of_list in enumerate(np.split(words, N_LISTS), start=1):
            studied = of_list[:LIST_LENGTH]
            strength = dict(zip(studied, rng.permutation(["strong", "weak"] * (LIST_LENGTH // 2)), strict=True))
            rows += [(subject, label, "study", n, w, "", strength[w]) for n, w in enumerate(studied, start=1)]
            tested = enumerate(rng.permutation(of_list), start=1)
            rows += [(subject, label, "test", n, w, int(w in strength), strength.get(w, "")) for n, w in tested]
    return pd.DataFrame(rows, columns=["subject", "list", "phase", "position", "item", "old", "strength"])


def main(folder: Path) -> None:
    """Draw persons, simulate their ratings with `kvfit.simulate`, write both files into `folder`."""
    rng = np.random.default_rng(SEED)
    table = experiment(rng)
    test = table["phase"] == "test"
    # the reader wants responses; these are replaced by simulated ones
    table["response"] = np.where(test, "1", "")
    design = kv.read_recognition(table, scale="1-6", name="design")
    model = kv.get_model(MODEL).bind(design)
    persons = {}
    for parameter in model.parameters:
        typical, spread = TYPICAL_AND_SPREAD[parameter.name]
        theta = parameter.to_unconstrained(typical) + spread * rng.standard_normal(N_PARTICIPANTS)
        # simulated from what the file says, so that the file is the truth
        persons[parameter.name] = np.round(parameter.to_natural(theta), 4)
    simulated = kv.simulate(model, design, persons, SEED)
    keys = ["subject", "list", "item"]
    ratings = simulated.trials.set_index(keys)["response"]
    of_row = ratings.reindex(pd.MultiIndex.from_frame(table[keys])).to_numpy()
    table["response"] = np.where(test, of_row.astype(str), "")
    table.to_csv(folder / "ratings.csv", index=False, lineterminator="\n")
    truth = {
        "model": MODEL,
        "seed": SEED,
        "typical": {name: typical for name, (typical, _) in TYPICAL_AND_SPREAD.items()},
        "spread": {name: spread for name, (_, spread) in TYPICAL_AND_SPREAD.items()},
        "participants": {"subject": design.participants.tolist(), **{k: v.tolist() for k, v in persons.items()}},
    }
    (folder / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
