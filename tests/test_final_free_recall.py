"""The analysis of final free recall: what is counted, and what is said of known losses."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from analysis_scripts import load_analysis
from study_lists import study_table

import kvfit as kv


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_analysis("final_free_recall")


def session(final: dict[tuple[int, int, int], int]) -> kv.FreeRecallData:
    """Two people with two lists of 4, whose last word is recalled at first; words of `final` came back at the end."""
    table = study_table(2, 2, (4,))
    key = list(zip(table["subject"], table["list"], table["position"], strict=True))
    table["ffr_recalled"] = np.where(table["trial_type"] == "study", [final.get(k, 0) for k in key], np.nan)
    return kv.read_free_recall(table)


def test_words_carry_their_history(script: ModuleType) -> None:
    words = script.words(session({(1, 1, 4): 1, (2, 2, 1): 1}))
    assert len(words) == 16
    assert words.loc[words["recalled"], "position"].tolist() == [4, 4, 4, 4]
    back = words[words["final"] == 1]
    assert back[["person", "order", "position", "recalled", "words_after"]].to_numpy().tolist() == [
        [0, 1, 4, True, 4],
        [1, 2, 1, False, 3],
    ]


def test_shares_count_words_and_resample_people(script: ModuleType) -> None:
    words = script.words(session({(1, 1, 4): 1, (1, 2, 4): 1, (2, 2, 1): 1}))
    found = script.shares(words, ["recalled"]).set_index("recalled")
    assert found.loc[True, "share"] == pytest.approx(2 / 4)
    assert found.loc[False, "share"] == pytest.approx(1 / 12)
    assert found["words"].to_dict() == {False: 12, True: 4}
    # one person recalled all such words and the other none: two people say nothing about where the share lies
    assert found.loc[True, ["lower", "upper"]].tolist() == [0.0, 1.0]


def test_data_without_final_recall_are_refused(script: ModuleType) -> None:
    with pytest.raises(ValueError, match="no final recall"):
        script.words(kv.read_free_recall(study_table(1, 1, (4,))))


def simulated_words(share: dict[bool, float], rate: float, floor: float) -> pd.DataFrame:
    """40 people, 16 lists of 10 words, of which those recalled at first come back with another share."""
    rng = np.random.default_rng(8)
    person, order, position = (index.ravel() for index in np.indices((40, 16, 10)))
    after = (15 - order) * 10 + 9 - position
    recalled = rng.random(person.size) < 0.5
    p = np.where(recalled, share[True], share[False]) * (floor + (1 - floor) * np.exp(-rate * after / 100))
    third = np.array(["first", "middle", "last"])[np.minimum(position // 4, 2)]
    return pd.DataFrame(
        {
            "person": person, "order": order + 1, "position": position + 1, "third": third, "words_after": after,
            "recalled": recalled, "final": (rng.random(person.size) < p).astype(int),
        }
    )  # fmt: skip


def test_ratio_of_early_to_late_words(script: ModuleType) -> None:
    words = simulated_words({True: 0.8, False: 0.4}, rate=1.5, floor=0.0)
    found = script.early_over_late(words, words["order"] <= 4, words["order"] > 12).set_index("words")
    # four lists against four, 120 words apart: a loss of exp(-1.8) for words of either kind
    for kind in script.KINDS.values():
        assert found.loc[kind, "lower"] < np.exp(-1.8) < found.loc[kind, "upper"]
    assert found.loc["not recalled over recalled", "lower"] < 1.0 < found.loc["not recalled over recalled", "upper"]


@pytest.mark.parametrize("floor", [0.0, 0.3])
def test_shape_of_loss_tells_a_floor_from_none(script: ModuleType, floor: float) -> None:
    found = script.shapes_of_loss(simulated_words({True: 0.9, False: 0.5}, rate=4.0, floor=floor))
    gain = found[found["loss"] == "exponential to a floor"].set_index("words")["lower"]
    assert (gain > 5.0).tolist() == [floor > 0] * 2


def test_section_of_a_page(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    words = simulated_words({True: 0.8, False: 0.4}, rate=1.5, floor=0.0).assign(
        list_length=lambda t: 12 * (1 + t["order"] % 2)
    )
    monkeypatch.setattr(script, "words", lambda data: words)
    section = script.final_recall_section(None)
    shares, ratios = (table.frame for table in section.tables)
    assert shares["recalled"].tolist() == ["not recalled at first", "recalled at first"]
    assert shares["share"].is_monotonic_increasing
    assert ratios["of"].value_counts().to_dict() == dict.fromkeys(script.RATIOS, 3)
    (drawing,) = section.figures
    panels = drawing.figure.axes
    assert [panel.get_ylabel() for panel in panels if panel.get_ylabel()] == [
        "p(final recall | recalled at first)",
        "p(final recall | not recalled at first)",
    ]
    # two list lengths in each panel
    assert [len(panel.lines) for panel in panels] == [2] * 4


@pytest.mark.shared
def test_published_shares(script: ModuleType, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KVFIT_DATA", str(shared / "data"))
    found = script.shares(script.words(kv.load("pazdera_kahana2023")), ["recalled"]).set_index("recalled")
    assert found["share"].round(3).to_dict() == {False: 0.033, True: 0.265}
