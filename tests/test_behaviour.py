"""What certificates say of a prior: published people are put at their places, and points left out are named."""

import numpy as np
import pandas as pd
import xarray as xr

import kvfit as kv
from kvfit.certification.behaviour import behaviour, points_outside, published, with_people
from kvfit.inference.prior_predictive import QUANTILES, PriorPredictive


def prior(low: float, high: float) -> PriorPredictive:
    """A curve over four positions, the same at each."""
    values = np.array([[low], [(low + high) / 2], [high]]) * np.ones(4)
    curve = xr.Dataset(
        {"prior": (("quantile", "study_position"), values)},
        {"quantile": list(QUANTILES), "study_position": [1, 2, 3, 4]},
    )
    return PriorPredictive(kv.get_model("random_recall"), {"serial_position": curve}, pd.DataFrame(), "")


#: of positions 2 and 4 alone: middle people at .5 and .9
PUBLISHED = {"serial_position": {"at": [4, 2], "values": [[0.8, 0.4], [0.9, 0.5], [1.0, 0.6]]}}


def test_published_people_stand_at_their_places() -> None:
    data = with_people(prior(0.2, 0.8), PUBLISHED).curves["serial_position"]["data"]
    np.testing.assert_array_equal(data.sel(quantile=0.5), [np.nan, 0.5, np.nan, 0.9])
    np.testing.assert_array_equal(data.sel(quantile=0.05), [np.nan, 0.4, np.nan, 0.8])


def test_points_outside_are_named() -> None:
    assert points_outside(with_people(prior(0.2, 0.8), PUBLISHED)) == ["serial position 4"]
    assert points_outside(with_people(prior(0.6, 0.95), PUBLISHED)) == ["serial position 2"]
    assert points_outside(with_people(prior(0.2, 0.95), PUBLISHED)) == []
    # curves without published people say nothing
    assert points_outside(prior(0.2, 0.8)) == []


def test_published_quantiles_rise_and_are_probabilities() -> None:
    for curve in published()["curves"].values():
        values = np.array(curve["values"])
        assert values.shape == (3, len(curve["at"]))
        assert (np.diff(values, axis=0) >= 0).all()
        assert ((values >= 0) & (values <= 1)).all()


def test_every_recall_model_covers_published_behaviour_but_for_what_it_lacks() -> None:
    """TCM has nothing that favours the first item, and random recall nothing at all."""
    assert (
        "inside the central 90 % of prior people at every point of 4 curves" in behaviour(kv.get_model("cmr")).summary
    )
    assert "inside the central 90 %" in behaviour(kv.get_model("kv_recall")).summary
    assert "serial position 1" in behaviour(kv.get_model("tcm")).summary
    assert "first recall" in behaviour(kv.get_model("random_recall")).summary
