"""Results on disk: `results.json`, the plot, and the table in `README.md`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.goals import GOALS, Goal, Outcome
from benchmarks.timing import Growth, plot_growth

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
README = HERE / "README.md"
BEGIN, END = "<!-- results: written by python -m benchmarks -->", "<!-- end of results -->"


def number(value: float, unit: str) -> str:
    """As in the table."""
    if unit == "times":
        return f"{value:,.0f}" if value >= 20 else f"{value:.1f}"
    return f"{value:.2f}" + (" s" if unit == "s" else "")


def line(goal: Goal, outcome: Outcome) -> str:
    """One line for the terminal."""
    sign = "at least" if goal.unit == "times" else "at most"
    verdict = "reached" if goal.reached(outcome) else "SHORT"
    why = f" ({outcome.broken})" if outcome.broken else ""
    unit = {"s": "", "exponent": "(exponent)"}.get(goal.unit, goal.unit)
    measured = f"{number(outcome.value, goal.unit):>8} {unit}"
    target = f"{sign} {number(goal.target, goal.unit)}"
    return f"{goal.name:<20} {measured:<20} goal: {target:<16} {verdict}{why}"


def save(measured: Mapping[str, Outcome], machine: Mapping[str, str]) -> None:
    """Replace the entries of the goals that were measured; keep the others."""
    old: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for goal in GOALS:
        if goal.name in measured:
            outcome = measured[goal.name]
            old[goal.name] = {
                "claim": goal.claim,
                "value": outcome.value,
                "unit": goal.unit,
                "goal": goal.target,
                "reached": goal.reached(outcome),
                "broken": outcome.broken,
                "details": dict(outcome.details),
                **machine,
            }
    entries = {goal.name: old[goal.name] for goal in GOALS if goal.name in old}
    RESULTS.write_text(json.dumps(entries, indent=1) + "\n")
    _write_plot(entries)
    _write_table(entries)


def _growths(entries: Mapping[str, Any]) -> list[Growth]:
    stored = [e["details"]["growth"] for e in entries.values() if "growth" in e["details"]]
    return [Growth(g["what"], *(tuple(g[k]) for k in ("sizes", "value", "gradient"))) for g in stored]


def _write_plot(entries: Mapping[str, Any]) -> None:
    growths = _growths(entries)
    if growths:
        plot_growth(growths, HERE / "growth.png")


def _write_table(entries: Mapping[str, Any]) -> None:
    rows = ["| goal | measured | asked for | |", "|---|---|---|---|"]
    for e in entries.values():
        sign = "≥" if e["unit"] == "times" else "≤"
        unit = f" {e['unit']}" if e["unit"].startswith("times") else ""
        rows.append(
            f"| {e['claim']} | {number(e['value'], e['unit'])}{unit} | {sign} {number(e['goal'], e['unit'])} "
            f"| {'reached' if e['reached'] else 'short'} |"
        )
    rows += ["", "| measured on the way | |", "|---|---|"]
    for name, e in entries.items():
        for what, amount in e["details"].items():
            if what != "growth":
                shown = f"{amount:.4g}" if isinstance(amount, float) else str(amount)
                rows.append(f"| {name}: {what} | {shown} |")
    rows += ["", "| growth | size | value, ms | value and gradient, ms |", "|---|---|---|---|"]
    for grown in _growths(entries):
        for size, value, gradient in zip(grown.sizes, grown.value, grown.gradient, strict=True):
            rows.append(f"| {grown.what} | {size} | {1e3 * value:.3f} | {1e3 * gradient:.3f} |")
    stamps = sorted({f"{e['date']}, {e['machine']}, {e['software']}" for e in entries.values()})
    rows += ["", *(f"Measured {stamp}." for stamp in stamps)]
    text = README.read_text()
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    README.write_text(f"{before}{BEGIN}\n" + "\n".join(rows) + f"\n{END}{after}")
