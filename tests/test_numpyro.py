"""The sampler of the extra `numpyro`, where it is installed."""

import warnings
from typing import Any

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
    settings: dict[str, Any] = {"draws": 300, "tune": 300, "chains": 2, "seed": 1, "show_progress": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fits = [kv.fit("random_recall", data, sampler=sampler, **settings) for sampler in ("numpyro", "nutpie")]
    for name in values:
        mine, other = (f.tree["posterior"][name].to_numpy().ravel() for f in fits)
        assert np.mean(mine) == pytest.approx(np.mean(other), abs=0.3 * np.std(other))


@pytest.mark.parametrize("read", ["both", "key", "value"])
def test_jax_has_the_gradient_of_key_value_recognition(read: str) -> None:
    """By PyTensor's differentiation, and by JAX's own, vectorised over chains, as numpyro asks for it."""
    import jax
    import pytensor.tensor as pt
    from pytensor import function
    from pytensor.graph.fg import FunctionGraph
    from pytensor.link.jax.dispatch import jax_funcify

    import kvfit.kernels.jax_dispatch  # noqa: F401 - registers the forms

    model: Any = get_model(f"kv_recognition(read={read}, match_sd=free)")
    bench = RecognitionBench(model, 0)
    design = bench.varied
    chains = np.stack([bench.points(design.n_participants, 1.5, bench.rng(k)) for k in range(2)])
    x = pt.matrix("x", shape=chains.shape[1:])
    values = {p.name: p.to_natural(x[:, k], pt) for k, p in enumerate(bench.model.parameters)}
    table = bench.model.log_probabilities(design, values, pt)
    score = (table * design.counts).sum()
    of_jax = jax_funcify(FunctionGraph([x], [score], clone=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = function([x], [table, pt.grad(score, x)], mode="JAX")
        theirs = jax.vmap(jax.grad(lambda point: of_jax(point)[0]))(chains)
    for chain, gradient in zip(chains, theirs, strict=True):
        expected = bench.symbolic(chain)
        for ours, right in zip((*compiled(chain), gradient), (*expected, expected[1]), strict=True):
            np.testing.assert_allclose(ours, right, rtol=1e-9, atol=1e-9)
