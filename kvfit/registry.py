"""Models by name, with their options."""

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import lru_cache
from importlib.metadata import entry_points
from typing import Any

from kvfit.recall.model import RecallModel


@dataclass(frozen=True)
class Option:
    """An option of a model: its allowed values, the first being the default, and one line of meaning."""

    values: tuple[Any, ...]
    meaning: str


@dataclass(frozen=True)
class ModelFamily:
    """A model with options; every file in ``models/`` defines one as ``MODEL``.

    Parameters
    ----------
    name : str
    summary : str
        One line for listings.
    build : callable
        ``build(**options) -> RecallModel``.
    options : mapping of str to Option
    certified : bool
        Whether recovery and calibration have been certified; False is shown as experimental.
    default_fixed : mapping of str to float
        Parameters held at a value unless they are set to another value or to ``"free"``.
    """

    name: str
    summary: str
    build: Callable[..., RecallModel]
    options: Mapping[str, Option]
    certified: bool = False
    default_fixed: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, **options: Any) -> RecallModel:
        """Build the model; names of parameters among `options` fix those parameters, or free them (``"free"``).

        Raises
        ------
        ModelError
            Listing every unknown option or value.
        """
        chosen = {k: v for k, v in options.items() if k in self.options}
        rest = {k: v for k, v in options.items() if k not in self.options}
        problems = []
        for key, value in chosen.items():
            if value not in self.options[key].values:
                allowed = ", ".join(map(str, self.options[key].values))
                problems.append(f"option {key}: expected one of {allowed}; found {value!r}")
        if problems:
            raise ModelError(self.name, problems)
        # 1 and 1.0 count as True: the value as declared, so that one model has one label
        chosen = {k: next(known for known in self.options[k].values if known == v) for k, v in chosen.items()}
        defaults = {k: o.values[0] for k, o in self.options.items()}
        model = self.build(**{**defaults, **chosen})
        model = replace(model, options={k: v for k, v in chosen.items() if v != defaults[k]})
        known = {p.name: p for p in model.all_parameters}
        fixed: dict[str, float] = {k: v for k, v in self.default_fixed.items() if k in known}
        for key, value in rest.items():
            if key in known and value == "free":
                fixed.pop(key, None)
            elif key not in known:
                expected = ", ".join([*self.options, *known])
                problems.append(f"{key}: neither an option nor a parameter; known are {expected}")
            elif isinstance(value, bool) or not isinstance(value, int | float) or not known[key].contains(value):
                problems.append(f"{key}: expected 'free' or a value {known[key].support_words}, found {value!r}")
            else:
                fixed[key] = float(value)
        if problems:
            raise ModelError(self.name, problems)
        said: dict[str, Any] = {k: v for k, v in fixed.items() if v != self.default_fixed.get(k)}
        said |= {k: "free" for k in self.default_fixed if k in known and k not in fixed}
        return replace(model, fixed=fixed, options={**model.options, **said})


class ModelError(ValueError):
    """An unknown model, option or value; lists every problem."""

    def __init__(self, name: str, problems: list[str]) -> None:
        super().__init__(f"model {name}:\n  " + "\n  ".join(problems))
        self.problems = problems


@lru_cache(maxsize=1)
def families() -> dict[str, ModelFamily]:
    """All known models: the files of ``kvfit.models`` and the entry points of group ``kvfit.models``."""
    import kvfit.models

    found: dict[str, ModelFamily] = {}
    for info in pkgutil.iter_modules(kvfit.models.__path__):
        family = importlib.import_module(f"kvfit.models.{info.name}").MODEL
        found[family.name] = family
    for entry in entry_points(group="kvfit.models"):
        family = entry.load()
        found[family.name] = family
    return dict(sorted(found.items()))


def _value(text: str) -> Any:
    text = text.strip()
    if text in ("True", "true"):
        return True
    if text in ("False", "false"):
        return False
    try:
        return float(text)
    except ValueError:
        return text


def get_model(spec: str | RecallModel, **options: Any) -> RecallModel:
    """Find a model.

    Parameters
    ----------
    spec : str or RecallModel
        A name, or a name with options and fixed parameters: ``"kv_recall(query=value, kappa=1)"``.
    **options
        Further options and fixed parameters.

    Returns
    -------
    RecallModel

    Raises
    ------
    ModelError
        When the name or an option is unknown; the message lists what is known.
    """
    if isinstance(spec, RecallModel):
        if options:
            raise ModelError(spec.name, ["options can be added to a name, not to a model that is already built"])
        return spec
    match = re.fullmatch(r"\s*([A-Za-z_]\w*)\s*(?:\((.*)\))?\s*", spec)
    if match is None:
        raise ModelError(spec, ["expected a name, or a name with options such as kv_recall(query=value)"])
    name, inside = match.groups()
    parsed: dict[str, Any] = {}
    for part in filter(str.strip, (inside or "").split(",")):
        key, separator, text = part.partition("=")
        if not separator:
            raise ModelError(name, [f"{part.strip()!r}: expected option=value"])
        parsed[key.strip()] = _value(text)
    known = families()
    if name not in known:
        close = get_close_matches(name, known, n=1, cutoff=0.4)
        hint = f"did you mean {close[0]}? " if close else ""
        raise ModelError(name, [f"unknown; {hint}known models are {', '.join(known)}"])
    return known[name](**{**parsed, **options})
