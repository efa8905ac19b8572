"""The list of certificates: one row a model, and what must be passed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kvfit.certification.page import TITLES, design_sentence, table
from kvfit.certification.plan import Plan
from kvfit.certification.records import file_name, find_record, old_rule, read_records
from kvfit.certification.rules import RULES
from kvfit.files import write_text
from kvfit.registry import families

_INTRODUCTION = """# Certificates

What was checked of each model, with its default options and in the forms that claims are about, and what was found.
`kvfit certify MODEL` makes a certificate, `kvfit certify --all` those of all models; `kvfit models` says which models are
certified. A model is experimental without a certificate, with a part that failed, or when its parameters, their priors or
the numbers that it gives are no longer those that were certified.

Written by `kvfit certify`."""


def write_index(folder: str | Path, records: str | Path) -> Path:
    """Write ``README.md`` beside the pages, from the records of all certificates there are.

    Parameters
    ----------
    folder : path
        Of the pages.
    records : path
        Of the records.
    """
    known = read_records(records)
    labels = {record["model"] for record in known}
    without = [name for name, family in families().items() if name not in labels and find_record(family) is None]
    return write_text(Path(folder) / "README.md", index(known, without))


def index(records: list[dict[str, Any]], without: Sequence[str] = ()) -> str:
    """The list as Markdown; `without` names models that have no certificate."""
    named = [name for name in TITLES if any(name in record["parts"] for record in records)]
    rows = []
    for record in records:
        label = record["model"]
        parts = [record["parts"].get(name, {"result": "missing"})["result"] for name in named]
        verdict = ("passed" if record["passed"] else "**FAILED**") + old_rule(record)
        rows.append(
            (
                f"[`{label}`]({file_name(label)}.md)",
                verdict,
                *(result.replace("FAILED", "**FAILED**") for result in parts),
                record["created"],
            )
        )
    lines = [_INTRODUCTION, table(("model", "verdict", *(TITLES[name].lower() for name in named), "date"), rows)]
    if without:
        lines.append(f"Without a certificate so far: {', '.join(f'`{name}`' for name in without)}.")
    lines += ["## What must be passed", table(("part", "rule"), [(TITLES[name], rule) for name, rule in RULES.items()])]
    plans = {(record["task"], str(record["plan"])): record for record in records}
    designs = [
        f"- {record['task'].replace('_', ' ').capitalize()}: {design_sentence(Plan(**record['plan']), record['task'])}"
        for record in plans.values()
    ]
    lines += [
        "## The experiments",
        "Small on purpose, so that all certificates can be made in a day: a certificate asks whether a model is"
        " right, not whether your experiment can tell its parameters. Ask that of your design:"
        " [docs/recovery.md](../recovery.md).",
        "\n".join(designs),
    ]
    return "\n\n".join(lines) + "\n"
