"""Fits are stored only if they can be opened again."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from recall_tables import list_table

import kvfit as kv
from kvfit import store
from kvfit.inference import fit as fitting
from kvfit.store import StoreError

MINE = replace(kv.get_model("tcm"), name="mine")


@pytest.fixture(scope="module")
def data() -> kv.FreeRecallData:
    return kv.read_free_recall(list_table(1, 1, 5, [5, 2]), name="one")


def test_a_model_that_is_not_registered_is_refused_before_sampling(
    data: kv.FreeRecallData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled = []

    def sample(model: Any, *rest: Any) -> Any:
        sampled.append(model)
        return model

    monkeypatch.setattr(fitting, "_sample", sample)
    with pytest.raises(StoreError, match="mine cannot be fitted into a store") as caught:
        kv.fit(MINE, data, store=tmp_path / "fits", show_progress=False)
    assert "entry point" in str(caught.value)
    assert "docs/adding-a-model.md" in str(caught.value)
    assert "without store=" in str(caught.value)
    assert sampled == []
    assert not (tmp_path / "fits").exists()
    assert kv.fit(MINE, data, show_progress=False) is MINE  # type: ignore[comparison-overlap]


def test_a_registered_model_is_looked_up(tmp_path: Path) -> None:
    assert store.find(tmp_path, "tcm(delay=True)", "abc") is None
    folder = tmp_path / store.folder_name("tcm(delay=True)", "abc")
    folder.mkdir()
    (folder / store.MANIFEST).write_text("{}", encoding="utf-8")
    assert store.find(tmp_path, "tcm(delay=True)", "abc") == folder


@pytest.mark.parametrize("label", ["mine", "kv_recall(memory=autoassociative, query=value)"])
def test_a_fit_of_a_model_that_is_gone_says_so(label: str, tmp_path: Path) -> None:
    manifest = {"format": store.FORMAT, "model": label}
    (tmp_path / store.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(StoreError, match="which kvfit cannot use here") as caught:
        kv.open_fit(tmp_path)
    assert label in str(caught.value)
