"""Effects of items: the option on every model, its likelihood, its errors, and what it recovers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import norm

import kvfit as kv
from kvfit.checks.recognition.bench import RecognitionBench
from kvfit.checks.recognition.items import item_effects_agree
from kvfit.inference.hierarchy import build_pymc_model, estimate_curvature, estimate_item_curvature
from kvfit.inference.item_curvature import ItemTransform, room_of_average
from kvfit.inference.population import without_shared
from kvfit.parameters import Parameter, ParameterError
from kvfit.recognition.binding import BindingError
from kvfit.recognition.log_space import log_normal_interval
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.normal_interval import LogInterval, log_interval
from kvfit.registry import ModelError, families

#: Evaluates node by node: compiling would take longer than the tests.
PLAIN = Mode(linker="py", optimizer=None)
VALUES = {"d_prime": 1.2, "sigma": 1.3, "criterion": 0.6, "spacing_1": 0.5, "spacing_2": 0.7}
RECOGNITION = tuple(name for name in families() if kv.get_model(name).task == "recognition")


def _crossed(n_participants: int, n_items: int, seed: int = 1, labels: str = "w{}") -> kv.RecognitionData:
    """Return trials of all participants on all items, half of them old, other halves for others; all responses 1."""
    rng = np.random.default_rng(seed)
    tables = []
    for person in range(1, n_participants + 1):
        old = rng.permutation(np.arange(n_items) % 2)
        tables.append(
            pd.DataFrame(
                {
                    "subject": person,
                    "list": 1,
                    "item": [labels.format(i) for i in range(n_items)],
                    "old": old,
                    "response": rng.integers(1, 5, n_items),
                }
            )
        )
    return kv.read_recognition(pd.concat(tables), scale="1-4", name="crossed")


def _model(spec: str, data: kv.RecognitionData) -> RecognitionModel:
    model = kv.get_model(spec).bind(data)
    assert isinstance(model, RecognitionModel)
    return model


@pytest.mark.parametrize("name", RECOGNITION)
def test_every_model_has_the_option(name: str) -> None:
    model = kv.get_model(f"{name}(items=default)")
    assert isinstance(model, RecognitionModel)
    assert model.label == f"{name}(items={'+'.join(model.items)})"
    assert kv.get_model(model.label).label == model.label


@pytest.mark.parametrize(
    "spec",
    # defaults are checked for every shipped model by RECOGNITION_CHECKS
    [
        "uvsd(items=sigma+criterion:old+criterion:new)",
        "uvsd(by=strength, criteria_by=block, items=default)",
        "dpsd(recall_to_reject=True, items=recollection+rejection)",
        "threshold(items=detect_old+detect_new+guess)",
        "gcm(items=similarity+criterion:new)",
    ],
)
def test_gradients_of_effects_are_right(spec: str) -> None:
    model = kv.get_model(spec)
    assert isinstance(model, RecognitionModel)
    result = item_effects_agree(RecognitionBench(model, 0))
    assert result.passed, result.detail


def _fields(spec: str) -> dict[str, Any]:
    model = kv.get_model(spec)
    return {name: getattr(model, name) for name in RecognitionModel.__dataclass_fields__}


class _Forgetful(RecognitionModel):
    """Scores single trials without the effects of their items."""

    def log_responses(self, design: Any, values: Any, response: Any, xp: Any = np) -> Any:
        return super().log_responses(design, {**values, "item_effects": 0.0 * values["item_effects"]}, response, xp)


def test_effects_that_the_likelihood_of_trials_forgets_are_found() -> None:
    broken = _Forgetful(**_fields("uvsd"))
    assert not item_effects_agree(RecognitionBench(broken, 0)).passed


def test_defaults_are_criteria_of_old_and_of_new_items_or_detection_and_guessing() -> None:
    def chosen(spec: str) -> tuple[str, ...]:
        model = kv.get_model(spec)
        assert isinstance(model, RecognitionModel)
        return model.items

    for name in ("uvsd", "dpsd", "gamma_sd", "minerva2", "kv_recognition"):
        assert chosen(f"{name}(items=default)") == chosen(f"{name}(items=True)") == ("criterion:old", "criterion:new")
    assert chosen("threshold(items=default)") == ("detect_old", "guess")
    assert chosen("uvsd(items=none)") == ()
    assert kv.get_model("uvsd(items=none)").label == "uvsd"


def test_the_likelihood_is_the_sum_of_trials_computed_by_hand() -> None:
    data = _crossed(3, 8)
    effects = {"d_prime": np.linspace(-0.6, 0.8, 8), "sigma": np.linspace(0.2, -0.3, 8),
               "criterion:old": np.linspace(0.5, -0.4, 8), "criterion:new": np.cos(np.arange(8.0))}  # fmt: skip
    model = _model("uvsd(items=d_prime+sigma+criterion:old+criterion:new)", data)
    found = kv.log_likelihood(model, data, VALUES, item_effects=effects)
    for at, (item, old, response) in enumerate(zip(data.trials["item"], data.old, data.response, strict=True)):
        i = list(data.items).index(item)
        shift = effects["criterion:old" if old else "criterion:new"][i]
        cuts = np.r_[-np.inf, np.array([0.1, 0.6, 1.3]) + shift, np.inf]
        mean = (1.2 + effects["d_prime"][i]) if old else 0.0
        sd = 1.3 * np.exp(effects["sigma"][i]) if old else 1.0
        below, above = norm.cdf((cuts[response - 1 : response + 1] - mean) / sd)
        assert float(found[at]) == pytest.approx(np.log(above - below), abs=1e-12)
    assert found.dims == ("trial",)
    table = pd.DataFrame(effects, index=pd.Index(data.items, name="item")).sample(frac=1.0, random_state=2)
    np.testing.assert_array_equal(found, kv.log_likelihood(model, data, VALUES, item_effects=table))


def _start(data: kv.RecognitionData) -> tuple[dict[str, np.ndarray], Callable[..., Any]]:
    model = _model("uvsd(items=d_prime+criterion)", data)
    pymc_model = build_pymc_model(model, data, model.design(data))
    start = {name: np.array(value) for name, value in pymc_model.initial_point().items()}
    return start, pymc_model.compile_logp(mode=PLAIN)


def test_items_permuted_have_the_same_posterior_density() -> None:
    """Renaming the words permutes their effects and changes nothing else."""
    data = _crossed(4, 6)
    new_name = {f"w{i}": f"w{(i + 2) % 6}" for i in range(6)}
    renamed = kv.read_recognition(
        data.trials[["subject", "list", "item", "old", "response"]].assign(item=data.trials["item"].map(new_name)),
        scale="1-4",
    )
    (start, logp), (_, other) = _start(data), _start(renamed)
    z = np.random.default_rng(3).normal(size=(6, 2))
    start["standardised_item_effects"] = z
    order = [list(renamed.items).index(new_name[label]) for label in data.items]
    moved = np.empty_like(z)
    moved[order] = z
    assert float(other({**start, "standardised_item_effects": moved})) == pytest.approx(float(logp(start)), rel=1e-12)
    assert abs(float(other(start)) - float(logp(start))) > 0.01


def test_the_pymc_model_names_items_and_effects_and_its_parameterisations_agree() -> None:
    data = _crossed(4, 6)
    model = _model("uvsd(items=d_prime+criterion)", data)
    design = model.design(data)
    centred = build_pymc_model(model, data, design, parameterisation="centred")
    curvature = estimate_curvature(model, design, show_progress=False)
    preconditioned = build_pymc_model(
        model,
        data,
        design,
        parameterisation="preconditioned",
        curvature=curvature,
        of_items=estimate_item_curvature(model, design, curvature),
    )
    assert list(centred.coords["item"]) == [f"w{i}" for i in range(6)]
    assert list(centred.coords["item_parameter"]) == ["d_prime", "criterion"]
    assert {"item_effects", "item_sd"} <= {v.name for v in centred.free_RVs}
    assert {"item_effects", "item_sd", "person_effects"} <= {v.name for v in preconditioned.free_RVs}
    # the density of responses, given the same effects, is that of the NumPy likelihood
    names = [p.name for p in model.parameters]
    rng = np.random.default_rng(4)
    theta, effects = rng.normal(0.3, 0.2, (4, len(names))), rng.normal(0, 0.4, (6, 2))
    # person_effects are those with the average of the items
    with_average = theta + effects.mean(axis=0) @ (np.array(names) == [["d_prime"], ["criterion"]])
    given = {n: p.to_natural(theta[:, k]) for k, (n, p) in enumerate(zip(names, model.parameters, strict=True))}
    expected = model.log_likelihood(
        design, {n: v[None] for n, v in given.items()} | {"item_effects": effects[None]}
    ).sum()
    point = centred.initial_point() | {"person_effects": with_average, "item_effects": effects}
    found = centred.compile_logp(vars=centred.observed_RVs, mode=PLAIN)(point)
    assert float(found) == pytest.approx(expected, rel=1e-12)
    # and at equal values the whole density is the same in both coordinates
    at = preconditioned.initial_point()
    outputs = [
        preconditioned[name]
        for name in ("population_mean", "population_sd", "item_sd", "item_effects", "person_effects")
    ]
    values = preconditioned.compile_fn(
        preconditioned.replace_rvs_by_values(outputs), point_fn=True, on_unused_input="ignore", mode=PLAIN
    )(at)
    same = dict(
        zip(("population_mean", "population_sd", "item_sd", "item_effects", "person_effects"), values, strict=True)
    )
    same |= {f"{name}_log__": np.log(same.pop(name)) for name in ("population_sd", "item_sd")}
    theirs = preconditioned.compile_logp(jacobian=False, mode=PLAIN)(at)
    assert float(theirs) == pytest.approx(float(centred.compile_logp(jacobian=False, mode=PLAIN)(same)), rel=1e-10)


def test_the_pymc_model_simulates_by_the_models_simulator() -> None:
    import pymc as pm

    data = _crossed(4, 6)
    model = _model("uvsd(items=d_prime+criterion)", data)
    pymc_model = build_pymc_model(model, data, model.design(data), parameterisation="centred")
    drawn = pm.draw(pymc_model["responses"], 3, random_seed=1, mode=PLAIN)
    assert drawn.shape == (3, data.n_trials)
    assert drawn.min() >= 1
    assert drawn.max() <= 4
    assert len({tuple(one) for one in drawn}) == 3


def test_cells_are_trials_with_items_only() -> None:
    data = _crossed(4, 10)
    plain, crossed = _model("uvsd", data), _model("uvsd(items=d_prime+criterion)", data)
    assert (plain.design(data).n_cells, crossed.design(data).n_cells) == (8, 40)
    back, design = crossed.design(data).without_items(), plain.design(data)
    np.testing.assert_array_equal(back.counts, design.counts)
    np.testing.assert_array_equal(back.participant, design.participant)
    np.testing.assert_array_equal(back.cell_of_trial, design.cell_of_trial)
    one = crossed.design(data).one_participant(2)
    np.testing.assert_array_equal(one.item, data.item[data.participant == 2])


def test_simulated_responses_follow_the_effects() -> None:
    data = _crossed(400, 4)
    effects = {"d_prime": np.array([0.0, 0.0, 1.5, 0.0]), "criterion": np.array([0.0, -1.5, 0.0, 0.0])}
    made = kv.simulate("uvsd(items=d_prime+criterion)", data, VALUES, 3, item_effects=effects)
    called = made.trials.assign(called=made.response >= 3)
    share = called.pivot_table(index="item", columns="old", values="called")
    expected_new = norm.cdf(-(0.6 + effects["criterion"]))
    expected_old = norm.cdf((1.2 + effects["d_prime"] - 0.6 - effects["criterion"]) / 1.3)
    # 200 trials a cell: standard errors of at most .035
    np.testing.assert_allclose(share[False], expected_new, atol=0.11)
    np.testing.assert_allclose(share[True], expected_old, atol=0.11)


def _sigma(data: kv.RecognitionData, spec: str, sd: float) -> float:
    """Return the likeliest sigma, participants being alike and the one effect of items integrated out on a grid."""
    model = _model(spec, data)
    design = model.design(data)
    z = np.linspace(-4.0, 4.0, 41)

    def loss(point: np.ndarray) -> float:
        values = {p.name: np.full((1, data.n_participants), p.to_natural(x)) for p, x in zip(free, point, strict=True)}
        if not model.items:
            return -float((model.log_probabilities(design, values) * design.counts).sum())
        effects = np.broadcast_to(sd * z[:, None, None], (z.size, len(data.items), 1))
        repeated = {name: np.repeat(v, z.size, axis=0) for name, v in values.items()}
        trials = model.log_responses(design, {**repeated, "item_effects": effects}, design.response)
        items = np.stack([np.bincount(data.item, one) for one in trials], axis=-1)
        return -float(logsumexp(items + norm.logpdf(z), axis=-1).sum())

    free = model.parameters
    found = minimize(loss, [p.location for p in free], method="L-BFGS-B", options={"ftol": 1e-8})
    assert found.success
    return float(np.exp(found.x[[p.name for p in free].index("sigma")]))


@pytest.mark.parametrize(
    ("effect", "sigma", "averaged"),
    # sqrt(1 + .8^2), and sqrt((1.5^2 + .8^2) / (1 + .8^2))
    [("d_prime", 1.0, 1.281), ("criterion", 1.5, 1.327)],
)
def test_averaging_over_items_biases_sigma_and_effects_of_items_remove_it(
    effect: str, sigma: float, averaged: float
) -> None:
    """Equal variances look unequal where words differ in d', and unequal ones less so where they differ in criteria."""
    n_participants, n_items, sd = 80, 100, 0.8
    data = _crossed(n_participants, n_items)
    # the spread of these words is 0.8, not only that of the words they were drawn from
    drawn = norm.ppf((np.arange(n_items) + 0.5) / n_items)
    effects = {effect: sd * np.random.default_rng(2).permutation(drawn / drawn.std())}
    spec = f"uvsd(items={effect})"
    made = kv.simulate(spec, data, {**VALUES, "sigma": sigma}, 1, item_effects=effects)
    assert _sigma(made, "uvsd", sd) == pytest.approx(averaged, abs=0.08)
    assert _sigma(made, spec, sd) == pytest.approx(sigma, abs=0.08)


@pytest.mark.parametrize(
    "text", ["uvsd(items=theta)", "uvsd(items=criterion:olden)", "uvsd(items=criterion+criterion:old)"]
)
def test_effects_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(ModelError, match="model uvsd:\n  items: "):
        kv.get_model(text)


def test_free_recall_has_no_items() -> None:
    with pytest.raises(ModelError, match="models of free_recall have no effects of items"):
        kv.get_model("kv_recall(items=default)")


def test_data_without_crossed_items_are_refused() -> None:
    once = _crossed(1, 12)
    with pytest.raises(BindingError, match="each of the 12 items was tested once"):
        kv.fit("uvsd", once, items=True)
    counts = kv.read_recognition(pd.DataFrame(
        {"subject": [1, 1], "old": [1, 0], "count_1": [4, 7], "count_2": [6, 3]}
    ))  # fmt: skip
    with pytest.raises(BindingError, match="the item is not known at 20 of 20 trials"):
        kv.fit("uvsd", counts, items=True)


def test_maximum_likelihood_with_items_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="cannot be estimated from one participant"):
        kv.point_fit("uvsd(items=d_prime+criterion)", _crossed(3, 6), show_progress=False)


def test_missing_and_unknown_effects_are_listed() -> None:
    data = _crossed(3, 6)
    with pytest.raises(
        ParameterError, match="give item_effects=, a table with a row an item and the columns d_prime, crit"
    ):
        kv.log_likelihood("uvsd(items=d_prime+criterion)", data, VALUES)
    with pytest.raises(ParameterError) as error:
        kv.simulate(
            "uvsd(items=d_prime+criterion)", data, VALUES, 1, item_effects=pd.DataFrame({"bias": [0.0]}, index=["w1"])
        )
    for said in ("no row for 5 items: w0, w2", "d_prime: missing", "criterion: missing", "bias: unknown"):
        assert said in str(error.value)
    with pytest.raises(ParameterError, match=r"d_prime: expected shape \(6,\), found \(2,\)"):
        kv.simulate("uvsd(items=d_prime)", data, VALUES, 1, item_effects={"d_prime": [0.0, 1.0]})
    with pytest.raises(ParameterError, match="uvsd has none"):
        kv.simulate("uvsd", data, VALUES, 1, item_effects={"d_prime": np.zeros(6)})


@pytest.mark.parametrize(
    ("support", "interval"), [("unit", (0.1, 0.9)), ("positive", (0.1, 3.0)), ("real", (-1.0, 1.0))]
)
def test_shifts_are_those_of_the_unconstrained_scale(support: str, interval: tuple[float, float]) -> None:
    by = np.array([-2.0, 0.0, 0.3, 4.0])
    for link in ("log", "softplus"):
        p = Parameter("p", "p", support, interval, "m", "r", link=link)  # type: ignore[arg-type]
        for value in (0.2, 0.7):
            x = p.to_unconstrained(value)
            np.testing.assert_allclose(p.shifted(np.full(4, value), by), p.to_natural(x + by), rtol=1e-12)
    share = Parameter("p", "p", "unit", (0.1, 0.9), "m", "r")
    assert share.shifted(np.array([0.0, 1.0]), by[:2]).tolist() == [0, 1]


def test_log_intervals_keep_their_digits_and_slopes() -> None:
    #: log(Phi(b) - Phi(a)), computed with 60 digits
    known = np.array([
        (-31.0, -30.0, -454.32124395634325), (30.0, 31.0, -454.32124395634325), (8.0, 8.001, -39.830691311855529),
        (-0.5, 1.5, -0.4705553654158995), (-40.0, 35.0, 0.0), (-1e6, 1.0, np.log(norm.cdf(1.0))),
        (1.0, 1e6, np.log(norm.sf(1.0))),
    ])  # fmt: skip
    a, b, expected = known.T
    np.testing.assert_allclose(log_interval(a, b)[0], expected, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(log_normal_interval(a, b, np), expected, rtol=1e-12, atol=1e-15)
    rng = np.random.default_rng(0)
    low = rng.uniform(-9, 9, 2000)
    high = low + rng.uniform(0.05, 3.0, 2000)
    value, at_low, at_high = log_interval(low, high)
    np.testing.assert_allclose(value, log_normal_interval(low, high, np), rtol=1e-12, atol=1e-14)
    h = 1e-5
    for slope, up, down in (
        (at_low, log_interval(low + h, high)[0], log_interval(low - h, high)[0]),
        (at_high, log_interval(low, high + h)[0], log_interval(low, high - h)[0]),
    ):
        np.testing.assert_allclose(slope, (up - down) / (2 * h), rtol=1e-6, atol=1e-7)


def test_an_interval_without_width_has_a_finite_value_and_no_slope() -> None:
    ends = np.array([1.0, -7.0, 50.0, 1e6])
    value, at_low, at_high = log_interval(ends, ends)
    assert np.isfinite(value).all()
    assert not at_low.any()
    assert not at_high.any()


def test_coordinates_of_items_are_a_change_of_variables() -> None:
    """Back and forth, the determinant, and the average's direction as wide as the prior makes it."""
    rng = np.random.default_rng(0)
    n, k = 5, 2
    root = rng.normal(size=(n, k, k))
    curvature = without_shared(
        root @ np.swapaxes(root, 1, 2), rng.normal(size=(n, k)), np.zeros((n, k)), np.zeros(k), np.array([0.7, 0.3])
    )
    stretch = room_of_average(curvature, np.array([True, False]))
    assert stretch[0] > 1.0
    assert stretch[1] == 1.0
    # parameters of the distribution, as PyMC hands them to a transform
    follow = curvature.precision, curvature.coupling, curvature.linear, curvature.deformation
    arrays = (stretch, *follow, np.zeros(0), curvature.reach, np.zeros(k), np.array([0.6, 0.4]))
    inputs = [pt.as_tensor_variable(array) for array in arrays]
    transform, eta = ItemTransform(n, np.ones(k, dtype=bool)), pt.matrix("eta", shape=(n, k))
    theta = transform.backward(eta, *inputs)
    outputs = [theta, transform.forward(theta, *inputs), transform.log_jac_det(eta, *inputs).sum()]
    run = pytensor.function([eta], outputs, mode=PLAIN)
    at = rng.normal(size=(n, k))
    _, back, log_determinant = run(at)
    np.testing.assert_allclose(back, at, atol=1e-12)
    steps = 1e-5 * np.eye(n * k).reshape(-1, n, k)
    slopes = np.array([(run(at + step)[0] - run(at - step)[0]).ravel() / 2e-5 for step in steps])
    assert float(log_determinant) == pytest.approx(np.linalg.slogdet(slopes)[1], abs=1e-7)


@pytest.mark.slow
def test_a_fit_with_items_is_stored_opened_predicted_and_compared(tmp_path: Path) -> None:
    data = _crossed(8, 30)
    rng = np.random.default_rng(5)
    effects = {"d_prime": rng.normal(0, 0.6, 30), "criterion": rng.normal(0, 0.6, 30)}
    values = {name: value for name, value in VALUES.items() if name != "sigma"}
    made = kv.simulate("evsd(items=d_prime+criterion)", data, values, 5, item_effects=effects)
    settings: dict[str, Any] = {"draws": 100, "tune": 200, "chains": 2, "cores": 1, "seed": 1, "show_progress": False}
    crossed = "d_prime+criterion"
    fits = [kv.fit("evsd", made, items=items, store=tmp_path, **settings) for items in (None, crossed)]
    opened = kv.open_fit(fits[1].path or "")
    assert opened.label == "evsd(items=d_prime+criterion)"
    pd.testing.assert_frame_equal(opened.items(), fits[1].items())
    assert np.corrcoef(opened.items()["criterion"], effects["criterion"])[0, 1] > 0.5
    spread = opened.item_spread().set_index("effect")
    assert (spread["lower"] < 0.6).all()
    assert (spread["upper"] > 0.3).all()
    assert kv.predict(opened, 20).shape == (20, made.n_trials)
    assert kv.fit("evsd", made, items=crossed, store=tmp_path, **settings).path == opened.path
    comparison = kv.compare(fits)
    assert comparison.table["model"].tolist() == ["evsd(items=d_prime+criterion)", "evsd"]


def test_log_intervals_in_jax() -> None:
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        from pytensor.link.jax.dispatch import jax_funcify

        import kvfit.recognition.normal_interval_jax  # noqa: F401

        rng = np.random.default_rng(0)
        low = rng.uniform(-7, 7, 300)
        high = low + rng.uniform(0.05, 3.0, 300)
        low[:2], high[2:4] = -1e6, 1e6
        found = jax_funcify(LogInterval())(low, high)
        for theirs, ours in zip(found, log_interval(low, high), strict=True):
            np.testing.assert_allclose(np.asarray(theirs), ours, rtol=1e-8, atol=1e-12)
