"""Golden cases: published numbers, or numbers of independent implementations, that a model must give."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kvfit.certification.golden_kinds import KINDS
from kvfit.certification.references import REFERENCES
from kvfit.checks.result import CheckResult
from kvfit.memory_model import MemoryModel

FOLDER = Path(__file__).parent / "golden"


def golden_cases(model: MemoryModel) -> list[dict[str, Any]]:
    """Cases of a model's file: ``name``, ``kind``, ``source``, ``how``, ``inputs``, ``expected`` and tolerances."""
    path = FOLDER / f"{model.name}.json"
    if not path.is_file():
        return []
    cases: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return cases


def check_golden(model: MemoryModel) -> tuple[str, tuple[CheckResult, ...]]:
    """Compare a model with its golden cases or, where nobody published numbers, with its equations written anew.

    Returns
    -------
    str
        What was compared, in words.
    tuple of CheckResult
        Empty where there is nothing to compare with.
    """
    cases = golden_cases(model)
    if cases:
        return "published numbers and independent implementations", tuple(_check(case) for case in cases)
    if model.label in REFERENCES:
        what, compare = REFERENCES[model.label]
        return f"no published numbers; instead {what}", compare(model)
    return "no published numbers", ()


def _check(case: Mapping[str, Any]) -> CheckResult:
    found = KINDS[case["kind"]](case.get("model", ""), case["inputs"])
    worst, problems = 0.0, []
    for name, expected in case["expected"].items():
        values, wanted = np.asarray(found[name], dtype=float), np.asarray(expected, dtype=float)
        if values.shape != wanted.shape:
            problems.append(f"{name}: expected shape {wanted.shape}, found {values.shape}")
            continue
        allowed = case["absolute"] + case["relative"] * np.abs(wanted)
        difference = np.abs(values - wanted)
        worst = max(worst, float(difference.max()))
        if not (difference <= allowed).all():
            at = int(np.argmax(difference - allowed))
            problems.append(f"{name}: expected {wanted.ravel()[at]:.10g}, found {values.ravel()[at]:.10g}")
    n = sum(np.size(expected) for expected in case["expected"].values())
    kind = f"{n} numbers ({', '.join(map(_words, case['expected']))})"
    detail = "; ".join(problems) or f"{kind} agree within {worst:.1g}"
    return CheckResult(case["name"], not problems, f"{detail}. {case['source']}")


def _words(name: str) -> str:
    return name.replace("_", " ")
