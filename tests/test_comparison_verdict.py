"""What a comparison says in words: everything that is decided, the sampler first, and small numbers."""

from dataclasses import replace

import numpy as np
import pytest
from hand_fits import invented_comparison, invented_data, invented_fit

from kvfit.comparison.compare import Comparison, compare
from kvfit.comparison.errors import amount, error_of_sum, is_clear, needed_errors, needed_words, with_error
from kvfit.comparison.verdict import verdict

N = 40
OWNER = np.repeat(np.arange(N), 2)
#: of every person's two lists, in turn; summing to nothing, with an error of 20 over people
WAVE = np.repeat(np.where(np.arange(N) % 2, 1.0, -1.0), 2) * 0.5 * 20 / np.sqrt(N * N / (N - 1))


def compared(failed: tuple[str, ...] = (), **behind: float) -> Comparison:
    """Models that many units behind the best, each with an error of 20 over 40 people."""
    densities = {"best": np.full(2 * N, -3.0)}
    densities |= {name: -3.0 - units / (2 * N) + WAVE for name, units in behind.items()}
    return invented_comparison(densities, OWNER, failed)


def test_the_invented_error_is_20() -> None:
    table = compared(second=100.0).table
    assert table["dse"].tolist() == pytest.approx([0.0, 20.0])
    # 80 lists, 20^2 = 40 (2 w)^2 40 / 39 with w the wave's height: 80 w^2 80 / 79
    assert table["dse_trials"].iloc[1] == pytest.approx(np.sqrt(80 * 80 / 79 * 400 * 39 / 40 / 40 / 4))


def test_a_clear_order_names_everything() -> None:
    assert verdict(compared(second=100.0, third=150.0, fourth=200.0)) == (
        "best predicts a new list of these participants better than second, by 100 ± 20 units of log predictive density"
        " (± one standard error over 40 participants; over lists, as if those of one person were independent evidence, it"
        " is 14), and describes 20 of 40 participants best. Clearly behind best are also third (by 150 ± 20) and fourth (by"
        " 200 ± 20)."
    )


def test_what_is_clearly_out_is_said_although_the_first_places_are_open() -> None:
    words = verdict(compared(second=30.0, third=35.0, fourth=200.0))
    assert words.startswith(
        "The data do not decide between best, second and third: best leads second by 30 ± 20 and third by 35 ± 20 units of"
        " log predictive density (± one standard error over 40 participants;"
    )
    assert words.endswith(
        "less than 2.1 standard errors by Student's t for n = 40 or than 4 units. Clearly behind best is fourth (by 200 ±"
        " 20)."
    )


def test_a_later_model_may_be_open_where_the_second_is_out() -> None:
    rough = {"best": np.full(2 * N, -3.0), "second": np.full(2 * N, -3.5), "rough": -4.0 + 4 * WAVE}
    words = verdict(invented_comparison(rough, OWNER))
    assert words.startswith("best predicts a new list of these participants better than second, by 40.0 ± 0.0 units")
    assert "Not decided is best against rough (by 80 ± 80): less than 2.1 standard errors" in words
    assert "Clearly behind" not in words


def test_a_difference_of_a_few_units_decides_nothing() -> None:
    sure = {"best": np.full(2 * N, -3.0), "second": np.full(2 * N, -3.0 - 3.9 / (2 * N))}
    assert "best leads second by 3.9 ± 0.0 units" in verdict(invented_comparison(sure, OWNER))
    sure["second"] = np.full(2 * N, -3.0 - 4.1 / (2 * N))
    assert "better than second, by 4.1 ± 0.0 units" in verdict(invented_comparison(sure, OWNER))


def test_level_models() -> None:
    words = verdict(compared(second=0.02, third=8.0))
    assert "best is level with second, 0.0 ± 20.0 and leads third by 8.0 ± 20.0 units of log" in words


def test_a_failed_sampler_comes_first_also_for_a_single_fit() -> None:
    warning = "Treat this as provisional: sampling of second did not pass its checks. "
    assert verdict(compared(("second",), second=100.0)).startswith(f"{warning}best predicts")
    assert verdict(compared(("second",), second=1.0)).startswith(f"{warning}The data do not decide")
    alone = compare([invented_fit("only", [-1.0, -2.0], invented_data([0, 1]), passed=False)], show_progress=False)
    assert verdict(alone) == (
        "Treat this as provisional: sampling of only did not pass its checks. Only one model was given: only."
    )
    assert str(alone).splitlines()[2] == ""


def test_failed_fits_have_the_names_of_the_table() -> None:
    data = invented_data([0, 0, 1])
    fits = {"with a": invented_fit("same", [-1.0, -1.0, -1.0], data), "with b": invented_fit("same", [-2.0] * 3, data)}
    fits["with b"].diagnostics.passed = False
    assert "sampling of with b did not pass" in verdict(compare(fits, show_progress=False))


def test_one_participant_speaks_of_lists_only() -> None:
    words = verdict(invented_comparison({"best": [-1.0] * 10, "second": [-2.0, -4.0] * 5}, [0] * 10))
    # differences 1 and 3 in turn: variance 10 / 9, ten lists
    assert "by 20.0 ± 3.3 units of log predictive density (± one standard error over the 10 lists of the only" in words
    assert "it says nothing of others)" in words


def test_one_list_decides_nothing() -> None:
    words = verdict(invented_comparison({"best": [-1.0], "second": [-90.0]}, [0]))
    assert (
        "best leads second by 89 units of log predictive density (one list has no standard error), which decides"
        in words
    )


def test_two_people_decide_little() -> None:
    # people 50 and 30 units: error sqrt(2 * 200) = 20, four of them, where two people want 14
    words = verdict(invented_comparison({"best": [-1.0, -1.0], "second": [-51.0, -31.0]}, [0, 1]))
    assert "best leads second by 80 ± 20 units" in words
    assert "less than 14 standard errors by Student's t for n = 2" in words


@pytest.mark.parametrize(
    ("leads", "said"),
    [
        ([-4.0, -4.0], "Each chain of second alone puts it about 4.0 behind best."),
        ([-4.02, -3.98], "about 4.0 behind best."),
        ([-0.04, 0.04], "Each chain of second alone puts it level with best."),
        ([0.0, -0.3], "Each chain of second alone puts it at most 0.3 behind best."),
        ([4.0, 4.4], "Each chain of second alone puts it 4.0 to 4.4 ahead of best."),
        ([60.2, 61.4], "puts it 60 to 61 ahead of best."),
        ([60.2, 60.4], "puts it about 60 ahead of best."),
        (
            [-0.3, 0.4],
            "Its chains disagree about the comparison too: second minus best is -0.3 to 0.4, chain by chain.",
        ),
        ([-30.0, 41.0], "second minus best is -30 to 41, chain by chain."),
    ],
)
def test_chains_one_by_one(leads: list[float], said: str) -> None:
    found = compared(("second",), second=1.0)
    assert found.chain_elpd.keys() == {"second"}
    best = float(found.table["elpd"].iloc[0])
    words = verdict(replace(found, chain_elpd={"second": best + np.array(leads)}))
    assert said in words
    assert words.index("did not pass") < words.index("The data do not decide") < words.index(said)


def test_chains_of_the_best_are_held_against_the_second() -> None:
    found = compared(("best",), second=1.0)
    rival = float(found.table["elpd"].iloc[1])
    words = verdict(replace(found, chain_elpd={"best": rival + np.array([2.0, 3.0])}))
    assert "Each chain of best alone puts it 2.0 to 3.0 ahead of second." in words


def test_unreliable_weights_are_told_beside_a_failed_sampler() -> None:
    found = compared(("second",), second=100.0)
    table = found.table.assign(k_warnings=[0, 3])
    words = verdict(replace(found, table=table))
    assert words.endswith("Some importance weights are unreliable (Pareto k): second (3 of 80 lists).")
    assert words.startswith("Treat this as provisional")


def test_errors_of_sums() -> None:
    # 1, 2, 6: variance 7
    assert error_of_sum(np.array([1.0, 2.0, 6.0])) == pytest.approx(np.sqrt(21.0))
    assert np.isnan(error_of_sum(np.array([5.0])))


@pytest.mark.parametrize(
    ("n", "wanted"),
    # quantiles of Student's t at .97725: tables of the distribution give 12.71 and 4.30 at .975 for 1 and 2 degrees
    [(2, 13.9677), (3, 4.5265), (10, 2.3198), (126, 2.0202), (10**6, 2.0)],
)
def test_errors_that_decide(n: int, wanted: float) -> None:
    assert needed_errors(n) == pytest.approx(wanted, abs=1e-4)
    assert is_clear(wanted * 10.01, 10.0, n)
    assert not is_clear(wanted * 9.99, 10.0, n)


def test_two_people_by_hand() -> None:
    # with one degree of freedom t is Cauchy: the quantile of 1 - p is cot(pi p), p = P(z > 2) = .0227501
    assert needed_errors(2) == pytest.approx(1 / np.tan(np.pi * 0.02275013), rel=1e-6)


def test_nothing_is_clear_without_an_error() -> None:
    assert not is_clear(1000.0, np.nan, 50)
    assert not is_clear(1000.0, 0.0, 1)
    assert not is_clear(4.0, 0.1, 50)
    assert is_clear(-4.1, 0.1, 50)


def test_numbers_as_they_are_written() -> None:
    assert [amount(x) for x in (0.0, -0.04, 3.14, -3.16, 9.94, 9.96, 120.4)] == [
        "0.0", "0.0", "3.1", "-3.2", "9.9", "10", "120",
    ]  # fmt: skip
    assert with_error(120.4, 30.2) == "120 ± 30"
    assert with_error(120.4, 3.2) == "120.4 ± 3.2"
    assert with_error(8.06, 29.6) == "8.1 ± 29.6"
    assert with_error(-0.04, 0.5) == "0.0 ± 0.5"
    assert with_error(8.06, np.nan) == "8.1"
    assert needed_words(126) == "2 standard errors"
    assert needed_words(10) == "2.3 standard errors by Student's t for n = 10"
