"""The sampler of the extra `numpyro`, where it is installed."""

import warnings

import numpy as np
import pytest
from study_lists import study_table

import kvfit as kv
from kvfit.checks.recognition.bench import RecognitionBench
from kvfit.registry import get_model

pytest.importorskip("jax", reason="jax is not installed (extra: numpyro)")
pytest.importorskip("numpyro", reason="numpyro is not installed (extra: numpyro)")


def test_numpyro_samples_the_same_posterior() -> None:
    lists = kv.read_free_recall(study_table(3, 10, (8,)), name="numpyro")
    values = {"stop_probability": 0.4, "stop_slope": 0.5}
    data = kv.simulate("random_recall", lists, values, seed=1)
    settings = {"draws": 300, "tune": 300, "chains": 2, "seed": 1, "show_progress": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fits = [kv.fit("random_recall", data, sampler=sampler, **settings) for sampler in ("numpyro", "nutpie")]
    for name in values:
        mine, other = (f.tree["posterior"][name].to_numpy().ravel() for f in fits)
        assert np.mean(mine) == pytest.approx(np.mean(other), abs=0.3 * np.std(other))


@pytest.mark.parametrize("read", ["both", "key", "value"])
def test_jax_has_the_gradient_of_key_value_recognition(read: str) -> None:
    """Under JAX's own differentiation and vectorised over chains, as numpyro asks for it."""
    TODO
