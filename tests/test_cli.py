"""The command line: what a user types, and what wrong input answers."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

SMALL = ["--draws", "40", "--tune", "60", "--chains", "2", "--quiet"]


def kvfit(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kvfit.cli", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(1)
    rows = []
    for subject in ("ann", "bob"):
        for label in (1, 2, 3):
            words = [f"w{label}{i}" for i in range(6)]
            rows += [(subject, label, "study", i + 1, w) for i, w in enumerate(words)]
            rows += [(subject, label, "recall", i + 1, w) for i, w in enumerate(rng.permutation(words)[:3])]
    path = tmp_path_factory.mktemp("data") / "mine.csv"
    pd.DataFrame(rows, columns=["subject", "list", "trial_type", "position", "item"]).to_csv(path, index=False)
    return path


def test_help_does_not_load_the_heavy_libraries(tmp_path: Path) -> None:
    code = (
        "import sys, kvfit, kvfit.cli; heavy = {'pandas', 'pymc', 'pytensor', 'arviz', 'numba', 'matplotlib', 'scipy'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
    answer = kvfit("--help", cwd=tmp_path)
    assert answer.returncode == 0
    for command in ("models", "data", "fit", "compare", "report", "simulate", "demo"):
        assert command in answer.stdout


def test_models_are_listed_and_described(tmp_path: Path) -> None:
    listed = kvfit("models", cwd=tmp_path).stdout
    for name in ("kv_recall", "cmr", "tcm", "serial_position", "random_recall"):
        assert name in listed
    described = kvfit("models", "cmr", cwd=tmp_path).stdout
    assert "beta_enc" in described
    published = described.partition("Published forms (form=NAME stands for the options)")[2]
    assert "morton_polyn_2016" in published
    assert "separation=softmax, temperature=free, stopping=exponential" in published
    assert "Kragel, Morton & Polyn (2015)" in published


def test_wrong_input_is_one_message_and_exit_code_2(table: Path, tmp_path: Path) -> None:
    cases = {
        ("fit", "cmmr", "-d", str(table)): "did you mean cmr",
        ("fit", "cmr(stopping=never)", "-d", str(table)): "expected one of position",
        ("fit", "cmr", "-d", "no_such_set"): "peers_notask",
        ("fit", "cmr", "-d", "missing.csv"): "missing.csv",
        ("compare", "cmr", "-d", str(table), "--target-accept", "3"): "target_accept",
        ("simulate", "random_recall", "-d", str(table), "-o", "x.csv", "--set", "stop_slope"): "expected name=value",
        ("report", str(tmp_path)): "not a fit",
    }
    for arguments, expected in cases.items():
        answer = kvfit(*arguments, cwd=tmp_path)
        assert answer.returncode == 2, arguments
        assert expected in answer.stderr, (arguments, answer.stderr)
        assert "Traceback" not in answer.stderr
    assert not (tmp_path / "fits").exists()


def test_check_lists_every_problem(table: Path, tmp_path: Path) -> None:
    good = kvfit("data", "check", str(table), cwd=tmp_path)
    assert good.returncode == 0
    assert "no problems" in good.stdout
    bad = pd.read_csv(table)
    bad.loc[3, "position"] = 77
    bad.loc[10, "trial_type"] = "lunch"
    bad.to_csv(tmp_path / "bad.csv", index=False)
    answer = kvfit("data", "check", "bad.csv", cwd=tmp_path)
    assert answer.returncode == 2
    assert "lunch" in answer.stderr
    assert "77" in answer.stderr


def test_check_of_recognition_trials(tmp_path: Path) -> None:
    trials = pd.DataFrame({"who": ["a"] * 4, "target": [1, 1, 0, 0], "sure": [6, 4, 1, 3], "word": list("wxyz")})
    trials.to_csv(tmp_path / "trials.csv", index=False)
    options = ["--task", "recognition", "--column", "subject=who", "--column", "response=sure"]
    good = kvfit("data", "check", "trials.csv", *options, "--scale", "1-6", cwd=tmp_path)
    assert good.returncode == 0, good.stderr
    assert "no problems" in good.stdout
    assert "4 to 6 mean old" in good.stdout
    unknown = kvfit("data", "check", "trials.csv", *options, cwd=tmp_path)
    assert unknown.returncode == 2
    assert "--scale 1-6 if 1 means sure new" in unknown.stderr
    for wrong, said in (
        (["--task", "free_recall", "--scale", "1-6"], "--scale: for recognition alone"),
        (["--task", "cued"], "expected free_recall or"),
    ):
        answer = kvfit("data", "check", "trials.csv", *wrong, cwd=tmp_path)
        assert answer.returncode == 2
        assert said in answer.stderr


def test_compare_simulate_and_report(table: Path, tmp_path: Path) -> None:
    answer = kvfit(
        "compare", "random_recall", "random_recall(stopping=exponential)", "-d", str(table), *SMALL,
        "--report", "page.html", "-o", "table.csv", cwd=tmp_path,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert "Report:" in answer.stdout
    assert (tmp_path / "page.html").stat().st_size > 20_000
    assert len(pd.read_csv(tmp_path / "table.csv")) == 2
    folders = sorted(str(f) for f in (tmp_path / "fits").iterdir())
    assert len(folders) == 2
    again = kvfit(
        "report", *folders, "-o", "again.html", "--unit", "participant", "--predictive-draws", "20", "--quiet",
        cwd=tmp_path,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert "new person" in (tmp_path / "again.html").read_text(encoding="utf-8")
    simulated = kvfit(
        "simulate", "random_recall", "-d", str(table), "-o", "sim.csv", "--set", "stop_slope=0.2", "--seed", "4",
        cwd=tmp_path,
    )  # fmt: skip
    assert simulated.returncode == 0, simulated.stderr
    assert kvfit("data", "check", "sim.csv", cwd=tmp_path).returncode == 0


def test_evidence_from_the_shell(table: Path, tmp_path: Path) -> None:
    answer = kvfit(
        "evidence", "random_recall", "random_recall(stopping=exponential)", "-d", str(table), "-o", "evidence.csv",
        "--method", "laplace", "--quiet", cwd=tmp_path,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert "protected exceedance probability" in answer.stdout
    found = pd.read_csv(tmp_path / "evidence.csv")
    assert sorted(found["participant"].tolist()) == ["ann", "ann", "bob", "bob"]
    for wrong, said in (
        (("evidence", "random_recall", "-d", str(table)), "expected at least two"),
        (("compare", "random_recall", "-d", str(table), "--refit"), "--refit: only with --unit participant"),
        (("compare", "random_recall", "-d", str(table), "--unit", "people"), "--unit: expected trial or participant"),
        (
            ("compare", "random_recall", "-d", str(table), "--unit", "participant", "--pooling", "none"),
            "needs persons from one population",
        ),
    ):
        refused = kvfit(*wrong, cwd=tmp_path)
        assert refused.returncode == 2
        assert said in refused.stderr


def test_maximum_likelihood_from_the_shell(table: Path, tmp_path: Path) -> None:
    answer = kvfit("fit", "random_recall", "-d", str(table), "--method", "ml", "-o", "ml.csv", "--quiet", cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    estimates = pd.read_csv(tmp_path / "ml.csv")
    assert estimates["subject"].tolist() == ["ann", "bob"]
    assert "starts ended at a finite optimum" in answer.stdout
    used = kvfit("simulate", "random_recall", "-d", str(table), "-o", "s.csv", "--parameters", "ml.csv", cwd=tmp_path)
    assert used.returncode == 0, used.stderr
