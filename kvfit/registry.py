"""Models by name, with their options."""

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import lru_cache, partial
from importlib.metadata import entry_points
from typing import Any

from kvfit.memory_model import MemoryModel
from kvfit.number_option import NumberOption
from kvfit.parameters import Parameter
from kvfit.ties import resolved, tie_problems


@dataclass(frozen=True)
class Option:
    """An option of a model with named values; one that is a number is a :class:`~kvfit.number_option.NumberOption`.

    Parameters
    ----------
    values : tuple
        Allowed values, the first being the default.
    meaning : str
        One line.
    column : bool
        The name of any column of the data is allowed too; whether data have it shows when the model meets them.
    """

    values: tuple[Any, ...]
    meaning: str
    column: bool = False

    def allows(self, value: Any) -> bool:
        """Whether a value may be given."""
        return value in self.values or (self.column and isinstance(value, str) and bool(value.strip()))

    def declared(self, value: Any) -> Any:
        """The value as declared: 1 and 1.0 count as True, so that one model has one label."""
        return next((known for known in self.values if known == value), value)

    @property
    def default(self) -> Any:
        """The value of an option that is not given."""
        return self.values[0]

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        return ", ".join(map(str, self.values)) + (" or a column of the data" if self.column else "")

    @property
    def expected(self) -> str:
        """The allowed values in words, for messages."""
        return f"one of {self.allowed}"


@dataclass(frozen=True)
class NoEffect:
    """Options beside which another option decides nothing, so that its values would be labels of one model.

    Parameters
    ----------
    option : str
        The option without effect. Its default may be spelt out, because a label leaves defaults out.
    beside : str
        The other option.
    value : object
        Value of the other option that takes the effect away.
    why : str
        A clause for the message.
    values : tuple, optional
        Values of `option` concerned; without them, all but the default.
    """

    option: str
    beside: str
    value: Any
    why: str
    values: tuple[Any, ...] = ()

    def applies(self, options: Mapping[str, Any], default: Any) -> bool:
        """Whether complete `options` give the option a value without effect."""
        given = options[self.option]
        concerned = given in self.values if self.values else given != default
        return concerned and options[self.beside] == self.value


@dataclass(frozen=True)
class Form:
    """A form in which a model was published, or is claimed: its options by one name.

    Parameters
    ----------
    options : mapping of str to object
        Options, held and freed parameters, as behind the model's name.
    reference : str
        Where it was published, or what sets it apart.
    """

    options: Mapping[str, Any]
    reference: str


@dataclass(frozen=True)
class ModelFamily:
    """A model with options; every file in ``models/`` defines one as ``MODEL``.

    Parameters
    ----------
    name : str
    summary : str
        One line for listings.
    build : callable
        ``build(**options) -> MemoryModel``.
    options : mapping of str to Option or NumberOption
    default_fixed : mapping of str to float
        Parameters held at a value unless they are set to another value or to ``"free"``.
    no_effect : tuple of NoEffect
        Combinations of options that are refused, so that a model has one label.
    forms : mapping of str to Form
        Published forms by name: ``form=NAME`` stands for their options, which further options override.
    """

    name: str
    summary: str
    build: Callable[..., MemoryModel]
    options: Mapping[str, Option | NumberOption]
    default_fixed: Mapping[str, float] = field(default_factory=dict)
    no_effect: tuple[NoEffect, ...] = ()
    forms: Mapping[str, Form] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = []
        for rule in self.no_effect:
            for name, values in ((rule.option, rule.values), (rule.beside, (rule.value,))):
                if name not in self.options:
                    problems.append(f"no_effect: {name} is no option of the model")
                else:
                    wrong = [value for value in values if not self.options[name].allows(value)]
                    problems += [f"no_effect: {value!r} is no value of option {name}" for value in wrong]
        if problems:
            raise ModelError(self.name, problems)

    def __call__(self, **options: Any) -> MemoryModel:
        """Build the model; names of parameters among `options` fix those parameters, or free them (``"free"``).

        Raises
        ------
        ModelError
            Listing every unknown option or value, and every option that decides nothing beside the others.
        """
        form = options.pop("form", None)
        if form is not None:
            if form not in self.forms:
                published = ", ".join(self.forms) or "none"
                raise ModelError(self.name, [f"form: expected a published form ({published}); found {form!r}"])
            options = {**self.forms[form].options, **options}
        # an option of all models of a task, not of one family
        items = options.pop("items", None) if "items" not in self.options else None
        chosen = {k: v for k, v in options.items() if k in self.options}
        rest = {k: v for k, v in options.items() if k not in self.options}
        problems = []
        for key, value in chosen.items():
            if not self.options[key].allows(value):
                problems.append(f"option {key}: expected {self.options[key].expected}; found {value!r}")
        if problems:
            raise ModelError(self.name, problems)
        chosen = {k: self.options[k].declared(v) for k, v in chosen.items()}
        defaults = {k: o.default for k, o in self.options.items()}
        problems = self._without_effect(chosen, defaults, rest)
        if problems:
            raise ModelError(self.name, problems)
        # a Protocol is no dataclass to the type checker; every model is one
        model: Any = self.build(**{**defaults, **chosen})
        model = replace(model, options={k: v for k, v in chosen.items() if v != defaults[k]})
        parameters = _named_parameters(model, rest)
        known = {name: p for name, (p, _) in parameters.items()}
        fixed: dict[str, float] = {k: v for k, v in self.default_fixed.items() if k in known}
        ties: dict[str, str] = {}
        for key, value in rest.items():
            if key in known and value == "free":
                fixed.pop(key, None)
            elif key not in known:
                expected = ", ".join([*self.options, *known])
                problems.append(f"{key}: neither an option nor a parameter; known are {expected}")
            elif isinstance(value, str):
                ties[key] = value.strip()
                fixed.pop(key, None)
            elif isinstance(value, bool) or not isinstance(value, int | float) or not known[key].contains(value):
                problems.append(f"{key}: expected 'free' or a value {known[key].support_words}, found {value!r}")
            else:
                fixed[key] = float(value)
        problems += tie_problems(ties, parameters, fixed, tuple(self.options))
        if ties and not hasattr(model, "tied"):
            problems += [f"{key}: models such as {self.name} have no equal parameters; leave it out" for key in ties]
        if problems:
            raise ModelError(self.name, problems)
        ties = resolved(ties)
        said: dict[str, Any] = {k: v for k, v in fixed.items() if v != self.default_fixed.get(k)}
        said |= {k: "free" for k in self.default_fixed if k in known and k not in fixed} | ties
        # somebody else's kind of model may know nothing of ties
        changed: dict[str, Any] = {
            "fixed": fixed,
            "options": {**model.options, **said},
            **({"tied": ties} if ties else {}),
        }
        built: MemoryModel = replace(model, **changed)
        return built if items is None else with_items(built, items)

    def _without_effect(self, chosen: dict[str, Any], defaults: dict[str, Any], rest: dict[str, Any]) -> list[str]:
        """Name options that decide nothing beside others, and what to write instead."""
        options = {**defaults, **chosen}
        broken = [rule for rule in self.no_effect if rule.applies(options, defaults[rule.option])]
        useless = {rule.option for rule in broken}
        kept = {k: v for k, v in {**chosen, **rest}.items() if k not in useless}
        inside = ", ".join(f"{k}={v}" for k, v in kept.items())
        instead = f"{self.name}({inside})" if inside else self.name
        return [
            f"option {rule.option}={options[rule.option]} has no effect beside {rule.beside}={rule.value}: {rule.why};"
            f" leave it out: {instead}"
            for rule in broken
        ]


def _named_parameters(model: Any, rest: Mapping[str, Any]) -> dict[str, tuple[Parameter, str]]:
    """Parameters by name, with the columns by whose levels they vary; also those named in `rest` that data may bring."""
    find = getattr(model, "find_parameter", None)
    found = {p.name: (p, "") for p in model.all_parameters}
    if find is None:
        return found
    names = [*found, *rest, *(value.strip() for value in rest.values() if isinstance(value, str))]
    return {name: one for name in names if (one := find(name)) is not None}


class ModelError(ValueError):
    """An unknown model, option or value; lists every problem."""

    def __init__(self, name: str, problems: list[str]) -> None:
        super().__init__(f"model {name}:\n  " + "\n  ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Installed:
    """What was found on this machine.

    Parameters
    ----------
    families : mapping of str to ModelFamily
        In alphabetical order.
    problems : mapping of str to str
        What is wrong with the models that cannot be used, by the name of their file or entry point.
    """

    families: Mapping[str, ModelFamily]
    problems: Mapping[str, str]


@lru_cache(maxsize=1)
def installed() -> Installed:
    """Load the files of ``kvfit.models`` and the entry points of group ``kvfit.models``, once.

    A model that cannot be loaded is a problem of its own and keeps no other from being used.
    """
    import kvfit.models

    sources: list[tuple[str, str, Callable[[], Any]]] = [
        (info.name, f"kvfit.models.{info.name}", partial(_load_module, f"kvfit.models.{info.name}"))
        for info in pkgutil.iter_modules(kvfit.models.__path__)
    ]
    sources += [(entry.name, f"plug-in {entry.value}", entry.load) for entry in entry_points(group="kvfit.models")]
    found: dict[str, ModelFamily] = {}
    origins: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name, origin, load in sources:
        try:
            family = load()
        except Exception as error:  # somebody else's code may break in any way
            problems[name] = f"{origin} cannot be loaded: {type(error).__name__}: {error}"
            continue
        if not isinstance(family, ModelFamily):
            problems[name] = f"{origin} is no ModelFamily but {type(family).__name__}"
        elif family.name in found:
            problems[name] = f"{origin}: the name {family.name} is taken by {origins[family.name]}; rename one of them"
        else:
            found[family.name], origins[family.name] = family, origin
    return Installed(dict(sorted(found.items())), problems)


def _load_module(name: str) -> Any:
    return importlib.import_module(name).MODEL


def with_items(model: MemoryModel, items: Any) -> MemoryModel:
    """A model of recognition with crossed effects of items beside those of participants.

    Parameters
    ----------
    model : MemoryModel
    items : bool, str or sequence of str
        As in :meth:`kvfit.recognition.model.RecognitionModel.with_items`.

    Raises
    ------
    ModelError
        For models of another task, or effects on what is no parameter.
    """
    add = getattr(model, "with_items", None)
    if add is None:
        raise ModelError(model.name, [f"items: models of {model.task} have no effects of items; leave it out"])
    try:
        found: MemoryModel = add(items)
    except ValueError as error:
        raise ModelError(model.name, str(error).splitlines()) from error
    return found


def with_formulas(model: MemoryModel, formula: Any) -> MemoryModel:
    """A model whose parameters depend on conditions; see :func:`kvfit.regression.model.with_formulas`.

    Raises
    ------
    ModelError
        Listing every formula that cannot be read.
    """
    from kvfit.regression.formula import FormulaError
    from kvfit.regression.model import with_formulas as add

    try:
        found: MemoryModel = add(model, formula)
    except FormulaError as error:
        raise ModelError(model.label, list(error.problems)) from error
    return found


def with_priors(model: MemoryModel, priors: Any) -> MemoryModel:
    """A model with priors that the user states; see :mod:`kvfit.priors`.

    Parameters
    ----------
    model : MemoryModel
    priors : mapping of str to pair of float, str or sequence of str
        ``{"sigma": (0.9, 1.5), "persons(sigma)": (0.7, 1.9)}``, or texts ``"sigma=0.9:1.5"``.

    Raises
    ------
    ModelError
        Listing everything that is wrong with them.
    """
    from kvfit.priors import PriorError, read_priors
    from kvfit.priors import with_priors as add

    intervals, problems = read_priors(priors)
    try:
        found: MemoryModel = add(model, intervals)
    except PriorError as error:
        problems += error.problems
    if problems:
        raise ModelError(model.label, [f"prior of {problem}" for problem in problems])
    return found


def with_shared_priors(models: Sequence[MemoryModel], priors: Any, data: Any) -> list[MemoryModel]:
    """Models with priors of the parameters that each of them has.

    Parameters
    ----------
    models : sequence of MemoryModel
    priors : mapping of str to pair of float, str or sequence of str
        As for :func:`with_priors`.
    data : FreeRecallData or RecognitionData
        For which it is known what parameters the models have.

    Raises
    ------
    ModelError
        Listing everything that is wrong with the priors, and those of which no model has the parameter free.
    """
    from kvfit.priors import PriorError, read_priors, takes
    from kvfit.priors import with_priors as add

    bound = [model.bind(data) for model in models]
    intervals, unread = read_priors(priors)
    problems = dict.fromkeys(f"prior of {problem}" for problem in unread)
    out = []
    for model, complete in zip(models, bound, strict=True):
        # a single model is asked for all, so that it says what is wrong
        own = {key: one for key, one in intervals.items() if len(models) == 1 or takes(complete, key)}
        try:
            add(complete, own)
            out.append(add(model, own))
        except PriorError as error:
            problems |= dict.fromkeys(f"prior of {problem} ({model.label})" for problem in error.problems)
    labels = ", ".join(model.label for model in models)
    nobody = [key for key in intervals if len(models) > 1 and not any(takes(one, key) for one in bound)]
    problems |= dict.fromkeys(f"prior of {key}: free in none of the models" for key in nobody)
    if problems:
        raise ModelError(labels, list(problems))
    return out


def families() -> dict[str, ModelFamily]:
    """All models that can be used; :func:`installed` also says which ones cannot, and why."""
    return dict(installed().families)


def _value(text: str) -> Any:
    if text in ("True", "true"):
        return True
    if text in ("False", "false"):
        return False
    try:
        return float(text)
    except ValueError:
        return text


def get_model(spec: str | MemoryModel, **options: Any) -> MemoryModel:
    """Find a model.

    Parameters
    ----------
    spec : str or MemoryModel
        A name, or a name with options, fixed parameters and formulas: ``"kv_recall(query=value, kappa=1)"``,
        ``"cmr(beta_enc ~ list_type + (1 + list_type | subject))"``, and priors: ``"uvsd(prior(sigma)=0.9:1.5)"``.
    **options
        Further options and fixed parameters, ``formula=`` and ``priors=`` as in :func:`kvfit.fit`.

    Returns
    -------
    MemoryModel

    Raises
    ------
    ModelError
        When the name or an option is unknown; the message lists what is known.
    """
    if not isinstance(spec, str):
        if options:
            raise ModelError(spec.name, ["options can be added to a name, not to a model that is already built"])
        return spec
    match = re.fullmatch(r"\s*([A-Za-z_]\w*)\s*(?:\((.*)\))?\s*", spec)
    if match is None:
        raise ModelError(spec, ["expected a name, or a name with options such as kv_recall(query=value)"])
    name, inside = match.groups()
    family = _find(name)
    parsed, formulas, stated, problems = _read_options(inside or "")
    problems += [f"{key}: given twice, in the name and as an option" for key in options if key in parsed]
    if problems:
        raise ModelError(name, problems)
    formula, priors = options.pop("formula", None), options.pop("priors", None)
    built = family(**parsed, **options)
    for one in filter(None, (formulas, formula)):
        built = with_formulas(built, one)
    for one in filter(None, (stated, priors)):
        built = with_priors(built, one)
    return built


def _find(name: str) -> ModelFamily:
    """Family of a name; an error says what is known, or why a known one cannot be used."""
    here = installed()
    if name in here.families:
        return here.families[name]
    if name in here.problems:
        raise ModelError(name, [here.problems[name]])
    close = get_close_matches(name, here.families, n=1, cutoff=0.4)
    hint = f"did you mean {close[0]}? " if close else ""
    problems = [f"unknown; {hint}known models are {', '.join(here.families)}"]
    if here.problems:
        problems.append(f"not usable: {', '.join(here.problems)}; kvfit models says why")
    raise ModelError(name, problems)


def _read_options(text: str) -> tuple[dict[str, Any], list[str], list[str], list[str]]:
    """Options ``query=value``, formulas ``rho ~ condition``, priors ``prior(rho)=0.1:0.9``, and what is wrong with them."""
    parsed: dict[str, Any] = {}
    formulas, priors, problems = [], [], []
    for part in filter(str.strip, _top_level(text)):
        if _PRIOR.match(part):
            priors.append(part.strip())
            continue
        if "~" in part:
            formulas.append(part.strip())
            continue
        key, separator, value = (piece.strip() for piece in part.partition("="))
        if not separator:
            problems.append(f"{part.strip()!r}: expected option=value")
        elif key in parsed:
            problems.append(f"{key}: given twice")
        else:
            parsed[key] = _value(value)
    return parsed, formulas, priors, problems


#: Beginning of a prior, and a name in quotes, whose brackets and commas do not count.
_PRIOR = re.compile(r"\s*(prior|persons|items)\s*\(")
_QUOTED = re.compile(r'(?:prior|persons|items)\("(?:[^"\\]|\\.)*"\)')


def _top_level(text: str) -> list[str]:
    """Parts between the commas that stand in no brackets, as those of a formula's functions do."""
    parts, depth, place = [""], 0, 0
    while place < len(text):
        quoted = _QUOTED.match(text, place)
        letter = quoted.group() if quoted else text[place]
        place += len(letter)
        depth += 0 if quoted else (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
