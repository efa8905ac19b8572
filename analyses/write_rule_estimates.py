"""Point estimates about write rules: lists that were not fitted, list lengths, conditions.

Not a script of its own; see ``indelible_or_erasing.py``. Every person is fitted alone.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
from write_rules import REFERENCES, STORES, Part, Work, lead, with_effects

import kvfit as kv

#: Parameters that a condition may move, each alone, and some together. An indelible store says that a delay changes the
#: query for the end of the list and that time between items makes keys less alike; what fades loses recency, primacy and
#: neighbour together.
MOVED = (
    ("recency",), ("strength",), ("neighbour",), ("rho",), ("kappa",), ("stop_bias",), ("recency", "rho"),
    ("recency", "strength", "neighbour"),
)  # fmt: skip
SIMULATIONS = 10


def held_out(data: kv.FreeRecallData, part: Part, pairs: Sequence[tuple[str, str, str]], work: Work) -> pd.DataFrame:
    """Log-likelihood of lists that were not fitted (MAP, each person alone), relative to the indelible store.

    Parameters
    ----------
    data : FreeRecallData
    part : Part
        CMR and the baseline have no parameters that its condition could move, and are left out where that is needed.
    pairs : sequence of (str, str, str)
        Name, query of the lists that are fitted, query of those that are predicted. Pairs of one name are summed.
    work : Work
    """
    models = {name: part.model(label) for name, label in STORES.items()} | ({} if part.moves else REFERENCES)
    parts = {query: data.select(query=query) for pair in pairs for query in pair[1:]}
    wanted = [(model, query) for model in models.values() for query in dict.fromkeys(pair[1] for pair in pairs)]
    made = dict(zip(wanted, work.estimates([(m, parts[q]) for m, q in wanted], "map", "held-out lists"), strict=True))
    scores: dict[tuple[str, str], pd.Series] = {}
    for (name, model), (what, fitted, predicted) in product(models.items(), pairs):
        test = parts[predicted]
        values = made[model, fitted][[p.name for p in kv.get_model(model).bind(test).parameters]]
        both = [person for person in test.participants if person in values.index]
        test = test.select(participants=both)
        found = kv.log_likelihood(model, test, values.loc[both]).to_numpy()
        by_person = pd.Series(np.bincount(test.participant, found), index=test.participants)
        scores[what, name] = by_person.add(scores.get((what, name), 0.0), fill_value=0.0)
    return pd.DataFrame(
        {"predicted": what, "model": name, **lead(score, scores[what, "indelible"])}
        for (what, name), score in scores.items()
    )


def words_recalled(model: str, data: kv.FreeRecallData, table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Mean number of words recalled a list by condition, observed and simulated: means over people of their means."""
    values = table[[p.name for p in kv.get_model(model).bind(data).parameters]]
    simulated = [kv.simulate(model, data, values, seed).lists["n_scored"] for seed in range(SIMULATIONS)]
    lists = data.lists.assign(simulated=np.mean(simulated, axis=0))
    people = lists.groupby([*by, "subject"])[["n_scored", "simulated"]].mean()
    people["error"] = people["simulated"] - people["n_scored"]
    grouped = people.groupby(list(by))
    means = grouped.mean().rename(columns={"n_scored": "observed"})
    return means.assign(error_se=grouped["error"].sem(), people=grouped.size()).reset_index()


def across_lengths(data: kv.FreeRecallData, between: bool, work: Work) -> pd.DataFrame:
    """Words recalled at one list length, predicted from people's estimates (MAP) at another; competition alone differs."""
    lengths = sorted(int(n) for n in np.unique(data.list_length))
    parts = {length: data.select(query=f"list_length == {length}") for length in lengths}
    wanted = [(model, length) for model in STORES.values() for length in lengths]
    made = dict(zip(wanted, work.estimates([(m, parts[n]) for m, n in wanted], "map", "list lengths"), strict=True))
    rows = []
    for (name, model), fitted, predicted in product(STORES.items(), lengths, lengths):
        values = made[model, fitted][[p.name for p in kv.get_model(model).parameters]]
        design = kv.free_recall_design(len(values), 40, int(predicted))
        columns = {parameter: values[parameter].to_numpy() for parameter in values}
        simulated = kv.simulate(model, design, columns, 0).lists.groupby("subject")["n_scored"].mean()
        observed = parts[predicted].lists.groupby("subject", sort=False)["n_scored"].mean()
        if between and fitted != predicted:
            # other people: two independent means
            se = np.hypot(simulated.sem(), observed.sem())
        else:
            se = pd.Series(simulated.to_numpy() - observed.loc[values.index].to_numpy()).sem()
        rows.append(
            {"model": name, "fitted_length": fitted, "predicted_length": predicted, "predicted": simulated.mean()}
            | {"observed": observed.mean(), "error": simulated.mean() - observed.mean(), "error_se": se}
        )
    return pd.DataFrame(rows)


def moved(data: kv.FreeRecallData, part: Part, work: Work) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Which parameter a condition moves: models in which some depend on it, against none, all on the indelible store.

    Returns
    -------
    tuple of pandas.DataFrame
        Fit of each (AIC in units of log-likelihood, against no effect); for each shift (unconstrained scale) its median and
        quartiles over people and for how many it is positive; words recalled by condition, observed and simulated.
    """
    base = STORES["indelible"]
    models: dict[tuple[str, str, str], str] = {("", "indelible", "nothing"): base}
    for condition in part.conditions:
        for names in MOVED:
            models[condition, "indelible", ", ".join(names)] = with_effects(base, names, condition)
        models[condition, "fading", "retention"] = with_effects(STORES["fading"], ("retention",), condition)
    tables = dict(zip(models, work.estimates([(m, data) for m in models.values()], "ml", "conditions"), strict=True))
    nothing = tables["", "indelible", "nothing"]
    fits, shifts, words = [], [], []
    for (condition, store, names), table in tables.items():
        key = {"effect_of": condition, "store": store, "moves": names}
        fits.append(key | lead(-table["aic"] / 2, -nothing["aic"] / 2))
        for column in (str(c) for c in table if ":" in str(c)):
            low, median, high = table[column].quantile([0.25, 0.5, 0.75])
            counts = {"positive": int((table[column] > 0).sum()), "persons": len(table)}
            shifts.append(key | {"shift": column, "quartile": low, "median": median, "upper_quartile": high} | counts)
        label = models[condition, store, names]
        words.append(words_recalled(label, data, table, part.columns).assign(**key))
    return pd.DataFrame(fits), pd.DataFrame(shifts), pd.concat(words, ignore_index=True)
