"""One compiled density for many data sets: the same draws, and never where the design differs."""

from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from pymc.model.transform.optimization import freeze_dims_and_data

import kvfit as kv
from kvfit.inference.compiled import COMPILED, CompiledModels, Structure
from kvfit.inference.hierarchy import build_pymc_model, estimate_curvature, estimate_item_curvature
from kvfit.items import effects_of_items
from kvfit.kernels.scored_recalls_op import ScoredRecalls, flat_recalls
from kvfit.memory_model import MemoryModel

FAST: dict[str, Any] = {"chains": 1, "cores": 1, "draws": 40, "tune": 60, "show_progress": False}


def _simulated(spec: str, design: Any, seed: int) -> tuple[MemoryModel, Any]:
    model = kv.get_model(spec).bind(design)
    rng = np.random.default_rng(seed)
    persons = {
        p.name: p.to_natural(rng.normal(p.location, 0.3 * p.scale, design.n_participants)) for p in model.parameters
    }
    effects = None
    if effects_of_items(model):
        effects = {e.name: rng.normal(0, 0.3, design.items.size) for e in effects_of_items(model)}
    return model, kv.simulate(model, design, persons, seed, item_effects=effects)


def _built(model: MemoryModel, data: Any, parameterisation: str = "preconditioned", **options: Any) -> pm.Model:
    design = model.design(data, None)
    curvature = estimate_curvature(model, design, show_progress=False)
    return build_pymc_model(
        model,
        data,
        design,
        parameterisation=parameterisation,  # type: ignore[arg-type]
        curvature=curvature,
        of_items=estimate_item_curvature(model, design, curvature),
        **options,
    )


def _structure(model: MemoryModel, data: Any, parameterisation: str = "preconditioned", **options: Any) -> Structure:
    return Structure.of(_built(model, data, parameterisation, **options))


@pytest.mark.parametrize("spec", ["evsd", "serial_position"])
def test_a_fit_is_the_same_whether_its_density_was_compiled_for_it_or_not(
    spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same seed, same draws, bit for bit; and the data are its own."""
    design = kv.recognition_design(3, 24, "1-4") if spec == "evsd" else kv.free_recall_design(3, 4, 6)
    (_, first), (model, second) = _simulated(spec, design, 1), _simulated(spec, design, 2)
    compiled = []
    real = CompiledModels.compiled

    def counted(self: CompiledModels, pymc_model: Any) -> Any:
        before = len(self)
        density = real(self, pymc_model)
        compiled.append(len(self) > before)
        return density

    monkeypatch.setattr(CompiledModels, "compiled", counted)
    COMPILED.clear()
    own = kv.fit(model, second, seed=3, **FAST)
    COMPILED.clear()
    other = kv.fit(model, first, seed=3, **FAST)
    reused = kv.fit(model, second, seed=3, **FAST)
    assert compiled == [True, True, False]
    for name in ("population_mean", "population_sd", model.parameters[0].name):
        np.testing.assert_array_equal(reused.tree["posterior"][name], own.tree["posterior"][name])
        assert not np.array_equal(other.tree["posterior"][name], own.tree["posterior"][name])
    np.testing.assert_array_equal(reused.tree["sample_stats"]["n_steps"], own.tree["sample_stats"]["n_steps"])


@pytest.mark.parametrize("spec", ["kv_recall", "dpsd", "evsd(items=d_prime+criterion)"])
def test_data_of_one_design_share_a_structure(spec: str) -> None:
    recall = kv.get_model(spec).task == "free_recall"
    design = kv.free_recall_design(3, 3, 6) if recall else kv.recognition_design(3, 20, "1-4")
    one, other = (_structure(*_simulated(spec, design, seed)) for seed in (1, 2))
    assert one.matches(other)
    assert other.matches(one)
    assert any(not np.array_equal(one.data[name], other.data[name]) for name in one.data)


@pytest.mark.parametrize("spec", ["serial_position", "evsd(items=d_prime+criterion)"])
def test_models_can_be_frozen(spec: str) -> None:
    """PyMC does so for some samplers; initial values that are symbolic would keep it from that."""
    recall = kv.get_model(spec).task == "free_recall"
    design = kv.free_recall_design(3, 3, 6) if recall else kv.recognition_design(3, 20, "1-4")
    built = _built(*_simulated(spec, design, 1))
    frozen = freeze_dims_and_data(built)
    at = built.initial_point()
    found, expected = (model.compile_logp(mode="FAST_COMPILE")(at) for model in (frozen, built))
    assert float(found) == pytest.approx(float(expected))


def test_other_designs_models_and_priors_are_other_structures() -> None:
    design = kv.free_recall_design(3, 3, 6)
    base = _structure(*_simulated("random_recall", design, 1))
    others = {
        "a participant more": _structure(*_simulated("random_recall", kv.free_recall_design(4, 3, 6), 1)),
        "other lists": _structure(*_simulated("random_recall", kv.free_recall_design(3, 4, 6), 1)),
        "longer lists": _structure(*_simulated("random_recall", kv.free_recall_design(3, 3, 7), 1)),
        "other coordinates": _structure(*_simulated("random_recall", design, 1), parameterisation="noncentred"),
        "correlations": _structure(*_simulated("random_recall", design, 1), correlated=True),
        "another model": _structure(*_simulated("serial_position", design, 1)),
        "a parameter held": _structure(*_simulated("random_recall(stop_slope=0.3)", design, 1)),
        "held elsewhere": _structure(*_simulated("random_recall(stop_slope=0.4)", design, 1)),
    }
    assert base.matches(base)
    assert {what for what, structure in others.items() if base.matches(structure)} == set()
    assert not others["a parameter held"].matches(others["held elsewhere"])


def _mixed(*lengths: tuple[int, ...]) -> kv.FreeRecallData:
    """Lists of these lengths for each participant, of which the first item was recalled."""
    rows = [
        (person, i, kind, p + 1, f"{i}-{p}")
        for person, of_lists in enumerate(lengths)
        for i, n in enumerate(of_lists)
        for kind, positions in (("study", range(n)), ("recall", range(1)))
        for p in positions
    ]
    columns = ["subject", "list", "trial_type", "position", "item"]
    return kv.read_free_recall(pd.DataFrame(rows, columns=columns), name="mixed")


def test_what_the_design_says_is_compiled_and_must_be_the_same() -> None:
    """Lists of other participants have other lengths: equal shapes do not suffice."""
    designs = _mixed((6, 6, 5), (6, 5, 5)), _mixed((6, 5, 5), (6, 6, 5))
    one, other = (_structure(*_simulated("random_recall", design, 1)) for design in designs)
    assert {name: value.shape for name, value in one.data.items()} == {n: v.shape for n, v in other.data.items()}
    assert not one.matches(other)


def test_only_the_last_densities_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def compile_model(model: Any) -> Any:
        made.append(model)
        return len(made)

    monkeypatch.setattr("nutpie.compile_pymc_model", compile_model)
    kept = CompiledModels(limit=2)
    models = []
    for n_lists in (2, 3, 4):
        model, data = _simulated("random_recall", kv.free_recall_design(2, n_lists, 5), 1)
        models.append(build_pymc_model(model, data, model.design(data)))
    assert [kept.compiled(one) for one in models] == [1, 2, 3]
    assert len(kept) == 2
    assert kept.compiled(models[0]) == 4


def test_recalls_are_laid_out_flat() -> None:
    matrix = np.array([[3, 1, 0, 0], [0, 0, 0, 0], [4, 2, 1, 3]])
    expected = [2, 0, 3, 1, 0, 2], [0, 2, 2, 6]
    for recalled, offsets in (flat_recalls(matrix), (out.eval() for out in ScoredRecalls()(matrix))):
        assert (recalled.tolist(), offsets.tolist()) == expected
