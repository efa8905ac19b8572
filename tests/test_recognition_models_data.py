"""Recognition models on data: binding, cells, likelihood of trials, simulation, the PyMC model."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
import pytest
from rating_designs import bound, one_person
from recognition_tables import stack, trial_table

import kvfit as kv
from kvfit.parameters import Parameter
from kvfit.recognition.binding import BindingError
from kvfit.recognition.distributions import Normal
from kvfit.recognition.identification import undetermined
from kvfit.recognition.memory import Covariate, Memory
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.ratings import Ratings
from kvfit.recognition.scale import Scale


def _data(n_participants: int = 3, blocks: Sequence[str] = ("10", "9"), **columns: object) -> kv.RecognitionData:
    """Return ratings 1 to 6 of 12 old items, strong or weak, and 8 new items, over two blocks."""
    rng = np.random.default_rng(7)
    tables = [
        trial_table(
            person,
            rng.integers(2, 7, 12).tolist(),
            rng.integers(1, 6, 8).tolist(),
            strength=["strong", "weak"] * 6 + [""] * 8,
            block=[blocks[i % len(blocks)] for i in range(20)],
            **columns,
        )
        for person in range(1, n_participants + 1)
    ]
    return kv.read_recognition(stack(*tables), scale="1-6", name="made_up")


def _middle(model: RecognitionModel) -> dict[str, float]:
    return {p.name: float(p.to_natural(np.asarray(p.location))) for p in model.parameters}


def _model(spec: str, data: kv.RecognitionData) -> RecognitionModel:
    model = kv.get_model(spec).bind(data)
    assert isinstance(model, RecognitionModel)
    return model


def test_a_bound_model_has_the_scale_and_the_levels_of_the_data() -> None:
    data = _data()
    model = _model("uvsd(by=strength, criteria_by=block)", data)
    assert model.bind(data) is model
    assert model.scale == Scale(6, 4)
    names = [p.name for p in model.parameters]
    assert names[:6] == [
        "d_prime[strong]",
        "d_prime[weak]",
        "sigma[strong]",
        "sigma[weak]",
        "criterion[9]",
        "criterion[10]",
    ]
    assert len(names) == 4 + 2 * 5
    assert model.parameters[0].meaning.endswith("where strength is strong")
    assert model.label == "uvsd(by=strength, criteria_by=block)"


def test_a_value_held_is_held_at_every_level() -> None:
    model = _model("uvsd(by=strength, sigma=1)", _data())
    assert model.fixed == {"sigma[strong]": 1.0, "sigma[weak]": 1.0}
    equal = _model("evsd(by=strength)", _data())
    assert [p.name for p in model.parameters] == [p.name for p in equal.parameters]
    values = _middle(equal)
    np.testing.assert_allclose(
        kv.log_likelihood(model, _data(), values), kv.log_likelihood(equal, _data(), values), rtol=1e-13
    )


def test_unbound_models_show_parameters_and_refuse_to_compute() -> None:
    model = kv.get_model("uvsd(by=strength)")
    assert [p.name for p in model.parameters] == ["d_prime", "sigma", "criterion", "spacing_1", "spacing_2"]
    bound = _model("uvsd(by=strength)", _data())
    assert isinstance(model, RecognitionModel)
    with pytest.raises(RuntimeError, match=r"not bound to data; use model.bind\(data\)"):
        model.log_probabilities(bound.design(_data()), {})


def test_binding_lists_every_problem() -> None:
    data = _data(lag=[3.0] * 11 + [np.nan] * 9)
    memory = Memory(
        (),
        lambda p, cells, xp: Normal(0.0 * cells.covariates["lag"]),
        (Covariate("lag", "study-test lag", studied=True), Covariate("list_length", "studied items")),
    )
    broken = RecognitionModel(
        "broken", {}, "t", "c", "r", memory, Ratings(), criteria_by="strength", fixed={"spacing_9": 1.0, "guess": 0.5}
    )
    with pytest.raises(BindingError) as error:
        broken.bind(data)
    text = str(error.value)
    assert (
        "column strength (levels of a condition): no value at 24 trials that need one, first at participant 1" in text
    )
    assert "column lag (study-test lag): no value at 3 trials" in text
    assert "old item 'o12'" in text
    assert "column list_length (studied items): missing; the trials have subject" in text
    assert "fixed parameter spacing_9: the model has no such parameter on a scale of 6 categories" in text
    assert "fixed parameter guess" in text
    with pytest.raises(BindingError, match=r"column sterngth \(levels of a condition\): missing"):
        kv.get_model("uvsd(by=sterngth)").bind(data)


def test_criteria_by_a_column_that_tells_old_from_new_are_refused() -> None:
    data = _data(kind=["strong", "weak"] * 6 + ["lure"] * 8)
    with pytest.raises(BindingError, match=r"no level holds both old and new items.*use by=kind"):
        kv.get_model("evsd(criteria_by=kind)").bind(data)
    assert [p.name for p in _model("evsd(by=kind)", data).parameters][:2] == ["d_prime[strong]", "d_prime[weak]"]


def test_unordered_categories_are_refused() -> None:
    table = trial_table(1, [1, 2, 3], [3, 2, 1])
    data = kv.read_recognition(table, scale="1-3", old_from=3, ordered=False)
    with pytest.raises(BindingError, match="no scale from surest new to surest old"):
        kv.get_model("evsd").bind(data)


def test_other_data_than_those_bound_to_are_refused() -> None:
    model = _model("evsd(criteria_by=block)", _data())
    with pytest.raises(BindingError, match="does not know the levels 7"):
        model.design(_data(blocks=("9", "7")))
    yes_no = kv.read_recognition(trial_table(1, [1, 0, 1], [0, 0, 1], block="9"), scale="0,1")
    with pytest.raises(BindingError, match=r"is bound to Scale\(n_categories=6"):
        model.design(yes_no)
    fewer = model.design(_data(blocks=("10",)))
    assert (fewer.levels["block"] == 1).all()


def test_cells_hold_what_the_model_tells_apart() -> None:
    data = _data()
    assert _model("uvsd", data).design(data).n_cells == 3 * 2
    # new items have no strength: one cell a person, and two of old items
    design = _model("uvsd(by=strength)", data).design(data)
    assert design.n_cells == 3 * 3
    assert design.counts.sum() == data.n_trials == design.n_observations
    counted = data.cells(["strength"])
    np.testing.assert_array_equal(np.sort(design.counts, axis=0), np.sort(counted.counts, axis=0))
    first = design.cell_of_trial[0]
    assert design.old[first] == data.old[0]
    assert design.participant[first] == data.participant[0]


def test_units_carry_the_likelihood_of_every_trial() -> None:
    data = _data()
    model = _model("dpsd(by=strength)", data)
    design, values = model.design(data), _middle(model)
    draws = {name: np.full((4, 3), v) for name, v in values.items()}
    units = model.log_likelihood(design, draws)
    assert units.shape == (4, design.n_units)
    trials = units[2, design.unit_of_observation]
    np.testing.assert_array_equal(trials, kv.log_likelihood(model, data, values))
    table = model.log_probabilities(design, {name: v[0] for name, v in draws.items()})
    np.testing.assert_allclose(trials, table[design.cell_of_trial, data.response - 1], rtol=1e-15)
    assert design.n_units < data.n_trials


def test_draws_in_pieces_equal_draws_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _data()
    model = _model("uvsd", data)
    design, rng = model.design(data), np.random.default_rng(3)
    draws = {p.name: p.to_natural(p.location + 0.5 * rng.normal(size=(7, 3))) for p in model.parameters}
    whole = model.log_likelihood(design, draws)
    monkeypatch.setattr("kvfit.recognition.model._AT_ONCE", 2 * design.counts.size)
    np.testing.assert_array_equal(model.log_likelihood(design, draws), whole)
    assert np.abs(np.diff(whole, axis=0)).min() > 0


def test_one_participant_is_scored_as_beside_others() -> None:
    data = _data()
    model = _model("uvsd(by=strength, criteria_by=block)", data)
    design, values = model.design(data), _middle(model)
    alone = data.select([2])
    own = model.design(alone)
    part = design.one_participant(1)
    np.testing.assert_array_equal(part.counts, own.counts)
    np.testing.assert_array_equal(part.unit_of_observation, own.unit_of_observation)
    x = np.array([p.location for p in model.parameters])
    total = kv.log_likelihood(model, data, values).values[data.participant == 1].sum()
    assert model.objective(part).values(x[None])[0] == pytest.approx(total, rel=1e-13)
    with pytest.raises(ValueError, match="one participant, found 3"):
        model.objective(design)


def test_objective_says_minus_infinity_where_it_is_not_finite() -> None:
    data = _data(1)
    model = _model("uvsd", data)
    x = np.array([p.location for p in model.parameters])
    far = x.copy()
    far[1] = -800.0  # sigma = exp(-800) = 0
    values = model.objective(model.design(data)).values(np.stack([x, far]))
    assert np.isfinite(values[0])
    assert values[1] == -np.inf


def test_held_and_free_values_may_have_different_shapes() -> None:
    data = _data(1)
    some, rest = {"spacing_1": 0.4, "spacing_2": 0.5}, {"spacing_3": 0.6, "spacing_4": 0.7}
    model = kv.get_model("evsd", d_prime=1.0, criterion=0.5, **some).bind(data)
    assert [p.name for p in model.parameters] == list(rest)
    free = _model("evsd", data)
    expected = kv.log_likelihood(free, data, {"d_prime": 1.0, "criterion": 0.5, **some, **rest})
    np.testing.assert_allclose(kv.log_likelihood(model, data, rest), expected, rtol=1e-13)
    x = np.log(list(rest.values()))
    total = float(expected.sum())
    assert model.objective(model.design(data)).values(np.stack([x, x]))[1] == pytest.approx(total, rel=1e-13)


def test_simulation_follows_condition_and_criteria() -> None:
    data = _data(40)
    model = _model("evsd(by=strength)", data)
    values = _middle(model) | {"d_prime[strong]": 3.0, "d_prime[weak]": 0.0, "criterion": 0.5}
    simulated = kv.simulate(model, data, values, seed=2)
    assert isinstance(simulated, kv.RecognitionData)
    again = kv.simulate(model, data, values, seed=2)
    np.testing.assert_array_equal(simulated.response, again.response)
    says_old = pd.Series(simulated.response >= 4)
    kinds = simulated.trials["strength"].fillna("new").replace("", "new")
    rate = says_old.groupby(kinds.to_numpy()).mean()
    # P(old) = 1 - Phi(.5 - d'); 240, 240 and 320 trials
    assert rate["strong"] == pytest.approx(0.994, abs=0.03)
    assert rate["weak"] == pytest.approx(0.309, abs=0.13)
    assert rate["new"] == pytest.approx(0.309, abs=0.11)


def test_simulation_refuses_values_without_probabilities() -> None:
    data = _data()
    model = _model("uvsd", data)
    middle = _middle(model) | {"sigma": 0.0, "d_prime": 0.5, "criterion": 0.5}
    # kv.simulate refuses such a sigma before
    values = {name: np.full(data.n_participants, value) for name, value in middle.items()}
    with (
        np.errstate(invalid="ignore", divide="ignore"),
        pytest.raises(ValueError, match="participant number 1, old items"),
    ):
        model.simulate(model.design(data), values, np.random.default_rng(1))


def test_levels_that_are_numbers_are_ordered_by_size() -> None:
    data = _data(blocks=("0.5", "0.25", "0.75"))
    model = _model("evsd(criteria_by=block)", data)
    assert model.binding is not None
    assert model.binding.levels["block"] == ("0.25", "0.5", "0.75")


def test_covariates_reach_the_memory() -> None:
    """A memory whose evidence falls with lag: cells by lag, 0 at new items, a default where the column is absent."""
    slope = Parameter("slope", "b", "positive", (0.1, 1.0), "m", "r")
    memory = Memory(
        (slope,),
        lambda p, cells, xp: Normal(p["slope"] * cells.covariates["lag"] * cells.covariates["list_length"]),
        (Covariate("lag", "lag", studied=True), Covariate("list_length", "length", default=2.0)),
    )
    data = _data(2, lag=[float(i % 3 + 1) for i in range(12)] + [np.nan] * 8)
    model = RecognitionModel("made_up", {}, "t", "c", "r", memory, Ratings()).bind(data)
    design = model.design(data)
    assert design.n_cells == 2 * (1 + 3)
    np.testing.assert_array_equal(design.covariates["lag"], [0, 1, 2, 3] * 2)
    assert (design.covariates["list_length"] == 2.0).all()
    values = {p.name: np.array([0.5, 0.5]) for p in model.parameters}
    table = np.exp(model.log_probabilities(design, values))
    assert (np.diff(table[:4, -1]) > 0).all()


def test_the_pymc_model_has_the_same_likelihood() -> None:
    data = _data()
    model = _model("uvsd(by=strength)", data)
    design, rng = model.design(data), np.random.default_rng(5)
    values = {p.name: p.to_natural(p.location + 0.3 * rng.normal(size=3)) for p in model.parameters}
    with pm.Model() as pymc_model:
        free = {name: pm.Flat(name, shape=3) for name in values}
        model.observe("responses", design, free)
    cells = pymc_model.compile_fn(pymc_model.logp(vars=[pymc_model["responses"]], sum=False)[0], mode="FAST_COMPILE")
    found = cells(values)
    expected = (model.log_probabilities(design, values) * design.counts).sum(axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_pymc_model_draws_from_its_probabilities() -> None:
    data = _data()
    model = _model("uvsd", data)
    design = model.design(data)
    values = {name: np.full(3, v) for name, v in _middle(model).items()}
    with pm.Model():
        counts = model.observe("responses", design, {name: pt.as_tensor(v) for name, v in values.items()})
    drawn = pm.draw(counts, draws=2000, random_seed=4, mode="FAST_COMPILE")
    assert drawn.shape == (2000, *design.counts.shape)
    np.testing.assert_array_equal(
        drawn.sum(axis=-1), np.broadcast_to(design.counts.sum(axis=1), (2000, design.n_cells))
    )
    expected = np.exp(model.log_probabilities(design, values)) * design.counts.sum(axis=1)[:, None]
    # five standard errors of a mean of 2000 counts with variance below 12 / 4
    np.testing.assert_allclose(drawn.mean(axis=0), expected, atol=5 * np.sqrt(3.0 / 2000))


@pytest.mark.parametrize(
    ("spec", "n_categories", "said"),
    [
        ("uvsd", 6, ""),
        ("evsd", 2, ""),
        ("uvsd", 2, "uvsd: 3 free parameters a participant, but only 2 degrees of freedom (2 kinds of items x 1)"),
        ("threshold", 2, "threshold: 3 free parameters"),
        ("threshold(mapping=free)", 6, "11 free parameters a participant, but only 10 degrees"),
    ],
)
def test_more_parameters_than_degrees_of_freedom_are_said(spec: str, n_categories: int, said: str) -> None:
    found = undetermined(bound(spec, n_categories), one_person([5] * n_categories, [5] * n_categories))
    assert found.startswith(said) if said.startswith(spec) else said in found
    assert bool(found) == bool(said)


@pytest.mark.shared
def test_pratte_2010_aggregated(shared: Path) -> None:
    """UVSD pooled over participants of the real table: sigma 1.26 and d' 1.16 as in the published aggregate."""
    table = pd.read_csv(shared / "data" / "pratte2009" / "data.csv.gz")
    table["subject"] = 1
    table["list"] = np.arange(len(table))
    data = kv.read_recognition(
        table[["subject", "list", "item", "target", "confidence"]],
        columns={"old": "target", "response": "confidence"}, scale="1-6",
    )  # fmt: skip
    fit = kv.point_fit("uvsd", data, show_progress=False).estimates.iloc[0]
    assert fit["sigma"] == pytest.approx(1.26, abs=0.05)
    assert fit["d_prime"] == pytest.approx(1.16, abs=0.1)
