"""A certificate: what was found about a model, when, with what, and the record of it that is kept with the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kvfit.certification.part import Part
from kvfit.certification.plan import Plan
from kvfit.memory_model import MemoryModel

FORMAT = 1


@dataclass(frozen=True, eq=False)
class Certificate:
    """What was found about a model.

    Parameters
    ----------
    model : MemoryModel
    definition : mapping
        From :func:`kvfit.certification.definition.describe`.
    plan : Plan
    parts : tuple of Part
    created : str
        Date.
    versions : mapping of str to str
        Packages that decide results.
    """

    model: MemoryModel
    definition: Mapping[str, Any]
    plan: Plan
    parts: tuple[Part, ...]
    created: str
    versions: Mapping[str, str]

    @property
    def passed(self) -> bool:
        """Whether no part failed."""
        return not self.failed

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the parts that failed."""
        return tuple(part.name for part in self.parts if part.passed is False)

    @property
    def word(self) -> str:
        """The verdict."""
        return "passed" if self.passed else f"FAILED ({', '.join(self.failed)})"

    def record(self) -> dict[str, Any]:
        """What is kept with the model, of what JSON can hold."""
        return {
            "format": FORMAT,
            "model": self.model.label,
            "title": self.model.title,
            "task": self.model.task,
            "passed": self.passed,
            "parts": {part.name: {"result": part.word, "summary": part.summary} for part in self.parts},
            "definition": dict(self.definition),
            "plan": self.plan.plain(),
            "created": self.created,
            "versions": dict(self.versions),
        }

    def __str__(self) -> str:
        """A line a part."""
        width = max(len(part.name) for part in self.parts)
        lines = [f"  {part.word:<9}  {part.name:<{width}}  {part.summary}" for part in self.parts]
        return "\n".join([f"{self.model.label}: {self.word}", *lines])
