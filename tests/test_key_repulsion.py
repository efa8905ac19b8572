"""Keys of overlapping events: repulsion, on what its order and its reversal rest, and the script."""

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from analysis_scripts import load_analysis

from kvfit.learning.overlap import KeyHistory, Learning, PairedEvents, learn_keys, paired_events, similarity


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_analysis("key_repulsion")


@pytest.fixture(scope="module")
def events() -> PairedEvents:
    return paired_events(6, 32, 0.75, 6, np.random.default_rng(0))


@pytest.fixture(scope="module")
def histories(script: ModuleType, events: PairedEvents) -> dict[str, dict[str, KeyHistory]]:
    return {name: script.simulate(events, learning, (300, 600)) for name, learning in script.SETTINGS.items()}


def test_pairs_share_what_they_should() -> None:
    events = paired_events(5, 40, 0.5, 3, np.random.default_rng(1))
    assert events.n_shared == 20
    first, second = events.content[:, ::2], events.content[:, 1::2]
    np.testing.assert_array_equal(first[..., :20], second[..., :20])
    assert 0.3 < (first[..., 20:] == second[..., 20:]).mean() < 0.7


def test_similarity_within_and_between_pairs() -> None:
    keys = np.array([[[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, -3.0]]])
    overlapping, other = similarity(keys)
    np.testing.assert_allclose(overlapping, [0.0])  # one pair alike, the other opposed
    np.testing.assert_allclose(other, [0.0], atol=1e-15)
    np.testing.assert_allclose(similarity(keys[:, [0, 2, 1, 3]])[1], [0.0])
    np.testing.assert_allclose(similarity(np.abs(keys))[0], [1.0])


def test_overlapping_keys_repel_each_other(histories: dict[str, dict[str, KeyHistory]]) -> None:
    for phases in histories.values():
        learned = phases["differences"]
        fallen = learned.overlapping[0] - learned.overlapping[-1]
        assert (fallen > 0.2).all()
        assert (fallen > 3 * np.abs(learned.other[0] - learned.other[-1])).all()
        assert (learned.error[-1] < learned.error[0]).all()


def test_order_reverses_where_only_the_pair_competes(histories: dict[str, dict[str, KeyHistory]]) -> None:
    alone = histories["only the pair competes"]["differences"]
    # a pair that happens to differ in very few features is not driven as far
    assert (alone.overlapping[-1] < alone.other[-1]).sum() >= 5
    assert alone.overlapping[-1].mean() < alone.other[-1].mean() - 0.05
    # summed gradients overshoot where keys match sharply, and swing back
    swing = histories["longer keys, gradients summed"]["differences"]
    assert (swing.overlapping < swing.other).any(axis=0).sum() >= 5
    everybody = histories["all events compete"]["differences"]
    assert (everybody.overlapping[-1] > everybody.other[-1] + 0.1).all()


def test_without_the_demand_keys_return_if_content_pulls(histories: dict[str, dict[str, KeyHistory]]) -> None:
    def way_back(setting: str, demand: str) -> np.ndarray:
        learned, later = histories[setting]["differences"], histories[setting][demand]
        np.testing.assert_array_equal(later.overlapping[0], learned.overlapping[-1])
        return (later.overlapping[-1] - learned.overlapping[-1]) / (learned.overlapping[0] - learned.overlapping[-1])

    for demand in ("shared", "nothing"):
        assert (way_back("all events compete", demand) > 0.7).all()
        assert (way_back("all compete, no pull", demand) < 0.3).all()
    np.testing.assert_array_equal(way_back("all compete, no pull", "nothing"), 0)
    # what tells the two apart is lost on the way
    later = histories["all events compete"]["nothing"]
    assert (later.error[-1] > 5 * later.error[0]).all()


def test_with_the_demand_keys_stay_apart(events: PairedEvents, histories: dict[str, dict[str, KeyHistory]]) -> None:
    learned = histories["all events compete"]["differences"]
    longer = learn_keys(events, "differences", 600, Learning(pull=0.02), start=learned.keys)
    assert np.abs(longer.overlapping[-1] - learned.overlapping[-1]).max() < 0.05


def test_unknown_words_are_refused(events: PairedEvents) -> None:
    with pytest.raises(ValueError, match=r"demand must be one of .*; found 'all'; competitors must be .* found 'none'"):
        learn_keys(events, "all", 1, replace(Learning(), competitors="none"))


def test_script_tells_and_draws(script: ModuleType, histories: dict[str, dict[str, KeyHistory]]) -> None:
    table = script.summary(histories)
    assert len(table) == 6 * 3 * 2
    assert table["replicates"].eq(6).all()
    lines = script.conclusion(table).splitlines()
    alone = histories["only the pair competes"]["differences"]
    below = (alone.overlapping[-1] < alone.other[-1]).sum()
    assert f"overlapping below others in {below} of 6 replicates, at some time in" in lines[2]
    assert "overlapping below others in 0 of 6 replicates" in lines[0]
    assert "0% of the way back when nothing must be recalled" in lines[1]
    drawn = script.figure(histories)
    assert [axes.get_title() for axes in drawn.axes] == list(script.SETTINGS)
