"""Parameters that are equal: one fewer, with the likelihood that a model worked out by hand has."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import kvfit as kv
from kvfit.inference.fit import fit_key
from kvfit.kernels.reference import list_log_likelihood
from kvfit.registry import ModelError, get_model

EQUAL = "threshold(detect_new=detect_old)"
#: (old, response) -> trials of a person; responses 0 = new, 1 = old
COUNTS = ({(1, 1): 40, (1, 0): 10, (0, 1): 15, (0, 0): 35}, {(1, 1): 30, (1, 0): 20, (0, 1): 22, (0, 0): 28})


def yes_no() -> Any:
    """Two persons who answer yes or no; items with a condition that says how they were studied."""
    rows = [
        (person, old, "deep" if k % 2 else "shallow", response)
        for person, counts in enumerate(COUNTS)
        for (old, response), n in counts.items()
        for k in range(n)
    ]
    table = pd.DataFrame(rows, columns=["subject", "old", "depth", "response"])
    table["list"] = 1
    table["item"] = [f"w{k}" for k in range(len(table))]
    return kv.read_recognition(table, scale="0-1", conditions=["depth"])


@pytest.fixture(scope="module")
def data() -> Any:
    return yes_no()


def by_hand(detect: float, guess: float, counts: dict[tuple[int, int], int]) -> float:
    """Log-likelihood of a person under two high thresholds of one height (Snodgrass & Corwin 1988)."""
    hit, false_alarm = detect + (1 - detect) * guess, (1 - detect) * guess
    chance = {(1, 1): hit, (1, 0): 1 - hit, (0, 1): false_alarm, (0, 0): 1 - false_alarm}
    return float(sum(n * np.log(chance[cell]) for cell, n in counts.items()))


def test_one_parameter_fewer_and_the_likelihood_worked_out_by_hand(data: Any) -> None:
    free, equal = get_model("threshold").bind(data), get_model(EQUAL).bind(data)
    assert [p.name for p in free.parameters] == ["detect_old", "detect_new", "guess"]
    assert [p.name for p in equal.parameters] == [p.name for p in equal.all_parameters] == ["detect_old", "guess"]
    found = kv.log_likelihood(EQUAL, data, {"detect_old": [0.3, 0.7], "guess": 0.45})
    totals = found.groupby("subject").sum().to_numpy()
    np.testing.assert_allclose(totals, [by_hand(0.3, 0.45, COUNTS[0]), by_hand(0.7, 0.45, COUNTS[1])], rtol=1e-12)
    # not the value of another parameter, nor one that is held
    other = kv.log_likelihood("threshold", data, {"detect_old": [0.3, 0.7], "detect_new": 0.45, "guess": 0.45})
    assert abs(float(found.sum() - other.sum())) > 1.0


def test_simulation_gives_the_tied_parameter_the_value_of_the_other() -> None:
    design = kv.recognition_design(participants=1, trials=20_000, scale="0-1")
    made = kv.simulate(EQUAL, design, {"detect_old": 0.6, "guess": 0.25}, seed=1)
    said_old = pd.Series(made.response - 1).groupby(np.asarray(made.old)).mean()
    # .6 + .4 x .25 and .4 x .25; one standard error is about .003
    np.testing.assert_allclose([said_old[True], said_old[False]], [0.7, 0.1], atol=0.015)


def test_maximum_likelihood_counts_one_parameter_fewer(data: Any) -> None:
    found = kv.point_fit(EQUAL, data, starts=4, show_progress=False)
    for person, counts in enumerate(COUNTS):
        # with one height the two rates give both parameters in closed form
        hit, false_alarm = counts[1, 1] / 50, counts[0, 1] / 50
        detect, row = hit - false_alarm, found.table.iloc[person]
        np.testing.assert_allclose(row["detect_old"], detect, atol=1e-4)
        np.testing.assert_allclose(row["guess"], false_alarm / (1 - detect), atol=1e-4)
        best = by_hand(detect, false_alarm / (1 - detect), counts)
        np.testing.assert_allclose(row["log_likelihood"], best, atol=1e-6)
        np.testing.assert_allclose(row["aic"], 4 - 2 * best, atol=1e-5)
        np.testing.assert_allclose(row["bic"], 2 * np.log(100) - 2 * best, atol=1e-5)
    assert "detect_new" not in found.table


def test_a_fit_goes_to_the_store_and_comes_back(data: Any, tmp_path: Path) -> None:
    sampling = {"draws": 30, "tune": 60, "chains": 2, "cores": 1, "seed": 1, "sampler": "pymc", "show_progress": False}
    fit = kv.fit(EQUAL, data, store=tmp_path, **sampling)
    assert fit.label == EQUAL
    assert list(fit.population()["parameter"].unique()) == ["detect_old", "guess"]
    again = kv.open_fit(fit.path)
    assert again.label == EQUAL
    assert again.model.tied == {"detect_new": "detect_old"}
    pd.testing.assert_frame_equal(again.persons(), fit.persons())
    # the log-likelihood at a draw is that of the equation by hand
    draw = {name: values[0] for name, values in again.draws(1).items()}
    expected = [by_hand(float(draw["detect_old"][k]), float(draw["guess"][k]), COUNTS[k]) for k in range(2)]
    found = kv.log_likelihood(again.model, data, draw).groupby("subject").sum()
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert kv.fit(EQUAL, data, store=tmp_path, **sampling).path == fit.path
    keys = {fit_key(get_model(spec).bind(data), data, fit.settings, None) for spec in ("threshold", EQUAL)}
    assert len(keys) == 2
    assert fit_key(get_model("threshold", detect_new="detect_old").bind(data), data, fit.settings, None) in keys


def test_recall_gives_the_tied_parameter_the_value_of_the_other() -> None:
    free, equal = get_model("kv_recall"), get_model("kv_recall(phi=kappa)")
    assert len(equal.parameters) == len(free.parameters) - 1
    p = {q.name: np.array([float(q.to_natural(q.location))]) for q in equal.parameters}
    p["kappa"] = np.array([0.37])
    recalled = np.array([4, 5, 0, 1], int)
    scores = []
    for model, values in ((equal, p), (free, {**p, "phi": np.array([0.37])}), (free, {**p, "phi": np.array([0.9])})):
        tables = tuple(np.broadcast_to(t, (1, *np.shape(t)[1:])) for t in model.tables(values, np.array([6]), 6, np))
        scores.append(list_log_likelihood(model.core(6), tables, 0, 6, recalled, np.zeros((6, 6))))
    assert scores[0] == scores[1]
    assert abs(scores[0] - scores[2]) > 1e-3


def test_labels_are_canonical() -> None:
    assert get_model("threshold", detect_new="detect_old").label == EQUAL
    chain = "kv_recall(phi=kappa, rho=kappa)"
    for spec in ("kv_recall(rho=phi, phi=kappa)", "kv_recall( phi = kappa,rho=kappa)", chain):
        assert get_model(spec).label == chain
    # the parameter behind the equals sign stays, with its prior
    assert get_model("threshold(detect_old=detect_new)").label == "threshold(detect_old=detect_new)"
    assert get_model("threshold(detect_old=detect_new)").parameters[0] == get_model("threshold").parameters[1]
    # a parameter that is held unless it is freed
    assert get_model("kv_recognition(match_sd=free, noise=match_sd)").fixed == {"gain": 1.0}


def test_an_end_of_the_support_belongs_to_it_if_it_does_for_both() -> None:
    # 1 is a value of kappa and none of rho_end, whichever of the two stays
    for spec, stays in (("kv_recall(kappa=rho_end)", "rho_end"), ("kv_recall(rho_end=kappa)", "kappa")):
        assert {p.name: p.ends for p in get_model(spec).parameters}[stays] == "lower"
    assert {p.name: p.ends for p in get_model("kv_recall(phi=kappa)").parameters}["kappa"] == "closed"


def test_criteria_at_equal_distances_on_a_longer_scale() -> None:
    model = get_model("uvsd(spacing_2=spacing_1, spacing_3=spacing_1, spacing_4=spacing_1)")
    six = kv.recognition_design(participants=2, trials=40, scale="1-6")
    names = [p.name for p in model.bind(six).parameters]
    assert names == ["d_prime", "sigma", "criterion", "spacing_1"]
    values = {"d_prime": 1.2, "sigma": 1.3, "criterion": 0.4, "spacing_1": 0.35}
    spelt_out = {**values, "spacing_2": 0.35, "spacing_3": 0.35, "spacing_4": 0.35}
    made = kv.simulate(model, six, values, seed=2)
    one, other = kv.log_likelihood(model, made, values), kv.log_likelihood("uvsd", made, spelt_out)
    np.testing.assert_array_equal(one.to_numpy(), other.to_numpy())
    four = kv.recognition_design(participants=2, trials=40, scale="1-4")
    with pytest.raises(ValueError, match="the model has no parameter spacing_3 on a scale of 4 categories"):
        model.bind(four)


def test_levels_of_a_condition_are_tied_level_by_level() -> None:
    six = kv.recognition_design(participants=2, trials=40, scale="1-6")
    table = six.trials.assign(block=six.trials.groupby(["subject", "old"]).cumcount() % 2)
    data = kv.read_recognition(table, scale="1-6", conditions=["block"])
    model = get_model("uvsd(criteria_by=block, spacing_3=spacing_2)").bind(data)
    names = [p.name for p in model.parameters]
    assert "spacing_2[0]" in names
    assert "spacing_2[1]" in names
    assert not any(name.startswith("spacing_3") for name in names)
    values = {name: 0.3 + 0.05 * k for k, name in enumerate(names)}
    free = {**values, "spacing_3[0]": values["spacing_2[0]"], "spacing_3[1]": values["spacing_2[1]"]}
    one = kv.log_likelihood(model, data, values)
    np.testing.assert_array_equal(one, kv.log_likelihood("uvsd(criteria_by=block)", data, free))


@pytest.mark.parametrize(
    ("spec", "problems"),
    [
        (
            "threshold(detect_new=detect_odl)",
            ["detect_new: expected 'free' or a value between 0 and 1, found 'detect_odl'; the parameters that it can"
             " equal are detect_old, guess, detect_1, guess_1, did you mean detect_old?"],
        ),
        ("uvsd(sigma=d_prime)",
            ["sigma: cannot equal d_prime, because values of sigma are greater than 0 and those of d_prime any real"
             " number"]),
        ("kv_recall(separation=power, w_start=strength)",
            ["w_start: cannot equal strength, because priors of w_start are on another scale"]),
        (
            "threshold(detect_new=detect_old, detect_old=detect_new)",
            ["detect_new: equal to itself (detect_new=detect_old=detect_new); leave one of them out",
             "detect_old: equal to itself (detect_old=detect_new=detect_old); leave one of them out"],
        ),
        ("threshold(guess=guess)", ["guess: equal to itself (guess=guess); leave one of them out"]),
        (
            "threshold(detect_new=mapping)",
            ["detect_new: mapping is an option; a parameter can equal another parameter only (detect_old, guess, detect_1,"
             " guess_1)"],
        ),
        (
            "threshold(by=depth, detect_new=detect_old)",
            ["detect_new: cannot equal detect_old, because detect_new has one value for all trials and detect_old for each"
             " level of depth"],
        ),
        (
            "threshold(detect_old=0.5, detect_new=detect_old)",
            ["detect_new: detect_old is held at 0.5, so that nothing is estimated; hold detect_new as well"
             " (detect_new=0.5), or free the other (detect_old=free)"],
        ),
        (
            "threshold(detect_new=detect_old, prior(detect_new)=0.2:0.8)",
            ["prior of detect_new: equal to detect_old, so that it has no prior of its own; state that of detect_old"],
        ),
        (
            "threshold(detect_new=detect_old, items=detect_new+guess)",
            ["items: detect_new: equal to detect_old, so that it has no effect of items of its own; state that of"
             " detect_old"],
        ),
        (
            "threshold(detect_new=detect_old, detect_new ~ depth)",
            ["detect_new: equal to detect_old, so that conditions cannot move it by a formula; leave out the formula or the"
             " equality"],
        ),
        (
            "threshold(detect_new=detect_old, detect_old ~ depth)",
            ["detect_old: detect_new is equal to it, at other responses than its own, so that conditions cannot move it by"
             " a formula; leave out the formula or the equality"],
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_equal_is_told(spec: str, problems: list[str]) -> None:
    with pytest.raises(ModelError) as caught:
        get_model(spec)
    assert caught.value.problems == problems
