"""Observations whose probability no free parameter touches can be compared: ArviZ alone refuses weights all the same."""

import numpy as np
import pytest
from hand_fits import invented_data, invented_fit

from kvfit.comparison.compare import compare
from kvfit.comparison.loo import judged, spread_apart


def test_only_what_is_the_same_is_spread() -> None:
    values = np.random.default_rng(1).normal(size=(2, 30, 3))
    np.testing.assert_array_equal(spread_apart(values), values)
    values[:, :, 1] = -7.0
    # the same but for rounding
    values[:, :, 2] = -3.0 + 1e-15 * np.arange(60).reshape(2, 30)
    found = spread_apart(values)
    np.testing.assert_array_equal(found[:, :, 0], values[:, :, 0])
    for unit, value in ((1, -7.0), (2, -3.0)):
        assert np.unique(found[:, :, unit]).size == 60
        assert found[:, :, unit].mean() == pytest.approx(value, abs=1e-13)
        assert np.ptp(found[:, :, unit]) == pytest.approx(2e-9, rel=1e-5)
        # both chains cover the whole range
        assert np.abs(np.diff(found[:, :, unit].mean(axis=1))) < 1e-10


def test_they_count_as_what_they_are() -> None:
    data = invented_data([0, 0, 1, 1])
    fits = {
        name: invented_fit(name, row, data) for name, row in {"a": [-1.0] * 4, "b": [-1.5, -1.0, -9.0, -1.0]}.items()
    }
    for fit in fits.values():
        kept = fit.sampled["log_likelihood"]["recalls"]
        kept.values[:, :, 2] = kept.values[0, 0, 2]
    found = compare(fits, show_progress=False)
    assert found.table["elpd"].tolist() == pytest.approx([-4.0, -12.5])
    assert found.table["p"].tolist() == pytest.approx([0.0, 0.0], abs=1e-8)
    assert found.table["k_warnings"].tolist() == [0, 0]
    # what was computed stays as it was
    assert np.ptp(fits["a"].unit_log_likelihood.to_numpy()[:, :, 2]) == 0


def test_what_arviz_cannot_judge_is_not_good() -> None:
    found = judged(np.array([0.2, np.nan, np.nan, 0.9]), np.array([5.0, 0.099, 0.101, 0.0]))
    assert found.tolist() == [0.2, -np.inf, np.inf, 0.9]


def test_weights_without_a_tail_are_counted() -> None:
    """All draws but a few give an observation the same probability: Pareto k is no number, which passes every limit."""
    data = invented_data([0, 0, 1])
    fits = [invented_fit(name, row, data) for name, row in {"a": [-1.0] * 3, "b": [-1.5, -1.0, -9.0]}.items()]
    for unit, lowest in ((0, -1.05), (1, -4.0)):
        row = fits[0].sampled["log_likelihood"]["recalls"].values[:, :, unit]
        row[:] = -1.0
        row[1, 7] = lowest
    found = compare(fits, show_progress=False)
    assert found.table.set_index("model")["k_warnings"].to_dict() == {"a": 1, "b": 0}
