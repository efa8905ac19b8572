"""Options that are numbers: any number of a range, one label for one number, errors that say the range."""

from typing import Any

import numpy as np
import pytest

from kvfit import cli
from kvfit.number_option import NumberOption
from kvfit.registry import ModelError, Option, families, get_model

ONE_MODEL = [
    ("rem", ["rem(c=.70)", "rem(c=0.7)", "rem(n_features=20.0, g=4e-1)", "rem(c=0.7, criteria_by=none)"]),
    ("rem(c=0.72)", ["rem(c=.72)", "rem( c = 0.720 )", "rem(c=72e-2, n_features=20)"]),
    ("minerva2(n_features=20)", ["minerva2(n_features=20.0)", "minerva2(n_features=2e1)"]),
]


@pytest.mark.parametrize(("label", "spellings"), ONE_MODEL)
def test_one_number_has_one_label(label: str, spellings: list[str]) -> None:
    assert {get_model(spec).label for spec in (label, *spellings)} == {label}


def test_numbers_come_from_python_too() -> None:
    assert get_model("rem", c=np.float64(0.72), n_features=np.int64(25)).label == "rem(c=0.72, n_features=25)"
    assert get_model("rem", c=0.7, n_features=20).label == "rem"
    # exact: the label is read back as the same number
    assert get_model(get_model("rem", c=0.1 + 0.2).label).options == {"c": 0.1 + 0.2}


def test_labels_from_before_numbers_were_free_stay() -> None:
    """They are names of stored fits."""
    for label in ("rem(c=0.8)", "rem(g=0.35)", "rem(n_features=30)", "minerva2(features=trinary, n_features=20)"):
        assert get_model(label).label == label


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("rem(c=2)", "option c: expected a number from {c.low:g} to {c.high:g}; found 2.0"),
        ("rem(c=nan)", "option c: expected a number from {c.low:g} to {c.high:g}; found nan"),
        ("rem(c=inf)", "option c: expected a number from {c.low:g} to {c.high:g}; found inf"),
        ("rem(c=true)", "option c: expected a number from {c.low:g} to {c.high:g}; found True"),
        ("rem(c=high)", "option c: expected a number from {c.low:g} to {c.high:g}; found 'high'"),
        (
            "rem(n_features=20.5)",
            "option n_features: expected a whole number from {n_features.low:g} to {n_features.high:g} (features);"
            " found 20.5",
        ),
    ],
)
def test_errors_say_the_range(spec: str, problem: str) -> None:
    with pytest.raises(ModelError) as caught:
        get_model(spec)
    assert caught.value.problems == [problem.format_map(families()["rem"].options)]


def test_every_wrong_number_is_told_at_once() -> None:
    with pytest.raises(ModelError) as caught:
        get_model("rem(c=2, g=0, n_features=1)")
    assert [problem.split(":")[0] for problem in caught.value.problems] == ["option c", "option g", "option n_features"]


def test_no_menu_stands_for_a_number() -> None:
    """Menus of numbers are for structures: one or two thresholds are two models, and there are no 1.5 of them."""
    menus = {
        f"{name}({key})"
        for name, family in families().items()
        for key, option in family.options.items()
        if isinstance(option, Option)
        and any(isinstance(value, int | float) and not isinstance(value, bool) for value in option.values)
    }
    assert menus == {"threshold(thresholds)"}


@pytest.mark.parametrize(
    ("default", "low", "high", "whole"),
    [(2.0, 0.0, 1.0, False), (0.5, 1.0, 0.0, False), (0.5, 0.0, 1.0, True), (1, 0, float("inf"), False)],
)
def test_a_range_without_its_default_is_no_option(default: Any, low: Any, high: Any, whole: bool) -> None:
    with pytest.raises(ValueError, match="a default between them"):
        NumberOption(default, low, high, "made up", whole=whole)


def test_the_shell_says_ranges(capsys: pytest.CaptureFixture[str]) -> None:
    cli.models("minerva2")
    assert "n_features        whole number from 5 to 200 (features), default 40" in capsys.readouterr().out
