"""Is storage indelible, or does it fade or get overwritten? Free recall over list length and delay.

The three accounts are one model with three write rules, ``kv_recall(write=hebb | decay | delta)``: same queries, same
choice, same rule of stopping, which reads what memory still offers (``stopping=match``). CMR and a serial-position baseline
stand beside them. Data: Pazdera & Kahana (2023; lists of 12 and 24, distractor of 12 and 24 s, within people), Murdock
(1962; lists of 20, 30 and 40, between people), Howard & Kahana (1999; immediate and delayed recall; distractors between
items).

    KVFIT_DATA=FOLDER python analyses/indelible_or_erasing.py --participants 24     # a quick look
    KVFIT_DATA=FOLDER python analyses/indelible_or_erasing.py                       # all participants (hours)

Steps (``--steps``), each with its table in ``reports/``: ``confuse``, could these designs tell the write rules apart;
``fits``, maximum likelihood; ``amounts``, how much may fade or be overwritten; ``held_out``, lists that were not fitted;
``lengths``, one list length predicted from another; ``conditions``, which parameter does a condition move; ``posterior``,
hierarchical fits compared by list and by participant, with a page each. What was computed stays in ``fits/``: a run that was
stopped goes on with what is missing.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import kvfit as kv
from kvfit.batch.job import Inputs, Job
from kvfit.batch.runner import run_batch
from kvfit.data.metadata import known_datasets
from kvfit.files import write_text

STORES = {
    name: kv.get_model(f"kv_recall(stopping=match, write={rule})").label
    for name, rule in (("indelible", "hebb"), ("fading", "decay"), ("overwritten", "delta"))
}
REFERENCES = {name: kv.get_model(f"{name}(stopping=match)").label for name in ("cmr", "serial_position")}
#: Amounts of fading and overwriting that are held, the same for all people: as many free parameters as the indelible store.
AMOUNTS = {
    "fading": ("retention", (0.9, 0.95, 0.98, 0.995)),
    "overwritten": ("erasure", (0.05, 0.15, 0.4, 0.8)),
}
#: Of these, the ones that the recovery study simulates.
CONFUSED = {"fading": 0.95, "overwritten": 0.15}
STEPS = ("confuse", "fits", "amounts", "held_out", "lengths", "conditions", "posterior")
#: Parameters that a condition may move, each alone, and some together. An indelible store says that a delay changes the
#: query for the end of the list and that time between items makes keys less alike; what fades loses recency, primacy and
#: neighbour together.
MOVED = (
    ("recency",), ("primacy",), ("neighbour",), ("rho",), ("kappa",), ("stop_bias",), ("recency", "rho"),
    ("recency", "primacy", "neighbour"),
)  # fmt: skip
SIMULATIONS = 10


@dataclass(frozen=True)
class Part:
    """One design: lists of a data set, and the condition whose effect is asked for.

    Attributes
    ----------
    name, dataset, query : str
    columns : tuple of str
        Of the lists, by which words recalled are shown.
    conditions : tuple of str
        Right-hand sides of formulas.
    between : bool
        Whether list lengths belong to different people.
    """

    name: str
    dataset: str
    query: str | None
    columns: tuple[str, ...]
    conditions: tuple[str, ...]
    between: bool = False

    def load(self, participants: int | None) -> kv.FreeRecallData:
        """Its lists; the first `participants`, of each list length where lengths belong to different people."""
        data = kv.load(self.dataset)
        if self.query is not None:
            data = data.select(query=self.query)
        if participants is None:
            return data
        people = data.lists.groupby("subject", sort=False)["list_length"].first()
        groups = people if self.between else people * 0
        return data.select(participants=list(people[groups.groupby(groups).cumcount() < participants].index))


PARTS = (
    Part(
        "pazdera_kahana2023", "pazdera_kahana2023", None, ("list_length", "distractor_s"),
        ("C(list_length)", "C(distractor_s)"),
    ),
    Part("murdock1962", "murdock1962", None, ("list_length",), (), between=True),
    Part("howard_kahana1999_delay", "howard_kahana1999", "experiment == 1", ("condition",), ("condition",)),
    Part("howard_kahana1999_distractor", "howard_kahana1999", "experiment == 2", ("ipi_s",), ("np.log1p(ipi_s)",)),
)  # fmt: skip


def estimate(*, model: str, method: str, starts: int, data: Any, similarity: Any = None) -> dict[str, Any]:
    """Point estimates as what a batch can store."""
    found = kv.point_fit(model, data, method=method, starts=starts, show_progress=False)  # type: ignore[arg-type]
    return {"table": found.table.to_dict("list"), "verdict": found.verdict()}


@dataclass(frozen=True)
class Work:
    """Where and how estimates are made.

    Attributes
    ----------
    store : Path
    workers, starts : int
    """

    store: Path
    workers: int
    starts: int

    def estimates(self, wanted: Sequence[tuple[str, kv.FreeRecallData]], method: str, label: str) -> list[pd.DataFrame]:
        """Tables of point estimates, a row a participant, indexed by ``subject``; stored ones are not made again."""
        jobs = []
        for model, data in wanted:
            conditions = getattr(kv.get_model(model).bind(data), "conditions_fingerprint", "")
            settings = {"model": model, "method": method, "starts": self.starts}
            jobs.append(Job(estimate, settings, f"{method} {model}", Inputs(data, None, conditions)))
        batch = run_batch(jobs, store=self.store, workers=self.workers, label=label)
        if batch.failures:
            raise SystemExit(batch.words())
        for (model, _), result in zip(wanted, batch.results, strict=True):
            print(f"  {model}: {result['verdict']}")
        return [pd.DataFrame(result["table"]).set_index("subject") for result in batch.results]


def contrast(first: pd.Series, second: pd.Series) -> dict[str, Any]:
    """Sum over people of a difference, its error over people (who are what is sampled), and for how many it is positive."""
    difference = (first - second).to_numpy()
    n = difference.size
    return {
        "difference": difference.sum(), "se": np.sqrt(n) * difference.std(ddof=1) if n > 1 else np.nan,
        "persons_first": int((difference > 0).sum()), "persons": n,
    }  # fmt: skip


def maximum_likelihood(data: kv.FreeRecallData, work: Work) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Every model fitted to all lists of every person; AIC in units of log-likelihood, relative to the indelible store."""
    models = {**STORES, **REFERENCES}
    fits = dict(
        zip(models, work.estimates([(m, data) for m in models.values()], "ml", "maximum likelihood"), strict=True)
    )
    base = fits["indelible"]
    rows = []
    for name, table in fits.items():
        bare = contrast(table["log_likelihood"], base["log_likelihood"])
        rows.append(
            {"model": name, "log_likelihood": table["log_likelihood"].sum(), "log_likelihood_gain": bare["difference"]}
            | {f"aic_{k}": v for k, v in contrast(-table["aic"] / 2, -base["aic"] / 2).items()}
            | {"bic_difference": (base["bic"] - table["bic"]).sum() / 2}
        )
    return pd.DataFrame(rows), fits


def held(store: str, amount: float) -> str:
    """Label of a store whose amount of fading or overwriting is held at a value."""
    return STORES[store][:-1] + f", {AMOUNTS[store][0]}={amount})"


def amounts(data: kv.FreeRecallData, work: Work) -> pd.DataFrame:
    """Log-likelihood against the indelible store over amounts of fading and overwriting that all people share."""
    wanted = {("indelible", 0.0): STORES["indelible"]}
    wanted |= {(store, amount): held(store, amount) for store, (_, values) in AMOUNTS.items() for amount in values}
    tables = dict(zip(wanted, work.estimates([(m, data) for m in wanted.values()], "ml", "amounts"), strict=True))
    base = tables["indelible", 0.0]["log_likelihood"]
    return pd.DataFrame(
        {"store": store, "amount": amount, **contrast(table["log_likelihood"], base)}
        for (store, amount), table in tables.items()
    )


def held_out(data: kv.FreeRecallData, pairs: Sequence[tuple[str, str, str]], work: Work) -> pd.DataFrame:
    """Log-likelihood of lists that were not fitted (MAP, each person alone), relative to the indelible store.

    Parameters
    ----------
    data : FreeRecallData
    pairs : sequence of (str, str, str)
        Name, query of the lists that are fitted, query of those that are predicted. Pairs of one name are summed.
    work : Work
    """
    models = {**STORES, **REFERENCES}
    parts = {query: data.select(query=query) for pair in pairs for query in pair[1:]}
    wanted = [(model, query) for model in models.values() for query in dict.fromkeys(pair[1] for pair in pairs)]
    made = dict(zip(wanted, work.estimates([(m, parts[q]) for m, q in wanted], "map", "held-out lists"), strict=True))
    scores: dict[tuple[str, str], pd.Series] = {}
    for (name, model), (what, fitted, predicted) in product(models.items(), pairs):
        test = parts[predicted]
        values = made[model, fitted][[p.name for p in kv.get_model(model).parameters]]
        both = [person for person in test.participants if person in values.index]
        test = test.select(participants=both)
        found = kv.log_likelihood(model, test, values.loc[both]).to_numpy()
        by_person = pd.Series(np.bincount(test.participant, found), index=test.participants)
        scores[what, name] = by_person.add(scores.get((what, name), 0.0), fill_value=0.0)
    return pd.DataFrame(
        {"predicted": what, "model": name, **contrast(score, scores[what, "indelible"])}
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
        key = {"condition": condition, "store": store, "moves": names}
        fits.append(key | contrast(-table["aic"] / 2, -nothing["aic"] / 2))
        for column in (str(c) for c in table if ":" in str(c)):
            low, median, high = table[column].quantile([0.25, 0.5, 0.75])
            counts = {"positive": int((table[column] > 0).sum()), "persons": len(table)}
            shifts.append(key | {"shift": column, "quartile": low, "median": median, "upper_quartile": high} | counts)
        label = models[condition, store, names]
        words.append(words_recalled(label, data, table, part.columns).assign(**key))
    return pd.DataFrame(fits), pd.DataFrame(shifts), pd.concat(words, ignore_index=True)


def with_effects(model: str, names: Sequence[str], condition: str) -> str:
    """Label of a model in which parameters differ between conditions, by person."""
    formula = dict.fromkeys(names, f"~ {condition} + (1 + {condition} | subject)")
    return kv.get_model(model, formula=formula).label


def shared_amounts(fits: Sequence[kv.Fit]) -> pd.DataFrame:
    """How much fades or is overwritten: posterior median and 90 % interval of what all people share."""
    rows = []
    for fit, name in product(fits, [name for name, _ in AMOUNTS.values()]):
        if name in fit.tree["posterior"]:
            draws = fit.tree["posterior"][name].isel(participant=0).to_numpy()
            low, middle, high = np.quantile(draws, (0.05, 0.5, 0.95))
            rows.append({"model": fit.label, "amount": name, "median": middle, "lower": low, "upper": high})
    return pd.DataFrame(rows)


def posterior(data: kv.FreeRecallData, part: Part, given: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hierarchical fits, compared by list and by participant, with a page; and the amounts that they share."""
    settings = {key: getattr(given, key) for key in ("draws", "tune", "chains", "cores", "target_accept", "seed")}
    fits = []
    for model in (*STORES.values(), *REFERENCES.values()):
        fits.append(kv.fit(model, data, store=given.store, **settings))
        print(f"  {fits[-1].label}: {fits[-1].diagnostics.verdict()}")
    found = shown("Amounts that all people share, 90 % intervals", shared_amounts(fits))
    tables = []
    for unit in ("trial", "participant"):
        comparison = kv.compare(fits, unit=unit, store=given.store)
        print(f"\n{comparison}\n")
        tables.append(comparison.table.assign(unit=unit))
        if unit == "trial":
            page = kv.report(
                comparison,
                given.output / f"indelible_or_erasing_{part.name}.html",
                title=f"Is storage indelible? {part.name}",
                created=date.today().isoformat(),
                command="python analyses/indelible_or_erasing.py",
                citation=known_datasets()[part.dataset].citation,
            )
            print(f"Report: {page.resolve()}")
    return pd.concat(tables, ignore_index=True), found


def draw_amounts(table: pd.DataFrame, path: Path) -> Path:
    """Log-likelihood a person against the indelible store, over how much fades or is overwritten; one error over people."""
    import matplotlib.pyplot as plt

    from kvfit.reports.figures.saving import save_figure
    from kvfit.reports.figures.style import SOFT, figure_style, model_styles

    parts = list(dict.fromkeys(table["data"]))
    with figure_style():
        styles = model_styles(parts)
        figure, panels = plt.subplots(1, 2, figsize=(7.6, 3.6), sharey=True)
        for axes, store in zip(panels, AMOUNTS, strict=True):
            for part in parts:
                rows = table[(table["data"] == part) & (table["store"] == store)]
                # lost with each item, so that the indelible store is at the left end of both panels
                lost = 1.0 - rows["amount"] if store == "fading" else rows["amount"]
                style = styles[part]
                axes.errorbar(
                    lost, rows["difference"] / rows["persons"], yerr=rows["se"] / rows["persons"], label=part,
                    color=style.colour, marker=style.marker, linestyle=style.dashes, markersize=4, linewidth=1.2,
                )  # fmt: skip
            axes.axhline(0.0, color=SOFT, linewidth=0.8, linestyle=":", zorder=0)
            axes.set_xscale("log")
            ticks = sorted(1.0 - v if store == "fading" else v for v in AMOUNTS[store][1])
            axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
            axes.minorticks_off()
            axes.set_title(store)
        panels[0].set(
            xlabel="1 - retention: strength lost with each item", ylabel="log-likelihood a person, minus indelible"
        )
        panels[1].set_xlabel("erasure: share overwritten")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
        saved = save_figure(figure, path)
        plt.close(figure)
    return saved


def draw_lengths(table: pd.DataFrame, path: Path) -> Path:
    """Words recalled over list length: observed, and predicted by each store from people's estimates at each length."""
    import matplotlib.pyplot as plt

    from kvfit.reports.figures.saving import save_figure
    from kvfit.reports.figures.style import INK, figure_style, model_styles

    cells = list(dict.fromkeys(zip(table["data"], table["fitted_length"], strict=True)))
    with figure_style():
        styles = model_styles(list(STORES))
        figure, panels = plt.subplots(1, len(cells), figsize=(2.1 * len(cells) + 0.6, 3.2), squeeze=False)
        for axes, (part, fitted) in zip(panels[0], cells, strict=True):
            rows = table[(table["data"] == part) & (table["fitted_length"] == fitted)]
            seen = rows.drop_duplicates("predicted_length")
            axes.plot(seen["predicted_length"], seen["observed"], color=INK, linewidth=2.0, label="observed", zorder=0)
            for name, style in styles.items():
                own = rows[rows["model"] == name]
                axes.errorbar(
                    own["predicted_length"], own["predicted"], yerr=own["error_se"], color=style.colour,
                    marker=style.marker, linestyle=style.dashes, markersize=4, linewidth=1.1, label=name,
                )  # fmt: skip
            axes.set(title=f"{part.split('_')[0]}\nfitted: {fitted} words", xlabel="list length")
            axes.set_xticks(seen["predicted_length"])
            axes.set_ylim(0, 1.15 * max(table["predicted"].max(), table["observed"].max()))
        panels[0, 0].set_ylabel("words recalled")
        figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
        saved = save_figure(figure, path)
        plt.close(figure)
    return saved


def confuse(data: kv.FreeRecallData, part: Part, given: argparse.Namespace) -> None:
    """Could this design tell the write rules apart? With free amounts, a person each; and with held ones."""
    pairs = [list(STORES.values()), [STORES["indelible"], *(held(store, value) for store, value in CONFUSED.items())]]
    for kind, models in zip(("free", "held"), pairs, strict=True):
        if kind not in given.confuse:
            continue
        found = kv.confuse(
            models, data, truth="fit", replicates=given.replicates, starts=3, store=given.store, workers=given.workers
        )
        print(f"\nRecovery, amounts {kind}: {found}")
        found.write(given.output / f"indelible_or_erasing_confuse_{part.name}_{kind}")


def shown(title: str, table: pd.DataFrame) -> pd.DataFrame:
    """Print a table and hand it on."""
    print(f"\n{title}\n{table.round(3).to_string(index=False)}")
    return table


def analyse(part: Part, given: argparse.Namespace) -> dict[str, pd.DataFrame]:
    """All steps for one design; tables by name."""
    data = part.load(given.participants)
    print(f"\n{'=' * 100}\n{part.name}: {data!r}\n{data.scoring_note()}\nOne observation: {data.observation_words}.")
    work = Work(given.store, given.workers, given.starts)
    lengths = sorted(int(n) for n in np.unique(data.list_length))
    tables: dict[str, pd.DataFrame] = {}
    if "confuse" in given.steps:
        confuse(part.load(given.confuse_participants), part, given)
    if "fits" in given.steps:
        found, fits = maximum_likelihood(data, work)
        tables["fits"] = shown("Maximum likelihood, differences from the indelible store (log units)", found)
        words = [
            words_recalled({**STORES, **REFERENCES}[name], data, table, part.columns).assign(model=name)
            for name, table in fits.items()
        ]
        tables["words"] = shown("Words recalled a list, parameters shared by conditions", pd.concat(words))
    if "amounts" in given.steps:
        tables["amounts"] = shown("Amounts that all people share, minus indelible (log units)", amounts(data, work))
    if "held_out" in given.steps:
        pairs = [("other half", "list % 2 == 0", "list % 2 == 1"), ("other half", "list % 2 == 1", "list % 2 == 0")]
        if not part.between:
            pairs += [
                (f"{b} from {a}", f"list_length == {a}", f"list_length == {b}")
                for a in lengths
                for b in lengths
                if a != b
            ]
        tables["held_out"] = shown(
            "Lists that were not fitted, minus indelible (log units)", held_out(data, pairs, work)
        )
    if "lengths" in given.steps and len(lengths) > 1:
        tables["lengths"] = shown("Words recalled, predicted across lengths", across_lengths(data, part.between, work))
    if "conditions" in given.steps and part.conditions:
        effects, shifts, words_by = moved(data, part, work)
        tables["conditions"] = shown("What a condition moves, minus nothing (log units)", effects)
        tables["shifts"] = shown("Shifts between conditions, over people", shifts)
        tables["conditions_words"] = shown("Words recalled a list where conditions move parameters", words_by)
    if "posterior" in given.steps:
        people = part.load(given.posterior_participants or given.participants)
        tables["posterior"], tables["posterior_amounts"] = posterior(people, part, given)
    return {name: table.assign(data=part.name) for name, table in tables.items()}


def main() -> None:
    """Analyse the designs in turn; write tables and pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [part.name for part in PARTS]
    parser.add_argument("--data", action="append", choices=names, help="one of the designs; repeatable; default all")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    parser.add_argument("--participants", type=int, default=None, help="the first so many (of each group); default all")
    parser.add_argument(
        "--posterior-participants", type=int, default=None, help="of the hierarchical fits; default as above"
    )
    parser.add_argument("--confuse-participants", type=int, default=24, help="of the recovery study (of each group)")
    parser.add_argument("--replicates", type=int, default=10, help="simulated data sets a model in the recovery study")
    parser.add_argument(
        "--confuse", nargs="+", choices=("free", "held"), default=["free", "held"], help="amounts there"
    )
    parser.add_argument("--starts", type=int, default=6)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--store", type=Path, default=Path("fits"))
    parser.add_argument("--output", type=Path, default=Path("reports"))
    for option, default in (("draws", 1000), ("tune", 1000), ("chains", 4), ("cores", 2), ("seed", 0)):
        parser.add_argument(f"--{option}", type=int, default=default)
    parser.add_argument("--target-accept", type=float, default=0.9)
    given = parser.parse_args()
    found: dict[str, list[pd.DataFrame]] = {}
    for part in PARTS:
        if part.name in (given.data or names):
            for name, table in analyse(part, given).items():
                found.setdefault(name, []).append(table)
    joined = {name: pd.concat(tables, ignore_index=True) for name, tables in found.items()}
    for name, table in joined.items():
        print(write_text(given.output / f"indelible_or_erasing_{name}.csv", table.to_csv(index=False)).resolve())
    drawing = {"amounts": draw_amounts, "lengths": draw_lengths}
    for name in drawing.keys() & joined.keys():
        print(drawing[name](joined[name], given.output / f"indelible_or_erasing_{name}.png").resolve())


if __name__ == "__main__":
    main()
