"""Ctrl-C ends a command in one sentence and never leaves a shorter posterior as a finished fit."""

import sys
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pymc as pm
import pytest
import xarray as xr

from kvfit import cli, registry, store
from kvfit.inference import sampling
from kvfit.inference.settings import FitSettings


def stopped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What `kvfit models` says when it is stopped."""

    def stop(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["kvfit", "models"])
    monkeypatch.setattr(registry, "installed", stop)
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
    out, said = capsys.readouterr()
    assert out == ""
    assert len(said.splitlines()) == 1
    return said


def test_the_shell_says_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cases 28 of the issue: typer turns the signal into an exit code, and says nothing."""
    monkeypatch.setattr(store, "_used", {})
    assert "stopped; nothing is kept" in stopped(monkeypatch, capsys)
    store.prepare(tmp_path / "fits")
    said = stopped(monkeypatch, capsys)
    assert f"finished fits are kept in {tmp_path / 'fits'}, the same command goes on from there" in said


def test_what_was_set_aside_is_said_in_one_line() -> None:
    warning = store.StoreWarning("fits/a: damaged; moved to fits/set-aside/a-1")
    assert cli._one_line(warning, store.StoreWarning, "file.py", 1, "code") == f"kvfit: {warning}\n"
    assert "file.py:1: UserWarning: other" in cli._one_line("other", UserWarning, "file.py", 1, "code")


def test_a_sampler_that_is_stopped_gives_no_posterior(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the foreground nutpie would return the draws so far."""
    nutpie = pytest.importorskip("nutpie")
    done: list[str] = []

    def wait() -> None:
        done.append("waited")
        raise KeyboardInterrupt

    def sample(*given: object, **options: Any) -> SimpleNamespace:
        assert options["blocking"] is False
        return SimpleNamespace(wait=wait, cancel=lambda: done.append("cancelled"))

    monkeypatch.setattr(sampling, "COMPILED", SimpleNamespace(compiled=lambda model: None))
    monkeypatch.setattr(nutpie, "sample", sample)
    with pytest.raises(KeyboardInterrupt):
        sampling.sample_posterior(pm.Model(), FitSettings(), show_progress=False)
    assert done == ["waited", "cancelled"]


@pytest.mark.parametrize(("chains", "draws"), [(4, 999), (3, 1000)])
def test_a_shorter_posterior_is_none(chains: int, draws: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyMC returns the draws so far, too."""
    found = xr.DataTree.from_dict({"/posterior": xr.Dataset({"x": (("chain", "draw"), np.zeros((chains, draws)))})})
    monkeypatch.setattr(pm, "sample", lambda **options: found)
    with pytest.raises(KeyboardInterrupt):
        sampling.sample_posterior(pm.Model(), FitSettings(sampler="pymc"), show_progress=False)
    whole = FitSettings(sampler="pymc", chains=chains, draws=draws)
    assert sampling.sample_posterior(pm.Model(), whole, show_progress=False) is found
