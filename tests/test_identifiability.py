"""What data can say about parameters, against closed forms and posteriors that are known."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from rating_fits import rated_data
from recognition_tables import stack, trial_table
from scipy.stats import norm
from study_lists import study_table

import kvfit as kv
from kvfit.identifiability.design import design_objection, loose_parameters
from kvfit.identifiability.information import observed_scores, scores
from kvfit.identifiability.table import Identifiability
from kvfit.inference.hierarchy import SPREAD_SHARE
from kvfit.inference.settings import FitSettings


def test_information_of_yes_no_answers_is_the_closed_form() -> None:
    """Of a criterion from n new items: n phi(c)^2 / (p (1 - p)), in units of the prior's variance."""
    data = kv.read_recognition(trial_table(1, [2] * 30, [1] * 50), scale="1-2", name="binary")
    model = kv.get_model("evsd").bind(data)
    x = np.array([p.location for p in model.parameters]) + 0.2
    names = [p.name for p in model.parameters]
    criterion, d = x[names.index("criterion")], x[names.index("d_prime")]
    of_new, of_old = (
        n * norm.pdf(at) ** 2 / (norm.cdf(at) * norm.sf(at)) for n, at in ((50, criterion), (30, criterion - d))
    )
    scale = {p.name: p.scale for p in model.parameters}
    rows = scores(model, data, x)
    information = rows.T @ rows
    k, m = names.index("criterion"), names.index("d_prime")
    assert information[k, k] == pytest.approx((of_new + of_old) * scale["criterion"] ** 2, rel=1e-5)
    assert information[m, m] == pytest.approx(of_old * scale["d_prime"] ** 2, rel=1e-5)
    assert information[k, m] == pytest.approx(-of_old * scale["criterion"] * scale["d_prime"], rel=1e-5)


def test_information_of_recall_is_that_of_its_stops() -> None:
    """Lists of one word: recalled or not, so that the stop's log odds have information n p (1 - p)."""
    data = kv.read_free_recall(study_table(1, 4000, (1,)), name="one word")
    model = kv.get_model("random_recall(stop_slope=0)")
    (p,) = model.parameters
    x = np.array([0.3])
    rows = scores(model, data, x, seed=5)
    values = {"stop_probability": np.array([p.to_natural(0.3)])}
    told = model.log_likelihood(model.design(data), {k: v[None] for k, v in values.items()})[0, 0]
    recalled = float(np.exp(told))
    # each word was recalled; the score of a word that was not is as much smaller as that is more probable
    slope = float(observed_scores(model, data, x)[0, 0])
    expected = 4000 * slope**2 * recalled / (1 - recalled)
    assert float((rows.T @ rows)[0, 0]) == pytest.approx(expected, rel=0.06)


def test_recall_parameters_that_change_nothing_are_named() -> None:
    data = kv.read_free_recall(study_table(2, 6), name="small")
    assert loose_parameters(kv.get_model("serial_position"), data) == ()
    assert loose_parameters(kv.get_model("serial_position(recency=0)"), data) == ("rho_end",)
    said = design_objection(kv.get_model("serial_position(recency=0)"), data)
    assert said.startswith("serial_position(recency=0.0): different values of rho_end predict the same responses")


def test_levels_between_persons_are_told_by_other_persons() -> None:
    """Nobody alone tells a group's effect from his own value; persons of two groups do."""
    table = study_table(4, 6)
    data = kv.read_free_recall(table.assign(group=np.where(table["subject"] > 2, "a", "b")), name="groups")
    model = kv.get_model("random_recall(stop_probability ~ group + (1 | subject))").bind(data)
    assert loose_parameters(model, data) == ()
    alone = data.select(participants=[1])
    assert loose_parameters(model, alone) == ("stop_probability", "stop_probability:group[b]")


def test_more_participants_are_expected_to_say_more() -> None:
    tables = [kv.identifiability("uvsd", rated_data(n)).table.set_index("parameter") for n in (2, 8)]
    few, many = (table["contraction"] for table in tables)
    assert (many > few).all()
    assert (tables[1]["person"] > 0).all()
    assert tables[1]["determined"].all()
    short = kv.identifiability("uvsd", rated_data(8, n_items=4)).table.set_index("parameter")
    assert short["person"]["d_prime"] < tables[1]["person"]["d_prime"]


def test_the_expectation_for_one_parameter_is_the_textbooks() -> None:
    """One parameter, persons alike: precision of the mean 1 + n / (spread^2 + 1 / information)."""
    data = kv.read_recognition(
        stack(*(trial_table(k, [2] * 40, [1] * 40) for k in range(1, 7))), scale="1-2", name="binary"
    )
    model = kv.get_model("evsd(criterion=0.5)").bind(data)
    (p,) = model.parameters
    rng = np.random.default_rng(0)
    each = []
    for _ in range(6):
        rows = scores(model, data.select(participants=[1]), p.location + p.scale * rng.uniform(-0.5, 0.5, 1))
        each.append(float((rows.T @ rows)[0, 0]))
    expected = 1 - 1 / (1 + sum(1 / (SPREAD_SHARE**2 + 1 / one) for one in each))
    found = kv.identifiability(model, data).table
    assert found["contraction"].tolist() == pytest.approx([expected])
    assert found["person"].tolist() == pytest.approx([np.mean([one / (one + SPREAD_SHARE**-2) for one in each])])


def made_fit(mean: np.ndarray, data: kv.RecognitionData) -> kv.Fit:
    """A fit of evsd whose population means are given draws ``(draw, parameter)`` in units of their priors."""
    model = kv.get_model("evsd").bind(data)
    rng = np.random.default_rng(2)
    n, k = mean.shape
    scale = np.array([p.scale for p in model.parameters])
    location = np.array([p.location for p in model.parameters])
    population = (location + scale * mean).reshape(2, n // 2, k)
    names = [p.name for p in model.parameters]
    variables = {
        "population_mean": (("chain", "draw", "parameter"), population),
        "population_sd": (
            ("chain", "draw", "person_parameter"),
            np.abs(rng.normal(0, SPREAD_SHARE * scale, population.shape)),
        ),
    }
    persons = rng.normal(0, 0.3, (data.n_participants, k))
    for i, p in enumerate(model.parameters):
        noise = rng.normal(0, 0.05, (2, n // 2, data.n_participants))
        variables[p.name] = (
            ("chain", "draw", "participant"),
            p.to_natural(location[i] + scale[i] * (persons[:, i] + noise)),
        )
    coords = {"parameter": names, "person_parameter": names, "chain": [0, 1], "draw": np.arange(n // 2)}
    posterior = xr.Dataset(variables, coords)
    values = {p.name: posterior[p.name].to_numpy().reshape(n, -1) for p in model.parameters}
    ll = model.log_likelihood(model.design(data), values).reshape(2, n // 2, -1)
    told = xr.Dataset({"responses": (("chain", "draw", "unit"), ll)}, {"chain": [0, 1], "draw": np.arange(n // 2)})
    tree = xr.DataTree.from_dict({"/posterior": posterior, "/log_likelihood": told})
    return kv.Fit(model, data, tree, FitSettings())


def test_a_posterior_is_read() -> None:
    """Draws of the population's means with known shares of the prior's variance, two of them one for another."""
    data = rated_data(5, 30)
    k = len(kv.get_model("evsd").bind(data).parameters)
    mean = np.random.default_rng(1).normal(0, 0.1, (400, k))
    mean[:, 0] = np.random.default_rng(4).normal(0, 1.0, 400)
    mean[:, 2] = 0.99 * mean[:, 1] + np.random.default_rng(3).normal(0, 0.01, 400)
    found = kv.identifiability(made_fit(mean, data))
    table = found.table.set_index("parameter")
    names = list(table.index)
    np.testing.assert_allclose(table["contraction"], 1 - mean.var(axis=0), atol=1e-9)
    np.testing.assert_allclose(table["spread_contraction"], 0, atol=0.2)
    assert (table["person"] > 0.9).all()
    assert table["determined"].all()
    assert table["correlated_with"][names[1]] == names[2]
    assert table["correlation"][names[1]] == pytest.approx(np.corrcoef(mean.T)[1, 2])
    # the widest posterior feels its prior most
    assert table["prior_sensitivity"].idxmax() == names[0]
    assert f"{names[0]} is hardly informed" in found.problems[0]
    assert any("told apart badly (correlation 0.9" in text for text in found.problems)
    assert found.verdict().startswith(f"These data tell {k - 3} of {k} parameters of evsd without reservation.")


def test_what_is_held_responsible_is_said_once() -> None:
    table = trial_table(1, [2, 1, 2, 2] * 10, [1, 1, 2, 1] * 10)
    data = kv.read_recognition(table, scale="1-2", name="binary")
    found = kv.identifiability("uvsd", data)
    assert found.table.set_index("parameter")["determined"].to_dict() == {
        "d_prime": False, "sigma": False, "criterion": True,
    }  # fmt: skip
    assert found.problems == (
        "d_prime and sigma can change together without changing any prediction: priors decide; hold one of them.",
    )
    assert "without reservation" in found.verdict()
    sound = dataclasses.replace(found, table=found.table.assign(problem=""))
    assert isinstance(sound, Identifiability)
    assert sound.verdict() == "Data of this design can be expected to tell all 3 parameters of uvsd."


def test_a_fit_comes_alone_and_a_model_with_data() -> None:
    data = rated_data(2, 10)
    with pytest.raises(ValueError, match="a model needs data"):
        kv.identifiability("evsd")
    with pytest.raises(ValueError, match="a fit has its data"):
        kv.identifiability(made_fit(np.zeros((4, 6)), data), data)
    assert isinstance(kv.identifiability("evsd", data).table, pd.DataFrame)
