"""psifr's scored tables: turned back into study and recall rows (case 07 of the issue)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from recall_tables import list_table, stack

import kvfit as kv
from kvfit.tasks.which_task import find_task

ROWS = """subject,list,item,input,output,study,recall,repeat,intrusion
1,1,apple,1,2,True,True,0,False
1,1,candle,2,,True,False,0,False
1,1,engine,3,1,True,True,0,False
1,1,engine,3,4,False,True,1,False
1,1,pepper,,3,False,True,0,True
1,2,hammer,1,1,True,True,0,False
1,2,needle,2,,True,False,0,False
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "scores.csv").write_text(ROWS)
    return tmp_path / "scores.csv"


def test_is_read_as_it_was_scored(path: Path) -> None:
    assert find_task(path) == "free_recall"
    for source in (path, pd.read_csv(path), pd.read_csv(path).drop(columns=["study", "recall", "repeat", "intrusion"])):
        data = kv.read_free_recall(source)
        # list 1: engine, apple, an intrusion, engine again; list 2: hammer
        assert data.responses.tolist() == [[3, 1, -1, 3], [1, 0, 0, 0]]
        assert data.items.tolist() == [["apple", "candle", "engine"], ["hammer", "needle", ""]]
        counted = data.lists[["list_length", "n_scored", "n_repeats", "n_intrusions"]]
        assert counted.to_numpy().tolist() == [[3, 2, 1, 1], [2, 1, 0, 0]]
        assert set(data.lists.columns) & {"study", "recall", "repeat", "intrusion", "input", "output"} == set()


def test_own_names(path: Path) -> None:
    table = pd.read_csv(path).rename(columns={"input": "pos_in", "output": "pos_out"})
    data = kv.read_free_recall(table, columns={"input": "pos_in", "output": "pos_out"})
    assert data.responses.tolist() == [[3, 1, -1, 3], [1, 0, 0, 0]]


def test_an_intrusion_from_two_lists_is_one_response(path: Path) -> None:
    """psifr writes a row for every other list in which an intrusion was studied."""
    table = pd.read_csv(path).assign(prior_list=np.nan, prior_input=np.nan)
    copy = table.iloc[[4]].assign(prior_list=1.0, prior_input=2.0)
    assert kv.read_free_recall(stack(table, copy)).responses.tolist() == [[3, 1, -1, 3], [1, 0, 0, 0]]


def test_columns_stand_where_they_belong(path: Path) -> None:
    table = pd.read_csv(path).assign(pace=["slow"] * 5 + ["fast"] * 2)
    table["onset"] = table["output"] * 1.5
    table["kind"] = np.where(table["study"], "noun", None)
    data = kv.read_free_recall(table)
    assert data.lists["pace"].tolist() == ["slow", "fast"]
    study = data.events["trial_type"] == "study"
    assert data.events.loc[study, "onset"].isna().all()
    assert data.events.loc[~study, "onset"].tolist() == [1.5, 3.0, 4.5, 6.0, 1.5]
    assert data.events.loc[study, "kind"].tolist() == ["noun"] * 5
    assert "onset" not in data.lists


def codes(table: pd.DataFrame, **options: object) -> dict[str, list[object]]:
    return {one.code: [place.row for place in one.places] for one in kv.check_file(table, **options)}


def test_contradictions_are_told(path: Path) -> None:
    table = pd.read_csv(path).astype(object)
    table.loc[1, "recall"] = True  # candle was not recalled
    assert codes(table) == {"scored_flags": [1]}
    table = pd.read_csv(path)
    table.loc[5, "study"] = False
    assert codes(table)["scored_flags"] == [5]
    table = pd.read_csv(path).astype(object)
    table.loc[0, "output"] = "second"
    assert codes(table)["position_not_whole"] == [0]
    (problem,) = kv.check_file(pd.read_csv(path).drop(columns="item"))
    assert (problem.code, "'item'" in problem.what) == ("missing_column", True)


def test_an_item_that_is_not_that_of_its_position(path: Path) -> None:
    table = pd.read_csv(path)
    table.loc[3, "item"] = "apple"  # the repeat, at position 3
    assert codes(table) == {"positions_disagree": [3]}
    with pytest.warns(UserWarning, match="'apple' at position 3, where 'engine' was studied"):
        trusted = kv.read_free_recall(table, trust_positions=True)
    assert trusted.responses.tolist() == [[3, 1, -1, 3], [1, 0, 0, 0]]
    with pytest.warns(UserWarning, match="disagree"):
        dropped = kv.read_free_recall(table, faulty_lists="drop")
    assert dropped.responses.tolist() == [[1]]
    assert dropped.n_left_out == 1


def test_what_psifr_makes_of_events(tmp_path: Path) -> None:
    psifr = pytest.importorskip("psifr.fr")
    events = stack(list_table(1, 1, 5, [5, 4, 0, 5]), list_table(1, 2, 4, []), list_table(2, 1, 4, [1, 2, 3, 4]))
    # a response from list 1, in list 2 of the same person
    events.loc[len(events)] = [1, 2, "recall", 1, "w1-1-2"]
    data = kv.read_free_recall(events)
    psifr.merge_free_recall(events).to_csv(tmp_path / "merged.csv", index=False)
    merged = kv.read_free_recall(tmp_path / "merged.csv")
    assert merged.fingerprint == data.fingerprint
    np.testing.assert_array_equal(merged.responses, data.responses)
    np.testing.assert_array_equal(merged.items, data.items)
