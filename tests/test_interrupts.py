"""Ctrl-C that comes while compiled code runs is a stop, in the shell and in batches, and no error of a model."""

from pathlib import Path

import pytest

import kvfit.cli
from kvfit.batch.job import Inputs, Job
from kvfit.batch.results import execute
from kvfit.interrupts import is_interrupt


def stopped_in_compiled_code(**_: object) -> None:
    """What Python makes of Ctrl-C during a call of a compiled function."""
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt as stop:
        raise SystemError("CPUDispatcher(...) returned a result with an exception set") from stop


def test_what_came_of_a_stop_is_one() -> None:
    with pytest.raises(SystemError) as caught:
        stopped_in_compiled_code()
    assert is_interrupt(caught.value)
    assert is_interrupt(KeyboardInterrupt())
    assert not is_interrupt(SystemError("something else"))
    other = ValueError("while a stop was handled")
    other.__context__ = KeyboardInterrupt()
    assert not is_interrupt(other)


def test_the_shell_says_what_is_kept(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(kvfit.cli, "app", stopped_in_compiled_code)
    with pytest.raises(SystemExit) as end:
        kvfit.cli.main()
    assert end.value.code == 130
    said = capsys.readouterr().err
    assert said.startswith("kvfit: stopped; ")
    assert "Traceback" not in said


def test_the_shell_hides_no_other_error_of_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise SystemError("bad call")

    monkeypatch.setattr(kvfit.cli, "app", broken)
    with pytest.raises(SystemError, match="bad call"):
        kvfit.cli.main()


def test_a_batch_keeps_no_failure(tmp_path: Path) -> None:
    job = Job(stopped_in_compiled_code, {}, "stopped", Inputs())
    with pytest.raises(KeyboardInterrupt):
        execute(job, tmp_path)
    assert not list(tmp_path.rglob("*.json"))
