"""Formulas of parameters, read before any data are known.

``beta_enc ~ list_type + (1 + list_type | subject)``: left the parameter, right what its value depends on, in the language
of lme4 as the package formulae reads it. Terms in brackets before ``| subject`` are those in which persons differ.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kvfit.regression.functions import syntax_problems

Formulas = str | Sequence[str] | Mapping[str, str]

#: the one factor by which effects may vary: persons
PERSONS = "subject"


class FormulaError(ValueError):
    """Formulas that cannot be used; the message lists every problem."""

    def __init__(self, owner: str, problems: Sequence[str]) -> None:
        super().__init__(f"formulas of {owner}:\n  " + "\n  ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Formula:
    """The right side of one parameter's formula, taken apart.

    Parameters
    ----------
    parameter : str
    text : str
        As it was given, blanks normalised.
    common : str
        Terms of all persons as a formula of their own, e.g. ``1 + list_type``.
    own : str
        Terms in which persons differ, likewise; empty for none.
    variables : tuple of str
        Names of columns, sorted.
    """

    parameter: str
    text: str
    common: str
    own: str
    variables: tuple[str, ...]

    def __str__(self) -> str:
        """As in a model's label."""
        return f"{self.parameter} ~ {self.text}"


def formula_texts(formulas: Formulas) -> dict[str, str]:
    """Right sides by parameter, however they were given.

    Parameters
    ----------
    formulas : str, sequence of str, or mapping of str to str
        ``"beta_enc ~ list_type"``, several of these, or ``{"beta_enc": "~ list_type"}``.

    Raises
    ------
    FormulaError
        Listing formulas without a parameter, with two, and parameters with two formulas.
    """
    pairs = formulas.items() if isinstance(formulas, Mapping) else [("", one) for one in _listed(formulas)]
    found: dict[str, str] = {}
    problems = []
    for parameter, text in pairs:
        left, tilde, right = (part.strip() for part in str(text).partition("~"))
        if not tilde:
            left, right = "", left
        name = str(parameter).strip() or left
        if not name:
            problems.append(f"{text!r}: expected PARAMETER ~ TERMS, such as beta_enc ~ list_type + (1 | subject)")
        elif left not in ("", name):
            problems.append(f"{name}: its formula is one of {left}: {text!r}; write {name} ~ {right}")
        elif not right:
            problems.append(f"{name}: nothing to the right of ~; expected terms such as list_type + (1 | subject)")
        elif name in found:
            problems.append(f"{name}: has two formulas, {found[name]!r} and {right!r}; write one")
        else:
            found[name] = " ".join(right.split())
    if problems:
        raise FormulaError("a model", problems)
    return dict(sorted(found.items()))


def _listed(formulas: str | Sequence[str]) -> Sequence[str]:
    return [formulas] if isinstance(formulas, str) else formulas


def read_formula(parameter: str, text: str) -> Formula:
    """Take a right side apart.

    Raises
    ------
    FormulaError
        If formulae cannot read it, it calls what is no function of formulas (:mod:`kvfit.regression.functions`), it has a
        response, or persons are not the grouping factor. Nothing of the formula is evaluated.
    """
    from formulae import model_description

    try:
        forbidden = syntax_problems(text)
        if not forbidden:
            described = model_description(text)
    except Exception as error:  # formulae raises its own kinds of errors from scanner, parser and resolver
        raise FormulaError(parameter, [f"{parameter} ~ {text}: cannot be read: {error}"]) from error
    if forbidden:
        raise FormulaError(parameter, [f"{parameter} ~ {text}: {problem}" for problem in forbidden])
    problems = []
    if described.response is not None:
        problems.append(f"{parameter} ~ {text}: expected no second ~")
    factors = {term.factor.name for term in described.group_terms}
    problems += [
        f"{parameter} ~ {text}: effects vary by {factor}; they can vary by {PERSONS} only"
        + (" (for effects of items use items=)" if factor == "item" else "")
        for factor in sorted(factors - {PERSONS})
    ]
    common = [term.name for term in described.common_terms]
    own = list(dict.fromkeys(term.expr.name for term in described.group_terms))
    named = set().union(*(term.var_names for term in described.common_terms), *_expressions(described))
    variables = {name for name in named if name}  # formulae names literals too, by nothing
    if PERSONS in variables:
        problems.append(f"{parameter} ~ {text}: {PERSONS} as a term; write (1 | {PERSONS}) for persons that differ")
    if problems:
        raise FormulaError(parameter, problems)
    return Formula(parameter, text, _as_formula(common), _as_formula(own) if own else "", tuple(sorted(variables)))


def _expressions(described: object) -> list[set[str]]:
    return [term.expr.var_names for term in described.group_terms]  # type: ignore[attr-defined]


def _as_formula(names: list[str]) -> str:
    """Terms as a formula that has an intercept only if it is among them."""
    start = "1" if "Intercept" in names else "0"
    return " + ".join([start, *(name for name in names if name != "Intercept")])
