"""Maximum likelihood to the last digits, and the parameters that have no maximum, told by participant."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import kvfit as kv
from kvfit.inference.polish import polished, without_maximum

Z = norm.ppf


def counts(*people: tuple[list[int], list[int]]) -> kv.RecognitionData:
    """Counts of the responses to old and to new items, one participant after the other."""
    n = len(people[0][0])
    rows = [(who, old, *row) for who, both in enumerate(people, 1) for old, row in zip((1, 0), both, strict=True)]
    return kv.read_recognition(pd.DataFrame(rows, columns=["subject", "old", *(f"count_{k + 1}" for k in range(n))]))


def recalls(**people: list[list[int]]) -> kv.FreeRecallData:
    """Lists of six items, and the positions recalled of each."""
    rows: list[tuple[str, int, str, int, str]] = []
    for who, lists in people.items():
        for number, recalled in enumerate(lists, 1):
            rows += [(who, number, "study", at, f"w{at}") for at in range(1, 7)]
            rows += [(who, number, "recall", output, f"w{at}") for output, at in enumerate(recalled, 1)]
    table = pd.DataFrame(rows, columns=["subject", "list", "trial_type", "position", "item"])
    return kv.read_free_recall(table, empty_participants="keep")


def test_no_false_alarms() -> None:
    # case 02 of issue 13, and its siblings: no misses; neither, the right way round and the wrong one
    data = counts(([4, 16], [20, 0]), ([5, 15], [17, 3]), ([0, 20], [17, 3]), ([0, 20], [20, 0]), ([20, 0], [0, 20]))
    found = kv.point_fit("evsd", data, show_progress=False)
    table = found.table.set_index("subject")
    assert table["at_bound"].tolist() == [
        "d_prime, criterion",
        "",
        "d_prime",
        "d_prime, criterion",
        "d_prime, criterion",
    ]
    # 16 ln .8 + 4 ln .2; a supremum, which is not reached
    assert -10.00805 - 1e-5 < table.loc[1, "log_likelihood"] < -10.00805 + 1e-5
    assert table.loc[2, "d_prime"] == pytest.approx(Z(0.75) - Z(0.15), abs=2e-5)
    assert table.loc[2, "criterion"] == pytest.approx(-Z(0.15), abs=2e-5)
    assert table.loc[2, "log_likelihood"] == pytest.approx(
        15 * np.log(0.75) + 5 * np.log(0.25) + 3 * np.log(0.15) + 17 * np.log(0.85), abs=1e-8
    )
    assert table.loc[3, "criterion"] == pytest.approx(-Z(0.15), abs=2e-4)
    said = found.verdict()
    assert "for 4 of 5 participants the likelihood has no maximum inside the support" in said
    assert "at most: 1 (d_prime, criterion), 3 (d_prime), 4 (d_prime, criterion), 5 (d_prime, criterion)." in said


def test_one_end_category() -> None:
    # case 03 of issue 13: the criteria follow from the new items alone, and the old ones approach probability 1
    new = np.array([10, 4, 2, 2, 1, 1])
    data = counts(([0, 0, 0, 0, 0, 20], new.tolist()))
    found = kv.point_fit("evsd", data, show_progress=False).table.iloc[0]
    assert found["at_bound"] == "d_prime"
    assert found["log_likelihood"] == pytest.approx(float(new @ np.log(new / 20)), abs=1e-4)
    cuts = Z(np.cumsum(new)[:-1] / 20)
    assert found["criterion"] == pytest.approx(cuts[2], abs=1e-3)
    spacings = [found[f"spacing_{k}"] for k in range(1, 5)]
    np.testing.assert_allclose(spacings, np.diff(cuts), atol=2e-3)


def test_ordinary_persons_raise_no_alarm() -> None:
    data = counts(([2, 3, 5, 10, 20, 60], [45, 25, 15, 9, 4, 2]), ([5, 9, 16, 20, 25, 25], [25, 25, 20, 16, 9, 5]))
    for spec in ("evsd", "uvsd", "gamma_sd"):
        found = kv.point_fit(spec, data, show_progress=False)
        assert found.table["at_bound"].tolist() == ["", ""], spec
        assert "maximum inside" not in found.verdict()


def test_an_optimum_on_a_ridge_is_the_published_one() -> None:
    # one participant of Pratte, Rouder & Morey (2010); MPTinR 1.14.1: d .40375487, lambda .98700258, logL -631.7144038.
    # A search that stopped at a relative 1e-5 said .973. Nobody was surely "new": the lowest criterion runs off.
    data = counts(([0, 2, 53, 93, 66, 25], [0, 10, 72, 95, 55, 7]))
    found = kv.point_fit("mixture_sd", data, show_progress=False).table.iloc[0]
    assert found["attention"] == pytest.approx(0.98700258, abs=2e-4)
    assert found["d_prime"] == pytest.approx(0.40375487, abs=5e-5)
    assert found["log_likelihood"] == pytest.approx(-631.7144038, abs=2e-6)
    assert found["at_bound"] == "spacing_1"


def test_recall_without_a_maximum() -> None:
    rng = np.random.default_rng(4)
    data = recalls(
        everything=[(1 + rng.permutation(6)).tolist() for _ in range(12)],
        nothing=[[] for _ in range(12)],
        one=[[1 + int(rng.integers(6))] for _ in range(12)],
    )
    found = kv.point_fit("random_recall", data, show_progress=False).table.set_index("subject")
    at_bound = found["at_bound"]
    # p_stop after 0, 1, ..., 5 recalls: all 0; all 1; 0 and then 1
    assert "stop_probability" in at_bound["everything"]
    assert "stop_probability" in at_bound["nothing"] or "stop_slope" in at_bound["nothing"]
    assert "stop_slope" in at_bound["one"]
    assert found.loc["everything", "log_likelihood"] == pytest.approx(-12 * np.log(720), abs=1e-3)
    assert found.loc["nothing", "log_likelihood"] == pytest.approx(0.0, abs=1e-3)


def test_the_last_item_always_first_and_memory_without_recalls() -> None:
    data = recalls(last=[[6], [6, 5]] * 4, nothing=[[]] * 8)
    found = kv.point_fit("serial_position", data, show_progress=False).table.set_index("subject")
    assert "recency" in found.loc["last", "at_bound"]
    # nothing recalled says nothing about memory
    for name in ("recency", "rho_end", "primacy", "rho_start"):
        assert name in found.loc["nothing", "at_bound"]


def test_hazards_of_stopping_have_the_optimum_of_a_logistic_regression() -> None:
    rng = np.random.default_rng(5)
    lengths = [1] * 3 + [2] * 6 + [3] * 8 + [4] * 6 + [5] * 4 + [6] * 3
    found = kv.point_fit(
        "random_recall", recalls(a=[(1 + rng.permutation(6)[:n]).tolist() for n in lengths]), show_progress=False
    ).table.iloc[0]
    stopped = np.bincount(lengths, minlength=7)[:6]
    going = np.array([sum(n >= t for n in lengths) for t in range(6)])
    x, design = np.zeros(2), np.c_[np.ones(6), np.arange(6) - 8.0]
    for _ in range(50):  # Newton
        p = 1 / (1 + np.exp(-design @ x))
        x = x + np.linalg.solve(design.T * (going * p * (1 - p)) @ design, design.T @ (stopped - going * p))
    assert found["at_bound"] == ""
    assert found["stop_slope"] == pytest.approx(x[1], rel=1e-4)
    assert np.log(found["stop_probability"] / (1 - found["stop_probability"])) == pytest.approx(x[0], rel=1e-4)


def test_directions_without_a_maximum_are_found_in_functions_that_have_them() -> None:
    def softly(z: np.ndarray) -> tuple[float, np.ndarray]:
        # no minimum along (1, 1), one at 2 along (1, -1), one at 4.5 in the third, and the fourth has no effect
        along, across = z[0] + z[1], z[0] - z[1]
        value = np.exp(-along) + (across - 2.0) ** 2 + 0.5 * (z[2] - 4.5) ** 2
        first, second = -np.exp(-along), 2.0 * (across - 2.0)
        return float(value), np.array([first + second, first - second, z[2] - 4.5, 0.0])

    best = polished(softly, np.array([3.0, 2.0, 4.0, 0.3]), 8.0)
    assert best.z[0] - best.z[1] == pytest.approx(2.0, abs=1e-3)
    assert best.z[2] == pytest.approx(4.5, abs=1e-3)
    assert without_maximum(softly, best, 8.0).tolist() == [True, True, False, True]
