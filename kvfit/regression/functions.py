"""Functions that a formula may call, and the check of a formula before anything in it is evaluated.

A formula is part of a model's label, and labels travel in files: in manifests of fits, in batches, in certificates. So a
formula is data, not a program. What it may contain is listed here; everything else is refused from the syntax tree alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np

#: most terms into which a formula may unfold: ``(a + b + c) ** 9`` must not fill the memory
MOST_TERMS = 200
#: largest exponent, degree or number of columns of a basis
LARGEST = 20


@dataclass(frozen=True)
class Signature:
    """What a function of formulas takes.

    Parameters
    ----------
    expressions : int
        Leading arguments, which are columns or arithmetic with columns.
    numbers : int
        Further arguments by position, which are written as numbers.
    keywords : tuple of str
        Arguments by name, written as numbers, True or False.
    """

    expressions: int = 1
    numbers: int = 0
    keywords: tuple[str, ...] = ()


_OF_NUMPY = ("abs", "exp", "expm1", "log", "log10", "log1p", "log2", "sign", "sqrt", "square", "tanh")

#: What formulas may call. The first rows are formulae's own; they keep what they learn from the data they first see.
FUNCTIONS: Mapping[str, Signature] = MappingProxyType(
    {
        "center": Signature(),
        "scale": Signature(),
        "standardize": Signature(),
        "C": Signature(),
        "I": Signature(),
        "poly": Signature(numbers=1, keywords=("degree", "raw")),
        "bs": Signature(keywords=("df", "degree", "intercept")),
        **{f"np.{name}": Signature() for name in _OF_NUMPY},
        "np.maximum": Signature(expressions=2),
        "np.minimum": Signature(expressions=2),
        "np.clip": Signature(numbers=2),
    }
)

#: All of NumPy that a formula can reach, were the check of its text ever passed by.
NUMPY = SimpleNamespace(
    **{name.removeprefix("np."): getattr(np, name.removeprefix("np.")) for name in FUNCTIONS if name.startswith("np.")}
)

_ARITHMETIC = ("PLUS", "MINUS", "STAR", "SLASH", "STAR_STAR")
_COMPARISONS = ("EQUAL_EQUAL", "BANG_EQUAL", "LESS_EQUAL", "LESS", "GREATER_EQUAL", "GREATER")


def syntax_problems(text: str) -> list[str]:
    """Say what a formula may not contain, from its syntax tree; nothing is evaluated.

    Parameters
    ----------
    text : str
        The right side of a formula.

    Returns
    -------
    list of str
        One for each function that is not listed, argument that is none of the function's, backquote, text, subset.

    Raises
    ------
    Exception
        Of formulae's scanner or parser, if the text is no formula.
    """
    from formulae.parser import Parser
    from formulae.scanner import Scanner

    parser = Parser(Scanner(text).scan())
    tree = parser.parse()
    problems: list[str] = []
    if not parser.at_end():  # formulae would leave the rest out without a word
        problems.append(f"cannot be read from {parser.peek().lexeme!r} on; an operator such as + may be missing")
    n_terms = _check_terms(tree, problems)
    if n_terms > MOST_TERMS:
        problems.append(f"unfolds into {n_terms} terms, at most {MOST_TERMS} are read")
    return list(dict.fromkeys(problems))


def _check_terms(node: Any, problems: list[str]) -> int:
    """Check a part outside functions; return into how many terms it unfolds, at most."""
    kind = type(node).__name__
    if kind == "Grouping":
        return _check_terms(node.expression, problems)
    if kind == "Unary":
        return _check_terms(node.right, problems)
    if kind == "Binary":
        return _check_operation(node, problems)
    if kind == "Call":
        _check_call(node, problems)
    elif kind == "Literal":
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            problems.append(f"{node.value!r} as a term; terms are columns, functions of columns, 0 and 1")
    else:
        _check_name(node, problems)
    return 1


def _check_operation(node: Any, problems: list[str]) -> int:
    operator, left = node.operator.kind, _check_terms(node.left, problems)
    if operator == "STAR_STAR":
        power = getattr(node.right, "value", None)
        if type(power) is not int or not 1 <= power <= LARGEST:
            problems.append(f"a power of terms that is no whole number from 1 to {LARGEST}")
            return left
        return sum(comb(left, k) for k in range(1, power + 1))
    right = _check_terms(node.right, problems)
    if operator in ("STAR", "SLASH"):
        return left + right + left * right
    return left * right if operator in ("COLON", "PIPE") else left + right


def _check_call(node: Any, problems: list[str]) -> None:
    """Check the function and its arguments, functions inside them included."""
    token = getattr(node.callee, "name", None)
    name = str(getattr(token, "lexeme", "")) if type(node.callee).__name__ == "Variable" else ""
    signature = FUNCTIONS.get(name)
    if signature is None or node.callee.level is not None:
        called = name or "what is no name"
        problems.append(f"{called}: no function of formulas; they may call {', '.join(FUNCTIONS)}")
        return
    given = [one for one in node.args if type(one).__name__ != "Assign"]
    named = [one for one in node.args if type(one).__name__ == "Assign"]
    least, most = signature.expressions, signature.expressions + signature.numbers
    if not least <= len(given) <= most:
        wanted = f"{least} to {most}" if most > least else str(least)
        problems.append(f"{name}: takes {wanted} arguments by position, found {len(given)}")
    for one in given[:least]:
        _check_expression(one, name, problems)
    for one in given[least:]:
        _check_number(one, name, problems, LARGEST if name == "poly" else None)
    for one in named:
        keyword = str(one.name.name.lexeme)
        if keyword not in signature.keywords:
            known = ", ".join(signature.keywords) or "none"
            problems.append(f"{name}: no argument {keyword}= in formulas; known by name: {known}")
        _check_number(one.value, f"{name}({keyword}=)", problems, LARGEST)


def _check_expression(node: Any, owner: str, problems: list[str]) -> None:
    """Check arithmetic inside a function."""
    kind = type(node).__name__
    if kind == "Grouping":
        _check_expression(node.expression, owner, problems)
    elif kind == "Unary":
        _check_expression(node.right, owner, problems)
    elif kind == "Binary":
        operator = node.operator.kind
        if operator not in (*_ARITHMETIC, *_COMPARISONS):
            problems.append(f"{owner}: {node.operator.lexeme} inside a function, where it is no arithmetic")
        _check_expression(node.left, owner, problems)
        if operator == "STAR_STAR":
            _check_number(node.right, f"{owner}: the power", problems, LARGEST)
            if not _has_column(node.left):
                problems.append(f"{owner}: a power of numbers; write the number")
        else:
            _check_expression(node.right, owner, problems)
    elif kind == "Call":
        _check_call(node, problems)
    elif kind == "Literal":
        _check_number(node, owner, problems, None)
    else:
        _check_name(node, problems)


def _check_number(node: Any, owner: str, problems: list[str], largest: int | None) -> None:
    """Check an argument that is written as a number, True or False."""
    signed = node.right if type(node).__name__ == "Unary" else node
    value = getattr(signed, "value", None) if type(signed).__name__ == "Literal" else None
    if not isinstance(value, int | float):
        problems.append(f"{owner}: expected a number" + (f", found {value!r}" if value is not None else ""))
    elif largest is not None and value > largest:
        problems.append(f"{owner}: expected at most {largest}, found {value:g}")


def _check_name(node: Any, problems: list[str]) -> None:
    kind = type(node).__name__
    if kind == "QuotedName":
        problems.append(f"{node.expression.lexeme}: backquotes; rename the column with letters, digits, _ and . alone")
    elif kind != "Variable":
        problems.append(f"{kind.lower()}: no part of a formula")
    elif node.level is not None:
        problems.append(f"{node.name.lexeme}[...]: brackets behind a column; formulas have none")


def _has_column(node: Any) -> bool:
    kind = type(node).__name__
    if kind == "Grouping":
        return _has_column(node.expression)
    if kind == "Unary":
        return _has_column(node.right)
    if kind == "Binary":
        return _has_column(node.left) or _has_column(node.right)
    return kind in ("Variable", "Call")
