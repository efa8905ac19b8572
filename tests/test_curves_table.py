"""The labelled layer: curves by columns of the lists, with draws, and averages over participants."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import xarray as xr

from kvfit.tasks import curves
from kvfit.tasks.free_recall import FreeRecallData

OUTPUTS = 6
LENGTHS = [5, 5, 7, 5, 7]


def make_data(**columns: object) -> FreeRecallData:
    """Two participants with three and two lists."""
    rng = np.random.default_rng(3)
    responses = rng.integers(-1, 6, size=(5, OUTPUTS)).astype(np.int16)
    responses[responses == 0] = 2
    lists = pd.DataFrame({"subject": ["S2", "S2", "S2", "S10", "S10"], "list": [1, 2, 3, 1, 2]})
    lists = lists.assign(list_length=LENGTHS, **columns)
    return FreeRecallData(
        name="test",
        source="made up",
        events=pd.DataFrame(),
        lists=lists,
        participants=np.array(["S2", "S10"], dtype=object),
        participant=np.array([0, 0, 0, 1, 1]),
        responses=responses,
        recalled=np.zeros(0, dtype=np.int64),
        offsets=np.zeros(6, dtype=np.int64),
    )


@pytest.mark.parametrize("kind", curves.KINDS)
def test_each_kind_by_participant_equals_the_arrays(kind: str) -> None:
    data = make_data()
    result = curves.curve(data, kind)
    expected = getattr(curves, kind)(data.responses, data.list_length, data.participant, 2)
    np.testing.assert_array_equal(result.to_numpy(), expected)
    assert result.dims == ("subject", *curves.KINDS[kind].dims)
    # The order of the data, in which S2 comes before S10.
    assert result["subject"].to_numpy().tolist() == ["S2", "S10"]
    assert result.name == kind


def test_coordinates() -> None:
    data = make_data()
    assert curves.curve(data, "serial_position")["study_position"].to_numpy().tolist() == [
        1,
        2,
        3,
        4,
        5,
        6,
        7,
    ]
    assert curves.curve(data, "lag_crp")["lag"].to_numpy().tolist() == list(range(-6, 7))
    assert curves.curve(data, "recall_length")["n_recalled"].to_numpy().tolist() == list(range(8))
    by_output = curves.curve(data, "lag_crp_by_output", n_outputs=2)
    assert by_output["output_position"].to_numpy().tolist() == [1, 2]
    assert by_output.sizes == {"subject": 2, "output_position": 2, "lag": 13}


def test_by_several_columns_and_none() -> None:
    data = make_data(list_type=["pure", "mixed", "pure", "mixed", "mixed"])
    result = curves.curve(data, "serial_position", by=("list_type", "subject"))
    assert result.dims == ("list_type", "subject", "study_position")
    assert result["list_type"].to_numpy().tolist() == ["mixed", "pure"]
    one = curves.serial_position(data.responses[[0, 2]], data.list_length[[0, 2]])[0]
    np.testing.assert_array_equal(result.sel(list_type="pure", subject="S2"), one)
    assert np.isnan(result.sel(list_type="pure", subject="S10")).all()
    pooled = curves.curve(data, "serial_position", by=())
    np.testing.assert_array_equal(pooled, curves.serial_position(data.responses, data.list_length)[0])
    xr.testing.assert_identical(
        curves.curve(data, "repeats", by="list_length"), curves.curve(data, "repeats", by=["list_length"])
    )


@pytest.mark.parametrize("leading", [(), (4,), (2, 3)])
def test_simulated_responses(leading: tuple[int, ...]) -> None:
    data = make_data()
    simulated = np.random.default_rng(5).integers(1, 6, size=(*leading, 5, OUTPUTS + 2))
    result = curves.curve(data, "lag_crp", responses=simulated)
    assert result.dims == (*{0: (), 1: ("draw",), 2: ("chain", "draw")}[len(leading)], "subject", "lag")
    expected = curves.lag_crp(simulated, data.list_length, data.participant, 2)
    np.testing.assert_array_equal(result, expected)


def test_labelled_responses_keep_their_dimensions() -> None:
    data = make_data()
    simulated = xr.DataArray(
        np.random.default_rng(5).integers(1, 6, size=(2, 3, 1, 5, OUTPUTS)),
        dims=("model", "chain", "draw", "list", "output"),
        coords={"model": ["cmr", "kv_recall"]},
    )
    result = curves.curve(data, "lag_rank", by=(), responses=simulated)
    assert result.sizes == {"model": 2, "chain": 3, "draw": 1}
    assert result["model"].to_numpy().tolist() == ["cmr", "kv_recall"]


def test_average_over_participants() -> None:
    data = make_data()
    # S10's lists of 7 words give it more positions than S2 has here.
    by_participant = curves.curve(data, "lag_crp", by=("subject", "list_length"))
    result = curves.average(by_participant)
    values = by_participant.transpose("list_length", "lag", "subject").to_numpy()
    for index in np.ndindex(values.shape[:-1]):
        have = values[index][~np.isnan(values[index])]
        mean, error, n = (result[name].to_numpy()[index] for name in ("mean", "standard_error", "n"))
        assert n == len(have)
        np.testing.assert_allclose(mean, have.mean() if n else np.nan, rtol=1e-12)
        np.testing.assert_allclose(error, scipy.stats.sem(have) if n > 1 else np.nan, rtol=1e-12)
    assert set(np.unique(result["n"])) == {0, 1, 2}
    assert result.attrs["kind"] == "lag_crp"


def test_average_keeps_draws() -> None:
    data = make_data()
    simulated = np.random.default_rng(5).integers(1, 6, size=(4, 5, OUTPUTS))
    result = curves.average(curves.curve(data, "serial_position", responses=simulated))
    assert result["mean"].dims == ("draw", "study_position")
    one = curves.average(curves.curve(data, "serial_position", responses=simulated[2]))
    xr.testing.assert_allclose(result["mean"].isel(draw=2), one["mean"], rtol=1e-12)


def test_average_needs_participants() -> None:
    with pytest.raises(ValueError, match="name 'subject' in `by`"):
        curves.average(curves.curve(make_data(), "lag_crp", by=()))


def test_error_lists_all_problems() -> None:
    data = make_data(session=[1, 1, None, 2, 2])
    with pytest.raises(ValueError, match="cannot compute this curve") as error:
        curves.curve(data, "lag_cpr", by=("session", "colour"), responses=data.responses[:3], n_outputs=0)
    message = str(error.value)
    assert "unknown curve 'lag_cpr'; known are serial_position, " in message
    assert "the lists have no column 'colour'; they have subject, list, list_length, session" in message
    assert "'session' has no value in 1 lists (participant S2, list 3)" in message
    assert "expected (..., 5 lists, output) for these data, found shape (3, 6)" in message
    assert "n_outputs: expected at least 1, found 0" in message
    assert message.count("\n- ") == 5


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"by": ("subject", "subject")}, "named twice"),
        ({"by": "lag"}, "'lag' is also a dimension of the result"),
        ({"n_outputs": 3}, "'lag_crp' is not by output position"),
        ({"responses": np.ones((1, 1, 1, 5, 2), dtype=int)}, "up to two leading dimensions"),
        ({"responses": np.ones(5, dtype=int)}, "found shape (5,)"),
    ],
)
def test_error_says_what_is_wrong(options: dict, expected: str) -> None:
    with pytest.raises(ValueError, match="cannot compute this curve") as error:
        curves.curve(make_data(lag=[1, 1, 2, 2, 2]), "lag_crp", **options)
    assert expected in str(error.value)
