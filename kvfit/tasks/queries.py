"""What a query may contain, checked on its syntax tree before anything is evaluated.

pandas evaluates a query with every method of its columns at hand, of which some write files and others run what they are
given. A query is a condition on columns: comparisons, arithmetic, and a few questions about a column.
"""

import ast
import re

#: questions about a column: ``load.isin([1, 2])``, ``word.str.startswith('a')``
METHODS = ("abs", "between", "isin", "isna", "isnull", "notna", "notnull")
TEXT_METHODS = ("contains", "endswith", "len", "lower", "startswith", "strip", "upper")

_PLAIN = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd, ast.Invert, ast.BinOp, ast.Add,
    ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.BitAnd, ast.BitOr, ast.Compare, ast.Eq, ast.NotEq, ast.Lt,
    ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Name, ast.Load, ast.Constant, ast.List, ast.Tuple,
)  # fmt: skip

#: texts, which stay as they are, and names in backquotes
_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`", re.DOTALL)


def checked_query(query: str) -> tuple[str, dict[str, str]]:
    """Check a query and write it anew from what was checked, so that pandas reads nothing else.

    pandas finds names in backquotes in a text before Python's grammar sees it, and where a quotation mark, a backslash or
    a backquote stands in an unusual place it finds others than a check of the same text would. The text that is returned
    has no backquotes, and is made from the syntax tree that was checked.

    Parameters
    ----------
    query : str
        Names of columns may stand in backquotes.

    Returns
    -------
    text : str
        The condition; columns in backquotes are called as in `names`.
    names : dict of str to str
        Name in the text to that of the column.

    Raises
    ------
    ValueError
        Saying what a query may not contain.
    """
    names: dict[str, str] = {}
    written = _QUOTED.sub(lambda found: _name(found[0], names), query)
    try:
        tree = ast.parse(written.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    for node in _nodes(tree):
        if problem := _problem(node):
            raise ValueError(problem)
    return ast.unparse(tree), names


def _name(quoted: str, names: dict[str, str]) -> str:
    if not quoted.startswith("`"):
        return quoted
    column = quoted[1:-1]
    known = {theirs: ours for ours, theirs in names.items()}
    ours = known.get(column, f"column_in_backquotes_{len(names)}")
    names[ours] = column
    return ours


def _nodes(tree: ast.AST) -> list[ast.AST]:
    """All parts but the names of allowed methods, which belong to their call."""
    found, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        found.append(node)
        if isinstance(node, ast.Call) and _method(node):
            inner = node.func.value  # type: ignore[attr-defined]
            waiting += [inner.value if isinstance(inner, ast.Attribute) else inner, *node.args]
            waiting += [keyword.value for keyword in node.keywords]
        else:
            waiting += ast.iter_child_nodes(node)
    return found


def _method(call: ast.Call) -> str:
    """Name of an allowed method; empty for anything else."""
    if not isinstance(call.func, ast.Attribute):
        return ""
    name, owner = call.func.attr, call.func.value
    if isinstance(owner, ast.Attribute):
        return name if owner.attr == "str" and name in TEXT_METHODS else ""
    return name if name in METHODS else ""


def _problem(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        known = ", ".join([*METHODS, *(f"str.{name}" for name in TEXT_METHODS)])
        return (
            ""
            if _method(node)
            else f"{ast.unparse(node.func)}: a query may ask {known} of a column, and call nothing else"
        )
    if isinstance(node, ast.Attribute):
        return f"{ast.unparse(node)}: parts of a column are not at hand; write names of columns with dots in backquotes"
    if isinstance(node, ast.Constant) and "`" in str(node.value):
        return f"{node.value!r}: a backquote inside a text"
    return "" if isinstance(node, _PLAIN) else f"{type(node).__name__.lower()}: no part of a condition on columns"
