"""Check that a recognition model is documented well enough for a reader who meets it in a report."""

import sys

from kvfit.checks.result import CheckResult
from kvfit.recognition.model import RecognitionModel


def documented(model: RecognitionModel) -> CheckResult:
    """Ask every parameter and covariate for its meaning, and the model for its claim and reference."""
    gaps = [
        f"the model's {name} is empty" for name in ("title", "claim", "reference") if not getattr(model, name).strip()
    ]
    for p in model.all_parameters:
        gaps += [
            f"parameter {p.name} has no {name}"
            for name in ("symbol", "meaning", "reason")
            if not getattr(p, name).strip()
        ]
    gaps += [f"column {c.name} has no meaning" for c in model.memory.covariates if not c.meaning.strip()]
    names = [p.name for p in model.all_parameters]
    gaps += [f"the name {name} is used by two parameters" for name in sorted(set(names)) if names.count(name) > 1]
    gaps += [f"the fixed value {name} belongs to no parameter" for name in model.fixed if name not in names]
    known = {p.name for p in model.memory.parameters}
    gaps += [f"by_condition names {n}, which is no parameter" for n in model.memory.by_condition if n not in known]
    module = getattr(model.memory.evidence, "__module__", None) or "unknown"
    if not (getattr(sys.modules.get(module), "__doc__", None) or "").strip():
        gaps.append(f"module {module} has no docstring; let it say what the model claims about memory")
    if gaps:
        return CheckResult("documented", False, "; ".join(gaps))
    return CheckResult(
        "documented", True, f"claim, reference, module docstring, and meaning and reason of {len(names)} parameters"
    )
