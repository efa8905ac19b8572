"""The page on ArviZ runs as printed."""

import re
import warnings
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest

import kvfit as kv

PAGE = Path(__file__).resolve().parents[1] / "docs" / "arviz.md"


def python_blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def test_the_page_runs_as_printed(capsys: pytest.CaptureFixture[str]) -> None:
    blocks, said = python_blocks(), {}
    assert len(blocks) == 4
    names: dict[str, Any] = {}
    for number, block in enumerate(blocks):
        with warnings.catch_warnings():
            if number == 3:  # sampling with PyMC itself
                warnings.filterwarnings("ignore", category=FutureWarning)
            exec(compile(block, str(PAGE), "exec"), names)  # the page is ours
        said[number] = capsys.readouterr().out
    plt.close("all")
    fit = names["fit"]
    ours = float(kv.compare([fit], show_progress=False).table["elpd"].iloc[0])
    assert f"{ours:.1f}"[:5] in said[0]
    assert "population[d_prime]" in said[0]
    assert "240" in said[0]
    # the model with age and one decision rule for all is of the same trials
    tree = names["tree"]
    assert tree["log_likelihood"]["responses"].dims == ("chain", "draw", "trial")
    one = {p.name: tree["posterior"][p.name].to_numpy()[1, 5] for p in names["model"].parameters}
    expected = kv.log_likelihood("evsd", names["data"], one).to_numpy()
    assert tree["log_likelihood"]["responses"].to_numpy()[1, 5] == pytest.approx(expected, rel=1e-9)
    assert {"slope", "level", "spread"} <= set(tree["posterior"].data_vars)
    assert "kvfit's own" in said[3]
