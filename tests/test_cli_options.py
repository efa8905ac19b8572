"""Options that commands share, and similarities of items given in the shell."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pytest
import typer
from recall_tables import list_table, stack
from typer.testing import CliRunner

import kvfit as kv
from kvfit import cli
from kvfit.cli_options import Sampling, grouped
from kvfit.inference.settings import FitSettings
from kvfit.tasks.problems import DataWarning

SEMANTIC = "kv_recall(semantic=True)"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A table of recalls, and vectors for all but one of its items."""
    folder = tmp_path_factory.mktemp("files")
    table = stack(list_table("ann", 1, 5, [5, 2, 3]), list_table("ann", 2, 4, [1, 2]))
    table.to_csv(folder / "mine.csv", index=False)
    items = table.loc[table["trial_type"] == "study", "item"].tolist()
    vectors = np.random.default_rng(3).normal(size=(len(items), 4))
    pd.DataFrame(vectors[1:], index=items[1:]).add_prefix("d").to_csv(folder / "vectors.csv")
    return folder / "mine.csv", folder / "vectors.csv"


def run(*arguments: object) -> Any:
    """Run a command in this process; its errors are those that `kvfit` prints."""
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def message(*arguments: object) -> str:
    answer = run(*arguments)
    assert isinstance(answer.exception, ValueError), answer.output
    return str(answer.exception)


def test_groups_are_spread_into_options_and_put_together_again() -> None:
    seen: list[Any] = []

    @dataclass(frozen=True)
    class Group:
        needed: Annotated[str, typer.Option("--needed")]
        size: Annotated[int, typer.Option()] = 3

    app = typer.Typer()

    @app.command()
    @grouped
    def command(name: Annotated[str, typer.Argument()], group: Group, quiet: bool = False) -> None:
        """Say."""
        seen.append((name, group, quiet))

    assert CliRunner().invoke(app, ["x", "--needed", "y"]).exit_code == 0
    assert CliRunner().invoke(app, ["x", "--needed", "y", "--size", "7", "--quiet"]).exit_code == 0
    assert seen == [("x", Group("y", 3), False), ("x", Group("y", 7), True)]
    assert CliRunner().invoke(app, ["x"]).exit_code == 2


def test_the_shell_has_the_defaults_of_python() -> None:
    settings = FitSettings()
    shell = Sampling()
    assert {name: getattr(settings, name) for name in vars(shell)} == vars(shell)


@pytest.mark.parametrize("command", ["fit", "compare", "simulate"])
def test_shared_options_are_offered(command: str) -> None:
    shown = re.sub(r"\s+", " ", run(command, "--help").output)
    for option in ("--data", "--participants", "--query", "--similarity", "--missing-similarity", "--seed"):
        assert option in shown


def test_similarity_reaches_the_simulation(files: tuple[Path, Path], tmp_path: Path) -> None:
    table, vectors = files
    arguments = ["simulate", SEMANTIC, "-d", table, "-o", tmp_path / "sim.csv", "--similarity", vectors]
    assert "pass --missing-similarity mean" in message(*arguments)
    assert not (tmp_path / "sim.csv").exists()
    answer = run(*arguments, "--missing-similarity", "mean", "--seed", 4)
    assert answer.exit_code == 0, answer.output
    assert "'wann-1-1'" in answer.output
    data = kv.read_free_recall(table)
    with pytest.warns(DataWarning):
        similarity = kv.read_similarity(vectors, data, missing="mean")
    model = kv.get_model(SEMANTIC)
    centre = {p.name: float(p.to_natural(p.location)) for p in model.parameters}
    expected = kv.simulate(model, data, centre, 4, similarity=similarity)
    np.testing.assert_array_equal(kv.read_free_recall(tmp_path / "sim.csv").recalled, expected.recalled)


@pytest.mark.parametrize("arguments", [["fit", SEMANTIC], ["compare", "random_recall", SEMANTIC, "--ml"]])
def test_similarity_reaches_the_fits(
    arguments: list[str], files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    received = []

    def fit(model: Any, data: Any, **options: Any) -> Any:
        received.append(options["similarity"])
        if model.semantic:
            raise ValueError("far enough")

    monkeypatch.setattr(kv, "fit", fit)
    table, vectors = files
    told = [*arguments, "-d", table, "--similarity", vectors, "--missing-similarity", "mean"]
    assert message(*told) == "far enough"
    assert all(one.shape == (2, 5, 5) for one in received)


def test_similarity_that_is_needed_or_useless(files: tuple[Path, Path]) -> None:
    table, vectors = files
    assert f"{SEMANTIC}: needs --similarity FILE" in message("fit", SEMANTIC, "-d", table)
    told = message("compare", "cmr", "tcm", "-d", table, "--similarity", vectors)
    assert "--similarity: cmr, tcm does not use it; write semantic=True" in told
    assert "without --similarity" in message("fit", "cmr", "-d", table, "--missing-similarity", "mean")
    told = message("fit", SEMANTIC, "-d", table, "--similarity", vectors, "--missing-similarity", "zero")
    assert "expected one of error, mean" in told
