"""Were words that were not recalled lost? Final free recall of Pazdera & Kahana (2023).

After 16 lists, each with a recall test of its own, people recalled what they could of the whole session. An erasing or
fading store has lost most of the words that were not recalled at first, the more so the more was written after them; an
indelible one keeps them all, and what comes back depends on the cues of the final test.

    KVFIT_DATA=FOLDER python analyses/final_free_recall.py

It counts words, with people as the unit of sampling (bootstrap over people), prints the tables, and writes
``reports/final_free_recall.csv`` and ``.png``. No memory model is fitted: the file has no order of the final
recalls. Takes a few seconds.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.optimize import minimize

import kvfit as kv
from kvfit.files import write_text
from kvfit.reports.columns import Column
from kvfit.reports.figures.saving import save_figure
from kvfit.reports.figures.style import figure_style, model_styles
from kvfit.reports.own_section import Section, SectionFigure, SectionTable

N_BOOTSTRAP = 1000
INTERVAL = (0.05, 0.95)
KINDS = {True: "recalled at first", False: "not recalled at first"}
#: First and last lists of the session, whose ratio says how much is lost over about 200 words.
EARLY, LATE = range(1, 6), range(12, 17)


def words(data: kv.FreeRecallData) -> pd.DataFrame:
    """One row a studied word.

    Parameters
    ----------
    data : FreeRecallData
        With the column ``ffr_recalled`` (0 or 1) in study rows.

    Returns
    -------
    pandas.DataFrame
        ``person`` (index), ``order`` (of the list in the session, from 1), ``list_length``, ``position``
        (study position), ``third`` (of the list: first, middle, last), ``words_after`` (studied later in the session),
        ``recalled`` (at first), ``final`` (recalled in the final test).

    Raises
    ------
    ValueError
        If the data have no final recall.
    """
    if "ffr_recalled" not in data.events:
        raise ValueError(f"{data.name}: expected a column ffr_recalled in study rows; these data have no final recall")
    study = data.events[data.events["trial_type"] == "study"]
    table = study[["subject", "list", "position", "ffr_recalled"]].merge(
        data.lists[["subject", "list", "list_length"]].assign(row=np.arange(data.n_lists), person=data.participant),
        on=["subject", "list"],
    )
    table = table.sort_values(["row", "position"], ignore_index=True)
    table["order"] = table.groupby("person")["list"].rank(method="dense").astype(int)
    hit = np.zeros((data.n_lists, int(data.list_length.max())), dtype=bool)
    hit[np.repeat(np.arange(data.n_lists), np.diff(data.offsets)), data.recalled] = True
    table["recalled"] = hit[table["row"], table["position"] - 1]
    table["final"] = table["ffr_recalled"].astype(int)
    table["third"] = pd.cut(
        table["position"] / table["list_length"], (0, 1 / 3, 2 / 3, 1), labels=("first", "middle", "last")
    )
    table["words_after"] = table.groupby("person").cumcount(ascending=False)
    return table.drop(columns=["subject", "list", "row", "ffr_recalled"])


@dataclass(frozen=True, eq=False)
class Counts:
    """Words and final recalls of every person in every group.

    Attributes
    ----------
    groups : pandas.MultiIndex or Index
    final, studied : ndarray, shape (person, group)
    """

    groups: pd.Index
    final: np.ndarray
    studied: np.ndarray

    def shares(self, weights: np.ndarray) -> np.ndarray:
        """Share recalled at the end ``(..., group)`` of all words of people counted `weights (..., person)` times."""
        studied = weights @ self.studied
        return np.divide(weights @ self.final, studied, out=np.full(studied.shape, np.nan), where=studied > 0)


def count(table: pd.DataFrame, by: list[str]) -> Counts:
    """Count words by person and group."""
    final, studied = (
        table.pivot_table(index=by, columns="person", values="final", aggfunc=how, fill_value=0, observed=True)
        for how in ("sum", "size")
    )
    return Counts(final.index, final.to_numpy(dtype=float).T, studied.to_numpy(dtype=float).T)


def resampled(n_people: int, seed: int = 0, n: int = N_BOOTSTRAP) -> np.ndarray:
    """How often each person is drawn, ``(draw, person)``."""
    return np.random.default_rng(seed).multinomial(n_people, np.full(n_people, 1.0 / n_people), size=n).astype(float)


def shares(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Share recalled at the end by `by`, with a 90 % interval over people and the number of words."""
    counts = count(table, by)
    n = len(counts.final)
    low, high = np.nanquantile(counts.shares(resampled(n)), INTERVAL, axis=0)
    found = pd.DataFrame(
        {
            "share": counts.shares(np.ones(n)), "lower": low, "upper": high,
            "words": counts.studied.sum(axis=0).astype(int), "people": (counts.studied > 0).sum(axis=0),
        },
        index=counts.groups,
    )  # fmt: skip
    return found.reset_index()


def early_over_late(table: pd.DataFrame, early: pd.Series, late: pd.Series) -> pd.DataFrame:
    """Share of early words that came back, as a ratio to that of late words.

    Parameters
    ----------
    table : pandas.DataFrame
    early, late : pandas.Series of bool
        Which words are early and late.
    """
    counts = count(table[early | late].assign(late=late), ["recalled", "late"])
    n = len(counts.final)
    rows, ratios = [], {}
    for recalled in (True, False):
        first, last = (list(counts.groups).index((recalled, is_late)) for is_late in (False, True))
        found = [counts.shares(weights) for weights in (np.ones(n), resampled(n))]
        ratios[recalled] = [share[..., first] / share[..., last] for share in found]
        rows.append({"words": KINDS[recalled], **_interval(*ratios[recalled])})
    relative = [a / b for a, b in zip(ratios[False], ratios[True], strict=True)]
    rows.append({"words": "not recalled over recalled", **_interval(*relative)})
    return pd.DataFrame(rows)


def _interval(value: Any, draws: np.ndarray) -> dict[str, float]:
    lower, upper = np.quantile(draws, INTERVAL)
    return {"early/late": float(value), "lower": float(lower), "upper": float(upper)}


#: Shapes of loss with the words w (in hundreds) written after, as probabilities; parameters are positive.
SHAPES: dict[str, tuple[Callable[[np.ndarray, np.ndarray], np.ndarray], tuple[float, ...]]] = {
    "exponential": (lambda w, x: x[0] * np.exp(-x[1] * w), (0.2, 0.3)),
    "exponential to a floor": (lambda w, x: x[2] + x[0] * np.exp(-x[1] * w), (0.2, 2.0, 0.05)),
    "power": (lambda w, x: x[0] * (1.0 + w / 0.1) ** -x[1], (0.4, 0.3)),
}


def shapes_of_loss(table: pd.DataFrame) -> pd.DataFrame:
    """How well an exponential, one with a floor and a power describe loss with the words written after.

    Returns
    -------
    pandas.DataFrame
        By kind of word: log-likelihood of the binomial counts by list relative to the exponential, with a 90 % interval of
        the difference over people, its parameters fixed at their estimates; and the parameters (words in hundreds).
    """
    rows = []
    for recalled, part in table.groupby("recalled"):
        counts = count(part, ["order"])
        after = part.groupby("order")["words_after"].mean().to_numpy() / 100
        n = len(counts.final)
        yes, no = counts.final, counts.studied - counts.final
        by_person = {}
        for name, (shape, start) in SHAPES.items():

            def log_p(x: np.ndarray, shape: Any = shape, w: np.ndarray = after) -> tuple[np.ndarray, np.ndarray]:
                p = np.clip(shape(w, np.exp(x)), 1e-9, 1.0 - 1e-9)
                return np.log(p), np.log1p(-p)

            def loss(x: np.ndarray, log_p: Any = log_p, yes: np.ndarray = yes, no: np.ndarray = no) -> float:
                a, b = log_p(x)
                return -float((yes.sum(axis=0) * a + no.sum(axis=0) * b).sum())

            best = minimize(loss, np.log(start), method="Nelder-Mead", options={"maxiter": 4000, "fatol": 1e-6})
            a, b = log_p(best.x)
            by_person[name] = (yes * a + no * b).sum(axis=1)
            parameters = ", ".join(f"{v:.3g}" for v in np.exp(best.x))
            difference = by_person[name] - by_person["exponential"]
            low, high = np.quantile(resampled(n) @ difference, INTERVAL)
            rows.append(
                {
                    "words": KINDS[bool(recalled)], "loss": name, "log-likelihood": difference.sum(), "lower": low,
                    "upper": high, "parameters": parameters,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def draw(table: pd.DataFrame) -> Figure:
    """Final recall over lists of the session and over study positions, with bands over people."""
    with figure_style():
        figure, panels = plt.subplots(2, 2, figsize=(7.6, 5.2), sharex="col", height_ratios=(1, 1))
        styles = model_styles(["12 words", "24 words"])
        for row, recalled in enumerate((True, False)):
            part = table[table["recalled"] == recalled]
            for length, style in zip((12, 24), styles.values(), strict=True):
                of_length = part[part["list_length"] == length]
                for axes, by in ((panels[row, 0], "order"), (panels[row, 1], "position")):
                    found = shares(of_length, [by])
                    axes.plot(
                        found[by], found["share"], color=style.colour, marker=style.marker, markersize=3.5,
                        linestyle=style.dashes, linewidth=1.2, label=f"lists of {length}",
                    )  # fmt: skip
                    axes.fill_between(
                        found[by], found["lower"], found["upper"], color=style.colour, alpha=0.18, linewidth=0
                    )
            for axes in panels[row]:
                axes.set_ylim(0, None)
            panels[row, 0].set_ylabel(f"p(final recall | {KINDS[recalled]})")
        panels[1, 0].set_xlabel("list of the session (1 = first studied)")
        panels[1, 1].set_xlabel("study position in the list")
        panels[0, 0].legend(loc="upper left")
        plt.close(figure)
    return figure


#: Early and late words whose shares are compared, in words.
RATIOS = ("the first five lists over the last five", "the first third of a list over its last")


def ratios(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Share of early words that came back over that of late ones: over the session, and within a list."""
    return [
        early_over_late(table, table["order"].isin(EARLY), table["order"].isin(LATE)),
        early_over_late(table, *(table["third"] == third for third in ("first", "last"))),
    ]


def final_recall_section(data: kv.FreeRecallData) -> Section:
    """What final free recall says about words that were not recalled at first, for a page."""
    table = words(data)
    interval = (Column("lower", "from", "90 % interval over people (bootstrap).", 3), Column("upper", "to", "", 3))
    of_kinds = shares(table, ["recalled"]).assign(recalled=lambda t: t["recalled"].map(KINDS))
    ratio = pd.concat([found.assign(of=of) for of, found in zip(RATIOS, ratios(table), strict=True)])
    return Section(
        "final-recall",
        "Final free recall",
        (
            "After all lists people recalled what they could of the session. An erasing store has lost what was not recalled"
            " at first, the more so the more was written after it; an indelible one keeps it, and what comes back depends on"
            " cues. Words recalled at first were the better encoded ones and were studied once more by being recalled, so"
            " that their share says nothing about erasure by itself; how shares of either kind of word change with what"
            " was written later says more.",
        ),
        tables=(
            SectionTable(
                "Share of words that came back in the final test", of_kinds,
                (
                    Column("recalled", "Words"), Column("share", "Share", "", 3), *interval,
                    Column("words", "Number of words", "", 0), Column("people", "People", "", 0),
                ),
            ),
            SectionTable(
                "Early words over late words", ratio[["words", "of", "early/late", "lower", "upper"]],
                (
                    Column("words", "Words"), Column("of", "Shares of"), Column("early/late", "Ratio", "", 2), *interval,
                ),
            ),
        ),
        figures=(
            SectionFigure(
                draw(table), "Final free recall", "Share of words that came back over lists of the session, first to last,"
                " and over study positions, for words recalled at first and words not recalled at first.",
                "Bands: 90 % intervals over people.",
            ),
        ),
    )  # fmt: skip


def main() -> None:
    """Count, tabulate, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--participants", type=int, default=None, help="the first so many; default all")
    parser.add_argument("--output", type=Path, default=Path("reports"))
    given = parser.parse_args()
    data = kv.load("pazdera_kahana2023", participants=given.participants)
    table = words(data)
    nothing = int((table.groupby("person")["final"].sum() == 0).sum())
    print(
        f"{data!r}\n{len(table):,} words; {nothing} people recalled nothing in the final test and are counted as they are."
    )
    print("Shares of all words, 90 % intervals over people (bootstrap).\n")
    found = []
    for by in (
        ["recalled"], ["recalled", "list_length"], ["recalled", "order"], ["recalled", "list_length", "position"],
        ["recalled", "list_length", "order"],
    ):  # fmt: skip
        part = shares(table, by)
        found.append(part.assign(by=", ".join(by)))
        if len(part) < 40:
            print(f"{part.round(4).to_string(index=False)}\n")
    for words_of, ratio in zip(RATIOS, ratios(table), strict=True):
        print(f"Share of words of {words_of}\n{ratio.round(3).to_string(index=False)}\n")
    print(f"Shape of loss over words written after\n{shapes_of_loss(table).round(2).to_string(index=False)}\n")
    path = write_text(given.output / "final_free_recall.csv", pd.concat(found).to_csv(index=False))
    picture = save_figure(draw(table), given.output / "final_free_recall.png")
    print(f"Table: {path.resolve()}\nPicture: {picture.resolve()}")


if __name__ == "__main__":
    main()
