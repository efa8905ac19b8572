"""Messages of the readers, which advise arguments of Python, with the options of the shell in their place."""

import ast
import re
import shlex
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

#: Arguments of the readers, and of what is done with their data, and the option of the shell that each of them is.
FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "task": "--task",
        "columns": "--column",
        "ignore_columns": "--ignore-column",
        "encoding": "--encoding",
        "delimiter": "--delimiter",
        "decimal": "--decimal",
        "ignore_case": "--ignore-case",
        "first_position": "--first-position",
        "list_length": "--list-length",
        "repeated_items": "--repeated-items",
        "empty_participants": "--empty-participants",
        "faulty_lists": "--faulty-lists",
        "trust_positions": "--trust-positions",
        "scale": "--scale",
        "old_from": "--old-from",
        "old_values": "--old-value",
        "ordered": "--unordered",
        "conditions": "--condition",
        "missing_responses": "--drop-missing",
        "incomplete_participants": "--incomplete",
        "similarity": "--similarity",
        "missing": "--missing-similarity",
        "kind": "--similarity-kind",
        "participants": "--participants",
        "query": "--query",
        "items": "--items",
    }
)

#: What is typed for arguments of the file of similarities, which may be written in another way than the data.
SIMILARITY_FLAGS: Mapping[str, str] = MappingProxyType(
    {**FLAGS, "encoding": "--similarity-encoding", "delimiter": "--similarity-delimiter"}
)

#: Arguments whose option takes no value: it stands for the one value beside the default.
_SWITCHES = ("ignore_case", "trust_positions", "ordered", "missing_responses")

#: Arguments of several values, each with an option of its own.
_REPEATED = ("ignore_columns", "old_values", "conditions")

_ARGUMENT = re.compile(rf"(?<![\w.])({'|'.join(FLAGS)})=")
_SIMPLE = re.compile(r"True|False|None|-?[0-9]+(?:\.[0-9]+)?(?![\w-])|\.\.\.")


def in_shell(message: str, flags: Mapping[str, str] = FLAGS) -> str:
    """Say a message as it is typed: ``scale='1-6'`` becomes ``--scale 1-6``.

    Parameters
    ----------
    message : str
        Words that advise arguments of Python, each with its value or without (``pass scale=``).
    flags : mapping, optional
        Options of the arguments.

    Returns
    -------
    str
        Words about anything else are left as they are.
    """
    said, at = [], 0
    for match in _ARGUMENT.finditer(message):
        if match.start() < at:
            continue  # inside the value before
        said.append(message[at : match.start()])
        value, at = _literal(message, match.end())
        said.append(typed(match[1], value, flags) if at > match.end() else flags[match[1]])
        if at == match.end() and re.match(r"[^\s,.;:)]", message[at:]):
            said.append(" ")
    return "".join([*said, message[at:]])


def typed(argument: str, value: Any, flags: Mapping[str, str] = FLAGS) -> str:
    """Write an argument of the readers as options of the shell.

    Parameters
    ----------
    argument : str
        One of `FLAGS`.
    value : object
        As in Python; an ellipsis stands for what the user fills in.
    flags : mapping, optional
        Options of the arguments.

    Returns
    -------
    str
    """
    flag = flags[argument]
    if argument in _SWITCHES:
        return flag
    if argument == "columns" and isinstance(value, Mapping):
        return " ".join(f"{flag} {_quoted(f'{ours}={_joined(theirs)}')}" for ours, theirs in value.items())
    if argument == "participants" and _is_several(value):
        return f"--query {_quoted(f'subject in {list(value)!r}')}"
    if argument in _REPEATED and _is_several(value):
        return " ".join(f"{flag} {_quoted(_one(one))}" for one in value)
    return f"{flag} {_quoted(_joined(value))}"


def _literal(text: str, start: int) -> tuple[Any, int]:
    """Return the value of Python that begins at `start` and where it ends; None and `start` if there is none."""
    end = start
    if match := _SIMPLE.match(text, start):
        end = match.end()
    elif start < len(text) and text[start] in "'\"[{(":
        end = _closed(text, start)
    try:
        return ast.literal_eval(text[start:end]), end
    except (SyntaxError, ValueError):
        return None, start


def _closed(text: str, start: int) -> int:
    """Where the quotation or bracket that opens at `start` is closed; `start` if nowhere."""
    depth, quote = 0, ""
    for at in range(start, len(text)):
        one = text[at]
        if quote:
            if one == quote and text[at - 1] != "\\":
                quote = ""
        elif one in "'\"":
            quote = one
        else:
            depth += (one in "[{(") - (one in ")}]")
        if not quote and depth == 0:
            return at + 1
    return start


def _is_several(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _joined(value: Any) -> str:
    return ",".join(_one(one) for one in value) if _is_several(value) else _one(value)


def _one(value: Any) -> str:
    return "..." if value is ... else str(value)


def _quoted(text: str) -> str:
    """Quote what a shell would take apart; in double quotes where they do, because those work everywhere."""
    if shlex.quote(text) == text:
        return text
    return shlex.quote(text) if re.search(r'["$`\\!]', text) else f'"{text}"'
