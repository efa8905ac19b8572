"""Write rules of key-value recall: how much fades or is overwritten is found again, and what that does to lists."""

from typing import Any

import numpy as np
import pytest
from study_lists import study_table

import kvfit as kv

TRUTH = {
    "rho": 0.7, "phi": 0.3, "kappa": 0.5, "recency": 1.5, "rho_end": 0.7, "strength": 2.0, "rho_start": 0.5,
    "neighbour": 2.5, "stop_probability": 0.3, "stop_slope": 0.4,
}  # fmt: skip


@pytest.fixture(scope="module")
def design() -> kv.FreeRecallData:
    # two list lengths: what is left of the first item differs between them
    return kv.read_free_recall(study_table(1, 1200, (5, 8)))


@pytest.mark.parametrize(("write", "name", "true", "tolerance"), [
    ("decay", "retention", 0.8, 0.04), ("delta", "erasure", 0.6, 0.2),
])  # fmt: skip
def test_amount_is_recovered(design: Any, write: str, name: str, true: float, tolerance: float) -> None:
    model = f"kv_recall(write={write}, start=strength)"
    simulated = kv.simulate(model, design, {**TRUTH, name: true}, seed=3)
    found = kv.point_fit(model, simulated, starts=3, show_progress=False)
    assert found.table["at_bound"].item() == ""
    assert found.estimates[name].item() == pytest.approx(true, abs=tolerance)
    # and an indelible store does not do as well: 2 units would be the usual limit for one parameter
    indelible = kv.point_fit("kv_recall(start=strength)", simulated, starts=3, show_progress=False)
    assert found.totals()["log_likelihood"] > indelible.totals()["log_likelihood"] + 2.0


def tables(write: str, length: int, **values: float) -> tuple[np.ndarray, np.ndarray]:
    """First match ``(position,)`` and cue ``(recalled, position)`` of one list."""
    # primacy by a query: strengths would stand in the cues, too
    model = kv.get_model(f"kv_recall(write={write}, start=query)")
    p = {name: np.array([value]) for name, value in {**TRUTH, "primacy": TRUTH["strength"], **values}.items()}
    initial, cue, *_ = model.tables(p, np.array([length]), length, np)
    return initial[0, 0], cue[0, :, 0]


def test_fading_leaves_less_of_a_long_lists_beginning() -> None:
    long, short = (tables("decay", n, retention=0.9, recency=0.0)[0] for n in (12, 6))
    np.testing.assert_allclose(long[0] / short[0], 0.9**6, rtol=1e-12)
    # the last item is as strong in lists of any length
    _, cue = tables("decay", 12, retention=0.9, phi=0.0)
    _, intact = tables("hebb", 12, phi=0.0)
    np.testing.assert_allclose(cue[-2, -1], intact[-2, -1], rtol=1e-12)
    np.testing.assert_allclose(cue[1, 0] / intact[1, 0], 0.9**11, rtol=1e-12)


def test_overwriting_spares_the_last_item_and_takes_from_its_neighbour() -> None:
    first, cue = tables("delta", 8, erasure=0.5)
    intact, unchanged = tables("hebb", 8)
    assert first[-1] == pytest.approx(intact[-1])
    assert (first[:-1] < intact[:-1]).all()
    # an item's cue to the one before: what its own key overwrote there is missing
    before = [np.diag(x, -1) for x in (cue, unchanged)]
    assert (before[0] < before[1]).all()


def test_full_overwriting_takes_what_the_next_key_finds() -> None:
    # erasure 1: only the next item corrects an item, T(n, n-1) = -rho, so that s(j) becomes s(j) - rho s(j + 1)
    first, _ = tables("delta", 8, erasure=1.0)
    intact, _ = tables("hebb", 8)
    np.testing.assert_allclose(first[:-1], intact[:-1] - TRUTH["rho"] * intact[1:], rtol=1e-12)


def test_a_held_amount_has_a_gradient() -> None:
    # 0 ** 0 in the closed form must not reach the slope by rho
    import pytensor
    import pytensor.tensor as pt

    from kvfit.recall.writing import after_writing

    rho = pt.dvector("rho")
    ones = pt.ones((1, 4, 4))
    first, _ = after_writing(
        ones[:, 0], ones, rho, "delta", {"erasure": pt.constant([1.0]), "rho": rho}, np.array([4]), 4, pt
    )
    slope = pytensor.grad(first.sum(), rho).eval({rho: [0.5]}, mode="FAST_COMPILE")
    np.testing.assert_allclose(slope, [-3.0])
