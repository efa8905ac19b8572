"""Check that a model is documented well enough for a reader who meets it in a report."""

import sys
from collections.abc import Sequence
from typing import Any

from kvfit.checks.result import CheckResult
from kvfit.memory_model import MemoryModel


def documented(model: MemoryModel, memory: Any, more: Sequence[str] = ()) -> CheckResult:
    """Ask every parameter for its meaning and its reason, and the model for its claim and reference.

    Parameters
    ----------
    model : MemoryModel
    memory : object
        Defined in the module whose docstring says what the model claims about memory.
    more : sequence of str
        Gaps in what only this kind of model has.
    """
    gaps = [
        f"the model's {name} is empty" for name in ("title", "claim", "reference") if not getattr(model, name).strip()
    ]
    for p in model.all_parameters:
        gaps += [
            f"parameter {p.name} has no {name}"
            for name in ("symbol", "meaning", "reason")
            if not getattr(p, name).strip()
        ]
    names = [p.name for p in model.all_parameters]
    gaps += [f"the name {name} is used by two parameters" for name in sorted(set(names)) if names.count(name) > 1]
    gaps += [f"the fixed value {name} belongs to no parameter" for name in model.fixed if name not in names]
    gaps += more
    module = getattr(memory, "__module__", None) or "unknown"
    if not (getattr(sys.modules.get(module), "__doc__", None) or "").strip():
        gaps.append(f"module {module} has no docstring; let it say what the model claims about memory")
    if gaps:
        return CheckResult("documented", False, "; ".join(gaps))
    return CheckResult(
        "documented",
        True,
        f"claim, reference, module docstring, and meaning and reason of {len(names)} parameters",
    )
