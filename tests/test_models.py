"""Every shipped model is sound under its options, and every option of every model is tried."""

from typing import Any

import numpy as np
import pytest

from kvfit.check import check_model
from kvfit.checks.bench import Bench
from kvfit.checks.recovery import recovers_persons
from kvfit.number_option import NumberOption
from kvfit.registry import ModelError, ModelFamily, Option, families, get_model

#: Each value of each option of each model occurs here (tested below); kinds of compiled core are shared where possible.
SPECS = [
    "kv_recall",
    "kv_recall(query=value, end_drift=tied, write=decay, stopping=exponential)",
    "kv_recall(query=key, stopping=mixed)",
    "kv_recall(scaffold=False)",
    "kv_recall(write=delta, stopping=match)",
    "kv_recall(memory=autoassociative, semantic=True, stopping=match)",
    "kv_recall(start=query)",
    "kv_recall(start=strength, stopping=mixed)",
    "kv_recall(separation=power)",
    "kv_recall(separation=power, start=strength, stopping=match)",
    "kv_recall(separation=identity)",
    "kv_recall(separation=threshold, stopping=match)",
    "kv_recall(separation=threshold, stopping=match, scaffold=False)",
    "cmr",
    "cmr(stopping=exponential)",
    "cmr(separation=softmax)",
    "cmr(separation=softmax, stopping=match, temperature=free)",
    "cmr(separation=softmax, stopping=mixed)",
    "cmr(separation=softmax, floors=support)",
    "cmr(separation=softmax, floors=cymr, stopping=exponential, uniform=True)",
    "tcm",
    "tcm(delay=True, stopping=match)",
    "tcm(stopping=mixed)",
    "tcm(stopping=exponential)",
    "serial_position",
    "serial_position(stopping=exponential)",
    "serial_position(stopping=match)",
    "serial_position(stopping=mixed)",
    "random_recall",
    "random_recall(stopping=exponential)",
    "random_recall(stopping=match)",
    "random_recall(stopping=mixed)",
]


@pytest.mark.parametrize("spec", SPECS)
def test_model_is_sound(spec: str) -> None:
    report = check_model(spec)
    assert report.ok, str(report)


RECALL = sorted(name for name in families() if get_model(name).task == "free_recall")


@pytest.mark.slow
@pytest.mark.parametrize("name", RECALL)
def test_persons_are_recovered(name: str) -> None:
    result = recovers_persons(Bench(get_model(name), seed=0))
    assert result.passed, result.detail


def test_every_value_of_every_option_is_tried() -> None:
    missing = []
    for name in RECALL:
        family = families()[name]
        tried = [get_model(spec).options for spec in SPECS if get_model(spec).name == name]
        assert {} in tried, f"{name} with its defaults"
        for option, described in family.options.items():
            assert isinstance(described, Option), f"{name}({option}): try the ends of its range"
            values = {options.get(option, described.values[0]) for options in tried}
            missing += [f"{name}({option}={value})" for value in described.values if value not in values]
    assert missing == []


@pytest.mark.parametrize(
    "spec", [*SPECS, "kv_recall(kappa=0.25, phi=0)", "cmr(separation=softmax, temperature=0.3, beta_rec=0.9)"]
)
def test_label_is_read_back(spec: str) -> None:
    model = get_model(spec)
    again = get_model(model.label)
    assert again.label == model.label
    assert again.parameters == model.parameters
    assert again.fixed == model.fixed
    assert again.core(8) == model.core(8)


def test_shipped_models() -> None:
    assert set(families()) >= {"kv_recall", "cmr", "tcm", "serial_position", "random_recall"}
    for name, family in families().items():
        assert family.name == name
        assert family.summary
        for option in family.options.values():
            assert option.meaning
            assert isinstance(option, NumberOption) or len(option.values) > 1 or option.column


def test_models_name_and_label() -> None:
    assert get_model("kv_recall").label == "kv_recall"
    model = get_model(" kv_recall( stopping = mixed , query=value )")
    assert model.label == "kv_recall(query=value, stopping=mixed)"
    assert get_model("kv_recall", query="value", stopping="mixed").label == model.label
    assert get_model(model) is model
    # a default that is spelt out is the same model
    assert get_model("kv_recall(query=mixed)").label == "kv_recall"


def test_unknown_model_lists_the_known_ones() -> None:
    with pytest.raises(ModelError) as caught:
        get_model("kv_recal")
    assert "did you mean kv_recall?" in str(caught.value)
    assert all(name in str(caught.value) for name in families())


def test_unknown_options_and_values_are_all_listed() -> None:
    with pytest.raises(ModelError) as caught:
        get_model("kv_recall(query=both, stopping=never)")
    assert len(caught.value.problems) == 2
    assert "option query: expected one of mixed, value, key; found 'both'" in str(caught.value)
    with pytest.raises(ModelError) as caught:
        get_model("kv_recall(colour=red, kappa=2, rho=high)")
    assert len(caught.value.problems) == 3
    text = str(caught.value)
    assert "colour: neither an option nor a parameter; known are memory, query" in text
    assert "kappa: expected 'free' or a value between 0 and 1, found 2" in text
    assert "rho: expected 'free' or a value between 0 and 1, found 'high'" in text


@pytest.mark.parametrize("spec", ["kv_recall(", "kv recall", "", "kv_recall(query)"])
def test_unreadable_names(spec: str) -> None:
    with pytest.raises(ModelError, match="expected"):
        get_model(spec)


def test_options_cannot_be_added_to_a_built_model() -> None:
    with pytest.raises(ModelError, match="already built"):
        get_model(get_model("tcm"), delay=True)


def test_fixed_parameters_leave_the_search() -> None:
    free, fixed = get_model("kv_recall"), get_model("kv_recall(kappa=0.25)")
    assert [p.name for p in free.parameters if p not in fixed.parameters] == ["kappa"]
    assert fixed.fixed == {"kappa": 0.25}
    p = {q.name: np.full(2, 0.5) for q in free.parameters}
    held = {k: v for k, v in p.items() if k != "kappa"}
    for found, expected in zip(
        fixed.tables(held, np.array([5, 6]), 6), free.tables({**p, "kappa": np.full(2, 0.25)}, np.array([5, 6]), 6),
        strict=True,
    ):  # fmt: skip
        np.testing.assert_array_equal(found, expected)


def test_parameters_held_by_default_can_be_freed() -> None:
    held, freed = get_model("cmr(separation=softmax)"), get_model("cmr(form=morton_polyn_2016)")
    assert held.fixed == {"temperature": 0.1}
    assert freed.fixed == {}
    assert len(freed.parameters) == len(held.parameters) + 1
    assert freed.label == "cmr(separation=softmax, stopping=exponential, temperature=free)"
    assert get_model("cmr(separation=softmax, temperature=0.1)").label == "cmr(separation=softmax)"


def test_all_parameters_can_be_fixed() -> None:
    model = get_model("random_recall(stop_probability=0.3, stop_slope=0.1)")
    assert model.parameters == ()
    initial, cue, _scalars, stop = model.tables({}, np.array([5, 6]), 6)
    assert (initial.shape, cue.shape, stop.shape) == ((2, 1, 6), (2, 6, 1, 6), (2, 2, 7))
    assert stop[0, 0, 8 - 2] == pytest.approx(np.log(1 / (1 + np.exp(-(np.log(0.3 / 0.7) - 2 * 0.1)))))


@pytest.mark.parametrize("name", sorted(families()))
def test_prior_intervals_hold_90_percent(name: str) -> None:
    rng = np.random.default_rng(60)
    for p in get_model(name).all_parameters:
        drawn = p.to_natural(p.location + p.scale * rng.normal(size=20_000))
        inside = (drawn > p.interval[0]) & (drawn < p.interval[1])
        assert abs(inside.mean() - 0.9) < 0.01, p.name


def test_truth_values_and_numbers_are_the_same_option() -> None:
    """``uniform=1`` is ``uniform=True``, so that one model has one label."""
    family = ModelFamily("toy", "made up", lambda flag: get_model("tcm"), {"flag": Option((False, True), "made up")})
    assert family(flag=1).options == {"flag": True}
    assert str(family(flag=1).options["flag"]) == "True"


def test_models_with_the_same_memory_stop_alike() -> None:
    """Stopping rules are shared: models differ in memory alone."""
    rules: dict[str, Any] = {}
    for spec in ("kv_recall", "cmr", "tcm", "serial_position", "random_recall"):
        rules[spec] = get_model(spec).stopping
    assert len({id(rule) for rule in rules.values()}) == 1
