"""Every number of a comparison by list, worked out by hand from invented predictive densities."""

import numpy as np
import pandas as pd
import pytest
from hand_fits import invented_comparison, invented_data, invented_fit

from kvfit.comparison.compare import compare

#: three people with 3, 2 and 1 lists
OWNER = [0, 0, 0, 1, 1, 2]
#: `good` minus `poor`: person 0 has 1, 2, 6, person 1 has -1, 3, person 2 has 4
GOOD = [-10.0, -10.0, -10.0, -10.0, -10.0, -10.0]
POOR = [-11.0, -12.0, -16.0, -9.0, -13.0, -14.0]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return invented_comparison({"poor": POOR, "good": GOOD}, OWNER).table


def test_sums_and_ranks(table: pd.DataFrame) -> None:
    assert table["model"].tolist() == ["good", "poor"]
    assert table["rank"].tolist() == [1, 2]
    assert table["elpd"].tolist() == pytest.approx([-60.0, -75.0])
    assert table["elpd_diff"].tolist() == pytest.approx([0.0, -15.0])
    assert table["p"].tolist() == pytest.approx([0.0, 0.0], abs=1e-9)
    # one model is as good or better for every person, and no mixture predicts better on the whole
    assert table["weight"].iloc[0] > 0.7
    assert table["weight"].sum() == pytest.approx(1.0)


def test_the_error_is_over_people(table: pd.DataFrame) -> None:
    # people's sums 9, 2, 4: mean 5, squares 16 + 9 + 1 = 26, variance 13, times three people
    assert table["dse"].tolist() == pytest.approx([0.0, np.sqrt(39.0)])


def test_the_error_over_lists_is_a_column_of_its_own(table: pd.DataFrame) -> None:
    # lists 1 2 6 -1 3 4: mean 2.5, squares 2.25 + .25 + 12.25 + 12.25 + .25 + 2.25 = 29.5, over 5, times six lists
    assert table["dse_trials"].tolist() == pytest.approx([0.0, np.sqrt(6 * 29.5 / 5)])


def test_who_is_described_best() -> None:
    # person 0 by good, 1 by poor, 2 by other; the worst of 0 is other, of 1 good, of 2 poor
    by_person = {"good": [-1.0, -9.0, -5.0], "poor": [-5.0, -2.0, -9.0], "other": [-9.0, -5.0, -4.5]}
    table = invented_comparison(by_person, [0, 1, 2]).table.set_index("model")
    assert table["n_best"].to_dict() == {"good": 1, "poor": 1, "other": 1}
    most = {"good": [-1.0, -1.0, -5.0], "poor": [-5.0, -2.0, -4.0], "other": [-9.0, -9.0, -9.0]}
    table = invented_comparison(most, [0, 1, 2]).table.set_index("model")
    assert table["n_best"].to_dict() == {"good": 2, "poor": 1, "other": 0}


def test_participants_have_sums_and_errors_over_their_own_lists() -> None:
    people = invented_comparison({"poor": POOR, "good": GOOD}, OWNER).participants
    own = people[people["model"] == "poor"].set_index("participant")
    assert own["elpd_diff"].to_dict() == pytest.approx({"p0": -9.0, "p1": -2.0, "p2": -4.0})
    # person 0: 1 2 6, mean 3, squares 4 + 1 + 9 = 14, variance 7, three lists; person 1: -1 3, variance 8, two lists
    assert own["se"].iloc[:2].tolist() == pytest.approx([np.sqrt(21.0), 4.0])
    assert np.isnan(own["se"].iloc[2])
    best = people[people["model"] == "good"]
    assert (best["elpd_diff"] == 0).all()
    assert best["se"].iloc[:2].tolist() == [0.0, 0.0]


def test_one_participant_has_no_error_over_people() -> None:
    table = invented_comparison({"poor": POOR[:3], "good": GOOD[:3]}, [0, 0, 0]).table
    assert table["dse"].isna().all()
    assert table["dse_trials"].tolist() == pytest.approx([0.0, np.sqrt(21.0)])


def test_two_participants() -> None:
    # sums 9 and 2: variance 24.5, two people
    table = invented_comparison({"poor": POOR[:5], "good": GOOD[:5]}, OWNER[:5]).table
    assert table["dse"].tolist() == pytest.approx([0.0, 7.0])


def test_observations_that_share_a_cell_count_once_each() -> None:
    data = invented_data([0, 0, 1, 1, 1])
    fits = [invented_fit(name, row, data) for name, row in {"good": [-1.0, -2.0], "poor": [-2.0, -5.0]}.items()]
    for fit in fits:
        # two cells: the first holds observations 0 and 3
        fit.design.n_observations, fit.design.unit_of_observation = 5, np.array([0, 1, 1, 0, 1])
    found = compare(fits, show_progress=False)
    assert found.table["elpd"].tolist() == pytest.approx([-8.0, -19.0])
    own = found.participants[found.participants["model"] == "poor"]
    assert own["elpd_diff"].tolist() == pytest.approx([-4.0, -7.0])
    # people 4 and 7: variance 4.5, two people; observations 1 3 3 1 3: mean 2.2, squares 4.8, over 4, times five
    assert found.table["dse"].iloc[1] == pytest.approx(3.0)
    assert found.table["dse_trials"].iloc[1] == pytest.approx(np.sqrt(6.0))
    assert found.table["k_warnings"].tolist() == [0, 0]


def test_impossible_observations_are_named() -> None:
    with pytest.raises(ValueError, match=r"poor: 2 of 6 observations have no finite .* \(participant p0, p2\)"):
        invented_comparison({"poor": [-1.0, -np.inf, -1.0, -1.0, -1.0, -np.inf], "good": GOOD}, OWNER)


def test_errors_stand_beside_the_table_with_their_names() -> None:
    text = str(invented_comparison({"poor": POOR, "good": GOOD}, OWNER))
    header, best, other = text.splitlines()[:3]
    assert header.split()[:6] == ["model", "rank", "elpd", "elpd_diff", "dse", "dse_trials"]
    assert best.split()[2:6] == ["-60.0", "0.0", "0.0", "0.0"]
    assert other.split()[2:6] == ["-75.0", "-15.0", "6.2", "5.9"]
    assert "dse: standard error of elpd_diff over participants; dse_trials: over lists" in text
    alone = str(invented_comparison({"poor": POOR[:3], "good": GOOD[:3]}, [0, 0, 0]))
    assert alone.splitlines()[2].split()[4:6] == ["-", "4.6"]
