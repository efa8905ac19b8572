"""The page on adding a model runs: its example is a sound model, and every Python block works as printed."""

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import kvfit as kv

PAGE = Path(__file__).resolve().parents[1] / "docs" / "adding-a-model.md"


def python_blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


@pytest.fixture
def chaining(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The example, imported from a file as a user would."""
    (tmp_path / "chaining.py").write_text(python_blocks()[0], encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("chaining")
    del sys.modules["chaining"]


@pytest.mark.parametrize("stopping", ["position", "match"])
def test_example_is_sound(chaining: Any, stopping: str) -> None:
    report = kv.check_model(chaining.MODEL(stopping=stopping))
    assert report.ok, str(report)


def test_blocks_run_as_printed(chaining: Any, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("psifr", reason="the page uses a data set that psifr installs")
    example, *others = python_blocks()
    assert "MODEL = ModelFamily(" in example
    assert len(others) == 3
    for block in others:
        exec(compile(block, str(PAGE), "exec"), {})  # the page is ours
    printed = capsys.readouterr().out
    assert "chaining: sound, 9 of 9 checks passed" in printed
    assert "first" in printed


def test_entry_points_are_found(chaining: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from kvfit import registry

    class Entry:
        name, value = "chaining", "chaining:MODEL"

        def load(self) -> Any:
            return chaining.MODEL

    monkeypatch.setattr(registry, "entry_points", lambda group: [Entry()] if group == "kvfit.models" else [])
    registry.installed.cache_clear()
    try:
        assert kv.get_model("chaining(stopping=match, keep=0.5)").label == "chaining(keep=0.5, stopping=match)"
        assert "kv_recall" in registry.families()
    finally:
        registry.installed.cache_clear()
