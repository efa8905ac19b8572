"""Empirical puzzles: claims and sweeps on made-up numbers, and the pattern of each script with the rivals that lack it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from analysis_scripts import load_analysis
from matplotlib.figure import Figure

from kvfit.puzzles import (
    Claim,
    Puzzle,
    Results,
    against_rivals,
    answer_words,
    has_pattern,
    judge,
    run,
    share_by_value,
    sweep,
    sweep_words,
    verdict,
)

#: The memory that shows the pattern, then of every other one words of a claim that fails; None: it shows the pattern too.
PATTERNS: dict[str, tuple[str, dict[str, str | None]]] = {
    "list_before_last": ("indelible (Hebb)", {"decaying": "in between", "fixed size": "in between", "erasing": None}),
    "accessibility_precision": ("one trace is retrieved", {"values are blended": "precise", "values fade": "precise"}),
    "interference_recovery": (
        "indelible (Hebb)",
        {"erasing": "B comes back", "delta rule, linear read": "B comes back"},
    ),
    "extinction_reminder": (
        "indelible (Hebb)",
        {
            "erasing": "with delay",
            "delta rule, linear read": "reminder",
            "delta rule, keys of the cue alone": "renewed",
        },
    ),
    "context_generalisation": (
        "indelible, detail and gist",
        {"detail fades, and gist": "specific again", "indelible, detail alone": "shown in another place"},
    ),
    "feeling_of_knowing": (
        "key match",
        {
            "target retrieved": "another target for the cue raises",
            "any value retrieved": "cue alone raises",
            "key match, erasing store": None,
        },
    ),
    "familiarity_without_recollection": (
        "keys and values, values damaged",
        {"keys and values, keys damaged": "spared", "one pattern, damaged": "spared"},
    ),
}


def found(name: str, seed: int = 3, n_replicates: int = 12, **changed: float) -> pd.DataFrame:
    """Claims of a script, judged with some parameters changed."""
    puzzle = load_analysis(name).PUZZLE
    parameters = replace(puzzle.parameters, **changed)
    return judge(puzzle.simulate(parameters, n_replicates, np.random.default_rng(seed)), puzzle.claims)


def outcome(judged: pd.DataFrame, memory: str, words: str) -> Any:
    """The row of the memory's claim that says these words."""
    rows = judged[(judged["memory"] == memory) & judged["claim"].str.contains(words, regex=False)]
    assert len(rows) == 1
    return rows.iloc[0]


@pytest.mark.parametrize("name", PATTERNS)
def test_the_pattern_and_the_rivals_without_it(name: str) -> None:
    judged = found(name)
    first, rivals = PATTERNS[name]
    held = has_pattern(judged)
    assert list(held) == [first, *rivals]
    assert held[first]
    for rival, words in rivals.items():
        assert held[rival] == (words is None)
        if words is not None:
            assert not outcome(judged, rival, words)["holds"]


@pytest.mark.parametrize("name", PATTERNS)
def test_the_seed_decides_everything_and_the_picture_is_drawn(name: str) -> None:
    puzzle = load_analysis(name).PUZZLE
    results, again = (puzzle.simulate(puzzle.parameters, 2, np.random.default_rng(1)) for _ in range(2))
    for memory, conditions in results.items():
        for condition, values in conditions.items():
            assert values.shape == (2,)
            np.testing.assert_array_equal(values, again[memory][condition])
    parameter = next(iter(puzzle.grid))
    rows = [{parameter: x, "memory": m, "holds": False, "failed": "x"} for m in results for x in puzzle.grid[parameter]]
    swept = pd.DataFrame(rows).assign(**{name: 1.0 for name in puzzle.grid if name != parameter})
    drawing = puzzle.draw(results, swept)
    # the mixture of places has a precision that the picture shows relative to the first day
    assert len(drawing.axes) == len(results) + 1
    for axes in drawing.axes[:-1]:
        assert len(axes.containers) >= 2


def test_grids_vary_parameters_that_exist() -> None:
    for name in PATTERNS:
        puzzle = load_analysis(name).PUZZLE
        assert all(hasattr(puzzle.parameters, parameter) for parameter in puzzle.grid)


def test_alike_contexts_make_the_list_in_between_matter() -> None:
    # Jang & Huber (2008): without recall between the lists the length of both counts
    judged = found("list_before_last", list_similarity=0.9)
    assert outcome(judged, "indelible (Hebb)", "in between")["outcome"] == "more"
    # where nothing is omitted decay leaves the competition within a list as it was
    assert outcome(found("list_before_last", threshold=0.0), "decaying", "in between")["outcome"] == "none"


def test_the_mixture_finds_its_parameters() -> None:
    script = load_analysis("accessibility_precision")
    rng = np.random.default_rng(0)
    n, shares, kappas = 20000, np.array([0.7, 0.3]), np.array([8.0, 20.0])
    errors = np.stack(
        [
            np.where(rng.random(n) < share, rng.vonmises(0.0, kappa, n), rng.uniform(-np.pi, np.pi, n))
            for share, kappa in zip(shares, kappas, strict=True)
        ]
    )
    share, kappa = script.fit_mixture(errors)
    np.testing.assert_allclose(share, shares, atol=0.015)
    np.testing.assert_allclose(kappa, kappas, rtol=0.08)


def test_the_delta_rule_protects_some_of_what_contexts_tell_apart() -> None:
    # extinction in another place leaves the first place excitatory under Rescorla & Wagner's rule: it too renews
    judged = found("extinction_reminder")
    assert outcome(judged, "delta rule, linear read", "renewed")["holds"]
    assert not outcome(judged, "delta rule, keys of the cue alone", "renewed")["holds"]


def test_erasure_needs_keys_that_match() -> None:
    alone = outcome(found("interference_recovery"), "erasing", "B comes back")
    assert alone["outcome"] == "none"
    apart = outcome(
        found("interference_recovery", gain=15.0, list_similarity=0.2, threshold=0.6), "erasing", "B comes back"
    )
    assert apart["outcome"] == "more"


@dataclass(frozen=True)
class Toy:
    """Effect of one condition in a made-up simulation."""

    effect: float = 1.0
    noise: float = 0.1


CLAIM = Claim("a exceeds b", lambda of: of["a"] - of["b"], margin=0.5)


def toy(parameters: Toy, n_replicates: int, rng: np.random.Generator) -> Results:
    """Two memories, one of which has the effect."""
    noise = parameters.noise * rng.standard_normal(n_replicates)
    nothing = np.zeros(n_replicates)
    return {"has": {"a": parameters.effect + noise, "b": nothing}, "lacks": {"a": 0.0 + noise, "b": nothing}}


@pytest.mark.parametrize(
    ("mean", "error", "said"),
    [(1.0, 0.1, "more"), (0.6, 0.1, "unclear"), (0.1, 0.1, "none"), (-0.2, 0.2, "unclear"), (-1.0, 0.1, "less")],
)
def test_outcomes_leave_room_for_error(mean: float, error: float, said: str) -> None:
    assert CLAIM.outcome(mean, error) == said


def test_judgement_and_verdict() -> None:
    judged = judge({"m": {"a": np.array([1.0, 2.0, 3.0]), "b": np.zeros(3)}}, [CLAIM, replace(CLAIM, expected="none")])
    np.testing.assert_allclose(judged["difference"], 2.0)
    np.testing.assert_allclose(judged["error"], 1.0 / np.sqrt(3.0))
    assert list(judged["outcome"]) == ["more", "more"]
    assert list(judged["holds"]) == [True, False]
    assert verdict(judged).splitlines() == [
        "m: does not show the published pattern (1 of 2 claims)",
        "  not shown: a exceeds b: it is there (difference 2.000 ± 0.577, counted as none up to 0.5)",
    ]
    assert verdict(judged[:1]) == "m: shows the published pattern (1 of 1 claims)"


@pytest.mark.parametrize("values", [[1.0], [1.0, np.nan], []])
def test_too_few_or_impossible_values_are_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="m, 'a exceeds b': differences must be finite and two or more"):
        judge({"m": {"a": np.array(values), "b": np.zeros(len(values))}}, [CLAIM])


def test_sweep_counts_settings_and_what_fails() -> None:
    swept = sweep(toy, Toy(), {"effect": (0.0, 1.0, 2.0), "noise": (0.01, 0.02)}, [CLAIM], 4, 0, show=False)
    assert list(swept.columns) == ["effect", "noise", "memory", "holds", "failed"]
    assert len(swept) == 12
    shares = share_by_value(swept)
    np.testing.assert_allclose(shares["has"], [2 / 3, 0, 1, 1, 2 / 3, 2 / 3])
    np.testing.assert_allclose(shares["lacks"], 0)
    assert list(shares.index[:4]) == ["all settings", "effect = 0", "effect = 1", "effect = 2"]
    assert sweep_words(swept).splitlines()[:4] == [
        "has: pattern in 4 of 6 settings", "  not shown in 2: a exceeds b: it is not there",
        "lacks: pattern in 0 of 6 settings", "  not shown in 6: a exceeds b: it is not there",
    ]  # fmt: skip


def of_settings(**shows: str) -> pd.DataFrame:
    """A sweep in which each memory shows the pattern in the settings marked with an x."""
    rows = [
        {"setting": float(i), "memory": memory, "holds": marks[i] == "x", "failed": ""}
        for i in range(len(next(iter(shows.values()))))
        for memory, marks in shows.items()
    ]
    return pd.DataFrame(rows)


def test_the_answer_counts_every_setting_of_both_sides() -> None:
    swept = of_settings(account="xxx..", never=".....", rival="x..x.", other="..xxx")
    found = against_rivals(swept).set_index("rival")
    assert found.loc["never"].tolist() == [3, 0, 0, 5]
    assert found.loc["rival"].tolist() == [2, 1, 1, 5]
    assert found.loc["other"].tolist() == [2, 1, 2, 5]
    assert answer_words(swept).splitlines() == [
        "For account: it shows the pattern in 3 of 5 settings, never in none.",
        "Depends on the settings: of 5, account alone shows the pattern in 2, rival alone in 1, both in 1.",
        "Depends on the settings: of 5, account alone shows the pattern in 2, other alone in 2, both in 1.",
    ]


@pytest.mark.parametrize(
    ("account", "rival", "said"),
    [
        ("...", "...", "Not decided: neither account nor rival shows the pattern in any of 3 settings."),
        ("...", "x.x", "Against account: rival shows the pattern in 2 of 3 settings, account in none."),
        (
            "x..",
            "x..",
            "Depends on the settings: of 3, account alone shows the pattern in 0, rival alone in 0, both in 1.",
        ),
    ],
)
def test_the_answer_can_go_against_the_account(account: str, rival: str, said: str) -> None:
    assert answer_words(of_settings(account=account, rival=rival)) == said


def test_run_writes_and_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    puzzle = Puzzle("toy", "a exceeds b", Toy(), toy, (CLAIM,), {"effect": (0.0, 2.0)}, lambda results, swept: Figure())
    arguments = ["--output", str(tmp_path / "new"), "--replicates", "5", "--sweep-replicates", "3", "--seed", "4"]
    said = run(puzzle, "Toy.", arguments)
    assert "has: shows the published pattern (1 of 1 claims)" in said
    assert "has: pattern in 1 of 2 settings" in said
    assert "For has: it shows the pattern in 1 of 2 settings, lacks in none." in said
    tables = {path.name: path.read_text() for path in (tmp_path / "new").glob("*.csv")}
    assert sorted(tables) == ["toy.csv", "toy_claims.csv", "toy_sweep.csv"]
    assert (tmp_path / "new" / "toy.png").stat().st_size > 0
    assert pd.read_csv(tmp_path / "new" / "toy.csv")["replicates"].eq(5).all()
    run(puzzle, "Toy.", arguments)
    assert {path.name: path.read_text() for path in (tmp_path / "new").glob("*.csv")} == tables
    with pytest.raises(SystemExit):
        run(puzzle, "Toy.", ["--replicates", "1"])
    assert "must be 2 or more" in capsys.readouterr().err
