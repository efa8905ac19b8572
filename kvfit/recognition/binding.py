"""What a recognition model takes from data before it is fitted: the scale, and the levels of conditions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from kvfit.parameters import Parameter
from kvfit.recognition.scale import Scale


class BindingError(ValueError):
    """Data that a model cannot be written for; the message lists every problem."""


@dataclass(frozen=True)
class Binding:
    """The scale of the data, and the levels of the columns by which parameters vary.

    Parameters
    ----------
    scale : Scale
    levels : mapping of str to tuple of str
        Levels of each column, in order.
    """

    scale: Scale
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def of_level(parameter: Parameter, column: str, level: str) -> Parameter:
    """The parameter of one level of a condition, e.g. ``d_prime[strong]``."""
    return replace(
        parameter, name=level_name(parameter.name, level), meaning=f"{parameter.meaning}, where {column} is {level}"
    )


def level_name(name: str, level: str) -> str:
    """Name of a parameter at a level; a slash would be a path in the files of fits."""
    return f"{name}[{level.replace('/', '|')}]"
