"""Models by name: one label a model, errors that name everything, and plug-ins that are broken."""

import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kvfit import registry
from kvfit.kernels.reference import list_log_likelihood
from kvfit.registry import ModelError, ModelFamily, NoEffect, Option, families, get_model, installed

LISTS = [[], [5, 4, 0], [0, 1, 2, 3, 4, 5], [2, 4, 1, 0]]


def accepted(family: ModelFamily) -> list[dict[str, Any]]:
    """Every combination of options that the family takes, defaults left out."""
    found = {}
    menus = [o.values if isinstance(o, Option) else (o.default, o.low, o.high) for o in family.options.values()]
    for values in product(*menus):
        try:
            model = family(**dict(zip(family.options, values, strict=True)))
        except ModelError:
            continue
        found[model.label] = dict(model.options)
    return list(found.values())


def signature(family: ModelFamily, options: dict[str, Any], values: dict[str, float], similarity: np.ndarray) -> Any:
    """What a model says about some lists, with the same value for every parameter of the same name."""
    model = family(**options)
    for q in model.all_parameters:
        values.setdefault(q.name, float(q.to_natural(q.location + 0.7 * q.scale * (len(values) % 3 - 1))))
    p = {q.name: np.array([values[q.name]]) for q in model.all_parameters}
    tables = tuple(np.broadcast_to(t, (1, *np.shape(t)[1:])) for t in model.tables(p, np.array([6]), 6, np))
    core = model.core(6)
    scored = [list_log_likelihood(core, tables, 0, 6, np.array(r, int), similarity) for r in LISTS]
    return tuple(sorted(p)), core, tuple(np.round(scored, 9))


@pytest.mark.parametrize("name", sorted(name for name in families() if get_model(name).task == "free_recall"))
def test_no_two_labels_name_one_model(name: str) -> None:
    family = families()[name]
    drawn = np.random.default_rng(5).uniform(-0.2, 0.9, (6, 6))
    values: dict[str, float] = {}
    seen: dict[Any, dict[str, Any]] = {}
    twice = []
    for options in accepted(family):
        first = seen.setdefault(signature(family, options, values, drawn), options)
        if first is not options:
            twice.append((first, options))
    assert twice == []
    assert len(seen) >= 4


@pytest.mark.parametrize(
    ("spec", "useless", "instead"),
    [
        ("kv_recall(memory=autoassociative, query=value)", ["query=value"], "kv_recall(memory=autoassociative)"),
        ("kv_recall(query=key, scaffold=False)", ["query=key"], "kv_recall(scaffold=False)"),
        ("kv_recall(write=delta, scaffold=False)", ["write=delta"], "kv_recall(scaffold=False)"),
        ("kv_recall(end_drift=tied, scaffold=False)", ["end_drift=tied"], "kv_recall(scaffold=False)"),
        (
            "kv_recall(query=key, end_drift=tied, scaffold=False, stopping=match)",
            ["query=key", "end_drift=tied"],
            "kv_recall(scaffold=False, stopping=match)",
        ),
    ],
)
def test_options_without_effect_are_refused(spec: str, useless: list[str], instead: str) -> None:
    with pytest.raises(ModelError) as caught:
        get_model(spec)
    assert len(caught.value.problems) == len(useless)
    for option, problem in zip(useless, caught.value.problems, strict=True):
        assert problem.startswith(f"option {option} has no effect beside ")
        assert problem.endswith(f"leave it out: {instead}")
    assert get_model(instead).label == instead


@pytest.mark.parametrize("beside", ["memory=autoassociative", "separation=power", "separation=identity"])
def test_the_delta_rule_is_refused_where_it_means_nothing(beside: str) -> None:
    with pytest.raises(ModelError) as caught:
        get_model(f"kv_recall(write=delta, {beside})")
    (problem,) = caught.value.problems
    assert beside in problem


def test_defaults_without_effect_may_be_spelt_out() -> None:
    spelt = get_model("kv_recall(memory=autoassociative, query=mixed, scaffold=False, end_drift=free)")
    assert spelt.label == "kv_recall(memory=autoassociative, scaffold=False)"


def test_rules_about_options_name_options_that_exist() -> None:
    options = {"delay": Option((False, True), "made up")}
    with pytest.raises(ModelError) as caught:
        ModelFamily("toy", "", get_model, options, no_effect=(NoEffect("delya", "delay", "yes", "made up"),))
    assert caught.value.problems == [
        "no_effect: delya is no option of the model",
        "no_effect: 'yes' is no value of option delay",
    ]


def test_some_values_of_an_option_can_be_without_effect() -> None:
    options = {"delay": Option((False, True), ""), "floor": Option(("none", "low", "high"), "")}
    family = ModelFamily(
        "toy", "", lambda delay, floor: get_model("tcm"), options,
        no_effect=(NoEffect("floor", "delay", True, "made up", values=("low",)),),
    )  # fmt: skip
    assert family(delay=True, floor="high").options == {"delay": True, "floor": "high"}
    assert family(floor="low").options == {"floor": "low"}
    with pytest.raises(ModelError, match=r"option floor=low has no effect beside delay=True: made up; .*toy\(delay"):
        family(delay=True, floor="low")


def test_an_unknown_model_is_reported_before_its_options() -> None:
    for spec in ("kv_recal(query)", "kv_recal(query=both, colour=red)"):
        with pytest.raises(ModelError, match="unknown; did you mean kv_recall") as caught:
            get_model(spec)
        assert len(caught.value.problems) == 1


def test_options_given_twice_are_refused() -> None:
    with pytest.raises(ModelError) as caught:
        get_model("kv_recall(query=value, stopping, query=key, kappa)", query="mixed")
    assert caught.value.problems == [
        "'stopping': expected option=value",
        "query: given twice",
        "'kappa': expected option=value",
        "query: given twice, in the name and as an option",
    ]


class Entry:
    """An entry point: loads what it was given, or raises it."""

    def __init__(self, name: str, loaded: object) -> None:
        self.name, self.value, self.loaded = name, f"somebody.{name}:MODEL", loaded

    def load(self) -> object:
        if isinstance(self.loaded, Exception):
            raise self.loaded
        return self.loaded


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Function that installs entry points for one test."""

    def install(*entries: Entry) -> None:
        monkeypatch.setattr(registry, "entry_points", lambda group: entries if group == "kvfit.models" else ())
        installed.cache_clear()

    yield install
    monkeypatch.undo()
    installed.cache_clear()


def toy(name: str) -> ModelFamily:
    return ModelFamily(name, "made up", lambda: get_model("tcm"), {})


def test_everything_shipped_can_be_loaded() -> None:
    assert installed().problems == {}


def test_a_broken_plug_in_keeps_no_other_model_from_being_used(plugins: Any) -> None:
    shipped = set(families())
    plugins(
        Entry("broken", ImportError("no module named nowhere")),
        Entry("text", "not a family"),
        Entry("good", toy("good")),
        Entry("mine", toy("cmr")),
    )
    assert set(families()) == shipped | {"good"}
    assert get_model("cmr").title == "Context maintenance and retrieval"
    problems = installed().problems
    assert problems == {
        "broken": "plug-in somebody.broken:MODEL cannot be loaded: ImportError: no module named nowhere",
        "text": "plug-in somebody.text:MODEL is no ModelFamily but str",
        "mine": "plug-in somebody.mine:MODEL: the name cmr is taken by kvfit.models.cmr; rename one of them",
    }
    with pytest.raises(ModelError, match=r"plug-in somebody\.broken:MODEL cannot be loaded"):
        get_model("broken(query=value)")
    with pytest.raises(ModelError, match="not usable: broken, text, mine; kvfit models says why"):
        get_model("no_such_model")


def test_a_broken_file_among_the_models_is_a_problem_by_name(
    plugins: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import kvfit.models

    (tmp_path / "half_written.py").write_text("MODELL = None\n", encoding="utf-8")
    monkeypatch.setattr(kvfit.models, "__path__", [*kvfit.models.__path__, str(tmp_path)])
    monkeypatch.setitem(sys.modules, "kvfit.models.half_written", None)
    monkeypatch.delitem(sys.modules, "kvfit.models.half_written")
    shipped = set(families())
    plugins()
    assert set(families()) == shipped
    assert list(installed().problems) == ["half_written"]
    assert "AttributeError" in installed().problems["half_written"]


def test_the_shell_lists_broken_plug_ins(plugins: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from kvfit import cli

    plugins(Entry("broken", ImportError("no module named nowhere")))
    cli.models(None)
    printed = capsys.readouterr().out
    assert "serial_position" in printed
    assert "broken: plug-in somebody.broken:MODEL cannot be loaded: ImportError" in printed
    cli.models("kv_recall")
    assert "query decides nothing beside memory=autoassociative" in capsys.readouterr().out
