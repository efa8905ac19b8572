"""Recognition models: probabilities from other hands, models within models, and numbers far out in the tails."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode
from rating_designs import bound, criteria_values, log_likelihood, one_person, probabilities

from kvfit.recognition.distributions import Gamma2, Normal, log_weights
from kvfit.recognition.log_space import NEVER, log1mexp
from kvfit.recognition.ratings import Ratings
from kvfit.recognition.scale import Scale
from kvfit.registry import ModelError, families, get_model

SIGNAL_DETECTION = ("evsd", "uvsd", "dpsd", "mixture_sd", "gamma_sd")
OLD, NEW = [3, 7, 11, 19, 40, 120], [90, 50, 30, 18, 9, 3]
CRITERIA = [-1.2, -0.4, 0.3, 0.9, 1.6]
GAMMA_CRITERIA = [0.6, 1.3, 2.1, 3.0, 4.4]
#: Probabilities of old items and log-likelihood of the counts above; computed with 40 digits from the equations of Green &
#: Swets (1966), Yonelinas (1994), DeCarlo (2002) and hbmem (golden/sdt_recognition.json).
PUBLISHED = {
    "evsd": (
        {"d_prime": 1.3},
        [0.006209665326, 0.03835579743, 0.1140897912, 0.1859230045, 0.2733331638, 0.3820885778],
        -624.6262539,
    ),
    "uvsd": (
        {"d_prime": 1.3, "sigma": 1.25},
        [0.02275013195, 0.06416483, 0.1249404366, 0.1626287667, 0.2203507064, 0.4051651283],
        -620.2548103,
    ),
    "dpsd": (
        {"d_prime": 0.9, "recollection": 0.3},
        [0.01250509439, 0.05525524482, 0.1242168432, 0.1580228176, 0.1806254434, 0.4693745566],
        -614.005364,
    ),
    "mixture_sd": (
        {"d_prime": 2.0, "attention": 0.7},
        [0.03500189762, 0.07410985504, 0.1074574979, 0.1231789545, 0.1850167883, 0.4752350066],
        -612.7398143,
    ),
    "gamma_sd": (
        {"scale": 2.0},
        [0.03693631311, 0.1016881552, 0.144003146, 0.1595469853, 0.2032552936, 0.3545701068],
        -627.762434,
    ),
}


def _criteria(name: str) -> dict[str, float]:
    return criteria_values(GAMMA_CRITERIA, positive=True) if name == "gamma_sd" else criteria_values(CRITERIA)


@pytest.mark.parametrize("name", SIGNAL_DETECTION)
def test_probabilities_from_the_equations(name: str) -> None:
    values, expected, expected_ll = PUBLISHED[name]
    model, design = bound(name, 6), one_person(NEW, OLD)
    values = values | _criteria(name)
    np.testing.assert_allclose(probabilities(model, design, values)[1], expected, atol=1e-9, rtol=0)
    assert log_likelihood(model, design, values) == pytest.approx(expected_ll, abs=1e-6)


def test_two_high_thresholds() -> None:
    # P("old" | old) = .55 + .45 * .4, P("old" | new) = .55 * .4 (Snodgrass & Corwin 1988)
    model = bound("threshold", 2)
    new, old = probabilities(model, one_person([1, 1], [1, 1]), {"detect_old": 0.55, "detect_new": 0.45, "guess": 0.4})
    assert (new[1], old[1]) == pytest.approx((0.22, 0.73), abs=1e-12)


def test_rating_thresholds_walk_the_tree() -> None:
    """Six categories by hand: states keep to their side, confidence is drawn step by step."""
    values = {"detect_old": 0.5, "detect_new": 0.4, "guess": 0.3,
              "detect_1": 0.8, "detect_2": 0.5, "guess_1": 0.6, "guess_2": 0.25}  # fmt: skip
    new, old = probabilities(bound("threshold", 6), one_person([1] * 6, [1] * 6), values)
    detect, guess = np.array([0.8, 0.1, 0.1]), np.array([0.3, 0.1, 0.6])
    np.testing.assert_allclose(old[3:], (0.5 * detect + 0.5 * 0.3 * guess)[::-1], atol=1e-15)
    np.testing.assert_allclose(old[:3], 0.5 * 0.7 * guess, atol=1e-15)
    np.testing.assert_allclose(new[:3], 0.4 * detect + 0.6 * 0.7 * guess, atol=1e-15)
    np.testing.assert_allclose(new[3:], (0.6 * 0.3 * guess)[::-1], atol=1e-15)


#: model, values that reduce it, the model it becomes, values of that
NESTED = {
    "uvsd, equal variances": ("uvsd", {"d_prime": 1.1, "sigma": 1.0}, "evsd", {"d_prime": 1.1}),
    "dpsd without recollection": ("dpsd", {"d_prime": 1.1, "recollection": 0.0}, "evsd", {"d_prime": 1.1}),
    "dpsd without rejection": (
        "dpsd(recall_to_reject=True)", {"d_prime": 1.1, "recollection": 0.3, "rejection": 0.0},
        "dpsd", {"d_prime": 1.1, "recollection": 0.3},
    ),
    "mixture, all attended": ("mixture_sd", {"d_prime": 1.1, "attention": 1.0}, "evsd", {"d_prime": 1.1}),
    "mixture, nothing retained": (
        "mixture_sd(unattended=partial)", {"d_prime": 1.1, "attention": 0.6, "retained": 0.0},
        "mixture_sd", {"d_prime": 1.1, "attention": 0.6},
    ),
    "mixture, all retained": (
        "mixture_sd(unattended=partial)", {"d_prime": 1.1, "attention": 0.6, "retained": 1.0}, "evsd", {"d_prime": 1.1},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NESTED)
@pytest.mark.parametrize("n_categories", [2, 6])
def test_nested_models_agree(case: str, n_categories: int) -> None:
    larger, values, smaller, reduced = NESTED[case]
    criteria = criteria_values(CRITERIA if n_categories == 6 else [0.4])
    design = one_person([1] * n_categories, [1] * n_categories)
    found = probabilities(bound(larger, n_categories), design, values | criteria)
    expected = probabilities(bound(smaller, n_categories), design, reduced | criteria)
    np.testing.assert_allclose(found, expected, atol=1e-14, rtol=0)


def test_one_threshold_is_two_without_detection_of_new_items() -> None:
    steps = {"detect_1": 0.7, "detect_2": 0.5, "guess_1": 0.4, "guess_2": 0.5}
    design, values = one_person([1] * 6, [1] * 6), {"detect_old": 0.6, "guess": 0.35, **steps}
    two = probabilities(bound("threshold", 6), design, values | {"detect_new": 0.0})
    one = probabilities(bound("threshold(thresholds=1)", 6), design, values)
    np.testing.assert_allclose(one, two, atol=1e-15, rtol=0)


def test_a_symmetric_mapping_is_a_free_one_with_equal_sides() -> None:
    steps = {"detect_1": 0.7, "detect_2": 0.5, "guess_1": 0.4, "guess_2": 0.45}
    both = {name.replace("_", f"_{side}_"): v for name, v in steps.items() for side in ("old", "new")}
    design, memory = one_person([1] * 6, [1] * 6), {"detect_old": 0.6, "detect_new": 0.3, "guess": 0.35}
    symmetric = probabilities(bound("threshold", 6), design, memory | steps)
    free = probabilities(bound("threshold(mapping=free)", 6), design, memory | both)
    np.testing.assert_allclose(symmetric, free, atol=1e-15, rtol=0)


@pytest.mark.parametrize("name", SIGNAL_DETECTION)
def test_merging_categories_adds_their_probabilities(name: str) -> None:
    values, criteria = PUBLISHED[name][0], GAMMA_CRITERIA if name == "gamma_sd" else CRITERIA
    fine = probabilities(bound(name, 6), one_person(NEW, OLD), values | _criteria(name))
    coarse_criteria = criteria_values([criteria[i] for i in (0, 2, 4)], positive=name == "gamma_sd")
    coarse = probabilities(bound(name, 4), one_person([1] * 4, [1] * 4), values | coarse_criteria)
    merged = np.c_[fine[:, 0], fine[:, 1] + fine[:, 2], fine[:, 3] + fine[:, 4], fine[:, 5]]
    np.testing.assert_allclose(coarse, merged, atol=1e-14, rtol=0)


#: log(Phi(b) - Phi(a)), computed with 60 digits
NORMAL_INTERVALS = [
    (-31.0, -30.0, -454.32124395634325),
    (30.0, 31.0, -454.32124395634325),
    (8.0, 8.001, -39.830691311855529),
    (-0.5, 1.5, -0.4705553654158995),
    (-40.0, 35.0, 0.0),
    (5.0, 5.0000001, -29.537034431358671),
]
#: log(G(b) - G(a)) of the gamma distribution of shape 2, computed with 400 digits
GAMMA_INTERVALS = [
    (1e-4, 2e-4, -18.015371190998521), (0.5, 1.0, -1.7484867425843556), (200.0, 201.0, -195.15826984362796)
]  # fmt: skip


@pytest.mark.parametrize("module", ["numpy", "pytensor"])
def test_narrow_and_far_categories_lose_no_digits(module: str) -> None:
    for evidence, intervals in ((Normal(0.0), NORMAL_INTERVALS), (Gamma2(np.array(1.0)), GAMMA_INTERVALS)):
        for a, b, expected in intervals:
            found, _ = _middle(evidence, np.array([a, b]), module)
            # the interval from 5 to 5.0000001 is known to 1e-9, because its ends are
            assert found == pytest.approx(expected, rel=3e-9 if b - a < 1e-6 else 1e-11, abs=1e-12)


def test_gradients_stay_finite_where_probabilities_vanish() -> None:
    for evidence in (Normal(0.0), Gamma2(np.array(1.0))):
        for a, b in ((1e-9, 2e-9), (1.0, 1.0), (50.0, 60.0), (1e4, 2e4), (1e-3, 1e3)):
            value, gradient = _middle(evidence, np.array([a, b]), "pytensor")
            assert np.isfinite(value)
            assert np.isfinite(gradient).all()


def _middle(evidence: Normal | Gamma2, criteria: np.ndarray, module: str) -> tuple[float, np.ndarray]:
    if module == "numpy":
        return float(evidence.log_categories(criteria, np)[1]), np.zeros(2)
    at = pt.vector("criteria", shape=(2,))
    value = evidence.log_categories(at, pt)[1]
    run = pytensor.function([at], [value, pt.grad(value, at)], mode=Mode(linker="py", optimizer=None))
    found, gradient = run(criteria)
    return float(found), gradient


@pytest.mark.parametrize(
    ("old_from", "expected"),
    [(2, [0.5, 0.7, 1.1, 2.0]), (3, [0.3, 0.5, 0.9, 1.8]), (5, [-1.0, -0.8, -0.4, 0.5])],
)
def test_criteria_follow_from_the_boundary_between_new_and_old(old_from: int, expected: list[float]) -> None:
    p = {"criterion": 0.5, "spacing_1": 0.2, "spacing_2": 0.4, "spacing_3": 0.9}
    values = {name: np.array([v]) for name, v in p.items()}
    np.testing.assert_allclose(Ratings().criteria(values, Scale(5, old_from), np), [expected], rtol=1e-13)
    ratios = Ratings(positive=True).criteria(values, Scale(5, old_from), np)
    np.testing.assert_allclose(ratios, 0.5 * np.exp(np.array([expected]) - 0.5), rtol=1e-13)


def test_log1mexp_against_expm1() -> None:
    x = np.array([-1e-20, -1e-5, -0.5, -0.7, -3.0, -50.0])
    expected = [np.log(1e-20), np.log(-np.expm1(-1e-5)), np.log(-np.expm1(-0.5)), np.log(-np.expm1(-0.7)),
                np.log1p(-np.exp(-3.0)), -np.exp(-50.0)]  # fmt: skip
    np.testing.assert_allclose(log1mexp(x, np), expected, rtol=1e-14)


def test_weights_are_those_asked_for_and_none_elsewhere() -> None:
    weight, rest = log_weights(np.array([0.2, 0.2, 1.0]), np.array([True, False, True]), np)
    np.testing.assert_allclose(np.exp(weight), [0.2, 0.0, 1.0], atol=1e-15)
    np.testing.assert_allclose(np.exp(rest), [0.8, 1.0, 0.0], atol=1e-15)
    assert weight[1] == NEVER


def test_priors_say_what_the_published_fits_say() -> None:
    """The prior of sigma covers 1.03 to 1.96, where 14 of 16 published individual fits lie, and leaves out 3.64."""
    (sigma,) = (p for p in get_model("uvsd").parameters if p.name == "sigma")
    z = (np.log([1.03, 1.96, 3.64]) - sigma.location) / sigma.scale
    assert (np.abs(z[:2]) < 1.645).all()
    assert z[2] > 2


def test_column_options_take_any_name_and_are_read_back() -> None:
    model = get_model("uvsd(by=strength, criteria_by=base rate)")
    assert model.label == "uvsd(by=strength, criteria_by=base rate)"
    assert get_model(model.label).label == model.label
    assert get_model("uvsd(by=none)").label == "uvsd"
    with pytest.raises(ModelError, match="option by: expected one of none or a column of the data; found 3"):
        get_model("uvsd(by=3)")


def test_every_family_is_here() -> None:
    assert set(SIGNAL_DETECTION) | {"threshold"} <= set(families())
