"""Labels that look the same are the same: Unicode forms, blanks and characters that take no room (case 01 of the issue)."""

import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from recall_tables import list_table, stack
from recognition_tables import trial_table

import kvfit as kv
from kvfit.tasks.canonical import canonical, canonical_cells

NFD = unicodedata.normalize("NFD", "Käse")


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        (NFD, "K\u00e4se"),
        ("ice\u00a0cream", "ice cream"),
        ("ice\u202fcream", "ice cream"),
        ("rab\u00adbit", "rabbit"),
        ("rab\u200bbit\ufeff", "rabbit"),
        ("\u200erabbit\u200f", "rabbit"),
        ("rab\u200cbit\u200d", "rabbit"),
        ("\u2764\ufe0f", "\u2764"),
    ],
)
def test_what_looks_the_same_is_written_the_same(written: str, plain: str) -> None:
    assert written != plain
    assert canonical(written) == plain
    assert canonical(plain) == plain


@pytest.mark.parametrize(
    "label",
    [
        "Rabbit ",
        "ice  cream",
        "\ufb01sh",  # a ligature is seen
        "x\u00b2",  # so is an exponent
        "r\u0430bbit",  # a Cyrillic letter looks alike in many fonts, but is another one
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian: without the joiner letters have another form
        "\U0001f469\u200d\U0001f680",  # a woman and a rocket joined are an astronaut
    ],
)
def test_what_looks_different_stays(label: str) -> None:
    assert canonical(label) == label


def test_cells_that_are_no_text_stay() -> None:
    for values in (pd.Series([1, 2]), pd.Series([1.5, np.nan]), pd.Series(["a", None]), pd.Series([True, "a", 3])):
        assert canonical_cells(values) is values
    mixed = canonical_cells(pd.Series([NFD, None, 3], index=[5, 6, 7]))
    assert mixed.tolist()[::2] == ["K\u00e4se", 3]
    assert mixed.isna().tolist() == [False, True, False]
    assert mixed.index.tolist() == [5, 6, 7]
    assert canonical_cells(pd.Series([[1], [2]])).tolist() == ["[1]", "[2]"]


def six_words(path: Path, write: object = lambda word: word) -> Path:
    """Six studied words, four recalls in another writing: outputs 6, 5, 1, 2."""
    words = ["K\u00e4se", "M\u00f6hre", "Hund", "Br\u00fccke", "Zug", "\u00dcbung"]
    rows = [("M\u00fcller", 1, "study", at, word) for at, word in enumerate(words, start=1)]
    recalled = [words[at - 1] for at in (6, 5, 1, 2)]
    rows += [(write("M\u00fcller"), 1, "recall", at, write(word)) for at, word in enumerate(recalled, start=1)]  # type: ignore[operator]
    table = pd.DataFrame(rows, columns=["subject", "list", "trial_type", "position", "item"])
    table["group"] = [write("fr\u00fch") if at % 2 else "fr\u00fch" for at in range(len(table))]  # type: ignore[operator]
    table.to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    "write",
    [
        lambda word: unicodedata.normalize("NFD", word),
        lambda word: word[:2] + "\u00ad" + word[2:],
        lambda word: word + "\u200b",
        lambda word: "\ufeff" + word,
    ],
    ids=["decomposed", "soft hyphen", "zero-width space", "byte order mark"],
)
def test_recalls_participants_and_conditions(tmp_path: Path, write: object) -> None:
    sound = kv.read_free_recall(six_words(tmp_path / "sound.csv"))
    path = six_words(tmp_path / "other.csv", write)
    frame = pd.read_csv(path)
    assert frame["item"].nunique() > 6
    for source in (path, frame):
        data = kv.read_free_recall(source)
        assert data.responses.tolist() == [[6, 5, 1, 2]]
        assert data.lists[["n_scored", "n_intrusions"]].to_numpy().tolist() == [[4, 0]]
        assert data.participants.tolist() == ["M\u00fcller"]
        assert data.lists["group"].tolist() == ["fr\u00fch"]
        assert data.fingerprint == sound.fingerprint


def test_two_writings_of_one_word_in_a_list_are_a_repeated_item() -> None:
    table = list_table(1, 1, 3, [1])
    table["item"] = ["K\u00e4se", NFD, "Zug", "Zug"]
    (problem,) = kv.check_file(table)
    assert problem.code == "repeated_item"


def test_names_of_columns_participants_and_queries() -> None:
    table = stack(list_table("J\u00f6rg", 1, 3, [1, 2]), list_table("Ann", 1, 3, [3]))
    table["gr\u00f6\u00dfe"] = np.where(table["subject"] == "Ann", "klein", "gro\u00df")
    decomposed = {name: unicodedata.normalize("NFD", name) for name in ("gr\u00f6\u00dfe", "J\u00f6rg")}
    table = table.rename(columns={**decomposed, "item": "w\u00f6rt", "list": "list\u200b"})
    data = kv.read_free_recall(table, columns={"item": unicodedata.normalize("NFD", "w\u00f6rt")})
    assert data.select([decomposed["J\u00f6rg"]]).participants.tolist() == ["J\u00f6rg"]
    assert data.select(query=f"{decomposed['gr\u00f6\u00dfe']} == 'klein'").participants.tolist() == ["Ann"]


def test_recognition_compares_items_responses_and_probes() -> None:
    """Two studied and two new words; the test rows write the first studied word and the responses otherwise."""
    test = trial_table("ann", ["nein", "ja"], ["nein", "ja"])
    test["response"] = ["n\u00e4", "j\u00e4", unicodedata.normalize("NFD", "n\u00e4"), "j\u00e4"]
    test["item"] = [NFD, "Zug", "Hund", "Baum"]
    test["old"] = [unicodedata.normalize("NFD", "gr\u00fcn")] * 2 + ["rot"] * 2
    study = test.iloc[:2].assign(phase="study", response=None, item=["K\u00e4se", "Zug"])
    table = stack(study, test.assign(phase="test")).drop(columns="position", errors="ignore")
    data = kv.read_recognition(
        table, scale=[unicodedata.normalize("NFD", "n\u00e4"), "j\u00e4"], old_values=["gr\u00fcn"], conditions=[]
    )
    assert dict(zip(data.trials["item"], data.trials["response"], strict=True)) == {
        "K\u00e4se": 1, "Zug": 2, "Hund": 1, "Baum": 2,
    }  # fmt: skip
    assert dict(zip(data.trials["item"], data.trials["old"], strict=True)) == {
        "K\u00e4se": True, "Zug": True, "Hund": False, "Baum": False,
    }  # fmt: skip
    assert data.studied is not None
    assert set(data.studied["item"]) == {"K\u00e4se", "Zug"}


@pytest.mark.parametrize("header", ["K\u00e4se", NFD])
def test_similarities(tmp_path: Path, header: str) -> None:
    table = list_table(1, 1, 3, [1])
    table["item"] = ["K\u00e4se", "Zug", "ice cream", "K\u00e4se"]
    data = kv.read_free_recall(table)
    path = tmp_path / "similar.csv"
    path.write_text(
        f"item,{header},ice\u00a0cream,Zug\n{NFD},1,.2,.3\nice\u00a0cream,.2,1,.4\nZug,.3,.4,1\n", encoding="utf-8"
    )
    np.testing.assert_array_equal(kv.read_similarity(path, data), [[[1, 0.3, 0.2], [0.3, 1, 0.4], [0.2, 0.4, 1]]])
