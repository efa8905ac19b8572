"""Do words that differ bend the zROC? Its slope with and without effects of items, where truth is known and on real data.

Averaging over items adds their variance to that of memory. Words that differ in what study adds widen the distribution of
old items alone: the slope of the zROC (1 / sigma) falls, and equal variances look unequal. Words that differ in how old they
feel, studied or not, widen both distributions: the slope is pulled towards 1. A hierarchical model of participants removes
neither, because each participant is averaged over items; crossed effects of participants and items do. Pratte, Rouder &
Morey (2010), Journal of Experimental Psychology: Learning, Memory, and Cognition 36, 224-232, asked whether the asymmetry
of recognition ROCs is such an artefact, and concluded that it is not.

Run it with ``python analyses/item_effects_zroc.py``; the second part needs the data of that paper (``kvfit data describe
pratte2009`` says how to get them). Fits are kept in ``fits/``, the table and the picture go to ``reports/``.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import kvfit as kv
from kvfit.data.metadata import DatasetError
from kvfit.inference.maximum_likelihood import PersonObjective, best_start
from kvfit.recognition.design import RecognitionDesign
from kvfit.recognition.model import RecognitionModel

EFFECTS = "d_prime+criterion"
INTERVAL = 0.9
N_BOOTSTRAP = 100


@dataclass(frozen=True)
class Scenario:
    """A simulated experiment: sigma of memory itself, and standard deviations of the effects of words."""

    name: str
    sigma: float
    sd_d_prime: float
    sd_criterion: float

    @property
    def averaged(self) -> float:
        """The slope to which averaging over words leads, if what is averaged over is taken as normal."""
        both = self.sd_criterion**2
        return float(np.sqrt((1.0 + both) / (self.sigma**2 + self.sd_d_prime**2 + both)))


SCENARIOS = (
    Scenario("equal variances, words differ in what study adds", 1.0, 0.8, 0.0),
    Scenario("unequal variances, words differ in how old they feel", 1.5, 0.0, 0.8),
)


def simulated(scenario: Scenario, n_participants: int = 40, n_items: int = 240, seed: int = 1) -> kv.RecognitionData:
    """Ratings 1 to 6 of all participants on all words, half of them studied, by UVSD with known participants and words."""
    rng = np.random.default_rng(seed)
    words = np.arange(1, n_items + 1)
    tables = [
        pd.DataFrame({"subject": j, "list": 1, "item": words, "old": rng.permutation(words % 2), "response": 1})
        for j in range(1, n_participants + 1)
    ]
    blank = kv.read_recognition(pd.concat(tables), scale="1-6", name=scenario.name)
    persons = {
        "d_prime": rng.normal(1.2, 0.4, n_participants),
        "sigma": np.full(n_participants, scenario.sigma),
        "criterion": rng.normal(0.6, 0.3, n_participants),
    } | {f"spacing_{k}": rng.lognormal(np.log(0.5), 0.3, n_participants) for k in range(1, 5)}
    items = {
        "d_prime": rng.normal(0.0, scenario.sd_d_prime, n_items),
        "criterion": rng.normal(0.0, scenario.sd_criterion, n_items),
    }
    return kv.simulate(kv.get_model(f"uvsd(items={EFFECTS})"), blank, persons, seed, item_effects=items)


def pooled_slope(data: kv.RecognitionData) -> tuple[float, float, float]:
    """Slope of the counts of all participants together, with a bootstrap interval over participants."""
    model: Any = kv.get_model("uvsd").bind(data)
    design = model.design(data)
    tail = (1 - INTERVAL) / 2
    persons = np.arange(data.n_participants)
    rng = np.random.default_rng(0)
    slopes = [_slope(model, _together(design, persons))]
    slopes += [_slope(model, _together(design, rng.choice(persons, persons.size))) for _ in range(N_BOOTSTRAP)]
    return slopes[0], float(np.quantile(slopes[1:], tail)), float(np.quantile(slopes[1:], 1 - tail))


def _together(design: RecognitionDesign, persons: np.ndarray) -> RecognitionDesign:
    """Counts of new and of old items, summed over persons (who may stand there several times)."""
    times = np.bincount(persons, minlength=design.n_participants)[design.participant]
    weighted = design.counts * times[:, None]
    counts = np.stack([weighted[~design.old].sum(axis=0), weighted[design.old].sum(axis=0)])
    nothing = np.zeros(0, np.int64)
    return replace(
        design, participant=np.zeros(2, np.int64), old=np.array([False, True]), counts=counts, n_participants=1,
        cell_of_trial=nothing, response=nothing,
    )  # fmt: skip


def _slope(model: RecognitionModel, design: RecognitionDesign) -> float:
    objective = PersonObjective(model, design)
    return 1.0 / objective.natural(best_start(objective, 4, np.random.default_rng(0)))["sigma"]


def separate_slope(data: kv.RecognitionData) -> tuple[float, float, float]:
    """Geometric mean of the participants' own slopes (maximum a posteriori), with a normal interval."""
    logs = -np.log(kv.point_fit("uvsd", data, method="map").estimates["sigma"].to_numpy())
    half = 1.645 * logs.std(ddof=1) / np.sqrt(logs.size)
    mean = logs.mean()
    return float(np.exp(mean)), float(np.exp(mean - half)), float(np.exp(mean + half))


def posterior_slope(fit: kv.Fit) -> tuple[float, float, float]:
    """Posterior mean and interval of the population's slope, 1 / sigma of its typical participant."""
    draws = np.exp(-fit.tree["posterior"]["population_mean"].sel(parameter="sigma").to_numpy().ravel())
    tail = (1 - INTERVAL) / 2
    return float(draws.mean()), float(np.quantile(draws, tail)), float(np.quantile(draws, 1 - tail))


def analyse(data: kv.RecognitionData, draws: int) -> tuple[pd.DataFrame, list[kv.Fit]]:
    """The slope by four ways of looking at one data set."""
    settings: dict[str, Any] = {"store": "fits", "draws": draws, "tune": draws, "chains": 2, "seed": 0}
    plain = kv.fit("uvsd", data, **settings)
    crossed = kv.fit("uvsd", data, items=EFFECTS, **settings)
    found = {
        "pooled over participants and items": pooled_slope(data),
        "each participant alone": separate_slope(data),
        "hierarchical, without items": posterior_slope(plain),
        "hierarchical, with items": posterior_slope(crossed),
    }
    for fit in (plain, crossed):
        print(f"{fit.label}: {sum(fit.timings.values()):.0f} s. {fit.diagnostics.verdict()}")
    print(f"Spread between items\n{crossed.item_spread(INTERVAL).round(3).to_string(index=False)}\n")
    rows = [
        {"data": data.name, "analysis": name, "slope": v[0], "lower": v[1], "upper": v[2]} for name, v in found.items()
    ]
    return pd.DataFrame(rows), [plain, crossed]


def draw(table: pd.DataFrame, truths: dict[str, tuple[float, float]], path: Path) -> None:
    """One panel a data set: slopes with intervals, the true slope and the one that averaging leads to."""
    from matplotlib.figure import Figure

    from kvfit.reports.figures.saving import save_figure
    from kvfit.reports.figures.style import INK, SOFT, figure_style, model_styles

    names = list(dict.fromkeys(table["data"]))
    with figure_style():
        true, expected = model_styles(["true", "expected"]).values()
        figure = Figure(figsize=(7.5, 1.9 * len(names)))
        panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)
        for axes, name in zip(panels[:, 0], names, strict=True):
            rows = table[table["data"] == name].iloc[::-1]
            y = np.arange(len(rows))
            errors = np.stack([rows["slope"] - rows["lower"], rows["upper"] - rows["slope"]])
            axes.axvline(1.0, color=SOFT, linewidth=0.8, linestyle=":", zorder=0)
            if name in truths:
                truth, averaged = truths[name]
                axes.axvline(truth, color=true.colour, label="true slope of memory")
                axes.axvline(
                    averaged, color=expected.colour, linestyle="--", label="expected when\naveraging over words"
                )
                axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
            axes.errorbar(rows["slope"], y, xerr=errors, fmt="o", color=INK, linewidth=1.2)
            axes.set_yticks(y, rows["analysis"])
            axes.set_ylim(-0.6, len(rows) - 0.4)
            axes.set_title(name, loc="left")
        panels[-1, 0].set_xlabel("slope of the zROC (1 / sigma), 90 % interval")
    save_figure(figure, path)


def main() -> None:
    """Simulate, load, fit, tabulate, draw."""
    parser = argparse.ArgumentParser(description="Slope of the zROC with and without effects of items.")
    parser.add_argument("--participants", type=int, help="use the first N participants of pratte2009")
    parser.add_argument("--draws", type=int, default=500, help="draws and warm-up draws of each of two chains")
    given = parser.parse_args()
    tables, truths = [], {}
    for scenario in SCENARIOS:
        print(f"\n{scenario.name}: true slope {1 / scenario.sigma:.3f}, averaged over words {scenario.averaged:.3f}")
        truths[scenario.name] = (1 / scenario.sigma, scenario.averaged)
        data = replace(simulated(scenario), name=scenario.name)
        tables.append(analyse(data, given.draws)[0])
        print(tables[-1].round(3).to_string(index=False))
    try:
        real = kv.load("pratte2009", participants=given.participants)
    except DatasetError as error:
        print(f"\nWithout real data: {error.args[0]}")
    else:
        assert isinstance(real, kv.RecognitionData)
        print(f"\n{real!r}")
        found, fits = analyse(real, given.draws)
        tables.append(found)
        print(found.round(3).to_string(index=False))
        print(f"\n{kv.compare(fits)}")
    table = pd.concat(tables, ignore_index=True)
    folder = Path("reports")
    folder.mkdir(exist_ok=True)
    table.to_csv(folder / "item_effects_zroc.csv", index=False)
    draw(table, truths, folder / "item_effects_zroc.png")
    print(f"\nTable and picture: {folder / 'item_effects_zroc.csv'}, {folder / 'item_effects_zroc.png'}")


if __name__ == "__main__":
    main()
