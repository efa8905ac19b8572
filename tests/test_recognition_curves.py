"""Recognition measures: closed forms of the normal model, golden numbers, grouping, draws and intervals."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from recognition_tables import normal_counts, stack, trial_table

from kvfit.tasks.curves import average
from kvfit.tasks.curves.recognition import (
    MEASURES,
    a_g,
    a_prime,
    a_z,
    b_double_prime_d,
    beta,
    calibration,
    criterion,
    cumulative_rates,
    curve,
    d_a,
    d_prime,
    d_prime_error,
    interval,
    ln_beta,
    old_rates,
    proportions,
    relative_criterion,
    threshold_bias,
    threshold_sensitivity,
    zroc_line,
)
from kvfit.tasks.recognition import RecognitionData
from kvfit.tasks.recognition_bins import with_bins
from kvfit.tasks.recognition_reader import read_recognition

CRITERIA = [-1.0, -0.3, 0.4, 1.1, 1.9]


@pytest.fixture(scope="module")
def data() -> RecognitionData:
    """Six participants; strong and weak old items, lures without a strength; a second condition over both."""
    rng = np.random.default_rng(11)
    tables = []
    for subject in range(1, 7):
        strength = np.repeat(["strong", "weak"], 20)
        old = np.digitize(rng.normal(np.where(strength == "strong", 2.0, 1.0), 1.2), CRITERIA) + 1
        new = np.digitize(rng.normal(0.0, 1.0, 40), CRITERIA) + 1
        tables.append(
            trial_table(
                subject,
                old.tolist(),
                new.tolist(),
                strength=[*strength, *["lure"] * 40],
                study_position=[*np.tile(np.arange(1, 21), 2), *[None] * 40],
                context=np.tile(["a", "b"], 40),
            )
        )
    return read_recognition(stack(*tables), scale="1-6")


class TestOnePoint:
    @pytest.mark.parametrize("distance", [0.0, 0.7, 2.3])
    @pytest.mark.parametrize("cut", [-0.5, 0.8, 1.6])
    def test_equal_variance_normal_is_recovered(self, distance: float, cut: float) -> None:
        false_alarm, hit = old_rates(normal_counts(distance, 1.0, [cut]), 2)
        assert d_prime(hit, false_alarm) == pytest.approx(distance, abs=1e-12)
        assert criterion(hit, false_alarm) == pytest.approx(cut - distance / 2, abs=1e-12)
        assert ln_beta(hit, false_alarm) == pytest.approx(distance * (cut - distance / 2), abs=1e-12)
        assert beta(hit, false_alarm) == pytest.approx(np.exp(distance * (cut - distance / 2)))
        if distance:
            assert relative_criterion(hit, false_alarm) == pytest.approx(cut / distance - 0.5)

    def test_high_threshold_is_recovered(self) -> None:
        detect, guess = 0.45, 0.3
        hit, false_alarm = detect + (1 - detect) * guess, (1 - detect) * guess
        assert threshold_sensitivity(hit, false_alarm) == pytest.approx(detect)
        assert threshold_bias(hit, false_alarm) == pytest.approx(guess)

    def test_bias_measures_at_their_ends(self) -> None:
        assert b_double_prime_d(0.5, 0.5) == 0
        assert b_double_prime_d([1.0, 0.3], [0.4, 0.0]).tolist() == [-1, 1]
        assert np.isnan(b_double_prime_d(1.0, 0.0))
        assert np.isnan(threshold_bias(1.0, 0.0))
        assert np.isnan(relative_criterion(0.5, 0.5))

    def test_a_prime_is_symmetric_around_chance(self) -> None:
        assert a_prime([0.5, 1.0, 0.0], [0.5, 1.0, 0.0]).tolist() == [0.5, 0.5, 0.5]
        assert a_prime(1.0, 0.0) == 1
        assert a_prime(0.7, 0.2) == pytest.approx(1 - a_prime(0.2, 0.7))

    def test_error_of_d_prime_agrees_with_simulation(self) -> None:
        rng = np.random.default_rng(8)
        hit, false_alarm, n_old, n_new = 0.8, 0.25, 400, 300
        draws = d_prime(rng.binomial(n_old, hit, 40_000) / n_old, rng.binomial(n_new, false_alarm, 40_000) / n_new)
        assert d_prime_error(hit, false_alarm, n_old, n_new) == pytest.approx(draws.std(), rel=0.02)
        assert np.isnan(d_prime_error(1.0, 0.2, 10, 10))


class TestRatings:
    def test_cumulative_rates_run_from_strict_to_lax(self) -> None:
        counts = np.array([[4, 3, 2, 1], [1, 1, 2, 4]])
        np.testing.assert_allclose(cumulative_rates(counts), [[0.1, 0.3, 0.6], [0.5, 0.75, 0.875]])
        np.testing.assert_allclose(
            cumulative_rates(counts, "log-linear"), [[1.5 / 11, 3.5 / 11, 6.5 / 11], [4.5 / 9, 6.5 / 9, 7.5 / 9]]
        )
        np.testing.assert_allclose(old_rates(counts, 3), [0.3, 0.75])
        with pytest.raises(ValueError, match="expected none or log-linear"):
            cumulative_rates(counts, "add one")  # type: ignore[arg-type]

    @pytest.mark.parametrize("sigma", [0.8, 1.0, 1.4])
    def test_line_of_the_normal_model_is_exact(self, sigma: float) -> None:
        slope, intercept = zroc_line(normal_counts(1.3, sigma, CRITERIA), "none")
        assert slope == pytest.approx(1 / sigma)
        assert intercept == pytest.approx(1.3 / sigma)
        assert d_a(slope, intercept) == pytest.approx(1.3 * np.sqrt(2 / (1 + sigma**2)))

    def test_empty_and_full_categories(self) -> None:
        counts = np.array([[10, 0, 0, 0], [0, 0, 5, 5]])
        slope, intercept = zroc_line(counts, "none")
        assert np.isnan(slope)
        assert np.isnan(intercept)
        assert np.isfinite(zroc_line(counts + 1, "none")).all()
        assert np.isnan(cumulative_rates(np.zeros((2, 4)), "log-linear")).all()
        assert np.isnan(a_g(np.array([[0, 0], [1, 2]])))

    def test_infinite_points_are_left_out_of_the_line(self) -> None:
        counts = normal_counts(1.0, 1.25, CRITERIA)
        merged = np.insert(counts, 0, 0.0, axis=1)  # an extra category that nobody used: rate 1 at its criterion
        np.testing.assert_allclose(zroc_line(merged, "none"), zroc_line(counts, "none"))

    def test_area_counts_pairs(self) -> None:
        rng = np.random.default_rng(2)
        old, new = rng.integers(1, 6, 30), rng.integers(1, 5, 25)
        counts = np.stack([np.bincount(new, minlength=7)[1:], np.bincount(old, minlength=7)[1:]])
        pairs = (old[:, None] > new).mean() + (old[:, None] == new).mean() / 2
        assert a_g(counts) == pytest.approx(pairs)

    def test_area_of_many_categories_approaches_a_z(self) -> None:
        counts = normal_counts(1.1, 1.3, np.linspace(-4, 6, 400).tolist())
        assert a_g(counts) == pytest.approx(a_z(*zroc_line(normal_counts(1.1, 1.3, CRITERIA), "none")), abs=1e-4)

    def test_histogram_and_calibration(self) -> None:
        counts = np.array([[6, 0, 2], [2, 0, 6]])
        np.testing.assert_allclose(proportions(counts), [[0.75, 0, 0.25], [0.25, 0, 0.75]])
        np.testing.assert_allclose(calibration(counts), [0.25, np.nan, 0.75])

    def test_leading_dimensions_are_kept(self) -> None:
        rng = np.random.default_rng(4)
        counts = rng.integers(0, 30, (3, 5, 2, 6))
        for name, measure in MEASURES.items():
            values = measure.function(counts.astype(float), 4, measure.correction)
            assert values.shape[:2] == (3, 5), name
            np.testing.assert_allclose(
                values[1, 2], measure.function(counts[1, 2].astype(float), 4, measure.correction), err_msg=name
            )


class TestCurve:
    def test_agrees_with_pandas(self, data: RecognitionData) -> None:
        trials = data.trials.assign(called_old=data.trials["response"] >= 4)
        expected = trials[trials["old"]].groupby(["subject", "strength"])["called_old"].mean()
        found = curve(data, "hit_rate", ("subject", "strength"))
        np.testing.assert_allclose(found.to_numpy().ravel(), expected.to_numpy())
        assert found.coords["strength"].values.tolist() == ["strong", "weak"]
        expected_fa = trials[~trials["old"]].groupby("context")["called_old"].mean()
        np.testing.assert_allclose(curve(data, "false_alarm_rate", "context").to_numpy(), expected_fa.to_numpy())

    def test_lures_count_at_every_level_of_what_describes_old_items(self, data: RecognitionData) -> None:
        strong = curve(data.select(query="strength != 'weak'"), "d_prime", ("subject",))
        by_strength = curve(data, "d_prime", ("subject", "strength"))
        np.testing.assert_allclose(by_strength.sel(strength="strong"), strong)
        assert by_strength.attrs == {"long_name": "d'", "correction": "log-linear", "shared": ["strength"]}
        by_position = curve(data, "roc", ("study_position", "context"))
        pooled = curve(data, "roc", ("context",))
        for position in (2, 19):
            context = "b" if position % 2 == 0 else "a"
            np.testing.assert_allclose(
                by_position.sel(study_position=position, context=context, status="new"),
                pooled.sel(context=context, status="new"),
            )
        assert by_position.attrs["shared"] == ["study_position"]

    def test_columns_of_new_items(self, data: RecognitionData) -> None:
        related = data.trials.assign(
            kind=np.where(data.old, None, np.where(data.trials["context"] == "a", "near", "far"))
        )
        table = read_recognition(related.drop(columns=["response_label"]), scale="1-6")
        found = curve(table, "roc", ("kind",))
        assert found.coords["kind"].values.tolist() == ["far", "near"]
        np.testing.assert_allclose(found.sel(kind="near", status="old"), found.sel(kind="far", status="old"))
        np.testing.assert_allclose(
            found.sel(kind="near", status="new"), curve(data, "roc", "context").sel(context="a", status="new")
        )

    def test_dimensions_and_labels(self, data: RecognitionData) -> None:
        found = curve(data, "roc", ("subject",))
        assert found.dims == ("subject", "status", "criterion")
        assert found.coords["status"].values.tolist() == ["new", "old"]
        assert found.coords["criterion"].values.tolist() == [6, 5, 4, 3, 2]
        assert curve(data, "confidence", ()).dims == ("status", "category")
        assert curve(data, "calibration", ()).coords["category"].values.tolist() == [1, 2, 3, 4, 5, 6]
        assert found.attrs["correction"] == "none"

    def test_pooled_equals_the_sum_of_counts(self, data: RecognitionData) -> None:
        counts = np.stack(
            [
                np.bincount(data.response[~data.old], minlength=7)[1:],
                np.bincount(data.response[data.old], minlength=7)[1:],
            ]
        )
        np.testing.assert_allclose(curve(data, "roc", ()), cumulative_rates(counts))
        assert curve(data, "a_g", ()).item() == pytest.approx(float(a_g(counts)))

    def test_draws_are_each_the_curve_of_their_responses(self, data: RecognitionData) -> None:
        rng = np.random.default_rng(6)
        draws = rng.integers(1, 7, (2, 3, data.n_trials))
        found = curve(data, "zroc_slope", ("subject", "strength"), draws)
        assert found.dims == ("chain", "draw", "subject", "strength")
        one = curve(data.with_responses(draws[1, 2]), "zroc_slope", ("subject", "strength"))
        np.testing.assert_allclose(found[1, 2], one)
        named = xr.DataArray(draws[0], dims=("sample", "trial"), coords={"sample": [5, 6, 7]})
        again = curve(data, "zroc_slope", ("subject", "strength"), named)
        assert again.coords["sample"].values.tolist() == [5, 6, 7]
        np.testing.assert_allclose(again, found[0])

    def test_simulated_counts_of_cells(self, data: RecognitionData) -> None:
        rng = np.random.default_rng(7)
        draws = rng.integers(1, 7, (3, data.n_trials))
        cells = data.cells(["strength", "context"])
        by_cells = curve(cells, "d_prime", ("subject", "strength"), cells.count(draws))
        np.testing.assert_allclose(by_cells, curve(data, "d_prime", ("subject", "strength"), draws))

    def test_average_over_participants(self, data: RecognitionData) -> None:
        curves = curve(data, "d_prime", ("subject", "strength"))
        found = average(curves)
        np.testing.assert_allclose(found["mean"], curves.mean("subject"))
        np.testing.assert_allclose(found["standard_error"], curves.std("subject", ddof=1) / np.sqrt(6))

    def test_remember_know_categories(self) -> None:
        data = read_recognition(trial_table(1, ["r", "k", "n", "r"], ["n", "k"]))
        assert curve(data, "hit_rate", ()).item() == 0.75
        np.testing.assert_allclose(curve(data, "roc", ()).sel(criterion=3), [0, 0.5])

    @pytest.mark.parametrize(
        ("kind", "by", "message"),
        [
            ("rocc", (), "unknown measure 'rocc'"),
            ("roc", ("loudness",), "cannot group by 'loudness'"),
            ("roc", ("old",), "cannot group by 'old'"),
            ("roc", ("subject", "subject"), "named twice"),
            ("false_alarm_rate", ("study_position",), "has no value in 6 cells of new items"),
        ],
    )
    def test_refuses(self, data: RecognitionData, kind: str, by: tuple[str, ...], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            curve(data, kind, by)

    def test_refuses_levels_that_do_not_go_together(self, data: RecognitionData) -> None:
        kinds = data.trials.assign(kind=np.where(data.old, "o", "n") + data.trials["context"].to_numpy(dtype=object))
        table = read_recognition(kinds.drop(columns="response_label"), scale="1-6")
        with pytest.raises(ValueError, match="no value of 'kind' is shared"):
            curve(table, "roc", "kind")

    def test_refuses_responses_of_another_shape(self, data: RecognitionData) -> None:
        with pytest.raises(ValueError, match=r"expected \(\.\.\., 480 trials\)"):
            curve(data, "roc", (), np.ones(7, dtype=int))
        cells = data.cells()
        with pytest.raises(ValueError, match="counts of cells and categories"):
            curve(cells, "roc", (), np.ones((3, 4)))

    def test_refuses_a_roc_of_unordered_categories(self) -> None:
        table = trial_table(1, ["intact", "new"], ["rearranged", "new"])
        data = read_recognition(table, scale=["new", "rearranged", "intact"], old_from="intact", ordered=False)
        assert curve(data, "hit_rate", ()).item() == 0.5
        with pytest.raises(ValueError, match="needs response categories in order of confidence"):
            curve(data, "roc", ())


class TestInterval:
    def test_of_one_person_covers_d_prime_as_its_error_says(self) -> None:
        table = trial_table(1, [2] * 160 + [1] * 40, [2] * 50 + [1] * 150)
        data = read_recognition(table, scale="1-2")
        found = interval(data, "d_prime", ("subject",), n_resamples=8000, seed=1)
        error = float(d_prime_error(0.8, 0.25, 200, 200))
        assert float(found["estimate"][0]) == pytest.approx(float(d_prime(160.5 / 201, 50.5 / 201)))
        half = float(found["upper"][0] - found["lower"][0]) / 2
        assert half == pytest.approx(1.96 * error, rel=0.06)
        assert found.attrs["resampled"] == "trials"

    def test_of_the_group_draws_participants(self, data: RecognitionData) -> None:
        found = interval(data, "hit_rate", n_resamples=4000, seed=2)
        people = curve(data, "hit_rate")
        error = float(people.std("subject", ddof=0)) / np.sqrt(6)
        assert float(found["upper"] - found["lower"]) / 2 == pytest.approx(1.96 * error, rel=0.1)
        assert float(found["lower"]) < float(found["estimate"]) < float(found["upper"])
        assert found.attrs["resampled"] == "participants"

    def test_same_seed_same_interval(self, data: RecognitionData) -> None:
        one, two = (interval(data, "a_z", n_resamples=50, seed=9) for _ in range(2))
        xr.testing.assert_identical(one, two)
        assert not interval(data, "a_z", n_resamples=50, seed=10).equals(one)

    @pytest.mark.parametrize("kind", MEASURES)
    def test_every_measure_has_one(self, data: RecognitionData, kind: str) -> None:
        for by in ((), ("subject",)):
            found = interval(data, kind, by, n_resamples=200)
            assert found["lower"].dims == found["estimate"].dims
            assert bool((found["lower"] <= found["upper"]).all())

    def test_one_participant_cannot_be_drawn(self, data: RecognitionData) -> None:
        with pytest.raises(ValueError, match="name 'subject' in by"):
            interval(data.select(1), "d_prime")
        with pytest.raises(ValueError, match="level between 0 and 1"):
            interval(data, "d_prime", level=95)


class TestBins:
    def test_equally_many_trials(self, data: RecognitionData) -> None:
        binned = with_bins(data, "study_position", 4)
        old = binned.trials[binned.old]
        assert old.groupby("study_position_bin").size().tolist() == [60] * 4
        assert old.groupby("study_position_bin")["study_position"].agg(["min", "max"]).to_numpy().tolist() == [
            *([1, 5], [6, 10], [11, 15], [16, 20]),
        ]
        assert sorted(set(old["study_position_bin"])) == [3, 8, 13, 18]
        assert binned.trials.loc[~binned.old, "study_position_bin"].isna().all()
        assert binned.fingerprint == data.fingerprint
        assert curve(binned, "d_prime", ("subject", "study_position_bin")).shape == (6, 4)

    def test_edges(self, data: RecognitionData) -> None:
        binned = with_bins(data, "study_position", [0, 2, 20], name="part")
        assert binned.trials[binned.old].groupby("part").size().tolist() == [24, 216]

    @pytest.mark.parametrize(
        ("column", "bins", "message"),
        [
            ("strength", 3, "those are subject, list, position, old"),
            ("study_position", 0, "expected a number of bins"),
            ("study_position", [3, 1], "increasing edges"),
            ("study_position", [1, 10], "120 values of 'study_position' lie outside 1 to 10, e.g. 11"),
        ],
    )
    def test_refuses(self, data: RecognitionData, column: str, bins: object, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            with_bins(data, column, bins)  # type: ignore[arg-type]


@pytest.mark.shared
class TestGolden:
    @pytest.fixture
    def cases(self, shared: Path) -> dict[str, dict]:
        text = (shared / "golden" / "sdt_recognition.json").read_text(encoding="utf-8")
        return {case["id"]: case for case in json.loads(text)["cases"]}

    def test_single_point(self, cases: dict[str, dict]) -> None:
        case = cases["single_point_indices"]
        hit, false_alarm = case["inputs"]["hit_rate"], case["inputs"]["false_alarm_rate"]
        found = {
            "d_prime": d_prime,
            "c": criterion,
            "ln_beta": ln_beta,
            "two_high_threshold_Pr": threshold_sensitivity,
            "two_high_threshold_Br": threshold_bias,
            "A_prime": a_prime,
        }
        assert set(found) == set(case["expected"])
        for name, function in found.items():
            assert function(hit, false_alarm) == pytest.approx(case["expected"][name], abs=1e-9), name

    def test_normal_models(self, cases: dict[str, dict]) -> None:
        for name in ("evsd_values_1", "uvsd_values_1"):
            expected = cases[name]["expected"]
            counts = np.array([expected["p_new_by_category"], expected["p_old_by_category"]])
            slope, intercept = zroc_line(counts, "none")
            area = expected.get("auc", expected.get("auc_Az"))
            assert a_z(slope, intercept) == pytest.approx(area, abs=1e-7)
            if name == "uvsd_values_1":
                assert slope == pytest.approx(expected["zroc_slope"], abs=1e-7)
                assert intercept == pytest.approx(expected["zroc_intercept"], abs=1e-7)
                assert d_a(slope, intercept) == pytest.approx(expected["d_a"], abs=1e-7)
            else:
                rates = old_rates(counts, 4)
                assert d_prime(rates[1], rates[0]) == pytest.approx(cases[name]["parameters"]["d"], abs=1e-7)


@pytest.mark.shared
class TestPublished:
    """Facts of the data sets' READMEs."""

    @pytest.fixture(autouse=True)
    def folder(self, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KVFIT_DATA", str(shared / "data"))

    @staticmethod
    def load(name: str) -> RecognitionData:
        from kvfit.data import load

        data = load(name)
        assert isinstance(data, RecognitionData)
        return data

    @pytest.mark.parametrize(
        ("name", "old", "new", "slope"),
        [
            ("pratte2009", [0.364, 0.537, 0.655, 0.772, 0.922], [0.055, 0.146, 0.254, 0.430, 0.730], 0.79),
            ("schwartz2005", [0.491, 0.588, 0.674, 0.747, 0.868], [0.077, 0.162, 0.269, 0.397, 0.634], 0.64),
        ],
    )
    def test_rates_and_pooled_slope(self, name: str, old: list[float], new: list[float], slope: float) -> None:
        data = self.load(name)
        np.testing.assert_allclose(curve(data, "roc", ()), [new, old], atol=5.1e-4)
        assert curve(data, "zroc_slope", ()).item() == pytest.approx(slope, abs=0.005)

    def test_base_rate_and_strength(self) -> None:
        data = self.load("hopper_svdprec")
        hits = curve(data, "hit_rate", ("strength", "p_old"))
        np.testing.assert_allclose(hits, [[0.84, 0.93, 0.97], [0.55, 0.72, 0.81]], atol=0.0051)
        np.testing.assert_allclose(curve(data, "false_alarm_rate", "p_old"), [0.10, 0.22, 0.35], atol=0.0051)

    def test_mirror_effect_and_remembering(self) -> None:
        data = self.load("reder2000").select(query="prior_presentations <= 1")
        np.testing.assert_allclose(curve(data, "false_alarm_rate", "frequency"), [0.17, 0.04], atol=0.0051)
        np.testing.assert_allclose(curve(data, "hit_rate", "frequency"), [0.82, 0.88], atol=0.0051)
        remembered = curve(data, "roc", "frequency").sel(criterion=3)
        np.testing.assert_allclose(remembered.sel(status="old"), [0.38, 0.49], atol=0.0051)
        np.testing.assert_allclose(remembered.sel(status="new"), [0.03, 0.01], atol=0.0051)

    def test_lag(self) -> None:
        schwartz = with_bins(self.load("schwartz2005"), "lag", [0, 30, 60, 90, 120, 150, 191])
        rates = curve(schwartz, "hit_rate", "lag_bin").to_numpy()
        np.testing.assert_allclose(rates, [0.72, 0.71, 0.70, 0.66, 0.64, 0.63], atol=0.0051)
        pratte = with_bins(self.load("pratte2009"), "lag_centered", 5)
        rates = curve(pratte, "hit_rate", "lag_centered_bin").to_numpy()
        np.testing.assert_allclose(rates, [0.71, 0.65, 0.65, 0.63, 0.63], atol=0.0051)

    def test_associative_recognition(self) -> None:
        data = self.load("buchler2008")
        assert data.unanswered is not None
        # The README counts trials without a response too.
        presented = pd.concat([data.trials, data.unanswered])
        intact = presented.assign(intact=presented["response"] == 5).groupby("condition")["intact"].mean()
        kinds = ["rep5and5", "match5and5", "match1and1", "swap5and5", "swap1and1"]
        assert intact[kinds].round(2).tolist() == [0.86, 0.59, 0.45, 0.34, 0.07]
        assert len(presented) == 7520
        assert data.trials.loc[data.trials["pair_type"] == "rep", "n_presentations"].eq(5).all()

    def test_the_table_of_counts_is_that_of_the_trials(self) -> None:
        trials, counts = self.load("schwartz2005"), self.load("schwartz2005_ratings")
        pd.testing.assert_frame_equal(counts.cells().table(), trials.cells().table())
