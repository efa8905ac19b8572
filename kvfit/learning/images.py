"""Two tasks of images, learned one after the other: labels 0 and 1, then 2 and 3, of the same four outputs."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

import numpy as np

from kvfit.data.metadata import DATA_VARIABLE, DatasetError, known_datasets


@dataclass(frozen=True, eq=False)
class ImageTask:
    """One task.

    Attributes
    ----------
    name : str
    train_images, test_images : numpy.ndarray, (image, pixel)
        Grey values from 0 to 1.
    train_labels, test_labels : numpy.ndarray, (image,)
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def mnist_then_fashion() -> tuple[ImageTask, ImageTask]:
    """MNIST digits 0 and 1, then Fashion-MNIST T-shirts (2) and trousers (3), from the folder that KVFIT_DATA names.

    Raises
    ------
    DatasetError
        If one of the two is not on this machine, with how to obtain it.
    """
    known = known_datasets()
    missing = [known[name] for name in ("mnist01", "fashion01") if known[name].find() is None]
    if missing:
        lines = [f"{info.name} ({info.title}): {info.obtain} Source: {info.source}" for info in missing]
        raise DatasetError("\n".join([f"Images are missing ({DATA_VARIABLE} names their folder):", *lines]))
    return _from_file("mnist01", "MNIST digits 0 and 1", 0), _from_file(
        "fashion01", "Fashion-MNIST T-shirt and trouser", 2
    )


def digits(test_share: float = 0.25) -> tuple[ImageTask, ImageTask]:
    """The 8 x 8 digits that scikit-learn ships: 0 and 1, then 2 and 3; the last images of each are for testing.

    Raises
    ------
    DatasetError
        If scikit-learn is not installed (kvfit does not depend on it).
    """
    try:
        load_digits = importlib.import_module("sklearn.datasets").load_digits
    except ImportError:
        raise DatasetError(
            "scikit-learn, which ships the digits, is not installed: run the script as"
            " `python3 -m uv run --with scikit-learn python ...`"
        ) from None
    images, labels = load_digits(return_X_y=True)
    return _some_digits(images, labels, (0, 1), test_share), _some_digits(images, labels, (2, 3), test_share)


def _some_digits(images: np.ndarray, labels: np.ndarray, wanted: tuple[int, int], test_share: float) -> ImageTask:
    chosen = np.isin(labels, wanted)
    images, labels = images[chosen] / 16.0, labels[chosen]
    n_train = round(len(images) * (1 - test_share))
    name = f"digits {wanted[0]} and {wanted[1]} of scikit-learn"
    return ImageTask(name, images[:n_train], labels[:n_train], images[n_train:], labels[n_train:])


def _from_file(dataset: str, name: str, first_label: int) -> ImageTask:
    path = known_datasets()[dataset].find()
    if path is None:
        raise DatasetError(f"{dataset} is not on this machine")
    with np.load(path) as file:
        images = {part: file[f"x_{part}"].reshape(len(file[f"x_{part}"]), -1) / 255.0 for part in ("train", "test")}
        labels = {part: file[f"y_{part}"].astype(int) + first_label for part in ("train", "test")}
    return ImageTask(name, images["train"], labels["train"], images["test"], labels["test"])
