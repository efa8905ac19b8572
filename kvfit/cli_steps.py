"""What several commands do: say what they did, read data and similarities, check models before a long run, write a table.

Everything but typer and rich is loaded inside.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from kvfit.cli_options import Reading, Source

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from kvfit.cli_reading import Data
    from kvfit.memory_model import MemoryModel

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: object) -> None:
    """Print what a command has to say, without markup."""
    out.print(str(text), markup=False)


@contextmanager
def said_in_shell(flags: Mapping[str, str] | None = None) -> Iterator[list[warnings.WarningMessage]]:
    """Print warnings at the end as plain messages; say in them and in errors what is typed instead of arguments of Python.

    Parameters
    ----------
    flags : mapping, optional
        Options of the arguments; default those of the readers.
    """
    from kvfit.cli_advice import FLAGS, in_shell

    known = FLAGS if flags is None else flags
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield caught
        except ValueError as error:
            raise ValueError(in_shell(str(error), known)) from error
        finally:
            for warning in caught:
                err.print(in_shell(str(warning.message), known), markup=False)


def load(source: Source, reading: Reading) -> "Data":
    """Load the data of a command; say what was read, and of a file how."""
    from kvfit.cli_reading import introduce, load_data

    with said_in_shell():
        data = load_data(source, reading)
    say(introduce(data, source, reading))
    return data


def read_similarity(
    source: Source, reading: Reading, data: "Data", models: "Sequence[MemoryModel]"
) -> "np.ndarray | None":
    """Read the similarities that some of the models need; say what was read."""
    import kvfit as kv
    from kvfit.cli_advice import SIMILARITY_FLAGS

    need = [model.label for model in models if model.semantic]
    if source.similarity is None:
        if need:
            raise ValueError(f"{', '.join(need)}: needs --similarity FILE, the similarities of items or their vectors")
        alone = {
            "--missing-similarity": source.missing_similarity != "error",
            "--similarity-kind": source.similarity_kind,
            "--similarity-encoding": source.similarity_encoding,
            "--similarity-delimiter": source.similarity_delimiter,
        }
        if given := [flag for flag, value in alone.items() if value]:
            raise ValueError(f"{', '.join(given)}: no effect without --similarity FILE")
        return None
    if not need:
        labels = ", ".join(model.label for model in models)
        example = "kv_recall(semantic=True)" if data.task == "free_recall" else "gcm(semantic=True)"
        raise ValueError(f"--similarity: {labels} does not use it; write semantic=True, as in {example}")
    with said_in_shell(SIMILARITY_FLAGS):
        similarity = kv.read_similarity(
            source.similarity,
            data,
            missing=source.missing_similarity,  # type: ignore[arg-type]
            ignore_case=reading.ignore_case,
            kind=source.similarity_kind,  # type: ignore[arg-type]
            encoding=source.similarity_encoding,
            delimiter=source.similarity_delimiter,
        )
    say(f"Similarity of items: {source.similarity}, for {', '.join(need)}")
    return similarity


def check_models(
    models: "Sequence[MemoryModel]", data: "Data", similarity: "np.ndarray | None", items: str | None
) -> None:
    """Lay the data out for every model before the first is fitted, so that the last does not fail after an hour."""
    from kvfit.cli_advice import in_shell
    from kvfit.registry import with_items

    problems = []
    for model in models:
        try:
            found = model if items is None else with_items(model, items)
            found.bind(data).design(data, similarity)
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise ValueError(in_shell("\n".join(problems)))


def state_priors(
    models: "Sequence[MemoryModel]", priors: list[str] | None, data: "Data", items: str | None = None
) -> "list[MemoryModel]":
    """Models with the priors of --prior, and with effects of items where they are wanted; say what they are called now."""
    from kvfit.registry import with_items, with_shared_priors

    if not priors:
        return list(models)
    wanted = [model if items is None else with_items(model, items) for model in models]
    found = with_shared_priors(wanted, priors, data)
    say(f"With priors: {', '.join(model.label for model in found)}")
    return found


def check_outputs(*paths: Path | None) -> None:
    """Find out before a long computation whether its results can be written.

    Raises
    ------
    OSError
        Naming the folder.
    """
    from kvfit.files import check_writable

    for path in paths:
        if path is not None:
            check_writable(path.parent)


def write_csv(table: "pd.DataFrame", path: Path | None, label: str = "Estimates") -> None:
    """Write a table where a path is given, and say so."""
    from kvfit.files import write_text

    if path is not None:
        write_text(path, table.to_csv(index=False))
        say(f"{label}: {path}")
