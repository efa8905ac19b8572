"""Features of recall that say where primacy comes from, counted by hand."""

import importlib
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from analysis_scripts import ANALYSES
from study_lists import study_table

import kvfit as kv


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ANALYSES)
        yield importlib.import_module("primacy_features")


def test_features_are_those_that_can_be_counted_by_hand(script: ModuleType) -> None:
    # one person, two lists of 8: 8 1 2 6 7 3 and 2 3 8
    study = study_table(1, 2, (8,))
    orders = {1: [8, 1, 2, 6, 7, 3], 2: [2, 3, 8]}
    recalls = [
        (1, label, "recall", output, f"w1_{label}_{position}")
        for label, order in orders.items()
        for output, position in enumerate(order, start=1)
    ]
    table = pd.concat(
        [study[study["trial_type"] == "study"], pd.DataFrame(recalls, columns=study.columns)], ignore_index=True
    )
    data = kv.read_free_recall(table)
    found = {name: float(value(data.responses)[0]) for name, value in script.features(data).items()}
    assert list(found.values())[:4] == [0.5, 0.5, pytest.approx(5 / 6), 0.5]
    # steps of +1: 1-2, 6-7 and 2-3, of five that could have been: from 1, 2 and 6, and in the second list from 2 and 3; not
    # from 8, behind which nothing was studied, nor from 7, behind which 8 had been recalled
    assert found["lag-CRP at +1"] == pytest.approx(3 / 5)


def test_shares_of_nothing_are_missing(script: ModuleType) -> None:
    found = script.share_by_person(np.array([0, 1]), np.array([0, 2]), np.array([0, 1]))
    assert np.isnan(found[0])
    assert found[1] == 0.5
