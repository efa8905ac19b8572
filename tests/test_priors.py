"""Priors that a user states: the stated quantiles, what follows from them, labels, errors, and that posteriors use them."""

from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from scipy.special import expit
from scipy.stats import halfnorm, norm
from typer.testing import CliRunner

import kvfit as kv
from kvfit import cli
from kvfit.inference.fit import fit_key
from kvfit.inference.hierarchy import build_pymc_model
from kvfit.inference.settings import FitSettings
from kvfit.items import effects_of_items
from kvfit.parameters import Parameter
from kvfit.registry import ModelError, with_priors, with_shared_priors

Z90, H95 = 1.6448536269514722, 1.959963984540054
RUN = CliRunner()


def own(model: Any, name: str) -> Parameter:
    return next(p for p in model.parameters if p.name == name)


def yes_no(hits: int, false_alarms: int, n: int, subject: str = "ann") -> pd.DataFrame:
    """`n` old and `n` new items, so many of each called old."""
    old = np.repeat([1, 0], n)
    said = np.r_[np.arange(n) < hits, np.arange(n) < false_alarms]
    return pd.DataFrame({"subject": subject, "old": old, "response": np.where(said, "yes", "no")})


def read(*tables: pd.DataFrame) -> kv.RecognitionData:
    table = pd.concat(tables, ignore_index=True)
    table["position"] = table.groupby("subject").cumcount() + 1
    table["item"] = [f"w{i}" for i in range(len(table))]
    return kv.read_recognition(table, scale="no,yes")


@pytest.fixture(scope="module")
def one_person() -> kv.RecognitionData:
    return read(yes_no(hits=14, false_alarms=6, n=20))


# The typical value: 5 % and 95 % quantiles on the natural scale.


@pytest.mark.parametrize(
    ("support", "link", "interval", "natural"),
    [
        ("positive", "log", (0.9, 1.5), np.exp),
        ("unit", "log", (0.2, 0.7), expit),
        ("real", "log", (-0.5, 2.0), lambda x: x),
        ("positive", "softplus", (0.5, 4.0), lambda x: np.log1p(np.exp(x))),
    ],
)
def test_quantiles_of_the_typical_value_are_the_interval(
    support: Any, link: Any, interval: tuple[float, float], natural: Any
) -> None:
    p = Parameter("x", "x", support, interval, "", "", link=link)
    quantiles = natural(norm(p.location, p.scale).ppf([0.05, 0.95]))
    assert quantiles == pytest.approx(interval)


def test_a_stated_prior_by_hand() -> None:
    """ln 0.9 = -0.105361 and ln 1.5 = 0.405465: mean 0.150052, sd 0.510826 / 3.289707 = 0.155280."""
    p = own(kv.get_model("uvsd", priors={"sigma": (0.9, 1.5)}), "sigma")
    assert (p.location, p.scale) == pytest.approx((0.150052, 0.155280), abs=1e-6)
    # nothing said of persons: their spread follows, as from an interval of the model's own
    assert p.spread == pytest.approx(0.6 * 0.155280, abs=1e-6)


def test_a_stated_range_of_persons_by_hand() -> None:
    """ln(1.9 / 0.7) = 0.998529 is 2 x 1.644854 x 0.303531, and that the 95 % quantile of a half-normal of scale 0.154866."""
    model = kv.get_model("uvsd", priors={"sigma": (0.9, 1.5), "persons(sigma)": (0.7, 1.9)})
    p = own(model, "sigma")
    assert p.spread == pytest.approx(0.154866, abs=1e-6)
    assert (p.location, p.scale) == pytest.approx((0.150052, 0.155280), abs=1e-6)
    largest = halfnorm(scale=p.spread).ppf(0.95)
    ends = np.exp(norm(p.location, largest).ppf([0.05, 0.95]))
    assert ends[1] / ends[0] == pytest.approx(1.9 / 0.7)
    assert own(kv.get_model("uvsd"), "sigma").spread == pytest.approx(0.6 * np.log(2.2 / 0.8) / (2 * Z90))


def test_the_range_that_kvfit_shows_is_the_one_to_state() -> None:
    p = own(kv.get_model("uvsd"), "sigma")
    shown = p.persons_range
    assert p.spread_of(shown) == pytest.approx(p.spread)
    # 1.18 times as wide as the interval, there: 1.959964 x 0.6
    assert np.log(shown[1] / shown[0]) == pytest.approx(1.959964 * 0.6 * np.log(2.2 / 0.8), rel=1e-6)


def test_the_fitted_model_has_these_priors(one_person: kv.RecognitionData) -> None:
    """Densities of the PyMC model at three points, against normal and half-normal by hand."""
    model = kv.get_model("evsd", priors={"d_prime": (1.0, 2.0), "persons(d_prime)": (0.5, 3.0)}).bind(one_person)
    built = build_pymc_model(model, one_person, model.design(one_person))
    k = [p.name for p in model.parameters].index("d_prime")
    tau = 2.5 / (2 * Z90 * H95)
    n = len(model.parameters)
    for value in (0.2, 1.5, 2.4):
        at = pm.logp(built["population_mean"], np.full(n, value)).eval()[k]
        assert at == pytest.approx(norm(1.5, 0.5 / Z90).logpdf(value))
        at = pm.logp(built["population_sd"], np.full(n, value)).eval()[k]
        assert at == pytest.approx(halfnorm(scale=tau).logpdf(value))


# Labels


@pytest.mark.parametrize(
    "label",
    [
        "uvsd(prior(sigma)=0.9:1.5)",
        "uvsd(persons(sigma)=0.7:1.9, prior(sigma)=0.9:1.5)",
        "uvsd(by=strength, prior(criterion)=-0.25:1e-07)",
        "uvsd(items=criterion:old+criterion:new, items(criterion:new)=-0.5:2)",
        "uvsd(d_prime ~ strength + (1 | subject), prior(d_prime:strength[weak])=-0.5:0.5)",
        "uvsd(prior(sigma)=0.9:1.5, d_prime ~ strength)",
        'uvsd(by=mood, prior("d_prime[:)]")=0.1:2, prior(d_prime[a=b~c, d])=0.1:2)',
        "uvsd(prior(spacing_4)=0.1:2)",
    ],
)
def test_a_label_finds_its_model_again(label: str) -> None:
    model = kv.get_model(label)
    assert model.label == label
    assert kv.get_model(model.label) == model


def test_numbers_of_a_label_are_exact() -> None:
    low, high = 0.1 + 0.2, 1 / 3 + 1
    again = kv.get_model(kv.get_model("uvsd", priors={"sigma": (low, high)}).label)
    assert own(again, "sigma").interval == (low, high)


def test_the_own_prior_leaves_no_trace() -> None:
    assert kv.get_model("uvsd", priors={"sigma": (0.8, 2.2)}).label == "uvsd"
    assert kv.get_model("uvsd(prior(sigma)=0.8:2.2)").label == "uvsd"
    shown = own(kv.get_model("uvsd"), "sigma").persons_range
    assert kv.get_model("uvsd", priors={"persons(sigma)": shown}).label == "uvsd"
    # beside another prior of the typical value the same range says something
    both = kv.get_model("uvsd", priors={"sigma": (0.9, 1.5), "persons(sigma)": shown})
    assert "persons(sigma)" in both.label
    data = kv.recognition_design(2, 24, "1-6")
    third = own(kv.get_model("uvsd").bind(data), "spacing_3")
    spacing = kv.get_model("uvsd", priors={"spacing_3": third.interval})
    assert spacing.label != "uvsd"  # what is the own prior depends on the scale
    assert spacing.bind(data).label == "uvsd"


def test_a_prior_of_a_parameter_is_that_of_all_its_levels() -> None:
    table = pd.concat([yes_no(9, 3, 12).assign(strength=level) for level in ("strong", "weak")])
    data = read(table)
    model = kv.get_model("evsd(by=strength, prior(d_prime)=1:2, prior(d_prime[weak])=0.5:1)").bind(data)
    assert own(model, "d_prime[strong]").interval == (1, 2)
    assert own(model, "d_prime[weak]").interval == (0.5, 1)
    assert kv.get_model("evsd(by=strength, prior(d_prime)=1:2, prior(d_prime[weak])=1:2)").bind(data).label == (
        "evsd(by=strength, prior(d_prime)=1:2)"
    )
    formula = {"d_prime": "~ strength + (1 | subject)"}
    shifted = with_priors(kv.get_model("evsd", formula=formula).bind(data), {"d_prime": (1, 2)})
    shift = next(p for p in shifted.parameters if p.name.startswith("d_prime:"))
    # shifts follow: half of the prior standard deviation of the parameter, 0.5 / 1.644854
    assert own(shifted, "d_prime").interval == (1, 2)
    assert shift.scale == pytest.approx(0.5 * 0.5 / Z90)
    stated = with_priors(shifted, {shift.name: (-0.2, 0.4)})
    assert own(stated, shift.name).interval == (-0.2, 0.4)
    assert kv.get_model(stated.label).bind(data).label == stated.label


def test_ranges_of_items() -> None:
    """Half-normal of scale 2 / (2 x 1.644854 x 1.959964) for items; without a range as wide as for persons."""
    items = kv.get_model("uvsd", items="criterion:old+criterion:new", priors={"items(criterion:old)": (0, 2)})
    wide, plain = effects_of_items(items)
    assert wide.spread == pytest.approx(2 / (2 * Z90 * H95))
    assert plain.spread == pytest.approx(0.6 * 1.1 / Z90)
    assert kv.get_model("uvsd", items="criterion", priors={"persons(criterion)": (0, 2)}).item_effects[
        0
    ].spread == pytest.approx(2 / (2 * Z90 * H95))


def test_the_stores_key_knows_priors(one_person: kv.RecognitionData) -> None:
    keys = [
        fit_key(kv.get_model("evsd", priors=priors).bind(one_person), one_person, FitSettings(), None)
        for priors in (
            None,
            {"d_prime": (1, 2)},
            {"d_prime": (1, 2.1)},
            {"persons(d_prime)": (-1, 5)},
            {"d_prime": (1, 2)},
        )
    ]
    assert keys[1] == keys[4]
    assert len(set(keys)) == 4


# Errors


def test_every_problem_is_told_at_once() -> None:
    priors = {
        "sgima": (0.9, 1.5),
        "d_prime": (2, 1),
        "criterion": 0.5,
        "sigma": (0.9, 1.5),
        "spacing_1": (-0.1, 2),
        "persons(spacing_2)": (0.01, 0.02),
        "items(criterion)": (0, 1),
    }
    model = kv.get_model("uvsd(sigma=1)").bind(kv.recognition_design(2, 24, "1-4"))
    with pytest.raises(ModelError) as caught:
        with_priors(model, priors)
    text = str(caught.value)
    assert len(text.splitlines()) == 1 + len(priors)
    for said in (
        "sgima: no parameter of the model",
        "d_prime: expected two numbers, lower before upper, such as 0.9:1.5; found 2:1",
        "criterion: expected two numbers, lower before upper, such as 0.9:1.5; found 0.5",
        "sigma: held at 1, so that it has no prior; free it: sigma=free",
        "spacing_1: expected two values greater than 0; found -0.1:2",
        "persons(spacing_2): expected a range of values of spacing_2 in which 90 % of persons lie",
        "items(criterion): no effect of items of the model",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("model", "priors", "said"),
    [
        ("kv_recall", {"rho_end": (0, 0.9)}, "expected two values between 0 and 1, both excluded; found 0:0.9"),
        ("uvsd", {"sigma": (1, np.inf)}, "expected two numbers"),
        ("uvsd", {"sigma": (1, 2, 3)}, "expected two numbers"),
        ("uvsd", {"sigma": (True, 2)}, "expected two numbers"),
        ("uvsd", "sigma", "expected two numbers"),
        ("uvsd", ["sigma=1:2", "sigma=1:3"], "stated twice, 1:2 and 1:3"),
        ("uvsd(prior(sigma)=1:2)", {"sigma": (1, 3)}, "stated twice, 1:2 and 1:3"),
        ("uvsd", {"d_prime[weak]": (0, 1)}, "no parameter of the model; did you mean d_prime?"),
    ],
)
def test_what_is_no_prior_is_refused(model: str, priors: Any, said: str) -> None:
    with pytest.raises(ModelError) as caught:
        kv.get_model(model, priors=priors)
    assert said in str(caught.value)


def test_what_only_data_can_tell_is_refused_when_they_come(one_person: kv.RecognitionData) -> None:
    with pytest.raises(ValueError, match="spacing_3: no parameter"):
        kv.get_model("uvsd(prior(spacing_3)=0.1:2)").bind(one_person)
    with pytest.raises(ValueError, match="no population whose persons differ"):
        kv.fit("evsd", one_person, priors={"persons(d_prime)": (-1, 4)}, pooling="none")


def test_a_range_is_judged_around_the_centre_on_the_datas_scale() -> None:
    """Spacings of six categories have their centre at sqrt(.13 x 2) = .51, of four at sqrt(.21 x 3.3) = .83."""
    model = kv.get_model("uvsd(persons(spacing_1)=0.1:0.8)")
    assert own(model.bind(kv.recognition_design(2, 24, "1-6")), "spacing_1").persons == (0.1, 0.8)
    with pytest.raises(ValueError, match=r"around its typical value 0\.832; found 0\.1:0\.8"):
        model.bind(kv.recognition_design(2, 24, "1-4"))


def test_several_models_get_what_each_has() -> None:
    data = kv.recognition_design(2, 24, "1-6")
    models = [kv.get_model(name) for name in ("uvsd", "evsd")]
    found = with_shared_priors(models, ["sigma=0.9:1.5", "d_prime=1:2"], data)
    assert [m.label for m in found] == ["uvsd(prior(d_prime)=1:2, prior(sigma)=0.9:1.5)", "evsd(prior(d_prime)=1:2)"]
    with pytest.raises(ModelError) as caught:
        with_shared_priors(models, ["recollection=0.1:0.5", "sigma=-1:2"], data)
    assert "recollection: free in none of the models" in str(caught.value)
    assert "sigma: expected two values greater than 0" in str(caught.value)


# Posteriors


def log_posterior(d: np.ndarray, low: float, high: float) -> np.ndarray:
    """Of d' at a criterion of 0.5, 14 hits and 6 false alarms among 20 each: written out, up to a constant."""
    hit, false_alarm = norm.cdf(d - 0.5), norm.cdf(-0.5)
    prior = norm((low + high) / 2, (high - low) / (2 * Z90)).logpdf(d)
    return 14 * np.log(hit) + 6 * np.log1p(-hit) + 6 * np.log(false_alarm) + prior


@pytest.mark.parametrize(("low", "high"), [(0.0, 3.0), (1.9, 2.1), (-1.0, 0.5)])
def test_map_moves_as_it_must(one_person: kv.RecognitionData, low: float, high: float) -> None:
    grid = np.linspace(-3, 5, 80001)
    best = grid[np.argmax(log_posterior(grid, low, high))]
    model = kv.get_model("evsd(criterion=0.5)", priors={"d_prime": (low, high)})
    found = kv.point_fit(model, one_person, method="map", show_progress=False)
    assert found.estimates["d_prime"].iloc[0] == pytest.approx(best, abs=2e-3)


def test_maximum_likelihood_does_not_move(one_person: kv.RecognitionData) -> None:
    """The maximum is at z(14 / 20) + 0.5 = 1.0244, outside 8 standard deviations of the second prior."""
    for priors in (None, {"d_prime": (2.9, 3.0)}):
        model = kv.get_model("evsd(criterion=0.5)", priors=priors)
        found = kv.point_fit(model, one_person, method="ml", show_progress=False)
        assert found.estimates["d_prime"].iloc[0] == pytest.approx(1.0244, abs=2e-3)
        assert found.table["at_bound"].iloc[0] == ""


@pytest.mark.parametrize("pooling", ["none", "complete"])
def test_a_posterior_is_that_of_the_stated_prior(one_person: kv.RecognitionData, pooling: Any, tmp_path: Any) -> None:
    grid = np.linspace(-3, 5, 8001)
    weight = np.exp(log_posterior(grid, 1.5, 2.5))
    weight /= weight.sum()
    mean = float(weight @ grid)
    sd = float(np.sqrt(weight @ (grid - mean) ** 2))
    settings = {"draws": 600, "tune": 300, "chains": 2, "cores": 1, "seed": 1, "show_progress": False}
    found = kv.fit(
        "evsd(criterion=0.5)", one_person, priors={"d_prime": (1.5, 2.5)}, pooling=pooling, store=tmp_path, **settings
    )
    draws = found.tree["posterior"]["d_prime"].to_numpy().ravel()
    assert draws.mean() == pytest.approx(mean, abs=5 * sd / np.sqrt(300))
    assert draws.std() == pytest.approx(sd, rel=0.15)
    # under the model's own prior, (0, 3), the mean would be elsewhere
    other = np.exp(log_posterior(grid, 0, 3))
    assert abs(float(other @ grid / other.sum()) - mean) > 10 * sd / np.sqrt(300)
    again = kv.open_fit(found.path)
    assert again.label == "evsd(criterion=0.5, prior(d_prime)=1.5:2.5)"
    assert own(again.model, "d_prime").interval == (1.5, 2.5)


# Commands


def run(*arguments: object) -> Any:
    return RUN.invoke(cli.app, [str(one) for one in arguments])


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Any:
    table = pd.concat([yes_no(14, 6, 20), yes_no(12, 4, 20, "bob")], ignore_index=True)
    table["position"], table["item"] = table.groupby("subject").cumcount() + 1, [f"w{i}" for i in range(len(table))]
    path = tmp_path_factory.mktemp("data") / "mine.csv"
    table.to_csv(path, index=False)
    return path


def test_the_shell_states_priors(file: Any, tmp_path: Any) -> None:
    out = tmp_path / "map.csv"
    answer = run(
        "fit", "evsd(criterion=0.5)", "--data", file, "--scale", "no,yes", "--method", "map", "--prior", "d_prime=1.9:2.1",
        "--output", out, "--quiet",
    )  # fmt: skip
    assert answer.exit_code == 0, answer.output
    assert "With priors: evsd(criterion=0.5, prior(d_prime)=1.9:2.1)" in answer.output
    grid = np.linspace(-3, 5, 80001)
    best = grid[np.argmax(log_posterior(grid, 1.9, 2.1))]
    assert pd.read_csv(out).set_index("subject").loc["ann", "d_prime"] == pytest.approx(best, abs=2e-3)


def test_the_shell_refuses_priors_that_decide_nothing(file: Any) -> None:
    answer = run(
        "fit", "evsd", "--data", file, "--scale", "no,yes", "--method", "ml", "--prior", "d_prime=1:2", "--quiet"
    )
    assert "maximum likelihood does not depend on priors" in str(answer.exception)


@pytest.mark.parametrize("command", ["fit", "compare", "foresee", "evidence", "recover", "confuse", "calibrate"])
def test_every_command_that_fits_takes_priors(command: str, file: Any) -> None:
    """All of them refuse the same wrong prior before any work."""
    models = ["evsd", "uvsd"] if command in ("compare", "evidence", "confuse") else ["evsd"]
    answer = run(command, *models, "--data", file, "--scale", "no,yes", "--prior", "d_prime=2:1")
    assert "prior of d_prime: expected two numbers, lower before upper" in str(answer.exception)


# Reports


def test_a_report_says_which_priors_were_stated(one_person: kv.RecognitionData) -> None:
    """The card has the stated numbers and marks them; the methods say them beside the model's own."""
    from kvfit.reports.build import _card
    from kvfit.reports.priors import prior_words

    plain = kv.get_model("uvsd").bind(one_person)
    changed = kv.get_model("uvsd", priors={"sigma": (0.9, 1.5), "persons(d_prime)": (0.5, 2.5)}).bind(one_person)
    fits: Any = [kv.Fit(model, one_person, None, FitSettings()) for model in (plain, changed)]
    cards = {p.name: p for p in _card("uvsd", fits[1]).parameters}
    assert (cards["sigma"].prior_lower, cards["sigma"].prior_upper) == (0.9, 1.5)
    assert cards["sigma"].prior_reason.startswith("stated by the user; the model's own is 0.8 to 2.2 (")
    assert cards["d_prime"].persons == (0.5, 2.5)
    # without a range of its own: exp(0.150052 -+ 1.644854 x 1.959964 x 0.6 x 0.155280)
    assert cards["sigma"].persons == pytest.approx((0.860443, 1.568959), abs=1e-6)
    assert [cards[name].stated for name in ("d_prime", "sigma", "criterion")] == [True, True, False]
    assert not any(p.stated for p in _card("uvsd", fits[0]).parameters)
    words = prior_words(fits)
    assert "sigma 0.9 to 1.5" in words
    assert "persons' d_prime as far apart as 0.5 to 2.5" in words
    assert "half-normal of the standard deviation between persons" in words
    assert prior_words(fits[:1]).endswith("All are the models' own.")
    alone: Any = [kv.Fit(plain, one_person, None, FitSettings(pooling="none"))]
    assert "of each person's value" in prior_words(alone)
    assert _card("uvsd", alone[0]).parameters[0].persons == ()


# One way everywhere: priors are the model's, whatever takes it.

WRONG = "evsd(prior(d_prime)=2:1)"
TAKES_A_MODEL: dict[str, Any] = {
    "fit": lambda data: kv.fit(WRONG, data),
    "fit_batch": lambda data: kv.fit_batch([WRONG], data, store="nowhere"),
    "point_fit": lambda data: kv.point_fit(WRONG, data),
    "prior_predict": lambda data: kv.prior_predict(WRONG, data),
    "evidence": lambda data: kv.evidence([WRONG, "uvsd"], data),
    "identifiability": lambda data: kv.identifiability(WRONG, data),
    "recover": lambda data: kv.recover(WRONG, data),
    "calibrate": lambda data: kv.calibrate(WRONG, data),
    "confuse": lambda data: kv.confuse([WRONG, "uvsd"], data),
    "design_curve": lambda data: kv.design_curve([WRONG, "uvsd"], data, participants=[1, 2]),
    "log_likelihood": lambda data: kv.log_likelihood(WRONG, data, {"d_prime": 1.0, "criterion": 0.5}),
    "simulate": lambda data: kv.simulate(WRONG, data, {"d_prime": 1.0, "criterion": 0.5}, seed=1),
    "arviz_tree": lambda data: kv.arviz_tree(WRONG, data, None),
    "certify": lambda data: kv.certify([WRONG]),
    "check_model": lambda data: kv.check_model(WRONG),
}


@pytest.mark.parametrize("name", TAKES_A_MODEL)
def test_whatever_takes_a_model_reads_the_priors_in_its_name(
    name: str, one_person: kv.RecognitionData, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="prior of d_prime: expected two numbers, lower before upper"):
        TAKES_A_MODEL[name](one_person)


def test_recovery_draws_its_truth_from_the_stated_prior(one_person: kv.RecognitionData) -> None:
    model = kv.get_model("evsd", priors={"d_prime": (1.99, 2.01), "persons(d_prime)": (1.98, 2.02)})
    found = kv.recover(model, one_person, replicates=2, seed=1, show_progress=False)
    truth = found.persons.query("parameter == 'd_prime'")["true"]
    assert len(truth) == 2
    assert truth.between(1.95, 2.05).all()
    same = kv.recover(model.label, one_person, replicates=2, seed=1, show_progress=False)
    pd.testing.assert_frame_equal(same.persons, found.persons)
