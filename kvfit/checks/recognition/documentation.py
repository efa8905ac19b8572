"""Check that a recognition model is documented well enough for a reader who meets it in a report."""

from kvfit.checks import documentation
from kvfit.checks.result import CheckResult
from kvfit.recognition.model import RecognitionModel


def documented(model: RecognitionModel) -> CheckResult:
    """Ask for what every model needs, and every covariate and condition for its meaning."""
    memory = model.memory
    known = {p.name for p in memory.parameters}
    gaps = [f"column {c.name} has no meaning" for c in memory.covariates if not c.meaning.strip()]
    gaps += [f"by_condition names {n}, which is no parameter" for n in memory.by_condition if n not in known]
    return documentation.documented(model, memory.evidence, gaps)
