"""Signal detection and threshold models against golden/sdt_recognition.json.

Probabilities were computed there with 40 digits, fits with MPTinR 1.14.1 and with own optimisers. Not covered: sums over
data sets that the file does not hold.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rating_designs import bound, criteria_values, log_likelihood, one_person, probabilities, saturated
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import norm

from kvfit.inference.maximum_likelihood import PersonObjective, best_start
from kvfit.recognition.design import RecognitionDesign
from kvfit.recognition.model import RecognitionModel

pytestmark = pytest.mark.shared

VALUES = {
    "evsd_values_1": "evsd",
    "uvsd_values_1": "uvsd",
    "dpsd_values_1": "dpsd",
    "mixture_values_1": "mixture_sd",
    "mixture_values_partial": "mixture_sd(unattended=partial)",
    "gamma_values_1": "gamma_sd",
}
#: kvfit's name of a model of the file, and of its parameters there
MODELS = {"evsd": "evsd", "uvsd": "uvsd", "dpsd": "dpsd", "msd": "mixture_sd", "gamma_shape2": "gamma_sd"}
#: estimates that the data do not determine: with nearly equal variances lambda runs from .97 to 1 along a ridge
UNDETERMINED = {("fit_2_Pratte_2010", "msd", "lambda")}
NAMES = {"d": "d_prime", "sigma": "sigma", "R": "recollection", "lambda": "attention", "scale_old": "scale"}


@pytest.fixture(scope="module")
def cases(shared: Path) -> dict[str, Any]:
    file = json.loads((shared / "golden" / "sdt_recognition.json").read_text())
    return {case["id"]: case for case in file["cases"]}


def _values(parameters: Mapping[str, Any], criteria: list[float]) -> dict[str, float]:
    values = {NAMES[name]: value for name, value in parameters.items() if name in NAMES}
    if "d_unattended" in parameters:
        values["retained"] = parameters["d_unattended"] / parameters["d"]
    return values | criteria_values(criteria, positive="scale" in values)


def _best(model: RecognitionModel, design: RecognitionDesign) -> tuple[float, dict[str, float]]:
    objective = PersonObjective(model, design)
    x = best_start(objective, 6, np.random.default_rng(1))
    return -objective(x)[0], objective.natural(x)


@pytest.mark.parametrize("name", VALUES)
def test_probabilities_of_signal_detection(cases: dict[str, Any], name: str) -> None:
    case = cases[name]
    expected, tolerance = case["expected"], case["tolerance"]["absolute"]
    model = bound(VALUES[name], 6)
    design = one_person(case["inputs"]["counts_new"], case["inputs"]["counts_old"])
    values = _values(case["parameters"], case["parameters"]["criteria"])
    new, old = probabilities(model, design, values)
    np.testing.assert_allclose(new, expected["p_new_by_category"], atol=tolerance, rtol=0)
    np.testing.assert_allclose(old, expected["p_old_by_category"], atol=tolerance, rtol=0)
    found = log_likelihood(model, design, values)
    assert found == pytest.approx(expected["log_likelihood_of_counts"], abs=1e-6)


def test_zroc_of_unequal_variance(cases: dict[str, Any]) -> None:
    case = cases["uvsd_values_1"]
    design = one_person(case["inputs"]["counts_new"], case["inputs"]["counts_old"])
    table = probabilities(bound("uvsd", 6), design, _values(case["parameters"], case["parameters"]["criteria"]))
    z_false_alarm, z_hit = -norm.ppf(np.cumsum(table, axis=1)[:, :-1])
    slope, intercept = np.polyfit(z_false_alarm, z_hit, 1)
    assert slope == pytest.approx(case["expected"]["zroc_slope"], abs=1e-9)
    assert intercept == pytest.approx(case["expected"]["zroc_intercept"], abs=1e-9)
    d_a = intercept * np.sqrt(2 / (1 + slope**2))
    assert d_a == pytest.approx(case["expected"]["d_a"], abs=1e-9)
    assert norm.cdf(d_a / np.sqrt(2)) == pytest.approx(case["expected"]["auc_Az"], abs=1e-9)


def _sticks(given: Mapping[str, Any]) -> dict[str, float]:
    """Steps of the free mapping for six categories, from distributions over categories."""
    steps = {}
    for state, side, order in (
        ("detect", "old", [5, 4]), ("detect", "new", [0, 1]), ("guess", "old", [3, 4]), ("guess", "new", [2, 1])
    ):  # fmt: skip
        rest = 1.0
        for step, category in enumerate(order, start=1):
            share = given[f"{state}_{side}"][category]
            steps[f"{state}_{side}_{step}"] = share / rest
            rest -= share
    return steps


@pytest.mark.parametrize(
    ("name", "thresholds"), [("two_high_threshold_values_1", 2), ("one_high_threshold_values_1", 1)]
)
def test_probabilities_of_thresholds(cases: dict[str, Any], name: str, thresholds: int) -> None:
    given, expected = cases[name]["parameters"], cases[name]["expected"]
    values = {"detect_old": given["Do"], "detect_new": given["Dn"], "guess": given["g"]}
    rating, binary = (bound(f"threshold(thresholds={thresholds}, mapping=free)", k) for k in (6, 2))
    new, old = probabilities(rating, one_person([1] * 6, [1] * 6), values | _sticks(given))
    np.testing.assert_allclose(new, expected["p_new_by_category"], atol=1e-12, rtol=0)
    np.testing.assert_allclose(old, expected["p_old_by_category"], atol=1e-12, rtol=0)
    new, old = probabilities(binary, one_person([1, 1], [1, 1]), values)
    assert new[1] == pytest.approx(expected["false_alarm_rate_binary"], abs=1e-12)
    assert old[1] == pytest.approx(expected["hit_rate_binary"], abs=1e-12)


def test_published_fits_of_ratings(cases: dict[str, Any]) -> None:
    problems, n_fits = [], 0
    for name, case in cases.items():
        if "counts_new_sure_new_to_sure_old" not in case.get("inputs", {}) or "evsd" not in case["expected"]:
            continue
        inputs, tolerance = case["inputs"], case["tolerance"]
        design = one_person(inputs["counts_new_sure_new_to_sure_old"], inputs["counts_old_sure_new_to_sure_old"])
        for theirs, expected in case["expected"].items():
            model = bound(MODELS[theirs], design.n_categories)
            n_fits += 1
            at_theirs = log_likelihood(model, design, _values(expected["parameters"], expected["criteria"]))
            found, values = _best(model, design)
            g2 = 2 * (saturated(design) - found)
            checks = {
                "log-likelihood at the published values": abs(at_theirs - expected["log_likelihood"])
                <= tolerance["log_likelihood_absolute"],
                "log-likelihood": abs(found - expected["log_likelihood"]) <= tolerance["log_likelihood_absolute"],
                "G2": abs(g2 - expected["G2"]) <= tolerance["G2_absolute"],
            }
            for key, value in expected["parameters"].items():
                if key != "shape" and (name, theirs, key) not in UNDETERMINED:
                    checks[key] = abs(values[NAMES[key]] - value) <= tolerance["parameters_absolute"]
            problems += [
                f"{name} {theirs}: {what}: {found:.4f} {values} against {expected}"
                for what, good in checks.items()
                if not good
            ]
    assert not problems, "\n".join(problems)
    assert n_fits > 100


def _rating_2ht(x: np.ndarray) -> dict[str, np.ndarray]:
    """Values of the free mapping under the restrictions of the published fits (dn2 = do2, gn2 = go2)."""
    d_old, d_new, guess, do1, dn1, d2, go1, gn1, g2 = expit(np.atleast_2d(x)).T[:, :, None]
    detect_old, detect_new = (1 - do1) * d2, (1 - dn1) * d2
    return {
        "detect_old": d_old, "detect_new": d_new, "guess": guess,
        "detect_old_1": detect_old, "detect_old_2": do1 / (1 - detect_old),
        "detect_new_1": detect_new, "detect_new_2": dn1 / (1 - detect_new),
        "guess_old_1": go1, "guess_old_2": g2, "guess_new_1": gn1, "guess_new_2": g2,
    }  # fmt: skip


def test_published_fits_of_rating_thresholds(cases: dict[str, Any]) -> None:
    model = bound("threshold(mapping=free)", 6)
    selected = [case for name, case in cases.items() if name.startswith("fit_2htm_rating")]
    assert len(selected) == 8
    step = 1e-5 * np.eye(9)
    for case in selected:
        inputs = case["inputs"]
        design = one_person(inputs["counts_new_sure_new_to_sure_old"], inputs["counts_old_sure_new_to_sure_old"])
        rng = np.random.default_rng(3)

        def cost(x: np.ndarray, design: RecognitionDesign = design) -> tuple[float, np.ndarray]:
            table = model.log_probabilities(design, _rating_2ht(np.concatenate([x[None], x + step, x - step])))
            value = -(table * design.counts).sum(axis=(1, 2))
            return value[0], (value[1:10] - value[10:]) / 2e-5

        best = min(
            minimize(cost, rng.normal(size=9), jac=True, method="L-BFGS-B", bounds=[(-9, 9)] * 9).fun for _ in range(8)
        )
        g2 = 2 * (saturated(design) + best)
        assert g2 == pytest.approx(case["expected"]["G2"], abs=case["tolerance"]["G2_absolute"]), case["id"]


PAYOFF = {
    "fit_payoff_roc_evsdt": ("evsd", {"mu": "d_prime"}),
    "fit_payoff_roc_uvsdt": ("uvsd", {"mu": "d_prime", "ss": "sigma"}),
    "fit_payoff_roc_htm2": ("threshold", {"Do": "detect_old", "Dn": "detect_new"}),
}


@pytest.mark.parametrize("name", PAYOFF)
def test_published_fits_of_payoffs(cases: dict[str, Any], name: str) -> None:
    case = cases[name]
    expected, tolerance = case["expected"], case["tolerance"]
    spec, names = PAYOFF[name]
    levels = ("a", "b", "c", "d", "e")
    model = bound(f"{spec}(criteria_by=rate)", 2, {"rate": levels})

    def fitted(counts: list[int]) -> tuple[float, float, dict[str, float]]:
        # the file counts "old" responses first
        table = np.reshape(counts, (5, 2, 2))[:, :, ::-1]
        design = one_person(table[:, 1], table[:, 0], "rate")
        ll, values = _best(model, design)
        return 2 * (saturated(design) - ll), ll, values

    g2, ll, values = fitted(case["inputs"]["aggregate_counts"])
    assert g2 == pytest.approx(expected["G2_aggregate"], abs=tolerance["G2_absolute"])
    assert ll == pytest.approx(expected["log_likelihood_aggregate"], abs=tolerance["G2_absolute"])
    published = expected["aggregate_parameters"]
    for theirs, ours in names.items():
        assert values[ours] == pytest.approx(published[theirs], abs=tolerance["parameters_absolute"])
    for number, level in enumerate(levels, start=1):
        theirs, ours = (f"G{number}", "guess") if spec == "threshold" else (f"cr{number}", "criterion")
        assert values[f"{ours}[{level}]"] == pytest.approx(published[theirs], abs=tolerance["parameters_absolute"])
    for counts, theirs in zip(
        case["inputs"]["first_five_participants"], expected["G2_first_five_participants"], strict=True
    ):
        assert fitted(counts)[0] == pytest.approx(theirs, abs=tolerance["G2_absolute"])
