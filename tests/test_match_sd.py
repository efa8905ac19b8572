"""The standard deviation of the own match is a parameter of key-value recognition in every nested form."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import ndtri

import kvfit as kv

#: Criteria of the 6-point scale, as probits of new items.
CRITERIA = -ndtri([0.5, 0.3, 0.2, 0.1, 0.05])


def _model(label: str, list_length: int, n_participants: int = 1, n_trials: int = 4) -> tuple[Any, Any, Any]:
    data = kv.recognition_design(n_participants, n_trials, "1-6", list_length=list_length)
    model: Any = kv.get_model(label).bind(data)
    return model, data, model.design(data)


def _values(**memory: float) -> dict[str, np.ndarray]:
    spacings = {f"spacing_{k}": gap for k, gap in enumerate(np.diff(CRITERIA), start=1)}
    return {k: np.array([v]) for k, v in {**memory, "criterion": CRITERIA[2], **spacings}.items()}


def _hits(label: str, list_length: int, **memory: float) -> np.ndarray:
    """Rates of old items above each criterion."""
    model, _, design = _model(label, list_length)
    table = np.exp(model.log_probabilities(design, _values(**memory)))
    return 1.0 - np.cumsum(table[design.old][0])[:-1]


@pytest.mark.parametrize("read", ["both", "key", "value"])
@pytest.mark.parametrize("match_sd", ["held", "free"])
def test_it_can_be_held_or_freed_in_every_form(read: str, match_sd: str) -> None:
    options = [f"read={read}"] * (read != "both") + ["match_sd=free"] * (match_sd == "free")
    model = kv.get_model(f"kv_recognition({', '.join(options)})")
    assert ("match_sd" in [p.name for p in model.parameters]) == (match_sd == "free")
    assert model.fixed.get("match_sd") == (1.0 if match_sd == "held" else None)
    assert kv.get_model(model.label).label == model.label
    # decision 14: one list length tells neither a gain nor a noise, but the threshold where values are read
    assert "gain" not in [p.name for p in model.parameters]
    assert ("threshold" in [p.name for p in model.parameters]) == (read == "both")


@pytest.mark.parametrize("label", ["kv_recognition(read=key, match_sd=free)", "kv_recognition(match_sd=free)"])
def test_at_one_it_is_the_held_form(label: str) -> None:
    memory = {"match": 2.5, **({} if "read=key" in label else {"threshold": -1.0})}
    held = label.replace("match_sd=free", "").replace("(read=key, )", "(read=key)").replace("()", "")
    np.testing.assert_allclose(_hits(label, 40, match_sd=1.0, **memory), _hits(held, 40, **memory), rtol=1e-12)
    assert np.abs(_hits(label, 40, match_sd=1.5, **memory) - _hits(held, 40, **memory)).max() > 0.01


@pytest.mark.parametrize(("match_sd", "slopes"), [(0.5, (0.9, 1.2)), (1.0, (0.65, 0.85)), (2.5, (0.45, 0.52))])
def test_the_slopes_of_the_zroc_that_its_prior_names(match_sd: float, slopes: tuple[float, float]) -> None:
    """Keys alone, with .2 false alarms and hit rates of .7 to .85."""
    label, found = "kv_recognition(read=key, match_sd=free)", []
    for list_length in (16, 240):
        for hit_rate in (0.7, 0.85):

            def excess(match: float, n: int = list_length, goal: float = hit_rate) -> float:
                return float(_hits(label, n, match=match, match_sd=match_sd)[2]) - goal

            hits = _hits(label, list_length, match=brentq(excess, 0.1, 9.0), match_sd=match_sd)
            found.append(np.polyfit(-CRITERIA, ndtri(hits), 1)[0])
    assert (min(found), max(found)) == pytest.approx(slopes, abs=0.025)


@pytest.mark.parametrize("read", ["key", "both"])
def test_it_is_recovered(read: str) -> None:
    """From many responses of one person, whose own matches vary twice as much as others."""
    label = f"kv_recognition(match_sd=free{', read=key' if read == 'key' else ''})"
    model, data, design = _model(label, 40, n_trials=40_000)
    memory = {"match": 3.0, "match_sd": 2.0, **({"threshold": -1.0} if read == "both" else {})}
    responses = model.simulate(design, _values(**memory), np.random.default_rng(1))
    fit = kv.point_fit(label, data.with_responses(responses), starts=3, show_progress=False)
    found = fit.table.iloc[0]
    for name, value in memory.items():
        assert found[name] == pytest.approx(value, abs=0.25), name
