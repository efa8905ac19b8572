"""check_model: sound models pass, and each way to be unsound fails the check that is about it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytensor.gradient
import pytest

from kvfit.check import CheckResult, ModelReport, check_model
from kvfit.checks import probabilities, recovery
from kvfit.checks.bench import Bench, every_sequence, lay_out
from kvfit.checks.probabilities import simulation_agrees
from kvfit.kernels.match_cue import CoreConfig
from kvfit.parameters import Parameter
from kvfit.recall.design import RecallDesign
from kvfit.recall.model import RecallModel
from kvfit.recall.separation import SEPARATIONS
from kvfit.recall.stopping import STOPPING_RULES, StoppingRule
from kvfit.recall.tables import MemoryTables
from kvfit.registry import ModelError, ModelFamily, Option

SLOPE = Parameter("slope", "b", "positive", (0.05, 1.0), "advantage of each later position", "made up for tests")


def strengths(p: Mapping[str, Any], list_length: np.ndarray, n_positions: int, xp: Any) -> MemoryTables:
    """Strength falls linearly with the distance from the list's end."""
    distance = list_length[:, None] - 1.0 - np.arange(n_positions)[None, :]
    initial = -p["slope"][:, None] * distance
    no_cue = 0.0 * p["slope"][:, None, None] * np.ones((n_positions, n_positions))
    return MemoryTables(initial, no_cue, carry=xp.ones_like(p["slope"]))


SOUND = RecallModel(
    name="toy",
    options={},
    title="Toy",
    claim="Later items are stronger.",
    reference="made up for tests",
    memory_parameters=(SLOPE,),
    memory=strengths,
    separation=SEPARATIONS["softmax"],
    stopping=STOPPING_RULES["position"],
)


def failed(model: RecallModel) -> dict[str, str]:
    """Names and details of the checks that did not pass."""
    return {check.name: check.detail for check in check_model(model).failed}


def changed(change: Callable[[MemoryTables, Mapping[str, Any], Any], MemoryTables]) -> RecallModel:
    """Toy model whose tables are changed."""

    def memory(p: Mapping[str, Any], list_length: np.ndarray, n_positions: int, xp: Any) -> MemoryTables:
        return change(strengths(p, list_length, n_positions, xp), p, xp)

    return replace(SOUND, memory=memory)


def test_sound_model_passes_every_check() -> None:
    report = check_model(SOUND)
    assert report.ok, str(report)
    assert [check.name for check in report.checks] == [
        *(
            "documented",
            "tables",
            "probabilities",
            "list lengths",
            "simulation",
            "gradient",
            "finite",
            "edges",
            "recovery",
        ),
    ]
    assert report.failed == ()


def test_same_seed_same_report() -> None:
    assert check_model(SOUND, seed=5) == check_model(SOUND, seed=5)
    assert check_model(SOUND, seed=5) != check_model(SOUND, seed=6)


def test_slow_check_correlates_persons() -> None:
    report = check_model(SOUND, slow=True)
    assert report.ok, str(report)
    assert report.checks[-1].name == "recovery of persons"
    assert "slope 0.9" in report.checks[-1].detail or "slope 1.0" in report.checks[-1].detail


def test_parameter_without_effect_is_not_recovered_from_persons() -> None:
    idle = replace(SLOPE, name="idle")
    report = check_model(replace(SOUND, memory_parameters=(SLOPE, idle)), slow=True)
    assert [check.name for check in report.failed] == ["recovery of persons"]


def test_families_and_names_are_taken() -> None:
    family = ModelFamily("toy", "made up", lambda memory: SOUND, {"memory": Option(("one",), "made up")})
    assert check_model(family).model == "toy"
    with pytest.raises(ModelError, match="unknown"):
        check_model("no_such_model")


def test_report_is_readable() -> None:
    report = ModelReport("toy", (CheckResult("a", True, "fine"), CheckResult("longer", False, "word " * 40)))
    lines = str(report).splitlines()
    assert lines[0] == "toy: NOT sound, 1 of 2 checks passed"
    assert lines[1] == "  passed  a       fine"
    assert lines[2].startswith("  FAILED  longer  word word")
    assert lines[3].startswith(" " * 18 + "word")
    assert max(map(len, lines)) <= 110
    assert not report.ok


def test_gaps_in_documentation_are_listed() -> None:
    model = replace(SOUND, claim=" ", memory_parameters=(replace(SLOPE, meaning=""), replace(SLOPE, reason="")))
    detail = failed(model)["documented"]
    for gap in ("claim is empty", "slope has no meaning", "slope has no reason", "name slope is used by two"):
        assert gap in detail


def test_module_without_docstring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(__import__(__name__), "__doc__", None)
    assert list(failed(SOUND)) == ["documented"]


def test_wrong_shape_names_the_table() -> None:
    model = changed(lambda tables, p, xp: replace(tables, initial=tables.initial[:, :1]))
    assert "initial: expected shape (64, 1, 8), found (64, 1, 1)" in failed(model)["tables"]


def test_numpy_and_pytensor_differ() -> None:
    model = changed(lambda tables, p, xp: replace(tables, initial=tables.initial * (1.0 if xp is np else 1.01)))
    problems = failed(model)
    assert "initial: NumPy and PyTensor differ by" in problems["tables"]
    assert "gradient" in problems


def test_stopping_that_does_not_sum_to_one() -> None:
    class Leaky(StoppingRule):
        def table(self, p: Mapping[str, Any], n_positions: int, xp: Any) -> tuple[Any, Any]:
            stop, match = super().table(p, n_positions, xp)
            return stop - 0.1, match

    rule = STOPPING_RULES["position"]
    problems = failed(replace(SOUND, stopping=Leaky(rule.name, rule.parameters, rule.uses_match)))
    assert {"probabilities", "simulation"} <= set(problems)


def test_core_that_differs_from_the_literal_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(config: CoreConfig, tables: tuple[np.ndarray, ...], *rest: Any) -> float:
        return float(kept(config, (tables[0] * 1.001, *tables[1:]), *rest))

    kept = probabilities.list_log_likelihood
    monkeypatch.setattr(probabilities, "list_log_likelihood", other)
    assert list(failed(SOUND)) == ["probabilities"]


def test_distance_from_the_end_of_the_longest_list() -> None:
    def memory(p: Mapping[str, Any], list_length: np.ndarray, n_positions: int, xp: Any) -> MemoryTables:
        # quadratic, because softmax ignores a constant
        position = np.arange(n_positions) - n_positions
        initial = p["slope"][:, None] * np.tile(position**2 / 10.0, (list_length.size, 1))
        return replace(strengths(p, list_length, n_positions, xp), initial=initial)

    assert "use list_length, not n_positions" in failed(replace(SOUND, memory=memory))["list lengths"]


@pytest.mark.parametrize("where", ["probabilities", "recovery"])
def test_simulator_that_follows_another_model(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    module: Any = {"probabilities": probabilities, "recovery": recovery}[where]
    kept = module.simulate_responses

    def biased(model: RecallModel, design: Any, values: dict[str, np.ndarray], rng: Any) -> np.ndarray:
        return np.asarray(kept(model, design, {**values, "slope": 2.0 * values["slope"]}, rng))

    monkeypatch.setattr(module, "simulate_responses", biased)
    check = {"probabilities": "simulation", "recovery": "recovery"}[where]
    assert list(failed(SOUND)) == [check]


def test_simulator_that_recalls_in_another_order(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = probabilities.simulate_responses

    def swapped(model: RecallModel, *rest: Any) -> np.ndarray:
        drawn = np.asarray(kept(model, *rest))
        two = drawn[:, 1] > 0
        drawn[two, :2] = drawn[two, 1::-1]
        return drawn

    monkeypatch.setattr(probabilities, "simulate_responses", swapped)
    assert list(failed(SOUND)) == ["simulation"]


@pytest.mark.parametrize("pattern", [[2, 2, 2, 2], [2, 0, 3, 0], [5, 0, 0, 0], [-1, 0, 0, 0]])
def test_simulator_that_recalls_what_cannot_be(monkeypatch: pytest.MonkeyPatch, pattern: list[int]) -> None:
    def simulated(model: RecallModel, design: RecallDesign, *rest: Any) -> np.ndarray:
        return np.tile(np.array(pattern, np.int16), (design.n_lists, 1))

    monkeypatch.setattr(probabilities, "simulate_responses", simulated)
    assert f"{pattern} are no recall of a list of 4" in simulation_agrees(Bench(SOUND, 0)).detail


def test_gradient_that_is_cut() -> None:
    def cut(tables: MemoryTables, p: Mapping[str, Any], xp: Any) -> MemoryTables:
        if xp is np:
            return tables
        return replace(tables, initial=pytensor.gradient.zero_grad(tables.initial))

    problems = failed(changed(cut))
    assert list(problems) == ["gradient"]
    assert "worst: slope" in problems["gradient"]


def test_values_that_are_not_finite_at_the_edge_of_the_prior() -> None:
    def edge(tables: MemoryTables, p: Mapping[str, Any], xp: Any) -> MemoryTables:
        slope = p["slope"][:, None]
        high = float(SLOPE.to_natural(SLOPE.location + 2.5 * SLOPE.scale))
        return replace(tables, initial=xp.where(slope > high, np.nan, 1.0) * tables.initial)

    problems = failed(changed(edge))
    assert "first at slope = " in problems["finite"]


def test_model_that_breaks_is_reported() -> None:
    def broken(*args: Any) -> MemoryTables:
        raise KeyError("no such parameter")

    problems = failed(replace(SOUND, memory=broken))
    assert set(problems) >= {"tables", "probabilities", "simulation", "gradient", "finite", "recovery"}
    assert "broke with KeyError in test_check.py, line" in problems["tables"]


def test_model_without_free_parameters() -> None:
    model = replace(SOUND, fixed={"slope": 0.3, "stop_probability": 0.1, "stop_slope": 0.2})
    assert failed(model) == {"parameters": "the model has no free parameter to check"}


def test_kinks_are_left_out_and_counted() -> None:
    # a kink at every point of the prior: |sin| of a fast oscillation
    def kinked(tables: MemoryTables, p: Mapping[str, Any], xp: Any) -> MemoryTables:
        return replace(tables, initial=tables.initial * (1.0 + 1e-3 * abs(xp.sin(3000.0 * p["slope"][:, None]))))

    assert "lie at a floor or bound and were left out (at most 5%)" in failed(changed(kinked))["gradient"]


def test_every_sequence_of_a_list() -> None:
    assert every_sequence(2) == [(), (0,), (1,), (0, 1), (1, 0)]
    assert [len(every_sequence(n)) for n in (1, 3, 4)] == [2, 16, 65]


def test_laid_out_lists() -> None:
    similarity = np.arange(9.0).reshape(3, 3)
    design = lay_out([(3, [[], [2, 0]]), (2, [[1]])], similarity)
    assert design.core_data[0].tolist() == [3, 2]
    assert design.cell_start.tolist() == [0, 2, 3]
    assert design.recalled.tolist() == [2, 0, 1]
    assert design.offsets.tolist() == [0, 0, 2, 3]
    assert design.semantic.shape == (3, 3, 3)
    assert design.list_participant.tolist() == [0, 0, 1]
