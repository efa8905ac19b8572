"""Key-value recognition of items that resemble each other agrees with simulations of the same process."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

import kvfit as kv
from kvfit.recognition.binding import Binding
from kvfit.recognition.design import RecognitionDesign
from kvfit.recognition.evidence.key_match import sum_quantiles
from kvfit.recognition.evidence.key_similarity import PULLS, sum_tables
from kvfit.recognition.evidence.probit_table import CRITERIA
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.scale import Scale

#: Half a percentage point, beyond four standard errors of the simulations.
POINTS = 0.005
SPACINGS = {f"spacing_{k}": 0.6 for k in range(1, 5)}
N_LISTS = 20_000


def _design(similarity: np.ndarray, old: np.ndarray, list_length: int) -> RecognitionDesign:
    """One cell a probe, with similarities ``(cell, studied item)``."""
    n = len(old)
    return RecognitionDesign(
        participant=np.zeros(n, np.int64),
        old=old,
        covariates={"list_length": np.full(n, float(list_length))},
        levels={},
        counts=np.eye(6, dtype=np.int64)[np.zeros(n, int)],
        cell_of_trial=np.arange(n),
        response=np.ones(n, np.int64),
        n_participants=1,
        similarity=similarity,
    )


def _model(spec: str) -> RecognitionModel:
    model = kv.get_model(spec)
    assert isinstance(model, RecognitionModel)
    return model.bound_to(Binding(Scale(6, 4)))


def _probes(list_length: int) -> tuple[np.ndarray, np.ndarray]:
    """Probes like hardly an item, one item, a quarter of the list, and all of it more or less; half of them old."""
    rng = np.random.default_rng(1)
    j = np.arange(list_length)
    rows = np.array(
        [
            np.where(j == 1, 0.9, 0.04),
            np.where(j < list_length // 4, 0.7, 0.0),
            np.clip(rng.normal(0.2, 0.15, list_length), -0.3, 0.9),
            rng.uniform(-0.2, 0.95, list_length),
        ]
    )
    old = np.repeat([False, True], len(rows))
    similarity = np.tile(rows, (2, 1))
    similarity[old, -1] = 0.0  # the probe itself
    return similarity, old


def _simulated(
    p: dict[str, float], similarity: np.ndarray, old: bool, n: int, criteria: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Shares of responses below criteria on the log of the sum, as the process says it, item by item."""
    others = similarity[:-1] if old else similarity
    logs = p["gain"] * (p["w_sem"] * others + rng.standard_normal((n, len(others))))
    rest = np.logaddexp.reduce(logs, axis=1)
    if not old:
        return (rest[:, None] < criteria).mean(axis=0)
    own = p["gain"] * (p["match"] + p["match_sd"] * rng.standard_normal(n))
    recollected = rng.random(n) < 1.0 / (1.0 + np.exp(-(own - rest - p["threshold"]) / p["noise"]))
    return ((np.logaddexp(own, rest)[:, None] < criteria) & ~recollected[:, None]).mean(axis=0)


@pytest.mark.parametrize(
    ("gain", "w_sem", "list_length"), [(0.5, 6.0, 40), (1.0, 1.0, 120), (1.0, 4.0, 12), (1.0, 8.0, 40), (2.0, 4.0, 40)]
)
def test_probabilities_are_those_of_the_process(gain: float, w_sem: float, list_length: int) -> None:
    similarity, old = _probes(list_length)
    rng = np.random.default_rng(2)
    p = {"gain": gain, "w_sem": w_sem, "match": 3.0, "match_sd": 1.2, "threshold": -1.0, "noise": 1.0}
    # far apart, because similarity moves familiarity by many standard deviations
    probits = np.array([0.0, 1.0, 2.0, 3.8, 6.0])
    values = {name: np.full(1, value) for name, value in p.items() if name != "gain"}
    values |= {"criterion": probits[[2]]} | {f"spacing_{k}": np.diff(probits)[[k - 1]] for k in range(1, 5)}
    model = _model(f"kv_recognition(semantic=True, gain={gain}, match_sd=free, noise=free)")
    found = np.exp(model.log_probabilities(_design(similarity, old, list_length), values))
    criteria = np.asarray(CubicSpline(CRITERIA, sum_quantiles(list_length, gain))(probits))
    for cell, row in enumerate(similarity):
        expected = _simulated(p, row, bool(old[cell]), N_LISTS, criteria, rng)
        error = np.abs(np.cumsum(found[cell])[:-1] - expected)
        assert (error < POINTS + 4.0 * np.sqrt(np.maximum(expected * (1 - expected), 1e-4) / N_LISTS)).all(), cell


def test_without_similarity_it_is_the_plain_model() -> None:
    similarity, old = _probes(24)
    design = _design(similarity, old, 24)
    values = {
        name: np.array([v]) for name, v in {"match": 2.5, "threshold": -0.5, "criterion": 0.8, **SPACINGS}.items()
    }
    plain = np.exp(_model("kv_recognition").log_probabilities(design, values))
    none = np.exp(_model("kv_recognition(semantic=True)").log_probabilities(design, {**values, "w_sem": np.zeros(1)}))
    np.testing.assert_allclose(none, plain, atol=1e-3)
    some = np.exp(_model("kv_recognition(semantic=True)").log_probabilities(design, {**values, "w_sem": np.ones(1)}))
    assert (some[~old, -1] > plain[~old, -1] + 0.01).all()


@pytest.mark.bounds
def test_keys_that_are_taken_together_keep_their_sum() -> None:
    """Matches that are all larger by one factor move the sum by it, whichever keys then share a bin."""
    similarity = np.repeat(np.linspace(-0.19, 0.85, 10), 4) + np.tile([-0.006, -0.002, 0.002, 0.006], 10)
    step = 0.017
    quantiles, _ = sum_tables(np.stack([similarity, similarity + step]), np.full(2, 40), 1.0, np.zeros(1))
    computed = np.abs(CRITERIA[::2]) < 3.5  # beyond, tails go on in straight lines
    moved = np.broadcast_to(step * PULLS[:, None], quantiles[0].shape)
    np.testing.assert_allclose((quantiles[1] - quantiles[0])[:, computed], moved[:, computed], atol=0.005)


def test_a_free_gain_is_refused() -> None:
    similarity, old = _probes(12)
    values = {name: np.array([1.0]) for name in ("gain", "w_sem", "match", "threshold", "criterion", *SPACINGS)}
    model = _model("kv_recognition(semantic=True, gain=free)")
    two = RecognitionDesign(**{**vars(_design(similarity, old, 12)), "participant": np.repeat([0, 1], 4)})
    with pytest.raises(ValueError, match="gain must be held at one value"):
        model.log_probabilities(two, {name: np.array([0.5, 1.5]) for name in values})
