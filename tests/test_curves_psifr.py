"""Summary curves equal psifr's to 1e-12 on human data, repeats and intrusions included."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kvfit.tasks import curves
from kvfit.tasks.readers import read_free_recall

fr = pytest.importorskip("psifr.fr")

TOLERANCE = 1e-12


def to_matrix(events: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Return responses (list, output), list lengths and the lists, sorted by participant and list."""
    key = ["subject", "list"]
    study = events[events["trial_type"] == "study"]
    recall = events[events["trial_type"] == "recall"].sort_values([*key, "position"])
    list_length = study.groupby(key)["position"].max()
    lists = list_length.index.to_frame(index=False)
    matched = recall.merge(study[[*key, "item", "position"]], on=[*key, "item"], how="left", suffixes=("", "_in"))
    row = list_length.index.get_indexer(pd.MultiIndex.from_frame(matched[key]))
    output = matched.groupby(key).cumcount().to_numpy()
    responses = np.zeros((len(lists), output.max() + 1), dtype=np.int16)
    responses[row, output] = matched["position_in"].fillna(-1)
    assert (responses == -1).any()
    return responses, list_length.to_numpy(), lists


def assert_equal_to_psifr(events: pd.DataFrame) -> None:
    """Compare every curve that psifr has, by participant; lists of one length."""
    responses, list_length, lists = to_matrix(events)
    group, participants = pd.factorize(lists["subject"], sort=True)
    arguments = (responses, list_length, group, len(participants))
    n = list_length[0]
    merged = fr.merge_free_recall(events)
    # Output positions in correct recalls, so that psifr can test on them.
    correct = merged["study"] & merged["recall"]
    merged["n_correct"] = merged[correct].groupby(["subject", "list"])["output"].rank()

    def compare(ours: np.ndarray, theirs: pd.Series) -> None:
        assert np.isfinite(ours).any()
        np.testing.assert_allclose(ours.ravel(), theirs.to_numpy(), rtol=0, atol=TOLERANCE)

    compare(curves.serial_position(*arguments), fr.spc(merged)["recall"])
    nth = fr.pnr(merged)
    compare(curves.nth_recall(*arguments), nth["prob"])
    compare(curves.first_recall(*arguments), nth.loc[nth["output"] == 1, "prob"])
    crp = fr.lag_crp(merged)
    assert crp["lag"].to_numpy().tolist() == [*range(1 - n, n)] * len(participants)
    compare(curves.lag_crp(*arguments), crp["prob"])
    tally = curves.lag_crp_tally(*arguments)
    np.testing.assert_array_equal(tally.actual.ravel(), crp["actual"])
    np.testing.assert_array_equal(tally.possible.ravel(), crp["possible"])
    compare(curves.lag_rank(*arguments), fr.lag_rank(merged)["rank"])
    by_output = curves.lag_crp_by_output(*arguments)
    for output in (1, 2, 5):
        leaving = fr.lag_crp(merged, test_key="n_correct", test=lambda here, there, k=output: here == k)
        compare(by_output[:, output - 1], leaving["prob"])


def test_peers_sample() -> None:
    events = fr.sample_data("peers_notask")
    some = events["subject"].isin(events["subject"].unique()[:12])
    assert_equal_to_psifr(events[some])


# one response of a real person resembles a studied word, which is told and right
@pytest.mark.filterwarnings("ignore::kvfit.tasks.problems.DataHint")
def test_labelled_curves_of_data_that_were_read() -> None:
    events = fr.sample_data("Morton2013")
    events = events[events["subject"].isin(events["subject"].unique()[:6])]
    data = read_free_recall(events)
    crp = curves.curve(data, "lag_crp", by=("subject", "list_type"))
    for list_type, lists in events.groupby("list_type"):
        theirs = fr.lag_crp(fr.merge_free_recall(lists))
        ours = crp.sel(list_type=list_type).to_numpy()
        np.testing.assert_allclose(ours.ravel(), theirs["prob"], rtol=0, atol=TOLERANCE)
    counts = data.lists.groupby("subject")[["n_repeats", "n_intrusions"]].mean()
    np.testing.assert_allclose(curves.curve(data, "repeats"), counts["n_repeats"], rtol=1e-12)
    np.testing.assert_allclose(curves.curve(data, "intrusions"), counts["n_intrusions"], rtol=1e-12)


def test_morton_sample_by_list_type() -> None:
    events = fr.sample_data("Morton2013")
    events = events[events["subject"].isin(events["subject"].unique()[:6])]
    for _, lists in events.groupby("list_type"):
        assert_equal_to_psifr(lists)


@pytest.mark.shared
@pytest.mark.parametrize("task", ["none", "size", "animacy", "shift"])
def test_healey_kahana_2014(shared: Path, task: str) -> None:
    events = read(shared / "data" / "healey_kahana2014")
    assert_equal_to_psifr(events[events["task"] == task])


@pytest.mark.shared
def test_healey_kahana_2014_published_values(shared: Path) -> None:
    events = read(shared / "data" / "healey_kahana2014")
    responses, list_length, lists = to_matrix(events[events["task"] == "none"])
    assert len(lists) == 3528
    # As stated in the README of the data set.
    position = curves.serial_position(responses, list_length)[0]
    np.testing.assert_allclose(position.mean(), 0.664, atol=0.0005)
    np.testing.assert_allclose(position[[0, 1, 2, 13, 14, 15]], [0.82, 0.74, 0.67, 0.70, 0.82, 0.92], atol=0.005)
    lag = curves.lag_crp(responses, list_length)[0]
    np.testing.assert_allclose(lag[[14, 16]], [0.262, 0.455], atol=0.0005)
    np.testing.assert_allclose(curves.intrusions(responses, list_length), 0.34, atol=0.005)
    np.testing.assert_allclose(curves.repeats(responses, list_length), 0.30, atol=0.005)


@pytest.mark.shared
def test_murdock_1962(shared: Path) -> None:
    events = read(shared / "data" / "murdock1962")
    for _, lists in events.groupby("list_length"):
        assert_equal_to_psifr(lists)


@pytest.mark.shared
def test_murdock_1962_three_lengths_at_once(shared: Path) -> None:
    # A participant's curve is the same whatever longer lists of others are summarised beside it.
    responses, list_length, lists = to_matrix(read(shared / "data" / "murdock1962"))
    group, participants = pd.factorize(lists["subject"], sort=True)
    together = curves.lag_crp(responses, list_length, group, len(participants))
    middle = together.shape[-1] // 2
    for length in (20, 30, 40):
        some = list_length == length
        alone = curves.lag_crp(responses[some], list_length[some], group[some], len(participants))
        members = np.unique(group[some])
        inside = slice(middle - length + 1, middle + length)
        np.testing.assert_array_equal(together[members, inside], alone[members])
        assert np.isnan(together[members][:, np.r_[: inside.start, inside.stop : together.shape[-1]]]).all()


def read(folder: Path) -> pd.DataFrame:
    # NULL and NONE are words, not missing cells.
    return pd.read_csv(folder / "data.csv.gz", keep_default_na=False)
