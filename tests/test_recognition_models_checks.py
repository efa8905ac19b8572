"""The checks of recognition models: every shipped one passes, and broken ones are found."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from rating_designs import bound

import kvfit as kv
from kvfit.checks.recognition.bench import RATING_SCALE, RecognitionBench
from kvfit.checks.recognition.checks import RECOGNITION_CHECKS, SLOW_CHECKS
from kvfit.checks.recognition.derivatives import finite_over_prior, forms_agree, gradient_is_right
from kvfit.checks.recognition.documentation import documented
from kvfit.checks.recognition.probabilities import counting_agrees, simulation_agrees, sum_to_one
from kvfit.checks.recognition.recovery import recovers, recovers_persons
from kvfit.recognition.distributions import Normal
from kvfit.recognition.memory import Cells, Memory
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.scale import Scale

SPECS = (
    "evsd",
    "uvsd",
    "uvsd(by=strength, criteria_by=block)",
    "dpsd",
    "dpsd(recall_to_reject=True)",
    "mixture_sd",
    "mixture_sd(unattended=partial)",
    "gamma_sd",
    "threshold",
    "threshold(thresholds=1)",
    "threshold(criteria_by=rate, mapping=free)",
)


def _bench(model: str | RecognitionModel, seed: int = 0) -> RecognitionBench:
    model = kv.get_model(model) if isinstance(model, str) else model
    assert isinstance(model, RecognitionModel)
    return RecognitionBench(model, seed)


@pytest.mark.parametrize("spec", SPECS)
def test_shipped_models_are_sound(spec: str) -> None:
    bench = _bench(spec)
    failed = [result for _, check in RECOGNITION_CHECKS if not (result := check(bench)).passed]
    assert not failed


@pytest.mark.slow
@pytest.mark.parametrize("spec", SPECS)
def test_shipped_models_recover_persons(spec: str) -> None:
    for _, check in SLOW_CHECKS:
        result = check(_bench(spec))
        assert result.passed, result.detail


def test_an_unbound_model_is_checked_on_six_categories_and_a_bound_one_on_its_own() -> None:
    assert _bench("uvsd").model.scale == RATING_SCALE
    assert _bench(bound("uvsd", 4)).model.scale == Scale(4, 3)
    assert recovers(_bench(bound("evsd", 2))).passed


def _with(evidence: Any = None, **changes: Any) -> RecognitionBench:
    """Return UVSD with another evidence function or other fields."""
    model = bound("uvsd", 6)
    memory = model.memory if evidence is None else replace(model.memory, evidence=evidence)
    return _bench(replace(model, memory=memory, **changes))


@dataclass(frozen=True)
class _Leaking:
    """Loses probability on the way."""

    inner: Normal

    def log_categories(self, criteria: Any, xp: Any) -> Any:
        return self.inner.log_categories(criteria, xp) - 0.01


def _uvsd(p: Mapping[str, Any], cells: Cells, xp: Any) -> Normal:
    return Normal(p["d_prime"] * cells.old, xp.where(cells.old, p["sigma"], 1.0))


def test_lost_probability_is_found() -> None:
    result = sum_to_one(_with(lambda p, cells, xp: _Leaking(_uvsd(p, cells, xp))))
    assert not result.passed
    assert "1.0e-02" in result.detail


def test_two_forms_that_differ_are_found() -> None:
    def two_forms(p: Mapping[str, Any], cells: Cells, xp: Any) -> Normal:
        return Normal(p["d_prime"] * cells.old * (1.0 if xp is np else 1.001), 1.0)

    assert not forms_agree(_with(two_forms)).passed


def test_a_wrong_gradient_is_found() -> None:
    from pytensor.gradient import disconnected_grad

    def cut(p: Mapping[str, Any], cells: Cells, xp: Any) -> Normal:
        sigma = p["sigma"] if xp is np else disconnected_grad(p["sigma"])
        return Normal(p["d_prime"] * cells.old, xp.where(cells.old, sigma, 1.0))

    bench = _with(cut)
    assert forms_agree(bench).passed
    assert not gradient_is_right(bench).passed


def test_values_that_are_not_finite_are_found() -> None:
    def narrow(p: Mapping[str, Any], cells: Cells, xp: Any) -> Normal:
        # NaN where sigma is below 1
        return Normal(p["d_prime"] * cells.old, xp.sqrt(p["sigma"] - 1.0))

    with np.errstate(all="ignore"):
        result = finite_over_prior(_with(narrow))
    assert not result.passed
    assert "first at d_prime = " in result.detail


class _Mumbling(RecognitionModel):
    """Answers with the category below three times in ten, whatever its probabilities say."""

    def simulate(self, design: Any, values: Any, rng: np.random.Generator) -> np.ndarray:
        response = super().simulate(design, values, rng)
        return np.where(rng.random(response.size) < 0.3, np.maximum(response - 1, 1), response)


class _Muddled(RecognitionModel):
    """Gives each person the values of the first one when several are scored together."""

    def log_probabilities(self, design: Any, values: Any, xp: Any = np) -> Any:
        first = {name: v[..., :1] + 0.0 * v for name, v in values.items()}
        return super().log_probabilities(design, first, xp)


def _as(kind: type[RecognitionModel]) -> RecognitionBench:
    model = bound("uvsd", 6)
    return _bench(kind(**{name: getattr(model, name) for name in model.__dataclass_fields__}))


def test_a_simulator_of_another_model_is_found() -> None:
    assert not simulation_agrees(_as(_Mumbling)).passed
    assert not recovers(_as(_Mumbling)).passed


def test_persons_mixed_up_are_found() -> None:
    assert counting_agrees(_as(RecognitionModel)).passed
    assert not counting_agrees(_as(_Muddled)).passed


def test_parameters_that_data_say_nothing_about_are_found() -> None:
    idle = _with(lambda p, cells, xp: Normal(p["d_prime"] * cells.old + 0.0 * p["sigma"]))
    result = recovers_persons(idle)
    assert not result.passed


def test_gaps_in_the_documentation_are_found() -> None:
    model = bound("uvsd", 6)
    d_prime, sigma = model.memory.parameters
    silent = Memory((replace(d_prime, reason=" "), replace(sigma, name="d_prime")), _uvsd, by_condition=("theta",))
    result = documented(replace(model, claim="", memory=silent, fixed={"kappa": 1.0}))
    assert not result.passed
    for gap in ("claim is empty", "d_prime has no reason", "used by two", "kappa belongs to no", "names theta"):
        assert gap in result.detail
