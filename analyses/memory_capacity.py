"""How much do memories hold? Retrieval over the number of stored items, and noise against separability of keys.

Three questions about storage and retrieval of binary items (Gershman, Fiete & Irie 2025), by simulation
with :mod:`kvfit.memory`, each point the mean over independent sets of random items:

1. Pairwise networks lose everything at once: Hopfield's near 0.138 items a unit (Amit, Gutfreund & Sompolinsky 1985), one
   with learned (decorrelated) keys before one item a unit. Content on a modular scaffold, whose states no storing touches,
   fades without a cliff.
2. What happens in memories that keep a trace of each item, or whose interactions are of higher order?
3. Keys that are easier to tell apart are harder to find with a degraded cue: random expansions with few active units.

Run it with ``python analyses/memory_capacity.py``: about two minutes; tables and pictures go to ``reports/``. No human data
are used.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kvfit.memory import KeyValueMemory, attractor, capacity, named
from kvfit.memory.modular import ModularScaffold, ScaffoldMemory, hang
from kvfit.memory.scaffold import RandomExpansion, decorrelated, random_keys

FLIPPED = 0.1
N_CUES = 60
SWEEPS = 12
LOADS = (0.02, 0.05, 0.08, 0.11, 0.13, 0.15, 0.18, 0.25, 0.4, 0.6, 0.8, 0.95, 1.2, 1.6, 2.0)
RADIUS_ACTIVE = 0.02
Retrieve = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Contender:
    """A memory: `store` makes the function that retrieves items ``(cue, unit)`` from items ``(item, unit)``."""

    name: str
    store: Callable[[np.ndarray], Retrieve]
    group: str


def _settle(keys: np.ndarray, items: np.ndarray) -> Retrieve:
    """A network of pairwise weights without self-connections, units changing one at a time."""
    memory = named.hopfield(items.shape[1])
    weights = attractor.hopfield_weights(memory.store(keys, items))
    return lambda cues: attractor.asynchronous(weights, cues, SWEEPS)[-1]


def _one_step(items: np.ndarray) -> Retrieve:
    """One read of the sum of outer products, without self-connections, which would hand the cue through."""
    weights = attractor.hopfield_weights(named.correlation_matrix().store(items))
    return lambda cues: attractor.synchronous(weights, cues, 1)[-1]


def _read(memory: KeyValueMemory, items: np.ndarray, to_keys: Retrieve = lambda x: x) -> Retrieve:
    stored = memory.store(to_keys(items), items)
    return lambda cues: attractor.sign(stored.read(to_keys(cues)), cues)


def _sparse_distributed(items: np.ndarray, n_locations: int = 4000) -> Retrieve:
    """Kanerva's memory with addresses that activate about 2 % of random hard locations."""
    n_units = items.shape[1]
    locations = np.random.default_rng(7).integers(0, 2, (n_locations, n_units))
    radii = np.arange(n_units)
    active = np.array([capacity.activation_probability(n_units, int(r)) for r in radii])
    memory = named.sparse_distributed(locations, int(radii[np.argmin(np.abs(active - RADIUS_ACTIVE))]))
    return _read(memory, items, lambda x: (x > 0).astype(float))


def scaffold_memory(items: np.ndarray) -> ScaffoldMemory:
    """Items on grid-like modules of 5 x 5 and 6 x 6 phases, with as many hidden units as an item has."""
    return hang(ModularScaffold((5, 6), items.shape[1], dimensions=2), items)


CONTENDERS = (
    Contender("Hopfield", lambda x: _settle(x, x), "pairwise"),
    Contender("learned keys", lambda x: _settle(decorrelated(x) * x.shape[1], x), "pairwise"),
    Contender("correlation matrix, one read", _one_step, "pairwise"),
    Contender("scaffold, by content", lambda x: scaffold_memory(x).read, "pairwise"),
    Contender("sparse distributed", _sparse_distributed, "traces"),
    Contender("dense associative, x^3", lambda x: _read(named.dense_associative(3), x), "traces"),
    Contender("MINERVA 2", lambda x: _read(named.minerva2(), x), "traces"),
    Contender("modern Hopfield", lambda x: _read(named.modern_hopfield(0.5), x), "traces"),
)
BY_ADDRESS = "scaffold, by address"


def overlap(found: np.ndarray, items: np.ndarray) -> float:
    """Mean product of retrieved and stored bits: 1 perfect, 0 chance."""
    return float((found * items).mean())


def flip(items: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Items of which a share of the bits changed sign."""
    return items * np.where(rng.random(items.shape) < share, -1.0, 1.0)


def capacity_curves(n_units: int, n_sets: int, loads: tuple[float, ...] = LOADS, seed: int = 0) -> pd.DataFrame:
    """Overlap of retrieved and stored items by memory, load (items a unit) and set of items."""
    rows = []
    for number, rng in enumerate(np.random.default_rng(seed).spawn(n_sets)):
        for load in loads:
            items = random_keys(max(2, round(load * n_units)), n_units, rng, bipolar=True)
            asked = items[: min(N_CUES, len(items))]
            cues = flip(asked, FLIPPED, rng)
            found = {c.name: overlap(c.store(items)(cues), asked) for c in CONTENDERS}
            on_scaffold = scaffold_memory(items)
            found[BY_ADDRESS] = overlap(on_scaffold.at(on_scaffold.scaffold.hidden[: len(asked)]), asked)
            rows += [
                {"memory": name, "load": len(items) / n_units, "set": number, "overlap": value}
                for name, value in found.items()
            ]
    return pd.DataFrame(rows)


N_EXPANDED = 4000
N_BITS = 60
ACTIVE = (0.2, 0.05, 0.01, 0.002)
NOISE = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4)
AGREEMENT = np.linspace(0.5, 1.0, 11)


def key_maps(n_units: int, rng: np.random.Generator) -> dict[str, Retrieve]:
    """Ways from content to key, of length 1 and mean 0: content itself, and expansions with ever fewer active units."""
    projection = rng.standard_normal((n_units, N_EXPANDED))

    def expansion(share: float) -> Retrieve:
        scaffold = RandomExpansion(projection, round(share * N_EXPANDED))
        return lambda x: (scaffold.keys(x) - share) / np.sqrt(N_EXPANDED * share * (1.0 - share))

    names = {f"{100 * share:g} % active": expansion(share) for share in ACTIVE}
    return {"content": lambda x: x / np.sqrt(n_units)} | names


def alike(n_items: int, n_units: int, rng: np.random.Generator, shared: float = 0.9) -> np.ndarray:
    """Items of -1 and 1 in families of ten: each bit is its prototype's with this probability."""
    prototypes = random_keys(-(-n_items // 10), n_units, rng, bipolar=True)
    return flip(np.repeat(prototypes, 10, axis=0)[:n_items], 1.0 - shared, rng)


def separability_curves(
    n_units: int, n_sets: int, n_items: int = 400, seed: int = 1
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Similarity of keys over agreement of contents, and share of right values over noise in the cue, by key map.

    Keys are those of alike items, values unrelated random words; a linear read retrieves, and the stored word most like what
    was retrieved is taken: right if it is the cued item's.
    """
    similar, right = [], []
    for number, rng in enumerate(np.random.default_rng(seed).spawn(n_sets)):
        maps = key_maps(n_units, rng)
        items, words = alike(n_items, n_units, rng), random_keys(n_items, N_BITS, rng, bipolar=True)
        for agreement in AGREEMENT:
            near = flip(items, 1.0 - agreement, rng)
            for name, to_key in maps.items():
                value = float((to_key(items) * to_key(near)).sum(axis=1).mean())
                similar.append({"keys": name, "agreement": agreement, "set": number, "similarity": value})
        for noise in NOISE:
            cues = flip(items, noise, rng)
            for name, to_key in maps.items():
                found = KeyValueMemory().store(to_key(items), words).read(to_key(cues))
                share = float(((found @ words.T).argmax(axis=1) == np.arange(n_items)).mean())
                right.append({"keys": name, "noise": noise, "set": number, "right": share})
    return pd.DataFrame(similar), pd.DataFrame(right)


def _lines(axes: Any, table: pd.DataFrame, by: str, x: str, y: str, names: list[str], styles: dict[str, Any]) -> None:
    """Mean over sets of items, bars of one standard error."""
    for name in names:
        means = table[table[by] == name].groupby(x)[y].agg(["mean", "sem"]).fillna(0.0)
        style = styles[name]
        axes.errorbar(
            means.index, means["mean"], yerr=means["sem"], label=name, color=style.colour, marker=style.marker,
            linestyle=style.dashes, markersize=3.5, linewidth=1.3, elinewidth=0.8,
        )  # fmt: skip


def draw_capacity(table: pd.DataFrame, n_units: int, path: Path) -> None:
    """Overlap over load: pairwise networks and scaffold, and memories of traces."""
    import matplotlib.pyplot as plt

    from kvfit.reports.figures.saving import save_figure
    from kvfit.reports.figures.style import SOFT, figure_style, model_styles

    names = list(dict.fromkeys(table["memory"]))
    pairwise = [c.name for c in CONTENDERS if c.group == "pairwise"] + [BY_ADDRESS]
    with figure_style():
        figure, panels = plt.subplots(1, 2, figsize=(7.6, 3.9), sharey=True)
        groups = (pairwise, [n for n in names if n not in pairwise])
        titles = ("Pairwise weights, and the scaffold", "A trace an item, or higher order")
        for axes, group, title in zip(panels, groups, titles, strict=True):
            _lines(axes, table, "memory", "load", "overlap", group, model_styles(group))
            axes.set_title(title)
            axes.set_xlabel(f"stored items a unit ({n_units} units)")
            axes.set_xscale("log")
            axes.set_xticks([0.02, 0.05, 0.1, 0.2, 0.5, 1, 2], ["0.02", "0.05", "0.1", "0.2", "0.5", "1", "2"])
            axes.minorticks_off()
            axes.set_ylim(-0.05, 1.05)
            axes.axvline(capacity.hopfield_critical_load()[0], color=SOFT, linewidth=0.8, linestyle=":", zorder=0)
            axes.axhline(1.0 - 2.0 * FLIPPED, color=SOFT, linewidth=0.8, linestyle=":", zorder=0)
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
        panels[0].set_ylabel("overlap of retrieved with stored item")
        panels[1].text(0.3, 0.935, "three lines coincide at 1", fontsize=8, color=SOFT)
        panels[1].text(0.02, 0.82, "the cue itself", fontsize=8, color=SOFT)
        panels[0].text(0.134, 0.02, "0.138", ha="right", fontsize=8, color=SOFT)
        save_figure(figure, path)
        plt.close(figure)


def draw_separability(similar: pd.DataFrame, right: pd.DataFrame, path: Path) -> None:
    """Similarity of keys over agreement of contents; share of right values over noise."""
    import matplotlib.pyplot as plt

    from kvfit.reports.figures.saving import save_figure
    from kvfit.reports.figures.style import figure_style, model_styles

    names = list(dict.fromkeys(right["keys"]))
    with figure_style():
        styles = model_styles(names)
        figure, panels = plt.subplots(1, 2, figsize=(7.6, 3.4))
        _lines(panels[0], similar, "keys", "agreement", "similarity", names, styles)
        panels[0].set(xlabel="share of bits that two contents have in common", ylabel="similarity of their keys")
        panels[0].set_title("Separability")
        _lines(panels[1], right, "keys", "noise", "right", names, styles)
        panels[1].set(
            xlabel="share of the cue's bits that are wrong", ylabel="share of right values", ylim=(-0.03, 1.03)
        )
        panels[1].set_title("Robustness")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
        save_figure(figure, path)
        plt.close(figure)


def _means(table: pd.DataFrame, rows: str, columns: str, values: str) -> str:
    wide = table.pivot_table(index=rows, columns=columns, values=values, sort=False)
    return str(wide.round(3).to_string())


def main() -> None:
    """Simulate, tabulate, draw."""
    parser = argparse.ArgumentParser(description="Capacity of memories, and noise against separability.")
    parser.add_argument("--units", type=int, default=400, help="bits of an item")
    parser.add_argument("--sets", type=int, default=5, help="independent sets of items")
    given = parser.parse_args()
    folder = Path("reports")
    folder.mkdir(exist_ok=True)
    curves = capacity_curves(given.units, given.sets)
    print(
        f"Overlap of retrieved with stored items, cues with {FLIPPED:.0%} of bits flipped, {given.sets} sets of items"
    )
    print(_means(curves, "load", "memory", "overlap"))
    similar, right = separability_curves(given.units, given.sets)
    print(f"\nShare of right values by share of wrong bits in the cue\n{_means(right, 'noise', 'keys', 'right')}")
    for name, table in (("capacity", curves), ("key_similarity", similar), ("cue_noise", right)):
        table.to_csv(folder / f"memory_{name}.csv", index=False)
    draw_capacity(curves, given.units, folder / "memory_capacity.png")
    draw_separability(similar, right, folder / "memory_separability.png")
    print(f"\nTables and pictures: {folder}/memory_*")


if __name__ == "__main__":
    main()
