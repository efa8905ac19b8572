"""One way to summary curves, whatever the task."""

import numpy as np
import pytest
import xarray as xr
from recognition_tables import stack, trial_table
from study_lists import study_table

import kvfit as kv
from kvfit.tasks import curves
from kvfit.tasks.curves import recognition, table


@pytest.fixture(scope="module")
def recalls() -> kv.FreeRecallData:
    return kv.read_free_recall(study_table(), name="small")


@pytest.fixture(scope="module")
def ratings() -> kv.RecognitionData:
    rng = np.random.default_rng(3)
    tables = [trial_table(s, rng.integers(2, 5, 12).tolist(), rng.integers(1, 4, 12).tolist()) for s in (1, 2)]
    return kv.read_recognition(stack(*tables), scale="1-4", name="small")


@pytest.mark.parametrize("kind", ["serial_position", "lag_crp", "intrusions"])
def test_free_recall_goes_to_free_recall(recalls: kv.FreeRecallData, kind: str) -> None:
    xr.testing.assert_identical(curves.curve(recalls, kind), table.curve(recalls, kind))


@pytest.mark.parametrize("kind", ["roc", "d_a", "hit_rate"])
def test_recognition_goes_to_recognition(ratings: kv.RecognitionData, kind: str) -> None:
    expected = recognition.curve(ratings, kind, ())
    xr.testing.assert_identical(curves.curve(ratings, kind, ()), expected)
    xr.testing.assert_identical(curves.curve(ratings.cells(), kind, ()), expected)


def test_options_reach_their_task(recalls: kv.FreeRecallData, ratings: kv.RecognitionData) -> None:
    assert curves.curve(recalls, "nth_recall", n_outputs=3).sizes["output_position"] == 3
    assert curves.curve(ratings, "roc", correction="log-linear").attrs["correction"] == "log-linear"
    simulated = np.stack([ratings.response, ratings.response])
    assert curves.curve(ratings, "d_prime", "subject", simulated).sizes == {"draw": 2, "subject": 2}


def test_the_average_of_participants_serves_both(ratings: kv.RecognitionData) -> None:
    by_person = curves.curve(ratings, "hit_rate")
    assert curves.average(by_person)["mean"].item() == pytest.approx(float(by_person.mean()))


def test_known_curves_are_those_of_the_task(recalls: kv.FreeRecallData, ratings: kv.RecognitionData) -> None:
    assert set(curves.known_curves(recalls)) == set(curves.KINDS)
    assert set(curves.known_curves(ratings)) == set(recognition.MEASURES)
    assert curves.known_curves(ratings)["d_a"] == "d_a"


def test_a_curve_and_an_option_of_the_other_task_are_refused_together(
    recalls: kv.FreeRecallData, ratings: kv.RecognitionData
) -> None:
    with pytest.raises(ValueError, match="'roc' is a curve of recognition") as caught:
        curves.curve(recalls, "roc", correction="none")
    assert "known for free recall are serial_position" in str(caught.value)
    assert "correction: no option of curves of free recall, which have n_outputs" in str(caught.value)
    with pytest.raises(ValueError, match="'lag_crp' is a curve of free recall; known for recognition are hit_rate"):
        curves.curve(ratings, "lag_crp")
    with pytest.raises(ValueError, match="unknown measure 'd'; known are hit_rate"):
        curves.curve(ratings, "d")
    with pytest.raises(TypeError, match="expected data of free recall or recognition, found list"):
        curves.curve([1, 2], "roc")  # type: ignore[arg-type]
