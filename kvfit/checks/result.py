"""What checks report."""

from dataclasses import dataclass
from textwrap import fill

_WIDTH = 110


@dataclass(frozen=True)
class CheckResult:
    """Outcome of one check.

    Parameters
    ----------
    name : str
    passed : bool
    detail : str
        What was done and what was found, in words with numbers.
    """

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class ModelReport:
    """Whether a model is sound, check by check; ``print(report)`` shows a table.

    Parameters
    ----------
    model : str
        Label of the model, with its options.
    checks : tuple of CheckResult
    """

    model: str
    checks: tuple[CheckResult, ...]

    @property
    def ok(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)

    def __str__(self) -> str:
        n_passed = len(self.checks) - len(self.failed)
        verdict = "sound" if self.ok else "NOT sound"
        lines = [f"{self.model}: {verdict}, {n_passed} of {len(self.checks)} checks passed"]
        name_width = max(len(check.name) for check in self.checks)
        for check in self.checks:
            head = f"  {'passed' if check.passed else 'FAILED'}  {check.name:<{name_width}}  "
            lines.append(fill(check.detail, _WIDTH, initial_indent=head, subsequent_indent=" " * len(head)))
        return "\n".join(lines)
