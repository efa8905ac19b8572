"""The pictures of a report on recognition: what is drawn is what the data and the simulations say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from html_page import Page
from rating_fits import TRUTH, posterior_around, rated_data
from recognition_tables import stack, trial_table
from report_example import example_content
from scipy.special import ndtr, ndtri

import kvfit as kv
from kvfit.reports import recognition
from kvfit.reports.content import Curve, CurvePanel
from kvfit.reports.figures.curves import points_inside, shared_limits
from kvfit.reports.figures.kinds import CURVES
from kvfit.reports.figures.overlay import key_figure, strip_figure
from kvfit.reports.figures.roc import roc_figure, roc_limits
from kvfit.reports.figures.style import model_styles
from kvfit.reports.page import render_page
from kvfit.reports.recognition_curves import find_columns
from kvfit.reports.recognition_roc import read_zroc

EQUAL = {"d_prime": 1.3, "criterion": 0.6, "spacing_1": 0.5, "spacing_2": 0.5, "spacing_3": 0.5, "spacing_4": 0.5}


@pytest.fixture(scope="module")
def data() -> kv.RecognitionData:
    return rated_data()


@pytest.fixture(scope="module")
def fits(data: kv.RecognitionData) -> dict[str, kv.Fit]:
    spread = np.linspace(0.7, 1.3, data.n_participants)
    truth = {name: value * spread for name, value in TRUTH.items()}
    equal = {name: value * spread for name, value in EQUAL.items()}
    return {
        "uvsd(by=strength)": posterior_around("uvsd(by=strength)", data, truth),
        "evsd": posterior_around("evsd", data, equal),
    }


@pytest.fixture(scope="module")
def curves(fits: dict[str, kv.Fit], data: kv.RecognitionData) -> dict[tuple[str, str], Curve]:
    made = recognition.curves(fits, data, draws=60, seed=1, show_progress=False)
    return {(curve.kind, curve.by): curve for curve in made}


def _corrected(trials: pd.DataFrame) -> np.ndarray:
    """Corrected rates ``(participant, status, criterion)``, strict first, from the table of trials alone."""
    out = []
    for _, person in trials.groupby("subject"):
        for old in (False, True):
            response = person.loc[person["old"] == old, "response"].to_numpy()
            out.append([((response >= k).sum() + 0.5) / (len(response) + 1) for k in range(6, 1, -1)])
    return np.array(out).reshape(-1, 2, 5)


def _observed(panel: CurvePanel) -> np.ndarray:
    """Observed points of a panel, ``(point, x and y)``."""
    shown = np.isfinite(panel.observed)
    return np.column_stack([panel.x[shown], panel.observed[shown]])


def test_all_pictures_are_there(curves: dict[tuple[str, str], Curve]) -> None:
    assert list(curves) == [
        ("roc", ""), ("zroc", ""), ("roc_persons", ""), ("measures", ""), ("confidence", ""), ("calibration", ""),
        ("rates_by", "study_position"), ("rates_by", "strength"), ("rates_by", "context"),
    ]  # fmt: skip
    for curve in curves.values():
        for panel in curve.panels:
            assert [band.model for band in panel.bands] == ["uvsd(by=strength)", "evsd"]


def test_the_roc_is_the_mean_of_corrected_rates(curves: dict[tuple[str, str], Curve], data: kv.RecognitionData) -> None:
    rates = _corrected(data.trials)
    mean, error = rates.mean(axis=0), rates.std(axis=0, ddof=1) / np.sqrt(len(rates))
    (panel,) = curves["roc", ""].panels
    np.testing.assert_allclose(_observed(panel), mean.T, rtol=1e-12)
    shown = np.isfinite(panel.observed)
    assert panel.se_x is not None
    np.testing.assert_allclose(panel.se[shown], error[1], rtol=1e-12)
    np.testing.assert_allclose(panel.se_x[shown], error[0], rtol=1e-12)


def test_the_zroc_is_the_roc_on_another_scale(curves: dict[tuple[str, str], Curve]) -> None:
    (roc,), (zroc,) = curves["roc", ""].panels, curves["zroc", ""].panels
    np.testing.assert_allclose(ndtr(zroc.x), roc.x)
    np.testing.assert_allclose(ndtr(zroc.observed), roc.observed)
    shown = np.isfinite(roc.observed)
    # delta method: dz / dp is one over the normal density at z
    slope = (ndtri(roc.observed[shown] + 1e-6) - ndtri(roc.observed[shown] - 1e-6)) / 2e-6
    np.testing.assert_allclose(zroc.se[shown], roc.se[shown] * slope, rtol=1e-5)
    for of_roc, of_zroc in zip(roc.bands, zroc.bands, strict=True):
        # quantiles between two draws are interpolated on the panel's own scale
        np.testing.assert_allclose(ndtr(of_zroc.median), of_roc.median, atol=2e-3)


def test_the_true_model_covers_the_points_and_a_wrong_one_does_not(curves: dict[tuple[str, str], Curve]) -> None:
    (panel,) = curves["roc", ""].panels
    true, wrong = (points_inside(panel, band) for band in panel.bands)
    assert true[1] == wrong[1] == 5
    assert true[0] >= 4
    assert wrong[0] <= 3
    slope = next(panel for panel in curves["measures", ""].panels if panel.group == "Slope of the zROC")
    assert points_inside(slope, slope.bands[0]) == (1, 1)
    assert points_inside(slope, slope.bands[1]) == (0, 1)
    assert slope.bands[0].median[0] < 0.85 < slope.bands[1].median[0]


@pytest.mark.slow
def test_bands_hold_their_promise() -> None:
    """Points simulated from the model itself lie in its 90 % band about that often, read between simulated points or not."""
    inside: dict[str, list[float]] = {"roc": [], "roc_persons": [], "measures": []}
    spread = np.linspace(0.7, 1.3, 8)
    truth = {name: value * spread for name, value in TRUTH.items()}
    for seed in range(100, 160):
        data = rated_data(seed=seed)
        fit = posterior_around("uvsd(by=strength)", data, truth, n_draws=60, width=1e-6)
        for curve in recognition.curves({"m": fit}, data, draws=120, seed=seed, show_progress=False):
            if curve.kind in inside:
                counts = [points_inside(panel, panel.bands[0]) for panel in curve.panels]
                inside[curve.kind].append(sum(n for n, _ in counts) / sum(n for _, n in counts))
    for kind, shares in inside.items():
        error = np.std(shares, ddof=1) / np.sqrt(len(shares))
        # 120 draws give a band of 0.89, rates in steps of 1 / 61 a little less
        assert abs(np.mean(shares) - 0.88) < 0.02 + 3 * error, kind


def test_single_participants_are_chosen_by_rule(curves: dict[tuple[str, str], Curve], data: kv.RecognitionData) -> None:
    curve = curves["roc_persons", ""]
    rates = _corrected(data.trials)
    shown = [int(panel.group.removeprefix("participant ")) for panel in curve.panels]
    assert len(set(shown)) == 6
    assert "6 of 8 participants" in curve.note
    for person, panel in zip(shown, curve.panels, strict=True):
        np.testing.assert_allclose(_observed(panel), rates[person - 1].T, rtol=1e-12)
        assert np.isnan(panel.se).all()
    area = [np.trapezoid([0, *rates[p - 1, 1], 1], [0, *rates[p - 1, 0], 1]) for p in shown]
    assert area == sorted(area)


def test_measures_are_means_of_participants_estimates(
    curves: dict[tuple[str, str], Curve], data: kv.RecognitionData
) -> None:
    from kvfit.tasks.curves import average, curve

    panels = curves["measures", ""].panels
    assert [panel.group.split()[0] for panel in panels] == ["d′", "Criterion", "d_a", "A_z", "Slope"]
    for panel, kind in zip(panels, ("d_prime", "criterion_c", "d_a", "a_z", "zroc_slope"), strict=True):
        expected = average(curve(data, kind))
        assert panel.observed[0] == pytest.approx(expected["mean"].item())
        assert panel.se[0] == pytest.approx(expected["standard_error"].item())
        assert panel.bands[0].lower90[0] < panel.bands[0].median[0] < panel.bands[0].upper90[0]


def test_confidence_and_accuracy(curves: dict[tuple[str, str], Curve], data: kv.RecognitionData) -> None:
    correct = (data.response >= 4) == data.old
    table = data.trials.assign(correct=correct).groupby(["subject", "response"])["correct"].mean()
    (panel,) = curves["calibration", ""].panels
    np.testing.assert_allclose(panel.observed, table.groupby("response").mean())
    studied, new = curves["confidence", ""].panels
    for status, one in ((True, studied), (False, new)):
        trials = data.trials[data.trials["old"] == status]
        shares = pd.crosstab(trials["subject"], trials["response"], normalize="index").mean()
        np.testing.assert_allclose(one.observed, shares.reindex(range(1, 7), fill_value=0.0))


def test_rates_by_columns(curves: dict[tuple[str, str], Curve], data: kv.RecognitionData) -> None:
    trials = data.trials.assign(called_old=data.response >= 4)
    (strength,) = curves["rates_by", "strength"].panels
    assert (strength.group, strength.ticks) == ("studied items", ("strong", "weak"))
    hits = trials[trials["old"]].groupby(["subject", "strength"])["called_old"].mean().groupby("strength").mean()
    np.testing.assert_allclose(strength.observed, hits)
    # by=strength is in one model and not in the other
    assert points_inside(strength, strength.bands[0])[0] == 2
    assert points_inside(strength, strength.bands[1])[0] < 2
    studied, new = curves["rates_by", "context"].panels
    assert (studied.group, new.group) == ("studied items", "new items")
    false_alarms = trials[~trials["old"]].groupby(["subject", "context"])["called_old"].mean().groupby("context").mean()
    np.testing.assert_allclose(new.observed, false_alarms)
    (position,) = curves["rates_by", "study_position"].panels
    assert position.ticks == ()
    np.testing.assert_allclose(position.x, np.arange(5.5, 60, 10))
    in_bins = trials[trials["old"]].assign(bin=lambda t: (t["study_position"] - 1) // 10)
    expected = in_bins.groupby(["subject", "bin"])["called_old"].mean().groupby("bin").mean()
    np.testing.assert_allclose(position.observed, expected)
    assert "grouped" in curves["rates_by", "study_position"].note


def test_columns_of_many_words_are_left_out_and_named(data: kv.RecognitionData) -> None:
    columns, left_out = find_columns(data)
    assert [column.name for column in columns] == ["study_position", "strength", "context"]
    assert left_out == ["word_of_many"]
    notes = recognition.notes(data)
    assert any("word_of_many" in note for note in notes)
    assert any("nobody's ROC" in note for note in notes)


def test_yes_no_responses_have_rates_and_an_roc_across_conditions_alone() -> None:
    rng = np.random.default_rng(4)
    tables = [trial_table(s, (1 + (rng.random(20) < 0.8)).tolist(), (1 + (rng.random(20) < 0.3)).tolist(),
                          side=["left", None, "left", "right"] * 10) for s in (1, 2, 3)]  # fmt: skip
    data = kv.read_recognition(stack(*tables), scale="1-2", name="binary")
    fit = posterior_around("evsd", data, {"d_prime": np.full(3, 1.4), "criterion": np.full(3, 0.5)}, n_draws=10)
    made = recognition.curves({"evsd": fit}, data, draws=10, seed=2, show_progress=False)
    assert [(curve.kind, curve.by) for curve in made] == [
        ("condition_roc", "side"),
        ("measures", ""),
        ("rates_by", "side"),
    ]
    assert [panel.group for panel in made[1].panels][2:] == ["Hit rate", "False-alarm rate"]
    side = made[2].panels[0]
    assert side.ticks == ("left", "right")
    known = data.trials[data.trials["old"] & data.trials["side"].isin(["left", "right"])]
    expected = (
        known.assign(hit=known["response"] == 2).groupby(["subject", "side"])["hit"].mean().groupby("side").mean()
    )
    np.testing.assert_allclose(side.observed, expected)
    assert recognition.notes(data) == ()


def test_one_participant_has_a_zroc_without_errors() -> None:
    data = rated_data(n_participants=1)
    fit = posterior_around("evsd", data, {name: np.array([value]) for name, value in EQUAL.items()}, n_draws=10)
    made = {curve.kind: curve for curve in recognition.curves({"evsd": fit}, data, 10, 3, False)}
    assert "roc_persons" not in made
    (panel,) = made["zroc"].panels
    assert np.isnan(panel.se).all()
    limits = roc_limits([panel], CURVES["zroc"])
    assert np.isfinite(limits).all()
    assert limits[1][0] < np.nanmin(panel.observed) < np.nanmax(panel.observed) < limits[1][1]
    assert roc_figure(panel, panel.bands, CURVES["zroc"], model_styles(["evsd"]), limits).axes


def test_who_saw_no_new_items_has_no_place_in_the_roc(data: kv.RecognitionData, fits: dict[str, kv.Fit]) -> None:
    without = data.select(query="not (subject == 3 and not old)")
    fit = replace(fits["evsd"], data=without)
    (panel,) = next(c for c in recognition.curves({"evsd": fit}, without, 10, 3, False) if c.kind == "roc").panels
    rates = np.delete(_corrected(data.trials), 2, axis=0)
    np.testing.assert_allclose(_observed(panel), rates.mean(axis=0).T, rtol=1e-12)
    assert np.isfinite(panel.bands[0].median).all()


@pytest.mark.parametrize("at", [[-2.0, -1.0], [0.3], [-3.0, 0.0, 5.0]])
def test_a_straight_zroc_is_read_exactly(at: list[float]) -> None:
    false_alarm = np.array([-1.5, -0.4, 0.2, 1.0])
    found = read_zroc(false_alarm, 0.8 + 0.7 * false_alarm, np.array(at))
    np.testing.assert_allclose(found, 0.8 + 0.7 * np.array(at))


def test_a_zroc_without_a_line_is_undefined_beyond_its_points() -> None:
    found = read_zroc(np.array([0.1, 0.1]), np.array([0.3, 0.6]), np.array([0.0, 0.1, 0.2]))
    assert np.isnan(found[[0, 2]]).all()
    assert 0.3 <= found[1] <= 0.6


def test_the_page_holds_the_pictures(curves: dict[tuple[str, str], Curve], fits: dict[str, kv.Fit]) -> None:
    example = example_content(4)
    cards = tuple(replace(card, name=name, label=name) for card, name in zip(example.models, fits, strict=False))
    content = replace(
        example, models=cards, curves=tuple(curves.values()), comparison=None, participants=None, estimates=None,
        parameters=example.parameters.iloc[:0], provenance=replace(example.provenance, settings={}),
        diagnostics=pd.DataFrame({"model": list(fits), "passed": True, "verdict": "Fine."}),
    )  # fmt: skip
    text = render_page(content)
    page = Page(text)
    assert [name for name, count in page.ids().items() if count > 1] == []
    said = " ".join(" ".join(page.text).split())
    for expected in (
        "ROC of single participants",
        "nobody's ROC",
        "Items called old, by strength",
        "5 means in the 90 % band",
    ):
        assert expected in said
    # two models: 2 x (ROC, zROC, 2 confidence, calibration, 4 rates) and 6 persons with a key, 5 measures
    assert [tag for tag, _ in page.elements].count("svg") == 2 * 9 + 6 + 1 + 5


def test_figures_keep_their_limits_and_order(curves: dict[tuple[str, str], Curve]) -> None:
    (panel,) = curves["zroc", ""].panels
    styles = model_styles([band.model for band in panel.bands])
    across, along = roc_limits([panel], CURVES["zroc"])
    assert across[1] - across[0] == pytest.approx(along[1] - along[0])
    assert across[0] < panel.x[0] < panel.x[-1] < across[1]
    plot = roc_figure(panel, panel.bands[:1], CURVES["zroc"], styles, (across, along)).axes[0]
    assert plot.get_aspect() == 1
    strip = curves["measures", ""].panels[0]
    rows = strip_figure(strip, styles).axes[0]
    assert [label.get_text() for label in rows.get_yticklabels()] == ["observed", "uvsd(by=strengt…", "evsd"]
    key = key_figure({"a": "Model A", "b": "Model B"}, model_styles(["a", "b"]))
    assert [text.get_text() for text in key.legends[0].get_texts()] == ["observed", "Model A", "Model B"]


def test_rates_by_columns_show_the_tenths_around_them(curves: dict[tuple[str, str], Curve]) -> None:
    panels = curves["rates_by", "study_position"].panels
    low, high = shared_limits(panels, CURVES["rates_by"])
    values = np.concatenate([array for p in panels for b in p.bands for array in (p.observed, b.lower90, b.upper90)])
    assert 0 < low < values.min() < values.max() < high <= 1
    assert (10 * low, 10 * high) == pytest.approx((round(10 * low), round(10 * high)))
    assert shared_limits(panels, CURVES["calibration"]) == (0, 1)


def test_methods_say_scale_unit_and_what_was_left_out(data: kv.RecognitionData) -> None:
    models = [kv.get_model(spec).bind(data) for spec in ("uvsd", "evsd", "gamma_sd", "threshold")]
    likelihood, scale, criteria = recognition.methods(data, models)  # type: ignore[arg-type]
    assert "unit of observation is the test trial" in likelihood
    assert "6 = '6' (from surest new to surest old; 4 to 6 mean old)" in scale
    assert "No test trial was left out" in scale
    assert "uvsd, evsd: criteria cut evidence in standard normal deviates of new items" in criteria
    assert "gamma_sd: criteria cut positive evidence" in criteria
    assert "threshold: no scale of evidence" in criteria
    trials = data.trials.iloc[:3].assign(response=0)
    crossed = kv.get_model("uvsd(items=d_prime+criterion)").bind(data)
    assert "Each item moves d_prime, criterion" in recognition.methods(data, [crossed])[-1]  # type: ignore[list-item]
    left = replace(data, unanswered=trials)
    assert "3 test trials without a response were left out" in recognition.methods(left, models)[1]  # type: ignore[arg-type]
