"""That checking of bounds is switched on where CI asks for it, and stops what reads beside an array."""

import os

import numba
import numpy as np
import pytest


@numba.njit
def _entry(values, place):  # type: ignore[no-untyped-def]
    return values[place]


@pytest.mark.bounds
def test_reading_beside_an_array_is_an_error_where_bounds_are_checked() -> None:
    if os.environ.get("NUMBA_BOUNDSCHECK") != "1":
        pytest.skip("bounds are checked in a run of its own: see .ci/run")
    assert _entry(np.arange(3.0), 2) == 2.0
    with pytest.raises(IndexError, match="out of bounds"):
        _entry(np.arange(3.0), 3)
