"""How large an error of a posterior calibration sees."""

import numpy as np

from kvfit.certification.power import power, power_words
from kvfit.certification.rules import FALSE_ALARM


def chances(simulations: int, quantities: int) -> dict[str, float]:
    return dict(power(simulations, quantities, trials=200).itertuples(index=False, name=None))


def test_a_right_posterior_is_hardly_ever_called_wrong() -> None:
    # the level of the test; 200 simulated calibrations of one quantity each
    assert chances(200, 1)["right"] <= FALSE_ALARM + 3 * np.sqrt(FALSE_ALARM / 200)


def test_two_hundred_data_sets_see_what_fifty_do_not() -> None:
    few, many = chances(50, 25), chances(200, 25)
    assert few["0.3 sd too high"] < 0.15
    assert 0.45 < many["0.3 sd too high"] < 0.75
    assert many["0.5 sd too high"] > 0.95
    assert all(many[error] >= few[error] for error in many if error != "right")


def test_more_quantities_are_a_harder_test() -> None:
    assert chances(200, 100)["0.3 sd too high"] < chances(200, 1)["0.3 sd too high"]


def test_the_page_says_it() -> None:
    words = power_words(200, 25)
    assert "one that is 0.3 sd too high in " in words
    assert words.endswith("%")
