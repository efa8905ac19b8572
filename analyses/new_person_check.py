"""Can a new person be predicted without refitting? Leave-one-participant-out by integration against refits.

For two models of one data set this script predicts every participant as a new person in four ways:

- integrated: from one fit, the person's own values integrated out, by Pareto-smoothed importance sampling
  (``kv.compare(fits, unit="participant")``);
- repaired: the same, with a refit for each person whose Pareto k is above its limit (``refit=True``);
- refits: cross-validation over participants by refits, the yardstick;
- conditional: the log-likelihood of a person's trials under the person's own values, summed, by the same importance
  sampling. It is here to show that it fails.

    KVFIT_DATA=FOLDER python analyses/new_person_check.py                       # 20 participants of pratte2009, 20 refits
    KVFIT_DATA=FOLDER python analyses/new_person_check.py --folds 5

Fits are kept in ``fits/``: a run that was stopped goes on with what is missing. It writes ``reports/new_person_check.csv``.
"""

import argparse
import warnings
from pathlib import Path

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

import kvfit as kv
from kvfit.comparison.new_person import new_person, participant_folds, repaired


def conditional(fit: kv.Fit) -> tuple[np.ndarray, np.ndarray]:
    """Elpd and Pareto k ``(participant,)`` of the conditional log-likelihood summed over a person's observations."""
    values = fit.tree["log_likelihood"][fit.model.observed].to_numpy()
    starts = np.flatnonzero(np.diff(fit.data.participant, prepend=-1))
    summed = np.add.reduceat(values, starts, axis=2)
    groups = {
        "/posterior": fit.tree["posterior"].to_dataset(),
        "/log_likelihood": xr.Dataset({"participants": (("chain", "draw", "participant"), summed)}),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        loo = az.loo(xr.DataTree.from_dict(groups), pointwise=True, var_name="participants")
    return np.asarray(loo.elpd_i), np.asarray(loo.pareto_k)


def summary(table: pd.DataFrame, models: tuple[str, str]) -> pd.DataFrame:
    """Each way against refits.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a model, way and participant: ``model, way, participant, elpd, pareto_k``.
    models : tuple of str

    Returns
    -------
    pandas.DataFrame
        One row a quantity (each model's elpd, and their difference) and way: ``elpd``, ``se`` (over participants),
        ``minus_refits`` and ``se_minus`` (the same of the difference from refits, over participants), ``in_errors``
        (their ratio) and ``k_bad`` (participants with Pareto k above .7).
    """
    wide = table.pivot_table(index="participant", columns=["model", "way"], values="elpd")
    bad = table.assign(bad=table["pareto_k"] > 0.7).groupby(["model", "way"])["bad"].sum()
    ways = [way for way in table["way"].unique() if way != "refits"]
    quantities = {name: wide[name] for name in models}
    quantities[f"{models[0]} minus {models[1]}"] = wide[models[0]] - wide[models[1]]
    rows = []
    for name, values in quantities.items():
        for way in ("refits", *ways):
            off = values[way] - values["refits"]
            error = np.sqrt(len(off)) * off.std(ddof=1)
            rows.append(
                {
                    "quantity": name,
                    "way": way,
                    "elpd": values[way].sum(),
                    "se": np.sqrt(len(off)) * values[way].std(ddof=1),
                    "minus_refits": off.sum(),
                    "se_minus": error,
                    "in_errors": off.sum() / error if error > 0 else np.nan,
                    "k_bad": bad.get((name, way), np.nan),
                }
            )
    return pd.DataFrame(rows)


def main() -> None:
    """Fit, predict in four ways, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="pratte2009")
    parser.add_argument("--models", nargs=2, default=("uvsd", "evsd"))
    parser.add_argument("--participants", type=int, default=20)
    parser.add_argument("--folds", type=int, default=None, help="of the refits; by default one a participant")
    parser.add_argument("--store", type=Path, default=Path("fits"))
    parser.add_argument("--output", type=Path, default=Path("reports"))
    for option, default in (("draws", 1000), ("tune", 500), ("chains", 2), ("cores", 2), ("seed", 0)):
        parser.add_argument(f"--{option}", type=int, default=default)
    arguments = parser.parse_args()
    data = kv.load(arguments.data, participants=arguments.participants)
    settings = {key: getattr(arguments, key) for key in ("draws", "tune", "chains", "cores", "seed")}
    print(f"{data!r}\n{data.scoring_note()}\nOne observation: all responses of one participant.")
    frames, labels = [], []
    for model in arguments.models:
        fit = kv.fit(model, data, store=arguments.store, **settings)
        labels.append(fit.label)
        print(f"{fit.label}: {fit.diagnostics.verdict()}")
        integrated = new_person(fit)
        folds = arguments.folds or data.n_participants
        elpd, k = conditional(fit)
        ways = {
            "refits": participant_folds(fit, folds, store=arguments.store),
            "integrated": integrated.table,
            "repaired": repaired(fit, integrated, store=arguments.store).table,
            "conditional": pd.DataFrame({"participant": data.participants, "elpd": elpd, "pareto_k": k}),
        }
        frames += [found.assign(model=fit.label, way=way) for way, found in ways.items()]
    table = pd.concat(frames, ignore_index=True)
    arguments.output.mkdir(parents=True, exist_ok=True)
    table.to_csv(arguments.output / "new_person_check.csv", index=False)
    print(f"\n{summary(table, (labels[0], labels[1])).round(2).to_string(index=False)}")
    print(f"Table: {(arguments.output / 'new_person_check.csv').resolve()}")


if __name__ == "__main__":
    main()
