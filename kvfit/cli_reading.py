"""Read the data that a command names: a known data set, or a file whose task its columns tell."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kvfit.cli_options import Reading, Source

if TYPE_CHECKING:
    import pandas as pd

    from kvfit.tasks.free_recall import FreeRecallData
    from kvfit.tasks.recognition import RecognitionData

    type Data = FreeRecallData | RecognitionData

TASKS = ("free_recall", "recognition")

_RECOGNITION_ALONE = {
    "scale": "--scale",
    "old_from": "--old-from",
    "old_values": "--old-value",
    "unordered": "--unordered",
    "condition": "--condition",
    "drop_missing": "--drop-missing",
    "incomplete": "--incomplete",
}
_FREE_RECALL_ALONE = {
    "repeated_items": "--repeated-items",
    "empty_participants": "--empty-participants",
    "faulty_lists": "--faulty-lists",
    "trust_positions": "--trust-positions",
}


def load_data(source: Source, reading: Reading) -> "Data":
    """Load a data set by its name, or read a file, and keep the wanted part.

    Parameters
    ----------
    source : Source
    reading : Reading

    Returns
    -------
    FreeRecallData or RecognitionData

    Raises
    ------
    ValueError
        Listing what is wrong with the options or the file, and what to type.
    """
    import kvfit as kv
    from kvfit.data.metadata import known_datasets

    known = known_datasets()
    if is_file(source.data):
        return read_file(Path(source.data), reading).select(participants=source.participants, query=source.query)
    options: dict[str, Any] = {}
    if source.data in known:
        task = known[source.data].task
        if reading.task not in (None, task):
            raise ValueError(f"--task {reading.task}: {source.data} is a data set of {_words(task)}")
        options = _options(reading, task, f"{source.data} is a data set of {_words(task)}")
    return kv.load(source.data, participants=source.participants, query=source.query, **options)


def is_file(data: str) -> bool:
    """Whether `--data` means a file, not the name of a data set."""
    from kvfit.data.metadata import known_datasets

    path = Path(data)
    return data not in known_datasets() and bool(path.suffix or path.exists())


def read_file(path: Path, reading: Reading) -> "Data":
    """Read a file of either task and check it completely.

    Parameters
    ----------
    path : pathlib.Path
    reading : Reading

    Returns
    -------
    FreeRecallData or RecognitionData

    Raises
    ------
    ValueError
        Options of another task, or `DataError`'s list of all problems, whose advice names options of the shell.
    """
    import kvfit as kv
    from kvfit.cli_advice import in_shell
    from kvfit.tasks.problems import DataError

    if reading.task not in (None, *TASKS):
        raise ValueError(f"--task: expected {' or '.join(TASKS)}; found {reading.task!r}")
    try:
        task = reading.task or _told_by(path, reading)
        options = _options(
            reading, task, f"{path} is read as {_words(task)}; if that is wrong, give --task {_other(task)}"
        )
        return kv.read_recognition(path, **options) if task == "recognition" else kv.read_free_recall(path, **options)
    except DataError as error:
        raise ValueError(in_shell(str(error))) from error


def introduce(data: "Data", source: Source, reading: Reading) -> str:
    """Say what was read; of a file also how, so that a wrong mapping is seen before anything is fitted."""
    if not is_file(source.data):
        return "\n".join([repr(data), data.scoring_note(), *_left_out(data)])
    return describe(data, reading)


def describe(data: "Data", reading: Reading) -> str:
    """Say how a file was read and what it holds."""
    said = [f"Read as {_words(data.task)}" + ("" if reading.task else " (its columns tell; --task decides)")]
    said += [f"column {ours}: {_written(theirs)}" for ours, theirs in named_columns(reading.column or [])]
    if data.task == "free_recall":
        return "\n".join([*said, repr(data), data.scoring_note(), *_left_out(data)])
    if reading.old_values:
        said.append(f"studied items: {' or '.join(map(repr, reading.old_values))}; all others are new")
    return "\n".join([*said, data.describe()])  # type: ignore[union-attr]


def _left_out(data: "Data") -> list[str]:
    return [data.left_out_note()] if data.task == "free_recall" else []  # type: ignore[union-attr]


def table_to_read(data: "Data") -> "tuple[pd.DataFrame, list[str]]":
    """Put simulated responses into a table that kvfit reads again.

    Parameters
    ----------
    data : FreeRecallData or RecognitionData

    Returns
    -------
    table : pandas.DataFrame
    options : list of str
        What must be typed to read it.
    """
    if data.task == "free_recall":
        return data.events, []  # type: ignore[union-attr]
    from kvfit.tasks.recognition_export import as_source
    from kvfit.tasks.recognition_tables import MADE_COLUMNS, default_conditions, users_columns

    scale = data.response_scale  # type: ignore[union-attr]
    options = ["--scale", f"1-{scale.n_categories}"]
    if scale.old_from != scale.n_categories // 2 + 1 or scale.n_categories % 2:
        options += ["--old-from", str(scale.old_from)]
    options += ["--unordered"] * (not scale.ordered)
    options += ["--drop-missing"] * (data.unanswered is not None)  # type: ignore[union-attr]
    trials, conditions = data.trials, data.conditions  # type: ignore[union-attr]
    users = [name for name in users_columns(trials) if name not in MADE_COLUMNS]
    if set(conditions) != set(default_conditions(trials, users)):
        options += [part for name in conditions for part in ("--condition", name)]
    return as_source(data), options  # type: ignore[arg-type]


def named_columns(given: Sequence[str]) -> Iterator[tuple[str, str | list[str]]]:
    """Split ``kvfit's name=yours``; several of yours are separated by commas.

    Raises
    ------
    ValueError
    """
    for one in given:
        ours, separator, theirs = one.partition("=")
        if not (ours and separator and theirs):
            raise ValueError(f"--column: expected kvfit's name=yours, found {one!r}")
        parts = theirs.split(",")
        yield ours.strip(), parts if len(parts) > 1 else theirs


def _told_by(path: Path, reading: Reading) -> str:
    from kvfit.tasks.problems import DataError
    from kvfit.tasks.which_task import find_task

    try:
        return find_task(path, scale=reading.scale, **_of_the_file(reading))
    except DataError as error:
        # Who orders a scale has recognition in mind: its reader says what is missing.
        if _given(reading, _RECOGNITION_ALONE) and any(problem.code == "task" for problem in error.problems):
            return "recognition"
        raise


def _given(reading: Reading, options: Mapping[str, str]) -> list[str]:
    """Those of some options that were given, as they are typed."""
    return [flag for name, flag in options.items() if getattr(reading, name)]


def _of_the_file(reading: Reading) -> dict[str, Any]:
    """Arguments about a file and its columns that were given, which every reader has."""
    columns = dict(named_columns(reading.column)) if reading.column else None
    named = {"columns": columns, "ignore_columns": reading.ignore_column, "encoding": reading.encoding}
    named |= {"delimiter": reading.delimiter}
    return {name: value for name, value in named.items() if value}


def _options(reading: Reading, task: str, why: str) -> dict[str, Any]:
    """Arguments of the task's reader that were given; `why` says whence the task is known."""
    options = _of_the_file(reading)
    both = {"list_length": reading.list_length, "decimal": reading.decimal, "first_position": reading.first_position}
    options |= {name: value for name, value in both.items() if value is not None}
    if reading.ignore_case:
        options["ignore_case"] = True
    other = _RECOGNITION_ALONE if task != "recognition" else _FREE_RECALL_ALONE
    if alone := _given(reading, other):
        raise ValueError(f"{', '.join(alone)}: for {_words(_other(task))} alone, but {why}")
    if task != "recognition":
        rules = {name: getattr(reading, name) for name in _FREE_RECALL_ALONE}
        return options | {name: value for name, value in rules.items() if value}
    given = {"scale": reading.scale, "old_from": reading.old_from, "old_values": reading.old_values}
    given |= {"conditions": reading.condition, "incomplete_participants": reading.incomplete}
    options |= {name: value for name, value in given.items() if value}
    if reading.unordered:
        options["ordered"] = False
    if reading.drop_missing:
        options["missing_responses"] = "drop"
    return options


def _other(task: str) -> str:
    return next(one for one in TASKS if one != task)


def _words(task: str) -> str:
    return task.replace("_", " ")


def _written(theirs: str | list[str]) -> str:
    return theirs if isinstance(theirs, str) else " and ".join(theirs) + ", joined"
