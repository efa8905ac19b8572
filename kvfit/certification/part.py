"""One part of a certificate: what was done, whether it passed, and what to show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kvfit.checks.result import CheckResult

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a certificate.

    Parameters
    ----------
    name : str
    passed : bool or None
        None for a description, which decides nothing.
    summary : str
        What was found, in a sentence.
    checks : tuple of CheckResult
        Its single checks, if it has any.
    tables : mapping of str to pandas.DataFrame
        By the words that introduce each.
    figure : matplotlib.figure.Figure, optional
    """

    name: str
    passed: bool | None
    summary: str
    checks: tuple[CheckResult, ...] = ()
    tables: "Mapping[str, pd.DataFrame]" = field(default_factory=dict)
    figure: "Figure | None" = None

    @property
    def word(self) -> str:
        """passed, FAILED or described."""
        return "described" if self.passed is None else "passed" if self.passed else "FAILED"


def failed(name: str, error: Exception) -> Part:
    """A part that broke: a certificate says so, rather than not being there."""
    return Part(name, False, f"broke with {type(error).__name__}: {' '.join(str(error).split())}")


def checks_plain(checks: tuple[CheckResult, ...]) -> list[dict[str, Any]]:
    """What JSON can hold."""
    return [{"name": check.name, "passed": bool(check.passed), "detail": check.detail} for check in checks]
