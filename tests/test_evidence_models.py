"""Global-matching models: normalised, differentiable, finite over their priors, nested where they should be."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kvfit.checks.recognition.bench import RecognitionBench
from kvfit.checks.recognition.derivatives import finite_over_prior, forms_agree, gradient_is_right
from kvfit.recognition.memory import Memory
from kvfit.recognition.scale import Scale
from kvfit.registry import get_model

MODELS = [
    "minerva2",
    "minerva2(features=trinary, n_features=20)",
    "rem",
    "todam",
    "todam(position=observed)",
    "matrix_model",
    "matrix_model(alpha=free, position=observed)",
    "gcm",
    "gcm(gamma=free, lag=power)",
    "gcm(semantic=True)",
    "gcm(gamma=free, lag=power, semantic=True)",
    "kv_recognition",
    "kv_recognition(gain=free, noise=free)",
    "kv_recognition(match_sd=free)",
    "kv_recognition(read=key)",
    "kv_recognition(read=key, match_sd=free)",
    "kv_recognition(read=value, match_sd=free)",
    "kv_recognition(lag=power, presentations=power)",
]
CELLS = SimpleNamespace(
    old=np.array([False, True, True, False, True]),
    covariates={
        "list_length": np.array([24.0, 24.0, 24.0, 8.0, 8.0]),
        "n_presentations": np.array([0.0, 1.0, 2.0, 0.0, 1.0]),
        "study_position": np.array([0.0, 3.0, 24.0, 0.0, 4.0]),
        "lag": np.array([0.0, 30.0, 5.0, 0.0, 12.0]),
    },
    # of the first eight studied items; the others are unrelated
    similarity=np.array([[0.3] * 8, [0.2] * 7 + [0.0], [-0.1] * 7 + [0.0], [0.5] * 8, [0.4] * 7 + [0.0]]),
)
SCALE = Scale(6, 4)


def parameters(name: str) -> list[Any]:
    model: Any = get_model(name)
    return [*model.memory.parameters, *model.decision.parameters(SCALE)]


def log_probabilities(name: str, p: dict[str, Any], xp: Any = np) -> Any:
    model: Any = get_model(name)
    memory: Memory = model.memory
    fixed = {k: np.full(len(CELLS.old), v) for k, v in model.fixed.items()}
    p = {**p, **fixed}
    return model.decision.log_probabilities(memory.evidence(p, CELLS, xp), p, SCALE, xp)


def draw(name: str, n_draws: int, scale: float = 1.5) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    return {
        p.name: p.to_natural(p.location + scale * p.scale * rng.standard_normal((n_draws, 1))) * np.ones(len(CELLS.old))
        for p in parameters(name)
    }


@pytest.mark.parametrize("name", MODELS)
def test_probabilities_over_the_prior(name: str) -> None:
    table = log_probabilities(name, draw(name, 40))
    assert table.shape == (40, len(CELLS.old), 6)
    assert np.isfinite(table).all()
    np.testing.assert_allclose(np.exp(table).sum(axis=-1), 1.0, atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_old_items_are_called_old_more_often(name: str) -> None:
    middle = {p.name: np.full((1, len(CELLS.old)), p.to_natural(p.location)) for p in parameters(name)}
    p_old = np.exp(log_probabilities(name, middle))[0, :, 3:].sum(axis=-1)
    log_odds = np.log(p_old) - np.log1p(-p_old)
    assert log_odds[1] > log_odds[0] + 0.05
    assert log_odds[4] > log_odds[3] + 0.05


@pytest.mark.parametrize("name", ["minerva2", "matrix_model", "kv_recognition(gain=free)"])
def test_a_response_never_has_a_jump_in_its_gradient(name: str) -> None:
    """Central differences with two steps agree: tables are smooth where criteria and parameters lie."""
    for p in parameters(name):
        if p.name in get_model(name).fixed:
            continue
        middle = {q.name: np.full((1, len(CELLS.old)), q.to_natural(q.location)) for q in parameters(name)}
        slopes = []
        for step in (1e-4, 1e-3):
            ends = []
            for sign in (1.0, -1.0):
                moved = p.to_natural(p.location + 0.3 * p.scale + sign * step)
                ends.append(log_probabilities(name, {**middle, p.name: np.full((1, len(CELLS.old)), moved)}))
            slopes.append((ends[0] - ends[1]) / (2 * step))
        np.testing.assert_allclose(slopes[0], slopes[1], atol=2e-3)


def test_key_value_without_recollection_is_key_only() -> None:
    """A threshold that attention never reaches leaves familiarity alone."""
    p = draw("kv_recognition", 20, scale=1.0)
    both, key = log_probabilities("kv_recognition(threshold=200)", p), log_probabilities("kv_recognition(read=key)", p)
    np.testing.assert_allclose(np.exp(both), np.exp(key), atol=2e-4)


def test_key_value_without_match_is_value_only() -> None:
    """The threshold then does what the match does for values alone, and familiarity is a guess."""
    p = draw("kv_recognition", 20, scale=1.0)
    p["threshold"], nothing = -p["match"], {**p, "match": np.full_like(p["match"], 1e-6)}
    nothing["threshold"] = p["threshold"]
    both, value = log_probabilities("kv_recognition", nothing), log_probabilities("kv_recognition(read=value)", p)
    np.testing.assert_allclose(np.exp(both[:, :3]), np.exp(value[:, :3]), atol=0.02)


def test_positions_are_alike_where_the_matrix_keeps_everything() -> None:
    """Without loss one position stands for all; with next to none the average over positions says the same."""
    p = draw("matrix_model", 20, scale=1.0)
    nearly = log_probabilities("matrix_model(alpha=0.99999999)", p)
    np.testing.assert_allclose(log_probabilities("matrix_model", p), nearly, atol=1e-5)


def test_gains_beyond_the_tables_count_as_their_ends() -> None:
    name = "kv_recognition(gain=free)"
    p = draw(name, 1, scale=0.0)
    at = [log_probabilities(name, {**p, "gain": np.full_like(p["gain"], g)}) for g in (7.0, 8.0, 30.0)]
    np.testing.assert_allclose(at[1], at[2], atol=1e-12)
    assert np.abs(at[0] - at[1]).max() > 1e-3


@pytest.mark.parametrize(
    "name",
    ["minerva2", "todam", "matrix_model", "gcm", "gcm(semantic=True)", "gcm(gamma=free, lag=power, semantic=True)",
     "kv_recognition(gain=free)", "kv_recognition(match_sd=free)", "kv_recognition(read=key, match_sd=free)",
     "kv_recognition(read=value)"],
)  # fmt: skip
def test_gradients(name: str) -> None:
    model: Any = get_model(name)
    bench = RecognitionBench(model, 0)
    for check in (forms_agree, gradient_is_right, finite_over_prior):
        result = check(bench)
        assert result.passed, result.detail


@pytest.mark.slow
@pytest.mark.parametrize("name", ["minerva2", "matrix_model", "kv_recognition"])
def test_numpy_and_pytensor_agree(name: str) -> None:
    import pytensor
    import pytensor.tensor as pt

    values = {k: v[0] for k, v in draw(name, 1, scale=0.7).items()}
    inputs = {k: pt.dvector(k, shape=(len(CELLS.old),)) for k in values}
    table = log_probabilities(name, inputs, pt)
    function = pytensor.function(list(inputs.values()), table, mode="FAST_COMPILE", on_unused_input="ignore")
    expected = log_probabilities(name, {k: v[None] for k, v in values.items()})[0]
    np.testing.assert_allclose(function(*values.values()), expected, atol=1e-8)


@pytest.mark.parametrize("name", [name for name in MODELS if name.startswith("kv_recognition")])
def test_criteria_out_of_all_reach_have_certain_responses(name: str) -> None:
    """Points that samples of new persons do reach: nothing is divided by zero, and responses are all new or all old."""
    middle = {q.name: np.full((1, len(CELLS.old)), q.to_natural(q.location)) for q in parameters(name)}
    for criterion in (60.0, 300.0, 1e4, 1e9):
        middle["criterion"] = np.full((1, len(CELLS.old)), criterion)
        log_p = log_probabilities(name, middle)
        assert np.isfinite(log_p).all()
        np.testing.assert_allclose(np.exp(log_p[..., 0])[..., ~CELLS.old], 1.0, rtol=1e-5)
        middle["criterion"] = np.full((1, len(CELLS.old)), -criterion)
        log_p = log_probabilities(name, middle)
        assert np.isfinite(log_p).all()
        np.testing.assert_allclose(np.exp(log_p[..., -1]), 1.0, rtol=1e-5)
