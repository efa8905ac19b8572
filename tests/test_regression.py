"""Formulas on parameters: what they mean, what is refused, and the path to fits, effects and pages."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rating_fits import rated_data
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from study_lists import study_table

import kvfit as kv
from kvfit.comparison.person_marginals import person_marginals
from kvfit.comparison.population_draws import population_draws
from kvfit.inference.fit import fit_key
from kvfit.inference.hierarchy import build_pymc_model
from kvfit.inference.maximum_likelihood import PersonObjective
from kvfit.inference.population import without_shared
from kvfit.inference.settings import FitSettings
from kvfit.regression.effects import contrasts, typical_values
from kvfit.regression.formula import FormulaError
from kvfit.regression.model import RegressionModel

STOP = {"stop_probability": 0.4, "stop_slope": 0.5}


def recall_table(n_participants: int = 4, n_lists: int = 12) -> pd.DataFrame:
    """Lists of eight words with conditions."""
    table = study_table(n_participants, n_lists)
    number, person = table["list"], table["subject"]
    return table.assign(
        delay=np.where(number % 3 == 0, "long", "short"),
        rate=number % 4 * 2.0 + 1,
        age=person * 10.0,
        constant="same",
        double=number % 4 * 4.0 + 2,
        recency="yes",
        gaps=np.where(number == 2, None, "here"),
    )


@pytest.fixture(scope="module")
def lists() -> kv.FreeRecallData:
    return kv.read_free_recall(recall_table(), name="conditions")


@pytest.fixture(scope="module")
def ratings() -> kv.RecognitionData:
    return rated_data(n_participants=3)


def bound(spec: str, data: object) -> RegressionModel:
    model = kv.get_model(spec).bind(data)
    assert isinstance(model, RegressionModel)
    return model


def test_the_label_is_read_back() -> None:
    wanted = {"phi": "~ delay * rate + (1 + delay | subject)", "kappa": "kappa ~ np.clip(rate, 1, 3)"}
    model = kv.get_model("kv_recall(stopping=match)", formula=wanted)
    label = "kv_recall(stopping=match, kappa ~ np.clip(rate, 1, 3), phi ~ delay * rate + (1 + delay | subject))"
    assert model.label == label
    assert kv.get_model(label).label == label
    assert kv.get_model("cmr(phi_d ~ delay)").label == "cmr(phi_d ~ delay)"


def test_formulas_that_cannot_be_read_are_listed() -> None:
    with pytest.raises(ValueError, match="model cmr") as caught:
        kv.get_model("cmr", formula=["~ delay", "phi_s ~", "phi_d ~ a", "phi_d ~ b"])
    assert len(str(caught.value).splitlines()) == 4
    formulas = {"beta_enc": "~ delay +", "beta_rec": "~ (1 | item)", "phi_s": "~ subject", "phi_d": "y ~ delay"}
    with pytest.raises(ValueError, match="phi_d: its formula is one of y"):
        kv.get_model("cmr", formula=formulas)
    del formulas["phi_d"]
    with pytest.raises(ValueError, match="model cmr") as caught:
        kv.get_model("cmr", formula=formulas)
    for part in ("delay +: cannot be read", "effects vary by item", "(1 | subject) for persons that differ"):
        assert part in str(caught.value)


def test_everything_wrong_with_columns_is_told_at_once(lists: kv.FreeRecallData) -> None:
    formulas = {
        "recency": "~ constant",
        "primacy": "~ gaps + recency",
        "rho_end": "~ dely",
        "rho_start": "~ position",
        "stop_probability": "~ n_scored",
        "stop_slope": "~ rate + double",
        "recncy": "~ delay",
    }
    with pytest.raises(FormulaError) as caught:
        kv.get_model("serial_position", formula=formulas).bind(lists)
    text = str(caught.value)
    assert len(caught.value.problems) == 8
    for part in (
        "recency ~ constant: column constant: is 'same' everywhere",
        "column gaps: has no value at 4 of 48 lists, first participant 1, list 2",
        "column recency: has the name of a parameter",
        "column dely: unknown; did you mean delay?",
        "column position: is not constant within a list, first participant 1, list 1",
        "column n_scored: is what people did",
        "stop_slope ~ rate + double: double follow from the terms before them (collinear)",
        "recncy: no parameter of the model; did you mean recency?",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("primacy ~ delay + (0 + delay | subject)", "coded alike"),
        ("primacy ~ (1 + delay | subject)", "persons differ in delay"),
        ("primacy ~ age + (1 + age | subject)", "age is constant within every participant"),
        ("primacy ~ 0 + rate", "no intercept and no factor"),
        ("primacy ~ np.log(delay)", "cannot be evaluated"),
        ("primacy ~ np.log(rate - 1)", "not finite"),
    ],
)
def test_terms_that_do_not_fit_together(lists: kv.FreeRecallData, formula: str, message: str) -> None:
    with np.errstate(divide="ignore"), pytest.raises(FormulaError, match=message):
        kv.get_model(f"serial_position({formula})").bind(lists)


def test_terms_between_persons_need_a_population(lists: kv.FreeRecallData) -> None:
    spec = "serial_position(primacy ~ age + delay, recency ~ delay)"
    for estimate in (
        lambda: kv.point_fit(spec, lists, show_progress=False),
        lambda: kv.evidence([spec], lists, show_progress=False),
        lambda: kv.fit(spec, lists, pooling="none", show_progress=False),
        lambda: kv.recover(spec, lists, replicates=1, show_progress=False),
    ):
        with pytest.raises(
            ValueError, match=r"primacy ~ age.*: age is constant within every participant, and"
        ) as caught:
            estimate()
        assert "recency" not in str(caught.value).split("each participant alone")[1]
    kv.point_fit("random_recall(stop_slope ~ delay)", lists, starts=1, show_progress=False)


def test_held_and_split_parameters_have_no_formula(lists: kv.FreeRecallData, ratings: kv.RecognitionData) -> None:
    with pytest.raises(FormulaError, match=r"held at 0\.1; write temperature=free"):
        kv.get_model("cmr(separation=softmax, temperature ~ delay)").bind(lists)
    with pytest.raises(FormulaError, match="has values by condition already"):
        kv.get_model("uvsd(by=strength, d_prime ~ context)").bind(ratings)


def test_shifts_move_the_unconstrained_value_from_the_average(lists: kv.FreeRecallData) -> None:
    """Two thirds of the lists are short: in long ones a shift counts -1/3 less than in short ones 2/3, by hand."""
    model = bound("random_recall(stop_probability ~ delay + (1 + delay | subject))", lists)
    assert [p.name for p in model.parameters] == ["stop_probability", "stop_probability:delay[short]", "stop_slope"]
    move = 1.2
    found = kv.log_likelihood(model, lists, {**STOP, "stop_probability:delay[short]": move}).to_numpy()
    short = lists.lists["delay"].to_numpy() == "short"
    odds = np.log(0.4 / 0.6)
    for where, weight in ((short, 1 / 3), (~short, -2 / 3)):
        value = 1 / (1 + np.exp(-(odds + weight * move)))
        expected = kv.log_likelihood("random_recall", lists, {**STOP, "stop_probability": value}).to_numpy()
        np.testing.assert_allclose(found[where], expected[where], rtol=1e-12)
    unmoved = kv.log_likelihood(model, lists, {**STOP, "stop_probability:delay[short]": 0.0}).to_numpy()
    np.testing.assert_array_equal(unmoved, kv.log_likelihood("random_recall", lists, STOP).to_numpy())


def test_priors_of_shifts_are_those_of_the_parameter_made_smaller(lists: kv.FreeRecallData) -> None:
    model = bound("random_recall(stop_probability ~ delay + rate + (1 + rate | subject))", lists)
    by_name = {p.name: p for p in model.parameters}
    scale = by_name["stop_probability"].scale
    assert by_name["stop_probability:delay[short]"].scale == pytest.approx(scale / 2)
    assert by_name["stop_probability:rate"].scale == pytest.approx(scale / 2 / lists.lists["rate"].std(ddof=0))
    assert by_name["stop_probability:rate"].location == 0
    varies = {name: p.varies for name, p in by_name.items()}
    assert varies["stop_probability"]
    assert varies["stop_probability:rate"]
    assert not varies["stop_probability:delay[short]"]


def test_levels_without_an_intercept_are_the_models_own_conditions(ratings: kv.RecognitionData) -> None:
    formula = "0 + strength + (0 + strength | subject)"
    model = bound(f"uvsd(d_prime ~ {formula}, sigma ~ {formula})", ratings)
    known = kv.get_model("uvsd(by=strength)").bind(ratings)
    assert [(p.name, p.interval, p.varies) for p in model.parameters] == [
        (p.name, p.interval, p.varies) for p in known.parameters
    ]
    values = {p.name: float(p.to_natural(p.location + 0.3 * p.scale)) for p in known.parameters}
    values["d_prime[weak]"] = 0.4
    mine, theirs = (kv.log_likelihood(m, ratings, values).to_numpy() for m in (model, known))
    np.testing.assert_allclose(mine, theirs, rtol=1e-12)


def test_the_gradient_is_that_of_the_value(lists: kv.FreeRecallData) -> None:
    model = bound("serial_position(recency ~ delay + rate + (1 | subject), rho_end ~ 0 + delay)", lists)
    objective = model.objective(model.design(lists).one_participant(2))
    x = np.array([p.location for p in model.parameters]) + 0.1
    value, gradient = objective.value_and_gradient(x)
    steps = 1e-5 * np.eye(x.size)
    values = objective.values(np.concatenate([x + steps, x - steps]))
    np.testing.assert_allclose(gradient, (values[: x.size] - values[x.size :]) / 2e-5, rtol=1e-3, atol=1e-3)
    natural = {p.name: float(p.to_natural(x[k])) for k, p in enumerate(model.parameters)}
    own = lists.select(participants=[3])
    assert value == pytest.approx(float(kv.log_likelihood(model, own, natural).sum()), rel=1e-12)


def test_a_subset_keeps_the_meaning_of_the_columns(lists: kv.FreeRecallData) -> None:
    """Centres and levels come from the data that the model was bound to; unknown levels are refused."""
    model = bound("random_recall(stop_probability ~ delay)", lists)
    values = {**STOP, "stop_probability:delay[short]": 1.0}
    every = kv.log_likelihood(model, lists, values).to_numpy()
    only = lists.select(query="delay == 'long'")
    chosen = (lists.lists["delay"] == "long").to_numpy()
    np.testing.assert_allclose(kv.log_likelihood(model, only, values).to_numpy(), every[chosen])
    other = recall_table(1, 2).assign(delay="none")
    with pytest.raises(FormulaError, match="has values that the model does not know"):
        model.design(kv.read_free_recall(other, name="other"))


def test_what_matters_at_old_items_may_lack_at_new_ones(ratings: kv.RecognitionData) -> None:
    trials = ratings.trials.assign(depth=np.where(ratings.old, ratings.trials["study_position"], np.nan))
    data = kv.read_recognition(trials.drop(columns="response_label"), scale="1-6", name="depth")
    model = bound("evsd(d_prime ~ depth + (1 | subject))", data)
    values = {p.name: float(p.to_natural(p.location)) for p in model.parameters} | {"d_prime:depth": 0.05}
    moved = kv.log_likelihood(model, data, values).to_numpy()
    still = kv.log_likelihood(model, data, values | {"d_prime:depth": 0.0}).to_numpy()
    assert (moved[~data.old] == still[~data.old]).all()
    assert np.abs(moved[data.old] - still[data.old]).max() > 0.1
    with pytest.raises(FormulaError, match=r"criterion ~ depth: column depth: has no value at 180 of 360 trials"):
        kv.get_model("evsd(criterion ~ depth)").bind(data)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> kv.Fit:
    """Recall that ends early in long delays, sampled briefly."""
    design = kv.read_free_recall(recall_table(6, 18), name="delays")
    formula = "stop_probability ~ delay + (1 + delay | subject)"
    truth = {**STOP, "stop_probability:delay[short]": -2.0}
    data = kv.simulate(f"random_recall({formula})", design, truth, seed=3)
    return kv.fit(
        "random_recall", data, formula=formula, store=tmp_path_factory.mktemp("fits"), draws=150, tune=200, chains=2,
        seed=1, show_progress=False,
    )  # fmt: skip


def test_effects_are_found_on_the_natural_scale(fitted: kv.Fit) -> None:
    table = kv.effects(fitted)
    assert table["kind"].tolist() == ["value", "value", "difference"]
    long, short, difference = (row for _, row in table.iterrows())
    assert (long["effect"], short["effect"]) == ("delay = long", "delay = short")
    assert difference["mean"] == pytest.approx(short["mean"] - long["mean"])
    truth = {"short": 1 / (1 + np.exp(-(np.log(2 / 3) - 2 / 3))), "long": 1 / (1 + np.exp(-(np.log(2 / 3) + 4 / 3)))}
    assert long["lower"] < truth["long"] < long["upper"]
    assert short["lower"] < truth["short"] < short["upper"]
    assert difference["upper"] < 0
    assert difference["probability"] == 1.0
    with pytest.raises(ValueError, match="has no formulas"):
        kv.effects(kv.Fit(kv.get_model("random_recall"), fitted.data, fitted.tree, fitted.settings))


def test_the_store_keeps_formulas(fitted: kv.Fit) -> None:
    assert fitted.path is not None
    again = kv.open_fit(fitted.path)
    assert again.label == "random_recall(stop_probability ~ delay + (1 + delay | subject))"
    pd.testing.assert_frame_equal(kv.effects(again), kv.effects(fitted))
    assert kv.predict(again, draws=3).shape == (3, fitted.data.n_lists, 8)
    np.testing.assert_allclose(
        again.tree["log_likelihood"]["recalls"].to_numpy()[1, 5],
        kv.log_likelihood(
            again.model,
            again.data,
            {p.name: again.tree["posterior"][p.name].to_numpy()[1, 5] for p in again.model.parameters},
        ),
    )


def test_other_conditions_are_another_request(fitted: kv.Fit) -> None:
    """Fingerprints of data cover responses alone."""
    assert fitted.path is not None
    lists = fitted.data.lists
    swapped = fitted.data.events.assign(delay=fitted.data.events["delay"].map({"long": "short", "short": "long"}))
    other = kv.read_free_recall(swapped, name=fitted.data.name)
    assert other.fingerprint == fitted.data.fingerprint
    assert (other.lists["delay"] != lists["delay"]).all()
    models = [bound(fitted.label, data) for data in (fitted.data, other)]
    again, changed = (model.conditions_fingerprint for model in models)
    assert again == fitted.model.conditions_fingerprint
    assert changed != again
    keys = [
        fit_key(model, data, fitted.settings, None) for model, data in zip(models, (fitted.data, other), strict=True)
    ]
    assert fitted.path.name.endswith(keys[0])
    assert keys[0] != keys[1]


def test_the_page_shows_formula_effects_and_what_the_data_tell(fitted: kv.Fit, tmp_path: Path) -> None:
    page = kv.report(fitted, tmp_path / "r.html", predictive_draws=20, show_progress=False).read_text("utf-8")
    assert "formula of stop_probability = ~ delay + (1 + delay | subject)" in page
    assert "delay: short − long" in page
    assert 'id="identifiability"' in page
    assert "stop_probability:delay[short]" in page


def test_numbers_have_effects_a_standard_deviation_apart(fitted: kv.Fit) -> None:
    """The same draws under a formula with a number: values one standard deviation around the mean."""
    values = typical_values(fitted)
    model = bound("random_recall(stop_probability ~ rate + (1 + rate | subject))", fitted.data)
    columns = model.columns["stop_probability"]
    renamed = {"stop_probability": values["stop_probability"]}
    renamed["stop_probability:rate"] = values["stop_probability:delay[short]"]
    (_, low, below), (_, high, above), (kind, _, difference) = contrasts(columns, renamed)
    sd = fitted.data.lists["rate"].std(ddof=0)
    odds = np.log(values["stop_probability"] / (1 - values["stop_probability"]))[:, 0]
    expected = 1 / (1 + np.exp(-(odds + sd * renamed["stop_probability:rate"][:, 0])))
    np.testing.assert_allclose(above, expected)
    np.testing.assert_allclose(difference, above - below)
    assert (kind, "below" in low, "above" in high) == ("difference", True, True)


@pytest.mark.parametrize("parameterisation", ["preconditioned", "centred"])
def test_correlated_persons_are_multivariate_normal(lists: kv.FreeRecallData, parameterisation: str) -> None:
    """The density of the effects is that of the covariance, whatever the sampler's coordinates."""
    model = kv.get_model("random_recall")
    design = model.design(lists, None)
    k, n = 2, lists.n_participants
    flat = without_shared(np.tile(np.eye(k), (n, 1, 1)), np.zeros((n, k)), np.zeros((n, k)), np.zeros(k), np.ones(k))
    built = build_pymc_model(
        model, lists, design, parameterisation=parameterisation, curvature=flat, correlated=True  # type: ignore[arg-type]
    )  # fmt: skip
    mu, sigma, r = np.array([0.2, -0.1]), np.array([0.5, 0.8]), 0.6
    effects = np.random.default_rng(7).normal(size=(n, k))
    rv, factor = built["person_effects"], built["population_cholesky"]
    matrix = np.array([[1.0, r], [r, 1.0]])
    point = {"population_mean": mu, "population_sd_log__": np.log(sigma)}
    lower = np.linalg.cholesky(matrix)
    point[built.rvs_to_values[factor].name] = built.rvs_to_transforms[factor].forward(lower).eval()
    transform = built.rvs_to_transforms[rv]
    given = (*rv.owner.inputs[:-2], mu, sigma)
    point[built.rvs_to_values[rv].name] = effects if transform is None else transform.forward(effects, *given).eval()
    found = built.compile_logp(rv, jacobian=False, mode="FAST_COMPILE")(point)
    expected = multivariate_normal(mu, matrix * sigma * sigma[:, None]).logpdf(effects).sum()
    assert float(found) == pytest.approx(expected)


def test_correlated_persons_need_a_population() -> None:
    with pytest.raises(ValueError, match="correlated: persons' parameters correlate in a population"):
        FitSettings(correlated=True, pooling="none")


def test_new_people_are_predicted_under_their_own_conditions(fitted: kv.Fit) -> None:
    """Persons integrated out of a model with a formula: against plain Monte Carlo over the population."""
    draws = population_draws(fitted).part(slice(0, 300, 60))
    found = person_marginals(fitted, draws, show_progress=False)
    rng = np.random.default_rng(11)
    for person in range(2):
        objective = PersonObjective(fitted.model, fitted.design.one_participant(person))
        for draw in range(draws.n_draws):
            points = np.tile(draws.mean[draw], (20_000, 1))
            points[:, draws.varies] += draws.spread[draw] * rng.normal(size=(len(points), draws.spread.shape[1]))
            values = -objective.screen(points)
            plain = logsumexp(values) - np.log(len(points))
            assert found.log_value[draw, person] == pytest.approx(plain, abs=0.2)
    comparison = kv.compare([fitted], unit="participant", show_progress=False)
    assert np.isfinite(comparison.table["elpd"]).all()


def test_items_and_conditions_move_one_parameter_together(ratings: kv.RecognitionData) -> None:
    """On the unconstrained scale the shift of a condition and the effect of an item add up."""
    trials = ratings.trials.assign(item=[f"word {k}" for k in ratings.trials.groupby("subject").cumcount()])
    data = kv.read_recognition(trials.drop(columns="response_label"), scale="1-6", name="items")
    model = bound("evsd(items=criterion, criterion ~ context + (1 | subject))", data)
    values = {p.name: float(p.to_natural(p.location)) for p in model.parameters}
    (shift,) = (name for name in values if name.startswith("criterion:"))
    effects = np.random.default_rng(3).normal(0, 0.4, (len(data.items), 1))
    move = 0.7
    found = kv.log_likelihood(model, data, values | {shift: move}, item_effects={"criterion": effects[:, 0]}).to_numpy()
    plain = bound("evsd(criterion ~ context + (1 | subject))", data)
    for k in range(3):
        item = effects[list(data.items).index(data.trials["item"].iloc[k]), 0]
        values_here = values | {shift: move, "criterion": values["criterion"] + item}
        expected = kv.log_likelihood(plain, data, values_here).to_numpy()[k]
        assert found[k] == pytest.approx(expected)
