"""Forgetting as failure of retrieval: the network, its dual form, reactivation, the paper's figures, and the script."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from analysis_scripts import load_analysis

from kvfit.data.metadata import DatasetError
from kvfit.learning.dual import read_network, train_keeping_traces
from kvfit.learning.images import ImageTask, digits, mnist_then_fashion
from kvfit.learning.network import cross_entropy, forward, random_weights, train
from kvfit.learning.published import published_weights
from kvfit.learning.reactivation import Forgetting, Training, forget_and_reactivate

TRAINING = {"learning_rate": 0.1, "batch_size": 8, "epochs": 2}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_analysis("forgetting_as_retrieval_failure")


@pytest.fixture(scope="module")
def tasks() -> tuple[ImageTask, ImageTask]:
    """Two tasks of two kinds of images; all four kinds have much in common, as real images do."""
    rng = np.random.default_rng(5)
    common, own = rng.random(36), rng.random((4, 36))

    def images(labels: np.ndarray) -> np.ndarray:
        return np.clip(0.5 * common + 0.5 * own[labels] + 0.05 * rng.normal(size=(len(labels), 36)), 0, 1)

    made = []
    for name, first in (("one", 0), ("two", 2)):
        train_labels, test_labels = (first + rng.integers(2, size=n) for n in (205, 100))
        made.append(ImageTask(name, images(train_labels), train_labels, images(test_labels), test_labels))
    return made[0], made[1]


@pytest.fixture(scope="module")
def forgotten(tasks: tuple[ImageTask, ImageTask]) -> Forgetting:
    training = Training(n_hidden=16, learning_rate=0.1, batch_size=16, epochs=20)
    strengths = (1.0, 1.5, 2.0, 3.0, 4.0)
    return forget_and_reactivate(tasks, np.random.default_rng(0), training=training, strengths=strengths)


def test_gradient_is_that_of_the_cross_entropy(tasks: tuple[ImageTask, ImageTask]) -> None:
    rng = np.random.default_rng(1)
    weights, images, labels = random_weights(36, 5, 4, rng), tasks[0].test_images[:20], tasks[0].test_labels[:20]
    _, gradient = cross_entropy(weights, images, labels)
    for _ in range(5):
        way = random_weights(36, 5, 4, rng)
        ends = [cross_entropy(weights + way.scaled(step), images, labels)[0] for step in (1e-6, -1e-6)]
        slope = (gradient.first * way.first).sum() + (gradient.second * way.second).sum()
        assert slope == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5)


def test_training_takes_plain_steps_in_the_order_of_the_images(tasks: tuple[ImageTask, ImageTask]) -> None:
    start = random_weights(36, 5, 4, np.random.default_rng(2))
    images, labels = tasks[0].train_images[:20], tasks[0].train_labels[:20]
    by_hand = start
    for part in (slice(0, 8), slice(8, 16), slice(16, 20)) * 2:
        by_hand = by_hand - cross_entropy(by_hand, images[part], labels[part])[1].scaled(0.1)
    trained = train(start, images, labels, **TRAINING)
    np.testing.assert_allclose(trained.first, by_hand.first, atol=1e-14)
    np.testing.assert_allclose(trained.second, by_hand.second, atol=1e-14)


def test_traces_are_the_weights(tasks: tuple[ImageTask, ImageTask]) -> None:
    """The dual form: every training pair kept, nothing summed, equal to 1e-10 at every strength."""
    start = random_weights(36, 12, 4, np.random.default_rng(3))
    old, one = train_keeping_traces(start, tasks[0].train_images, tasks[0].train_labels, **TRAINING)
    kept = [array.copy() for layer in (one.first, one.second) for array in (layer.keys, layer.values)]
    new, two = train_keeping_traces(old, tasks[1].train_images, tasks[1].train_labels, **TRAINING)
    for before, after in zip(kept, (one.first.keys, one.first.values, one.second.keys, one.second.values), strict=True):
        np.testing.assert_array_equal(before, after)
    assert one.first.keys.shape == (2 * 205, 36)
    np.testing.assert_array_equal(one.first.keys[:205], tasks[0].train_images)
    assert np.abs(start.first + one.first.weights() + two.first.weights() - new.first).max() < 1e-10
    assert np.abs(start.second + one.second.weights() + two.second.weights() - new.second).max() < 1e-10
    images = tasks[0].test_images
    for strength, start_strength in ((1.0, 1.0), (1.7, 1.7), (1.7, 1.0)):
        scaled = start.scaled(start_strength) + (old - start).scaled(strength) + (new - old)
        dual = read_network(start, (one, two), images, (strength, 1.0), start_strength)
        assert np.abs(forward(scaled, images)[1] - dual).max() < 1e-10
    # and the strength matters, so that the equality above is not empty
    assert np.abs(dual - forward(new, images)[1]).max() > 0.01


def test_what_is_forgotten_comes_back(forgotten: Forgetting) -> None:
    assert forgotten.learned_first > 0.95
    assert forgotten.first[0] < 0.5
    assert forgotten.second[0] > 0.95
    assert (np.diff(forgotten.first) >= 0).all()
    assert forgotten.first[-1] > 0.9
    assert forgotten.first_traces_only[0] == forgotten.first[0]
    assert forgotten.first_traces_only[-1] > 0.9


def test_the_added_part_begins_as_told(tasks: tuple[ImageTask, ImageTask]) -> None:
    start = random_weights(36, 16, 4, np.random.default_rng(4))
    found = {}
    for begin in ("zero", "random"):
        training = Training(n_hidden=16, learning_rate=0.0, added_start=begin)
        found[begin] = forget_and_reactivate(tasks, np.random.default_rng(1), training=training, start=start)
        np.testing.assert_array_equal(found[begin].old.first, start.first)
    np.testing.assert_array_equal(found["zero"].added.second, 0)
    expected = random_weights(36, 16, 4, np.random.default_rng(1))
    np.testing.assert_allclose(found["random"].added.first, expected.first, atol=1e-15)
    with pytest.raises(ValueError, match="must be random or zero; found 'none'"):
        forget_and_reactivate(tasks, np.random.default_rng(1), training=Training(added_start="none"))


def test_missing_images_say_how_to_get_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KVFIT_DATA", str(tmp_path))
    with pytest.raises(DatasetError, match=r"(?s)mnist01 .*Source.*fashion01 "):
        mnist_then_fashion()


def test_images_are_grey_values_with_labels_of_one_output_layer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    images = np.arange(6 * 4, dtype=np.uint8).reshape(6, 2, 2)
    labels = np.array([0, 1, 1, 0, 1, 0], dtype=np.uint8)
    for name in ("mnist01", "fashion01"):
        (tmp_path / name).mkdir()
        np.savez(tmp_path / name / f"{name}.npz", x_train=images, y_train=labels, x_test=images[:2], y_test=labels[:2])
    monkeypatch.setenv("KVFIT_DATA", str(tmp_path))
    first, second = mnist_then_fashion()
    np.testing.assert_array_equal(first.train_labels, [0, 1, 1, 0, 1, 0])
    np.testing.assert_array_equal(second.test_labels, [2, 3])
    np.testing.assert_allclose(first.train_images[1], np.arange(4, 8) / 255)


def test_digits_need_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DatasetError, match="uv run --with scikit-learn"):
        digits()
    labels = np.tile(np.arange(10), 8)
    images = np.tile(16.0 * labels[:, None] / 10, 64)
    loader = SimpleNamespace(load_digits=lambda return_X_y: (images, labels))
    monkeypatch.setitem(sys.modules, "sklearn.datasets", loader)
    first, second = digits()
    assert (len(first.train_labels), len(first.test_labels)) == (12, 4)
    assert set(second.train_labels) == {2, 3}
    np.testing.assert_allclose(second.test_images[:, 0], second.test_labels / 10)


def test_script_tells_draws_and_checks(
    script: ModuleType, forgotten: Forgetting, tasks: tuple[ImageTask, ImageTask]
) -> None:
    table = script.summary([forgotten, forgotten])
    assert len(table) == 2 * 5
    text = script.conclusion(table, tasks)
    assert text.startswith("one, then two; 2 replicates")
    assert f"strength 4.0: first task {100 * forgotten.first[-1]:.1f} %" in text
    drawn = script.figure(table, tasks)
    assert len(drawn.axes) == 2
    check = script.dual_check(tasks, np.random.default_rng(0))
    assert (check["outputs"] < 1e-10).all()
    assert (check["weights"] < 1e-10).all()
    assert check["traces"].eq(400).all()


@pytest.mark.shared
def test_the_papers_figure(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Golden case forgetting_recovery_accuracy_by_strength of seed_paper_key_value.json.

    The weights to begin with are the notebook's, so that the accuracy after the first task is its number. How the added
    part began is not recorded; with other random numbers order and ranges must hold.
    """
    monkeypatch.setenv("KVFIT_DATA", str(shared / "data"))
    found = forget_and_reactivate(mnist_then_fashion(), np.random.default_rng(0), start=published_weights(784, 64, 4))
    assert 100 * found.learned_first == pytest.approx(99.716312, abs=5e-7)
    assert found.first[0] < 0.25  # published: .0913
    assert found.second[0] == pytest.approx(0.9495, abs=0.02)
    assert (np.diff(found.first) > 0).all()
    by_strength = dict(zip(found.strengths, found.first, strict=True))
    assert by_strength[1.6] > 0.9  # the golden case asks for 90 % by 1.5 to 1.7
    assert by_strength[1.7] == pytest.approx(0.985, abs=0.03)
    assert by_strength[1.9] > 0.97
