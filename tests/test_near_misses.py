"""Responses that resemble a studied word are named and never scored (case 17 of the issue)."""

import warnings

import numpy as np
import pandas as pd
import pytest
from recall_tables import list_table, stack

import kvfit as kv
from kvfit.tasks import near_misses
from kvfit.tasks.near_misses import edits, plain_word
from kvfit.tasks.problems import DataWarning, Problem


def lists(*given: tuple[list[str], list[str]]) -> pd.DataFrame:
    """Lists of one participant: the studied words and the responses of each."""
    tables = []
    for label, (studied, said) in enumerate(given, start=1):
        table = list_table(1, label, len(studied), [0] * len(said))
        table["item"] = [*studied, *said]
        tables.append(table)
    return stack(*tables)


def near(table: pd.DataFrame, **options: object) -> list[str]:
    """What the warning of near misses names; empty if there is none."""
    problems: list[Problem] = [one for one in kv.check_file(table, **options) if one.code == "near_miss"]
    assert len(problems) <= 1
    return [place.found for place in problems[0].places] if problems else []


@pytest.mark.parametrize(
    ("first", "second", "n"),
    [
        ("rabbit", "rabbit", 0),
        ("rabbit", "rabbits", 1),
        ("rabbit", "rabit", 1),
        ("rabbit", "ribbit", 1),
        ("umbrella", "umberlla", 1),  # an exchange of neighbours is one edit
        ("umbrella", "umberela", 2),  # an exchange, and a letter less
        ("abcd", "badc", 2),
        ("violin", "", 3),  # more than the most that was asked for
        ("violin", "rabbit", 3),
    ],
)
def test_edits(first: str, second: str, n: int) -> None:
    for one, other in ((first, second), (second, first)):
        assert edits(one, other, 2) == n


def test_plain_word() -> None:
    assert plain_word(" Ice-Cream. ") == "icecream"
    assert plain_word("\ufb01sh") == "fish"
    assert plain_word("K\u00e4se") == "k\u00e4se"


def test_each_response_is_named_with_its_word_and_none_is_scored() -> None:
    table = lists((["umbrella", "rabbit", "pencil", "violin"], ["umberlla", "rabbits", "pencil.", "violin"]))
    with pytest.warns(DataWarning, match="resemble a studied word") as caught:
        data = kv.read_free_recall(table)
    assert len(caught) == 1
    assert data.lists[["n_scored", "n_intrusions"]].to_numpy().tolist() == [[1, 3]]
    assert near(table) == ["'umberlla' for 'umbrella'", "'rabbits' for 'rabbit'", "'pencil.' for 'pencil'"]
    (problem,) = kv.check_file(table)
    assert [place.row for place in problem.places] == [4, 5, 6]


@pytest.mark.parametrize(
    ("response", "studied", "named"),
    [
        ("cat.", "cat", True),
        ("cats", "cat", True),
        ("hat", "cat", False),  # three letters: neighbours are other words
        ("colour", "color", True),
        ("elephnat", "elephant", True),
        ("elefant", "elephant", True),  # two edits in eight letters
        ("tabel", "table", True),
        ("labels", "table", False),  # two edits in six letters
        ("ice cream", "icecream", True),
        ("don\u2019t", "don't", True),
        ("\uff43\uff41\uff54", "cat", True),  # full-width letters
        ("w2", "w1", False),  # codes
        ("word12", "word11", False),
        ("?", "!", False),
    ],
)
def test_what_resembles_a_word(response: str, studied: str, named: bool) -> None:
    table = lists((["violin", studied], ["violin", response]))
    assert near(table) == ([f"{response!r} for {studied!r}"] if named else [])


def test_the_closest_word_is_named() -> None:
    assert near(lists((["marching", "marbling", "parching"], ["marching", "parchint"]))) == [
        "'parchint' for 'parching'"
    ]


def test_words_studied_elsewhere_and_responses_named_for_their_case_are_not_named() -> None:
    table = lists((["rabbit", "violin"], ["rabbits", "Rabbit", "violin"]), (["rabbits", "pencil"], ["pencil"]))
    assert [one.code for one in kv.check_file(table)] == ["near_match"]
    # of another list only
    assert near(lists((["rabbit", "violin"], ["violin"]), (["pencil", "engine"], ["rabbitt", "engine"]))) == []


def test_ignore_case_names_what_remains() -> None:
    table = lists((["Rabbit", "Violin"], ["rabbit", "VIOLINS"]))
    assert near(table, ignore_case=True) == ["'VIOLINS' for 'Violin'"]


def test_work_is_bounded_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pairs in blocks give what pairs at once give; and beyond a number of pairs the warning says that it stopped."""
    rng = np.random.default_rng(1)
    words = ["".join(rng.choice(list("abcdefg"), 5)) for _ in range(40)]
    words = list(dict.fromkeys(words))
    table = lists(*((words[at : at + 6], [words[at], words[at + 1] + "x", "zzzzz"]) for at in range(0, 30, 6)))
    whole = near(table)
    assert whole == [f"'{words[at + 1]}x' for '{words[at + 1]}'" for at in range(0, 30, 6)]
    monkeypatch.setattr(near_misses, "_AT_ONCE", 7)
    assert near(table) == whole
    monkeypatch.setattr(near_misses, "MOST_COMPARED", 2)
    (problem,) = kv.check_file(table)
    assert "only 2 of all pairs" in problem.what
    assert len(problem.places) <= 2


def test_sound_words_raise_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kv.read_free_recall(lists((["rabbit", "violin"], ["violin", "candle"])))
